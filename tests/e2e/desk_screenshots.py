"""`python -m tests.e2e.desk_screenshots`: the pictures of the desk, light and dark, on desktop and phone."""

import asyncio
import io
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from persistence.database import Database
from persistence.migrate import migrate
from tests import services
from tests.bot.people import Visitor
from tests.bot.serving import Running, serving
from tests.e2e.busy_desk import Busy, busy
from tests.e2e.office import DESKTOP, PHONE

IMAGES = Path(__file__).parents[2] / "docs" / "images"
COLOURS: Final = 64
"""So many colours a picture keeps: enough for flat surfaces and text."""

Act: TypeAlias = Callable[[Page], Awaitable[None]]


@dataclass(frozen=True)
class Shot:
    """One picture: whose page it is, where, and what is done before it is taken."""

    path: str
    act: Act | None = None
    who: str = "agent"
    sizes: tuple[str, ...] = ("desktop", "phone")


async def _templates(page: Page) -> None:
    await page.locator("[data-tool=template]").first.click()
    await page.locator("#template-dialog [data-template] summary").first.click()


async def _canned(page: Page) -> None:
    await page.locator("#composer-text").fill("")
    await page.locator("#composer-text").press_sequentially("/")
    await expect(page.locator("#composer-picks [role=option]").first).to_be_visible()


async def _keys(page: Page) -> None:
    await page.locator("body").press("?")
    await expect(page.locator("#keys-dialog")).to_be_visible()


async def _buyer(page: Page) -> None:
    button = page.locator("[data-shows=buyer]:visible")
    if await button.count():
        await button.first.click()
    await expect(page.locator("#buyer")).to_be_visible()


async def _bulk(page: Page) -> None:
    for key in ("j", "x", "j", "x"):
        await page.keyboard.press(key)
    await expect(page.locator("#bulk")).to_be_visible()


async def _group(page: Page) -> None:
    await page.locator("#group-topics button[data-topic]:not([data-topic=general])").first.click()
    await expect(page.locator("#group-thread .group-msg").first).to_be_visible()


def shots(desk: Busy) -> Mapping[str, Shot]:
    """Name every picture."""
    thread = f"/desk/{desk.thread}"
    return {
        "queue": Shot("/desk"),
        "bulk": Shot("/desk", _bulk, sizes=("desktop",)),
        "thread": Shot(thread),
        "buyer": Shot(thread, _buyer),
        "composer": Shot(thread, _canned),
        "templates": Shot(thread, _templates),
        "keys": Shot("/desk", _keys, sizes=("desktop",)),
        "people": Shot("/desk/people", who="owner"),
        "me": Shot("/desk/me"),
        "audit": Shot("/desk/audit", who="owner"),
        "settings": Shot("/desk/settings", who="owner"),
        "canned": Shot("/desk/canned"),
        "canned-edit": Shot("/desk/canned/1"),
        "requests": Shot("/desk/requests", who="owner"),
        "login": Shot("/login", who=""),
        "telegram": Shot("/sandbox/group", _group, who=""),
    }


async def main(names: set[str]) -> None:
    """Take every picture anew, or those named."""
    chromium = services.CHROMIUM.find()
    if chromium is None:
        raise SystemExit("Chromium is not installed: no pictures without it")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/pictures.db")
        await migrate(database)
        await database.close()
        async with serving(f"sqlite:///{folder}/pictures.db") as server, async_playwright() as playwright:
            desk = await busy(server)
            browser = await playwright.chromium.launch(executable_path=chromium, args=services.CHROMIUM_FLAGS)
            people: dict[str, Visitor | None] = {"agent": desk.agent, "owner": desk.owner, "": None}
            for name, shot in shots(desk).items():
                if not names or name in names:
                    await _take(browser, server, name, shot, people[shot.who])
            await browser.close()


async def _take(browser: Browser, server: Running, name: str, shot: Shot, who: Visitor | None) -> None:
    for size in shot.sizes:
        viewport = {"desktop": DESKTOP, "phone": PHONE}[size]
        for scheme in ("light", "dark"):
            context = await browser.new_context(
                viewport=viewport,  # type: ignore[arg-type]  # Playwright's own dictionary of two numbers
                color_scheme=scheme,
                locale="de-DE",
                timezone_id="Europe/Berlin",
                reduced_motion="reduce",
                has_touch=size == "phone",
                is_mobile=size == "phone",
            )
            if who is not None:
                await context.add_cookies(who.cookies(server.url))
            page = await context.new_page()
            await page.goto(server.url + shot.path)
            await page.wait_for_load_state("load")
            try:
                if shot.act is not None:
                    await shot.act(page)
                await page.evaluate("() => document.fonts.ready")
                _keep(await page.screenshot(), f"desk-{name}-{size}-{scheme}")
            finally:
                await context.close()


def _keep(picture: bytes, name: str) -> None:
    """Write a picture with few colours: a tenth of the bytes, and nobody sees it."""
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        few.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    os.environ.setdefault("TZ", "Europe/Berlin")
    asyncio.run(main(set(sys.argv[1:])))
