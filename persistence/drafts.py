"""What agents have typed and not sent yet, by conversation and agent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from persistence.database import Database
from persistence.inbox import insert_or_ignore
from persistence.tables import table
from persistence.tables_desk import DraftRow

_drafts = table(DraftRow)


class Drafts:
    """The unsent words of agents."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def get(self, conversation_id: int, account_id: int) -> str:
        """Return what somebody has typed there; empty: nothing."""
        return await self._database.read(_get, conversation_id, account_id)

    async def save(self, conversation_id: int, account_id: int, text: str, now: datetime) -> None:
        """Keep what somebody has typed there; nothing (or blanks) deletes it."""
        await self._database.write(keep, conversation_id, account_id, text, now)


def keep(connection: Connection, conversation_id: int, account_id: int, text: str, now: datetime) -> None:
    """See `Drafts.save`; in the caller's transaction."""
    mine = (_drafts.c.conversation_id == conversation_id, _drafts.c.account_id == account_id)
    if not text.strip():
        connection.execute(delete(_drafts).where(*mine))
        return
    row = {"conversation_id": conversation_id, "account_id": account_id, "text": text, "at": now}
    connection.execute(insert_or_ignore(connection.dialect.name, _drafts), [row])
    connection.execute(update(_drafts).where(*mine).values(text=text, at=now))


def _get(connection: Connection, conversation_id: int, account_id: int) -> str:
    found = connection.execute(
        select(_drafts.c.text).where(
            _drafts.c.conversation_id == conversation_id, _drafts.c.account_id == account_id
        )
    ).scalar_one_or_none()
    return found or ""
