"""The desk in a shop that has been open for a year: what its pages ask for, and how long it takes.

Times of what is asked for are from the call to the value, in the process that asks; those of whole pages,
over HTTP, are the server's own (`tests.benchmarks.desk_pages`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias

from dialogs.handoff import RESOLVED
from persistence.database import Database, microseconds
from persistence.desk_queue import Cursor, Filter, Tab
from persistence.migrate import migrate
from persistence.reports import portion_of
from persistence.store import Store
from tests.benchmarks.desk_pages import measure_pages
from tests.benchmarks.desk_seed import FULL, ME, NOW, Scale, seed
from tests.benchmarks.report import Report, percentile
from tests.benchmarks.servers import Servers

Query: TypeAlias = Callable[[Store, int], Awaitable[object]]

TIMES: Final = 40
"""How often each query is asked, each time about another conversation."""

LEAST: Final = "100 ms"
GOAL: Final = "30 ms"


def measure(servers: Servers, report: Report) -> None:
    """Milliseconds per page, 50th and 95th percentile, on both engines."""
    for name, url in servers.databases():
        asyncio.run(_measure(name, url, report, FULL))


async def _measure(name: str, url: str, report: Report, scale: Scale) -> None:
    database = Database(url)
    await migrate(database)
    began = time.perf_counter()
    await database.write(seed, scale)
    await database.write(tidy)
    store = Store(database)
    report.row(
        f"{name}: {scale.conversations:,} conversations, {scale.messages:,} messages written",
        f"{time.perf_counter() - began:.0f} s",
    )
    cursors = await deep(store)
    for what, query in queries(cursors).items():
        took = await timed(store, query)
        middle, late = percentile(took, 0.5), percentile(took, 0.95)
        report.row(f"{name}: {what}, p50 / p95", f"{middle:.1f} / {late:.1f} ms", LEAST, GOAL)
    await store.close()
    async for page, answers in measure_pages(url, cursors):
        took, computed = [one.wall for one in answers], [one.cpu for one in answers]
        middle, late = percentile(took, 0.5), percentile(took, 0.95)
        figures = f"{middle:.1f} / {late:.1f} ms; {percentile(computed, 0.5):.1f} ms"
        report.row(f"{name}: {page}, p50 / p95; computed", figures, LEAST, GOAL)


def tidy(connection: Any) -> None:
    """Let PostgreSQL know its tables, as its own housekeeping does sooner or later."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")


async def timed(store: Store, query: Query, times: int = TIMES) -> list[float]:
    """How long each call took, in milliseconds; the first ones, which fill caches, are left out."""
    took = []
    for number in range(times + 3):
        began = time.perf_counter()
        await query(store, number)
        took.append((time.perf_counter() - began) * 1000)
    return took[3:]


async def deep(store: Store, pages: int = 16) -> dict[str, Cursor | None]:
    """Where pages far down begin."""
    cursors: dict[str, Cursor | None] = {}
    tabs: tuple[Tab, ...] = ("open", "all")
    for tab in tabs:
        cursor: Cursor | None = None
        for _ in range(pages):
            page = await store.queue.page(Filter(tab=tab), ME, NOW, cursor)
            cursor = page.next or cursor
        cursors[tab] = cursor
    # Half a year back: as if somebody had scrolled for hours.
    cursors["half a year"] = Cursor(NOW, (microseconds(NOW - timedelta(days=180)), 1))
    return cursors


def queries(cursors: dict[str, Cursor | None]) -> dict[str, Query]:
    """What the pages ask for; the number makes each call a different one."""
    rare = ("kaseltin", "kavindor", "kapaler", "kanusel", "kadornu")
    common = ("kaputt", "danke", "bestellung", "müll", "größe")
    return {
        "queue, first page": lambda store, _: store.queue.page(Filter(), ME, NOW),
        "queue, page 17": lambda store, _: store.queue.page(Filter(), ME, NOW, cursors["open"]),
        "queue, mine": lambda store, n: store.queue.page(Filter(tab="mine"), n % 20, NOW),
        "queue, snoozed": lambda store, _: store.queue.page(Filter(tab="snoozed"), ME, NOW),
        "queue, by team and channel": lambda store, n: store.queue.page(
            Filter(team=n % 5, channel="telegram"), ME, NOW
        ),
        "queue, by reason": lambda store, _: store.queue.page(Filter(reason="human"), ME, NOW),
        "all, first page": lambda store, _: store.queue.page(Filter(tab="all"), ME, NOW),
        "all, page 17": lambda store, _: store.queue.page(Filter(tab="all"), ME, NOW, cursors["all"]),
        "all, half a year down": lambda store, _: store.queue.page(
            Filter(tab="all"), ME, NOW, cursors["half a year"]
        ),
        "all, by channel": lambda store, _: store.queue.page(Filter(tab="all", channel="telegram"), ME, NOW),
        "all, by a team that has none": lambda store, _: store.queue.page(
            Filter(tab="all", team=77), ME, NOW
        ),
        "all, by label": lambda store, n: store.queue.page(Filter(tab="all", label=n % 7 + 1), ME, NOW),
        "all, by reason": lambda store, _: store.queue.page(Filter(tab="all", reason="human"), ME, NOW),
        RESOLVED: lambda store, _: store.queue.page(Filter(tab="resolved"), ME, NOW),
        "queue, by words": lambda store, n: store.queue.page(Filter(text=common[n % 5]), ME, NOW),
        "first page, its print and counts": lambda store, _: store.queue.view(Filter(), ME, NOW),
        "counts": lambda store, _: store.queue.counts(ME),
        "what is new": lambda store, _: store.news.news(ME, NOW, 50),
        "print of the queue": lambda store, _: store.queue.fingerprint(Filter(), ME, NOW),
        "print of a thread": lambda store, n: store.queue.thread_fingerprint(n * 1997 + 2, NOW),
        "print of the longest thread": lambda store, _: store.queue.thread_fingerprint(1, NOW),
        "thread, newest": lambda store, n: store.thread.page(n * 1997 + 2),
        "longest thread, newest": lambda store, _: store.thread.page(1),
        "longest thread, in the middle": lambda store, _: _middle(store),
        "longest thread, its beginning": lambda store, _: _beginning(store),
        "thread, head": lambda store, n: store.thread.head(n * 1997 + 2, ME, NOW),
        "buyer": lambda store, n: store.buyer.card(n * 1997 + 2, NOW),
        "search, a common word": lambda store, n: store.search.find(common[n % 5]),
        "search, two common words": lambda store, n: store.search.find(
            f"{common[n % 5]} {common[(n + 1) % 5]}"
        ),
        "search, a rare word": lambda store, n: store.search.find(rare[n % 5]),
        "search, beginning of a word": lambda store, n: store.search.find(
            ("ka", "mü", "best", "zo", "vin")[n % 5]
        ),
        "search, a common and a rare word": lambda store, n: store.search.find(f"ich {rare[n % 5]}"),
        "search, what is not there": lambda store, n: store.search.find(f"gibtsnicht{n}"),
        "search, an order": lambda store, n: store.search.find(f"#{1000 + n * 1000}"),
        "search, an e-mail": lambda store, n: store.search.find(f"anna{n * 1000 + 5}@example.org"),
        "search, a phone number": lambda store, n: store.search.find(f"+49 170 {1_000_000 + n * 1000}"),
        "export, 500 conversations": lambda store, n: store.database.read(
            portion_of, (microseconds(NOW - timedelta(days=300 - n)), 0), NOW, 500
        ),
    }


async def _middle(store: Store) -> object:
    row = await store.thread.page(1, before=await _key(store, 0.5))
    assert row.has_before
    return row


async def _beginning(store: Store) -> object:
    return await store.thread.page(1, around=await _key(store, 0.0))


_KEYS: dict[tuple[int, float], str] = {}


async def _key(store: Store, part: float) -> str:
    """The key of a message of the longest thread, at a part (0-1) of its length."""
    where = (id(store), part)
    if where not in _KEYS:
        low, high = await store.database.read(_ends)
        _KEYS[where] = f"o{low + int((high - low) * part)}"
        while not (await store.thread.items(1, (_KEYS[where],))):
            _KEYS[where] = f"o{int(_KEYS[where][1:]) + 1}"
    return _KEYS[where]


def _ends(connection: Any) -> tuple[int, int]:
    found = connection.exec_driver_sql("SELECT min(id), max(id) FROM outbox WHERE conversation_id = 1").one()
    return int(found[0]), int(found[1])
