"""Every table, as SQLModel classes. Stores use their Core tables; pages may use the classes.

Rows carry the house's own integer ids; platforms' ids are strings. Moments are UTC (`Instant`). JSON is text:
nothing is ever searched inside it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from persistence import (  # noqa: F401 - their tables belong to the same schema
    tables_desk,
    tables_journeys,
    tables_letters,
    tables_media,
    tables_people,
    tables_search,
    tables_telegram,
    tables_templates,
)
from persistence.columns import ID, instant, preset, row_id
from persistence.database import EPOCH, Money

_AT_THE_DESK: Final = "status IN ('waiting', 'agent', 'snoozed', 'pending')"
_URGENCY: Final = ("status", "priority", "answer_by", "waiting_since", "id")
_MARKS: Final = "kind IN ('reaction', 'edited', 'unsent')"


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Buyer(SQLModel, table=True):
    """A person who bought. Contacts tell how they can be written to, orders what they bought.

    ``told`` says of each field when it was last told (microseconds): late orders do not turn time back.
    ``journey`` counts what was said to them unasked, in any chat, and what forbids it: see
    `persistence.journeys`.
    """

    __tablename__ = "buyers"
    id: int = row_id()
    external_id: str | None = Field(default=None, unique=True)
    name: str | None = None
    email: str | None = Field(default=None, index=True)
    phone: str | None = Field(default=None, index=True)
    language: str | None = None
    country: str | None = None
    birthday: date | None = None
    told: str = preset("{}", sa_type=Text)
    journey: int = preset(0)
    created_at: datetime = instant()


class Conversation(SQLModel, table=True):
    """One thread with one person on one channel account: its state, its version, and when it needs a turn.

    ``due_at`` is when somebody must look (NULL: nothing waits). A claim moves it to the end of the lease, an
    arrival pulls it back to now; so a crash in between needs no repair. ``version`` alone decides whether a
    turn counts.

    ``status`` and ``floor`` say who has it, with the columns from ``assignee_id`` on: see `dialogs.handoff`.
    Nobody writes them but `persistence.desk_actions`. ``desk_due_at`` is when the clock must look next.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index(
            "ix_conversations_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_conversations_status", "status", "heard_at", "id"),
        Index("ix_conversations_created_at", "created_at"),
        _partial("ix_conversations_desk", *_URGENCY, where=_AT_THE_DESK),
        _partial("ix_conversations_assignee", "assignee_id", "id", where="assignee_id IS NOT NULL"),
        _partial("ix_conversations_desk_due", "desk_due_at", where="desk_due_at IS NOT NULL"),
    )
    id: int = row_id()
    channel: str
    account: str
    address: str
    buyer_id: int | None = Field(default=None, sa_type=ID, foreign_key="buyers.id", index=True)
    name: str | None = None
    language: str | None = None
    state: str = preset("{}", sa_type=Text)
    version: int = preset(0)
    due_at: datetime | None = instant(optional=True)
    leased_until: datetime = instant(default=EPOCH)
    attempts: int = preset(0)
    floor: str = preset("bot")
    status: str = preset("bot")
    waiting_since: datetime | None = instant(optional=True)
    assignee_id: int | None = Field(default=None, sa_type=ID)
    team_id: int | None = Field(default=None, sa_type=ID)
    priority: int = preset(0)
    answer_by: datetime | None = instant(optional=True)
    alarmed: int = preset(0)
    snoozed_until: datetime | None = instant(optional=True)
    quiet_at: datetime | None = instant(optional=True)
    desk_due_at: datetime | None = instant(optional=True)
    heard_at: datetime | None = instant(optional=True)
    texted_at: datetime | None = instant(optional=True)
    reachable: bool = preset(default=True)
    created_at: datetime = instant()


class ContactRow(SQLModel, table=True):
    """One id of one person on one channel account; several may lead to the same conversation."""

    __tablename__ = "contacts"
    __table_args__ = (UniqueConstraint("channel", "account", "external_id", name="uq_contacts"),)
    id: int = row_id()
    channel: str
    account: str
    external_id: str
    conversation_id: int = Field(sa_type=ID, index=True)
    phone: str | None = None
    username: str | None = None
    created_at: datetime = instant()


class InboxRow(SQLModel, table=True):
    """Every event that ever came, once per (source, external id, kind).

    A message is ``new`` until it is sorted; until then ``contact`` says who sent it.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "external_id", "kind", name="uq_inbox"),
        Index(
            "ix_inbox_new",
            "status",
            "id",
            sqlite_where=text("status = 'new'"),
            postgresql_where=text("status = 'new'"),
        ),
        Index(
            "ix_inbox_conversation",
            "conversation_id",
            "lane",  # always the same here; by it SQLite prefers this index to that of the whole history
            "at",
            "id",
            sqlite_where=text("status = 'waiting' AND lane = 'message'"),
            postgresql_where=text("status = 'waiting' AND lane = 'message'"),
        ),
        Index(
            "ix_inbox_lane",
            "lane",
            "due_at",
            sqlite_where=text("status = 'waiting' AND lane <> 'message'"),
            postgresql_where=text("status = 'waiting' AND lane <> 'message'"),
        ),
        Index("ix_inbox_history", "conversation_id", "at", "id"),
        Index(
            "ix_inbox_media",
            "received_at",
            sqlite_where=text("kind = 'media'"),
            postgresql_where=text("kind = 'media'"),
        ),
        _partial("ix_inbox_marks", "conversation_id", "at", where=_MARKS),
    )
    id: int = row_id()
    source: str
    external_id: str
    kind: str
    lane: str
    conversation_id: int | None = Field(default=None, sa_type=ID)
    at: datetime = instant()
    received_at: datetime = instant()
    due_at: datetime = instant()
    event: str = Field(sa_type=Text)
    contact: str | None = Field(default=None, sa_type=Text)
    standby: bool = preset(default=False)
    status: str = preset("waiting")
    attempts: int = preset(0)
    turn: int | None = None


class TurnRow(SQLModel, table=True):
    """One turn that counted: which version of the conversation it made, and what it was about."""

    __tablename__ = "turns"
    conversation_id: int = Field(sa_column=Column(ID, primary_key=True))
    version: int = Field(primary_key=True)
    at: datetime = instant()
    flow: str | None = None
    step: str | None = None
    heard: str = preset("{}", sa_type=Text)


class OutboxRow(SQLModel, table=True):
    """One message to a person, from the turn that wrote it to the last mark the platform sent.

    ``flow``, ``step`` and ``variant`` say which line of a script it is, ``touchpoint`` the key of what it
    belongs to if it is said unasked. What an agent says has ``turn`` = minus the id of its row in
    ``desk_events``, and can be taken back until ``undo_until``.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("conversation_id", "turn", "seq", name="uq_outbox"),
        Index(
            "ix_outbox_open",
            "conversation_id",
            "id",
            sqlite_where=text("status IN ('waiting', 'sending', 'unknown')"),
            postgresql_where=text("status IN ('waiting', 'sending', 'unknown')"),
        ),
        Index(
            "ix_outbox_due",
            "due_at",
            sqlite_where=text("status IN ('waiting', 'sending', 'unknown')"),
            postgresql_where=text("status IN ('waiting', 'sending', 'unknown')"),
        ),
        Index(
            "ix_outbox_parked",
            "conversation_id",
            sqlite_where=text("status = 'parked'"),
            postgresql_where=text("status = 'parked'"),
        ),
        Index("ix_outbox_external", "external_id"),
        Index(
            "ix_outbox_touchpoint",
            "conversation_id",
            "touchpoint",
            "created_at",
            sqlite_where=text("touchpoint <> ''"),
            postgresql_where=text("touchpoint <> ''"),
        ),
        Index("ix_outbox_history", "conversation_id", "created_at", "id"),
        Index(
            "ix_outbox_failed",
            "status",
            "conversation_id",
            sqlite_where=text("status = 'failed'"),
            postgresql_where=text("status = 'failed'"),
        ),
    )
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id")
    turn: int
    seq: int
    speaker: str = preset("bot")
    proactive: bool = preset(default=False)
    outgoing: str = Field(sa_type=Text)
    status: str = preset("waiting")
    due_at: datetime = instant()
    expires_at: datetime | None = instant(optional=True)
    undo_until: datetime | None = instant(optional=True)
    attempts: int = preset(0)
    created_at: datetime = instant()
    sending_at: datetime | None = instant(optional=True)
    sent_at: datetime | None = instant(optional=True)
    external_id: str | None = None
    delivery: str | None = None
    code: str | None = None
    detail: str | None = None
    price_category: str | None = None
    price_type: str | None = None
    flow: str = preset("")
    step: str = preset("")
    variant: str = preset("")
    touchpoint: str = preset("")


class PayloadRow(SQLModel, table=True):
    """The full payload behind a button key that had to be short."""

    __tablename__ = "payloads"
    key: str = Field(primary_key=True)
    payload: str


class ReminderRow(SQLModel, table=True):
    """Something to look at again later. Fires once, by becoming an event."""

    __tablename__ = "reminders"
    __table_args__ = (
        Index(
            "ix_reminders_due",
            "due_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "uq_reminders_waiting",
            "conversation_id",
            "name",
            unique=True,
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
    )
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id")
    name: str
    data: str = preset("{}", sa_type=Text)
    due_at: datetime = instant()
    status: str = preset("waiting")
    created_at: datetime = instant()


class OrderRow(SQLModel, table=True):
    """An order as the shop last described it. ``described_at`` keeps late deliveries from turning time back.

    ``described_by`` decides between two descriptions of one moment, so that their order of coming does not.
    """

    __tablename__ = "orders"
    id: str = Field(primary_key=True)
    number: str = preset("", index=True)
    currency: str = preset("")
    total: Decimal = preset(Decimal(0), sa_type=Money)
    refunded: Decimal = preset(Decimal(0), sa_type=Money)
    placed_at: datetime = instant()
    described_at: datetime = instant()
    described_by: str = preset("")
    buyer_id: int | None = Field(default=None, sa_type=ID, foreign_key="buyers.id", index=True)
    codes: str = preset("[]", sa_type=Text)
    test: bool = preset(default=False)


class ItemRow(SQLModel, table=True):
    """One line of an order."""

    __tablename__ = "order_items"
    order_id: str = Field(primary_key=True, foreign_key="orders.id")
    position: int = Field(primary_key=True)
    sku: str = Field(index=True)
    title: str
    quantity: int
    price: Decimal = Field(sa_type=Money)


class ParcelRow(SQLModel, table=True):
    """One shipment of an order."""

    __tablename__ = "parcels"
    order_id: str = Field(primary_key=True, foreign_key="orders.id")
    number: str = Field(primary_key=True)
    carrier: str | None = None
    url: str | None = None
    status: str | None = None
    told_at: datetime = instant()


class MilestoneRow(SQLModel, table=True):
    """When an order first reached a milestone."""

    __tablename__ = "milestones"
    order_id: str = Field(primary_key=True, foreign_key="orders.id")
    what: str = Field(primary_key=True)
    at: datetime = instant()


class EntryLinkRow(SQLModel, table=True):
    """A signed link that ties a chat to an order, once."""

    __tablename__ = "entry_links"
    code: str = Field(primary_key=True)
    order_id: str = Field(foreign_key="orders.id", index=True)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)
    conversation_id: int | None = Field(default=None, sa_type=ID, foreign_key="conversations.id")


class BindingRow(SQLModel, table=True):
    """That a conversation belongs to an order, since when, by which link, and whether it was taken back."""

    __tablename__ = "bindings"
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    order_id: str = Field(foreign_key="orders.id", index=True)
    code: str | None = None
    previous_buyer_id: int | None = Field(default=None, sa_type=ID)
    bound_at: datetime = instant()
    undone_at: datetime | None = instant(optional=True)


class RatingRow(SQLModel, table=True):
    """A rating from 1 to 5. The latest row per conversation and order counts; earlier ones stay."""

    __tablename__ = "ratings"
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    order_id: str | None = None
    sku: str | None = None
    score: int
    comment: str | None = None
    at: datetime = instant()


class HandoffRow(SQLModel, table=True):
    """A conversation that needs a human: why, with what evidence, and how urgent (-1 low to 2 urgent).

    ``reason`` is the script's word, ``why`` is triage's (empty: a script alone decided). ``claimed_at`` and
    ``answered_at`` are when somebody first took it and first wrote; ``cause`` and ``resolved_by`` (an actor)
    how it ended. ``corrected`` is what an agent said it really was (JSON), empty if nobody did.
    """

    __tablename__ = "handoffs"
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    reason: str = Field(index=True)
    evidence: str = preset("[]", sa_type=Text)
    priority: int = preset(0)
    promised_at: datetime | None = instant(optional=True)
    at: datetime = instant()
    resolved_at: datetime | None = instant(optional=True)
    why: str = preset("", index=True)
    claimed_at: datetime | None = instant(optional=True)
    answered_at: datetime | None = instant(optional=True)
    cause: str = preset("")
    resolved_by: str = preset("")
    corrected: str = preset("", sa_type=Text)


class CorrectionRow(SQLModel, table=True):
    """What a person judged a message to mean: the newest judgement of each message, to learn from.

    ``key`` names the message: its row in the inbox, or its words where it has none there. ``chance`` is the
    probability (0 to 1) that the engine gave for a human being wanted, before it had learnt the message.
    """

    __tablename__ = "corrections"
    id: int = row_id()
    key: str = Field(unique=True)
    conversation_id: int | None = Field(default=None, sa_type=ID, foreign_key="conversations.id", index=True)
    inbox_id: int | None = Field(default=None, sa_type=ID, index=True)
    text: str = Field(sa_type=Text)
    language: str
    intent: str
    mood: str
    handoff: bool
    chance: float | None = None
    by: str = preset("")
    at: datetime = instant()


class NoteRow(SQLModel, table=True):
    """Something a person said in passing that the desk should see, such as an unchecked order number."""

    __tablename__ = "notes"
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    topic: str
    text: str = Field(sa_type=Text)
    at: datetime = instant()


class NoticeRow(SQLModel, table=True):
    """News for the owner: an account's limit, a template's fate, a turn set aside. Never personal data."""

    __tablename__ = "notices"
    __table_args__ = (
        Index(
            "ix_notices_unseen",
            "id",
            sqlite_where=text("seen_at IS NULL"),
            postgresql_where=text("seen_at IS NULL"),
        ),
    )
    id: int = row_id()
    topic: str
    detail: str = preset("{}", sa_type=Text)
    at: datetime = instant()
    seen_at: datetime | None = instant(optional=True)


class SettingRow(SQLModel, table=True):
    """A value that the program itself remembers, such as the sandbox's travelled time."""

    __tablename__ = "settings"
    key: str = Field(primary_key=True)
    value: str = Field(sa_type=Text)


def table(model: type[SQLModel]) -> Table:
    """Return the Core table of a model, for the hot path."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]  # SQLModel's metaclass adds it


metadata = SQLModel.metadata
