"""The way back from a human: the floor, the open case, and the word to the dialog that it is over."""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import Connection, select, update

from dialogs.messages import HandedBack
from persistence.database import Database, microseconds
from persistence.reminders import wake
from persistence.tables import Conversation, HandoffRow, InboxRow, table

_conversations = table(Conversation)
_handoffs = table(HandoffRow)
_inbox = table(InboxRow)


class Handoffs:
    """The cases that humans have taken over."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def hand_back(self, conversation_id: int, now: datetime, *, solved: bool, cause: str = "") -> bool:
        """Give the floor back to the bot, and tell the conversation so by an event of its next turn.

        With ``solved`` its open cases are closed, for this ``cause``; else they stay open, and go on braking.
        False if there was nothing to give back: then nothing happens.
        """
        return await self._database.write(hand_back, conversation_id, now, solved=solved, cause=cause)


def hand_back(
    connection: Connection, conversation_id: int, now: datetime, *, solved: bool, cause: str = ""
) -> bool:
    """See `Handoffs.hand_back`; in the caller's transaction."""
    here = connection.execute(
        select(_conversations.c.floor, _conversations.c.status, _conversations.c.version)
        .where(_conversations.c.id == conversation_id, _conversations.c.status != "erased")
        .with_for_update()
    ).one_or_none()
    if here is None:
        return False
    closed = 0
    if solved:
        closed = connection.execute(
            update(_handoffs)
            .where(_handoffs.c.conversation_id == conversation_id, _handoffs.c.resolved_at.is_(None))
            .values(resolved_at=now)
        ).rowcount
    if (here.floor, here.status) == ("bot", "open") and not closed:
        return False
    connection.execute(
        update(_conversations)
        .where(_conversations.c.id == conversation_id)
        .values(floor="bot", status="open", waiting_since=None)
    )
    event = HandedBack(solved, cause)
    connection.execute(
        _inbox.insert().values(
            source="desk",
            # To take the floor again takes a turn, so the version tells one hand-back from the next.
            external_id=f"{conversation_id}:{here.version}:{microseconds(now)}:{int(solved)}",
            kind=event.kind,
            lane="message",
            conversation_id=conversation_id,
            at=now,
            received_at=now,
            due_at=now,
            event=orjson.dumps(event).decode(),
        )
    )
    wake(connection, [conversation_id], now)
    return True
