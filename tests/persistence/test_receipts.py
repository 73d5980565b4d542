"""Delivery marks: furthest reached in whatever order they come, and a bad one harms only itself."""

import asyncio
from datetime import timedelta
from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs.messages import Arrival, Delivery
from persistence.database import Database
from persistence.outbox import REACHED, Settlement
from persistence.receipts import PATIENCE, reference_of
from persistence.store import Store
from persistence.tables import InboxRow, NoticeRow, OutboxRow
from tests.persistence.conftest import AT_ONCE, Open
from tests.persistence.world import (
    accept,
    answer,
    at,
    change,
    event,
    head,
    mark,
    only,
    outcome,
    person,
    rows,
    send,
    text,
)


async def apply(store: Store, *marks: Arrival, now: float = 5) -> Any:
    """The marks come and are applied; the only message's row."""
    await accept(store, *marks, now=now)
    await store.receipts.apply(at(now))
    return (await rows(store, OutboxRow))[0]


async def sent(store: Store) -> int:
    """A message went out as ``x1``; its id."""
    await answer(store, 0, "a")
    return (await send(store, 1, "x1")).id


async def test_a_mark_finds_its_message_by_the_platforms_id(store: Store) -> None:
    await sent(store)
    assert (await apply(store, mark("delivered", "r1", message_id="x1"))).delivery == "delivered"
    assert {row.status for row in await rows(store, InboxRow, lane="receipt")} == {"done"}
    assert await store.receipts.apply(at(99)) == 0


async def test_a_mark_with_our_reference_may_come_before_the_answer_and_replaces_it(store: Store) -> None:
    await answer(store, 0, "a", "b")
    row = await head(store, 1)
    reference = reference_of(row.id)
    found = await apply(
        store,
        mark("sent", "r1", reference=reference, message_id="x1", price_category="utility", price_type="free"),
    )
    assert (found.status, found.delivery, found.external_id) == ("sent", "sent", "x1")
    assert (found.price_category, found.price_type) == ("utility", "free")
    assert (await head(store, 6)).outgoing.text == "b"


async def test_a_mark_settles_a_doubtful_message(store: Store) -> None:
    await answer(store, 0, "a")
    await head(store, 1)
    row = await head(store, 60)
    assert row.doubtful
    assert (await apply(store, mark("delivered", "r1", reference=reference_of(row.id)))).status == "sent"
    assert await store.outbox.claim(at(999), 10) == []


async def test_a_mark_ends_the_tries_of_a_message_that_went_out_after_all(store: Store) -> None:
    await answer(store, 0, "a")
    row = await head(store, 1)
    await store.outbox.settle(Settlement(row, "waiting", at(2), due_at=at(50), code="500"))
    found = await apply(store, mark("delivered", "r1", reference=reference_of(row.id)))
    assert (found.status, found.code) == ("sent", None)
    assert await store.outbox.claim(at(999), 10) == []


async def test_what_we_gave_up_was_delivered_after_all(store: Store) -> None:
    await answer(store, 0, "a")
    row = await head(store, 1)
    await store.outbox.settle(Settlement(row, "failed", at(2), code="timeout", detail="given up"))
    found = await apply(store, mark("delivered", "r1", reference=reference_of(row.id)))
    assert (found.status, found.delivery, found.code, found.detail) == ("sent", "delivered", None, None)


async def test_a_failed_mark_says_why(store: Store) -> None:
    await sent(store)
    found = await apply(store, mark("failed", "r1", message_id="x1", code="131049", detail="policy"))
    assert (found.status, found.delivery, found.code, found.detail) == (
        "failed",
        "failed",
        "131049",
        "policy",
    )


async def test_a_mark_cannot_touch_what_was_never_sent(store: Store) -> None:
    await answer(store, 0, "a")
    found = await apply(store, mark("delivered", "r1", reference="nk-1"))
    assert found.status == "waiting"
    assert (await head(store, 9)).outgoing.text == "a"


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_furthest_mark_stands_in_whatever_order_marks_come(
    sqlite_store_url: str, data: st.DataObject
) -> None:
    marks: list[Delivery] = data.draw(
        st.lists(st.sampled_from(get_args(Delivery)), min_size=1, max_size=5), label="marks"
    )
    batches = data.draw(
        st.lists(st.booleans(), min_size=len(marks), max_size=len(marks)), label="apply after"
    )

    async def play() -> tuple[Any, ...]:
        store = Store(Database(sqlite_store_url), burst=AT_ONCE)
        unique = str(len(await rows(store, InboxRow)))
        who = person(f"p{unique}")
        await accept(store, text(f"m{unique}", 0, who))
        [claimed] = await store.turns.claim(at(0), 5)
        assert await store.turns.commit(outcome(claimed, 0, "a"))
        row = await head(store, 1)
        await store.outbox.settle(Settlement(row, "sent", at(1), external_id=f"x{unique}"))
        for number, one in enumerate(marks):
            code = "1" if one == "failed" else None
            await accept(
                store, mark(one, f"r{unique}.{number}", who, message_id=f"x{unique}", code=code), now=2
            )
            if batches[number]:
                await store.receipts.apply(at(2))
        await store.receipts.apply(at(2))
        found = await only(store, OutboxRow, id=row.id)
        await store.close()
        return found.status, found.delivery, found.code

    furthest = max((*marks, "sent"), key=lambda one: REACHED[one])
    expected = ("failed", "failed", "1") if furthest == "failed" else ("sent", furthest, None)
    assert asyncio.run(play()) == expected


async def test_a_watermark_marks_everything_up_to_it_and_nothing_that_failed(store: Store) -> None:
    await answer(store, 0, "a", "b", "c", "d")
    for second in (1, 3, 5, 7):
        await send(store, second, f"x{second}")
    await apply(store, mark("failed", "r0", message_id="x3"), now=8)
    await apply(store, mark("read", "r1", watermark=at(5)), now=9)
    assert [row.delivery for row in await rows(store, OutboxRow)] == ["read", "failed", "read", "sent"]
    await apply(store, mark("delivered", "r2", watermark=at(9)), now=10)
    assert [row.delivery for row in await rows(store, OutboxRow)] == ["read", "failed", "read", "delivered"]


async def test_the_platforms_time_of_a_message_may_lie_before_its_answer(store: Store) -> None:
    await answer(store, 0, "a")
    row = await head(store, 1)
    await store.outbox.settle(Settlement(row, "sent", at(3), external_id="x"))
    assert (await apply(store, mark("read", "r1", watermark=at(2)))).delivery == "read"


async def test_a_watermark_is_for_its_own_conversation(store: Store) -> None:
    await sent(store)
    await accept(store, text("b", 2, person("bert")), now=2)
    assert (await apply(store, mark("read", "r1", person("bert"), watermark=at(99)))).delivery == "sent"


async def test_a_mark_for_which_there_is_no_message_yet_is_looked_at_again(store: Store) -> None:
    await answer(store, 0, "a")
    row = await head(store, 1)
    assert (await apply(store, mark("read", "r1", message_id="x1"), now=2)).delivery is None
    await store.outbox.settle(Settlement(row, "sent", at(2.5), external_id="x1"))
    assert await store.receipts.apply(at(2.9)) == 0
    assert await store.receipts.apply(at(3)) == 1
    assert (await only(store, OutboxRow)).delivery == "read"


async def test_a_mark_of_somebody_elses_message_is_given_up_after_a_while(store: Store) -> None:
    await sent(store)
    await apply(
        store, mark("read", "r1", message_id="foreign"), mark("read", "r2", reference="nk-999"), now=2
    )
    moment = at(2)
    for pause in PATIENCE:
        assert await store.receipts.apply(moment + pause - timedelta(seconds=0.1)) == 0
        moment += pause
        assert await store.receipts.apply(moment) == 2
    assert {row.status for row in await rows(store, InboxRow, lane="receipt")} == {"unmatched"}
    assert (await only(store, OutboxRow)).delivery == "sent"


async def test_a_reference_of_another_installation_counts_for_nothing(store: Store) -> None:
    """Two programs on one account both begin to count at 1."""
    await sent(store)
    await accept(store, text("b", 2, person("bert")), now=2)
    assert (await apply(store, mark("read", "r1", person("bert"), reference="nk-1"))).delivery == "sent"
    assert (await apply(store, mark("read", "r2", reference="nk-1x", message_id="?"))).delivery == "sent"
    # Under an id of the person that was never seen before, our own reference is enough.
    assert (await apply(store, mark("read", "r3", person("new id"), reference="nk-1"))).delivery == "read"


async def test_a_bad_mark_is_set_aside_and_told_and_holds_up_nobody(store: Store) -> None:
    await sent(store)
    await accept(store, mark("read", "bad", message_id="x1"), now=2)
    await change(store, InboxRow, event='{"kind":"unheard-of"}')
    await accept(
        store, event(mark("read", "r2").event, "r2"), mark("delivered", "r3", message_id="x1"), now=3
    )
    assert await store.receipts.apply(at(4)) == 3
    assert (await only(store, OutboxRow)).delivery == "delivered"
    assert {row.external_id: row.status for row in await rows(store, InboxRow, lane="receipt")} == {
        "bad": "aside",
        "r2": "waiting",
        "r3": "done",
    }
    notice = await only(store, NoticeRow)
    assert notice.topic == "receipt_set_aside"
    assert "ValidationError" in notice.detail
    assert await store.receipts.apply(at(4.5)) == 0


async def test_several_workers_share_the_marks(store: Store, open_store: Open) -> None:
    await sent(store)
    await accept(store, *(mark("delivered", f"r{n}", message_id="x1") for n in range(60)), now=2)
    stores = [store, open_store(), open_store()]
    looked_at = await asyncio.gather(*(one.receipts.apply(at(3), 10) for one in stores * 4))
    while more := await store.receipts.apply(at(3), 10):
        looked_at.append(more)
    assert sum(looked_at) == 60
    assert {row.status for row in await rows(store, InboxRow, lane="receipt")} == {"done"}
