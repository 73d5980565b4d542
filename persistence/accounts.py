"""Who works at the desk: accounts, their roles, and what is kept of how they prove who they are.

Every change is noted in the audit log within the same transaction. Who is called ``actor`` is a string as in
the log: ``account:3``, or ``shell`` for the owner at the keyboard of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.engine import Row

from persistence.audit import Entry, note
from persistence.database import Database
from persistence.tables import table
from persistence.tables_people import AccountRow, PasskeyRow, RecoveryCodeRow, SessionRow

Role: TypeAlias = Literal["viewer", "agent", "owner"]

_accounts = table(AccountRow)
_sessions = table(SessionRow)
_codes = table(RecoveryCodeRow)
_passkeys = table(PasskeyRow)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signs in."""

    id: int
    email: str
    name: str
    role: Role
    language: Literal["de", "en"]
    theme: Literal["auto", "light", "dark"]
    absent_until: datetime | None = None
    mail_alarms: bool = True
    disabled: bool = False
    second_factor: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an account proves itself with: an argon2 hash, and the sealed secret of the second factor."""

    account: Account
    password: str
    totp: str | None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is to be made."""

    email: str
    name: str
    role: Role
    password: str
    language: str = "de"


@dataclass(frozen=True, slots=True)
class Profile:
    """What somebody chooses for themselves."""

    name: str
    language: str
    theme: str
    absent_until: datetime | None
    mail_alarms: bool


class EmailTaken(Exception):
    """Another account has this e-mail address."""


class LastOwner(Exception):
    """Nobody would be left who owns the shop."""


class UnknownAccount(Exception):
    """There is no such account."""


class Accounts:
    """The accounts' table."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def add(self, new: NewAccount, actor: str, now: datetime) -> Account:
        """Make an account.

        Raises:
            EmailTaken: the address belongs to another.

        """
        return await self._database.write(add, new, actor, now)

    async def find(self, account_id: int) -> Account | None:
        """Return an account by its id."""
        return await self._database.read(find, account_id)

    async def all(self) -> list[Account]:
        """Return all accounts by name, disabled ones last."""
        return await self._database.read(every_account)

    async def names(self) -> dict[int, str]:
        """Return what everybody is called, disabled ones too, by id."""
        return {one.id: one.name for one in await self.all()}

    async def owned(self) -> bool:
        """Tell whether an owner exists who can sign in."""
        return await self._database.read(owners) > 0

    async def credentials(self, email: str) -> Credentials | None:
        """Return what belongs to an address, whatever its case."""
        return await self._database.read(_credentials, _accounts.c.email == email.strip().lower())

    async def credentials_of(self, account_id: int) -> Credentials | None:
        """Return what belongs to an account."""
        return await self._database.read(_credentials, _accounts.c.id == account_id)

    async def set_role(self, account_id: int, role: Role, actor: str, now: datetime) -> None:
        """Give an account another role.

        Raises:
            LastOwner: it is the only owner.
            UnknownAccount: there is none.

        """
        await self._database.write(_set_role, account_id, role, actor, now)

    async def disable(self, account_id: int, actor: str, now: datetime) -> None:
        """Let an account no longer sign in, and end its sessions.

        Raises:
            LastOwner: it is the only owner.
            UnknownAccount: there is none.

        """
        await self._database.write(_disable, account_id, actor, now)

    async def enable(self, account_id: int, actor: str, now: datetime) -> None:
        """Let a disabled account sign in again."""
        await self._database.write(_enable, account_id, actor, now)

    async def set_password(
        self, account_id: int, password: str, actor: str, now: datetime, *, keep: int | None = None
    ) -> None:
        """Set an argon2 hash, and end all sessions but ``keep``."""
        await self._database.write(set_password, account_id, password, actor, now, keep)

    async def rehash(self, account_id: int, old: str, new: str) -> None:
        """Replace the hash of the same password by one with newer parameters, unless it was changed since."""
        await self._database.write(_rehash, account_id, old, new)

    async def set_profile(self, account_id: int, profile: Profile, now: datetime) -> None:
        """Keep what somebody chose for themselves; a change of the absence is noted."""
        await self._database.write(_set_profile, account_id, profile, now)

    async def set_look(self, account_id: int, *, language: str | None, theme: str | None) -> None:
        """Keep the language, the theme, or both."""
        chosen = {"language": language, "theme": theme}
        await self._database.write(_set_look, account_id, {k: v for k, v in chosen.items() if v is not None})

    async def set_totp(
        self, account_id: int, sealed: str, step: int, codes: list[str], now: datetime
    ) -> None:
        """Turn the second factor on, with the step of the code that proved it and hashed recovery codes."""
        await self._database.write(_set_totp, account_id, sealed, step, codes, now)

    async def drop_totp(self, account_id: int, actor: str, now: datetime) -> None:
        """Turn the second factor off, and its recovery codes with it."""
        await self._database.write(drop_totp, account_id, actor, now)

    async def renew_codes(self, account_id: int, codes: list[str], now: datetime) -> None:
        """Replace the recovery codes by other hashed ones."""
        await self._database.write(_renew_codes, account_id, codes, now)

    async def use_step(self, account_id: int, step: int) -> bool:
        """Use up a time step of the second factor: false if it, or a later one, was used before."""
        return await self._database.write(_use_step, account_id, step)

    async def use_code(self, account_id: int, code: str, now: datetime) -> bool:
        """Use up a hashed recovery code: false if there is none, or it was used before."""
        return await self._database.write(_use_code, account_id, code, now)

    async def codes_left(self, account_id: int) -> int:
        """Return how many recovery codes are left."""
        return await self._database.read(_codes_left, account_id)


def add(connection: Connection, new: NewAccount, actor: str, now: datetime) -> Account:
    """Make an account in the caller's transaction: see `Accounts.add`."""
    email = new.email.strip().lower()
    if connection.execute(select(_accounts.c.id).where(_accounts.c.email == email)).first():
        raise EmailTaken(email)
    values = {
        "email": email,
        "name": new.name.strip(),
        "role": new.role,
        "password": new.password,
        "language": new.language,
        "created_at": now,
    }
    account_id = connection.execute(_accounts.insert().values(values).returning(_accounts.c.id)).scalar_one()
    entry = Entry(actor, "account.made", f"account:{account_id}", {"role": new.role})
    note(connection, entry, now)
    return _found(connection, account_id)


def find(connection: Connection, account_id: int) -> Account | None:
    """See `Accounts.find`."""
    row = connection.execute(select(_accounts).where(_accounts.c.id == account_id)).one_or_none()
    return None if row is None else account_of(row)


def account_of(row: Row[Any]) -> Account:
    """Return the account of a row that has all its columns."""
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,
        language=row.language,
        theme=row.theme,
        absent_until=row.absent_until,
        mail_alarms=row.mail_alarms,
        disabled=row.disabled_at is not None,
        second_factor=row.totp is not None,
    )


def owners(connection: Connection, *, besides: int = 0) -> int:
    """Return how many owners can sign in, ``besides`` one of them; they are locked where that is possible."""
    rows = select(_accounts.c.id).where(
        _accounts.c.role == "owner", _accounts.c.disabled_at.is_(None), _accounts.c.id != besides
    )
    return len(connection.execute(rows).all())


def set_password(
    connection: Connection, account_id: int, password: str, actor: str, now: datetime, keep: int | None
) -> None:
    """See `Accounts.set_password`."""
    _found(connection, account_id)
    connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(password=password))
    end_sessions(connection, account_id, keep=keep)
    note(connection, Entry(actor, "password.changed", f"account:{account_id}"), now)


def drop_totp(connection: Connection, account_id: int, actor: str, now: datetime) -> None:
    """See `Accounts.drop_totp`."""
    connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(totp=None))
    connection.execute(delete(_codes).where(_codes.c.account_id == account_id))
    note(connection, Entry(actor, "totp.disabled", f"account:{account_id}"), now)


def end_sessions(connection: Connection, account_id: int, *, keep: int | None = None) -> int:
    """End an account's sessions but ``keep``; return how many."""
    ended = delete(_sessions).where(_sessions.c.account_id == account_id, _sessions.c.id != (keep or 0))
    return connection.execute(ended).rowcount


def restore_owner(connection: Connection, account_id: int, password: str, actor: str, now: datetime) -> None:
    """Give the keys back to somebody who was locked out: owner, enabled, a new password, no second factor.

    Passkeys go too: who lost the account does not know who has added one since.
    """
    values = {"role": "owner", "disabled_at": None}
    connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(values))
    connection.execute(delete(_passkeys).where(_passkeys.c.account_id == account_id))
    set_password(connection, account_id, password, actor, now, None)
    drop_totp(connection, account_id, actor, now)
    note(connection, Entry(actor, "account.restored", f"account:{account_id}"), now)


def _found(connection: Connection, account_id: int) -> Account:
    account = find(connection, account_id)
    if account is None:
        raise UnknownAccount(str(account_id))
    return account


def every_account(connection: Connection) -> list[Account]:
    """Return all accounts by name, disabled ones last; in the caller's transaction."""
    rows = connection.execute(select(_accounts)).all()
    return sorted(map(account_of, rows), key=lambda one: (one.disabled, one.name.casefold(), one.id))


def _credentials(connection: Connection, condition: Any) -> Credentials | None:
    row = connection.execute(select(_accounts).where(condition)).one_or_none()
    return None if row is None else Credentials(account_of(row), row.password, row.totp)


def _lock_owners(connection: Connection) -> None:
    """Let two owners who remove each other at the same moment do so one after the other."""
    connection.execute(select(_accounts.c.id).where(_accounts.c.role == "owner").with_for_update()).all()


def _set_role(connection: Connection, account_id: int, role: Role, actor: str, now: datetime) -> None:
    _lock_owners(connection)
    account = _found(connection, account_id)
    if account.role == role:
        return
    if account.role == "owner" and not account.disabled and not owners(connection, besides=account_id):
        raise LastOwner
    connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(role=role))
    entry = Entry(actor, "role.changed", f"account:{account_id}", {"from": account.role, "to": role})
    note(connection, entry, now)


def _disable(connection: Connection, account_id: int, actor: str, now: datetime) -> None:
    _lock_owners(connection)
    account = _found(connection, account_id)
    if account.disabled:
        return
    if account.role == "owner" and not owners(connection, besides=account_id):
        raise LastOwner
    connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(disabled_at=now))
    end_sessions(connection, account_id)
    note(connection, Entry(actor, "account.disabled", f"account:{account_id}"), now)


def _enable(connection: Connection, account_id: int, actor: str, now: datetime) -> None:
    if not _found(connection, account_id).disabled:
        return
    connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(disabled_at=None))
    note(connection, Entry(actor, "account.enabled", f"account:{account_id}"), now)


def _rehash(connection: Connection, account_id: int, old: str, new: str) -> None:
    mine = update(_accounts).where(_accounts.c.id == account_id, _accounts.c.password == old)
    connection.execute(mine.values(password=new))


def _set_profile(connection: Connection, account_id: int, profile: Profile, now: datetime) -> None:
    before = _found(connection, account_id)
    values = {
        "name": profile.name,
        "language": profile.language,
        "theme": profile.theme,
        "absent_until": profile.absent_until,
        "mail_alarms": profile.mail_alarms,
    }
    connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(values))
    if before.absent_until != profile.absent_until:
        until = profile.absent_until.isoformat() if profile.absent_until else ""
        me = f"account:{account_id}"
        note(connection, Entry(me, "absence.changed", me, {"until": until}), now)


def _set_look(connection: Connection, account_id: int, chosen: dict[str, str]) -> None:
    if chosen:
        connection.execute(update(_accounts).where(_accounts.c.id == account_id).values(chosen))


def _set_totp(
    connection: Connection, account_id: int, sealed: str, step: int, codes: list[str], now: datetime
) -> None:
    mine = update(_accounts).where(_accounts.c.id == account_id)
    connection.execute(mine.values(totp=sealed, totp_step=step))
    _store_codes(connection, account_id, codes)
    note(connection, Entry(f"account:{account_id}", "totp.enabled", f"account:{account_id}"), now)


def _renew_codes(connection: Connection, account_id: int, codes: list[str], now: datetime) -> None:
    _store_codes(connection, account_id, codes)
    note(connection, Entry(f"account:{account_id}", "recovery.renewed", f"account:{account_id}"), now)


def _store_codes(connection: Connection, account_id: int, codes: list[str]) -> None:
    connection.execute(delete(_codes).where(_codes.c.account_id == account_id))
    connection.execute(_codes.insert(), [{"hash": code, "account_id": account_id} for code in codes])


def _use_step(connection: Connection, account_id: int, step: int) -> bool:
    unused = update(_accounts).where(_accounts.c.id == account_id, _accounts.c.totp_step < step)
    return connection.execute(unused.values(totp_step=step)).rowcount == 1


def _use_code(connection: Connection, account_id: int, code: str, now: datetime) -> bool:
    mine = update(_codes).where(
        _codes.c.hash == code, _codes.c.account_id == account_id, _codes.c.used_at.is_(None)
    )
    if connection.execute(mine.values(used_at=now)).rowcount != 1:
        return False
    note(connection, Entry(f"account:{account_id}", "recovery.used", f"account:{account_id}"), now)
    return True


def _codes_left(connection: Connection, account_id: int) -> int:
    left = select(func.count()).where(_codes.c.account_id == account_id, _codes.c.used_at.is_(None))
    return int(connection.execute(left.select_from(_codes)).scalar_one())
