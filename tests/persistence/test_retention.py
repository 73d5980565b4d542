"""After their time words are forgotten; keys, times, marks and figures stay, and what is in hand, too."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from dialogs.messages import Attachment, Edited, Event, Media, Reaction, Shared, Tap, Text, Unsent
from persistence.retention import Keep, forgotten_after
from persistence.store import Store
from persistence.tables import Conversation, HandoffRow, InboxRow, NoteRow, OutboxRow, RatingRow
from persistence.tables_desk import (
    AgentNoteRow,
    AlarmRow,
    DeskEventRow,
    DraftRow,
    PresenceRow,
    ServiceRequestRow,
)
from persistence.tables_media import MediaRow, MessageMediaRow
from persistence.tables_search import SearchDocRow
from persistence.tables_telegram import TelegramPostRow
from tests.persistence.desk import came, case, put, said, thread
from tests.persistence.world import accept, at, only, rows, statements, text

DAY = 86_400.0
KEEP = Keep(
    messages=10, notes=10, drafts=10, presence=10, alarms=10, requests=10, search=10, events=10
)  # fmt: skip
LATER = at(30 * DAY)


async def forget(store: Store, days: float = 30, keep: Keep = KEEP, most: int = 200) -> int:
    """A whole sweep; how many rows were decided."""
    decided, step = 0, 1
    while step:
        step = await store.retention.sweep(keep, at(days * DAY), most)
        decided += step
    return decided + await store.retention.tidy(keep, at(days * DAY), most)


async def test_the_words_go_and_what_a_report_counts_stays(store: Store) -> None:
    place = await thread(store)
    message = await came(store, place, Text("secret"), 1, contact='{"name": "secret"}')
    photo = await came(store, place, Media((Attachment("image", title="secret.jpg"),), "secret"), 2)
    file = await put(
        store, MediaRow, type="image", mime="image/png", sha256="s", size=1, name="secret.jpg", body=b"x",
        created_at=at(2),
    )  # fmt: skip
    await put(
        store, MessageMediaRow, inbox_id=photo, position=0, media_id=file, status="stored", due_at=at(2)
    )
    reaction = await came(store, place, Reaction("m1", "❤"), 3)
    await came(store, place, Edited("m1", "secret"), 3)
    taken_back = await came(store, place, Unsent("m9"), 3)
    answer = await said(store, place, "secret", 4)
    closed = await case(store, place, 5, "secret", resolved_at=at(6), cause="damaged")
    await put(store, RatingRow, conversation_id=place, score=4, comment="secret", at=at(7))
    await put(store, NoteRow, conversation_id=place, topic="order", text="secret", at=at(7))
    await put(
        store, AgentNoteRow, conversation_id=place, author="account:1", text="secret", at=at(7), key="k"
    )
    for kind, ref in (("i", message), ("o", answer), ("n", 1)):
        await put(store, SearchDocRow, kind=kind, ref=ref, conversation_id=place, at=at(7), words="secret")
    detail = orjson.dumps({"via": "page", "owed": 5, "typed": "secret"}).decode()
    await put(
        store, DeskEventRow, conversation_id=place, at=at(7), kind="replied", actor="account:1",
        reason="secret", detail=detail, key="e",
    )  # fmt: skip
    await put(
        store,
        DeskEventRow,
        conversation_id=place,
        at=at(7),
        kind="escalated",
        actor="bot",
        reason="complaint",
    )
    await put(store, AlarmRow, conversation_id=place, kind="failed", key="a", at=at(7))
    asked = orjson.dumps({"amount": "5.00", "currency": "EUR", "note": "secret"}).decode()
    await put(
        store, ServiceRequestRow, conversation_id=place, kind="refund", status="done", detail=asked, by="bot",
        at=at(7), done_at=at(8), key="r",
    )  # fmt: skip
    await put(store, DraftRow, conversation_id=place, account_id=1, text="secret", at=at(7))
    await put(store, PresenceRow, conversation_id=place, account_id=1, seen_at=at(7))
    await put(
        store,
        TelegramPostRow,
        chat="-1",
        kind="words",
        text="secret",
        status="sent",
        due_at=at(7),
        created_at=at(7),
    )

    assert await forget(store) > 0

    everything: list[Any] = []
    for model in (InboxRow, OutboxRow, HandoffRow, RatingRow, AgentNoteRow, DeskEventRow, ServiceRequestRow):
        everything += await rows(store, model)
    everything += [await only(store, TelegramPostRow)]
    assert "secret" not in str(everything)
    kept = {row.id: row for row in await rows(store, InboxRow)}
    assert forgotten_after(kept[message].event) == 10
    assert (kept[message].status, kept[message].kind, kept[message].at) == ("done", "text", at(1))
    assert "❤" in kept[reaction].event
    assert "m9" in kept[taken_back].event
    sent = await only(store, OutboxRow)
    assert (sent.status, sent.delivery, sent.sent_at) == ("sent", "read", at(4))
    assert (await only(store, HandoffRow)).cause == "damaged"
    assert closed
    assert (await only(store, RatingRow)).score == 4
    assert (await only(store, AgentNoteRow)).key is not None
    assert [(row.reason, orjson.loads(row.detail)) for row in await rows(store, DeskEventRow)] == [
        ("", {"via": "page", "owed": 5}), ("complaint", {})
    ]  # fmt: skip
    assert orjson.loads((await only(store, ServiceRequestRow)).detail) == {
        "amount": "5.00",
        "currency": "EUR",
    }
    for deleted in (NoteRow, AlarmRow, DraftRow, PresenceRow, SearchDocRow):
        assert await rows(store, deleted) == []
    assert (await only(store, MediaRow)).name == ""
    assert await forget(store) == 0, "nothing is left to do"


async def test_nothing_goes_before_its_time_nor_what_is_kept_for_ever(store: Store) -> None:
    place = await thread(store)
    await came(store, place, Text("words"), 0)
    await said(store, place, "words", 0)
    await put(store, DraftRow, conversation_id=place, account_id=1, text="words", at=at(0))
    assert await forget(store, 10) == 0
    assert await forget(store, 10_000, Keep()) == 0
    assert "words" in (await only(store, InboxRow)).event
    assert await forget(store, 10.1) == 3


@pytest.mark.parametrize(
    "hand",
    [
        {"status": "agent"}, {"status": "waiting"}, {"status": "snoozed"}, {"status": "pending"},
        {"due_at": at(30 * DAY)}, {"heard_at": at(24 * DAY)},
    ],
)  # fmt: skip
async def test_what_is_in_hand_is_left_alone_and_goes_once_it_is_free(
    store: Store, hand: dict[str, Any]
) -> None:
    busy, free = await thread(store, **hand), await thread(store)
    for place in (busy, free, busy):
        await came(store, place, Text("words"), 0)
        await said(store, place, "words", 0)
    await put(store, DraftRow, conversation_id=busy, account_id=1, text="words", at=at(0))
    await forget(store)
    for model, told in ((InboxRow, "event"), (OutboxRow, "outgoing")):
        for row in await rows(store, model):
            assert ("words" in getattr(row, told)) == (row.conversation_id == busy)
    assert len(await rows(store, DraftRow)) == 1
    calm = {"status": "resolved", "due_at": None, "heard_at": at(0)}
    await store.database.write(
        lambda connection: connection.execute(Conversation.__table__.update().values(**calm))  # type: ignore[attr-defined]  # SQLModel does not declare it
    )
    await forget(store, most=1)
    assert "words" not in str([*(await rows(store, InboxRow)), *(await rows(store, OutboxRow))])
    assert await rows(store, DraftRow) == []


async def test_an_open_case_and_a_message_to_come_keep_a_conversation(store: Store) -> None:
    with_case, parked = await thread(store), await thread(store)
    await case(store, with_case, 0, "words")
    await said(store, parked, "words", 0, status="parked")
    for place in (with_case, parked):
        await came(store, place, Text("words"), 0)
    await forget(store)
    assert all("words" in row.event for row in await rows(store, InboxRow))
    assert "words" in (await only(store, HandoffRow)).evidence
    assert "words" in (await only(store, OutboxRow)).outgoing


async def test_a_request_that_is_not_done_keeps_what_it_asks_for(store: Store) -> None:
    place = await thread(store)
    asked = {"conversation_id": place, "kind": "address", "detail": '{"address":{"city":"X"}}', "by": "bot"}
    await put(store, ServiceRequestRow, at=at(0), **asked)
    await put(store, ServiceRequestRow, at=at(0), status="done", done_at=at(25 * DAY), **asked)
    await forget(store)
    assert all("city" in row.detail for row in await rows(store, ServiceRequestRow))
    await store.database.write(
        lambda connection: connection.execute(
            ServiceRequestRow.__table__.update().values(status="done", done_at=at(1))  # type: ignore[attr-defined]  # SQLModel does not declare it
        )
    )
    await forget(store)
    assert not any("city" in row.detail for row in await rows(store, ServiceRequestRow))


async def test_a_delivery_that_comes_again_is_still_recognised(store: Store) -> None:
    await accept(store, text("m1"))
    [turn] = await store.turns.claim(at(1), 1)
    await store.database.write(
        lambda connection: [
            connection.execute(InboxRow.__table__.update().values(status="done")),  # type: ignore[attr-defined]  # SQLModel does not declare it
            connection.execute(Conversation.__table__.update().values(due_at=None)),  # type: ignore[attr-defined]  # SQLModel does not declare it
        ]
    )
    assert turn.conversation_id
    await forget(store)
    assert forgotten_after((await only(store, InboxRow)).event) == 10
    assert await accept(store, text("m1"), now=31 * DAY) == 0


async def test_the_thread_says_so(store: Store) -> None:
    place = await thread(store)
    events: tuple[Event, ...] = (Text("a"), Tap("f.1.yes", "Ja"), Shared("location", {"name": "Berlin"}))
    for n, what in enumerate(events):
        await came(store, place, what, n)
    await said(store, place, "b", 3)
    await put(store, AgentNoteRow, conversation_id=place, author="account:1", text="c", at=at(4))
    await forget(store)
    page = await store.thread.page(place)
    assert [(one.kind, one.text, one.forgotten, one.event) for one in page.items] == [
        ("text", "", 10, None), ("tap", "", 10, None), ("shared", "", 10, None), ("text", "", 10, None),
        ("note", "", 0, None),
    ]  # fmt: skip
    assert await store.search.find("b") == ()


async def test_of_the_erased_nothing_is_said_to_have_been_kept(store: Store) -> None:
    place = await thread(store, status="erased")
    await came(store, place, Text("x"), 0, status="erased", event='{"message_id":"","kind":"unsent"}')
    await forget(store)
    assert forgotten_after((await only(store, InboxRow)).event) is None


async def test_a_step_is_short_however_much_there_is(store: Store) -> None:
    place = await thread(store)
    for _ in range(5):
        await came(store, place, Text("words"), 0)
    with statements(store) as ran:
        assert await store.retention.sweep(Keep(messages=10), LATER, 2) == 2
    assert len([row for row in await rows(store, InboxRow) if "words" in row.event]) == 3
    assert len(ran) < 40
    assert LATER - at(0) == timedelta(days=30)
