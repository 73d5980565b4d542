"""ROOM 1, the door: verify the raw bytes, have them translated and stored durably, and only then say 200."""

from __future__ import annotations

import structlog
from aiohttp import web

from bot.web.access import APP, open_to_all
from bot.web.reception import Reception, Webhook
from integrations.base import BadSignature, Handshaking, Malformed, Source

_log = structlog.get_logger(__name__)

RECEPTION: web.AppKey[Reception] = web.AppKey("reception", Reception)


def add_webhook_routes(app: web.Application) -> None:
    """Register the one receiver for all sources."""
    app[RECEPTION] = Reception(app[APP])
    app.router.add_get("/webhooks/{source}", shake_hands)
    app.router.add_post("/webhooks/{source}", receive)


@open_to_all
async def shake_hands(request: web.Request) -> web.Response:
    """Answer a platform's ``hub.*`` handshake with its challenge: 403 if the token is not ours."""
    source = _source(request)
    if not isinstance(source, Handshaking):
        raise web.HTTPMethodNotAllowed("GET", ["POST"])
    try:
        challenge = source.handshake(request.query)
    except BadSignature:
        return web.Response(status=403, text="the verify token does not match")
    return web.Response(text=challenge)


@open_to_all
async def receive(request: web.Request) -> web.Response:
    """Take one webhook.

    401 wrong signature, 413 too large, 400 not what the platform promises, 503 not stored: send it again.
    """
    app = request.app[APP]
    source = _source(request)
    body = await request.read()  # above the limit aiohttp answers 413 by itself
    try:
        source.verify(request.headers, body)
        await request.app[RECEPTION].take(Webhook(source, request.headers, body))
    except BadSignature:
        app.metrics.webhooks.labels(source.name, "401").inc()
        _log.warning("bad_signature", source=source.name, size=len(body))
        return web.json_response({"error": "the signature does not match"}, status=401)
    except Malformed as error:
        app.metrics.webhooks.labels(source.name, "400").inc()
        _log.warning("malformed_webhook", source=source.name, size=len(body))
        return web.json_response({"error": str(error)}, status=400)
    return web.Response()


def _source(request: web.Request) -> Source:
    source = request.app[APP].sources.get(request.match_info["source"])
    if source is None:
        raise web.HTTPNotFound(text="this source is not switched on")
    return source
