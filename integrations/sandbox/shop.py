"""The sample shop: orders are bought, shipped, delivered and cancelled, and the order feed tells the bot."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.limits import as_object, as_objects, as_text
from integrations.sandbox.people import Person
from integrations.sandbox.settings import DemoProduct, EntryLink
from integrations.sandbox.stage import Stage
from integrations.sandbox.webhooks import Route, escaped, signature

MOST_ORDERS: Final = 5_000
SHOWN: Final = 50
LINK_PATIENCE: Final = 5.0
"""Seconds that a purchase waits for the bot to know the order and to make its entry links."""
_CURRENCY: Final = {"CH": "CHF"}

Links: TypeAlias = Callable[[str], Awaitable[Mapping[str, EntryLink]]]
OrderStatus: TypeAlias = Literal["paid", "shipped", "delivered", "cancelled", "refunded"]
_AFTER: Final[dict[str, OrderStatus]] = {
    "order.paid": "paid",
    "order.shipped": "shipped",
    "order.delivered": "delivered",
    "order.cancelled": "cancelled",
    "order.refunded": "refunded",
}


def route(secret: str) -> Route:
    """Return how order events are posted: one event, or a list of them."""

    def pack(lanes: Any) -> bytes:
        events = [event for lane in lanes for event in lane]
        return escaped(events[0] if len(events) == 1 else events)

    return Route("orders", pack, lambda body: {"X-Signature-256": signature(secret, body)})


@dataclass(slots=True)
class DemoOrder:
    """An order of the sample shop; ``body`` is what the order feed says of it."""

    person: str | None
    title: str
    status: OrderStatus
    body: Json
    links: dict[str, EntryLink] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The order's id."""
        return str(self.body["id"])

    def json(self) -> Json:
        """Return the order as the phone page wants it."""
        return {
            "id": self.id,
            "number": self.body.get("number"),
            "title": self.title,
            "status": self.status,
            "person": self.person,
            "links": {name: {"url": link.url, "qr_svg": link.qr_svg} for name, link in self.links.items()},
        }


class Shop:
    """Keeps the orders and tells what happens to them."""

    def __init__(self, stage: Stage, links: Links | None) -> None:
        self._stage = stage
        self._links = links
        self._orders: dict[str, DemoOrder] = {}
        self._ids: deque[str] = deque()

    def shown_to(self, person: Person) -> list[Json]:
        """Return the newest orders that are this person's or nobody's in the sandbox, oldest first."""
        mine = [order for order in self._orders.values() if order.person in {None, person.key}]
        return [order.json() for order in mine[-SHOWN:]]

    async def buy(self, person: Person, sku: str | None) -> DemoOrder:
        """Pay for one piece; return the order, with its entry links if the bot makes them in time.

        Raises:
            Complaint: there is no such product.

        """
        product = self._product(sku)
        now = self._stage.clock()
        # By chance, not counted: a bot that kept its database must not meet an old order's number again.
        token = secrets.token_hex(8)
        number = f"NK-{100_000 + secrets.randbelow(900_000)}"
        body = _order_body(
            product,
            person,
            number=number,
            order_id=f"sandbox-{token}",
            now=now,
            currency=self._currency(person),
        )
        order = DemoOrder(person.key, product.title, "paid", body)
        self._keep(order)
        self._tell(order, "order.paid", now)
        await self._await_links(order)
        self._show(order)
        return order

    def ship(self, order_id: str) -> DemoOrder:
        """The parcel leaves.

        Raises:
            Complaint: unknown, or already on its way.

        """
        order = self._find(order_id)
        if order.status != "paid":
            raise Complaint(f"This order is {order.status}; only a paid one can be shipped.")
        self._ship(order, self._stage.clock())
        self._show(order)
        return order

    def arrive(self, order_id: str) -> DemoOrder:
        """The parcel is there. One that was never reported as sent is reported as delivered only.

        Raises:
            Complaint: unknown, already there, or cancelled.

        """
        order = self._find(order_id)
        now = self._stage.clock()
        if order.status not in {"paid", "shipped"}:
            raise Complaint(f"This order is {order.status}; only one on its way can arrive.")
        tracking = order.body.get("tracking") or _tracking()
        order.body["tracking"] = {**tracking, "status": "delivered"}
        self._tell(order, "order.delivered", now)
        self._show(order)
        return order

    def cancel(self, order_id: str) -> DemoOrder:
        """The order is called off.

        Raises:
            Complaint: unknown, or too late.

        """
        order = self._find(order_id)
        if order.status not in {"paid", "shipped"}:
            raise Complaint(f"This order is {order.status}; it cannot be cancelled.")
        self._tell(order, "order.cancelled", self._stage.clock())
        self._show(order)
        return order

    def note(self, body: Any) -> None:
        """Learn of orders that somebody hands in by the order feed, so that the page can show them."""
        for event in as_objects(body if isinstance(body, list) else [body]):
            told = as_object(event.get("order"))
            order_id, status = as_text(told.get("id")), _AFTER.get(as_text(event.get("event")))
            if not order_id or status is None:
                continue
            titles = [as_text(item.get("title")) for item in as_objects(told.get("items"))]
            order = self._orders.get(order_id)
            if order is None:
                order = DemoOrder(None, ", ".join(titles), status, told)
                self._keep(order)
            order.status = status
            self._show(order)

    def forget(self) -> None:
        """Begin with no orders."""
        self._orders.clear()
        self._ids.clear()

    def _product(self, sku: str | None) -> DemoProduct:
        products = self._stage.settings.products
        found = next((product for product in products if sku in {None, product.sku}), None)
        if found is None:
            raise Complaint("The shop has no such product.", status=404)
        return found

    def _currency(self, person: Person) -> str:
        return _CURRENCY.get(person.country, self._stage.settings.currency)

    def _find(self, order_id: str) -> DemoOrder:
        order = self._orders.get(order_id)
        if order is None:
            raise Complaint("There is no such order.", status=404)
        return order

    def _keep(self, order: DemoOrder) -> None:
        self._orders[order.id] = order
        self._ids.append(order.id)
        if len(self._ids) > MOST_ORDERS:
            self._orders.pop(self._ids.popleft(), None)

    def _ship(self, order: DemoOrder, at: datetime) -> None:
        order.body["tracking"] = _tracking()
        self._tell(order, "order.shipped", at)

    def _tell(self, order: DemoOrder, event: str, at: datetime) -> None:
        order.status = _AFTER[event]
        told = {
            "event": event,
            "id": f"sandbox-{secrets.token_hex(12)}",
            "at": at.isoformat(),
            "order": dict(order.body),
        }
        self._stage.postman.post("orders", order.id, told)

    async def _await_links(self, order: DemoOrder) -> None:
        if self._links is None:
            return
        clock = asyncio.get_running_loop().time
        until = clock() + LINK_PATIENCE
        while not order.links and clock() < until and not self._stage.closing.is_set():
            order.links = dict(await self._links(order.id))
            if not order.links:
                await asyncio.sleep(0.1)

    def _show(self, order: DemoOrder) -> None:
        self._stage.live.publish({"type": "order", "order": order.json()})


def _tracking() -> Json:
    """A parcel that has just been handed to the carrier."""
    number = "00340" + f"{secrets.randbelow(10**15):015d}"
    return {
        "number": number,
        "carrier": "DHL",
        "url": f"https://shop.example/track/{number}",
        "status": "in_transit",
    }


def _order_body(
    product: DemoProduct, person: Person, *, number: str, order_id: str, now: datetime, currency: str
) -> Json:
    price = str(product.price)
    return {
        "id": order_id,
        "number": number,
        "currency": currency,
        "total": price,
        "placed_at": now.isoformat(),
        "buyer": {
            "name": person.name,
            "email": person.email,
            "phone": f"+{person.wa_id}",
            "language": person.language,
        },
        "items": [{"sku": product.sku, "title": product.title, "quantity": 1, "price": price}],
    }
