"""Messages whose answer was lost: their fate is found out before anything is sent twice."""

from dataclasses import replace
from typing import Any

import pytest

from bot.sender import ACCOUNT_PAUSE, LOOK_AGAIN, send_one
from dialogs.messages import Echo
from integrations.base import Refused, SentCopy, Throttled, Unauthorized, Unavailable, Uncertain
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, FakeChannel
from tests.bot.house import House
from tests.persistence import world
from tests.persistence.world import T0


def copy(external_id: str, text: str, seconds: float) -> SentCopy:
    return SentCopy(external_id, text, world.at(seconds))


async def in_doubt(make_house: MakeHouse, channel: str, *words: str) -> House:
    """A house in which the answer to the first message was lost."""
    house = make_house(FakeChannel(capabilities=LIKE[channel]))
    await house.speak(*(words or ("Hallo",)))
    house.channel.then(Uncertain("timed out"))
    assert (await house.send_head()).fate == "unknown"
    return house


async def test_the_history_shows_that_it_went_out(make_house: MakeHouse) -> None:
    house = await in_doubt(make_house, "instagram")
    house.channel.copies = [copy("mid.1", "Hallo", 1)]
    house.later(2)
    assert (await house.send_head()).fate == "sent"
    [row] = await house.outbox()
    assert (row.external_id, row.detail) == ("mid.1", None)
    assert house.channel.tries == 1


@pytest.mark.parametrize(
    "copies",
    [
        [],
        [copy("mid.1", "Etwas anderes", 1)],
        [copy("mid.1", "Hallo", -3600)],  # said an hour ago
    ],
)
async def test_the_history_shows_that_it_did_not(make_house: MakeHouse, copies: list[SentCopy]) -> None:
    house = await in_doubt(make_house, "instagram")
    house.channel.copies = copies
    house.later(2)
    assert (await house.send_head()).fate == "sent"
    assert house.channel.tries == 2


async def test_a_copy_that_belongs_to_another_message_is_not_taken_for_this_one(
    make_house: MakeHouse,
) -> None:
    house = make_house(FakeChannel(capabilities=LIKE["instagram"]))
    await house.speak("Hallo", "Hallo")
    await house.send_head()  # the first goes out as m1
    house.channel.then(Uncertain("timed out"))
    await house.send_head()
    house.channel.copies = [copy("m1", "Hallo", 0)]
    house.later(2)
    assert (await house.send_head()).fate == "sent"
    assert house.channel.tries == 3
    assert [row.external_id for row in await house.outbox()] == ["m1", "m2"]


@pytest.mark.parametrize("error", [Unavailable("away"), Throttled("slow", after=5), Uncertain("broke off")])
async def test_while_the_history_cannot_be_read_nothing_is_sent(
    make_house: MakeHouse, error: Exception
) -> None:
    house = await in_doubt(make_house, "instagram")
    house.channel.history_fails.append(error)
    house.later(2)
    settlement = await house.send_head()
    assert (settlement.fate, settlement.due_at) == ("unknown", house.clock() + LOOK_AGAIN)
    assert (house.channel.tries, (await house.outbox())[0].attempts) == (1, 1)


async def test_an_account_that_may_not_read_alarms_and_keeps_its_doubt(make_house: MakeHouse) -> None:
    house = await in_doubt(make_house, "instagram")
    house.channel.history_fails.append(Unauthorized("token", code="190"))
    house.later(2)
    settlement = await house.send_head()
    assert (settlement.fate, settlement.due_at) == ("unknown", house.clock() + ACCOUNT_PAUSE)
    assert house.channel.tries == 1


async def test_a_history_that_cannot_be_had_at_all_is_no_reason_to_be_silent(make_house: MakeHouse) -> None:
    house = await in_doubt(make_house, "instagram")
    house.channel.history_fails.append(Refused("no such thread", code="100"))
    house.later(2)
    assert (await house.send_head()).fate == "sent"
    assert house.channel.tries == 2


async def test_a_receipt_that_carries_our_reference_settles_it(make_house: MakeHouse) -> None:
    house = await in_doubt(make_house, "whatsapp", "eins", "zwei")
    await house.accept(world.mark("delivered", "s1", message_id="wamid.1", reference="nk-1"))
    await house.lanes()
    first, _ = await house.outbox()
    assert (first.status, first.external_id, first.delivery) == ("sent", "wamid.1", "delivered")
    await house.send()
    assert house.channel.texts == ["zwei"]


async def test_without_a_receipt_it_is_sent_again_after_a_while_and_not_before(make_house: MakeHouse) -> None:
    house = await in_doubt(make_house, "whatsapp", "eins", "zwei")
    house.later(44)
    assert await house.send() == []
    house.later(2)
    assert (await house.send_head()).fate == "sent"
    assert house.channel.texts == ["eins"]


async def test_each_new_try_waits_for_its_own_receipt(make_house: MakeHouse) -> None:
    house = await in_doubt(make_house, "whatsapp")
    house.later(46)
    house.channel.then(Uncertain("timed out again"))
    assert (await house.send_head()).fate == "unknown"
    house.later(40)
    assert await house.send() == []
    house.later(6)
    assert (await house.send_head()).fate == "sent"


async def test_a_sender_that_died_leaves_a_doubtful_message(house: House) -> None:
    await house.speak("Hallo")
    await house.claim()  # and never comes back
    house.later(31)
    settlement = await house.send_head()
    assert (settlement.fate, house.channel.tries) == ("unknown", 0)
    house.later(20)
    assert [one.fate for one in await house.send()][-1:] == ["sent"]
    assert len(house.channel.sent) == 1


async def test_where_nobody_can_be_asked_it_is_sent_again(make_house: MakeHouse) -> None:
    house = await in_doubt(make_house, "telegram")
    house.later(3)
    assert (await house.send_head()).fate == "sent"
    assert house.channel.tries == 2


@pytest.mark.parametrize("channel", ["telegram", "instagram"])
async def test_an_echo_that_comes_while_a_message_is_in_doubt_is_judged_afterwards(
    make_house: MakeHouse, channel: str
) -> None:
    house = await in_doubt(make_house, channel)
    await house.accept(world.event(Echo("typed", "Ich bin dran"), "typed", 1))
    house.later(3)
    await house.turns()
    assert (await house.conversation()).floor == "bot"  # it might be this very message
    assert (await house.send_head()).fate == "sent"
    house.later(3)
    await house.turns()
    assert (await house.conversation()).floor == "phone"


@pytest.mark.parametrize(
    ("change", "fate"), [({"floor": "agent"}, "cancelled"), ({"expires_at": T0}, "expired"), ({}, "sent")]
)
async def test_a_doubt_that_is_cleared_up_leaves_an_ordinary_message(
    make_house: MakeHouse, change: dict[str, Any], fate: str
) -> None:
    house = await in_doubt(make_house, "instagram")
    house.later(2)
    [row] = await house.claim()
    assert (await send_one(house.app, replace(row, **change))).fate == fate
    assert house.channel.tries == 1 + (fate == "sent")


async def test_a_channel_that_is_switched_off_keeps_its_messages_and_their_doubts(house: House) -> None:
    await house.speak("Hallo")
    [row] = await house.claim()
    off = replace(row, account="another")
    assert (await send_one(house.app, off)).fate == "waiting"
    house.later(301)
    [row] = await house.claim()
    assert (await send_one(house.app, replace(row, account="another", doubtful=True))).fate == "unknown"
    house.later(301)
    house.channel.then(Uncertain("still"))
    assert [one.fate for one in await house.send()] == ["unknown"]


async def test_a_message_in_doubt_is_not_repeated_for_ever(make_house: MakeHouse) -> None:
    """Where nobody can tell whether it went out, each try may be one more copy on somebody's phone."""
    house = make_house(FakeChannel(capabilities=LIKE["telegram"]), sending={"tries": 3})
    house.channel.then(*[Uncertain("timed out")] * 10)
    await house.speak("Hallo")
    for _ in range(10):
        await house.send()
        house.later(301)
    assert house.channel.tries == 3
    assert await house.fates() == ["failed"]
