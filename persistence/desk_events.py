"""What happened at the desk, who must be told of it at once, and what the dialog must hear of it.

What ``detail`` holds, by the kind of the event:

- ``escalated``: ``priority``, ``promised_at``; its ``reason`` is the script's word
- ``claimed``: ``over``, the account from which it was taken, if it was
- ``assigned``: ``to``, ``team``
- ``replied``: ``goes``, ``owed`` (what the answer settled, in microseconds), ``typed`` (what the agent typed,
  where the messages are not just that)
- ``took_back``, ``retried``: ``event`` or ``outbox``, the id of what it was done to
- ``snoozed``: ``until``; ``promised``: ``until``; ``prioritised``: ``priority``
- ``resolved``: ``cause``; ``returned``: ``why`` (`dialogs.handoff.Back`)
- ``promise_near``, ``promise_broken``: ``answer_by``
- ``corrected``: ``inbox``, ``intent``, ``mood``, ``handoff``
- ``labelled``, ``unlabelled``: ``label``, ``name``
- ``requested``, ``request_done``, ``request_cancelled``, ``request_reopened``: ``request``, ``what`` (its
  kind), ``order`` (its number)
- ``merged``, ``unmerged``: ``merge``; ``flow_started``: ``flow``
- ``released``, ``phone_took``, ``phone_left``, ``buyer_back``, ``awoke``: nothing

What an agent did has ``via``: ``page`` or ``telegram``. Moments are in ISO 8601, unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select

from dialogs.messages import FlowAsked, HandedBack, PromiseBroken
from persistence.inbox import insert_or_ignore
from persistence.reminders import wake
from persistence.tables import InboxRow, table
from persistence.tables_desk import AlarmRow, DeskEventRow

_events = table(DeskEventRow)
_alarms = table(AlarmRow)
_inbox = table(InboxRow)


def scoped(conversation_id: int, key: str | None) -> str | None:
    """Return a doer's key as it is kept: nobody's key means anything in another conversation."""
    return None if key is None else f"{conversation_id}:{key}"


def told_before(connection: Connection, conversation_id: int, key: str | None) -> int | None:
    """Return the event that was written under a key, if there is one."""
    if key is None:
        return None
    found: int | None = connection.execute(
        select(_events.c.id).where(_events.c.key == scoped(conversation_id, key))
    ).scalar_one_or_none()
    return found


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened: see `DeskEventRow`."""

    kind: str
    actor: str
    reason: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None


def tell(connection: Connection, conversation_id: int, news: News, now: datetime) -> int:
    """Write down that something happened; return the event's id."""
    written = connection.execute(
        _events.insert()
        .values(
            conversation_id=conversation_id,
            at=now,
            kind=news.kind,
            actor=news.actor,
            reason=news.reason,
            detail=orjson.dumps(dict(news.detail)).decode(),
            key=scoped(conversation_id, news.key),
        )
        .returning(_events.c.id)
    )
    return int(written.scalar_one())


def ring(
    connection: Connection,
    kind: str,
    key: str,
    now: datetime,
    *,
    conversation_id: int | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Raise an alarm, once for each key. ``detail`` never holds personal data."""
    connection.execute(
        insert_or_ignore(connection.dialect.name, _alarms),
        [
            {
                "kind": kind,
                "key": key,
                "conversation_id": conversation_id,
                "detail": orjson.dumps(detail or {}).decode(),
                "at": now,
            }
        ],
    )


def hear(
    connection: Connection,
    conversation_id: int,
    event: HandedBack | PromiseBroken | FlowAsked,
    key: str,
    now: datetime,
) -> None:
    """Let the conversation's next turn hear of what happened at the desk, once for each key."""
    values: dict[str, Any] = {
        "source": "desk",
        "external_id": scoped(conversation_id, key),
        "kind": event.kind,
        "lane": "message",
        "conversation_id": conversation_id,
        "at": now,
        "received_at": now,
        "due_at": now,
        "event": orjson.dumps(event).decode(),
    }
    if connection.execute(insert_or_ignore(connection.dialect.name, _inbox), [values]).rowcount:
        wake(connection, [conversation_id], now)
