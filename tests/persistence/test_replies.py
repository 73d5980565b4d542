"""What agents say: once, taken back while it can be, tried again when it failed, not lost to the bot."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from dialogs.handoff import Claimed, Resolved
from dialogs.messages import Outgoing, Picture
from persistence.desk_actions import Denied, usual
from persistence.outbox import Settlement
from persistence.records import Effects, NewHandoff
from persistence.replies import Reply, Said
from persistence.store import Store
from persistence.tables import Conversation, HandoffRow, OutboxRow
from persistence.tables_desk import AlarmRow, DeskEventRow
from tests.persistence.conftest import Open
from tests.persistence.world import accept, answer, at, head, mark, only, rows, send, words

UNDO = timedelta(seconds=5)


async def case(store: Store) -> int:
    handoff = NewHandoff("angry", promised_at=at(3600))
    return (await answer(store, 0, effects=Effects(handoff=handoff))).conversation_id


def reply(*texts: str, by: int = 7, now: float = 1, key: str = "k", **more: Any) -> Reply:
    typed = more.pop("typed", "\n\n".join(texts))
    messages = tuple(Outgoing("text", one) for one in texts)
    return Reply(by, typed, messages, "now", at(now) + UNDO, key, **more)


async def tell(store: Store, place: int, *texts: str, now: float = 1, **more: Any) -> Said:
    said = await store.replies.say(place, reply(*texts, now=now, **more), usual(at(now)))
    assert isinstance(said, Said)
    return said


async def test_what_is_said_waits_until_it_can_no_longer_be_taken_back(store: Store) -> None:
    place = await case(store)
    said = await tell(store, place, "Hallo Anna", "noch etwas")
    rows_ = await rows(store, OutboxRow)
    assert [row.id for row in rows_] == list(said.outbox_ids)
    assert [(row.turn, row.seq, row.speaker, row.status) for row in rows_] == [
        (-said.event_id, 0, "agent", "waiting"),
        (-said.event_id, 1, "agent", "waiting"),
    ]
    assert said.undo_until == at(6)
    assert await store.outbox.claim(at(5.9), 9) == []
    assert (await send(store, 6)).outgoing.text == "Hallo Anna"
    assert (await send(store, 6)).outgoing.text == "noch etwas"
    row = await only(store, Conversation)
    assert (row.status, row.floor, row.assignee_id, row.answer_by) == ("pending", "agent", 7, None)
    handoff = await only(store, HandoffRow)
    assert (handoff.claimed_at, handoff.answered_at) == (at(1), at(1))


async def test_the_same_key_again_says_nothing_and_returns_the_same(store: Store, open_store: Open) -> None:
    place = await case(store)
    stores = [store, open_store()]
    said = await asyncio.gather(
        *(stores[n % 2].replies.say(place, reply("Hallo"), usual(at(1))) for n in range(8))
    )
    assert len({*said}) == 1
    assert len(await rows(store, OutboxRow)) == 1
    assert await store.replies.say(place, reply("anders", key="k"), usual(at(9))) == said[0]
    assert isinstance(await store.replies.say(place, reply("zweite", key="k2"), usual(at(9))), Said)
    assert words(await rows(store, OutboxRow)) == ["Hallo", "zweite"]


async def test_a_key_of_something_else_says_nothing(store: Store) -> None:
    place = await case(store)
    await store.desk.act(place, Claimed(7), "account:7", usual(at(1)), key="k")
    assert await store.replies.say(place, reply("Hallo"), usual(at(1))) == Denied("not_here")
    assert await rows(store, OutboxRow) == []


async def test_nobody_speaks_over_another_agent_unless_they_mean_to(store: Store) -> None:
    place = await case(store)
    await store.desk.act(place, Claimed(8), "account:8", usual(at(1)))
    assert await store.replies.say(place, reply("Hallo"), usual(at(1))) == Denied("taken", 8)
    await tell(store, place, "Hallo", over=True)
    assert (await only(store, Conversation)).assignee_id == 7
    assert await store.replies.say(77, reply("Hallo"), usual(at(1))) == Denied("unknown")


@pytest.mark.parametrize(
    ("messages", "typed"), [(("Hallo",), "Hallo"), (("eins", "zwei"), "eins zwei"), (("Hallo",), " Hallo ")]
)
async def test_what_is_taken_back_is_a_draft_again_and_owed_again(
    store: Store, messages: tuple[str, ...], typed: str
) -> None:
    place = await case(store)
    await store.drafts.save(place, 7, "Hal", at(0))
    said = await tell(store, place, *messages, typed=typed)
    assert await store.drafts.get(place, 7) == ""
    assert await store.replies.unsay(place, 8, said.event_id, usual(at(2))) is None
    assert await store.replies.unsay(place, 7, said.event_id, usual(at(5))) == typed
    assert await store.replies.unsay(place, 7, said.event_id, usual(at(5))) is None
    assert {row.status for row in await rows(store, OutboxRow)} == {"cancelled"}
    assert await store.drafts.get(place, 7) == typed
    row = await only(store, Conversation)
    assert (row.status, row.assignee_id, row.answer_by) == ("agent", 7, at(3600))
    assert (row.waiting_since, row.desk_due_at) == (at(0), at(1800))
    assert [event.kind for event in await rows(store, DeskEventRow)][-2:] == ["replied", "took_back"]


async def test_what_may_be_gone_out_cannot_be_taken_back(store: Store) -> None:
    place = await case(store)
    said = await tell(store, place, "Hallo")
    assert await store.replies.unsay(place, 7, said.event_id, usual(at(6))) is None
    assert await store.replies.unsay(place, 7, said.event_id + 9, usual(at(2))) is None
    await head(store, 6)
    assert await store.replies.unsay(place, 7, said.event_id, usual(at(5))) is None


async def test_a_second_answer_stands_when_the_first_is_taken_back(store: Store) -> None:
    place = await case(store)
    first = await tell(store, place, "eins")
    await tell(store, place, "zwei", now=2, key="k2")
    assert await store.replies.unsay(place, 7, first.event_id, usual(at(3))) == "eins"
    assert (await only(store, Conversation)).status == "pending"
    assert [row.status for row in await rows(store, OutboxRow)] == ["cancelled", "waiting"]
    assert (await send(store, 7)).outgoing.text == "zwei"


async def test_a_delivery_mark_does_not_cut_the_time_to_take_back(store: Store) -> None:
    place = (await answer(store, 0, "bot's")).conversation_id
    await send(store, 0, "wamid 1")
    said = await tell(store, place, "Hallo")
    await accept(store, mark("delivered", "r1", message_id="wamid 1"), now=2)
    await store.receipts.apply(at(2))
    assert await store.outbox.claim(at(2), 9) == []
    assert await store.replies.unsay(place, 7, said.event_id, usual(at(3))) == "Hallo"


async def test_what_failed_goes_out_again_once_and_is_told(store: Store) -> None:
    place = await case(store)
    said = await tell(store, place, "Hallo")
    [message] = said.outbox_ids
    assert not await store.replies.retry(place, 7, message, at(5))
    row = await head(store, 6)
    await store.outbox.settle(Settlement(row, "failed", at(7), code="131026", detail="no"))
    await store.replies.failed(message, at(7))
    await store.replies.failed(message, at(7))
    alarm = await only(store, AlarmRow)
    assert (alarm.kind, alarm.conversation_id) == ("failed", place)
    assert not await store.replies.retry(place + 1, 7, message, at(8))
    assert await store.replies.retry(place, 7, message, at(8))
    assert not await store.replies.retry(place, 7, message, at(8))
    again = await send(store, 8, "wamid 2")
    assert (again.outgoing.text, again.attempts, again.doubtful) == ("Hallo", 1, False)
    row = await only(store, OutboxRow)
    assert (row.status, row.code, row.delivery, row.external_id) == ("sent", None, "sent", "wamid 2")
    assert (await rows(store, DeskEventRow))[-1].kind == "retried"


async def test_a_failure_that_is_told_afterwards_can_be_repeated_too(store: Store) -> None:
    place = await case(store)
    [message] = (await tell(store, place, "Hallo")).outbox_ids
    await send(store, 6, "wamid 1")
    await accept(store, mark("failed", "r1", message_id="wamid 1", code="131047"), now=7)
    await store.receipts.apply(at(7))
    assert (await only(store, AlarmRow)).kind == "failed"
    assert await store.replies.retry(place, 7, message, at(8))
    await send(store, 8, "wamid 2")
    await accept(store, mark("delivered", "r2", message_id="wamid 2"), now=9)
    await store.receipts.apply(at(9))
    assert (await only(store, OutboxRow)).delivery == "delivered"


async def test_nothing_of_the_bots_is_repeated(store: Store) -> None:
    place = (await answer(store, 0, "bot's")).conversation_id
    row = await head(store, 0)
    await store.outbox.settle(Settlement(row, "failed", at(1)))
    await store.replies.failed(row.id, at(1))
    assert not await store.replies.retry(place, 7, row.id, at(2))
    assert await rows(store, AlarmRow) == []


async def test_what_waits_for_the_buyer_survives_every_change_of_hands(store: Store) -> None:
    place = await case(store)
    await tell(store, place, "parked")
    row = await head(store, 6)
    await store.outbox.settle(Settlement(row, "parked", at(6)))
    await answer(store, 7, effects=Effects(acts=("phone",)))
    await answer(store, 8, effects=Effects(handoff=NewHandoff("angry")))
    await store.desk.act(place, Resolved(), "account:7", usual(at(9)))
    await answer(store, 10, "bot's", effects=Effects(acts=("buyer",), release=True))
    assert [(row.speaker, row.status) for row in await rows(store, OutboxRow)] == [
        ("agent", "released"),
        ("bot", "waiting"),
        ("agent", "waiting"),
    ]


async def test_a_file_is_sent_with_its_words(store: Store) -> None:
    place = await case(store)
    picture = Outgoing("media", "so geht es", picture=Picture("image", "media:1"))
    said = Reply(7, "so geht es", (picture,), "now", at(1), "k")
    assert isinstance(await store.replies.say(place, said, usual(at(1))), Said)
    assert (await send(store, 1)).outgoing == picture


async def test_where_a_buyer_is_written_to(store: Store) -> None:
    place = await case(store)
    found = await store.replies.address(place)
    assert found is not None
    assert (found.channel, found.account, found.heard_at, found.reachable) == (
        "whatsapp",
        "shop",
        at(0),
        True,
    )
    assert await store.replies.address(77) is None
