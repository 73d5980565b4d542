"""The loops that keep the rooms going: nobody holds up anybody else, nothing in hand is dropped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import Clock
from bot.rooms import Rooms
from dialogs.messages import Text
from integrations.base import Unavailable
from persistence.inbox import Intake
from persistence.sorting import Burst
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import FakeChannel, FlakyOutbox, FlakyTurns, Fuse
from tests.bot.house import House
from tests.bot.serving import until
from tests.persistence import world

LEASE = timedelta(seconds=30)
NO_BURST = {"typing_seconds": 0, "burst_seconds": 0}


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """As everywhere, but nobody waits for more words and rooms look around often."""
    return make_house(turns=NO_BURST, server={"poll_seconds": 0.02})


@asynccontextmanager
async def working(house: House) -> AsyncIterator[Rooms]:
    """The rooms at work."""
    rooms = Rooms(house.app)
    rooms.open()
    try:
        yield rooms
    finally:
        async with asyncio.timeout(10):
            await rooms.close()


async def sent(house: House, count: int) -> list[str]:
    """Wait for so many messages to be accepted."""

    async def enough() -> bool:
        return len(house.channel.sent) >= count

    await until(enough)
    return house.channel.texts


async def stands(house: House, *fates: str) -> None:
    """Wait until the outbox stands like this."""

    async def so() -> bool:
        return await house.fates() == list(fates)

    await until(so)


async def test_a_word_comes_in_and_an_answer_goes_out_without_a_wake_up(house: House) -> None:
    async with working(house):
        await house.say("hallo")
        assert "automatisch" in (await sent(house, 1))[0]


async def test_every_wake_up_is_heard_long_before_the_next_look(make_house: MakeHouse) -> None:
    house = make_house(turns=NO_BURST, server={"poll_seconds": 60})
    async with working(house):
        await asyncio.sleep(0.05)
        await house.say("hallo")
        await house.app.signals.wake("turns")
        await sent(house, 1)


async def test_a_platform_that_hangs_holds_up_only_its_own_conversation(house: House) -> None:
    gate = house.channel.hang("anna")
    await house.speak("eins", "zwei")
    async with working(house):

        async def trying() -> bool:
            return house.channel.tries == 1

        await until(trying)
        for number in range(20):
            await house.say("hallo", f"guest-{number}")
        texts = await sent(house, 20)
        assert not {"eins", "zwei"} & set(texts)
        gate.set()
        await sent(house, 21)
        house.later(3)
        assert (await sent(house, 22))[-2:] == ["eins", "zwei"]


async def test_never_more_calls_at_a_time_than_the_settings_allow(make_house: MakeHouse) -> None:
    house = make_house(sending={"at_once": 3}, server={"poll_seconds": 0.02}, turns=NO_BURST)
    gates = [house.channel.hang(f"guest-{number}") for number in range(5)]
    for number in range(5):
        await house.speak("hallo", who=f"guest-{number}")
    async with working(house):

        async def three() -> bool:
            return house.channel.tries >= 3

        await until(three)
        await asyncio.sleep(0.2)
        assert house.channel.tries == 3
        for gate in gates:
            gate.set()
        await sent(house, 5)


async def test_what_is_in_hand_is_finished_when_the_rooms_close(house: House) -> None:
    gate = house.channel.hang("anna")
    await house.speak("eins", "zwei")
    rooms = Rooms(house.app)
    rooms.open()

    async def trying() -> bool:
        return house.channel.tries == 1

    await until(trying)
    closing = asyncio.create_task(rooms.close())
    await asyncio.sleep(0.1)
    assert not closing.done()
    gate.set()
    async with asyncio.timeout(10):
        await closing
    assert await house.fates() == ["sent", "waiting"]
    assert house.channel.texts == ["eins"]


async def test_closed_rooms_begin_nothing_new(house: House) -> None:
    async with working(house):
        pass
    await house.say("hallo")
    await house.app.signals.wake("turns")
    await asyncio.sleep(0.1)
    assert await house.outbox() == []


async def test_a_room_that_rests_does_not_hold_up_the_end(house: House) -> None:
    rooms = Rooms(house.app)
    rest = asyncio.create_task(rooms._rest(3600))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await rooms.close()
        await rest


@pytest.mark.parametrize("room", ["turns", "outbox"])
async def test_a_room_that_fails_rests_and_comes_back(
    house: House, room: str, logged: list[dict[str, Any]]
) -> None:
    fuse, database = Fuse(3), house.app.store.database
    if room == "turns":
        turns = FlakyTurns(database, lease=LEASE, burst=Burst())
        turns.fuse = fuse
        house.app.store.turns = turns
    else:
        outbox = FlakyOutbox(database, lease=LEASE)
        outbox.claiming, outbox.settling = fuse, Fuse(0)
        house.app.store.outbox = outbox
    async with working(house):
        await house.say("hallo")
        await sent(house, 1)
    assert house.counted("nachklang_errors_total", room=room) == 3
    failures = [line for line in logged if line["event"] == "room_failed"]
    assert [(line["room"], line["error"]) for line in failures] == [(room, "OSError")] * 3


async def test_a_message_whose_settlement_is_lost_is_found_again(house: House) -> None:
    """It was sent, and the database went away before that could be written."""
    outbox = FlakyOutbox(house.app.store.database, lease=LEASE)
    outbox.claiming, outbox.settling = Fuse(0), Fuse(1)
    house.app.store.outbox = outbox
    await house.speak("Hallo")
    async with working(house):
        await sent(house, 1)
        await stands(house, "sending")
        await house.accept(world.mark("delivered", "s1", message_id="m1", reference="nk-1"))
        await stands(house, "sent")
    assert house.channel.tries == 1
    assert house.counted("nachklang_errors_total", room="sender") == 1


async def test_a_message_is_tried_again_by_itself(make_house: MakeHouse) -> None:
    """With the real clock: the wake-up after the pause, not a chance look, brings it out."""
    house = make_house(turns=NO_BURST, server={"poll_seconds": 60})
    house.app.clock = Clock()
    house.channel.then(Unavailable("busy"))
    now = house.app.clock()
    hello = world.event(Text("hallo"), "t1", (now - world.T0).total_seconds())
    await house.app.store.inbox.accept(Intake((hello,), (), now))
    async with working(house):
        await sent(house, 1)
    assert house.channel.tries == 2


async def test_two_processes_share_the_work_and_answer_everybody_once(make_house: MakeHouse) -> None:
    channels = [FakeChannel(), FakeChannel()]
    houses = [make_house(one, turns=NO_BURST, server={"poll_seconds": 0.02}) for one in channels]
    async with working(houses[0]), working(houses[1]):
        for number in range(30):
            await houses[0].say("hallo", f"guest-{number}")

        async def everybody() -> bool:
            return sum(len(one.sent) for one in channels) >= 30

        await until(everybody)
    delivered = [one.address for channel in channels for one in channel.sent]
    assert sorted(delivered) == sorted(f"guest-{number}" for number in range(30))


async def test_nothing_rings_after_the_end(house: House) -> None:
    rung: list[str] = []
    wake: Callable[..., Any] = house.app.signals.wake

    class Bell:
        """Signals that note who wakes them after all was closed."""

        async def wake(self, *topics: str) -> None:
            rung.extend(topics)
            await wake(*topics)

        async def aclose(self) -> None:
            rung.clear()

    house.app.signals = Bell()  # type: ignore[assignment]  # only what the end needs
    house.app.wake_later("outbox", timedelta(seconds=0.02))
    house.app.wake_turns_after_burst()
    await house.app.close()
    await asyncio.sleep(0.1)
    assert rung == []
