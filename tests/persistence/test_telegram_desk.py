"""The desk in Telegram groups: what has to stand in a topic is found once, and in nobody's hand twice."""

import asyncio
from datetime import timedelta

import pytest

from dialogs.group import GroupArrival, Place, Spoken
from dialogs.messages import Edited
from persistence.accounts import Account, NewAccount
from persistence.desk_notes import NewNote
from persistence.inbox import Intake
from persistence.records import Effects, NewHandoff
from persistence.store import Store
from persistence.tables import Conversation, InboxRow, table
from persistence.tables_telegram import TelegramItemRow, TelegramPostRow, TelegramTopicRow
from persistence.telegram_desk import NewPost, Topic
from persistence.telegram_items import written
from tests.persistence.conftest import Open
from tests.persistence.world import accept, at, event, hear, outcome, person, rows, take, text

CHATS = ["-1001"]
CASE = Effects(handoff=NewHandoff("defect", ("kaputt",), 2, at(3600), "defect"))


async def account(store: Store, name: str = "Eva") -> Account:
    """Somebody who answers."""
    new = NewAccount(f"{name}@example.org", name, "agent", "hash")
    return await store.accounts.add(new, "shell", at(0))


async def escalate(store: Store, now: float = 0, who: str = "anna") -> int:
    """Somebody writes and needs a human; return the conversation."""
    await accept(store, text(f"{who} {now}", now, person(who)), now=now)
    [turn] = await store.turns.claim(at(now), 10)
    assert await store.turns.commit(outcome(turn, now, "Ich hole jemanden.", effects=CASE))
    return turn.conversation_id


async def look(store: Store, now: float, *, whole: bool = False) -> int:
    return await store.telegram.mirror(CHATS, at(now), whole=whole)


async def posted(store: Store) -> list[list[str]]:
    """The keys of each post that waits, in order."""
    items = await rows(store, TelegramItemRow)
    posts = [post for post in await rows(store, TelegramPostRow) if post.kind == "items"]
    return [[one.key for one in items if one.post_id == post.id] for post in posts]


async def claimed(store: Store, now: float) -> Topic:
    [topic] = await store.telegram.claim(at(now), 10)
    return topic


async def test_a_conversation_that_comes_to_the_desk_gets_a_topic_and_its_past_is_past(store: Store) -> None:
    await look(store, 0, whole=True)
    place = await escalate(store, 1)
    assert await look(store, 2) == 1
    [topic] = await rows(store, TelegramTopicRow)
    assert (topic.conversation_id, topic.chat, topic.active) == (place, "-1001", True)
    assert await posted(store) == []
    pending = await store.telegram.pending(await claimed(store, 3))
    assert {key[0] for key in pending.past} == {"i", "o", "e"}
    assert await look(store, 4) == 0


async def test_what_is_new_is_queued_once_in_order(store: Store) -> None:
    await escalate(store)
    await look(store, 1, whole=True)
    await hear(store, "eins", "zwei", now=5)
    await take(store, 6)
    for now in (7, 8, 60, 120):
        await look(store, now)
    [keys] = await posted(store)
    assert [key[0] for key in keys] == ["i", "i"]
    assert keys == sorted(keys, key=lambda key: int(key[1:]))


async def test_two_processes_queue_it_once(open_store: Open) -> None:
    one, two = open_store(), open_store()
    await escalate(one)
    await look(one, 1, whole=True)
    await hear(one, "eins", now=5)
    await asyncio.gather(*(look(store, 6) for store in (one, two) * 4))
    assert [len(keys) for keys in await posted(one)] == [1]


async def test_a_row_that_appears_late_is_not_left_out(store: Store) -> None:
    """PostgreSQL shows rows in the order of their commits, not of their ids."""
    if store.database.is_sqlite:
        pytest.skip("one writer: a smaller id is always there first")
    place = await escalate(store)
    await look(store, 1, whole=True)
    await hear(store, "eins", now=5)
    [later] = [row for row in await rows(store, InboxRow) if row.external_id == "eins"]
    inbox = table(InboxRow)
    await store.database.write(
        lambda connection: connection.execute(
            inbox.update().where(inbox.c.id == later.id).values(id=later.id + 50)
        )
    )
    await look(store, 6)
    late = {"source": "whatsapp", "external_id": "null", "kind": "text", "lane": "message"}
    await store.database.write(
        lambda connection: connection.execute(
            inbox.insert().values(
                id=later.id,
                conversation_id=place,
                at=at(4),
                received_at=at(4),
                due_at=at(4),
                event="{}",
                **late,
            )
        )
    )
    await look(store, 7)
    assert [key for keys in await posted(store) for key in keys] == [f"i{later.id + 50}", f"i{later.id}"]


async def test_a_message_that_nobody_has_sorted_yet_is_waited_for(store: Store) -> None:
    await escalate(store)
    await look(store, 1, whole=True)
    await store.inbox.accept(Intake((text("spät", 5),), (), at(5)))
    for now in (6, 600, 1200):
        await look(store, now)
    assert await posted(store) == []
    await accept(store, text("danach", 1300), now=1300)
    await look(store, 1301)
    assert [len(keys) for keys in await posted(store)] == [2]


async def test_what_was_written_on_telegram_is_not_posted_there(store: Store) -> None:
    place = await escalate(store)
    await look(store, 1, whole=True)
    eva = await account(store)
    await store.notes.add(place, NewNote(eva.id, "von der Seite", (), "k1"), at(2))
    await store.notes.add(place, NewNote(eva.id, "vom Telefon", (), "telegram:-1001:77"), at(3))
    await look(store, 4)
    [keys] = await posted(store)
    assert len(keys) == 1
    noted = {row.key: row.message for row in await rows(store, TelegramItemRow) if row.key[0] == "n"}
    assert sorted(noted.values(), key=str) == [77, None]


def test_a_key_tells_where_on_telegram_something_stands() -> None:
    assert written("5:telegram:-1001:77") == ("-1001", 77)
    assert written("5:telegram:-1001:77:2") == ("-1001", 77)
    assert written("5:press:1") is None
    assert written(None) is None


async def test_the_end_of_a_case_ends_what_is_mirrored(store: Store) -> None:
    place = await escalate(store)
    await look(store, 1, whole=True)
    await store.handoffs.hand_back(place, at(2), solved=False)
    await look(store, 3)
    [topic] = await rows(store, TelegramTopicRow)
    assert not topic.active
    before = await posted(store)
    await hear(store, "und weiter", now=50)
    await look(store, 51)
    assert await posted(store) == before


async def test_a_changed_message_makes_its_topic_stale(store: Store) -> None:
    await escalate(store)
    await look(store, 1, whole=True)
    topic = await claimed(store, 2)
    await store.telegram.release(topic, at(2), again_at=None)
    await accept(store, event(Edited("anna 0", "neu"), "e1", 5), now=5)
    await look(store, 6)
    assert (await claimed(store, 7)).stale


async def test_a_topic_is_in_one_hand_and_nothing_that_happens_meanwhile_is_forgotten(
    open_store: Open,
) -> None:
    one, two = open_store(), open_store()
    await escalate(one)
    await look(one, 1, whole=True)
    found = await asyncio.gather(*(store.telegram.claim(at(2), 10) for store in (one, two) * 4))
    [topic] = [topic for topics in found for topic in topics]
    await hear(one, "noch was", now=3)
    await look(one, 4)
    assert await two.telegram.claim(at(5), 10) == []
    await one.telegram.release(topic, at(6), again_at=None)
    again = await claimed(two, 6)
    await two.telegram.release(again, at(7), again_at=None)
    assert await one.telegram.claim(at(10_000), 10) == []


async def test_whoever_dies_leaves_the_topic_to_others(store: Store) -> None:
    await escalate(store)
    await look(store, 1, whole=True)
    first = await claimed(store, 2)
    assert await store.telegram.claim(at(2) + timedelta(minutes=4), 10) == []
    [second] = await store.telegram.claim(at(2) + timedelta(minutes=5), 10)
    await store.telegram.release(first, at(400), again_at=None)  # too late to say anything
    assert (second.id, await store.telegram.claim(at(401), 10)) == (first.id, [])


async def test_words_of_the_same_key_are_said_once_and_know_their_number(store: Store) -> None:
    new = NewPost("-1001", "Hallo", buttons=((("Senden", "send:1:@"),),), key="k")
    number = await store.telegram.say(new, at(0))
    assert await store.telegram.say(new, at(1)) is None
    [post] = await store.telegram.loose(at(2), 10)
    assert (post.id, post.buttons) == (number, ((("Senden", f"send:1:{number}"),),))
    assert await store.telegram.loose(at(2), 10) == []
    await store.telegram.postpone(post, at(50))
    assert await store.telegram.next_due(at(3)) == at(50)
    [again] = await store.telegram.loose(at(51), 10)
    await store.telegram.posted([again], [77], "")
    assert await store.telegram.loose(at(10_000), 10) == []


async def test_a_code_links_once_in_time_and_the_last_one_counts(store: Store) -> None:
    eva, tom = await account(store), await account(store, "Tom")
    old = await store.telegram.link_code(eva.id, at(0))
    code = await store.telegram.link_code(eva.id, at(1))
    assert await store.telegram.link("5", old, at(2)) is None
    assert await store.telegram.link("5", code.lower(), at(2)) == eva
    assert await store.telegram.link("6", code, at(3)) is None
    assert await store.telegram.account_behind("5") == eva
    other = await store.telegram.link_code(tom.id, at(4))
    assert await store.telegram.link("5", other, at(5)) == tom
    assert await store.telegram.linked(eva.id) == []
    late = await store.telegram.link_code(eva.id, at(6))
    assert await store.telegram.link("7", late, at(6) + timedelta(minutes=15)) is None
    assert await store.telegram.account_behind("7") is None
    assert await store.telegram.unlink(tom.id) == 1
    assert await store.telegram.account_behind("5") is None


async def test_one_code_in_two_hands_links_one(open_store: Open) -> None:
    one, two = open_store(), open_store()
    eva = await account(one)
    code = await one.telegram.link_code(eva.id, at(0))
    found = await asyncio.gather(
        *(s.telegram.link(str(n), code, at(1)) for n, s in enumerate((one, two) * 3))
    )
    assert len([one for one in found if one is not None]) == 1


async def test_what_agents_do_is_handed_out_in_order_and_forgotten_when_it_is_done(store: Store) -> None:
    said = [
        GroupArrival("telegram", f"7:{n}", at(n), Spoken(Place("-1001", 5, n, "501"), f"Wort {n}"))
        for n in range(3)
    ]
    assert await store.inbox.accept(Intake((), (), at(3), said)) == 3
    assert await store.inbox.accept(Intake((), (), at(4), said)) == 0
    news = await store.telegram.news(at(5), 10)
    assert [one.event for one in news] == [one.event for one in said]
    assert await store.telegram.news(at(6), 10) == []
    await store.telegram.settle_news(news[0])
    await store.telegram.settle_news(news[1], again_at=at(50))
    await store.telegram.settle_news(news[2], aside=True)
    assert [one.attempts for one in await store.telegram.news(at(51), 10)] == [2]
    assert [(row.status, row.event) for row in await rows(store, InboxRow) if row.id != news[1].id] == [
        ("done", "{}"),
        ("aside", "{}"),
    ]


async def test_after_a_long_silence_topics_begin_in_portions(store: Store) -> None:
    conversations = table(Conversation)
    waiting = [
        {
            "channel": "whatsapp",
            "account": "shop",
            "address": f"a{n}",
            "status": "waiting",
            "created_at": at(n),
        }
        for n in range(60)
    ]
    await store.database.write(lambda connection: connection.execute(conversations.insert(), waiting))
    assert [await look(store, 100, whole=True) for _ in range(3)] == [50, 10, 0]
    assert len(await store.telegram.claim(at(101), 100)) == 60
