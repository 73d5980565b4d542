"""A bare Graph API and Bot API that accept everything, until they are told to wait or to refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.bot.serving import until


@dataclass
class Platform:
    """What was asked of it, and how it answers."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    messages: int = 0
    status: int = 200
    answer: dict[str, Any] = field(default_factory=dict)
    _gate: asyncio.Event | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Platform"]:
        """Listen on a free port."""
        platform = cls()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", platform.take)
        async with TestServer(app) as server:
            platform.url = str(server.make_url("")).rstrip("/")
            yield platform

    @property
    def addresses(self) -> dict[str, str]:
        """The environment that leads the bot here."""
        return {"META_GRAPH_URL": self.url, "INSTAGRAM_GRAPH_URL": self.url, "TELEGRAM_API_URL": self.url}

    def hold(self) -> asyncio.Event:
        """Answer no message until the returned event is set."""
        self._gate = asyncio.Event()
        return self._gate

    async def take(self, request: web.Request) -> web.Response:
        body = await request.text()
        if not _is_message(request.path, body):
            return web.json_response({"ok": True, "result": True, "success": True})
        self.asked.append(request.path)
        self.bodies.append(body)
        if self._gate is not None:
            await self._gate.wait()
        if self.status != 200:
            return web.json_response(self.answer, status=self.status)
        self.messages += 1
        number = f"out-{self.messages}"
        sent = {"message_id": self.messages, "date": 1_795_255_200, "chat": {"id": 77, "type": "private"}}
        return web.json_response(
            {
                "message_id": number,
                "recipient_id": "x",
                "messages": [{"id": number}],
                "ok": True,
                "result": sent,
            }
        )

    async def asked_for(self, path: str) -> None:
        """Wait until a message was handed over at this path."""

        async def so() -> bool:
            return any(path in one for one in self.asked)

        await until(so)


def _is_message(path: str, body: str) -> bool:
    """Whether a call hands over a message, rather than to show typing or to mark something as read."""
    if "/bot" in path:
        return path.rpartition("/")[2].startswith("send") and not path.endswith("sendChatAction")
    return path.endswith("/messages") and "sender_action" not in body and '"status":"read"' not in body
