"""Turns: claimed by one worker at a time, written whole or not at all; the version decides, not the lease."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from dialogs.messages import Arrival, Edited, Media, Outgoing, Reaction, Tap, Text, Unsupported
from persistence import turns
from persistence.database import Database
from persistence.identity import Bond
from persistence.outbox import Settlement
from persistence.records import Effects, NewHandoff, NewRating
from persistence.reminders import NewReminder
from persistence.store import Store
from persistence.tables import (
    BindingRow,
    Conversation,
    EntryLinkRow,
    HandoffRow,
    InboxRow,
    NoticeRow,
    OutboxRow,
    PayloadRow,
    RatingRow,
    ReminderRow,
    TurnRow,
    metadata,
)
from persistence.turns import Spoken
from tests.persistence.conftest import Open
from tests.persistence.test_database import Counting
from tests.persistence.world import (
    T0,
    accept,
    answer,
    at,
    change,
    claim,
    echo,
    event,
    happened,
    head,
    hear,
    heard,
    only,
    outcome,
    person,
    rows,
    say,
    send,
    shop,
    snapshot,
    take,
    text,
    words,
)


async def everything(store: Store) -> dict[str, list[Any]]:
    """Every row of every table, to see whether anything was touched."""

    def read(connection: Any) -> dict[str, list[Any]]:
        return {
            name: sorted(map(repr, connection.execute(found.select()).all()))
            for name, found in metadata.tables.items()
        }

    return await store.database.read(read)


async def test_what_came_before_the_claim_is_in_one_turn(store: Store) -> None:
    await hear(store, "m1", "m2", now=0)
    await accept(store, event(Reaction("x", "❤"), "m3", 1), now=1)
    turn = await claim(store, 5)
    assert heard(turn) == ["m1", "m2", "m3"]
    assert (turn.version, turn.state, turn.floor, turn.attempts) == (0, "{}", "bot", 1)
    assert turn.heard_at == at(1)
    assert await store.turns.commit(outcome(turn, 6, "one", "two"))
    conversation = await only(store, Conversation)
    assert (conversation.version, conversation.state) == (1, '{"made":1}')
    assert (conversation.due_at, conversation.attempts) == (None, 0)
    assert [(row.turn, row.seq) for row in await rows(store, OutboxRow)] == [(1, 0), (1, 1)]
    assert {(row.status, row.turn) for row in await rows(store, InboxRow)} == {("done", 1)}
    assert [(row.version, row.at) for row in await rows(store, TurnRow, "version")] == [(1, at(6))]
    assert await store.turns.claim(at(1000), 10) == []


async def test_a_leased_conversation_is_left_alone_until_the_lease_has_run_out(store: Store) -> None:
    await hear(store, "m1")
    first = await claim(store, 0)
    await hear(store, "m2", now=10)
    assert await store.turns.claim(at(29.9), 10) == []
    second = await claim(store, 30)  # the worker has crashed
    assert heard(second) == ["m1", "m2"]
    assert (first.attempts, second.attempts) == (1, 2)


async def test_only_the_first_of_two_turns_counts_and_the_other_leaves_no_trace(store: Store) -> None:
    await hear(store, "m1")
    slow = await claim(store, 0)
    fast = await claim(store, 31)
    assert await store.turns.commit(outcome(fast, 32, "answer"))
    before = await everything(store)
    effects = Effects(
        reminders=(NewReminder("r", at(99)),),
        handoff=NewHandoff("why"),
        ratings=(NewRating(1),),
        acts=("phone",),
    )
    assert not await store.turns.commit(outcome(slow, 33, "answer", effects=effects))
    await store.turns.put_back(slow, at(33), counts=True)
    assert await everything(store) == before


async def test_the_slow_one_may_be_first_and_then_the_fast_one_does_not_count(store: Store) -> None:
    await hear(store, "m1")
    slow = await claim(store, 0)
    fast = await claim(store, 31)
    assert await store.turns.commit(outcome(slow, 32, "answer"))
    assert not await store.turns.commit(outcome(fast, 33, "answer"))
    assert words(await rows(store, OutboxRow)) == ["answer"]


async def test_what_only_the_turn_that_does_not_count_had_heard_waits_no_longer(store: Store) -> None:
    await hear(store, "m1")
    slow = await claim(store, 0)
    await hear(store, "m2", now=30)
    fast = await claim(store, 31)
    assert heard(fast) == ["m1", "m2"]
    assert await store.turns.commit(outcome(slow, 32))
    assert heard(await take(store, 32)) == ["m2"]
    assert not await store.turns.commit(outcome(fast, 33))


async def test_two_turns_of_one_version_in_one_shared_commit(store_url: str) -> None:
    store = Store(Counting(store_url))
    await hear(store, "m1")
    slow, fast = await claim(store, 0), await claim(store, 31)
    verdicts = await asyncio.gather(
        *(store.turns.commit(outcome(turn, 32, "answer")) for turn in (slow, fast, slow))
    )
    assert verdicts == [True, False, False]
    assert (await only(store, Conversation)).version == 1
    await store.close()


async def test_the_turns_of_many_conversations_share_a_commit(store_url: str) -> None:
    database = Counting(store_url)
    store = Store(database)
    await accept(store, *(text(f"m{n}", 0, person(f"p{n}")) for n in range(30)))
    claimed = await store.turns.claim(at(0), 30)
    before = database.transactions
    assert all(await asyncio.gather(*(store.turns.commit(outcome(turn, 1, "a", "b")) for turn in claimed)))
    assert database.transactions == before + 1
    assert len(await rows(store, OutboxRow)) == 60
    await store.close()


async def test_a_turn_that_cannot_be_written_harms_no_other(store: Store) -> None:
    await accept(store, text("m1"), text("m2", 0, person("bert")))
    good, bad = await store.turns.claim(at(0), 2)
    nothing: Any = None
    broken = outcome(bad, 1, effects=Effects(ratings=(NewRating(nothing),)))
    results = await asyncio.gather(
        store.turns.commit(outcome(good, 1, "yes")), store.turns.commit(broken), return_exceptions=True
    )
    assert results[0] is True
    assert isinstance(results[1], Exception)
    assert [row.version for row in await rows(store, Conversation)] == [1, 0]


async def test_an_arrival_during_the_turn_keeps_the_conversation_due(store: Store) -> None:
    await hear(store, "m1")
    turn = await claim(store, 0)
    await hear(store, "m2", now=10)
    assert await store.turns.commit(outcome(turn, 11, "one"))
    assert heard(await take(store, 11, "two")) == ["m2"]
    assert (await only(store, Conversation)).due_at is None


async def test_claims_take_the_longest_waiting_first(store: Store) -> None:
    for number in (3, 1, 2):
        await accept(store, text(f"m{number}", 0, person(f"p{number}")), now=number)
    assert [turn.address for turn in await store.turns.claim(at(9), 2)] == ["p1", "p2"]
    assert [turn.address for turn in await store.turns.claim(at(9), 2)] == ["p3"]


async def test_claimers_in_several_processes_never_get_the_same_conversation(
    store: Store, open_store: Open
) -> None:
    await accept(store, *(text(f"m{n}", 0, person(f"p{n}")) for n in range(40)))
    stores = [store, open_store(), open_store()]
    found = await asyncio.gather(*(one.turns.claim(at(0), 5) for one in stores * 5))
    claimed = [turn.conversation_id for turns in found for turn in turns]
    assert len(claimed) == len(set(claimed)) == 40


async def test_what_came_after_the_leases_end_is_seen_by_a_late_commit(store: Store) -> None:
    """A slow worker whose lease had run out, but whom nobody had overtaken, once cleared a fresh arrival."""
    await hear(store, "m1")
    slow = await claim(store, 0)
    late = (slow.leased_until - at(0)).total_seconds() + 1
    await hear(store, "m2", now=late)
    assert await store.turns.commit(outcome(slow, late + 1))
    assert heard(await take(store, late + 10)) == ["m2"]


async def test_more_than_one_turn_takes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_EVENTS", 3)
    await hear(store, *(f"m{n}" for n in range(7)))
    for expected in (["m0", "m1", "m2"], ["m3", "m4", "m5"], ["m6"]):
        assert heard(await take(store, 1)) == expected
    assert await store.turns.claim(at(99), 10) == []


async def test_a_short_key_comes_back_as_the_payload_it_stands_for(store: Store) -> None:
    stored = {"~k1": "a very long payload", "~k2": "another"}
    message = Outgoing("buttons", "?", stored=stored)
    await answer(store, 0, Spoken(message), Spoken(message))
    await accept(
        store, *(event(Tap(key, "title", "m", "cb"), f"t{key}", 1) for key in ("~k1", "~gone", "k2")), now=1
    )
    turn = await claim(store, 1)
    assert [one.event for one in turn.events] == [
        Tap(payload, "title", "m", "cb") for payload in ("k2", "~gone", "a very long payload")
    ]
    assert len(await rows(store, PayloadRow, "key")) == 2


async def test_our_own_echo_is_told_from_a_strangers(store: Store) -> None:
    await answer(store, 0, "hello")
    await send(store, 1, "mid.1")
    await accept(store, echo("mid.1", 1, "hello"), echo("mid.x", 2, "hello"), now=3)
    turn = await claim(store, 3)
    assert [one.ours for one in turn.events] == [True, False]
    assert not turn.sending


async def test_an_echo_that_overtakes_the_answer_may_be_ours(store: Store) -> None:
    await answer(store, 0, "hello")
    row = await head(store, 1)
    await accept(store, echo("mid.1", 1, "hello"), echo("mid.2", 2, "typed by hand"), now=2)
    turn = await claim(store, 2)
    assert turn.sending
    assert [one.ours for one in turn.events] == [True, False]
    await store.outbox.settle(Settlement(row, "sent", at(3), external_id="mid.2"))
    await store.turns.put_back(turn, at(3), counts=False)
    turn = await claim(store, 3)
    assert not turn.sending
    assert [one.ours for one in turn.events] == [False, True]


async def test_an_echo_of_another_conversation_is_a_strangers(store: Store) -> None:
    await answer(store, 0, "hello")
    await send(store, 1, "mid.1")
    await accept(store, Arrival("whatsapp", "mid.1", T0, echo("mid.1").event, person("bert")), now=2)
    assert [one.ours for one in (await claim(store, 2)).events] == [False]


@pytest.mark.parametrize("counts", [True, False])
async def test_putting_back(store: Store, counts: bool) -> None:
    await hear(store, "m1")
    turn = await claim(store, 0)
    await store.turns.put_back(turn, at(5), counts=counts)
    assert await store.turns.claim(at(4.9), 10) == []
    again = await claim(store, 5)
    assert heard(again) == ["m1"]
    assert again.attempts == (2 if counts else 1)


async def test_who_lost_the_lease_cannot_put_back(store: Store) -> None:
    await hear(store, "m1")
    slow = await claim(store, 0)
    fast = await claim(store, 31)
    await store.turns.put_back(slow, at(32), counts=True)
    assert await store.turns.claim(at(32), 10) == []
    assert await store.turns.commit(outcome(fast, 33))


async def test_a_turn_is_set_aside_and_a_human_fetched(store: Store) -> None:
    await hear(store, "m1")
    turn = await claim(store, 0)
    await hear(store, "m2", now=1)
    effects = Effects(
        handoff=NewHandoff("trouble", ("turn_failed",), 2), notices=(("set_aside", {"n": "1"}),)
    )
    assert await store.turns.set_aside(turn, effects, at(2))
    assert [(row.external_id, row.status) for row in await rows(store, InboxRow)] == [
        ("m1", "aside"),
        ("m2", "waiting"),
    ]
    conversation = await only(store, Conversation)
    assert (conversation.status, conversation.floor, conversation.waiting_since) == (
        "waiting",
        "agent",
        at(2),
    )
    assert (conversation.state, conversation.version) == ("{}", 1)
    assert (await only(store, NoticeRow)).topic == "set_aside"
    again = await claim(store, 3)
    assert (heard(again), again.attempts) == (["m2"], 1)
    assert not await store.turns.set_aside(turn, effects, at(4))
    assert len(await rows(store, HandoffRow)) == 1


async def test_an_event_that_cannot_be_read_stops_nobody(store: Store) -> None:
    """Written by another version of the program; it would else head every claim for ever."""
    await hear(store, "m1")
    await change(store, InboxRow, event='{"kind":"unheard-of"}')
    await accept(store, text("m2", 1, person("bert")), now=1)
    strange, good = await store.turns.claim(at(5), 10)
    assert strange.events[0].event == Unsupported("unreadable")
    assert heard(good) == ["m2"]


async def linked(store: Store, *codes: str) -> None:
    """An order with these entry codes."""
    await shop(store, happened("paid", order=snapshot()))
    await store.identity.add_links(dict.fromkeys(codes, "1"), at(0), at(1000))


async def test_one_code_ties_one_conversation_even_if_two_use_it_at_once(
    store: Store, open_store: Open
) -> None:
    await linked(store, "NK1")
    await accept(store, *(text(f"m{n}", 0, person(f"p{n}")) for n in range(6)))
    claimed = await store.turns.claim(at(1), 10)
    stores = [store, open_store(), open_store()]
    effects = Effects(bound=(Bond("NK1", "1"),), ratings=(NewRating(5),))
    verdicts = await asyncio.gather(
        *(
            stores[n % 3].turns.commit(outcome(turn, 2, "hi", effects=effects))
            for n, turn in enumerate(claimed)
        )
    )
    assert sorted(verdicts) == [False] * 5 + [True]
    winner = claimed[verdicts.index(True)].conversation_id
    assert (await only(store, BindingRow)).conversation_id == winner
    assert (await only(store, EntryLinkRow)).conversation_id == winner
    assert len(await rows(store, OutboxRow)) == len(await rows(store, RatingRow)) == 1
    assert {row.id: row.version for row in await rows(store, Conversation)} == {
        turn.conversation_id: int(turn.conversation_id == winner) for turn in claimed
    }


async def test_a_turn_with_a_used_up_code_leaves_its_other_code_fresh(store: Store) -> None:
    await linked(store, "NK1", "NK2")
    await accept(store, text("m1"), text("m2", 0, person("bert")))
    first, second = await store.turns.claim(at(1), 10)
    assert await store.turns.commit(outcome(first, 2, effects=Effects(bound=(Bond("NK2", "1"),))))
    before = await everything(store)
    both = Effects(bound=(Bond("NK1", "1"), Bond("NK2", "1")))
    assert not await store.turns.commit(outcome(second, 2, effects=both))
    assert await everything(store) == before


async def test_a_code_named_twice_in_one_turn_is_used_once(store: Store) -> None:
    await linked(store, "NK1")
    await answer(store, 1, effects=Effects(bound=(Bond("NK1", "1"), Bond("NK1", "1"))))
    assert len(await rows(store, BindingRow)) == 1


async def test_reminders_replace_those_of_the_same_name_and_can_be_cancelled(store: Store) -> None:
    first = (NewReminder("a", at(10)), NewReminder("b", at(20)), NewReminder("c", at(30), {"k": "v"}))
    await answer(store, 0, effects=Effects(reminders=first))
    second = (NewReminder("a", at(40)), NewReminder("d", at(50)), NewReminder("d", at(60)))
    await answer(store, 1, effects=Effects(reminders=second, cancelled=("b", "unknown")))
    waiting = {row.name: row.due_at for row in await rows(store, ReminderRow, status="waiting")}
    assert waiting == {"c": at(30), "a": at(40), "d": at(60)}
    assert len(await rows(store, ReminderRow, status="cancelled")) == 2


async def test_ratings_and_reachability_are_recorded(store: Store) -> None:
    effects = Effects(
        ratings=(NewRating(2, "1", "MUG", "crack"), NewRating(5)),
        reachable=False,
    )
    await answer(store, 3, effects=effects)
    assert [
        (row.score, row.order_id, row.sku, row.comment, row.at) for row in await rows(store, RatingRow)
    ] == [
        (2, "1", "MUG", "crack", at(3)),
        (5, None, None, None, at(3)),
    ]
    assert not (await only(store, Conversation)).reachable


async def test_a_handoff_silences_what_the_bot_had_still_to_say_but_not_the_farewell(store: Store) -> None:
    await answer(store, 0, "sent", "in flight", "old", say("agent's", speaker="agent"))
    await send(store, 1)
    flying = await head(store, 1)
    await answer(
        store, 2, say("a human will answer", speaker="notice"), effects=Effects(handoff=NewHandoff("angry"))
    )
    assert {row.detail for row in await rows(store, OutboxRow, status="cancelled")} == {
        "a human has the floor"
    }
    assert words(await rows(store, OutboxRow, status="cancelled")) == ["old"]
    await store.outbox.settle(Settlement(flying, "sent", at(3)))
    assert (await send(store, 4)).outgoing.text == "agent's"
    assert (await send(store, 5)).outgoing.text == "a human will answer"
    conversation = await only(store, Conversation)
    assert (conversation.floor, conversation.status, conversation.waiting_since) == (
        "agent",
        "waiting",
        at(2),
    )


async def test_the_floor_can_change_without_a_handoff(store: Store) -> None:
    await answer(store, 0, "old")
    await answer(store, 1, effects=Effects(acts=("phone",)))
    conversation = await only(store, Conversation)
    assert (conversation.status, conversation.floor) == ("pending", "phone")
    assert await store.outbox.claim(at(2), 10) == []
    await answer(store, 3, "back", effects=Effects(acts=("ours",)))
    assert (await only(store, Conversation)).floor == "bot"
    assert (await head(store, 3)).outgoing.text == "back"


async def test_what_the_person_took_back_is_deleted_here_too(store: Store) -> None:
    await hear(store, "m1", "m10", "m1%")
    await accept(
        store,
        event(Edited("m1", "secret 2"), "m1:1", 1),
        event(Media((), "secret caption"), "m1", 1),
        event(Reaction("m1", "❤"), "m1", 1),
        now=1,
    )
    await take(store, 2, effects=Effects(unsent=("m1",)))
    kept = {(row.external_id, row.kind): row.event for row in await rows(store, InboxRow)}
    assert "secret" not in "".join(kept.values())
    assert '"m10"' in kept["m10", "text"]
    assert '"m1%"' in kept["m1%", "text"]
    assert "❤" in kept["m1", "reaction"]
    # A repeat of the message does not bring it back.
    assert await accept(store, text("m1"), now=3) == 0


async def test_nobody_can_take_back_another_persons_message(store: Store) -> None:
    await accept(store, text("m1", 0, person("bert")))
    await take(store, 0)
    await answer(store, 1, effects=Effects(unsent=("m1",), edited=(Edited("m1", "changed"),)))
    assert '"m1"' in (await rows(store, InboxRow))[0].event


async def test_an_edited_message_says_here_what_the_persons_screen_says(store: Store) -> None:
    await hear(store, "m1", "m2")
    await take(store, 0, effects=Effects(edited=(Edited("m1", "new words"),)))
    assert [row.event for row in await rows(store, InboxRow)] == [
        '{"text":"new words","kind":"text"}',
        (await rows(store, InboxRow, external_id="m2"))[0].event,
    ]
    await change(store, InboxRow, status="waiting")
    await change(store, Conversation, due_at=at(5))
    assert (await claim(store, 5)).events[0].event == Text("new words")


async def test_turns_survive_a_restart(store_url: str) -> None:
    store = Store(Database(store_url), turn_lease=timedelta(seconds=5))
    await hear(store, "m1")
    await claim(store, 0)
    await store.close()
    store = Store(Database(store_url))
    assert await store.turns.claim(at(4.9), 10) == []
    turn = await claim(store, 5)
    assert await store.turns.commit(outcome(turn, 6, "a"))
    await store.close()
    store = Store(Database(store_url))
    assert await store.turns.claim(at(99), 10) == []
    assert (await head(store, 6)).outgoing.text == "a"
    await store.close()
