"""The table of mails to the shop's own people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from persistence.columns import ID, instant, preset, row_id


class LetterRow(SQLModel, table=True):
    """A mail to an account: about an alarm, or about a topic of the owner's notices.

    ``key`` is what makes it the same mail. ``status`` is ``waiting``, ``sent``, ``failed``, or ``moot``: what
    it was about was over before it went out. Its words are found when it goes out.
    """

    __tablename__ = "letters"
    __table_args__ = (
        Index(
            "ix_letters_due",
            "due_at",
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
    )
    id: int = row_id()
    key: str = Field(unique=True)
    account_id: int = Field(sa_type=ID)
    alarm_id: int | None = Field(default=None, sa_type=ID)
    topic: str = preset("")
    status: str = preset("waiting")
    due_at: datetime = instant()
    attempts: int = preset(0)
    detail: str = preset("")
    created_at: datetime = instant()
