"""What a page may cost: bytes, requests, scripts that hold it up, and no jumps while it lives."""

import re
from typing import Any, Final

import pytest
from playwright.async_api import Page, Request, expect

from tests.bot.desk_shop import Case, fill
from tests.bot.serving import Running
from tests.e2e.busy_desk import Busy, busy
from tests.e2e.office import DESKTOP, PHONE, Office

pytestmark = pytest.mark.timeout(180)

MOST_BYTES: Final = 120_000
"""Of a first visit, as it comes over the line: packed, with its headers."""
MOST_SCRIPT: Final = 90_000
MOST_REQUESTS: Final = 30
"""All small, from one server over one connection; on the next visit one: the page itself."""
INLINE: Final = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<[^>]*\s(?:on[a-z]+|style)=[^>]*>")
MOST_NODES: Final = 3_000
MOST_LATER: Final = 30_000
"""Of all parts that one new message makes a page fetch."""
MOST_MOVED: Final = 0.001
"""Of the screen, as browsers count layout shift (https://web.dev/articles/cls); 0.1 is called good."""


@pytest.fixture
async def desk(server: Running) -> Busy:
    return await busy(server)


class Line:
    """What comes over the line of a page."""

    def __init__(self, page: Page) -> None:
        self.sizes: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        self._page = page
        page.on("requestfinished", self._note)

    async def _note(self, request: Request) -> None:
        answer = await request.response()
        if answer is None or await _was_kept(answer):
            return
        size = await request.sizes()
        self.sizes[request.url] = size["responseBodySize"] + size["responseHeadersSize"]
        self.kinds[request.url] = request.resource_type

    async def visit(self, url: str) -> None:
        """Go there and wait until everything has come that comes by itself."""
        self.sizes.clear()
        answer = await self._page.goto(url)
        assert answer is not None
        assert answer.status == 200
        await expect(self._page.locator("main")).to_be_visible()
        await self._page.evaluate("() => new Promise(done => requestIdleCallback(done, {timeout: 2000}))")

    def of(self, kind: str) -> int:
        """Bytes of one kind."""
        return sum(size for url, size in self.sizes.items() if self.kinds[url] == kind)


async def _was_kept(answer: Any) -> bool:
    """Whether the browser had it already."""
    return bool(answer.from_service_worker) or answer.status == 304


@pytest.mark.parametrize("path", ["/desk", "/desk/{thread}", "/login"])
async def test_a_first_visit_is_light_and_a_second_hardly_anything(
    office: Office, server: Running, desk: Busy, path: str
) -> None:
    page = await office.sit(None if path == "/login" else desk.owner, "", service_workers="block")
    line = Line(page)
    url = server.url + path.format(thread=desk.thread)
    await line.visit(url)
    pictures = {one for one in line.sizes if "/desk/media/" in one}  # the buyer's own, as large as they were
    light = {one: size for one, size in line.sizes.items() if one not in pictures}
    assert sum(light.values()) <= MOST_BYTES, light
    assert line.of("script") <= MOST_SCRIPT, light
    assert len(light) <= MOST_REQUESTS, light
    first = sum(light.values())
    await line.visit(url)
    fetched = await page.evaluate(
        "() => performance.getEntriesByType('resource').filter(one => one.transferSize > 0"
        " && one.name.includes('/static/')).map(one => one.name)"
    )
    assert fetched == []  # what never changes is not asked for again
    assert first > 0


async def test_nothing_holds_up_a_page_and_nothing_comes_from_elsewhere(
    office: Office, server: Running, desk: Busy
) -> None:
    page = await office.sit(desk.owner, "")
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((server.url, "data:", "blob:")) else foreign.append(request.url)
        ),
    )
    for path in (*desk.paths, "/login"):
        await page.goto(server.url + path)
        blocking = await page.evaluate(
            "() => [...document.scripts].filter(one => !one.defer && !one.async && one.type !== 'module')"
            ".map(one => one.outerHTML)"
        )
        assert blocking == [], path
        answer = await page.request.get(server.url + path)
        assert INLINE.findall(await answer.text()) == [], path
        nodes = await page.evaluate("() => document.querySelectorAll('*').length")
        assert nodes <= MOST_NODES, (path, nodes)
    assert foreign == []


@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_nothing_jumps_while_news_come_in(
    office: Office, server: Running, desk: Busy, size: str
) -> None:
    page = await office.sit(desk.agent, "", viewport={"desktop": DESKTOP, "phone": PHONE}[size])
    await page.add_init_script(_SHIFTS)
    await page.goto(f"{server.url}/desk/{desk.thread}")
    await expect(page.locator(".bubble.buyer").last).to_contain_text("wann kommt sie an")
    await page.evaluate("() => new Promise(done => requestIdleCallback(done, {timeout: 2000}))")
    app = server.app
    await page.evaluate("() => { shifts.length = 0 }")
    for number in range(3):
        await fill(app.store, app.clock(), [Case(f"Neu {number}", owed=500 + number)], 50 + number)
        await app.signals.wake("desk")
        if size == "desktop":
            await expect(page.locator(f"#rows .q-name:has-text('Neu {number}')")).to_be_attached()
        await desk.lena.say(f"Und noch etwas, Nummer {number}")
        await expect(page.locator(".bubble.buyer").last).to_contain_text(f"Nummer {number}")
    shifts: list[dict[str, Any]] = await page.evaluate("() => shifts")
    # New words push up those before them in the thread: that is what it is for. Else nothing moves but what
    # stands behind a figure that got a digit more.
    moved = [one for one in shifts if one["where"] != "thread"]
    assert sum(one["value"] for one in moved) < MOST_MOVED, moved


_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    for (const source of entry.sources) {
      const node = source.node?.nodeType === 3 ? source.node.parentElement : source.node;
      shifts.push({
        value: entry.value,
        where: node?.closest?.('#thread-scroll') ? 'thread' : node?.outerHTML?.slice(0, 120) ?? 'gone',
      });
    }
  }
}).observe({ type: 'layout-shift', buffered: false });
"""


async def test_later_looks_ask_for_little(office: Office, server: Running, desk: Busy) -> None:
    """News are fetched as parts, and the time until a page can be used is measured (not judged) here."""
    page = await office.sit(desk.agent, f"/desk/{desk.thread}")
    await expect(page.locator(".bubble.buyer").last).to_contain_text("wann kommt sie an")
    line = Line(page)
    await desk.lena.say("Noch eine Frage")
    await expect(page.locator(".bubble.buyer").last).to_contain_text("Noch eine Frage")
    await expect(page.locator(f"#c{desk.thread} .q-say")).to_contain_text("Noch eine Frage")
    assert sum(line.sizes.values()) <= MOST_LATER, line.sizes
    assert "document" not in line.kinds.values()
    timing = await page.evaluate(
        "() => { const one = performance.getEntriesByType('navigation')[0];"
        " return [one.responseEnd, one.domInteractive, one.domContentLoadedEventEnd, one.loadEventEnd] }"
    )
    assert timing == sorted(timing)
