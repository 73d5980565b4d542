"""ROOM 3, the sender: one claimed message in, one settlement out. Everything is decided at sending time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
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
from persistence.outbox import Outbound, Settlement
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
            "waiting",
            now,
            due_at=now + timedelta(minutes=5),
            detail="its channel is switched off",
            counts=False,
        )
    verdict = judge(row, channel.capabilities, now)
    if isinstance(verdict, Settlement):
        return verdict
    try:
        if row.doubtful and (known := await _find_out(app, channel, row, now)):
            return known
        if pause := app.resting(row.channel, row.account, now):
            return Settlement(row, "waiting", now, due_at=pause, detail="the account rests", counts=False)
        if wait := await _wait_for_rate(app, channel.capabilities, row):
            return Settlement(row, "waiting", now, due_at=now + wait, detail="rate", counts=False)
        return await _send(app, channel, row, verdict, now)
    except Exception as error:  # noqa: BLE001 - a message is never lost to an unexpected error
        app.metrics.errors.labels("sender").inc()
        _log.exception("sending_broke", outbox=row.id, conversation=row.conversation_id)
        return _again(app, row, now, type(error).__name__, code=None)


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


async def _find_out(app: App, channel: Channel, row: Outbound, now: datetime) -> Settlement | None:
    """Learn whether a doubtful message has gone out; None if it has not, as far as can be known."""
    since = row.sending_at or row.created_at
    if channel.capabilities.confirms == "history":
        try:
            copies = await channel.history(row.address)
        except (Unavailable, Uncertain, Throttled):
            return Settlement(row, "unknown", now, due_at=now + LOOK_AGAIN, counts=False)
        fresh = sorted((copy for copy in copies if copy.at >= since - SKEW), key=lambda copy: copy.at)
        known = await app.store.outbox.known_ids(row.conversation_id, [copy.external_id for copy in fresh])
        for copy in fresh:
            if copy.external_id not in known and copy.text in ("", row.outgoing.text):
                return Settlement(row, "sent", now, external_id=copy.external_id)
        return None
    patience = timedelta(seconds=app.config.settings.sending.doubt_seconds)
    if channel.capabilities.confirms == "receipt" and now < since + patience:
        # A mark that carries our reference settles the row by itself; see persistence.receipts.
        return Settlement(row, "unknown", now, due_at=min(now + LOOK_AGAIN, since + patience), counts=False)
    return None


async def _wait_for_rate(app: App, capabilities: Capabilities, row: Outbound) -> timedelta | None:
    """Ask for a place under the platform's rates: first the person's, then the account's."""
    for key, rate in (
        (f"{row.channel}:{row.account}:{row.conversation_id}", capabilities.person_rate),
        (f"{row.channel}:{row.account}", capabilities.account_rate),
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
    try:
        with app.metrics.send_seconds.labels(row.channel).time():
            sent = await channel.send(
                row.address,
                outgoing,
                reference=reference_of(row.id),
                agent_tag=late and row.speaker == "agent" and outgoing.template is None,
            )
    except IntegrationError as error:
        return _settle_error(app, row, error, app.clock())
    return Settlement(
        row,
        "sent",
        app.clock(),
        external_id=sent.external_id,
        detail="held by the platform for a quality check" if sent.held else None,
        hold=channel.capabilities.settle,
    )


def _settle_error(app: App, row: Outbound, error: IntegrationError, now: datetime) -> Settlement:
    """Turn an error into what comes next. Each class says it by its name."""
    words = str(error)
    match error:
        case Uncertain():
            return Settlement(row, "unknown", now, due_at=now + LOOK_AGAIN, code=error.code, detail=words)
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


def _again(app: App, row: Outbound, now: datetime, why: str, *, code: str | None) -> Settlement:
    if row.attempts >= app.config.settings.sending.tries:
        return Settlement(row, "failed", now, code=code, detail=f"given up after {row.attempts} tries: {why}")
    return Settlement(row, "waiting", now, due_at=now + backoff(row.attempts), code=code, detail=why)


def backoff(attempts: int) -> timedelta:
    """Return the pause after that many attempts: doubling from 1 s to 5 min, half of it chance."""
    longest = min(2.0 ** (attempts - 1), 300.0)
    return timedelta(seconds=longest * (0.5 + random.random() / 2))  # noqa: S311 - spreads load, hides nothing
