"""Who the people in the support groups are: which accounts are theirs, and how they showed it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select

from persistence.accounts import Account, account_of
from persistence.inbox import insert_or_ignore
from persistence.tables import table
from persistence.tables_people import AccountRow
from persistence.tables_telegram import TelegramAgentRow, TelegramCodeRow

_agents = table(TelegramAgentRow)
_codes = table(TelegramCodeRow)
_accounts = table(AccountRow)

_SIGNS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""No sign that is taken for another when it is read out."""
_LENGTH: Final = 10
LIFETIME: Final = timedelta(minutes=15)
"""How long a code may be used."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Somebody on Telegram who is known."""

    user_id: str
    linked_at: datetime


def link_code(connection: Connection, account_id: int, now: datetime) -> str:
    """Make a code for an account in place of the one before; return it. Only its hash is kept."""
    code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    connection.execute(
        delete(_codes).where((_codes.c.account_id == account_id) | (_codes.c.expires_at <= now))
    )
    connection.execute(
        _codes.insert().values(code=_hash(code), account_id=account_id, expires_at=now + LIFETIME)
    )
    return code


def link(connection: Connection, user_id: str, code: str, now: datetime) -> Account | None:
    """Let a code tell whose account somebody has; it works once. None: it is wrong, or too old."""
    hashed = _hash(code)
    found = connection.execute(
        select(_codes.c.account_id).where(_codes.c.code == hashed, _codes.c.expires_at > now)
    ).scalar_one_or_none()
    used = connection.execute(delete(_codes).where(_codes.c.code == hashed)).rowcount
    account = None if found is None or not used else _account(connection, found)
    if account is None:
        return None
    connection.execute(delete(_agents).where(_agents.c.user_id == user_id))
    row = {"user_id": user_id, "account_id": account.id, "linked_at": now}
    connection.execute(insert_or_ignore(connection.dialect.name, _agents), [row])
    return account


def account_behind(connection: Connection, user_id: str) -> Account | None:
    """Return the account of somebody on Telegram, if they may still work here."""
    account_id = connection.execute(
        select(_agents.c.account_id).where(_agents.c.user_id == user_id)
    ).scalar_one_or_none()
    return None if account_id is None else _account(connection, account_id)


def linked(connection: Connection, account_id: int) -> list[Linked]:
    """Return who on Telegram has an account."""
    rows = connection.execute(
        select(_agents).where(_agents.c.account_id == account_id).order_by(_agents.c.linked_at)
    )
    return [Linked(row.user_id, row.linked_at) for row in rows]


def unlink(connection: Connection, account_id: int) -> int:
    """Forget everybody on Telegram who had an account, and its code; return how many they were."""
    connection.execute(delete(_codes).where(_codes.c.account_id == account_id))
    return connection.execute(delete(_agents).where(_agents.c.account_id == account_id)).rowcount


def _account(connection: Connection, account_id: int) -> Account | None:
    row = connection.execute(select(_accounts).where(_accounts.c.id == account_id)).one_or_none()
    account = None if row is None else account_of(row)
    return None if account is None or account.disabled else account


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()
