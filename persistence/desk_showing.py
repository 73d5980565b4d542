"""From rows of a thread to what its page shows: with what was tapped, quoted, felt about it, and meant by it.

Whatever is about several items is read for all of them at once, and never further than a page's own
surroundings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from pydantic import ValidationError
from sqlalchemy import Connection, or_, select

from dialogs.messages import (
    OUTGOING,
    Echo,
    Edited,
    Event,
    Media,
    Outgoing,
    Reaction,
    Tap,
    Text,
    Unsent,
    Unsupported,
)
from persistence.database import fixed
from persistence.desk_items import DeskEvent, Item, Mark, Quoted, ShownButton, Side
from persistence.desk_stream import Found
from persistence.media import of_messages
from persistence.retention import forgotten_after
from persistence.search_index import read_event, text_of_event, text_of_outgoing
from persistence.tables import HandoffRow, InboxRow, OutboxRow, table
from persistence.tables_desk import DeskEventRow

_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_events = table(DeskEventRow)
_handoffs = table(HandoffRow)

LATE: Final = timedelta(minutes=2)
"""What arrives so long after it was written is marked: the order of a thread is that of writing."""

QUOTED: Final = 100
_MOST_MARKS: Final = 1000
_MOST_SAID: Final = 200
_TAPS_AHEAD: Final = 120
_SAME_TALK: Final = timedelta(days=2)
_SKEW: Final = timedelta(minutes=1)
_SIDES: Final[Mapping[str, Side]] = {
    "text": "buyer",
    "tap": "buyer",
    "media": "buyer",
    "shared": "buyer",
    "unsupported": "buyer",
    "edited": "buyer",
    "echo": "phone",
}
"""Who speaks by an event; all other kinds are something that happened."""


@dataclass(slots=True)
class _Surroundings:
    """What concerns the items of a page, by platforms' message ids, buttons, and rows."""

    reactions: dict[str, str] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    unsent: set[str] = field(default_factory=set)
    taps: list[Tap] = field(default_factory=list)
    speakers: dict[int, int | None] = field(default_factory=dict)
    quoted: dict[str, Quoted] = field(default_factory=dict)
    marks: dict[int, tuple[Mark, ...]] = field(default_factory=dict)


def show(connection: Connection, conversation_id: int, found: Sequence[Found]) -> tuple[Item, ...]:
    """Return rows of a thread (in its order) as items."""
    if not found:
        return ()
    came = {one.row.id: read_event(one.row.event) or Unsupported("unreadable") for one in _of(found, "i")}
    said = {one.row.id: _outgoing(one.row.outgoing) for one in _of(found, "o")}
    about = _Surroundings()
    if came or said:
        _read_marks(connection, conversation_id, found, about)
        _read_quoted(connection, conversation_id, found, came, about)
    if any(outgoing.buttons or outgoing.cards for outgoing in said.values()):
        _read_taps(connection, conversation_id, found, came, about)
    _read_speakers(connection, found, about)
    _read_evidence(connection, conversation_id, found, came, about)
    media = of_messages(connection, [one for one, event in came.items() if isinstance(event, Media)])
    items = []
    for one in found:
        match one.letter:
            case "i":
                items.append(_from_inbox(one, came[one.row.id], about, media.get(one.row.id, ())))
            case "o":
                items.append(_from_outbox(one, said[one.row.id], about))
            case "e":
                items.append(_from_desk(one))
            case "n":
                items.append(_from_note(one))
    return tuple(items)


def quoted_by(
    connection: Connection, conversation_id: int, at: datetime, evidence: Sequence[str]
) -> int | None:
    """Return the newest inbox row that a case of the moment ``at`` quotes, as in `show`; None if none."""
    if not evidence:
        return None
    said = connection.execute(
        select(_inbox.c.id, _inbox.c.event)
        .where(
            _inbox.c.conversation_id == conversation_id,
            _inbox.c.lane == fixed("message"),
            _inbox.c.kind.in_(("text", "media")),
            _inbox.c.at >= at - _SAME_TALK,
            _inbox.c.at <= at + _SKEW,
        )
        .order_by(_inbox.c.at.desc(), _inbox.c.id.desc())
        .limit(_MOST_SAID)
    )
    for row in said:
        event = read_event(row.event)
        text = "" if event is None else _text(event)
        if any(_span(text, quote) for quote in evidence):
            found: int = row.id
            return found
    return None


def account_of(actor: str) -> int | None:
    """Return the account that an actor is, if they are one."""
    kind, _, number = actor.partition(":")
    return int(number) if kind == "account" and number.isascii() and number.isdigit() else None


# -- one item ----------------------------------------------------------------------------------------------


def _from_inbox(found: Found, event: Event, about: _Surroundings, media: tuple[Any, ...]) -> Item:
    row = found.row
    side = _SIDES.get(row.kind, "event")
    unsent = row.external_id in about.unsent or row.status == "erased"
    reply_to = event.reply_to if isinstance(event, Text | Media) else None
    forgotten = forgotten_after(row.event)
    return Item(
        key=found.key,
        at=row.at,
        side=side,
        kind=row.kind,
        text=_text(event),
        event=event if forgotten is None else None,
        forgotten=forgotten,
        inbox_id=row.id,
        quoted=about.quoted.get(reply_to) if reply_to else None,
        reactions=_reactions(about, row.external_id),
        edited=row.external_id in about.edited and not unsent,
        unsent=unsent,
        media=media,
        status=row.status,
        received_at=row.received_at,
        arrived_late=side in {"buyer", "phone"} and row.received_at - row.at > LATE,
        marks=about.marks.get(row.id, ()),
    )


def _text(event: Event) -> str:
    match event:
        case Tap(title=title):
            return title
        case Edited(text=text):
            return text
        case _:
            return text_of_event(event)


def _from_outbox(found: Found, outgoing: Outgoing, about: _Surroundings) -> Item:
    row = found.row
    return Item(
        key=found.key,
        at=row.created_at,
        side="agent" if row.speaker == "agent" else "bot",
        kind=outgoing.style,
        who=about.speakers.get(-row.turn),
        text=outgoing.text,
        outgoing=outgoing,
        forgotten=forgotten_after(row.outgoing),
        outbox_id=row.id,
        buttons=_buttons(outgoing, row.external_id, about.taps),
        reactions=_reactions(about, row.external_id),
        status=row.status,
        delivery=row.delivery,
        code=row.code,
        detail=row.detail,
        sent_at=row.sent_at,
        due_at=row.due_at,
        undo_until=row.undo_until,
        flow=row.flow,
        step=row.step,
        touchpoint=row.touchpoint,
        proactive=row.proactive,
    )


def _from_desk(found: Found) -> Item:
    row = found.row
    detail: dict[str, object] = orjson.loads(row.detail)
    return Item(
        key=found.key,
        at=row.at,
        side="event",
        kind=row.kind,
        who=account_of(row.actor),
        desk=DeskEvent(row.kind, row.actor, row.reason, detail),
    )


def _from_note(found: Found) -> Item:
    row = found.row
    return Item(
        key=found.key,
        at=row.at,
        side="note",
        kind="note",
        who=account_of(row.author),
        text=row.text,
        forgotten=None if row.text else 0,
        mentions=tuple(orjson.loads(row.mentions)),
    )


def _buttons(outgoing: Outgoing, message_id: str | None, taps: Sequence[Tap]) -> tuple[ShownButton, ...]:
    """Return the buttons of a message and its cards. A tap names its message where the platform tells."""
    tapped = {tap.payload for tap in taps if tap.message_id in {None, message_id} or message_id is None}
    offered = [*outgoing.buttons, *(button for card in outgoing.cards for button in card.buttons)]
    return tuple(
        ShownButton(
            button.title,
            button.description,
            button.payload in tapped or outgoing.stored.get(button.payload) in tapped,
        )
        for button in offered
    )


def _reactions(about: _Surroundings, message_id: str | None) -> tuple[str, ...]:
    emoji = about.reactions.get(message_id or "")
    return (emoji,) if emoji else ()


def _outgoing(written: str) -> Outgoing:
    """Read a message of ours; one that another version of the program wrote is shown without its words."""
    try:
        return OUTGOING.validate_json(written)
    except ValidationError:
        return Outgoing("text")


def _of(found: Sequence[Found], letter: str) -> list[Found]:
    return [one for one in found if one.letter == letter]


# -- what concerns several ---------------------------------------------------------------------------------


def _read_marks(
    connection: Connection, conversation_id: int, found: Sequence[Found], about: _Surroundings
) -> None:
    """Read which messages were changed, taken back or reacted to: marks come after what they are about."""
    marks = connection.execute(
        select(_inbox.c.event)
        .where(
            _inbox.c.conversation_id == conversation_id,
            # Worded as in the partial index.
            _inbox.c.kind.in_([fixed(one) for one in ("reaction", "edited", "unsent")]),
            _inbox.c.at >= _moment(found[0]),
        )
        .order_by(_inbox.c.at)
        .limit(_MOST_MARKS)
    )
    for mark in marks:
        match read_event(mark.event):
            case Reaction(message_id=message_id, emoji=emoji):
                about.reactions[message_id] = emoji or ""
            case Edited(message_id=message_id):
                about.edited.add(message_id)
            case Unsent(message_id=message_id):
                about.unsent.add(message_id)
            case _:
                pass


def _read_taps(
    connection: Connection,
    conversation_id: int,
    found: Sequence[Found],
    came: Mapping[int, Event],
    about: _Surroundings,
) -> None:
    """Read what was tapped on the page and soon after it."""
    ahead = (
        select(_inbox.c.kind, _inbox.c.event)
        .where(_inbox.c.conversation_id == conversation_id, _inbox.c.at >= _moment(found[-1]))
        .order_by(_inbox.c.at, _inbox.c.id)
        .limit(_TAPS_AHEAD)
        .subquery()
    )
    later = connection.execute(select(ahead.c.event).where(ahead.c.kind == "tap")).scalars()
    about.taps = [
        event for event in (*came.values(), *(read_event(one) for one in later)) if isinstance(event, Tap)
    ]


def _read_speakers(connection: Connection, found: Sequence[Found], about: _Surroundings) -> None:
    """Read who of the agents said what: a message of theirs names its event at the desk."""
    replies = {-one.row.turn for one in _of(found, "o") if one.row.speaker == "agent" and one.row.turn < 0}
    if replies:
        actors = connection.execute(select(_events.c.id, _events.c.actor).where(_events.c.id.in_(replies)))
        about.speakers = {row.id: account_of(row.actor) for row in actors}


def _read_quoted(
    connection: Connection,
    conversation_id: int,
    found: Sequence[Found],
    came: Mapping[int, Event],
    about: _Surroundings,
) -> None:
    """Read the beginnings of messages that others answer."""
    wanted: dict[str, set[str]] = {}
    for one in _of(found, "i"):
        event = came[one.row.id]
        if isinstance(event, Text | Media) and event.reply_to:
            wanted.setdefault(one.row.source, set()).add(event.reply_to)
    if not wanted:
        return
    ids = set().union(*wanted.values())
    ours = select(_outbox.c.id, _outbox.c.external_id, _outbox.c.outgoing, _outbox.c.speaker).where(
        _outbox.c.external_id.in_(ids), _outbox.c.conversation_id == conversation_id
    )
    for row in connection.execute(ours):
        side: Side = "agent" if row.speaker == "agent" else "bot"
        words = text_of_outgoing(_outgoing(row.outgoing))
        about.quoted[row.external_id] = Quoted(_beginning(words), side, f"o{row.id}")
    theirs = select(_inbox.c.id, _inbox.c.external_id, _inbox.c.event, _inbox.c.kind).where(
        or_(
            *((_inbox.c.source == source) & _inbox.c.external_id.in_(some) for source, some in wanted.items())
        ),
        _inbox.c.conversation_id == conversation_id,
        _inbox.c.kind.in_(("text", "media", "tap", "echo")),
    )
    for row in connection.execute(theirs):
        earlier = read_event(row.event)
        if earlier is not None and row.external_id not in about.quoted:
            side = "phone" if isinstance(earlier, Echo) else "buyer"
            about.quoted[row.external_id] = Quoted(_beginning(_text(earlier)), side, f"i{row.id}")


def _read_evidence(
    connection: Connection,
    conversation_id: int,
    found: Sequence[Found],
    came: Mapping[int, Event],
    about: _Surroundings,
) -> None:
    """Find the words that called for a human: each quote in the newest message that holds it."""
    texts = [
        (one.row.at, one.row.id, _text(came[one.row.id]))
        for one in reversed(_of(found, "i"))
        if isinstance(came[one.row.id], Text | Media)
    ]
    if not texts:
        return
    cases = connection.execute(
        select(_handoffs.c.id, _handoffs.c.at, _handoffs.c.why, _handoffs.c.reason, _handoffs.c.evidence)
        .where(
            _handoffs.c.conversation_id == conversation_id,
            _handoffs.c.at >= texts[-1][0] - _SKEW,
            _handoffs.c.at <= texts[0][0] + _SAME_TALK,
        )
        .order_by(_handoffs.c.id)
    )
    for case in cases:
        said = [one for one in texts if case.at - _SAME_TALK <= one[0] <= case.at + _SKEW]
        for quote in orjson.loads(case.evidence):
            for _, row_id, text in said:
                span = _span(text, str(quote))
                if span is not None:
                    mark = Mark(*span, case.why or case.reason, case.id)
                    about.marks[row_id] = (*about.marks.get(row_id, ()), mark)
                    break


def _span(text: str, quote: str) -> tuple[int, int] | None:
    """Return where ``quote`` stands in ``text``; one that was cut ends with an ellipsis."""
    quote = quote.strip().removesuffix("…").strip()
    if not quote:
        return None
    start = text.find(quote)
    if start < 0:
        start = text.lower().find(quote.lower())
        if start < 0 or len(text.lower()) != len(text):  # where case changes lengths, places would be wrong
            return None
    return start, start + len(quote)


def _beginning(words: str) -> str:
    words = " ".join(words[: QUOTED * 4].split())
    return words if len(words) <= QUOTED else f"{words[: QUOTED - 1]}…"


def _moment(found: Found) -> datetime:
    moment: datetime = found.row.created_at if found.letter == "o" else found.row.at
    return moment
