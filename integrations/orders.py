"""The generic order feed: any shop that can sign and POST a small JSON document.

One event or a list of them::

    {"event": "order.paid", "id": "<delivery id>", "at": "2026-11-21T10:00:00Z",
     "order": {"id": "1001", "number": "1001", "currency": "EUR", "total": "49.90",
               "placed_at": "2026-11-21T09:58:00Z",
               "buyer": {"name": …, "email": …, "phone": …, "language": "de"},
               "items": [{"sku": "MUG-1", "title": "Becher", "quantity": 1, "price": "49.90"}],
               "tracking": {"number": …, "carrier": …, "url": …}, "codes": ["TEN"]}}

Events: ``order.paid``, ``order.shipped``, ``order.delayed`` (the parcel will be late), ``order.delivered``,
``order.cancelled``, ``order.refunded``.

A tag on a buyer is an event without an order. Who gets it is said by exactly one of ``order_id``, ``buyer``
(``id``, ``email`` or both) and ``waiting_for``, the SKU of a product that somebody asked for::

    {"event": "buyer.tagged", "id": "<delivery id>", "at": "2026-11-21T10:00:00Z",
     "tag": "back_in_stock", "waiting_for": "MUG-1"}

Whoever writes such a feed reads our errors, so what an order cannot do without is checked strictly and named
by its path. What is only a hint (a phone, a language, a birthday) is dropped where it makes no sense.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from dialogs.script_parts import Id
from dialogs.shop import (
    BuyerTagged,
    Item,
    Milestone,
    OrderChange,
    OrderSnapshot,
    Parcel,
    Person,
    ShopArrival,
)
from integrations import lenient
from integrations.base import BadSignature, Ignored, Malformed, Parsed
from integrations.lenient import Lenient, Part
from integrations.phones import e164

_MILESTONES: Final[Mapping[str, Milestone]] = {
    "order.paid": "paid",
    "order.shipped": "shipped",
    "order.delayed": "delayed",
    "order.delivered": "delivered",
    "order.cancelled": "cancelled",
    "order.refunded": "refunded",
}
_TAGGED: Final = "buyer.tagged"
_MOST_PROBLEMS_TOLD: Final = 5


def _as_text(value: object) -> object:
    """Turn a whole number into the text it stands for, as JSON feeds often send ids; drop NUL characters."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _in_utc(value: datetime) -> datetime:
    if not 1990 <= value.year < 2200:
        raise ValueError("the time must lie between 1990 and 2200")
    return value.astimezone(UTC)


def _one_or_many(value: object) -> object:
    """Accept one parcel for a list of one, and ``null`` or ``{}`` for none."""
    if isinstance(value, list):
        return value
    return [value] if value else []


def _none_as_empty(value: object) -> object:
    return [] if value is None else value


_Id: TypeAlias = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=lenient.LONGEST_KEY),
]
_Words: TypeAlias = Annotated[str, BeforeValidator(_as_text), StringConstraints(strip_whitespace=True)]
_Money: TypeAlias = Annotated[Decimal, Field(ge=0, le=lenient.MOST_MONEY, decimal_places=18)]
_Time: TypeAlias = Annotated[AwareDatetime, AfterValidator(_in_utc)]
_Currency: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{3}$")
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Buyer(Lenient):
    id: lenient.Key = None
    name: lenient.Text = None
    email: lenient.Text = None
    phone: lenient.Text = None
    language: lenient.Language = None
    birthday: lenient.Day = None
    country: lenient.Country = None


class _Item(_Strict):
    sku: _Words = ""
    title: _Words = ""
    quantity: int = Field(default=1, ge=1, le=1_000_000)
    price: _Money = Decimal(0)


class _Parcel(_Strict):
    number: _Id
    carrier: lenient.Text = None
    url: lenient.Text = None
    status: lenient.Text = None


class _Order(_Strict):
    id: _Id
    number: _Id
    currency: _Currency
    total: _Money
    placed_at: _Time
    buyer: Part[_Buyer] = _Buyer()
    items: Annotated[tuple[_Item, ...], BeforeValidator(_none_as_empty)] = ()
    tracking: Annotated[tuple[_Parcel, ...], BeforeValidator(_one_or_many)] = ()
    codes: Annotated[tuple[_Id, ...], BeforeValidator(_none_as_empty)] = ()
    test: object = None


class _Event(_Strict):
    event: Literal[
        "order.paid", "order.shipped", "order.delayed", "order.delivered", "order.cancelled", "order.refunded"
    ]  # fmt: skip
    id: _Id
    at: _Time
    order: _Order


class _Person(Lenient):
    id: lenient.Key = None
    email: lenient.Text = None


class _Tagging(_Strict):
    event: Literal["buyer.tagged"]
    id: _Id
    at: _Time
    tag: Id
    order_id: _Id | None = None
    buyer: Part[_Person] = _Person()
    waiting_for: _Id | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> _Tagging:
        named = (self.order_id, self.buyer.id or self.buyer.email, self.waiting_for)
        if sum(bool(one) for one in named) != 1:
            raise ValueError(
                "say who gets the tag: exactly one of order_id, buyer (id or email), waiting_for"
            )
        return self


class Orders:
    """The source ``orders``. ``secrets`` may hold the old and the new one while they are exchanged.

    ``country`` (ISO) is the shop's own, by which a buyer's phone is read when the order names no country.
    """

    name: Final = "orders"

    def __init__(self, secrets: Sequence[str], *, country: str | None = None) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets if secret)
        if not self._secrets:
            raise ValueError("The order feed needs at least one secret; an empty one would let everybody in.")
        self._country = country

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check ``X-Signature-256: sha256=<hex HMAC-SHA256 of the raw body>`` against every secret."""
        given = headers.get("X-Signature-256", "").strip().lower().encode("utf-8", "surrogateescape")
        matches = [
            hmac.compare_digest(b"sha256=" + hmac.digest(secret, body, hashlib.sha256).hex().encode(), given)
            for secret in self._secrets
        ]
        if not any(matches):
            raise BadSignature("X-Signature-256 is missing or signed with another secret.")

    def parse(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Parsed:  # noqa: ARG002 - the port's
        """Translate one event or a list.

        In a list an invalid event is reported as `Ignored` and costs none of its siblings. A body without one
        valid or at least unknown event is answered with what is wrong with it.
        """
        try:
            document = lenient.load(body)
        except ValueError:
            raise Malformed("The body must be JSON, and this is none.") from None
        if not isinstance(document, dict | list):
            raise Malformed("The body must be one event (a JSON object) or a list of events.")
        return _translate(document if isinstance(document, list) else [document], self.name, self._country)


def _translate(entries: list[Any], source: str, country: str | None) -> Parsed:
    arrivals: list[ShopArrival] = []
    ignored: list[Ignored] = []
    problems: list[str] = []
    for position, entry in enumerate(entries):
        where = f"event {position + 1}: " if len(entries) > 1 else ""
        if not isinstance(entry, dict):
            problems.append(f"{where}must be a JSON object")
            ignored.append(Ignored("malformed event", problems[-1]))
            continue
        name = entry.get("event")
        if isinstance(name, str) and name not in _MILESTONES and name != _TAGGED:
            ignored.append(Ignored((lenient.text(name) or "unnamed")[:64], "not an event this bot acts on"))
            continue
        try:
            if name == _TAGGED:
                arrivals.append(_tagging(_Tagging.model_validate(entry), source))
            else:
                arrivals.append(_arrival(_Event.model_validate(entry), source, country))
        except ValidationError as error:
            problems.append(where + _told(error))
            ignored.append(Ignored("malformed event", problems[-1]))
    if problems and len(problems) == len(entries):
        raise Malformed("; ".join(problems[:_MOST_PROBLEMS_TOLD]))
    return Parsed(shop=tuple(arrivals), ignored=tuple(ignored))


def _told(error: ValidationError) -> str:
    """Say which fields are wrong and why, without their values: they may be personal."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'the event'}: {problem['msg']}"
        for problem in found[:_MOST_PROBLEMS_TOLD]
    ]
    return "; ".join(told)


def _tagging(event: _Tagging, source: str) -> ShopArrival:
    tagged = BuyerTagged(
        tag=event.tag,
        order_id=event.order_id,
        customer_id=event.buyer.id,
        email=event.buyer.email,
        waiting_for=event.waiting_for,
    )
    return ShopArrival(source=source, external_id=event.id, at=event.at, event=tagged)


def _arrival(event: _Event, source: str, country: str | None) -> ShopArrival:
    order, buyer = event.order, event.order.buyer
    parcels = tuple(
        Parcel(number=parcel.number, carrier=parcel.carrier, url=parcel.url, status=parcel.status)
        for parcel in order.tracking
    )
    snapshot = OrderSnapshot(
        id=order.id,
        number=order.number.removeprefix("#").strip() or order.id,
        currency=order.currency,
        total=order.total,
        placed_at=order.placed_at,
        updated_at=event.at,
        buyer=Person(
            external_id=buyer.id,
            name=buyer.name,
            email=buyer.email,
            phone=e164(buyer.phone, buyer.country or country),
            language=buyer.language,
            birthday=buyer.birthday,
            country=buyer.country,
        ),
        items=tuple(
            Item(sku=item.sku, title=item.title or item.sku, quantity=item.quantity, price=item.price)
            for item in order.items
        ),
        parcels=parcels,
        codes=order.codes,
        test=order.test is True,
    )
    what = _MILESTONES[event.event]
    change = OrderChange(order_id=order.id, what=what, at=event.at, order=snapshot, parcels=parcels)
    return ShopArrival(source=source, external_id=event.id, at=event.at, event=change)
