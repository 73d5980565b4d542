"""The intake: once per (source, external id, kind) for ever, to the right conversation, and durably."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import aiosqlite
import asyncpg
import pytest

from dialogs.messages import Arrival, Contact, ContactChanged, Notice, Reaction, Tap, Text
from persistence.database import Database
from persistence.inbox import Intake
from persistence.records import Effects
from persistence.sorting import MOST, Burst
from persistence.store import Store
from persistence.tables import ContactRow, Conversation, InboxRow, NoticeRow
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
    hear,
    heard,
    mark,
    only,
    outcome,
    person,
    rows,
    shop,
    take,
    text,
)


async def test_a_repeated_delivery_is_the_same_event_for_ever(store: Store) -> None:
    assert await accept(store, text("m1")) == 1
    assert await accept(store, text("m1"), now=1) == 0
    await take(store, 2)
    assert await accept(store, text("m1"), text("m2", 3), now=3) == 1
    assert heard(await claim(store, 5)) == ["m2"]


async def test_repeats_inside_one_batch_count_once_and_the_first_one_wins(store: Store) -> None:
    other = replace(text("m1"), event=Text("changed"))
    assert await accept(store, text("m1"), text("m1"), other) == 1
    assert (await claim(store, 0)).events[0].event == Text("m1")


async def test_source_id_and_kind_together_are_the_identity(store: Store) -> None:
    first = text("m1")
    assert await accept(store, first, replace(first, source="other"), event(Reaction("m1", "❤"), "m1")) == 3
    assert await accept(store, replace(first, external_id="M1")) == 1


async def test_a_repeat_wakes_nobody(store: Store) -> None:
    await accept(store, text("m1"))
    await take(store, 0)
    before = await only(store, Conversation)
    await accept(store, text("m1"), now=60)
    assert await only(store, Conversation) == before
    assert await store.turns.claim(at(100), 10) == []


async def test_many_tasks_and_processes_deliver_the_same_events(store: Store, open_store: Open) -> None:
    """Also first contacts: nobody gets two conversations."""
    stores = [store, open_store(), open_store()]
    people = [person(f"p{number}", f"b{number}") for number in range(5)]
    arrivals = [text(f"{who.ids[0]} {n}", n, who) for who in people for n in range(4)]

    async def deliver(number: int) -> int:
        turned = arrivals[number % 20 :] + arrivals[: number % 20]
        if number % 2:
            turned.reverse()
        return await accept(stores[number % 3], *turned)

    assert sum(await asyncio.gather(*(deliver(number) for number in range(30)))) == 20
    assert len(await rows(store, InboxRow)) == 20
    assert len(await rows(store, Conversation)) == 5
    assert len(await rows(store, ContactRow)) == 10


async def test_one_delivery_too_many_at_once(store: Store) -> None:
    """A history sync brings thousands: both engines limit the parameters of one statement."""
    many = [text(f"m{n}", n, person(f"p{n % 40}", f"b{n % 40}")) for n in range(3000)]
    assert await accept(store, *many) == 3000
    assert await accept(store, *many) == 0


async def test_all_ids_of_a_person_lead_to_one_conversation(store: Store) -> None:
    await accept(store, text("m1", 0, person("491", "DE.1")))
    await accept(store, text("m2", 1, person("DE.1")), now=1)
    await accept(store, text("m3", 2, person("491")), now=2)
    await accept(store, text("m4", 3, person("DE.1", "parent")), text("m5", 4, person("parent")), now=4)
    conversation = await only(store, Conversation)
    assert conversation.address == "491"
    assert {row.conversation_id for row in await rows(store, InboxRow)} == {conversation.id}
    assert [row.external_id for row in await rows(store, ContactRow)] == ["491", "DE.1", "parent"]


async def test_accounts_and_channels_are_apart(store: Store) -> None:
    for number, contact in enumerate(
        (
            Contact("whatsapp", "a", ("1",)),
            Contact("whatsapp", "b", ("1",)),
            Contact("instagram", "a", ("1",)),
        )
    ):
        await accept(store, text(f"m{number}", 0, contact))
    assert len(await rows(store, Conversation)) == 3


async def test_a_person_who_changes_the_number_keeps_the_conversation(store: Store) -> None:
    await accept(store, text("m1", 0, person("491")))
    await take(store, 0, effects=Effects(moved=(ContactChanged(("492", "DE.1")),)))
    assert (await only(store, Conversation)).address == "492"
    for number, name in enumerate(("492", "DE.1", "491")):
        await accept(store, text(f"n{number}", 1, person(name)), now=1)
    assert len(await rows(store, Conversation)) == 1


async def test_a_change_never_takes_over_somebody_elses_conversation(store: Store) -> None:
    await accept(store, text("m1", 0, person("491")))
    await take(store, 0)
    await accept(store, text("m2", 0, person("492")))
    await take(store, 0, effects=Effects(moved=(ContactChanged(("491", "493")),)))
    places = {row.external_id: row.conversation_id for row in await rows(store, ContactRow)}
    assert places["491"] != places["492"] == places["493"]
    assert [row.address for row in await rows(store, Conversation)] == ["491", "493"]


async def test_only_a_message_opens_a_conversation(store: Store) -> None:
    news = Arrival("whatsapp", "n1", T0, Notice("template_status", {"name": "day_10"}))
    await accept(store, mark("read", "r1", person("stranger"), message_id="x"), news)
    await shop(store, happened("paid"), apply=False)
    assert await rows(store, Conversation) == await rows(store, ContactRow) == []
    assert {row.lane for row in await rows(store, InboxRow)} == {"receipt", "notice", "shop"}
    assert await store.turns.claim(at(9), 10) == []


async def test_a_receipt_in_front_of_the_first_message_finds_its_conversation(store: Store) -> None:
    await store.inbox.accept(Intake((mark("read", "r1", watermark=at(9)), text("m1")), (), T0))
    for later in (0, 2, 10, 60):  # nothing was sent yet: it is looked at again until patience ends
        await store.receipts.apply(at(later))
    assert {(row.conversation_id, row.status) for row in await rows(store, InboxRow)} == {
        (1, "unmatched"),
        (1, "waiting"),
    }


async def test_the_door_only_appends_and_a_claim_sorts(store: Store) -> None:
    named = Contact("whatsapp", "shop", ("anna",), name="Anna", phone="+49171")
    await store.inbox.accept(Intake((text("m1", 0, named),), (), T0))
    assert await rows(store, Conversation) == []
    assert (await only(store, InboxRow)).status == "new"
    assert heard(await claim(store, 0)) == ["m1"]
    row = await only(store, InboxRow)
    assert (row.status, row.contact) == ("waiting", None)
    assert (await only(store, Conversation)).name == "Anna"
    assert (await only(store, ContactRow)).phone == "+49171"


@pytest.mark.parametrize(
    "contact", ['{"ids":[]}', '{"name":"x"}', "no json", '{"channel":"a","ids":["x"],"new":1}']
)
async def test_a_message_that_cannot_be_sorted_is_set_aside_and_stops_nobody(
    store: Store, contact: str
) -> None:
    """For example because a newer version of the program wrote it."""
    await store.inbox.accept(Intake((text("m0"),), (), T0))
    await change(store, InboxRow, contact=contact)
    await store.inbox.accept(Intake((text("m1"), text("m2", 1, person("bert"))), (), T0))
    turns = await store.turns.claim(at(1), 10)
    assert sorted(heard(turn)[0] for turn in turns) == ["m1", "m2"]
    assert [row.status for row in await rows(store, InboxRow)] == ["aside", "waiting", "waiting"]
    assert (await only(store, NoticeRow)).topic == "message_set_aside"
    assert await store.turns.claim(at(1), 10) == []


async def test_a_claim_sorts_until_somebody_is_due_however_much_has_come(store: Store) -> None:
    """Behind more events that nobody answers than are sorted at a time, there is a person who waits."""
    kept = [text(f"k{number}", 0, person("kim"), standby=True) for number in range(MOST + 1)]
    await store.inbox.accept(Intake((*kept, text("m1", 1)), (), T0))
    assert heard(await claim(store, 1)) == ["m1"]
    assert {row.status for row in await rows(store, InboxRow)} == {"kept", "waiting"}


async def test_a_receipt_wakes_nobody_and_is_no_word_of_the_person(store: Store) -> None:
    await answer(store, 0)
    before = await only(store, Conversation)
    await accept(store, mark("read", "r1", message_id="x"), now=50)
    assert await only(store, Conversation) == before


async def test_news_of_the_account_reach_the_owner_once(store: Store) -> None:
    news = Arrival("whatsapp", "n1", T0, Notice("template_status", {"name": "day_10"}))
    await accept(store, news)
    assert await store.file_notices(at(1)) == 1
    await accept(store, news)
    assert await store.file_notices(at(2)) == 0
    notice = await only(store, NoticeRow)
    assert (notice.topic, notice.detail, notice.at) == ("template_status", '{"name":"day_10"}', T0)


async def test_while_another_app_holds_the_thread_events_are_kept_and_not_answered(store: Store) -> None:
    await accept(store, text("m1", 5, standby=True), now=5)
    assert await store.turns.claim(at(100), 10) == []
    assert (await only(store, InboxRow)).status == "kept"
    # But the person did write, and may be written to for a day.
    assert (await only(store, Conversation)).heard_at == at(5)
    await hear(store, "m2", now=60)
    assert heard(await claim(store, 60)) == ["m2"]


async def test_a_turn_gets_the_platforms_order_whatever_the_order_of_delivery(store: Store) -> None:
    for number, order in enumerate(permutations((1, 2, 3))):
        who = person(f"p{number}")
        for second in order:
            await accept(store, text(f"{number} {second}", second, who), now=5)
        assert heard(await take(store, 60 + number)) == [f"{number} {second}" for second in (1, 2, 3)]


async def test_at_one_moment_a_batch_keeps_its_order_of_ids(store: Store) -> None:
    await accept(store, text("b", 1), text("a", 1), text("c", 0))
    assert heard(await claim(store, 1)) == ["c", "a", "b"]


async def test_when_the_person_was_heard_only_moves_forward(store: Store) -> None:
    for second, expected in ((10, 10), (5, 10), (20, 20), (19, 20)):
        await accept(store, text(f"m{second}", second), now=30)
        assert (await only(store, Conversation)).heard_at == at(expected)
    await accept(store, event(Tap("x"), "t1", 21), event(Tap("y"), "t2", 20.5), echo("e1", 50), now=60)
    assert (await only(store, Conversation)).heard_at == at(21)


async def due(store: Store) -> float | None:
    """When the only conversation is due, in seconds."""
    moment = (await only(store, Conversation)).due_at
    return None if moment is None else (moment - T0).total_seconds()


async def test_the_first_text_is_answered_at_once_and_a_burst_waits_for_its_end(open_store: Open) -> None:
    store = open_store(burst=Burst(timedelta(seconds=4), timedelta(seconds=1)))
    await hear(store, "m1", now=0)
    assert await due(store) == 0
    await take(store, 0)
    await hear(store, "m2", now=2)  # within four seconds of the last one: more may follow
    assert await due(store) == 3
    await hear(store, "m3", now=2.5)
    assert await due(store) == 3  # and nobody waits longer than a second
    await hear(store, "m4", now=2.9)
    assert await due(store) == 3
    assert heard(await take(store, 3)) == ["m2", "m3", "m4"]
    await hear(store, "m5", now=10)
    assert await due(store) == 10


async def test_during_a_turn_a_burst_waits_as_well(open_store: Open) -> None:
    store = open_store(burst=Burst(timedelta(seconds=4), timedelta(seconds=1)))
    await hear(store, "m1", now=0)
    turn = await claim(store, 0)
    await hear(store, "m2", now=0.5)
    assert await due(store) == 1.5
    assert await store.turns.commit(outcome(turn, 0.6))
    assert await due(store) == 1.5


@pytest.mark.parametrize("what", [Tap("yes"), Reaction("m1", "❤")])
async def test_only_texts_wait_for_texts(open_store: Open, what: Tap | Reaction) -> None:
    store = open_store(burst=Burst())
    await hear(store, "m1", now=0)
    await take(store, 0)
    await accept(store, event(what, "x1", 1), now=1)
    assert await due(store) == 1
    await hear(store, "m2", now=1.1)
    assert await due(store) == 1  # nothing that is due moves away again
    await take(store, 1.2)
    await accept(store, text("m3", 2), event(what, "x2", 2), now=2)
    assert await due(store) == 2


async def test_several_requests_are_one_commit_and_each_learns_how_much_of_it_was_new(store_url: str) -> None:
    database = Counting(store_url)
    store = Store(database)
    requests = [Intake((text(f"m{n}", n), text("same")), (), T0) for n in range(64)]
    assert await store.inbox.accept_all(requests) == [2] + [1] * 63
    assert await store.inbox.accept_all(requests[5:8]) == [0, 0, 0]
    assert database.transactions == 2
    assert len(await rows(store, InboxRow)) == 65
    await store.close()


async def test_a_poisoned_request_harms_only_itself(store: Store) -> None:
    poison: Any = object()
    bad = text("bad", 0, Contact("whatsapp", "shop", ("eve",), name=poison))
    requests = [text("m1"), bad, text("m2", 1, person("bert"))]
    results = await store.inbox.accept_all([Intake((one,), (), T0) for one in requests])
    assert [results[0], results[2]] == [1, 1]
    assert isinstance(results[1], Exception)
    assert [row.external_id for row in await rows(store, InboxRow)] == ["m1", "m2"]
    with pytest.raises(type(results[1])):
        await store.inbox.accept(Intake((bad,), (), T0))


async def test_accepted_is_durable(store: Store, store_url: str) -> None:
    """Another connection, opened after `accept` returned, sees it; nothing was closed in between."""
    await store.inbox.accept(Intake((text("m1"),), (), T0))
    if store.database.is_sqlite:
        async with aiosqlite.connect(store_url.removeprefix("sqlite:///")) as file:
            found = await file.execute_fetchall("SELECT external_id, status FROM inbox")
    else:
        connection = await asyncpg.connect(store_url)
        found = await connection.fetch("SELECT external_id, status FROM inbox")
        await connection.close()
    assert [tuple(row) for row in found] == [("m1", "new")]
    reopened = Store(Database(store_url))
    assert heard(await claim(reopened, 0)) == ["m1"]
    await reopened.close()


async def test_nothing_is_no_transaction(store_url: str) -> None:
    database = Counting(store_url)
    assert await Store(database).inbox.accept(Intake((), (), T0)) == 0
    assert database.transactions == 0
    await database.close()
