"""What is said unasked only counts while nothing has been said to the buyer since, in any of their chats."""

import asyncio
from collections.abc import Sequence

import pytest

from dialogs.records import Braked
from persistence.consents import NewConsent
from persistence.identity import Bond
from persistence.records import Effects, NewHandoff, NewRating, Relied
from persistence.store import Store
from persistence.tables import Buyer, Conversation, EntryLinkRow, OutboxRow
from persistence.tables_journeys import TouchpointRow
from persistence.turns import Outcome, Turn
from tests.persistence.conftest import Open
from tests.persistence.test_turns import everything
from tests.persistence.world import (
    accept,
    at,
    chats,
    claim,
    happened,
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
    words,
)


def proactive(turn: Turn, now: float, version: int = 0, buyer: int | None = 1) -> Outcome:
    """A turn that says something unasked, and relied on this version of the buyer's journey."""
    effects = Effects(touched=(touch(),), journey=Relied(buyer, version))
    return outcome(turn, now, unasked(f"hello {turn.address}"), effects=effects)


async def awake(store: Store, *names: str, now: float = 5) -> list[Turn]:
    """The turns of these people, who all write now."""
    await accept(store, *(text(f"{who} {now}", now, person(who)) for who in names), now=now)
    turns = {turn.address: turn for turn in await store.turns.claim(at(now), 100)}
    return [turns[who] for who in names]


async def version(store: Store, buyer: int = 1) -> int:
    found: int = (await only(store, Buyer, id=buyer)).journey
    return found


async def test_of_two_chats_that_speak_unasked_only_one_counts_and_the_other_leaves_no_trace(
    store: Store,
) -> None:
    await chats(store, "anna", "bert")
    anna, bert = await awake(store, "anna", "bert")
    assert await store.turns.commit(proactive(anna, 5))
    before = await everything(store)
    assert not await store.turns.commit(proactive(bert, 6))
    assert await everything(store) == before
    assert await version(store) == 1
    assert await store.turns.commit(proactive(bert, 7, version=1))  # it was made again, with fresh facts
    assert await version(store) == 2


async def test_in_one_shared_commit_too(store: Store) -> None:
    names = [f"p{n}" for n in range(8)]
    await chats(store, *names)
    verdicts = await asyncio.gather(
        *(store.turns.commit(proactive(turn, 5)) for turn in await awake(store, *names))
    )
    assert sorted(verdicts) == [False] * 7 + [True]
    assert len(await rows(store, OutboxRow)) == len(await rows(store, TouchpointRow)) == 1
    assert await version(store) == 1


async def test_in_several_processes_too(store: Store, open_store: Open) -> None:
    names = [f"p{n}" for n in range(9)]
    await chats(store, *names)
    stores = [store, open_store(), open_store()]
    turns: Sequence[Turn] = await awake(store, *names)
    for said in range(3):
        verdicts = await asyncio.gather(
            *(stores[n % 3].turns.commit(proactive(turn, 5, said)) for n, turn in enumerate(turns))
        )
        assert sum(verdicts) == 1
        assert await version(store) == said + 1
        turns = [turn for turn, verdict in zip(turns, verdicts, strict=True) if not verdict]
    assert len(await rows(store, OutboxRow)) == 3


async def test_an_answer_counts_whatever_is_said_elsewhere(store: Store) -> None:
    await chats(store, "anna", "bert")
    anna, bert = await awake(store, "anna", "bert")
    assert await store.turns.commit(proactive(anna, 5))
    assert await store.turns.commit(outcome(bert, 6, "an answer"))
    assert await version(store) == 1


@pytest.mark.parametrize(
    ("effects", "moves"),
    [
        (Effects(consents=(NewConsent("offers", "withdrawn"),)), True),
        (Effects(handoff=NewHandoff("angry")), True),
        (Effects(brakes=(Braked("mood"),)), True),
        (Effects(brakes=(Braked("mood", on=False),)), False),
        (Effects(consents=(NewConsent("offers", "given"),)), False),
        (Effects(ratings=(NewRating(5),)), False),
    ],
)
async def test_what_another_chat_must_not_miss_stops_what_it_was_about_to_say(
    store: Store, effects: Effects, moves: bool
) -> None:
    await chats(store, "anna", "bert")
    anna, bert = await awake(store, "anna", "bert")
    first, second = await asyncio.gather(
        store.turns.commit(outcome(anna, 5, effects=effects)), store.turns.commit(proactive(bert, 5))
    )
    assert (first, second) == (True, not moves)


async def test_a_withdrawal_in_the_same_commit_cancels_what_was_just_said(store: Store) -> None:
    await chats(store, "anna", "bert")
    anna, bert = await awake(store, "anna", "bert")
    stop = Effects(consents=(NewConsent("all", "withdrawn"),))
    assert all(
        await asyncio.gather(
            store.turns.commit(proactive(bert, 5)), store.turns.commit(outcome(anna, 5, effects=stop))
        )
    )
    assert words(await rows(store, OutboxRow, status="cancelled")) == ["hello bert"]
    assert (await only(store, TouchpointRow)).fate == "withdrawn"


async def test_other_buyers_are_not_in_each_others_way(store: Store, open_store: Open) -> None:
    names = [f"p{n}" for n in range(12)]
    for number, who in enumerate(names):
        order = f"o{number}"
        await shop(store, happened("paid", 0, order, order=snapshot(order)))
        await tie(store, who, order)
    buyers = {row.address: row.buyer_id for row in await rows(store, Conversation)}
    other = open_store()
    turns = await awake(store, *names)
    verdicts = await asyncio.gather(
        *(
            one.turns.commit(proactive(turn, 5, buyer=buyers[turn.address]))
            for turn, one in zip(turns, [store, other] * 6, strict=True)
        )
    )
    assert all(verdicts)
    assert {row.journey for row in await rows(store, Buyer)} == {1}


async def test_a_chat_of_nobody_known_is_guarded_by_its_own_version(store: Store) -> None:
    await hear(store, "m1")
    turn = await claim(store, 0)
    assert await store.turns.commit(proactive(turn, 1, buyer=None))
    assert not await store.turns.commit(proactive(turn, 2, buyer=None))


async def test_a_chat_that_has_changed_hands_meanwhile_says_nothing(store: Store) -> None:
    await chats(store, "anna")
    turn = await turn_of(store, 5)
    await store.identity.unbind("1", at(6))
    assert not await store.turns.commit(proactive(turn, 7))
    await hear(store, "m1", now=40)
    turn = await claim(store, 40)
    assert not await store.turns.commit(proactive(turn, 41))  # the facts were those of the buyer
    assert await store.turns.commit(proactive(turn, 42, buyer=None))


async def test_a_turn_that_lost_its_bond_leaves_the_journey_where_it_was(store: Store) -> None:
    await chats(store, "anna")
    await store.identity.add_links({"X": "1"}, at(0), at(1))  # no longer good
    turn = await turn_of(store, 5)
    effects = Effects(bound=(Bond("X", "1"),), journey=Relied(1, 0))
    assert not await store.turns.commit(outcome(turn, 5, unasked("hello"), effects=effects))
    assert await version(store) == 0
    assert (await only(store, EntryLinkRow, code="X")).used_at is None


async def test_turns_that_say_nothing_unasked_never_ask_for_a_buyer(store: Store) -> None:
    """The path of a tap stays as it was: no statement more."""
    await chats(store, "anna")
    turn = await turn_of(store, 5)
    with statements(store) as seen:
        assert await store.turns.commit(outcome(turn, 5, "an answer"))
    assert seen
    assert not [words for words, _ in seen if "buyers" in words or "touchpoints" in words]
