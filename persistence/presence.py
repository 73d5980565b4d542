"""Who has a thread open, and who is typing there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select, update

from persistence.database import Database
from persistence.desk_queue import Viewer
from persistence.inbox import insert_or_ignore
from persistence.tables import table
from persistence.tables_desk import PresenceRow

_presence = table(PresenceRow)

HERE: Final = timedelta(seconds=25)
"""Pages say every ten seconds that they are open; whoever is not heard of for so long has gone."""
TYPING: Final = timedelta(seconds=12)
"""How long somebody counts as typing after they last did."""


class Presence:
    """Who is where."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def see(
        self, conversation_id: int, account_id: int, now: datetime, *, typing: bool = False
    ) -> None:
        """Note that somebody has a thread open, and whether they are typing."""
        await self._database.write(_see, conversation_id, account_id, now, typing)

    async def leave(self, conversation_id: int, account_id: int) -> None:
        """Note that somebody has closed a thread."""
        await self._database.write(_leave, conversation_id, account_id)

    async def who(self, conversation_ids: Sequence[int], now: datetime) -> dict[int, tuple[Viewer, ...]]:
        """Return who has each of these threads open; threads that nobody has are left out."""
        return await self._database.read(who, conversation_ids, now)


def who(
    connection: Connection, conversation_ids: Sequence[int], now: datetime
) -> dict[int, tuple[Viewer, ...]]:
    """See `Presence.who`; in the caller's transaction."""
    rows = connection.execute(
        select(_presence)
        .where(_presence.c.conversation_id.in_(conversation_ids), _presence.c.seen_at > now - HERE)
        .order_by(_presence.c.account_id)
    )
    found: dict[int, tuple[Viewer, ...]] = {}
    for row in rows:
        typing = row.typed_at is not None and row.typed_at > now - TYPING
        found[row.conversation_id] = (
            *found.get(row.conversation_id, ()),
            Viewer(row.account_id, typing=typing),
        )
    return found


def _see(
    connection: Connection,
    conversation_id: int,
    account_id: int,
    now: datetime,
    typing: bool,  # noqa: FBT001 - `Database.write` hands arguments on as they come
) -> None:
    row = {"conversation_id": conversation_id, "account_id": account_id, "seen_at": now}
    connection.execute(insert_or_ignore(connection.dialect.name, _presence), [row])
    connection.execute(
        update(_presence)
        .where(_presence.c.conversation_id == conversation_id, _presence.c.account_id == account_id)
        .values(seen_at=now, typed_at=now if typing else None)
    )


def _leave(connection: Connection, conversation_id: int, account_id: int) -> None:
    connection.execute(
        delete(_presence).where(
            _presence.c.conversation_id == conversation_id, _presence.c.account_id == account_id
        )
    )
