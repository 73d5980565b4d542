"""What is known of a conversation besides its messages, for those who write in it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from persistence.database import Database
from persistence.tables import Conversation, InboxRow, table

_conversations = table(Conversation)
_inbox = table(InboxRow)

_READ: Final = frozenset({"text", "tap", "media", "shared", "unsupported"})
"""Kinds that are messages to a platform, and may be marked as read."""
_LOOKED_AT: Final = 50
"""Among so many of the newest events the buyer's last message is looked for."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A conversation as a turn would find it: see `persistence.turns.Turn`. ``state`` is JSON."""

    conversation_id: int
    channel: str
    account: str
    buyer_id: int | None
    name: str | None
    language: str | None
    state: str
    heard_at: datetime | None
    reachable: bool


@dataclass(frozen=True, slots=True)
class Listened:
    """Whom an agent has the word with, and the buyer's newest message: when it came and the platform's id."""

    channel: str
    account: str
    address: str
    message_id: str
    at: datetime


class Moments:
    """Reads conversations between turns. Nothing is claimed: a turn may change it at any time."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def of(self, conversation_id: int) -> Moment | None:
        """Return how a conversation stands; None where there is none, or its data was erased."""
        return await self._database.read(_of, conversation_id)

    async def listened(self, conversation_id: int, account_id: int) -> Listened | None:
        """Return whom ``account_id`` has the word with; None if they have not, or nobody can be told."""
        return await self._database.read(_listened, conversation_id, account_id)


def _of(connection: Connection, conversation_id: int) -> Moment | None:
    names = ("channel", "account", "buyer_id", "name", "language", "state", "heard_at", "reachable", "status")
    row = connection.execute(
        select(*(_conversations.c[name] for name in names)).where(_conversations.c.id == conversation_id)
    ).one_or_none()
    if row is None or row.status == "erased":
        return None
    return Moment(
        conversation_id,
        row.channel,
        row.account,
        row.buyer_id,
        row.name,
        row.language,
        row.state,
        row.heard_at,
        row.reachable,
    )


def _listened(connection: Connection, conversation_id: int, account_id: int) -> Listened | None:
    mine = connection.execute(
        select(_conversations.c.channel, _conversations.c.account, _conversations.c.address).where(
            _conversations.c.id == conversation_id,
            _conversations.c.assignee_id == account_id,
            _conversations.c.floor == "agent",
            _conversations.c.reachable,
        )
    ).one_or_none()
    if mine is None:
        return None
    newest = connection.execute(
        select(_inbox.c.kind, _inbox.c.external_id, _inbox.c.at)
        .where(_inbox.c.conversation_id == conversation_id)
        .order_by(_inbox.c.at.desc(), _inbox.c.id.desc())
        .limit(_LOOKED_AT)
    )
    spoken = next((row for row in newest if row.kind in _READ), None)
    if spoken is None:
        return None
    return Listened(mine.channel, mine.account, mine.address, spoken.external_id, spoken.at)
