"""The rows of a thread in one order, out of the four tables that they lie in.

Each table is read along its own index by (conversation, time, id), a chunk at a time and no further than
needed, and the four are merged: what a page costs does not depend on how long the thread is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    and_,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.engine import Row

from dialogs.messages import Edited
from persistence.database import fixed, microseconds
from persistence.echoes import our_echoes
from persistence.search_index import read_event
from persistence.tables import InboxRow, OutboxRow, table
from persistence.tables_desk import AgentNoteRow, DeskEventRow

_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_events = table(DeskEventRow)
_notes = table(AgentNoteRow)

Letter: TypeAlias = Literal["i", "o", "e", "n"]
"""Which table an item comes from: inbox, outbox, the desk's events, notes."""

SHOWN: Final = (
    "text", "tap", "media", "shared", "referred", "unsupported", "echo", "edited", "order_event", "tagged",
    "reachability", "contact_changed", "preference", "thread_control",
)  # fmt: skip
"""Kinds of the inbox that are items of their own. Reactions and what was taken back are marks on others."""

_UNSEEN: Final = ("cancelled", "merged", "released")
_TOLD_ALREADY: Final = ("replied", "noted")
"""Events of the desk that the message or note itself shows."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an item stands: its time in microseconds, its table's rank at the same moment, its id."""

    at: int
    rank: int
    id: int


@dataclass(frozen=True, slots=True)
class Found:
    """A row of a thread."""

    letter: Letter
    place: Place
    row: Row[Any]

    @property
    def key(self) -> str:
        """The item's name."""
        return f"{self.letter}{self.place.id}"


@dataclass(frozen=True, slots=True)
class _Source:
    letter: Letter
    rank: int
    rows: FromClause
    at: str
    shown: ColumnElement[bool]
    kept: Callable[[Connection, Sequence[Row[Any]]], Sequence[Row[Any]]]

    @property
    def moment(self) -> ColumnElement[int]:
        """The time of a row, in microseconds."""
        return type_coerce(self.rows.c[self.at], BigInteger)


def walk(
    connection: Connection, conversation_id: int, start: Place | None, chunk: int, *, forward: bool
) -> Iterator[Found]:
    """Go through a thread from ``start`` (itself left out; None: from its end) to where it ends."""
    streams = [
        _follow(connection, source, conversation_id, start, chunk, forward=forward) for source in _SOURCES
    ]
    return heapq.merge(*streams, key=lambda found: found.place, reverse=not forward)


def place_of(connection: Connection, conversation_id: int, key: str) -> Place | None:
    """Return where the item of a key stands; None if it names nothing in this thread. Total on any text."""
    found = look_up(connection, conversation_id, [key])
    return found[0].place if found else None


def look_up(connection: Connection, conversation_id: int, keys: Sequence[str]) -> list[Found]:
    """Return single items in the thread's order; what the thread does not show is left out."""
    wanted: dict[str, list[int]] = {}
    for key in keys:
        digits = key[1:]
        if digits.isascii() and digits.isdigit() and len(digits) <= 18:
            wanted.setdefault(key[0], []).append(int(digits))
    found: list[Found] = []
    for source in _SOURCES:
        if ids := wanted.get(source.letter):
            rows = connection.execute(
                select(source.rows).where(
                    source.rows.c.id.in_(ids),
                    source.rows.c.conversation_id == conversation_id,
                    source.shown,
                )
            ).all()
            found += [_found(source, row) for row in source.kept(connection, rows)]
    return sorted(found, key=lambda one: one.place)


def _follow(
    connection: Connection,
    source: _Source,
    conversation_id: int,
    start: Place | None,
    chunk: int,
    *,
    forward: bool,
) -> Iterator[Found]:
    order = (source.moment, source.rows.c.id)
    while True:
        rows = connection.execute(
            select(source.rows)
            .where(
                source.rows.c.conversation_id == conversation_id,
                source.shown,
                _beyond(source, start, forward=forward),
            )
            .order_by(*(order if forward else (key.desc() for key in order)))
            .limit(chunk)
        ).all()
        for row in source.kept(connection, rows):
            yield _found(source, row)
        if len(rows) < chunk:
            return
        start = _found(source, rows[-1]).place


def _beyond(source: _Source, start: Place | None, *, forward: bool) -> ColumnElement[bool]:
    """Say "further on than ``start``" so that the index can go there at once."""
    if start is None:
        return true()
    moment, own = source.moment, source.rows.c.id
    if source.rank == start.rank:
        here = tuple_(moment, own)
        return here > (start.at, start.id) if forward else here < (start.at, start.id)
    if forward:
        return moment > start.at if source.rank < start.rank else moment >= start.at
    return moment <= start.at if source.rank < start.rank else moment < start.at


def _found(source: _Source, row: Row[Any]) -> Found:
    at = microseconds(getattr(row, source.at))
    return Found(source.letter, Place(at, source.rank, row.id), row)


def _all(_connection: Connection, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    return rows


def _without_repetitions(connection: Connection, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Leave out echoes of our own messages, and edits of messages that say themselves what they say now."""
    repeated = our_echoes(connection, rows)
    edits: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        if row.kind == "edited" and isinstance(event := read_event(row.event), Edited):
            edits.setdefault((row.source, event.message_id), []).append(row.id)
    for source in {source for source, _ in edits}:
        ids = [one for where, one in edits if where == source]
        edited = select(_inbox.c.external_id).where(
            _inbox.c.source == source, _inbox.c.external_id.in_(ids), _inbox.c.kind.in_(("text", "media"))
        )
        for one in connection.execute(edited).scalars():
            repeated.update(edits[source, one])
    return [row for row in rows if row.id not in repeated] if repeated else rows


_SOURCES: Final = (
    _Source(
        "i",
        0,
        _inbox,
        "at",
        and_(_inbox.c.lane == fixed("message"), _inbox.c.kind.in_(SHOWN)),
        _without_repetitions,
    ),
    _Source(
        "o",
        1,
        _outbox,
        "created_at",
        and_(
            _outbox.c.status.not_in(_UNSEEN),
            or_(_outbox.c.status != "expired", _outbox.c.speaker == "agent"),
        ),
        _all,
    ),
    _Source("e", 2, _events, "at", _events.c.kind.not_in(_TOLD_ALREADY), _all),
    _Source("n", 3, _notes, "at", true(), _all),
)
