"""What the machine that plays the house knows of conversations and messages; see `house.House`."""

from dataclasses import dataclass, field
from datetime import timedelta

from dialogs.handoff import Thread
from dialogs.messages import Delivery, Due
from persistence.turns import Heard, Turn
from tests.persistence.world import T0


@dataclass
class Talk:
    """What must be true of one conversation. ``waiting`` maps an event to its place in the order."""

    id: int = 0
    version: int = 0
    thread: Thread = field(default_factory=Thread)
    open_cases: int = 0
    waiting: dict[str, tuple[float, int]] = field(default_factory=dict)
    due: float | None = None
    leased_until: float = 0
    reminders: dict[str, tuple[float, str]] = field(default_factory=dict)

    def wake(self, now: float) -> None:
        """Somebody must look now, if not earlier."""
        self.due = now if self.due is None else min(self.due, now)

    def move_on(self, now: float, turn: Turn) -> None:
        """A turn has counted. What came meanwhile, or what another claimed meanwhile, is due again."""
        left = self.waiting.keys() - {identity(one) for one in turn.events}
        ends = (turn.leased_until, T0 + timedelta(seconds=self.leased_until))
        if self.due is None or T0 + timedelta(seconds=self.due) in ends:
            self.due = now if left else None
        self.version += 1
        self.leased_until = 0


@dataclass(frozen=True)
class Letter:
    """A message that is accepted and not sorted: who sent it, its place in the order, and when it came."""

    who: str
    token: str
    place: tuple[float, int]
    received: float


@dataclass
class Message:
    """What must be true of one outbox row."""

    id: int
    talk: int
    words: str
    speaker: str = "bot"
    status: str = "waiting"
    due: float = 0
    tried: bool = False
    delivery: Delivery | None = None
    external_id: str | None = None
    event: int = 0
    undo_until: float = 0


def identity(heard: Heard) -> str:
    """By what the model knows an event."""
    return heard.event.data["token"] if isinstance(heard.event, Due) else heard.external_id
