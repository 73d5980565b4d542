"""What columns of all tables are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer
from sqlmodel import Field

from persistence.database import Instant

ID: Final = BigInteger().with_variant(Integer, "sqlite")
"""The house's own ids; SQLite counts only a plain integer by itself."""


def row_id() -> Any:
    """Declare the key that the database counts."""
    return Field(default=None, sa_column=Column(ID, primary_key=True, autoincrement=True))


def preset(default: Any, **more: Any) -> Any:
    """Declare a default that Core inserts get too, not only the class."""
    return Field(default=default, sa_column_kwargs={"default": default}, **more)


def instant(*, default: datetime | None = None, optional: bool = False) -> Any:
    """Declare a moment (see `Instant`)."""
    if optional:
        return Field(default=None, sa_type=Instant, nullable=True)
    return preset(default, sa_type=Instant) if default is not None else Field(sa_type=Instant)
