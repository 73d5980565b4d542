"""`python -m tests.e2e.sixty_days`: three buyers live sixty days on the sandbox phone; pictures and a record.

Whoever changes the scripts plays this and reads ``docs/sixty-days.md`` aloud: it holds every word that was
said, with its day.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from tests import services
from tests.bot.serving import Running, serving
from tests.e2e.buyer import Buyer, Json

DOCS: Final = Path(__file__).parents[2] / "docs"
CHANNELS: Final = ("whatsapp", "instagram")
LAST_DAY: Final = 60


@dataclass
class Life:
    """One buyer on one channel of a shop that has nobody else: what happens, told day by day."""

    name: str
    server: Running
    buyer: Buyer
    page: Page
    begun: datetime
    order: Json = field(default_factory=dict)
    day: int = 0

    async def until(self, day: int) -> None:
        """Let the days pass, one after the other, as they do."""
        while self.day < day:
            await self.buyer.travel("1 day")
            self.day += 1

    async def asks(self, flow: str) -> bool:
        """Whether the newest question on the screen is this flow's."""
        return (await self.buyer.asked())[0] == flow

    async def agree(self) -> None:
        """Tap the first choice of everything that is asked in a row, but send no photo."""
        for _ in range(8):
            if not (await self.buyer.newest())["buttons"]:
                return
            flow, _step, choices = await self.buyer.asked()
            if flow not in {"rating", "consent_offers", "survey"}:
                return
            await self.buyer.tap("skip" if "skip" in choices else choices[0])

    async def picture(self, moment: str) -> None:
        """Keep how the phone looks now."""
        await self.page.locator(f"[role=tab][data-channel={self.buyer.channel}]").click()
        await self.page.wait_for_timeout(900)  # whatever moves has come to rest
        path = DOCS / "images" / f"sixty-{self.name}-{self.buyer.channel}-{moment}.png"
        await self.page.locator("#device").screenshot(path=path)

    async def parcel(self, *, arrives: int) -> None:
        """The shop sends the parcel on the next day."""
        await self.until(1)
        await self.server.sandbox("api/ship", order_id=self.order["id"])
        await self.server.quiet()
        await self.until(arrives)
        await self.buyer.arrive(self.order)


async def content(life: Life) -> None:
    """Likes it, answers, and is asked for nothing twice."""
    await life.buyer.set_up()
    await life.picture("day-0")
    await life.parcel(arrives=2)
    await life.until(6)
    if life.buyer.channel == "instagram":  # there nothing may be begun once the window has closed
        await life.buyer.say("Hallo, bin wieder da")
    if await life.asks("checkup"):
        await life.buyer.tap("fine")
    if await life.asks("usage"):
        await life.buyer.tap("filter")
    await life.picture("day-6")
    await life.until(13)
    if life.buyer.channel == "instagram":
        await life.buyer.say("Guten Morgen!")
    await life.buyer.tap("5")
    await life.buyer.say("Der Kaffee duftet durchs ganze Haus")
    await life.agree()
    await life.picture("day-13")
    await life.until(20)
    if await life.asks("survey"):
        await life.agree()
    await life.until(35)
    if life.buyer.channel == "instagram":
        await life.buyer.say("Was passt denn noch dazu?")
    await life.picture("day-35")
    await life.until(LAST_DAY)


async def silent(life: Life) -> None:
    """Scans the card and never says a word again."""
    await life.parcel(arrives=3)
    await life.until(LAST_DAY)
    await life.picture("day-60")


async def angry(life: Life) -> None:
    """All is well until the ninth day."""
    await life.buyer.set_up()
    await life.parcel(arrives=2)
    await life.until(9)
    await life.buyer.say("Na toll. Nach einer Woche klemmt die Kurbel, ich bin echt enttäuscht.")
    await life.picture("day-9")
    await life.until(LAST_DAY)
    await life.picture("day-60")


LIVES: Final[dict[str, Callable[[Life], Awaitable[None]]]] = {
    "content": content,
    "silent": silent,
    "angry": angry,
}
TITLES: Final = {
    "content": "The content one",
    "silent": "The silent one",
    "angry": "The one who is angry on day 9",
}


async def play(browser: Browser, name: str, channel: str) -> str:
    """Play one life; return what was said, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        async with serving(f"sqlite:///{folder}/life.db") as server:
            page = await browser.new_page(
                viewport={"width": 1440, "height": 1000}, locale="de-DE", timezone_id="Europe/Berlin"
            )
            await page.goto(f"{server.url}/sandbox")
            buyer = Buyer(server, channel)
            begun = datetime.fromisoformat((await server.sandbox("api/world"))["now"])
            life = Life(name, server, buyer, page, begun)
            life.order = await buyer.buy("HM-01")
            await buyer.enter(life.order)
            await LIVES[name](life)
            told = [f"### {TITLES[name]}, on {channel.capitalize()}", "", *await _record(life)]
            await page.close()
            return "\n".join(told)


async def _record(life: Life) -> list[str]:
    """Every line with its day: the shop's as quotations, the buyer's set off."""
    lines: list[str] = []
    for message in await life.buyer.thread():
        at = datetime.fromisoformat(message["at"])
        day = (at.date() - life.begun.date()) // timedelta(days=1)
        who = "shop" if message["from"] == "shop" else "buyer"
        text = (message["text"] or "…").replace("\n\n", " ¶ ").replace("\n", " / ")
        buttons = " ".join(f"[{button['title']}]" for button in message["buttons"])
        lines.append(f"- day {day}, {at:%H:%M}, **{who}**: {text} {buttons}".rstrip())
    return [*lines, ""]


async def main() -> None:
    """Play all, and write the record."""
    chromium = services.CHROMIUM.find()
    if chromium is None:
        raise SystemExit("Chromium is not installed: no pictures without it")
    told = [
        "# Sixty days",
        "",
        "Made by `python -m tests.e2e.sixty_days`: three buyers on the sandbox phone, with the scripts",
        "of the house. Control groups are drawn as in life; ¶ is a new paragraph, brackets are buttons.",
        "",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=services.CHROMIUM_FLAGS)
        for name in LIVES:
            told += [await play(browser, name, channel) for channel in CHANNELS]
        await browser.close()
    (DOCS / "sixty-days.md").write_text("\n".join(told), "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
