"""Which echoes only say again what stands in the outbox: those are no words of their own anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, select
from sqlalchemy.engine import Row

from dialogs.messages import EVENTS, OUTGOING, Echo
from persistence.database import fixed
from persistence.tables import OutboxRow, table

_outbox = table(OutboxRow)

ON_ITS_WAY: Final = ("sending", "unknown")
"""Statuses of messages that the platform may know and we do not know about."""


def our_echoes(connection: Connection, rows: Sequence[Row[Any]]) -> set[int]:
    """Return the ids of those rows of the inbox that are echoes of our own messages.

    Platforms are quicker with the echo than with the answer: as long as a message is on its way, an echo of
    its words in its conversation is taken for its own.
    """
    echoes = {row: event for row in rows if row.kind == "echo" and (event := _echo(row.event)) is not None}
    if not echoes:
        return set()
    ids = [event.message_id for event in echoes.values()]
    known = set(
        connection.execute(select(_outbox.c.external_id).where(_outbox.c.external_id.in_(ids))).scalars()
    )
    unknown = {row: event for row, event in echoes.items() if event.message_id not in known}
    under_way = _under_way(connection, {row.conversation_id for row in unknown})
    return {row.id for row, event in echoes.items() if event.message_id in known} | {
        row.id for row, event in unknown.items() if event.text in under_way.get(row.conversation_id, ())
    }


def _echo(written: str) -> Echo | None:
    try:
        event = EVENTS.validate_json(written)
    except ValidationError:  # another version of the program wrote it
        return None
    return event if isinstance(event, Echo) else None


def _under_way(connection: Connection, conversations: set[int]) -> Mapping[int, set[str]]:
    """Return the words of messages that are on their way, by conversation."""
    if not conversations:
        return {}
    rows = connection.execute(
        select(_outbox.c.conversation_id, _outbox.c.outgoing).where(
            _outbox.c.conversation_id.in_(conversations),
            _outbox.c.status.in_([fixed(one) for one in ON_ITS_WAY]),
        )
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row.conversation_id, set()).add(OUTGOING.validate_json(row.outgoing).text)
    return found
