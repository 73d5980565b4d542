"""Stand-ins that implement the real ports: a channel that does as told, stores that fail now and then."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clock import Clock
from dialogs.channel import Capabilities
from dialogs.flow import Flow
from dialogs.messages import Attachment, Outgoing
from integrations import instagram, telegram, whatsapp
from integrations.base import MediaFile, MediaGone, MediaTooLarge, Sent, SentCopy
from persistence.inbox import Inbox, Intake
from persistence.outbox import Outbound, Outbox, Settlement
from persistence.turns import Turn, Turns
from tests.persistence.world import T0

LIKE = {
    "whatsapp": whatsapp.CAPABILITIES,
    "instagram": instagram.CAPABILITIES,
    "telegram": telegram.CAPABILITIES,
}
"""What the real channels declare."""


class SteeredClock(Clock):
    """Stands still until it is moved."""

    def __call__(self) -> datetime:
        return T0 + self.travelled

    def to(self, seconds: float) -> None:
        """Go on to a moment, that many seconds after the test's beginning."""
        self.advance(T0 + timedelta(seconds=seconds) - self())


@dataclass
class FakeChannel:
    """Accepts everything, unless told what to say to the next messages.

    An exception is raised; an event is waited for before the message is accepted.
    """

    name: str = "whatsapp"
    account: str = "shop"
    capabilities: Capabilities = LIKE["whatsapp"]
    sent: list["Delivered"] = field(default_factory=list)
    tries: int = 0
    courtesies: list[tuple[str, ...]] = field(default_factory=list)
    copies: list[SentCopy] = field(default_factory=list)
    history_fails: deque[Exception] = field(default_factory=deque)
    courtesy_fails: Exception | None = None
    courtesy_waits: asyncio.Event | None = None
    held: bool = False
    files: dict[str, MediaFile | Exception] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    fetching: asyncio.Event | None = None
    closed: bool = False
    _next: deque[Exception | asyncio.Event] = field(default_factory=deque)
    _gates: dict[str, asyncio.Event] = field(default_factory=dict)

    def then(self, *what: Exception | asyncio.Event) -> None:
        """Say this to the next messages, one after the other."""
        self._next.extend(what)

    def hang(self, address: str) -> asyncio.Event:
        """Let messages to one person wait until the returned event is set."""
        return self._gates.setdefault(address, asyncio.Event())

    @property
    def texts(self) -> list[str]:
        """What was accepted, in order."""
        return [one.outgoing.text for one in self.sent]

    async def send(
        self, address: str, outgoing: Outgoing, *, reference: str, agent_tag: bool = False
    ) -> Sent:
        self.tries += 1
        if address in self._gates:
            await self._gates[address].wait()
        told = self._next.popleft() if self._next else None
        if isinstance(told, Exception):
            raise told
        if told is not None:
            await told.wait()
        self.sent.append(Delivered(address, outgoing, reference, agent_tag))
        return Sent(f"m{len(self.sent)}", held=self.held)

    async def seen(self, address: str, message_id: str, *, typing: bool = True) -> None:
        await self._courtesy("seen" if typing else "read", address, message_id)

    async def answer_tap(self, callback_id: str) -> None:
        await self._courtesy("tap", callback_id)

    async def _courtesy(self, *what: str) -> None:
        self.courtesies.append(what)
        if self.courtesy_waits is not None:
            await self.courtesy_waits.wait()
        if self.courtesy_fails is not None:
            raise self.courtesy_fails

    async def fetch(self, attachment: Attachment, *, largest: int) -> MediaFile:
        self.fetched.append(attachment.media_id or "")
        if self.fetching is not None:
            await self.fetching.wait()
        file = self.files.get(attachment.media_id or "", MediaGone("no such file"))
        if isinstance(file, Exception):
            raise file
        if len(file.body) > largest:
            raise MediaTooLarge("too large")
        return file

    async def history(self, address: str) -> Sequence[SentCopy]:
        if self.history_fails:
            raise self.history_fails.popleft()
        return self.copies

    def entry_url(self, code: str, greeting: str) -> str:
        return f"https://chat.example/{self.name}?ref={code}"

    async def aclose(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class Delivered:
    """One message that the fake channel accepted."""

    address: str
    outgoing: Outgoing
    reference: str
    agent_tag: bool


class Fuse:
    """Breaks so many times, then holds."""

    def __init__(self, times: int, error: Exception | None = None) -> None:
        self.left = times
        self.broken = 0
        self._error = error or OSError("the database is away")

    def touch(self) -> None:
        if self.left:
            self.left -= 1
            self.broken += 1
            raise self._error


class FlakyInbox(Inbox):
    """An inbox whose database is away for a while."""

    fuse: Fuse
    calls = 0

    async def accept_all(self, intakes: Sequence[Intake]) -> list[int | Exception]:
        self.calls += 1
        self.fuse.touch()
        return await super().accept_all(intakes)


class FlakyTurns(Turns):
    """A queue whose database is away for a while."""

    fuse: Fuse

    async def claim(self, now: datetime, most: int) -> list[Turn]:
        self.fuse.touch()
        return await super().claim(now, most)


class FlakyOutbox(Outbox):
    """An outbox whose database is away for a while, when messages are taken or when they are settled."""

    claiming: Fuse
    settling: Fuse

    async def claim(self, now: datetime, most: int) -> list[Outbound]:
        self.claiming.touch()
        return await super().claim(now, most)

    async def settle(self, settlement: Settlement) -> None:
        self.settling.touch()
        await super().settle(settlement)


@dataclass
class BrokenFlows(Mapping[str, Flow]):
    """The flows by trigger, of which one cannot be had for a while: the turns that ask for it fail."""

    flows: Mapping[str, Flow]
    trigger: str
    fuse: Fuse

    def __getitem__(self, trigger: str) -> Flow:
        if trigger == self.trigger:
            self.fuse.touch()
        return self.flows[trigger]

    def __iter__(self) -> Iterator[str]:
        return iter(self.flows)

    def __len__(self) -> int:
        return len(self.flows)
