"""Shopify's webhooks: what orders, fulfilments, refunds and privacy requests become."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from dialogs.shop import (
    SHOP_EVENTS,
    Item,
    OrderChange,
    OrderSnapshot,
    Parcel,
    Person,
    PrivacyRequest,
    ShopArrival,
)
from integrations.base import BadSignature, Malformed, Parsed, Source
from integrations.shopify import Shopify

PAYLOADS = Path(__file__).parent / "payloads" / "shopify"
SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "shopify"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TRIGGERED = datetime(2026, 11, 2, 9, 15, 10, tzinfo=UTC)
MEZ = timezone(timedelta(hours=1))
SHOP = Shopify(("new", "old"))

TOPICS = {
    "customers_update__rest_2026_07": "customers/update",
    "fulfillments_create__go_shopify": "fulfillments/create",
    "fulfillments_create__rest_2026_07": "fulfillments/create",
    "fulfillments_create__rest_2026_07_2": "fulfillments/create",
    "fulfillments_update__py": "fulfillments/update",
    "orders_create__go_shopify": "orders/create",
    "orders_create__rest_2026_07_3": "orders/create",
    "orders_paid_like__py": "orders/paid",
    "orders_updated__rest_2026_07": "orders/updated",
    "own_customers_data_request": "customers/data_request",
    "own_customers_redact": "customers/redact",
    "own_fulfillments_update_delivered": "fulfillments/update",
    "own_orders_create_protected": "orders/create",
    "own_orders_paid_at": "orders/paid",
    "own_orders_updated_delivered": "orders/updated",
    "own_refunds_create_failed": "refunds/create",
    "own_refunds_create_restock_only": "refunds/create",
    "own_refunds_create_without_transactions": "refunds/create",
    "own_shop_redact": "shop/redact",
    "refunds_create__py": "refunds/create",
    "refunds_create__rest_2026_07": "refunds/create",
}
IGNORED_AS = {
    "customers_update__rest_2026_07": "customers/update",
    "fulfillments_create__rest_2026_07": "fulfilment without shipment",
    "own_refunds_create_failed": "refund without money",
    "own_refunds_create_restock_only": "refund without money",
    "own_shop_redact": "shop/redact",
}


def load(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def parse(topic: str, document: object, **headers: str) -> Parsed:
    given = {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": "b54557e4", **headers}
    return SHOP.parse(CIMultiDict(given), json.dumps(document).encode(), NOW)


def arrival(name: str, **headers: str) -> ShopArrival:
    parsed = parse(TOPICS[name], load(name), **headers)
    assert not parsed.ignored
    (only,) = parsed.shop
    return only


def change(name: str) -> OrderChange:
    event = arrival(name).event
    assert isinstance(event, OrderChange)
    return event


def order(name: str) -> OrderSnapshot:
    snapshot = change(name).order
    assert snapshot is not None
    return snapshot


def test_every_payload_of_ours_has_a_topic() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(TOPICS)


@pytest.mark.parametrize("name", TOPICS)
def test_every_payload_is_one_event_or_one_ignore(name: str) -> None:
    parsed = parse(TOPICS[name], load(name))

    assert [ignored.kind for ignored in parsed.ignored] == ([IGNORED_AS[name]] if name in IGNORED_AS else [])
    assert len(parsed.shop) == (0 if name in IGNORED_AS else 1)


def test_a_paid_order_is_read_whole() -> None:
    found = arrival("own_orders_paid_at", **{"X-Shopify-Triggered-At": "2026-11-02T09:15:10.123456789Z"})

    assert (found.source, found.external_id) == ("shopify", "b54557e4")
    assert found.at.replace(microsecond=0) == TRIGGERED
    assert found.event == OrderChange(
        order_id="5601122334455",
        what="paid",
        at=found.at,
        order=OrderSnapshot(
            id="5601122334455",
            number="EU-2041",
            currency="EUR",
            total=Decimal("64.80"),
            placed_at=datetime(2026, 11, 2, 10, 15, tzinfo=MEZ),
            updated_at=datetime(2026, 11, 2, 10, 15, 9, tzinfo=MEZ),
            buyer=Person(
                external_id="7788990011223",
                name="Mia Sommer",
                email="mia@example.com",
                phone="+436641234567",
                language="de",
                country="AT",
            ),
            items=(
                Item("KAFFEE-250", "Kaffee", 2, Decimal("29.90")),
                Item("22", "Tasse", 1, Decimal("12.20")),
            ),
            codes=("HERBST10",),
            status="paid",
        ),
    )


def test_blanked_personal_data_leaves_an_order() -> None:
    snapshot = order("own_orders_create_protected")

    assert snapshot.buyer == Person(external_id="7788990011224", language="fr", country="CH")
    assert (snapshot.status, snapshot.currency, snapshot.total) == ("open", "CHF", Decimal("20.00"))


def test_a_captured_order_of_the_test_shop_is_marked_as_test() -> None:
    snapshot = order("orders_create__go_shopify")

    assert (snapshot.test, snapshot.status, snapshot.number) == (True, "cancelled", "9999")
    assert snapshot.buyer.phone is None  # 555-555-SHIP
    assert order("orders_create__rest_2026_07_3").test is False


def test_an_order_with_four_fields_is_still_an_order() -> None:
    snapshot = order("orders_updated__rest_2026_07")

    assert (snapshot.id, snapshot.number, snapshot.total) == ("450789469", "1001", Decimal("598.94"))
    assert snapshot.placed_at == snapshot.updated_at == NOW
    assert [item.sku for item in snapshot.items] == ["IPOD2008GREEN", "IPOD2008RED", "IPOD2008BLACK"]


def test_an_order_shows_its_parcels_but_not_the_cancelled_ones() -> None:
    snapshot = order("own_orders_updated_delivered")

    assert snapshot.status == "delivered"
    assert snapshot.parcels == (
        Parcel("RR1", "Post AT", "https://post.example/RR1", "delivered"),
        Parcel("RR2", "Post AT", None, "delivered"),
    )


@pytest.mark.parametrize(
    ("topic", "what"),
    [
        ("orders/create", "placed"),
        ("orders/paid", "paid"),
        ("orders/updated", "updated"),
        ("orders/cancelled", "cancelled"),
    ],
)
def test_a_topic_is_a_milestone(topic: str, what: str) -> None:
    event = parse(topic, load("own_orders_paid_at")).shop[0].event

    assert isinstance(event, OrderChange)
    assert event.what == what


def test_a_fulfilment_is_a_shipment_without_the_order() -> None:
    event = change("fulfillments_create__go_shopify")

    assert event == OrderChange(
        order_id="450789469",
        what="shipped",
        at=datetime(2018, 7, 5, 17, 8, 40, tzinfo=UTC),
        parcels=(Parcel("123456789", "Bluedart", "https://shipping.xyz/track.php?num=123456789"),),
    )


def test_a_delivered_fulfilment_is_a_delivery() -> None:
    event = change("own_fulfillments_update_delivered")

    assert (event.what, event.order) == ("delivered", None)
    assert [parcel.number for parcel in event.parcels] == ["RR1", "RR2"]


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("refunds_create__py", "209.00"),
        ("refunds_create__rest_2026_07", "41.94"),
        ("own_refunds_create_without_transactions", "12.20"),
    ],
)
def test_a_refund_says_how_much(name: str, amount: str) -> None:
    event = change(name)

    assert (event.what, event.refunded, event.order) == ("refunded", Decimal(amount), None)


def test_privacy_requests_are_passed_on() -> None:
    assert arrival("own_customers_redact").event == PrivacyRequest(
        wish="redact",
        customer_id="7788990011223",
        email="mia@example.com",
        phone="+436641234567",
        order_ids=("5601122334455", "5601122334456"),
    )
    assert arrival("own_customers_data_request").event == PrivacyRequest(
        wish="data_request",
        customer_id="7788990011223",
        email="mia@example.com",
        order_ids=("5601122334455",),
    )


@pytest.mark.parametrize(
    ("field", "country", "number", "expected"),
    [
        ("order", "DE", "0170 1234567", "+491701234567"),
        ("shipping_address", "AT", "0664 1234567", "+436641234567"),
        ("billing_address", "CH", "079 123 45 67", "+41791234567"),
        ("customer", "DE", "0170 1234567", "+491701234567"),
    ],
)
def test_the_phone_may_stand_in_four_places(field: str, country: str, number: str, expected: str) -> None:
    document: dict[str, Any] = {"id": 1, "customer": {"id": 2}, "shipping_address": {}, "billing_address": {}}
    (document if field == "order" else document[field])["phone"] = number
    if field in {"order", "shipping_address"}:
        document["shipping_address"]["country_code"] = country
    elif field == "billing_address":
        document["shipping_address"]["country_code"] = "FR"
        document["billing_address"]["country_code"] = country
    else:
        document["shipping_address"]["country_code"] = "FR"
        document["customer"]["default_address"] = {"country_code": country}

    event = parse("orders/create", document).shop[0].event

    assert isinstance(event, OrderChange)
    assert event.order is not None
    assert event.order.buyer.phone == expected


def test_a_junk_phone_does_not_hide_a_good_one() -> None:
    document = load("own_orders_paid_at") | {"phone": "siehe oben"}

    event = parse("orders/paid", document).shop[0].event

    assert isinstance(event, OrderChange)
    assert event.order is not None
    assert event.order.buyer.phone == "+436641234567"


@pytest.mark.parametrize("topic", ["app/uninstalled", "shop/redact", "customers/create", "x" * 300, ""])
def test_other_topics_are_ignored(topic: str) -> None:
    parsed = parse(topic, {"id": 1})

    assert not parsed.shop
    assert [ignored.kind for ignored in parsed.ignored] == [topic[:64] or "no topic"]


@pytest.mark.parametrize("topic", ["orders/paid", "fulfillments/create", "refunds/create"])
def test_what_names_no_order_is_ignored(topic: str) -> None:
    assert [ignored.kind for ignored in parse(topic, {}).ignored] == ["malformed order"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        SHOP.parse(CIMultiDict({"X-Shopify-Topic": "orders/paid"}), body, NOW)


def test_identity_is_the_delivery_and_without_its_header_the_content() -> None:
    def identity(headers: dict[str, str], body: bytes = b'{"id":1}') -> str:
        given = CIMultiDict({"X-Shopify-Topic": "orders/paid", **headers})
        return SHOP.parse(given, body, NOW).shop[0].external_id

    both = {"X-Shopify-Webhook-Id": "w", "X-Shopify-Event-Id": "e"}
    assert identity(both) == "w"
    assert identity({"X-Shopify-Event-Id": "e"}) == "e"
    assert identity({}) == identity({})
    assert identity({}) != identity({}, b'{"id":2}')
    assert identity({}) != identity({"X-Shopify-Topic": "orders/updated"})


@pytest.mark.skipif(not SHARED.is_dir(), reason="the captured payloads are not on this machine")
def test_every_captured_payload_is_accepted_under_every_topic() -> None:
    for path in sorted(SHARED.glob("*.json")):
        document = json.loads(path.read_text())
        for part in document if isinstance(document, list) else [document]:
            for topic in sorted(set(TOPICS.values())):
                parsed = parse(topic, part)
                assert len(parsed.shop) + len(parsed.ignored) == 1, path.name


def signed(secret: str, body: bytes) -> CIMultiDict[str]:
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return CIMultiDict({"x-shopify-hmac-sha256": digest})


@pytest.mark.parametrize("secret", ["new", "old"])
def test_both_secrets_are_good_while_they_rotate(secret: str) -> None:
    SHOP.verify(signed(secret, b"\xff any bytes"), b"\xff any bytes")


@pytest.mark.parametrize(
    "headers",
    [
        CIMultiDict(),
        signed("other", b"body"),
        signed("new", b"body "),
        signed("", b"body"),
        CIMultiDict({"X-Shopify-Hmac-Sha256": "ümlaut"}),
    ],
)
def test_a_wrong_signature_is_refused(headers: CIMultiDict[str]) -> None:
    with pytest.raises(BadSignature):
        Shopify(("new", "")).verify(headers, b"body")


def test_without_a_secret_there_is_no_shop() -> None:
    with pytest.raises(ValueError, match="secret"):
        Shopify(())


def test_it_is_a_source() -> None:
    assert isinstance(SHOP, Source)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
@settings(max_examples=150)
def test_no_value_anywhere_raises(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(TOPICS)))
    document = load(name)
    for key in data.draw(st.lists(st.sampled_from(sorted(document)), min_size=1, max_size=4)):
        inner = document.get(key)
        part = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], dict) else inner
        if isinstance(part, dict) and part and data.draw(st.booleans()):
            part[data.draw(st.sampled_from(sorted(part)))] = data.draw(JSON_VALUES)
        else:
            document[key] = data.draw(JSON_VALUES)

    parsed = parse(TOPICS[name], document)

    assert len(parsed.shop) + len(parsed.ignored) == 1
    for found in parsed.shop:
        assert SHOP_EVENTS.validate_json(SHOP_EVENTS.dump_json(found.event)) == found.event
        assert b"\\u0000" not in SHOP_EVENTS.dump_json(found.event)
        assert found.at.utcoffset() == timedelta(0)
