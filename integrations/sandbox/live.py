"""What the phone page is told while it is open: server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import orjson

from integrations.sandbox.errors import Json

MOST_UNREAD: Final = 1_000
"""Events that a slow page may be behind; then it is told to load everything anew."""
HEARTBEAT: Final = 15.0
"""Seconds after which an idle stream says something, so that a broken connection is noticed."""


class Live:
    """Passes events on to every open page. Belongs to one event loop."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[bytes | None]] = set()
        self._closed = False

    def publish(self, event: Json) -> None:
        """Tell all pages. Costs nothing when there are none."""
        if not self._pages:
            return
        data = b"data: " + orjson.dumps(event) + b"\n\n"
        for page in self._pages:
            if page.full():
                while not page.empty():
                    page.get_nowait()
                page.put_nowait(b'data: {"type":"reset"}\n\n')
            else:
                page.put_nowait(data)

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield what to write to one page, until `close`."""
        page: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_UNREAD)
        if self._closed:
            return
        self._pages.add(page)
        try:
            yield b": here\n\n"
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        chunk = await page.get()
                except TimeoutError:
                    chunk = b": still here\n\n"
                if chunk is None:
                    return
                yield chunk
        finally:
            self._pages.discard(page)

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        for page in self._pages:
            while not page.empty():
                page.get_nowait()
            page.put_nowait(None)
