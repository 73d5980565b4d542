"""What the kills have taught, in slow motion: a message in doubt goes out once, whoever comes in between."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.sender import send_one
from integrations.base import SentCopy
from persistence.migrate import migrate
from persistence.outbox import Outbound, Settlement
from tests.bot.fakes import LIKE, FakeChannel
from tests.bot.house import House
from tests.persistence import world

LEASE = 30
DOUBT = 45
"""Seconds; the defaults."""


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    made = House.build(sqlite_url)
    await migrate(made.app.store.database)
    yield made
    await made.app.close()


@pytest.fixture
async def instagram_house(sqlite_url: str) -> AsyncIterator[House]:
    made = House.build(sqlite_url, [FakeChannel(capabilities=LIKE["instagram"])])
    await migrate(made.app.store.database)
    yield made
    await made.app.close()


async def found_in_doubt(house: House) -> tuple[Outbound, Outbound]:
    """A message that somebody began to send, and the same as found by the next one after the lease."""
    await house.speak("Hallo")
    [first] = await house.claim()
    house.later(LEASE + 1)
    [second] = await house.claim()
    assert second.doubtful
    return first, second


async def test_patience_begins_when_there_is_somebody_to_hear(house: House) -> None:
    """The platform tells a mark again that nobody took, but only a while after the restart."""
    await house.speak("Hallo")
    await house.claim()
    house.later(600)  # the machine was off
    await house.app.open_ears()
    assert (await house.send_head()).fate == "unknown"
    house.later(DOUBT - 1)
    assert [one.fate for one in await house.send()] in ([], ["unknown"])
    assert house.channel.tries == 0
    house.later(2)
    assert (await house.send_head()).fate == "sent"
    assert house.channel.tries == 1


async def test_a_message_is_not_hidden_from_itself_by_its_own_late_answer(instagram_house: House) -> None:
    """The first sender's answer comes while the second looks into the history and finds the id known."""
    house = instagram_house
    first, second = await found_in_doubt(house)
    await house.app.store.outbox.settle(Settlement(first, "sent", house.clock(), external_id="mid.1"))
    house.channel.copies = [SentCopy("mid.1", "Hallo", house.clock())]
    assert (await send_one(house.app, second)).fate == "sent"
    assert house.channel.tries == 0
    assert [row.external_id for row in await house.outbox()] == ["mid.1"]


async def test_a_message_that_was_settled_while_its_fate_was_asked_for_stays_unsent(house: House) -> None:
    await house.speak("Hallo")
    await house.claim()
    house.later(LEASE + DOUBT + 1)
    [row] = await house.claim()
    await house.accept(world.mark("sent", "s1", message_id="wamid.1", reference="nk-1"))
    await house.lanes()
    await send_one(house.app, row)
    assert house.channel.tries == 0
    assert [(one.status, one.external_id) for one in await house.outbox()] == [("sent", "wamid.1")]


async def test_nothing_leaves_after_its_lease(house: House) -> None:
    """Whoever was held up for so long may no longer be the only one who has the message in hand."""
    await house.speak("Hallo")
    [row] = await house.claim()
    house.later(LEASE)
    assert (await send_one(house.app, row)).fate == "waiting"
    assert house.channel.tries == 0
    assert (await house.send_head()).fate == "sent"
    assert house.channel.texts == ["Hallo"]


async def test_no_call_outlives_its_lease(house: House) -> None:
    await house.speak("Hallo")
    [row] = await house.claim()
    house.channel.hang(row.address)
    house.later(LEASE - 0.05)
    assert (await send_one(house.app, row)).fate == "unknown"
    assert house.clock() < row.leased_until + timedelta(seconds=1)
    assert house.channel.sent == []
