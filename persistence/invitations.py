"""Links that work once: to join, to own the shop, or to set a new password. Only their hashes are kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.engine import Row

from persistence.accounts import (
    Account,
    EmailTaken,
    NewAccount,
    Role,
    UnknownAccount,
    add,
    drop_totp,
    find,
    restore_owner,
    set_password,
)
from persistence.audit import Entry, note
from persistence.database import Database
from persistence.sessions import hash_token
from persistence.tables import table
from persistence.tables_people import AccountRow, InvitationRow

Kind: TypeAlias = Literal["invite", "owner", "reset"]

LASTS: Final = timedelta(days=7)
RESET_LASTS: Final = timedelta(days=1)

_invitations = table(InvitationRow)
_accounts = table(AccountRow)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link. ``email`` binds it to an address, ``account_id`` (of a ``reset``) to an account."""

    id: int
    kind: Kind
    role: Role
    email: str | None
    account_id: int | None
    made_by: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody fills in who opened a link; ``password`` is an argon2 hash."""

    email: str
    name: str
    password: str
    language: str


class Spent(Exception):
    """The link was used, withdrawn or has expired, or there never was one."""


class WrongEmail(Exception):
    """The link is meant for another e-mail address."""


class Invitations:
    """The links' table."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def invite(self, role: Role, email: str | None, actor: str, now: datetime) -> str:
        """Make a link that makes an account of a role; return its token."""
        return await self._make(("invite", role, email or None, None), actor, now, LASTS)

    async def reset(self, account_id: int, actor: str, now: datetime) -> str:
        """Make a link that sets an account's password anew, and takes its second factor off.

        Raises:
            UnknownAccount: there is no such account.

        """
        return await self._make(("reset", "viewer", None, account_id), actor, now, RESET_LASTS)

    async def owner(self, now: datetime) -> str:
        """Make a link that makes an owner, or gives one back the keys; earlier ones no longer work."""
        return await self._make(("owner", "owner", None, None), "shell", now, LASTS)

    async def find(self, token: str, now: datetime) -> Invitation | None:
        """Return the link of a token that can still be used."""
        return await self._database.read(_find, hash_token(token), now)

    async def open(self, now: datetime) -> list[Invitation]:
        """Return the links that can still be used, the newest first; not those of owners."""
        return await self._database.read(_open, now)

    async def withdraw(self, invitation_id: int, actor: str, now: datetime) -> bool:
        """Make a link worthless; false if it was already."""
        return await self._database.write(_withdraw, invitation_id, actor, now)

    async def accept(self, token: str, filled: Acceptance, now: datetime) -> Account:
        """Use a link up and return the account that it made or changed.

        Raises:
            Spent: it can no longer be used.
            WrongEmail: it is meant for another address.
            EmailTaken: somebody else has the address, and the link may not change their account.

        """
        return await self._database.write(accept, hash_token(token), filled, now)

    async def _make(
        self, what: tuple[Kind, Role, str | None, int | None], actor: str, now: datetime, lasts: timedelta
    ) -> str:
        token = secrets.token_urlsafe(32)
        await self._database.write(_make, hash_token(token), what, actor, now, now + lasts)
        return token


def _make(
    connection: Connection,
    hashed: str,
    what: tuple[Kind, Role, str | None, int | None],
    actor: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    kind, role, email, account_id = what
    if account_id is not None and find(connection, account_id) is None:
        raise UnknownAccount(str(account_id))
    if kind == "owner":
        _end(connection, _invitations.c.kind == "owner", now)
    elif kind == "reset":
        _end(connection, _invitations.c.account_id == account_id, now)
    values = {"kind": kind, "role": role, "email": email.strip().lower() if email else None}
    connection.execute(
        _invitations.insert().values(
            hash=hashed, account_id=account_id, made_by=actor, made_at=now, expires_at=expires_at, **values
        )
    )
    subject = f"account:{account_id}" if account_id is not None else ""
    note(connection, Entry(actor, f"link.made.{kind}", subject, {"role": role}), now)


def _end(connection: Connection, condition: ColumnElement[bool], now: datetime) -> int:
    usable = update(_invitations).where(condition, *_usable(now))
    return connection.execute(usable.values(withdrawn_at=now)).rowcount


def _usable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        _invitations.c.used_at.is_(None),
        _invitations.c.withdrawn_at.is_(None),
        _invitations.c.expires_at > now,
    )


def _find(connection: Connection, hashed: str, now: datetime) -> Invitation | None:
    found = select(_invitations).where(_invitations.c.hash == hashed, *_usable(now))
    row = connection.execute(found).one_or_none()
    return None if row is None else _invitation(row)


def _open(connection: Connection, now: datetime) -> list[Invitation]:
    found = select(_invitations).where(_invitations.c.kind != "owner", *_usable(now))
    rows = connection.execute(found.order_by(_invitations.c.id.desc()).limit(200))
    return [_invitation(row) for row in rows]


def _withdraw(connection: Connection, invitation_id: int, actor: str, now: datetime) -> bool:
    if not _end(connection, _invitations.c.id == invitation_id, now):
        return False
    note(connection, Entry(actor, "link.withdrawn", f"link:{invitation_id}"), now)
    return True


def accept(connection: Connection, hashed: str, filled: Acceptance, now: datetime) -> Account:
    """See `Invitations.accept`."""
    invitation = _find(connection, hashed, now)
    if invitation is None:
        raise Spent
    mine = update(_invitations).where(_invitations.c.id == invitation.id, *_usable(now))
    if connection.execute(mine.values(used_at=now)).rowcount != 1:
        raise Spent
    account = _apply(connection, invitation, filled, now)
    used = update(_invitations).where(_invitations.c.id == invitation.id)
    connection.execute(used.values(used_by=account.id))
    return account


def _apply(connection: Connection, invitation: Invitation, filled: Acceptance, now: datetime) -> Account:
    if invitation.email is not None and invitation.email != filled.email.strip().lower():
        raise WrongEmail
    account_id = invitation.account_id
    if account_id is None:
        new = NewAccount(filled.email, filled.name, invitation.role, filled.password, filled.language)
        try:
            return add(connection, new, invitation.made_by, now)
        except EmailTaken as taken:
            if invitation.kind != "owner":
                raise
            known = select(_accounts.c.id).where(_accounts.c.email == str(taken))
            account_id = int(connection.execute(known).scalar_one())
            restore_owner(connection, account_id, filled.password, invitation.made_by, now)
    else:
        set_password(connection, account_id, filled.password, f"account:{account_id}", now, None)
        drop_totp(connection, account_id, invitation.made_by, now)
    account = find(connection, account_id)
    assert account is not None  # noqa: S101 - it was changed a line above, in this transaction
    return account


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        id=row.id,
        kind=row.kind,
        role=row.role,
        email=row.email,
        account_id=row.account_id,
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
    )
