"""The desk: who has a conversation, what happened there, what agents work with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_THE_DESK = "status IN ('waiting', 'agent', 'snoozed', 'pending')"
_WAITING = "status = 'waiting' AND lane = 'message'"
_TOUCHPOINT = ("conversation_id", "touchpoint")
_UNASKED = "touchpoint <> ''"
_QUEUE = ["status", "priority", "answer_by", "waiting_since", "id"]
_MARKS = "kind IN ('reaction', 'edited', 'unsent')"
_MOMENTS = ("answer_by", "snoozed_until", "quiet_at", "desk_due_at")
_ENDS = ("cause", "resolved_by")
_FLOORS = ("ix_conversations_desk", "ix_conversations_assignee", "ix_conversations_desk_due")

_FORWARD = (
    # Whoever waits goes on waiting for what they were promised. Alarms count as rung: who knows how long ago.
    """
    UPDATE conversations SET floor = 'agent', alarmed = 2,
        priority = coalesce((SELECT max(priority) FROM handoffs
            WHERE conversation_id = conversations.id AND resolved_at IS NULL), 0),
        answer_by = (SELECT min(promised_at) FROM handoffs
            WHERE conversation_id = conversations.id AND resolved_at IS NULL)
    WHERE status = 'waiting'
    """,
    # Somebody had typed in the platform's app, or an agent had been given the floor without a case.
    """
    UPDATE conversations SET floor = 'phone', status = 'pending' WHERE status = 'open' AND floor = 'human'
    """,
    "UPDATE conversations SET floor = 'bot' WHERE floor = 'human'",
    "UPDATE conversations SET status = 'bot' WHERE status = 'open'",
)
_BACK = (
    "UPDATE conversations SET status = 'waiting' WHERE status IN ('agent', 'snoozed') AND floor <> 'phone'",
    "UPDATE conversations SET status = 'waiting' WHERE status = 'pending' AND floor = 'agent'",
    "UPDATE conversations SET status = 'open' WHERE status NOT IN ('waiting', 'erased')",
    "UPDATE conversations SET floor = 'human' WHERE floor <> 'bot'",
)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assignee_id", _ID, nullable=True))
        batch_op.add_column(sa.Column("team_id", _ID, nullable=True))
        for name in ("priority", "alarmed"):
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        for name in _MOMENTS:
            batch_op.add_column(_moment(name))
        _index(batch_op, "ix_conversations_desk", _QUEUE, _AT_THE_DESK)
        _index(batch_op, "ix_conversations_assignee", ["assignee_id", "id"], "assignee_id IS NOT NULL")
        _index(batch_op, "ix_conversations_desk_due", ["desk_due_at"], "desk_due_at IS NOT NULL")
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        for name in ("claimed_at", "answered_at"):
            batch_op.add_column(_moment(name))
        for name in _ENDS:
            batch_op.add_column(sa.Column(name, sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("corrected", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(_moment("undo_until"))
        batch_op.drop_index("ix_outbox_history")
        batch_op.create_index("ix_outbox_history", ["conversation_id", "created_at", "id"], unique=False)
        batch_op.drop_index("ix_outbox_touchpoint")
        _index(batch_op, "ix_outbox_touchpoint", [*_TOUCHPOINT, "created_at"], _UNASKED)
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_history")
        batch_op.create_index("ix_inbox_history", ["conversation_id", "at", "id"], unique=False)
        _index(batch_op, "ix_inbox_marks", ["conversation_id", "at"], _MARKS)
        batch_op.drop_index("ix_inbox_conversation")
        _index(batch_op, "ix_inbox_conversation", ["conversation_id", "lane", "at", "id"], _WAITING)
    unseen = sa.text("seen_at IS NULL")
    op.create_index("ix_notices_unseen", "notices", ["id"], sqlite_where=unseen, postgresql_where=unseen)
    for statement in _FORWARD:
        op.execute(statement)
    _what_happens()
    _what_agents_work_with()
    _what_must_be_done()


def downgrade() -> None:
    """Undo."""
    for name in (
        "merges", "service_requests", "alarms", "canned_replies", "saved_filters", "conversation_labels",
        "labels", "team_members", "teams", "presence", "drafts", "agent_notes", "desk_events",
    ):  # fmt: skip
        op.drop_table(name)
    op.drop_index("ix_notices_unseen", "notices")
    for statement in _BACK:
        op.execute(statement)
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_marks")
        batch_op.drop_index("ix_inbox_conversation")
        _index(batch_op, "ix_inbox_conversation", ["conversation_id", "at", "id"], _WAITING)
        batch_op.drop_index("ix_inbox_history")
        batch_op.create_index("ix_inbox_history", ["conversation_id", "id"], unique=False)
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_history")
        batch_op.create_index("ix_outbox_history", ["conversation_id", "id"], unique=False)
        batch_op.drop_index("ix_outbox_touchpoint")
        _index(batch_op, "ix_outbox_touchpoint", [*_TOUCHPOINT], _UNASKED)
        batch_op.drop_column("undo_until")
    with op.batch_alter_table("handoffs", schema=None) as batch_op:
        for name in ("corrected", *_ENDS, "answered_at", "claimed_at"):
            batch_op.drop_column(name)
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        for name in _FLOORS:
            batch_op.drop_index(name)
        for name in ("assignee_id", "team_id", "priority", "alarmed", *_MOMENTS):
            batch_op.drop_column(name)


def _what_happens() -> None:
    op.create_table(
        "desk_events",
        *_row(),
        _place(),
        _moment("at", nullable=False),
        _word("kind"),
        _word("actor"),
        _word("reason"),
        _text("detail"),
        sa.Column("key", sa.String(), nullable=True),
        sa.UniqueConstraint("key"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
    )
    op.create_index("ix_desk_events_history", "desk_events", ["conversation_id", "at", "id"])
    op.create_table(
        "agent_notes",
        *_row(),
        _place(),
        _word("author"),
        _text("text"),
        _text("mentions"),
        _moment("at", nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.UniqueConstraint("key"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
    )
    op.create_index("ix_agent_notes_history", "agent_notes", ["conversation_id", "at", "id"])
    op.create_table(
        "alarms",
        *_row(),
        sa.Column("conversation_id", _ID, nullable=True),
        _word("kind"),
        _text("detail"),
        _word("key"),
        _moment("at", nullable=False),
        *map(_moment, ("mailed_at", "posted_at", "seen_at")),
        sa.Column("seen_by", _ID, nullable=True),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_alarms_conversation_id", "alarms", ["conversation_id"])
    _index(op, "ix_alarms_unmailed", ["id"], "mailed_at IS NULL", "alarms")
    _index(op, "ix_alarms_unposted", ["id"], "posted_at IS NULL", "alarms")
    _index(op, "ix_alarms_unseen", ["at"], "seen_at IS NULL", "alarms")


def _what_agents_work_with() -> None:
    op.create_table(
        "drafts",
        _place(),
        sa.Column("account_id", _ID, nullable=False),
        _text("text"),
        _moment("at", nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "account_id"),
    )
    op.create_table(
        "presence",
        _place(),
        sa.Column("account_id", _ID, nullable=False),
        _moment("seen_at", nullable=False),
        _moment("typed_at"),
        sa.PrimaryKeyConstraint("conversation_id", "account_id"),
    )
    op.create_index("ix_presence_seen_at", "presence", ["seen_at"])
    op.create_table("teams", *_row(), _word("name"), _text("reasons"), sa.UniqueConstraint("name"))
    op.create_table(
        "team_members",
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("team_id", "account_id"),
    )
    op.create_table("labels", *_row(), _word("name"), _word("colour"), sa.UniqueConstraint("name"))
    op.create_table(
        "conversation_labels",
        _place(),
        sa.Column("label_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "label_id"),
    )
    op.create_index("ix_conversation_labels_label_id", "conversation_labels", ["label_id"])
    op.create_table(
        "saved_filters", *_row(), sa.Column("account_id", _ID, nullable=True), _word("name"), _text("query")
    )
    op.create_index("ix_saved_filters_account_id", "saved_filters", ["account_id"])
    op.create_table(
        "canned_replies",
        *_row(),
        _word("shortcut"),
        _word("title"),
        _text("de"),
        _text("de_sie"),
        _text("en"),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("changed_by", _ID, nullable=True),
        _moment("changed_at", nullable=False),
        sa.UniqueConstraint("shortcut"),
    )


def _what_must_be_done() -> None:
    op.create_table(
        "service_requests",
        *_row(),
        _place(),
        sa.Column("order_id", sa.String(), nullable=True),
        _word("kind"),
        _word("status"),
        _text("detail"),
        _word("by"),
        _moment("at", nullable=False),
        sa.Column("done_by", sa.String(), nullable=True),
        _moment("done_at"),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("handover", sa.String(), server_default="", nullable=False),
        _moment("due_at"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.UniqueConstraint("key"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
    )
    op.create_index("ix_service_requests_conversation_id", "service_requests", ["conversation_id"])
    op.create_index("ix_service_requests_order_id", "service_requests", ["order_id"])
    op.create_index("ix_service_requests_status", "service_requests", ["status", "at"])
    _index(op, "ix_service_requests_due", ["due_at"], "handover = 'waiting'", "service_requests")
    op.create_table(
        "merges",
        *_row(),
        sa.Column("kept_id", _ID, nullable=False),
        sa.Column("merged_id", _ID, nullable=False),
        _text("moved"),
        _word("by"),
        _moment("at", nullable=False),
        _moment("undone_at"),
        sa.Column("undone_by", sa.String(), nullable=True),
    )
    for name in ("kept_id", "merged_id"):
        op.create_index(f"ix_merges_{name}", "merges", [name])


def _row() -> tuple[sa.Column[int], sa.PrimaryKeyConstraint]:
    return sa.Column("id", _ID, autoincrement=True, nullable=False), sa.PrimaryKeyConstraint("id")


def _place() -> sa.Column[int]:
    return sa.Column("conversation_id", _ID, nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _index(on: Any, name: str, columns: list[str], where: str, table: str | None = None) -> None:
    """Make a partial index: ``on`` is a batch, or `op` with the ``table``."""
    words = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    if table is None:
        on.create_index(name, columns, unique=False, **words)
    else:
        on.create_index(name, table, columns, unique=False, **words)
