"""The buyer sees that the agent who has their chat reads and types; of anybody else they see nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.courtesies import TYPING_AGAIN, Pauses, attend
from dialogs.handoff import Claimed
from integrations.base import Unavailable
from tests.bot.conftest import MakeHouse
from tests.bot.house import House

ME, OTHER = 7, 8
TIME = datetime(2026, 3, 1, tzinfo=UTC)


async def taken(house: House) -> int:
    """Anna has written, and I have taken her chat; its id."""
    await house.say("hallo")
    await house.turns()
    await house.idle()
    place: int = (await house.conversation()).id
    times = house.app.config.settings.times_at(house.clock())
    await house.app.store.desk.act(place, Claimed(ME), f"account:{ME}", times)
    house.channel.courtesies.clear()
    return place


async def shown(house: House, place: int, *, typing: bool = False, who: int = ME) -> list[str]:
    """Look or type there; what the buyer has seen of it."""
    attend(house.app, place, who, typing=typing)
    await house.idle()
    seen = [kind for kind, *_ in house.channel.courtesies]
    house.channel.courtesies.clear()
    return seen


async def test_opening_a_chat_marks_its_newest_message_as_read_once(house: House) -> None:
    place = await taken(house)
    assert await shown(house, place) == ["read"]
    assert await shown(house, place) == []
    newest = await house.say("noch da?")
    await house.turns()
    attend(house.app, place, ME, typing=False)
    await house.idle()
    assert house.channel.courtesies == [("read", "anna", newest)]


async def test_typing_is_shown_every_twenty_seconds_at_most(house: House) -> None:
    place = await taken(house)
    assert await shown(house, place, typing=True) == ["seen"]
    house.clock.advance(TYPING_AGAIN - timedelta(seconds=1))
    assert await shown(house, place, typing=True) == []
    house.clock.advance(timedelta(seconds=1))
    assert await shown(house, place, typing=True) == ["seen"]


async def test_who_only_looks_on_shows_nothing(house: House) -> None:
    place = await taken(house)
    assert await shown(house, place, typing=True, who=OTHER) == []
    assert await shown(house, place + 99, typing=True) == []


async def test_whoever_may_not_be_written_to_is_told_nothing(house: House) -> None:
    place = await taken(house)
    window = house.channel.capabilities.window
    assert window is not None
    house.clock.advance(window)
    assert await shown(house, place, typing=True) == []


async def test_a_platform_that_refuses_breaks_nothing(house: House) -> None:
    place = await taken(house)
    house.channel.courtesy_fails = Unavailable("not now")
    assert await shown(house, place, typing=True) == ["seen"]
    assert house.counted("nachklang_errors_total", room="background") == 1


@pytest.mark.parametrize("typing", [True, False])
async def test_it_can_be_switched_off(make_house: MakeHouse, typing: bool) -> None:
    house = make_house(sending={"show_typing": False})
    place = await taken(house)
    assert await shown(house, place, typing=typing) == []


def test_pauses_are_forgotten_by_age() -> None:
    pauses = Pauses(most=2)
    assert [pauses.over(what, TIME) for what in "aab"] == [True, False, True]
    assert pauses.over("c", TIME)
    assert pauses.over("a", TIME)
    assert pauses.over("c", TIME + TYPING_AGAIN, TYPING_AGAIN)
