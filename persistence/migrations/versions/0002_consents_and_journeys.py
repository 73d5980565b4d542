"""Consents become a ledger; journeys get tables of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key() -> sa.Column[int]:
    return sa.Column("id", _ID, autoincrement=True, nullable=False)


def _word(name: str) -> sa.Column[str]:
    """A column that old rows have too, empty."""
    return sa.Column(name, sa.String(), server_default="", nullable=False)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("buyers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("journey", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("promised_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        for name in ("flow", "step", "variant", "touchpoint"):
            batch_op.add_column(_word(name))
        batch_op.create_index(
            "ix_outbox_touchpoint",
            ["conversation_id", "touchpoint"],
            unique=False,
            sqlite_where=sa.text("touchpoint <> ''"),
            postgresql_where=sa.text("touchpoint <> ''"),
        )
    _make_the_ledger()

    op.create_table(
        "touchpoints",
        _key(),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("buyer_id", _ID, nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "key", name="uq_touchpoints"),
    )
    with op.batch_alter_table("touchpoints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_touchpoints_buyer_id"), ["buyer_id"], unique=False)

    op.create_table(
        "preferences",
        _key(),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("buyer_id", _ID, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("preferences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_preferences_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "offers",
        _key(),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("buyer_id", _ID, nullable=True),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("skus", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offers_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "brakes",
        _key(),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("buyer_id", _ID, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("brakes", schema=None) as batch_op:
        batch_op.create_index(
            "uq_brakes_held",
            ["conversation_id", "reason"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "scripts",
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("flow", "version"),
    )
    op.create_table(
        "mails",
        _key(),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("buyer_id", _ID, nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "key", name="uq_mails"),
    )
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mails_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("status = 'waiting'"),
            postgresql_where=sa.text("status = 'waiting'"),
        )


def _make_the_ledger() -> None:
    """Old rows stay: what was their source becomes the wording; where they came from is looked up."""
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.alter_column("source", new_column_name="wording", type_=sa.Text(), existing_nullable=False)
        batch_op.add_column(sa.Column("buyer_id", _ID, nullable=True))
        for name in ("channel", "account", "action", "version"):
            batch_op.add_column(_word(name))
        batch_op.add_column(sa.Column("how", sa.String(), server_default="word", nullable=False))
        batch_op.add_column(sa.Column("shown", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("message_ids", sa.Text(), server_default="[]", nullable=False))
    op.execute(
        """
        UPDATE consents SET
            action = CASE WHEN allowed THEN 'given' ELSE 'withdrawn' END,
            channel = (SELECT c.channel FROM conversations AS c WHERE c.id = consents.conversation_id),
            account = (SELECT c.account FROM conversations AS c WHERE c.id = consents.conversation_id),
            buyer_id = (SELECT c.buyer_id FROM conversations AS c WHERE c.id = consents.conversation_id)
        """
    )


def downgrade() -> None:
    """Undo."""
    for name in ("mails", "scripts", "brakes", "offers", "preferences", "touchpoints"):
        op.drop_table(name)
    with op.batch_alter_table("consents", schema=None) as batch_op:
        for name in ("message_ids", "shown", "how", "version", "action", "account", "channel", "buyer_id"):
            batch_op.drop_column(name)
        batch_op.alter_column("wording", new_column_name="source", type_=sa.String(), existing_nullable=False)
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_touchpoint",
            sqlite_where=sa.text("touchpoint <> ''"),
            postgresql_where=sa.text("touchpoint <> ''"),
        )
        for name in ("touchpoint", "variant", "step", "flow"):
            batch_op.drop_column(name)
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        batch_op.drop_column("promised_at")
    with op.batch_alter_table("buyers", schema=None) as batch_op:
        batch_op.drop_column("journey")
