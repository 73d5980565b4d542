"""The page and the real sandbox understand each other."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, expect

from tests.integrations.sandbox.conftest import Box
from tests.integrations.sandbox.phone.kit import listen, on

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_real_sandbox_and_the_page_understand_each_other(
    context: BrowserContext, sandbox: Box
) -> None:
    page = await context.new_page()
    complaints = listen(page)
    await page.goto(sandbox.base)
    await expect(page.locator(".step")).to_have_count(5)
    for channel in ("instagram", "whatsapp", "telegram"):
        await on(page, channel)
        await page.get_by_label("Nachricht schreiben").fill(f"Hallo {channel}")
        await page.keyboard.press("Enter")
        await expect(page.locator(".msg.mine").last).to_contain_text(f"Hallo {channel}")
        for count, sample in enumerate(("photo", "audio", "video", "sticker", "location"), start=2):
            await page.get_by_role("button", name="Anhängen").click()
            await page.locator(f"[data-sample={sample}]").click()
            await expect(page.locator(".msg.mine")).to_have_count(count)
    keyboard = {"inline_keyboard": [[{"text": "Auspacken", "callback_data": "step:1"}]]}
    chat_id = await sandbox.address("telegram")
    status, _ = await sandbox.to_telegram(
        "sendMessage", chat_id=chat_id, text="Womit fangen wir an?", reply_markup=keyboard
    )
    assert status == 200
    await page.get_by_role("button", name="Auspacken").click()
    await expect(page.locator("[aria-pressed=true].choice")).to_have_text("Auspacken")
    await on(page, "whatsapp")
    rows = [
        {"id": "care", "title": "Pflege", "description": "Womit und wie oft"},
        {"id": "else", "title": "Etwas anderes"},
    ]
    action = {"button": "Thema wählen", "sections": [{"title": "Themen", "rows": rows}]}
    question = {"type": "list", "body": {"text": "Worum geht es?"}, "action": action}
    status, _ = await sandbox.to_whatsapp(type="interactive", interactive=question)
    assert status == 200
    await page.get_by_role("button", name="Thema wählen").click()
    await page.get_by_role("radio", name="Pflege").check()
    await page.get_by_role("dialog").get_by_role("button", name="Senden").click()
    await expect(page.locator(".msg.mine").last).to_contain_text("Pflege")
    await on(page, "instagram")
    marks = [{"content_type": "text", "title": str(n), "payload": f"rate:{n}"} for n in range(1, 6)]
    status, _ = await sandbox.to_instagram({"text": "Wie zufrieden bist du?", "quick_replies": marks})
    assert status == 200
    await page.locator("#pills").get_by_role("button", name="5").click()
    await expect(page.locator("#pills")).to_be_hidden()
    await page.get_by_role("button", name="+10 Tage").click()
    await expect(page.locator("#clock-lead")).to_have_text("10 Tage voraus")
    await page.get_by_role("button", name="Etwas kaufen").click()
    await page.locator(".order [data-act=arrive]").click()
    await expect(page.locator(".order .chip")).to_have_text("angekommen")
    await page.get_by_role("button", name="Jonas Meier").click()
    await expect(page.locator(".note.empty")).to_be_visible()
    assert complaints == []
