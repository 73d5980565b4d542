"""``GET /go/{code}`` through the real door, with the real adapters' links."""

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from pytest_aiohttp import AiohttpClient

from bot.entry import create, make_code, usable
from bot.web.go import DOORWAY, Doorway, add_go_routes
from dialogs.entry import find_code
from dialogs.messages import Arrival, Contact, Text
from dialogs.shop import OrderChange, OrderSnapshot, ShopArrival
from integrations.base import Channel
from integrations.instagram import Instagram, InstagramSettings
from integrations.telegram import Telegram, TelegramSettings
from integrations.whatsapp import WhatsApp, WhatsAppSettings
from persistence.database import Database
from persistence.identity import Bond, bind
from persistence.inbox import Intake
from persistence.migrate import migrate
from persistence.sorting import sort
from persistence.store import Store

SECRET = b"a secret of the shop"
CODE = make_code(SECRET, b"12345678")
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)

INSTAGRAM = Instagram(
    InstagramSettings(
        app_secrets=("s",),
        verify_token="v",
        access_token="t",
        account_id="17841",
        handle="roesterei.morgenrot",
    )
)
WHATSAPP = WhatsApp(
    WhatsAppSettings(
        app_secrets=("s",), verify_token="v", access_token="t", phone_number_id="106", number="491701234567"
    )
)


def telegram(username: str = "morgenrot_bot") -> Telegram:
    return Telegram(TelegramSettings(token="123:abc", secret="s", username=username))


class Checks:
    """Answers as told, and remembers what it was asked."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def __call__(self, code: str) -> bool:
        self.asked.append(code)
        return self.answer


async def door(
    aiohttp_client: AiohttpClient,
    channels: Sequence[Channel] = (INSTAGRAM, WHATSAPP),
    checks: Checks | None = None,
    *,
    brand: str = "Rösterei Morgenrot",
    voice: Literal["du", "sie"] = "du",
) -> TestClient[Request, Application]:
    app = Application()
    app[DOORWAY] = Doorway(brand, "de", channels, checks or Checks(), voice)
    add_go_routes(app)
    return await aiohttp_client(app)


async def get(
    client: TestClient[Request, Application], path: str, language: str = ""
) -> tuple[int, dict[str, str], str]:
    headers = {"Accept-Language": language} if language else {}
    async with client.get(path, allow_redirects=False, headers=headers) as answer:
        return answer.status, dict(answer.headers), await answer.text()


async def test_the_only_channel_is_opened_at_once(aiohttp_client: AiohttpClient) -> None:
    status, headers, _ = await get(await door(aiohttp_client, [INSTAGRAM]), f"/go/{CODE}")
    assert status == 302
    assert headers["Location"] == f"https://ig.me/m/roesterei.morgenrot?ref={CODE}"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("language", "hello"), [("de-AT,de;q=0.9", "Hallo!"), ("en-GB", "Hi!"), ("fr", "Hallo!"), ("", "Hallo!")]
)
async def test_whatsapp_gets_the_words_in_the_persons_language(
    aiohttp_client: AiohttpClient, language: str, hello: str
) -> None:
    status, headers, _ = await get(await door(aiohttp_client), f"/go/{CODE.lower()}?c=WhatsApp", language)
    assert status == 302
    address = urlsplit(headers["Location"])
    assert (address.netloc, address.path) == ("wa.me", "/491701234567")
    (text,) = parse_qs(address.query)["text"]
    assert text.startswith(hello)
    assert find_code(text) == CODE


async def test_several_channels_are_offered(aiohttp_client: AiohttpClient) -> None:
    checks = Checks()
    client = await door(aiohttp_client, [INSTAGRAM, WHATSAPP, telegram()], checks)
    status, _, page = await get(client, f"/go/{CODE}", "de")
    assert status == 200
    links = [html.unescape(link) for link in re.findall(r'href="(https[^"]+)"', page)]
    assert [urlsplit(link).netloc for link in links] == ["ig.me", "wa.me", "t.me"]
    assert all(CODE in link for link in links)
    assert "Schön, dass du da bist!" in page
    assert '<html lang="de">' in page
    assert "<script" not in page
    assert "style=" not in page
    assert checks.asked == [CODE]


@pytest.mark.parametrize("asked", ["", "?c=", "?c=signal"])
async def test_who_names_no_channel_of_ours_chooses(aiohttp_client: AiohttpClient, asked: str) -> None:
    status, _, page = await get(await door(aiohttp_client), f"/go/{CODE}{asked}")
    assert status == 200
    assert "wa.me" in page


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("de", "de"),
        ("en-US,en;q=0.9", "en"),
        ("fr;q=1, en;q=0.4, de;q=0.8", "de"),
        ("en;q=0, fr", "de"),
        ("en;q=nonsense", "de"),
        ("*", "de"),
        ("EN", "en"),
    ],
)
async def test_the_page_speaks_the_persons_language(
    aiohttp_client: AiohttpClient, accepted: str, expected: str
) -> None:
    _, headers, page = await get(await door(aiohttp_client), f"/go/{CODE}", accepted)
    assert f'<html lang="{expected}">' in page
    assert headers["Vary"] == "Accept-Language"


async def test_a_formal_shop_stays_formal(aiohttp_client: AiohttpClient) -> None:
    client = await door(aiohttp_client, voice="sie")
    for path in (f"/go/{CODE}", "/go/nonsense"):
        _, _, page = await get(client, path, "de")
        assert re.search(r"\b(Sie|Ihr)\b", page)
        assert not re.search(r"\b(du|dich|dein|deine)\b", page, re.IGNORECASE)


async def test_the_page_may_load_nothing_but_its_own_style(aiohttp_client: AiohttpClient) -> None:
    _, headers, page = await get(await door(aiohttp_client), f"/go/{CODE}")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"


async def test_a_brand_cannot_break_out_of_the_page(aiohttp_client: AiohttpClient) -> None:
    client = await door(aiohttp_client, brand="<script>alert(1)</script> & Söhne")
    for path in (f"/go/{CODE}", "/go/nonsense"):
        _, _, page = await get(client, path)
        assert "<script" not in page
        assert "&amp; Söhne" in page


@pytest.mark.parametrize(
    "code", ["nonsense", "NK123", CODE + "A", CODE[:-1], "%3Cscript%3E", "NK" + "ß" * 22]
)
async def test_what_is_no_code_is_not_looked_up(aiohttp_client: AiohttpClient, code: str) -> None:
    checks = Checks()
    status, headers, page = await get(await door(aiohttp_client, checks=checks), f"/go/{code}")
    assert status == 404
    assert checks.asked == []
    assert "Dieser Code öffnet nichts mehr" in page
    assert code not in page
    assert headers["Cache-Control"] == "no-store"


async def test_a_channel_without_a_name_is_left_out(aiohttp_client: AiohttpClient) -> None:
    client = await door(aiohttp_client, [telegram(username=""), WHATSAPP])
    status, headers, _ = await get(client, f"/go/{CODE}?c=telegram")
    assert status == 302
    assert headers["Location"].startswith("https://wa.me/")


async def test_head_is_answered_as_get(aiohttp_client: AiohttpClient) -> None:
    client = await door(aiohttp_client, [INSTAGRAM])
    async with client.head(f"/go/{CODE}", allow_redirects=False) as answer:
        assert answer.status == 302


async def test_opening_uses_nothing_up_and_all_bad_codes_look_alike(
    aiohttp_client: AiohttpClient, sqlite_url: str
) -> None:
    store = Store(Database(sqlite_url))
    await migrate(store.database)
    order = OrderSnapshot("1", "#1", "EUR", Decimal(10), NOW, NOW)
    arrival = ShopArrival("orders", "d1", NOW, OrderChange("1", "paid", NOW, order))
    await store.inbox.accept(Intake((), [arrival], NOW))
    await store.orders.apply(NOW)
    code = await create(store, SECRET, "1", NOW, timedelta(days=9))
    old = await create(store, SECRET, "1", NOW - timedelta(days=9), timedelta(days=1))

    async def check(asked: str) -> bool:
        return await usable(store, SECRET, asked, NOW)

    app = Application()
    app[DOORWAY] = Doorway("Shop", "de", [INSTAGRAM], check, "du")
    add_go_routes(app)
    client = await aiohttp_client(app)
    for _ in range(3):
        assert (await get(client, f"/go/{code}"))[0] == 302

    conversation = await _conversation(store)
    assert await store.database.write(bind, conversation, Bond(code, "1"), NOW)
    forged, unknown = make_code(b"another secret", b"12345678"), make_code(SECRET, b"87654321")
    answers = [await get(client, f"/go/{one}") for one in (code, old, forged, unknown)]
    assert {status for status, _, _ in answers} == {410}
    assert len({page for _, _, page in answers}) == 1
    await store.close()


async def _conversation(store: Store) -> int:
    """Return the id of the first conversation of a fresh database."""
    contact = Contact("instagram", "17841", ("person",))
    await store.inbox.accept(
        Intake([Arrival("instagram", "m1", NOW, Text("Hallo"), contact=contact)], (), NOW)
    )
    await store.database.write(sort, store.burst)
    return 1
