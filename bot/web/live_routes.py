"""The doors of what is live: the stream of events, and the signs of who is looking and typing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from aiohttp import web

from bot.app import App
from bot.courtesies import attend
from bot.web.access import APP, ME, SESSION, allows, real_time, unattended
from bot.web.alarms import alarms_print
from bot.web.desk import counts_print
from bot.web.live import Hub, Listener, Looker, Watch, frame
from bot.web.pages import page_headers
from bot.web.rows import read_filter
from persistence.desk_queue import Filter

HUB: Final[web.AppKey[Hub]] = web.AppKey("hub", Hub)

HEARTBEAT_SECONDS: Final = 15.0
"""So often something is sent, so that proxies keep the stream open, and the session is looked at again."""
NAMES_HOLD: Final = timedelta(minutes=1)


def add_live_routes(site: web.Application) -> None:
    """Serve the stream; the hub runs as long as the site does."""
    site[HUB] = Hub(Seen(site[APP]), _waiting(site[APP]))
    site.router.add_get("/desk/events", events)
    site.router.add_post(r"/desk/presence", presence)
    site.cleanup_ctx.append(_run_hub)
    # Open streams would hold up the stopping until its patience ends: they are closed before it waits.
    site.on_shutdown.append(_close_streams)


async def _run_hub(site: web.Application) -> AsyncIterator[None]:
    site[HUB].start()
    yield
    await site[HUB].stop()


async def _close_streams(site: web.Application) -> None:
    await site[HUB].stop()


def _waiting(app: App) -> Callable[[float], Awaitable[object]]:
    async def wait(seconds: float) -> object:
        return await app.signals.wait("desk", seconds)

    return wait


@allows("viewer")
async def events(request: web.Request) -> web.StreamResponse:
    """Tell a page what has changed, for as long as it is open and whoever looks is signed in.

    The address names what it shows: the filter of the queue, and ``open``, its thread.
    """
    account = request[ME]
    thread = request.query.get("open", "")
    watch = Watch(account.id, read_filter(request.query), int(thread) if _is_id(thread) else None)
    response = web.StreamResponse(
        headers={
            **page_headers(request),
            "Content-Type": "text/event-stream; charset=utf-8",
            "X-Accel-Buffering": "no",  # nginx would keep events back until it has a buffer full of them
        }
    )
    await response.prepare(request)
    async with request.app[HUB].listening(watch) as listener:
        with contextlib.suppress(ConnectionError):  # the page was closed: that is how a stream ends
            await response.write(b"retry: 1000\n" + frame("hello", b"{}"))
            await _tell(request, response, listener)
    return response


async def _tell(request: web.Request, response: web.StreamResponse, listener: Listener) -> None:
    clock = asyncio.get_running_loop().time
    looked_at = clock()
    while (news := await listener.hear(HEARTBEAT_SECONDS)) is not None:
        for kind, data in news.items():
            await response.write(frame(kind, data))
        if not news:
            await response.write(b": still here\n\n")
        if clock() - looked_at >= HEARTBEAT_SECONDS:
            looked_at = clock()
            if not await _still_signed_in(request):
                return


async def _still_signed_in(request: web.Request) -> bool:
    """Look whether the session has been ended meanwhile, or the account disabled."""
    app = request.app[APP]
    open_ones = await app.store.sessions.of(request[ME].id, real_time(app))
    return any(one.id == request[SESSION].id for one in open_ones)


@unattended
@allows("viewer")
async def presence(request: web.Request) -> web.Response:
    """Note that somebody has a ``thread`` open, whether they are ``typing``, or have ``left`` it."""
    app, form = request.app[APP], await request.post()
    thread = str(form.get("thread", ""))
    if _is_id(thread) and form.get("left") == "1":
        await app.store.presence.leave(int(thread), request[ME].id)
        await app.signals.wake("desk")
    elif _is_id(thread):
        typing = form.get("typing") == "1"
        await app.store.presence.see(int(thread), request[ME].id, app.clock(), typing=typing)
        await app.signals.wake("desk")
        attend(app, int(thread), request[ME].id, typing=typing)
    return web.Response(status=204, headers={"Cache-Control": "no-store"})


class Seen:
    """What the hub sees of the store."""

    def __init__(self, app: App) -> None:
        """See with ``app``'s store and clock."""
        self._app = app
        self._names: Mapping[int, str] = {}
        self._names_until = app.clock()

    async def queue(self, watched: Filter, account: int) -> str:
        """See `bot.web.live.Sight.queue`."""
        return await self._app.store.queue.fingerprint(watched, account, self._app.clock())

    async def counts(self, account: int) -> str:
        """See `bot.web.live.Sight.counts`."""
        return counts_print(await self._app.store.queue.counts(account))

    async def thread(self, conversation_id: int) -> str:
        """See `bot.web.live.Sight.thread`."""
        return await self._app.store.queue.thread_fingerprint(conversation_id, self._app.clock())

    async def alarms(self, account: int) -> str:
        """See `bot.web.live.Sight.alarms`."""
        return await alarms_print(self._app, account)

    async def present(self) -> Mapping[int, tuple[Looker, ...]]:
        """See `bot.web.live.Sight.present`."""
        now = self._app.clock()
        here = await self._app.store.news.present(now)
        if now >= self._names_until or any(
            one.account not in self._names for viewers in here.values() for one in viewers
        ):
            self._names = {one.id: one.name for one in await self._app.store.accounts.all()}
            self._names_until = now + NAMES_HOLD
        return {
            thread: tuple(
                Looker(one.account, self._names.get(one.account, "?"), one.typing) for one in viewers
            )
            for thread, viewers in here.items()
        }


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
