"""Who is who: entry links are good once, and a wrong binding can be taken back."""

import pytest

from dialogs.shop import Entry, Person
from persistence.identity import Bond, UnknownOrder
from persistence.records import Effects
from persistence.store import Store
from persistence.tables import BindingRow, Buyer, Conversation, EntryLinkRow
from tests.persistence.world import accept, at, happened, only, outcome, person, rows, shop, snapshot, text


async def orders(store: Store, *ids: str) -> dict[str, int | None]:
    """Paid orders, each of its own buyer (an order named ``none`` names nobody); who bought what."""
    for one in ids:
        buyer = Person() if one == "none" else snapshot(one).buyer
        await shop(store, happened("paid", 0, one, order=snapshot(one, buyer=buyer)))
    buyers = {row.external_id: row.id for row in await rows(store, Buyer)}
    return {one: buyers.get(f"c{one}") for one in ids}


async def bind(store: Store, who: str, code: str, order_id: str, now: float = 1) -> int:
    """The person writes with the code and is tied to the order; the conversation."""
    await accept(store, text(f"{who} {code}", now, person(who)), now=now)
    [turn] = await store.turns.claim(at(now), 10)
    assert await store.turns.commit(outcome(turn, now, effects=Effects(bound=(Bond(code, order_id),))))
    return turn.conversation_id


async def buyer(store: Store, conversation: int) -> int | None:
    found: int | None = (await only(store, Conversation, id=conversation)).buyer_id
    return found


async def test_what_a_code_is_worth_depends_on_who_asks_and_when(store: Store) -> None:
    await orders(store, "1", "2")
    await store.identity.add_links({"A": "1", "B": "1", "C": "2"}, at(0), at(100))
    assert await store.identity.look_up("A", 7, at(99)) == Entry("fresh", "A", "1")
    assert await store.identity.look_up("A", 7, at(100)) == Entry("expired", "A")
    assert await store.identity.look_up("Z", 7, at(1)) == Entry("unknown", "Z")
    assert await store.identity.link("A", at(1)) == "1"
    anna = await bind(store, "anna", "A", "1")
    for moment in (2, 500):
        assert await store.identity.look_up("A", anna, at(moment)) == Entry("yours", "A", "1")
        assert await store.identity.look_up("A", anna + 1, at(moment)) == Entry("used", "A")
    # The other code of the same order costs nobody anything: the order is hers already.
    assert await store.identity.look_up("B", anna, at(2)) == Entry("yours", "B", "1")
    assert await store.identity.look_up("B", anna + 1, at(2)) == Entry("fresh", "B", "1")
    assert await store.identity.look_up("C", anna, at(2)) == Entry("fresh", "C", "2")
    assert [await store.identity.link(code, at(2)) for code in "ABZ"] == [None, "1", None]
    assert await store.identity.link("B", at(100)) is None


async def test_links_are_only_made_for_orders_that_exist(store: Store) -> None:
    await orders(store, "1")
    with pytest.raises(UnknownOrder, match="nope") as error:
        await store.identity.add_links({"A": "1", "B": "nope"}, at(0), at(9))
    assert error.value.order_id == "nope"
    assert await rows(store, EntryLinkRow) == []


async def test_an_expired_or_wrong_code_ties_nobody(store: Store) -> None:
    await orders(store, "1", "2")
    await store.identity.add_links({"A": "1"}, at(0), at(10))
    await accept(store, text("m"))
    [turn] = await store.turns.claim(at(1), 10)
    for code, order_id, now in (("A", "1", 10), ("A", "2", 5), ("Z", "1", 5)):
        effects = Effects(bound=(Bond(code, order_id),))
        assert not await store.turns.commit(outcome(turn, now, "hi", effects=effects))
    assert await rows(store, BindingRow) == []
    assert (await only(store, EntryLinkRow)).used_at is None


async def test_a_bound_conversation_knows_its_buyer_and_its_orders_newest_first(store: Store) -> None:
    bought = await orders(store, "1", "2")
    await store.identity.add_links({"A": "1", "B": "2"}, at(0), at(100))
    anna = await bind(store, "anna", "A", "1")
    assert await buyer(store, anna) == bought["1"]
    await bind(store, "anna", "B", "2", 2)
    assert await buyer(store, anna) == bought["2"]
    found = await store.orders.of_conversations([anna, 999])
    assert [order.id for order in found[anna]] == ["2", "1"]
    assert 999 not in found


@pytest.mark.parametrize(
    "undone", [("1",), ("2",), ("1", "2"), ("2", "1"), ("none", "2", "1"), ("2", "none")]
)
async def test_taking_bindings_back_restores_what_stands_in_any_order(
    store: Store, undone: tuple[str, ...]
) -> None:
    bought = await orders(store, "1", "2", "none")
    await store.identity.add_links({"A": "1", "B": "2", "N": "none"}, at(0), at(100))
    anna = await bind(store, "anna", "A", "1")
    await bind(store, "anna", "B", "2", 2)
    await bind(store, "anna", "N", "none", 3)
    for number, one in enumerate(undone):
        assert await store.identity.unbind(one, at(10 + number)) == 1
        assert await store.identity.unbind(one, at(10 + number)) == 0
    standing = [one for one in ("2", "1") if one not in undone]
    assert await buyer(store, anna) == (bought[standing[0]] if standing else None)
    left = {order.id for order in (await store.orders.of_conversations([anna])).get(anna, ())}
    assert left == {"1", "2", "none"} - set(undone)


async def test_taking_back_concerns_every_conversation_of_the_order(store: Store) -> None:
    await orders(store, "1")
    await store.identity.add_links({"A": "1", "B": "1"}, at(0), at(100))
    anna, bert = await bind(store, "anna", "A", "1"), await bind(store, "bert", "B", "1")
    assert await store.identity.unbind("1", at(5)) == 2
    assert [await buyer(store, one) for one in (anna, bert)] == [None, None]
    assert {row.undone_at for row in await rows(store, BindingRow)} == {at(5)}
    # A used code stays used; the shop hands out a new one.
    assert await store.identity.look_up("A", bert, at(6)) == Entry("used", "A")
    await store.identity.add_links({"C": "1"}, at(6), at(100))
    assert await store.identity.look_up("C", anna, at(6)) == Entry("fresh", "C", "1")
    await bind(store, "anna", "C", "1", 7)
    assert await buyer(store, anna) is not None


async def test_an_order_that_names_its_buyer_late_tells_the_conversation(store: Store) -> None:
    await shop(store, happened("shipped"))
    await store.identity.add_links({"A": "1"}, at(0), at(100))
    anna = await bind(store, "anna", "A", "1")
    assert await buyer(store, anna) is None
    bought = await orders(store, "1")
    assert await buyer(store, anna) == bought["1"]
