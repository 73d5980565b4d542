"""Short words that change when what a page shows would look different: live pages ask for them all the time.

They hold ids, states and times, never words, and are hashed: a page keeps the print that it was made with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, Connection, Select, bindparam, select, type_coerce

from persistence.database import fixed, microseconds
from persistence.desk_rows import labels_of, viewers_of
from persistence.tables import Conversation, InboxRow, OutboxRow, table
from persistence.tables_desk import AgentNoteRow, DeskEventRow
from persistence.tables_media import MessageMediaRow

_conversations = table(Conversation)
_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_events = table(DeskEventRow)
_notes = table(AgentNoteRow)
_media = table(MessageMediaRow)

_TAIL: Final = 30
"""So many of a thread's newest messages are watched for marks that change; of older ones events tell."""

_COLUMNS: Final = (
    *(
        _conversations.c[name]
        for name in (
            "id", "version", "status", "floor", "assignee_id", "team_id", "priority", "buyer_id", "reachable",
            "name",
        )
    ),
    *(
        type_coerce(_conversations.c[name], BigInteger).label(name)
        for name in ("answer_by", "heard_at", "snoozed_until", "quiet_at", "waiting_since")
    ),
)  # fmt: skip


_HERE: Final[BindParameter[int]] = bindparam("ids", expanding=True)
_ROWS: Final = select(*_COLUMNS).where(_conversations.c.id.in_(_HERE))
_FAILED: Final = select(_outbox.c.id).where(
    _outbox.c.conversation_id.in_(_HERE), _outbox.c.status == fixed("failed")
)


def queue_print(connection: Connection, ids: Sequence[int], now: datetime) -> str:
    """Return the print of these conversations, in this order, as the queue shows them."""
    rows = {row[0]: tuple(row) for row in connection.execute(_ROWS, {"ids": ids}).all()}
    failed = connection.execute(_FAILED, {"ids": ids})
    return _print(
        [
            [rows.get(one) for one in ids],
            _late(rows.values(), now),
            sorted(labels_of(connection, ids).items()),
            sorted(viewers_of(connection, ids, now).items()),
            sorted(failed.scalars()),
        ]
    )


def thread_print(connection: Connection, conversation_id: int, now: datetime) -> str:
    """Return the print of a thread: its head, its newest messages, their marks and files, and who looks."""
    here = [conversation_id]
    head = connection.execute(select(*_COLUMNS).where(_conversations.c.id == conversation_id)).one_or_none()
    said = connection.execute(
        select(_outbox.c.id, _outbox.c.status, _outbox.c.delivery, _outbox.c.code)
        .where(_outbox.c.conversation_id == conversation_id)
        .order_by(_outbox.c.created_at.desc(), _outbox.c.id.desc())
        .limit(_TAIL)
    )
    came = connection.execute(
        select(_inbox.c.id)
        .where(_inbox.c.conversation_id == conversation_id)
        .order_by(_inbox.c.at.desc(), _inbox.c.id.desc())
        .limit(_TAIL)
    )
    newest = list(came.scalars())
    files = connection.execute(
        select(_media.c.inbox_id, _media.c.position, _media.c.status)
        .where(_media.c.inbox_id.in_(newest))
        .order_by(_media.c.inbox_id, _media.c.position)
    )
    return _print(
        [
            head,
            _late([] if head is None else [tuple(head)], now),
            [tuple(row) for row in said],
            newest,
            [tuple(row) for row in files],
            connection.execute(_newest(_events, conversation_id)).scalar_one_or_none(),
            connection.execute(_newest(_notes, conversation_id)).scalar_one_or_none(),
            labels_of(connection, here),
            viewers_of(connection, here, now),
        ]
    )


def _newest(rows: Any, conversation_id: int) -> Select[Any]:
    return (
        select(rows.c.id)
        .where(rows.c.conversation_id == conversation_id)
        .order_by(rows.c.at.desc(), rows.c.id.desc())
        .limit(1)
    )


def _late(rows: Iterable[tuple[Any, ...]], now: datetime) -> list[int]:
    """Return whose promise is broken: that changes by time alone."""
    place, moment = [column.name for column in _COLUMNS].index("answer_by"), microseconds(now)
    return sorted(row[0] for row in rows if row[place] is not None and row[place] <= moment)


def _print(shown: object) -> str:
    return blake2b(repr(shown).encode(), digest_size=9).hexdigest()
