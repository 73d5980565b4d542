"""`python -m tests.e2e.screenshots`: play the first conversation and take the README's pictures."""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from tests import services
from tests.benchmarks.servers import await_answer, free_port

IMAGES = Path(__file__).parents[2] / "docs" / "images"


async def main() -> None:
    """Take every picture anew."""
    IMAGES.mkdir(exist_ok=True)
    async with _page() as page:
        await page.locator("[role=tab][data-channel=whatsapp]").click()
        await page.get_by_role("button", name="Etwas kaufen").click()
        await page.get_by_role("button", name="QR-Code scannen").first.click()
        await expect(page.locator("#composer-text")).to_have_value(re.compile("NK"))
        await page.locator("#composer-text").press("Enter")
        await _tap(page, "Ja, los geht's")
        await _picture(page, "sandbox")
        await _tap(page, "Erledigt")
        await _picture(page, "whatsapp-setup", phone=True)
        await _tap(page, "Erledigt")
        await _tap(page, "Erledigt")
        await expect(page.locator("#thread")).to_contain_text("Geschafft")
        await _picture(page, "whatsapp-consent", phone=True)
        await _tap(page, "Ja, gern")
        await page.get_by_role("button", name="Paket verschickt").first.click()
        await expect(page.locator("#thread")).to_contain_text("unterwegs")
        await page.get_by_role("button", name="Paket angekommen").first.click()
        await page.get_by_role("button", name="+3 Tage").click()
        await expect(page.locator("#thread")).to_contain_text("Läuft alles rund")
        await page.get_by_role("button", name="+10 Tage").click()
        await expect(page.locator("#thread")).to_contain_text("Wie zufrieden")
        await _picture(page, "whatsapp-rating", phone=True)
        await _tap(page, "2 –")
        await expect(page.locator("#thread")).to_contain_text("antwortet dir bis")
        await _picture(page, "whatsapp-handoff", phone=True)


async def _tap(page: Page, title: str) -> None:
    """Tap the newest button with this title and wait until the shop has answered."""
    messages = page.locator("#thread .msg")
    before = await messages.count()
    await page.locator("#thread").get_by_role("button", name=title).last.click()
    await expect(messages).not_to_have_count(before)
    await page.wait_for_timeout(1500)  # the answer, and the marks on it


async def _picture(page: Page, name: str, *, phone: bool = False) -> None:
    await page.wait_for_timeout(700)  # whatever moves has come to rest
    path = IMAGES / f"{name}.png"
    if phone:
        await page.locator("#device").screenshot(path=path)
    else:
        await page.screenshot(path=path)


@asynccontextmanager
async def _page() -> AsyncIterator[Page]:
    """The phone page of a server of its own, with an empty database."""
    chromium = services.CHROMIUM.find()
    if chromium is None:
        raise SystemExit("Chromium is not installed: no pictures without it")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--port", str(port)),
            env={**os.environ, "DATABASE_URL": f"sqlite:///{folder}/pictures.db"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            await asyncio.to_thread(await_answer, f"http://127.0.0.1:{port}/readyz")
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=chromium, args=services.CHROMIUM_FLAGS
                )
                page = await browser.new_page(
                    viewport={"width": 1440, "height": 900}, locale="de-DE", timezone_id="Europe/Berlin"
                )
                await page.goto(f"http://127.0.0.1:{port}/sandbox")
                yield page
                await browser.close()
        finally:
            server.terminate()
            await asyncio.wait_for(server.wait(), 30)


if __name__ == "__main__":
    asyncio.run(main())
