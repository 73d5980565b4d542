"""A thread as the buyer saw it, and where its pages begin and end."""

from typing import Any

import orjson
import pytest

from dialogs.messages import (
    Attachment,
    Button,
    Choice,
    Due,
    Echo,
    Edited,
    Media,
    OrderEvent,
    OutCard,
    Outgoing,
    Reaction,
    Receipt,
    Tap,
    Text,
    Unsent,
)
from persistence.desk_thread import DeskEvent, Item, Mark, Quoted, ShownButton, Viewer
from persistence.media import NewMedia
from persistence.records import Effects
from persistence.store import Store
from persistence.tables import ContactRow, InboxRow, OutboxRow
from persistence.tables_desk import (
    AgentNoteRow,
    ConversationLabelRow,
    DeskEventRow,
    DraftRow,
    LabelRow,
    PresenceRow,
)
from persistence.tables_media import MessageMediaRow
from tests.persistence.desk import came, case, put, said, thread
from tests.persistence.world import accept, at, change, event, hear, only, rows, statements, take

ME = 7


def keys(items: Any) -> list[str]:
    return [item.key for item in items]


async def happened(store: Store, place: int, seconds: float, kind: str = "claimed", **more: Any) -> int:
    values = {"conversation_id": place, "at": at(seconds), "kind": kind, "actor": "account:3"}
    row: int = await put(store, DeskEventRow, **(values | more))
    return row


async def noted(store: Store, place: int, seconds: float, words: str = "Notiz", **more: Any) -> int:
    values = {"conversation_id": place, "at": at(seconds), "author": "account:4", "text": words}
    row: int = await put(store, AgentNoteRow, **(values | more))
    return row


async def only_item(store: Store, place: int) -> Item:
    [item] = (await store.thread.page(place)).items
    return item


async def test_four_tables_are_one_thread_in_the_order_of_time(store: Store) -> None:
    place, other = await thread(store), await thread(store)
    await came(store, other, Text("anderswo"), 2)
    o2 = await said(store, place, "zwei", 2)
    i1 = await came(store, place, Text("eins"), 1)
    n4 = await noted(store, place, 4)
    e3 = await happened(store, place, 3)
    i5 = await came(store, place, Text("fünf"), 5)
    page = await store.thread.page(place)
    assert keys(page.items) == [f"i{i1}", f"o{o2}", f"e{e3}", f"n{n4}", f"i{i5}"]
    assert [item.side for item in page.items] == ["buyer", "bot", "event", "note", "buyer"]
    assert [item.at for item in page.items] == [at(n) for n in (1, 2, 3, 4, 5)]
    assert (page.has_before, page.has_after) == (False, False)


async def long_thread(store: Store) -> tuple[int, list[str]]:
    """Items of all kinds, many of them at the same moment, and things between them that are not shown."""
    place = await thread(store)
    made: list[tuple[float, int, str]] = []
    for number in range(30):
        moment = number // 4
        match number % 5:
            case 0 | 1:
                made.append((moment, 0, f"i{await came(store, place, Text(str(number)), moment)}"))
            case 2:
                made.append((moment, 1, f"o{await said(store, place, str(number), moment)}"))
                await came(store, place, Receipt("x", "read"), moment, lane="receipt")
                await said(store, place, "nie gesagt", moment, status="cancelled")
            case 3:
                made.append((moment, 2, f"e{await happened(store, place, moment)}"))
                await happened(store, place, moment, "replied")
            case _:
                made.append((moment, 3, f"n{await noted(store, place, moment)}"))
                await came(store, place, Reaction("nobody's", "👍"), moment)
    made.sort(key=lambda one: (one[0], one[1], int(one[2][1:])))
    return place, [key for _, _, key in made]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 29, 30, 50])
async def test_pages_backwards_and_forwards_meet_without_gap_or_repetition(store: Store, most: int) -> None:
    place, order = await long_thread(store)
    page = await store.thread.page(place, most=most)
    assert not page.has_after
    found = keys(page.items)
    while page.has_before:
        page = await store.thread.page(place, before=found[0], most=most)
        assert page.has_after
        assert 0 < len(page.items) <= most
        found = keys(page.items) + found
    assert found == order
    found = order[:1]
    while True:
        page = await store.thread.page(place, after=found[-1], most=most)
        assert page.has_before
        found += keys(page.items)
        if not page.has_after:
            break
    assert found == order


async def test_a_page_around_an_item_has_it_in_its_middle(store: Store) -> None:
    place, order = await long_thread(store)
    for number, key in enumerate(order):
        page = await store.thread.page(place, around=key, most=6)
        shown = keys(page.items)
        assert key in shown
        assert shown == order[order.index(shown[0]) : order.index(shown[0]) + len(shown)]
        assert len(shown) == 6
        if 3 <= number < len(order) - 3:
            assert shown.index(key) == 3
        assert page.has_before == (shown[0] != order[0])
        assert page.has_after == (shown[-1] != order[-1])


@pytest.mark.parametrize("key", ["", "i", "x1", "i999999", "i-1", "i1 OR 1=1", "ü", "i" + "9" * 40, "i²"])
async def test_a_key_that_names_nothing_gives_the_newest(store: Store, key: str) -> None:
    place, order = await long_thread(store)
    assert keys((await store.thread.page(place, before=key, most=3)).items) == order[-3:]
    assert await store.thread.items(place, (key,)) == ()


async def test_an_item_of_another_thread_is_none_of_this_one(store: Store) -> None:
    place, order = await long_thread(store)
    other = await thread(store)
    theirs = f"i{await came(store, other, Text('geheim'), 1)}"
    assert await store.thread.items(place, (theirs,)) == ()
    assert keys((await store.thread.page(place, before=theirs, most=2)).items) == order[-2:]
    assert keys(await store.thread.items(place, (order[5], order[2]))) == [order[2], order[5]]


async def test_what_was_tapped_is_seen_on_the_button(store: Store) -> None:
    place = await thread(store)
    yes, no, long = Button("a.b.yes.1", "Ja"), Button("a.b.no.1", "Nein", "leider"), Button("~abc", "Lang")
    await said(store, place, Outgoing("quick_replies", "Und?", (yes, no, long), stored={"~abc": "full"}), 1)
    await came(store, place, Tap("a.b.no.1", "Nein"), 2)
    await came(store, place, Tap("full", "Lang"), 2)
    card = OutCard("Karte", buttons=(yes,))
    await said(store, place, Outgoing("cards", cards=(card,)), 3, external_id="named")
    await said(store, place, Outgoing("cards", cards=(card,)), 4, external_id="another")
    await came(store, place, Tap("a.b.yes.1", "Ja", message_id="named"), 5)
    first, _, _, named, another, tap = (await store.thread.page(place)).items
    assert first.buttons == (
        ShownButton("Ja"),
        ShownButton("Nein", "leider", tapped=True),
        ShownButton("Lang", tapped=True),
    )
    assert [one.buttons[0].tapped for one in (named, another)] == [True, False]
    assert (tap.side, tap.kind, tap.text) == ("buyer", "tap", "Ja")
    # The tap may stand on a later page than the button.
    [alone] = (await store.thread.page(place, before="i" + tap.key[1:], after=None, most=5)).items[:1]
    assert alone.buttons == first.buttons


async def test_reactions_edits_and_what_was_taken_back(store: Store) -> None:
    place = await thread(store)
    await said(store, place, "Bitte", 1, external_id="ours")
    await came(store, place, Text("neu"), 2, external_id="edited")
    await came(store, place, Text(""), 3, external_id="gone")
    await came(store, place, Reaction("ours", "👍"), 4)
    await came(store, place, Reaction("ours", "❤️"), 5)
    await came(store, place, Reaction("edited", "😀"), 5)
    await came(store, place, Reaction("edited", None), 6)
    await came(store, place, Edited("edited", "neu"), 6)
    await came(store, place, Unsent("gone"), 7)
    await came(store, place, Edited("unknown to us", "was es jetzt heißt"), 8)
    ours, edited, gone, apart = (await store.thread.page(place)).items
    assert (ours.reactions, edited.reactions) == (("❤️",), ())
    assert (ours.edited, edited.edited, gone.edited) == (False, True, False)
    assert (edited.unsent, gone.unsent, gone.text) == (False, True, "")
    assert (apart.kind, apart.side, apart.text) == ("edited", "buyer", "was es jetzt heißt")


async def test_a_quoted_message_is_shown_with_the_answer(store: Store) -> None:
    place = await thread(store)
    ours = await said(store, place, "Wie groß? " + "x" * 300, 1, external_id="q1")
    theirs = await came(store, place, Text("Ich frage mich"), 2, external_id="q2")
    await came(store, place, Text("so groß", reply_to="q1"), 3)
    await came(store, place, Media((Attachment("image"),), "dies", reply_to="q2"), 4)
    await came(store, place, Text("und?", reply_to="unknown"), 5)
    *_, first, second, third = (await store.thread.page(place)).items
    assert first.quoted == Quoted(("Wie groß? " + "x" * 300)[:99] + "…", "bot", f"o{ours}")
    assert second.quoted == Quoted("Ich frage mich", "buyer", f"i{theirs}")
    assert third.quoted is None


async def test_who_of_the_agents_said_it(store: Store) -> None:
    place = await thread(store)
    reply = await happened(store, place, 1, "replied", actor="account:12")
    await said(store, place, "Hallo, hier ist Tom", 1, speaker="agent", turn=-reply)
    await said(store, place, "nie angekommen", 2, speaker="agent", status="expired")
    await said(store, place, "zurückgenommen", 3, speaker="agent", status="cancelled")
    await said(store, place, "zu spät", 3, speaker="bot", status="expired")
    tom, expired = (await store.thread.page(place)).items
    assert (tom.side, tom.who, tom.text) == ("agent", 12, "Hallo, hier ist Tom")
    assert (expired.status, expired.who) == ("expired", None)


async def test_delivery_and_failure_are_told(store: Store) -> None:
    place = await thread(store)
    await said(
        store, place, "hm", 1, status="failed", delivery="failed", code="131047", detail="window",
        sent_at=None, due_at=at(9), undo_until=at(6), flow="f", step="s", touchpoint="tip:1", proactive=True,
    )  # fmt: skip
    item = await only_item(store, place)
    assert (item.status, item.delivery, item.code, item.detail) == ("failed", "failed", "131047", "window")
    assert (item.due_at, item.undo_until, item.sent_at) == (at(9), at(6), None)
    assert (item.flow, item.step, item.touchpoint, item.proactive) == ("f", "s", "tip:1", True)
    assert item.outgoing == Outgoing("text", "hm")


async def test_an_echo_is_the_owners_phone_unless_it_is_ours(store: Store) -> None:
    place = await thread(store)
    await said(store, place, "von uns", 1, external_id="ours")
    await came(store, place, Echo("ours", "von uns"), 1)
    await came(store, place, Echo("theirs", "Ich bin's, die Chefin"), 2)
    ours, phone = (await store.thread.page(place)).items
    assert (ours.side, phone.side, phone.text) == ("bot", "phone", "Ich bin's, die Chefin")


async def test_an_echo_of_ours_is_nowhere_a_word_of_its_own(store: Store) -> None:
    place, elsewhere = await thread(store), await thread(store)
    await said(store, place, "von uns", 1, external_id="ours")
    known = await came(store, place, Echo("ours", "von uns"), 1)
    # The echo may be quicker than the platform's answer, which names the message.
    await said(store, place, "unterwegs", 2, status="sending", external_id=None, sent_at=None)
    early = await came(store, place, Echo("early", "unterwegs"), 2)
    theirs = await came(store, place, Echo("theirs", "anderes"), 3)
    same = await came(store, elsewhere, Echo("same", "unterwegs"), 3)
    keys = (f"i{known}", f"i{early}", f"i{theirs}", f"i{same}")
    assert [item.key for item in await store.thread.items(place, keys)] == [f"i{theirs}"]
    assert [item.key for item in await store.thread.items(elsewhere, keys)] == [f"i{same}"]
    assert [item.text for item in (await store.thread.page(place)).items] == [
        "von uns",
        "unterwegs",
        "anderes",
    ]


async def test_what_came_late_stands_where_it_was_written_and_says_so(store: Store) -> None:
    place = await thread(store)
    await came(store, place, Text("spät"), 1, received_at=at(500))
    await said(store, place, "Antwort", 10)
    late, answer = (await store.thread.page(place)).items
    assert (late.text, late.arrived_late, late.received_at) == ("spät", True, at(500))
    assert not answer.arrived_late


async def test_what_happened_in_the_shop_and_at_the_desk(store: Store) -> None:
    place = await thread(store)
    await came(store, place, OrderEvent("1", "shipped"), 1)
    await came(store, place, Due(1, "checkup"), 2)
    await happened(store, place, 3, "snoozed", actor="clock", reason="später", detail='{"until":"x"}')
    await noted(store, place, 4, "@Tom schau mal", mentions="[4,5]")
    order, snoozed, note = (await store.thread.page(place)).items
    assert (order.side, order.event) == ("event", OrderEvent("1", "shipped"))
    assert snoozed.desk == DeskEvent("snoozed", "clock", "später", {"until": "x"})
    assert (snoozed.who, note.who, note.mentions, note.text) == (None, 4, (4, 5), "@Tom schau mal")


async def test_the_words_that_called_for_a_human_are_marked(store: Store) -> None:
    place = await thread(store)
    await came(store, place, Text("Der Becher ist KAPUTT"), 1)
    await came(store, place, Text("wirklich: Kaputt, und es reicht"), 2)
    await came(store, place, Text("ist kaputt"), 5000)
    number = await case(store, place, 3, "kaputt", "es reicht", "steht nirgends", "", why="defect")
    older, newer, after = (await store.thread.page(place)).items
    assert newer.marks == (Mark(10, 16, "defect", number), Mark(22, 31, "defect", number))
    assert newer.text[10:16] == "Kaputt"
    assert (older.marks, after.marks) == ((), ())
    other = await case(store, place, 5000, "kaputt", why="", reason="complaint")
    [*_, after] = (await store.thread.page(place)).items
    assert after.marks == (Mark(4, 10, "complaint", other),)


async def test_the_head_knows_the_message_that_the_case_quotes_however_far_back(store: Store) -> None:
    place = await thread(store)
    await came(store, place, Text("Der Becher ist KAPUTT"), 1)
    quoted = await came(store, place, Text("wirklich: Kaputt, und es reicht"), 2)
    await case(store, place, 3, "kaputt", resolved_at=at(4))
    await case(store, place, 3, "steht nirgends", "es reicht")
    for number in range(60):
        await came(store, place, Text(f"es reicht {number}"), 20_000 + number)
    head = await store.thread.head(place, ME, at(90_000))
    assert head is not None
    assert [one.quotes for one in head.cases] == [quoted, None]
    await case(store, place, 5, "steht nirgends")
    again = await store.thread.head(place, ME, at(90_000))
    assert again is not None
    assert [one.quotes for one in again.cases] == [None, None, None]


async def test_media_comes_with_what_is_kept_of_it(store: Store) -> None:
    place = await thread(store)
    row = await came(store, place, Media((Attachment("image"), Attachment("video")), "hier"), 1)
    file = await store.media.add(NewMedia("image", "image/png", b"x", width=4, height=3), at(1))
    await put(store, MessageMediaRow, inbox_id=row, position=0, media_id=file, status="stored", due_at=at(1))
    await put(
        store, MessageMediaRow, inbox_id=row, position=1, status="failed", why="too_large", due_at=at(1)
    )
    item = await only_item(store, place)
    assert [(one.status, one.why) for one in item.media] == [("stored", ""), ("failed", "too_large")]
    assert item.media[0].file is not None
    assert (item.media[0].file.id, item.text) == (file, "hier")


async def test_the_erased_and_the_unreadable_are_shown_without_words(store: Store) -> None:
    place = await thread(store)
    await came(store, place, Text("x"), 1, status="erased", event='{"message_id":"","kind":"unsent"}')
    await came(store, place, Text("x"), 2, event='{"kind":"from the future"}')
    await put(
        store, OutboxRow, conversation_id=place, turn=1, seq=1, outgoing='{"style":"new"}', status="sent",
        due_at=at(3), created_at=at(3),
    )  # fmt: skip
    erased, unreadable, ours = (await store.thread.page(place)).items
    assert (erased.unsent, erased.text) == (True, "")
    assert (unreadable.text, ours.text) == ("", "")


async def test_a_real_turn_is_read_as_it_was(store: Store) -> None:
    await hear(store, "hallo", now=1)
    turn = await take(store, 2, "Guten Tag", "Was gibt es?")
    await accept(store, event(Unsent("hallo"), "u", 3), now=3)
    await take(store, 3, effects=Effects(unsent=("hallo",)))
    assert (await rows(store, InboxRow, kind="text"))[0].external_id == "hallo"
    page = await store.thread.page(turn.conversation_id)
    assert [(item.side, item.text) for item in page.items] == [
        ("buyer", ""),
        ("bot", "Guten Tag"),
        ("bot", "Was gibt es?"),
    ]
    assert page.items[0].unsent


async def test_a_page_of_a_long_thread_costs_what_one_of_a_short_thread_does(store: Store) -> None:
    place = await thread(store)
    for number in range(5):
        await came(store, place, Text(str(number)), number)
    with statements(store) as short:
        await store.thread.page(place, most=5)
    for number in range(5, 60):
        await came(store, place, Text(str(number)), number)
    with statements(store) as long:
        page = await store.thread.page(place, most=5)
        await store.thread.page(place, before=page.items[0].key, most=5)
    assert len(long) <= 2 * len(short) + 2


async def test_the_head_shows_what_stands_above(store: Store) -> None:
    place = await thread(
        store, status="agent", floor="agent", assignee_id=3, team_id=2, priority=1, version=4, language="de",
        answer_by=at(5), waiting_since=at(1), quiet_at=at(9), snoozed_until=at(8), reachable=False,
    )  # fmt: skip
    await put(
        store, ContactRow, channel="instagram", account="shop", external_id="ig1", conversation_id=place,
        username="anna", phone="+49170", created_at=at(0),
    )  # fmt: skip
    closed = await case(
        store, place, 1, "alt", resolved_at=at(2), resolved_by="account:3", cause="defect",
        corrected='{"intent":"defect"}',
    )  # fmt: skip
    opened = await case(store, place, 3, "neu", "zwei", priority=2, promised_at=at(50), claimed_at=at(4))
    label = await put(store, LabelRow, name="eilig")
    await put(store, ConversationLabelRow, conversation_id=place, label_id=label)
    await put(store, PresenceRow, conversation_id=place, account_id=8, seen_at=at(10), typed_at=at(9))
    for account, words in ((ME, "Liebe Anna"), (8, "Nicht meins")):
        await put(store, DraftRow, conversation_id=place, account_id=account, text=words, at=at(1))
    head = await store.thread.head(place, ME, at(11))
    assert head is not None
    assert (head.status, head.floor, head.assignee, head.team, head.priority) == ("agent", "agent", 3, 2, 1)
    assert (head.answer_by, head.waiting_since, head.quiet_at, head.snoozed_until) == (
        at(5), at(1), at(9), at(8),
    )  # fmt: skip
    assert (head.version, head.language, head.reachable, head.draft) == (4, "de", False, "Liebe Anna")
    assert [one.id for one in head.cases] == [opened, closed]
    assert (head.cases[0].evidence, head.cases[0].promised_at) == (("neu", "zwei"), at(50))
    assert (head.cases[1].cause, head.cases[1].resolved_by) == ("defect", "account:3")
    assert orjson.loads(head.cases[1].corrected) == {"intent": "defect"}
    assert [(one.external_id, one.username, one.phone) for one in head.contacts] == [
        ("ig1", "anna", "+49170")
    ]
    assert (head.labels, head.viewers) == ((label,), (Viewer(8, typing=True),))
    assert await store.thread.head(place + 1, ME, at(11)) is None
    other = await store.thread.head(place, 99, at(60))
    assert other is not None
    assert (other.draft, other.viewers) == ("", ())


async def test_choices_are_no_business_of_the_thread(store: Store) -> None:
    """A button's payload never reaches the page: only what the buyer saw does."""
    place = await thread(store)
    await said(store, place, Outgoing("buttons", "?", (Button("secret.payload.x.1", "Ja"),)), 1)
    item = await only_item(store, place)
    assert item.buttons == (ShownButton("Ja"),)
    assert Choice("x", "Ja").title == item.buttons[0].title
    await change(store, OutboxRow, status="merged")
    assert (await store.thread.page(place)).items == ()
    assert (await only(store, OutboxRow)).status == "merged"
