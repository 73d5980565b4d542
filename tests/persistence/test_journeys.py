"""What is known of a buyer over all their chats, gathered at one moment for many conversations."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dialogs.records import Braked, HandedOver, Offered, Preferred, Reminder
from dialogs.shop import Item, Person
from persistence.consents import NewConsent
from persistence.journeys import BuyerJourney
from persistence.outbox import Settlement
from persistence.records import Effects, NewHandoff, Relied
from persistence.store import Store
from persistence.tables import Conversation, ReminderRow
from persistence.tables_journeys import BrakeRow, OfferRow
from tests.persistence.world import (
    T0,
    accept,
    at,
    change,
    chats,
    claim,
    happened,
    head,
    hear,
    only,
    outcome,
    person,
    rows,
    shop,
    snapshot,
    statements,
    text,
    tie,
    touch,
    turn_of,
    unasked,
)

DAY = timedelta(days=1).total_seconds()


async def leave(store: Store, who: str, now: float, **effects: Any) -> None:
    """A turn of somebody, with these effects."""
    turn = await turn_of(store, now, who)
    assert await store.turns.commit(outcome(turn, now, effects=Effects(**effects)))


async def journey(store: Store, place: int, now: float) -> BuyerJourney:
    """What a turn of this conversation may know."""
    return (await store.journeys.of([place], at(now)))[place]


async def test_who_they_are_comes_from_the_shop(store: Store) -> None:
    buyer = Person("c1", "Anna", "a@example.org", None, "de", date(1990, 4, 1), "AT")
    await shop(store, happened("paid", 0, order=snapshot(buyer=buyer)))
    place = await tie(store, "anna")
    known = await journey(store, place, 5)
    assert (known.buyer_id, known.version, known.birthday, known.country) == (1, 0, date(1990, 4, 1), "AT")
    assert known.has_email
    assert known.siblings == ()
    await shop(store, happened("paid", 0, "2", order=snapshot("2", buyer=Person("c2"))), now=6)
    assert not (await journey(store, await tie(store, "bert", "2", now=6), 7)).has_email


async def test_what_was_said_unasked_is_known_in_every_chat(store: Store) -> None:
    anna, bert, cleo = await chats(store, "anna", "bert", "cleo")
    await leave(store, "anna", 1, touched=(touch("old:1"),))
    await leave(store, "anna", 5 * DAY, touched=(touch("rating:1"), touch("later:1", "planned")))
    await leave(store, "bert", 6 * DAY, touched=(touch("tip:1", "merged"), touch("no:1", "withheld")))
    for place in (anna, bert, cleo):
        known = await journey(store, place, 9 * DAY)
        assert known.touches == (at(5 * DAY), at(6 * DAY))
        assert known.decided == {"old:1", "rating:1", "tip:1", "no:1"}


async def test_when_something_was_offered_last_is_known_in_every_chat_and_never_forgotten(
    store: Store,
) -> None:
    anna, bert = await chats(store, "anna", "bert")
    assert (await journey(store, anna, 1)).offered_at is None
    await leave(store, "anna", 1, touched=(touch("bundle:1", purpose="offers"), touch("no:1", "withheld")))
    await leave(store, "bert", DAY, touched=(touch("reorder:1", "planned", purpose="offers"),))
    await leave(store, "bert", 2 * DAY, touched=(touch("tip:1"), touch("rating:1", purpose="feedback")))
    for place in (anna, bert):
        known = await journey(store, place, 200 * DAY)
        assert (known.offered_at, known.touches) == (at(1), ())
    await leave(store, "bert", 3 * DAY, touched=(touch("reorder:1", "merged", purpose="offers"),))
    assert (await journey(store, anna, 4 * DAY)).offered_at == at(3 * DAY)


async def test_what_did_not_go_out_after_all_was_no_touch(store: Store) -> None:
    anna, bert = await chats(store, "anna", "bert")
    turn = await turn_of(store, 5)
    said = Effects(touched=(touch(purpose="offers"),), journey=Relied(1))
    assert await store.turns.commit(outcome(turn, 5, unasked("hello"), effects=said))
    known = await journey(store, bert, 6)
    assert (known.version, known.touches) == (1, (at(5),))
    assert known.decided == {"checkup:1"}
    assert known.offered_at == at(5)
    await store.outbox.settle(Settlement(await head(store, 7), "parked", at(7)))
    known = await journey(store, anna, 8)
    assert (known.version, known.touches, known.offered_at) == (1, (), None)
    assert known.decided == set()


async def test_what_is_wrong_in_another_chat_brakes_here(store: Store) -> None:
    anna, bert, cleo = await chats(store, "anna", "bert", "cleo")
    await leave(store, "anna", 1, handoff=NewHandoff("angry", promised_at=at(99)))
    await leave(store, "bert", 2, brakes=(Braked("mood"), Braked("refund")))
    await leave(store, "cleo", 3, brakes=(Braked("mood"),))
    assert (await journey(store, anna, 4)).brakes == {"mood": at(3), "refund": at(2)}
    assert (await journey(store, bert, 4)).brakes == {"handoff": at(1), "mood": at(3)}
    assert (await journey(store, cleo, 4)).brakes == {"handoff": at(1), "mood": at(2), "refund": at(2)}
    await leave(store, "bert", 5, brakes=(Braked("mood", on=False), Braked("unknown", on=False)))
    await store.handoffs.hand_back(anna, at(6), solved=True)
    assert (await journey(store, cleo, 7)).brakes == {"refund": at(2)}


async def test_a_brake_that_is_pulled_again_holds_from_then_on(store: Store) -> None:
    await chats(store, "anna")
    for now, on in ((1, True), (2, True), (3, False), (4, True)):
        await leave(store, "anna", now, brakes=(Braked("mood", on=on),))
    assert [(row.since, row.lifted_at) for row in await rows(store, BrakeRow)] == [
        (at(2), at(3)),
        (at(4), None),
    ]


async def test_a_withdrawal_in_another_chat_holds_until_they_agree_here(store: Store) -> None:
    anna, bert = await chats(store, "anna", "bert")
    await leave(store, "anna", 1, consents=(NewConsent("offers", "given"), NewConsent("feedback", "given")))
    await leave(store, "bert", 2, consents=(NewConsent("offers", "withdrawn"),))
    here = await journey(store, anna, 3)
    assert here.withdrawn == {"offers"}
    assert [one.allowed for one in here.siblings] == [frozenset()]
    there = await journey(store, bert, 3)
    assert there.withdrawn == set()  # one's own withdrawals are in the state
    assert [one.allowed for one in there.siblings] == [{"offers", "feedback"}]
    await leave(store, "anna", 4, consents=(NewConsent("offers", "asked"),))
    assert (await journey(store, anna, 5)).withdrawn == {"offers"}
    await leave(store, "anna", 6, consents=(NewConsent("offers", "given"),))
    assert (await journey(store, anna, 7)).withdrawn == set()


async def test_siblings_are_the_chats_in_which_the_buyer_may_be_written_to(store: Store) -> None:
    anna, bert, cleo = await chats(store, "anna", "bert", "cleo")
    await shop(store, happened("paid", 0, "2", order=snapshot("2")))
    await tie(store, "stranger", "2", now=1)
    [first, second] = (await journey(store, anna, 2)).siblings
    assert (first.conversation_id, first.channel, first.account) == (bert, "whatsapp", "shop")
    assert (first.heard_at, first.reachable, first.floor) == (at(0), True, "bot")
    assert second.conversation_id == cleo
    await leave(store, "bert", 3, acts=("phone",), reachable=False)
    await leave(store, "cleo", 4, consents=(NewConsent("all", "withdrawn"),))
    [left] = (await journey(store, anna, 5)).siblings
    assert (left.conversation_id, left.heard_at, left.reachable, left.floor) == (bert, at(3), False, "phone")
    await change(store, Conversation, status="erased")
    assert (await journey(store, anna, 6)).siblings == ()


async def test_what_they_own_is_all_that_they_bought_and_kept(store: Store) -> None:
    anna = Person("c1", "Anna", "a@example.org")
    for order_id, sku in (("1", "MUG"), ("2", "POT"), ("3", "CUP"), ("4", "")):
        items = (Item(sku, "x"), Item("BOX", "x")) if sku == "MUG" else (Item(sku, "x"),)
        order = snapshot(order_id, buyer=anna, items=items, placed_at=at(int(order_id)))
        await shop(store, happened("paid", 1, order_id, order=order))
    await shop(store, happened("refunded", 2, "3"), happened("paid", 0, "9", order=snapshot("9")))
    place = await tie(store, "anna", now=5)
    known = await journey(store, place, 6)
    assert known.owned == {"MUG", "BOX", "POT"}
    assert (known.orders, known.order_ids) == (3, ("4", "3", "2", "1"))
    assert known.spent == Decimal("149.70")
    await shop(store, happened("cancelled", 7, "1"), now=7)
    known = await journey(store, place, 8)
    assert known.owned == {"POT"}
    assert (known.orders, known.spent) == (2, Decimal("99.80"))


async def test_the_latest_preference_counts_wherever_it_was_told(store: Store) -> None:
    anna, _ = await chats(store, "anna", "bert")
    await leave(store, "anna", 1, preferences=(Preferred("grind", "fine"), Preferred("milk", "oat")))
    await leave(store, "bert", 2, preferences=(Preferred("grind", "coarse"),))
    assert (await journey(store, anna, 3)).preferences == {"grind": "coarse", "milk": "oat"}
    await leave(store, "anna", 4, preferences=(Preferred("grind", "fine"),))
    assert (await journey(store, anna, 5)).preferences == {"grind": "fine", "milk": "oat"}


async def test_without_a_buyer_it_is_what_the_conversation_itself_has(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot(buyer=Person())))
    place = await tie(store, "anna")
    other = await tie(store, "bert")
    await leave(store, "anna", 1, touched=(touch(),), preferences=(Preferred("grind", "fine"),))
    await leave(store, "bert", 2, touched=(touch("tip:1"),), brakes=(Braked("mood"),))
    known = await store.journeys.of([place, other], at(3))
    assert known[place] == BuyerJourney(
        touches=(at(1),),
        decided=frozenset({"checkup:1"}),
        owned=frozenset({"MUG-1"}),
        orders=1,
        spent=Decimal("49.90"),
        order_ids=("1",),
        preferences={"grind": "fine"},
    )
    assert known[other].touches == (at(2),)


async def test_nobody_is_nothing(store: Store) -> None:
    assert await store.journeys.of([], T0) == {}
    assert await store.journeys.of([77], T0) == {}
    await hear(store, "m1")
    turn = await claim(store, 0)
    assert await store.journeys.of([turn.conversation_id], T0) == {turn.conversation_id: BuyerJourney()}


async def test_what_a_wrong_binding_was_told_is_not_the_buyers(store: Store) -> None:
    [wrong] = await chats(store, "anna")
    await leave(store, "anna", 1, touched=(touch("checkup:1", order_id="1"),))
    await store.identity.unbind("1", at(2))
    right = await tie(store, "bert", now=3)
    assert (await journey(store, right, 4)).decided == set()
    assert (await journey(store, wrong, 4)).decided == {"checkup:1"}  # they have read it


async def test_who_moves_on_to_another_buyers_order_leaves_what_they_were_told(store: Store) -> None:
    await chats(store, "anna", "bert")
    await leave(store, "anna", 1, touched=(touch("checkup:1", order_id="1"),))
    await shop(store, happened("paid", 0, "2", order=snapshot("2")))
    await tie(store, "anna", "2", now=2)
    [bert] = await rows(store, Conversation, address="bert")
    assert (await journey(store, bert.id, 3)).decided == {"checkup:1"}


async def test_many_journeys_cost_as_many_statements_as_one(store: Store) -> None:
    places = []
    for number in range(6):
        await shop(store, happened("paid", 0, f"o{number}", order=snapshot(f"o{number}")))
        places += [await tie(store, f"{who}{number}", f"o{number}") for who in "ab"]
        await leave(store, f"a{number}", 1, touched=(touch(f"checkup:o{number}"),))
    with statements(store) as one:
        await store.journeys.of(places[:1], at(9))
    with statements(store) as all_of_them:
        known = await store.journeys.of(places, at(9))
    assert len(all_of_them) == len(one) < 15
    assert [known[place].buyer_id for place in places] == [n // 2 + 1 for n in range(12)]
    assert [known[place].decided for place in places] == [{f"checkup:o{n // 2}"} for n in range(12)]
    assert all(len(known[place].siblings) == 1 for place in places)


def over_to(place: int) -> Effects:
    """The effect of handing a touchpoint over."""
    reminder = Reminder("checkup:1", at(2), {"flow": "checkup"})
    return Effects(handed=(HandedOver(place, reminder),), touched=(touch(fate="handed"),))


async def test_a_touchpoint_that_is_handed_over_comes_due_in_the_other_chat(store: Store) -> None:
    anna, bert = await chats(store, "anna", "bert")
    for now in (2, 3):  # a second time it replaces the first
        turn = await turn_of(store, now)
        assert await store.turns.commit(outcome(turn, now, effects=over_to(bert)))
    assert len(await rows(store, ReminderRow)) == 2
    assert await store.reminders.fire(at(4)) == 1
    turn = await claim(store, 4)
    assert (turn.conversation_id, turn.events[0].event.kind) == (bert, "due")
    assert (await journey(store, anna, 5)).decided == set()


async def test_nothing_is_handed_to_a_chat_that_is_no_longer_the_buyers(store: Store) -> None:
    [anna] = await chats(store, "anna")
    await accept(store, text("m", 1, person("stranger")), now=1)
    stranger = (await claim(store, 1)).conversation_id
    turn = await turn_of(store, 2)
    assert await store.turns.commit(outcome(turn, 2, effects=over_to(stranger)))
    assert (await only(store, ReminderRow)).conversation_id == anna


async def test_an_offer_is_kept(store: Store) -> None:
    [place] = await chats(store, "anna")
    offered = Offered("DANKE-7", 10, ("MUG", "POT"), at(99), "bundle", "1")
    await leave(store, "anna", 1, offers=(offered,))
    row = await only(store, OfferRow)
    assert (row.conversation_id, row.buyer_id, row.order_id, row.flow) == (place, 1, "1", "bundle")
    assert (row.code, row.percent, row.skus, row.until) == ("DANKE-7", 10, '["MUG","POT"]', at(99))
    assert (row.personal, row.at) == (True, at(1))
