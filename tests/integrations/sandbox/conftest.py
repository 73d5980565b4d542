"""A running sandbox, a receiver for its webhooks, and a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from integrations.sandbox import SANDBOX, EntryLink, Sandbox, SandboxSettings, sandbox_app

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SETTINGS = SandboxSettings.default()
Json = dict[str, Any]


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    async def advance(self, span: timedelta) -> None:
        self.now += span


@dataclass(frozen=True)
class Posted:
    """One webhook as it arrived."""

    source: str
    raw: bytes
    headers: Mapping[str, str]
    json: Any


@dataclass
class Receiver:
    """Plays the bot's door: keeps what comes, answers with ``status``."""

    status: int = 200
    refusals: int = 0
    posts: list[Posted] = field(default_factory=list)
    attempts: int = 0
    delay: float = 0.0
    most_at_once: int = 0
    _at_once: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.attempts += 1
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(self.delay)
        self._at_once -= 1
        if self.status == 200:
            posted = Posted(request.match_info["source"], raw, request.headers.copy(), await request.json())
            self.posts.append(posted)
            self._news.set()
        return web.json_response({"heard": True}, status=self.status)

    async def until(self, enough: Callable[[list[Posted]], bool]) -> list[Posted]:
        """Wait until the posts so far are enough; fail after five seconds."""
        async with asyncio.timeout(5):
            while not enough(self.posts):
                self._news.clear()
                await self._news.wait()
        return self.posts

    async def of(self, source: str, count: int = 1) -> list[Posted]:
        """Wait for this many posts of the source and return them."""
        await self.until(lambda posts: len([p for p in posts if p.source == source]) >= count)
        return [p for p in self.posts if p.source == source]

    async def instagram(self, count: int = 1) -> list[Json]:
        """Wait for this many Instagram events, without echoes."""

        def events() -> list[Json]:
            found = [
                item
                for post in self.posts
                if post.source == "instagram"
                for entry in post.json["entry"]
                for item in entry["messaging"]
            ]
            return [item for item in found if not item.get("message", {}).get("is_echo")]

        await self.until(lambda _posts: len(events()) >= count)
        return events()

    async def echoes(self, count: int = 1) -> list[Json]:
        """Wait for this many Instagram echoes."""

        def events() -> list[Json]:
            return [
                item
                for post in self.posts
                if post.source == "instagram"
                for entry in post.json["entry"]
                for item in entry["messaging"]
                if item.get("message", {}).get("is_echo")
            ]

        await self.until(lambda _posts: len(events()) >= count)
        return events()

    async def whatsapp(self, key: str, count: int = 1) -> list[Json]:
        """Wait for this many items of ``messages``, ``statuses`` or ``message_echoes``."""

        def items() -> list[Json]:
            return [
                item
                for post in self.posts
                if post.source == "whatsapp"
                for entry in post.json["entry"]
                for change in entry["changes"]
                for item in change["value"].get(key, [])
            ]

        await self.until(lambda _posts: len(items()) >= count)
        return items()


@dataclass
class Box:
    """The sandbox as the bot, the page and a test see it."""

    base: str
    client: aiohttp.ClientSession
    clock: Clock
    receiver: Receiver
    handle: Sandbox

    async def api(self, path: str, /, *, status: int = 200, **body: Any) -> Json:
        """Call the sandbox's own API: GET without a body, else POST."""
        method = "POST" if body or path in {"api/reset", "api/buy"} else "GET"
        async with self.client.request(method, f"{self.base}/{path}", json=body or None) as answer:
            result: Json = await answer.json()
            assert answer.status == status, result
            return result

    async def say(self, channel: str, text: str = "Hallo", **more: Any) -> Json:
        said: Json = (await self.api("api/say", channel=channel, text=text, **more))["message"]
        return said

    async def graph(
        self, path: str, body: Json | None = None, *, token: str | None = None, method: str = "POST"
    ) -> tuple[int, Json]:
        """Call the Graph API with the token that fits the address."""
        if token is None:
            number = SETTINGS.whatsapp
            whatsapp = path.startswith((number.phone_number_id, number.waba_id))
            token = number.access_token if whatsapp else SETTINGS.instagram.access_token
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.base}/graph/v25.0/{path}"
        async with self.client.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def to_instagram(self, message: Json, *, person: str = "lena", **more: Any) -> tuple[int, Json]:
        """Send like the Instagram adapter."""
        body = {"recipient": {"id": await self.address("instagram", person)}, "message": message, **more}
        return await self.graph(f"{SETTINGS.instagram.account_id}/messages", body)

    async def to_whatsapp(
        self, *, to: str | None = None, person: str = "lena", **more: Any
    ) -> tuple[int, Json]:
        """Send like the WhatsApp adapter."""
        whom = {"to": to or "+" + await self.address("whatsapp", person)}
        if "recipient" in more:
            whom = {}
        body = {"messaging_product": "whatsapp", **whom, **more}
        return await self.graph(f"{SETTINGS.whatsapp.phone_number_id}/messages", body)

    async def to_telegram(self, method: str, *, form: bool = False, **given: Any) -> tuple[int, Json]:
        """Call the Bot API."""
        url = f"{self.base}/telegram/bot{SETTINGS.telegram.token}/{method}"
        body: Json = {"data": given} if form else {"json": given}
        async with self.client.post(url, **body) as answer:
            return answer.status, await answer.json()

    async def address(self, channel: str, person: str = "lena") -> str:
        """Return the person's id on the channel, without making them the current person."""
        world = await self.api("api/world")
        found = next(one for one in world["people"] if one["key"] == person)
        key = {"instagram": "igsid", "whatsapp": "wa_id", "telegram": "chat_id"}[channel]
        address: str = found[channel][key]
        return address

    async def until(self, reached: Callable[[], Awaitable[bool]]) -> None:
        """Ask until it is so; fail after five seconds."""
        async with asyncio.timeout(5):
            while not await reached():  # noqa: ASYNC110 - the sandbox may be in another process
                await asyncio.sleep(0.01)

    async def quiet(self) -> Json:
        """Wait until no webhook waits any more; return what became of them."""

        async def nothing_waits() -> bool:
            return not (await self.api("api/webhooks"))["waiting"]

        await self.until(nothing_waits)
        return await self.api("api/webhooks")

    async def thread(self, channel: str) -> list[Json]:
        """Return the current person's chat."""
        thread: list[Json] = (await self.api("api/world"))["threads"][channel]
        return thread


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def door(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/webhooks/{source}", receiver.take)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def links() -> Callable[[str], Awaitable[Mapping[str, EntryLink]]]:
    """Knows every order at the second question."""
    asked: list[str] = []

    async def make(order_id: str) -> Mapping[str, EntryLink]:
        asked.append(order_id)
        if asked.count(order_id) < 2:
            return {}
        return {"instagram": EntryLink(f"http://127.0.0.1/go/{order_id}", "<svg/>")}

    return make


@pytest.fixture
async def box(
    clock: Clock, receiver: Receiver, door: str, links: Callable[[str], Awaitable[Mapping[str, EntryLink]]]
) -> AsyncIterator[Box]:
    inner = sandbox_app(SETTINGS, clock, clock.advance, links)
    outer = web.Application()
    outer.add_subapp("/sandbox", inner)
    async with TestServer(outer) as server, aiohttp.ClientSession() as client:
        handle = inner[SANDBOX]
        handle.connect(door)
        handle.faults.status_delay_ms = 5
        yield Box(str(server.make_url("/sandbox")), client, clock, receiver, handle)
