"""What a platform lists and never told: whose turn it is to compare, and which messages are missing here.

A message is known by the platform's id, whatever kind it was stored as. In case a platform names it otherwise
in its list than in its webhooks, one with the same words of the same side at the same time is known, too: a
gap that stays is a smaller evil than a message that stands there twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from pydantic import ValidationError
from sqlalchemy import Connection, or_, select, update

from dialogs.messages import EVENTS, OUTGOING, Arrival, Contact, Echo, Event, Media, Outgoing, Tap, Text
from persistence.database import Database, fixed
from persistence.echoes import ON_ITS_WAY
from persistence.inbox import insert_or_ignore
from persistence.tables import ContactRow, Conversation, InboxRow, OutboxRow, SettingRow, table

_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_conversations = table(Conversation)
_contacts = table(ContactRow)
_settings = table(SettingRow)

SKEW: Final = timedelta(seconds=2)
"""Lists give times in whole seconds."""
SENDING: Final = timedelta(minutes=2)
"""So far apart a message's time here and at the platform may lie, for one that we have sent."""
BUTTONS: Final = 50
"""Among so many of the newest messages before it the button is looked for that a text may have come from."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look that this process is to take: at everything since ``since``, and nothing from before ``start``.

    ``start`` is when comparing began at all: what is older was written before the shop came here.
    """

    channel: str
    account: str
    start: datetime
    since: datetime
    began: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """One thread against what is stored. ``ours`` are the ids of those that the outbox has sent."""

    missing: tuple[Arrival, ...]
    ours: frozenset[str] = frozenset()
    floor: str = "bot"


class Gaps:
    """Compares."""

    def __init__(self, database: Database) -> None:
        """Compare with ``database``."""
        self._database = database

    async def begin(self, channel: str, account: str, now: datetime, again: timedelta) -> Look | None:
        """Claim the look that is due, for one process; the next is due ``again`` later. None: not now.

        The very first call only notes the time: there is nothing to compare with yet.
        """
        return await self._database.write(_begin, channel, account, now, again)

    async def done(self, look: Look) -> None:
        """Note that a look came to its end: the next one looks at what has happened since this began."""
        await self._database.write(_done, look)

    async def compare(self, arrivals: Sequence[Arrival]) -> Compared:
        """Return what of one thread is missing here; all arrivals are of the same person."""
        if not arrivals:
            return Compared(())
        return await self._database.read(_compare, arrivals)


def _key(channel: str, account: str) -> str:
    return f"compared:{channel}:{account}"


def _begin(
    connection: Connection, channel: str, account: str, now: datetime, again: timedelta
) -> Look | None:
    key = _key(channel, account)
    noted = _noted(now, now, now + again)
    connection.execute(insert_or_ignore(connection.dialect.name, _settings), [{"key": key, "value": noted}])
    before = connection.execute(select(_settings.c.value).where(_settings.c.key == key)).scalar_one()
    start, since, due = map(datetime.fromisoformat, orjson.loads(before))
    if due > now:
        return None
    claimed = connection.execute(
        update(_settings)
        .where(_settings.c.key == key, _settings.c.value == before)  # whoever is slower changes nothing
        .values(value=_noted(start, since, now + again))
    )
    return Look(channel, account, start, since, now) if claimed.rowcount else None


def _done(connection: Connection, look: Look) -> None:
    key = _key(look.channel, look.account)
    before = connection.execute(select(_settings.c.value).where(_settings.c.key == key)).scalar_one()
    start, since, due = map(datetime.fromisoformat, orjson.loads(before))
    connection.execute(
        update(_settings)
        .where(_settings.c.key == key, _settings.c.value == before)
        .values(value=_noted(start, max(since, look.began), due))
    )


def _noted(*moments: datetime) -> str:
    return orjson.dumps([moment.isoformat() for moment in moments]).decode()


def _compare(connection: Connection, arrivals: Sequence[Arrival]) -> Compared:
    ids = [arrival.external_id for arrival in arrivals]
    stored = select(_inbox.c.external_id).where(
        _inbox.c.source == arrivals[0].source, _inbox.c.external_id.in_(ids)
    )
    known = set(connection.execute(stored).scalars())
    sent = select(_outbox.c.external_id).where(_outbox.c.external_id.in_(ids))
    ours = frozenset(connection.execute(sent).scalars()) - {None}
    unknown = [one for one in arrivals if one.external_id not in known and one.external_id not in ours]
    contact = arrivals[0].contact
    here = None if contact is None else _conversation(connection, contact)
    if here is None or not unknown:
        return Compared(tuple(unknown), ours)
    twins = _said_then(connection, here.id, unknown)
    missing = tuple(
        _as_tapped(connection, here.id, arrival)
        for arrival in unknown
        if not any(_same(arrival, twin) for twin in twins)
        and not (isinstance(arrival.event, Echo) and _sent_then(connection, here.id, arrival))
    )
    return Compared(missing, ours, here.floor)


def _conversation(connection: Connection, contact: Contact) -> Any:
    found = (
        select(_conversations.c.id, _conversations.c.floor)
        .join(_contacts, _contacts.c.conversation_id == _conversations.c.id)
        .where(
            _contacts.c.channel == contact.channel,
            _contacts.c.account == contact.account,
            _contacts.c.external_id.in_(contact.ids),
        )
        .limit(1)
    )
    return connection.execute(found).one_or_none()


def _said_then(
    connection: Connection, conversation_id: int, arrivals: Sequence[Arrival]
) -> list[tuple[datetime, Event]]:
    """Return what was heard in a conversation around the times of these messages."""
    times = [arrival.at for arrival in arrivals]
    rows = connection.execute(
        select(_inbox.c.at, _inbox.c.event).where(
            _inbox.c.conversation_id == conversation_id,
            _inbox.c.at >= min(times) - SKEW,
            _inbox.c.at <= max(times) + SKEW,
        )
    )
    found = []
    for row in rows:
        try:
            found.append((row.at, EVENTS.validate_json(row.event)))
        except ValidationError:  # another version of the program wrote it
            continue
    return found


def _same(arrival: Arrival, twin: tuple[datetime, Event]) -> bool:
    at, event = twin
    by_us = isinstance(event, Echo)
    return (
        abs(at - arrival.at) < SKEW
        and by_us == isinstance(arrival.event, Echo)
        and _words(event) == _words(arrival.event)
    )


def _words(event: Event) -> str | None:
    match event:
        case Text() | Echo():
            return event.text
        case Tap():
            return event.title
        case Media():
            return event.caption
        case _:
            return None


def _sent_then(connection: Connection, conversation_id: int, arrival: Arrival) -> bool:
    """Tell whether an echo is of something that was sent then, or may have been: that is being found out."""
    at = arrival.at
    rows = connection.execute(
        select(_outbox.c.outgoing).where(
            _outbox.c.conversation_id == conversation_id,
            or_(
                _outbox.c.status.in_([fixed(one) for one in ON_ITS_WAY]),
                _outbox.c.sent_at.between(at - SENDING, at + SENDING),
            ),
        )
    ).scalars()
    words = _words(arrival.event)
    return any(OUTGOING.validate_json(outgoing).text == words for outgoing in rows)


def _as_tapped(connection: Connection, conversation_id: int, arrival: Arrival) -> Arrival:
    """Return a text as the tap that it must have been, if it reads like a button that the person had."""
    event = arrival.event
    if not isinstance(event, Text):
        return arrival
    rows = connection.execute(
        select(_outbox.c.outgoing)
        .where(_outbox.c.conversation_id == conversation_id, _outbox.c.created_at <= arrival.at)
        .order_by(_outbox.c.created_at.desc(), _outbox.c.id.desc())
        .limit(BUTTONS)
    ).scalars()
    for outgoing in rows:
        for payload, title in _buttons(OUTGOING.validate_json(outgoing)):
            if title == event.text:
                return replace(arrival, event=Tap(payload, title))
    return arrival


def _buttons(outgoing: Outgoing) -> list[tuple[str, str]]:
    cards = [button for card in outgoing.cards for button in card.buttons]
    return [(button.payload, button.title) for button in (*outgoing.buttons, *cards)]
