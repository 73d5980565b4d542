"""What all platforms of one sandbox share: the world, the clock, the post, the faults and the open pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from integrations.sandbox.faults import Faults
from integrations.sandbox.live import Live
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.templates import Templates
from integrations.sandbox.webhooks import Postman
from integrations.sandbox.world import Message, World

Clock = Callable[[], datetime]


class Stage:
    """Belongs to one event loop, from `open` to `close`."""

    def __init__(
        self, settings: SandboxSettings, clock: Clock, faults: Faults, postman: Postman, live: Live
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.world = World()
        self.templates = Templates(settings.templates)
        self.faults = faults
        self.postman = postman
        self.live = live
        self.closing = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something in a while of real time; forgotten at `close` and at `reset`."""
        loop = asyncio.get_running_loop()

        def ring() -> None:
            self._timers.discard(handle)
            call()

        handle = loop.call_later(seconds, ring)
        self._timers.add(handle)

    def show(self, message: Message) -> None:
        """Tell the pages about a new message."""
        self.live.publish({"type": "message", "message": message.json()})

    def refresh(self, message: Message) -> None:
        """Tell the pages that a message changed."""
        self.live.publish({"type": "update", "message": message.json()})

    def reset(self) -> None:
        """Forget all chats, and what was still to be said about them."""
        self._forget_timers()
        self.postman.empty()
        self.world.reset()
        self.templates.reset()
        self.live.publish({"type": "reset"})

    def open(self) -> None:
        """Begin to send."""
        self.postman.open()
        if self.settings.webhook_base:
            self.postman.connect(self.settings.webhook_base)

    def release(self) -> None:
        """Let everyone go who waits for an answer or for news, so that the server can stop."""
        self.closing.set()
        self.live.close()

    async def close(self) -> None:
        """Stop everything that runs on its own."""
        self.release()
        self._forget_timers()
        await self.postman.close()

    def _forget_timers(self) -> None:
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
