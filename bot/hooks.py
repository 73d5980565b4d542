"""One try at telling the shop something by a signed webhook, and what comes of it: mails and requests alike.

Both may be repeated: the key tells the shop that it is the same one. So whatever is not known to have arrived
is told again, and only what the shop will not take is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog

from bot.app import App
from bot.sender import ACCOUNT_PAUSE, backoff
from integrations.base import IntegrationError, Malformed, Refused, Throttled, Unauthorized

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """What is tried: the ``id`` of a row for the log, how often by now, how often at most, and until when.

    ``hook`` is the name under which the hook rests and alarms, like an account of a channel; ``room`` counts
    what breaks.
    """

    hook: str
    room: str
    id: int
    attempts: int
    tries: int
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one try. ``why`` is ours, ``code`` the shop's status."""

    fate: Literal["sent", "waiting", "failed"]
    due_at: datetime | None = None
    why: str = ""
    code: str = ""


async def tell_shop(app: App, errand: Errand, tell: Callable[[], Awaitable[None]]) -> Told:
    """Try once, and say what comes next; never raises."""
    try:
        # No call outlives the lease: after it another process may tell the same.
        async with asyncio.timeout(max((errand.leased_until - app.clock()).total_seconds(), 0)):
            await tell()
    except IntegrationError as error:
        return _failed(app, errand, error)
    except TimeoutError:
        return _again(app, errand, "no answer within the lease")
    except Exception as error:  # noqa: BLE001 - nothing is lost to an unexpected error
        app.metrics.errors.labels(errand.room).inc()
        _log.exception("telling_broke", room=errand.room, row=errand.id)
        return _again(app, errand, type(error).__name__)
    app.recovered(errand.hook, "")
    return Told("sent")


def _failed(app: App, errand: Errand, error: IntegrationError) -> Told:
    """Turn an error into what comes next."""
    now, words, code = app.clock(), str(error), error.code or ""
    match error:
        case Throttled():
            until = now + timedelta(seconds=error.after)
            app.rest(errand.hook, "", until)
            return Told("waiting", until, words, code)
        case Unauthorized():
            app.alarm(errand.hook, "", now + ACCOUNT_PAUSE, code or type(error).__name__)
            return Told("waiting", now + ACCOUNT_PAUSE, words, code)
        case Refused() | Malformed():
            return Told("failed", why=words, code=code)
        case _:  # also where its answer was lost: the key makes a repetition harmless
            return _again(app, errand, words, code)


def _again(app: App, errand: Errand, why: str, code: str = "") -> Told:
    if errand.attempts >= errand.tries:
        return Told("failed", why=f"given up after {errand.attempts} tries: {why}", code=code)
    return Told("waiting", app.clock() + backoff(errand.attempts), why, code)
