"""One suite for whoever keeps templates: WhatsApp against the sandbox, and the fake that other tests use."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialogs.messages import Arrival, Notice, Outgoing, Template
from dialogs.stored_templates import StoredButton, StoredTemplate
from integrations.base import IntegrationError, Refused, Templating, Unauthorized, Unavailable
from integrations.fake import FakeChannel
from integrations.sandbox import SANDBOX, ApprovedTemplate, TemplateButton, sandbox_app
from integrations.whatsapp import WhatsApp, WhatsAppSettings
from tests.integrations.sandbox.conftest import SETTINGS, Box, Clock, Json, Receiver

NUMBER = SETTINGS.whatsapp
MANY = 130
HELLO = ApprovedTemplate(
    "hello", "de", "Hallo {{1}}, wie geht es {{2}}? Bis bald!", (TemplateButton("quick_reply", "Gut"),)
)
LINKED = ApprovedTemplate(
    "linked", "en", "Look!", (TemplateButton("url", "Go", "https://shop.example/{{1}}"),), "Bye", "marketing"
)
CROWD = tuple(ApprovedTemplate(f"crowd_{n}", "de", "Danke!") for n in range(MANY))
Judge = Callable[[str, str, str], Awaitable[None]]


@dataclass
class Side:
    """Whoever keeps templates, and a way to have one judged."""

    keeper: Templating
    judge: Judge
    without: Templating
    """The same, with no account named."""


def whatsapp(base: str, *, waba: str = NUMBER.waba_id, token: str = NUMBER.access_token) -> WhatsApp:
    return WhatsApp(
        WhatsAppSettings(
            app_secrets=(NUMBER.app_secret,),
            verify_token="verify",
            access_token=token,
            phone_number_id=NUMBER.phone_number_id,
            number=NUMBER.number.removeprefix("+"),
            graph_url=f"{base}/graph",
            waba_id=waba,
        )
    )


async def judge(
    box: Box, name: str, language: str, status: str, *, reason: str = "", code: int = 200
) -> Json:
    """Let Meta make up its mind."""
    body = {"name": name, "language": language, "status": status, "reason": reason}
    async with box.client.post(f"{box.base}/api/template", json=body) as answer:
        assert answer.status == code
        told: Json = await answer.json()
        return told


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """A sandbox with more templates than fit on a page."""
    clock, receiver = Clock(), Receiver()
    inner = sandbox_app(replace(SETTINGS, templates=(HELLO, LINKED, *CROWD)), clock, clock.advance)
    outer, door = web.Application(), web.Application()
    outer.add_subapp("/sandbox", inner)
    door.router.add_post("/webhooks/{source}", receiver.take)
    async with TestServer(door) as bot, TestServer(outer) as server, aiohttp.ClientSession() as client:
        inner[SANDBOX].connect(str(bot.make_url("")))
        yield Box(str(server.make_url("/sandbox")), client, clock, receiver, inner[SANDBOX])


@pytest.fixture(params=["fake", "whatsapp"])
async def side(request: pytest.FixtureRequest, box: Box) -> AsyncIterator[Side]:
    if request.param == "whatsapp":
        adapter, without = whatsapp(box.base), whatsapp(box.base, waba="")

        async def decide(name: str, language: str, status: str) -> None:
            await judge(box, name, language, status)

        yield Side(adapter, decide, without)
        await adapter.aclose()
        await without.aclose()
        return
    fake = FakeChannel(box.clock, template_account="waba")
    fake.stored = [
        StoredTemplate(
            "hello", "de", "APPROVED", "UTILITY", HELLO.body, (StoredButton("QUICK_REPLY", "Gut"),)
        ),
        StoredTemplate("linked", "en", "APPROVED", "MARKETING", "Look!", (StoredButton("URL", "Go"),)),
        *(StoredTemplate(one.name, "de", "APPROVED", "UTILITY", one.body) for one in CROWD),
    ]

    async def say(name: str, language: str, status: str) -> None:
        kept = [one for one in fake.stored if one.key != (name, language) or status != "DELETED"]
        fake.stored = [replace(one, status=status) if one.key == (name, language) else one for one in kept]

    yield Side(fake, say, FakeChannel(box.clock))


async def known(keeper: Templating) -> dict[tuple[str, str], StoredTemplate]:
    found = await keeper.templates()
    by_key = {one.key: one for one in found}
    assert len(by_key) == len(found)
    return by_key


async def test_every_template_is_told_with_text_buttons_and_state(side: Side) -> None:
    assert isinstance(side.keeper, Templating)
    assert side.keeper.template_account
    found = await known(side.keeper)
    assert len(found) == MANY + 2
    hello, linked = found["hello", "de"], found["linked", "en"]
    assert (hello.status, hello.category, hello.body, hello.holes) == (
        "APPROVED", "UTILITY", HELLO.body, ("1", "2"),
    )  # fmt: skip
    assert hello.buttons == (StoredButton("QUICK_REPLY", "Gut"),)
    assert (linked.category, linked.buttons, linked.header) == ("MARKETING", (StoredButton("URL", "Go"),), "")


@pytest.mark.parametrize("status", ["PENDING", "REJECTED", "PAUSED", "DISABLED"])
async def test_a_verdict_is_seen_in_the_next_reading(side: Side, status: str) -> None:
    await side.judge("hello", "de", status)
    found = await known(side.keeper)
    assert found["hello", "de"].status == status
    assert found["linked", "en"].status == "APPROVED"


async def test_what_was_deleted_is_not_there_any_more(side: Side) -> None:
    await side.judge("hello", "de", "DELETED")
    assert ("hello", "de") not in await known(side.keeper)


async def test_without_an_account_there_is_nothing_to_ask(side: Side) -> None:
    assert side.without.template_account == ""
    with pytest.raises(Refused):
        await side.without.templates()


@pytest.mark.parametrize(
    ("waba", "token", "error"), [(NUMBER.waba_id, "wrong", Unauthorized), ("1", NUMBER.access_token, Refused)]
)
async def test_who_may_not_look_is_told_so(
    box: Box, waba: str, token: str, error: type[IntegrationError]
) -> None:
    adapter = whatsapp(box.base, waba=waba, token=token)
    with pytest.raises(error):
        await adapter.templates()
    await adapter.aclose()


async def test_a_rejection_has_a_reason_and_a_paused_one_a_bad_quality(box: Box) -> None:
    adapter = whatsapp(box.base)
    await judge(box, "hello", "de", "REJECTED", reason="ABUSIVE_CONTENT")
    await judge(box, "linked", "en", "PAUSED")
    found = await known(adapter)
    assert (found["hello", "de"].reason, found["hello", "de"].quality) == ("ABUSIVE_CONTENT", "GREEN")
    assert (found["linked", "en"].reason, found["linked", "en"].quality) == ("", "RED")
    await adapter.aclose()


async def test_a_verdict_comes_as_news_each_time_it_falls(box: Box) -> None:
    adapter = whatsapp(box.base)
    told: list[Arrival] = []
    for status in ("PAUSED", "APPROVED", "PAUSED"):
        await judge(box, "hello", "de", status)
        await box.clock.advance(timedelta(seconds=5))
    posts = await box.receiver.of("whatsapp", 3)
    for post in posts:
        adapter.verify(post.headers, post.raw)
        told += adapter.parse(post.headers, post.raw, box.clock()).arrivals
    assert len({one.external_id for one in told}) == 3
    event = told[0].event
    assert isinstance(event, Notice)
    assert event.topic == "message_template_status_update"
    assert event.detail["message_template_name"] == "hello"
    await adapter.aclose()


@pytest.mark.parametrize(
    ("status", "code"),
    [("PAUSED", "132015"), ("DISABLED", "132016"), ("REJECTED", "132001"), ("PENDING", "132001")],
)
async def test_what_is_not_approved_is_refused_in_metas_words(box: Box, status: str, code: str) -> None:
    adapter, lena = whatsapp(box.base), await box.address("whatsapp")
    template = Template("hello", "de", ("Lena", "dir"), ("good",))
    await judge(box, "hello", "de", status)
    with pytest.raises(Refused) as refused:
        await adapter.send(lena, Outgoing("text", "", template=template), reference="r")
    assert refused.value.code == code
    await judge(box, "hello", "de", "APPROVED")
    assert (await adapter.send(lena, Outgoing("text", "", template=template), reference="r")).external_id
    await adapter.aclose()


async def test_the_sandbox_pages_as_meta_does(box: Box) -> None:
    path = f"{NUMBER.waba_id}/message_templates"
    _, first = await box.graph(f"{path}?fields=name,status&limit=2", method="GET")
    assert [set(one) for one in first["data"]] == [{"name", "status", "id"}] * 2
    after = first["paging"]["cursors"]["after"]
    assert f"after={after}" in first["paging"]["next"]
    _, rest = await box.graph(f"{path}?limit=1000&after={after}", method="GET")
    assert len(rest["data"]) == MANY
    assert "next" not in rest["paging"]
    _, few = await box.graph(f"{path}?name=hello&status=APPROVED", method="GET")
    assert [one["language"] for one in few["data"]] == ["de"]
    for wrong in ("limit=0", "after=%F0%9F%98%80", "limit=x"):
        status, told = await box.graph(f"{path}?{wrong}", method="GET")
        assert (status, told["error"]["code"]) == (400, 100)


async def test_nobody_judges_a_template_that_there_is_not(box: Box) -> None:
    assert await judge(box, "no", "de", "PAUSED", code=404)


@pytest.mark.parametrize("circle", [True, False], ids=["a circle", "without end"])
async def test_pages_that_never_end_are_given_up(circle: bool) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.query.get("after", ""))
        after = "same" if circle else str(len(asked))
        paging = {"cursors": {"after": after}, "next": "https://graph.example/next"}
        return web.json_response(
            {"data": [{"name": "a"}, "x", {"name": "b", "language": "de"}], "paging": paging}
        )

    app = web.Application()
    app.router.add_get("/graph/v25.0/{id}/message_templates", answer)
    async with TestServer(app) as server:
        adapter = whatsapp(str(server.make_url("")).rstrip("/"))
        with pytest.raises(Unavailable):
            await adapter.templates()
        await adapter.aclose()
    assert len(asked) == (2 if circle else 100)


HEADERS = [
    ({"type": "HEADER", "format": "IMAGE"}, "IMAGE"),
    ({"type": "HEADER", "format": "TEXT", "text": "Hallo"}, "TEXT"),
    ({"type": "HEADER", "format": "TEXT", "text": "Hallo {{1}}"}, "PARAMETER"),
]


@pytest.mark.parametrize(("header", "kind"), HEADERS)
async def test_a_header_and_pieces_that_are_no_template_are_read_as_they_are(
    header: dict[str, str], kind: str
) -> None:
    parts = [header, {"type": "BODY", "text": "Da\x00nke"}, {"type": "NEW"}, 7]
    stored = {"name": "a", "language": "de", "status": "approved", "components": parts, "quality_score": None}

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"data": [stored, {"language": "de"}, 3]})

    app = web.Application()
    app.router.add_get("/graph/v25.0/{id}/message_templates", answer)
    async with TestServer(app) as server:
        adapter = whatsapp(str(server.make_url("")).rstrip("/"))
        assert await adapter.templates() == (
            StoredTemplate("a", "de", "APPROVED", body="Danke", header=kind),
        )
        await adapter.aclose()
