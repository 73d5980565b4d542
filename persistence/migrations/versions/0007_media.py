"""Media of messages, what agents upload, and mails to the shop's own people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITING = sa.text("status = 'waiting'")
_MEDIA = sa.text("kind = 'media'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "media",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("conversation_id", _ID, nullable=True),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index("ix_media_created_at", ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_media_conversation_id"), ["conversation_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # Pictures and films are compressed already; as they are, a part can be read without the rest.
        op.execute("ALTER TABLE media ALTER COLUMN body SET STORAGE EXTERNAL")
    op.create_table(
        "message_media",
        sa.Column("inbox_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("media_id", _ID, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("inbox_id", "position"),
    )
    with op.batch_alter_table("message_media", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_media_due", ["due_at"], unique=False, sqlite_where=_WAITING, postgresql_where=_WAITING
        )
        batch_op.create_index(batch_op.f("ix_message_media_media_id"), ["media_id"], unique=False)
    op.create_index(
        "ix_inbox_media", "inbox", ["received_at"], unique=False, sqlite_where=_MEDIA, postgresql_where=_MEDIA
    )
    op.create_table(
        "letters",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("alarm_id", _ID, nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(
        "ix_letters_due",
        "letters",
        ["due_at"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("letters")
    op.drop_index("ix_inbox_media", table_name="inbox")
    op.drop_table("message_media")
    op.drop_table("media")
