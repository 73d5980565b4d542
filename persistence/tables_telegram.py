"""Tables of the desk in Telegram groups: topics, what was posted there, and who the people there are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from persistence.columns import ID, instant, preset, row_id


class TelegramAgentRow(SQLModel, table=True):
    """That a person on Telegram is one of the accounts; an account may be several people's devices."""

    __tablename__ = "telegram_agents"
    user_id: str = Field(primary_key=True)
    account_id: int = Field(sa_type=ID, index=True)
    linked_at: datetime = instant()


class TelegramCodeRow(SQLModel, table=True):
    """A code by which somebody shows on Telegram that an account is theirs; only its hash is kept."""

    __tablename__ = "telegram_codes"
    code: str = Field(primary_key=True)
    account_id: int = Field(sa_type=ID, index=True)
    expires_at: datetime = instant()


class TelegramTopicRow(SQLModel, table=True):
    """The topic of a conversation in one of the groups.

    ``thread`` is Telegram's number of it (NULL: not opened yet, or gone). ``active`` tells that humans have
    to do with the conversation; ``closed``, ``name`` and ``shown`` (of the card ``card``) tell what stands
    there. ``due_at`` is when somebody must look; whoever does leases it until ``leased_until``, and ``dirty``
    tells that something changed meanwhile. ``stale`` asks for what was posted to be compared with what is so
    now. ``menu`` is what the card's buttons offer: ``""`` or ``causes``.
    """

    __tablename__ = "telegram_topics"
    __table_args__ = (
        Index("ix_telegram_topics_thread", "chat", "thread"),
        Index(
            "ix_telegram_topics_active",
            "conversation_id",
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
        Index(
            "ix_telegram_topics_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )
    id: int = row_id()
    conversation_id: int = Field(sa_type=ID, foreign_key="conversations.id", unique=True)
    chat: str
    thread: int | None = Field(default=None, sa_type=ID)
    name: str = preset("")
    active: bool = preset(default=True)
    closed: bool = preset(default=False)
    card: int | None = Field(default=None, sa_type=ID)
    shown: str = preset("")
    menu: str = preset("")
    stale: bool = preset(default=False)
    dirty: bool = preset(default=False)
    attempts: int = preset(0)
    due_at: datetime | None = instant(optional=True)
    leased_until: datetime | None = instant(optional=True)
    began_at: datetime = instant()


class TelegramItemRow(SQLModel, table=True):
    """That something of a thread stands in its topic, or never will: nothing is posted there twice.

    ``key`` is the thread's name for it (``i123``, ``o45``, ``e6``, ``n7``), or a file's (``i123.0``).
    ``post_id`` is what it was posted in; what was written on Telegram has none, but the number of its
    ``message``. ``mark`` is what is shown of its fate; ``watched`` as long as that may change.
    """

    __tablename__ = "telegram_items"
    __table_args__ = (
        Index("ix_telegram_items_post", "post_id"),
        Index(
            "ix_telegram_items_watched",
            "conversation_id",
            sqlite_where=text("watched"),
            postgresql_where=text("watched"),
        ),
    )
    conversation_id: int = Field(sa_type=ID, primary_key=True)
    key: str = Field(primary_key=True)
    inbox_id: int | None = Field(default=None, sa_type=ID)
    outbox_id: int | None = Field(default=None, sa_type=ID)
    post_id: int | None = Field(default=None, sa_type=ID)
    message: int | None = Field(default=None, sa_type=ID)
    mark: str = preset("")
    watched: bool = preset(default=False)
    at: datetime = instant()


class TelegramPostRow(SQLModel, table=True):
    """Something to be posted, or what was. Waits until ``due_at``, is *sent*, *dropped* or *failed*.

    ``kind`` is ``items`` (of a thread, read when it is posted), ``file`` (``media_id``) or ``words``
    (``text``). Without a ``topic_id`` it goes to the chat itself. ``messages`` (JSON) are Telegram's numbers
    of it, ``shown`` tells by a hash what stands there. ``key`` is what makes it the same post.
    """

    __tablename__ = "telegram_posts"
    __table_args__ = (
        Index(
            "ix_telegram_posts_waiting",
            "topic_id",
            "id",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_telegram_posts_topic", "topic_id", "id"),
    )
    id: int = row_id()
    chat: str
    topic_id: int | None = Field(default=None, sa_type=ID)
    kind: str
    text: str = preset("", sa_type=Text)
    buttons: str = preset("[]", sa_type=Text)
    reply_to: int | None = Field(default=None, sa_type=ID)
    media_id: int | None = Field(default=None, sa_type=ID)
    key: str | None = Field(default=None, unique=True)
    status: str = preset("waiting")
    due_at: datetime = instant()
    attempts: int = preset(0)
    messages: str = preset("[]")
    shown: str = preset("")
    detail: str = preset("")
    created_at: datetime = instant()
