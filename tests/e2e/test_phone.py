"""The first conversation as a newcomer plays it: on the phone page, in a browser, against the real server."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from persistence.tables import BindingRow, RatingRow
from tests.bot.serving import Running
from tests.e2e.buyer import Buyer

PATIENCE = 15_000
WATCH = (
    "addEventListener('securitypolicyviolation',"
    " e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)
pytestmark = pytest.mark.timeout(120)


async def opened(browser: Browser, server: Running, complaints: list[str]) -> Page:
    """The page as it greets a German-speaking newcomer; what goes wrong unseen is noted."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="de-DE", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await context.add_init_script(WATCH)
    page = await context.new_page()
    page.on(
        "console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.method} {request.url}"))
    await page.goto(f"{server.url}/sandbox")
    await expect(page.locator(".step")).to_have_count(5)
    return page


def said(page: Page) -> Locator:
    """What the shop has said in the chat that is open."""
    return page.locator(".msg.theirs")


async def show(page: Page, channel: str) -> None:
    await page.locator(f"[role=tab][data-channel={channel}]").click()
    await expect(page.locator("#device")).to_have_attribute("data-look", channel)


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Nachricht schreiben").fill(text)
    await page.keyboard.press("Enter")


async def test_the_first_conversation_on_the_phone_page(browser: Browser, server: Running) -> None:
    complaints: list[str] = []
    page = await opened(browser, server, complaints)

    # Buy at the counter, scan the card that lies in the parcel.
    await show(page, "instagram")
    await page.get_by_role("radio", name=re.compile("Handmühle")).check()
    await page.get_by_role("button", name="Etwas kaufen").click()
    order = page.locator(".order").first
    await expect(order.locator(".qr, .insert-card svg").first).to_be_visible()
    await order.locator("[data-act=scan]").click()
    await expect(said(page)).to_have_count(1)
    await expect(said(page)).to_contain_text("automatisch")
    number = await order.locator(".order-number").inner_text()
    await expect(said(page)).to_contain_text(number)

    # The setup, tap by tap.
    await page.get_by_role("button", name=re.compile("los geht")).click()
    for count in range(2, 5):
        await expect(said(page)).to_have_count(count)
        await said(page).last.get_by_role("button", name="Erledigt").click()
    await expect(said(page)).to_have_count(5)
    await expect(said(page).last).to_contain_text("Geschafft")
    await said(page).last.get_by_role("button", name="Ja, gern").click()  # we may ask how it is
    await expect(said(page)).to_have_count(6)

    # It arrives; time passes; Instagram lets the question through once the buyer writes.
    await order.locator("[data-act=arrive]").click()
    await expect(order.locator(".chip")).to_have_text("angekommen")
    await server.quiet()
    for leap in ("+10 Tage", "+1 Tag"):
        await page.get_by_role("button", name=leap, exact=True).click()
        await server.quiet()
    await write(page, "Hallo, ich bin noch da")
    pills = page.locator("#pills .choice")
    await expect(pills).to_have_count(5)
    await pills.nth(1).click()
    await expect(said(page).last).to_contain_text("Mensch")
    await expect(said(page).last).to_contain_text("Uhr")
    await expect(page.locator(".step.done")).to_have_count(5)

    lena = Buyer(server, "instagram")
    conversation = await lena.conversation()
    assert (conversation.status, conversation.floor) == ("waiting", "agent")
    assert [row.score for row in await server.rows(RatingRow)] == [2]

    # The next order on WhatsApp: the link writes the words, the buyer only sends them.
    await show(page, "whatsapp")
    await page.get_by_role("button", name="Etwas kaufen").click()
    await expect(page.locator(".order")).to_have_count(2)
    await page.locator(".order").first.locator("[data-act=scan]").click()
    composer = page.get_by_label("Nachricht schreiben")
    await expect(composer).to_have_value(re.compile("NK[A-Z2-7]{22}"))
    await composer.press("Enter")
    await expect(said(page)).to_have_count(1)
    await expect(said(page)).to_contain_text("automatisch")
    assert len(await server.rows(BindingRow)) == 2
    assert complaints == []
    await page.context.close()
