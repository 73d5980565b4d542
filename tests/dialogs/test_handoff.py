"""Who has a conversation: the state machine by examples, and what is always true of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.handoff import (
    LOW,
    STATUSES,
    URGENT,
    Action,
    Assigned,
    BuyerWrote,
    Claimed,
    Escalated,
    Looked,
    PhoneLeft,
    PhoneSpoke,
    Prioritised,
    Promised,
    Refusal,
    Released,
    Replied,
    Resolved,
    Returned,
    Snoozed,
    Step,
    Thread,
    Times,
    TookBack,
    due_at,
    step,
)

T0 = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAD = timedelta(minutes=30)


def at(hours: float) -> datetime:
    return T0 + hours * HOUR


def times(hours: float = 0) -> Times:
    return Times(at(hours), goal=at(hours + 2), quiet=at(hours + 12), lead=LEAD)


def play(*actions: Action, thread: Thread | None = None, hours: float = 0) -> Thread:
    """What a thread is after all of it, done at one moment; none of it is refused."""
    now = thread or Thread()
    for action in actions:
        result = step(now, action, times(hours))
        assert isinstance(result, Step), (now, action)
        now = result.thread
    return now


def one(thread: Thread, action: Action, hours: float = 0) -> Step:
    result = step(thread, action, times(hours))
    assert isinstance(result, Step)
    return result


WAITING = play(Escalated(1, at(4)))
MINE = play(Claimed(7), thread=WAITING)
ANSWERED = play(Replied(7), thread=MINE)
ON_THE_PHONE = play(PhoneSpoke())
ASLEEP = play(Snoozed(at(3)), thread=MINE)
SOLVED = play(Resolved(), thread=MINE)


# -- the usual way


def test_a_case_goes_from_the_bot_to_an_agent_and_back() -> None:
    assert (WAITING.status, WAITING.floor, WAITING.answer_by, WAITING.priority) == (
        "waiting",
        "agent",
        at(4),
        1,
    )
    assert WAITING.waiting_since == at(0)
    assert (MINE.status, MINE.assignee, MINE.answer_by) == ("agent", 7, at(4))
    assert (ANSWERED.status, ANSWERED.answer_by, ANSWERED.quiet_at) == ("pending", None, at(12))
    again = one(ANSWERED, BuyerWrote(), 1)
    assert again.happened == ("buyer_back",)
    assert (again.thread.status, again.thread.answer_by, again.thread.quiet_at) == ("agent", at(3), None)
    solved = one(again.thread, Resolved(), 2)
    assert (solved.thread.status, solved.thread.floor, solved.back) == ("resolved", "bot", "solved")
    assert solved.thread.assignee == 7  # who solved it is remembered …
    assert one(solved.thread, BuyerWrote(), 3) == Step(Thread())  # … until the buyer writes again


def test_of_two_agents_one_gets_it_and_the_other_learns_who() -> None:
    assert step(MINE, Claimed(8), times()) == Refusal("taken", 7)
    assert step(ANSWERED, Replied(8), times()) == Refusal("taken", 7)
    assert step(ASLEEP, Claimed(8), times()) == Refusal("taken", 7)
    assert one(MINE, Claimed(7)) == Step(MINE)
    assert play(Claimed(8, over=True), thread=MINE).assignee == 8
    assert one(MINE, Replied(8, over=True)).happened == ("claimed", "replied")


def test_who_answers_what_nobody_has_has_it() -> None:
    done = one(WAITING, Replied(8))
    assert (done.happened, done.thread.assignee) == (("claimed", "replied"), 8)
    assert play(Replied(8)).status == "pending"  # a word of one's own accord
    assert play(Replied(8), thread=SOLVED).assignee == 8


@pytest.mark.parametrize("thread", [MINE, ANSWERED, ASLEEP, ON_THE_PHONE])
def test_what_is_released_waits_and_is_owed(thread: Thread) -> None:
    after = play(Released(), thread=thread, hours=1)
    assert (after.status, after.assignee, after.snoozed_until) == ("waiting", None, None)
    assert after.answer_by == (thread.answer_by or at(3))


def test_what_the_bot_has_cannot_be_put_away_or_released() -> None:
    for action in (Released(), Snoozed(at(1)), Prioritised(1), Resolved()):
        assert step(Thread(), action, times()) == Refusal("not_here")
    assert step(MINE, Snoozed(at(0)), times()) == Refusal("past")


def test_a_case_that_is_open_still_can_be_solved_while_the_bot_talks() -> None:
    late = one(Thread(), Resolved(late=True))
    assert (late.thread.status, late.happened, late.back) == ("resolved", ("resolved",), "solved")


def test_a_case_is_given_to_an_agent_or_a_queue() -> None:
    assert play(Assigned(to=8), thread=MINE).assignee == 8
    assert play(Assigned(to=8), thread=ASLEEP).status == "snoozed"
    assert play(Assigned(to=8), thread=ANSWERED).status == "pending"
    queued = play(Assigned(team=3), thread=ANSWERED, hours=1)
    assert (queued.status, queued.team, queued.assignee, queued.answer_by) == ("waiting", 3, None, at(3))
    assert play(Assigned(to=8), thread=queued).team == 3
    assert play(Assigned(), thread=ASLEEP).snoozed_until == at(3)


def test_a_second_reason_makes_a_case_more_urgent_and_never_later() -> None:
    sooner = play(Escalated(2, at(1)), thread=MINE)
    assert (sooner.status, sooner.assignee, sooner.priority, sooner.answer_by) == ("agent", 7, 2, at(1))
    later = play(Escalated(-1, at(9)), thread=MINE)
    assert (later.priority, later.answer_by) == (1, at(4))
    assert play(Escalated(team=3), thread=WAITING).team == 3


def test_an_answer_that_is_taken_back_is_owed_as_before() -> None:
    undone = one(ANSWERED, TookBack(at(4), 1, at(0)))
    assert undone.happened == ("took_back",)
    assert undone.thread == replace(MINE, alarmed=1)
    for thread in (WAITING, ON_THE_PHONE, SOLVED):
        assert one(thread, TookBack(at(4))) == Step(thread)


# -- the owner's phone


def test_who_types_in_the_app_has_the_floor() -> None:
    assert (ON_THE_PHONE.status, ON_THE_PHONE.floor, ON_THE_PHONE.quiet_at) == ("pending", "phone", at(12))
    assert one(Thread(), PhoneSpoke()).happened == ("phone_took",)
    assert one(ON_THE_PHONE, PhoneSpoke(), 1).happened == ()
    assert one(ON_THE_PHONE, PhoneSpoke(), 1).thread.quiet_at == at(13)
    over = play(PhoneSpoke(), thread=MINE)
    assert (over.floor, over.assignee) == ("phone", 7)
    assert play(Claimed(7), thread=over).floor == "agent"


def test_silence_gives_the_floor_back_but_not_while_the_buyer_waits() -> None:
    assert one(ON_THE_PHONE, Looked(), 11.9) == Step(ON_THE_PHONE)
    quiet = one(ON_THE_PHONE, Looked(), 12)
    assert (quiet.thread, quiet.back, quiet.happened) == (Thread(), "phone_quiet", ("returned",))
    assert one(ANSWERED, Looked(), 12).back == "quiet"
    asked = play(BuyerWrote(), thread=ON_THE_PHONE, hours=1)
    assert (asked.status, asked.floor, asked.answer_by, asked.quiet_at) == ("agent", "phone", at(3), at(13))
    left = one(replace(asked, alarmed=2), Looked(), 13)
    assert (left.thread.status, left.thread.floor, left.back) == ("waiting", "agent", None)
    assert left.happened == ("phone_left",)


def test_another_app_gives_back_only_what_it_had() -> None:
    assert one(ON_THE_PHONE, PhoneLeft()).back == "back"
    assert one(MINE, PhoneLeft()) == Step(MINE)
    assert one(Thread(), PhoneLeft()) == Step(Thread())
    asked = play(BuyerWrote(), thread=ON_THE_PHONE)
    assert one(asked, PhoneLeft()).thread.status == "waiting"


# -- the clock


def test_an_alarm_rings_before_a_promise_breaks_and_when_it_does() -> None:
    assert due_at(WAITING, LEAD) == at(3.5)
    near = one(WAITING, Looked(), 3.5)
    assert (near.alarm, near.thread.priority, near.happened) == ("near", 2, ("promise_near",))
    assert due_at(near.thread, LEAD) == at(4)
    assert one(near.thread, Looked(), 3.9) == Step(near.thread)
    broken = one(near.thread, Looked(), 4)
    assert (broken.alarm, broken.thread.priority) == ("broken", URGENT)
    assert due_at(broken.thread, LEAD) is None
    assert one(WAITING, Looked(), 5).alarm == "broken"
    told = one(broken.thread, Promised(at(9)), 4)
    assert (told.thread.answer_by, due_at(told.thread, LEAD)) == (at(9), at(8.5))
    assert one(ANSWERED, Promised(at(9))) == Step(ANSWERED)


def test_a_promise_holds_while_the_thread_sleeps() -> None:
    assert due_at(ASLEEP, LEAD) == at(3)
    awake = one(ASLEEP, Looked(), 3)
    assert (awake.happened, awake.thread.status, awake.thread.snoozed_until) == (("awoke",), "agent", None)
    longer = play(Snoozed(at(9)), thread=MINE)
    assert due_at(longer, LEAD) == at(3.5)
    assert one(longer, BuyerWrote(), 1).thread.status == "agent"
    assert one(play(Assigned(), thread=ASLEEP), Looked(), 3).thread.status == "waiting"


def test_nothing_is_owed_twice_and_nothing_to_who_has_been_answered() -> None:
    assert due_at(ANSWERED, LEAD) == at(12)
    assert due_at(SOLVED, LEAD) is due_at(Thread(), LEAD) is None
    spoken_to = play(Claimed(7))
    assert spoken_to.answer_by is None
    assert play(BuyerWrote(), thread=spoken_to, hours=1).answer_by == at(3)
    assert one(WAITING, BuyerWrote(), 1) == Step(WAITING)


# -- always

AGENTS = st.sampled_from((7, 8))
MOMENTS = st.sampled_from([at(hours) for hours in (-1, 0, 0.25, 2, 5, 30)])
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(Escalated, st.integers(-3, 4), st.none() | MOMENTS, st.none() | st.just(3)),
    st.builds(Claimed, AGENTS, st.booleans()),
    st.builds(Assigned, st.none() | AGENTS, st.none() | st.just(3)),
    st.builds(Released),
    st.builds(Replied, AGENTS, st.booleans()),
    st.builds(TookBack, st.none() | MOMENTS, st.integers(0, 2), st.none() | MOMENTS),
    st.builds(PhoneSpoke),
    st.builds(PhoneLeft),
    st.builds(BuyerWrote),
    st.builds(Snoozed, MOMENTS),
    st.builds(Resolved, st.booleans()),
    st.builds(Returned),
    st.builds(Promised, MOMENTS),
    st.builds(Prioritised, st.integers(-3, 4)),
    st.builds(Looked),
)
STORIES = st.lists(st.tuples(ACTIONS, st.sampled_from((0, 0.5, 3, 13))), max_size=12)


def told(story: list[tuple[Action, float]]) -> tuple[Thread, float]:
    """A thread with a past, and how late it is by then."""
    thread, hours = Thread(), 0.0
    for action, pause in story:
        hours += pause
        result = step(thread, action, times(hours))
        thread = thread if isinstance(result, Refusal) else result.thread
    return thread, hours


def consistent(thread: Thread) -> None:
    humans = thread.status not in {"bot", "resolved"}
    assert (thread.floor != "bot") == humans, "the bot has the floor exactly where no human has to do with it"
    assert thread.status != "waiting" or (thread.assignee is None and thread.answer_by is not None)
    assert thread.status != "waiting" or thread.floor == "agent"
    assert thread.status != "agent" or thread.assignee is not None or thread.floor == "phone"
    assert (thread.snoozed_until is not None) == (thread.status == "snoozed")
    assert thread.status != "pending" or (thread.answer_by is None and thread.quiet_at is not None)
    assert thread.quiet_at is None or thread.status == "pending" or thread.floor == "phone"
    assert LOW <= thread.priority <= URGENT
    assert 0 <= thread.alarmed <= 2
    if not humans:
        assert (thread.answer_by, thread.quiet_at, thread.waiting_since, thread.alarmed) == (
            None,
            None,
            None,
            0,
        )
        assert due_at(thread, LEAD) is None


@given(STORIES)
def test_who_has_the_floor_always_goes_with_the_status(story: list[tuple[Action, float]]) -> None:
    consistent(told(story)[0])


@given(STORIES, ACTIONS)
def test_the_same_thing_done_twice_changes_nothing_the_second_time(
    story: list[tuple[Action, float]], action: Action
) -> None:
    thread, hours = told(story)
    first = step(thread, action, times(hours))
    if isinstance(first, Refusal) or isinstance(action, Looked | TookBack) or action == Resolved(late=True):
        return  # the clock does one thing at a time; the others are told apart by the store
    second = step(first.thread, action, times(hours))
    assert isinstance(second, Step)
    assert second.thread == first.thread
    assert second.back is None
    assert second.happened in ((), ("replied",))  # to answer twice is two answers


@given(STORIES, ACTIONS)
def test_a_change_of_hands_is_told_and_only_a_change(
    story: list[tuple[Action, float]], action: Action
) -> None:
    thread, hours = told(story)
    result = step(thread, action, times(hours))
    if isinstance(result, Refusal):
        assert result.holder is None or result.holder == thread.assignee
        return
    after = result.thread
    moved = (after.floor, after.assignee) != (thread.floor, thread.assignee)
    assert not moved or result.happened or (thread.status == "resolved" and action == BuyerWrote())
    assert (result.back is not None) == ("resolved" in result.happened or "returned" in result.happened)
    assert result.back is None or after.floor == "bot"
    assert thread.floor == "bot" or after.floor != "bot" or result.back is not None


@given(STORIES)
def test_the_clock_comes_to_rest(story: list[tuple[Action, float]]) -> None:
    thread, hours = told(story)
    for _ in range(4):
        result = step(thread, Looked(), times(hours))
        assert isinstance(result, Step)
        if result.thread == thread:
            break
        thread = result.thread
        consistent(thread)
    due = due_at(thread, LEAD)
    assert due is None or due > at(hours), "the clock would look again and again"


def test_every_status_can_be_reached() -> None:
    reached: dict[str, Any] = {one.status: one for one in (Thread(), WAITING, MINE, ASLEEP, ANSWERED, SOLVED)}
    assert tuple(reached) == ("bot", "waiting", "agent", "snoozed", "pending", "resolved")
    assert set(reached) == set(STATUSES)
