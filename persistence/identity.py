"""Who is who: buyers and their contacts, and the entry links that tie a chat to an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from dialogs.shop import Entry
from persistence.database import Database
from persistence.tables import BindingRow, Conversation, EntryLinkRow, OrderRow, table
from persistence.tables_journeys import TouchpointRow
from persistence.tags import tell_tied

_links = table(EntryLinkRow)
_bindings = table(BindingRow)
_conversations = table(Conversation)
_orders = table(OrderRow)
_touchpoints = table(TouchpointRow)


@dataclass(frozen=True, slots=True)
class Bond:
    """A wish to tie a conversation to an order by an entry code."""

    code: str
    order_id: str


class Identity:
    """Entry links and bindings."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def add_links(self, codes: dict[str, str], now: datetime, expires_at: datetime) -> None:
        """Store fresh codes (code → order id). Codes are unguessable, so they are never taken.

        Raises:
            UnknownOrder: one of the orders does not exist.

        """
        await self._database.write(add_links, codes, now, expires_at)

    async def look_up(self, code: str, conversation_id: int, now: datetime) -> Entry:
        """Say what a correctly signed code is worth to this conversation."""
        return await self._database.read(look_up, code, conversation_id, now)

    async def link(self, code: str, now: datetime) -> str | None:
        """Return the order of a code that may still be used, else None."""
        return await self._database.read(link_order, code, now)

    async def unbind(self, order_id: str, now: datetime) -> int:
        """Undo an order's bindings, give the conversations their earlier buyer back; return how many."""
        return await self._database.write(unbind, order_id, now)


class UnknownOrder(Exception):
    """No such order; ``order_id`` tells which was asked for."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"there is no order with the id or number {order_id!r}")
        self.order_id = order_id


def add_links(connection: Connection, codes: dict[str, str], now: datetime, expires_at: datetime) -> None:
    """Store fresh codes in the caller's transaction."""
    wanted = set(codes.values())
    known = set(connection.execute(select(_orders.c.id).where(_orders.c.id.in_(wanted))).scalars())
    for missing in sorted(wanted - known):
        raise UnknownOrder(missing)
    connection.execute(
        _links.insert(),
        [
            {"code": code, "order_id": order_id, "created_at": now, "expires_at": expires_at}
            for code, order_id in codes.items()
        ],
    )


def look_up(connection: Connection, code: str, conversation_id: int, now: datetime) -> Entry:
    """Judge a code: unknown, expired, used by somebody else, used by this conversation, or fresh."""
    row = connection.execute(select(_links).where(_links.c.code == code)).one_or_none()
    if row is None:
        return Entry("unknown", code)
    if row.used_at is not None:
        mine = row.conversation_id == conversation_id
        return Entry("yours" if mine else "used", code, row.order_id if mine else None)
    if row.expires_at <= now:
        return Entry("expired", code)
    if order_is_bound(connection, row.order_id, conversation_id):
        return Entry("yours", code, row.order_id)
    return Entry("fresh", code, row.order_id)


def link_order(connection: Connection, code: str, now: datetime) -> str | None:
    """Return the order a still usable code belongs to."""
    return connection.execute(
        select(_links.c.order_id).where(
            _links.c.code == code, _links.c.used_at.is_(None), _links.c.expires_at > now
        )
    ).scalar_one_or_none()


def order_is_bound(connection: Connection, order_id: str, conversation_id: int) -> bool:
    """Tell whether the conversation is tied to the order already."""
    return (
        connection.execute(
            select(func.count())
            .select_from(_bindings)
            .where(
                _bindings.c.order_id == order_id,
                _bindings.c.conversation_id == conversation_id,
                _bindings.c.undone_at.is_(None),
            )
        ).scalar_one()
        > 0
    )


def bind(connection: Connection, conversation_id: int, bond: Bond, now: datetime) -> bool:
    """Use the code up and tie the conversation to its order; False if somebody was faster."""
    used = connection.execute(
        update(_links)
        .where(
            _links.c.code == bond.code,
            _links.c.order_id == bond.order_id,
            _links.c.used_at.is_(None),
            _links.c.expires_at > now,
        )
        .values(used_at=now, conversation_id=conversation_id)
    )
    if used.rowcount != 1:
        return False
    buyer = connection.execute(select(_orders.c.buyer_id).where(_orders.c.id == bond.order_id)).scalar_one()
    previous = connection.execute(
        select(_conversations.c.buyer_id).where(_conversations.c.id == conversation_id)
    ).scalar_one()
    connection.execute(
        _bindings.insert().values(
            conversation_id=conversation_id,
            order_id=bond.order_id,
            code=bond.code,
            previous_buyer_id=previous,
            bound_at=now,
        )
    )
    if buyer is not None:
        connection.execute(
            update(_conversations).where(_conversations.c.id == conversation_id).values(buyer_id=buyer)
        )
    tell_tied(connection, conversation_id, bond.order_id, now)
    return True


def tie(connection: Connection, conversation_id: int, order_id: str, now: datetime) -> None:
    """Tie another chat of the same buyer to an order that goes on there; it may be tied already."""
    known = connection.execute(select(_orders.c.id).where(_orders.c.id == order_id)).scalar_one_or_none()
    if known is None or order_is_bound(connection, order_id, conversation_id):
        return
    owner = connection.execute(
        select(_conversations.c.buyer_id).where(_conversations.c.id == conversation_id)
    ).scalar_one()
    connection.execute(
        _bindings.insert().values(
            conversation_id=conversation_id, order_id=order_id, previous_buyer_id=owner, bound_at=now
        )
    )
    tell_tied(connection, conversation_id, order_id, now)


def unbind(connection: Connection, order_id: str, now: datetime) -> int:
    """Undo the order's bindings, newest first, in the caller's transaction."""
    rows = connection.execute(
        select(_bindings)
        .where(_bindings.c.order_id == order_id, _bindings.c.undone_at.is_(None))
        .order_by(_bindings.c.id.desc())
    ).all()
    for row in rows:
        connection.execute(update(_bindings).where(_bindings.c.id == row.id).values(undone_at=now))
        # What was said to somebody else about the order was not said to its buyer.
        connection.execute(
            update(_touchpoints)
            .where(_touchpoints.c.conversation_id == row.conversation_id, _touchpoints.c.order_id == order_id)
            .values(buyer_id=None)
        )
        settle_buyer(connection, row.conversation_id)
    return len(rows)


def settle_buyer(connection: Connection, conversation_id: int) -> None:
    """Note whom the conversation belongs to: the newest binding that stands tells, else what was before."""
    bindings = connection.execute(
        select(_bindings.c.undone_at, _bindings.c.previous_buyer_id, _orders.c.buyer_id)
        .join(_orders, _orders.c.id == _bindings.c.order_id)
        .where(_bindings.c.conversation_id == conversation_id)
        .order_by(_bindings.c.id.desc())
    ).all()
    standing = (row.buyer_id for row in bindings if row.undone_at is None and row.buyer_id is not None)
    connection.execute(
        update(_conversations)
        .where(_conversations.c.id == conversation_id)
        .values(buyer_id=next(standing, bindings[-1].previous_buyer_id))
    )
