"""The desk in Telegram groups: each conversation that humans have to do with has a topic of its own there.

What has to stand in the topics is found in the database (`persistence.telegram_mirror`); this room opens,
names and closes them, keeps each case's card as things are, and posts what is new, in few messages: a group
bears twenty a minute. What agents do there is `bot.telegram_agents`'. A message whose answer was lost is
posted again: the platform gives no way to find out, and twice is better than never.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
from bot.sender import ACCOUNT_PAUSE, backoff
from bot.telegram_agents import take_news
from bot.telegram_posting import CHANNEL, Desk, Wait, tend
from integrations.base import (
    DeskGroup,
    GroupButton,
    GroupPost,
    IntegrationError,
    Refused,
    Throttled,
    TopicMissing,
    Unauthorized,
)
from persistence.telegram_desk import NewPost, Post, Topic
from persistence.telegram_mirror import BEGUN

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 8
"""So many topics are looked after at the same time."""
BREATH: Final = 0.2
"""Seconds between two looks for what is new: many messages at once wake this room many times."""
TRIES: Final = 8


class GroupRoom:
    """Looks after all topics. One of each process; they share the work."""

    def __init__(self, breath: float = BREATH) -> None:
        """Start without having looked at anything; ``breath`` is in seconds."""
        self._breath = breath
        self._whole = True
        self._checked = False
        self._looked = float("-inf")

    async def step(self, app: App) -> int:
        """Do what there is to do; return how much that was."""
        groups = app.groups
        if groups is None or not groups.chats:
            return 0
        if not self._checked:
            self._checked = True
            app.soon(_check(app, groups))
        worked = await take_news(app, groups)
        await self._breathe()
        changed = await app.store.telegram.mirror(groups.chats, app.clock(), whole=self._whole)
        self._whole = changed >= BEGUN
        topics = await app.store.telegram.claim(app.clock(), AT_ONCE)
        posts = await app.store.telegram.loose(app.clock(), AT_ONCE)
        ended = await asyncio.gather(
            *(_look_after(app, groups, topic) for topic in topics), _post_all(app, groups, posts),
            return_exceptions=True,
        )  # fmt: skip
        for error in ended:
            if error is not None:
                raise error
        if due := await app.store.telegram.next_due(app.clock()):
            app.wake_later("group", due - app.clock())
        return worked + len(topics) + len(posts)

    async def _breathe(self) -> None:
        clock = asyncio.get_running_loop().time
        left = self._looked + self._breath - clock()
        if left > 0:
            await asyncio.sleep(left)
        self._looked = clock()


async def _check(app: App, groups: DeskGroup) -> None:
    """Find out at the start whether the bot can do its work, not only when the first buyer waits."""
    for chat in groups.chats:
        try:
            await groups.check(chat)
        except Unauthorized as error:
            _again(app, chat, error, 1)
        except IntegrationError as error:
            _log.info("group_not_checked", chat=chat, error=type(error).__name__)


async def post_alarm(app: App, *, key: str, text: str, conversation_id: int | None = None) -> bool:
    """Tell the group something at once, in its general topic, with a way into the conversation's topic.

    It is kept until it is posted, once for each ``key``. False: there is no group to tell.
    """
    groups = app.groups
    if groups is None or not groups.chats:
        return False
    topic = None if conversation_id is None else await app.store.telegram.topic_of(conversation_id)
    chat = topic.chat if topic is not None else groups.chats[0]
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    if topic is not None and topic.thread is not None and chat.startswith("-100"):
        desk = await Desk.of(app, groups)
        address = f"https://t.me/c/{chat.removeprefix('-100')}/{topic.thread}"
        buttons = (((desk.looks.words("button.open"), address),),)
    await app.store.telegram.say(NewPost(chat, text, buttons=buttons, key=f"alarm:{key}"), app.clock())
    await app.signals.wake("group")
    return True


async def _look_after(app: App, groups: DeskGroup, topic: Topic) -> None:
    """Bring one topic up to date, and write when it must be looked at again."""
    store, now = app.store.telegram, app.clock()
    if pause := app.resting(CHANNEL, topic.chat, now):
        await store.release(topic, now, again_at=pause)
        return
    again_at: datetime | None = None
    failed = False
    try:
        async with asyncio.timeout((topic.leased_until - now).total_seconds()):
            await tend(await Desk.of(app, groups), topic)
        app.recovered(CHANNEL, topic.chat)
    except TopicMissing:
        _log.info("topic_gone", conversation=topic.conversation_id)
        await store.lost(topic)
        again_at = app.clock()
    except Exception as error:  # noqa: BLE001 - one topic's trouble is nobody else's
        failed = not isinstance(error, Wait)
        again_at = _again(app, topic.chat, error, topic.attempts + 1)
        if topic.stale:
            await store.note(topic, stale=True)
    await store.release(topic, app.clock(), again_at=again_at, failed=failed)


def _again(app: App, chat: str, error: Exception, attempts: int) -> datetime:
    """Say when something is tried again after an error; let the group rest where it is the group's."""
    now = app.clock()
    match error:
        case Wait():
            return now + error.pause
        case Throttled():
            until = now + timedelta(seconds=error.after)
            app.rest(CHANNEL, chat, until)
            return until
        case Unauthorized():
            until = now + ACCOUNT_PAUSE
            app.alarm(CHANNEL, chat, until, error.code or type(error).__name__)
            _log.warning("group_refuses", chat=chat, why=str(error))
            return until
        case IntegrationError() | TimeoutError():
            _log.warning("group_trouble", chat=chat, error=type(error).__name__, attempts=attempts)
        case _:
            app.metrics.errors.labels("group").inc()
            _log.exception("group_broke", chat=chat, error=type(error).__name__, exc_info=error)
    return now + backoff(attempts)


async def _post_all(app: App, groups: DeskGroup, posts: list[Post]) -> None:
    """Post what belongs to no topic, in order."""
    desk = await Desk.of(app, groups) if posts else None
    for post in posts:
        if desk is not None:
            await _post(desk, post)


async def _post(desk: Desk, post: Post) -> None:
    app, store = desk.app, desk.app.store.telegram
    if pause := app.resting(CHANNEL, post.chat, app.clock()):
        await store.postpone(post, pause, counts=False)
        return
    try:
        await desk.spend(post.chat)
        buttons = tuple(tuple(_button(*one) for one in line) for line in post.buttons)
        message = await desk.groups.post(
            post.chat, None, GroupPost(post.text, buttons, reply_to=post.reply_to)
        )
        await store.posted([post], [message], "")
    except Refused as error:
        _log.warning("post_refused", post=post.id, why=str(error))
        await store.drop([post], str(error), failed=True)
    except Exception as error:  # noqa: BLE001 - what waits behind it is posted all the same
        counts = not isinstance(error, Wait | Throttled | Unauthorized)
        if counts and post.attempts + 1 >= TRIES:
            await store.drop([post], type(error).__name__, failed=True)
            return
        await store.postpone(post, _again(app, post.chat, error, post.attempts + 1), counts=counts)


def _button(title: str, target: str) -> GroupButton:
    return GroupButton(title, url=target) if target.startswith("https://") else GroupButton(title, target)
