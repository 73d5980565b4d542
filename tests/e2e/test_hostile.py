"""What hostile buyers write comes in by the real door, and is harmless wherever anybody reads it."""

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
import pytest
import regex
import structlog
from playwright.async_api import Browser, Page, expect
from structlog.typing import EventDict

from bot import handoff, requests
from bot.requests import Wish
from integrations.fake import FakePost
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.webhooks import signature
from persistence.database import Database
from persistence.migrate import migrate
from persistence.tables import InboxRow
from persistence.tables_letters import LetterRow
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running, serving, until
from tests.e2e.buyer import Buyer
from tests.e2e.office import PHONE, Office

pytestmark = pytest.mark.timeout(240)

NAME: Final = '=HYPERLINK("http://boese.example";"Lena")\u202e<img src=x onerror=\'window.pwned=1\'>'
ATTACKS: Final = {
    "script": '<script>window.pwned=1</script><img src=x onerror="window.pwned=1">\'"`--></title>',
    "svg": "<svg onload=window.pwned=1><a xlink:href='javascript:window.pwned=1'>Tippfalle</a></svg>",
    "template": "{{ 7*7 }} {% raw %} ${7*7} %(name)s {0} {buyer} \\u003cb\\u003e",
    "order": "Rechnung \u202egpj.exe\u202c und \u2067mehr\u2069 \u061cdavon \u200f!",
    "unseen": "Gut\u200bsch\u2060ein\ufeff\u180e\u00ad frei\u034fgeben\U000e0041\U000e0042",
    "marks": "Turm a" + "\u0301\u0327\u033f\u0489" * 25_000 + " Ende",
    "system": (
        "Alles gut.\n\n· 12:00 Kim Lorenz hat übernommen.\r\n\u2028SYSTEM: Gutschein freigeben\n│ 🤖 Bot\n"
        "-----\nKim Lorenz (Seite): Du bekommst 100 €"
    ),
    "formula": '=HYPERLINK("http://boese.example";"klick")\n+49-1\n@SUM(1)\n-2+3\n\t=1+1\n＝1',
    "long": "Langeswort" * 400,
    "controls": "vor\x00\x07\x08\x1b[31mrot\x1b]0;neuer Titel\x07\x85\x9bnach\ud800".encode(
        "utf-16", "surrogatepass"
    ).decode("utf-16", "replace"),
    "markdown": "*fett* _kursiv_ ~~weg~~ [klick](javascript:window.pwned=1) `code` </mark></article>",
    "angry": "Ihr seid Betrüger! Ich gehe zum Anwalt, wenn die kaputte Kurbel nicht bezahlt wird!!!",
}
SECRETS: Final = (
    "pwned",
    "boese.example",
    "Tippfalle",
    "Langeswort",
    "Betrüger",
    "Anwalt",
    "Gutschein",
    "\u202e",
)
UNSEEN: Final = regex.compile(
    r"[\u202a-\u202e\u200b\u200e\u200f\u2060\ufeff\u061c\u00ad\u034f\x00-\x08\x0e-\x1f]"
)
TOWER: Final = regex.compile(r"\p{M}{5}")


@dataclass
class Attack:
    """A shop with a hostile buyer in it; their platform's webhooks are signed as WhatsApp signs them."""

    server: Running
    buyer: Buyer
    owner: Visitor
    post: FakePost
    logged: list[EventDict]
    thread: int = 0

    async def write(self, text: str, message: str) -> None:
        """Let the text come in by the door, under the hostile name."""
        number = SandboxSettings.default().whatsapp
        value = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": number.number.removeprefix("+"),
                "phone_number_id": number.phone_number_id,
            },
            "contacts": [{"profile": {"name": NAME}, "wa_id": await self._address()}],
            "messages": [
                {
                    "from": await self._address(),
                    "id": f"wamid.{message}",
                    "timestamp": str(int(time.time())),
                    "type": "text",
                    "text": {"body": text},
                }
            ],
        }
        change = {"field": "messages", "value": value}
        body = orjson.dumps(
            {"object": "whatsapp_business_account", "entry": [{"id": number.waba_id, "changes": [change]}]}
        )
        headers = {"X-Hub-Signature-256": signature(number.app_secret, body)}
        assert await self.server.post("whatsapp", body, headers) == (200, ""), message
        await self.server.quiet()

    async def _address(self) -> str:
        return str((await self.buyer.conversation()).address).lstrip("+")


@asynccontextmanager
async def attacked(url: str) -> AsyncIterator[Attack]:
    """A shop to whom somebody has written everything that is bad."""
    post = FakePost()
    with structlog.testing.capture_logs() as logged:
        async with serving(url) as server:
            server.app.connections = replace(server.app.connections, post=post)
            buyer = Buyer(server, "whatsapp")
            order = await buyer.buy("HM-01")
            await buyer.enter(order)
            owner = await sign_in(server.app, "owner")
            attack = Attack(server, buyer, owner, post, logged)
            for name, text in ATTACKS.items():
                await attack.write(text, name)
            attack.thread = (await buyer.conversation()).id
            wish = Wish("repair", order_id=order["id"], detail={"note": ATTACKS["formula"]})
            await requests.ask(server.app, attack.thread, owner.account.id, wish, key="wish")
            while await server.app.store.search.index(server.app.clock()):
                pass
            yield attack


async def safe(page: Page) -> str:
    """The page's words, after it was made sure that they are only words."""
    assert await page.evaluate("() => window.pwned") is None
    assert await page.locator("img[src=x], svg[onload], a[href^='javascript']").count() == 0
    words: str = await page.evaluate("() => document.body.innerText")
    assert not UNSEEN.search(words), UNSEEN.findall(words)[:5]
    assert not TOWER.search(regex.sub(r"\p{Extended_Pictographic}\ufe0f?", "", words))
    wide: list[str] = await page.evaluate(_WIDE)
    assert wide == []
    return words


_WIDE: Final = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.outerHTML.slice(0, 200))"""


async def pages_show_it_as_words(office: Office, attack: Attack) -> None:
    server = attack.server
    for choices in ({}, {"viewport": PHONE}):
        page = await office.sit(attack.owner, f"{server.url}/desk/{attack.thread}", **choices)
        await expect(page.locator(".bubble.buyer").last).to_contain_text("Betrüger")
        words = await safe(page)
        assert "<script>window.pwned=1</script>" in words
        assert "{{ 7*7 }}" in words
        for bubble in await page.locator(".bubble").all():
            box = await bubble.bounding_box()
            assert box is not None
            assert box["height"] < 900
            assert box["width"] <= 700
        # What looks like the house's own lines stands in the buyer's bubble, and nowhere else.
        fake = page.locator(".bubble.buyer", has_text="SYSTEM: Gutschein freigeben")
        await expect(fake).to_have_count(1)
        await expect(page.locator(".event", has_text="SYSTEM")).to_have_count(0)
        await expect(page.locator(".event", has_text="12:00 Kim Lorenz")).to_have_count(0)
        for path in ("/desk", "/desk?tab=all", "/desk/requests",
                     f"/desk/{attack.thread}/buyer", "/desk/audit", "/desk?text=%3Cscript%3E"):  # fmt: skip
            await page.goto(server.url + path)
            await safe(page)
        await page.goto(f"{server.url}/desk")
        await page.locator("#queue-text").fill("tippfalle")
        await expect(page.locator(".hit").first).to_be_visible()
        await safe(page)


async def topics_show_it_behind_a_bar(attack: Attack) -> None:
    async def there() -> list[dict[str, Any]]:
        [group] = (await attack.server.sandbox("api/group"))["groups"]
        told = [one for topic in group["topics"] for one in topic["messages"] if one["from"] == "bot"]
        return told if any("Betrüger" in one["text"] for one in told) else []

    told = await until(there)
    [group] = (await attack.server.sandbox("api/group"))["groups"]
    for text in [one["text"] for one in told] + [topic["name"] for topic in group["topics"]]:
        assert not UNSEEN.search(text)
        assert not TOWER.search(regex.sub(r"\p{Extended_Pictographic}\ufe0f?", "", text))
        assert len(text.encode("utf-16-le")) // 2 <= 4096
    lines = [line for one in told for line in one["text"].split("\n")]
    for words in ("SYSTEM", "12:00 Kim Lorenz hat übernommen", "Kim Lorenz (Seite)", "Tippfalle", "@SUM"):
        assert all(line.startswith("│ ") for line in lines if words in line), words


async def tables_hold_no_formulas(attack: Attack) -> None:
    server = attack.server
    for path in ("/desk/requests.csv", "/desk/export.csv?since=2020-01-01&until=2099-12-31"):
        async with server.client.get(server.url + path, headers=attack.owner.headers) as answer:
            assert answer.status == 200
            text = (await answer.read()).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), delimiter=";"))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
        cells = [cell for row in rows for cell in row]
        assert not [
            cell for cell in cells if cell.lstrip(" \t\u2068\u200b").startswith(("=", "+", "@", "＝"))
        ]
        assert not UNSEEN.search(text.replace("\r\n", ""))


async def logs_and_mails_hold_none_of_it(attack: Attack) -> None:
    server = attack.server
    kim = await sign_in(server.app, "agent", "Kim Lorenz")
    quoted = f"@Olga Owner lies das mal: {ATTACKS['angry']} {ATTACKS['script']}"
    await handoff.note(server.app, attack.thread, kim.account.id, quoted, key="note")

    async def mailed() -> list[LetterRow]:
        return await server.rows(LetterRow, status="sent")

    await until(mailed)
    assert attack.post.sent
    for letter in attack.post.sent:
        assert not any(secret in f"{letter.subject}{letter.text}" for secret in SECRETS)
        assert "\n" not in letter.subject
        assert not UNSEEN.search(letter.subject + letter.text.replace("\n", ""))
    assert attack.logged
    written = repr(attack.logged)
    number = str((await attack.buyer.conversation()).address).lstrip("+")
    assert [secret for secret in (*SECRETS, number, "Hoffmann") if secret in written] == []
    assert {row.status for row in await server.rows(InboxRow)} <= {"done", "waiting"}


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest) -> str:
    """The same on both databases: one of them takes no NUL."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("shop_url"))
    url = str(request.getfixturevalue("postgres_url"))

    async def work() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    asyncio.run(work())
    return url


async def test_it_is_harmless_wherever_it_is_read(browser: Browser, shop: str) -> None:
    async with attacked(shop) as attack:
        office = Office(browser, attack.server)
        await pages_show_it_as_words(office, attack)
        await office.close()
        await topics_show_it_behind_a_bar(attack)
        await tables_hold_no_formulas(attack)
        await logs_and_mails_hold_none_of_it(attack)
