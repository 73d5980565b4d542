"""Who comes first at the desk, page by page, on both engines."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.handoff import RESOLVED
from dialogs.messages import Attachment, Media, Reaction, Tap, Text
from persistence import desk_queue
from persistence.desk_queue import TABS, Cursor, Filter, QueueRow, Tab, Viewer
from persistence.store import Store
from persistence.tables import BindingRow, Buyer, Conversation, MilestoneRow, OrderRow, TurnRow
from persistence.tables_desk import ConversationLabelRow, LabelRow, PresenceRow
from tests.persistence.desk import came, case, put, said, thread
from tests.persistence.world import at, change, statements

ME = 7
NOW = at(1000)


async def ids(store: Store, wanted: Filter, **more: Any) -> list[int]:
    page = await store.queue.page(wanted, ME, NOW, **more)
    return [row.id for row in page.rows]


async def everything(store: Store, wanted: Filter, most: int) -> list[int]:
    """All pages, one after the other."""
    found: list[int] = []
    cursor: Cursor | None = None
    for _ in range(200):
        page = await store.queue.page(wanted, ME, NOW, cursor, most)
        assert len(page.rows) <= most
        found += [row.id for row in page.rows]
        assert page.more == (page.next is not None)
        if page.next is None:
            return found
        cursor = Cursor.read(str(page.next))
        assert cursor == page.next
    raise AssertionError("the pages never end")


async def test_broken_promises_come_first_then_priority_then_time(store: Store) -> None:
    later = await thread(store, status="waiting", answer_by=at(3000), waiting_since=at(1))
    urgent = await thread(store, status="waiting", priority=2, answer_by=at(5000), waiting_since=at(1))
    sooner = await thread(store, status="agent", answer_by=at(2000), waiting_since=at(1))
    broken = await thread(store, status="waiting", priority=-1, answer_by=at(999), waiting_since=at(1))
    long = await thread(store, status="waiting", answer_by=at(3000), waiting_since=at(0))
    worse = await thread(store, status="agent", priority=1, answer_by=at(1000), waiting_since=at(1))
    nobody_waits = await thread(store, status="agent", assignee_id=ME)
    order = [worse, broken, urgent, sooner, long, later, nobody_waits]
    await thread(store, status="bot")
    await thread(store, status="pending")
    assert await ids(store, Filter()) == order
    for most in (1, 2, 3, 7):
        assert await everything(store, Filter(), most) == order


async def test_what_breaks_between_two_pages_is_neither_lost_nor_shown_twice(store: Store) -> None:
    all_of_them = [await thread(store, status="waiting", answer_by=at(1000 + n)) for n in range(1, 9)]
    first = await store.queue.page(Filter(), ME, NOW, None, 3)
    assert first.next is not None
    second = await store.queue.page(Filter(), ME, at(1004), first.next, 50)
    assert [row.id for row in (*first.rows, *second.rows)] == all_of_them


async def test_each_tab_holds_its_own(store: Store) -> None:
    place = {
        status: await thread(store, status=status, assignee_id=ME if status == "snoozed" else 3)
        for status in ("bot", "waiting", "agent", "snoozed", "pending", "resolved", "erased")
    }
    held: dict[Tab, set[str]] = {
        "open": {"waiting", "agent"},
        "mine": {"snoozed"},
        "waiting": {"waiting"},
        "pending": {"pending"},
        "snoozed": {"snoozed"},
        RESOLVED: {RESOLVED},
        "all": set(place) - {"erased"},
    }
    for tab in TABS:
        assert set(await ids(store, Filter(tab=tab))) == {place[status] for status in held[tab]}
    counts = await store.queue.counts(ME)
    assert counts == {tab: len(held[tab]) for tab in TABS if tab != "all"}


async def test_counts_stop_at_a_hundred(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_queue, "MOST_COUNTED", 2)
    for _ in range(4):
        await thread(store, status="waiting")
    assert (await store.queue.counts(ME))["waiting"] == 2


async def test_all_others_begin_with_what_was_heard_last(store: Store) -> None:
    made = [
        await thread(store, status=("bot", "resolved", "waiting")[n % 3], heard_at=at(n // 2 * 10))
        for n in range(12)
    ]
    silent = [await thread(store, heard_at=None) for _ in range(3)]
    order = sorted(made, key=lambda one: (made.index(one) // 2, one), reverse=True) + silent[::-1]
    for most in (1, 4, 5, 15, 50):
        assert await everything(store, Filter(tab="all"), most) == order
    assert await everything(store, Filter(tab="resolved"), 2) == [
        one for one in order if one in made and made.index(one) % 3 == 1
    ]


async def test_filters(store: Store) -> None:
    label = await put(store, LabelRow, name="wichtig")
    one = await thread(store, status="waiting", team_id=2, priority=1)
    two = await thread(store, status="agent", assignee_id=5, channel="telegram")
    await put(store, ConversationLabelRow, conversation_id=two, label_id=label)
    await case(store, one, reason="human", why="")
    await case(store, two, reason="refund", why="mood", resolved_at=at(9))
    gone = await thread(store, status="resolved", assignee_id=5, channel="telegram", team_id=2, priority=1)
    await case(store, gone, reason="human", resolved_at=at(9))
    await put(store, ConversationLabelRow, conversation_id=gone, label_id=label)
    for wanted, at_the_desk, of_all in (
        ({"team": 2}, [one], [gone, one]),
        ({"priority": 1}, [one], [gone, one]),
        ({"assignee": 5}, [two], [gone, two]),
        ({"channel": "telegram"}, [two], [gone, two]),
        ({"label": label}, [two], [gone, two]),
        ({"reason": "human"}, [one], [gone, one]),
        ({"reason": "mood"}, [], [gone, two]),
        ({"team": 2, "channel": "instagram"}, [one], [one]),
        ({"team": 9}, [], []),
    ):
        assert await ids(store, Filter(**wanted)) == at_the_desk, wanted
        for most in (1, 50):
            assert await everything(store, Filter(tab="all", **wanted), most) == of_all, wanted


async def test_a_filter_that_meets_little_is_followed_a_stretch_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_queue, "STRETCH", 3)
    made = [
        await thread(
            store,
            status=("bot", "resolved")[n % 2],
            heard_at=at(n),
            channel="telegram" if n in {1, 2, 20} else "whatsapp",
        )
        for n in range(40)
    ]
    assert await everything(store, Filter(tab="all", channel="telegram"), 2) == [made[20], made[2], made[1]]
    first = await store.queue.page(Filter(tab="all", channel="telegram"), ME, NOW, None, 2)
    assert (first.rows, first.more) == ((), True)
    assert await everything(store, Filter(tab="resolved", channel="telegram"), 50) == [made[1]]


async def test_a_row_shows_what_an_agent_must_know(store: Store) -> None:
    buyer = await put(store, Buyer, name="Lena Müller", created_at=at(0))
    place = await thread(
        store, status="waiting", floor="agent", buyer_id=buyer, name=None, version=3, priority=2, team_id=4,
        assignee_id=9, answer_by=at(5), waiting_since=at(1), heard_at=at(4), snoozed_until=at(8),
        state='{"tags":["vip","stamm"]}',
    )  # fmt: skip
    await came(store, place, Text("erst"), 1)
    await came(store, place, Text("Der   Becher ist\nkaputt " + "x" * 200), 2)
    await came(store, place, Reaction("m1", "👍"), 3)
    await case(store, place, 1, "alt", resolved_at=at(2))
    await case(store, place, 3, "ist kaputt", "Becher", reason="defect", why="defect")
    for number, words in enumerate(
        ('{"mood":"positive"}', '{"taps":1}', '{"mood":"negative","polarity":-0.8}')
    ):
        await put(store, TurnRow, conversation_id=place, version=number + 1, at=at(number), heard=words)
    for number, order in enumerate(("7", "8")):
        await put(
            store, OrderRow, id=order, number=f"#{order}", currency="EUR", total=Decimal("49.90"),
            placed_at=at(0), described_at=at(0), buyer_id=buyer,
        )  # fmt: skip
        await put(store, BindingRow, conversation_id=place, order_id=order, bound_at=at(number))
    await put(store, MilestoneRow, order_id="7", what="cancelled", at=at(1))
    label = await put(store, LabelRow, name="eilig")
    await put(store, ConversationLabelRow, conversation_id=place, label_id=label)
    await put(store, PresenceRow, conversation_id=place, account_id=3, seen_at=NOW, typed_at=NOW)
    await put(store, PresenceRow, conversation_id=place, account_id=4, seen_at=at(990))
    await put(store, PresenceRow, conversation_id=place, account_id=5, seen_at=at(100))
    await said(store, place, "nie angekommen", status="failed")
    [row] = (await store.queue.page(Filter(), ME, NOW)).rows
    assert row == QueueRow(
        id=place,
        name="Lena Müller",
        channel="instagram",
        account="shop",
        status="waiting",
        floor="agent",
        assignee=9,
        team=4,
        priority=2,
        reason="defect",
        why="defect",
        evidence="ist kaputt",
        answer_by=at(5),
        waiting_since=at(1),
        heard_at=at(4),
        snoozed_until=at(8),
        preview=("Der Becher ist kaputt " + "x" * 200)[:119] + "…",
        preview_kind="text",
        moods=(0.6, -0.8),
        order_number="#8",
        order_total=Decimal("49.90"),
        currency="EUR",
        tier="bronze",
        tags=("vip", "stamm"),
        labels=(label,),
        viewers=(Viewer(3, typing=True), Viewer(4)),
        unread=True,
        failed=1,
    )
    assert await store.queue.rows((place, place + 1), NOW) == (row,)


@pytest.mark.parametrize(
    ("event", "preview"),
    [
        (Tap("flow.step.yes.1", "Ja, gern"), "Ja, gern"),
        (Media((Attachment("image"),), "schaut mal"), "schaut mal"),
        (Media((Attachment("file", title="rechnung.pdf"),)), "rechnung.pdf"),
        (Media((Attachment("image"),)), ""),
    ],
)
async def test_the_preview_is_what_the_buyer_did_last(store: Store, event: Any, preview: str) -> None:
    place = await thread(store, status="waiting")
    await came(store, place, Text("vorher"), 1)
    await came(store, place, event, 2)
    [row] = (await store.queue.page(Filter(), ME, NOW)).rows
    assert (row.preview_kind, row.preview) == (event.kind, preview)


async def test_a_page_costs_the_same_number_of_statements_however_many_rows_it_has(store: Store) -> None:
    await thread(store, status="waiting")
    with statements(store) as one:
        await store.queue.page(Filter(), ME, NOW)
    for _ in range(20):
        await thread(store, status="waiting")
    with statements(store) as many:
        await store.queue.page(Filter(), ME, NOW)
    assert len(one) == len(many) < 15


async def test_words_filter_through_the_search(store: Store) -> None:
    place = await thread(store, status="waiting")
    other = await thread(store, status="waiting")
    await came(store, place, Text("Die Mühle läuft aus"), 1)
    await came(store, other, Text("Danke"), 1)
    await store.search.index(NOW)
    assert await ids(store, Filter(text="muehle")) == [place]
    assert await ids(store, Filter(text=f"anna {place}")) == []
    assert await ids(store, Filter(tab="all", text="dank")) == [other]
    assert await ids(store, Filter(text="gibtsnicht")) == []
    assert await ids(store, Filter(text="  ")) == [place, other]


async def test_the_print_changes_with_what_is_shown(store: Store) -> None:
    place = await thread(store, status="waiting", answer_by=at(2000))

    async def prints(now: Any = NOW) -> tuple[str, str]:
        return (
            await store.queue.fingerprint(Filter(), ME, now),
            await store.queue.thread_fingerprint(place, now),
        )

    seen = {await prints()}
    assert {await prints()} == seen
    for step in range(9):
        match step:
            case 0:
                await change(store, Conversation, priority=2)
            case 1:
                await change(store, Conversation, version=5)
            case 2:
                await put(store, PresenceRow, conversation_id=place, account_id=3, seen_at=NOW)
            case 3:
                await change(store, PresenceRow, typed_at=NOW)
            case 4:
                await said(store, place, "hm", status="failed")
            case 5:
                label = await put(store, LabelRow, name="neu")
                await put(store, ConversationLabelRow, conversation_id=place, label_id=label)
            case 6:
                await change(store, Conversation, assignee_id=3)
            case _:
                await change(store, Conversation, heard_at=at(500 + step))
        seen.add(await prints())
        assert len(seen) == step + 2, step
    assert len({one for one, _ in seen}) == len({one for _, one in seen}) == 10
    # That a promise is broken shows by time alone.
    assert (await prints(at(2001)))[0] not in {one for one, _ in seen}
    assert await store.queue.thread_fingerprint(10**9, NOW)


@given(st.text(alphabet="0123456789.-x²", max_size=60))
def test_any_text_is_a_cursor_or_none(written: str) -> None:
    cursor = Cursor.read(written)
    assert cursor is None or Cursor.read(str(cursor)) == cursor


async def test_the_cursor_of_another_tab_begins_anew(store: Store) -> None:
    places = [await thread(store, status="waiting", heard_at=at(n)) for n in range(3)]
    page = await store.queue.page(Filter(tab="all"), ME, NOW, None, 1)
    assert await ids(store, Filter(), after=page.next) == places
    assert orjson.dumps(str(page.next))


@pytest.mark.parametrize(
    "wanted", [Filter(), Filter("all"), Filter("all", channel="telegram"), Filter("mine")]
)
async def test_a_view_is_the_first_page_with_its_print_and_the_counts(store: Store, wanted: Filter) -> None:
    for number in range(7):
        status = ("waiting", "agent", "bot", "resolved")[number % 4]
        await thread(store, status=status, assignee_id=ME if status == "agent" else None, heard_at=at(number))
    for most in (1, 3, 50, 70):
        view = await store.queue.view(wanted, ME, NOW, most)
        assert view.page == await store.queue.page(wanted, ME, NOW, None, most)
        assert view.print == await store.queue.fingerprint(wanted, ME, NOW)
        assert view.counts == await store.queue.counts(ME)
