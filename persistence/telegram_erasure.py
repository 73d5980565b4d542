"""Erasure in the support groups: what is kept here goes at once, the topic itself at the next look."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, case, literal, select, update

from persistence.database import EPOCH, Instant
from persistence.tables import table
from persistence.tables_telegram import TelegramPostRow, TelegramTopicRow

_topics = table(TelegramTopicRow)
_posts = table(TelegramPostRow)


def erase(connection: Connection, conversations: Sequence[int]) -> None:
    """Empty what was posted or waits to be, and have the topics deleted."""
    theirs = select(_topics.c.id).where(_topics.c.conversation_id.in_(conversations))
    connection.execute(update(_posts).where(_posts.c.topic_id.in_(theirs)).values(text="", buttons="[]"))
    connection.execute(
        update(_posts)
        .where(_posts.c.topic_id.in_(theirs), _posts.c.status == "waiting")
        .values(status="dropped", detail="the person's data was erased")
    )
    connection.execute(
        update(_topics)
        .where(_topics.c.conversation_id.in_(conversations))
        .values(
            name="",
            dirty=True,
            # Whoever looks at it at the moment sees that it is dirty when they are done.
            due_at=case(
                (_topics.c.leased_until.is_(None), literal(EPOCH, Instant())), else_=_topics.c.due_at
            ),
        )
    )
