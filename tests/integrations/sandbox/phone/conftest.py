"""The page in a browser, with a fixed world behind it or with the real sandbox."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from integrations.sandbox import SANDBOX, sandbox_app
from tests import services
from tests.integrations.sandbox.conftest import SETTINGS, Box, Clock, Receiver
from tests.integrations.sandbox.phone.kit import listen
from tests.integrations.sandbox.phone.stub_world import StubWorld

# What the policy forbids does not always reach the console by itself.
_WATCH = "addEventListener('securitypolicyviolation', event => console.error('CSP', event.violatedDirective))"
_BEGUN = time.monotonic()


class RunningClock(Clock):
    """The page compares the time that it is told with the time that passes."""

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - _BEGUN)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    """One for a whole file, as starting it takes longer than most tests; so they share an event loop."""
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(
            executable_path=chromium_path, args=services.CHROMIUM_FLAGS
        ) as started,
    ):
        yield started


@pytest.fixture
def world() -> StubWorld:
    return StubWorld()


@pytest_asyncio.fixture(loop_scope="module")
async def address(world: StubWorld) -> AsyncIterator[str]:
    async with TestServer(world.app()) as server:
        yield str(server.make_url("/sandbox"))
        world.hang_up()


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A desktop that asks for calm."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900},
        locale="de-DE",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.set_default_timeout(8_000)
    await context.add_init_script(_WATCH)
    yield context
    await context.close()


@pytest.fixture
def allowed() -> list[str]:
    """Words of the complaints that a test provokes on purpose."""
    return []


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext, address: str, allowed: list[str]) -> AsyncIterator[Page]:
    """The page with the fixed world. Fails at the end when the browser complained about anything."""
    page = await context.new_page()
    complaints = listen(page)
    await page.goto(address)
    await expect(page.locator(".msg").first).to_be_visible()
    yield page
    assert [one for one in complaints if not any(word in one for word in allowed)] == []


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox() -> AsyncIterator[Box]:
    """The real one, in the browser's event loop; its webhooks wait for ever."""
    clock = RunningClock()
    inner = sandbox_app(SETTINGS, clock, clock.advance)
    outer = web.Application()
    outer.add_subapp("/sandbox", inner)
    async with TestServer(outer) as server, aiohttp.ClientSession() as client:
        yield Box(str(server.make_url("/sandbox")), client, clock, Receiver(), inner[SANDBOX])
