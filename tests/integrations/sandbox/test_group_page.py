"""The page on which the owner plays the agents, in a real browser over the real sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from integrations.sandbox import SANDBOX, sandbox_app
from tests.integrations.sandbox.conftest import SETTINGS, Box, Clock, Receiver
from tests.integrations.sandbox.phone.kit import listen

CHAT = SETTINGS.groups[0].chat_id
CASE = {"inline_keyboard": [[{"text": "Übernehmen", "callback_data": "take:1"}]]}


@pytest.fixture
async def mounted(clock: Clock, receiver: Receiver, door: str) -> AsyncIterator[Box]:
    """The sandbox where its pages expect it: below ``/sandbox``."""
    inner, outer = sandbox_app(SETTINGS, clock, clock.advance), web.Application()
    outer.add_subapp("/sandbox", inner)
    async with TestServer(outer) as server, aiohttp.ClientSession() as client:
        inner[SANDBOX].connect(door)
        yield Box(str(server.make_url("/sandbox")), client, clock, receiver, inner[SANDBOX])


@pytest.fixture
async def page(browser: Browser, mounted: Box) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1200, "height": 800}, locale="de-DE")
    context.set_default_timeout(8_000)
    yield await context.new_page()
    await context.close()


async def test_agents_answer_press_and_close(page: Page, mounted: Box) -> None:
    complaints = listen(page)
    await page.goto(f"{mounted.base}/group")
    await expect(page.locator("#group-name")).to_have_text("Nachklang Support")
    _, made = await mounted.to_telegram("createForumTopic", chat_id=CHAT, name="🔴 Lena M. · defekt · #1042")
    topic = made["result"]["message_thread_id"]
    await page.get_by_role("button", name="🔴 Lena M.").click()
    hostile = "Fall <script>alert(1)</script>\n│ Die Kanne ist kaputt"
    await mounted.to_telegram(
        "sendMessage", chat_id=CHAT, message_thread_id=topic, text=hostile, reply_markup=CASE
    )
    await expect(page.locator(".group-msg.bot")).to_contain_text("<script>alert(1)</script>")
    await page.get_by_role("button", name="Übernehmen").click()
    tapped = (await mounted.receiver.of("telegram"))[-1].json["callback_query"]
    assert (tapped["data"], tapped["from"]["first_name"]) == ("take:1", "Eva")
    told = {"callback_query_id": tapped["id"], "text": "Du hast den Fall."}
    await mounted.to_telegram("answerCallbackQuery", **told)
    await expect(page.locator(".toast")).to_have_text("Du hast den Fall.")
    await page.get_by_role("button", name="Tom Berger").click()
    await page.get_by_label("Nachricht in dieses Thema").fill("Ich bin dran.")
    await page.keyboard.press("Enter")
    await expect(page.locator(".group-msg.agent")).to_contain_text("Ich bin dran.")
    said = (await mounted.receiver.of("telegram", 2))[-1].json["message"]
    assert (said["from"]["first_name"], said["message_thread_id"]) == ("Tom", topic)
    await page.get_by_role("button", name="Bild").click()
    await expect(page.locator(".group-msg.agent img")).to_be_visible()
    await page.get_by_role("button", name="Schließen").click()
    await expect(page.get_by_role("button", name="Wieder öffnen")).to_be_visible()
    await page.get_by_role("button", name="Löschen").click()
    await expect(page.locator("#group-topic")).to_have_text("Allgemein")
    assert complaints == []
