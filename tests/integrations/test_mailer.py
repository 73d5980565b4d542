"""One suite for both mailers: the real one against a local shop, and the fake that other tests use."""

import hashlib
import hmac
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from integrations.base import (
    IntegrationError,
    Mailer,
    MailRequest,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
)
from integrations.fake import FakeMailer
from integrations.http import Answer, Http
from integrations.mailer import NAMES, MailSettings, WebhookMailer, written
from integrations.registry import Accounts, connect
from integrations.signed_hook import failure

SECRET = "the shop's secret"
REQUEST = MailRequest(
    id="17",
    flow="rating",
    purpose="feedback",
    order_id="1001",
    order_number="#1001",
    entry_url="https://shop.example/go/NKAAAQEAYEAUDA4LTSNB45PD",
    entry_urls={
        "link": "https://shop.example/go/NKAAAQEAYEAUDA4LTSNB45PD",
        "instagram": "https://ig.me/m/shop?ref=NKAAAQEAYEAUDA4LTSNB45PD",
    },
    language="de",
    at=datetime(2026, 11, 21, 10, tzinfo=UTC),
)


@dataclass
class Shop:
    """A shop that keeps what is signed, once per key, and answers as it is told."""

    url: str = ""
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[web.Response | None] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.calls.append((dict(request.headers), body))
        genuine = f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"
        if not hmac.compare_digest(request.headers["X-Signature-256"], genuine):
            return web.Response(status=401)
        told = self.answers.pop(0) if self.answers else web.Response(status=202)
        if told is None or told.status < 300:
            self.kept.setdefault(request.headers["Idempotency-Key"], orjson.loads(body))
        if told is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return told


class Side(Protocol):
    """What the suite asks of either side."""

    mailer: Mailer

    def fail(self, error: type[IntegrationError]) -> None: ...

    def mails(self) -> list[str]: ...


class RealSide:
    """The webhook, and a shop that answers on this machine."""

    def __init__(self, mailer: WebhookMailer, shop: Shop) -> None:
        self.mailer: Mailer = mailer
        self.shop = shop

    def fail(self, error: type[IntegrationError]) -> None:
        """Let the next request meet this."""
        status = {Unavailable: 503, Throttled: 429, Unauthorized: 401, Refused: 422}
        self.shop.answers.append(None if error is Uncertain else web.Response(status=status[error]))

    def mails(self) -> list[str]:
        """The ids of what a mail was made of."""
        return list(self.shop.kept)


class FakeSide:
    """The fake."""

    def __init__(self) -> None:
        self.fake = FakeMailer()
        self.mailer: Mailer = self.fake

    def fail(self, error: type[IntegrationError]) -> None:
        """Let the next request meet this."""
        self.fake.fail(Throttled("slowly", after=60) if error is Throttled else error("told"))

    def mails(self) -> list[str]:
        """The ids of what a mail was made of."""
        return list(self.fake.mailed)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop, app = Shop(), web.Application()
    app.router.add_post("/hooks/mail", shop.take)
    async with TestServer(app) as server:
        shop.url = str(server.make_url("/hooks/mail"))
        yield shop


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    client = Http()
    yield client
    await client.aclose()


@pytest.fixture
def real(shop: Shop, http: Http) -> WebhookMailer:
    return WebhookMailer(MailSettings(shop.url, SECRET), http)


@pytest.fixture(params=["fake", "webhook"])
def side(request: pytest.FixtureRequest, real: WebhookMailer, shop: Shop) -> Side:
    return FakeSide() if request.param == "fake" else RealSide(real, shop)


# -- what every mailer promises


async def test_a_request_becomes_a_mail(side: Side) -> None:
    await side.mailer.send(REQUEST)
    await side.mailer.send(replace(REQUEST, id="18"))
    assert side.mails() == ["17", "18"]


async def test_a_repetition_makes_no_second_mail(side: Side) -> None:
    for _ in range(3):
        await side.mailer.send(REQUEST)
    assert side.mails() == ["17"]


@pytest.mark.parametrize("error", [Unavailable, Throttled, Unauthorized, Refused])
async def test_what_failed_made_no_mail_and_can_be_repeated(
    side: Side, error: type[IntegrationError]
) -> None:
    side.fail(error)
    with pytest.raises(error) as caught:
        await side.mailer.send(REQUEST)
    assert type(caught.value) is error
    assert side.mails() == []
    await side.mailer.send(REQUEST)
    assert side.mails() == ["17"]


async def test_an_answer_that_was_lost_is_no_second_mail_either(side: Side) -> None:
    side.fail(Uncertain)
    with pytest.raises(Uncertain):
        await side.mailer.send(REQUEST)
    await side.mailer.send(REQUEST)
    assert side.mails() == ["17"]


# -- the webhook


async def test_what_the_shop_gets(real: WebhookMailer, shop: Shop) -> None:
    await real.send(REQUEST)
    [(headers, body)] = shop.calls
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == "17"
    assert orjson.loads(body) == {
        "event": "touchpoint.mail",
        "id": "17",
        "flow": "rating",
        "purpose": "feedback",
        "order": {"id": "1001", "number": "#1001"},
        "entry_url": REQUEST.entry_url,
        "entry_urls": dict(REQUEST.entry_urls),
        "language": "de",
        "at": "2026-11-21T10:00:00+00:00",
    }


async def test_a_repetition_is_the_same_to_the_last_byte(real: WebhookMailer, shop: Shop) -> None:
    for _ in range(2):
        await real.send(replace(REQUEST, entry_urls=dict(REQUEST.entry_urls)))
    (first, body), (second, again) = shop.calls
    assert body == again == written(REQUEST)
    assert first["X-Signature-256"] == second["X-Signature-256"]


async def test_another_secret_is_refused_and_told(shop: Shop, http: Http) -> None:
    stranger = WebhookMailer(MailSettings(shop.url, "another secret"), http)
    with pytest.raises(Unauthorized, match="MAIL_WEBHOOK_SECRET") as caught:
        await stranger.send(REQUEST)
    assert caught.value.code == "401"
    assert shop.kept == {}


def test_nobody_may_sign_with_nothing(http: Http) -> None:
    with pytest.raises(ValueError, match="empty one"):
        WebhookMailer(MailSettings("https://shop.example", ""), http)
    assert SECRET not in repr(MailSettings("https://shop.example", SECRET))


async def test_a_shop_that_is_away_can_be_asked_again(http: Http) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/hooks?key=hush"
        with pytest.raises(Unavailable) as caught:
            await WebhookMailer(MailSettings(url, SECRET), http).send(REQUEST)
    assert "hush" not in str(caught.value)


async def test_a_redirect_is_not_followed(real: WebhookMailer, shop: Shop) -> None:
    shop.answers.append(web.Response(status=308, headers={"Location": "/elsewhere"}))
    with pytest.raises(Refused, match=r"mail\.url"):
        await real.send(REQUEST)
    assert len(shop.calls) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, Refused), (400, Refused), (401, Unauthorized), (403, Unauthorized), (404, Refused),
        (408, Unavailable), (409, Unavailable), (410, Refused), (422, Refused), (423, Unavailable),
        (425, Unavailable), (429, Throttled), (500, Unavailable), (502, Unavailable), (503, Unavailable),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, error: type[IntegrationError]) -> None:
    told = failure(Answer(status, body=b"Dear Mia Sommer"), NAMES)
    assert type(told) is error
    assert told.code == str(status)
    assert "Mia" not in str(told)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [({"Retry-After": "90"}, 90), ({"Retry-After": "0"}, 1), ({"Retry-After": "9999999"}, 86_400)]
    + [({"Retry-After": odd}, 60) for odd in ("", "soon", "-5", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "٣")]
    + [({}, 60)],
)
def test_how_long_a_pause_is(told: dict[str, str], seconds: float) -> None:
    error = failure(Answer(429, told), NAMES)
    assert isinstance(error, Throttled)
    assert error.after == seconds


# -- the registry


def test_it_is_on_where_it_is_set_up() -> None:
    assert connect(Accounts()).mailer is None
    on = connect(Accounts(mail=MailSettings("https://shop.example/hooks", SECRET)))
    assert isinstance(on.mailer, WebhookMailer)
