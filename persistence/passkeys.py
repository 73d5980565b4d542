"""Passkeys: which credentials belong to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.engine import Row

from persistence.audit import Entry, note
from persistence.database import Database
from persistence.tables import table
from persistence.tables_people import PasskeyRow

_passkeys = table(PasskeyRow)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One credential; ``credential_id`` and ``public_key`` are base64url without padding."""

    id: int
    account_id: int
    credential_id: str
    public_key: str
    sign_count: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A credential that a browser has just made."""

    credential_id: str
    public_key: str
    sign_count: int
    name: str


class Passkeys:
    """The passkeys' table."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def add(self, account_id: int, new: NewPasskey, now: datetime) -> None:
        """Keep a new passkey. Browsers make ids that nobody else has; one that is known is refused.

        Raises:
            sqlalchemy.exc.IntegrityError: the credential is known.

        """
        await self._database.write(_add, account_id, new, now)

    async def of(self, account_id: int) -> list[Passkey]:
        """Return an account's passkeys, the oldest first."""
        return await self._database.read(_of, account_id)

    async def find(self, credential_id: str) -> Passkey | None:
        """Return the passkey of a credential."""
        return await self._database.read(_find, credential_id)

    async def used(self, passkey: Passkey, sign_count: int, now: datetime) -> bool:
        """Note that a passkey was used; false if it has been used since it was read (or is gone)."""
        return await self._database.write(_used, passkey, sign_count, now)

    async def remove(self, account_id: int, passkey_id: int, now: datetime) -> bool:
        """Forget one of an account's passkeys; false if it has no such."""
        return await self._database.write(_remove, account_id, passkey_id, now)


def _add(connection: Connection, account_id: int, new: NewPasskey, now: datetime) -> None:
    values = {
        "account_id": account_id,
        "credential_id": new.credential_id,
        "public_key": new.public_key,
        "sign_count": new.sign_count,
        "name": new.name,
        "created_at": now,
    }
    connection.execute(_passkeys.insert().values(values))
    me = f"account:{account_id}"
    note(connection, Entry(me, "passkey.added", me), now)


def _of(connection: Connection, account_id: int) -> list[Passkey]:
    mine = select(_passkeys).where(_passkeys.c.account_id == account_id).order_by(_passkeys.c.id)
    return [_passkey(row) for row in connection.execute(mine)]


def _find(connection: Connection, credential_id: str) -> Passkey | None:
    row = connection.execute(
        select(_passkeys).where(_passkeys.c.credential_id == credential_id)
    ).one_or_none()
    return None if row is None else _passkey(row)


def _used(connection: Connection, passkey: Passkey, sign_count: int, now: datetime) -> bool:
    mine = update(_passkeys).where(_passkeys.c.id == passkey.id, _passkeys.c.sign_count == passkey.sign_count)
    return connection.execute(mine.values(sign_count=sign_count, used_at=now)).rowcount == 1


def _remove(connection: Connection, account_id: int, passkey_id: int, now: datetime) -> bool:
    mine = delete(_passkeys).where(_passkeys.c.account_id == account_id, _passkeys.c.id == passkey_id)
    if not connection.execute(mine).rowcount:
        return False
    me = f"account:{account_id}"
    note(connection, Entry(me, "passkey.removed", me), now)
    return True


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        account_id=row.account_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        name=row.name,
        created_at=row.created_at,
        used_at=row.used_at,
    )
