"""ROOM 3, the sender: one claimed message in, one settlement out. Everything is decided at sending time."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
from bot.media_links import sendable
from bot.template_watch import hindrance_of
from dialogs.channel import Capabilities, right_to_write
from dialogs.messages import Outgoing
from integrations.base import (
    Channel,
    IntegrationError,
    Malformed,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from persistence.outbox import Fate, Outbound, Settlement
from persistence.receipts import reference_of

_log = structlog.get_logger(__name__)

LOOK_AGAIN: Final = timedelta(seconds=2)
"""How often the fate of a doubtful message is asked for."""

ACCOUNT_PAUSE: Final = timedelta(seconds=60)
"""How long an account rests that may not send at all, before it is tried again."""

SKEW: Final = timedelta(seconds=10)
"""How far a platform's clock may be from ours when its history is searched."""


async def send_one(app: App, row: Outbound) -> Settlement:
    """Send a claimed message if it may still go out; return what became of it, already written."""
    settlement = await _attempt(app, row)
    await app.store.outbox.settle(settlement)
    app.metrics.sent.labels(row.channel, settlement.fate).inc()
    if settlement.fate == "failed":
        await app.store.notify(
            "message_failed",
            {"message": str(row.id), "code": settlement.code or "", "why": settlement.detail or ""},
            settlement.now,
        )
        if row.speaker == "agent":
            await app.store.replies.failed(row.id, settlement.now)
    _log.info(
        "message_settled",
        outbox=row.id,
        conversation=row.conversation_id,
        fate=settlement.fate,
        code=settlement.code,
    )
    return settlement


async def _attempt(app: App, row: Outbound) -> Settlement:
    now = app.clock()
    channel = app.channels.get((row.channel, row.account))
    if channel is None:
        return Settlement(
            row,
            "unknown" if row.doubtful else "waiting",
            now,
            due_at=now + timedelta(minutes=5),
            detail="its channel is switched off",
            counts=False,
        )
    verdict = judge(row, channel.capabilities, now)
    if isinstance(verdict, Settlement):
        return verdict
    try:
        if row.doubtful and (known := await _clear_up(app, channel, row, now)):
            return known
        if pause := app.resting(row.channel, row.account, now):
            return Settlement(row, "waiting", now, due_at=pause, detail="the account rests", counts=False)
        if wait := await _wait_for_rate(app, channel.capabilities, row):
            return Settlement(row, "waiting", now, due_at=now + wait, detail="rate", counts=False)
        return await _send(app, channel, row, verdict, now)
    except Exception as error:  # noqa: BLE001 - a message is never lost to an unexpected error
        app.metrics.errors.labels("sender").inc()
        _log.exception("sending_broke", outbox=row.id, conversation=row.conversation_id)
        return _in_doubt(app, channel, row, app.clock(), type(error).__name__, code=None)


def judge(row: Outbound, capabilities: Capabilities, now: datetime) -> Outgoing | Settlement:
    """Decide whether the message may go out at ``now``, and in which form. Pure."""
    if row.expires_at is not None and row.expires_at <= now and not row.doubtful:
        return Settlement(row, "expired", now, detail="its time had passed")
    if row.speaker == "bot" and row.floor != "bot" and not row.doubtful:
        return Settlement(row, "cancelled", now, detail="a human has the floor")
    if not row.reachable:
        return Settlement(row, "failed", now, code="unreachable", detail="the person has blocked the account")
    right = right_to_write(
        capabilities,
        now=now,
        last_heard=row.heard_at,
        human=row.speaker == "agent",
        has_template=row.outgoing.template is not None,
    )
    if right == "closed" and not row.doubtful:
        return Settlement(row, "parked", now, detail="the messaging window is closed")
    return row.outgoing if right == "template" else replace(row.outgoing, template=None)


async def _clear_up(app: App, channel: Channel, row: Outbound, now: datetime) -> Settlement | None:
    """Settle a doubtful message if its fate can be known; None if it has not gone out and still may."""
    if known := await _find_out(app, channel, row, now):
        return known
    # It has not gone out, so it counts like any other: its time may be over, or a human here.
    verdict = judge(replace(row, doubtful=False), channel.capabilities, now)
    return verdict if isinstance(verdict, Settlement) else None


async def _find_out(app: App, channel: Channel, row: Outbound, now: datetime) -> Settlement | None:
    """Learn whether a doubtful message has gone out; None if it has not, as far as can be known."""
    since = row.sending_at or row.created_at
    if channel.capabilities.confirms == "history":
        try:
            copies = await channel.history(row.address)
        except (Unavailable, Uncertain, Throttled):
            return Settlement(row, "unknown", now, due_at=now + LOOK_AGAIN, counts=False)
        except Unauthorized as error:
            until = now + ACCOUNT_PAUSE
            app.alarm(row.channel, row.account, until, error.code or type(error).__name__)
            return Settlement(row, "unknown", now, due_at=until, code=error.code, counts=False)
        except IntegrationError:  # this thread's history cannot be had: better twice than never
            return None
        fresh = sorted((copy for copy in copies if copy.at >= since - SKEW), key=lambda copy: copy.at)
        known = await app.store.outbox.known_ids(
            row.conversation_id, [copy.external_id for copy in fresh], besides=row.id
        )
        for copy in fresh:
            if copy.external_id not in known and copy.text in ("", row.outgoing.text):
                return Settlement(row, "sent", now, external_id=copy.external_id)
        return None
    if channel.capabilities.confirms == "receipt":
        # A mark that carries our reference settles the row by itself; see persistence.receipts. What was told
        # while nobody listened comes again, but later: patience begins when there is somebody to hear it.
        patience = timedelta(seconds=app.config.settings.sending.doubt_seconds)
        until = max(since, await app.hearing_since()) + patience
        if now < until:
            return Settlement(row, "unknown", now, due_at=min(now + LOOK_AGAIN, until), counts=False)
    return None


async def _wait_for_rate(app: App, capabilities: Capabilities, row: Outbound) -> timedelta | None:
    """Ask for a place under the platform's rates: first the account's, then the person's.

    Whoever waits for the second has used up a place of the first, and the account's places come back quickly.
    """
    for key, rate in (
        (f"{row.channel}:{row.account}", capabilities.account_rate),
        (f"{row.channel}:{row.account}:{row.conversation_id}", capabilities.person_rate),
    ):
        if rate is None:
            continue
        wait = await app.signals.take(key, rate.interval, rate.burst, app.clock().timestamp())
        if wait > 0:
            return timedelta(seconds=wait)
    return None


async def _send(app: App, channel: Channel, row: Outbound, outgoing: Outgoing, now: datetime) -> Settlement:
    # HUMAN_AGENT is for replies that a person typed after the ordinary window: channels.md 1.7.
    window = channel.capabilities.window
    late = window is not None and (row.heard_at is None or now >= row.heard_at + window)
    left = (row.leased_until - app.clock()).total_seconds()
    if left <= 0 or (row.doubtful and not await app.store.outbox.holds(row)):
        # Others may have it in hand by now; or while its fate was asked for, a mark has told it.
        fate: Fate = "unknown" if row.doubtful else "waiting"
        return Settlement(row, fate, now, due_at=now, detail="it was no longer ours to send", counts=False)
    if outgoing.template is not None and (why := await hindrance_of(app, channel, outgoing.template, now)):
        known = f"the platform would refuse the template: {why}"
        return Settlement(row, "failed", now, code=f"template_{why}", detail=known)
    ready = await sendable(app, outgoing)
    if ready is None:
        return Settlement(row, "failed", now, code="media_gone", detail="its file is no longer kept")
    try:
        # No call outlives the lease: after it another sender may find the message in doubt.
        async with asyncio.timeout(left):
            with app.metrics.send_seconds.labels(row.channel).time():
                sent = await channel.send(
                    row.address,
                    ready,
                    reference=reference_of(row.id),
                    agent_tag=late and row.speaker == "agent" and outgoing.template is None,
                )
    except IntegrationError as error:
        return _settle_error(app, channel, row, error, app.clock())
    except TimeoutError:
        return _in_doubt(app, channel, row, app.clock(), "no answer within the lease", code=None)
    app.recovered(row.channel, row.account)
    return Settlement(
        row,
        "sent",
        app.clock(),
        external_id=sent.external_id,
        detail="held by the platform for a quality check" if sent.held else None,
        hold=channel.capabilities.settle,
    )


def _settle_error(
    app: App, channel: Channel, row: Outbound, error: IntegrationError, now: datetime
) -> Settlement:
    """Turn an error into what comes next. Each class says it by its name."""
    words = str(error)
    match error:
        case Uncertain():
            return _in_doubt(app, channel, row, now, words, code=error.code)
        case Throttled():
            until = now + timedelta(seconds=error.after)
            if not error.person:
                app.rest(row.channel, row.account, until)
            return Settlement(row, "waiting", now, due_at=until, code=error.code, detail=words, counts=False)
        case Unauthorized():
            until = now + ACCOUNT_PAUSE
            app.alarm(row.channel, row.account, until, error.code or type(error).__name__)
            return Settlement(row, "waiting", now, due_at=until, code=error.code, detail=words, counts=False)
        case WindowClosed():
            return Settlement(row, "parked", now, code=error.code, detail=words)
        case Unreachable() | Refused() | Malformed():
            return Settlement(row, "failed", now, code=error.code, detail=words)
        case _:
            return _again(app, row, now, words, code=error.code)


def _in_doubt(
    app: App, channel: Channel, row: Outbound, now: datetime, why: str, *, code: str | None
) -> Settlement:
    """Leave a message alone that may have gone out until there is something to find out."""
    if row.attempts >= app.config.settings.sending.tries:
        return _given_up(row, now, why, code=code)
    match channel.capabilities.confirms:
        case "receipt":  # a mark may settle it at any time; without one it has not gone out
            pause = timedelta(seconds=app.config.settings.sending.doubt_seconds)
        case "history":
            pause = LOOK_AGAIN
        case "never":
            pause = max(LOOK_AGAIN, backoff(row.attempts))
    return Settlement(row, "unknown", now, due_at=now + pause, code=code, detail=why)


def _again(app: App, row: Outbound, now: datetime, why: str, *, code: str | None) -> Settlement:
    if row.attempts >= app.config.settings.sending.tries:
        return _given_up(row, now, why, code=code)
    return Settlement(row, "waiting", now, due_at=now + backoff(row.attempts), code=code, detail=why)


def _given_up(row: Outbound, now: datetime, why: str, *, code: str | None) -> Settlement:
    return Settlement(row, "failed", now, code=code, detail=f"given up after {row.attempts} tries: {why}")


def backoff(attempts: int) -> timedelta:
    """Return the pause after that many attempts: doubling from 1 s to 5 min, half of it chance."""
    longest = min(2.0 ** (attempts - 1), 300.0)
    return timedelta(seconds=longest * (0.5 + random.random() / 2))  # noqa: S311 - spreads load, hides nothing
