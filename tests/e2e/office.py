"""Several people at once, each in a browser of their own; a page that complains fails the test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.bot.people import Visitor
from tests.bot.serving import Running

PATIENCE = 15_000
"""Milliseconds in which anything must have happened that a test waits for."""
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

_WATCH = (
    "addEventListener('securitypolicyviolation',"
    " e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)


@dataclass
class Office:
    """The browsers of everybody in a test, and what their pages complained of."""

    browser: Browser
    server: Running
    complaints: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def sit(self, who: Visitor | None, path: str = "/desk", **choices: Any) -> Page:
        """A page in a browser of its own: of somebody who is signed in, or of anybody."""
        context = await self.browser.new_context(
            **{
                "viewport": DESKTOP,
                "locale": "de-DE",
                "timezone_id": "Europe/Berlin",
                "reduced_motion": "reduce",
                **choices,
            }
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        await context.add_init_script(_WATCH)
        if who is not None:
            await context.add_cookies(who.cookies(self.server.url))
        page = await context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if path:
            await page.goto(path if ":" in path else self.server.url + path)
        return page

    def excuse(self, words: str) -> None:
        """Let a complaint pass that the test itself provokes."""
        self.excused.append(words)

    async def close(self) -> None:
        """Send everybody home."""
        for context in self._contexts:
            await context.close()
        left = [one for one in self.complaints if not any(words in one for words in self.excused)]
        assert not left, left

    def _heard(self, line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"}:
            self.complaints.append(f"{line.text} {line.location['url']}")


@dataclass(eq=False)
class Wire:
    """A way to the server that can be cut: what runs over it ends, and nobody gets in until it is mended."""

    target: str
    url: str = ""
    whole: bool = True
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Cut everything."""
        self.whole = False
        for one in self._open:
            one.transport.abort()

    def mend(self) -> None:
        """Let everybody through again."""
        self.whole = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection, both ways, to its end."""
        if not self.whole:
            writer.transport.abort()
            return
        place = urlsplit(self.target)
        there, back = await asyncio.open_connection(place.hostname, place.port)
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(_pour(reader, back), _pour(there, writer))
        finally:
            self._open -= ends
            for one in ends:
                one.transport.abort()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


@contextlib.asynccontextmanager
async def wire(server: Running) -> AsyncIterator[Wire]:
    """Lay a wire to the server; its ``url`` is where a browser goes."""
    line = Wire(server.url)
    listener = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield line
    listener.close()
    line.cut()
    await listener.wait_closed()
