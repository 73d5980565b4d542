"""What became of each touchpoint: noted by the turn that decides it, corrected by its messages' fates.

A turn says what it means to do; whether it was done shows when the message is sent. So a row has the word of
the turn until one of its messages is settled otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, String, and_, bindparam, case, exists, func, null, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row
from sqlalchemy.sql.dml import Insert

from dialogs.records import DECIDED, Fate, Touched
from persistence.chats import Chat
from persistence.database import fixed, moment
from persistence.tables import OutboxRow, table
from persistence.tables_journeys import TouchpointRow

_touchpoints = table(TouchpointRow)
_outbox = table(OutboxRow)

HUMAN_HERE: Final = "a human has the floor"
"""Why a message is cancelled: its outbox row says so in these words."""

OPTED_OUT: Final = "the person wants no more of this"

_OVER: Final = [fixed(fate) for fate in sorted(DECIDED)]
_SAID: Final = [fixed("merged"), fixed("sent")]

_REASONS: Final = {HUMAN_HERE: "human", OPTED_OUT: "opt_out"}
_FATES: Final[dict[str, Fate]] = {
    "merged": "merged",
    "parked": "parked",
    "expired": "expired",
    "cancelled": "withdrawn",
    "failed": "refused",
}
"""What the end of a message that was not sent means for its touchpoint."""


def note(connection: Connection, here: Chat, touched: Sequence[Touched], now: datetime) -> None:
    """Write what a turn decided. A plan never reopens what is over."""
    if not touched:
        return
    connection.execute(
        _noting(connection.dialect.name),
        [
            {
                "conversation_id": here.id,
                "buyer_id": here.buyer_id,
                "key": one.key,
                "flow": one.flow,
                "purpose": one.purpose,
                "order_id": one.order_id,
                "variant": one.variant,
                "fate": one.fate,
                "reason": one.reason,
                "due_at": one.at,
                "at": now,
                "sent_at": now if one.fate in {"sent", "merged"} else None,
                "created_at": now,
            }
            for one in touched
        ],
    )


@cache
def _noting(dialect: str) -> Insert:
    """Return the statement that notes a touchpoint, in the dialect's own words."""
    words = postgresql if dialect == "postgresql" else sqlite
    insert: Any = words.insert(_touchpoints)
    new, old = insert.excluded, _touchpoints.c
    kept = ("order_id", "variant")
    statement: Insert = insert.on_conflict_do_update(
        index_elements=[old.conversation_id, old.key],
        set_={
            **{name: new[name] for name in ("buyer_id", "flow", "purpose", "fate", "reason", "due_at", "at")},
            **{name: case((new[name] != fixed(""), new[name]), else_=old[name]) for name in kept},
            "sent_at": func.coalesce(new.sent_at, old.sent_at),
        },
        where=or_(new.fate != "planned", old.fate.not_in(_OVER)),
    )
    return statement


_this = and_(
    _touchpoints.c.conversation_id == bindparam("conversation"),
    _touchpoints.c.key == bindparam("touchpoint"),
)
_SENT = (
    update(_touchpoints)
    .where(_this, or_(_touchpoints.c.fate.not_in(_SAID), _touchpoints.c.sent_at.is_(None)))
    .values(
        fate=case((_touchpoints.c.fate == "merged", "merged"), else_="sent"),
        reason=case((_touchpoints.c.fate.in_(_SAID), _touchpoints.c.reason), else_=""),
        at=moment("moment"),
        sent_at=func.coalesce(_touchpoints.c.sent_at, moment("said_at")),
    )
)
_UNSAID = (
    update(_touchpoints)
    .where(
        _this,
        _touchpoints.c.fate != "withdrawn",
        # Another message of the same occasion has gone out: then it was said, whatever became of this one.
        ~exists().where(
            _outbox.c.conversation_id == _touchpoints.c.conversation_id,
            _outbox.c.touchpoint == _touchpoints.c.key,
            _outbox.c.touchpoint != fixed(""),
            _outbox.c.status == "sent",
            _outbox.c.created_at >= _touchpoints.c.sent_at,
        ),
    )
    .values(
        fate=bindparam("new_fate", type_=String()),
        reason=bindparam("why", type_=String()),
        at=moment("moment"),
        sent_at=null(),
    )
)


def follow(connection: Connection, messages: Sequence[int], now: datetime) -> None:
    """Let touchpoints follow what has become of these outbox rows. Rows that are still open say nothing."""
    rows = connection.execute(
        select(
            _outbox.c.conversation_id,
            _outbox.c.touchpoint,
            _outbox.c.status,
            _outbox.c.code,
            _outbox.c.detail,
            _outbox.c.created_at,
        )
        .where(_outbox.c.id.in_(messages), _outbox.c.touchpoint != fixed(""))
        .order_by(_outbox.c.conversation_id, _outbox.c.touchpoint, _outbox.c.id)
    ).all()
    sent = [
        {
            "conversation": row.conversation_id,
            "touchpoint": row.touchpoint,
            "said_at": row.created_at,
            "moment": now,
        }
        for row in rows
        if row.status == "sent"
    ]
    if sent:
        connection.execute(_SENT, sent)
    unsaid = [
        (row.conversation_id, row.touchpoint, _FATES[row.status], _reason(row))
        for row in rows
        if row.status in _FATES
    ]
    end(connection, unsaid, now)


def end(connection: Connection, unsaid: Sequence[tuple[int, str, Fate, str]], now: datetime) -> None:
    """Note what was not said after all: each by conversation and key, with its fate and reason."""
    if unsaid:
        connection.execute(
            _UNSAID,
            [
                {"conversation": place, "touchpoint": key, "new_fate": fate, "why": reason, "moment": now}
                for place, key, fate, reason in sorted(unsaid)
            ],
        )


def _reason(row: Row[*tuple[Any, ...]]) -> str:
    match row.status:
        case "parked":
            return "window"
        case "expired":
            return "too_late"
        case "cancelled":
            return _REASONS.get(row.detail, "cancelled")
        case "failed":
            return f"failed:{row.code}" if row.code else "failed"
        case _:
            return ""
