"""The gap healer: asks platforms what was written, and takes in what no webhook ever told.

Slow on purpose: one call a step, at half the platform's rate, and never while the process is to stop. What
is taken in are ordinary arrivals with the platform's own ids and times; so the inbox itself sees to it that a
webhook which comes after all changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
from dialogs.messages import BUYER_SPOKE, Arrival, Echo, Media
from integrations.base import IntegrationError, Refused, Throttled, Unauthorized
from integrations.upkeep import Comparing, Listed
from persistence.gaps import Compared, Look
from persistence.inbox import Intake

_log = structlog.get_logger(__name__)

SETTLE: Final = timedelta(minutes=2)
"""What is younger is left alone: its webhook, or the answer to our own sending, may be on its way."""

OVERLAP: Final = timedelta(hours=1)
"""So far back before the last look everything is compared again: lists may be late themselves."""

MOST_PAGES: Final = 20
"""After so many pages of threads a look goes on with what it has."""


@dataclass(slots=True)
class _Round:
    """One look at one account, as far as it has come. ``more`` is None once the list has been read."""

    look: Look
    channel: Comparing
    more: str | None = ""
    pages: int = 0
    threads: deque[Listed] = field(default_factory=deque)
    answered: int = 0
    kept: int = 0
    rest_until: datetime | None = None

    @property
    def bound(self) -> datetime:
        """What was written before this is none of this look's business."""
        return max(self.look.start, self.look.since - OVERLAP)


class HealingRoom:
    """Looks for gaps. One of each process; an account is looked at by one of them at a time."""

    def __init__(self) -> None:
        """Start with nothing in hand."""
        self._rounds: deque[_Round] = deque()
        self._next: dict[tuple[str, str], datetime] = {}
        self._seen: dict[tuple[str, str], datetime] = {}
        self._blind: set[tuple[str, str]] = set()

    async def step(self, app: App) -> int:
        """Make at most one call of a platform; return how many were made."""
        minutes = app.config.settings.healing.minutes
        if not minutes:
            return 0
        await self._begin(app, timedelta(minutes=minutes))
        for _ in range(len(self._rounds)):
            round_ = self._rounds.popleft()
            if not await self._may_ask(app, round_):
                self._rounds.append(round_)
                continue
            if await self._go_on(app, round_):
                self._rounds.append(round_)
            return 1
        return 0

    async def _begin(self, app: App, again: timedelta) -> None:
        """Claim the looks that are due."""
        now = app.clock()
        busy = {(one.look.channel, one.look.account) for one in self._rounds}
        for key, channel in app.channels.items():
            if not isinstance(channel, Comparing) or key in busy or now < self._next.get(key, now):
                continue
            # Whoever does not get it asks again before long: the process that has it may die.
            self._next[key] = now + min(again, timedelta(minutes=1))
            look = await app.store.gaps.begin(*key, now, again)
            if look is not None:
                self._rounds.append(_Round(look, channel))

    async def _may_ask(self, app: App, round_: _Round) -> bool:
        now, look = app.clock(), round_.look
        if round_.rest_until is not None and now < round_.rest_until:
            return False
        if app.resting(look.channel, look.account, now) is not None:
            return False
        rate = round_.channel.asking_rate
        key = f"compare:{look.channel}:{look.account}"
        return await app.signals.take(key, rate.interval, rate.burst, now.timestamp()) <= 0

    async def _go_on(self, app: App, round_: _Round) -> bool:
        """Make one call and do what follows from it; say whether there is more to do."""
        key = (round_.look.channel, round_.look.account)
        try:
            if round_.more is not None:
                await self._list(round_)
            else:
                await self._heal(app, round_)
        except Throttled as error:
            round_.rest_until = app.clock() + timedelta(seconds=error.after)
            return True
        except IntegrationError as error:
            # The next look begins where this one did.
            _log.warning("gaps_not_compared", channel=key[0], code=error.code, error=type(error).__name__)
            if isinstance(error, Unauthorized | Refused) and key not in self._blind:
                self._blind.add(key)
                detail = {"channel": key[0], "code": error.code or ""}
                await app.store.notify("gaps_unseen", detail, app.clock())
            await self._tell(app, round_)
            return False
        self._blind.discard(key)
        if round_.more is not None or round_.threads:
            return True
        await app.store.gaps.done(round_.look)
        await self._tell(app, round_)
        return False

    async def _list(self, round_: _Round) -> None:
        """Read one page of the list, and note the threads in which something has happened."""
        page = await round_.channel.threads(round_.more or "")
        fresh = [thread for thread in page.threads if thread.updated_at >= round_.bound]
        round_.pages += 1
        on = page.more and len(fresh) == len(page.threads) and round_.pages < MOST_PAGES
        round_.more = page.more if on else None
        round_.threads += [one for one in fresh if self._seen.get(_place(round_, one)) != one.updated_at]

    async def _heal(self, app: App, round_: _Round) -> None:
        """Compare one thread, and take in what is missing."""
        thread = round_.threads.popleft()
        try:
            listed = await round_.channel.messages(thread.id)
        except Throttled:
            round_.threads.appendleft(thread)
            raise
        except Refused as error:  # this thread cannot be had; the others can
            _log.warning("thread_not_compared", channel=round_.look.channel, code=error.code)
            return
        now = app.clock()
        settled = [one for one in listed if one.at >= round_.bound and one.at <= now - SETTLE]
        compared = await app.store.gaps.compare(settled)
        if compared.missing:
            await self._take_in(app, round_, judge(app, compared, listed, now))
        if thread.updated_at <= now - SETTLE:
            self._seen[_place(round_, thread)] = thread.updated_at

    async def _take_in(self, app: App, round_: _Round, found: Sequence[Arrival]) -> None:
        fresh = await app.store.inbox.accept(Intake(found, (), app.clock()))
        if not fresh:  # the webhooks came in this very moment
            return
        channel = round_.look.channel
        kept = sum(one.standby for one in found)
        round_.kept += kept
        round_.answered += len(found) - kept
        app.metrics.healed.labels(channel, "kept").inc(kept)
        app.metrics.healed.labels(channel, "taken").inc(len(found) - kept)
        app.metrics.accepted.labels(channel).inc(fresh)
        _log.info("gap_healed", channel=channel, messages=len(found), kept=kept)
        await app.signals.wake("turns", "desk")
        if any(isinstance(one.event, Media) for one in found):
            await app.signals.wake("media")

    async def _tell(self, app: App, round_: _Round) -> None:
        """Tell the owner what was found, once for each look; and forget threads that no look asks for now."""
        healed = round_.answered + round_.kept
        if healed:
            detail = {"channel": round_.look.channel, "healed": str(healed), "not_answered": str(round_.kept)}
            await app.store.notify("gaps_healed", detail, app.clock())
            await app.signals.wake("desk")
        self._seen = {key: at for key, at in self._seen.items() if at >= round_.look.began - 2 * OVERLAP}


def judge(app: App, compared: Compared, listed: Sequence[Arrival], now: datetime) -> list[Arrival]:
    """Mark what is only to be kept and shown, and not to be answered any more.

    The bot answers what was written just now, if nobody has answered since. What the owner typed on the phone
    takes the floor, unless it was long ago or the bot has spoken since. While humans have the floor, they
    are told of everything that nobody has answered: the bot says nothing there anyway.
    """
    settings = app.config.settings
    young = now - timedelta(minutes=settings.healing.answer_minutes)
    quiet = now - timedelta(hours=settings.desk.quiet_hours)
    said = [one for one in listed if isinstance(one.event, Echo)]
    judged = []
    for arrival in compared.missing:
        since = [one for one in said if one.at >= arrival.at and one.external_id != arrival.external_id]
        if isinstance(arrival.event, Echo):
            counts = arrival.at >= quiet and not any(one.external_id in compared.ours for one in since)
        elif since or arrival.event.kind not in BUYER_SPOKE:
            counts = False
        else:
            counts = arrival.at >= young or compared.floor != "bot"
        judged.append(replace(arrival, standby=not counts))
    return judged


def _place(round_: _Round, thread: Listed) -> tuple[str, str]:
    return (f"{round_.look.channel}:{round_.look.account}", thread.id)
