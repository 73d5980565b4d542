"""Tags from outside: whom each one reaches, once for every delivery."""

from typing import Any

from dialogs.messages import Tagged, Text
from dialogs.records import Preferred
from dialogs.shop import BuyerTagged, Person, PrivacyRequest, ShopArrival
from persistence.inbox import Intake
from persistence.records import Effects
from persistence.store import Store
from persistence.tables import InboxRow
from persistence.tables_journeys import OrderTagRow
from persistence.tags import KEPT, told
from tests.persistence.world import (
    accept,
    at,
    chats,
    event,
    happened,
    outcome,
    person,
    rows,
    shop,
    snapshot,
    tie,
    turn_of,
)

DAY = 86_400


async def news(store: Store, now: float) -> dict[int, list[Any]]:
    """What each conversation that is due has heard; all of it is answered."""
    found: dict[int, list[Any]] = {}
    for turn in await store.turns.claim(at(now), 99):
        found[turn.conversation_id] = [one.event for one in turn.events]
        assert await store.turns.commit(outcome(turn, now))
    return found


async def wish(store: Store, who: str, sku: str, now: float) -> int:
    """Somebody says which product they are waiting for; their conversation."""
    turn = await turn_of(store, now, who)
    wanted = Effects(preferences=(Preferred("wanted", sku),))
    assert await store.turns.commit(outcome(turn, now, effects=wanted))
    return turn.conversation_id


async def ordered(store: Store, *orders: tuple[str, str, float]) -> None:
    """Orders of buyers, each with the moment at which it was placed."""
    for order_id, buyer, seconds in orders:
        order = snapshot(
            order_id, seconds, placed_at=at(seconds), buyer=Person(buyer, "Anna", f"{buyer}@example.org")
        )
        await shop(store, happened("paid", seconds, order_id, order=order), now=seconds)


async def test_a_tag_on_an_order_reaches_every_chat_that_is_tied_to_it(store: Store) -> None:
    first, second = await chats(store, "anna", "annas phone")
    await ordered(store, ("2", "c1", 1))
    other = await tie(store, "annas tablet", "2", now=2)
    await shop(store, BuyerTagged("vip", order_id="1"), now=10)
    heard = await news(store, 11)
    assert heard == {first: [Tagged("vip", "1")], second: [Tagged("vip", "1")]}
    assert other not in heard


async def test_a_delivery_that_comes_again_changes_nothing_and_another_is_told_again(store: Store) -> None:
    [place] = await chats(store, "anna")
    first, second = (ShopArrival("orders", one, at(5), BuyerTagged("vip", order_id="1")) for one in "ab")
    for number, arrival in enumerate((first, first, second)):
        await store.inbox.accept(Intake((), (arrival,), at(10 + number)))
        await store.orders.apply(at(10 + number))
    assert await news(store, 20) == {place: [Tagged("vip", "1"), Tagged("vip", "1")]}
    assert await store.database.read(told, "orders", "a") == 1
    assert await store.database.read(told, "orders", "c") is None
    kept = [row.event for row in await rows(store, InboxRow, kind="buyer_tagged")]
    assert kept == ["{}", "{}"]  # an address is not kept beside it


async def test_a_tag_waits_for_the_chat_that_is_tied_to_its_order(store: Store) -> None:
    await shop(store, BuyerTagged("gift", order_id="1"), BuyerTagged("vip", order_id="2"))
    await shop(store, BuyerTagged("gift", order_id="1"), now=1)
    await shop(store, happened("paid", 0, order=snapshot()), now=2)
    assert await news(store, 3) == {}
    place = await tie(store, "anna", now=4)
    assert await news(store, 5) == {place: [Tagged("gift", "1")]}
    assert await news(store, 6) == {}


async def test_an_old_tag_no_longer_waits(store: Store) -> None:
    await shop(store, BuyerTagged("gift", order_id="1"), happened("paid", 0, order=snapshot()))
    late = KEPT.total_seconds() + 1
    await store.identity.add_links({"annalate": "1"}, at(late), at(late + DAY))
    await tie(store, "anna", now=late)
    assert await news(store, late + 1) == {}


async def test_a_tag_on_a_buyer_reaches_all_their_chats_about_their_newest_order_that_stands(
    store: Store,
) -> None:
    await ordered(store, ("1", "c1", 0), ("2", "c1", 1), ("3", "c1", 2), ("4", "c4", 3))
    places = [await tie(store, f"chat {one}", one, now=10) for one in "123"]
    await tie(store, "somebody", "4", now=10)
    await shop(store, happened("cancelled", 11, "3"), now=11)
    await news(store, 12)
    named = (
        BuyerTagged("vip", customer_id="c1"),
        BuyerTagged("vip", email="C1@example.org"),
        BuyerTagged("vip", customer_id="?", email="c1@example.org"),
    )
    for number, who in enumerate(named):
        await shop(store, who, now=20 + number)
        assert await news(store, 20 + number) == {place: [Tagged("vip", "2")] for place in places}
    await shop(store, BuyerTagged("vip", customer_id="?"), now=30)
    await shop(store, BuyerTagged("vip", email="?@example.org"), now=30)
    assert await news(store, 31) == {}


async def test_who_waits_for_a_product_is_reached_in_every_chat(store: Store) -> None:
    first, second = await chats(store, "anna", "annas phone")
    await wish(store, "anna", "MUG-1", 10)
    stranger = await wish(store, "bert", "MUG-1", 11)
    await wish(store, "eve", "MUG-2", 12)
    await shop(store, BuyerTagged("back_in_stock", waiting_for="MUG-1"), now=20)
    back = [Tagged("back_in_stock", wanted="MUG-1")]
    assert await news(store, 21) == {first: back, second: back, stranger: back}


async def test_only_the_newest_wish_of_a_buyer_counts_whichever_chat_it_was_said_in(store: Store) -> None:
    await chats(store, "anna", "annas phone")
    await wish(store, "anna", "MUG-1", 10)
    await wish(store, "annas phone", "MUG-2", 11)
    await shop(store, BuyerTagged("back_in_stock", waiting_for="MUG-1"), now=20)
    assert await news(store, 21) == {}
    await shop(store, BuyerTagged("back_in_stock", waiting_for="MUG-2"), now=30)
    assert len(await news(store, 31)) == 2


async def test_erased_people_are_told_nothing_and_leave_no_tag(store: Store) -> None:
    await chats(store, "anna")
    await wish(store, "anna", "MUG-1", 1)
    await shop(store, BuyerTagged("gift", order_id="1"), BuyerTagged("vip", order_id="2"), now=2)
    await shop(store, PrivacyRequest("redact", "c1"), now=3)
    assert [row.order_id for row in await rows(store, OrderTagRow)] == ["2"]
    await shop(store, BuyerTagged("gift", order_id="1"), BuyerTagged("a", customer_id="c1"), now=4)
    await shop(store, BuyerTagged("back_in_stock", waiting_for="MUG-1"), now=5)
    assert await news(store, 6) == {}
    await accept(store, event(Text("hi"), "hi", 7, person("anna")), now=7)
    assert [[one.kind for one in told] for told in (await news(store, 8)).values()] == [["text"]]
