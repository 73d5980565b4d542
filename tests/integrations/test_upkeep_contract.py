"""One suite for every platform that can be asked: Instagram by both logins, in the sandbox; the fake."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialogs.messages import Echo, Media, Text
from integrations.base import Refused, Unauthorized
from integrations.fake_upkeep import FakeUpkeep
from integrations.instagram import Instagram
from integrations.sandbox import SANDBOX, sandbox_app
from integrations.upkeep import Comparing, Renewing
from tests.integrations.sandbox.conftest import SETTINGS, Box, Clock, Receiver
from tests.integrations.sides import instagram

TWO_A_SECOND = timedelta(seconds=0.5)
"""What Instagram allows: Conversations API, rate limits."""


class Side(ABC):
    """The platform's end: people who write although nobody is told."""

    channel: FakeUpkeep | Instagram
    clock: Clock

    @abstractmethod
    async def write(self, text: str, person: str = "lena", *, by_shop: bool = False) -> str:
        """Let a message stand in a thread; return the platform's id of it."""


class FakeSide(Side):
    """The fake knows its own end."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fake = self.channel = FakeUpkeep(self.clock)

    async def write(self, text: str, person: str = "lena", *, by_shop: bool = False) -> str:
        return self.fake.write(person, text, self.clock(), by_shop=by_shop).external_id


class SandboxSide(Side):
    """The sandbox, whose webhooks are lost."""

    def __init__(self, box: Box, channel: Instagram) -> None:
        self.box, self.clock, self.channel = box, box.clock, channel

    async def write(self, text: str, person: str = "lena", *, by_shop: bool = False) -> str:
        path = "api/own" if by_shop else "api/say"
        said = await self.box.api(path, channel="instagram", text=text, person=person)
        return str(said["message"]["id"])


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """A sandbox of its own that loses every webhook."""
    clock, receiver = Clock(), Receiver()
    inner = sandbox_app(SETTINGS, clock, clock.advance)
    outer, door = web.Application(), web.Application()
    outer.add_subapp("/sandbox", inner)
    door.router.add_post("/webhooks/{source}", receiver.take)
    async with TestServer(door) as bot, TestServer(outer) as server, aiohttp.ClientSession() as client:
        handle = inner[SANDBOX]
        handle.connect(str(bot.make_url("")))
        handle.faults.webhook_lose = True
        yield Box(str(server.make_url("/sandbox")), client, clock, receiver, handle)


@pytest.fixture(params=["fake", "instagram", "facebook"])
async def side(request: pytest.FixtureRequest, box: Box) -> AsyncIterator[Side]:
    made: Side = FakeSide()
    if request.param != "fake":
        channel = instagram(box.base)
        made = SandboxSide(box, Instagram(replace(channel._settings, login=request.param)))
        await channel.aclose()
    yield made
    await made.channel.aclose()


def test_it_is_a_platform_that_can_be_asked(side: Side) -> None:
    assert isinstance(side.channel, Comparing)
    assert isinstance(side.channel, Renewing)
    assert side.channel.asking_rate.interval >= TWO_A_SECOND


async def test_nothing_has_been_written(side: Side) -> None:
    page = await side.channel.threads()
    assert (page.threads, page.more) == ((), "")


async def test_a_thread_shows_both_sides_with_the_platforms_ids_and_times(side: Side) -> None:
    first = await side.write("Hallo 👋")
    side.clock.now += timedelta(seconds=3)
    second = await side.write("Guten Tag!", by_shop=True)
    [listed] = (await side.channel.threads()).threads
    assert listed.updated_at == side.clock()
    said, answered = await side.channel.messages(listed.id)
    assert (said.external_id, said.event) == (first, Text("Hallo 👋"))
    assert said.at == side.clock() - timedelta(seconds=3)
    assert (answered.external_id, answered.event) == (second, Echo(second, "Guten Tag!"))
    assert said.contact is not None
    assert answered.contact == said.contact, "the contact of both is the person"
    assert (said.source, said.contact.channel) == (side.channel.name, side.channel.name)
    assert said.contact.account == side.channel.account
    assert side.channel.account not in said.contact.ids


async def test_what_happened_last_is_listed_first_and_every_page_is_another(side: Side) -> None:
    for person in ("lena", "max", "sofia"):
        side.clock.now += timedelta(minutes=1)
        await side.write("Hallo", person)
    found, more, pages = [], "", 0
    while pages == 0 or more:
        page = await side.channel.threads(more)
        found += [thread.updated_at for thread in page.threads]
        more, pages = page.more, pages + 1
    assert found == [side.clock() - timedelta(minutes=n) for n in range(3)]


async def test_a_thread_that_is_not_there_is_refused(side: Side) -> None:
    with pytest.raises(Refused):
        await side.channel.messages("nobody")


async def test_a_fresh_token_is_used_from_then_on_only(side: Side) -> None:
    before = side.channel.token
    renewed = await side.channel.renew()
    assert side.channel.token == before
    assert renewed.lasts == timedelta(days=60)
    assert renewed.token not in {before, ""}
    assert renewed.token not in repr(renewed)
    side.channel.use_token(renewed.token)
    assert side.channel.token == renewed.token
    await side.write("Hallo")
    assert len((await side.channel.threads()).threads) == 1


async def test_a_platform_that_does_not_know_the_token_says_so(box: Box) -> None:
    channel = instagram(box.base, "IGsomebody-else")
    with pytest.raises(Unauthorized):
        await channel.threads()
    with pytest.raises(Unauthorized):
        await channel.renew()
    await channel.aclose()


async def test_a_picture_is_listed_with_its_address(box: Box) -> None:
    channel = instagram(box.base)
    await box.api("api/media", channel="instagram", type="image")
    [listed] = (await channel.threads()).threads
    [said] = await channel.messages(listed.id)
    assert isinstance(said.event, Media)
    assert said.event.attachments[0].type == "image"
    assert said.event.attachments[0].url
    assert box.receiver.posts == []
    await channel.aclose()
