"""The loops that keep the rooms working: wait for a wake-up, work until nothing is left, wait again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from bot.alarms import AlarmRoom
from bot.app import App
from bot.healing import HealingRoom
from bot.mailing import mail_due
from bot.media import MediaRoom
from bot.requests_room import requests_due
from bot.retention import RetentionRoom
from bot.scheduler import apply_receipts, apply_shop_events, look_after_desk, wake_due
from bot.searching import take_in
from bot.sender import send_one
from bot.telegram_desk import GroupRoom
from bot.template_watch import TemplateRoom
from bot.tokens import TokenRoom
from bot.turn import take_turns
from persistence.outbox import Outbound
from persistence.signals import TOPICS

_log = structlog.get_logger(__name__)

TURN_LOOPS: Final = 2
"""While one batch of turns waits for its commit, the other is worked out."""

LONGEST_PAUSE: Final = 10.0
"""Seconds between tries while a room keeps failing, for example without its database."""


class Rooms:
    """All rooms of one process, from `open` to `close`."""

    def __init__(self, app: App) -> None:
        """Prepare the rooms of ``app``."""
        self._app = app
        self._stopping = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._sending: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Start every loop."""
        rooms: list[tuple[str, Callable[[App], Awaitable[int]]]] = [
            *[("turns", take_turns)] * TURN_LOOPS,
            ("receipts", apply_receipts),
            ("shop", apply_shop_events),
            ("clock", wake_due),
            ("clock", look_after_desk),
            ("clock", RetentionRoom().step),
            ("outbox", self._claim_and_send),
            ("media", MediaRoom().step),
            ("alarms", AlarmRoom().step),
            ("search", take_in),
            ("templates", TemplateRoom().step),
            ("gaps", HealingRoom().step),
            ("tokens", TokenRoom().step),
        ]
        if self._app.groups is not None:
            rooms.append(("group", GroupRoom().step))
        if self._app.mailer is not None:
            rooms.append(("mails", mail_due))
        if self._app.connections.requests is not None:
            rooms.append(("requests", requests_due))
        self._loops = [asyncio.create_task(self._keep(topic, step), name=topic) for topic, step in rooms]

    async def close(self) -> None:
        """Claim nothing more and finish what is in hand."""
        self._stopping.set()
        await self._app.signals.wake(*TOPICS)
        for loop in self._loops:
            await loop
        while self._sending:
            await asyncio.wait(self._sending)

    async def _keep(self, topic: str, step: Callable[[App], Awaitable[int]]) -> None:
        pause = 0.1
        while not self._stopping.is_set():
            try:
                worked = await step(self._app)
            except Exception as error:  # noqa: BLE001 - a room outlives whatever happens in it
                self._app.metrics.errors.labels(topic).inc()
                _log.exception("room_failed", room=topic, error=type(error).__name__)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = 0.1
            if not worked and not self._stopping.is_set():
                await self._app.signals.wait(topic, self._app.config.settings.server.poll_seconds)

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _claim_and_send(self, app: App) -> int:
        """Claim as many messages as there are free hands. A slow platform holds up nobody else's message."""
        free = app.config.settings.sending.at_once - len(self._sending)
        if free <= 0:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            return 1
        rows = await app.store.outbox.claim(app.clock(), free)
        for row in rows:
            task = asyncio.create_task(self._send(row), name="send")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(rows)

    async def _send(self, row: Outbound) -> None:
        app = self._app
        try:
            settlement = await send_one(app, row)
        except Exception as error:  # noqa: BLE001 - not settled: the lease ends and the message is doubtful
            app.metrics.errors.labels("sender").inc()
            _log.exception("settling_failed", outbox=row.id, error=type(error).__name__)
            return
        if settlement.due_at is not None:
            app.wake_later("outbox", settlement.due_at - settlement.now)
            return
        if settlement.hold:
            app.wake_later("outbox", settlement.hold)
        await app.signals.wake("outbox", "desk")  # the conversation's next message may be ready
