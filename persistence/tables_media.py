"""Tables of files: what came with people's messages, and what agents want to send."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from persistence.columns import ID, instant, preset, row_id


class MediaRow(SQLModel, table=True):
    """One file. ``mime`` is what we found it to be, never what somebody called it.

    ``conversation_id`` is the thread that an agent's file was uploaded in; what came with a buyer's message
    is found by `MessageMediaRow`. ``width`` and ``height`` are in pixels, ``size`` in bytes.
    """

    __tablename__ = "media"
    __table_args__ = (Index("ix_media_created_at", "created_at"),)
    id: int = row_id()
    type: str
    mime: str
    sha256: str
    size: int
    name: str = preset("", sa_type=Text)
    width: int | None = None
    height: int | None = None
    conversation_id: int | None = Field(default=None, sa_type=ID, index=True)
    uploaded_by: str = preset("")
    created_at: datetime = instant()
    body: bytes = Field(sa_type=LargeBinary)
    """Comes last: whoever reads the other columns does not have to step over it."""


class MessageMediaRow(SQLModel, table=True):
    """One attachment of a message in the inbox: the file, or why there is none.

    ``status`` is ``waiting`` (to be fetched at ``due_at``), ``stored``, ``failed`` or ``gone`` (it was here).
    """

    __tablename__ = "message_media"
    __table_args__ = (
        Index(
            "ix_message_media_due",
            "due_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
    )
    inbox_id: int = Field(sa_type=ID, primary_key=True)
    position: int = Field(primary_key=True)
    media_id: int | None = Field(default=None, sa_type=ID, index=True)
    status: str = preset("waiting")
    why: str = preset("")
    due_at: datetime = instant()
    attempts: int = preset(0)
