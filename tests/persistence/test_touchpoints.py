"""What became of touchpoints: the turn's word, and then what really happened to their messages."""

from typing import Any

import pytest

from dialogs.messages import Button, Outgoing
from dialogs.records import DECIDED, FATES, Fate
from persistence.outbox import Settlement
from persistence.records import Effects, NewHandoff
from persistence.store import Store
from persistence.tables import OutboxRow
from persistence.tables_journeys import TouchpointRow
from persistence.turns import Spoken
from tests.persistence.world import (
    accept,
    answer,
    at,
    chats,
    head,
    mark,
    only,
    rows,
    say,
    send,
    touch,
    unasked,
)


async def told(store: Store, *touched: Any, now: float = 0) -> Any:
    """A turn decides on a touchpoint; its row."""
    await answer(store, now, effects=Effects(touched=touched))
    return await only(store, TouchpointRow)


async def settle(store: Store, now: float, fate: Any, **more: Any) -> Any:
    """The only message that may go out is settled so; the row of its touchpoint."""
    await store.outbox.settle(Settlement(await head(store, now), fate, at(now), **more))
    return await only(store, TouchpointRow)


async def test_a_touchpoint_is_one_row_with_its_latest_fate(store: Store) -> None:
    await chats(store, "anna")
    planned = await told(store, touch(fate="planned", at=at(900), order_id="1"), now=1)
    assert (planned.buyer_id, planned.key, planned.flow, planned.purpose) == (
        1, "checkup:1", "checkup", "service",
    )  # fmt: skip
    assert (planned.fate, planned.due_at, planned.at, planned.sent_at) == ("planned", at(900), at(1), None)
    moved = await told(store, touch(fate="moved", reason="quiet_hours", at=at(950)), now=2)
    assert (moved.fate, moved.reason, moved.due_at, moved.at) == ("moved", "quiet_hours", at(950), at(2))
    sent = await told(store, touch(variant="short"), now=3)
    assert (sent.fate, sent.reason, sent.sent_at, sent.variant) == ("sent", "", at(3), "short")
    assert (sent.id, sent.order_id, sent.created_at) == (planned.id, "1", at(1))


async def test_of_several_fates_in_one_turn_the_last_stays(store: Store) -> None:
    row = await told(store, touch(fate="planned", at=at(0)), touch(variant="a"))
    assert (row.fate, row.variant, row.sent_at) == ("sent", "a", at(0))


@pytest.mark.parametrize("fate", FATES)
async def test_a_plan_never_reopens_what_is_over(store: Store, fate: Fate) -> None:
    await told(store, touch(fate=fate), now=1)
    row = await told(store, touch(fate="planned", at=at(99)), now=2)
    assert row.fate == (fate if fate in DECIDED else "planned")


async def test_what_was_said_stays_said_when_the_same_is_put_off_later(store: Store) -> None:
    await told(store, touch(), now=1)
    row = await told(store, touch(fate="moved", at=at(99)), now=2)
    assert (row.fate, row.sent_at) == ("moved", at(1))
    assert (await told(store, touch(), now=3)).sent_at == at(3)


async def say_it(store: Store, *more: str | Spoken, fate: Fate = "sent", now: float = 0) -> None:
    """A turn says something unasked, and notes so."""
    await answer(store, now, unasked("hello"), *more, effects=Effects(touched=(touch(fate=fate),)))


@pytest.mark.parametrize(
    ("fate", "more", "ends"),
    [
        ("sent", {}, ("sent", "")),
        ("parked", {}, ("parked", "window")),
        ("expired", {}, ("expired", "too_late")),
        ("cancelled", {"detail": "a human has the floor"}, ("withdrawn", "human")),
        ("cancelled", {"detail": "the person wants no more of this"}, ("withdrawn", "opt_out")),
        ("cancelled", {}, ("withdrawn", "cancelled")),
        ("failed", {"code": "131049"}, ("refused", "failed:131049")),
        ("failed", {}, ("refused", "failed")),
        ("waiting", {"due_at": at(9)}, ("sent", "")),
        ("unknown", {"due_at": at(9)}, ("sent", "")),
    ],
)
async def test_the_touchpoint_follows_what_becomes_of_its_message(
    store: Store, fate: str, more: dict[str, Any], ends: tuple[str, str]
) -> None:
    await say_it(store)
    row = await settle(store, 5, fate, **more)
    assert (row.fate, row.reason) == ends
    assert row.sent_at == (at(0) if ends[0] == "sent" else None)
    assert row.at == (at(0) if ends[0] == "sent" else at(5))


async def test_a_touchpoint_of_which_something_went_out_was_said(store: Store) -> None:
    await say_it(store, unasked("more"))
    await settle(store, 1, "sent")
    row = await settle(store, 2, "expired")
    assert (row.fate, row.sent_at) == ("sent", at(0))


async def test_who_lost_the_lease_says_nothing_of_the_touchpoint(store: Store) -> None:
    await say_it(store)
    slow = await head(store, 1)
    await head(store, 40)
    await store.outbox.settle(Settlement(slow, "failed", at(41)))
    assert (await only(store, TouchpointRow)).fate == "sent"


async def test_a_mark_that_it_failed_after_all_counts(store: Store) -> None:
    await say_it(store)
    await send(store, 1, "wamid")
    await accept(store, mark("failed", "r1", message_id="wamid", code="131049"), now=2)
    await store.receipts.apply(at(2))
    row = await only(store, TouchpointRow)
    assert (row.fate, row.reason, row.sent_at) == ("refused", "failed:131049", None)
    await accept(store, mark("delivered", "r2", message_id="wamid"), now=3)
    await store.receipts.apply(at(3))
    row = await only(store, TouchpointRow)
    assert (row.fate, row.reason, row.sent_at) == ("sent", "", at(0))


async def test_what_was_merged_stays_merged_when_it_is_sent(store: Store) -> None:
    await say_it(store, fate="merged")
    row = await settle(store, 1, "sent")
    assert (row.fate, row.sent_at) == ("merged", at(0))


async def test_what_was_parked_keeps_what_it_is_and_is_sent_when_it_is_said(store: Store) -> None:
    await answer(store, 0, unasked("hello", step="ask", variant="short"), effects=Effects(touched=(touch(),)))
    await settle(store, 1, "parked")
    await answer(store, 5, "answer", effects=Effects(release=True))
    again = (await rows(store, OutboxRow))[-1]
    assert (again.flow, again.step, again.variant, again.touchpoint) == (
        "checkup", "ask", "short", "checkup:1",
    )  # fmt: skip
    assert (await only(store, TouchpointRow)).fate == "parked"
    await send(store, 6)
    row = await settle(store, 7, "sent")
    assert (row.fate, row.reason, row.sent_at, row.at) == ("sent", "", at(5), at(7))


async def test_what_was_parked_for_too_long_is_expired(store: Store) -> None:
    spoken = unasked("hello", expires_at=at(3))
    await answer(store, 0, spoken, effects=Effects(touched=(touch(),)))
    await settle(store, 1, "parked")
    await answer(store, 5, effects=Effects(release=True))
    row = await only(store, TouchpointRow)
    assert (row.fate, row.reason) == ("expired", "too_late")


async def test_a_parked_question_that_was_asked_anyway_is_merged(store: Store) -> None:
    question = Outgoing("buttons", "which?", (Button("f.s.a.1", "a"),))
    parked = Spoken(question, proactive=True, touchpoint="checkup:1")
    await answer(store, 0, parked, effects=Effects(touched=(touch(),)))
    await settle(store, 1, "parked")
    await answer(store, 5, Spoken(question), effects=Effects(release=True))
    row = await only(store, TouchpointRow)
    assert (row.fate, row.sent_at) == ("merged", None)


@pytest.mark.parametrize("effects", [Effects(acts=("phone",)), Effects(handoff=NewHandoff("angry"))])
async def test_a_human_who_takes_the_floor_withdraws_what_waits(store: Store, effects: Effects) -> None:
    await say_it(store, say("agent's", speaker="agent"))
    await answer(store, 1, effects=effects)
    row = await only(store, TouchpointRow)
    assert (row.fate, row.reason, row.sent_at) == ("withdrawn", "human", None)


async def test_messages_of_no_touchpoint_touch_none(store: Store) -> None:
    await told(store, touch(), now=1)
    await answer(store, 2, "an answer")
    assert (await settle(store, 3, "failed")).fate == "sent"
