"""The search's tables: the folded words of messages and notes, and those by which people are found.

Beside them each engine keeps an index of its own over ``words``, made by hand in the migration: SQLite two
FTS5 tables that triggers keep in step, PostgreSQL two GIN indexes. `APART` are their names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from persistence.columns import ID, instant, row_id

WORDS_OF: Final = {"search_docs": "search_docs_words", "search_people": "search_people_words"}
"""The FTS5 table over each table's words."""

APART: Final = frozenset(
    {
        *WORDS_OF.values(),
        *(f"{name}_{part}" for name in WORDS_OF.values() for part in ("data", "idx", "docsize", "config")),
        *(f"ix_{name}" for name in WORDS_OF.values()),
    }
)
"""Tables and indexes that belong to one engine alone, and that no class describes."""


class SearchDocRow(SQLModel, table=True):
    """The words of one message or note (`dialogs.folding`): personal data like the text itself.

    ``kind`` and ``ref`` name the row it comes from: ``i`` inbox, ``o`` outbox, ``n`` a note of an agent's.
    Ids follow the time, as nearly as batches do: the newest finds have the highest.
    """

    __tablename__ = "search_docs"
    __table_args__ = (UniqueConstraint("kind", "ref", name="uq_search_docs"),)
    id: int = row_id()
    kind: str
    ref: int = Field(sa_type=ID)
    conversation_id: int = Field(sa_type=ID, index=True)
    at: datetime = instant()
    words: str = Field(sa_type=Text)


class SearchPersonRow(SQLModel, table=True):
    """The words by which the person of a conversation is found: names, addresses, numbers, their orders."""

    __tablename__ = "search_people"
    conversation_id: int = Field(sa_type=ID, primary_key=True)
    words: str = Field(sa_type=Text)
