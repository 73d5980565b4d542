"""The messages on their way out: claimed in order per conversation, settled by what the platform said.

A row is *waiting*, then *sending* under a lease, then *sent*, *parked* (until the person writes),
*cancelled*, *expired* or *failed*. A row found in *sending* after its lease is *unknown*: it may have gone
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    String,
    bindparam,
    case,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row

from dialogs.messages import OUTGOING, Delivery, Outgoing
from persistence.database import Database, GroupCommit, fixed, moment
from persistence.tables import Conversation, OutboxRow, table
from persistence.touchpoints import follow

_outbox = table(OutboxRow)
_earlier = _outbox.alias("earlier")
_conversations = table(Conversation)

OPEN: Final = ("waiting", "sending", "unknown")
"""Statuses that hold up what comes after them in the same conversation."""

REACHED: Final[dict[Delivery | None, int]] = {None: 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}
"""How far a delivery mark has come; it only ever moves up. What was delivered after all has not failed."""

Fate = Literal["sent", "waiting", "unknown", "parked", "cancelled", "expired", "failed"]


@dataclass(frozen=True, slots=True)
class Outbound:
    """A claimed message with all that decides whether and how it may go out now.

    ``doubtful`` tells that it may have gone out already (at ``sending_at`` or later).
    """

    id: int
    conversation_id: int
    channel: str
    account: str
    address: str
    speaker: str
    proactive: bool
    outgoing: Outgoing
    attempts: int
    created_at: datetime
    expires_at: datetime | None
    sending_at: datetime | None
    doubtful: bool
    leased_until: datetime
    floor: str
    reachable: bool
    heard_at: datetime | None
    touchpoint: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claimed message. ``due_at`` is for those that will be looked at again."""

    row: Outbound
    fate: Fate
    now: datetime
    due_at: datetime | None = None
    external_id: str | None = None
    code: str | None = None
    detail: str | None = None
    counts: bool = True
    """Whether the attempt counts; waiting for a rate or a pause is no attempt."""
    hold: timedelta = timedelta(0)
    """How long the next message of the conversation waits unless this one is reported delivered first."""


class Outbox:
    """The sender's table."""

    def __init__(self, database: Database, *, lease: timedelta) -> None:
        """Lease messages of ``database`` for ``lease`` at a time."""
        self._database = database
        self._lease = lease
        self._settlements: GroupCommit[Settlement, None] = GroupCommit(database, settle)

    async def claim(self, now: datetime, most: int) -> list[Outbound]:
        """Lease the first open message of up to ``most`` conversations."""
        return await self._database.write(claim, now, most, self._lease)

    async def settle(self, settlement: Settlement) -> None:
        """Write what became of a message.

        Once the lease has run out and another sender has the message, only *sent* still counts: whatever else
        the slower one has to say, the faster one knows better.
        """
        await self._settlements.submit(settlement)

    async def known_ids(
        self, conversation_id: int, external_ids: Sequence[str], *, besides: int | None = None
    ) -> set[str]:
        """Return those platform ids that a message of the conversation carries, ``besides`` one of them."""
        return await self._database.read(known_ids, conversation_id, external_ids, besides)

    async def holds(self, row: Outbound) -> bool:
        """Tell whether a claimed message is still open and nobody else has claimed it since."""
        return await self._database.read(holds, row)


def is_open(rows: FromClause) -> ColumnElement[bool]:
    """Say "still open" as the partial indexes say it."""
    return rows.c.status.in_([fixed(one) for one in OPEN])


def claim(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Outbound]:
    """Lease messages in the caller's transaction; only the head of each conversation's line is ever taken."""
    ahead = exists().where(
        _earlier.c.conversation_id == _outbox.c.conversation_id,
        _earlier.c.id < _outbox.c.id,
        is_open(_earlier),
    )
    heads = connection.execute(
        select(_outbox, *(_conversations.c[name].label(f"its_{name}") for name in _OF_CONVERSATION))
        .join(_conversations, _conversations.c.id == _outbox.c.conversation_id)
        .where(is_open(_outbox), _outbox.c.due_at <= now, ~ahead)
        .order_by(_outbox.c.due_at)
        .limit(most)
        .with_for_update(of=_outbox, skip_locked=True)
    ).all()
    if heads:
        connection.execute(
            _LEASE,
            [
                {
                    "row": row.id,
                    "new_status": "sending" if row.status == "waiting" else "unknown",
                    "lease_end": now + lease,
                    "began_at": now,
                }
                for row in heads
            ],
        )
    return [_outbound(row, now, now + lease) for row in heads]


_OF_CONVERSATION: Final = ("channel", "account", "address", "floor", "reachable", "heard_at")
_LEASE = (
    update(_outbox)
    .where(_outbox.c.id == bindparam("row"))
    .values(
        status=bindparam("new_status"),
        due_at=moment("lease_end"),
        attempts=_outbox.c.attempts + 1,
        # The first moment from which the platform may know the message; later tries of a doubtful one keep
        # it.
        sending_at=case((_outbox.c.status == "waiting", moment("began_at")), else_=_outbox.c.sending_at),
    )
)


def _outbound(row: Row[Any], now: datetime, leased_until: datetime) -> Outbound:
    return Outbound(
        id=row.id,
        conversation_id=row.conversation_id,
        channel=row.its_channel,
        account=row.its_account,
        address=row.its_address,
        speaker=row.speaker,
        proactive=row.proactive,
        outgoing=OUTGOING.validate_json(row.outgoing),
        attempts=row.attempts + 1,
        created_at=row.created_at,
        expires_at=row.expires_at,
        sending_at=now if row.status == "waiting" else row.sending_at,
        doubtful=row.status != "waiting",
        leased_until=leased_until,
        floor=row.its_floor,
        reachable=row.its_reachable,
        heard_at=row.its_heard_at,
        touchpoint=row.touchpoint,
    )


_fate, _their_id = bindparam("fate", type_=String()), bindparam("their_id", type_=String())
_SETTLE = (
    update(_outbox)
    # A receipt or an echo may have settled the row while its answer was awaited; that word is better than
    # ours.
    .where(_outbox.c.id == bindparam("row"), is_open(_outbox))
    .where(or_(_fate == "sent", _outbox.c.due_at == moment("lease_end")))
    .values(
        status=_fate,
        due_at=case((moment("again_at").is_not(None), moment("again_at")), else_=_outbox.c.due_at),
        attempts=_outbox.c.attempts - bindparam("uncounted", type_=Integer()),
        external_id=case((_their_id.is_not(None), _their_id), else_=_outbox.c.external_id),
        sent_at=case((_fate == "sent", moment("moment")), else_=_outbox.c.sent_at),
        delivery=case(
            (or_(_fate != "sent", _outbox.c.delivery.is_not(None)), _outbox.c.delivery), else_="sent"
        ),
        code=bindparam("their_code"),
        detail=bindparam("their_word"),
    )
)
_HOLD = (
    update(_outbox)
    .where(
        _outbox.c.conversation_id == bindparam("conversation"),
        _outbox.c.status == "waiting",
        _outbox.c.due_at < moment("not_before"),
        # A delivery mark may have come before the answer: then there is nothing left to wait for.
        ~exists().where(_earlier.c.id == bindparam("after"), _earlier.c.delivery.in_(("delivered", "read"))),
    )
    .values(due_at=moment("not_before"))
)


def settle(connection: Connection, settlements: Sequence[Settlement]) -> list[None]:
    """Write settlements in the caller's transaction."""
    ordered = sorted(settlements, key=lambda one: one.row.id)
    connection.execute(
        _SETTLE,
        [
            {
                "row": one.row.id,
                "lease_end": one.row.leased_until,
                "fate": one.fate,
                "again_at": one.due_at,
                "uncounted": 0 if one.counts else 1,
                "their_id": one.external_id,
                "their_code": one.code,
                "their_word": one.detail,
                "moment": one.now,
            }
            for one in ordered
        ],
    )
    held = [
        {"conversation": one.row.conversation_id, "after": one.row.id, "not_before": one.now + one.hold}
        for one in ordered
        if one.fate == "sent" and one.hold
    ]
    if held:
        connection.execute(_HOLD, held)
    if touching := [one for one in ordered if one.row.touchpoint]:
        follow(connection, [one.row.id for one in touching], max(one.now for one in touching))
    return [None] * len(settlements)


def known_ids(
    connection: Connection, conversation_id: int, external_ids: Sequence[str], besides: int | None
) -> set[str]:
    """Return those platform ids that the conversation's other messages carry."""
    found = connection.execute(
        select(_outbox.c.external_id).where(
            _outbox.c.conversation_id == conversation_id,
            _outbox.c.external_id.in_(external_ids),
            _outbox.c.id != (besides or 0),
        )
    )
    return set(found.scalars())


def holds(connection: Connection, row: Outbound) -> bool:
    """See `Outbox.holds`."""
    found = connection.execute(
        select(_outbox.c.id).where(
            _outbox.c.id == row.id, is_open(_outbox), _outbox.c.due_at == row.leased_until
        )
    )
    return found.one_or_none() is not None
