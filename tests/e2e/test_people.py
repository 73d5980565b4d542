"""How people get in, in a real browser: the owner's link, an invitation, the second factor, a passkey."""

import re
from collections.abc import AsyncIterator

import pyotp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from bot.owner import first_link
from bot.web.access import real_time
from tests.bot.people import PASSWORD, make_account, sign_in
from tests.bot.serving import Running

PATIENCE = 15_000
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def context(browser: Browser, server: Running) -> AsyncIterator[BrowserContext]:
    """A browser of somebody who reads German; a page that complains fails the test."""
    complaints: list[str] = []
    context = await browser.new_context(locale="de-DE", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)

    def listen(page: Page) -> None:
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))

    context.on("page", listen)
    yield context
    await context.close()
    # A refused form is told with its status, which the browser notes as an error of its own.
    assert [one for one in complaints if "status of 422" not in one] == []


def here(server: Running) -> str:
    """The server by its name: browsers make passkeys for names only."""
    return server.url.replace("127.0.0.1", "localhost")


async def test_the_first_owner_gets_in_by_the_link_and_invites_an_agent(
    context: BrowserContext, server: Running, browser: Browser
) -> None:
    link = await first_link(server.app, server.url)
    assert link is not None
    page = await context.new_page()
    await page.goto(link)
    await page.get_by_label("Name").fill("Olga")
    await page.get_by_label("E-Mail-Adresse").fill("olga@example.org")
    await page.get_by_label("Neues Passwort").fill("röstereimorgenrot")
    await page.get_by_role("button", name="Konto einrichten").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nimm ein anderes")
    await page.get_by_label("Neues Passwort").fill(PASSWORD)
    await page.get_by_role("button", name="Konto einrichten").click()
    await expect(page).to_have_url(re.compile("/desk$"))
    assert await first_link(server.app, server.url) is None

    await page.goto(f"{server.url}/desk/people")
    await page.get_by_label("Liest mit").check()
    await page.get_by_role("button", name="Link machen").click()
    invitation = await page.get_by_label("Link", exact=True).input_value()
    await page.reload()

    other = await browser.new_context(locale="en-GB")
    lena = await other.new_page()
    await lena.goto(invitation)
    await expect(lena.get_by_role("heading", name="Welcome to the team")).to_be_visible()
    await lena.get_by_label("Name").fill("Lena")
    await lena.get_by_label("E-mail address").fill("lena@example.org")
    await lena.get_by_label("New password").fill(PASSWORD)
    await lena.get_by_role("button", name="Set up account").click()
    await expect(lena).to_have_url(re.compile("/desk$"))
    await lena.goto(f"{server.url}/desk/people")
    await expect(lena.get_by_role("heading", name="Your account may not do this")).to_be_visible()
    await lena.goto(f"{server.url}/desk/me")
    await expect(lena.get_by_text("Reads along")).to_be_visible()
    await other.close()


async def test_signing_in_with_a_password_and_a_code(context: BrowserContext, server: Running) -> None:
    await make_account(server.app.store, now=real_time(server.app))
    page = await context.new_page()
    await page.goto(f"{server.url}/desk/me")
    await page.get_by_label("E-Mail-Adresse").fill("anton.agent@example.org")
    await page.get_by_label("Passwort", exact=True).fill("falsch falsch")
    await page.get_by_role("button", name="Anmelden").click()
    await expect(page.get_by_role("alert")).to_contain_text("stimmt nicht")
    await page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/desk/me$"))

    await page.locator("#factor-password").fill(PASSWORD)
    await page.get_by_role("button", name="Einschalten").click()
    await expect(page.get_by_role("img", name=re.compile("QR-Code"))).to_be_visible()
    totp = pyotp.TOTP((await page.locator("code").inner_text()).replace(" ", ""))
    await page.get_by_label("Code", exact=True).fill(totp.at(int(real_time(server.app).timestamp())))
    await page.get_by_role("button", name="Einschalten").click()
    codes = await page.locator("code").all_inner_texts()
    assert len(codes) == 10
    await page.goto(f"{server.url}/desk/me")
    await page.locator("summary.me").click()
    await page.get_by_role("button", name="Abmelden").last.click()
    await expect(page).to_have_url(re.compile("/login$"))

    await page.get_by_label("E-Mail-Adresse").fill("anton.agent@example.org")
    await page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Anmelden").first.click()
    await page.get_by_label("Code").fill(codes[0])
    await page.get_by_role("button", name="Weiter").click()
    await expect(page).to_have_url(re.compile("/desk$"))


async def test_a_passkey_stands_for_both_factors(context: BrowserContext, server: Running) -> None:
    anton = await sign_in(server.app)
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})

    await context.add_cookies(anton.cookies(here(server)))
    await page.goto(f"{here(server)}/desk/me")
    await page.get_by_label("Name des Passkeys").fill("Laptop")
    await page.locator("#passkey-password").fill("falsch falsch")
    await page.get_by_role("button", name="Passkey hinzufügen").click()
    await expect(page.locator("[data-passkey] .error")).to_have_text("Das Passwort stimmt nicht.")
    await page.locator("#passkey-password").fill(PASSWORD)
    await page.get_by_role("button", name="Passkey hinzufügen").click()
    await expect(page.get_by_text("Der Passkey ist hinzugefügt.")).to_be_visible()
    await expect(page.locator("#passkeys li")).to_contain_text("Laptop")

    await context.clear_cookies()
    for _ in range(2):  # each challenge is another
        await page.goto(f"{here(server)}/login?next=/desk/me")
        await page.get_by_role("button", name="Mit Passkey anmelden").click()
        await expect(page).to_have_url(re.compile("/desk/me$"))
        await expect(page.locator("#passkeys li")).to_contain_text("zuletzt benutzt")
        await context.clear_cookies()

    [known] = await server.app.store.passkeys.of(anton.account.id)
    assert await server.app.store.passkeys.remove(anton.account.id, known.id, real_time(server.app))
    await page.goto(f"{here(server)}/login")
    await page.get_by_role("button", name="Mit Passkey anmelden").click()
    await expect(page.locator("[data-passkey] .error")).to_contain_text("gehört zu keinem Konto")
