"""What somebody writes can be looked for a moment later, without anybody's doing."""

import pytest

from tests.bot.conftest import MakeHouse
from tests.bot.house import House
from tests.bot.serving import until
from tests.bot.test_rooms import NO_BURST, working


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A house whose rooms look around often."""
    return make_house(turns=NO_BURST, server={"poll_seconds": 0.02})


async def test_a_message_is_found_soon_after_it_came(house: House) -> None:
    async with working(house):
        await house.say("Die Kaffeemühle klemmt")

        async def is_found() -> bool:
            return bool(await house.app.store.search.find("muehle klemmt kaffee"))

        async def is_known() -> bool:
            return bool(await house.app.store.search.find("kaffeemuehle"))

        await until(is_known)
        assert not await is_found()  # no word begins with "muehle"
        [hit] = await house.app.store.search.find("KAFFEEMUEHLE")
        assert hit.snippet == "Die Kaffeemühle klemmt"


async def test_closing_does_not_wait_for_the_search(make_house: MakeHouse) -> None:
    house = make_house(turns=NO_BURST, server={"poll_seconds": 60})
    async with working(house):
        await house.say("hallo")
