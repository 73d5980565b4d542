"""The web application: which doors are open, what every answer carries, and what no answer ever shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from bot.app import App
from bot.web.access import APP, guard
from bot.web.health import add_health_routes
from bot.web.pages import explain, for_people, refusal
from bot.web.webhooks import add_webhook_routes

_log = structlog.get_logger(__name__)

_HEADERS: Final = {
    "Server": "Nachklang",  # instead of the names and versions of what it is made of
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def make_site(app: App) -> web.Application:
    """Return the site with webhooks and health; pages are added by whoever has them."""
    site = web.Application(
        middlewares=[_outermost, explain, guard], client_max_size=app.config.settings.server.max_body_bytes
    )
    site[APP] = app
    add_webhook_routes(site)
    add_health_routes(site)
    return site


@web.middleware
async def _outermost(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn whatever went wrong inside into a short answer; details go to the log, never outside."""
    try:
        response = await handler(request)
    except web.HTTPException as expected:
        if expected.status >= 400:
            _count(request, expected.status)
        _complete(expected)
        raise
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the outside learns only that it should try again
        request.app[APP].metrics.errors.labels("web").inc()
        _count(request, 503)
        _log.exception("request_failed", path=_route(request), error=type(error).__name__)
        if for_people(request):
            return await refusal(request, 503, "broken")
        return web.json_response(
            {"error": "something went wrong here; nothing was stored, please send it again"}, status=503
        )
    if not response.prepared:
        _complete(response)
    return response


def _complete(response: web.StreamResponse) -> None:
    """Set every header that the answer has not chosen for itself."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _count(request: web.Request, status: int) -> None:
    app = request.app[APP]
    source = request.match_info.get("source", "")
    if source in app.sources and request.method == "POST":
        app.metrics.webhooks.labels(source, str(status)).inc()


def _route(request: web.Request) -> str:
    """Return the route's pattern; the path itself may hold an entry code."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "(none)"
