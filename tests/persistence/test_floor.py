"""The floor: while a human has it no word of the bot goes out, in whatever order things happen."""

import asyncio
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sender import judge
from dialogs.channel import Capabilities
from dialogs.handoff import Action, Assigned, Claimed, Released, Resolved, Returned, Thread
from dialogs.messages import Outgoing
from persistence.database import Database
from persistence.desk_actions import usual
from persistence.outbox import Outbound, Settlement
from persistence.records import Effects, NewHandoff
from persistence.replies import Reply
from persistence.store import Store
from persistence.tables import OutboxRow
from persistence.turns import Turn
from tests.persistence.conftest import AT_ONCE, empty
from tests.persistence.world import LEASE, accept, at, outcome, rows, say, text

ANYTHING = Capabilities(text_limit=4000, text_unit="characters")
DESK: dict[str, Action] = {
    "claim": Claimed(7),
    "queue": Assigned(),
    "release": Released(),
    "solve": Resolved(),
    "back": Returned(),
}
MOVES = ("write", "think", "answer", "hand over", "phone", "fetch", "send", "fail", "park", "reply", *DESK)
STORIES = st.lists(st.sampled_from(MOVES), min_size=4, max_size=24)


class Shop:
    """One conversation, with everybody's hands on it: two turns and two senders may be under way at once."""

    def __init__(self, url: str) -> None:
        self.store = Store(Database(url, pool=2), burst=AT_ONCE, turn_lease=LEASE, send_lease=LEASE)
        self.now = 0.0
        self.counter = itertools.count(1)
        self.turns: list[Turn] = []
        self.flying: list[Outbound] = []
        self.place = 0

    async def play(self, story: list[str]) -> None:
        try:
            await self._play(story)
        finally:
            await self.store.close()

    async def _play(self, story: list[str]) -> None:
        await self.write()
        await self.think()
        self.place = self.turns[0].conversation_id
        for move in story:
            self.now += 1
            if move in DESK:
                await self.store.desk.act(self.place, DESK[move], "account:7", usual(at(self.now)))
                continue
            await getattr(self, move.replace(" ", "_"))()

    async def write(self) -> None:
        await accept(self.store, text(f"m{next(self.counter)}", self.now), now=self.now)

    async def think(self) -> None:
        self.turns += await self.store.turns.claim(at(self.now), 1)

    async def answer(self, effects: Effects | None = None) -> None:
        """The turn is over: it says what it has made up while the bot had the floor."""
        if not self.turns:
            return
        turn = self.turns.pop(0)
        words = f"bot {next(self.counter)}"
        said = [say(words), say(f"{words}, too")] if turn.floor == "bot" else []
        effects = effects or Effects(acts=("buyer",), release=True)
        human = await self.human()
        counted = await self.store.turns.commit(outcome(turn, self.now, *said, effects=effects))
        assert not (counted and said and human), "a turn of the bot counted although a human has the floor"
        if not counted:
            await self.store.turns.put_back(turn, at(self.now), counts=True)

    async def hand_over(self) -> None:
        await self.answer(Effects(handoff=NewHandoff("angry")))

    async def phone(self) -> None:
        await self.answer(Effects(acts=("phone",)))

    async def fetch(self) -> None:
        human = await self.human()
        fetched = await self.store.outbox.claim(at(self.now), 1)
        for row in fetched:
            if human and row.speaker == "bot" and not row.doubtful:
                verdict = judge(row, ANYTHING, at(self.now))
                assert isinstance(verdict, Settlement), "the bot would speak over a human"
                assert verdict.fate == "cancelled"
        self.flying += fetched

    async def send(self, fate: str = "sent") -> None:
        if not self.flying:
            return
        row = self.flying.pop(0)
        verdict = judge(row, ANYTHING, at(self.now))
        if not isinstance(verdict, Settlement):
            again = at(self.now) if fate == "unknown" else None
            verdict = Settlement(row, fate, at(self.now), due_at=again)  # type: ignore[arg-type]  # one of the three below
        await self.store.outbox.settle(verdict)

    async def fail(self) -> None:
        await self.send("failed")

    async def park(self) -> None:
        await self.send("parked")

    async def reply(self) -> None:
        words = f"agent {next(self.counter)}"
        reply = Reply(7, words, (Outgoing("text", words),), "now", at(self.now), words)
        await self.store.replies.say(self.place, reply, usual(at(self.now)))
        waiting = [row for row in await rows(self.store, OutboxRow) if row.status in {"waiting", "parked"}]
        assert {row.speaker for row in waiting} <= {"agent"}, "the bot still has something to say"

    async def human(self) -> bool:
        if not self.place:
            return False
        thread = await self.store.desk.thread(self.place)
        assert isinstance(thread, Thread)
        return thread.floor != "bot"


def tell(fresh: Callable[[], str], examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(STORIES)
    def whatever_happens(story: list[str]) -> None:
        asyncio.run(Shop(fresh()).play(story))

    whatever_happens()


@pytest.mark.timeout(180)
def test_no_word_of_the_bot_over_a_human_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    numbers = itertools.count()
    tell(lambda: f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{next(numbers)}.db')}", 120)


@pytest.mark.timeout(180)
def test_no_word_of_the_bot_over_a_human_on_postgresql(migrated_postgres: str) -> None:
    def fresh() -> str:
        asyncio.run(empty(migrated_postgres))
        return migrated_postgres

    tell(fresh, 40)
