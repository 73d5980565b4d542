"""What agents do: the desk's verbs, whoever calls them: the page, Telegram, or the clock.

Nobody else writes who has a conversation. Every verb may be repeated; with a ``key`` it happens once. ``via``
says how the agent speaks: ``page`` or ``telegram``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from bot.app import App
from bot.media import MediaRef
from dialogs.channel import Capabilities, right_to_write
from dialogs.handoff import (
    Action,
    Assigned,
    Claimed,
    Prioritised,
    Released,
    Resolved,
    Returned,
    Snoozed,
)
from dialogs.mentions import mentioned
from dialogs.messages import Draft, Outgoing, Picture, Template
from dialogs.render import render
from nlu.understanding import Intent, MoodLabel
from persistence.desk_actions import Denied, Done
from persistence.desk_notes import Judgement, NewNote
from persistence.replies import Address, Goes, Reply, Said

__all__ = [
    "Denied",
    "Done",
    "Right",
    "Said",
    "assign",
    "claim",
    "correct",
    "hand_back",
    "note",
    "prioritise",
    "release",
    "resolve",
    "retry",
    "right",
    "say",
    "snooze",
    "unsay",
]

Actor: TypeAlias = str
"""``bot``, ``clock``, ``buyer``, ``phone``, ``console`` or ``account:<id>``."""

_GOES: Final[Mapping[str, Goes]] = {
    "free": "now",
    "template": "template",
    "agent_tag": "human_tag",
    "closed": "when_buyer_writes",
}


@dataclass(frozen=True, slots=True)
class Right:
    """How a buyer may be written to now.

    ``way`` holds until then (None: until the buyer does something); ``then`` is the way after that.
    ``templates`` tells that approved templates may be sent at any time.
    """

    way: Literal["free", "human_tag", "template", "closed"]
    until: datetime | None
    then: Literal["free", "human_tag", "template", "closed"]
    templates: bool
    reachable: bool


async def claim(
    app: App, conversation_id: int, by: int, *, over: bool = False, key: str | None = None, via: str = "page"
) -> Done | Denied:
    """Take a conversation; ``over`` takes it from another agent, on purpose."""
    return await _act(app, conversation_id, Claimed(by, over), by, "", {"via": via}, key)


async def assign(
    app: App,
    conversation_id: int,
    by: int,
    *,
    to: int | None,
    team: int | None,
    reason: str = "",
    key: str | None = None,
    via: str = "page",
) -> Done | Denied:
    """Give a conversation to an agent, or to a team's queue, or (both None) to everybody's."""
    return await _act(app, conversation_id, Assigned(to, team), by, reason, {"via": via}, key)


async def release(
    app: App, conversation_id: int, by: int, *, reason: str = "", key: str | None = None, via: str = "page"
) -> Done | Denied:
    """Put a conversation back into the queue."""
    return await _act(app, conversation_id, Released(), by, reason, {"via": via}, key)


async def snooze(
    app: App,
    conversation_id: int,
    by: int,
    until: datetime,
    *,
    reason: str = "",
    key: str | None = None,
    via: str = "page",
) -> Done | Denied:
    """Put a conversation away until then, or until the buyer writes."""
    return await _act(app, conversation_id, Snoozed(until), by, reason, {"via": via}, key)


async def prioritise(
    app: App,
    conversation_id: int,
    by: int,
    priority: int,
    *,
    reason: str = "",
    key: str | None = None,
    via: str = "page",
) -> Done | Denied:
    """Say how urgent a conversation is, from -1 (low) to 2 (urgent)."""
    return await _act(app, conversation_id, Prioritised(priority), by, reason, {"via": via}, key)


async def resolve(
    app: App,
    conversation_id: int,
    by: int,
    *,
    cause: str,
    reason: str = "",
    key: str | None = None,
    via: str = "page",
) -> Done | Denied:
    """Close the cases as solved: the bot has the floor, and says so. ``cause`` is an id, or empty."""
    detail = {"via": via, "cause": cause}
    return await _act(app, conversation_id, Resolved(), by, reason, detail, key)


async def hand_back(
    app: App, conversation_id: int, by: int, *, reason: str = "", key: str | None = None, via: str = "page"
) -> Done | Denied:
    """Give the floor back to the bot though nothing is solved: the cases stay open."""
    return await _act(app, conversation_id, Returned(), by, reason, {"via": via}, key)


async def say(  # noqa: PLR0913 - a message has as many sides
    app: App,
    conversation_id: int,
    by: int,
    *,
    text: str,
    media: tuple[MediaRef | Picture, ...] = (),
    template: Template | None = None,
    over: bool = False,
    key: str,
    via: str = "page",
    undo: timedelta | None = None,
) -> Said | Denied:
    """Answer the buyer, in as many messages as the channel needs and with not a word changed.

    The last file goes with the text where the channel allows it, else all go ahead of it. With
    ``template`` that is what goes out once the window has closed; ``text`` is then what it says. It goes out
    ``undo`` after now (None: as the settings say); until then `unsay` takes it back.

    Raises:
        ValueError: there is nothing to say.

    """
    place = await app.store.replies.address(conversation_id)
    if place is None:
        return Denied("unknown")
    now = app.clock()
    pause = timedelta(seconds=app.config.settings.desk.undo_seconds) if undo is None else undo
    capabilities = _capabilities(app, place)
    messages = _messages(text, media, template, capabilities)
    if not messages:
        raise ValueError("there is nothing to say: neither words nor files")
    way = _way(capabilities, place.heard_at, now, has_template=template is not None)
    reply = Reply(by, text, messages, way, now + pause, key, via, over)
    said = await app.store.replies.say(conversation_id, reply, app.config.settings.times_at(now))
    if isinstance(said, Said):
        app.wake_later("outbox", pause)
        await app.signals.wake("desk")
    return said


async def unsay(app: App, conversation_id: int, by: int, event_id: int) -> str | None:
    """Take back what was said, and return it as it was typed; None: it is too late."""
    typed = await app.store.replies.unsay(
        conversation_id, by, event_id, app.config.settings.times_at(app.clock())
    )
    if typed is not None:
        await app.signals.wake("desk", "outbox")
    return typed


async def retry(app: App, conversation_id: int, by: int, outbox_id: int) -> bool:
    """Let a message of an agent that has failed go out again; False if there is nothing to repeat."""
    again = await app.store.replies.retry(conversation_id, by, outbox_id, app.clock())
    if again:
        await app.signals.wake("outbox", "desk")
    return again


async def note(app: App, conversation_id: int, by: int, text: str, *, key: str, via: str = "page") -> int:
    """Keep a note that the buyer never sees, and alarm whom it mentions with ``@name``; return its id.

    Raises:
        LookupError: there is no such conversation, or its buyer's data was erased.

    """
    del via  # whoever writes a note is an account either way; the parameter keeps the verbs alike
    people = {one.id: one.name for one in await app.store.accounts.all() if not one.disabled}
    mentions = mentioned(text, people)
    new = NewNote(by, text, tuple(one for one in mentions if one != by), key)
    note_id = await app.store.notes.add(conversation_id, new, app.clock())
    if note_id is None:
        raise LookupError(f"there is no conversation {conversation_id} to write a note to")
    await app.signals.wake("desk")
    return note_id


async def correct(
    app: App,
    conversation_id: int,
    by: int,
    inbox_id: int,
    *,
    intent: Intent,
    mood: MoodLabel,
    handoff: bool,
) -> bool:
    """Say what a message of the buyer really was, to learn from; False if it has no words to learn from."""
    judgement = Judgement(by, inbox_id, intent, mood, handoff)
    kept = await app.store.notes.correct(conversation_id, judgement, app.clock())
    if kept:
        await app.signals.wake("desk")
    return kept


async def right(app: App, conversation_id: int) -> Right:
    """Say how the buyer may be written to now, until when, and how after that."""
    place = await app.store.replies.address(conversation_id)
    capabilities = None if place is None else _capabilities(app, place)
    if place is None or capabilities is None:
        return Right("closed", None, "closed", templates=False, reachable=False)
    return right_of(capabilities, place.heard_at, app.clock(), reachable=place.reachable)


def right_of(
    capabilities: Capabilities, heard_at: datetime | None, now: datetime, *, reachable: bool
) -> Right:
    """See `right`. Pure."""
    last: Literal["template", "closed"] = "template" if capabilities.templates else "closed"
    ends: list[tuple[Literal["free", "human_tag"], datetime]] = []
    if capabilities.window is None:
        return Right("free", None, "free", templates=capabilities.templates, reachable=reachable)
    if heard_at is not None:
        ends.append(("free", heard_at + capabilities.window))
        if capabilities.agent_window is not None:
            ends.append(("human_tag", heard_at + capabilities.agent_window))
    open_ways = [(way, end) for way, end in ends if now < end]
    if not open_ways:
        return Right(last, None, last, templates=capabilities.templates, reachable=reachable)
    way, until = open_ways[0]
    then = open_ways[1][0] if len(open_ways) > 1 else last
    return Right(way, until, then, templates=capabilities.templates, reachable=reachable)


async def _act(
    app: App,
    conversation_id: int,
    action: Action,
    by: int,
    reason: str,
    detail: Mapping[str, object],
    key: str | None,
) -> Done | Denied:
    done = await app.store.desk.act(
        conversation_id,
        action,
        f"account:{by}",
        app.config.settings.times_at(app.clock()),
        reason=reason,
        detail=detail,
        key=key,
    )
    if isinstance(done, Done) and done.changed:
        await app.signals.wake("desk", "turns", "clock")
    return done


def _capabilities(app: App, place: Address) -> Capabilities | None:
    channel = app.channels.get((place.channel, place.account))
    return None if channel is None else channel.capabilities


def _way(
    capabilities: Capabilities | None, heard_at: datetime | None, now: datetime, *, has_template: bool
) -> Goes:
    if capabilities is None:  # the channel is switched off: it waits until it is on again
        return "now"
    found = right_to_write(capabilities, now=now, last_heard=heard_at, human=True, has_template=has_template)
    return _GOES[found]


def _messages(
    text: str,
    media: tuple[MediaRef | Picture, ...],
    template: Template | None,
    capabilities: Capabilities | None,
) -> tuple[Outgoing, ...]:
    """Put it into messages; the last file takes the text along where the channel allows it.

    What has a template is one message: once the window has closed, the template is all that goes out.
    """
    pictures = [one.picture() if isinstance(one, MediaRef) else one for one in media]
    alone = [Outgoing("media", picture=one) for one in pictures[:-1]]
    if template is not None:
        return (
            *(Outgoing("media", picture=one) for one in pictures),
            Outgoing("text", text, template=template),
        )
    draft = Draft(text, flow="", step="", picture=pictures[-1] if pictures else None)
    if capabilities is None:
        rest: tuple[Outgoing, ...] = (Outgoing("text", text),) if text.strip() else ()
        if draft.picture is not None:
            rest = (Outgoing("media", picture=draft.picture), *rest)
    else:
        rest = render(draft, capabilities)
    return (*alone, *(replace(one, stored={}) for one in rest))
