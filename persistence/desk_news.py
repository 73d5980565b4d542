"""What people at the desk must be told: alarms that hold, threads that began to wait, who is where, notices.

All of it is asked for several times a second while pages are open, so nothing reads more than what is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select, update

from persistence.database import Database
from persistence.desk_filter import in_tab
from persistence.desk_rows import LOOKING, TYPING, Viewer
from persistence.tables import Conversation, NoticeRow, table
from persistence.tables_desk import AlarmRow, PresenceRow

_alarms = table(AlarmRow)
_conversations = table(Conversation)
_notices = table(NoticeRow)
_presence = table(PresenceRow)

HOLDS: Final = timedelta(days=3)
"""An alarm that nobody looked at for so long is no news any more."""
FRESH: Final = timedelta(minutes=10)
"""A thread that has waited for longer than this is in the queue, but no news."""
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that nobody has put away. ``answer_by`` is what was promised, for those about a promise."""

    id: int
    kind: str
    conversation_id: int | None
    at: datetime
    answer_by: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thread that began to wait a moment ago."""

    conversation_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """News for the owner. ``detail`` holds nothing personal."""

    id: int
    topic: str
    detail: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """Everything that an account must be told, of one moment."""

    alarms: tuple[Alarm, ...]
    waiting: tuple[Waiting, ...]
    notices: tuple[Notice, ...]


class DeskNews:
    """Reads what is new, and notes that it was seen."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def news(self, me: int, now: datetime, notices: int) -> News:
        """Return what an account must be told, with so many notices; pages ask for it together, and often.

        Alarms are those that still hold, the gravest first, then the newest: one that is near concerns
        whoever has the thread, else everybody; a broken one everybody. What has been answered meanwhile
        holds no more. The few threads that began to wait last come with the newest first.
        """
        return await self._database.read(_news, me, now, notices)

    async def put_away(self, alarm_id: int, by: int, now: datetime) -> bool:
        """Note that an alarm was seen, for all; of a mention only by the one who was mentioned."""
        return await self._database.write(_put_away, alarm_id, by, now)

    async def present(self, now: datetime) -> dict[int, tuple[Viewer, ...]]:
        """Return who has which thread open."""
        return await self._database.read(_present, now)

    async def notices(self, most: int = 50) -> tuple[Notice, ...]:
        """Return the owner's notices that nobody has seen, the newest first."""
        return await self._database.read(_unseen_notices, most)

    async def see_notice(self, notice_id: int, now: datetime) -> bool:
        """Note that a notice was seen."""
        return await self._database.write(_see_notice, notice_id, now)


def _news(connection: Connection, me: int, now: datetime, notices: int) -> News:
    return News(
        _alarms_of(connection, me, now), _waiting(connection, now, 5), _unseen_notices(connection, notices)
    )


def _alarms_of(connection: Connection, me: int, now: datetime) -> tuple[Alarm, ...]:
    rows = connection.execute(
        select(
            _alarms.c.id,
            _alarms.c.kind,
            _alarms.c.conversation_id,
            _alarms.c.detail,
            _alarms.c.at,
            _conversations.c.status,
            _conversations.c.answer_by,
            _conversations.c.assignee_id,
        )
        .outerjoin(_conversations, _conversations.c.id == _alarms.c.conversation_id)
        .where(_alarms.c.seen_at.is_(None), _alarms.c.at > now - HOLDS)
        .order_by(_alarms.c.at.desc(), _alarms.c.id.desc())
        .limit(_MOST)
    )
    found = [alarm for row in rows if (alarm := _holding(row, me, now)) is not None]
    return tuple(sorted(found, key=lambda alarm: _GRAVITY.get(alarm.kind, 9)))


_GRAVITY: Final[Mapping[str, int]] = {"broken": 0, "near": 1, "mention": 2, "notice": 3}


def _holding(row: Any, me: int, now: datetime) -> Alarm | None:
    detail: dict[str, Any] = orjson.loads(row.detail)
    alarm = Alarm(row.id, row.kind, row.conversation_id, row.at, row.answer_by, detail)
    match row.kind:
        case "near" | "broken":
            told = detail.get("answer_by")
            if row.status not in {"waiting", "agent"} or row.answer_by is None:
                return None
            if told is not None and datetime.fromisoformat(told) != row.answer_by:
                return None
            broken = row.answer_by <= now
            concerns = broken or row.assignee_id in {None, me}
            return alarm if concerns and broken == (row.kind == "broken") else None
        case "mention":
            return alarm if detail.get("account") == me else None
        case "waiting":
            return None  # said once, when it begins: `DeskNews.waiting`
        case _:
            return alarm


def _put_away(connection: Connection, alarm_id: int, by: int, now: datetime) -> bool:
    row = connection.execute(
        select(_alarms.c.kind, _alarms.c.detail).where(_alarms.c.id == alarm_id).with_for_update()
    ).one_or_none()
    if row is None or (row.kind == "mention" and orjson.loads(row.detail).get("account") != by):
        return False
    done = connection.execute(
        update(_alarms)
        .where(_alarms.c.id == alarm_id, _alarms.c.seen_at.is_(None))
        .values(seen_at=now, seen_by=by)
    )
    return bool(done.rowcount)


def _waiting(connection: Connection, now: datetime, most: int) -> tuple[Waiting, ...]:
    rows = connection.execute(
        select(_conversations.c.id, _conversations.c.waiting_since)
        # By `in_tab` it is read from the partial index of the desk alone.
        .where(*in_tab("waiting", 0), _conversations.c.waiting_since > now - FRESH)
        .order_by(_conversations.c.waiting_since.desc(), _conversations.c.id.desc())
        .limit(most)
    )
    return tuple(Waiting(row.id, row.waiting_since) for row in rows)


def _present(connection: Connection, now: datetime) -> dict[int, tuple[Viewer, ...]]:
    # Sorted here: asked to, SQLite would rather read everything in that order than what the index finds.
    rows = connection.execute(select(_presence).where(_presence.c.seen_at > now - LOOKING)).all()
    found: dict[int, tuple[Viewer, ...]] = {}
    for row in sorted(rows, key=lambda one: (one.conversation_id, one.account_id)):
        typing = row.typed_at is not None and row.typed_at > now - TYPING
        here = found.get(row.conversation_id, ())
        found[row.conversation_id] = (*here, Viewer(row.account_id, typing=typing))
    return found


def _unseen_notices(connection: Connection, most: int) -> tuple[Notice, ...]:
    rows = connection.execute(
        select(_notices).where(_notices.c.seen_at.is_(None)).order_by(_notices.c.id.desc()).limit(most)
    )
    return tuple(Notice(row.id, row.topic, orjson.loads(row.detail), row.at) for row in rows)


def _see_notice(connection: Connection, notice_id: int, now: datetime) -> bool:
    done = connection.execute(
        update(_notices).where(_notices.c.id == notice_id, _notices.c.seen_at.is_(None)).values(seen_at=now)
    )
    return bool(done.rowcount)
