"""An agent in a process of their own, who claims conversations as fast as they can; see `test_desk_race`."""

import asyncio
import sys

from dialogs.handoff import Claimed
from persistence.database import Database
from persistence.desk_actions import Done, usual
from persistence.store import Store
from tests.persistence.world import at


async def claim(url: str, agent: int, first: int, last: int) -> list[int]:
    """Claim every conversation of these; return which were had."""
    store = Store(Database(url))
    places = range(first, last + 1)
    done = await asyncio.gather(
        *(store.desk.act(place, Claimed(agent), f"account:{agent}", usual(at(9))) for place in places)
    )
    await store.close()
    return [place for place, one in zip(places, done, strict=True) if isinstance(one, Done)]


if __name__ == "__main__":
    sys.stdin.readline()  # all begin at once
    print(*asyncio.run(claim(sys.argv[1], *map(int, sys.argv[2:]))))  # noqa: T201 - this is its answer
