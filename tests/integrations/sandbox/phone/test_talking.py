"""The phone: what is shown in a chat, and what the buyer can do in it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.integrations.sandbox.phone.kit import bubble, menu, on
from tests.integrations.sandbox.phone.stub_world import HOSTILE, StubWorld

# Every box that would scroll sideways, and every bubble that sticks out of the chat.
LEAKS = """() => {
  const chat = document.querySelector('#chat').getBoundingClientRect();
  const wide = [...document.querySelectorAll('.screen, .chat, .sheet, .side, body')]
    .filter(one => one.scrollWidth > one.clientWidth + 1);
  const outside = [...document.querySelectorAll('.bubble, .choice')]
    .filter(one => !one.closest('.cards, #pills, .overlay'))
    .filter(one => {
      const box = one.getBoundingClientRect();
      return box.left < chat.left || box.right > chat.right;
    });
  return [...wide, ...outside].map(one => one.className || one.tagName);
}"""
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_style_is_drawn(page: Page) -> None:
    await expect(bubble(page, "instagram-1").locator(".choice")).to_have_text(
        ["Ja, los geht’s", "Später", "Mit Mensch reden"]
    )
    await expect(bubble(page, "instagram-1").locator(".tapped")).to_have_text("Ja, los geht’s")
    await expect(bubble(page, "instagram-4").get_by_role("img", name="Foto")).to_have_js_property(
        "complete", value=True
    )
    await expect(bubble(page, "instagram-7").locator("article h3")).to_have_count(3)
    await expect(bubble(page, "instagram-8").locator(".reactions")).to_have_text("❤️")
    await expect(bubble(page, "instagram-8").locator(".owner-mark")).to_have_text("Inhaber am Handy")
    await expect(bubble(page, "instagram-9").locator(".quote-text")).to_contain_text("Jana aus dem Laden")
    await expect(bubble(page, "instagram-9").locator(".meta")).to_have_text("bearbeitet")
    await expect(bubble(page, "instagram-10")).to_contain_text("zurückgerufen")
    await expect(page.locator("#pills .choice")).to_have_text([f"{n} ⭐" for n in range(1, 6)])

    await on(page, "whatsapp")
    await expect(page.locator("#pills")).to_be_hidden()
    await expect(bubble(page, "whatsapp-2").locator("strong")).to_have_text("NK-104217")
    await expect(bubble(page, "whatsapp-2").locator(".footer")).to_contain_text("STOP beendet")
    for message_id, status in (
        ("whatsapp-1", "gelesen"),
        ("whatsapp-6", "zugestellt"),
        ("whatsapp-7", "gesendet"),
    ):
        await expect(bubble(page, message_id).get_by_role("img", name=status)).to_be_visible()
    await expect(bubble(page, "whatsapp-8").get_by_role("link")).to_have_attribute(
        "href", "https://shop.example/bewerten"
    )
    await expect(bubble(page, "whatsapp-9").get_by_role("img", name="Standort")).to_be_visible()
    await expect(bubble(page, "whatsapp-10").locator(".failure")).to_have_text(re.compile("131047"))

    await on(page, "telegram")
    await expect(bubble(page, "telegram-3").get_by_role("img", name="Sticker")).to_be_visible()
    await expect(page.locator(".note")).to_have_text("Die Käuferin hat den Chat stummgeschaltet")
    await expect(bubble(page, "telegram-5").locator(".tight .choice")).to_have_count(5)
    await expect(bubble(page, "telegram-6")).to_contain_text("nicht angezeigt")


async def test_writing_answering_editing_and_taking_back(page: Page, world: StubWorld) -> None:
    box = page.get_by_label("Nachricht schreiben")
    await box.fill("Hallo")
    await box.press("Shift+Enter")
    await box.press_sequentially("du")
    await page.get_by_role("button", name="Emoji einfügen").click()
    await page.get_by_role("button", name="☕").click()
    await page.get_by_label("Nachricht schreiben").press("Enter")
    assert await world.asked("say") == {"channel": "instagram", "text": "Hallo\ndu☕"}
    await expect(page.locator(".msg.mine").last).to_contain_text("du☕")
    await expect(box).to_have_value("")

    await box.press("Enter")
    await box.fill("   ")
    await box.press("Enter")
    await menu(page, "instagram-3", "Antworten")
    await expect(page.locator(".about")).to_contain_text("Wasser bis zur Linie")
    await box.fill("Welche Linie?")
    await page.get_by_role("button", name="Senden", exact=True).click()
    assert (await world.asked("say", 2))["reply_to"] == "instagram-3"
    await expect(page.locator(".about")).to_have_count(0)

    await menu(page, "instagram-5", "Bearbeiten")
    await expect(box).to_have_value("Erledigt! Und jetzt?")
    await box.fill("Fertig!")
    await box.press("Enter")
    assert await world.asked("edit") == {
        "channel": "instagram",
        "message_id": "instagram-5",
        "text": "Fertig!",
    }
    await expect(bubble(page, "instagram-5").locator(".text")).to_contain_text("Fertig!")

    await menu(page, "instagram-5", "Zurückrufen")
    assert await world.asked("unsend") == {"channel": "instagram", "message_id": "instagram-5"}
    await expect(bubble(page, "instagram-5")).to_contain_text("zurückgerufen")
    # What the shop wrote can be neither edited nor taken back.
    await bubble(page, "instagram-3").locator(".more").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".menu-item")).to_have_text(["Antworten", "Text kopieren"])


async def test_what_could_not_be_sent_comes_back(page: Page, world: StubWorld, allowed: list[str]) -> None:
    allowed.append("400")
    world.refuse["say"] = "Der Text ist zu lang."
    box = page.get_by_label("Nachricht schreiben")
    await box.fill("Wichtig")
    await box.press("Enter")
    await expect(page.locator(".toast")).to_have_text("Der Text ist zu lang.")
    await expect(box).to_have_value("Wichtig")


async def test_tapping_sends_the_payload(page: Page, world: StubWorld) -> None:
    taps: list[tuple[str, str, str, str]] = [
        ("instagram", "instagram-1", "later", "Später"),
        ("instagram", "instagram-7", "bundle:Entkalker, 3er-Pack", "Ins Paket legen"),
        ("whatsapp", "whatsapp-8", "rate:down", "👎 Nicht gut"),
        ("telegram", "telegram-5", "rate:4", "4"),
    ]
    await page.locator("#pills").get_by_role("button", name="2 ⭐").click()
    assert await world.asked("tap") == {
        "channel": "instagram", "message_id": "instagram-11", "payload": "rate:2", "title": "2 ⭐",
    }  # fmt: skip
    await expect(page.locator("#pills")).to_be_hidden()
    for count, (channel, message_id, payload, title) in enumerate(taps, start=2):
        await on(page, channel)
        await bubble(page, message_id).get_by_role("button", name=title, exact=True).first.click()
        call = await world.asked("tap", count)
        assert call == {"channel": channel, "message_id": message_id, "payload": payload, "title": title}
    await expect(bubble(page, "telegram-5").locator("[aria-pressed=true]")).to_have_text("4")


async def test_a_link_opens_a_tab_and_taps_nothing(page: Page, world: StubWorld) -> None:
    await on(page, "whatsapp")
    link = bubble(page, "whatsapp-5").locator("a.choice")
    await expect(link).to_have_attribute("href", "https://shop.example/track/1")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    async with page.expect_popup() as popup:
        await link.click()
    await (await popup.value).close()
    assert world.called("tap") == []


async def test_the_list_opens_as_a_sheet(page: Page, world: StubWorld) -> None:
    await on(page, "whatsapp")
    opener = bubble(page, "whatsapp-4").get_by_role("button", name="Thema wählen")
    await opener.click()
    sheet = page.get_by_role("dialog", name="Thema wählen")
    await expect(sheet.get_by_role("radio")).to_have_count(4)
    await expect(sheet.get_by_role("button", name="Senden")).to_be_disabled()
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await expect(opener).to_be_focused()
    assert world.called("tap") == []
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(sheet.get_by_role("radio").nth(1)).to_be_checked()
    await page.keyboard.press("Enter")
    assert await world.asked("tap") == {
        "channel": "whatsapp",
        "message_id": "whatsapp-4",
        "payload": "t:care",
        "title": "Pflege und Entkalken",
    }
    await expect(sheet).to_have_count(0)


async def test_reactions_by_double_click_and_menu(page: Page, world: StubWorld) -> None:
    text = bubble(page, "instagram-3").locator(".text")
    await text.dblclick()
    assert await world.asked("react") == {"channel": "instagram", "message_id": "instagram-3", "emoji": "❤️"}
    await expect(bubble(page, "instagram-3").locator(".reactions")).to_have_text("❤️")
    await menu(page, "instagram-3", "Mit 😂 reagieren")
    assert (await world.asked("react", 2))["emoji"] == "😂"
    await menu(page, "instagram-3", "Reaktion 😂 entfernen")
    assert (await world.asked("react", 3))["emoji"] is None
    await expect(bubble(page, "instagram-3").locator(".reactions")).to_have_count(0)


async def test_samples_are_attached(page: Page, world: StubWorld) -> None:
    kinds = {
        "photo": "image",
        "audio": "audio",
        "sticker": "sticker",
        "location": "location",
        "ephemeral": "ephemeral",
    }
    for count, (sample, kind) in enumerate(kinds.items(), start=1):
        await page.get_by_role("button", name="Anhängen").click()
        await page.locator(f"[data-sample={sample}]").click()
        assert (await world.asked("media", count))["type"] == kind
        await expect(page.locator(".msg.mine")).to_have_count(5 + count)
    assert world.called("media")[0]["url"].endswith("/sandbox/static/sample-photo.jpg")
    await on(page, "telegram")
    await page.get_by_role("button", name="Anhängen").click()
    await expect(page.locator("[data-sample=photo]")).to_be_visible()
    await expect(page.locator("[data-sample=ephemeral]")).to_have_count(0)


async def test_it_lives(page: Page, world: StubWorld, allowed: list[str]) -> None:
    await on(page, "whatsapp")
    await world.asked("read", 2)
    await page.evaluate("document.querySelector('[data-id=whatsapp-2]').kept = true")
    world.emit({"type": "typing", "channel": "whatsapp", "person": "lena", "on": True})
    await expect(page.locator(".head-sub")).to_have_text("schreibt …")
    await expect(page.locator(".typing")).to_be_visible()
    world.add(
        "whatsapp", "shop", text="Da bin ich", buttons=[{"payload": "a", "title": "Gut"}], style="buttons"
    )
    await expect(page.locator(".msg").last).to_contain_text("Da bin ich")
    await expect(page.locator(".typing")).to_have_count(0)
    await expect(page.locator("#live")).to_have_text(
        "Neue Nachricht von Kaffeehaus Morgenröte: Da bin ich – Gut"
    )
    assert await world.asked("read", 3) == {"channel": "whatsapp"}
    world.change("whatsapp", "whatsapp-7", status="read")
    await expect(bubble(page, "whatsapp-7").locator(".tick.read")).to_be_visible()
    assert await page.evaluate("document.querySelector('[data-id=whatsapp-2]').kept"), (
        "an untouched message was drawn again"
    )

    # Another channel gets a badge, another person and an unknown kind of event leave no trace.
    badge = page.locator("[role=tab][data-channel=instagram] .badge")
    await expect(badge).to_have_count(0)
    world.add("instagram", "shop", text="Eins")
    world.add("instagram", "shop", text="Zwei")
    await expect(badge).to_contain_text("2 ungelesen")
    stranger = world.add("whatsapp", "shop", text="Für wen anders") | {
        "id": "else",
        "person": "jonas",
        "text": "Nicht für Lena",
    }
    world.emit({"type": "message", "message": stranger})
    world.emit({"type": "weather", "sun": True})
    await expect(page.locator(".msg").last).to_contain_text("Für wen anders")
    await on(page, "instagram")
    await expect(badge).to_have_count(0)

    # A cut: what was missed is fetched.
    allowed.append("ERR_INCOMPLETE_CHUNKED_ENCODING")
    pages = set(world.pages)
    world.hang_up()
    await world.until(lambda: not pages & world.pages)
    missed = world.add("instagram", "shop", text="Während der Störung")
    await expect(bubble(page, missed["id"])).to_be_visible(timeout=10_000)
    await expect(page.get_by_text("Nicht für Lena")).to_have_count(0)


async def test_hostile_text_is_only_text(page: Page, world: StubWorld) -> None:
    world.state["shop"]["name"] = HOSTILE
    world.state["people"][1]["name"] = HOSTILE
    world.state["products"][0]["title"] = HOSTILE
    await page.get_by_role("button", name="Etwas kaufen").click()
    await page.locator(".order").wait_for()
    world.state["orders"][0]["title"] = HOSTILE
    await page.reload()
    for channel in ("instagram", "whatsapp", "telegram"):
        await on(page, channel)
        world.add(
            channel,
            "shop",
            text=HOSTILE,
            footer=HOSTILE,
            style="buttons",
            buttons=[{"payload": "p", "title": HOSTILE}],
        )
        card = {"title": HOSTILE, "subtitle": HOSTILE, "image_url": "javascript:alert(1)", "buttons": []}
        world.add(channel, "shop", text="*_~" * 400 + "\u202e" + HOSTILE, style="cards", cards=[card])
        world.add(
            channel,
            "shop",
            text=HOSTILE,
            style="list",
            list_label=HOSTILE,
            buttons=[{"payload": "p", "title": HOSTILE, "description": HOSTILE}],
        )
        await expect(page.locator(".as-list").last).to_contain_text("<script>")
        await page.locator(".as-list .choice").last.click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await page.evaluate(LEAKS) == []
        await page.keyboard.press("Escape")
    evil = bubble(page, "telegram-7").get_by_role("button", name="böse")
    await expect(evil).to_be_visible()
    assert (
        await page.locator(
            "[href^='javascript'], [src^='javascript'], .bubble script, .bubble b, .bubble img[src=x]"
        ).count()
        == 0
    )
    assert await page.title() == "Nachklang · Sandbox"
