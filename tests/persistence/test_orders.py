"""The shop's lane: whatever comes late, twice or in the wrong order, the orders are the newest truth."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs.messages import OrderEvent
from dialogs.shop import (
    Item,
    OrderChange,
    OrderSnapshot,
    OrderStatus,
    Parcel,
    Person,
    ShopArrival,
)
from persistence.database import Database
from persistence.identity import Bond
from persistence.inbox import Intake
from persistence.orders import TRIES
from persistence.records import Effects
from persistence.store import Store
from persistence.tables import (
    Buyer,
    InboxRow,
    NoticeRow,
    OrderRow,
)
from tests.persistence.conftest import Open
from tests.persistence.world import (
    T0,
    answer,
    at,
    change,
    happened,
    only,
    rows,
    shop,
    snapshot,
    take,
)


async def test_an_order_is_stored_whole(store: Store) -> None:
    order = snapshot(
        items=(Item("MUG", "Becher", 2, Decimal("12.45")), Item("", "Geschenk")),
        parcels=(Parcel("00340", "DHL", "https://track.example/1", "transit"),),
        codes=("TEN",),
    )
    await shop(store, happened("paid", 5, order=order))
    found = await store.orders.find("1")
    assert found is not None
    assert (found.number, found.currency, found.total, found.placed_at) == ("#1", "EUR", Decimal("49.90"), T0)
    assert (found.items, found.parcels, found.codes) == (order.items, order.parcels, ("TEN",))
    assert (found.status, found.milestones, found.buyer_name) == ("paid", {"paid": at(5)}, "Anna")
    # The feed's copy, with name and address, is not kept beside it.
    assert {row.event for row in await rows(store, InboxRow)} == {"{}"}


async def test_a_repeated_delivery_changes_nothing(store: Store) -> None:
    arrival = ShopArrival("shopify", "e1", T0, happened("refunded", refunded=Decimal("10.50")))
    for number in range(3):
        assert await store.inbox.accept(Intake((), (arrival, arrival), at(number))) == (number == 0)
        assert await store.orders.apply(at(number)) == (number == 0)
    assert (await only(store, OrderRow)).refunded == Decimal("10.50")


async def test_a_part_may_come_before_its_order(store: Store) -> None:
    await shop(store, happened("shipped", 50, parcels=(Parcel("P1", "DHL"),)))
    early = await store.orders.find("1")
    assert early is not None
    assert (early.status, early.total, early.items) == ("shipped", Decimal(0), ())
    assert early.parcels == (Parcel("P1", "DHL"),)
    await shop(store, happened("paid", 5, order=snapshot()), now=1)
    late = await store.orders.find("1")
    assert late is not None
    assert (late.status, late.total, len(late.items), late.parcels) == (
        "shipped",
        Decimal("49.90"),
        1,
        (Parcel("P1", "DHL"),),
    )
    assert late.milestones == {"shipped": at(50), "paid": at(5)}
    assert late.placed_at == T0


@pytest.mark.parametrize(
    ("reached", "status"),
    [
        (("placed",), "open"),
        (("paid", "placed"), "paid"),
        (("shipped", "paid"), "shipped"),
        (("delivered", "shipped", "paid"), "delivered"),
        (("refunded", "paid"), "refunded"),
        (("paid", "cancelled", "refunded"), "cancelled"),
    ],
)
async def test_the_status_is_what_the_milestones_amount_to(
    store: Store, reached: Sequence[Any], status: OrderStatus
) -> None:
    for order_id, order in zip("ab", (reached, tuple(reversed(reached))), strict=True):
        await shop(store, *(happened(what, 1, order_id) for what in order))
        found = await store.orders.find(order_id)
        assert found is not None
        assert found.status == status


async def test_a_description_tells_its_status_even_if_the_milestone_itself_got_lost(store: Store) -> None:
    await shop(store, happened("updated", 9, order=snapshot("1", 9, status="shipped")))
    found = await store.orders.find("1")
    assert found is not None
    assert (found.status, found.milestones) == ("shipped", {"shipped": at(9)})
    await shop(
        store, happened("shipped", 7), happened("updated", 1, order=snapshot("1", 1, status="open")), now=1
    )
    found = await store.orders.find("1")
    assert found is not None
    assert (found.status, found.milestones) == ("shipped", {"shipped": at(7)})


_person = st.builds(
    Person,
    external_id=st.just("c1"),
    name=st.sampled_from([None, "Anna", "Anna B."]),
    email=st.sampled_from(["a@example.org", "A@Example.org"]),
    phone=st.sampled_from([None, "+491", "+492"]),
    language=st.sampled_from([None, "de", "en"]),
    birthday=st.sampled_from([None, date(1990, 1, 1)]),
)
_parcel = st.builds(
    Parcel,
    number=st.sampled_from(["P1", "P2"]),
    carrier=st.sampled_from([None, "DHL"]),
    status=st.sampled_from([None, "transit", "delayed", "delivered"]),
)
_second = st.integers(0, 3)  # few moments, so that the shop's clock often shows the same one


@st.composite
def _change(draw: st.DrawFn) -> OrderChange:
    second = draw(_second)
    what = draw(
        st.sampled_from(
            ["placed", "updated", "paid", "shipped", "delayed", "delivered", "cancelled", "refunded"]
        )
    )
    order_id = draw(st.sampled_from("12"))
    if draw(st.booleans()):
        return happened(
            what,  # type: ignore[arg-type]  # drawn from the milestones
            second,
            order_id,
            parcels=tuple(draw(st.lists(_parcel, max_size=2, unique_by=lambda one: one.number))),
            refunded=draw(st.sampled_from([None, Decimal("1.25"), Decimal(3)])),
        )
    order = snapshot(
        order_id,
        draw(_second),
        total=draw(st.sampled_from([Decimal(10), Decimal("20.5")])),
        buyer=draw(_person),
        items=draw(
            st.sampled_from([(), (Item("A", "A"),), (Item("B", "B", 2, Decimal("1.5")), Item("A", "A"))])
        ),
        parcels=tuple(draw(st.lists(_parcel, max_size=2, unique_by=lambda one: one.number))),
        codes=draw(st.sampled_from([(), ("TEN",)])),
        status=draw(st.sampled_from([None, "open", "paid", "delivered"])),
    )
    return happened(what, second, order_id, order=order)  # type: ignore[arg-type]  # as above


async def _final(url: str, changes: Sequence[OrderChange]) -> tuple[Any, ...]:
    """All that can be known of the orders after these changes; then everything is removed again."""
    store = Store(Database(url))
    for position, one in enumerate(changes):
        arrival = ShopArrival("shopify", f"{position}", T0, one)
        await store.inbox.accept(Intake((), (arrival,), T0))
        if position % 2:
            await store.orders.apply(T0)
    await store.orders.apply(T0)
    assert {row.status for row in await rows(store, InboxRow)} == {"done"}
    orders = [await store.orders.find(one) for one in ("1", "2")]
    refunded = [row.refunded for row in await rows(store, OrderRow)]
    buyers = [
        (row.external_id, row.name, row.email, row.phone, row.language, row.birthday)
        for row in await rows(store, Buyer)
    ]

    def clear(connection: Any) -> None:
        for table in ("inbox", "order_items", "parcels", "milestones", "orders", "buyers"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names from the line above

    await store.database.write(clear)
    await store.close()
    return orders, refunded, buyers


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_order_of_deliveries_does_not_matter(sqlite_store_url: str, data: st.DataObject) -> None:
    changes = data.draw(st.lists(_change(), min_size=2, max_size=6), label="changes")
    shuffled = data.draw(st.permutations(changes), label="delivered")
    assert asyncio.run(_final(sqlite_store_url, changes)) == asyncio.run(_final(sqlite_store_url, shuffled))


def test_every_order_of_one_life_ends_alike(postgres_store_url: str) -> None:
    life = [
        happened("placed", 0, order=snapshot("1", 0, buyer=Person(external_id="c1", phone="+491"))),
        happened("paid", 1, order=snapshot("1", 1, status="paid", codes=("TEN",))),
        happened("shipped", 2, parcels=(Parcel("P1", "DHL", None, "transit"),)),
        happened("delivered", 3, parcels=(Parcel("P1", "DHL", None, "delivered"),)),
    ]
    ends = [asyncio.run(_final(postgres_store_url, order)) for order in permutations(life)]
    assert all(end == ends[0] for end in ends)
    assert ends[0][0][0].status == "delivered"


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (snapshot("1", 5, status="open"), snapshot("1", 5, status="paid", codes=("TEN",))),
        (snapshot("1", 5), snapshot("1", 5, parcels=(Parcel("P1"),), total=Decimal(1))),
        (snapshot("1", 5), snapshot("1", 5, total=Decimal(1))),
    ],
)
def test_of_two_descriptions_of_one_second_the_same_one_always_wins(
    sqlite_store_url: str, less: OrderSnapshot, more: OrderSnapshot
) -> None:
    changes = [happened("updated", 5, order=less), happened("updated", 5, order=more)]
    end = asyncio.run(_final(sqlite_store_url, changes))
    assert end == asyncio.run(_final(sqlite_store_url, changes[::-1]))
    if less.status or more.parcels:
        assert (end[0][0].codes, end[0][0].total) == (more.codes, more.total)  # the one that is further on


async def tied(store: Store) -> int:
    """Anna's conversation is tied to order 1; its id."""
    await store.identity.add_links({"A": "1"}, at(0), at(10**6))
    return (await answer(store, 0, effects=Effects(bound=(Bond("A", "1"),)))).conversation_id


async def test_tied_conversations_hear_of_each_milestone_once(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot()), happened("paid", 0, "2", order=snapshot("2")))
    await tied(store)
    later = snapshot("1", 20, status="shipped")
    await shop(
        store,
        happened("shipped", 10, parcels=(Parcel("P1"),)),
        happened("shipped", 9),
        happened("updated", 20, order=later),
        happened("shipped", 11, "2"),
        happened("paid", 5),
        now=30,
    )
    turn = await take(store, 31)
    assert [one.event for one in turn.events] == [OrderEvent("1", "shipped")]
    await shop(store, happened("delivered", 40), now=50)
    assert [one.event for one in (await take(store, 51)).events] == [OrderEvent("1", "delivered")]
    assert await store.turns.claim(at(99), 9) == []


async def test_a_late_parcel_is_news_and_no_status(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot()), happened("shipped", 1))
    await tied(store)
    late = (Parcel("P1", "DHL", None, "Delayed"),)
    await shop(store, happened("updated", 10, parcels=late), happened("delayed", 12), now=12)
    assert [one.event for one in (await take(store, 13)).events] == [OrderEvent("1", "delayed")]
    found = await store.orders.find("1")
    assert found is not None
    assert found.status == "shipped"
    assert found.milestones == {"paid": at(0), "shipped": at(1), "delayed": at(10)}


@pytest.mark.parametrize("end", ["delivered", "cancelled", "refunded"])
async def test_that_a_parcel_was_late_is_no_news_once_it_does_not_matter(store: Store, end: Any) -> None:
    await shop(store, happened("paid", 0, order=snapshot()))
    await tied(store)
    described = snapshot("1", 9, parcels=(Parcel("P1", "DHL", None, "delayed"),))
    await shop(store, happened(end, 5), happened("updated", 9, order=described), now=9)
    assert [one.event for one in (await take(store, 10)).events] == [OrderEvent("1", end)]


async def test_orders_name_their_buyers_country(store: Store) -> None:
    for order_id, country in (("1", "AT"), ("2", None)):
        buyer = Person(f"c{order_id}", country=country)
        await shop(store, happened("paid", 0, order_id, order=snapshot(order_id, buyer=buyer)))
    found = await store.orders.by_id(["1", "2", "3"])
    assert {one: order.country for one, order in found.items()} == {"1": "AT", "2": None}
    assert await store.orders.by_id([]) == {}


async def test_who_was_untied_hears_nothing(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot()))
    await tied(store)
    await store.identity.unbind("1", at(1))
    await shop(store, happened("shipped", 10), now=10)
    assert await store.turns.claim(at(99), 9) == []


async def test_a_buyer_is_told_apart_by_id_or_mail_and_never_by_phone(store: Store) -> None:
    people = {
        "1": Person("c1", "Anna", "a@example.org", "+491"),
        "2": Person("c1", "Anna", "new@example.org"),  # the same customer with another address
        "3": Person(None, "Anna", "NEW@example.org"),  # the same address without an account
        "4": Person("c4", "Bert", "b@example.org", "+491"),  # shares the phone
        "5": Person(None, "Eve", None, "+491"),  # a phone alone identifies nobody
        "6": Person(None, "Guest", "guest@example.org"),
        "7": Person("c7", "Guest", "guest@example.org"),  # the guest made an account
        "8": Person("c8", "Guest", "guest@example.org"),  # two accounts are two customers
        "9": Person(),
    }
    for number, (order_id, buyer) in enumerate(people.items()):
        await shop(store, happened("paid", number, order_id, order=snapshot(order_id, number, buyer=buyer)))
    buyers = {row.id: row.buyer_id for row in await rows(store, OrderRow)}
    groups: dict[int, str] = {}
    for order_id, buyer_id in sorted(buyers.items()):
        if buyer_id is not None:
            groups[buyer_id] = groups.get(buyer_id, "") + order_id
    assert sorted(groups.values()) == ["123", "4", "5", "67", "8"]
    assert buyers["9"] is None
    assert (await only(store, Buyer, external_id="c1")).email == "new@example.org"


async def test_an_order_that_passes_to_another_customer_leaves_the_first_as_they_were(store: Store) -> None:
    for order_id in "12":
        order = snapshot(order_id, 0, buyer=Person("c1", "Anna", "a@example.org"))
        await shop(store, happened("paid", 0, order_id, order=order))
    moved = snapshot("2", 5, buyer=Person("c2", "Bert", "b@example.org"))
    await shop(store, happened("updated", 5, "2", order=moved), now=5)
    found = await store.orders.find("1"), await store.orders.find("2")
    assert [order.buyer_name for order in found if order] == ["Anna", "Bert"]
    assert [row.external_id for row in await rows(store, Buyer)] == ["c1", "c2"]


async def test_a_bad_event_is_tried_again_and_then_set_aside_and_told(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot()), apply=False)
    await change(store, InboxRow, event='{"kind":"unheard-of"}')
    await shop(store, happened("paid", 0, "2", order=snapshot("2")), now=1, apply=False)
    now, looks = 1, 0
    while (await rows(store, InboxRow))[0].status == "waiting":
        looks += await store.orders.apply(at(now))
        now += 1
        assert now < 200
    assert looks == TRIES + 1  # the good one needed one look
    assert [row.status for row in await rows(store, InboxRow)] == ["aside", "done"]
    notice = await only(store, NoticeRow)
    assert notice.topic == "shop_event_set_aside"
    assert '"source":"shopify"' in notice.detail
    assert "unheard" not in notice.detail
    assert (await store.orders.find("2")) is not None


async def test_several_workers_apply_each_event_once(store: Store, open_store: Open) -> None:
    stores = [store, open_store(), open_store()]
    refund = Decimal("0.25")
    arrivals = [
        ShopArrival("shopify", f"e{n}", T0, happened("refunded", n, str(n % 3), refunded=refund))
        for n in range(45)
    ]
    await store.inbox.accept(Intake((), arrivals, T0))
    await asyncio.gather(*(one.orders.apply(T0, 5) for one in stores * 4))
    while await store.orders.apply(T0):
        pass
    assert [row.refunded for row in await rows(store, OrderRow)] == [refund * 15] * 3


async def test_an_order_is_found_by_id_or_number(store: Store) -> None:
    for number, (order_id, shown) in enumerate(
        (("1001", "#77"), ("77", "A-5"), ("x9", "#1001"), ("y", "#A-5"))
    ):
        order = replace(snapshot(order_id), number=shown, placed_at=at(number))
        await shop(store, happened("paid", 0, order_id, order=order))
    await shop(store, happened("shipped", 0, "not yet described"))
    for wanted, expected in (
        ("1001", "1001"),  # an id goes before a number
        ("#1001", "1001"),
        (" 77 ", "77"),
        ("a-5", "y"),  # of two the newest
        ("#A-5", "y"),
        ("", None),
        ("#", None),
        ("unknown", None),
        ("%", None),
    ):
        found = await store.orders.find(wanted)
        assert (found.id if found else None) == expected, wanted
    assert await store.orders.numbers(at(1)) == ["77", "x9", "y"]
