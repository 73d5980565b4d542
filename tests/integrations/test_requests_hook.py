"""One suite for both ways to tell the shop: the real one against a local shop, and the tests' fake."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from integrations.base import Refused, RequestHook, ServiceRequest, Throttled, Unauthorized, Unavailable
from integrations.fake import FakeRequests
from integrations.http import Http
from integrations.requests_hook import NAMES, WebhookRequests, written
from integrations.signed_hook import HookSettings, SignedHook

SECRET = "the shop's secret"
REQUEST = ServiceRequest(
    id="17-open",
    number=17,
    kind="refund",
    status="open",
    order_id="1001",
    order_number="#1001",
    detail={"amount": "12.50", "currency": "EUR", "whole": False},
    at=datetime(2026, 11, 21, 10, tzinfo=UTC),
)


@dataclass
class Shop:
    """A shop that keeps what is signed, once per key, and answers as it is told."""

    url: str = ""
    kept: dict[str, Any] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        genuine = f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"
        if request.headers["X-Signature-256"] != genuine:
            return web.Response(status=401)
        if self.answers:
            return web.Response(status=self.answers.pop(0))
        self.kept.setdefault(request.headers["Idempotency-Key"], orjson.loads(body))
        return web.Response(status=202)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    site = web.Application()
    site.router.add_post("/hooks", shop.take)
    async with TestServer(site) as server:
        shop.url = str(server.make_url("/hooks"))
        yield shop


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.aclose()


@pytest.fixture(params=["real", "fake"])
def hook(request: pytest.FixtureRequest, shop: Shop, http: Http) -> RequestHook:
    if request.param == "fake":
        return FakeRequests()
    return WebhookRequests(HookSettings(shop.url, SECRET), http)


async def test_a_repetition_is_the_same_request(hook: RequestHook, shop: Shop) -> None:
    await hook.send(REQUEST)
    await hook.send(REQUEST)
    taken = hook.taken if isinstance(hook, FakeRequests) else shop.kept
    assert list(taken) == ["17-open"]


async def test_what_the_shop_reads(shop: Shop, http: Http) -> None:
    await WebhookRequests(HookSettings(shop.url, SECRET), http).send(REQUEST)
    assert shop.kept["17-open"] == {
        "event": "request.open",
        "id": "17-open",
        "request": 17,
        "kind": "refund",
        "order": {"id": "1001", "number": "#1001"},
        "detail": {"amount": "12.50", "currency": "EUR", "whole": False},
        "at": "2026-11-21T10:00:00+00:00",
    }


def test_without_an_order_there_is_none() -> None:
    alone = ServiceRequest("3-cancelled", 3, "gift", "cancelled", "", "", {}, REQUEST.at)
    assert orjson.loads(written(alone))["order"] is None
    assert orjson.loads(written(alone))["event"] == "request.cancelled"


@pytest.mark.parametrize(
    ("status", "error"), [(404, Refused), (409, Unavailable), (429, Throttled), (503, Unavailable)]
)
async def test_what_an_answer_means(shop: Shop, http: Http, status: int, error: type[Exception]) -> None:
    shop.answers.append(status)
    with pytest.raises(error, match="requests hook"):
        await WebhookRequests(HookSettings(shop.url, SECRET), http).send(REQUEST)


async def test_another_secret_is_told_by_name(shop: Shop, http: Http) -> None:
    with pytest.raises(Unauthorized, match="REQUESTS_WEBHOOK_SECRET"):
        await WebhookRequests(HookSettings(shop.url, "another"), http).send(REQUEST)


def test_without_a_secret_there_is_no_hook(http: Http) -> None:
    with pytest.raises(ValueError, match="anybody could sign"):
        SignedHook(HookSettings("https://shop.example", ""), NAMES, http)
    assert SECRET not in repr(HookSettings("https://shop.example", SECRET))
