"""Erasure at the desk: that something was done there stays, of what was said there nothing does."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, update

from persistence.tables import Conversation, HandoffRow, table
from persistence.tables_desk import (
    AgentNoteRow,
    AlarmRow,
    ConversationLabelRow,
    DeskEventRow,
    DraftRow,
    PresenceRow,
    ServiceRequestRow,
)

_GONE = tuple(table(model) for model in (AgentNoteRow, DraftRow, PresenceRow, ConversationLabelRow, AlarmRow))
_events = table(DeskEventRow)
_requests = table(ServiceRequestRow)
_handoffs = table(HandoffRow)
_conversations = table(Conversation)


def erase(connection: Connection, conversations: Sequence[int]) -> None:
    """Erase what agents said of the buyers of these conversations, and let nobody have them any more.

    What was done, by whom and when, stays, and so do requests as numbers: the shop must account for them.
    """
    for kept in _GONE:
        connection.execute(delete(kept).where(kept.c.conversation_id.in_(conversations)))
    for told in (_events, _requests):
        connection.execute(update(told).where(told.c.conversation_id.in_(conversations)).values(detail="{}"))
    connection.execute(update(_events).where(_events.c.conversation_id.in_(conversations)).values(reason=""))
    connection.execute(
        update(_requests)
        .where(_requests.c.conversation_id.in_(conversations), _requests.c.handover == "waiting")
        .values(handover="", problem=None)
    )
    connection.execute(
        update(_handoffs).where(_handoffs.c.conversation_id.in_(conversations)).values(corrected="")
    )
    connection.execute(
        update(_conversations)
        .where(_conversations.c.id.in_(conversations))
        .values(
            floor="bot",
            assignee_id=None,
            team_id=None,
            priority=0,
            answer_by=None,
            alarmed=0,
            snoozed_until=None,
            quiet_at=None,
            waiting_since=None,
            desk_due_at=None,
        )
    )
