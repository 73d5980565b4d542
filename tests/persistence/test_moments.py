"""Whom an agent has the word with, and what was heard of them last."""

from dialogs.messages import Reaction, Text
from persistence.moments import Listened
from persistence.store import Store
from tests.persistence.desk import came, thread
from tests.persistence.world import at


async def test_only_who_has_the_floor_has_somebody_to_listen_to(store: Store) -> None:
    mine = await thread(store, status="pending", floor="agent", assignee_id=7, address="anna")
    assert await store.moments.listened(mine, 7) is None, "nothing was said yet"
    await came(store, mine, Text("eins"), 1, external_id="m1")
    await came(store, mine, Text("zwei"), 2, external_id="m2")
    await came(store, mine, Reaction("m1", "❤"), 3, external_id="r1")
    assert await store.moments.listened(mine, 7) == Listened("instagram", "shop", "anna", "m2", at(2))
    assert await store.moments.listened(mine, 8) is None
    for other in ({"floor": "phone"}, {"floor": "agent", "reachable": False}):
        place = await thread(store, **({"assignee_id": 7} | other))
        await came(store, place, Text("x"), 1)
        assert await store.moments.listened(place, 7) is None
