"""Is it alive, can it work, and how much waits: for supervisors, load balancers and Prometheus."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bot.app import App
from bot.web.access import APP, open_to_all

_log = structlog.get_logger(__name__)

PATIENCE_SECONDS: Final = 3.0
STALE: Final = timedelta(minutes=5)
"""How long the oldest due thing may wait before the program counts as not ready."""


def add_health_routes(app: web.Application) -> None:
    """Register ``/healthz``, ``/readyz`` and ``/metrics``."""
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", figures)


@open_to_all
async def alive(_request: web.Request) -> web.Response:
    """The process runs and answers."""
    return web.json_response({"status": "alive"})


@open_to_all
async def ready(request: web.Request) -> web.Response:
    """The database answers and the queue moves: 200, else 503 with what is wrong."""
    app = request.app[APP]
    checks: dict[str, object] = {}
    problems = 0
    try:
        backlog = await asyncio.wait_for(app.store.backlog(app.clock()), PATIENCE_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not ready", without a trace
        _log.warning("not_ready", error=type(error).__name__)
        checks["database"] = "does not answer"
        problems += 1
    else:
        checks["database"] = "ok"
        age = (app.clock() - backlog.oldest).total_seconds() if backlog.oldest else 0.0
        checks["queue"] = {
            "unsorted": backlog.unsorted,
            "conversations": backlog.conversations,
            "messages": backlog.messages,
            "oldest_seconds": round(age, 1),
        }
        problems += age > STALE.total_seconds()
    checks["understanding"] = app.engine.report()
    # Without Redis everything still works, only slower between processes: no reason to be taken out.
    checks["signals"] = "ok" if await app.signals.alive() else "redis does not answer; polling instead"
    return web.json_response(
        {"status": "ready" if not problems else "not ready", **checks}, status=503 if problems else 200
    )


@open_to_all
async def figures(request: web.Request) -> web.Response:
    """Prometheus text."""
    app = request.app[APP]
    try:
        await asyncio.wait_for(_measure_backlog(app), PATIENCE_SECONDS)
    except Exception as error:  # noqa: BLE001 - the other figures matter most when the database is away
        _log.warning("backlog_unknown", error=type(error).__name__)
        app.metrics.backlog.clear()
        app.metrics.oldest.set(float("nan"))
    body = generate_latest(app.metrics.registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


async def _measure_backlog(app: App) -> None:
    now = app.clock()
    backlog = await app.store.backlog(now)
    app.metrics.backlog.labels("unsorted").set(backlog.unsorted)
    app.metrics.backlog.labels("conversations").set(backlog.conversations)
    app.metrics.backlog.labels("messages").set(backlog.messages)
    app.metrics.oldest.set((now - backlog.oldest).total_seconds() if backlog.oldest else 0.0)
