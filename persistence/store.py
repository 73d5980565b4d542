"""The whole of persistence in one value: what the application is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select, update

from persistence.accounts import Accounts
from persistence.audit import Audit
from persistence.canned import Canned
from persistence.corrections import Corrections
from persistence.database import Database, fixed
from persistence.desk_actions import DeskActions
from persistence.desk_buyer import DeskBuyer
from persistence.desk_news import DeskNews
from persistence.desk_notes import DeskNotes
from persistence.desk_people import DeskPeople, desk_people
from persistence.desk_queue import DeskQueue
from persistence.desk_thread import DeskThread
from persistence.drafts import Drafts
from persistence.gaps import Gaps
from persistence.handoffs import Handoffs
from persistence.identity import Identity
from persistence.inbox import Inbox, insert_or_ignore, waiting_in
from persistence.invitations import Invitations
from persistence.journeys import Journeys
from persistence.labels import Filters, Labels
from persistence.letters import Letters
from persistence.mails import Mails
from persistence.media import MediaStore
from persistence.merges import Merges
from persistence.moments import Moments
from persistence.orders import Orders
from persistence.outbox import Outbox, is_open
from persistence.passkeys import Passkeys
from persistence.presence import Presence
from persistence.receipts import Receipts
from persistence.records import add_notice
from persistence.reminders import Reminders
from persistence.replies import Replies
from persistence.reports import Reports
from persistence.requests import Requests
from persistence.retention import Retention
from persistence.scripts import Scripts
from persistence.search import Search
from persistence.sessions import Sessions
from persistence.sorting import Burst
from persistence.starting import Starting
from persistence.tables import Conversation, InboxRow, NoticeRow, OutboxRow, SettingRow, table
from persistence.teams import Teams
from persistence.telegram_desk import TelegramDesk
from persistence.template_status import TemplateStates, read_soon
from persistence.turns import Turns

_settings = table(SettingRow)
_conversations = table(Conversation)
_outbox = table(OutboxRow)
_inbox = table(InboxRow)
_notices = table(NoticeRow)


MEDIA_LEASE: Final = timedelta(minutes=5)
"""How long fetching one file may take before another process takes over."""


TOPIC_LEASE: Final = timedelta(minutes=5)
"""How long looking after one topic may take, with all the files that have to be posted."""


TEMPLATES_LEASE: Final = timedelta(minutes=5)
"""How long reading an account's list of templates may take, with all its pages."""


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
        self.desk = DeskActions(database)
        self.replies = Replies(database)
        self.notes = DeskNotes(database)
        self.teams = Teams(database)
        self.labels = Labels(database)
        self.filters = Filters(database)
        self.presence = Presence(database)
        self.news = DeskNews(database)
        self.drafts = Drafts(database)
        self.corrections = Corrections(database)
        self.canned = Canned(database)
        self.moments = Moments(database)
        self.scripts = Scripts(database)
        self.queue = DeskQueue(database)
        self.thread = DeskThread(database)
        self.buyer = DeskBuyer(database)
        self.merges = Merges(database)
        self.gaps = Gaps(database)
        self.starting = Starting(database)
        self.requests = Requests(database, lease=send_lease)
        self.search = Search(database)
        self.reports = Reports(database)
        self.mails = Mails(database, lease=send_lease)
        self.media = MediaStore(database, lease=MEDIA_LEASE)
        self.letters = Letters(database, lease=send_lease)
        self.accounts = Accounts(database)
        self.sessions = Sessions(database)
        self.invitations = Invitations(database)
        self.passkeys = Passkeys(database)
        self.audit = Audit(database)
        self.telegram = TelegramDesk(database, lease=TOPIC_LEASE)
        self.templates = TemplateStates(database, lease=TEMPLATES_LEASE)
        self.retention = Retention(database)

    async def ready(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            sqlalchemy.exc.DBAPIError: it does not answer, or its tables are missing.

        """
        await self.database.read(_touch)

    async def backlog(self, now: datetime) -> Backlog:
        """Return what is due at ``now`` and waits."""
        return await self.database.read(_backlog, now)

    async def people(self) -> DeskPeople:
        """Return who works at the desk, with their teams and labels."""
        return await self.database.read(desk_people)

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
        topic = str(news.get("topic", row.kind))
        add_notice(connection, topic, dict(news.get("detail") or {}), row.at)
        read_soon(connection, topic, now)
        connection.execute(update(_inbox).where(_inbox.c.id == row.id).values(status="done"))
    return len(rows)
