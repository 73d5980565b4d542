"""Pages that stay true by themselves: one hub per process looks at the desk and tells every open page.

The stream says *that* something changed, never what: each event carries a print (a short mark of the state),
the page compares it with the print it was made with and asks anew only if they differ. So nothing can be
missed: a page that reconnects is told all prints at once, and a slow one only ever hears the newest.

One look serves all pages that show the same thing, and there are at most five looks a second, however many
things happen: what a look costs does not depend on how busy the shop is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import orjson
import structlog

from persistence.desk_queue import Filter

_log = structlog.get_logger(__name__)

POLL_SECONDS: Final = 0.5
"""How long a lost wake-up may go unnoticed."""
SPACING_SECONDS: Final = 0.2
"""The least time between two looks."""
MOST_PER_ACCOUNT: Final = 24
"""How many streams one account may hold; the oldest is closed for a new one."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What one page shows: whose it is, its filter of the queue, the thread that is open in it."""

    account: int
    filter: Filter
    thread: int | None = None


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody at a thread: shown to the others there."""

    account: int
    name: str
    typing: bool


class Sight(Protocol):
    """What the hub can see. Every answer is cheap: it is asked for up to five times a second."""

    async def queue(self, watched: Filter, account: int) -> str:
        """Return the print of the queue under a filter, for an account."""

    async def counts(self, account: int) -> str:
        """Return the print of what stands on the tabs."""

    async def thread(self, conversation_id: int) -> str:
        """Return the print of a thread."""

    async def alarms(self, account: int) -> str:
        """Return the print of the alarms that an account has not seen."""

    async def present(self) -> Mapping[int, tuple[Looker, ...]]:
        """Return who is at which thread right now."""


@dataclass(slots=True, eq=False)
class Listener:
    """One open page. What it has not been told yet is kept by kind, so that only the newest is."""

    watch: Watch
    _untold: dict[str, bytes] = field(default_factory=dict)
    _told: dict[str, bytes] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    def tell(self, kind: str, told: Mapping[str, object]) -> None:
        """Note something to be told, unless the page knows it already."""
        data = orjson.dumps(told)
        if self._told.get(kind) != data:
            self._told[kind] = self._untold[kind] = data
            self._news.set()

    def close(self) -> None:
        """End the stream."""
        self._closed = True
        self._news.set()

    async def hear(self, seconds: float) -> Mapping[str, bytes] | None:
        """Wait for news, at most that long: what is to be told (nothing: time passed), None at the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        if self._closed:
            return None
        self._news.clear()
        news, self._untold = self._untold, {}
        return news


class Hub:
    """Looks while anybody listens, and tells the listeners what they show has changed."""

    def __init__(self, sight: Sight, wait: Callable[[float], Awaitable[object]]) -> None:
        """Look with ``sight``; ``wait`` returns when something happened, or after so many seconds."""
        self._sight = sight
        self._wait = wait
        self._listeners: set[Listener] = set()
        self._somebody = asyncio.Event()
        self._fresh = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._loop = asyncio.create_task(self._run(), name="desk-hub")

    async def stop(self) -> None:
        """End every stream, so that nobody keeps the program from stopping."""
        for listener in self._listeners:
            listener.close()
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
            self._loop = None

    @contextlib.asynccontextmanager
    async def listening(self, watch: Watch) -> AsyncIterator[Listener]:
        """Give a listener that is told at once how things stand, and later whatever changes."""
        listener = Listener(watch)
        mine = [one for one in self._listeners if one.watch.account == watch.account]
        if len(mine) >= MOST_PER_ACCOUNT:
            mine[0].close()
            self._listeners.discard(mine[0])
        self._listeners.add(listener)
        self._somebody.set()
        self._fresh.set()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._somebody.clear()

    @property
    def listeners(self) -> int:
        """How many pages are open."""
        return len(self._listeners)

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._somebody.wait()
            self._fresh.clear()
            began = clock()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the hub outlives a database that is away for a moment
                _log.warning("desk_not_seen", error=type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)
            # Where looking takes long, the database has more to do than to be looked at.
            await asyncio.sleep(max(SPACING_SECONDS, 2 * (clock() - began)))
            await self._news()

    async def _news(self) -> None:
        """Wait until something happened, somebody new listens, or it is time to look anyway."""
        waits = [
            asyncio.ensure_future(self._wait(POLL_SECONDS)),
            asyncio.ensure_future(self._fresh.wait()),
        ]
        try:
            await asyncio.wait(waits, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def look(self) -> None:
        """Look once at everything that is shown anywhere, and tell who shows it."""
        listeners = tuple(self._listeners)
        if not listeners:
            return
        queues = {key: await self._sight.queue(*key) for key in {_shown(one.watch) for one in listeners}}
        open_threads = {one.watch.thread for one in listeners if one.watch.thread is not None}
        threads = {one: await self._sight.thread(one) for one in open_threads}
        accounts = {one.watch.account for one in listeners}
        counts = {one: await self._sight.counts(one) for one in accounts}
        alarms = {one: await self._sight.alarms(one) for one in accounts}
        present = _words(await self._sight.present())
        for one in listeners:
            watch = one.watch
            one.tell("queue", {"print": f"{queues[_shown(watch)]}.{counts[watch.account]}"})
            one.tell("alarm", {"print": alarms[watch.account]})
            one.tell("presence", {"threads": present})
            if watch.thread is not None:
                one.tell("thread", {"id": watch.thread, "print": threads[watch.thread]})


def _shown(watch: Watch) -> tuple[Filter, int]:
    """What is looked at once for all: only one's own threads differ from one agent to the next."""
    return watch.filter, watch.account if watch.filter.tab == "mine" else 0


def _words(present: Mapping[int, tuple[Looker, ...]]) -> dict[str, list[list[object]]]:
    return {
        str(thread): [[one.account, one.name, one.typing] for one in lookers]
        for thread, lookers in sorted(present.items())
    }


def frame(kind: str, data: bytes) -> bytes:
    """Return one event as the stream carries it (HTML standard, 9.2 server-sent events)."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), data)
