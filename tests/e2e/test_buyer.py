"""The buyer beside the thread in a real browser: what agents do there, and what reaches the phone."""

import re

import pytest
from playwright.async_api import Page, expect

from persistence.tables import Conversation
from persistence.tables_desk import ServiceRequestRow
from tests.bot.people import sign_in
from tests.bot.serving import Running, until
from tests.e2e.axe import violations
from tests.e2e.buyer import Buyer
from tests.e2e.office import PHONE, Office

pytestmark = pytest.mark.timeout(120)

ANGRY = "Die Kurbel ist abgebrochen, das ist Schrott! Ich will sofort mein Geld zurück."


async def unhappy(server: Running) -> Buyer:
    """Somebody whose thread waits."""
    lena = Buyer(server, "whatsapp")
    await lena.enter(await lena.buy())
    await lena.say(ANGRY)
    return lena


async def part_of_it(page: Page, amount: str) -> None:
    """Ask for a part of the money back."""
    await page.get_by_label("Einen Teil").check()
    await page.locator("#buyer-amount").fill(amount)
    await page.get_by_role("button", name="Erstattung veranlassen").click()


async def test_a_refund_is_checked_told_and_seen(office: Office, server: Running) -> None:
    office.excuse("422")
    lena = await unhappy(server)
    kim = await sign_in(server.app, "agent", "Kim Lorenz")
    page = await office.sit(kim, f"/desk/{(await lena.conversation()).id}")
    panel = page.locator("#buyer")
    await expect(panel.locator("#buyer-title")).to_contain_text("Lena Hoffmann")
    await expect(panel).to_contain_text("Handmühle Morgenrot")
    await panel.get_by_role("link", name="Erstatten").click()
    await expect(page.locator("#buyer-told")).to_contain_text("89,00")
    await part_of_it(page, "900")
    await expect(page.locator("#wrong-amount")).to_contain_text("nur noch 89,00")
    await part_of_it(page, "12,50")
    await expect(page.locator("#buyer-dialog")).not_to_be_visible()
    await expect(page.locator("#composer-text")).to_have_value(
        re.compile(r"Erstattung von 12,50\s€ für deine")
    )
    await expect(panel.locator("#buyer-requests")).to_contain_text("12,50")
    await expect(page.locator("#thread-items")).to_contain_text("Kim Lorenz hat veranlasst: Erstattung")
    [row] = await server.rows(ServiceRequestRow)
    assert row.by == f"account:{kim.account.id}"
    await panel.get_by_role("button", name="Zurückziehen").click()
    await expect(page.locator("#thread-items")).to_contain_text("Kim Lorenz hat zurückgezogen: Erstattung")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_nothing_here_bars_anybody(office: Office, server: Running, theme: str) -> None:
    lena = await unhappy(server)
    olga = await sign_in(server.app, "owner")
    place = (await lena.conversation()).id
    page = await office.sit(olga, f"/desk/{place}", color_scheme=theme)
    await page.locator("#buyer-tips summary").click()
    await page.locator(".risk summary").click()
    assert await violations(page) == []
    for name in (
        "Erstatten",
        "Ersatz",
        "Gutschein",
        "Adresse",
        "Ablauf",
        "Geschenk",
        "Ist dieselbe Person wie",
    ):
        await page.locator("#buyer").get_by_role("link", name=name).click()
        await expect(page.locator("#buyer-dialog")).to_be_visible()
        assert await violations(page) == []
        await page.keyboard.press("Escape")
    await page.locator("#buyer").get_by_role("link", name="Geschenk").click()
    await page.get_by_label("Was legen wir bei?").fill("Kekse")
    await page.get_by_label("Nichts schreiben").check()
    await page.get_by_role("button", name="Geschenk veranlassen").click()
    await expect(page.locator("#buyer-requests")).to_contain_text("Kekse")
    await page.goto(f"{server.url}/desk/requests")
    assert await violations(page) == []
    await page.get_by_role("button", name="Erledigt").click()
    await expect(page.locator("main")).to_contain_text("Nichts offen")
    assert await violations(page) == []


async def test_a_flow_that_an_agent_starts_begins_on_the_phone(office: Office, server: Running) -> None:
    lena = await unhappy(server)
    place = (await lena.conversation()).id
    page = await office.sit(await sign_in(server.app, "agent", "Kim Lorenz"), f"/desk/{place}")
    before = len(await lena.heard())
    await page.locator("#buyer").get_by_role("link", name="Ablauf").click()
    await page.locator("#buyer-flow").select_option("returns")
    await page.get_by_role("button", name="Starten").click()
    await expect(page.locator("#toasts")).to_contain_text("Der Bot übernimmt")

    async def heard() -> bool:
        return len(await lena.heard()) > before

    await until(heard)
    [row] = await server.rows(Conversation, id=place)
    assert row.floor == "bot"
    assert '"flow":"returns"' in row.state


async def test_on_a_phone_the_panel_is_a_sheet_and_a_merge_is_undone(office: Office, server: Running) -> None:
    lena = await unhappy(server)
    jonas = Buyer(server, "telegram", key="jonas")
    await jonas.enter(await jonas.buy())
    kim = await sign_in(server.app, "agent", "Kim Lorenz")
    path = f"/desk/{(await lena.conversation()).id}"
    page = await office.sit(kim, path, viewport=PHONE, has_touch=True, is_mobile=True)
    panel = page.locator("#buyer")
    await expect(panel).not_to_be_visible()
    await page.get_by_role("button", name="Kundendaten und Bestellungen").click()
    await expect(panel).to_be_visible()
    await panel.get_by_role("link", name="Ist dieselbe Person wie").click()
    await page.get_by_label("Name, E-Mail, Telefon").fill("jonas")
    await page.locator("#buyer-found").get_by_role("button", name="Jonas").click()
    await expect(panel.locator("#buyer-contacts")).to_contain_text("Zusammengelegt mit Jonas")
    theirs = {row.buyer_id for row in await server.rows(Conversation)}
    assert len(theirs) == 1
    await panel.get_by_role("button", name="Wieder trennen").click()
    await expect(panel.locator("#buyer-contacts")).not_to_contain_text("Jonas")
    assert len({row.buyer_id for row in await server.rows(Conversation)}) == 2
    await page.keyboard.press("Escape")
    await expect(panel).not_to_be_visible()
