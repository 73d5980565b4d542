"""What is done at the desk: whole, once, told, and of two at once exactly one."""

import asyncio
from datetime import datetime
from typing import Any

import orjson
import pytest

from dialogs.handoff import (
    Action,
    Assigned,
    Claimed,
    Prioritised,
    Released,
    Resolved,
    Returned,
    Snoozed,
    Thread,
    Times,
)
from dialogs.messages import HandedBack, PromiseBroken
from persistence.desk_actions import Denied, Done, usual
from persistence.outbox import Settlement
from persistence.records import Effects, NewHandoff
from persistence.store import Store
from persistence.tables import Conversation, HandoffRow, InboxRow, OutboxRow, table
from persistence.tables_desk import AlarmRow, DeskEventRow
from tests.persistence.conftest import Open
from tests.persistence.world import (
    answer,
    at,
    change,
    claim,
    head,
    hear,
    only,
    outcome,
    rows,
    say,
    take,
    turn_of,
)


def times(now: float = 0) -> Times:
    return usual(at(now))


async def case(store: Store, now: float = 0, **more: Any) -> int:
    """Anna wants a human, and is promised one within the hour."""
    usually: dict[str, Any] = {"reason": "angry", "priority": 1, "promised_at": at(now + 3600)}
    handoff = NewHandoff(**(usually | more))
    return (await answer(store, now, effects=Effects(handoff=handoff))).conversation_id


async def do(store: Store, place: int, action: Action, by: int = 7, now: float = 1, **more: Any) -> Done:
    done = await store.desk.act(place, action, f"account:{by}", times(now), **more)
    assert isinstance(done, Done)
    return done


async def events(store: Store) -> list[tuple[str, str]]:
    return [(row.kind, row.actor) for row in await rows(store, DeskEventRow)]


async def test_a_case_is_told_with_its_reason_and_what_was_promised(store: Store) -> None:
    place = await case(store)
    event = await only(store, DeskEventRow)
    assert (event.kind, event.actor, event.reason, event.at) == ("escalated", "bot", "angry", at(0))
    assert orjson.loads(event.detail) == {"priority": 1, "promised_at": at(3600).isoformat()}
    row = await only(store, Conversation)
    assert (row.status, row.floor, row.priority, row.answer_by) == ("waiting", "agent", 1, at(3600))
    assert row.desk_due_at == at(1800)
    assert (await store.desk.thread(place)) == Thread(
        "waiting", "agent", priority=1, answer_by=at(3600), waiting_since=at(0)
    )
    assert await store.desk.next_due() == at(1800)


async def test_every_change_is_told_once_and_only_a_change(store: Store) -> None:
    place = await case(store)
    for _ in range(2):
        assert (await do(store, place, Claimed(7), detail={"via": "page"})).thread.assignee == 7
    await do(store, place, Prioritised(2), reason="she is in a hurry")
    await do(store, place, Snoozed(at(99)))
    await do(store, place, Released())
    await do(store, place, Assigned(to=8, team=3))
    await do(store, place, Resolved(), detail={"cause": "broken_seal"})
    assert await events(store) == [
        ("escalated", "bot"),
        *(
            (kind, "account:7")
            for kind in ("claimed", "prioritised", "snoozed", "released", "assigned", "resolved")
        ),
    ]
    told = [orjson.loads(row.detail) for row in await rows(store, DeskEventRow)][1:]
    assert told == [
        {"via": "page"},
        {"priority": 2},
        {"until": at(99).isoformat()},
        {},
        {"to": 8, "team": 3},
        {"cause": "broken_seal"},
    ]
    assert (await rows(store, DeskEventRow))[2].reason == "she is in a hurry"


async def test_a_key_makes_it_once_in_its_own_conversation(store: Store) -> None:
    place = await case(store)
    first = await do(store, place, Claimed(7), key="k")
    await do(store, place, Released())
    again = await do(store, place, Claimed(7), key="k")
    assert (first.changed, again.changed, again.event_id) == (True, False, first.event_id)
    assert again.thread.status == "waiting"
    turn = await turn_of(store, 5, "bert")
    assert await store.turns.commit(outcome(turn, 5, effects=Effects(handoff=NewHandoff("angry"))))
    assert (await do(store, turn.conversation_id, Claimed(7), key="k", now=6)).changed


async def test_nobody_and_the_erased_can_be_had(store: Store) -> None:
    assert await store.desk.act(77, Claimed(7), "account:7", times()) == Denied("unknown")
    assert await store.desk.thread(77) == Denied("unknown")
    place = await case(store)
    await change(store, Conversation, status="erased")
    assert await store.desk.act(place, Claimed(7), "account:7", times()) == Denied("closed")
    assert await store.desk.thread(place) == Denied("closed")


async def test_of_many_who_claim_at_once_exactly_one_gets_it(store: Store, open_store: Open) -> None:
    place = await case(store)
    stores = [store, open_store(), open_store()]
    done = await asyncio.gather(
        *(
            stores[agent % 3].desk.act(place, Claimed(agent), f"account:{agent}", times(1))
            for agent in range(1, 25)
        )
    )
    [winner] = [one.thread.assignee for one in done if isinstance(one, Done)]
    assert {one for one in done if isinstance(one, Denied)} == {Denied("taken", winner)}
    assert (await only(store, Conversation)).assignee_id == winner
    assert [kind for kind, _ in await events(store)] == ["escalated", "claimed"]


# -- the floor


async def test_what_the_bot_still_had_to_say_is_cancelled_and_what_agents_say_is_not(store: Store) -> None:
    place = await answer(store, 0, "bot's", say("agent's", speaker="agent"), say("word", speaker="notice"))
    await do(store, place.conversation_id, Claimed(7))
    assert [(row.speaker, row.status) for row in await rows(store, OutboxRow)] == [
        ("bot", "cancelled"),
        ("agent", "waiting"),
        ("notice", "waiting"),
    ]


async def test_a_turn_that_was_made_for_the_bot_does_not_count_once_a_human_has_the_floor(
    store: Store,
) -> None:
    place = (await answer(store, 0)).conversation_id
    await hear(store, "m1", now=1)
    turn = await claim(store, 1)
    await do(store, place, Claimed(7), now=2)
    assert not await store.turns.commit(outcome(turn, 3, "too late"))
    assert await rows(store, OutboxRow) == []
    await store.turns.put_back(turn, at(3), counts=True)
    assert (await claim(store, 3)).floor == "agent"


async def test_the_buyer_the_phone_and_another_app_speak_in_their_order(store: Store) -> None:
    place = await case(store)
    await do(store, place, Claimed(7))
    await answer(store, 2, effects=Effects(acts=("buyer", "phone")))
    row = await only(store, Conversation)
    assert (row.status, row.floor, row.assignee_id, row.answer_by) == ("pending", "phone", 7, None)
    await answer(store, 3, effects=Effects(acts=("phone", "buyer")))
    row = await only(store, Conversation)
    assert (row.status, row.floor, row.answer_by) == ("agent", "phone", at(3 + 7200))
    await answer(store, 4, effects=Effects(acts=("phone", "ours")))
    row = await only(store, Conversation)
    assert (row.status, row.floor, row.assignee_id) == ("bot", "bot", None)
    assert await events(store) == [
        ("escalated", "bot"),
        ("claimed", "account:7"),
        ("phone_took", "phone"),
        ("buyer_back", "buyer"),
        ("returned", "phone"),
    ]
    assert [one.event for one in (await take(store, 5)).events] == [HandedBack(solved=False, reason="back")]


async def test_a_solved_case_is_over_with_the_buyers_next_word(store: Store) -> None:
    place = await case(store)
    await do(store, place, Claimed(7))
    await do(store, place, Resolved(), detail={"cause": "late_parcel"})
    handoff = await only(store, HandoffRow)
    assert (handoff.claimed_at, handoff.resolved_at) == (at(1), at(1))
    assert (handoff.cause, handoff.resolved_by) == ("late_parcel", "account:7")
    [event] = (await take(store, 2)).events
    assert event.event == HandedBack(solved=True, cause="late_parcel", reason="solved")
    assert (await only(store, Conversation)).status == "resolved"
    await answer(store, 3, effects=Effects(acts=("buyer",)))
    row = await only(store, Conversation)
    assert (row.status, row.assignee_id) == ("bot", None)


async def test_a_case_that_was_left_open_can_be_solved_later(store: Store) -> None:
    place = await case(store)
    await do(store, place, Returned())
    await take(store, 2)
    assert (await only(store, HandoffRow)).resolved_at is None
    assert (await do(store, place, Resolved(), now=3)).thread.status == "resolved"
    assert (await only(store, HandoffRow)).resolved_at == at(3)
    assert not (await do(store, place, Resolved(), now=4)).changed


# -- the clock


async def test_alarms_ring_before_a_promise_breaks_and_when_it_does(store: Store) -> None:
    place = await case(store)
    assert await store.desk.look(times(1799)) == 0
    assert await store.desk.look(times(1800)) == 1
    assert await store.desk.look(times(1801)) == 0
    near = await only(store, AlarmRow)
    assert (near.kind, near.conversation_id, near.at) == ("near", place, at(1800))
    assert await store.desk.next_due() == at(3600)
    assert await rows(store, InboxRow, kind="promise_broken") == []
    assert await store.desk.look(times(3600)) == 1
    assert [row.kind for row in await rows(store, AlarmRow)] == ["near", "broken"]
    row = await only(store, Conversation)
    assert (row.priority, row.alarmed, row.desk_due_at) == (2, 2, None)
    # The buyer hears of it, once, and a new time is owed with alarms of its own.
    turn = await claim(store, 3600)
    assert [one.event for one in turn.events] == [PromiseBroken(at(3600))]
    said = say("sorry", speaker="notice")
    assert await store.turns.commit(outcome(turn, 3600, said, effects=Effects(promised=at(9000))))
    assert (await only(store, Conversation)).answer_by == at(9000)
    assert await store.desk.look(times(9000)) == 1
    assert [row.kind for row in await rows(store, AlarmRow)] == ["near", "broken", "broken"]
    assert len(await rows(store, InboxRow, kind="promise_broken")) == 1
    assert await events(store) == [
        ("escalated", "bot"),
        ("promise_near", "clock"),
        ("promise_broken", "clock"),
        ("promised", "bot"),
        ("promise_broken", "clock"),
    ]


async def test_no_buyer_is_told_of_a_goal_that_they_never_heard_of(store: Store) -> None:
    place = await case(store, promised_at=None)
    assert await store.desk.look(times(7200)) == 1
    assert [row.kind for row in await rows(store, AlarmRow)] == ["broken"]
    assert await rows(store, InboxRow, kind="promise_broken") == []
    await do(store, place, Claimed(7))


async def test_an_urgent_case_alarms_at_once(store: Store) -> None:
    place = await case(store, priority=2)
    alarm = await only(store, AlarmRow)
    assert (alarm.kind, alarm.conversation_id) == ("waiting", place)
    assert orjson.loads(alarm.detail) == {"assignee": None, "team": None, "priority": 2}


async def test_a_snooze_ends_and_silence_gives_the_floor_back(store: Store) -> None:
    place = await case(store)
    await do(store, place, Snoozed(at(100)))
    assert await store.desk.look(times(100)) == 1
    assert (await only(store, Conversation)).status == "waiting"
    await answer(store, 200, effects=Effects(acts=("phone",)))
    quiet = 200 + 12 * 3600
    assert await store.desk.next_due() == at(quiet)
    await store.desk.look(times(quiet))
    row = await only(store, Conversation)
    assert (row.status, row.floor, row.desk_due_at) == ("bot", "bot", None)
    [event] = (await take(store, quiet)).events
    assert event.event == HandedBack(solved=False, reason="phone_quiet")
    assert (await only(store, HandoffRow)).answered_at == at(200)


async def test_what_the_clock_finds_undone_it_does_not_look_at_for_ever(store: Store) -> None:
    await case(store)
    await change(store, Conversation, desk_due_at=at(0))  # as if the shop's settings had changed
    assert await store.desk.look(times(1)) == 1
    assert await store.desk.next_due() == at(1800)


async def test_two_processes_look_at_each_thread_once(store: Store, open_store: Open) -> None:
    for number in range(12):
        turn = await turn_of(store, number, f"person {number}")
        handoff = NewHandoff("angry", promised_at=at(100))
        assert await store.turns.commit(outcome(turn, number, effects=Effects(handoff=handoff)))
    other = open_store()
    await asyncio.gather(*((store, other)[n % 2].desk.look(times(200), 3) for n in range(12)))
    while await store.desk.look(times(200)):
        pass
    assert len(await rows(store, AlarmRow)) == 12
    assert len(await rows(store, InboxRow, kind="promise_broken")) == 12


# -- teams


async def test_a_case_goes_to_the_team_whose_kind_it_is(store: Store) -> None:
    team = await store.teams.save("Rösterei", ["defect", "wrong_item"], [7, 8])
    await case(store, reason="defect")
    assert (await only(store, Conversation)).team_id == team
    assert team is not None
    await store.teams.delete(team)
    assert (await only(store, Conversation)).team_id is None


async def test_the_erased_leave_the_clock_alone(store: Store) -> None:
    await case(store)
    conversations = table(Conversation)
    await store.database.write(
        lambda connection: connection.execute(
            conversations.update().values(status="erased", desk_due_at=None)
        )
    )
    assert await store.desk.look(times(99999)) == 0


@pytest.mark.parametrize("fate", ["sent", "unknown"])
async def test_what_is_on_its_way_when_a_human_takes_over_cannot_be_called_back(
    store: Store, fate: Any
) -> None:
    place = (await answer(store, 0, "flying", "next")).conversation_id
    flying = await head(store, 0)
    await do(store, place, Claimed(7))
    again: datetime | None = at(9) if fate == "unknown" else None
    await store.outbox.settle(Settlement(flying, fate, at(2), due_at=again))
    assert [row.status for row in await rows(store, OutboxRow)] == [fate, "cancelled"]
    assert len(await store.outbox.claim(at(9), 9)) == (1 if again else 0)
