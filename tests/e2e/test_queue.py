"""The queue in a browser: it lives and keeps still, keys are enough to work it, and everybody can read it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from persistence.desk_events import ring
from tests.bot.desk_shop import Case, fill
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running
from tests.e2e.axe import violations

PATIENCE = 10_000
pytestmark = pytest.mark.timeout(180)

WATCH = (
    "addEventListener('securitypolicyviolation',"
    " e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)
MOST_BYTES = 120_000
"""Of a first visit of the desk, packed."""
MOST_REQUESTS = 28
NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}


@dataclass
class Desk:
    """A server with a busy morning, two agents and their browsers."""

    server: Running
    ids: list[int]
    anton: Visitor
    berta: Visitor
    open: Callable[..., Any]

    async def arrive(self, *cases: Case, first: int) -> list[int]:
        """Let buyers come to the desk, as a turn would."""
        app = self.server.app
        ids = await fill(app.store, app.clock(), cases, first)
        await app.signals.wake("desk")
        return ids


Open: TypeAlias = Callable[..., Any]


@pytest.fixture
async def desk(browser: Browser, server: Running) -> AsyncIterator[Desk]:
    """Pages that complain of anything fail the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def note(line: ConsoleMessage) -> None:
        complaints.append(f"{line.text} {line.location.get('url', '')}")

    async def opened(who: Visitor, path: str = "/desk", **choices: Any) -> Page:
        context = await browser.new_context(
            **{"viewport": WIDE, "locale": "de-DE", "reduced_motion": "reduce", **choices}
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        await context.add_init_script(WATCH)
        await context.add_cookies(who.cookies(server.url))
        page = await context.new_page()
        page.on("console", lambda line: note(line) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(path if ":" in path else server.url + path)
        return page

    anton = await sign_in(server.app, "owner", "Anton Agent")
    berta = await sign_in(server.app, "agent", "Berta Beistand")
    ids = await fill(server.app.store, server.app.clock())
    yield Desk(server, ids, anton, berta, opened)
    for context in contexts:
        await context.close()
    assert complaints == []


def rows(page: Page) -> Any:
    return page.locator("#rows > .q")


async def test_a_buyer_who_needs_somebody_appears_at_once_and_nothing_moves(desk: Desk) -> None:
    page = await desk.open(desk.anton)
    await expect(rows(page)).to_have_count(6)
    await page.locator("#c3").hover()
    stood = await page.locator("#c3").bounding_box()
    (new,) = await desk.arrive(
        Case("Käthe Wolf", "whatsapp", says="Jetzt reicht es!", why="mood", priority=2, owed=3), first=90
    )
    await expect(page.locator(f"#c{new}")).to_be_attached()
    stands = await page.locator("#c3").bounding_box()
    assert stood is not None
    assert stands is not None
    assert abs(stood["y"] - stands["y"]) < 2
    await expect(page.locator("#desk-said")).to_have_text("1 neue Anfrage")
    await page.mouse.move(900, 400)
    await expect(page.locator("#queue-tabs [data-tab=waiting] .count")).to_have_text("6")

    # The focus stays where it is, too, whatever happens around it and to its row.
    link = page.locator("#c2 [data-open-thread]")
    await link.focus()
    stood = await page.locator("#c2").bounding_box()
    await desk.server.app.store.labels.save("VIP", "purple")
    (label,) = await desk.server.app.store.labels.all()
    app = desk.server.app
    await app.store.labels.put([desk.ids[1]], label.id, "account:1", app.clock())
    await desk.arrive(Case("Erster", priority=2, owed=-40, why="threat"), first=91)
    await expect(page.locator("#c2 .chip")).to_have_text("VIP")
    await expect(link).to_be_focused()
    stands = await page.locator("#c2").bounding_box()
    assert stood is not None
    assert stands is not None
    assert abs(stood["y"] - stands["y"]) < 2


async def test_two_agents_reach_for_the_same_buyer(desk: Desk) -> None:
    one, other = await desk.open(desk.anton), await desk.open(desk.berta)
    await one.locator("#c1 [data-claim]").click()
    await expect(one.locator(".toast")).to_have_text("Übernommen.")
    await expect(one.locator("#c1 .q-holder")).to_have_attribute("title", "bei Anton Agent")
    await expect(other.locator("#c1 .q-holder")).to_have_attribute("title", "bei Anton Agent")
    await expect(other.locator("#c1 [data-claim]")).to_have_count(0)

    for page in (one, other):
        await page.evaluate(LISTEN)
    first, second = one.locator("#c2 [data-claim]"), other.locator("#c2 [data-claim]")
    await asyncio.gather(first.dispatch_event("click"), second.dispatch_event("click"))
    for page in (one, other):
        await page.wait_for_function("() => window.said.length")
    said = [await page.evaluate("() => window.said[0]") for page in (one, other)]
    assert max(said) == "Übernommen."
    assert min(said).endswith("war schneller und kümmert sich schon darum.")


LISTEN = """() => {
  window.said = [];
  new MutationObserver((changes) => {
    for (const {addedNodes} of changes)
      for (const one of addedNodes) window.said.push(one.textContent.trim());
  }).observe(document.getElementById("toasts"), {childList: true});
}"""
"""Write down what is said in toasts: they go again, and a busy machine may look too late."""


async def test_everything_is_done_by_keyboard(desk: Desk) -> None:
    await desk.server.app.store.labels.save("Rückruf", "blue")
    page = await desk.open(desk.anton)
    await page.keyboard.press("j")
    await expect(page.locator("#c1 [data-open-thread]")).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(page.locator("#c2 [data-open-thread]")).to_be_focused()
    await page.keyboard.press("c")
    await expect(page.locator("#c2 .q-holder")).to_be_visible()
    await expect(page.locator("#c2 [data-open-thread]")).to_be_focused()

    await page.keyboard.press("x")
    await expect(page.locator("#bulk")).to_be_visible()
    await page.keyboard.press("l")
    await expect(page.locator("#bulk .menu-item:focus")).to_have_text("Rückruf")
    await page.keyboard.press("Enter")
    await expect(page.locator("#c2 .chip")).to_have_text("Rückruf")
    await expect(page.locator("#bulk")).to_be_hidden()

    await page.keyboard.press("j")
    await page.keyboard.press("s")
    await expect(page.locator("#bulk .menu-item:focus")).to_contain_text("In einer Stunde")
    await page.keyboard.press("Escape")
    await expect(page.locator("#bulk details[open]")).to_have_count(0)
    await page.keyboard.press("e")
    await expect(page.get_by_role("dialog", name="Als gelöst abschließen")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.locator("#bulk-none").click()

    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await expect(rows(page)).to_have_count(2)
    await expect(page).to_have_url(re.compile(r"/desk\?tab=pending$"))
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Tastenkürzel")
    await expect(sheet).to_contain_text("nächste Anfrage")
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()

    # While somebody writes, letters are letters; and the keys can be switched off.
    await page.keyboard.press("/")
    await page.keyboard.type("jkc?")
    await expect(page.locator("#queue-text")).to_have_value("jkc?")
    await page.keyboard.press("Escape")
    await page.get_by_label("Einstellungen für dich").click()
    await page.get_by_role("switch", name="Tastenkürzel").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(sheet).to_be_hidden()


async def test_a_search_leads_into_the_thread(desk: Desk) -> None:
    app = desk.server.app
    while await app.store.search.index(app.clock()):
        pass
    page = await desk.open(desk.anton)
    await page.locator("#queue-text").press_sequentially("maschine")
    await expect(page.locator(".hit")).to_have_count(2)
    assert await violations(page) == []
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("j")
    await expect(page.locator(".hit").nth(1)).to_be_focused()
    await expect(page.locator(".hit").nth(1)).to_have_attribute("href", re.compile(r"/desk/1\?at=i\d+"))
    await page.keyboard.press("Escape")
    await expect(page.locator(".hit")).to_have_count(0)
    await expect(rows(page)).to_have_count(6)


async def test_the_queue_is_endless(desk: Desk) -> None:
    await desk.arrive(*[Case(f"Nummer {number}", owed=400 + number) for number in range(130)], first=1000)
    page = await desk.open(desk.anton)
    await expect(rows(page)).to_have_count(50)
    for count in (100, 136):
        await page.locator("#queue-list").evaluate("list => { list.scrollTop = list.scrollHeight }")
        await expect(rows(page)).to_have_count(count)
    await expect(page.locator(".queue-more")).to_have_count(0)
    # What is shown is kept up to date, all of it.
    app = desk.server.app
    last = int(str(await rows(page).last.get_attribute("data-id")))
    await app.store.labels.save("spät", "grey")
    (label,) = await app.store.labels.all()
    await app.store.labels.put([last, desk.ids[0]], label.id, "account:1", app.clock())
    await app.signals.wake("desk")
    await expect(page.locator("#c1 .chip")).to_have_text("spät")
    await expect(page.locator(f"#c{last} .chip")).to_have_text("spät")


async def test_a_stream_that_breaks_misses_nothing(desk: Desk) -> None:
    page = await desk.open(desk.anton)
    await expect(rows(page)).to_have_count(6)
    await page.context.set_offline(True)
    (new,) = await desk.arrive(Case("Nora", owed=10), first=70)
    await page.context.set_offline(False)
    await expect(page.locator(f"#c{new}")).to_be_attached(timeout=20_000)


async def test_who_is_looking_and_typing_is_seen(desk: Desk) -> None:
    page, app = await desk.open(desk.anton), desk.server.app
    await app.store.presence.see(desk.ids[0], desk.berta.account.id, app.clock(), typing=True)
    await app.signals.wake("desk")
    await expect(page.locator("#c1 .q-viewers")).to_have_text("Berta Beistand tippt …")
    await app.store.presence.see(desk.ids[0], desk.berta.account.id, app.clock() - timedelta(minutes=2))
    await expect(page.locator("#c1 .q-viewers")).to_have_text("")


RECORD = """
  window.shown = [];
  window.Notification = class extends EventTarget {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor(title, {body}) { super(); window.shown.push([title, body]); }
    close() {}
  };
"""
"""A desktop that writes down what it is given to show; headless browsers have none."""


async def test_an_alarm_is_told_at_once_and_a_new_buyer_on_the_desktop(desk: Desk) -> None:
    page, app = await desk.open(desk.anton, "about:blank"), desk.server.app
    await page.add_init_script(RECORD)
    await page.goto(f"{desk.server.url}/desk")
    await page.get_by_label("Einstellungen für dich").click()
    await page.get_by_role("switch", name="Meldungen auf dem Desktop").check()
    await page.keyboard.press("Escape")
    known = await page.evaluate("() => window.shown.length")
    assert known == 0  # what was there before is no news

    await desk.arrive(Case("Nora", why="fraud", priority=2, owed=30, heard=0.01), first=80)
    await page.wait_for_function("() => window.shown.length === 1")
    assert await page.evaluate("() => window.shown[0]") == ["Neue Anfrage von Nora", "Betrugsvorwurf"]

    detail: dict[str, object] = {"account": desk.anton.account.id}
    await app.store.database.write(_mention, desk.ids[1], detail, app.clock())
    await app.signals.wake("desk")
    alarm = page.locator("#desk-alarms .alarm")
    await expect(alarm).to_contain_text("Mehmet Yılmaz · Wartet zu lange")
    await page.wait_for_function("() => window.shown.length === 2")
    assert await violations(page) == []
    await alarm.get_by_role("link", name="Öffnen").click()
    await expect(page.locator("#thread-title")).to_have_text("Mehmet Yılmaz")
    await alarm.get_by_role("button", name=re.compile("Ausblenden")).click()
    await expect(alarm).to_have_count(0)
    await page.reload()
    await expect(rows(page)).to_have_count(7)
    assert await page.evaluate("() => window.shown.length") == 0  # and nothing is told twice


def _mention(connection: Any, place: int, detail: dict[str, object], now: datetime) -> None:
    ring(connection, "mention", "mention:1", now, conversation_id=place, detail=detail)


async def test_a_thread_opens_beside_the_queue(desk: Desk) -> None:
    page = await desk.open(desk.anton, "/desk?tab=waiting")
    await page.locator("#c2 [data-open-thread]").click()
    await expect(page.locator("#thread-title")).to_have_text("Mehmet Yılmaz")
    await expect(page).to_have_url(re.compile(r"/desk/2\?tab=waiting$"))
    await expect(page.locator("#c2")).to_have_attribute("data-open", "")
    await page.locator("#queue-tabs [data-tab=mine]").click()  # the thread stays open
    await expect(page).to_have_url(re.compile(r"/desk/2\?tab=mine$"))
    await expect(page.locator("#thread-title")).to_have_text("Mehmet Yılmaz")
    await page.reload()
    await expect(page.locator("#thread-title")).to_have_text("Mehmet Yılmaz")
    await expect(rows(page)).to_have_count(2)
    # Who has a thread open is seen by the others.
    other = await desk.open(desk.berta)
    await expect(other.locator("#c2 .q-viewers")).to_have_text("Anton Agent schaut")


async def test_on_a_phone_the_way_leads_into_the_thread_and_back(desk: Desk) -> None:
    page = await desk.open(desk.anton, viewport=NARROW, has_touch=True, is_mobile=True)
    await page.locator("#c1 [data-open-thread]").tap()
    await expect(page.locator("#thread-title")).to_be_visible()
    await expect(page.locator("#queue")).to_be_hidden()
    await page.locator("#thread [data-shows=queue]").tap()
    await expect(page.locator("#queue")).to_be_visible()
    await expect(page.locator("#thread")).to_be_hidden()
    await page.get_by_label("Einstellungen für dich").tap()
    await page.get_by_role("button", name="Mehrere auswählen").tap()
    await page.keyboard.press("Escape")
    await page.locator("#c1 .q-pick input").tap()
    await page.locator("#c2 .q-pick input").tap()
    await page.locator("#bulk [value=claim]").tap()
    await expect(page.locator(".toast")).to_have_text("2 übernommen.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_and_use_it(desk: Desk, scheme: str) -> None:
    app = desk.server.app
    for name, colour in (("VIP", "purple"), ("Rückruf", "blue"), ("Neu", "yellow"), ("Offen", "grey")):
        await app.store.labels.save(name, colour)
    for label in await app.store.labels.all():
        await app.store.labels.put(desk.ids[:6], label.id, "account:1", app.clock())
    await app.store.presence.see(desk.ids[0], desk.berta.account.id, app.clock())
    page = await desk.open(desk.anton, color_scheme=scheme)
    await expect(rows(page)).to_have_count(6)
    found = {"queue": await violations(page)}
    await page.locator("#queue-filter > summary").click()
    found["filter"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.get_by_label("Einstellungen für dich").click()
    found["choices"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.locator("#c1").hover()
    await page.locator("#c1 .q-pick input").check()
    await page.locator("#bulk details").first.locator("summary").click()
    found["bulk"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.locator("#bulk [data-dialog=resolve-dialog]").click()
    found["resolve"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.locator("#bulk-none").click()
    await page.keyboard.press("?")
    found["keys"] = await violations(page)
    for path in ("/desk?tab=mine&channel=whatsapp", "/desk/settings", "/desk/notices"):
        await page.goto(desk.server.url + path)
        for fold in await page.locator(".fold").all():
            await fold.evaluate("one => { one.open = true }")
        found[path] = await violations(page)
    assert {place: broken for place, broken in found.items() if broken} == {}


async def test_a_phone_shows_one_thing_at_a_time(desk: Desk) -> None:
    page = await desk.open(desk.anton, viewport=NARROW, has_touch=True, is_mobile=True)
    await expect(rows(page)).to_have_count(6)
    for width in (320, NARROW["width"]):  # 320: WCAG 2.2, 1.4.10
        await page.set_viewport_size({"width": width, "height": 844})
        for path in ("/desk", "/desk/settings", "/desk/notices"):
            await page.goto(desk.server.url + path)
            assert await page.evaluate("() => document.documentElement.scrollWidth") <= width
            assert await violations(page) == []


async def test_the_first_visit_is_light(desk: Desk) -> None:
    sizes: dict[str, int] = {}
    page = await desk.open(desk.anton, "about:blank")

    async def note(request: Request) -> None:
        size = await request.sizes()
        sizes[request.url] = size["responseBodySize"] + size["responseHeadersSize"]

    page.on("requestfinished", note)
    await page.goto(f"{desk.server.url}/desk")
    await expect(rows(page)).to_have_count(6)
    await page.wait_for_timeout(500)
    assert sum(sizes.values()) < MOST_BYTES, sizes
    assert len(sizes) < MOST_REQUESTS, sizes
