"""More tables of the schema: what a buyer allowed, what was said to them unasked, and what became of it.

``buyer_id`` is whom the conversation belonged to when the row was written. It is no foreign key: a check of
one would lock the buyer in the middle of a commit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from persistence.columns import ID, instant, preset, row_id


class ConsentRow(SQLModel, table=True):
    """The ledger, append-only: who allowed or forbade what, how, when, where, and what they had been shown.

    ``action`` is ``asked`` (a second tap is awaited), ``given`` or ``withdrawn``; ``allowed`` is true for
    ``given`` alone. ``wording`` is the buyer's own, ``shown`` the text they answered, ``version`` that of its
    script, ``message_ids`` the platform's ids of what was said and tapped.
    """

    __tablename__ = "consents"
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    buyer_id: int | None = Field(default=None, sa_type=ID)
    channel: str = preset("")
    account: str = preset("")
    purpose: str
    action: str
    allowed: bool
    how: str = preset("word")
    wording: str = preset("", sa_type=Text)
    shown: str = preset("", sa_type=Text)
    version: str = preset("")
    message_ids: str = preset("[]", sa_type=Text)
    at: datetime = instant()


class TouchpointRow(SQLModel, table=True):
    """One flow's own beginning with one buyer about one order, and what became of it last.

    ``due_at`` is when it is due now, ``at`` when this was noted, ``sent_at`` when it was said.
    """

    __tablename__ = "touchpoints"
    __table_args__ = (UniqueConstraint("conversation_id", "key", name="uq_touchpoints"),)
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id")
    buyer_id: int | None = Field(default=None, sa_type=ID, index=True)
    key: str
    flow: str
    purpose: str
    order_id: str = preset("")
    variant: str = preset("")
    fate: str
    reason: str = preset("")
    due_at: datetime | None = instant(optional=True)
    at: datetime = instant()
    sent_at: datetime | None = instant(optional=True)
    created_at: datetime = instant()


class PreferenceRow(SQLModel, table=True):
    """What a buyer told of themselves; the latest per name counts, in all their chats."""

    __tablename__ = "preferences"
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    buyer_id: int | None = Field(default=None, sa_type=ID)
    name: str
    value: str = Field(sa_type=Text)
    at: datetime = instant()


class OrderTagRow(SQLModel, table=True):
    """A tag that the shop has put on an order, for the chats that are tied to it later.

    The order is no foreign key: its tag may come before it.
    """

    __tablename__ = "order_tags"
    order_id: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    at: datetime = instant()


class OfferRow(SQLModel, table=True):
    """A code that was offered: how much off, for which products (none: any), until when."""

    __tablename__ = "offers"
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    buyer_id: int | None = Field(default=None, sa_type=ID)
    order_id: str = preset("")
    flow: str
    code: str
    percent: int
    skus: str = preset("[]", sa_type=Text)
    until: datetime = instant()
    personal: bool = preset(default=True)
    at: datetime = instant()


class BrakeRow(SQLModel, table=True):
    """Why ratings and offers rest, since when; one row per reason holds at a time."""

    __tablename__ = "brakes"
    __table_args__ = (
        Index(
            "uq_brakes_held",
            "conversation_id",
            "reason",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id")
    buyer_id: int | None = Field(default=None, sa_type=ID)
    reason: str
    since: datetime = instant()
    lifted_at: datetime | None = instant(optional=True)


class ScriptRow(SQLModel, table=True):
    """One version of a flow's text. ``published_at`` is when it last became the current one."""

    __tablename__ = "scripts"
    flow: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    published_at: datetime = instant()


class MailRow(SQLModel, table=True):
    """A touchpoint that the shop is asked to mail, because no chat can be written to."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("conversation_id", "key", name="uq_mails"),
        Index(
            "ix_mails_due",
            "due_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
    )
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id")
    buyer_id: int | None = Field(default=None, sa_type=ID)
    key: str
    flow: str
    purpose: str
    order_id: str = preset("")
    status: str = preset("waiting")
    due_at: datetime = instant()
    attempts: int = preset(0)
    detail: str | None = None
    created_at: datetime = instant()
