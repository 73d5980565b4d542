"""Tables of the template watch: when each account's templates are read, and what was found last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from persistence.columns import instant, preset


class TemplateAccountRow(SQLModel, table=True):
    """One channel account whose templates are read next at ``due_at``.

    ``read_at`` is when that last succeeded, ``trouble`` why it does not at present (empty: it does).
    """

    __tablename__ = "template_accounts"
    channel: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    due_at: datetime = instant()
    read_at: datetime | None = instant(optional=True)
    trouble: str = preset("")


class TemplateStatusRow(SQLModel, table=True):
    """What the platform last said of one template that the scripts use; ``buttons`` is JSON.

    ``told`` is what was wrong with it when the owner was last told (empty: nothing).
    """

    __tablename__ = "template_status"
    channel: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    status: str
    category: str = preset("")
    body: str = preset("", sa_type=Text)
    buttons: str = preset("[]", sa_type=Text)
    header: str = preset("")
    reason: str = preset("")
    quality: str = preset("")
    told: str = preset("")
