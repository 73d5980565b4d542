"""The canned replies, on both databases."""

import asyncio

import pytest

from dialogs.canned import CannedText, default_replies
from persistence.canned import Taken
from persistence.store import Store
from tests.persistence import world

HELLO = CannedText("hallo", "Begrüßen", "Hallo {first_name}", "Guten Tag {first_name}", "Hello {first_name}")
BYE = CannedText("tschuess", "Verabschieden", "Tschüss")


async def test_a_reply_is_kept_changed_and_deleted(store: Store) -> None:
    number = await store.canned.save(HELLO, world.T0, by=7)
    kept = await store.canned.find(number)
    assert kept is not None
    assert (kept.shortcut, kept.de_sie, kept.changed_by, kept.uses) == (
        "hallo",
        "Guten Tag {first_name}",
        7,
        0,
    )
    assert await store.canned.save(BYE, world.T0, by=8, reply_id=number) == number
    assert [(one.shortcut, one.changed_by) for one in await store.canned.all()] == [("tschuess", 8)]
    assert await store.canned.delete(number)
    assert not await store.canned.delete(number)
    assert await store.canned.find(number) is None
    assert await store.canned.save(BYE, world.T0, by=8, reply_id=number) == 0


async def test_a_shortcut_belongs_to_one_reply(store: Store) -> None:
    await store.canned.save(HELLO, world.T0, by=7)
    other = await store.canned.save(BYE, world.T0, by=7)
    with pytest.raises(Taken):
        await store.canned.save(HELLO, world.T0, by=7)
    with pytest.raises(Taken):
        await store.canned.save(HELLO, world.T0, by=7, reply_id=other)


async def test_those_used_most_stand_first(store: Store) -> None:
    await store.canned.save(HELLO, world.T0, by=7)
    often = await store.canned.save(BYE, world.T0, by=7)
    await store.canned.used(often)
    assert [one.shortcut for one in await store.canned.all()] == ["tschuess", "hallo"]


async def test_a_shop_gets_its_first_replies_once_whoever_starts(store: Store) -> None:
    defaults = default_replies("de")
    await store.canned.save(HELLO, world.T0, by=7)
    given = await asyncio.gather(*(store.canned.give(defaults, world.T0) for _ in range(5)))
    assert sorted(given) == [0, 0, 0, 0, len(defaults) - 1]
    for one in await store.canned.all():
        await store.canned.delete(one.id)
    assert await store.canned.give(defaults, world.T0) == 0
    assert await store.canned.all() == ()
