"""Turns: from the waiting event to the committed answer, on one core, and a conversation's 10,000th turn."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from statistics import median

from bot.app import App, build, open_store
from bot.clock import Clock
from bot.config import load
from bot.turn import take_turns
from dialogs.messages import Arrival, Contact, Event, Tap, Text
from persistence.inbox import Intake
from persistence.migrate import migrate
from persistence.outbox import Settlement
from tests.benchmarks.report import Report
from tests.benchmarks.servers import ACCOUNT, SECRET, Servers

PEOPLE = 2000
LONG = 10_000
PAIRS = 100


def measure(servers: Servers, report: Report) -> None:
    """Turns per second for taps and for free text, on each database."""
    for what, targets in (("tap", ("500 / 400", "2,000 / 1,500")), ("text", ("300 / 250", "1,200 / 1,000"))):
        for name, database in servers.databases():
            wall, cpu = asyncio.run(_turns(database, what))
            report.row(
                f"turns, {what}, {name}",
                f"{wall:,.0f}/s by the clock, {cpu:,.0f}/s of this process's core",
                *targets,
            )
    for name, database in servers.databases():
        tenth, late = asyncio.run(_long(database))
        report.row(
            f"a conversation's {LONG:,}th turn ÷ a 10th, {name}",
            f"{late / tenth:.2f} ({tenth * 1000:.2f} → {late * 1000:.2f} ms)", "1.2", "1.0",
        )  # fmt: skip


@asynccontextmanager
async def _house(database: str) -> AsyncIterator[App]:
    os.environ |= {
        "DATABASE_URL": database,
        "INSTAGRAM_APP_SECRET": SECRET,
        "INSTAGRAM_VERIFY_TOKEN": "benchmark",
        "INSTAGRAM_ACCESS_TOKEN": "benchmark-token",
        "INSTAGRAM_ACCOUNT_ID": ACCOUNT,
        "INSTAGRAM_GRAPH_URL": "http://127.0.0.1:9",
    }
    config = load(None)
    # Courtesy calls go to a platform, and none is there: they are measured in the latency, not here.
    sending = config.settings.sending.model_copy(update={"show_typing": False})
    config = config.model_copy(update={"settings": config.settings.model_copy(update={"sending": sending})})
    store = open_store(config)
    await migrate(store.database)
    app = await build(config, Clock(), store, b"benchmark-secret", "http://127.0.0.1:9")
    try:
        yield app
    finally:
        await app.close()


async def _turns(database: str, what: str) -> tuple[float, float]:
    event: Event = (
        Tap("menu.menu.setup.1", "Einrichtung") if what == "tap" else Text("hallo, wo ist mein paket?")
    )
    async with _house(database) as app:
        await _fill(app, [Text("hallo")], PEOPLE, "first")
        await _work_off(app)
        await _fill(app, [event], PEOPLE, "second")
        wall, cpu = time.perf_counter(), time.process_time()
        done = await _work_off(app)
        return done / (time.perf_counter() - wall), done / (time.process_time() - cpu)


async def _fill(app: App, events: list[Event], people: int, name: str) -> None:
    now = app.clock()
    for begin in range(0, people, 200):
        arrivals = [
            Arrival(
                "instagram",
                f"{name}-{person}-{n}",
                now,
                event,
                Contact("instagram", ACCOUNT, (f"p{person}",)),
            )
            for person in range(begin, min(begin + 200, people))
            for n, event in enumerate(events)
        ]
        await app.store.inbox.accept(Intake(arrivals, (), now))


async def _work_off(app: App) -> int:
    """Work as the rooms do: two batches at a time."""
    done = 0
    app.clock.advance(timedelta(seconds=2))  # nothing waits for a burst

    async def loop() -> None:
        nonlocal done
        while claimed := await take_turns(app):
            done += claimed

    await asyncio.gather(loop(), loop())
    return done


async def _long(database: str) -> tuple[float, float]:
    """Median times of others' 10th turns and of one conversation's 10,000th, taken in turns at its end.

    So a machine that is slower for a while is so for both.
    """
    async with _house(database) as app:
        for number in range(LONG - PAIRS):
            await _one_turn(app, "long", number)
        for number in range(9):
            for short in range(PAIRS):
                await _one_turn(app, f"short-{short}", number)
        pairs = [
            (await _one_turn(app, f"short-{n}", 9), await _one_turn(app, "long", LONG - PAIRS + n))
            for n in range(PAIRS)
        ]
        return median(short for short, _ in pairs), median(long for _, long in pairs)


async def _one_turn(app: App, person: str, number: int) -> float:
    """The person writes and is answered; return how long the turn took, in seconds."""
    now = app.clock()
    contact = Contact("instagram", ACCOUNT, (person,))
    arrival = Arrival("instagram", f"{person}-{number}", now, Text("hallo"), contact)
    await app.store.inbox.accept(Intake([arrival], (), now))
    app.clock.advance(timedelta(seconds=30))
    began = time.perf_counter()
    await take_turns(app)
    took = time.perf_counter() - began
    for row in await app.store.outbox.claim(app.clock(), 10):  # the answers go out, as in life
        await app.store.outbox.settle(Settlement(row, "sent", app.clock(), external_id=f"m-{row.id}"))
    return took
