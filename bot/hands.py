"""Hands for slow work beside a room's loop: who waits for a stranger holds up neither others nor the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.app import App


class Hands:
    """At most ``most`` pieces of work at once; what takes too long when the program stops is cut off."""

    def __init__(self, most: int) -> None:
        """Start with all hands free."""
        self._most = most
        self._busy = 0
        self._freed = asyncio.Event()

    @property
    def free(self) -> int:
        """How many more there are."""
        return self._most - self._busy

    def do(self, app: App, work: Coroutine[Any, Any, None]) -> None:
        """Begin a piece of work; what it raises is logged and counted."""
        self._busy += 1
        app.soon(self._do(work))

    async def until_free(self, seconds: float) -> None:
        """Wait until a hand is free, at most that long."""
        if self.free > 0:
            return
        self._freed.clear()
        try:
            await asyncio.wait_for(self._freed.wait(), seconds)
        except TimeoutError:
            return

    async def _do(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._busy -= 1
            self._freed.set()
