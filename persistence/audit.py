"""The log of who changed what: append-only, each line chained to the one before by its hash.

Triggers in both databases refuse to change or delete a line (migration 0006); who gets around them breaks the
chain, and `Audit.verify` says where. A line holds ids and words of the house, never what buyers said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.engine import Row

from persistence.database import Database, microseconds
from persistence.tables import table
from persistence.tables_people import AuditRow

_audit = table(AuditRow)
_LOCK: Final = 7_301_006
"""PostgreSQL's advisory lock under which lines are appended, one after the other."""
_BATCH: Final = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. ``subject`` names what was changed, such as ``account:3``."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are wanted; empty fields want all. ``before`` is a line's id: older ones only."""

    actor: str = ""
    action: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `Audit.verify` found: how many lines, the last hash, and the first line that does not fit."""

    lines: int
    head: str
    broken_at: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that is to be written."""

    actor: str
    action: str
    subject: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Audit:
    """The log's table."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def note(self, entry: Entry, now: datetime) -> None:
        """Append a line by itself; what belongs to a change is appended in its transaction: see `note`."""
        await self._database.write(note, entry, now)

    async def lines(self, wanted: Filter, most: int = 50) -> list[Line]:
        """Return lines, the newest first."""
        return await self._database.read(lines, wanted, most)

    async def actions(self) -> list[str]:
        """Return all actions that occur, by name."""
        return await self._database.read(_actions)

    async def after(self, line_id: int, most: int = _BATCH) -> list[Line]:
        """Return the lines behind one, the oldest first."""
        return await self._database.read(_after, line_id, most)

    async def verify(self) -> Verdict:
        """Read the whole log and check every hash."""
        count, head = 0, ""
        while rows := await self._database.read(_raw_after, count, _BATCH):
            for row in rows:
                count += 1
                if row.id != count or row.previous != head or row.hash != _hash_of(row):
                    return Verdict(count - 1, head, broken_at=row.id)
                head = row.hash
        return Verdict(count, head)


def note(connection: Connection, entry: Entry, now: datetime) -> None:
    """Append a line in the caller's transaction: it is there if and only if the change is."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    last = connection.execute(
        select(_audit.c.id, _audit.c.hash).order_by(_audit.c.id.desc()).limit(1)
    ).one_or_none()
    line_id, previous = (last.id + 1, last.hash) if last is not None else (1, "")
    row = {
        "id": line_id,
        "at": now,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": orjson.dumps(dict(entry.detail), option=orjson.OPT_SORT_KEYS).decode(),
        "previous": previous,
    }
    connection.execute(_audit.insert(), [{**row, "hash": _hash(**row)}])


def lines(connection: Connection, wanted: Filter, most: int) -> list[Line]:
    """See `Audit.lines`."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.actor:
        conditions.append(_audit.c.actor == wanted.actor)
    if wanted.action:
        conditions.append(_audit.c.action == wanted.action)
    if wanted.before is not None:
        conditions.append(_audit.c.id < wanted.before)
    found = select(_audit).where(*conditions).order_by(_audit.c.id.desc()).limit(most)
    return [_line(row) for row in connection.execute(found)]


def _actions(connection: Connection) -> list[str]:
    return list(connection.execute(select(_audit.c.action).distinct().order_by(_audit.c.action)).scalars())


def _raw_after(connection: Connection, line_id: int, most: int) -> list[Row[Any]]:
    rows = select(_audit).where(_audit.c.id > line_id).order_by(_audit.c.id).limit(most)
    return list(connection.execute(rows))


def _after(connection: Connection, line_id: int, most: int) -> list[Line]:
    return [_line(row) for row in _raw_after(connection, line_id, most)]


def _line(row: Row[Any]) -> Line:
    return Line(row.id, row.at, row.actor, row.action, row.subject, orjson.loads(row.detail), row.hash)


def _hash_of(row: Row[Any]) -> str:
    return _hash(**{name: getattr(row, name) for name in _HASHED})


_HASHED: Final = ("id", "at", "actor", "action", "subject", "detail", "previous")


def _hash(**line: Any) -> str:
    """Return the hash of a line's fields; as a JSON list no two different lines look the same."""
    fields = [microseconds(line[name]) if name == "at" else line[name] for name in _HASHED]
    return hashlib.sha256(orjson.dumps(fields)).hexdigest()
