"""The hub that tells open pages what has changed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import orjson
import pytest

from bot.web.live import MOST_PER_ACCOUNT, SPACING_SECONDS, Hub, Listener, Looker, Watch, frame
from persistence.desk_queue import Filter

OPEN, MINE = Filter(), Filter(tab="mine")


class World:
    """What can be seen, as a test says; it counts how often somebody looks, and wakes the hub."""

    def __init__(self) -> None:
        self.prints: dict[str, str] = {}
        self.here: dict[int, tuple[Looker, ...]] = {}
        self.looks: Counter[str] = Counter()
        self.broken = False
        self._news = asyncio.Event()

    def change(self, what: str, mark: str) -> None:
        self.prints[what] = mark
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return False
        self._news.clear()
        return True

    def _see(self, what: str) -> str:
        if self.broken:
            raise ConnectionError
        self.looks[what] += 1
        return self.prints.get(what, "")

    async def queue(self, watched: Filter, account: int) -> str:
        return self._see(f"queue {watched.tab} {account}")

    async def counts(self, account: int) -> str:
        return self._see("counts")

    async def thread(self, conversation_id: int) -> str:
        return self._see(f"thread {conversation_id}")

    async def alarms(self, account: int) -> str:
        return self._see(f"alarms {account}")

    async def present(self) -> Mapping[int, tuple[Looker, ...]]:
        return self.here


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def hub(world: World) -> AsyncIterator[Hub]:
    made = Hub(world, world.wait)
    made.start()
    yield made
    await made.stop()


async def heard(listener: Listener, kind: str) -> dict[str, object]:
    """Wait until the listener is told something of a kind."""
    async with asyncio.timeout(5):
        while True:
            news = await listener.hear(1)
            assert news is not None
            if kind in news:
                told: dict[str, object] = orjson.loads(news[kind])
                return told


async def test_who_connects_is_told_at_once_how_things_stand(hub: Hub, world: World) -> None:
    world.prints |= {"queue open 0": "a", "thread 7": "t", "counts": "3", "alarms 1": "x"}
    world.here = {7: (Looker(2, "Tim", typing=True),)}
    async with hub.listening(Watch(1, OPEN, thread=7)) as listener:
        async with asyncio.timeout(5):
            news = await listener.hear(5)
    assert news is not None
    assert {kind: orjson.loads(data) for kind, data in news.items()} == {
        "queue": {"print": "a.3"},
        "thread": {"id": 7, "print": "t"},
        "alarm": {"print": "x"},
        "presence": {"threads": {"7": [[2, "Tim", True]]}},
    }


async def test_a_change_is_told_to_those_who_show_it_and_nothing_twice(hub: Hub, world: World) -> None:
    async with hub.listening(Watch(1, OPEN)) as one, hub.listening(Watch(2, MINE)) as other:
        await heard(one, "queue")
        await heard(other, "queue")
        world.change("queue open 0", "new")
        assert await heard(one, "queue") == {"print": "new."}
        assert await other.hear(0.3) == {}
        assert await one.hear(0.3) == {}


async def test_a_slow_page_hears_only_the_newest(hub: Hub, world: World) -> None:
    async with hub.listening(Watch(1, OPEN)) as slow, hub.listening(Watch(1, OPEN)) as quick:
        for mark in ("1", "2", "3"):
            world.change("queue open 0", mark)
            while await heard(quick, "queue") != {"print": f"{mark}."}:
                pass
        assert await heard(slow, "queue") == {"print": "3."}


async def test_many_pages_share_one_look(hub: Hub, world: World) -> None:
    async with hub.listening(Watch(1, OPEN)) as first:
        await heard(first, "queue")
        before = dict(world.looks)
        listeners = [hub.listening(Watch(account, OPEN, thread=5)) for account in range(2, 12)]
        opened = [await one.__aenter__() for one in listeners]
        for listener in opened:
            await heard(listener, "thread")
        looks = world.looks["queue open 0"] - before["queue open 0"]
        assert looks == world.looks["thread 5"]
        assert looks < len(opened)
        for one in listeners:
            await one.__aexit__(None, None, None)
    assert hub.listeners == 0


async def test_however_much_happens_the_hub_looks_five_times_a_second(hub: Hub, world: World) -> None:
    loop = asyncio.get_running_loop()
    async with hub.listening(Watch(1, OPEN)) as listener:
        await heard(listener, "queue")
        before, began = world.looks["queue open 0"], loop.time()
        for number in range(60):
            world.change("queue open 0", str(number))
            await asyncio.sleep(0.01)
        assert world.looks["queue open 0"] - before <= (loop.time() - began) / SPACING_SECONDS + 1


async def test_nobody_looks_while_nobody_listens(hub: Hub, world: World) -> None:
    world.change("queue open 0", "a")
    await asyncio.sleep(0.3)
    assert not world.looks


async def test_a_database_that_is_away_for_a_moment_ends_nothing(hub: Hub, world: World) -> None:
    async with hub.listening(Watch(1, OPEN)) as listener:
        await heard(listener, "queue")
        world.broken = True
        world.change("queue open 0", "lost")
        await asyncio.sleep(0.3)
        world.broken = False
        assert await heard(listener, "queue") == {"print": "lost."}


async def test_stopping_ends_every_stream(world: World) -> None:
    hub = Hub(world, world.wait)
    hub.start()
    async with hub.listening(Watch(1, OPEN)) as listener:
        await heard(listener, "queue")
        waiting = asyncio.create_task(listener.hear(60))
        await asyncio.sleep(0)
        await hub.stop()
        async with asyncio.timeout(1):
            assert await waiting is None


async def test_an_account_cannot_hold_any_number_of_streams(hub: Hub) -> None:
    opened = [hub.listening(Watch(1, OPEN)) for _ in range(MOST_PER_ACCOUNT + 3)]
    for one in opened:
        await one.__aenter__()
    assert hub.listeners == MOST_PER_ACCOUNT
    for one in opened:
        await one.__aexit__(None, None, None)
    assert hub.listeners == 0


def test_a_frame_is_what_the_standard_says() -> None:
    assert frame("queue", b'{"print":"a"}') == b'event: queue\ndata: {"print":"a"}\n\n'
