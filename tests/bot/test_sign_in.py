"""Signing in and joining, through the real door: passwords, codes, links, and what is told to whom."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pyotp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.typing import EventDict

from bot.server import whole_site
from bot.web.access import real_time
from bot.web.signing import PASSWORDS
from integrations.base import Throttled
from integrations.fake import FakePost
from persistence.audit import Filter
from persistence.tables_people import SessionRow
from tests.bot.house import House
from tests.bot.people import PASSWORD, cheap_passwords, make_account, sign_in

HTML: Final = {"Accept": "text/html"}
EMAIL: Final = "anton.agent@example.org"


class Browser:
    """Keeps cookies and knows the token of the last page, as a browser does."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self._client = client
        self.status = 0
        self.leads = ""
        self.text = ""
        self.headers: Any = {}

    async def get(self, path: str, **headers: str) -> str:
        return await self._go("GET", path, None, headers)

    async def post(self, path: str, headers: dict[str, str] | None = None, /, **form: str) -> str:
        return await self._go("POST", path, {"csrf": self.field("csrf"), **form}, headers or {})

    async def sign_in(self, password: str = PASSWORD, email: str = EMAIL, **more: str) -> str:
        await self.get("/login")
        return await self.post("/login", email=email, password=password, **more)

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return found[1] if found else ""

    async def _go(self, method: str, path: str, form: Any, headers: dict[str, str]) -> str:
        async with self._client.request(
            method, path, data=form, headers={**HTML, **headers}, allow_redirects=False
        ) as answer:
            self.status, self.headers = answer.status, answer.headers
            self.leads = answer.headers.get("Location", "")
            self.text = await answer.text() or self.text
        return self.text


@pytest.fixture
async def client(house: House) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    site = whole_site(house.app)
    site[PASSWORDS] = cheap_passwords()
    async with TestClient(TestServer(site)) as client:
        yield client


@pytest.fixture
async def browser(house: House, client: TestClient[web.Request, web.Application]) -> Browser:
    """A browser in which nobody is signed in; an agent has an account."""
    await make_account(house.app.store, now=real_time(house.app))
    return Browser(client)


async def actions(house: House) -> list[str]:
    return [line.action for line in reversed(await house.app.store.audit.lines(Filter()))]


async def test_the_right_password_opens_the_page_that_was_wanted(house: House, browser: Browser) -> None:
    await browser.get("/desk/me")
    assert browser.leads == "/login?next=%2Fdesk%2Fme"
    await browser.get(browser.leads)
    await browser.post(
        "/login", email=" Anton.Agent@example.org", password=PASSWORD, next=browser.field("next")
    )
    assert (browser.status, browser.leads) == (303, "/desk/me")
    cookie = browser.headers["Set-Cookie"]
    assert re.search(r"HttpOnly; .*Path=/; SameSite=Lax$", cookie)
    assert "Secure" not in cookie  # the test's connection is open
    assert "Anton Agent" in await browser.get("/desk/me")
    await browser.get("/login?next=/desk/me")
    assert browser.leads == "/desk/me"
    assert (await actions(house))[-1] == "signed.in"


async def test_the_cookie_of_an_encrypted_connection_is_bound_to_its_host(browser: Browser) -> None:
    https = {"X-Forwarded-Proto": "https"}
    await browser.get("/login", **https)
    visitor = browser.headers["Set-Cookie"]
    assert re.match(r"__Host-nachklang-visitor=.*; Secure", visitor)
    cookie = {"Cookie": visitor.partition(";")[0], **https}
    await browser.post("/login", cookie, email=EMAIL, password=PASSWORD)
    assert browser.status == 303
    assert re.match(
        r"__Host-nachklang-session=.*HttpOnly; Max-Age=\d+; Path=/; .*Secure$", browser.headers["Set-Cookie"]
    )


async def test_a_sign_in_begins_a_new_session_and_ends_the_one_before(house: House, browser: Browser) -> None:
    await browser.sign_in()
    [first] = await house.rows(SessionRow)
    await browser.get("/desk/me")
    await browser.post("/login", email=EMAIL, password=PASSWORD)
    [second] = await house.rows(SessionRow)
    assert second.hash != first.hash
    await browser.get("/desk/me")
    await browser.post("/logout")
    assert browser.leads == "/login"
    assert await house.rows(SessionRow) == []
    await browser.get("/desk/me")
    assert browser.status == 303


async def test_nothing_tells_whether_an_account_exists(house: House, browser: Browser) -> None:
    await make_account(house.app.store, "owner", now=real_time(house.app))
    gone = await make_account(house.app.store, "agent", "Gerda Gone", now=real_time(house.app))
    await house.app.store.accounts.disable(gone.id, "shell", real_time(house.app))
    pages = []
    for email, password in (
        (EMAIL, "falsch falsch"),
        ("nobody@example.org", PASSWORD),
        (gone.email, PASSWORD),
    ):
        page = await browser.sign_in(password, email)
        assert browser.status == 422
        pages.append(re.sub(r"[0-9a-f]{80}", "token", page).replace(email, "…"))
    assert pages[0] == pages[1] == pages[2]
    assert "stimmt nicht" in pages[0]


async def test_too_many_failures_make_everybody_wait_alike_and_are_told(
    browser: Browser, logged: list[EventDict]
) -> None:
    for email in (EMAIL, "nobody@example.org"):
        for _ in range(5):
            await browser.sign_in("falsch falsch", email)
            assert browser.status == 422
        await browser.sign_in("falsch falsch", email)
        assert (browser.status, browser.headers["Retry-After"]) == (429, "1")
        assert "Zu viele Versuche" in browser.text
    await browser.sign_in()  # even with the right password
    assert browser.status == 429
    assert EMAIL not in str(logged)


async def test_the_second_factor_is_asked_for_and_its_code_counts_once(
    house: House, browser: Browser
) -> None:
    app = house.app
    await browser.sign_in()
    await browser.get("/desk/me")
    await browser.post("/desk/me/factor/start", password="falsch falsch")
    assert browser.status == 422
    await browser.post("/desk/me/factor/start", password=PASSWORD)
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", browser.text)
    assert found is not None
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    now = int(real_time(app).timestamp())
    ticket = browser.field("ticket")
    await browser.post("/desk/me/factor", ticket=ticket, code="000000")
    assert browser.status == 422
    shown = await browser.post("/desk/me/factor", ticket=ticket, code=totp.at(now))
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", shown)
    assert len(codes) == 10
    await browser.get("/desk/me")
    assert "noch 10 Wiederherstellungscodes" in browser.text
    await browser.post("/logout")

    await browser.sign_in(next="/desk/me")
    assert (browser.status, "Noch ein Code" in browser.text) == (200, True)
    ticket = browser.field("ticket")
    await browser.get("/desk/me")
    assert browser.status == 303  # not in yet
    await browser.get("/login")
    await browser.post("/login/code", ticket=ticket, code=totp.at(now))
    assert browser.status == 422  # that one was used to turn it on
    await browser.post("/login/code", ticket=ticket, code=totp.at(now + 30))
    assert (browser.status, browser.leads) == (303, "/desk/me")
    await browser.get("/desk/me")
    await browser.post("/logout")

    await browser.sign_in()
    ticket = browser.field("ticket")
    await browser.post("/login/code", ticket=ticket, code=codes[3])
    assert browser.status == 303
    await browser.get("/desk/me")
    assert "noch 9 Wiederherstellungscodes" in browser.text
    await browser.post("/desk/me/factor/codes", password=PASSWORD)
    assert not set(re.findall(r"<code>([a-z2-9-]{11})</code>", browser.text)) & set(codes)
    await browser.get("/desk/me")
    await browser.post("/desk/me/factor/off", password=PASSWORD)
    assert browser.leads.startswith("/desk/me?done=factor_off")
    assert {"totp.enabled", "recovery.used", "recovery.renewed", "totp.disabled"} <= set(await actions(house))


async def test_codes_cannot_be_guessed_one_after_the_other(house: House, browser: Browser) -> None:
    account = await make_account(house.app.store, now=real_time(house.app))
    await house.app.store.accounts.set_totp(account.id, "unreadable", 0, ["kept"], real_time(house.app))
    await browser.sign_in()
    ticket = browser.field("ticket")
    for _ in range(5):
        await browser.post("/login/code", ticket=ticket, code="123456")
        assert browser.status == 422
    await browser.post("/login/code", ticket=ticket, code="123456")
    assert browser.status == 429
    await browser.post("/login/code", ticket="another", code="123456")
    assert (browser.status, "zu lange gedauert" in browser.text) == (422, True)


async def test_who_is_invited_makes_an_account_and_is_in(house: House, browser: Browser) -> None:
    token = await house.app.store.invitations.invite("viewer", None, "account:1", real_time(house.app))
    path = f"/invite/{token}"
    for _ in range(2):  # looking uses nothing up
        await browser.get(path)
        assert browser.status == 200
    for form, told in (
        ({"email": "lena"}, "E-Mail-Adresse"),
        ({"name": " "}, "wie du heißt"),
        ({"password": "kurz"}, "zu kurz"),
        ({"password": "lena@example.org"}, "fast nur aus deinem Namen"),
        ({"email": EMAIL}, "melde dich damit an"),
    ):
        await browser.post(
            path, **{"email": "lena@example.org", "name": "Lena", "password": PASSWORD, **form}
        )
        assert browser.status == 422
        assert told in browser.text
    await browser.post(path, email="Lena@example.org", name="Lena", password=PASSWORD)
    assert (browser.status, browser.leads) == (303, "/desk")
    assert "lena@example.org · Liest mit" in await browser.get("/desk/me")
    await browser.get(path)
    assert (browser.status, "Das gibt es nicht mehr" in browser.text) == (410, True)
    await browser.get("/desk/me")
    await browser.post(path, email="otto@example.org", name="Otto", password=PASSWORD)
    assert browser.status == 410


async def test_a_link_for_one_address_is_for_no_other(house: House, browser: Browser) -> None:
    token = await house.app.store.invitations.invite(
        "agent", "l@example.org", "account:1", real_time(house.app)
    )
    await browser.get(f"/invite/{token}")
    assert 'value="l@example.org" readonly' in browser.text
    await browser.post(f"/invite/{token}", email="evil@example.org", name="L", password=PASSWORD)
    assert browser.status == 303
    assert "l@example.org" in await browser.get("/desk/me")


async def test_owners_manage_the_team(house: House, client: TestClient[web.Request, web.Application]) -> None:
    olga = await sign_in(house.app, "owner")
    anna = await make_account(house.app.store, "agent", "Anna", now=real_time(house.app))

    async def post(path: str, **form: str) -> tuple[int, str]:
        async with client.post(path, data=form, headers={**HTML, **olga.headers}) as answer:
            return answer.status, await answer.text()

    status, page = await post("/desk/people/invite", role="viewer", email="new@example.org")
    found = re.search(r'value="(http://[^"]+/invite/[\w-]+)"', page)
    assert status == 200
    assert found is not None
    assert "new@example.org" in page
    [link] = await house.app.store.invitations.open(real_time(house.app))
    assert await house.app.store.invitations.find(found[1].rpartition("/")[2], real_time(house.app)) == link
    assert (await post(f"/desk/people/links/{link.id}/withdraw"))[0] == 200
    assert await house.app.store.invitations.open(real_time(house.app)) == []
    for form in ({"role": "king"}, {"role": "agent", "email": "x"}, {"role": "agent", "email": anna.email}):
        assert (await post("/desk/people/invite", **form))[0] == 422

    status, page = await post(f"/desk/people/{olga.account.id}/role", role="agent")
    assert (status, "letzte Inhaber" in page) == (422, True)
    assert (await post(f"/desk/people/{olga.account.id}/disable"))[0] == 422
    assert (await post(f"/desk/people/{anna.id}/role", role="viewer"))[0] == 200
    assert (await post(f"/desk/people/{anna.id}/disable"))[0] == 200
    found_again = await house.app.store.accounts.find(anna.id)
    assert found_again is not None
    assert (found_again.role, found_again.disabled) == ("viewer", True)
    assert (await post(f"/desk/people/{anna.id}/enable"))[0] == 200
    status, page = await post(f"/desk/people/{anna.id}/reset")
    assert (status, "/invite/" in page) == (200, True)
    for path in ("role", "disable", "enable", "reset"):
        assert (await post(f"/desk/people/999/{path}", role="agent"))[0] == 404
    log = await actions(house)
    for action in (
        "link.made.invite",
        "link.withdrawn",
        "role.changed",
        "account.disabled",
        "account.enabled",
    ):
        assert action in log


async def test_links_are_mailed_where_that_is_set_up_and_shown_where_it_fails(
    house: House, client: TestClient[web.Request, web.Application]
) -> None:
    olga, post = await sign_in(house.app, "owner"), FakePost()
    house.app.connections = replace(house.app.connections, post=post)

    async def invite() -> str:
        form = {"role": "agent", "email": "new@example.org"}
        async with client.post("/desk/people/invite", data=form, headers=olga.headers) as answer:
            return await answer.text()

    assert "Per E-Mail verschickt" in await invite()
    [letter] = post.sent
    found = re.search(r"http://\S+/invite/([\w-]+)", letter.text)
    assert found is not None
    assert await house.app.store.invitations.find(found[1], real_time(house.app)) is not None
    assert (letter.to, letter.subject) == (
        "new@example.org",
        "Deine Einladung ins Team von Rösterei Morgenrot",
    )
    post.fail(Throttled("the mail server is busy", after=1))
    page = await invite()
    assert "/invite/" in page
    assert "Per E-Mail verschickt" not in page


async def test_a_code_for_telegram_is_shown_and_can_be_taken_back(house: House, browser: Browser) -> None:
    await browser.sign_in()
    await browser.get("/desk/me")
    await browser.post("/desk/me/telegram/code")
    await browser.get("/desk/me")
    account = await make_account(house.app.store, now=real_time(house.app))
    code = await house.app.store.telegram.link_code(account.id, house.clock())
    assert await house.app.store.telegram.link("42", code, house.clock()) is not None
    await browser.post("/desk/me/telegram/unlink")
    assert await house.app.store.telegram.linked(account.id) == []
    assert "telegram.unlinked" in await actions(house)


async def test_a_new_password_signs_out_everywhere_else(house: House, browser: Browser) -> None:
    elsewhere = await sign_in(house.app)
    await browser.sign_in()
    await browser.get("/desk/me")
    for old, new, told in (
        ("falsch falsch", "zwölf grüne Bohnen", "stimmt nicht"),
        (PASSWORD, "anton.agent1", "fast nur aus"),
    ):
        await browser.post("/desk/me/password", old=old, new=new)
        assert (browser.status, told in browser.text) == (422, True)
    await browser.post("/desk/me/password", old=PASSWORD, new="zwölf grüne Bohnen")
    assert browser.leads == "/desk/me?done=password"
    await browser.get(browser.leads)
    assert browser.status == 200
    assert await house.app.store.sessions.find(elsewhere.token, real_time(house.app)) is None
    await browser.post("/logout")
    await browser.sign_in()
    assert browser.status == 422
    await browser.sign_in("zwölf grüne Bohnen")
    assert browser.status == 303


async def test_somebody_is_absent_until_a_day_begins_in_the_shops_time_zone(
    house: House, browser: Browser
) -> None:
    await browser.sign_in()
    await browser.get("/desk/me")
    tomorrow = house.clock() + timedelta(days=1)
    await browser.post(
        "/desk/me/profile", name="Anton", back_on=tomorrow.date().isoformat(), language="en", theme="dark"
    )
    account = await make_account(house.app.store, now=real_time(house.app))
    assert account.absent_until is not None
    assert account.absent_until.astimezone(house.app.config.settings.brand.zone).hour == 0
    assert (account.name, account.language, account.theme, account.mail_alarms) == (
        "Anton",
        "en",
        "dark",
        False,
    )
    assert "You are marked as absent" in await browser.get("/desk/me")
    await browser.post("/desk/me/profile", name="Anton", back_on="2001-01-01")
    assert (await make_account(house.app.store, now=real_time(house.app))).absent_until is None
    for form in ({"name": "Anton", "back_on": "gestern"}, {"name": ""}):
        await browser.get("/desk/me")
        await browser.post("/desk/me/profile", **form)
        assert browser.status == 422


async def test_the_log_can_be_read_narrowed_and_verified(
    house: House, client: TestClient[web.Request, web.Application]
) -> None:
    olga = await sign_in(house.app, "owner")
    for n in range(60):
        await sign_in(house.app, "agent", f"Agent {n % 2}")

    async def look(path: str) -> str:
        async with client.get(path, headers=olga.headers) as answer:
            assert answer.status == 200
            return await answer.text()

    page = await look("/desk/audit")
    assert page.count("<tr>") == 51
    older = re.search(r'href="(/desk/audit\?before=[^"]+)"', page)
    assert older is not None
    assert "Konto angelegt" in await look(older[1].replace("&amp;", "&"))
    assert page.count("Olga") < 5
    narrowed = await look(f"/desk/audit?actor=account:{olga.account.id}&action=signed.in")
    assert narrowed.count("<tr>") == 2
    await look("/desk/audit?before=nonsense&actor=" + "x" * 1000)
    async with client.post("/desk/audit/verify", headers=olga.headers) as answer:
        assert "Zeilen sind so, wie sie geschrieben wurden" in await answer.text()
