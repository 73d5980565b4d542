"""ROOM 1, the door: verify the raw bytes, translate, store durably, and only then say 200."""

from __future__ import annotations

import structlog
from aiohttp import web

from bot.app import App
from bot.metrics import known_kind
from integrations.base import BadSignature, Handshaking, Malformed, Parsed, Source
from persistence.inbox import Intake

_log = structlog.get_logger(__name__)

APP: web.AppKey[App] = web.AppKey("nachklang", App)


def add_webhook_routes(app: web.Application) -> None:
    """Register the one receiver for all sources."""
    app.router.add_get("/webhooks/{source}", shake_hands)
    app.router.add_post("/webhooks/{source}", receive)


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


async def receive(request: web.Request) -> web.Response:
    """Take one webhook.

    401 wrong signature, 413 too large, 400 not what the platform promises, 503 not stored: send it again.
    """
    app = request.app[APP]
    source = _source(request)
    body = await request.read()  # above the limit aiohttp answers 413 by itself
    try:
        source.verify(request.headers, body)
        parsed = source.parse(request.headers, body, app.clock())
    except BadSignature:
        app.metrics.webhooks.labels(source.name, "401").inc()
        _log.warning("bad_signature", source=source.name, size=len(body))
        return web.json_response({"error": "the signature does not match"}, status=401)
    except Malformed as error:
        app.metrics.webhooks.labels(source.name, "400").inc()
        _log.warning("malformed_webhook", source=source.name, size=len(body))
        return web.json_response({"error": str(error)}, status=400)
    await _store(app, source, parsed)
    app.metrics.webhooks.labels(source.name, "200").inc()
    return web.Response()


async def _store(app: App, source: Source, parsed: Parsed) -> None:
    for ignored in parsed.ignored:
        app.metrics.ignored.labels(source.name, known_kind(ignored.kind)).inc()
        _log.info("ignored", source=source.name, kind=known_kind(ignored.kind))
    total = len(parsed.arrivals) + len(parsed.shop)
    if not total:
        return
    fresh = await app.store.inbox.accept(Intake(parsed.arrivals, parsed.shop, app.clock()))
    app.metrics.accepted.labels(source.name).inc(fresh)
    app.metrics.repeated.labels(source.name).inc(total - fresh)
    await _wake(app, parsed)


async def _wake(app: App, parsed: Parsed) -> None:
    """Wake whoever works off what came; a lost wake-up costs a poll interval."""
    lanes = {arrival.lane for arrival in parsed.arrivals}
    topics = []
    if "message" in lanes:
        topics.append("turns")
        app.wake_turns_after_burst()
    if "receipt" in lanes:
        topics.append("receipts")
    if parsed.shop or "notice" in lanes:
        topics.append("shop")
    await app.signals.wake(*topics)


def _source(request: web.Request) -> Source:
    source = request.app[APP].sources.get(request.match_info["source"])
    if source is None:
        raise web.HTTPNotFound(text="this source is not switched on")
    return source
