"""What agents did in the support groups, on its way from the inbox to whoever acts on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from dialogs.group import GROUP_EVENTS, GroupEvent
from persistence.database import fixed
from persistence.inbox import waiting_in
from persistence.tables import InboxRow, table

_inbox = table(InboxRow)

LEASE: Final = timedelta(minutes=2)
"""How long acting on what is claimed may take before another process does it again."""


@dataclass(frozen=True, slots=True)
class News:
    """One claimed event."""

    id: int
    at: datetime
    attempts: int
    event: GroupEvent


def claim(connection: Connection, now: datetime, most: int) -> list[News]:
    """Lease what is due, the oldest first."""
    rows = waiting_in(connection, "desk", now, most)
    if not rows:
        return []
    ids = [row.id for row in rows]
    connection.execute(
        update(_inbox).where(_inbox.c.id.in_(ids)).values(due_at=now + LEASE, attempts=_inbox.c.attempts + 1)
    )
    news = [News(row.id, row.at, row.attempts + 1, GROUP_EVENTS.validate_json(row.event)) for row in rows]
    return sorted(news, key=lambda one: one.id)


def settle(connection: Connection, news_id: int, *, again_at: datetime | None, aside: bool) -> None:
    """Write what became of an event. Once it is done its words are not kept: they stand where they belong."""
    values = {"status": "aside" if aside else "done", "event": "{}"}
    if again_at is not None:
        connection.execute(update(_inbox).where(_inbox.c.id == news_id).values(due_at=again_at))
        return
    connection.execute(update(_inbox).where(_inbox.c.id == news_id).values(**values))


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """Say when the next event comes due that is not due yet."""
    found: datetime | None = connection.execute(
        select(_inbox.c.due_at)
        .where(
            # Worded as in the lanes' partial index.
            _inbox.c.lane == fixed("desk"),
            _inbox.c.lane != fixed("message"),
            _inbox.c.status == fixed("waiting"),
            _inbox.c.due_at > now,
        )
        .order_by(_inbox.c.due_at)
        .limit(1)
    ).scalar_one_or_none()
    return found
