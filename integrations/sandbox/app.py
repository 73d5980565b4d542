"""The sandbox as one aiohttp application, to be mounted under ``/sandbox``, if need be in its own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from integrations.sandbox import instagram, media, pages, shop, telegram, whatsapp
from integrations.sandbox.api import Advance, Api
from integrations.sandbox.bot_api import BotApi
from integrations.sandbox.errors import Json
from integrations.sandbox.faults import Faults
from integrations.sandbox.graph import GraphApi
from integrations.sandbox.group_api import GroupApi
from integrations.sandbox.http import answer_errors
from integrations.sandbox.live import Live
from integrations.sandbox.platform import Platform
from integrations.sandbox.settings import ChannelName, SandboxSettings
from integrations.sandbox.stage import Clock, Stage
from integrations.sandbox.webhooks import Postman

LARGEST_BODY: Final = 4 * 1024 * 1024


class Sandbox:
    """The handle on a running sandbox; `SANDBOX` finds it in the application."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def faults(self) -> Faults:
        """The switches, for tests in the same process."""
        return self._stage.faults

    def connect(self, base_url: str) -> None:
        """Send webhooks to ``base_url`` + ``/webhooks/<source>`` from now on; what waited leaves.

        Call it once the port is known, inside the event loop.
        """
        self._stage.postman.connect(base_url)

    def tally(self) -> Json:
        """Return how many events wait, were delivered, were given up."""
        return self._stage.postman.tally.json()


SANDBOX: Final = web.AppKey("sandbox", Sandbox)


def sandbox_app(
    settings: SandboxSettings, clock: Clock, advance: Advance, links: shop.Links | None = None
) -> web.Application:
    """Make the sandbox. Mount it with ``app.add_subapp("/sandbox", …)``.

    ``clock`` is the time in the sandbox, ``advance`` moves it. ``links`` makes the entry links of an order by
    its id, and gives none as long as the order is not known; without it orders carry no links.
    """
    faults = Faults()
    hook = telegram.Hook(settings.telegram.secret)
    postman = Postman(
        [
            instagram.route(settings.instagram),
            whatsapp.route(settings.whatsapp),
            telegram.route(hook),
            shop.route(settings.orders_secret),
        ],
        faults,
        timeout=settings.webhook_timeout,
        patience=settings.webhook_patience,
        parallel=settings.parallel_webhooks,
    )
    stage = Stage(settings, clock, faults, postman, Live())
    on_instagram, on_whatsapp = instagram.Instagram(stage), whatsapp.WhatsApp(stage)
    on_telegram = telegram.Telegram(stage, hook)
    platforms: dict[ChannelName, Platform] = {
        "instagram": on_instagram,
        "whatsapp": on_whatsapp,
        "telegram": on_telegram,
    }
    app = web.Application(middlewares=[answer_errors], client_max_size=LARGEST_BODY)
    app[SANDBOX] = Sandbox(stage)
    GraphApi(stage, on_instagram, on_whatsapp).add_routes(app)
    BotApi(stage, on_telegram).add_routes(app)
    GroupApi(on_telegram.groups).add_routes(app)
    Api(stage, platforms, shop.Shop(stage, links), advance).add_routes(app)
    app.router.add_get("/media/{name}", media.serve)
    pages.add_routes(app)

    async def run(_app: web.Application) -> AsyncIterator[None]:
        stage.open()
        yield
        await stage.close()

    async def release(_app: web.Application) -> None:
        stage.release()

    app.cleanup_ctx.append(run)
    app.on_shutdown.append(release)
    return app
