"""Agents answer while the program is killed: no word of theirs is lost, none comes twice or out of order."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from dialogs.messages import Outgoing
from persistence.database import Database
from persistence.desk_actions import usual
from persistence.replies import Reply, Said
from persistence.store import Store
from tests.crash.crowd import Crowd, Someone, crowd
from tests.crash.house import House
from tests.crash.ledger import Books, Ledger, ledger, quiet

PARTS = 2
"""Messages of one answer."""


class Desk:
    """The page, in a process that lives: it writes into the database, and asks again when in doubt."""

    def __init__(self, store: Store, books: Books) -> None:
        self.store = store
        self.books = books
        self.said: dict[Someone, list[str]] = {}

    async def answer(self, someone: Someone, words: str) -> None:
        """Say something to one person, and once more under the same key, as an impatient page does."""
        place = self.books.conversation_of(someone).id
        parts = [f"{words} {someone.key} {part}" for part in range(PARTS)]
        now = datetime.now(UTC)
        messages = tuple(Outgoing("text", one) for one in parts)
        reply = Reply(7, " ".join(parts), messages, "now", now + timedelta(seconds=0.2), words)
        first = await self.store.replies.say(place, reply, usual(now))
        assert isinstance(first, Said)
        assert await self.store.replies.say(place, reply, usual(now)) == first
        self.said.setdefault(someone, []).extend(parts)

    async def answer_all(self, people: Crowd, words: str) -> None:
        """Say something to everybody at once."""
        await asyncio.gather(*(self.answer(someone, words) for someone in people.people))


async def check(house: House, books: Ledger, desk: Desk) -> None:
    """What agents have said stands at the platform exactly once, in its order, and so it is in the books."""
    after, sent = await books.books(), await house.platforms.sent()
    for someone, parts in desk.said.items():
        theirs = [one for one in sent if (one["channel"], one["person"]) == (someone.channel, someone.key)]
        spoken = [one["text"] for one in theirs if one["text"] in parts]
        assert spoken == parts, someone
        rows = after.outbox_of(after.conversation_of(someone))
        assert {row.status for row in rows} == {"sent"}
        assert [row.external_id for row in rows] == [one["id"] for one in theirs]
        row = after.conversation_of(someone)
        assert (row.status, row.floor, row.assignee_id) == ("pending", "agent", 7)


@pytest.mark.timeout(240)
async def test_what_agents_say_survives_every_kill_exactly_once(house: House) -> None:
    # As in the storm of kills: no silence counts until all marks have come.
    house.configure("sending", doubt_seconds=3600)
    bot = await house.open()
    people = crowd(house.platforms, 8, seed=11)
    store = Store(Database(house.database_url, pool=4))
    async with ledger(house.database_url) as books:
        await people.everybody("Hallo")
        await quiet(house, books, 60)
        desk = Desk(store, await books.books())
        await house.platforms.faults(slow_ms=250, status_delay_ms=60)
        in_doubt = 0
        for words in ("Guten Tag", "Ich habe nachgesehen", "Das tut mir leid"):
            await desk.answer_all(people, words)
            await books.wait_for_a_message_on_its_way()
            bot.kill()
            in_doubt += await books.in_doubt()
            bot.start()
            await bot.answering(house.bot_port)
        assert in_doubt, "no answer was on its way at any kill"
        await house.platforms.faults(slow_ms=0)
        await quiet(house, books, 120, unless_doubtful=True)
        house.configure("sending", doubt_seconds=1)
        assert await bot.stop() == 0
        bot.start()
        await bot.answering(house.bot_port)
        await quiet(house, books, 60)
        await check(house, books, desk)
    await store.close()
