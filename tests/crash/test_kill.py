"""Kill -9 at any moment: nothing accepted is lost, nothing is answered twice, nothing comes out of order."""

import asyncio
import logging
import random
from dataclasses import dataclass

import pytest

from tests.crash.crowd import Crowd, crowd
from tests.crash.house import House
from tests.crash.ledger import (
    Ledger,
    check_answers,
    check_everyone_was_answered,
    check_nobody_was_fetched,
    check_turns,
    check_what_was_told_of_them,
    ledger,
    quiet,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Storm:
    """How bad it gets: each life of the bot meets a wave of ``rate`` messages a second for ``seconds``."""

    seed: int
    people: int
    rate: float
    seconds: float
    kills: int


@dataclass(slots=True)
class Damage:
    """What the deaths interrupted."""

    kills: int = 0
    before_ready: int = 0
    in_doubt: int = 0


async def kill_again_and_again(house: House, books: Ledger, people: Crowd, storm: Storm) -> Damage:
    """Kill the bot at moments that only the seed knows, and start it again at once."""
    dice = random.Random(storm.seed)
    bot, damage = house.bots["bot"], Damage()
    async with asyncio.TaskGroup() as waves:
        for number in range(storm.kills):
            if number == 1:
                await house.platforms.faults(webhook_repeat=1, webhook_shuffle=True)
            if number == storm.kills - 1:
                await house.platforms.faults(webhook_repeat=0, webhook_shuffle=False)
            if number % 4 == 2:  # while it is still getting up
                await asyncio.sleep(dice.uniform(0.1, 1.0))
                damage.before_ready += 1
            else:
                await bot.answering(house.bot_port)
                waves.create_task(people.talk(storm.rate, storm.seconds))
                await asyncio.sleep(dice.uniform(0.3, storm.seconds))
                if not damage.in_doubt and number >= storm.kills - 2:
                    await books.wait_for_a_message_on_its_way()  # however slow the machine is
            bot.kill()
            damage.kills += 1
            damage.in_doubt += await books.in_doubt()
            bot.start()
        await bot.answering(house.bot_port)
        waves.create_task(people.talk(storm.rate, storm.seconds))
    return damage


async def survive(house: House, storm: Storm) -> None:
    """Go through a storm and compare all books; then deliver everything again and find nothing changed."""
    # On WhatsApp only silence tells that a message has not gone out, and how long a mark may take depends on
    # the machine. So no silence counts until all marks have come; only the last start has little patience.
    house.configure("sending", doubt_seconds=3600)
    bot = await house.open()
    outside = house.platforms
    people = crowd(outside, storm.people, seed=storm.seed)
    async with ledger(house.database_url) as books:
        await outside.faults(slow_ms=120, status_delay_ms=60)
        damage = await kill_again_and_again(house, books, people, storm)
        await outside.faults(webhook_repeat=0, webhook_shuffle=False, slow_ms=0)
        took = await quiet(house, books, 100 + 10 * storm.kills, unless_doubtful=True)
        house.configure("sending", doubt_seconds=1)
        assert await bot.stop() == 0
        bot.start()
        await bot.answering(house.bot_port)
        took += await quiet(house, books, 60 + storm.kills)
        tally = await outside.get("/relay/tally")
        after = await books.books()
        sent = await outside.sent()
        again = sum(row.attempts > 1 for row in after.outbox)
        busy = sorted(tally["seconds"])[-5:]
        _log.info(
            "%s: %d kills (%d before it was ready), %d messages in doubt at a kill, %d looked at again; "
            "%d messages heard, %d sent, %d turns; %d webhooks taken, busiest seconds %s, "
            "%d broken off, %d unreachable; quiet after %.1f s",
            house.database_url.partition(":")[0],
            damage.kills, damage.before_ready, damage.in_doubt, again, len(people.said), len(sent),
            len(after.turns), tally["taken"], busy, tally["broken"], tally["unreachable"], took,
        )  # fmt: skip
        check_turns(after, people.said)
        check_nobody_was_fetched(after)
        check_answers(after, sent, people.said)
        check_everyone_was_answered(after)
        check_what_was_told_of_them(after, sent)
        assert damage.in_doubt, "no message was on its way at any kill: the storm was too mild"
        assert tally["broken"], "no webhook was in flight at any kill: the storm was too mild"
        assert tally["refused"] == {}
        assert "room_failed" not in bot.words(10_000_000)

        repeated = await outside.post("/relay/again", seed=storm.seed)
        assert repeated["taken"] == repeated["sent"] >= len(people.said)
        await quiet(house, books, 60 + storm.kills)
        assert await books.books() == after
        assert await outside.accepted() == len(sent)


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_or_out_of_order_however_often_the_bot_is_killed(house: House) -> None:
    await survive(house, Storm(seed=17, people=120, rate=100, seconds=1.2, kills=5))


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_it_survives_a_long_storm(house: House) -> None:
    await survive(house, Storm(seed=99, people=300, rate=100, seconds=2, kills=30))
