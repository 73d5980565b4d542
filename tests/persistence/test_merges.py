"""That two buyers are one: what moves, what finds its way afterwards, and that undoing restores every row."""

import asyncio
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs.shop import Person, PrivacyRequest
from persistence.database import Database
from persistence.merges import Merged, NotMerged
from persistence.store import Store
from persistence.tables import BindingRow, Buyer, Conversation, OrderRow
from persistence.tables_desk import DeskEventRow, MergeRow
from persistence.tables_journeys import OfferRow, TouchpointRow
from tests.persistence.desk import put, thread
from tests.persistence.world import at, happened, only, rows, shop, snapshot

KIM = "account:1"
NOW = at(100)
_numbers = count(1)


async def buyer(store: Store, **more: Any) -> int:
    made: int = await put(store, Buyer, **({"created_at": at(0)} | more))
    return made


async def belongings(store: Store, owner: int) -> int:
    """A buyer's chat with everything that can belong to them; the chat's id."""
    number = next(_numbers)
    place = await thread(store, buyer_id=owner)
    order = f"o{number}"
    await put(
        store, OrderRow, id=order, number=order, total=Decimal(5), placed_at=at(1), described_at=at(1),
        buyer_id=owner,
    )  # fmt: skip
    await put(
        store, BindingRow, conversation_id=place, order_id=order, previous_buyer_id=owner, bound_at=at(1)
    )
    await put(
        store, TouchpointRow, conversation_id=place, buyer_id=owner, key=f"rating:{order}", flow="rating",
        purpose="feedback", fate="sent", at=at(2), created_at=at(2),
    )  # fmt: skip
    await put(
        store, OfferRow, conversation_id=place, buyer_id=owner, flow="f", code=order, percent=5, until=at(9),
        at=at(2),
    )  # fmt: skip
    return place


async def owners(store: Store) -> dict[str, Any]:
    """Whose everything is."""
    return {
        "conversations": [(row.id, row.buyer_id) for row in await rows(store, Conversation)],
        "orders": [(row.id, row.buyer_id) for row in await rows(store, OrderRow)],
        "touchpoints": [(row.id, row.buyer_id) for row in await rows(store, TouchpointRow)],
        "offers": [(row.id, row.buyer_id) for row in await rows(store, OfferRow)],
        "bindings": [(row.id, row.previous_buyer_id) for row in await rows(store, BindingRow)],
        "buyers": [
            (row.id, row.name, row.email, row.phone, row.external_id) for row in await rows(store, Buyer)
        ],
    }


async def test_all_that_was_theirs_becomes_the_kept_ones_and_can_be_taken_back(store: Store) -> None:
    anna, berta = await buyer(store, name="Anna"), await buyer(store, name="Berta")
    here, there = await belongings(store, anna), await belongings(store, berta)
    before = await owners(store)
    done = await store.merges.merge(here, berta, KIM, NOW)
    assert isinstance(done, Merged)
    after = await owners(store)
    assert {owner for kept in list(after.values())[:5] for _, owner in kept} == {anna}
    assert after["buyers"] == before["buyers"]
    card = await store.buyer.card(here, NOW)
    assert card is not None
    assert [one.id for one in card.chats] == [there]
    assert (len(card.orders), len(card.codes)) == (2, 2)
    assert await store.merges.names([anna, berta]) == {anna: "Anna", berta: "Berta"}
    undone = await store.merges.undo(done.id, here, KIM, at(200))
    assert undone == done
    assert await owners(store) == before
    assert [(row.kind, row.actor) for row in await rows(store, DeskEventRow)] == [
        ("merged", KIM),
        ("unmerged", KIM),
    ]
    row = await only(store, MergeRow)
    assert (row.by, row.undone_by, row.undone_at) == (KIM, KIM, at(200))


async def test_a_chat_of_nobody_becomes_somebodys(store: Store) -> None:
    anna = await buyer(store, name="Anna")
    place = await thread(store)
    done = await store.merges.merge(place, anna, KIM, NOW)
    assert isinstance(done, Merged)
    assert (await only(store, Conversation)).buyer_id == anna
    assert await store.merges.undo(done.id, place, KIM, NOW) == done
    assert (await only(store, Conversation)).buyer_id is None


async def test_what_makes_no_sense_is_refused_and_changes_nothing(store: Store) -> None:
    anna, berta, carla = [await buyer(store, name=name) for name in ("Anna", "Berta", "Carla")]
    here, _, third = [await belongings(store, one) for one in (anna, berta, carla)]
    erased = await thread(store, buyer_id=carla, status="erased")
    assert await store.merges.merge(here, anna, KIM, NOW) == NotMerged("same")
    assert await store.merges.merge(here, 999, KIM, NOW) == NotMerged("unknown")
    assert await store.merges.merge(999, berta, KIM, NOW) == NotMerged("unknown")
    assert await store.merges.merge(erased, berta, KIM, NOW) == NotMerged("unknown")
    first = await store.merges.merge(here, berta, KIM, NOW)
    assert isinstance(first, Merged)
    assert await store.merges.merge(third, berta, KIM, NOW) == NotMerged("unknown")
    second = await store.merges.merge(third, anna, KIM, NOW)
    assert isinstance(second, Merged)
    as_it_is = await owners(store)
    assert await store.merges.undo(first.id, here, KIM, NOW) == NotMerged("unknown")
    assert await store.merges.undo(999, here, KIM, NOW) == NotMerged("unknown")
    assert await owners(store) == as_it_is
    assert await store.merges.undo(second.id, third, KIM, NOW) == second
    assert await store.merges.undo(second.id, third, KIM, NOW) == NotMerged("undone")
    assert await store.merges.undo(first.id, third, KIM, NOW) == NotMerged("unknown")
    assert await store.merges.undo(first.id, here, KIM, NOW) == first


async def test_of_two_who_merge_at_once_one_does(store: Store, open_store: Any) -> None:
    anna, berta = await buyer(store), await buyer(store)
    here, there = await belongings(store, anna), await belongings(store, berta)
    other = open_store()
    done = await asyncio.gather(
        store.merges.merge(here, berta, KIM, NOW), other.merges.merge(there, anna, KIM, NOW)
    )
    assert sorted(type(one).__name__ for one in done) == ["Merged", "NotMerged"]
    assert len({owner for _, owner in (await owners(store))["conversations"]}) == 1


async def test_orders_that_come_later_go_to_the_kept_one(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot("1")), happened("paid", 0, "2", order=snapshot("2")))
    anna, berta = [row.id for row in await rows(store, Buyer)]
    place = await thread(store, buyer_id=anna)
    done = await store.merges.merge(place, berta, KIM, NOW)
    assert isinstance(done, Merged)
    theirs = snapshot("3", 9, buyer=Person(external_id="c2", email="2@example.org", name="Berta"))
    again = snapshot("2", 9, buyer=Person(external_id="c2", name="Berta"))
    await shop(store, happened("paid", 9, "3", order=theirs), happened("updated", 9, "2", order=again), now=9)
    assert {row.buyer_id for row in await rows(store, OrderRow)} == {anna}
    assert [row.name for row in await rows(store, Buyer)] == ["Anna", "Berta"]
    await store.merges.undo(done.id, place, KIM, NOW)
    assert [(row.id, row.buyer_id) for row in await rows(store, OrderRow)] == [
        ("1", anna),
        ("2", berta),
        ("3", anna),
    ]


@pytest.mark.parametrize("named", ["c1", "c2", "c3"])
async def test_erasing_one_of_them_erases_all_of_them(store: Store, named: str) -> None:
    for number in ("1", "2", "3"):
        await shop(store, happened("paid", 0, number, order=snapshot(number)), now=float(number))
    buyers = [row.id for row in await rows(store, Buyer)]
    places = [await thread(store, buyer_id=one) for one in buyers]
    alone = await thread(store, buyer_id=await buyer(store, name="Zora", external_id="c9"))
    await store.merges.merge(places[1], buyers[0], KIM, NOW)
    await store.merges.merge(places[2], buyers[1], KIM, NOW)
    await shop(store, PrivacyRequest("redact", customer_id=named), now=5)
    assert {row.name for row in await rows(store, Buyer)} == {None, "Zora"}
    assert {row.id: row.status for row in await rows(store, Conversation)} == {
        **dict.fromkeys(places, "erased"),
        alone: "bot",
    }


async def test_who_was_separated_again_is_erased_alone(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot("1")), happened("paid", 0, "2", order=snapshot("2")))
    anna, berta = [row.id for row in await rows(store, Buyer)]
    place = await thread(store, buyer_id=anna)
    done = await store.merges.merge(place, berta, KIM, NOW)
    assert isinstance(done, Merged)
    await store.merges.undo(done.id, place, KIM, NOW)
    await shop(store, PrivacyRequest("redact", customer_id="c2"), now=5)
    assert [row.name for row in await rows(store, Buyer)] == ["Anna", None]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Lena B · b@example.org", "Lena C"]),
        ("lena", ["Lena B · b@example.org", "Lena C"]),
        ("koch", ["Udo Koch"]),
        ("B@example.org", ["Lena B · b@example.org"]),
        ("+49 170 1", ["Lena C"]),
        ("#77", ["Udo Koch"]),
        ("%", []),
        ("nobody", []),
    ],
)
async def test_who_may_be_meant(store: Store, words: str, found: list[str]) -> None:
    here = await thread(
        store, buyer_id=await buyer(store, name="Lena A", email="b@example.org", phone="+491701")
    )
    await buyer(store, name="Lena B", email="b@example.org")
    await buyer(store, name="Lena C", phone="+491701")
    udo = await buyer(store, name="Udo Koch")
    await put(
        store, OrderRow, id="x", number="77", total=Decimal(5), placed_at=at(1), described_at=at(1),
        buyer_id=udo,
    )  # fmt: skip
    assert [name for _, name in await store.merges.candidates(here, words)] == found


STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=6)


async def _there_and_back(url: str, steps: list[tuple[int, int]]) -> None:
    store = Store(Database(url))
    try:
        people = [await buyer(store, name=f"P{number}") for number in range(4)]
        places = [await belongings(store, one) for one in people] + [await thread(store)]
        before = await owners(store)
        merged: list[tuple[int, int, dict[str, Any]]] = []
        for place, other in steps:
            so_far = await owners(store)
            done = await store.merges.merge(places[place], [*people, 0][other], KIM, NOW)
            if isinstance(done, Merged):
                merged.append((done.id, places[place], so_far))
            else:
                assert await owners(store) == so_far
        for merge_id, place, so_far in reversed(merged):
            assert isinstance(await store.merges.undo(merge_id, place, KIM, NOW), Merged)
            assert await owners(store) == so_far
        assert await owners(store) == before
    finally:
        await store.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_undoing_restores_every_row(store_url: str, steps: list[tuple[int, int]]) -> None:
    asyncio.run(_there_and_back(store_url, steps))
