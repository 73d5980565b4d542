"""From the webhook to the call at the Graph API: an idle system, and one at half its rate."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

from tests.benchmarks.report import Report, percentile
from tests.benchmarks.servers import Servers
from tests.benchmarks.webhooks import body, signature

IDLE = 300
BUSY_SECONDS = 8.0
BUSY_RATE = 100.0


def measure(servers: Servers, report: Report) -> None:
    """p50 and p99 in milliseconds."""
    for name, database in servers.databases():
        asyncio.run(_measure(servers, report, name, database))


async def _measure(servers: Servers, report: Report, name: str, database: str) -> None:
    called: dict[str, float] = {}
    heard: dict[str, asyncio.Event] = {}

    async def graph(request: web.Request) -> web.Response:
        sent = json.loads(await request.read())
        person = sent["recipient"]["id"]
        if "message" in sent:
            called.setdefault(person, time.perf_counter())
            if person in heard:
                heard[person].set()
        return web.json_response({"recipient_id": person, "message_id": f"m_{time.perf_counter_ns()}"})

    site = web.Application()
    site.router.add_route("*", "/{path:.*}", graph)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    place = web.TCPSite(runner, "127.0.0.1", 0)
    await place.start()
    port = runner.addresses[0][1]
    starting = servers.bot(database, graph=f"http://127.0.0.1:{port}")
    url, _ = await asyncio.to_thread(starting.__enter__)
    try:
        async with aiohttp.ClientSession() as session:
            post = _poster(session, f"{url}/webhooks/instagram")
            idle = [await _one(post, person, called, heard) for person in range(IDLE)]
            _tell(report, f"idle, {name}", idle[20:], ("30 / 100 ms", "8 / 30 ms"))
            busy = await _busy(post, called, heard)
            _tell(report, f"{BUSY_RATE:.0f} messages/s, {name}", busy, ("p99 300 ms", "p99 100 ms"))
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)
        await runner.cleanup()


def _poster(session: aiohttp.ClientSession, url: str) -> Callable[[bytes], Awaitable[None]]:
    async def post(raw: bytes) -> None:
        async with session.post(url, data=raw, headers={"X-Hub-Signature-256": signature(raw)}) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the door answered {answer.status}")

    return post


async def _one(
    post: Callable[[bytes], Awaitable[None]],
    person: int,
    called: dict[str, float],
    heard: dict[str, asyncio.Event],
) -> float:
    """Milliseconds from sending one webhook to the call that answers it."""
    name = f"71000000{person:08d}"
    event = heard[name] = asyncio.Event()
    raw = body(person, person, text="Hallo")
    began = time.perf_counter()
    await post(raw)
    await asyncio.wait_for(event.wait(), 20)
    return (called[name] - began) * 1000


async def _busy(
    post: Callable[[bytes], Awaitable[None]], called: dict[str, float], heard: dict[str, asyncio.Event]
) -> list[float]:
    tasks: list[asyncio.Task[float]] = []
    began = time.perf_counter()
    person = 1_000_000
    while (now := time.perf_counter()) - began < BUSY_SECONDS:
        while len(tasks) < (now - began) * BUSY_RATE:
            person += 1
            tasks.append(asyncio.create_task(_one(post, person, called, heard)))
        await asyncio.sleep(0.002)
    return list(await asyncio.gather(*tasks))


def _tell(report: Report, what: str, values: list[float], targets: tuple[str, str]) -> None:
    report.row(
        f"webhook → Graph API call, {what}",
        f"p50 {percentile(values, 0.5):.1f} ms, p99 {percentile(values, 0.99):.1f} ms",
        *targets,
    )
