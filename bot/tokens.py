"""Access tokens that end: renewed in time where a platform allows it, announced in time where it does not.

A renewed token is kept in the database, sealed with a key from the shop's secret; the old one stays valid
until its own end, so nothing has to happen at once in all processes. The one from the environment wins as
soon as it is another than the one that all of it began with.
"""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict

from bot.app import App
from bot.sealing import Seal, Unreadable
from integrations.base import IntegrationError, Throttled, Unavailable
from integrations.upkeep import Renewing

_log = structlog.get_logger(__name__)

EVERY: Final = timedelta(days=7)
"""How often a token is renewed: early enough that several tries may fail."""

AGAIN: Final = timedelta(days=1)
"""After a refusal: a token younger than a day is not renewed yet."""

SOON: Final = timedelta(hours=1)
"""After a fault that passes."""

LASTS: Final = timedelta(days=60)
"""Of a token whose end is not known: no later than so long after it was seen first."""

WARNINGS: Final = (14, 7, 3, 1)
"""So many days before a token's end the owner is told."""

REFUSALS: Final = 3
"""After so many refusals in a row the owner is told, however long the token lasts."""

LOOK: Final = timedelta(minutes=10)
"""How often a process looks whether there is something to do, or another has renewed."""


class _Record(BaseModel):
    """What is known of an account's token. ``given`` stands for the environment's, ``sealed`` is its heir."""

    model_config = ConfigDict(frozen=True)

    given: str
    seen: datetime
    due: datetime
    sealed: str = ""
    ends: datetime | None = None
    refusals: int = 0
    warned: int = 0
    """At so many days before the end the owner was told last; 0: not yet."""


async def take_up_tokens(app: App) -> None:
    """Let every channel speak with the newest token there is; at the start, before anything is sent."""
    if app.config.sandbox:
        return
    for key, channel in app.channels.items():
        if not isinstance(channel, Renewing) or not channel.renewable:
            continue
        given, now = _print(app, channel.token), app.clock()
        record = await _recall(app, key)
        if record is None or record.given != given or (record.sealed and _open(app, key, record) is None):
            await _remember(app, key, _Record(given=given, seen=now, due=now))
        elif record.sealed and (token := _open(app, key, record)) is not None:
            channel.use_token(token)


class TokenRoom:
    """Looks after tokens. One of each process."""

    def __init__(self) -> None:
        """Look at once."""
        self._next: datetime | None = None

    async def step(self, app: App) -> int:
        """Renew what is due and warn of what ends; return how many tokens were renewed."""
        now = app.clock()
        if app.config.sandbox or (self._next is not None and now < self._next):
            return 0
        self._next = now + LOOK
        renewed = 0
        for key, channel in app.channels.items():
            if isinstance(channel, Renewing) and channel.renewable:
                renewed += await _look_after(app, key, channel)
            elif (end := _end_in_settings(app, key[0])) is not None:
                await _warn_of(app, key, end)
        return renewed


async def _look_after(app: App, key: tuple[str, str], channel: Renewing) -> bool:
    now = app.clock()
    record = await _recall(app, key)
    if record is None:  # the start notes one; somebody has emptied the table since
        record = _Record(given=_print(app, channel.token), seen=now, due=now)
        await _remember(app, key, record)
    if record.sealed and (token := _open(app, key, record)) is not None:
        channel.use_token(token)  # another process has renewed it
    if now < record.due:
        return False
    try:
        fresh = await channel.renew()
    except IntegrationError as error:
        await _not_renewed(app, key, record, error)
        return False
    standing = await _recall(app, key)
    if standing is None or standing.given != record.given:  # the environment has brought another meanwhile
        return False
    channel.use_token(fresh.token)
    sealed = _seal(app).close(fresh.token, ":".join(key))
    kept = _Record(
        given=record.given, seen=record.seen, due=now + min(EVERY, fresh.lasts / 2), sealed=sealed,
        ends=now + fresh.lasts,
    )  # fmt: skip
    await _remember(app, key, kept)
    app.metrics.tokens.labels(key[0], "renewed").inc()
    _log.info("token_renewed", channel=key[0], days=fresh.lasts.days)
    return True


async def _not_renewed(app: App, key: tuple[str, str], record: _Record, error: IntegrationError) -> None:
    now, channel, code = app.clock(), key[0], error.code or type(error).__name__
    passing = isinstance(error, Throttled | Unavailable)
    app.metrics.tokens.labels(channel, "failed").inc()
    _log.warning("token_not_renewed", channel=channel, code=code)
    refusals = record.refusals + (not passing)
    if refusals == REFUSALS and not passing:
        await app.store.notify("token_not_renewed", {"channel": channel, "code": code}, now)
    end = record.ends or record.seen + LASTS
    warned = await _warn(app, channel, end, record.warned)
    changed = {"due": now + (SOON if passing else AGAIN), "refusals": refusals, "warned": warned}
    if await _recall(app, key) == record:  # another process may have had more luck
        await _remember(app, key, record.model_copy(update=changed))


async def _warn_of(app: App, key: tuple[str, str], end: date) -> None:
    """Warn of an end that the owner has noted in the settings; each of them anew."""
    name = f"token_end:{':'.join(key)}:{end.isoformat()}"
    before = int(await app.store.recall(name) or 0)
    # Days end by the shop's clocks; a token is taken to end as its day begins.
    ends = datetime.combine(end, time(), app.config.settings.brand.zone).astimezone(UTC)
    warned = await _warn(app, key[0], ends, before)
    if warned != before:
        await app.store.remember(name, str(warned))


async def _warn(app: App, channel: str, end: datetime, warned: int) -> int:
    """Tell the owner if another of the `WARNINGS` is reached; return which was told last."""
    left = end - app.clock()
    reached = min((days for days in WARNINGS if left <= timedelta(days=days)), default=0)
    if not reached or (warned and reached >= warned):
        return warned
    days = str(max(left.days, 0))
    await app.store.notify("token_ends", {"channel": channel, "days": days}, app.clock())
    return reached


def _end_in_settings(app: App, channel: str) -> date | None:
    choices = app.config.settings.channels
    ends = {"instagram": choices.instagram.token_ends, "whatsapp": choices.whatsapp.token_ends}
    return ends.get(channel) or None


def _print(app: App, token: str) -> str:
    """Return what tells one token from another and tells nothing of either."""
    return hmac.digest(app.secret, f"token: {token}".encode(), "sha256").hex()[:32]


def _seal(app: App) -> Seal:
    return Seal(app.secret, "access tokens")


def _open(app: App, key: tuple[str, str], record: _Record) -> str | None:
    try:
        return _seal(app).open(record.sealed, ":".join(key))
    except Unreadable:
        return None


async def _recall(app: App, key: tuple[str, str]) -> _Record | None:
    noted = await app.store.recall(f"token:{':'.join(key)}")
    return None if noted is None else _Record.model_validate_json(noted)


async def _remember(app: App, key: tuple[str, str], record: _Record) -> None:
    await app.store.remember(f"token:{':'.join(key)}", record.model_dump_json())
