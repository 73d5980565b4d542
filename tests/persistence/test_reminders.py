"""Reminders become events exactly once, whoever looks, and survive a restart."""

import asyncio

from dialogs.messages import Due
from persistence.database import Database
from persistence.records import Effects
from persistence.reminders import NewReminder
from persistence.store import Store
from persistence.tables import InboxRow, ReminderRow
from tests.persistence.conftest import Open
from tests.persistence.world import accept, answer, at, claim, hear, outcome, person, rows, take, text


def remind(name: str, seconds: float, **data: str) -> Effects:
    """The effect of asking for one reminder."""
    return Effects(reminders=(NewReminder(name, at(seconds), data),))


async def test_a_reminder_becomes_an_event_when_it_is_due(store: Store) -> None:
    await answer(store, 0, effects=remind("day_10", 100, order="1"))
    assert await store.reminders.next_due() == at(100)
    assert await store.reminders.fire(at(99)) == 0
    assert await store.turns.claim(at(99), 10) == []
    assert await store.reminders.fire(at(130)) == 1
    assert await store.reminders.fire(at(130)) == 0
    turn = await claim(store, 130)
    assert [(one.event, one.at) for one in turn.events] == [(Due(1, "day_10", {"order": "1"}), at(100))]
    assert turn.heard_at == at(0)  # the clock is no word of the person
    assert await store.reminders.next_due() is None


async def test_workers_in_several_processes_fire_each_reminder_once(store: Store, open_store: Open) -> None:
    await accept(store, *(text(f"m{n}", 0, person(f"p{n}")) for n in range(30)))
    for turn in await store.turns.claim(at(0), 30):
        assert await store.turns.commit(outcome(turn, 0, effects=remind("r", 10)))
    stores = [store, open_store(), open_store()]
    fired = await asyncio.gather(*(one.reminders.fire(at(10), 4) for one in stores * 4))
    assert sum(fired) == 30
    assert len(await rows(store, InboxRow, kind="due")) == 30
    assert len(await store.turns.claim(at(10), 99)) == 30


async def test_replaced_and_cancelled_reminders_do_not_fire(store: Store) -> None:
    await answer(store, 0, effects=remind("a", 10))
    await answer(store, 1, effects=remind("a", 50, n="2"))
    await answer(store, 2, effects=remind("b", 10))
    await answer(store, 3, effects=Effects(cancelled=("b",)))
    assert await store.reminders.fire(at(49)) == 0
    assert await store.reminders.fire(at(50)) == 1
    [heard] = (await take(store, 50)).events
    assert heard.event == Due(2, "a", {"n": "2"})
    # Once it has fired, the same name is free again, and cancelling it undoes nothing.
    await answer(store, 51, effects=remind("a", 60))
    await answer(store, 52, effects=Effects(cancelled=("a",)))
    assert [row.status for row in await rows(store, ReminderRow)] == [
        "cancelled",
        "fired",
        "cancelled",
        "cancelled",
    ]


async def test_a_reminder_during_a_turn_waits_for_the_next(store: Store) -> None:
    await answer(store, 0, effects=remind("a", 10))
    await hear(store, "m1", now=9)
    turn = await claim(store, 9)
    assert await store.reminders.fire(at(10)) == 1
    assert await store.turns.commit(outcome(turn, 11))
    assert [one.event.kind for one in (await claim(store, 11)).events] == ["due"]


async def test_reminders_survive_a_restart(store_url: str) -> None:
    store = Store(Database(store_url))
    await answer(store, 0, effects=remind("a", 10))
    await store.close()
    for fired in (1, 0):
        store = Store(Database(store_url))
        assert await store.reminders.fire(at(999)) == fired
        await store.close()
