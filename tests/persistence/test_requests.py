"""Requests: once for each key, within what the order allows, worked off, and told to the shop."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialogs.shop import PrivacyRequest
from persistence.requests import Asked, Handed, NewOffer, NewRequest, NotAsked, Request
from persistence.store import Store
from persistence.tables import Buyer, OrderRow
from persistence.tables_desk import DeskEventRow, ServiceRequestRow
from persistence.tables_journeys import OfferRow
from tests.persistence.desk import put, thread
from tests.persistence.world import at, only, rows, shop

KIM, OLGA = "account:1", "account:2"
NOW = at(100)
LEASE = timedelta(seconds=30)


async def case(store: Store, order_id: str = "o1", total: str = "49.90", refunded: str = "0") -> int:
    """A chat of a buyer with an order; its id."""
    buyer = await put(store, Buyer, name="Anna", external_id=f"c{order_id}", created_at=at(0))
    await put(
        store, OrderRow, id=order_id, number=f"#{order_id}", currency="EUR", total=Decimal(total),
        refunded=Decimal(refunded), placed_at=at(0), described_at=at(0), buyer_id=buyer,
    )  # fmt: skip
    return await thread(store, buyer_id=buyer, name="Anna")


def refund(key: str = "k1", amount: str = "10.00", order_id: str | None = "o1") -> NewRequest:
    return NewRequest("refund", KIM, key, order_id, {"currency": "EUR"}, Decimal(amount))


async def made(store: Store, place: int, new: NewRequest, *, hand_over: bool = False) -> int:
    done = await store.requests.add(place, new, NOW, hand_over=hand_over)
    assert isinstance(done, Asked)
    return done.id


async def test_a_request_is_made_once_and_told_in_the_thread(store: Store) -> None:
    place = await case(store)
    first = await store.requests.add(place, refund(), NOW)
    again = await store.requests.add(place, refund(), at(200))
    assert isinstance(first, Asked)
    assert first.fresh
    assert again == Asked(first.id, fresh=False)
    assert await store.requests.find(first.id) == Request(
        id=first.id, conversation_id=place, kind="refund", status="open", order_id="o1", order_number="#o1",
        currency="EUR", name="Anna", channel="instagram", detail={"currency": "EUR", "amount": "10.00"},
        by=KIM, at=NOW, done_by=None, done_at=None, handover="", problem=None,
    )  # fmt: skip
    told = await only(store, DeskEventRow)
    assert (told.kind, told.actor) == ("requested", KIM)
    assert told.detail == f'{{"request":{first.id},"what":"refund","order":"#o1","via":"page"}}'
    assert await store.requests.claim(NOW, 9) == []


@pytest.mark.parametrize("amount", ["0", "-1", "25.01", "1000"])
async def test_no_more_is_refunded_than_is_left(store: Store, amount: str) -> None:
    place = await case(store, refunded="20.90")
    await made(store, place, refund("first", "4.00"))
    assert await store.requests.add(place, refund("k", amount), NOW) == NotAsked("amount", Decimal("25.00"))
    assert len(await rows(store, ServiceRequestRow)) == 1
    assert await store.requests.left_to_refund("o1") == Decimal("25.00")
    await made(store, place, refund("all of it", "25.00"))
    assert await store.requests.left_to_refund("o1") == 0
    assert await store.requests.left_to_refund("nothing") == 0


async def test_what_was_called_off_may_be_refunded_again(store: Store) -> None:
    place = await case(store)
    whole = await made(store, place, refund("k1", "49.90"))
    assert isinstance(await store.requests.add(place, refund("k2", "1"), NOW), NotAsked)
    await store.requests.settle(whole, "cancelled", OLGA, NOW)
    await made(store, place, refund("k2", "49.90"))


async def test_of_two_refunds_at_once_no_more_goes_out_than_is_left(store: Store, open_store: Any) -> None:
    place = await case(store, total="15.00")
    other = open_store()
    done = await asyncio.gather(
        store.requests.add(place, refund("a"), NOW), other.requests.add(place, refund("b"), NOW)
    )
    assert sorted(type(one).__name__ for one in done) == ["Asked", "NotAsked"]


async def test_what_is_nobodys_cannot_be_asked_for(store: Store) -> None:
    place = await case(store)
    await case(store, "o2")
    nobody, erased = await thread(store), await thread(store, status="erased")
    assert await store.requests.add(place, refund(order_id="o2"), NOW) == NotAsked("order")
    assert await store.requests.add(place, refund(order_id=None), NOW) == NotAsked("order")
    assert await store.requests.add(nobody, refund(), NOW) == NotAsked("order")
    assert await store.requests.add(erased, refund(), NOW) == NotAsked("closed")
    assert await store.requests.add(999, refund(), NOW) == NotAsked("unknown")
    assert not await rows(store, ServiceRequestRow)
    await made(store, nobody, NewRequest("gift", KIM, "g", None, {"what": "Kekse"}))


async def test_a_code_is_kept_with_the_other_codes(store: Store) -> None:
    place = await case(store)
    code = NewRequest("code", KIM, "k", "o1", {"code": "DANKE-X"}, offer=NewOffer("DANKE-X", 10, at(5000)))
    for _ in range(2):
        await store.requests.add(place, code, NOW)
    row = await only(store, OfferRow)
    assert (row.code, row.percent, row.until, row.order_id, row.flow) == (
        "DANKE-X",
        10,
        at(5000),
        "o1",
        "desk",
    )
    card = await store.buyer.card(place, NOW)
    assert card is not None
    assert [one.code for one in card.codes] == ["DANKE-X"]
    assert [one.kind for one in card.requests] == ["code"]


async def test_whoever_works_it_off_says_so(store: Store) -> None:
    place = await case(store)
    one = await made(store, place, refund())
    done = await store.requests.settle(one, "done", OLGA, at(200))
    assert done is not None
    assert (done.status, done.done_by, done.done_at) == ("done", OLGA, at(200))
    await store.requests.settle(one, "done", KIM, at(300))
    again = await store.requests.settle(one, "open", OLGA, at(400))
    assert again is not None
    assert (again.status, again.done_by, again.done_at) == ("open", None, None)
    await store.requests.settle(one, "cancelled", OLGA, at(500))
    final = await store.requests.settle(one, "open", OLGA, at(600))
    assert final is not None
    assert final.status == "cancelled"
    assert [(row.kind, row.actor) for row in await rows(store, DeskEventRow)] == [
        ("requested", KIM), ("request_done", OLGA), ("request_reopened", OLGA), ("request_cancelled", OLGA),
    ]  # fmt: skip
    assert await store.requests.settle(999, "done", OLGA, NOW) is None
    assert await store.requests.counts() == {"open": 0, "done": 0, "cancelled": 1}


async def test_they_are_listed_page_by_page(store: Store) -> None:
    place = await case(store)
    ids = [
        await made(store, place, NewRequest("gift", KIM, f"k{n}", None, {"what": str(n)})) for n in range(5)
    ]
    await store.requests.settle(ids[4], "done", OLGA, NOW)
    first = await store.requests.page("open", None, 3)
    rest = await store.requests.page("open", first[-1].id, 3)
    assert [one.id for one in (*first, *rest)] == ids[3::-1]
    assert [one.id for one in await store.requests.page(None)] == ids[::-1]
    assert await store.requests.counts() == {"open": 4, "done": 1, "cancelled": 0}


async def handed(store: Store, now: float = 100) -> Handed:
    [one] = await store.requests.claim(at(now), 9)
    return one


async def state(store: Store) -> tuple[str, int, str | None]:
    row = await only(store, ServiceRequestRow)
    return row.handover, row.attempts, row.problem


async def test_the_shop_is_told_once(store: Store, open_store: Any) -> None:
    place = await case(store)
    one = await made(store, place, refund(), hand_over=True)
    other = open_store()
    both = await asyncio.gather(store.requests.claim(NOW, 9), other.requests.claim(NOW, 9))
    [claimed] = [claimed for each in both for claimed in each]
    assert (claimed.request.id, claimed.attempts) == (one, 1)
    await store.requests.handed(claimed, "sent")
    assert await state(store) == ("sent", 1, None)
    assert await store.requests.claim(at(9999), 9) == []


async def test_whose_teller_died_is_told_again(store: Store) -> None:
    place = await case(store)
    await made(store, place, refund(), hand_over=True)
    lost = await handed(store)
    assert await store.requests.claim(NOW, 9) == []
    again = await handed(store, 100 + LEASE.total_seconds())
    assert again.attempts == 2
    await store.requests.handed(lost, "waiting", due_at=at(7000), problem="late")
    assert await state(store) == ("waiting", 2, None)
    await store.requests.handed(lost, "sent")  # the shop has it, whoever told it
    assert await state(store) == ("sent", 2, None)


async def test_a_failure_waits_or_ends(store: Store) -> None:
    place = await case(store)
    await made(store, place, refund(), hand_over=True)
    await store.requests.handed(await handed(store), "waiting", due_at=at(500), problem="503")
    assert await state(store) == ("waiting", 1, "503")
    assert await store.requests.claim(at(499), 9) == []
    await store.requests.handed(await handed(store, 500), "failed", problem="404")
    assert await state(store) == ("failed", 2, "404")
    assert await store.requests.claim(at(9999), 9) == []


async def test_what_is_called_off_is_told_if_the_shop_may_know_of_it(store: Store) -> None:
    place = await case(store)
    unknown = await made(store, place, refund("a", "1"), hand_over=True)
    await store.requests.settle(unknown, "cancelled", OLGA, NOW, hand_over=True)
    assert await store.requests.claim(NOW, 9) == []
    known = await made(store, place, refund("b", "1"), hand_over=True)
    await store.requests.handed(await handed(store), "sent")
    await store.requests.settle(known, "cancelled", OLGA, NOW, hand_over=True)
    told = await handed(store)
    assert (told.request.id, told.request.status) == (known, "cancelled")
    await store.requests.handed(told, "sent")
    doubtful = await made(store, place, refund("c", "1"), hand_over=True)
    lost = await handed(store)
    await store.requests.settle(doubtful, "cancelled", OLGA, NOW, hand_over=True)
    await store.requests.handed(lost, "sent")  # that it was asked for is not what is to be told now
    assert (await handed(store)).request.status == "cancelled"


async def test_erasure_leaves_numbers_and_tells_nobody(store: Store) -> None:
    place = await case(store)
    address = NewRequest("address", KIM, "k", "o1", {"address": {"street": "Geheimweg 1"}})
    await made(store, place, address, hand_over=True)
    await shop(store, PrivacyRequest("redact", customer_id="co1"))
    row = await only(store, ServiceRequestRow)
    assert (row.detail, row.handover, row.kind) == ("{}", "", "address")
    assert await store.requests.claim(at(9999), 9) == []
    [shown] = await store.requests.page(None)
    assert (shown.name, shown.detail) == ("", {})
