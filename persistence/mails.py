"""The queue of mails that the shop itself is asked for; claimed and settled like messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.engine import Row

from persistence.database import Database, fixed
from persistence.tables import Conversation, OrderRow, table
from persistence.tables_journeys import MailRow
from persistence.touchpoints import end

_mails = table(MailRow)
_conversations = table(Conversation)
_orders = table(OrderRow)

MailFate: TypeAlias = Literal["sent", "waiting", "failed"]


@dataclass(frozen=True, slots=True)
class Mail:
    """A claimed request. ``id`` is the same in every try; ``at`` is when the touchpoint was due."""

    id: int
    conversation_id: int
    key: str
    flow: str
    purpose: str
    order_id: str
    order_number: str
    language: str | None
    at: datetime
    attempts: int
    leased_until: datetime


class Mails:
    """The mailer's table."""

    def __init__(self, database: Database, *, lease: timedelta) -> None:
        """Lease requests of ``database`` for ``lease`` at a time."""
        self._database = database
        self._lease = lease

    async def claim(self, now: datetime, most: int) -> list[Mail]:
        """Lease up to ``most`` requests that are due, the longest waiting first."""
        return await self._database.write(claim, now, most, self._lease)

    async def settle(
        self, mail: Mail, fate: MailFate, now: datetime, *, due_at: datetime | None = None, detail: str = ""
    ) -> None:
        """Write what became of a request; one that is ``waiting`` is tried again at ``due_at``.

        Once the lease has run out and another has the request, only *sent* still counts.
        """
        await self._database.write(settle, mail, fate, now, due_at or now, detail)

    async def next_due(self) -> datetime | None:
        """Say when the next request comes due."""
        return await self._database.read(next_due)


def claim(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Mail]:
    """Lease requests in the caller's transaction."""
    rows = connection.execute(
        select(
            _mails,
            _conversations.c.language,
            func.coalesce(_orders.c.number, "").label("order_number"),
        )
        .join(_conversations, _conversations.c.id == _mails.c.conversation_id)
        .outerjoin(_orders, _orders.c.id == _mails.c.order_id)
        .where(_mails.c.status == fixed("waiting"), _mails.c.due_at <= now)
        .order_by(_mails.c.due_at, _mails.c.id)
        .limit(most)
        .with_for_update(of=_mails, skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            update(_mails)
            .where(_mails.c.id.in_([row.id for row in rows]))
            .values(due_at=now + lease, attempts=_mails.c.attempts + 1)
        )
    return [_mail(row, now + lease) for row in rows]


def _mail(row: Row[Any], leased_until: datetime) -> Mail:
    return Mail(
        id=row.id,
        conversation_id=row.conversation_id,
        key=row.key,
        flow=row.flow,
        purpose=row.purpose,
        order_id=row.order_id,
        order_number=row.order_number,
        language=row.language,
        at=row.created_at,
        attempts=row.attempts + 1,
        leased_until=leased_until,
    )


def settle(
    connection: Connection, mail: Mail, fate: MailFate, now: datetime, due_at: datetime, detail: str
) -> None:
    """Write a settlement in the caller's transaction; a request that is given up ends its touchpoint."""
    counts = (
        _mails.c.status.in_(("waiting", "cancelled"))
        if fate == "sent"
        else and_(_mails.c.status == "waiting", _mails.c.due_at == mail.leased_until)
    )
    written = connection.execute(
        update(_mails)
        .where(_mails.c.id == mail.id, counts)
        .values(status=fate, due_at=due_at, detail=detail or None)
    )
    if written.rowcount and fate == "failed":
        end(connection, [(mail.conversation_id, mail.key, "refused", "mail")], now)


def next_due(connection: Connection) -> datetime | None:
    """Return the earliest waiting request's time."""
    earliest: datetime | None = connection.execute(
        select(func.min(_mails.c.due_at)).where(_mails.c.status == fixed("waiting"))
    ).scalar_one()
    return earliest
