"""The way back from a human: once, whole, and heard by the dialog."""

import asyncio

from dialogs.messages import HandedBack
from persistence.records import Effects, NewHandoff
from persistence.store import Store
from persistence.tables import Conversation, HandoffRow, InboxRow
from tests.persistence.conftest import Open
from tests.persistence.world import answer, at, change, claim, hear, only, outcome, rows, take


async def taken(store: Store, now: float = 0) -> int:
    """A human has the floor, and promised to answer."""
    handoff = NewHandoff("angry", ("grr",), 1, at(now + 3600))
    return (await answer(store, now, effects=Effects(handoff=handoff))).conversation_id


async def test_a_solved_case_is_closed_and_told(store: Store) -> None:
    place = await taken(store)
    assert (await only(store, HandoffRow)).promised_at == at(3600)
    assert await store.handoffs.hand_back(place, at(5), solved=True, cause="exchange")
    conversation = await only(store, Conversation)
    assert (conversation.floor, conversation.status, conversation.waiting_since) == ("bot", "resolved", None)
    assert (await only(store, HandoffRow)).resolved_at == at(5)
    turn = await claim(store, 5)
    assert [one.event for one in turn.events] == [HandedBack(solved=True, cause="exchange", reason="solved")]
    assert (turn.floor, turn.heard_at) == ("bot", at(0))


async def test_an_unsolved_case_stays_open(store: Store) -> None:
    place = await taken(store)
    assert await store.handoffs.hand_back(place, at(5), solved=False)
    assert (await only(store, Conversation)).floor == "bot"
    assert (await only(store, HandoffRow)).resolved_at is None
    assert [one.event for one in (await take(store, 5)).events] == [HandedBack(solved=False, reason="back")]
    # Later it turns out to be solved after all.
    assert await store.handoffs.hand_back(place, at(9), solved=True)
    assert (await only(store, HandoffRow)).resolved_at == at(9)
    assert [one.event for one in (await take(store, 9)).events] == [HandedBack(solved=True, reason="solved")]


async def test_what_is_given_back_already_is_not_given_back_again(store: Store, open_store: Open) -> None:
    place = await taken(store)
    stores = [store, open_store(), open_store()]
    done = await asyncio.gather(
        *(stores[n % 3].handoffs.hand_back(place, at(5), solved=True) for n in range(9))
    )
    assert sum(done) == 1
    assert not await store.handoffs.hand_back(place, at(6), solved=True)
    assert not await store.handoffs.hand_back(place, at(6), solved=False)
    assert len(await rows(store, InboxRow, kind="handed_back")) == 1
    assert len((await take(store, 7)).events) == 1


async def test_the_floor_can_be_taken_and_given_back_time_and_again(store: Store) -> None:
    for now in (0, 10, 20):
        place = await taken(store, now)
        assert await store.handoffs.hand_back(place, at(now), solved=True)  # at the same moment
        assert len((await take(store, now)).events) == 1
    await answer(store, 30, effects=Effects(acts=("phone",)))
    assert await store.handoffs.hand_back(place, at(31), solved=False)
    assert len(await rows(store, InboxRow, kind="handed_back")) == 4
    assert {row.resolved_at for row in await rows(store, HandoffRow)} == {at(0), at(10), at(20)}


async def test_a_turn_that_is_under_way_does_not_swallow_it(store: Store) -> None:
    place = await taken(store)
    await hear(store, "m1", now=1)
    turn = await claim(store, 1)
    assert await store.handoffs.hand_back(place, at(2), solved=True)
    # What was heard while a human had the floor is heard again now that the bot has it.
    assert not await store.turns.commit(outcome(turn, 3, "nobody hears this"))
    await store.turns.put_back(turn, at(3), counts=True)
    assert [one.event.kind for one in (await claim(store, 3)).events] == ["text", "handed_back"]


async def test_nobody_and_the_erased_are_given_nothing(store: Store) -> None:
    assert not await store.handoffs.hand_back(77, at(0), solved=True)
    place = await taken(store)
    await change(store, Conversation, status="erased")
    assert not await store.handoffs.hand_back(place, at(1), solved=True)
    assert (await only(store, HandoffRow)).resolved_at is None
