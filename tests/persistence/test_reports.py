"""One line for each conversation, none left out and none twice, however they are portioned."""

from datetime import timedelta

import pytest

from dialogs.messages import Echo, Reaction, Receipt, Tap, Text
from persistence import reports
from persistence.reports import ConversationLine
from persistence.store import Store
from persistence.tables import RatingRow
from persistence.tables_desk import ConversationLabelRow, LabelRow
from tests.persistence.desk import came, case, put, said, thread
from tests.persistence.world import T0, at


async def lines(store: Store, since: float = 0, until: float = 10**6) -> list[ConversationLine]:
    return [line async for line in store.reports.conversations(at(since), at(until))]


async def test_a_line_tells_how_it_went(store: Store) -> None:
    place = await thread(
        store, language="de", status="resolved", assignee_id=3, created_at=at(5), heard_at=at(20)
    )
    await case(store, place, 6, resolved_at=at(7), reason="old", cause="", resolved_by="clock")
    await case(
        store, place, 10, reason="defect", why="broken", priority=2, promised_at=at(90), claimed_at=at(11),
        answered_at=at(12), resolved_at=at(30), cause="product_fault", resolved_by="account:4",
    )  # fmt: skip
    for name in ("zwei", "eins"):
        label = await put(store, LabelRow, name=name)
        await put(store, ConversationLabelRow, conversation_id=place, label_id=label)
    for score in (2, 5):
        await put(store, RatingRow, conversation_id=place, score=score, at=at(1))
    await came(store, place, Text("a"), 1)
    await came(store, place, Tap("x"), 2)
    await came(store, place, Reaction("x", "👍"), 2)
    await came(store, place, Receipt("x", "read"), 2, lane="receipt")
    await said(store, place, "b", 3, external_id="ours")
    await said(store, place, "c", 3, status="cancelled")
    await said(store, place, "d", 3, speaker="agent")
    await said(store, place, "e", 3, speaker="notice")
    await came(store, place, Echo("ours", "b"), 3, external_id="ours")
    await came(store, place, Echo("theirs", "f"), 4, external_id="theirs")
    [line] = await lines(store)
    assert line == ConversationLine(
        id=place,
        channel="instagram",
        account="shop",
        language="de",
        started_at=at(5),
        heard_at=at(20),
        status="resolved",
        reason="defect",
        why="broken",
        priority=2,
        called_at=at(10),
        promised_at=at(90),
        claimed_at=at(11),
        answered_at=at(12),
        resolved_at=at(30),
        cause="product_fault",
        handled_by="account:4",
        cases=2,
        labels=("eins", "zwei"),
        from_buyer=3,
        from_bot=2,
        from_agents=1,
        from_phone=1,
        ratings=(2, 5),
    )


async def test_one_that_the_bot_did_alone_has_a_line_too(store: Store) -> None:
    place = await thread(store, assignee_id=3, status="agent")
    [line] = await lines(store)
    assert (line.id, line.reason, line.priority, line.cases, line.handled_by) == (
        place,
        "",
        None,
        0,
        "account:3",
    )
    assert (line.from_buyer, line.ratings, line.labels) == (0, (), ())


@pytest.mark.parametrize("at_once", [1, 2, 3, 50])
async def test_portions_make_no_difference(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(reports, "AT_ONCE", at_once)
    made = [await thread(store, created_at=at(n // 3)) for n in range(9)]
    await thread(store, status="erased", created_at=at(1))
    assert [line.id for line in await lines(store)] == made
    assert [line.id for line in await lines(store, 1, 2)] == made[3:6]
    assert [line.id async for line in store.reports.conversations(T0 - timedelta(days=9), T0)] == []
