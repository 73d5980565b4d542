"""The canned replies of a shop: kept, found by their shortcut, counted when they are used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from dialogs.canned import CannedText
from persistence.database import Database
from persistence.inbox import insert_or_ignore
from persistence.tables import SettingRow, table
from persistence.tables_desk import CannedReplyRow

_canned = table(CannedReplyRow)
_settings = table(SettingRow)

_GIVEN: Final = "canned_given"
"""Remembers that a shop has got the replies it begins with: what somebody deletes does not come back."""

_MOST: Final = 1000


class Taken(ValueError):
    """Another reply has this shortcut."""


@dataclass(frozen=True, slots=True)
class CannedReply(CannedText):
    """A canned reply as it is kept."""

    id: int = 0
    uses: int = 0
    changed_by: int | None = None
    changed_at: datetime | None = None


class Canned:
    """The keeper of the canned replies."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def all(self) -> tuple[CannedReply, ...]:
        """Return every reply, the most used first."""
        return await self._database.read(_all)

    async def find(self, reply_id: int) -> CannedReply | None:
        """Return one reply."""
        return await self._database.read(_find, reply_id)

    async def save(self, text: CannedText, now: datetime, *, by: int, reply_id: int | None = None) -> int:
        """Write a reply, a new one where ``reply_id`` is None; return its number, 0 if it is gone by now.

        Raises:
            Taken: another reply has the shortcut.

        """
        try:
            return await self._database.write(_save, text, now, by, reply_id)
        except IntegrityError as error:
            raise Taken(text.shortcut) from error

    async def delete(self, reply_id: int) -> bool:
        """Delete a reply; False if there was none."""
        return await self._database.write(_delete, reply_id)

    async def used(self, reply_id: int) -> None:
        """Count that a reply was used: those used most stand first."""
        await self._database.write(_used, reply_id)

    async def give(self, texts: Sequence[CannedText], now: datetime) -> int:
        """Give a shop the replies it begins with, once for ever; return how many were new."""
        return await self._database.write(give, texts, now)


def give(connection: Connection, texts: Sequence[CannedText], now: datetime) -> int:
    """See `Canned.give`; in the caller's transaction. Of several processes that start at once, one gives."""
    first = connection.execute(
        insert_or_ignore(connection.dialect.name, _settings), [{"key": _GIVEN, "value": "1"}]
    )
    if first.rowcount < 1:
        return 0
    there = set(connection.execute(select(_canned.c.shortcut)).scalars())
    rows = [_row(one, now, None) for one in texts if one.shortcut not in there]
    if rows:
        connection.execute(_canned.insert(), rows)
    return len(rows)


def _row(text: CannedText, now: datetime, by: int | None) -> dict[str, object]:
    return {
        "shortcut": text.shortcut,
        "title": text.title,
        "de": text.de,
        "de_sie": text.de_sie,
        "en": text.en,
        "changed_by": by,
        "changed_at": now,
    }


def _all(connection: Connection) -> tuple[CannedReply, ...]:
    rows = connection.execute(
        select(_canned).order_by(_canned.c.uses.desc(), _canned.c.shortcut, _canned.c.id).limit(_MOST)
    )
    return tuple(CannedReply(**row) for row in rows.mappings())


def _find(connection: Connection, reply_id: int) -> CannedReply | None:
    row = connection.execute(select(_canned).where(_canned.c.id == reply_id)).mappings().one_or_none()
    return None if row is None else CannedReply(**row)


def _save(connection: Connection, text: CannedText, now: datetime, by: int, reply_id: int | None) -> int:
    values = _row(text, now, by)
    if reply_id is None:
        made = connection.execute(_canned.insert().returning(_canned.c.id), values)
        return int(made.scalar_one())
    done = connection.execute(update(_canned).where(_canned.c.id == reply_id).values(**values))
    return reply_id if done.rowcount else 0


def _delete(connection: Connection, reply_id: int) -> bool:
    return connection.execute(delete(_canned).where(_canned.c.id == reply_id)).rowcount > 0


def _used(connection: Connection, reply_id: int) -> None:
    connection.execute(update(_canned).where(_canned.c.id == reply_id).values(uses=_canned.c.uses + 1))
