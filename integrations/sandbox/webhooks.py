"""The post: signed webhooks over real HTTP, tried again until they are taken.

Each source has its own box. Events of one person leave in order; different people's travel side by side, as
they do at the platforms. The faults join, repeat and shuffle them on demand.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import structlog

from integrations.sandbox.errors import Json
from integrations.sandbox.faults import Faults

log = structlog.get_logger(__name__)

FIRST_RETRY: Final = 0.3
LONGEST_RETRY: Final = 5.0
LINGER: Final = 0.05
"""Seconds that events wait for company when they are to be joined or shuffled."""
MOST_WAITING: Final = 200_000
"""Events that may wait per source; what comes on top is lost and counted."""

Pack = Callable[[Sequence[Sequence[Json]]], bytes]
Sign = Callable[[bytes], Mapping[str, str]]


def escaped(value: Any) -> bytes:
    r"""Return JSON as Meta writes and signs it: non-ASCII as ``\u00e4``, slashes as ``\/``."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def signature(secret: str, body: bytes) -> str:
    """Return the value of ``X-Hub-Signature-256`` and of the order feed's ``X-Signature-256``."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Route:
    """How one source's events become a POST. ``joins`` tells that several may share one."""

    source: str
    pack: Pack
    sign: Sign
    joins: bool = True


@dataclass(slots=True)
class _Box:
    route: Route
    lanes: dict[str, deque[Json]] = field(default_factory=dict)
    ready: deque[str] = field(default_factory=deque)
    running: int = 0
    held: bool = False


@dataclass(slots=True)
class Tally:
    """What became of the events and of the POSTs that carried them."""

    waiting: int = 0
    delivered: int = 0
    given_up: int = 0
    lost: int = 0
    attempts: int = 0

    def json(self) -> Json:
        """Return the numbers for the phone page and for tests."""
        return {
            "waiting": self.waiting,
            "delivered": self.delivered,
            "given_up": self.given_up,
            "lost": self.lost,
            "attempts": self.attempts,
        }


class Postman:
    """Takes events, delivers them, and knows how many still wait. Belongs to one event loop."""

    def __init__(
        self, routes: Sequence[Route], faults: Faults, *, timeout: float, patience: float, parallel: int
    ) -> None:
        self.tally = Tally()
        self._boxes = {route.source: _Box(route) for route in routes}
        self._faults = faults
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._patience = patience
        self._parallel = parallel
        self._session: aiohttp.ClientSession | None = None
        self._base = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._dice = random.Random(1)  # noqa: S311 - a shuffle that comes out the same every time
        self._strays = 0

    def connect(self, base: str) -> None:
        """Send everything to ``base`` from now on; what waited leaves."""
        self._base = base.rstrip("/")
        for box in self._boxes.values():
            self._pump(box)

    def open(self) -> None:
        """Get ready to send. Must be called inside the event loop."""
        self._session = aiohttp.ClientSession(
            timeout=self._timeout, connector=aiohttp.TCPConnector(limit=0), trust_env=False
        )
        for box in self._boxes.values():
            self._pump(box)

    async def close(self) -> None:
        """Stop at once; what waits is forgotten."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def post(self, source: str, lane: str, event: Json) -> None:
        """Send ``event`` after everything that waits in the same lane. Never blocks."""
        if self._faults.webhook_lose or self.tally.waiting >= MOST_WAITING:
            self.tally.lost += 1
            return
        box = self._boxes[source]
        self.tally.waiting += 1
        if self._faults.webhook_shuffle:
            self._strays += 1
            lane = f"{lane}#{self._strays}"
        waiting = box.lanes.get(lane)
        if waiting is None:
            box.lanes[lane] = deque((event,))
            box.ready.append(lane)
        else:
            waiting.append(event)
        self._pump(box)

    def hold(self, source: str, *, held: bool) -> None:
        """Keep a source's events back, or let them go again."""
        box = self._boxes[source]
        box.held = held
        self._pump(box)

    def empty(self) -> None:
        """Forget everything that has not left yet."""
        for box in self._boxes.values():
            for events in box.lanes.values():
                self.tally.waiting -= len(events)
                events.clear()
            for lane in box.ready:
                del box.lanes[lane]
            box.ready.clear()

    async def hand_over(self, source: str, body: bytes) -> tuple[int, bytes]:
        """Post this very body once, signed, and return the answer.

        Raises:
            aiohttp.ClientError: nobody answered.
            TimeoutError: nobody answered in time.

        """
        route = self._boxes[source].route
        if self._session is None or not self._base:
            raise aiohttp.ClientConnectionError("the sandbox does not know yet where webhooks go")
        async with self._session.post(
            self._address(route), data=body, headers=self._headers(route, body)
        ) as answer:
            return answer.status, await answer.read()

    def _address(self, route: Route) -> str:
        return f"{self._base}/webhooks/{route.source}"

    @staticmethod
    def _headers(route: Route, body: bytes) -> dict[str, str]:
        return {"Content-Type": "application/json", **route.sign(body)}

    def _pump(self, box: _Box) -> None:
        if self._session is None or not self._base or box.held:
            return
        # One worker per lane that is ready; a worker that finds nothing left ends at once.
        for _ in range(min(self._parallel - box.running, len(box.ready))):
            box.running += 1
            task = asyncio.get_running_loop().create_task(self._run(box))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, box: _Box) -> None:
        try:
            while box.ready and not box.held:
                if self._faults.webhook_shuffle or (box.route.joins and self._faults.webhook_batch > 1):
                    await asyncio.sleep(LINGER)
                taken = self._take(box)
                if not taken:
                    return
                count = sum(len(events) for events in taken.values())
                body = box.route.pack(list(taken.values()))
                copies = [self._deliver(box.route, body) for _ in range(1 + self._faults.webhook_repeat)]
                try:
                    outcomes = await asyncio.gather(*copies)
                finally:
                    self.tally.waiting -= count
                if any(outcomes):
                    self.tally.delivered += count
                else:
                    self.tally.given_up += count
                self._give_back(box, taken)
        finally:
            box.running -= 1

    def _take(self, box: _Box) -> dict[str, list[Json]]:
        """Take one POST's worth. The lanes stay closed until `_give_back`, which keeps each in order."""
        most = max(1, self._faults.webhook_batch) if box.route.joins else 1
        taken: dict[str, list[Json]] = {}
        while box.ready and most and not box.held:
            if self._faults.webhook_shuffle:
                box.ready.rotate(-self._dice.randrange(len(box.ready)))
            lane = box.ready.popleft()
            waiting = box.lanes[lane]
            taken[lane] = [waiting.popleft() for _ in range(min(most, len(waiting)))]
            most -= len(taken[lane])
        return taken

    @staticmethod
    def _give_back(box: _Box, taken: Mapping[str, list[Json]]) -> None:
        for lane in taken:
            if box.lanes.get(lane):
                box.ready.append(lane)
            else:
                box.lanes.pop(lane, None)

    async def _deliver(self, route: Route, body: bytes) -> bool:
        """Post until it is taken; say whether it ever was."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._patience
        pause = FIRST_RETRY
        while True:
            self.tally.attempts += 1
            try:
                status, _ = await self.hand_over(route.source, body)
            except (aiohttp.ClientError, TimeoutError, OSError):
                status = 0
            if 200 <= status < 300:
                return True
            if clock() + pause > until:
                log.warning("webhook_given_up", source=route.source, status=status, size=len(body))
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_RETRY)
