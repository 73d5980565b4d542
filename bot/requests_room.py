"""The requests room: the shop's own programs are told what agents ask for, each once, as often as it takes.

A request whose answer was lost is told again with the same key and the same words, so that the shop can tell
that it is the same one. One that is called off is told anew.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from bot.app import App
from bot.hooks import Errand, tell_shop
from integrations.base import RequestHook, ServiceRequest
from persistence.requests import Handed

_log = structlog.get_logger(__name__)

CHANNEL: Final = "requests"
"""Under this name the hook rests and alarms, like an account of a channel."""

AT_ONCE: Final = 8


async def requests_due(app: App) -> int:
    """Tell the shop of the requests that are due; return of how many."""
    hook, now = app.connections.requests, app.clock()
    if hook is None or app.resting(CHANNEL, "", now) is not None:
        return 0
    claimed = await app.store.requests.claim(now, AT_ONCE)
    ended = await asyncio.gather(*(_tell(app, hook, one) for one in claimed), return_exceptions=True)
    for error in ended:
        if error is not None:
            raise error
    return len(claimed)


def told(one: Handed) -> ServiceRequest:
    """Return what the shop is told of a request: that it is open (also once it is done), or called off."""
    asked = one.request
    status = "cancelled" if asked.status == "cancelled" else "open"
    return ServiceRequest(
        id=f"{asked.id}-{status}",
        number=asked.id,
        kind=asked.kind,
        status=status,
        order_id=asked.order_id or "",
        order_number=asked.order_number,
        detail=asked.detail,
        at=asked.at,
    )


async def _tell(app: App, hook: RequestHook, one: Handed) -> None:
    tries, request = app.config.settings.requests.tries, one.request.id
    errand = Errand(CHANNEL, "requests", request, one.attempts, tries, one.leased_until)
    settled = await tell_shop(app, errand, lambda: hook.send(told(one)))
    await app.store.requests.handed(one, settled.fate, due_at=settled.due_at, problem=settled.why)
    app.metrics.requests.labels(settled.fate).inc()
    _log.info("request_told", request=one.request.id, fate=settled.fate)
    if settled.fate == "failed":
        detail = {"request": str(one.request.id), "code": settled.code, "why": settled.why}
        await app.store.notify("request_failed", detail, app.clock())
    if settled.due_at is not None:
        app.wake_later("requests", settled.due_at - app.clock())
