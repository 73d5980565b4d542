"""Beside the phone: buying, links, time, people, faults; and the page as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.integrations.sandbox.phone.kit import bubble, listen, on
from tests.integrations.sandbox.phone.stub_world import StubWorld

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_links_in_the_address_open_the_chat_once(
    context: BrowserContext, world: StubWorld, address: str
) -> None:
    page = await context.new_page()
    complaints = listen(page)
    await page.goto(f"{address}#channel=whatsapp&text=Hallo%21+Mein+Code+ist+NK-1")
    box = page.get_by_label("Nachricht schreiben")
    await expect(box).to_have_value("Hallo! Mein Code ist NK-1")
    await expect(box).to_be_focused()
    assert world.called("say") == []
    await page.keyboard.press("Enter")
    assert await world.asked("say") == {"channel": "whatsapp", "text": "Hallo! Mein Code ist NK-1"}

    await page.goto(f"{address}#channel=instagram&ref=NK-2")
    assert await world.asked("open") == {"channel": "instagram", "ref": "NK-2"}
    await expect(page.locator("#device")).to_have_attribute("data-look", "instagram")
    assert page.url == address
    await page.reload()
    await expect(page.locator(".msg").first).to_be_visible()
    await page.goto(f"{address}#channel=fax&ref=1")
    await expect(page.locator(".toast")).to_contain_text("fax")
    assert len(world.called("open")) == 1
    assert complaints == []


async def test_buying_and_opening_the_chat_from_the_parcel(page: Page, world: StubWorld) -> None:
    await page.get_by_role("radio", name="Handmühle Nachtfalter").check()
    await page.get_by_role("button", name="Etwas kaufen").click()
    assert await world.asked("buy") == {"sku": "GRI-2"}
    order = page.locator(".order")
    await expect(order).to_contain_text("NK-104217")
    code = order.get_by_role("img", name="QR-Code für Instagram")
    await expect(code).to_have_js_property("complete", value=True)
    assert await code.evaluate("image => image.naturalWidth") > 0
    await order.locator("[data-act=scan]").click()
    assert await world.asked("open") == {"channel": "instagram", "ref": "NK104217"}
    await expect(page.locator(".msg").last).to_contain_text("Hallo Lena")

    await order.get_by_role("button", name="WhatsApp").click()
    await expect(order.get_by_role("img", name="QR-Code für WhatsApp")).to_be_visible()
    await order.locator("[data-act=open]").click()
    await expect(page.locator("#device")).to_have_attribute("data-look", "whatsapp")
    await expect(page.get_by_label("Nachricht schreiben")).to_have_value("Hallo! Mein Code ist NK-104217")

    # The bot's own short address, under another host than the page's: it is looked up here, and comes back.
    await order.get_by_role("button", name="Telegram").click()
    await order.locator("[data-act=open]").click()
    assert await world.asked("open", 2) == {"channel": "telegram", "ref": "NK104217"}
    await expect(page.locator("#device")).to_have_attribute("data-look", "telegram")

    for act, path, status in (
        ("ship", "ship", "unterwegs"),
        ("arrive", "arrive", "angekommen"),
        ("cancel", "cancel", "storniert"),
    ):
        await page.locator(f".order [data-act={act}]").click()
        assert await world.asked(path) == {"order_id": "o104217"}
        await expect(page.locator(".order .chip")).to_have_text(status)
    await expect(page.locator(".order [data-act=ship]")).to_be_disabled()


async def test_time_travel_and_windows(page: Page, world: StubWorld, allowed: list[str]) -> None:
    await expect(page.locator("#clock-lead")).to_have_text("Echtzeit")
    instagram = page.locator("[data-window=instagram] .window-left")
    await expect(instagram).to_contain_text("noch 23")
    await expect(page.locator("[data-window=whatsapp] .window-left")).to_have_text("geschlossen")
    await expect(page.locator("[data-window=telegram] .window-left")).to_have_text("immer offen")
    await page.get_by_role("button", name="+10 Tage").click()
    assert await world.asked("clock") == {"advance": "10 days"}
    await expect(page.locator("#clock-date")).to_have_text("Di., 1. Dezember 2026")
    await expect(page.locator("#clock-lead")).to_have_text("10 Tage voraus")
    await expect(instagram).to_have_text("geschlossen")
    # A word from the buyer opens the window again.
    await page.get_by_label("Nachricht schreiben").fill("Bin wieder da")
    await page.keyboard.press("Enter")
    await expect(instagram).to_contain_text("noch ")

    span = page.get_by_label("Andere Spanne")
    await span.fill("90 minutes")
    await span.press("Enter")
    assert await world.asked("clock", 2) == {"advance": "90 minutes"}
    await expect(page.locator("#clock-lead")).to_have_text("10 Tage 1 Std. voraus")
    await expect(span).to_have_value("")
    allowed.append("400")
    world.refuse["clock"] = "“soon” is no span of time."
    await span.fill("soon")
    await page.get_by_role("button", name="Los", exact=True).click()
    await expect(page.locator(".toast")).to_have_text("“soon” is no span of time.")
    await expect(span).to_have_value("soon")


async def test_the_stage_beside_the_phone(page: Page, world: StubWorld) -> None:
    await page.get_by_role("switch", name="Telefonnummer verbergen").click()
    assert await world.asked("person") == {"hide_phone": True}
    await page.get_by_role("switch", name="Shop auf Instagram blockieren").click()
    assert await world.asked("block") == {"channel": "instagram", "blocked": True}
    await page.get_by_role("button", name="Blockierung aufheben").click()
    assert (await world.asked("block", 2))["blocked"] is False
    await expect(page.get_by_label("Nachricht schreiben")).to_be_focused()

    await page.get_by_label("Antwort des Inhabers").fill("Hier ist Jana")
    await page.get_by_role("button", name="Als Inhaber senden").click()
    assert await world.asked("own") == {"channel": "instagram", "text": "Hier ist Jana"}
    await expect(page.locator(".msg").last).to_contain_text("Hier ist Jana")

    await page.get_by_text("Störungen").click()
    await page.get_by_label("Fehler 500, so oft").fill("3")
    await page.get_by_label("Fehler 500, so oft").press("Tab")
    assert await world.asked("faults") == {"status_500": 3}
    await page.get_by_role("switch", name="Fenster durchsetzen").click()
    assert await world.asked("faults", 2) == {"window": False}
    await page.get_by_label("Eigene Bestellung").fill('{"event": "order.paid"}')
    await page.get_by_role("button", name="An den Bot schicken").click()
    assert await world.asked("orders") == {"event": "order.paid"}

    await page.get_by_role("button", name="Jonas Meier").click()
    assert (await world.asked("person", 2)) == {"key": "jonas"}
    await expect(page.locator(".note.empty")).to_be_visible()
    await expect(page.get_by_role("button", name="Jonas Meier")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Lena Hoffmann").click()
    await expect(page.locator(".msg").first).to_be_visible()
    await page.get_by_role("button", name="Alle Chats vergessen").click()
    assert world.called("reset") == []
    await page.get_by_role("button", name="Wirklich alles vergessen?").click()
    await world.asked("reset")
    await expect(page.locator(".msg")).to_have_count(0)
    await page.get_by_label("Nachricht schreiben").fill("Von vorn")
    await page.keyboard.press("Enter")
    await expect(page.locator(".msg")).to_have_count(1)


async def test_five_steps_tick_themselves(page: Page, world: StubWorld) -> None:
    world.state["threads"] = {}
    await page.reload()
    done = page.locator(".step.done")
    await expect(page.locator(".step")).to_have_count(5)
    await expect(done).to_have_count(0)
    await expect(page.locator(".step.next")).to_have_attribute("data-step", "buy")
    await page.get_by_role("button", name="Etwas kaufen").click()
    await expect(done).to_have_count(1)
    await page.locator(".order [data-act=scan]").click()
    await expect(done).to_have_count(2)
    await page.locator(".msg").last.get_by_role("button", name="Ja, los geht’s").click()
    await expect(done).to_have_count(3)
    await page.get_by_role("button", name="+1 Stunde").click()
    await page.get_by_role("button", name="+10 Tage").click()
    await expect(done).to_have_count(4)
    world.add(
        "instagram",
        "shop",
        text="1 bis 5?",
        style="quick_replies",
        buttons=[{"payload": f"r{n}", "title": f"{n} ⭐"} for n in range(1, 6)],
    )
    await page.locator("#pills .choice").last.click()
    await expect(done).to_have_count(5)


async def test_the_language_is_remembered(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("#steps-title")).to_have_text("How it goes")
    await expect(page.get_by_role("button", name="+10 days")).to_be_visible()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("#clock-title")).to_have_text("Time travel")


async def test_by_keyboard_alone(page: Page, world: StubWorld) -> None:
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Nachricht schreiben")).to_be_focused()
    await page.get_by_role("tab", name="Instagram").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="WhatsApp")).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.locator("#device")).to_have_attribute("data-look", "telegram")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    # An answer that arrives must not throw anybody out of the button that has the focus.
    choice = bubble(page, "telegram-5").get_by_role("button", name="2", exact=True)
    await choice.focus()
    world.change("telegram", "telegram-5", reactions=[{"from": "buyer", "emoji": "👍"}])
    await expect(bubble(page, "telegram-5").locator(".reactions")).to_be_visible()
    await expect(choice).to_be_focused()


async def test_on_a_narrow_screen_the_stage_is_a_drawer(page: Page, world: StubWorld) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.locator("#regie")).to_be_hidden()
    for width in (390, 320):
        await page.set_viewport_size({"width": width, "height": 700})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.get_by_role("button", name="Regie").click()
    await expect(page.get_by_role("button", name="Etwas kaufen")).to_be_visible()
    await expect(page.locator("#drawer-close")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#regie")).to_be_hidden()
    await page.get_by_role("button", name="Regie").click()
    await page.get_by_role("button", name="Etwas kaufen").click()
    await page.locator(".order [data-act=scan]").click()
    await world.asked("open")
    await expect(page.locator("#regie")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_their_ground(page: Page, scheme: Any) -> None:
    """WCAG AA: 4.5 to 1, 3 to 1 for large text; where the ground is one colour and not a picture."""
    contrast = (Path(__file__).parent / "contrast.js").read_text().partition("\n")[2]
    await page.emulate_media(color_scheme=scheme)
    await page.get_by_role("button", name="Etwas kaufen").click()
    await page.locator(".order").wait_for()
    await page.locator("#faults-card").evaluate("details => { details.open = true }")
    for channel in ("instagram", "whatsapp", "telegram"):
        await on(page, channel)
        weak = await page.evaluate(contrast)
        assert weak == [], channel
