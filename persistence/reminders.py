"""Reminders come due exactly once, by becoming events of their conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import Connection, func, select, update
from sqlalchemy.engine import Row

from dialogs.messages import Due
from persistence.database import Database, fixed
from persistence.tables import Conversation, InboxRow, ReminderRow, table

_reminders = table(ReminderRow)
_inbox = table(InboxRow)
_conversations = table(Conversation)


@dataclass(frozen=True, slots=True)
class NewReminder:
    """A reminder; one of the same name that still waits is replaced."""

    name: str
    due_at: datetime
    data: dict[str, str] = field(default_factory=dict)


class Reminders:
    """The clock's table."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def fire(self, now: datetime, most: int = 1000) -> int:
        """Turn up to ``most`` due reminders into events; return how many."""
        return await self._database.write(fire, now, most)

    async def next_due(self) -> datetime | None:
        """Say when the next reminder comes due."""
        return await self._database.read(next_due)


def fire(connection: Connection, now: datetime, most: int) -> int:
    """Fire due reminders in the caller's transaction: the mark and the event are written together."""
    rows = connection.execute(
        select(_reminders)
        .where(_reminders.c.status == fixed("waiting"), _reminders.c.due_at <= now)
        .order_by(_reminders.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    connection.execute(
        update(_reminders).where(_reminders.c.id.in_([row.id for row in rows])).values(status="fired")
    )
    connection.execute(_inbox.insert(), [_event(row, now) for row in rows])
    wake(connection, sorted({row.conversation_id for row in rows}), now)
    return len(rows)


def remind(
    connection: Connection,
    conversation_id: int,
    reminders: Sequence[NewReminder],
    cancelled: Sequence[str],
    now: datetime,
) -> None:
    """Cancel and set a conversation's reminders, each by its name."""
    names = {*cancelled, *(one.name for one in reminders)}
    if names:
        connection.execute(
            update(_reminders)
            .where(
                _reminders.c.conversation_id == conversation_id,
                _reminders.c.name.in_(names),
                _reminders.c.status == "waiting",
            )
            .values(status="cancelled")
        )
    latest = {one.name: one for one in reminders}
    if latest:
        connection.execute(
            _reminders.insert(),
            [
                {
                    "conversation_id": conversation_id,
                    "name": one.name,
                    "data": orjson.dumps(one.data).decode(),
                    "due_at": one.due_at,
                    "created_at": now,
                }
                for one in latest.values()
            ],
        )


def wake(connection: Connection, conversations: Sequence[int], now: datetime) -> None:
    """Make conversations due now unless they already are."""
    connection.execute(
        update(_conversations)
        .where(_conversations.c.id.in_(conversations))
        .where((_conversations.c.due_at.is_(None)) | (_conversations.c.due_at > now))
        .values(due_at=now)
    )


def next_due(connection: Connection) -> datetime | None:
    """Return the earliest waiting reminder's time."""
    earliest: datetime | None = connection.execute(
        select(func.min(_reminders.c.due_at)).where(_reminders.c.status == fixed("waiting"))
    ).scalar_one()
    return earliest


def _event(row: Row[tuple[object, ...]], now: datetime) -> dict[str, object]:
    due = Due(row.id, row.name, orjson.loads(row.data))
    return {
        "source": "clock",
        "external_id": f"reminder:{row.id}",
        "kind": due.kind,
        "lane": "message",
        "conversation_id": row.conversation_id,
        "at": row.due_at,
        "received_at": now,
        "due_at": now,
        "event": orjson.dumps(due).decode(),
    }
