"""Mounts the sandbox beside the real doors and gives it what only the application has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from bot.app import App
from bot.config import Config
from bot.demo import sandbox_settings
from bot.entry import create, greeting
from bot.qr import qr_svg
from bot.web.access import MOUNTED
from dialogs.timing import is_quiet, next_time
from integrations.sandbox.app import SANDBOX, sandbox_app
from integrations.sandbox.settings import EntryLink

SANDBOX_APP: web.AppKey[web.Application] = web.AppKey("sandbox_app", web.Application)
TRAVELLED: Final = "sandbox_travelled_seconds"
_LONG: Final = timedelta(days=1)
_BEFORE_NIGHT: Final = timedelta(hours=3)


def into_the_day(config: Config, now: datetime) -> timedelta:
    """Return how far the sandbox's time must go on so that nothing waits for the morning: nothing by day.

    At night the bot begins nothing by itself, and whoever tries the sandbox in the evening would see a bot
    that seems to be broken.
    """
    settings = config.settings
    pacing, timezone = settings.journeys.pacing, settings.brand.timezone
    if is_quiet(now, pacing, timezone) or is_quiet(now + _BEFORE_NIGHT, pacing, timezone):
        return next_time(now, pacing.at, timezone) - now
    return timedelta(0)


def add_sandbox(site: web.Application, app: App) -> None:
    """Mount the sandbox under ``/sandbox``."""

    async def advance(by: timedelta) -> None:
        app.clock.advance(by)
        if by >= _LONG:  # a journey of days ends by day
            app.clock.advance(into_the_day(app.config, app.clock()))
        await app.store.remember(TRAVELLED, str(app.clock.travelled.total_seconds()))
        await app.signals.wake("clock", "turns", "outbox", "receipts", "shop", "mails", "group", "requests")

    async def links(order_id: str) -> Mapping[str, EntryLink]:
        return await entry_links(app, order_id)

    def now() -> datetime:
        return app.clock()

    sandbox = sandbox_app(sandbox_settings(app.config, app.products, app.book), now, advance, links)
    sandbox[MOUNTED] = "all"
    site[SANDBOX_APP] = sandbox
    site.add_subapp("/sandbox", sandbox)


def connect_sandbox(site: web.Application, url: str) -> None:
    """Tell the sandbox where its webhooks go, once the port is known."""
    site[SANDBOX_APP][SANDBOX].connect(url)


async def entry_links(app: App, order_id: str) -> Mapping[str, EntryLink]:
    """Make one code that opens any channel; nothing as long as the order has not reached the tables."""
    if await app.store.orders.find(order_id) is None:
        return {}
    brand = app.config.settings.brand
    code = await create(app.store, app.secret, order_id, app.clock(), app.config.entry_lifetime)
    words = greeting(code, brand.language, brand.voice)
    urls = {name: channel.entry_url(code, words) for (name, _), channel in app.channels.items()}
    return {name: EntryLink(url=url, qr_svg=qr_svg(url)) for name, url in urls.items()}
