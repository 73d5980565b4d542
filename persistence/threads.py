"""A conversation's columns as the desk's state machine knows them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.engine import Row

from dialogs.handoff import Thread, due_at
from persistence.tables import Conversation, table

_conversations = table(Conversation)

COLUMNS: Final = tuple(
    _conversations.c[name]
    for name in (
        "status",
        "floor",
        "assignee_id",
        "team_id",
        "priority",
        "answer_by",
        "alarmed",
        "snoozed_until",
        "quiet_at",
        "waiting_since",
    )
)
"""The columns that make up a thread."""


def thread_of(row: Row[Any] | Mapping[str, Any]) -> Thread:
    """Return the thread that a row with all `COLUMNS` holds. The row must not be an erased one's."""
    values = row if isinstance(row, Mapping) else row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Thread(
        status=values["status"],
        floor=values["floor"],
        assignee=values["assignee_id"],
        team=values["team_id"],
        priority=values["priority"],
        answer_by=values["answer_by"],
        alarmed=values["alarmed"],
        snoozed_until=values["snoozed_until"],
        quiet_at=values["quiet_at"],
        waiting_since=values["waiting_since"],
    )


def values_of(thread: Thread, lead: timedelta) -> dict[str, Any]:
    """Return what a thread's columns must hold; ``lead`` is how long before a promise breaks it rings."""
    return {
        "status": thread.status,
        "floor": thread.floor,
        "assignee_id": thread.assignee,
        "team_id": thread.team,
        "priority": thread.priority,
        "answer_by": thread.answer_by,
        "alarmed": thread.alarmed,
        "snoozed_until": thread.snoozed_until,
        "quiet_at": thread.quiet_at,
        "waiting_since": thread.waiting_since,
        "desk_due_at": due_at(thread, lead),
    }


def lock(connection: Connection, conversation_id: int) -> Row[Any] | None:
    """Return a conversation's `COLUMNS` and its id; nobody else changes it until the transaction ends."""
    return connection.execute(
        select(_conversations.c.id, *COLUMNS).where(_conversations.c.id == conversation_id).with_for_update()
    ).one_or_none()
