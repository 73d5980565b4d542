"""The buyer beside the thread, over all their chats."""

from decimal import Decimal

from dialogs.shop import Item, Parcel
from dialogs.state import State
from persistence.desk_buyer import (
    BuyerCard,
    CodeLine,
    ConsentLine,
    MergeLine,
    NoteLine,
    OtherChat,
    RatingLine,
    RequestLine,
)
from persistence.store import Store
from persistence.tables import (
    BindingRow,
    Buyer,
    ContactRow,
    ItemRow,
    MilestoneRow,
    NoteRow,
    OrderRow,
    ParcelRow,
    RatingRow,
)
from persistence.tables_desk import AgentNoteRow, MergeRow, ServiceRequestRow
from persistence.tables_journeys import ConsentRow, OfferRow, PreferenceRow
from tests.persistence.desk import put, thread
from tests.persistence.world import at, statements

NOW = at(1000)


async def card(store: Store, place: int) -> BuyerCard:
    found = await store.buyer.card(place, NOW)
    assert found is not None
    return found


async def order(store: Store, number: int, buyer: int | None, total: str = "49.90") -> str:
    order_id = f"o{number}"
    await put(
        store, OrderRow, id=order_id, number=f"#{number}", currency="EUR", total=Decimal(total),
        refunded=Decimal(number), placed_at=at(number), described_at=at(number), buyer_id=buyer,
        codes='["TEN"]',
    )  # fmt: skip
    return order_id


async def test_all_that_is_known_of_a_buyer_over_all_chats(store: Store) -> None:
    buyer = await put(
        store, Buyer, name="Lena", email="lena@example.org", phone="+49170", external_id="c1", country="DE",
        language="de", created_at=at(0),
    )  # fmt: skip
    here = await thread(store, buyer_id=buyer, state='{"tags":["vip"],"ratings":{"o1":2}}')
    there = await thread(
        store, buyer_id=buyer, channel="telegram", name="Lena T.", status="pending", heard_at=at(9)
    )
    strangers = await thread(store)
    for place, name in ((here, "ig"), (there, "tg"), (strangers, "no")):
        await put(
            store,
            ContactRow,
            channel="x",
            account="shop",
            external_id=name,
            conversation_id=place,
            created_at=at(0),
        )
        await put(
            store, RatingRow, conversation_id=place, order_id="o1", score=len(name), comment=name, at=at(3)
        )
    first, second = await order(store, 1, buyer), await order(store, 2, buyer)
    await order(store, 3, None)
    await put(store, BindingRow, conversation_id=here, order_id=first, bound_at=at(1))
    await put(store, BindingRow, conversation_id=there, order_id=second, bound_at=at(1))
    await put(
        store, ItemRow, order_id=first, position=0, sku="MUG", title="Becher", quantity=2, price=Decimal(12)
    )
    await put(
        store, ParcelRow, order_id=first, number="P1", carrier="DHL", url="https://dhl/P1",
        status="in transit", told_at=at(2),
    )  # fmt: skip
    await put(store, MilestoneRow, order_id=first, what="shipped", at=at(2))
    await put(store, RatingRow, conversation_id=there, order_id="o1", score=5, comment=None, at=at(8))
    await put(
        store, ConsentRow, conversation_id=there, purpose="tips", action="given", allowed=True, how="tap",
        wording="Ja", shown="Darf ich?", channel="telegram", at=at(4),
    )  # fmt: skip
    await put(store, PreferenceRow, conversation_id=there, name="usage", value="espresso", at=at(4))
    await put(
        store, OfferRow, conversation_id=here, order_id="o1", flow="sorry", code="SORRY10", percent=10,
        skus='["MUG"]', until=at(5000), at=at(5),
    )  # fmt: skip
    await put(store, NoteRow, conversation_id=here, topic="order", text="unklar: #99", at=at(6))
    note = await put(store, AgentNoteRow, conversation_id=there, author="account:3", text="Nett", at=at(7))
    request = await put(
        store, ServiceRequestRow, conversation_id=there, order_id="o1", kind="refund",
        detail='{"amount":"5"}', by="account:3", at=at(7),
    )  # fmt: skip
    merge = await put(store, MergeRow, kept_id=buyer, merged_id=buyer + 50, by="account:1", at=at(1))
    found = await card(store, here)
    assert found.buyer is not None
    assert (found.buyer.name, found.buyer.email, found.buyer.external_id) == (
        "Lena",
        "lena@example.org",
        "c1",
    )
    assert [one.external_id for one in found.contacts] == ["ig", "tg"]
    assert found.chats == (OtherChat(there, "telegram", "shop", "Lena T.", "pending", at(9)),)
    assert [(one.order.id, one.bound, one.rating) for one in found.orders] == [
        ("o2", False, None),
        ("o1", True, 5),
    ]
    shown = found.orders[1].order
    assert (shown.items, shown.status) == ((Item("MUG", "Becher", 2, Decimal("12.00")),), "shipped")
    assert shown.parcels == (Parcel("P1", "DHL", "https://dhl/P1", "in transit"),)
    assert (found.orders[1].refunded, shown.codes) == (Decimal("1.00"), ("TEN",))
    assert found.ratings[0] == RatingLine("o1", None, 5, None, at(8))
    assert [one.comment for one in found.ratings] == [None, "tg", "ig"]
    assert found.consents == (ConsentLine("tips", "given", "tap", "Ja", "Darf ich?", "telegram", at(4)),)
    assert found.preferences == {"usage": "espresso"}
    assert (found.tags, found.state.ratings) == (("vip",), {"o1": 2})
    assert (found.points, found.tier, found.to_next_tier) == (99, "bronze", 1)
    assert found.codes == (CodeLine("SORRY10", 10, ("MUG",), at(5000), True, "o1", "sorry", at(5)),)
    assert found.notes == (
        NoteLine(f"n{note}", "Nett", at(7), author="account:3"),
        NoteLine(f"b{found.notes[1].key[1:]}", "unklar: #99", at(6), topic="order"),
    )
    assert found.requests == (
        RequestLine(request, "refund", "open", "o1", {"amount": "5"}, "account:3", at(7), None, None),
    )
    assert found.merges == (MergeLine(merge, buyer, buyer + 50, "account:1", at(1), None),)
    assert found.journey.order_ids == ("o2", "o1")
    # From the other chat it is the same buyer.
    other = await card(store, there)
    assert (other.buyer, other.ratings, other.notes) == (found.buyer, found.ratings, found.notes)
    assert (other.chats[0].id, other.tags) == (here, ())


async def test_an_order_that_was_called_off_brings_no_points(store: Store) -> None:
    buyer = await put(store, Buyer, created_at=at(0))
    place = await thread(store, buyer_id=buyer)
    await order(store, 1, buyer)
    await put(store, MilestoneRow, order_id=await order(store, 2, buyer), what="refunded", at=at(3))
    found = await card(store, place)
    assert (found.points, found.tier, len(found.orders)) == (49, "bronze", 2)


async def test_nobody_known_has_what_the_conversation_has(store: Store) -> None:
    place = await thread(store, state='{"tags": 5}')
    await put(store, NoteRow, conversation_id=place, topic="t", text="x", at=at(1))
    found = await card(store, place)
    assert (found.buyer, found.orders, found.chats, found.tier, found.state) == (None, (), (), "", State())
    assert [one.text for one in found.notes] == ["x"]
    assert await store.buyer.card(place + 1, NOW) is None


async def test_a_card_takes_the_same_statements_however_much_is_known(store: Store) -> None:
    buyer = await put(store, Buyer, created_at=at(0))
    place = await thread(store, buyer_id=buyer)
    await order(store, 1, buyer)
    with statements(store) as few:
        await card(store, place)
    for number in range(2, 60):
        await order(store, number, buyer)
    with statements(store) as many:
        assert len((await card(store, place)).orders) == 30
    assert len(few) == len(many) < 40
