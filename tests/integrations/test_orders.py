"""The generic order feed: its signature, its shape, and what it tells those who get it wrong."""

import copy
import hashlib
import hmac
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from dialogs.shop import SHOP_EVENTS, BuyerTagged, Item, OrderChange, OrderSnapshot, Parcel, Person
from integrations.base import BadSignature, Malformed, Parsed, Source
from integrations.orders import Orders

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
FEED = Orders(("new", "old"))


def event(name: str = "order.shipped", **order: Any) -> dict[str, Any]:
    return {
        "event": name,
        "id": "delivery-1",
        "at": "2026-11-21T11:00:00+01:00",
        "order": {
            "id": "1001",
            "number": "EU-1001",
            "currency": "EUR",
            "total": "49.90",
            "placed_at": "2026-11-20T09:58:00Z",
            "buyer": {
                "name": "Mia Sommer",
                "email": "mia@example.com",
                "phone": "+43 664 1234567",
                "language": "de-AT",
                "birthday": "1990-04-12",
            },
            "items": [{"sku": "MUG-1", "title": "Becher", "quantity": 2, "price": 24.95}],
            "tracking": {"number": "RR1", "carrier": "Post AT", "url": "https://post.example/RR1"},
            "codes": ["TEN"],
            **order,
        },
    }


def parse(document: object) -> Parsed:
    return FEED.parse({}, json.dumps(document).encode(), NOW)


def change(document: object) -> OrderChange:
    parsed = parse(document)
    assert not parsed.ignored
    (arrival,) = parsed.shop
    assert isinstance(arrival.event, OrderChange)
    return arrival.event


def test_an_event_becomes_a_change_with_the_whole_order() -> None:
    (arrival,) = parse(event()).shop
    parcel = Parcel("RR1", carrier="Post AT", url="https://post.example/RR1")

    assert (arrival.source, arrival.external_id, arrival.at) == ("orders", "delivery-1", AT)
    assert arrival.event == OrderChange(
        order_id="1001",
        what="shipped",
        at=AT,
        parcels=(parcel,),
        order=OrderSnapshot(
            id="1001",
            number="EU-1001",
            currency="EUR",
            total=Decimal("49.90"),
            placed_at=datetime(2026, 11, 20, 9, 58, tzinfo=UTC),
            updated_at=AT,
            buyer=Person(
                name="Mia Sommer",
                email="mia@example.com",
                phone="+436641234567",
                language="de",
                birthday=date(1990, 4, 12),
            ),
            items=(Item("MUG-1", "Becher", 2, Decimal("24.95")),),
            parcels=(parcel,),
            codes=("TEN",),
        ),
    )


@pytest.mark.parametrize("what", ["paid", "shipped", "delayed", "delivered", "cancelled", "refunded"])
def test_every_event_of_the_contract_is_a_milestone(what: str) -> None:
    assert change(event(f"order.{what}")).what == what


def test_an_unknown_event_is_ignored_whatever_it_holds() -> None:
    parsed = parse({"event": "order.archived", "note": "nothing else"})

    assert not parsed.shop
    assert [ignored.kind for ignored in parsed.ignored] == ["order.archived"]


def test_ids_that_are_numbers_become_text() -> None:
    document = event(id=10**18 + 1, number=1001, tracking={"number": 12345})
    document["id"] = 7

    (arrival,) = parse(document).shop

    assert arrival.external_id == "7"
    assert isinstance(arrival.event, OrderChange)
    assert arrival.event.order_id == "1000000000000000001"
    assert arrival.event.parcels == (Parcel("12345"),)


@pytest.mark.parametrize(
    ("tracking", "numbers"),
    [
        (None, []),
        ({}, []),
        ([], []),
        ({"number": "A", "status": "in_transit"}, ["A"]),
        ([{"number": "A"}, {"number": "B"}], ["A", "B"]),
    ],
)
def test_tracking_is_one_parcel_a_list_or_nothing(tracking: object, numbers: list[str]) -> None:
    assert [parcel.number for parcel in change(event(tracking=tracking)).parcels] == numbers


@pytest.mark.parametrize(
    "buyer",
    [
        None,
        {},
        "Mia",
        {"name": 5, "email": [], "phone": "call me", "language": "deutsch!", "birthday": "31.02."},
    ],
)
def test_a_hint_that_makes_no_sense_costs_no_order(buyer: object) -> None:
    order = change(event(buyer=buyer)).order

    assert order is not None
    assert (order.buyer.phone, order.buyer.language, order.buyer.birthday) == (None, None, None)


def test_a_national_phone_is_read_with_the_buyers_or_the_shops_country() -> None:
    body = json.dumps(event(buyer={"phone": "0170 1234567"})).encode()
    german = Orders(("s",), country="DE").parse({}, body, NOW).shop[0].event
    swiss = change(event(buyer={"phone": "079 123 45 67", "country": "ch"}))

    assert isinstance(german, OrderChange)
    assert german.order is not None
    assert german.order.buyer.phone == "+491701234567"
    assert german.order.buyer.country is None
    assert swiss.order is not None
    assert swiss.order.buyer.phone == "+41791234567"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("event",), None, "event"),
        (("id",), "", "id"),
        (("at",), "yesterday", "at"),
        (("at",), "2026-11-21T10:00:00", "at"),  # whose clock?
        (("at",), "0001-01-01T00:00:00+14:00", "at"),
        (("order",), None, "order"),
        (("order", "id"), None, "order.id"),
        (("order", "total"), "49,90", "order.total"),
        (("order", "total"), "NaN", "order.total"),
        (("order", "total"), -1, "order.total"),
        (("order", "currency"), "Euro", "order.currency"),
        (("order", "placed_at"), "", "order.placed_at"),
        (("order", "items"), [{"quantity": 0}], "order.items.0.quantity"),
        (("order", "items"), {"sku": "A"}, "order.items"),
        (("order", "tracking"), {"tracking_number": "A"}, "order.tracking.0.number"),
        (("order", "codes"), "TEN", "order.codes"),
    ],
)
def test_a_single_wrong_event_is_answered_with_the_field(
    path: tuple[str, ...], value: object, told: str
) -> None:
    document = event()
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    with pytest.raises(Malformed) as caught:
        parse(document)

    assert str(caught.value).startswith(f"{told}: ")


def tagging(**more: Any) -> dict[str, Any]:
    return {"event": "buyer.tagged", "id": "t-1", "at": "2026-11-21T11:00:00+01:00", "tag": "vip", **more}


@pytest.mark.parametrize(
    ("who", "event"),
    [
        ({"order_id": 1001}, BuyerTagged("vip", order_id="1001")),
        ({"buyer": {"id": 7, "email": " a@example.org "}}, BuyerTagged("vip", None, "7", "a@example.org")),
        ({"buyer": {"email": "a@example.org", "name": "A"}}, BuyerTagged("vip", email="a@example.org")),
        (
            {"waiting_for": " MUG-1 ", "order_id": None, "buyer": None},
            BuyerTagged("vip", waiting_for="MUG-1"),
        ),
    ],
)
def test_a_tag_reaches_an_order_a_buyer_or_all_who_wait(who: dict[str, Any], event: BuyerTagged) -> None:
    (arrival,) = parse(tagging(**who)).shop

    assert (arrival.source, arrival.external_id, arrival.at) == ("orders", "t-1", AT)
    assert arrival.event == event
    assert SHOP_EVENTS.validate_json(SHOP_EVENTS.dump_json(event)) == event


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "the event: "),
        ({"buyer": {"phone": "+491"}}, "the event: "),
        ({"order_id": "1", "waiting_for": "MUG-1"}, "the event: "),
        ({"order_id": "1", "buyer": {"id": "7"}}, "the event: "),
        ({"order_id": ""}, "order_id: "),
        ({"order_id": "1", "tag": "Early access"}, "tag: "),
        ({"order_id": "1", "tag": None}, "tag: "),
        ({"order_id": "1", "id": None}, "id: "),
        ({"order_id": "1", "at": "today"}, "at: "),
    ],
)
def test_a_tag_that_reaches_nobody_or_is_none_is_answered_with_the_field(
    more: dict[str, Any], told: str
) -> None:
    with pytest.raises(Malformed) as caught:
        parse(tagging(**more))

    assert str(caught.value).startswith(told)


def test_tags_and_orders_come_in_one_list() -> None:
    parsed = parse([event(), tagging(order_id="1001"), tagging()])

    assert [arrival.event.kind for arrival in parsed.shop] == ["order_change", "buyer_tagged"]
    assert [ignored.kind for ignored in parsed.ignored] == ["malformed event"]


def test_an_error_does_not_repeat_personal_values() -> None:
    document = event(total="mia@example.com")

    with pytest.raises(Malformed) as caught:
        parse(document)

    assert "mia@example.com" not in str(caught.value)


def test_in_a_list_a_wrong_event_costs_none_of_the_others() -> None:
    wrong, last = event(total="?"), event()
    last["id"] = "delivery-2"

    parsed = parse([event(), wrong, "text", {"event": "order.archived"}, last])

    assert [arrival.external_id for arrival in parsed.shop] == ["delivery-1", "delivery-2"]
    assert [ignored.kind for ignored in parsed.ignored] == [
        "malformed event",
        "malformed event",
        "order.archived",
    ]
    assert parsed.ignored[0].reason.startswith("event 2: order.total: ")
    assert parsed.ignored[1].reason == "event 3: must be a JSON object"


def test_a_list_without_one_good_event_is_malformed() -> None:
    with pytest.raises(Malformed, match=r"event 1: order\.total: .*; event 2: "):
        parse([event(total="?"), 5])


def test_an_empty_list_is_nothing() -> None:
    assert parse([]) == Parsed()


@pytest.mark.parametrize("body", [b"", b"{", b"5", b"null", b'"order.paid"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_neither_event_nor_list_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        FEED.parse({}, body, NOW)


def test_a_repeated_delivery_is_the_same_arrival_whenever_it_comes() -> None:
    body = json.dumps(event()).encode()

    assert FEED.parse({}, body, NOW) == FEED.parse({}, body, NOW.replace(year=2027))


def signed(secret: str, body: bytes) -> CIMultiDict[str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return CIMultiDict({"x-signature-256": f"sha256={digest}"})


@pytest.mark.parametrize("secret", ["new", "old"])
def test_both_secrets_are_good_while_they_are_exchanged(secret: str) -> None:
    FEED.verify(signed(secret, b"\xff any bytes"), b"\xff any bytes")


@pytest.mark.parametrize(
    "headers",
    [
        CIMultiDict(),
        signed("other", b"body"),
        signed("new", b"body "),
        signed("", b"body"),
        CIMultiDict({"X-Signature-256": "sha256=ümlaut"}),
        CIMultiDict({"X-Signature-256": signed("new", b"body")["X-Signature-256"].removeprefix("sha256=")}),
    ],
)
def test_a_wrong_signature_is_refused(headers: CIMultiDict[str]) -> None:
    with pytest.raises(BadSignature):
        Orders(("new", "")).verify(headers, b"body")


def test_without_a_secret_there_is_no_feed() -> None:
    with pytest.raises(ValueError, match="secret"):
        Orders(("",))


def test_it_is_a_source() -> None:
    assert isinstance(FEED, Source)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from([("id",), ("at",), ("event",), *(("order", key) for key in event()["order"])]),
    JSON_VALUES,
)
@settings(max_examples=200)
def test_any_value_anywhere_is_accepted_or_explained(path: tuple[str, ...], value: object) -> None:
    document = copy.deepcopy(event())
    (document if len(path) == 1 else document["order"])[path[-1]] = value

    try:
        parsed = parse(document)
    except Malformed as error:
        assert str(error).startswith(".".join(path))  # noqa: PT017 - either outcome is right
        return
    for arrival in parsed.shop:
        assert SHOP_EVENTS.validate_json(SHOP_EVENTS.dump_json(arrival.event)) == arrival.event
        assert b"\\u0000" not in SHOP_EVENTS.dump_json(arrival.event)
