"""Orders as the shops report them: late, repeated and in any order, and still always the newest truth."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.engine import Row

from dialogs.messages import OrderEvent
from dialogs.shop import (
    SHOP_EVENTS,
    BuyerTagged,
    Item,
    Milestone,
    Order,
    OrderChange,
    OrderSnapshot,
    OrderStatus,
    Parcel,
    PrivacyRequest,
    ShopEvent,
)
from persistence.buyers import buyer_of
from persistence.database import EPOCH, Database, is_conflict
from persistence.identity import settle_buyer
from persistence.inbox import insert_or_ignore, waiting_in
from persistence.privacy import redact
from persistence.records import add_notice
from persistence.reminders import wake
from persistence.tables import (
    BindingRow,
    Buyer,
    InboxRow,
    ItemRow,
    MilestoneRow,
    OrderRow,
    ParcelRow,
    table,
)
from persistence.tags import tag

_inbox = table(InboxRow)
_orders = table(OrderRow)
_items = table(ItemRow)
_parcels = table(ParcelRow)
_milestones = table(MilestoneRow)
_buyers = table(Buyer)
_bindings = table(BindingRow)

TRIES: Final = 5
_STATUS: Final[tuple[OrderStatus, ...]] = ("cancelled", "refunded", "delivered", "shipped", "paid")
"""The first of these milestones that an order has reached is its status."""
_ENDED: Final = frozenset({"delivered", "cancelled", "refunded"})


class Orders:
    """The shop's lane, and the orders it leads to."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def apply(self, now: datetime, most: int = 100) -> int:
        """Apply waiting shop events; return how many.

        One that cannot be applied is set aside after some tries.
        """
        return await self._database.write(apply, now, most)

    async def of_conversations(self, ids: Sequence[int]) -> dict[int, tuple[Order, ...]]:
        """Return the orders that each conversation is tied to, the newest first."""
        return await self._database.read(orders_of, ids)

    async def find(self, id_or_number: str) -> Order | None:
        """Return the order with this id, or the newest with this number (a leading ``#`` does not matter)."""
        return await self._database.read(find, id_or_number)

    async def by_id(self, ids: Sequence[str]) -> dict[str, Order]:
        """Return the orders with these ids, as far as they exist."""
        return await self._database.read(load, ids)

    async def numbers(self, since: datetime) -> list[str]:
        """Return the ids of the orders placed since then, the oldest first."""
        return await self._database.read(ids_since, since)


def apply(connection: Connection, now: datetime, most: int) -> int:
    """Apply waiting shop events in the caller's transaction, each under a savepoint of its own."""
    rows = waiting_in(connection, "shop", now, most)
    for row in rows:
        try:
            with connection.begin_nested():
                apply_event(connection, SHOP_EVENTS.validate_json(row.event), row, now)
        except Exception as error:  # a bad delivery is set aside and told, it never stops the feed
            if is_conflict(error):
                raise
            _try_later(connection, row, type(error).__name__, now)
        else:
            # The truth is in the tables now; names and addresses need not lie about twice.
            connection.execute(update(_inbox).where(_inbox.c.id == row.id).values(status="done", event="{}"))
    return len(rows)


def _try_later(connection: Connection, row: Row[Any], error: str, now: datetime) -> None:
    last = row.attempts + 1 >= TRIES
    connection.execute(
        update(_inbox)
        .where(_inbox.c.id == row.id)
        .values(
            attempts=row.attempts + 1,
            status="aside" if last else "waiting",
            due_at=now + timedelta(seconds=2**row.attempts),
        )
    )
    if last:
        add_notice(
            connection,
            "shop_event_set_aside",
            {"inbox": str(row.id), "source": row.source, "error": error},
            now,
        )


def apply_event(connection: Connection, event: ShopEvent, row: Row[Any], now: datetime) -> None:
    """Apply one event and tell the conversations that are tied to its order."""
    if isinstance(event, PrivacyRequest):
        if event.wish == "redact":
            erased = redact(connection, event)
            add_notice(connection, "erased", {"buyers": str(erased), "source": row.source}, now)
        else:
            add_notice(
                connection, "data_request", {"orders": ", ".join(event.order_ids), "source": row.source}, now
            )
        return
    if isinstance(event, BuyerTagged):
        tag(connection, event, row, now)
        return
    _ensure(connection, event)
    reached = _delays(event)
    if event.what != "updated":
        reached.append((event.what, event.at))
    if (order := event.order) is not None:
        _describe(connection, order)
        _add_parcels(connection, order.id, order.parcels, order.updated_at)
        if order.status is not None and order.status != "open":
            reached.append((order.status, order.updated_at))
    _add_parcels(connection, event.order_id, event.parcels, event.at)
    if event.refunded is not None:
        connection.execute(
            update(_orders)
            .where(_orders.c.id == event.order_id)
            .values(refunded=_orders.c.refunded + event.refunded)
        )
    for what, at in reached:
        if _reach(connection, event.order_id, what, at) and _is_news(connection, event.order_id, what):
            _tell(connection, event.order_id, what, at, now)


def _delays(change: OrderChange) -> list[tuple[Milestone, datetime]]:
    """Return when a carrier said that a parcel of the order is late."""
    told = [(parcel, change.at) for parcel in change.parcels]
    if change.order is not None:
        told += [(parcel, change.order.updated_at) for parcel in change.order.parcels]
    return [("delayed", at) for parcel, at in told if (parcel.status or "").lower() == "delayed"]


def _ensure(connection: Connection, change: OrderChange) -> None:
    """A part may come before its order: keep a place for it, older than any description."""
    connection.execute(
        insert_or_ignore(connection.dialect.name, _orders),
        [
            {
                "id": change.order_id,
                "placed_at": change.at,
                "described_at": EPOCH,
            }
        ],
    )
    connection.execute(
        update(_orders)
        .where(_orders.c.id == change.order_id, _orders.c.described_at == EPOCH)
        .where(_orders.c.placed_at > change.at)
        .values(placed_at=change.at)
    )


def _describe(connection: Connection, order: OrderSnapshot) -> None:
    known = connection.execute(
        select(_orders.c.described_at, _orders.c.described_by, _orders.c.buyer_id)
        .where(_orders.c.id == order.id)
        .with_for_update()
    ).one()
    buyer = buyer_of(connection, order.buyer, known.buyer_id, order.updated_at)
    fingerprint = _fingerprint(order)
    if (known.described_at, known.described_by) >= (order.updated_at, fingerprint):
        return
    connection.execute(
        update(_orders)
        .where(_orders.c.id == order.id)
        .values(
            number=order.number,
            currency=order.currency,
            total=order.total,
            placed_at=order.placed_at,
            described_at=order.updated_at,
            described_by=fingerprint,
            buyer_id=buyer,
            codes=orjson.dumps(order.codes).decode(),
            test=order.test,
        )
    )
    if buyer != known.buyer_id:  # a chat may have been tied to the order before the buyer was named
        for place in _tied(connection, order.id):
            settle_buyer(connection, place)
    connection.execute(delete(_items).where(_items.c.order_id == order.id))
    if order.items:
        connection.execute(
            _items.insert(),
            [
                {
                    "order_id": order.id,
                    "position": position,
                    "sku": item.sku,
                    "title": item.title,
                    "quantity": item.quantity,
                    "price": item.price,
                }
                for position, item in enumerate(order.items)
            ],
        )


def _fingerprint(order: OrderSnapshot) -> str:
    """Order descriptions of one moment (shops' clocks tick in seconds): the one that is further on wins."""
    progress = len(_STATUS) - _STATUS.index(order.status) if order.status in _STATUS else 0
    digest = hashlib.sha256(repr(order).encode()).hexdigest()[:16]
    return f"{progress}:{len(order.parcels):04}:{digest}"


def _add_parcels(connection: Connection, order_id: str, parcels: Sequence[Parcel], at: datetime) -> None:
    for parcel in parcels:
        here = (_parcels.c.order_id == order_id, _parcels.c.number == parcel.number)
        known = connection.execute(select(_parcels).where(*here).with_for_update()).one_or_none()
        values = {"carrier": parcel.carrier, "url": parcel.url, "status": parcel.status}
        if known is None:
            connection.execute(
                _parcels.insert().values(order_id=order_id, number=parcel.number, told_at=at, **values)
            )
        elif (known.told_at, *_words(known)) < (at, *_words(parcel)):
            connection.execute(update(_parcels).where(*here).values(told_at=at, **values))


def _words(parcel: Parcel | Row[Any]) -> tuple[str, str, str]:
    return parcel.status or "", parcel.url or "", parcel.carrier or ""


def _reach(connection: Connection, order_id: str, what: Milestone, at: datetime) -> bool:
    """Note the milestone; False if the order had reached it before."""
    here = (_milestones.c.order_id == order_id, _milestones.c.what == what)
    known = connection.execute(select(_milestones.c.at).where(*here)).scalar_one_or_none()
    if known is None:
        connection.execute(_milestones.insert().values(order_id=order_id, what=what, at=at))
        return True
    if at < known:
        connection.execute(update(_milestones).where(*here).values(at=at))
    return False


def _is_news(connection: Connection, order_id: str, what: Milestone) -> bool:
    """Tell whether a milestone still matters: that a parcel is late does not once it is there."""
    if what != "delayed":
        return True
    reached = connection.execute(select(_milestones.c.what).where(_milestones.c.order_id == order_id))
    return _ENDED.isdisjoint(reached.scalars())


def _tell(connection: Connection, order_id: str, what: Milestone, at: datetime, now: datetime) -> None:
    """Let the conversations that are tied to the order know, once per milestone."""
    conversations = _tied(connection, order_id)
    if not conversations:
        return
    event = OrderEvent(order_id, what)
    connection.execute(
        insert_or_ignore(connection.dialect.name, _inbox),
        [
            {
                "source": "orders",
                "external_id": f"{order_id}:{what}:{place}",
                "kind": event.kind,
                "lane": "message",
                "conversation_id": place,
                "at": at,
                "received_at": now,
                "due_at": now,
                "event": orjson.dumps(event).decode(),
            }
            for place in conversations
        ],
    )
    wake(connection, conversations, now)


def _tied(connection: Connection, order_id: str) -> list[int]:
    found = connection.execute(
        select(_bindings.c.conversation_id)
        .where(_bindings.c.order_id == order_id, _bindings.c.undone_at.is_(None))
        .distinct()
    )
    return sorted(found.scalars())


def orders_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Order, ...]]:
    """Load the orders of several conversations with four statements."""
    bonds = connection.execute(
        select(_bindings.c.conversation_id, _bindings.c.order_id)
        .where(_bindings.c.conversation_id.in_(ids), _bindings.c.undone_at.is_(None))
        .order_by(_bindings.c.id.desc())
    ).all()
    orders = load(connection, sorted({bond.order_id for bond in bonds}))
    found: dict[int, dict[str, Order]] = {}
    for bond in bonds:
        found.setdefault(bond.conversation_id, {})[bond.order_id] = orders[bond.order_id]
    return {place: tuple(theirs.values()) for place, theirs in found.items()}


def load(connection: Connection, ids: Sequence[str]) -> dict[str, Order]:
    """Load orders whole, by id."""
    if not ids:
        return {}
    rows = connection.execute(
        select(
            _orders,
            _buyers.c.name.label("buyer_name"),
            _buyers.c.language.label("buyer_language"),
            _buyers.c.country,
        )
        .outerjoin(_buyers, _buyers.c.id == _orders.c.buyer_id)
        .where(_orders.c.id.in_(ids))
    ).all()
    items: dict[str, list[Item]] = {}
    for item in connection.execute(
        select(_items).where(_items.c.order_id.in_(ids)).order_by(_items.c.order_id, _items.c.position)
    ):
        items.setdefault(item.order_id, []).append(Item(item.sku, item.title, item.quantity, item.price))
    parcels: dict[str, list[Parcel]] = {}
    for parcel in connection.execute(
        select(_parcels).where(_parcels.c.order_id.in_(ids)).order_by(_parcels.c.order_id, _parcels.c.number)
    ):
        parcels.setdefault(parcel.order_id, []).append(
            Parcel(parcel.number, parcel.carrier, parcel.url, parcel.status)
        )
    milestones: dict[str, dict[str, datetime]] = {}
    for reached in connection.execute(select(_milestones).where(_milestones.c.order_id.in_(ids))):
        milestones.setdefault(reached.order_id, {})[reached.what] = reached.at
    return {
        row.id: Order(
            id=row.id,
            number=row.number,
            currency=row.currency,
            total=row.total,
            placed_at=row.placed_at,
            status=status_of(milestones.get(row.id, {})),
            buyer_name=row.buyer_name,
            language=row.buyer_language,
            country=row.country,
            items=tuple(items.get(row.id, ())),
            parcels=tuple(parcels.get(row.id, ())),
            codes=tuple(orjson.loads(row.codes)),
            milestones=milestones.get(row.id, {}),
        )
        for row in rows
    }


def status_of(milestones: dict[str, datetime]) -> OrderStatus:
    """Return the status that the reached milestones amount to."""
    return next((what for what in _STATUS if what in milestones), "open")


def find(connection: Connection, id_or_number: str) -> Order | None:
    """Find an order by id or number."""
    wanted = id_or_number.strip()
    bare = wanted.removeprefix("#")
    if not bare:
        return None
    numbers = {form for word in (bare, f"#{bare}") for form in (word, word.lower(), word.upper())}
    found = connection.execute(select(_orders.c.id).where(_orders.c.id.in_((wanted, bare)))).scalars().first()
    if found is None:
        found = connection.execute(
            select(_orders.c.id)
            .where(_orders.c.number.in_(numbers))
            .order_by(_orders.c.placed_at.desc(), _orders.c.id)
            .limit(1)
        ).scalar_one_or_none()
    return None if found is None else load(connection, [found])[found]


def ids_since(connection: Connection, since: datetime) -> list[str]:
    """Return the ids of orders placed since then."""
    return list(
        connection.execute(
            select(_orders.c.id)
            .where(_orders.c.placed_at >= since)
            .order_by(_orders.c.placed_at, _orders.c.id)
        ).scalars()
    )
