"""The requests room: the shop's own programs are told what agents ask for, each once, as often as it takes.

A request whose answer was lost is told again with the same key and the same words, so that the shop can tell
that it is the same one. One that is called off is told anew.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
from bot.sender import ACCOUNT_PAUSE, backoff
from integrations.base import (
    IntegrationError,
    Malformed,
    Refused,
    RequestHook,
    ServiceRequest,
    Throttled,
    Unauthorized,
)
from persistence.requests import Fate, Handed

_log = structlog.get_logger(__name__)

CHANNEL: Final = "requests"
"""Under this name the hook rests and alarms, like an account of a channel."""

AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of one try. ``code`` is the shop's status."""

    fate: Fate
    due_at: datetime | None = None
    problem: str = ""
    code: str = ""


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
    settled = await _try(app, hook, one)
    await app.store.requests.handed(one, settled.fate, due_at=settled.due_at, problem=settled.problem)
    app.metrics.requests.labels(settled.fate).inc()
    _log.info("request_told", request=one.request.id, fate=settled.fate)
    if settled.fate == "failed":
        detail = {"request": str(one.request.id), "code": settled.code, "why": settled.problem}
        await app.store.notify("request_failed", detail, app.clock())
    if settled.due_at is not None:
        app.wake_later("requests", settled.due_at - app.clock())


async def _try(app: App, hook: RequestHook, one: Handed) -> _Settled:
    try:
        left = (one.leased_until - app.clock()).total_seconds()
        # No call outlives the lease: after it another process may tell of the same request.
        async with asyncio.timeout(max(left, 0)):
            await hook.send(told(one))
    except IntegrationError as error:
        return _failed(app, one, error)
    except TimeoutError:
        return _again(app, one, "no answer within the lease")
    except Exception as error:  # noqa: BLE001 - a request is never lost to an unexpected error
        app.metrics.errors.labels("requests").inc()
        _log.exception("telling_broke", request=one.request.id)
        return _again(app, one, type(error).__name__)
    app.recovered(CHANNEL, "")
    return _Settled("sent")


def _failed(app: App, one: Handed, error: IntegrationError) -> _Settled:
    """Turn an error into what comes next."""
    now, words, code = app.clock(), str(error), error.code or ""
    match error:
        case Throttled():
            until = now + timedelta(seconds=error.after)
            app.rest(CHANNEL, "", until)
            return _Settled("waiting", until, words, code)
        case Unauthorized():
            app.alarm(CHANNEL, "", now + ACCOUNT_PAUSE, code or type(error).__name__)
            return _Settled("waiting", now + ACCOUNT_PAUSE, words, code)
        case Refused() | Malformed():
            return _Settled("failed", problem=words, code=code)
        case _:  # also where its answer was lost: the key makes a repetition harmless
            return _again(app, one, words, code)


def _again(app: App, one: Handed, why: str, code: str = "") -> _Settled:
    if one.attempts >= app.config.settings.requests.tries:
        return _Settled("failed", problem=f"given up after {one.attempts} tries: {why}", code=code)
    return _Settled("waiting", app.clock() + backoff(one.attempts), why, code)
