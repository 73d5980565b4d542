"""The way out: one message of a conversation at a time, in order, and no guess about what has gone out."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from persistence.inbox import Intake
from persistence.outbox import Fate, Settlement
from persistence.store import Backlog, Store
from persistence.tables import Conversation, OutboxRow
from tests.persistence.conftest import Open
from tests.persistence.test_database import Counting
from tests.persistence.world import (
    accept,
    answer,
    at,
    change,
    claim,
    head,
    mark,
    only,
    outcome,
    person,
    rows,
    say,
    send,
    text,
    words,
)


async def settle(store: Store, row: Any, fate: Fate, now: float, **more: Any) -> Any:
    """Write what became of a message; return its row."""
    await store.outbox.settle(Settlement(row, fate, at(now), **more))
    return await only(store, OutboxRow, id=row.id)


async def crowd(store: Store, people: int, messages: int = 1) -> None:
    """So many conversations, in each of which so many messages wait."""
    await accept(store, *(text(f"m{n}", 0, person(f"p{n}")) for n in range(people)))
    for turn in await store.turns.claim(at(0), people):
        said = (f"{turn.address} {n}" for n in range(messages))
        assert await store.turns.commit(outcome(turn, 0, *said))


async def test_a_claim_tells_all_that_decides_whether_it_may_go_out(store: Store) -> None:
    await answer(store, 3, say("hi", speaker="notice", proactive=True, expires_at=at(99)))
    row = await head(store, 5)
    assert (row.channel, row.account, row.address) == ("whatsapp", "shop", "anna")
    assert (row.outgoing.text, row.speaker, row.proactive) == ("hi", "notice", True)
    assert (row.created_at, row.expires_at, row.heard_at) == (at(3), at(99), at(3))
    assert (row.floor, row.reachable) == ("bot", True)
    assert (row.attempts, row.doubtful, row.sending_at, row.leased_until) == (1, False, at(5), at(35))


async def test_only_the_first_of_a_conversation_goes_out_and_the_next_after_it(store: Store) -> None:
    await crowd(store, 2, 3)
    for number in range(3):
        claimed = await store.outbox.claim(at(1), 10)
        assert sorted(row.outgoing.text for row in claimed) == [f"p0 {number}", f"p1 {number}"]
        assert await store.outbox.claim(at(1), 10) == []
        for row in claimed:
            await settle(store, row, "sent", 1)
    assert await store.outbox.claim(at(99), 10) == []


async def test_what_waits_holds_up_only_its_own_conversation(store: Store) -> None:
    await crowd(store, 2, 2)
    first, second = await store.outbox.claim(at(1), 10)
    await settle(store, first, "waiting", 2, due_at=at(60))
    await settle(store, second, "sent", 2)
    assert (await send(store, 3)).outgoing.text == f"{second.address} 1"
    assert (await head(store, 60)).id == first.id


async def test_what_was_due_longest_goes_first(store: Store) -> None:
    await answer(store, 5, "later")
    await accept(store, text("m", 1, person("bert")), now=1)
    turn = await claim(store, 5)
    assert await store.turns.commit(outcome(turn, 1, "earlier"))
    [row] = await store.outbox.claim(at(9), 1)
    assert row.outgoing.text == "earlier"


async def test_after_its_lease_a_message_is_doubtful_until_somebody_knows(store: Store) -> None:
    await answer(store, 0, "a", "b")
    await head(store, 1)  # the sender crashes
    assert await store.outbox.claim(at(30.9), 10) == []
    row = await head(store, 31)
    assert (row.doubtful, row.attempts, row.sending_at) == (True, 2, at(1))
    assert (await only(store, OutboxRow, id=row.id)).status == "unknown"
    settled = await settle(store, row, "unknown", 32, due_at=at(40), counts=False)
    assert (settled.status, settled.attempts, settled.due_at) == ("unknown", 1, at(40))
    assert await store.outbox.claim(at(39), 10) == []
    row = await head(store, 40)
    assert (row.doubtful, row.attempts, row.sending_at) == (True, 2, at(1))
    # It is found not to have gone out: again, and this time it is a new message.
    await settle(store, row, "waiting", 41, due_at=at(42))
    row = await head(store, 42)
    assert (row.doubtful, row.attempts, row.sending_at) == (False, 3, at(42))


@pytest.mark.parametrize(
    ("fate", "blocks"),
    [
        ("sent", False),
        ("waiting", True),
        ("unknown", True),
        ("parked", False),
        ("cancelled", False),
        ("expired", False),
        ("failed", False),
    ],
)
async def test_every_fate_is_written_with_what_the_platform_said(
    store: Store, fate: Fate, blocks: bool
) -> None:
    await answer(store, 0, "a", "b")
    row = await head(store, 1)
    settled = await settle(
        store,
        row,
        fate,
        2,
        due_at=at(60) if blocks else None,
        external_id="wamid",
        code="131026",
        detail="why",
    )
    assert (settled.status, settled.external_id) == (fate, "wamid")
    assert (settled.code, settled.detail) == ("131026", "why")
    assert settled.sent_at == (at(2) if fate == "sent" else None)
    assert settled.delivery == ("sent" if fate == "sent" else None)
    following = await store.outbox.claim(at(3), 10)
    assert [one.outgoing.text for one in following] == ([] if blocks else ["b"])


async def test_waiting_for_a_rate_is_no_attempt_and_failing_is_one(store: Store) -> None:
    await answer(store, 0, "a")
    seen = []
    for number in range(4):
        row = await head(store, number)
        seen.append(row.attempts)
        await settle(store, row, "waiting", number, due_at=at(number + 1), counts=number % 2 == 1)
    assert seen == [1, 1, 2, 2]


async def test_who_lost_the_lease_can_only_say_that_it_was_sent(store: Store) -> None:
    await answer(store, 0, "a", "b")
    slow = await head(store, 1)
    fast = await head(store, 31)
    for fate in ("waiting", "failed", "parked", "unknown", "cancelled"):
        settled = await settle(store, slow, fate, 32, due_at=at(32))
        assert (settled.status, settled.attempts) == ("unknown", 2)
    assert await store.outbox.claim(at(33), 10) == []  # the fast one is still at it
    settled = await settle(store, slow, "sent", 34, external_id="x")
    assert (settled.status, settled.external_id) == ("sent", "x")
    assert (await settle(store, fast, "waiting", 35, due_at=at(35))).status == "sent"
    assert (await head(store, 35)).outgoing.text == "b"


async def test_a_mark_that_came_first_knows_better_than_a_lost_answer(store: Store) -> None:
    await answer(store, 0, "a")
    row = await head(store, 1)
    await accept(store, mark("delivered", "r1", reference=f"nk-{row.id}", message_id="wamid"), now=2)
    await store.receipts.apply(at(2))
    settled = await settle(store, row, "waiting", 9, due_at=at(10), code="timeout")
    assert (settled.status, settled.delivery, settled.external_id) == ("sent", "delivered", "wamid")
    assert settled.code is None


async def test_the_next_message_waits_for_delivery_but_not_longer_than_told(store: Store) -> None:
    await answer(store, 0, "a", "b")
    await send(store, 1, "x1", hold=timedelta(seconds=3))
    assert await store.outbox.claim(at(3.9), 10) == []
    assert (await head(store, 4)).outgoing.text == "b"


async def test_a_delivered_mark_lets_the_next_one_go_early(store: Store) -> None:
    await answer(store, 0, "a", "b", "c")
    await send(store, 1, "x1", hold=timedelta(seconds=3))
    await accept(store, mark("sent", "r0", message_id="x1"), now=2)
    await store.receipts.apply(at(2))
    assert await store.outbox.claim(at(2), 10) == []
    await accept(store, mark("delivered", "r1", message_id="x1"), now=2)
    await store.receipts.apply(at(2))
    await send(store, 2, "x2", hold=timedelta(seconds=3))
    # A late mark of the first says nothing about the second, for which the third is waiting.
    await accept(store, mark("read", "r2", message_id="x1"), now=3)
    await store.receipts.apply(at(3))
    assert await store.outbox.claim(at(3), 10) == []
    await accept(store, mark("read", "r3", message_id="x2"), now=3)
    await store.receipts.apply(at(3))
    assert (await head(store, 3)).outgoing.text == "c"


async def test_when_the_mark_was_faster_than_the_answer_nobody_waits(store: Store) -> None:
    await answer(store, 0, "a", "b")
    row = await head(store, 1)
    await accept(store, mark("delivered", "r1", reference=f"nk-{row.id}"), now=2)
    await store.receipts.apply(at(2))
    await settle(store, row, "sent", 2, hold=timedelta(seconds=30))
    assert (await head(store, 2)).outgoing.text == "b"


async def test_a_mark_does_not_cut_a_backoff_short(store: Store) -> None:
    await answer(store, 0, "a", "b")
    await send(store, 1, "x1")
    row = await head(store, 2)
    await settle(store, row, "waiting", 2, due_at=at(60))
    await accept(store, mark("delivered", "r1", message_id="x1"), now=3)
    await store.receipts.apply(at(3))
    assert await store.outbox.claim(at(59), 10) == []


async def test_claimers_in_several_processes_never_get_the_same_message(
    store: Store, open_store: Open
) -> None:
    await crowd(store, 25, 3)
    stores = [store, open_store(), open_store()]
    order: dict[str, list[str]] = {}
    claimed: set[int] = set()
    for _ in range(3):
        batches = await asyncio.gather(*(stores[n % 3].outbox.claim(at(1), 7) for n in range(9)))
        found = [row for batch in batches for row in batch]
        assert len(found) == 25
        assert claimed.isdisjoint(row.id for row in found)
        claimed |= {row.id for row in found}
        for row in found:
            order.setdefault(row.address, []).append(row.outgoing.text)
        await asyncio.gather(
            *(stores[n % 3].outbox.settle(Settlement(row, "sent", at(1))) for n, row in enumerate(found))
        )
    assert order == {f"p{n}": [f"p{n} {m}" for m in range(3)] for n in range(25)}


async def test_settlements_share_a_commit(store_url: str) -> None:
    database = Counting(store_url)
    store = Store(database)
    await crowd(store, 20)
    claimed = await store.outbox.claim(at(1), 20)
    before = database.transactions
    await asyncio.gather(*(store.outbox.settle(Settlement(row, "sent", at(1))) for row in claimed))
    assert database.transactions == before + 1
    assert {row.status for row in await rows(store, OutboxRow)} == {"sent"}
    await store.close()


async def test_the_address_and_the_floor_are_those_of_sending_time(store: Store) -> None:
    await answer(store, 0, "a")
    await change(store, Conversation, address="new", floor="agent", reachable=False)
    row = await head(store, 1)
    assert (row.address, row.floor, row.reachable) == ("new", "agent", False)


async def test_known_ids_are_those_of_the_conversation(store: Store) -> None:
    await answer(store, 0, "a")
    row = await send(store, 1, "x1")
    assert await store.outbox.known_ids(row.conversation_id, ["x1", "x2"]) == {"x1"}
    assert await store.outbox.known_ids(row.conversation_id + 1, ["x1"]) == set()
    assert await store.outbox.known_ids(row.conversation_id, []) == set()


async def test_the_backlog_counts_what_is_due(store: Store) -> None:
    assert await store.backlog(at(0)) == Backlog(0, 0, 0, None)
    await answer(store, 5, "a", "b")
    await accept(store, text("m2", 8), now=8)
    assert await store.backlog(at(4)) == Backlog(0, 0, 0, None)
    assert await store.backlog(at(9)) == Backlog(0, 1, 2, at(5))
    assert words(await rows(store, OutboxRow)) == ["a", "b"]


async def test_the_backlog_counts_what_nobody_has_sorted(store: Store) -> None:
    """A door without workers: what waits must show."""
    await store.inbox.accept(Intake((text("m1"), text("m2")), (), at(3)))
    assert await store.backlog(at(9)) == Backlog(2, 0, 0, at(3))
