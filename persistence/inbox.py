"""The intake: every event durably, once per (source, external id, kind), before the platform hears "200".

The door only appends: one statement, no lock on anything that a turn needs. To whom a message belongs is
found out when the next turns are claimed (`persistence.sorting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, TypeAlias

import orjson
from sqlalchemy import Connection, func, literal_column, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row

from dialogs.group import GROUP_EVENTS, GroupArrival
from dialogs.messages import Arrival, Lane
from dialogs.shop import SHOP_EVENTS, ShopArrival
from persistence.batch import Batch
from persistence.database import Database, commit_each, fixed, microseconds
from persistence.tables import InboxRow, table

_inbox = table(InboxRow)

_Row: TypeAlias = tuple[Any, ...]
_LANES: Final[dict[Lane, int]] = {
    "receipt": 7_236_447_852,
    "shop": 7_236_447_853,
    "notice": 7_236_447_854,
    "desk": 7_236_447_855,
}
"""The advisory lock of each side lane."""

_STORED: Final = (
    "source", "external_id", "kind", "lane", "at", "received_at", "event", "contact", "standby", "status",
)  # fmt: skip
"""What a row of the batch holds, in this order; the first three are the event's identity."""
_IDENTITY: Final = tuple(_inbox.c[name] for name in _STORED[:3])
_identity: Final = itemgetter(0, 1, 2)
_moment_and_id: Final = itemgetter(4, 1)


@cache
def _storing(dialect: str) -> Any:
    """Return the statement that stores a batch of events, leaving out those that have come before."""
    batch = Batch(dialect, {name: _inbox.c[name].type for name in _STORED})
    values = [*batch.columns.values(), batch.columns["received_at"], literal_column("0")]
    # SQLite reads ON after a bare FROM as the condition of a join; a WHERE in between makes it clear.
    rows = select(*values).select_from(batch.source).where(true())
    names = [*_STORED, "due_at", "attempts"]
    store = insert_or_ignore(dialect, _inbox).from_select(names, rows, include_defaults=False)
    return store.returning(*_IDENTITY) if dialect == "postgresql" else store


@dataclass(frozen=True, slots=True)
class Intake:
    """What one request brought, and when it was received."""

    arrivals: Sequence[Arrival]
    shop: Sequence[ShopArrival]
    now: datetime
    desk: Sequence[GroupArrival] = ()


class Inbox:
    """Accepts events."""

    def __init__(self, database: Database) -> None:
        """Accept into ``database``."""
        self._database = database

    async def accept(self, intake: Intake) -> int:
        """Store one request's events and return how many were new; returns only after the durable commit.

        Raises:
            sqlalchemy.exc.DBAPIError: nothing was stored; the platform must send again.

        """
        [fresh] = await self.accept_all([intake])
        if isinstance(fresh, Exception):
            raise fresh
        return fresh

    async def accept_all(self, intakes: Sequence[Intake]) -> list[int | Exception]:
        """Store several requests' events in one commit. What cannot be stored has an exception instead of a
        number, and harms no other request.
        """  # noqa: D205 - one sentence
        if not any(intake.arrivals or intake.shop or intake.desk for intake in intakes):
            return [0] * len(intakes)
        return await commit_each(self._database, accept, intakes)


def accept(connection: Connection, intakes: Sequence[Intake]) -> list[int]:
    """Store several requests' events in the caller's transaction; return how many of each were new."""
    rows: dict[_Row, _Row] = {}
    owners: dict[_Row, int] = {}
    for number, intake in enumerate(intakes):
        received = microseconds(intake.now)
        for row in (
            *map(_message_row, intake.arrivals, repeat(received)),
            *map(_shop_row, intake.shop, repeat(received)),
            *map(_desk_row, intake.desk, repeat(received)),
        ):
            identity = _identity(row)
            if rows.setdefault(identity, row) is row:
                owners[identity] = number
    counts = [0] * len(intakes)
    for identity in _insert_new(connection, rows):
        counts[owners[identity]] += 1
    return counts


def insert_or_ignore(dialect: str, target: Any) -> Any:
    """Return the dialect's INSERT … ON CONFLICT DO NOTHING for ``target``; both engines write it alike."""
    words = postgresql if dialect == "postgresql" else sqlite
    return words.insert(target).on_conflict_do_nothing()


def waiting_in(connection: Connection, lane: Lane, now: datetime, most: int) -> Sequence[Row[Any]]:
    """Lock and return what is due in a side lane, the longest waiting first.

    The conditions are worded as in the lane's partial index. A lane is worked off by one process at a time:
    two would only wait for each other's orders and messages.
    """
    if connection.dialect.name == "postgresql":
        free = select(func.pg_try_advisory_xact_lock(_LANES[lane]))
        if not connection.execute(free).scalar_one():
            return []
    return connection.execute(
        select(_inbox)
        .where(
            _inbox.c.lane == fixed(lane),
            _inbox.c.lane != fixed("message"),
            _inbox.c.status == fixed("waiting"),
            _inbox.c.due_at <= now,
        )
        .order_by(_inbox.c.due_at, _inbox.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()


def _insert_new(connection: Connection, rows: dict[_Row, _Row]) -> Sequence[_Row]:
    """Store the rows and return the identities of those that had not come before."""
    dialect = connection.dialect.name
    # Ids in one batch follow the platform's time.
    parameters = Batch.carry(sorted(rows.values(), key=_moment_and_id))
    stored = connection.execute(_storing(dialect), parameters)
    if dialect == "postgresql":
        return [tuple(row) for row in stored]
    if stored.rowcount == len(rows):
        return list(rows)
    # There is one writer, so the newest rows are those of this statement.
    newest = select(*_IDENTITY).order_by(_inbox.c.id.desc()).limit(stored.rowcount)
    return [tuple(row) for row in connection.execute(newest)]


def _message_row(arrival: Arrival, received: int) -> _Row:
    lane = arrival.lane
    return (
        arrival.source,
        arrival.external_id,
        arrival.event.kind,
        lane,
        microseconds(arrival.at),
        received,
        arrival.event,
        arrival.contact,
        arrival.standby,
        "new" if lane == "message" else "waiting",
    )


def _shop_row(arrival: ShopArrival, received: int) -> _Row:
    return (
        arrival.source,
        arrival.external_id,
        arrival.event.kind,
        "shop",
        microseconds(arrival.at),
        received,
        orjson.Fragment(SHOP_EVENTS.dump_json(arrival.event)),
        None,
        False,
        "waiting",
    )


def _desk_row(arrival: GroupArrival, received: int) -> _Row:
    return (
        arrival.source,
        arrival.external_id,
        arrival.event.kind,
        "desk",
        microseconds(arrival.at),
        received,
        orjson.Fragment(GROUP_EVENTS.dump_json(arrival.event)),
        None,
        False,
        "waiting",
    )
