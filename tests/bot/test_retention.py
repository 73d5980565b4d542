"""ROOM 4 forgets once an hour what the settings no longer keep; the thread says so in plain words."""

from datetime import timedelta

from bot.retention import EVERY, RetentionRoom
from bot.settings import Settings
from persistence.retention import Keep, forgotten_after
from tests.bot.conftest import MakeHouse
from tests.bot.house import House

YEARS = timedelta(days=740)


async def sweep(house: House, room: RetentionRoom) -> int:
    """Let the room work until it rests; how many steps that took."""
    steps = 0
    while await room.step(house.app):
        steps += 1
    return steps


async def told(house: House) -> list[int | None]:
    """After how many days the words of each message were forgotten."""
    return [forgotten_after(row.outgoing) for row in await house.outbox()]


async def answered(house: House) -> None:
    """Anna has written, and the bot has answered her."""
    await house.say("hallo")
    await house.turns()
    while await house.send():
        pass


async def test_what_is_too_old_goes_in_the_next_hour(house: House) -> None:
    await answered(house)
    room = RetentionRoom(breath=0)
    assert await sweep(house, room) == 0
    assert set(await told(house)) == {None}
    house.clock.advance(YEARS)
    assert await sweep(house, room) > 0
    assert set(await told(house)) == {730}
    await answered(house)
    assert await sweep(house, room) == 0, "an hour has not passed"
    house.clock.advance(EVERY)
    await sweep(house, room)
    assert None in await told(house)


async def test_nought_keeps_for_ever(make_house: MakeHouse) -> None:
    house = make_house(retention={"messages": 0})
    await answered(house)
    house.clock.advance(YEARS)
    await sweep(house, RetentionRoom(breath=0))
    assert set(await told(house)) == {None}


def test_every_class_has_a_term_by_default() -> None:
    kept = Keep(**Settings().retention.model_dump())
    assert all(getattr(kept, name) > 0 for name in Keep.__dataclass_fields__)
