"""Signals: one contract for one process and for many, and a Redis that goes away stops nobody."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis as BlockingRedis

from persistence.signals import TOPICS, LocalSignals, RedisSignals, Signals
from tests import services

SECOND = timedelta(seconds=1)
NOW = 1_772_000_000.0


@pytest.fixture(params=["local", "redis"])
async def signals(request: pytest.FixtureRequest) -> AsyncIterator[Signals]:
    """Each kind in turn."""
    if request.param == "local":
        yield LocalSignals()
        return
    found = RedisSignals(request.getfixturevalue("redis_url"))
    await found.start()
    yield found
    await found.aclose()


async def test_who_waits_is_woken(signals: Signals) -> None:
    waiting = asyncio.create_task(signals.wait("turns", 30))
    await asyncio.sleep(0.01)
    await signals.wake("outbox", "turns")
    assert await asyncio.wait_for(waiting, 10)
    assert await signals.alive()


async def test_everybody_who_waits_is_woken(signals: Signals) -> None:
    waiting = [asyncio.create_task(signals.wait("turns", 30)) for _ in range(5)]
    await asyncio.sleep(0.01)
    await signals.wake("turns")
    assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [True] * 5


async def test_a_wake_up_since_the_last_wait_counts_once(signals: Signals) -> None:
    await signals.wake("turns")
    assert await signals.wait("turns", 30)
    # Redis brings our own call back as well; then everything is quiet.
    while await signals.wait("turns", 0.3):
        pass
    assert not await signals.wait("turns", 0)


async def test_each_topic_wakes_its_own(signals: Signals) -> None:
    for topic in TOPICS:
        await signals.wake(topic)
        for other in TOPICS:
            # What changes at the desk may have to be shown in its groups.
            assert await signals.wait(other, 0) == (other == topic or (topic, other) == ("desk", "group"))
        while await signals.wait(topic, 0.1):
            pass


async def test_a_rate_allows_its_burst_and_then_one_per_interval(signals: Signals) -> None:
    async def take(now: float) -> float:
        return await signals.take("pair", 6 * SECOND, 3, NOW + now)

    assert [await take(0) for _ in range(3)] == [0, 0, 0]
    assert await take(0) == pytest.approx(6)
    assert await take(4) == pytest.approx(2)
    assert await take(6.001) == 0
    assert await take(6.001) == pytest.approx(6, abs=0.01)
    assert [await take(1000) for _ in range(4)] == [0, 0, 0, pytest.approx(6)]
    assert await signals.take("another pair", 6 * SECOND, 3, NOW) == 0


async def test_a_burst_of_one_is_a_plain_interval(signals: Signals) -> None:
    assert await signals.take("k", SECOND, 1, NOW) == 0
    assert await signals.take("k", SECOND, 1, NOW) == pytest.approx(1)
    assert await signals.take("k", SECOND, 1, NOW + 1.001) == 0


_STEP = st.integers(1, 40).map(lambda n: n * 0.25)


@st.composite
def _rate(draw: st.DrawFn) -> tuple[float, int, list[float]]:
    """An interval, a burst, and the pauses between the questions."""
    pauses = draw(st.lists(st.integers(0, 30).map(lambda n: n * 0.125), min_size=1, max_size=60))
    return draw(_STEP), draw(st.integers(1, 8)), pauses


def _holds(granted: list[float], interval: float, burst: int) -> bool:
    """No stretch of time may see more than the burst and one per interval (Redis keeps microseconds)."""
    return all(
        number + 1 <= burst + (granted[first + number] - granted[first]) / interval + 1e-4
        for first in range(len(granted))
        for number in range(len(granted) - first)
    )


async def _granted(
    signals: Signals, key: str, interval: float, burst: int, pauses: list[float]
) -> list[float]:
    now, granted = NOW, []
    for pause in pauses:
        now += pause
        wait = await signals.take(key, timedelta(seconds=interval), burst, now)
        assert 0 <= wait <= interval + 1e-4
        if wait == 0:
            granted.append(now)
    return granted


@given(_rate())
def test_a_rate_is_never_exceeded(rate: tuple[float, int, list[float]]) -> None:
    interval, burst, pauses = rate
    granted = asyncio.run(_granted(LocalSignals(), "k", interval, burst, pauses))
    assert _holds(granted, interval, burst)
    assert len(granted) >= min(burst, len(pauses))


@given(_rate())
def test_whoever_waits_as_long_as_told_is_let_through(rate: tuple[float, int, list[float]]) -> None:
    async def play() -> None:
        interval, burst, pauses = rate
        signals, now = LocalSignals(), NOW
        for pause in pauses:
            now += pause
            if wait := await signals.take("k", timedelta(seconds=interval), burst, now):
                now += wait + 1e-6
                assert await signals.take("k", timedelta(seconds=interval), burst, now) == 0

    asyncio.run(play())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rate())
def test_processes_share_a_rate_and_never_exceed_it(
    redis_url: str, rate: tuple[float, int, list[float]]
) -> None:
    interval, burst, pauses = rate

    async def play() -> tuple[list[float], list[float]]:
        key = secrets.token_hex(4)
        one, two = RedisSignals(redis_url), RedisSignals(redis_url)
        now, granted = NOW, []
        for number, pause in enumerate(pauses):
            now += pause
            if await (one, two)[number % 2].take(key, timedelta(seconds=interval), burst, now) == 0:
                granted.append(now)
        await one.aclose()
        await two.aclose()
        return granted, await _granted(LocalSignals(), key, interval, burst, pauses)

    shared, local = asyncio.run(play())
    assert _holds(shared, interval, burst)
    assert len(shared) == pytest.approx(
        len(local), abs=1
    )  # the twins agree but for a rounding at the very edge


async def test_keys_whose_time_has_passed_are_forgotten() -> None:
    signals = LocalSignals()
    for number in range(50_001):
        await signals.take(str(number), SECOND, 1, NOW if number < 50_000 else NOW + 10)
    assert len(signals._full_at) == 1


async def test_redis_forgets_rates_by_itself(redis_url: str) -> None:
    signals = RedisSignals(redis_url, prefix="shop")
    await signals.take("k", 6 * SECOND, 3, NOW)
    with contextlib.closing(BlockingRedis.from_url(redis_url)) as server:
        assert 6000 < int(server.pttl("shop:rate:k")) <= 7000
    await signals.aclose()


async def test_a_wake_up_crosses_processes(redis_url: str) -> None:
    one, two, other = (
        RedisSignals(redis_url),
        RedisSignals(redis_url),
        RedisSignals(redis_url, prefix="other"),
    )
    for signals in (one, two, other):
        await signals.start()
    waiting = asyncio.create_task(two.wait("outbox", 30))
    elsewhere = asyncio.create_task(other.wait("outbox", 1))
    await one.wake("outbox")
    assert await asyncio.wait_for(waiting, 10)
    assert not await elsewhere
    for signals in (one, two, other):
        await signals.aclose()


@pytest.fixture
def redis_of_ones_own() -> Iterator[tuple[str, Callable[[], None]]]:
    """A server that the test may stop: its address, and how to stop it."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(services.redis_server())
        yield url, stack.close


async def test_without_redis_everything_goes_on_in_this_process(
    redis_of_ones_own: tuple[str, Callable[[], None]],
) -> None:
    url, stop = redis_of_ones_own
    signals = RedisSignals(url)
    await signals.start()
    assert await signals.take("k", 6 * SECOND, 1, NOW) == 0
    await asyncio.to_thread(stop)
    assert not await signals.alive()
    began = time.monotonic()
    waiting = asyncio.create_task(signals.wait("turns", 30))
    await asyncio.sleep(0.01)
    await signals.wake("turns")
    assert await asyncio.wait_for(waiting, 10)
    # The rate is kept by this process alone, and politely: from the beginning.
    assert await signals.take("k", 6 * SECOND, 1, NOW) == 0
    assert await signals.take("k", 6 * SECOND, 1, NOW) == pytest.approx(6)
    assert time.monotonic() - began < 8  # a door that is knocked at for ever would hold up every webhook
    await asyncio.wait_for(signals.aclose(), 10)


async def test_starting_without_redis_does_not_fail() -> None:
    signals = RedisSignals("redis://127.0.0.1:1/0")
    await asyncio.wait_for(signals.start(), 10)
    await signals.wake("turns")
    assert await signals.wait("turns", 1)
    assert not await signals.alive()
    await asyncio.wait_for(signals.aclose(), 10)


async def test_a_lost_connection_is_taken_up_again(redis_url: str) -> None:
    one, two = RedisSignals(redis_url), RedisSignals(redis_url)
    await one.start()
    await two.start()
    with contextlib.closing(BlockingRedis.from_url(redis_url)) as server:
        server.client_kill_filter(_type="pubsub")
        server.client_kill_filter(_type="normal", skipme=True)
    for _ in range(100):
        await one.wake("turns")
        if await two.wait("turns", 0.2):
            break
    else:
        pytest.fail("nothing is heard any more")
    await one.aclose()
    await two.aclose()
