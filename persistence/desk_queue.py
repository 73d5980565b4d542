"""The queue of the desk: which conversations need a human, the most urgent first; and all others.

What is shown of a conversation is read for a whole page at once (`persistence.desk_rows`). Nothing here
counts a large set, and no page costs more because others came before it. What is at the desk is sorted
whole: it is what people work off. Of all others there is no end, so they are read along an index, a stretch
at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from persistence.database import EPOCH, Database, fixed, microseconds
from persistence.desk_filter import (
    BY_TIME,
    STATUSES_IN,
    TABS,
    Conditions,
    Filter,
    Tab,
    conditions,
    in_tab,
)
from persistence.desk_prints import queue_print, thread_print
from persistence.desk_rows import QueueRow, Viewer, rows_of
from persistence.tables import Conversation, table

__all__ = [
    "TABS", "Counts", "Cursor", "DeskQueue", "Filter", "QueuePage", "QueueRow", "QueueView", "Tab", "Viewer",
]  # fmt: skip

_conversations = table(Conversation)

MOST_COUNTED: Final = 100
"""Counts stop here: "99+" is as good as any larger number."""

STRETCH: Final = 800
"""How far a filter without an index of its own is followed, for each status, before a page ends."""

STRETCHES: Final = 3
"""How many stretches without any find are passed over before an empty page is given."""

_NEVER: Final = 2**62
_PRINTED: Final = 60


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins. ``str`` writes it for an address, `read` reads it.

    ``now`` is when the first page was asked for: whose promise counts as broken does not change in between.
    """

    now: datetime
    keys: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(str(one) for one in (microseconds(self.now), *self.keys))

    @classmethod
    def read(cls, written: str) -> Cursor | None:
        """Read a cursor; None if it is none. Total on any text."""
        parts = written.split(".")
        if len(parts) not in {3, 6} or not all(_is_number(part) for part in parts):
            return None
        first, *keys = (int(part) for part in parts)
        if not 0 <= first < _NEVER // 1000:
            return None
        return cls(EPOCH + timedelta(microseconds=first), tuple(keys))


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page; it may hold fewer rows than asked for. ``next`` asks for the one that follows, if any."""

    rows: tuple[QueueRow, ...]
    next: Cursor | None = None

    @property
    def more(self) -> bool:
        """Whether another page follows."""
        return self.next is not None


Counts: TypeAlias = dict[Tab, int]
"""How many conversations each tab holds, `MOST_COUNTED` at most. ``all`` is not counted."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """The first page of the queue with what stands around it, all of one moment.

    ``print`` is that of `DeskQueue.fingerprint`.
    """

    page: QueuePage
    print: str
    counts: Counts


class DeskQueue:
    """Reads the queue."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def page(
        self, wanted: Filter, me: int, now: datetime, after: Cursor | None = None, most: int = 50
    ) -> QueuePage:
        """Return up to ``most`` conversations that ``wanted`` asks for, as account ``me`` sees them.

        Broken promises first, then by priority, then by when an answer is owed, then by who waits longest;
        ``resolved`` and ``all`` by when they were heard last. A cursor of another tab begins anew.
        """
        return await self._database.read(page, wanted, me, now, after, most)

    async def view(self, wanted: Filter, me: int, now: datetime, most: int = 50) -> QueueView:
        """Return the first page, its print, and what the tabs hold."""
        return await self._database.read(view, wanted, me, now, most)

    async def rows(self, ids: tuple[int, ...], now: datetime) -> tuple[QueueRow, ...]:
        """Return some conversations as the queue shows them, in this order, without those that are gone."""
        return await self._database.read(rows_of, ids, now)

    async def counts(self, me: int) -> Counts:
        """Count what each tab holds."""
        return await self._database.read(counts, me)

    async def fingerprint(self, wanted: Filter, me: int, now: datetime) -> str:
        """Return a word that changes when the first page of ``wanted`` would look different. Cheap."""
        return await self._database.read(_fingerprint, wanted, me, now)

    async def thread_fingerprint(self, conversation_id: int, now: datetime) -> str:
        """Return a word that changes when a thread, or what stands above it, would look different. Cheap."""
        return await self._database.read(thread_print, conversation_id, now)


def page(
    connection: Connection, wanted: Filter, me: int, now: datetime, after: Cursor | None, most: int
) -> QueuePage:
    """See `DeskQueue.page`; in the caller's transaction."""
    ids, following = _places(connection, wanted, me, now, after, most).first(most)
    return QueuePage(rows_of(connection, ids, now), following)


def view(connection: Connection, wanted: Filter, me: int, now: datetime, most: int) -> QueueView:
    """See `DeskQueue.view`; in the caller's transaction."""
    places = _places(connection, wanted, me, now, None, max(most, _PRINTED))
    ids, following = places.first(most)
    printed, _ = places.first(_PRINTED)
    return QueueView(
        QueuePage(rows_of(connection, ids, now), following),
        queue_print(connection, printed, now),
        counts(connection, me),
    )


def counts(connection: Connection, me: int) -> Counts:
    """See `DeskQueue.counts`; in the caller's transaction."""
    row = connection.execute(_COUNTS, {"me": me, "most": MOST_COUNTED}).one()
    return dict(zip(_COUNTED, row, strict=True))


def _number_in(tab: Tab) -> ColumnElement[int]:
    some = (
        select(literal(1).label("one"))
        .select_from(_conversations)
        .where(*in_tab(tab, bindparam("me", type_=BigInteger)))
        .limit(bindparam("most"))
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery().label(tab)


_COUNTED: Final = tuple(tab for tab in TABS if tab != "all")
_COUNTS: Final = select(*(_number_in(tab) for tab in _COUNTED))


def _fingerprint(connection: Connection, wanted: Filter, me: int, now: datetime) -> str:
    ids, _ = _places(connection, wanted, me, now, None, _PRINTED).first(_PRINTED)
    return queue_print(connection, ids, now)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the conversations of a page stand in its order; one more than the page has, if there is one.

    ``keys`` end with the conversation's id. ``end`` is how far was looked, where that is not the whole queue.
    """

    now: datetime
    keys: list[tuple[int, ...]]
    end: tuple[int, ...] | None = None

    def first(self, most: int) -> tuple[list[int], Cursor | None]:
        """Return the first conversations, and where the others begin."""
        following = self.keys[most - 1] if len(self.keys) > most else self.end
        cursor = None if following is None else Cursor(self.now, following)
        return [key[-1] for key in self.keys[:most]], cursor


def _places(
    connection: Connection, wanted: Filter, me: int, now: datetime, after: Cursor | None, most: int
) -> _Places:
    """Look for the conversations of a page."""
    asked = conditions(connection, wanted)
    if asked is None:
        return _Places(now, [])
    by_time = wanted.tab in BY_TIME
    if after is not None and len(after.keys) != (2 if by_time else 5):
        after = None
    begun = now if after is None else after.now
    if not by_time:
        return _by_urgency(connection, [*in_tab(wanted.tab, me), *asked.together], begun, after, most)
    if asked.sets:
        return _by_time(connection, wanted.tab, asked, begun, after, most)
    return _along_time(connection, wanted.tab, list(asked.plain), begun, after, most)


# -- the orders --------------------------------------------------------------------------------------------


def _by_urgency(
    connection: Connection,
    conditions: list[ColumnElement[bool]],
    now: datetime,
    after: Cursor | None,
    most: int,
) -> _Places:
    statement = _MOST_URGENT.where(*conditions).limit(most + 1)
    if after is not None:
        statement = statement.where(tuple_(*_URGENCY) > after.keys)
    return _found(connection, statement, now, {"now": microseconds(now)})


_OWED: Final = type_coerce(_conversations.c.answer_by, BigInteger)
_URGENCY: Final[tuple[ColumnElement[int], ...]] = (
    case((bindparam("now", type_=BigInteger) >= _OWED, 0), else_=1),
    -_conversations.c.priority,
    func.coalesce(_OWED, _NEVER),
    func.coalesce(type_coerce(_conversations.c.waiting_since, BigInteger), _NEVER),
    _conversations.c.id,
)
_NAMED: Final = tuple(key.label(f"key{number}") for number, key in enumerate(_URGENCY))
_MOST_URGENT: Final = select(*_NAMED).order_by(*_NAMED)


def _by_time(
    connection: Connection, tab: Tab, asked: Conditions, now: datetime, after: Cursor | None, most: int
) -> _Places:
    """Sort a set. Each of its conversations is looked up by its key, whatever the planner thinks of that."""
    first, *others = (one.distinct().subquery() for one in asked.sets)
    [own] = first.c
    heard = (
        select(func.coalesce(type_coerce(_conversations.c.heard_at, BigInteger), 0))
        .where(
            _conversations.c.id == own,
            _conversations.c.status.in_(STATUSES_IN[tab]),
            *asked.plain,
            *(_conversations.c.id.in_(select(*other.c)) for other in others),
        )
        .scalar_subquery()
    )
    # The offset keeps PostgreSQL from looking each of them up again for every mention of it.
    found = select(heard.label("heard"), own.label("id")).offset(0).subquery()
    statement = select(found.c.heard, found.c.id).where(found.c.heard.is_not(None))
    if after is not None:
        statement = statement.where(tuple_(found.c.heard, found.c.id) < after.keys)
    statement = statement.order_by(found.c.heard.desc(), found.c.id.desc()).limit(most + 1)
    return _found(connection, statement, now)


def _found(
    connection: Connection,
    statement: Select[*tuple[Any, ...]],
    now: datetime,
    values: Mapping[str, int] | None = None,
) -> _Places:
    return _Places(now, [tuple(row) for row in connection.execute(statement, values).all()])


def _along_time(
    connection: Connection,
    tab: Tab,
    filters: list[ColumnElement[bool]],
    now: datetime,
    after: Cursor | None,
    most: int,
) -> _Places:
    """Follow the index of what was heard when, each status by itself; what was never heard comes last."""
    start = None if after is None else (after.keys[0], after.keys[1])
    for _ in range(STRETCHES if filters else 1):
        rows: list[tuple[int, ...]] = []
        end = None
        if start is None or start[0] > 0:
            end = _end_of_stretch(connection, tab, start) if filters else None
            rows = _heard(connection, tab, filters, (start, end), most + 1)
        if len(rows) > most:
            return _Places(now, rows)
        if end is None:
            return _Places(now, rows + _unheard(connection, tab, filters, start, most + 1 - len(rows)))
        if rows:
            return _Places(now, rows, end)
        start = end
    return _Places(now, [], start)


_Place: TypeAlias = tuple[int, int]
"""When a conversation was heard last (microseconds) and its id."""


def _along(status: str, start: _Place | None) -> Select[Any]:
    heard = type_coerce(_conversations.c.heard_at, BigInteger)
    rows = select(heard.label("heard"), _conversations.c.id).where(
        _conversations.c.status == fixed(status), _conversations.c.heard_at.is_not(None)
    )
    if start is not None:
        rows = rows.where(tuple_(heard, _conversations.c.id) < start)
    return rows.order_by(heard.desc(), _conversations.c.id.desc())


def _end_of_stretch(connection: Connection, tab: Tab, start: _Place | None) -> _Place | None:
    """Return how far a page with filters looks: the newest place at which one status's stretch ends."""
    parts = [_along(status, start).offset(STRETCH - 1).limit(1).subquery() for status in STATUSES_IN[tab]]
    ends = connection.execute(union_all(*(select(part.c.heard, part.c.id) for part in parts)))
    return max(((row.heard, row.id) for row in ends), default=None)


def _heard(
    connection: Connection,
    tab: Tab,
    filters: list[ColumnElement[bool]],
    between: tuple[_Place | None, _Place | None],
    most: int,
) -> list[tuple[int, ...]]:
    start, end = between
    parts = []
    for status in STATUSES_IN[tab]:
        rows = _along(status, start).where(*filters).limit(most)
        if end is not None:
            rows = rows.where(
                tuple_(type_coerce(_conversations.c.heard_at, BigInteger), _conversations.c.id) >= end
            )
        parts.append(rows.subquery())
    merged = union_all(*(select(part.c.heard, part.c.id) for part in parts)).subquery()
    found = connection.execute(
        select(merged.c.heard, merged.c.id).order_by(merged.c.heard.desc(), merged.c.id.desc()).limit(most)
    )
    return [(row.heard, row.id) for row in found]


def _unheard(
    connection: Connection, tab: Tab, filters: list[ColumnElement[bool]], start: _Place | None, most: int
) -> list[tuple[int, ...]]:
    rows = select(_conversations.c.id).where(
        _conversations.c.status.in_([fixed(one) for one in STATUSES_IN[tab]]),
        _conversations.c.heard_at.is_(None),
        *filters,
    )
    if start is not None and start[0] == 0:
        rows = rows.where(_conversations.c.id < start[1])
    found = connection.execute(rows.order_by(_conversations.c.id.desc()).limit(most))
    return [(0, one) for one in found.scalars()]


def _is_number(part: str) -> bool:
    digits = part.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 19
