"""Versions of scripts: none ever changes, and those that conversations may still be in are found."""

import asyncio

from persistence.store import Store
from persistence.tables_journeys import ScriptRow
from tests.persistence.conftest import Open
from tests.persistence.world import at, rows


async def publish(store: Store, now: float, **versions: str) -> None:
    """These versions become the current ones; their text says what they are."""
    texts = {flow: (version, f"{flow} {version}") for flow, version in versions.items()}
    await store.scripts.publish(texts, at(now))


async def versions(store: Store, since: float) -> set[str]:
    """The texts that may still be in use."""
    recent = await store.scripts.recent(at(since))
    assert all(text == " ".join(key) for key, text in recent.items())
    return set(recent.values())


async def test_a_version_never_changes(store: Store) -> None:
    await publish(store, 0, setup="a", rating="a")
    await store.scripts.publish({"setup": ("a", "other words")}, at(1))
    assert await store.scripts.version("setup", "a") == "setup a"
    assert await store.scripts.version("setup", "b") is None
    assert await store.scripts.version("rating", "a") == "rating a"
    await store.scripts.publish({}, at(2))
    assert len(await rows(store, ScriptRow)) == 2


async def test_recent_is_what_was_published_since_and_what_was_current_then(store: Store) -> None:
    await publish(store, 0, setup="a", rating="x")
    await publish(store, 10, setup="b", rating="x")
    await publish(store, 20, setup="c", rating="x")
    assert await versions(store, -5) == {"setup a", "setup b", "setup c", "rating x"}
    assert await versions(store, 5) == {"setup a", "setup b", "setup c", "rating x"}
    assert await versions(store, 15) == {"setup b", "setup c", "rating x"}
    assert await versions(store, 99) == {"setup c", "rating x"}


async def test_a_version_that_comes_back_is_current_again(store: Store) -> None:
    for now, version in ((0, "a"), (10, "b"), (20, "a"), (30, "c")):
        await publish(store, now, setup=version)
    assert await versions(store, 25) == {"setup a", "setup c"}
    assert await versions(store, 15) == {"setup a", "setup b", "setup c"}
    await publish(store, 5, setup="c")  # somebody's clock is late
    assert await versions(store, 99) == {"setup c"}


async def test_processes_that_start_together_publish_once(store: Store, open_store: Open) -> None:
    stores = [store, open_store(), open_store()]
    await asyncio.gather(*(publish(one, 0, setup="a", rating="a", tips="a") for one in stores * 3))
    assert len(await rows(store, ScriptRow)) == 3
