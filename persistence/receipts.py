"""Delivery marks: a lane of their own, so that whatever is wrong with them never holds up a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, case, exists, select, update
from sqlalchemy.engine import Row

from dialogs.messages import EVENTS, Receipt
from persistence.contacts import conversations_of, keys
from persistence.database import Database, is_conflict, moment
from persistence.inbox import waiting_in
from persistence.outbox import OPEN, REACHED
from persistence.records import add_notice
from persistence.replies import failed
from persistence.sorting import Burst, contact_of, sort
from persistence.tables import InboxRow, OutboxRow, table
from persistence.touchpoints import follow

_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_later = _outbox.alias("later")

PATIENCE: Final = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30))
"""A mark may overtake the answer that tells us the message's id: it is looked at again after these pauses."""

_REFERENCE: Final = re.compile(r"nk-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A waiting mark and the conversation that its contact leads to."""

    row: Row[Any]
    conversation_id: int | None


def reference_of(outbox_id: int) -> str:
    """Return what a platform that can will hand back with each mark of this message."""
    return f"nk-{outbox_id}"


class Receipts:
    """The lane of delivery marks."""

    def __init__(self, database: Database, burst: Burst) -> None:
        """Work on ``database``."""
        self._database = database
        self._burst = burst

    async def apply(self, now: datetime, most: int = 500) -> int:
        """Apply up to ``most`` waiting marks; return how many were looked at."""
        return await self._database.write(apply, now, most, self._burst)


def apply(connection: Connection, now: datetime, most: int, burst: Burst) -> int:
    """Apply waiting marks in the caller's transaction: all at once or, if one of them is bad, one by one.

    The mail is sorted before, so that a person whose first message came in front of the mark is no stranger.
    """
    sort(connection, burst)
    marks = _addressed(connection, waiting_in(connection, "receipt", now, most), now)
    try:
        with connection.begin_nested():
            _apply(connection, marks, now)
    except Exception as error:  # the bad one is found below, and the others do not suffer for it
        if is_conflict(error):
            raise
        for one in marks:
            _apply_alone(connection, one, now)
    return len(marks)


def _addressed(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> list[_Mark]:
    """Find the conversation of each mark; a stranger's (another program's message) has none."""
    contacts = {row.id: contact_of(row) for row in rows if row.contact is not None}
    known = conversations_of(connection, list(contacts.values()), now, opens=False)
    return [_Mark(row, known.get(keys(contacts[row.id])[0]) if row.id in contacts else None) for row in rows]


def _apply_alone(connection: Connection, one: _Mark, now: datetime) -> None:
    row = one.row
    try:
        with connection.begin_nested():
            _apply(connection, [one], now)
    except Exception as error:  # a mark that cannot be applied is set aside and told
        if is_conflict(error):
            raise
        _leave(connection, one, "aside")
        add_notice(
            connection, "receipt_set_aside", {"inbox": str(row.id), "error": type(error).__name__}, now
        )


def _apply(connection: Connection, marks: Sequence[_Mark], now: datetime) -> None:
    for one in marks:
        row = one.row
        if _mark(connection, one, now):
            _leave(connection, one, "done")
        elif row.attempts < len(PATIENCE):
            connection.execute(
                update(_inbox)
                .where(_inbox.c.id == row.id)
                .values(attempts=row.attempts + 1, due_at=now + PATIENCE[row.attempts])
            )
        else:  # a message that another program sent, or one from before our time
            _leave(connection, one, "unmatched")


def _leave(connection: Connection, one: _Mark, status: str) -> None:
    """Note what became of a mark. Whose it was is now said by the conversation alone."""
    connection.execute(
        update(_inbox)
        .where(_inbox.c.id == one.row.id)
        .values(status=status, conversation_id=one.conversation_id, contact=None)
    )


def _mark(connection: Connection, one: _Mark, now: datetime) -> bool:
    receipt = EVENTS.validate_json(one.row.event)
    if not isinstance(receipt, Receipt):
        raise TypeError(f"a {receipt.kind} in the lane of receipts")
    message = _message_of(connection, one.conversation_id, receipt)
    if receipt.watermark is not None:
        return _mark_until(connection, one.conversation_id, receipt) or message is not None
    if message is None:
        return False
    changes = _changes(message, receipt, one.row.at)
    connection.execute(update(_outbox).where(_outbox.c.id == message.id).values(**changes))
    if "status" in changes:
        follow(connection, [message.id], now)
    if changes.get("status") == "failed" and message.speaker == "agent":
        failed(connection, message.id, now)
    if receipt.status in ("delivered", "read"):
        _let_next_go(connection, message, now)
    return True


def _let_next_go(connection: Connection, message: Row[Any], now: datetime) -> None:
    """End the pause of the conversation's next message, unless a later one than this is still on its way."""
    on_its_way = exists().where(
        _later.c.conversation_id == message.conversation_id,
        _later.c.id > message.id,
        _later.c.status == "sent",
        _later.c.delivery == "sent",
    )
    connection.execute(
        update(_outbox)
        .where(
            _outbox.c.conversation_id == message.conversation_id,
            _outbox.c.status == "waiting",
            _outbox.c.attempts == 0,
            _outbox.c.due_at > now,
            ~on_its_way,
        )
        # What an agent may still take back waits until they no longer can.
        .values(due_at=case((_outbox.c.undo_until > now, _outbox.c.undo_until), else_=moment("let_go"))),
        {"let_go": now},
    )


def _message_of(connection: Connection, conversation_id: int | None, receipt: Receipt) -> Row[Any] | None:
    """Find our message by our own reference first, else by the platform's id.

    A reference that leads into another person's conversation is another installation's: it counts like ours.
    """
    reference = _REFERENCE.fullmatch(receipt.reference or "")
    if reference is not None:
        ours = connection.execute(select(_outbox).where(_outbox.c.id == int(reference[1]))).one_or_none()
        if ours is not None and conversation_id in (None, ours.conversation_id):
            return ours
    if receipt.message_id is None or conversation_id is None:
        return None
    found = connection.execute(
        select(_outbox)
        .where(_outbox.c.external_id == receipt.message_id, _outbox.c.conversation_id == conversation_id)
        .limit(1)
    )
    return found.one_or_none()


def _changes(message: Row[Any], receipt: Receipt, at: datetime) -> dict[str, object]:
    changes: dict[str, object] = {"delivery": message.delivery}
    if receipt.message_id is not None and message.external_id is None:
        changes["external_id"] = receipt.message_id
    if receipt.price_category is not None:
        changes |= {"price_category": receipt.price_category, "price_type": receipt.price_type}
    further = REACHED[receipt.status] > REACHED[message.delivery]
    if further:
        changes["delivery"] = receipt.status
    if receipt.status == "failed":
        if further:
            changes |= {"status": "failed", "code": receipt.code, "detail": receipt.detail}
    elif message.sending_at is not None and (
        message.status in OPEN or (message.status == "failed" and further)
    ):  # its answer was lost, or we had given it up; the mark proves that it went out
        changes |= {"status": "sent", "sent_at": message.sent_at or at, "code": None, "detail": None}
    return changes


def _mark_until(connection: Connection, conversation_id: int | None, receipt: Receipt) -> bool:
    """Apply a mark that speaks of everything sent up to a moment."""
    lower: Sequence[str | None] = [
        mark for mark, reached in REACHED.items() if mark is not None and reached < REACHED[receipt.status]
    ]
    result = connection.execute(
        update(_outbox)
        .where(
            _outbox.c.conversation_id == conversation_id,
            _outbox.c.status == "sent",
            # `sent_at` was read after the answer; the platform's own time for the message may lie before it.
            _outbox.c.sending_at <= receipt.watermark,
            _outbox.c.delivery.in_(lower),
        )
        .values(delivery=receipt.status)
    )
    return result.rowcount > 0
