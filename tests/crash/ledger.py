"""The books: what the bot's tables and the platforms' record say, and whether they say the same."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson

from persistence.database import Database
from persistence.tables import (
    ContactRow,
    Conversation,
    HandoffRow,
    InboxRow,
    NoticeRow,
    OutboxRow,
    TurnRow,
    table,
)
from tests.crash.crowd import Someone
from tests.crash.house import House

OPEN: Final = ("waiting", "sending", "unknown")
IN_DOUBT: Final = ("sending", "unknown")
Row = Any
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Books:
    """All rows of the tables that count, each table in the order of its ids."""

    conversations: tuple[Row, ...]
    contacts: tuple[Row, ...]
    inbox: tuple[Row, ...]
    turns: tuple[Row, ...]
    outbox: tuple[Row, ...]
    handoffs: tuple[Row, ...]
    notices: tuple[Row, ...]

    def conversation_of(self, someone: Someone) -> Row:
        """Return the one conversation with this person."""
        [place] = {
            contact.conversation_id
            for contact in self.contacts
            if (contact.channel, contact.external_id) == (someone.channel, someone.address)
        }
        return next(row for row in self.conversations if row.id == place)

    def outbox_of(self, conversation: Row) -> list[Row]:
        """Return a conversation's outgoing messages in order."""
        return [row for row in self.outbox if row.conversation_id == conversation.id]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What still waits in the bot's tables."""

    events: int
    conversations: int
    messages: int

    def __bool__(self) -> bool:
        return bool(self.events or self.conversations or self.messages)


class Ledger:
    """Reads the bot's database from outside, while the bot lives, dies and lives again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def books(self) -> Books:
        """Return everything."""
        return await self._database.read(_books)

    async def waiting(self, *, unless_doubtful: bool = False) -> Waiting:
        """Return what is not done yet, if need be without what is in doubt or stands behind that."""
        return await self._database.read(_waiting, unless_doubtful=unless_doubtful)

    async def in_doubt(self) -> int:
        """Return how many messages may or may not have gone out."""
        return await self._database.read(_in_doubt)

    async def wait_for_a_message_on_its_way(self) -> None:
        """Return while something is being sent.

        Raises:
            TimeoutError: nothing ever was.

        """
        async with asyncio.timeout(20):
            while not await self.in_doubt():  # noqa: ASYNC110 - another process writes the row
                await asyncio.sleep(0.01)

    async def spoil(self, conversation_id: int) -> None:
        """Make a conversation's state unreadable, so that every turn of it fails."""
        await self._database.write(_spoil, conversation_id)


@asynccontextmanager
async def ledger(url: str) -> AsyncIterator[Ledger]:
    """Open the books of the database at ``url``, which must have its tables."""
    database = Database(url, pool=2)
    try:
        yield Ledger(database)
    finally:
        await database.close()


async def quiet(house: House, books: Ledger, seconds: float, *, unless_doubtful: bool = False) -> float:
    """Wait until nothing is on its way any more, in either direction; return how long that took.

    ``unless_doubtful`` does not wait for messages that are in doubt, nor for those behind them.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    waiting: object = None
    while loop.time() < start + seconds:
        waiting = await _on_its_way(house, books, unless_doubtful)
        if not waiting:
            # Once more: between a message's sending and its first mark nothing waits anywhere.
            before = await house.platforms.accepted()
            await asyncio.sleep(0.8)
            waiting = await _on_its_way(house, books, unless_doubtful)
            if not waiting and await house.platforms.accepted() == before:
                return loop.time() - start
        await asyncio.sleep(0.2)
    logs = "\n".join(f"--- {bot.name}\n{bot.words()}" for bot in house.bots.values())
    raise AssertionError(f"still not quiet after {seconds:g} s: {waiting}\n{logs}")


async def _on_its_way(house: House, books: Ledger, unless_doubtful: bool) -> object:
    return await books.waiting(unless_doubtful=unless_doubtful) or await house.platforms.undelivered()


def check_turns(books: Books, said: Mapping[Key, Someone]) -> None:
    """Every accepted message has exactly one turn, and the turns of a conversation have no gap."""
    texts = [row for row in books.inbox if row.kind == "text"]
    assert Counter((row.source, row.external_id) for row in texts) == Counter(said.keys())
    places = {someone: books.conversation_of(someone).id for someone in set(said.values())}
    assert len(set(places.values())) == len(places), "two people share a conversation"
    for row in texts:
        assert row.conversation_id == places[said[row.source, row.external_id]]
    made = {(row.conversation_id, row.version) for row in books.turns}
    for row in books.inbox:
        if row.lane == "message":
            assert row.status == "done", row
            assert (row.conversation_id, row.turn) in made, row
        else:
            assert row.status == "done", row
    versions: dict[int, list[int]] = defaultdict(list)
    for row in books.turns:
        versions[row.conversation_id].append(row.version)
    for conversation in books.conversations:
        assert versions[conversation.id] == list(range(1, conversation.version + 1))


def check_nobody_was_fetched(books: Books) -> None:
    """No echo of our own was taken for a person's word, and no turn was given up."""
    assert [row for row in books.conversations if row.floor != "bot" or row.status != "bot"] == []
    assert books.handoffs == ()
    assert books.notices == ()


def check_answers(books: Books, sent: Sequence[Mapping[str, Any]], said: Mapping[Key, Someone]) -> None:
    """Every message of the outbox stands at the platform exactly once, in order, and nothing else does."""
    assert [row for row in books.outbox if row.status != "sent"] == []
    theirs: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for message in sent:
        theirs[message["channel"], message["person"]].append(message)
    for someone in sorted(set(said.values()), key=lambda one: (one.channel, one.key)):
        rows = books.outbox_of(books.conversation_of(someone))
        messages = theirs.pop((someone.channel, someone.key), [])
        assert [message["id"] for message in messages] == [row.external_id for row in rows], someone
        assert [message["text"] for message in messages] == [_words(row) for row in rows], someone
        assert [(row.turn, row.seq) for row in rows] == sorted((row.turn, row.seq) for row in rows)
    assert not theirs, "somebody got messages who never wrote"
    references = [message["reference"] for message in sent if message["reference"] is not None]
    assert len(references) == len(set(references))
    assert {f"nk-{row.id}" for row in books.outbox} >= set(references)


def check_what_was_told_of_them(books: Books, sent: Sequence[Mapping[str, Any]]) -> None:
    """No mark and no echo got lost either: those are webhooks like any other."""
    echoes = sorted(row.external_id for row in books.inbox if row.kind == "echo")
    assert echoes == sorted(message["id"] for message in sent if message["channel"] == "instagram")
    marked = {message["id"] for message in sent if message["channel"] == "whatsapp"}
    assert {row.delivery for row in books.outbox if row.external_id in marked} <= {"delivered"}


def check_everyone_was_answered(books: Books) -> None:
    """Whatever was written got an answer in the very turn that heard it."""
    answered = {(row.conversation_id, row.turn) for row in books.outbox}
    heard = {(row.conversation_id, row.turn) for row in books.inbox if row.kind == "text"}
    assert heard - answered == set()


def _books(connection: Any) -> Books:
    def rows(model: Any, *columns: str) -> tuple[Row, ...]:
        its = table(model)
        return tuple(connection.execute(its.select().order_by(*(its.c[name] for name in columns))))

    return Books(
        conversations=rows(Conversation, "id"),
        contacts=rows(ContactRow, "id"),
        inbox=rows(InboxRow, "id"),
        turns=rows(TurnRow, "conversation_id", "version"),
        outbox=rows(OutboxRow, "id"),
        handoffs=rows(HandoffRow, "id"),
        notices=rows(NoticeRow, "id"),
    )


def _waiting(connection: Any, *, unless_doubtful: bool) -> Waiting:
    inbox, conversations, outbox = table(InboxRow), table(Conversation), table(OutboxRow)
    events = inbox.select().with_only_columns(inbox.c.id).where(inbox.c.status.in_(("new", "waiting")))
    due = (
        conversations.select()
        .with_only_columns(conversations.c.id)
        .where(conversations.c.due_at.is_not(None))
    )
    messages = (
        outbox.select()
        .with_only_columns(outbox.c.conversation_id, outbox.c.status)
        .where(outbox.c.status.in_(OPEN))
        .order_by(outbox.c.id)
    )
    lines: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(messages):
        lines[row.conversation_id].append(row.status)
    stuck = {place for place, line in lines.items() if unless_doubtful and line[0] == "unknown"}
    return Waiting(
        events=len(connection.execute(events).all()),
        conversations=len(connection.execute(due).all()),
        messages=sum(len(line) for place, line in lines.items() if place not in stuck),
    )


def _in_doubt(connection: Any) -> int:
    outbox = table(OutboxRow)
    doubtful = outbox.select().with_only_columns(outbox.c.id).where(outbox.c.status.in_(IN_DOUBT))
    return len(connection.execute(doubtful).all())


def _spoil(connection: Any, conversation_id: int) -> None:
    its = table(Conversation)
    connection.execute(its.update().where(its.c.id == conversation_id).values(state='{"asked": "never"}'))


def _words(row: Row) -> str:
    words: str = orjson.loads(row.outgoing)["text"]
    return words
