"""What agents do in the support groups: their words go to the buyer, their buttons move the case.

Whoever is not linked with an account is told how; what they write stays in the group. All of it may happen
twice, because a process can die in between: the desk's verbs are called with keys that name the message on
Telegram, so that nothing is said twice.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from bot import handoff
from bot.app import App
from bot.media import MediaRef, UploadRefused, largest, store_upload
from bot.sender import backoff
from bot.telegram_buttons import press
from bot.telegram_cards import one_line
from bot.telegram_posting import CHANNEL, Desk
from bot.telegram_saying import answer, buyer, key_of, say
from dialogs.group import Changed, GroupEvent, Membership, Place, Pressed, Spoken, TopicTurned
from dialogs.messages import Attachment
from integrations.base import (
    DeskGroup,
    IntegrationError,
    MediaGone,
    MediaSource,
    MediaTooLarge,
    Refused,
    Throttled,
    Unavailable,
)
from persistence.accounts import Account
from persistence.telegram_desk import News, Topic

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 32
TRIES: Final = 6
_LINK: Final = re.compile(r"/link(?:@\w+)?\s+(?P<code>[A-Za-z0-9]{4,40})\s*", re.ASCII)
_NOTE: Final = re.compile(
    r"(?://|/(?:n|note|notiz)(?:@\w+)?(?=\s|$))\s*(?P<text>.*)", re.DOTALL | re.IGNORECASE
)
_QUIET: Final = timedelta(minutes=10)
"""Whoever is not known is told how to become so once in this time, in each topic."""


async def take_news(app: App, groups: DeskGroup) -> int:
    """Act on what came from the groups, in the order in which it happened; return how much that was."""
    news = await app.store.telegram.news(app.clock(), AT_ONCE)
    desk = await Desk.of(app, groups) if news else None
    held: dict[tuple[str, int | None], datetime] = {}
    for one in news:
        place = (one.event.place.chat, one.event.place.topic)
        if desk is None:
            break
        if place in held:  # what was said after something that could not be done yet must not overtake it
            await app.store.telegram.settle_news(one, again_at=held[place])
        elif (again_at := await _act_on(desk, one)) is not None:
            held[place] = again_at
    if news:
        await app.signals.wake("group")
    return len(news)


async def _act_on(desk: Desk, news: News) -> datetime | None:
    """Act on one event; return when it has to be tried again, if it has to."""
    app, store = desk.app, desk.app.store.telegram
    try:
        await _act(desk, news.event)
    except (Unavailable, Throttled, TimeoutError) as error:
        _log.warning("group_news_later", inbox=news.id, error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - one message's trouble must not stop the others
        app.metrics.errors.labels("group").inc()
        _log.exception("group_news_broke", inbox=news.id, error=type(error).__name__)
    else:
        await store.settle_news(news)
        return None
    if news.attempts < TRIES:
        again_at = app.clock() + backoff(news.attempts)
        await store.settle_news(news, again_at=again_at)
        return again_at
    await store.settle_news(news, aside=True)
    await _tell_of_trouble(desk, news.event.place)
    return None


async def _act(desk: Desk, event: GroupEvent) -> None:
    match event:
        case Spoken():
            await _spoken(desk, event)
        case Changed():
            await _changed(desk, event)
        case Pressed():
            await press(desk, event)
        case TopicTurned():
            await _turned(desk, event)
        case Membership():
            await _membership(desk, event)
        case _:
            assert_never(event)


async def _spoken(desk: Desk, said: Spoken) -> None:
    place, text = said.place, said.text.strip()
    if text.lower().startswith("/link"):
        await _link(desk, said)
        return
    topic = await _topic(desk, place)
    if topic is None:
        return  # the group's own talk
    account = await _known(desk, place, topic)
    if account is None:
        return
    note = _NOTE.fullmatch(text)
    if note is not None:
        await _note(desk, topic, account, place, note["text"].strip())
        return
    await _say(desk, topic, account, said)


async def _topic(desk: Desk, place: Place) -> Topic | None:
    if place.topic is None:
        return None
    return await desk.app.store.telegram.topic_at(place.chat, place.topic)


async def _known(desk: Desk, place: Place, topic: Topic) -> Account | None:
    """Return whose account the author has; where there is none that may answer, tell them what to do."""
    account = await desk.app.store.telegram.account_behind(place.author)
    if account is not None and account.role != "viewer":
        return account
    words = desk.looks.words
    key = "link.how" if account is None else "link.may_not"
    told = words(key, name=one_line(place.name) or words("someone"), buyer=await buyer(desk, topic))
    now = desk.app.clock()
    period = int(now.timestamp() // _QUIET.total_seconds())
    await answer(desk, topic, place, told, key=f"unknown:{topic.id}:{place.author}:{period}")
    return None


async def _link(desk: Desk, said: Spoken) -> None:
    """Link the author with the account that the code was made for, and take the code out of sight."""
    app, place, words = desk.app, said.place, desk.looks.words
    given = _LINK.fullmatch(said.text.strip())
    account = None
    if given is not None:
        account = await app.store.telegram.link(place.author, given["code"], app.clock())
    if account is not None:
        told = words("link.done", name=one_line(account.name))
        _log.info("telegram_linked", account=account.id)
    elif given is None:
        told = words("link.how_general", name=one_line(place.name) or words("someone"))
    else:
        told = words("link.wrong")
    topic = await _topic(desk, place)
    await answer(desk, topic, place, told, key=f"link:{place.chat}:{place.message}")


async def _note(desk: Desk, topic: Topic, account: Account, place: Place, text: str) -> None:
    words = desk.looks.words
    if not text:
        await answer(desk, topic, place, words("say.empty_note"), key=f"empty:{place.chat}:{place.message}")
        return
    try:
        await handoff.note(
            desk.app, topic.conversation_id, account.id, text, key=key_of(place), via="telegram"
        )
    except LookupError:
        await answer(desk, topic, place, words("say.closed"), key=f"closed:{place.chat}:{place.message}")
        return
    await _react(desk, place, "✍")


async def _say(desk: Desk, topic: Topic, account: Account, said: Spoken) -> None:
    """Let the buyer have an agent's words, or a file."""
    place, words = said.place, desk.looks.words
    media: tuple[MediaRef, ...] = ()
    if said.attachment is not None and said.attachment.type == "sticker":
        await answer(desk, topic, place, words("say.sticker"), key=f"media:{place.chat}:{place.message}")
        return
    if said.attachment is not None:
        try:
            media = (await _file(desk, topic, account, said.attachment),)
        except UploadRefused as refused:
            why = words.either(f"media.{refused.why}", "media.other")
            await _say_no_media(desk, topic, place, why)
            return
        except (MediaGone, MediaTooLarge) as error:
            why = "media.gone" if isinstance(error, MediaGone) else "media.too_large"
            await _say_no_media(desk, topic, place, words(why))
            return
    if not said.text.strip() and not media:
        return
    await say(desk, topic, account, place, said.text.strip(), media=media)


async def _file(desk: Desk, topic: Topic, account: Account, file: Attachment) -> MediaRef:
    """Fetch what an agent sent and keep it, so that it can be sent on.

    Raises:
        UploadRefused: it cannot be sent on.
        IntegrationError: Telegram does not give it out, or not now.

    """
    source: object = next((one for (name, _), one in desk.app.channels.items() if name == "telegram"), None)
    if not isinstance(source, MediaSource):
        raise UploadRefused("no_file", "there is no Telegram channel to fetch it from")
    fetched = await source.fetch(file, largest=largest(desk.app))
    return await store_upload(
        desk.app,
        fetched.body,
        fetched.name,
        conversation_id=topic.conversation_id,
        by=f"account:{account.id}",
    )


async def _say_no_media(desk: Desk, topic: Topic, place: Place, why: str) -> None:
    told = desk.looks.words("say.media", buyer=await buyer(desk, topic), why=why)
    await answer(desk, topic, place, told, key=f"media:{place.chat}:{place.message}")


async def _changed(desk: Desk, changed: Changed) -> None:
    """An agent edits their own message: as long as it can be taken back, it goes out as it is now."""
    app, place = desk.app, changed.place
    topic = await _topic(desk, place)
    account = None if topic is None else await app.store.telegram.account_behind(place.author)
    if topic is None or account is None:
        return
    newest = 0
    event = await app.store.telegram.event_of(topic.conversation_id, key_of(place))
    while event is not None:
        newer = await app.store.telegram.event_of(topic.conversation_id, key_of(place, newest + 1))
        if newer is None:
            break
        event, newest = newer, newest + 1
    if event is None or _NOTE.fullmatch(changed.text.strip()):
        return  # a note, or talk that never went to the buyer
    typed = await handoff.unsay(app, topic.conversation_id, account.id, event)
    if typed is None:
        told = desk.looks.words("say.too_late", buyer=await buyer(desk, topic))
        await answer(desk, topic, place, told, key=f"late:{place.chat}:{place.message}:{newest}")
        return
    await say(desk, topic, account, place, changed.text.strip(), again=newest + 1)


async def _turned(desk: Desk, turned: TopicTurned) -> None:
    """Somebody closed or reopened a topic by hand; the case itself decides what stays so."""
    app, place = desk.app, turned.place
    topic = await _topic(desk, place)
    if topic is None:
        return
    await app.store.telegram.note(topic, closed=turned.closed)
    account = await app.store.telegram.account_behind(place.author)
    if turned.closed and topic.active:
        told = desk.looks.words("say.closed_by_hand")
        await answer(desk, topic, place, told, key=f"hand:{topic.id}:{place.message}")
    elif not turned.closed and not topic.active and account is not None and account.role != "viewer":
        await handoff.claim(app, topic.conversation_id, account.id, key=key_of(place), via="telegram")
    await app.store.telegram.touch(topic.conversation_id, app.clock())


async def _membership(desk: Desk, news: Membership) -> None:
    """The bot's own rights in a group have changed."""
    app = desk.app
    if news.able:
        app.recovered(CHANNEL, news.place.chat)
        return
    app.alarm(CHANNEL, news.place.chat, app.clock(), "rights")


async def _react(desk: Desk, place: Place, emoji: str) -> None:
    try:
        await desk.groups.react(place.chat, place.message, emoji)
    except (Refused, IntegrationError):  # a nicety: nothing depends on it
        _log.info("not_marked", chat=place.chat)


async def _tell_of_trouble(desk: Desk, place: Place) -> None:
    topic = await _topic(desk, place)
    if topic is not None:
        url = f"{desk.app.home}/desk/{topic.conversation_id}"
        told = desk.looks.words("say.trouble", url=url)
        await answer(desk, topic, place, told, key=f"trouble:{place.chat}:{place.message}")
