"""Starting and stopping the program: one process with everything, or its web and work halves apart."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import structlog
import uvloop
from aiohttp import web

from bot import logs
from bot.app import App, build, open_store
from bot.clock import Clock
from bot.config import Config, ConfigError
from bot.entry import usable
from bot.owner import first_link
from bot.rooms import Rooms
from bot.secret import signing_secret
from bot.stage import TRAVELLED, add_sandbox, connect_sandbox, into_the_day
from bot.tokens import take_up_tokens
from bot.web.buyer import add_buyer_routes
from bot.web.desk_routes import add_desk_routes
from bot.web.go import DOORWAY, Doorway, add_go_routes
from bot.web.media import add_media_routes
from bot.web.pages import add_pages
from bot.web.people import add_people_routes
from bot.web.requests_page import add_requests_routes
from bot.web.site import make_site
from bot.web.thread_routes import add_thread_routes
from integrations.base import Subscribing
from persistence.migrate import current, migrate, newest
from persistence.store import Store

_log = structlog.get_logger(__name__)

Half = Literal["web", "work"]
STOP_SECONDS: Final = 20.0
"""How long open requests may take to finish once the program is told to stop."""


def serve(config: Config, only: Half | None = None) -> int:
    """Run until SIGTERM or SIGINT; finish what is in hand, and return 0.

    Raises:
        ConfigError: the database's schema is not the newest, the port is taken, or a setting cannot be used.

    """
    logs.configure(readable=sys.stderr.isatty())
    uvloop.run(_serve(config, only))
    return 0


async def _serve(config: Config, only: Half | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(config, only) as server:
        _welcome(server, only, await first_link(server.app, server.url) if only != "work" else None)
        spare_collector()
        await stop.wait()
        _log.info("stopping")


def spare_collector() -> None:
    """Let the collector leave alone what is there after the start, and look less often at what comes later.

    To go through scripts, model and libraries, which stay, takes it 140 ms, in which every page waits. A page
    makes thousands of rows and none of them in a circle: by its own measure it would look four times at each.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 20, 20)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    app: App
    url: str


@asynccontextmanager
async def running(config: Config, only: Half | None = None) -> AsyncIterator[Server]:
    """Start the program and stop it again in good order: first the work, then the doors, then the stores."""
    store = open_store(config)
    listener = _listen(config) if only != "work" else None
    try:
        await _prepare(store)
        clock = Clock(await _travelled(config, store))
        url = _url(config, listener)
        app = await build(config, clock, store, await signing_secret(config, store), url)
        await take_up_tokens(app)
    except BaseException:
        if listener is not None:
            listener.close()
        await store.close()
        raise
    rooms = Rooms(app)
    runner: web.AppRunner | None = None
    try:
        if listener is not None:
            runner = await _open_doors(app, listener, url)
        if only != "web":
            rooms.open()
        yield Server(app, url)
    finally:
        await rooms.close()
        if runner is not None:
            await runner.cleanup()
        await app.close()


async def _prepare(store: Store) -> None:
    """Bring SQLite to the newest schema; of PostgreSQL demand it, since other processes may be using it."""
    if store.database.is_sqlite:
        await migrate(store.database)
        return
    found = await current(store.database)
    if found != newest():
        raise ConfigError(
            f"the database's schema is {found or 'empty'}, this program needs {newest()}: "
            "run `python -m bot migrate` first"
        )


async def _travelled(config: Config, store: Store) -> timedelta:
    """Return how far the sandbox's time has been moved, into the day; outside the sandbox time is real."""
    if not config.sandbox:
        return timedelta(0)
    clock = Clock(timedelta(seconds=float(await store.recall(TRAVELLED) or 0)))
    if by_day := into_the_day(config, clock()):
        clock.advance(by_day)
        await store.remember(TRAVELLED, str(clock.travelled.total_seconds()))
    return clock.travelled


def _listen(config: Config) -> socket.socket:
    server = config.settings.server
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((server.host, server.port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {server.host}:{server.port} ({error.strerror}): "
            "choose another place with --host and --port"
        ) from error
    return listener


def _url(config: Config, listener: socket.socket | None) -> str:
    server = config.settings.server
    port = server.port if listener is None else listener.getsockname()[1]
    host = "127.0.0.1" if server.host in ("0.0.0.0", "") else server.host  # noqa: S104 - compared, not bound
    host = "[::1]" if host == "::" else f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}"


def whole_site(app: App) -> web.Application:
    """Return the site with all its doors and pages, and the sandbox where that is on."""
    site = make_site(app)
    site[DOORWAY] = _doorway(app)
    add_go_routes(site)
    add_pages(site)
    add_people_routes(site)
    add_desk_routes(site)
    add_buyer_routes(site)
    add_requests_routes(site)
    add_thread_routes(site)
    add_media_routes(site)
    if app.config.sandbox:
        add_sandbox(site, app)
    return site


async def _open_doors(app: App, listener: socket.socket, url: str) -> web.AppRunner:
    site = whole_site(app)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=1024).start()
    await app.open_ears()
    if app.config.sandbox:
        connect_sandbox(site, url)
    elif public := app.config.settings.entry.public_url.rstrip("/"):
        for (name, _), channel in app.channels.items():
            if isinstance(channel, Subscribing):
                app.soon(channel.subscribe(f"{public}/webhooks/{name}"))
    return runner


def _doorway(app: App) -> Doorway:
    brand = app.config.settings.brand

    async def check(code: str) -> bool:
        return await usable(app.store, app.secret, code, app.clock())

    return Doorway(brand.name, brand.language, tuple(app.channels.values()), check, brand.voice)


def _welcome(server: Server, only: Half | None, owner: str | None) -> None:
    """Say where everything is, on standard output, for the person who started it."""
    config = server.app.config
    lines = ["", f"  Nachklang für {config.settings.brand.name}"]
    if only == "work":
        lines.append("  arbeitet ohne Webseite (serve --only work)")
    else:
        lines.append(f"  läuft unter   {server.url}")
        lines.append(f"  Posteingang   {server.url}/desk")
        if owner is not None:
            lines.append(f"  Inhaber       {owner}   ← hier einmal dein Konto einrichten")
        if config.sandbox:
            lines.append(f"  Telefon       {server.url}/sandbox   ← hier den Käufer spielen")
            lines.append(f"  Gruppe        {server.url}/sandbox/group   ← und hier das Team in Telegram")
        lines += [f"  Webhook       {server.url}/webhooks/{name}" for name in sorted(server.app.sources)]
        lines.append(f"  Zustand       {server.url}/readyz · {server.url}/metrics")
    lines += ["  Beenden       Strg+C", ""]
    with contextlib.suppress(BrokenPipeError):
        print("\n".join(lines), flush=True)  # noqa: T201 - the start is told to a person, not to a log
