"""ROOM 4, forgetting: once an hour, in small steps, what has been kept for long enough loses its words."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
from persistence.retention import Keep

_log = structlog.get_logger(__name__)

EVERY: Final = timedelta(hours=1)

BREATH: Final = 0.2
"""Seconds between two steps: after years without it there is much to forget, and others write, too."""


class RetentionRoom:
    """Forgets. One of each process; between them the database lets one at a time."""

    def __init__(self, breath: float = BREATH) -> None:
        """Start with a sweep: the program may have rested for long. ``breath`` is in seconds."""
        self._breath = breath
        self._swept: datetime | None = None
        self._decided = 0

    async def step(self, app: App) -> int:
        """Take the next small step of a sweep that is due; return how many rows were decided."""
        now = app.clock()
        if self._swept is not None and now - self._swept < EVERY:
            return 0
        keep = keep_of(app)
        decided = await app.store.retention.sweep(keep, now)
        self._decided += decided
        if decided:
            await asyncio.sleep(self._breath)
            return decided
        tidied = await app.store.retention.tidy(keep, now)
        if self._decided or tidied:
            _log.info("old_words_forgotten", looked_at=self._decided, drafts_and_signs=tidied)
        self._swept, self._decided = now, 0
        return 0


def keep_of(app: App) -> Keep:
    """Return how long the settings keep things."""
    return Keep(**app.config.settings.retention.model_dump())
