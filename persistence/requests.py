"""Requests: what an agent asks the shop to do for a buyer, once each, within what the order allows.

Whoever works them off says so; where the shop has a webhook they are handed to it, and again when they are
called off. What a request asks for is in ``detail``, which erasure empties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.engine import Row

from persistence.database import Database, fixed
from persistence.desk_actions import Denied, locked
from persistence.desk_events import News, scoped, tell
from persistence.journeys import journeys_of
from persistence.tables import Conversation, OrderRow, table
from persistence.tables_desk import ServiceRequestRow
from persistence.tables_journeys import OfferRow

_requests = table(ServiceRequestRow)
_orders = table(OrderRow)
_offers = table(OfferRow)
_conversations = table(Conversation)

Kind: TypeAlias = Literal["refund", "replacement", "repair", "gift", "code", "address"]
KINDS: Final[tuple[Kind, ...]] = ("refund", "replacement", "repair", "gift", "code", "address")
Status: TypeAlias = Literal["open", "done", "cancelled"]
STATUSES: Final[tuple[Status, ...]] = ("open", "done", "cancelled")
Fate: TypeAlias = Literal["sent", "waiting", "failed"]

_HAPPENED: Final[Mapping[Status, str]] = {
    "open": "request_reopened",
    "done": "request_done",
    "cancelled": "request_cancelled",
}


@dataclass(frozen=True, slots=True)
class NewOffer:
    """A code that an agent gives away: how much off, until when."""

    code: str
    percent: int
    until: datetime


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What is asked for. ``key`` makes it once; ``amount`` is what a refund takes of the order."""

    kind: Kind
    by: str
    key: str
    order_id: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    amount: Decimal | None = None
    offer: NewOffer | None = None
    via: str = "page"


@dataclass(frozen=True, slots=True)
class Asked:
    """It is asked for. ``fresh`` is false where it was already, under the same key."""

    id: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class NotAsked:
    """It cannot be asked for.

    There is no such conversation (``unknown``), its buyer's data was erased (``closed``), the order is not
    this buyer's (``order``), or there is less to refund (``amount``): no more than ``left``.
    """

    why: Literal["unknown", "closed", "order", "amount"]
    left: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request with what a list of them shows. ``name`` is the buyer's, ``amount`` that of a refund."""

    id: int
    conversation_id: int
    kind: Kind
    status: Status
    order_id: str | None
    order_number: str
    currency: str
    name: str
    channel: str
    detail: Mapping[str, object]
    by: str
    at: datetime
    done_by: str | None
    done_at: datetime | None
    handover: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Handed:
    """A request that is claimed to be told to the shop until ``leased_until``."""

    request: Request
    attempts: int
    leased_until: datetime


class Requests:
    """The keeper of requests."""

    def __init__(self, database: Database, *, lease: timedelta) -> None:
        """Work on ``database``; what is told to the shop is leased for ``lease``."""
        self._database = database
        self._lease = lease

    async def add(
        self, conversation_id: int, new: NewRequest, now: datetime, *, hand_over: bool = False
    ) -> Asked | NotAsked:
        """Ask for something; with ``hand_over`` the shop is to be told."""
        return await self._database.write(add, conversation_id, new, now, hand_over)

    async def settle(
        self, request_id: int, status: Status, by: str, now: datetime, *, hand_over: bool = False
    ) -> Request | None:
        """Say that it is done, called off, or open again; None: there is no such request.

        What is called off stays so: who wants it after all asks anew.
        """
        return await self._database.write(settle, request_id, status, by, now, hand_over)

    async def left_to_refund(self, order_id: str) -> Decimal:
        """Return what of an order is neither refunded nor asked to be."""
        return await self._database.read(left_to_refund, order_id)

    async def find(self, request_id: int) -> Request | None:
        """Return a request."""
        found = await self._database.read(_page, None, None, 1, request_id)
        return found[0] if found else None

    async def page(self, status: Status | None, before: int | None = None, most: int = 50) -> list[Request]:
        """Return the newest requests, or those with lower ids than ``before``."""
        return await self._database.read(_page, status, before, most)

    async def counts(self) -> dict[Status, int]:
        """Return how many there are of each status."""
        return await self._database.read(_counts)

    async def claim(self, now: datetime, most: int) -> list[Handed]:
        """Lease up to ``most`` requests that the shop is to be told of."""
        return await self._database.write(_claim, now, most, self._lease)

    async def handed(
        self, one: Handed, fate: Fate, *, due_at: datetime | None = None, problem: str = ""
    ) -> None:
        """Write what became of telling the shop; one that is ``waiting`` is told again at ``due_at``.

        Whatever has changed meanwhile is told anew: then only what was told then is settled.
        """
        await self._database.write(_handed, one, fate, due_at, problem)


def add(
    connection: Connection,
    conversation_id: int,
    new: NewRequest,
    now: datetime,
    hand_over: bool,  # noqa: FBT001 - `Database.write` passes positions
) -> Asked | NotAsked:
    """See `Requests.add`; in the caller's transaction."""
    thread = locked(connection, conversation_id)
    if isinstance(thread, Denied):
        return NotAsked("closed" if thread.why == "closed" else "unknown")
    key = scoped(conversation_id, new.key)
    known = connection.execute(select(_requests.c.id).where(_requests.c.key == key)).scalar_one_or_none()
    if known is not None:
        return Asked(known, fresh=False)
    if (problem := _problem(connection, conversation_id, new, now)) is not None:
        return problem
    detail = dict(new.detail)
    if new.amount is not None:
        detail["amount"] = str(new.amount)
    written = connection.execute(
        _requests.insert()
        .values(
            conversation_id=conversation_id,
            order_id=new.order_id,
            kind=new.kind,
            detail=orjson.dumps(detail).decode(),
            by=new.by,
            at=now,
            key=key,
            handover="waiting" if hand_over else "",
            due_at=now if hand_over else None,
        )
        .returning(_requests.c.id)
    )
    request_id = int(written.scalar_one())
    if new.offer is not None:
        _offer(connection, conversation_id, new, new.offer, now)
    _tell(
        connection, conversation_id, "requested", request_id, new.kind, new.order_id, new.by, now, via=new.via
    )
    return Asked(request_id, fresh=True)


def _problem(connection: Connection, conversation_id: int, new: NewRequest, now: datetime) -> NotAsked | None:
    """Say what keeps a request from being made: the order belongs to the buyer, and has so much left."""
    if new.order_id is not None:
        journey = journeys_of(connection, [conversation_id], now)[conversation_id]
        if new.order_id not in journey.order_ids:
            return NotAsked("order")
    if new.amount is None:
        return None
    if new.order_id is None:
        return NotAsked("order")
    connection.execute(select(_orders.c.id).where(_orders.c.id == new.order_id).with_for_update())
    left = left_to_refund(connection, new.order_id)
    return NotAsked("amount", left) if not 0 < new.amount <= left else None


def left_to_refund(connection: Connection, order_id: str) -> Decimal:
    """See `Requests.left_to_refund`; in the caller's transaction."""
    order = connection.execute(
        select(_orders.c.total, _orders.c.refunded).where(_orders.c.id == order_id)
    ).one_or_none()
    if order is None:
        return Decimal(0)
    asked = connection.execute(
        select(_requests.c.detail).where(
            _requests.c.order_id == order_id, _requests.c.kind == "refund", _requests.c.status == "open"
        )
    ).scalars()
    open_ones = sum((Decimal(str(orjson.loads(one).get("amount", "0"))) for one in asked), Decimal(0))
    left: Decimal = order.total - order.refunded - open_ones
    return max(left, Decimal(0))


def _offer(
    connection: Connection, conversation_id: int, new: NewRequest, offer: NewOffer, now: datetime
) -> None:
    owner = connection.execute(
        select(_conversations.c.buyer_id).where(_conversations.c.id == conversation_id)
    ).scalar_one()
    connection.execute(
        _offers.insert().values(
            conversation_id=conversation_id,
            buyer_id=owner,
            order_id=new.order_id or "",
            flow="desk",
            code=offer.code,
            percent=offer.percent,
            until=offer.until,
            at=now,
        )
    )


def settle(
    connection: Connection,
    request_id: int,
    status: Status,
    by: str,
    now: datetime,
    hand_over: bool,  # noqa: FBT001 - `Database.write` passes positions
) -> Request | None:
    """See `Requests.settle`; in the caller's transaction."""
    row = connection.execute(
        select(_requests).where(_requests.c.id == request_id).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    if row.status not in {status, "cancelled"}:
        ended = status != "open"
        # The shop is told that what it was told no longer holds; that it is done it knows best itself.
        tells = hand_over and status == "cancelled"
        never_told = row.handover == "waiting" and status == "cancelled" and row.attempts == 0
        changes: dict[str, Any] = {
            "status": status,
            "done_by": by if ended else None,
            "done_at": now if ended else None,
        }
        if never_told:
            changes |= {"handover": "", "due_at": None}
        elif tells:
            changes |= {"handover": "waiting", "due_at": now, "attempts": 0, "problem": None}
        connection.execute(update(_requests).where(_requests.c.id == request_id).values(**changes))
        _tell(
            connection, row.conversation_id, _HAPPENED[status], request_id, row.kind, row.order_id, by, now
        )  # fmt: skip
    found = _page(connection, None, None, 1, request_id)
    return found[0] if found else None


def _tell(  # noqa: PLR0913 - what is told has as many parts
    connection: Connection,
    conversation_id: int,
    kind: str,
    request_id: int,
    what: str,
    order_id: str | None,
    by: str,
    now: datetime,
    *,
    via: str = "page",
) -> None:
    number = ""
    if order_id is not None:
        number = (
            connection.execute(select(_orders.c.number).where(_orders.c.id == order_id)).scalar_one_or_none()
            or order_id
        )
    detail = {"request": request_id, "what": what, "order": number, "via": via}
    tell(connection, conversation_id, News(kind, by, "", detail), now)


# -- reading


def _page(
    connection: Connection, status: str | None, before: int | None, most: int, only: int | None = None
) -> list[Request]:
    wanted = _SELECT.order_by(_requests.c.id.desc()).limit(most)
    if status is not None:
        wanted = wanted.where(_requests.c.status == status)
    if before is not None:
        wanted = wanted.where(_requests.c.id < before)
    if only is not None:
        wanted = wanted.where(_requests.c.id == only)
    return [_request(row) for row in connection.execute(wanted)]


_SELECT: Final = (
    select(
        _requests,
        func.coalesce(_orders.c.number, "").label("order_number"),
        func.coalesce(_orders.c.currency, "").label("currency"),
        func.coalesce(_conversations.c.name, "").label("name"),
        _conversations.c.channel,
    )
    .join(_conversations, _conversations.c.id == _requests.c.conversation_id)
    .outerjoin(_orders, _orders.c.id == _requests.c.order_id)
)


def _request(row: Row[Any]) -> Request:
    return Request(
        id=row.id,
        conversation_id=row.conversation_id,
        kind=row.kind,
        status=row.status,
        order_id=row.order_id,
        order_number=row.order_number or row.order_id or "",
        currency=row.currency,
        name=row.name,
        channel=row.channel,
        detail=orjson.loads(row.detail),
        by=row.by,
        at=row.at,
        done_by=row.done_by,
        done_at=row.done_at,
        handover=row.handover,
        problem=row.problem,
    )


def _counts(connection: Connection) -> dict[Status, int]:
    rows = connection.execute(select(_requests.c.status, func.count()).group_by(_requests.c.status)).all()
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    return {one: found.get(one, 0) for one in STATUSES}


# -- telling the shop


def _claim(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Handed]:
    rows = connection.execute(
        select(_requests.c.id, _requests.c.attempts)
        .where(_requests.c.handover == fixed("waiting"), _requests.c.due_at <= now)
        .order_by(_requests.c.due_at, _requests.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    until = now + lease
    connection.execute(
        update(_requests)
        .where(_requests.c.id.in_(ids))
        .values(due_at=until, attempts=_requests.c.attempts + 1)
    )
    tries = {row.id: row.attempts + 1 for row in rows}
    found = connection.execute(_SELECT.where(_requests.c.id.in_(ids)).order_by(_requests.c.id))
    return [Handed(_request(row), tries[row.id], until) for row in found]


def _handed(connection: Connection, one: Handed, fate: Fate, due_at: datetime | None, problem: str) -> None:
    told = one.request
    mine = (
        _requests.c.status == told.status
        if fate == "sent"
        else and_(_requests.c.due_at == one.leased_until, _requests.c.status == told.status)
    )
    connection.execute(
        update(_requests)
        .where(_requests.c.id == told.id, _requests.c.handover == "waiting", mine)
        .values(handover=fate, due_at=due_at, problem=problem or None)
    )
