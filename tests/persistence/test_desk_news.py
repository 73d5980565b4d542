"""Alarms that still hold, who is where, and notices: on both engines."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from persistence.accounts import NewAccount
from persistence.desk_news import FRESH, HOLDS
from persistence.desk_rows import LOOKING
from persistence.store import Store
from persistence.tables import Conversation, table
from persistence.tables_desk import AlarmRow
from tests.persistence.world import T0

OWED = T0 + timedelta(minutes=20)
ME, OTHER = 1, 2


async def conversation(store: Store, n: int, **values: Any) -> int:
    """A thread at the desk, with an answer owed."""

    def insert(connection: Any) -> int:
        row = {
            "channel": "whatsapp", "account": "shop", "address": f"n{n}", "created_at": T0,
            "status": "waiting", "floor": "agent", "answer_by": OWED,
            "waiting_since": T0 - timedelta(minutes=n), **values,
        }  # fmt: skip
        made: int = connection.execute(
            table(Conversation).insert().values(row).returning(table(Conversation).c.id)
        ).scalar_one()
        return made

    return await store.database.write(insert)


async def alarm(store: Store, kind: str, place: int | None, at: datetime = T0, **detail: object) -> int:
    def insert(connection: Any) -> int:
        values = {
            "kind": kind, "conversation_id": place, "key": f"{kind}{place}{at}{detail}", "at": at,
            "detail": orjson.dumps(detail).decode(),
        }  # fmt: skip
        made: int = connection.execute(
            table(AlarmRow).insert().values(values).returning(table(AlarmRow).c.id)
        ).scalar_one()
        return made

    return await store.database.write(insert)


async def change(store: Store, place: int, **values: Any) -> None:
    def work(connection: Any) -> None:
        connection.execute(
            table(Conversation).update().where(table(Conversation).c.id == place).values(**values)
        )

    await store.database.write(work)


async def kinds(store: Store, me: int = ME, now: datetime = T0) -> list[str]:
    return [one.kind for one in (await store.news.news(me, now, 50)).alarms]


async def test_an_alarm_holds_until_the_buyer_is_answered(store: Store) -> None:
    place = await conversation(store, 1)
    await alarm(store, "near", place, answer_by=OWED)
    assert await kinds(store) == ["near"]
    await change(store, place, status="pending", answer_by=None)
    assert await kinds(store) == []
    await change(store, place, status="agent", answer_by=OWED + timedelta(days=1))  # another promise by now
    assert await kinds(store) == []


async def test_a_broken_promise_takes_the_place_of_a_near_one(store: Store) -> None:
    place = await conversation(store, 1)
    await alarm(store, "near", place, answer_by=OWED)
    await alarm(store, "broken", place, OWED, answer_by=OWED)
    assert await kinds(store, now=OWED - timedelta(seconds=1)) == ["near"]
    assert await kinds(store, now=OWED) == ["broken"]


async def test_a_near_alarm_concerns_whoever_has_the_thread_and_a_broken_one_everybody(store: Store) -> None:
    place = await conversation(store, 1, assignee_id=OTHER, status="agent")
    await alarm(store, "near", place, answer_by=OWED)
    await alarm(store, "broken", place, answer_by=OWED)
    assert (await kinds(store, ME), await kinds(store, OTHER)) == ([], ["near"])
    assert (await kinds(store, ME, OWED), await kinds(store, OTHER, OWED)) == (["broken"], ["broken"])


async def test_a_mention_is_for_one_and_only_they_put_it_away(store: Store) -> None:
    place = await conversation(store, 1)
    mention = await alarm(store, "mention", place, account=ME)
    assert (await kinds(store, ME), await kinds(store, OTHER)) == (["mention"], [])
    assert not await store.news.put_away(mention, OTHER, T0)
    assert await store.news.put_away(mention, ME, T0)
    assert not await store.news.put_away(mention, ME, T0)
    assert await kinds(store, ME) == []


async def test_the_gravest_stand_first_and_old_news_is_none(store: Store) -> None:
    late, soon = await conversation(store, 1, answer_by=T0 - timedelta(hours=1)), await conversation(store, 2)
    await alarm(store, "mention", soon, account=ME)
    await alarm(store, "near", soon, answer_by=OWED)
    await alarm(store, "broken", late, answer_by=T0 - timedelta(hours=1))
    await alarm(store, "notice", None)
    await alarm(store, "notice", None, T0 - HOLDS)
    await alarm(store, "waiting", soon)
    assert await kinds(store) == ["broken", "near", "mention", "notice"]


async def test_threads_that_began_to_wait_a_moment_ago_are_news(store: Store) -> None:
    places = [await conversation(store, n) for n in (1, 3, 2)]
    await conversation(store, 4, waiting_since=T0 - FRESH)
    await conversation(store, 5, status="agent")
    waiting = (await store.news.news(ME, T0, 50)).waiting
    assert [one.conversation_id for one in waiting] == [places[0], places[2], places[1]]
    for n in range(6, 10):
        await conversation(store, n)
    assert len((await store.news.news(ME, T0, 50)).waiting) == 5


async def test_who_is_where_and_for_how_long(store: Store) -> None:
    for name in ("a", "b"):
        await store.accounts.add(NewAccount(f"{name}@example.org", name, "agent", "x", "de"), "shell", T0)
    first, second = await conversation(store, 1), await conversation(store, 2)
    await store.presence.see(first, ME, T0, typing=True)
    await store.presence.see(first, OTHER, T0)
    await store.presence.see(second, OTHER, T0 - LOOKING)
    here = await store.news.present(T0)
    assert {place: [(one.account, one.typing) for one in viewers] for place, viewers in here.items()} == {
        first: [(ME, True), (OTHER, False)]
    }
    assert await store.news.present(T0 + LOOKING) == {}


async def test_notices_are_told_until_they_are_seen(store: Store) -> None:
    await store.notify("message_failed", {"message": "1"}, T0)
    await store.notify("mail_failed", {}, T0)
    newest, oldest = await store.news.notices()
    assert (newest.topic, oldest.topic, oldest.detail) == ("mail_failed", "message_failed", {"message": "1"})
    assert await store.news.see_notice(newest.id, T0)
    assert not await store.news.see_notice(newest.id, T0)
    assert await store.news.notices() == (oldest,)
