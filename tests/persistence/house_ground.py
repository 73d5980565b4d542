"""What the machine that plays the house stands on: its processes, its clock, and what it knows of both."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from dialogs.handoff import Action, Refusal, Resolved, Step, Times, step
from dialogs.messages import Arrival
from persistence.database import Database
from persistence.outbox import OPEN, Outbound
from persistence.store import Store
from persistence.tables import InboxRow
from persistence.turns import Turn
from tests.persistence.conftest import AT_ONCE
from tests.persistence.house_model import Letter, Message, Talk
from tests.persistence.world import LEASE, T0, rows

T = TypeVar("T")
LEAD = timedelta(seconds=10)


class Ground(RuleBasedStateMachine):
    """The machine; `fresh` gives the address of an empty, migrated database."""

    fresh: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.url = self.fresh()
        self.workers = [self.open(), self.open()]
        self.now = 0.0
        self.counter = itertools.count(1)
        self.delivered: list[Arrival] = []
        self.accepted: set[str] = set()
        self.turned: dict[str, tuple[int, int]] = {}
        self.mail: list[Letter] = []
        self.talks: dict[str, Talk] = {}
        self.messages: dict[int, Message] = {}
        self.turns: list[tuple[int, Turn]] = []
        self.sendings: list[tuple[int, Outbound]] = []
        self.left: dict[int, list[int]] = {}
        self.owed: list[int] = []

    def open(self) -> Store:
        """A process's own connections."""
        return Store(Database(self.url, pool=2), burst=AT_ONCE, turn_lease=LEASE, send_lease=LEASE)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The store is asynchronous, the machine is not."""
        return self.runner.run(work)

    @property
    def moment(self) -> Any:
        """The virtual time."""
        return T0 + timedelta(seconds=self.now)

    def talk_of(self, conversation: int) -> Talk:
        """The model's conversation."""
        return next(talk for talk in self.talks.values() if talk.id == conversation)

    def open_messages(self, conversation: int) -> list[Message]:
        """What is still to be sent in a conversation, in its order."""
        return [one for one in self.messages.values() if one.talk == conversation and one.status in OPEN]

    def settled(self, message: Message, status: str) -> None:
        """The message has left the line: never one before another that came first."""
        if message.status in OPEN and status not in OPEN:
            self.left.setdefault(message.talk, []).append(message.id)
        message.status = status

    # -- the desk ------------------------------------------------------------------------------------------

    @property
    def times(self) -> Times:
        """A shop in a hurry."""
        soon, later = (self.moment + timedelta(seconds=seconds) for seconds in (40, 60))
        return Times(self.moment, goal=soon, quiet=later, lead=LEAD)

    def change(self, talk: Talk, action: Action) -> Step | Refusal:
        """What the pure machine says; when a human gets the floor, the bot's waiting messages are moot."""
        if isinstance(action, Resolved):
            action = Resolved(late=talk.open_cases > 0)
        result = step(talk.thread, action, self.times)
        if isinstance(result, Refusal):
            return result
        before, talk.thread = talk.thread, result.thread
        if result.back == "solved":
            talk.open_cases = 0
        if before.floor == "bot" and talk.thread.floor != "bot":
            for message in self.messages.values():
                waits = message.talk == talk.id and message.status in ("waiting", "parked")
                if waits and message.speaker == "bot":
                    message.status = "cancelled"  # out of turn: the one before it may be on its way
        if result.back is not None:
            self.owed.append(talk.id)
        return result

    def hear_from_the_desk(self) -> None:
        """The dialog hears of every hand-back, once, and at most once of a case's broken promise."""
        store = self.workers[0]
        fresh = [
            row
            for row in self.run(rows(store, InboxRow, source="desk"))
            if row.external_id not in self.accepted
        ]
        backs = [row.conversation_id for row in fresh if row.kind == "handed_back"]
        assert sorted(backs) == sorted(self.owed)
        self.owed.clear()
        for row in fresh:
            talk = self.talk_of(row.conversation_id)
            self.accepted.add(row.external_id)
            talk.waiting[row.external_id] = ((row.at - T0).total_seconds(), row.id)
            talk.wake(self.now)
