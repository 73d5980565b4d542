"""Shopify's webhooks: orders, fulfilments, refunds, and buyers' wishes for their data.

Deliveries come late, repeated and in any order, and a repetition carries the body of the first attempt
(https://shopify.dev/docs/apps/build/webhooks/best-practices): every change says *when* it was true, and the
store lets later snapshots win. Names, numbers and addresses may be blank where the app has no leave for
protected customer data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from dialogs.shop import (
    Item,
    Milestone,
    OrderChange,
    OrderSnapshot,
    OrderStatus,
    Parcel,
    Person,
    PrivacyRequest,
    ShopArrival,
    ShopEvent,
)
from integrations import lenient
from integrations.base import BadSignature, Ignored, Malformed, Parsed
from integrations.lenient import Lenient, Part, Parts
from integrations.phones import e164

_ORDER_TOPICS: Final[Mapping[str, Milestone]] = {
    "orders/create": "placed",
    "orders/paid": "paid",
    "orders/updated": "updated",
    "orders/cancelled": "cancelled",
}
_FULFILMENT_TOPICS: Final = frozenset({"fulfillments/create", "fulfillments/update"})
_NOT_SENT: Final = frozenset({"cancelled", "error", "failure"})
"""Fulfilments that came to nothing: https://shopify.dev/docs/api/admin-rest/latest/resources/fulfillment"""
_MONEY_DID_NOT_MOVE: Final = frozenset({"error", "failure"})


class _Address(Lenient):
    name: lenient.Text = None
    phone: lenient.Text = None
    country_code: lenient.Country = None


class _Customer(Lenient):
    id: lenient.Key = None
    email: lenient.Text = None
    phone: lenient.Text = None
    first_name: lenient.Text = None
    last_name: lenient.Text = None
    locale: lenient.Language = None
    default_address: Part[_Address] = _Address()


class _Line(Lenient):
    product_id: lenient.Text = None
    variant_id: lenient.Text = None
    sku: lenient.Text = None
    title: lenient.Text = None
    name: lenient.Text = None
    quantity: lenient.Count = None
    price: lenient.Amount = None


class _Code(Lenient):
    code: lenient.Text = None


class _Fulfilment(Lenient):
    id: lenient.Key = None
    order_id: lenient.Key = None
    status: lenient.Text = None
    shipment_status: lenient.Text = None
    tracking_company: lenient.Text = None
    tracking_number: lenient.Text = None
    tracking_numbers: lenient.Texts = ()
    tracking_url: lenient.Text = None
    tracking_urls: lenient.Texts = ()
    created_at: lenient.Moment = None
    updated_at: lenient.Moment = None

    @property
    def delivered(self) -> bool:
        return self.shipment_status == "delivered"

    def parcels(self) -> tuple[Parcel, ...]:
        """One parcel per tracking number; the plural fields are the whole truth, the singular its first."""
        numbers = self.tracking_numbers or ((self.tracking_number,) if self.tracking_number else ())
        urls = self.tracking_urls or ((self.tracking_url,) if self.tracking_url else ())
        return tuple(
            Parcel(
                number=number,
                carrier=self.tracking_company,
                url=urls[index] if index < len(urls) else None,
                status=self.shipment_status,
            )
            for index, number in enumerate(dict.fromkeys(numbers))
        )


class _Order(Lenient):
    id: lenient.Key = None
    name: lenient.Text = None
    order_number: lenient.Text = None
    email: lenient.Text = None
    contact_email: lenient.Text = None
    phone: lenient.Text = None
    currency: lenient.Text = None
    total_price: lenient.Amount = None
    current_total_price: lenient.Amount = None
    created_at: lenient.Moment = None
    processed_at: lenient.Moment = None
    updated_at: lenient.Moment = None
    cancelled_at: lenient.Moment = None
    financial_status: lenient.Text = None
    fulfillment_status: lenient.Text = None
    customer_locale: lenient.Language = None
    test: object = None
    customer: Part[_Customer] = _Customer()
    shipping_address: Part[_Address] = _Address()
    billing_address: Part[_Address] = _Address()
    line_items: Parts[_Line] = ()
    discount_codes: Parts[_Code] = ()
    fulfillments: Parts[_Fulfilment] = ()


class _RefundLine(Lenient):
    subtotal: lenient.Amount = None
    total_tax: lenient.Amount = None


class _Transaction(Lenient):
    kind: lenient.Text = None
    status: lenient.Text = None
    amount: lenient.Amount = None


class _Refund(Lenient):
    id: lenient.Key = None
    order_id: lenient.Key = None
    created_at: lenient.Moment = None
    processed_at: lenient.Moment = None
    refund_line_items: Parts[_RefundLine] = ()
    transactions: Parts[_Transaction] = ()


class _Privacy(Lenient):
    customer: Part[_Customer] = _Customer()
    orders_requested: lenient.Texts = ()
    orders_to_redact: lenient.Texts = ()


_Reading: TypeAlias = ShopEvent | str
"""An event, or the reason why there is none."""


class Shopify:
    """The source ``shopify``. ``secrets`` are the app's client secrets, old and new while they rotate.

    ``country`` (ISO) is the shop's own, by which a phone is read whose address names none.
    """

    name: Final = "shopify"

    def __init__(self, secrets: Sequence[str], *, country: str | None = None) -> None:
        self._secrets = tuple(secret.encode() for secret in secrets if secret)
        if not self._secrets:
            raise ValueError(
                "Shopify needs at least one webhook secret; an empty one would let everybody in."
            )
        self._country = country

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check base64(HMAC-SHA256(body)) in ``X-Shopify-Hmac-Sha256`` against every secret."""
        given = headers.get("X-Shopify-Hmac-Sha256", "").encode("utf-8", "surrogateescape")
        matches = [
            hmac.compare_digest(base64.b64encode(hmac.digest(secret, body, hashlib.sha256)), given)
            for secret in self._secrets
        ]
        if not any(matches):
            raise BadSignature("X-Shopify-Hmac-Sha256 is missing or signed with another secret.")

    def parse(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Parsed:
        """Translate one delivery; its topic stands in a header."""
        try:
            document = lenient.load(body)
        except ValueError:
            raise Malformed("The body of a Shopify webhook must be JSON, and this is none.") from None
        if not isinstance(document, dict):
            raise Malformed("The body of a Shopify webhook must be a JSON object.")
        topic = headers.get("X-Shopify-Topic", "").strip().lower()
        read = self._reader(topic)
        if read is None:
            return Parsed(ignored=(Ignored(topic[:64] or "no topic", "not a topic this bot acts on"),))
        triggered = lenient.moment(headers.get("X-Shopify-Triggered-At"))
        outcome, at = read(document, triggered, now)
        if isinstance(outcome, str):
            return Parsed(ignored=(Ignored(outcome, f"{topic}: nothing to act on"),))
        arrival = ShopArrival(
            source=self.name, external_id=_delivery(headers, topic, body), at=at, event=outcome
        )
        return Parsed(shop=(arrival,))

    def _reader(
        self, topic: str
    ) -> Callable[[object, datetime | None, datetime], tuple[_Reading, datetime]] | None:
        if topic in _ORDER_TOPICS:
            what = _ORDER_TOPICS[topic]
            return lambda document, triggered, now: _order_change(
                _Order.model_validate(document), what, triggered, now, self._country
            )
        if topic in _FULFILMENT_TOPICS:
            return lambda document, triggered, now: _shipment(
                _Fulfilment.model_validate(document), triggered, now
            )
        if topic == "refunds/create":
            return lambda document, triggered, now: _refund(_Refund.model_validate(document), triggered, now)
        if topic in {"customers/redact", "customers/data_request"}:
            return lambda document, triggered, now: (
                _privacy(_Privacy.model_validate(document), topic, self._country),
                triggered or now,
            )
        return None


def _delivery(headers: Mapping[str, str], topic: str, body: bytes) -> str:
    """Return the id that is the same in every repetition of one delivery.

    https://shopify.dev/docs/apps/build/webhooks/ignore-duplicates names the Webhook-Id; an older page the
    Event-Id, which several subscriptions share.
    """
    for header in ("X-Shopify-Webhook-Id", "X-Shopify-Event-Id"):
        given = lenient.key(headers.get(header))
        if given is not None:
            return given
    return hashlib.sha256(topic.encode("utf-8", "surrogateescape") + b"\n" + body).hexdigest()


def _order_change(
    order: _Order, what: Milestone, triggered: datetime | None, now: datetime, country: str | None
) -> tuple[_Reading, datetime]:
    at = triggered or order.updated_at or order.created_at or now
    if order.id is None:
        return "malformed order", at
    snapshot = OrderSnapshot(
        id=order.id,
        number=(order.name or order.order_number or order.id).removeprefix("#").strip() or order.id,
        currency=(order.currency or "").upper(),
        total=_first(order.total_price, order.current_total_price),
        placed_at=order.created_at or order.processed_at or at,
        updated_at=order.updated_at or at,
        buyer=_buyer(order, country),
        items=tuple(_item(line) for line in order.line_items),
        parcels=tuple(
            parcel
            for fulfilment in order.fulfillments
            if fulfilment.status not in _NOT_SENT
            for parcel in fulfilment.parcels()
        ),
        codes=tuple(entry.code for entry in order.discount_codes if entry.code),
        status=_status(order),
        test=order.test is True,
    )
    return OrderChange(order_id=order.id, what=what, at=at, order=snapshot), at


def _status(order: _Order) -> OrderStatus | None:
    if order.cancelled_at is not None:
        return "cancelled"
    if order.financial_status == "refunded":
        return "refunded"
    if order.fulfillment_status == "fulfilled":
        sent = [part for part in order.fulfillments if part.status not in _NOT_SENT]
        return "delivered" if sent and all(part.delivered for part in sent) else "shipped"
    if order.financial_status in {"paid", "partially_refunded"}:
        return "paid"
    return "open" if order.financial_status else None


def _item(line: _Line) -> Item:
    return Item(
        # Digital goods and quick drafts have no sku; the variant's id still tells products apart.
        sku=line.sku or line.variant_id or line.product_id or "",
        title=line.title or line.name or "",
        quantity=1 if line.quantity is None else line.quantity,
        price=line.price or Decimal(0),
    )


def _buyer(order: _Order, country: str | None) -> Person:
    customer, shipping, billing = order.customer, order.shipping_address, order.billing_address
    home = customer.default_address
    order_country = shipping.country_code or billing.country_code or home.country_code
    where_else = order_country or country
    written = (
        (order.phone, where_else),
        (shipping.phone, shipping.country_code or where_else),
        (billing.phone, billing.country_code or where_else),
        (customer.phone, home.country_code or where_else),
        (home.phone, home.country_code or where_else),
    )
    called = " ".join(part for part in (customer.first_name, customer.last_name) if part)
    return Person(
        external_id=customer.id,
        name=called or shipping.name or billing.name,
        email=order.email or order.contact_email or customer.email,
        phone=next((found for number, where in written if (found := e164(number, where))), None),
        language=order.customer_locale or customer.locale,
        country=order_country,
    )


def _shipment(
    fulfilment: _Fulfilment, triggered: datetime | None, now: datetime
) -> tuple[_Reading, datetime]:
    at = triggered or fulfilment.updated_at or fulfilment.created_at or now
    if fulfilment.order_id is None:
        return "malformed order", at
    if fulfilment.status in _NOT_SENT:
        return "fulfilment without shipment", at
    what: Milestone = "delivered" if fulfilment.delivered else "shipped"
    return OrderChange(order_id=fulfilment.order_id, what=what, at=at, parcels=fulfilment.parcels()), at


def _refund(refund: _Refund, triggered: datetime | None, now: datetime) -> tuple[_Reading, datetime]:
    at = triggered or refund.processed_at or refund.created_at or now
    if refund.order_id is None:
        return "malformed order", at
    paid_back = [
        transaction.amount or Decimal(0)
        for transaction in refund.transactions
        if transaction.kind in {"refund", None} and transaction.status not in _MONEY_DID_NOT_MOVE
    ]
    # Without transactions the goods are all that is known: what they cost, with tax.
    returned = [
        (line.subtotal or Decimal(0)) + (line.total_tax or Decimal(0)) for line in refund.refund_line_items
    ]
    total = sum(paid_back if refund.transactions else returned, Decimal(0))
    if total <= 0:
        # Taking an unpaid item off an order is a "refund" too; nobody should hear that money is on its way.
        return "refund without money", at
    return OrderChange(order_id=refund.order_id, what="refunded", at=at, refunded=total), at


def _privacy(request: _Privacy, topic: str, country: str | None) -> _Reading:
    customer = request.customer
    orders = request.orders_requested or request.orders_to_redact
    if not (customer.id or customer.email or customer.phone or orders):
        return "malformed privacy request"
    return PrivacyRequest(
        wish="redact" if topic == "customers/redact" else "data_request",
        customer_id=customer.id,
        email=customer.email,
        phone=e164(customer.phone, country),
        order_ids=orders,
    )


def _first(*amounts: Decimal | None) -> Decimal:
    return next((value for value in amounts if value is not None), Decimal(0))
