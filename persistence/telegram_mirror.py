"""What of the threads at the desk has to stand in their topics, and does not yet.

Everything new is read once, behind marks that only move on when nothing older can still come: rows are
committed in another order than that of their ids. What was seen before is known by `TelegramItemRow`, so each
thing is posted once, and nothing is left out. All of it happens in one transaction that one process runs at a
time; the posts it writes are sent by others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.engine import Row

from persistence.database import fixed
from persistence.inbox import insert_or_ignore
from persistence.tables import Conversation, InboxRow, OutboxRow, SettingRow, table
from persistence.tables_desk import AgentNoteRow, DeskEventRow
from persistence.tables_telegram import TelegramItemRow, TelegramTopicRow
from persistence.telegram_items import (
    Found,
    arrived,
    note,
    queue,
    settled,
    turn_dirty,
    turn_stale,
    watch_again,
    written,
)

_conversations = table(Conversation)
_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_settings = table(SettingRow)
_events = table(DeskEventRow)
_notes = table(AgentNoteRow)
_topics = table(TelegramTopicRow)
_items = table(TelegramItemRow)

AT_THE_DESK: Final = ("waiting", "agent", "snoozed", "pending")
"""Statuses in which humans have to do with a conversation: see `dialogs.handoff`."""
OVERLAP: Final = timedelta(seconds=30)
"""How long after it was written a row may still appear: longer than any transaction takes."""
BEFORE: Final = 30
"""So many of the newest things in a thread are the card's when its topic begins; the rest is history."""
MOST: Final = 10_000
"""So many rows of a table are read at once; what is behind them is read a moment later."""
BEGUN: Final = 50
"""So many topics are begun in one transaction, so that none holds up the house; the rest in the next."""
_MARK: Final = "telegram_mirror"
_SAID: Final = ("text", "tap", "media", "shared", "referred", "unsupported", "echo", "reachability")
"""Kinds of events that stand in a thread as something of their own."""
_TOUCHED: Final = ("reaction", "edited", "unsent")
"""Kinds that change how something earlier looks."""
_TOLD: Final = (
    "claimed", "assigned", "released", "snoozed", "awoke", "resolved", "returned", "phone_took", "phone_left",
    "promise_near", "promise_broken", "promised",
)  # fmt: skip
"""What happens at the desk that is told in the topic."""


def mirror(connection: Connection, chats: Sequence[str], now: datetime, *, whole: bool) -> int:
    """Begin topics, and queue what is new; return how many topics have something to do.

    ``whole`` looks at every conversation at the desk, as after a start; else only at those of which something
    was heard.
    """
    marks = _lock(connection)
    seen = _news(connection, marks)
    stirred = {row.conversation_id for row in seen.events if row.conversation_id is not None}
    begun = _begin(connection, chats, stirred, now, whole=whole)
    topics = _active(connection, seen)
    fresh = note(connection, [one for one in _things(seen) if one.conversation_id in topics], now)
    for conversation_id, items in _by_conversation(fresh):
        if any(one.posted for one in items):
            queue(connection, topics[conversation_id], [one for one in items if one.posted], now)
    files = arrived(connection, topics, now)  # a file stands behind the words that it came with
    touched = {one.conversation_id for one in fresh if one.touches}
    watch_again(connection, seen.events)
    marked = settled(connection, now)  # also where the case is closed: the last answer may not arrive
    turn_stale(connection, (touched & set(topics)) | marked, now)
    changed = {one.conversation_id for one in fresh} | files
    turn_dirty(connection, changed, now)
    _follow(connection, stirred, now)
    _move_on(connection, marks, seen, now)
    return len(begun | changed | marked | (touched & set(topics)))


def _lock(connection: Connection) -> dict[str, int]:
    """Return the marks; nobody else mirrors until the transaction ends."""
    insert = insert_or_ignore(connection.dialect.name, _settings)
    connection.execute(insert, [{"key": _MARK, "value": "{}"}])
    value = connection.execute(
        select(_settings.c.value).where(_settings.c.key == _MARK).with_for_update()
    ).scalar_one()
    marks: dict[str, int] = orjson.loads(value)
    if not marks:
        for name, rows in _TABLES.items():
            marks[name] = connection.execute(select(func.coalesce(func.max(rows.c.id), 0))).scalar_one()
        _keep(connection, marks)
    return marks


def _keep(connection: Connection, marks: dict[str, int]) -> None:
    value = orjson.dumps(marks).decode()
    connection.execute(update(_settings).where(_settings.c.key == _MARK).values(value=value))


_TABLES: Final = {"inbox": _inbox, "outbox": _outbox, "events": _events, "notes": _notes}


@dataclass(frozen=True, slots=True)
class _Seen:
    """All rows behind the marks, by table."""

    inbox: Sequence[Any]
    outbox: Sequence[Any]
    events: Sequence[Any]
    notes: Sequence[Any]

    @property
    def conversations(self) -> set[int]:
        """Whose they are."""
        rows = (*self.inbox, *self.outbox, *self.events, *self.notes)
        return {row.conversation_id for row in rows if row.conversation_id is not None}


def _news(connection: Connection, marks: dict[str, int]) -> _Seen:
    inbox = connection.execute(
        select(
            _inbox.c.id, _inbox.c.conversation_id, _inbox.c.kind, _inbox.c.status, _inbox.c.at,
            _inbox.c.received_at.label("noted_at"), _inbox.c.lane,
        )
        .where(_inbox.c.id > marks["inbox"]).order_by(_inbox.c.id).limit(MOST)
    ).all()  # fmt: skip
    cause = _events.alias("cause")
    outbox = connection.execute(
        select(
            _outbox.c.id, _outbox.c.conversation_id, _outbox.c.speaker, _outbox.c.turn, _outbox.c.seq,
            _outbox.c.created_at.label("at"), _outbox.c.created_at.label("noted_at"), cause.c.key,
        )
        .outerjoin(cause, and_(_outbox.c.speaker == "agent", cause.c.id == -_outbox.c.turn))
        .where(_outbox.c.id > marks["outbox"]).order_by(_outbox.c.id).limit(MOST)
    ).all()  # fmt: skip
    events = connection.execute(
        select(_events, _events.c.at.label("noted_at"))
        .where(_events.c.id > marks["events"]).order_by(_events.c.id).limit(MOST)
    ).all()  # fmt: skip
    notes = connection.execute(
        select(
            _notes.c.id, _notes.c.conversation_id, _notes.c.at, _notes.c.at.label("noted_at"), _notes.c.key
        )
        .where(_notes.c.id > marks["notes"]).order_by(_notes.c.id).limit(MOST)
    ).all()  # fmt: skip
    return _Seen(inbox, outbox, events, notes)


def _things(seen: _Seen) -> list[Found]:
    """Return everything among the rows that has a place in a topic, by time."""
    found = [
        Found(row.conversation_id, f"i{row.id}", row.at, inbox_id=row.id, watched=row.kind == "media")
        for row in seen.inbox
        if row.conversation_id is not None and row.kind in _SAID and row.lane == "message"
    ]
    found += [
        Found(row.conversation_id, f"i{row.id}", row.at, silent=True, touches=True)
        for row in seen.inbox
        if row.conversation_id is not None and row.kind in _TOUCHED
    ]
    for row in seen.outbox:
        place = written(row.key)
        found.append(
            Found(
                row.conversation_id,
                f"o{row.id}",
                row.at,
                outbox_id=row.id,
                message=None if place is None else place[1],
                watched=row.speaker == "agent",
            )
        )
    for row in seen.events:
        # What was done on Telegram is shown by the card.
        told = row.kind in _TOLD and orjson.loads(row.detail).get("via") != "telegram"
        found.append(Found(row.conversation_id, f"e{row.id}", row.at, silent=not told))
    for row in seen.notes:
        place = written(row.key)
        message = None if place is None else place[1]
        found.append(Found(row.conversation_id, f"n{row.id}", row.at, message=message))
    return sorted(found, key=lambda one: (one.at, one.key[0] != "i", one.key))


def _begin(
    connection: Connection, chats: Sequence[str], stirred: set[int], now: datetime, *, whole: bool
) -> set[int]:
    """Give a topic to every conversation that has come to the desk; return which."""
    wanted = (
        select(_conversations.c.id)
        .outerjoin(_topics, _topics.c.conversation_id == _conversations.c.id)
        .where(_conversations.c.status.in_([fixed(one) for one in AT_THE_DESK]))
        .where((_topics.c.id.is_(None)) | (_topics.c.active.is_(False)))
        .order_by(_conversations.c.id)
        .limit(BEGUN)
    )
    if not whole:
        wanted = wanted.where(_conversations.c.id.in_(stirred))
    new = set(connection.execute(wanted).scalars()) if whole or stirred else set()
    if not new:
        return new
    load = dict.fromkeys(chats, 0)
    counted = connection.execute(
        select(_topics.c.chat, func.count()).where(_topics.c.active).group_by(_topics.c.chat)
    )
    load |= {chat: count for chat, count in counted if chat in load}
    for conversation_id in sorted(new):
        chat = min(load, key=lambda one: load[one])
        load[chat] += 1
        row = {"conversation_id": conversation_id, "chat": chat, "began_at": now, "due_at": now}
        connection.execute(insert_or_ignore(connection.dialect.name, _topics), [row])
        # One that was here before begins anew where it is, with a card of its own.
        connection.execute(
            update(_topics)
            .where(_topics.c.conversation_id == conversation_id, _topics.c.active.is_(False))
            .values(active=True, card=None, shown="", menu="", began_at=now)
        )
        turn_dirty(connection, {conversation_id}, now)
        _skip_the_past(connection, conversation_id, now)
    return new


def _skip_the_past(connection: Connection, conversation_id: int, now: datetime) -> None:
    """Note the newest things as known: the card shows them."""
    known: list[Found] = []
    for letter, rows, at, more in (
        ("i", _inbox, _inbox.c.at, (_inbox.c.kind.in_(_SAID), _inbox.c.lane == "message")),
        ("o", _outbox, _outbox.c.created_at, ()),
        ("e", _events, _events.c.at, ()),
        ("n", _notes, _notes.c.at, ()),
    ):
        newest = (
            select(rows.c.id, at.label("at"))
            .where(rows.c.conversation_id == conversation_id, *more)
            .order_by(at.desc(), rows.c.id.desc())
            .limit(BEFORE)
        )
        known += [
            Found(conversation_id, f"{letter}{row.id}", row.at, silent=True)
            for row in connection.execute(newest)
        ]
    note(connection, known, now)


def _active(connection: Connection, seen: _Seen) -> dict[int, Row[Any]]:
    """Return the topics that follow their conversations, of those that something happened to."""
    watched = connection.execute(select(_items.c.conversation_id).where(_items.c.watched).distinct())
    concerned = seen.conversations | set(watched.scalars())
    if not concerned:
        return {}
    rows = connection.execute(
        select(_topics).where(_topics.c.active, _topics.c.conversation_id.in_(concerned))
    )
    return {row.conversation_id: row for row in rows}


def _by_conversation(things: Iterable[Found]) -> Iterable[tuple[int, list[Found]]]:
    found: dict[int, list[Found]] = defaultdict(list)
    for one in things:
        found[one.conversation_id].append(one)
    return found.items()


def _follow(connection: Connection, stirred: set[int], now: datetime) -> None:
    """Let the topics of conversations that have left the desk come to an end."""
    if not stirred:
        return
    left = set(
        connection.execute(
            select(_topics.c.conversation_id)
            .join(_conversations, _conversations.c.id == _topics.c.conversation_id)
            .where(
                _topics.c.active,
                _topics.c.conversation_id.in_(stirred),
                _conversations.c.status.not_in(AT_THE_DESK),
            )
        ).scalars()
    )
    if left:
        connection.execute(
            update(_topics).where(_topics.c.conversation_id.in_(left)).values(active=False, menu="")
        )
        turn_dirty(connection, left, now)


def _move_on(connection: Connection, marks: dict[str, int], seen: _Seen, now: datetime) -> None:
    """Move the marks past everything that is old enough, but past no message that is not sorted yet."""
    # On SQLite there is one writer, so whatever has a smaller id is there.
    edge = now if connection.dialect.name == "sqlite" else now - OVERLAP
    moved = dict(marks)
    for name in _TABLES:
        for row in getattr(seen, name):
            if row.noted_at > edge or (name == "inbox" and row.status == "new"):
                break
            moved[name] = row.id
    if moved != marks:
        _keep(connection, moved)
