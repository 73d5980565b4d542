"""The desk's tables: what happened to conversations there, and what agents work with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from persistence.columns import ID, instant, preset, row_id


def _only_where(name: str, column: str, condition: str) -> Index:
    return Index(name, column, sqlite_where=text(condition), postgresql_where=text(condition))


class DeskEventRow(SQLModel, table=True):
    """Something that happened to a conversation at the desk: who did what, and why. Never the buyer's words.

    ``actor`` is ``bot``, ``clock``, ``buyer``, ``phone``, ``console`` (the owner at the command line) or
    ``account:<id>``. ``key`` is the one that the doer gave: the same thing done again under it happens once.
    What ``detail`` (JSON) holds, `persistence.desk_events` says.
    """

    __tablename__ = "desk_events"
    __table_args__ = (Index("ix_desk_events_history", "conversation_id", "at", "id"),)
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id")
    at: datetime = instant()
    kind: str
    actor: str
    reason: str = preset("")
    detail: str = preset("{}", sa_type=Text)
    key: str | None = Field(default=None, unique=True)


class AgentNoteRow(SQLModel, table=True):
    """What agents tell each other beside a thread; the buyer never sees it.

    ``author`` is an actor (see `DeskEventRow`), ``mentions`` a list of accounts in JSON.
    """

    __tablename__ = "agent_notes"
    __table_args__ = (Index("ix_agent_notes_history", "conversation_id", "at", "id"),)
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id")
    author: str
    text: str = Field(sa_type=Text)
    mentions: str = preset("[]", sa_type=Text)
    at: datetime = instant()
    key: str | None = Field(default=None, unique=True)


class DraftRow(SQLModel, table=True):
    """What an agent has typed and not sent yet: it outlives the page."""

    __tablename__ = "drafts"
    conversation_id: int = Field(sa_type=ID, primary_key=True)
    account_id: int = Field(sa_type=ID, primary_key=True)
    text: str = Field(sa_type=Text)
    at: datetime = instant()


class PresenceRow(SQLModel, table=True):
    """Who has a thread open, and when they last typed there."""

    __tablename__ = "presence"
    __table_args__ = (Index("ix_presence_seen_at", "seen_at"),)
    conversation_id: int = Field(sa_type=ID, primary_key=True)
    account_id: int = Field(sa_type=ID, primary_key=True)
    seen_at: datetime = instant()
    typed_at: datetime | None = instant(optional=True)


class TeamRow(SQLModel, table=True):
    """A group of agents with a queue of its own; cases of the ``reasons`` (JSON) go there by themselves."""

    __tablename__ = "teams"
    id: int = row_id()
    name: str = Field(unique=True)
    reasons: str = preset("[]", sa_type=Text)


class TeamMemberRow(SQLModel, table=True):
    """Who belongs to a team."""

    __tablename__ = "team_members"
    team_id: int = Field(sa_type=ID, primary_key=True)
    account_id: int = Field(sa_type=ID, primary_key=True)


class LabelRow(SQLModel, table=True):
    """A label that agents put on conversations. ``colour`` is one of the design's names."""

    __tablename__ = "labels"
    id: int = row_id()
    name: str = Field(unique=True)
    colour: str = preset("grey")


class ConversationLabelRow(SQLModel, table=True):
    """That a conversation carries a label."""

    __tablename__ = "conversation_labels"
    conversation_id: int = Field(sa_type=ID, primary_key=True)
    label_id: int = Field(sa_type=ID, primary_key=True, index=True)


class SavedFilterRow(SQLModel, table=True):
    """A filter of the queue under a name; without ``account_id`` everybody has it."""

    __tablename__ = "saved_filters"
    id: int = row_id()
    account_id: int | None = Field(default=None, sa_type=ID, index=True)
    name: str
    query: str = Field(sa_type=Text)


class CannedReplyRow(SQLModel, table=True):
    """A reply that agents use again and again, with placeholders; ``/shortcut`` finds it.

    ``de`` is it in German (to buyers who are told "du"), ``de_sie`` to those who are told "Sie" where that
    differs, ``en`` in English.
    """

    __tablename__ = "canned_replies"
    id: int = row_id()
    shortcut: str = Field(unique=True)
    title: str
    de: str = preset("", sa_type=Text)
    de_sie: str = preset("", sa_type=Text)
    en: str = preset("", sa_type=Text)
    uses: int = preset(0)
    changed_by: int | None = Field(default=None, sa_type=ID)
    changed_at: datetime = instant()


class AlarmRow(SQLModel, table=True):
    """Something that people must be told at once: by the page, by Telegram, by mail, once each.

    ``kind`` is ``near`` or ``broken`` (a promise), ``waiting`` (an urgent case has come), ``mention``,
    ``failed`` (an agent's message did not reach the buyer) or ``notice``; ``key`` is what makes it the same
    alarm.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        _only_where("ix_alarms_unmailed", "id", "mailed_at IS NULL"),
        _only_where("ix_alarms_unposted", "id", "posted_at IS NULL"),
        _only_where("ix_alarms_unseen", "at", "seen_at IS NULL"),
    )
    id: int = row_id()
    conversation_id: int | None = Field(default=None, sa_type=ID, index=True)
    kind: str
    detail: str = preset("{}", sa_type=Text)
    key: str = Field(unique=True)
    at: datetime = instant()
    mailed_at: datetime | None = instant(optional=True)
    posted_at: datetime | None = instant(optional=True)
    seen_at: datetime | None = instant(optional=True)
    seen_by: int | None = Field(default=None, sa_type=ID)


class ServiceRequestRow(SQLModel, table=True):
    """Something that the shop must do for a buyer: refund, replacement, repair, gift, code or address.

    ``status`` is ``open``, ``done`` or ``cancelled``; ``detail`` (JSON) holds items, amount, address, words.
    ``handover`` is ``waiting``, ``sent`` or ``failed`` where the shop is told by its webhook, else empty;
    ``due_at`` is when it is told, ``problem`` why it could not be.
    """

    __tablename__ = "service_requests"
    __table_args__ = (
        Index("ix_service_requests_status", "status", "at"),
        _only_where("ix_service_requests_due", "due_at", "handover = 'waiting'"),
    )
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", index=True)
    order_id: str | None = Field(default=None, index=True)
    kind: str
    status: str = preset("open")
    detail: str = preset("{}", sa_type=Text)
    by: str
    at: datetime = instant()
    done_by: str | None = None
    done_at: datetime | None = instant(optional=True)
    key: str | None = Field(default=None, unique=True)
    handover: str = preset("")
    due_at: datetime | None = instant(optional=True)
    attempts: int = preset(0)
    problem: str | None = None


class MergeRow(SQLModel, table=True):
    """That two buyers are one person: ``merged_id`` went into ``kept_id``. ``moved`` (JSON) undoes it."""

    __tablename__ = "merges"
    id: int = row_id()
    kept_id: int = Field(sa_type=ID, index=True)
    merged_id: int = Field(sa_type=ID, index=True)
    moved: str = preset("{}", sa_type=Text)
    by: str
    at: datetime = instant()
    undone_at: datetime | None = instant(optional=True)
    undone_by: str | None = None
