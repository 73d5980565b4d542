"""What WhatsApp said of templates is kept as read, told once for each change, and read by one process."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from dialogs.messages import Arrival, Notice
from dialogs.stored_templates import StoredButton, StoredTemplate
from persistence.store import Store
from persistence.tables import NoticeRow
from persistence.template_status import NEWS, Found, Known
from tests.persistence.world import accept, at, rows

PLACE = ("whatsapp", "shop")
HELLO = StoredTemplate(
    "hello", "de", "APPROVED", "UTILITY", "Grüß {{1}} „dich“", (StoredButton("QUICK_REPLY", "Ja"),), "TEXT",
    "", "GREEN",
)  # fmt: skip
OTHER = replace(HELLO, name="other", language="en", status="REJECTED", reason="ABUSIVE_CONTENT", header="")
Open = Callable[..., Store]


async def keep(store: Store, now: float, *found: Found, place: tuple[str, str] = PLACE) -> int:
    return await store.templates.keep(*place, found, at(now), due_at=at(now + 100))


async def notices(store: Store) -> list[tuple[str, Any]]:
    return [(row.topic, orjson.loads(row.detail)) for row in await rows(store, NoticeRow, "id")]


async def test_what_was_read_is_known_as_it_was(store: Store) -> None:
    assert await store.templates.known(*PLACE) is None
    assert await store.templates.claim(*PLACE, at(0))
    assert await store.templates.known(*PLACE) is None  # nothing was read yet
    await keep(store, 1, Found(HELLO), Found(OTHER, "rejected"))
    assert await store.templates.known(*PLACE) == Known(at(1), {HELLO.key: HELLO, OTHER.key: OTHER})
    await keep(store, 2, Found(OTHER, "rejected"))
    assert await store.templates.known(*PLACE) == Known(at(2), {OTHER.key: OTHER})
    assert await store.templates.known("whatsapp", "second") is None


async def test_one_template_is_found_as_long_as_its_state_is_fresh(store: Store) -> None:
    assert await store.templates.claim(*PLACE, at(0))
    await keep(store, 1, Found(HELLO))
    assert await store.templates.find(*PLACE, "hello", "de", since=at(1)) == HELLO
    assert await store.templates.find(*PLACE, "hello", "de", since=at(2)) is None
    assert await store.templates.find(*PLACE, "hello", "en", since=at(1)) is None
    assert await store.templates.find("whatsapp", "second", "hello", "de", since=at(1)) is None


async def test_what_is_wrong_is_told_once_for_each_change_and_all_of_it_together(store: Store) -> None:
    assert await store.templates.claim(*PLACE, at(0))
    third = replace(HELLO, name="third")
    assert await keep(store, 1, Found(HELLO), Found(OTHER, "rejected"), Found(third, "rejected")) == 2
    assert await notices(store) == [("templates_unfit", {"rejected": "other (en), third (de)"})]
    assert await keep(store, 2, Found(HELLO), Found(OTHER, "rejected"), Found(third)) == 0
    assert await keep(store, 3, Found(HELLO, "text"), Found(OTHER, "paused"), Found(third)) == 2
    assert (await notices(store))[1:] == [("templates_unfit", {"text": "hello (de)", "paused": "other (en)"})]
    assert await keep(store, 4, Found(HELLO), Found(OTHER)) == 0
    assert await keep(store, 5, Found(HELLO, "text"), Found(OTHER)) == 1  # well in between: told again
    assert len(await notices(store)) == 3


async def test_one_of_many_processes_reads_and_the_rest_wait(store: Store, open_store: Open) -> None:
    others = [open_store() for _ in range(3)]
    claims = [one.templates.claim(*PLACE, at(0)) for one in (store, *others) for _ in range(3)]
    assert sum(await asyncio.gather(*claims)) == 1
    assert not await store.templates.claim(*PLACE, at(299))  # the lease
    assert await store.templates.claim(*PLACE, at(300))
    assert await store.templates.claim("whatsapp", "second", at(0))
    await keep(store, 301)
    assert not await store.templates.claim(*PLACE, at(400))
    assert await store.templates.next_due(*PLACE) == at(401)
    await store.templates.hurry(*PLACE, at(350))
    assert await store.templates.claim(*PLACE, at(350))


async def test_of_two_that_read_at_once_one_tells(store: Store, open_store: Open) -> None:
    assert await store.templates.claim(*PLACE, at(0))
    both = (store, open_store())
    told = await asyncio.gather(*(keep(one, 1, Found(OTHER, "rejected")) for one in both))
    assert sorted(told) == [0, 1]
    assert len(await notices(store)) == 1


async def test_a_reading_that_fails_is_told_once_and_keeps_what_was_known(store: Store) -> None:
    assert await store.templates.claim(*PLACE, at(0))
    await keep(store, 1, Found(HELLO))
    for now in (2, 3):
        await store.templates.failed(*PLACE, "10", at(now), due_at=at(now + 50), tell=True)
    await store.templates.failed(*PLACE, "131000", at(4), due_at=at(60), tell=False)
    assert await notices(store) == [("templates_unread", {"channel": "whatsapp", "code": "10"})]
    assert await store.templates.next_due(*PLACE) == at(60)
    assert await store.templates.known(*PLACE) == Known(at(1), {HELLO.key: HELLO})
    await keep(store, 61, Found(HELLO))
    await store.templates.failed(*PLACE, "10", at(62), due_at=at(99), tell=True)
    assert len(await notices(store)) == 2


@pytest.mark.parametrize("topic", [*sorted(NEWS), "account_update"])
async def test_news_of_templates_has_them_read_at_once(store: Store, topic: str) -> None:
    assert await store.templates.claim(*PLACE, at(0))
    await keep(store, 1, Found(HELLO))
    await accept(store, Arrival("whatsapp", "n1", at(5), Notice(topic, {"event": "PAUSED"})), now=5)
    assert await store.file_notices(at(6)) == 1
    assert await store.templates.claim(*PLACE, at(6)) == (topic in NEWS)
