"""The desk's pages over HTTP, on the shop of `tests.benchmarks.desk_seed`: all that the server does for them.

The real site runs in this process, without the work half. Times are the server's own, from the request's
first line to the answer's last byte; beside them stands what the process computed meanwhile, which neighbours
on the same cores change less. The client, a plain socket, is in that: about 0.1 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from bot.app import App, build
from bot.clock import Clock
from bot.server import spare_collector, whole_site
from persistence.audit import Entry, note
from persistence.database import Database
from persistence.desk_queue import Cursor, Filter
from persistence.store import Store
from tests.benchmarks.desk_seed import ME, NOW
from tests.bot.people import Visitor, make_account, sign_in
from tests.bot.serving import settings_of

TIMES: Final = 40
WARMING: Final = 4
"""Requests before the count begins: they fill caches and translate templates, once in a program's life."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of request. ``{n}`` in the path becomes a number that differs from one to the next."""

    path: str
    part: bool = False

    def at(self, number: int) -> str:
        """Return the path of one request."""
        path = self.path.replace("{n}", str(number * 1997 + 2))
        return path.replace("{word}", _WORDS[number % len(_WORDS)])


_WORDS: Final = ("kaputt", "danke", "bestellung", "m%C3%BCll", "gr%C3%B6%C3%9Fe")


@dataclass(frozen=True, slots=True)
class Took:
    """What a request took: milliseconds of the server and of the processor, and how large the answer was."""

    wall: float
    cpu: float
    size: int


def pages(cursors: Mapping[str, Cursor | None], cases: str) -> dict[str, Asked]:
    """What is asked for. ``cases``: some path of an open case."""
    return {
        "/desk": Asked("/desk"),
        "/desk?tab=all": Asked("/desk?tab=all"),
        "/desk/queue": Asked("/desk/queue", part=True),
        "/desk/queue, mine": Asked("/desk/queue?tab=mine", part=True),
        "/desk/queue, waiting": Asked("/desk/queue?tab=waiting", part=True),
        "/desk/queue, pending": Asked("/desk/queue?tab=pending", part=True),
        "/desk/queue, snoozed": Asked("/desk/queue?tab=snoozed", part=True),
        "/desk/queue, resolved": Asked("/desk/queue?tab=resolved", part=True),
        "/desk/queue, all": Asked("/desk/queue?tab=all", part=True),
        "/desk/queue, page 17": Asked(f"/desk/queue?after={cursors['open']}", part=True),
        "/desk/queue, all, page 17": Asked(f"/desk/queue?tab=all&after={cursors['all']}", part=True),
        "/desk/queue, by channel": Asked("/desk/queue?channel=telegram", part=True),
        "/desk/queue, by label": Asked("/desk/queue?label=3", part=True),
        "/desk/queue, by reason": Asked("/desk/queue?reason=human", part=True),
        "/desk/queue, all, by words": Asked("/desk/queue?tab=all&text={word}", part=True),
        "/desk/search": Asked("/desk/search?text={word}", part=True),
        "/desk/{id}": Asked("/desk/{n}"),
        "/desk/{id}, an open case": Asked(cases),
        "/desk/{id}, its columns alone": Asked("/desk/{n}", part=True),
        "/desk/{id}, 100,000 messages": Asked("/desk/1"),
        "/desk/{id}/tail": Asked("/desk/{n}/tail?shown=50", part=True),
        "/desk/{id}/items, 100,000 messages": Asked("/desk/1/items?before=o900000", part=True),
        "/desk/requests": Asked("/desk/requests"),
        "/desk/people": Asked("/desk/people"),
        "/desk/audit": Asked("/desk/audit"),
        "/desk/settings": Asked("/desk/settings"),
        "/desk/canned": Asked("/desk/canned"),
        "/desk/me": Asked("/desk/me"),
        "/desk/alarms": Asked("/desk/alarms", part=True),
    }


async def measure_pages(
    url: str, cursors: Mapping[str, Cursor | None], times: int = TIMES
) -> AsyncIterator[tuple[str, list[Took]]]:
    """Ask for every page so many times; yield its name and what each request took."""
    async with desk_site(url) as site:
        found = await site.app.store.queue.page(Filter(), ME, NOW)
        for name, asked in pages(cursors, f"/desk/{found.rows[0].id}").items():
            yield name, [await site.ask(asked, number) for number in range(times + WARMING)][WARMING:]
        yield "/desk/events, until it has told everything", [await site.listen() for _ in range(times // 4)]


class _Times(AbstractAccessLogger):
    """Takes down how long the server took for its last answer."""

    last = 0.0

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """See `AbstractAccessLogger.log`; ``time`` in seconds."""
        _Times.last = time * 1000


@dataclass(frozen=True, slots=True)
class Site:
    """A running site and somebody who is signed in to it."""

    app: App
    port: int
    visitor: Visitor

    async def ask(self, asked: Asked, number: int) -> Took:
        """Ask once.

        Raises:
            RuntimeError: the answer is no page.

        """
        began = time.process_time()
        answer = await asyncio.to_thread(self._fetch, self._request(asked.at(number), part=asked.part))
        cpu = (time.process_time() - began) * 1000
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{asked.at(number)}: {answer[:300]!r}")
        return Took(_Times.last, cpu, len(answer))

    async def listen(self) -> Took:
        """Open a stream of events and wait until it has told how everything stands."""
        began, computed = time.perf_counter(), time.process_time()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(self._request("/desk/events?open=1", part=True))
        told = b""
        while b"event: thread" not in told:
            told += await reader.read(65536)
        took = Took((time.perf_counter() - began) * 1000, (time.process_time() - computed) * 1000, len(told))
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.7)  # the hub comes to rest, as it does between two visitors
        return took

    def _request(self, path: str, *, part: bool) -> bytes:
        headers = {
            "Host": f"127.0.0.1:{self.port}",
            "Accept": "text/html",
            "Accept-Encoding": "gzip, deflate, br",
            "Connection": "close",
            **self.visitor.headers,
            **({"HX-Request": "true"} if part else {}),
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()

    def _fetch(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            line.sendall(request)
            answer = bytearray()
            while received := line.recv(1 << 18):
                answer += received
        return bytes(answer)


@contextlib.asynccontextmanager
async def desk_site(url: str) -> AsyncIterator[Site]:
    """Serve the site on a seeded database, at the moment at which the shop is looked at."""
    clock = Clock(NOW - datetime.now(UTC))
    store = Store(Database(url))
    app = await build(settings_of(url, {}, {}), clock, store, b"x" * 32, "http://127.0.0.1")
    visitor = await _staff(app)
    await store.database.write(_furnish)
    runner = web.AppRunner(whole_site(app), access_log_class=_Times)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    usual = gc.get_threshold()
    spare_collector()
    try:
        yield Site(app, listener.getsockname()[1], visitor)
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
        await runner.cleanup()
        await app.close()


async def _staff(app: App) -> Visitor:
    """Twenty accounts, as many as have conversations; whoever looks is an owner and has the number `ME`."""
    for number in range(1, 20):
        role: Any = "owner" if number == ME else "agent"
        await make_account(app.store, role, f"Person {number}", now=NOW)
    visitor = await sign_in(app, "owner", f"Person {ME}")
    assert visitor.account.id == ME
    return visitor


def _furnish(connection: Any) -> None:  # of the database's own library, which tests do not import
    """Requests, teams and a log, as a year leaves them."""
    run = connection.exec_driver_sql
    if run("SELECT count(*) FROM service_requests").scalar_one():
        return
    run(
        "INSERT INTO service_requests (conversation_id, kind, status, detail, by, at, handover, attempts) "
        "SELECT id, 'replacement', CASE WHEN id % 100 = 1 THEN 'open' ELSE 'done' END, '{}', 'account:3', "
        "heard_at, '', 0 FROM conversations WHERE id % 20 = 1"
    )
    for number in range(5):
        run(f"INSERT INTO teams (id, name, reasons) VALUES ({number}, 'Team {number}', '[]')")
    for number in range(3000):
        subject = f"account:{number % 20}"
        note(connection, Entry(f"account:{number % 20}", "signed_in", subject), NOW - timedelta(hours=1))
