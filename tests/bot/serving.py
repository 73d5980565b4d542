"""The whole program inside the test's process, on a free port, with everything a test asks of it."""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from bot.app import App
from bot.config import Config, load
from bot.server import Half, running
from persistence.tables import Conversation, InboxRow, OutboxRow, ReminderRow
from tests.persistence import world

PATIENCE: Final = 15.0
"""Seconds in which anything must have happened that a test waits for."""

BRISK: Final[dict[str, Any]] = {
    "turns": {"typing_seconds": 0, "burst_seconds": 0},
    "server": {"port": 0, "poll_seconds": 0.2},
}
"""Settings with which nobody waits for more words; a lost wake-up would still cost a fifth of a second."""

LIVE: Final[dict[str, str]] = {
    "INSTAGRAM_APP_SECRET": "instagram secret, instagram secret of last year",
    "INSTAGRAM_VERIFY_TOKEN": "instagram verify",
    "INSTAGRAM_ACCESS_TOKEN": "IGtoken-of-the-shop",
    "INSTAGRAM_ACCOUNT_ID": "17841400000000001",
    "WHATSAPP_APP_SECRET": "whatsapp secret",
    "WHATSAPP_VERIFY_TOKEN": "whatsapp verify",
    "WHATSAPP_ACCESS_TOKEN": "EAAtoken-of-the-shop",
    "WHATSAPP_PHONE_NUMBER_ID": "106500000000001",
    "TELEGRAM_BOT_TOKEN": "123456:telegram-token-of-the-shop",
    "TELEGRAM_WEBHOOK_SECRET": "telegram-secret",
    "SHOPIFY_WEBHOOK_SECRET": "shopify secret,shopify secret two",
    "ORDERS_WEBHOOK_SECRET": "orders secret",
    "META_GRAPH_URL": "http://127.0.0.1:9",
    "INSTAGRAM_GRAPH_URL": "http://127.0.0.1:9",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
}
"""Every source switched on; their platforms are a port on which nobody listens."""


def settings_of(database_url: str, environ: Mapping[str, str], sections: Mapping[str, Any]) -> Config:
    """Read file and environment as the program does, with the brisk settings and these sections."""
    merged = {name: {**BRISK.get(name, {}), **sections.get(name, {})} for name in {*BRISK, *sections}}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yml"
        file.write_text(yaml.safe_dump(merged), encoding="utf-8")
        return load(file, {"DATABASE_URL": database_url, **environ})


@dataclass
class Running:
    """A running server, and a client that talks to it."""

    app: App
    url: str
    client: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, str]:
        """Ask for something: the status and the text."""
        async with self.client.get(self.url + path, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def sandbox(self, path: str, /, **body: Any) -> Any:
        """Call the sandbox's own API: GET without a body, else POST."""
        method = "POST" if body or path in {"api/buy", "api/reset"} else "GET"
        async with self.client.request(method, f"{self.url}/sandbox/{path}", json=body or None) as answer:
            told = await answer.json()
            assert answer.status == 200, (path, told)
            return told

    async def post(self, source: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Deliver a webhook: the status and the text."""
        address, content = f"{self.url}/webhooks/{source}", io.BytesIO(body)
        async with self.client.post(address, data=content, headers=headers) as answer:
            return answer.status, await answer.text()

    async def rows(self, model: Any, **equal: Any) -> list[Any]:
        """Rows of a table, by id."""
        return await world.rows(self.app.store, model, **equal)

    async def metric(self, name: str, **labels: str) -> float:
        """A figure of the metrics, 0 if it has not been counted yet."""
        return self.app.metrics.registry.get_sample_value(name, labels) or 0.0

    async def quiet(self) -> None:
        """Wait until every webhook is taken, every conversation answered and every message settled."""
        for _ in range(2):  # what goes out may bring something in again: echoes, delivery marks
            await until(self._is_quiet)

    async def _is_quiet(self) -> bool:
        """Look where work comes from before looking where it goes, so that it cannot slip past."""
        now = self.app.clock()
        if any(row.due_at <= now for row in await self.rows(ReminderRow, status="waiting")):
            return False
        if self.app.config.sandbox and (await self.sandbox("api/webhooks"))["waiting"]:
            return False
        if await self.rows(InboxRow, status="new"):
            return False
        inbox = await self.rows(InboxRow, status="waiting")
        if any(row.lane != "receipt" or row.due_at <= now for row in inbox):
            return False
        if any(row.due_at is not None for row in await self.rows(Conversation)):
            return False
        return not any(row.status in {"waiting", "sending", "unknown"} for row in await self.rows(OutboxRow))


@contextlib.asynccontextmanager
async def serving(
    database_url: str,
    *,
    only: Half | None = None,
    environ: Mapping[str, str] | None = None,
    **sections: Any,
) -> AsyncIterator[Running]:
    """Run the program on a free port; without ``environ`` the sandbox plays the channels."""
    config = settings_of(database_url, environ or {}, sections)
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with running(config, only) as server, aiohttp.ClientSession(timeout=timeout) as client:
        running_server = Running(server.app, server.url, client)
        if config.sandbox and only != "work":
            await running_server.sandbox("faults", status_delay_ms=5)
        yield running_server


async def until(ready: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until ``ready`` gives something true, and return it."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await ready()):  # noqa: ASYNC110 - what is waited for happens in a database
            await asyncio.sleep(0.01)
    return found
