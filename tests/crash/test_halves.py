"""Several processes on one PostgreSQL and one Redis share the work, and Redis may go whenever it likes."""

import asyncio
import random

import pytest

from tests import services
from tests.crash.crowd import crowd
from tests.crash.house import House
from tests.crash.ledger import (
    check_answers,
    check_everyone_was_answered,
    check_nobody_was_fetched,
    check_turns,
    check_what_was_told_of_them,
    ledger,
    quiet,
)


def stop_redis(url: str) -> None:
    """End the server at ``url``; it does not come back."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    services._ask_redis(port, "SHUTDOWN NOSAVE")
    assert services._ask_redis(port, "PING") == ""


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("redis_url")  # skips where there is no Redis
async def test_two_workers_share_the_load_and_lose_nothing_with_redis_or_with_each_other(
    shared_house: House,
) -> None:
    house, dice = shared_house, random.Random(11)
    with services.redis_server() as url:  # not the one that all tests share: this one is shut down
        house.redis_url = url
        house.configure("sending", doubt_seconds=3600)  # as in test_kill: see there
        await house.migrate()
        web, workers = house.bot("web"), [house.bot("work", "work-1"), house.bot("work", "work-2")]
        for process in (web, *workers):
            process.start()
        await web.answering(house.bot_port)
        for worker in workers:
            await worker.said("--only work")
        people = crowd(house.platforms, 80, seed=11)
        await house.platforms.faults(slow_ms=60, status_delay_ms=60)
        async with ledger(house.database_url) as books:
            async with asyncio.TaskGroup() as waves:
                waves.create_task(people.talk(50, 9))
                await asyncio.sleep(dice.uniform(1.5, 2.0))
                services.empty_redis(url)
                await asyncio.sleep(dice.uniform(0.5, 1.0))
                workers[0].kill()
                workers[0].start()
                await workers[0].said("--only work")  # there is still work for it when it is back
                await asyncio.sleep(dice.uniform(0.5, 1.0))
                stop_redis(url)
            await quiet(house, books, 100, unless_doubtful=True)
            assert [await worker.stop() for worker in workers] == [0, 0]
            house.configure("sending", doubt_seconds=1)
            for worker in workers:
                worker.start()
            await quiet(house, books, 60)
            after = await books.books()
            check_turns(after, people.said)
            check_nobody_was_fetched(after)
            sent = await house.platforms.sent()
            check_answers(after, sent, people.said)
            check_everyone_was_answered(after)
            check_what_was_told_of_them(after, sent)
        assert await web.stop() == 0
    shares = [worker.count("message_settled") for worker in workers]
    assert min(shares) > 0, shares
    assert [process.count("room_failed") for process in (web, *workers)] == [0, 0, 0]
