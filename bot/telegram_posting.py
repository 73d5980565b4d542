"""One topic brought up to date: opened, named, its card, what is new, what has changed, and closed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Self

import structlog

from bot.app import App
from bot.failures import explain
from bot.telegram_cards import (
    MARKS,
    Looks,
    block,
    card,
    card_buttons,
    one_line,
    pages,
    print_of,
    topic_name,
)
from bot.telegram_suggestions import causes_of
from bot.telegram_words import words_in
from integrations.base import (
    DeskGroup,
    GroupButton,
    GroupPost,
    MediaFile,
    PostMissing,
    Refused,
    TopicMissing,
)
from persistence.desk_rows import QueueRow
from persistence.desk_thread import Item
from persistence.telegram_desk import NewPost, Pending, Post, Topic, Watched

_log = structlog.get_logger(__name__)

CHANNEL: Final = "telegram-group"
"""Under this name the groups rest and alarm, like an account of a channel."""
_PICTURES: Final = frozenset({"image/jpeg", "image/png"})
_LARGEST_PICTURE: Final = 10_000_000
"""Bytes of a photo; a larger one goes as a file: Bot API, "Sending files"."""
_LARGEST_FILE: Final = 50_000_000


class Wait(Exception):
    """The group has had its messages for now; go on after ``pause``."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__(f"{pause.total_seconds():.1f} s")
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Desk:
    """What looking after a topic takes."""

    app: App
    groups: DeskGroup
    looks: Looks

    @classmethod
    async def of(cls, app: App, groups: DeskGroup) -> Self:
        """Load it."""
        brand = app.config.settings.brand
        names = {one.id: one.name for one in await app.store.accounts.all()}
        return cls(app, groups, Looks(words_in(brand.language), brand.zone, names))

    async def spend(self, chat: str) -> None:
        """Take one message out of what the group bears.

        Raises:
            Wait: it has had its messages for now.

        """
        rate = self.groups.rate
        wait = await self.app.signals.take(
            f"{CHANNEL}:{chat}", rate.interval, rate.burst, self.app.clock().timestamp()
        )
        if wait > 0:
            raise Wait(timedelta(seconds=wait))


async def tend(desk: Desk, topic: Topic) -> None:
    """Bring a leased topic up to date.

    Raises:
        Wait: the group has had its messages for now; what is left is done later.
        TopicMissing: somebody has deleted it.
        IntegrationError: as `DeskGroup` says.

    """
    store = desk.app.store.telegram
    found = await desk.app.store.queue.rows((topic.conversation_id,), desk.app.clock())
    if topic.erased or not found:
        await _take_away(desk, topic)
        return
    row = found[0]
    if topic.thread is None and not topic.active:
        pending = await store.pending(topic)
        await store.drop(pending.posts, "the case is closed, and its topic is gone")
        for watched in pending.watched:
            await store.show_mark(topic, watched, watched.mark)
        return
    topic = await _open(desk, topic, row)
    if topic.stale:
        await store.note(topic, stale=False)  # what changes from here on is looked at again
    pending = await store.pending(topic)
    topic = await _show_card(desk, topic, row, pending)
    await _post_new(desk, topic, row, pending)
    if topic.stale:
        await _compare(desk, topic, row, pending.recent)
    for watched in pending.watched:
        if watched.mark != watched.shown:
            await _mark(desk, topic, row, watched)
    await _finish(desk, topic, row)


async def _take_away(desk: Desk, topic: Topic) -> None:
    """Delete the topic of somebody whose data was erased, with all their words."""
    if topic.thread is not None:
        with contextlib.suppress(TopicMissing):
            await desk.groups.delete_topic(topic.chat, topic.thread)
    await desk.app.store.telegram.forget(topic)


async def _open(desk: Desk, topic: Topic, row: QueueRow) -> Topic:
    """Open the topic, or open it again, if humans have to do with the conversation."""
    store = desk.app.store.telegram
    if topic.thread is None:
        name = topic_name(row, desk.looks.words)
        thread = await desk.groups.create_topic(topic.chat, name)
        await store.note(topic, thread=thread, name=name, closed=False, card=None, shown="")
        return replace(topic, thread=thread, name=name, closed=False, card=None, shown="")
    if topic.active and topic.closed:
        await desk.groups.reopen_topic(topic.chat, topic.thread)
        await store.note(topic, closed=False)
        return replace(topic, closed=False)
    return topic


async def _show_card(desk: Desk, topic: Topic, row: QueueRow, pending: Pending) -> Topic:
    """Post the case's card, or let the one that stands there say what is so now."""
    app, store = desk.app, desk.app.store.telegram
    if topic.card is None and not topic.active:
        return topic
    past = await app.store.thread.items(topic.conversation_id, pending.past)
    asking = topic.menu == "causes"
    causes = await causes_of(app, topic.conversation_id, desk.looks.words.language) if asking else ()
    text = card(row, past, desk.looks, app.clock(), asking=asking)
    post = GroupPost(text, card_buttons(row, desk.looks, causes, asking=asking))
    shown = print_of(post.text, post.buttons)
    if topic.card is not None and shown == topic.shown:
        return topic
    if topic.card is not None:
        try:
            await desk.groups.edit(topic.chat, topic.card, post)
        except PostMissing:  # somebody has deleted it: there must be one, it has the buttons
            if not topic.active:
                return topic
        else:
            await store.note(topic, shown=shown)
            return replace(topic, shown=shown)
    await desk.spend(topic.chat)
    message = await desk.groups.post(topic.chat, topic.thread, post)
    await store.note(topic, card=message, shown=shown)
    try:
        await desk.groups.pin(topic.chat, message)
    except Refused:  # it may not pin: the card stands there all the same
        _log.info("card_not_pinned", conversation=topic.conversation_id)
    return replace(topic, card=message, shown=shown)


async def _post_new(desk: Desk, topic: Topic, row: QueueRow, pending: Pending) -> None:
    """Post what waits, in order; neighbouring pieces of the thread become one message."""
    queue = list(pending.posts)
    while queue:
        post = queue.pop(0)
        together = [post]
        if post.kind == "items":
            while queue and queue[0].kind == "items":
                together.append(queue.pop(0))
        try:
            match post.kind:
                case "items":
                    await _post_items(desk, topic, row, together)
                case "file":
                    await _post_file(desk, topic, row, post)
                case _:
                    await _post_words(desk, topic, post)
        except TopicMissing:
            raise
        except Refused as error:
            _log.warning("post_refused", post=post.id, why=str(error))
            await desk.app.store.telegram.drop(together, str(error), failed=True)


async def _post_items(desk: Desk, topic: Topic, row: QueueRow, posts: Sequence[Post]) -> None:
    store = desk.app.store.telegram
    texts = await _texts(desk, topic, row, [key for post in posts for key in post.keys])
    if not texts:
        await store.drop(posts, "there is nothing to show of it")
        return
    messages = list(posts[0].messages)
    # What has come after the first part was posted stands behind it.
    for text in texts[len(messages) :]:
        await desk.spend(topic.chat)
        messages.append(await desk.groups.post(topic.chat, topic.thread, GroupPost(text)))
        await store.progress(posts[0], messages)
    await store.posted(posts, messages, print_of(texts))


async def _texts(desk: Desk, topic: Topic, row: QueueRow, keys: Sequence[str]) -> list[str]:
    items = await desk.app.store.thread.items(topic.conversation_id, tuple(keys))
    blocks = [block(one, row, desk.looks) for one in items]
    return pages([one for one in blocks if one])


async def _post_file(desk: Desk, topic: Topic, row: QueueRow, post: Post) -> None:
    store, media = desk.app.store.telegram, desk.app.store.media
    kept = await media.find(post.media_id or 0)
    body = None if kept is None else await media.read(kept.id)
    if kept is None or body is None or len(body) > _LARGEST_FILE:
        await store.drop([post], "the file is gone, or too large for Telegram")
        return
    kind: str = kept.type
    if kind == "image" and (kept.mime not in _PICTURES or len(body) > _LARGEST_PICTURE):
        kind = "document"
    caption = f"👤 {one_line(row.name or '') or desk.looks.words('someone')}"
    file = MediaFile(body, kept.mime, kept.name)
    await desk.spend(topic.chat)
    try:
        message = await desk.groups.post(topic.chat, topic.thread, GroupPost(caption, file=file, kind=kind))
    except TopicMissing:
        raise
    except Refused:
        if kind == "document":
            raise
        # Telegram is choosy about pictures and films, never about files.
        message = await desk.groups.post(topic.chat, topic.thread, GroupPost(caption, file=file))
    await store.posted([post], [message], "")


async def _post_words(desk: Desk, topic: Topic, post: Post) -> None:
    await desk.spend(topic.chat)
    buttons = tuple(tuple(GroupButton(title, payload) for title, payload in line) for line in post.buttons)
    message = await desk.groups.post(
        topic.chat, topic.thread, GroupPost(post.text, buttons, reply_to=post.reply_to)
    )
    await desk.app.store.telegram.posted([post], [message], "")


async def _compare(desk: Desk, topic: Topic, row: QueueRow, posts: Sequence[Post]) -> None:
    """Let what was posted say what is so now: edited, taken back, delivered, reacted to."""
    for post in posts:
        try:
            if post.kind == "file":
                await _compare_file(desk, topic, post)
            else:
                await _compare_items(desk, topic, row, post)
        except PostMissing:  # somebody has deleted it
            continue


async def _compare_items(desk: Desk, topic: Topic, row: QueueRow, post: Post) -> None:
    texts = await _texts(desk, topic, row, post.keys)
    shown = print_of(texts)
    if shown == post.shown:
        return
    for message, text in zip(post.messages, texts, strict=False):
        await desk.groups.edit(topic.chat, message, GroupPost(text))
    for message in post.messages[len(texts) :]:
        await desk.groups.remove(topic.chat, message)
    await desk.app.store.telegram.posted([post], post.messages[: len(texts)] or post.messages, shown)


async def _compare_file(desk: Desk, topic: Topic, post: Post) -> None:
    keys = tuple(key.partition(".")[0] for key in post.keys)
    items: Sequence[Item] = await desk.app.store.thread.items(topic.conversation_id, keys)
    if any(one.unsent for one in items):
        for message in post.messages:
            await desk.groups.remove(topic.chat, message)
        await desk.app.store.telegram.drop([post], "the buyer has taken it back")


async def _mark(desk: Desk, topic: Topic, row: QueueRow, watched: Watched) -> None:
    """Show on an agent's message how far it has come, and say what to do where it did not arrive."""
    store, words = desk.app.store.telegram, desk.looks.words
    if watched.message is not None:
        try:
            await desk.groups.react(topic.chat, watched.message, MARKS.get(watched.mark))
        except Refused as error:
            if isinstance(error, TopicMissing):
                raise
    if watched.mark == "failed":
        failure = explain(
            words.language,
            channel=row.channel,
            status=watched.status,
            delivery=watched.delivery,
            code=watched.code,
            detail=watched.detail,
        )
        text = words("say.failed", what=failure.what if failure else "", do=failure.do if failure else "")
        again = (((words("button.again"), f"again:{topic.conversation_id}:{watched.outbox_id}"),),)
        await store.say(
            NewPost(
                topic.chat,
                text.strip(),
                topic.id,
                again if failure is None or failure.again else (),
                watched.message,
                f"failed:{watched.outbox_id}:{watched.attempts}",
            ),
            desk.app.clock(),
        )
    await store.show_mark(topic, watched, watched.mark)


async def _finish(desk: Desk, topic: Topic, row: QueueRow) -> None:
    """Give the topic the name that fits, and close it once humans have no more to do with it."""
    store = desk.app.store.telegram
    if topic.thread is None or (topic.closed and not topic.active):
        return
    name = topic_name(row, desk.looks.words)
    if name != topic.name:
        await desk.groups.rename_topic(topic.chat, topic.thread, name)
        await store.note(topic, name=name)
    if not topic.active:
        await desk.groups.close_topic(topic.chat, topic.thread)
        await store.note(topic, closed=True)
