"""The speed: wake-ups and shared rates. In one process by itself, between processes through Redis.

Nothing here is the truth. A lost wake-up costs a poll interval; a flushed Redis costs a moment of politeness.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final, Protocol, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

_log = structlog.get_logger(__name__)

TOPICS: Final = (
    "turns", "outbox", "receipts", "shop", "clock", "mails", "desk", "media", "alarms", "search", "group",
    "requests", "gaps", "tokens", "templates",
)  # fmt: skip
"""What can be waited for: due conversations, waiting messages, delivery marks, shop events, the time itself
(travelled, or the end of the work), mails that the shop is asked for, changes at the desk, files to fetch,
alarms to be told, words to be found, support groups, requests to the shop, gaps in what platforms have told,
tokens that end, news of templates."""


class Signals(Protocol):
    """Wake-ups by topic, and rates by key."""

    async def wake(self, *topics: str) -> None:
        """Tell everybody who waits for one of the topics. Never fails: whoever waits also polls."""

    async def wait(self, topic: str, seconds: float) -> bool:
        """Wait until the topic is woken, at most that long; a wake-up since the last wait counts."""

    async def take(self, key: str, interval: timedelta, burst: int, now: float) -> float:
        """Ask to do something once under a rate: 0 and it is counted, or the seconds to wait and it is not.

        The rate is one per ``interval`` in the long run with ``burst`` at once (generic cell rate algorithm).
        ``now`` is in seconds on any clock that all who share the key share.
        """

    async def alive(self) -> bool:
        """Tell whether signals reach other processes."""

    async def aclose(self) -> None:
        """Release connections."""


class LocalSignals:
    """Signals inside one process."""

    def __init__(self) -> None:
        """Start quiet."""
        self._events = {topic: asyncio.Event() for topic in TOPICS}
        self._full_at: dict[str, float] = {}

    async def wake(self, *topics: str) -> None:
        """See `Signals.wake`."""
        for topic in topics:
            self._events[topic].set()
            if topic == "desk":  # whatever changes at the desk may have to be shown in its groups
                self._events["group"].set()

    async def wait(self, topic: str, seconds: float) -> bool:
        """See `Signals.wait`."""
        event = self._events[topic]
        if not event.is_set():
            try:
                await asyncio.wait_for(event.wait(), seconds)
            except TimeoutError:
                return False
        event.clear()  # whoever else waited has been woken as well, although they come to run only now
        return True

    async def take(self, key: str, interval: timedelta, burst: int, now: float) -> float:
        """See `Signals.take`."""
        step = interval.total_seconds()
        begin = max(self._full_at.get(key, now), now)
        wait = begin - now - step * (burst - 1)
        if wait > 0:
            return wait
        self._full_at[key] = begin + step
        if len(self._full_at) > 50_000:  # keys whose time has passed carry no information
            self._full_at = {one: at for one, at in self._full_at.items() if at > now}
        return 0.0

    async def alive(self) -> bool:
        """See `Signals.alive`."""
        return True

    async def aclose(self) -> None:
        """See `Signals.aclose`."""


_TAKE: Final = """
local begin = math.max(tonumber(redis.call('GET', KEYS[1]) or ARGV[1]), tonumber(ARGV[1]))
local step = tonumber(ARGV[2])
local wait = begin - tonumber(ARGV[1]) - step * (tonumber(ARGV[3]) - 1)
if wait > 0 then return tostring(wait) end
local full = begin + step
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - tonumber(ARGV[1])) * 1000) +
1000) return '0'
"""


class RedisSignals:
    """Signals between processes, and inside this one even while Redis is away."""

    def __init__(self, url: str, *, prefix: str = "nachklang") -> None:
        """Speak to the Redis at ``url``; every key and channel begins with ``prefix``."""
        self._redis: Redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._prefix = prefix
        self._local = LocalSignals()
        self._take = self._redis.register_script(_TAKE)
        self._listener: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen; returns at once, and again after every loss of the connection."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="redis-signals")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), 2)

    async def wake(self, *topics: str) -> None:
        """See `Signals.wake`."""
        await self._local.wake(*topics)
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for topic in topics:
                    pipeline.publish(f"{self._prefix}:{topic}", b"")
                await pipeline.execute()
        except (RedisError, OSError) as error:
            _log.warning("redis_unreachable", doing="wake", error=type(error).__name__)

    async def wait(self, topic: str, seconds: float) -> bool:
        """See `Signals.wait`."""
        return await self._local.wait(topic, seconds)

    async def take(self, key: str, interval: timedelta, burst: int, now: float) -> float:
        """See `Signals.take`. Without Redis each process keeps the rate by itself."""
        try:
            answer = await cast(
                "Awaitable[bytes]",
                self._take(keys=[f"{self._prefix}:rate:{key}"], args=[now, interval.total_seconds(), burst]),
            )
        except (RedisError, OSError) as error:
            _log.warning("redis_unreachable", doing="take", error=type(error).__name__)
            return await self._local.take(key, interval, burst, now)
        return float(answer)

    async def alive(self) -> bool:
        """See `Signals.alive`."""
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def aclose(self) -> None:
        """See `Signals.aclose`."""
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
        await self._redis.aclose()

    async def _listen(self) -> None:
        pause = 0.2
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=False) as pubsub:
                    await pubsub.subscribe(*(f"{self._prefix}:{topic}" for topic in TOPICS))
                    while True:
                        message = await pubsub.get_message(timeout=30.0)
                        if message is None:
                            continue
                        if message["type"] == "subscribe":
                            self._heard.set()
                            pause = 0.2
                            continue
                        await self._local.wake(message["channel"].decode().rpartition(":")[2])
            except (RedisError, OSError) as error:
                _log.warning("redis_unreachable", doing="listen", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
