"""The desk in Telegram groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DUE = sa.text("due_at IS NOT NULL")
_WAITING = sa.text("status = 'waiting'")
_ACTIVE = sa.text("active")
_WATCHED = sa.text("watched")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "telegram_agents",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_index("ix_telegram_agents_account_id", "telegram_agents", ["account_id"])
    op.create_table(
        "telegram_codes",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("ix_telegram_codes_account_id", "telegram_codes", ["account_id"])
    op.create_table(
        "telegram_topics",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", _ID, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("card", _ID, nullable=True),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("menu", sa.String(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id"),
    )
    op.create_index("ix_telegram_topics_thread", "telegram_topics", ["chat", "thread"])
    op.create_index(
        "ix_telegram_topics_active",
        "telegram_topics",
        ["conversation_id"],
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_index(
        "ix_telegram_topics_due", "telegram_topics", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE
    )
    op.create_table(
        "telegram_items",
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("inbox_id", _ID, nullable=True),
        sa.Column("outbox_id", _ID, nullable=True),
        sa.Column("post_id", _ID, nullable=True),
        sa.Column("message", _ID, nullable=True),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "key"),
    )
    op.create_index("ix_telegram_items_post", "telegram_items", ["post_id"])
    op.create_index(
        "ix_telegram_items_watched",
        "telegram_items",
        ["conversation_id"],
        sqlite_where=_WATCHED,
        postgresql_where=_WATCHED,
    )
    op.create_table(
        "telegram_posts",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("topic_id", _ID, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("buttons", sa.Text(), nullable=False),
        sa.Column("reply_to", _ID, nullable=True),
        sa.Column("media_id", _ID, nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("messages", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_telegram_posts_topic", "telegram_posts", ["topic_id", "id"])
    op.create_index(
        "ix_telegram_posts_waiting",
        "telegram_posts",
        ["topic_id", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Undo."""
    for name in ("posts", "items", "topics", "codes", "agents"):
        op.drop_table(f"telegram_{name}")
