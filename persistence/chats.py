"""Whose a conversation is, and which other chats that person has."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from persistence.tables import Conversation, table

_conversations = table(Conversation)


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation: where it is held, and whose it is at this moment."""

    id: int
    buyer_id: int | None
    channel: str
    account: str


def chat(connection: Connection, conversation_id: int) -> Chat:
    """Return a conversation that exists."""
    row = connection.execute(
        select(
            _conversations.c.id,
            _conversations.c.buyer_id,
            _conversations.c.channel,
            _conversations.c.account,
        ).where(_conversations.c.id == conversation_id)
    ).one()
    return Chat(row.id, row.buyer_id, row.channel, row.account)


def circle(connection: Connection, conversation_id: int) -> list[int]:
    """Return all chats of the buyer whom a conversation belongs to, itself among them."""
    buyer = select(_conversations.c.buyer_id).where(_conversations.c.id == conversation_id).scalar_subquery()
    found = connection.execute(select(_conversations.c.id).where(_conversations.c.buyer_id == buyer))
    return sorted({conversation_id, *found.scalars()})
