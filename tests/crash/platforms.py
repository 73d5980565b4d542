"""The platforms as a process of their own, which outlives the bot: ``python -m tests.crash.platforms``.

It serves the sandbox under ``/sandbox``. The sandbox's webhooks do not go to the bot directly but through a
relay in the same process, which remembers every request that the bot has acknowledged: so a test can say how
fast they came, and deliver all of them a second time.
"""

import argparse
import asyncio
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson
import uvloop
from aiohttp import web

from bot.clock import Clock
from integrations.sandbox import SandboxSettings, sandbox_app

PATIENCE: Final = 300.0
"""Seconds over which a webhook is tried again; longer than any test."""
AT_ONCE: Final = 32
"""Webhooks of one source under way at the same moment."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook that the bot answered with 200."""

    source: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Relay:
    """Between the sandbox and the bot. ``broken`` counts requests that the bot took and never answered."""

    bot: str
    session: aiohttp.ClientSession | None = None
    taken: list[Delivery] = field(default_factory=list)
    seconds: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    unreachable: int = 0
    refused: Counter[int] = field(default_factory=Counter)

    def add_routes(self, app: web.Application) -> None:
        """Take over ``/relay``."""
        app.router.add_post("/relay/webhooks/{source}", self.forward)
        app.router.add_get("/relay/tally", self.tally)
        app.router.add_post("/relay/again", self.again)
        app.cleanup_ctx.append(self._open)

    async def _open(self, _app: web.Application) -> Any:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=aiohttp.TCPConnector(limit=0), trust_env=False
        ) as session:
            self.session = session
            yield

    async def forward(self, request: web.Request) -> web.Response:
        """Hand one webhook on, byte for byte, and answer as the bot did; 503 where it did not."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower().startswith("x-") or name.lower() == "content-type"
        }
        delivery = Delivery(request.match_info["source"], headers, await request.read())
        status = await self._post(delivery)
        if status == 200:
            self.taken.append(delivery)
            self.seconds[int(asyncio.get_running_loop().time())] += 1
        return web.Response(status=status or 503)

    async def _post(self, delivery: Delivery) -> int:
        if self.session is None:
            return 0
        try:
            async with self.session.post(
                f"{self.bot}/webhooks/{delivery.source}", data=delivery.body, headers=delivery.headers
            ) as answer:
                await answer.read()
        except aiohttp.ClientConnectorError:
            self.unreachable += 1
            return 0
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.broken += 1
            return 0
        if answer.status != 200:
            self.refused[answer.status] += 1
        return answer.status

    async def tally(self, _request: web.Request) -> web.Response:
        """Say what was taken, what was not, and how many a second."""
        return web.json_response(
            {
                "taken": len(self.taken),
                "broken": self.broken,
                "unreachable": self.unreachable,
                "refused": dict(self.refused),
                "seconds": [self.seconds[second] for second in sorted(self.seconds)],
            }
        )

    async def again(self, request: web.Request) -> web.Response:
        """Deliver everything once more, in any order (``seed``); say how many went out and how many in."""
        asked = orjson.loads(await request.read())
        deliveries = list(self.taken)
        random.Random(asked["seed"]).shuffle(deliveries)
        gate = asyncio.Semaphore(AT_ONCE)

        async def once_more(delivery: Delivery) -> bool:
            async with gate:
                return await self._post(delivery) == 200

        answers = await asyncio.gather(*map(once_more, deliveries))
        return web.json_response({"sent": len(answers), "taken": sum(answers)})


def application(port: int, bot: str) -> web.Application:
    """Make the sandbox and the relay for a bot under the address ``bot``."""
    clock = Clock()

    async def advance(by: Any) -> None:
        clock.advance(by)

    settings = SandboxSettings(
        webhook_base=f"http://127.0.0.1:{port}/relay", webhook_patience=PATIENCE, parallel_webhooks=AT_ONCE
    )
    app = web.Application(client_max_size=16 * 1024 * 1024)
    Relay(bot).add_routes(app)
    app.add_subapp("/sandbox", sandbox_app(settings, clock, advance))
    return app


async def serve(port: int, bot: str) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(application(port, bot), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bot", required=True, help="the bot's address, without a slash at the end")
    given = parser.parse_args()
    uvloop.run(serve(given.port, given.bot))
