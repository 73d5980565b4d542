"""More tables of the schema: who works at the desk, how they sign in, and the log of what they changed.

Secrets are never kept as such: tokens and recovery codes as hashes, passwords as argon2, the second factor's
secret sealed by the application.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from persistence.columns import ID, instant, preset, row_id


class AccountRow(SQLModel, table=True):
    """Somebody who signs in. ``email`` is lower case; ``role`` is viewer, agent or owner.

    ``password`` is an argon2 hash. ``totp`` is the sealed secret of the second factor (NULL: none) and
    ``totp_step`` the last time step whose code was used.
    """

    __tablename__ = "accounts"
    id: int = row_id()
    email: str = Field(unique=True)
    name: str
    role: str
    password: str
    language: str = preset("de")
    theme: str = preset("auto")
    mail_alarms: bool = preset(default=True)
    absent_until: datetime | None = instant(optional=True)
    disabled_at: datetime | None = instant(optional=True)
    totp: str | None = None
    totp_step: int = Field(default=0, sa_type=ID, sa_column_kwargs={"default": 0})
    created_at: datetime = instant()


class SessionRow(SQLModel, table=True):
    """One sign-in on one device. ``hash`` is that of the cookie's token; ``device`` is said in words."""

    __tablename__ = "sessions"
    id: int = row_id()
    hash: str = Field(unique=True)
    account_id: int = Field(sa_type=ID, foreign_key="accounts.id", index=True)
    way: str
    device: str = preset("")
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime = instant()


class InvitationRow(SQLModel, table=True):
    """A link that works once.

    ``kind``: ``invite`` makes an account of ``role``, ``owner`` an owner (or gives one back the keys),
    ``reset`` a new password for ``account_id``.
    """

    __tablename__ = "invitations"
    id: int = row_id()
    hash: str = Field(unique=True)
    kind: str
    role: str
    email: str | None = None
    account_id: int | None = Field(default=None, sa_type=ID, foreign_key="accounts.id")
    made_by: str
    made_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)
    used_by: int | None = Field(default=None, sa_type=ID)
    withdrawn_at: datetime | None = instant(optional=True)


class PasskeyRow(SQLModel, table=True):
    """A passkey. ``credential_id`` and ``public_key`` are base64url, as the browser names them."""

    __tablename__ = "passkeys"
    id: int = row_id()
    account_id: int = Field(sa_type=ID, foreign_key="accounts.id", index=True)
    credential_id: str = Field(unique=True, sa_type=Text)
    public_key: str = Field(sa_type=Text)
    sign_count: int = Field(default=0, sa_type=ID, sa_column_kwargs={"default": 0})
    name: str
    created_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)


class RecoveryCodeRow(SQLModel, table=True):
    """A code that stands in once for the second factor, as a hash."""

    __tablename__ = "recovery_codes"
    hash: str = Field(primary_key=True)
    account_id: int = Field(sa_type=ID, foreign_key="accounts.id", index=True)
    used_at: datetime | None = instant(optional=True)


class TicketRow(SQLModel, table=True):
    """What one step of signing in hands to the next, for minutes and once. ``hash`` is that of the ticket."""

    __tablename__ = "tickets"
    hash: str = Field(primary_key=True)
    purpose: str
    account_id: int | None = Field(default=None, sa_type=ID)
    data: str = preset("", sa_type=Text)
    expires_at: datetime = instant()


class ThrottleRow(SQLModel, table=True):
    """How often signing in has failed for one e-mail address or from one place; ``key`` is a keyed hash."""

    __tablename__ = "throttles"
    key: str = Field(primary_key=True)
    failures: int = preset(0)
    blocked_until: datetime = instant()
    last_at: datetime = instant()


class AuditRow(SQLModel, table=True):
    """One line of the log, append-only: triggers refuse to change or delete it.

    ``id`` counts without gaps, ``hash`` covers the line and the hash of the line before it.
    """

    __tablename__ = "audit"
    id: int = row_id()
    at: datetime = instant()
    actor: str = Field(index=True)
    action: str = Field(index=True)
    subject: str = preset("")
    detail: str = preset("{}", sa_type=Text)
    previous: str = preset("")
    hash: str
