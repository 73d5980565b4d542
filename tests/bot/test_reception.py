"""The reading desk: who comes at the same time is read and stored together, and nobody harms another."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from bot.web.reception import Reception, Webhook
from dialogs.messages import Receipt, Text
from integrations.base import Ignored, Malformed, Parsed
from persistence.tables import InboxRow
from tests.bot.fakes import FlakyInbox, Fuse
from tests.bot.house import House
from tests.persistence import world


class Post:
    """A source whose bodies are words; it notes in how many goes they were read."""

    name = "post"

    def __init__(self) -> None:
        self.read: list[str] = []

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Everybody may."""

    def parse(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Parsed:
        del now
        words = body.decode()
        self.read.append(words)
        match headers.get("kind", "text"):
            case "broken":
                raise Malformed("no words")
            case "a bug of ours":
                raise KeyError("words")
            case "unheard of":
                return Parsed(ignored=(Ignored("riddle", "nobody knows what it is"),))
            case "mark":
                return Parsed((world.event(Receipt(words, "read"), words),))
        return Parsed((world.event(Text(words), words),))


async def take(reception: Reception, post: Post, *words: str, **headers: str) -> list[Any]:
    """These requests at the same time."""
    return await asyncio.gather(
        *(reception.take(Webhook(post, headers, word.encode())) for word in words), return_exceptions=True
    )


async def count(house: House, name: str, **labels: str) -> float:
    """A counter's value."""
    return house.app.metrics.registry.get_sample_value(f"nachklang_{name}_total", labels) or 0.0


async def test_requests_at_the_same_time_share_a_commit(house: House) -> None:
    inbox = FlakyInbox(house.app.store.database)
    inbox.fuse = Fuse(0)
    house.app.store.inbox = inbox
    reception, post = Reception(house.app), Post()
    assert await take(reception, post, *(f"m{n}" for n in range(64))) == [None] * 64
    assert inbox.calls == 1
    assert len(await world.rows(house.app.store, InboxRow)) == 64
    assert await count(house, "webhooks", source="post", status="200") == 64
    assert await count(house, "events_accepted", source="post") == 64


async def test_a_repeat_beside_the_first_delivery_counts_as_a_repeat(house: House) -> None:
    reception, post = Reception(house.app), Post()
    assert await take(reception, post, "m1", "m1", "m2") == [None] * 3
    assert await count(house, "events_accepted", source="post") == 2
    assert await count(house, "events_repeated", source="post") == 1


async def test_one_who_talks_nonsense_harms_nobody_who_came_along(house: House) -> None:
    reception, post = Reception(house.app), Post()
    good, bad, ours, odd = await asyncio.gather(
        take(reception, post, "m1", "m2"),
        take(reception, post, "???", kind="broken"),
        take(reception, post, "...", kind="a bug of ours"),
        take(reception, post, "!!!", kind="unheard of"),
    )
    assert good == [None, None]
    assert [type(one) for one in bad + ours] == [Malformed, KeyError]
    assert odd == [None]
    assert await count(house, "webhooks", source="post", status="200") == 3
    assert await count(house, "events_ignored", source="post", kind="riddle") == 1
    assert sorted(row.external_id for row in await world.rows(house.app.store, InboxRow)) == ["m1", "m2"]


async def test_what_is_not_stored_is_not_acknowledged_and_comes_again(house: House) -> None:
    inbox = FlakyInbox(house.app.store.database)
    inbox.fuse = Fuse(1)
    house.app.store.inbox = inbox
    reception, post = Reception(house.app), Post()
    assert [type(one) for one in await take(reception, post, "m1", "m2")] == [OSError, OSError]
    assert await count(house, "webhooks", source="post", status="200") == 0
    assert await take(reception, post, "m1", "m2") == [None, None]


@pytest.mark.parametrize(("kind", "topic"), [("text", "turns"), ("mark", "receipts")])
async def test_whoever_works_it_off_is_woken(house: House, kind: str, topic: str) -> None:
    reception, post = Reception(house.app), Post()
    await take(reception, post, "m1", kind=kind)
    assert await house.app.signals.wait(topic, 0.01)
    other = "turns" if topic == "receipts" else "receipts"
    assert not await house.app.signals.wait(other, 0.01)


async def test_who_goes_away_while_waiting_loses_nothing(house: House) -> None:
    reception, post = Reception(house.app), Post()
    waiting = asyncio.create_task(reception.take(Webhook(post, {}, b"m1")))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await take(reception, post, "m2") == [None]
    stored = {row.external_id for row in await world.rows(house.app.store, InboxRow)}
    assert stored == {"m1", "m2"}
