"""The shop as dialogs see it: buyers, orders, parcels, products, and the changes that a shop reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Discriminator, TypeAdapter

OrderStatus: TypeAlias = Literal["open", "paid", "shipped", "delivered", "cancelled", "refunded"]


@dataclass(frozen=True, slots=True)
class Person:
    """The buyer as an order names them. ``phone`` is E.164 or None; it is a hint, not an identity."""

    external_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    birthday: date | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order. ``price`` is per piece in the order's currency."""

    sku: str
    title: str
    quantity: int = 1
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment. ``status`` is the carrier's word where the shop passes it on."""

    number: str
    carrier: str | None = None
    url: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """An order as a shop describes it at ``updated_at`` (UTC). Later snapshots win over earlier ones."""

    id: str
    number: str
    currency: str
    total: Decimal
    placed_at: datetime
    updated_at: datetime
    buyer: Person = Person()
    items: tuple[Item, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    codes: tuple[str, ...] = ()
    status: OrderStatus | None = None
    """The status that the snapshot itself shows, if it does; milestones come as `OrderChange.what`."""
    test: bool = False
    kind: Literal["order"] = "order"


Milestone: TypeAlias = Literal[
    "placed", "updated", "paid", "shipped", "delayed", "delivered", "cancelled", "refunded"
]


@dataclass(frozen=True, slots=True)
class OrderChange:
    """Something happened to an order at ``at`` (the shop's time, UTC).

    ``order`` is None where the shop sends only the part that changed (a fulfilment, a refund); then
    ``order_id`` names the order and ``parcels`` / ``refunded`` carry the part. It may arrive before the
    order itself.
    """

    order_id: str
    what: Milestone
    at: datetime
    order: OrderSnapshot | None = None
    parcels: tuple[Parcel, ...] = ()
    refunded: Decimal | None = None
    kind: Literal["order_change"] = "order_change"


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A shop passes on a buyer's wish for their data: ``redact`` (erase) or ``data_request`` (a copy)."""

    wish: Literal["redact", "data_request"]
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    order_ids: tuple[str, ...] = ()
    kind: Literal["privacy_request"] = "privacy_request"


@dataclass(frozen=True, slots=True)
class BuyerTagged:
    """The shop puts a tag on somebody: early access, a price that has dropped, a product that is back.

    Exactly one thing says on whom: the buyer of an order (``order_id``), a buyer by the shop's id or their
    e-mail address, or everybody who is ``waiting_for`` a SKU, by their note ``wanted``.
    """

    tag: str
    order_id: str | None = None
    customer_id: str | None = None
    email: str | None = None
    waiting_for: str | None = None
    kind: Literal["buyer_tagged"] = "buyer_tagged"


ShopEvent: TypeAlias = OrderChange | PrivacyRequest | BuyerTagged
SHOP_EVENTS: Final[TypeAdapter[ShopEvent]] = TypeAdapter(Annotated[ShopEvent, Discriminator("kind")])


@dataclass(frozen=True, slots=True)
class ShopArrival:
    """A shop event as a source hands it over; ``(source, external_id, event.kind)`` is its identity."""

    source: str
    external_id: str
    at: datetime
    event: ShopEvent


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the store knows it now. ``milestones`` maps each milestone to when it happened (UTC)."""

    id: str
    number: str
    currency: str
    total: Decimal
    placed_at: datetime
    status: OrderStatus
    buyer_name: str | None = None
    language: str | None = None
    country: str | None = None
    items: tuple[Item, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    codes: tuple[str, ...] = ()
    milestones: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupItem:
    """One item of a product's setup checklist, per language; ``trouble`` helps where it does not work."""

    id: str
    text: dict[str, str]
    trouble: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Complement:
    """A product that goes with another, and the reason why, per language."""

    sku: str
    why: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a case has come of, for the desk to choose from; ``help`` is what to tell the buyer about it."""

    id: str
    title: dict[str, str]
    help: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """What the catalogue says of a product. ``pace`` decides when the rating is asked for.

    Texts are keyed by language (``de``, ``en``), or by language and voice (``de_du``, ``de_sie``). ``usages``
    are tips by how the product is used (``notes.usage``). ``days`` are the product's own days for a flow's
    touchpoint, by the flow's id. ``consumption_days`` is how long one piece lasts, ``return_rate`` which
    share of it comes back (0 to 1). ``causes`` are what its cases come of, beside the house's general ones
    (`dialogs.causes`). A ``service`` is an appointment or a work: nothing of it is shipped.
    """

    sku: str
    title: dict[str, str]
    pace: Literal["fast", "durable"] = "durable"
    category: str = ""
    service: bool = False
    setup: tuple[SetupItem, ...] = ()
    tips: tuple[dict[str, str], ...] = ()
    usages: dict[str, tuple[dict[str, str], ...]] = field(default_factory=dict)
    success: dict[str, str] = field(default_factory=dict)
    """What is said when the setup is done: the first success, per language."""
    complements: tuple[Complement, ...] = ()
    consumption_days: int | None = None
    return_rate: float | None = None
    days: dict[str, int] = field(default_factory=dict)
    picture: str = ""
    url: str = ""
    causes: tuple[Cause, ...] = ()


EntryState: TypeAlias = Literal["fresh", "yours", "used", "expired", "forged", "unknown"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code turned out to be: ``fresh`` ties the chat to ``order_id``; ``yours`` did so already."""

    state: EntryState
    code: str
    order_id: str | None = None
