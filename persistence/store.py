"""The whole of persistence in one value: what the application is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, func, select, update

from persistence.corrections import Corrections
from persistence.database import Database, fixed
from persistence.handoffs import Handoffs
from persistence.identity import Identity
from persistence.inbox import Inbox, insert_or_ignore, waiting_in
from persistence.journeys import Journeys
from persistence.mails import Mails
from persistence.orders import Orders
from persistence.outbox import Outbox, is_open
from persistence.receipts import Receipts
from persistence.records import add_notice
from persistence.reminders import Reminders
from persistence.scripts import Scripts
from persistence.sorting import Burst
from persistence.tables import Conversation, InboxRow, NoticeRow, OutboxRow, SettingRow, table
from persistence.turns import Turns

_settings = table(SettingRow)
_conversations = table(Conversation)
_outbox = table(OutboxRow)
_inbox = table(InboxRow)
_notices = table(NoticeRow)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when the oldest of it is due. ``unsorted`` messages belong to nobody yet."""

    unsorted: int
    conversations: int
    messages: int
    oldest: datetime | None


class Store:
    """Every table's keeper, over one database."""

    def __init__(
        self,
        database: Database,
        *,
        burst: Burst | None = None,
        turn_lease: timedelta = timedelta(seconds=30),
        send_lease: timedelta = timedelta(seconds=30),
    ) -> None:
        """Keep ``database``; leases say how long a worker may be silent before others take over."""
        self.database = database
        self.burst = burst or Burst()
        self.inbox = Inbox(database)
        self.turns = Turns(database, lease=turn_lease, burst=self.burst)
        self.outbox = Outbox(database, lease=send_lease)
        self.receipts = Receipts(database, self.burst)
        self.reminders = Reminders(database)
        self.orders = Orders(database)
        self.identity = Identity(database)
        self.journeys = Journeys(database)
        self.handoffs = Handoffs(database)
        self.corrections = Corrections(database)
        self.scripts = Scripts(database)
        self.mails = Mails(database, lease=send_lease)

    async def ready(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            sqlalchemy.exc.DBAPIError: it does not answer, or its tables are missing.

        """
        await self.database.read(_touch)

    async def backlog(self, now: datetime) -> Backlog:
        """Return what is due at ``now`` and waits."""
        return await self.database.read(_backlog, now)

    async def recall(self, key: str) -> str | None:
        """Return a value the program remembered, if it did."""
        return await self.database.read(_recall, key)

    async def remember(self, key: str, value: str) -> None:
        """Remember a value over restarts."""
        await self.database.write(_remember, key, value)

    async def notify(self, topic: str, detail: dict[str, str], now: datetime) -> None:
        """Leave news for the owner; ``detail`` must not hold personal data."""
        await self.database.write(add_notice, topic, detail, now)

    async def file_notices(self, now: datetime, most: int = 100) -> int:
        """Move account news from the intake to the owner's notices; return how many."""
        return await self.database.write(_file_notices, now, most)

    async def close(self) -> None:
        """Close the database."""
        await self.database.close()


def _touch(connection: Connection) -> None:
    connection.execute(select(_settings.c.key).limit(1))


def _backlog(connection: Connection, now: datetime) -> Backlog:
    unsorted = connection.execute(
        select(func.count(), func.min(_inbox.c.received_at)).where(_inbox.c.status == fixed("new"))
    ).one()
    turns = connection.execute(
        select(func.count(), func.min(_conversations.c.due_at)).where(_conversations.c.due_at <= now)
    ).one()
    messages = connection.execute(
        select(func.count(), func.min(_outbox.c.due_at)).where(is_open(_outbox), _outbox.c.due_at <= now)
    ).one()
    oldest = [moment for moment in (unsorted[1], turns[1], messages[1]) if moment is not None]
    return Backlog(unsorted[0], turns[0], messages[0], min(oldest) if oldest else None)


def _recall(connection: Connection, key: str) -> str | None:
    return connection.execute(select(_settings.c.value).where(_settings.c.key == key)).scalar_one_or_none()


def _remember(connection: Connection, key: str, value: str) -> None:
    connection.execute(insert_or_ignore(connection.dialect.name, _settings), [{"key": key, "value": value}])
    connection.execute(update(_settings).where(_settings.c.key == key).values(value=value))


def _file_notices(connection: Connection, now: datetime, most: int) -> int:
    rows = waiting_in(connection, "notice", now, most)
    for row in rows:
        news: dict[str, Any] = orjson.loads(row.event)
        add_notice(connection, str(news.get("topic", row.kind)), dict(news.get("detail") or {}), row.at)
        connection.execute(update(_inbox).where(_inbox.c.id == row.id).values(status="done"))
    return len(rows)
