"""Full-text search, and indexes for the desk's pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEYS = {"search_docs": "id", "search_people": "conversation_id"}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "search_docs",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", _ID, nullable=False),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "ref", name="uq_search_docs"),
    )
    with op.batch_alter_table("search_docs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_docs_conversation_id"), ["conversation_id"], unique=False)
    op.create_table(
        "search_people",
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    for table, key in _KEYS.items():
        if op.get_bind().dialect.name == "sqlite":
            _index_words(table, key)
        else:
            # Words are folded already (ASCII, one space between them), so nothing is left to parse. Without a
            # list of what is still to be sorted in: searches would read it through, and nobody waits for the
            # room that writes here.
            op.execute(
                f"CREATE INDEX ix_{table}_words ON {table} "
                "USING gin (array_to_tsvector(string_to_array(words, ' '))) WITH (fastupdate = off)"
            )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index("ix_conversations_status")
        batch_op.create_index("ix_conversations_status", ["status", "heard_at", "id"], unique=False)
        batch_op.create_index("ix_conversations_created_at", ["created_at"], unique=False)
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.create_index("ix_handoffs_reason", ["reason"], unique=False)
        batch_op.create_index("ix_handoffs_why", ["why"], unique=False)
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_failed",
            ["status", "conversation_id"],
            unique=False,
            sqlite_where=sa.text("status = 'failed'"),
            postgresql_where=sa.text("status = 'failed'"),
        )


def _index_words(table: str, key: str) -> None:
    """SQLite: an FTS5 table that holds no text of its own, and the triggers that keep it in step.

    ``detail=none``: where in a text a word stands is looked for in the few texts that are shown.
    """
    words = f"{table}_words"
    op.execute(
        f"CREATE VIRTUAL TABLE {words} USING fts5(words, content='{table}', content_rowid='{key}', "
        "tokenize='unicode61 remove_diacritics 2', prefix='2 3', detail=none)"
    )
    gone = f"INSERT INTO {words} ({words}, rowid, words) VALUES ('delete', old.{key}, old.words);"  # noqa: S608 - our own names
    come = f"INSERT INTO {words} (rowid, words) VALUES (new.{key}, new.words);"  # noqa: S608 - as above
    for name, when, what in (
        ("ai", "AFTER INSERT", come),
        ("ad", "AFTER DELETE", gone),
        ("au", f"AFTER UPDATE OF words, {key}", gone + come),
    ):
        op.execute(f"CREATE TRIGGER {table}_{name} {when} ON {table} BEGIN {what} END")


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_failed",
            sqlite_where=sa.text("status = 'failed'"),
            postgresql_where=sa.text("status = 'failed'"),
        )
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.drop_index("ix_handoffs_why")
        batch_op.drop_index("ix_handoffs_reason")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_index("ix_conversations_created_at")
        batch_op.drop_index("ix_conversations_status")
        batch_op.create_index("ix_conversations_status", ["status", "waiting_since"], unique=False)
    for table in _KEYS:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TABLE {table}_words")
        op.drop_table(table)
