"""The sandbox's own API: the world, live events, the clock, and the sample shop's orders."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from integrations.sandbox import SANDBOX, pages, sandbox_app
from tests.integrations.sandbox.conftest import SETTINGS, START, Box, Clock, Json


@asynccontextmanager
async def listening(box: Box) -> AsyncIterator[Any]:
    """Open the live events; yield a function that waits for the next one of a type."""
    async with box.client.get(f"{box.base}/api/events") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert (await stream.content.readline()).startswith(b":")

        async def next_of(kind: str) -> Json:
            async with asyncio.timeout(5):
                while True:
                    line = await stream.content.readline()
                    if line.startswith(b"data: "):
                        event: Json = json.loads(line[6:])
                        if event["type"] == kind:
                            return event

        yield next_of


async def test_the_world_has_all_that_the_page_shows(box: Box) -> None:
    await box.say("instagram", "Hallo")
    world = await box.api("api/world")
    assert world["now"] == world["real_now"] == START.isoformat()
    assert world["shop"] == {"name": "Nachklang Demo", "logo": "", "language": "de"}
    windows = {one["name"]: one["window_hours"] for one in world["channels"]}
    assert windows == {"instagram": 24, "whatsapp": 24, "telegram": None}
    assert [one["key"] for one in world["people"]] == ["lena", "jonas", "amelie"]
    assert world["person"]["key"] == "lena"
    assert [m["text"] for m in world["threads"]["instagram"]] == ["Hallo"]
    assert set(world["threads"]) == {"instagram", "whatsapp", "telegram"}
    until = (START + timedelta(hours=24)).isoformat()
    assert world["windows"] == {"instagram": until, "whatsapp": None, "telegram": None}
    assert {p["sku"] for p in world["products"]} == {p.sku for p in SETTINGS.products}
    assert world["blocked"] == {"instagram": False, "whatsapp": False, "telegram": False}
    assert world["faults"]["window"] is True
    assert world["orders"] == []


async def test_a_message_has_one_shape(box: Box) -> None:
    said = await box.say("telegram", "Hallo")
    assert said == {
        "id": said["id"],
        "channel": "telegram",
        "person": "lena",
        "from": "buyer",
        "at": START.isoformat(),
        "style": "text",
        "text": "Hallo",
        "footer": "",
        "buttons": [],
        "list_label": "",
        "media": None,
        "cards": [],
        "reply_to": None,
        "reactions": [],
        "status": "sent",
        "error": None,
        "edited": False,
        "unsent": False,
        "tapped": None,
        "template": None,
    }


async def test_the_page_hears_what_happens(box: Box) -> None:
    async with listening(box) as next_of:
        said = await box.say("whatsapp", "Hallo")
        assert (await next_of("message"))["message"] == said
        body = {"status": "read", "message_id": said["id"], "typing_indicator": {"type": "text"}}
        await box.to_whatsapp(**body)
        assert (await next_of("update"))["message"]["status"] == "read"
        typing = {"type": "typing", "channel": "whatsapp", "person": "lena", "on": True}
        assert await next_of("typing") == typing
        await box.to_whatsapp(type="text", text={"body": "Gerne!"})
        assert (await next_of("message"))["message"]["text"] == "Gerne!"
        assert (await next_of("update"))["message"]["status"] == "sent"
        assert (await next_of("update"))["message"]["status"] == "delivered"
        now = (await box.api("clock", advance="3 days"))["now"]
        assert (await next_of("clock"))["now"] == now
        order = (await box.api("api/buy"))["order"]
        assert (await next_of("order"))["order"] == order
        await box.api("api/reset")
        await next_of("reset")


async def test_a_page_that_falls_behind_is_told_to_load_anew(box: Box) -> None:
    stage = box.handle._stage
    stream = stage.live.stream()
    assert (await anext(stream)).startswith(b":")
    for number in range(1500):
        stage.live.publish({"type": "clock", "now": str(number)})
    assert b'"type":"reset"' in await anext(stream)
    assert b'"1001"' in await anext(stream)
    await stream.aclose()


async def test_travelling_in_time(box: Box) -> None:
    assert (await box.api("clock", advance="3 days"))["now"] == (START + timedelta(days=3)).isoformat()
    assert (await box.api("clock", advance="90 minutes"))["now"].startswith("2026-11-24T11:00")
    world = await box.api("api/world")
    assert datetime.fromisoformat(world["real_now"]) == START
    for nonsense in ("", "soon", "-3 days", "99 years", "3 apples", "0 h"):
        assert "error" in await box.api("clock", status=400, advance=nonsense)
    assert (await box.api("api/world"))["now"] == world["now"]


def feed(secret: str, raw: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


async def test_buying_and_getting_a_parcel(box: Box) -> None:
    order = (await box.api("api/buy", sku="LICHT-02"))["order"]
    assert (order["status"], order["title"]) == ("paid", "Stehlampe „Abendlicht“")
    assert order["links"] == {"instagram": {"url": f"http://127.0.0.1/go/{order['id']}", "qr_svg": "<svg/>"}}
    box.clock.now += timedelta(days=2)
    arrived = (await box.api("api/arrive", order_id=order["id"]))["order"]
    assert arrived["status"] == "delivered"
    posts = await box.receiver.of("orders", 2)
    assert all(p.headers["X-Signature-256"] == feed(SETTINGS.orders_secret, p.raw) for p in posts)
    paid, delivered = [post.json for post in posts]
    assert [e["event"] for e in (paid, delivered)] == ["order.paid", "order.delivered"]
    assert paid["id"] != delivered["id"]
    assert paid["at"] < delivered["at"]
    assert paid["order"] == {
        "id": order["id"],
        "number": order["number"],
        "currency": "EUR",
        "total": "129.00",
        "placed_at": START.isoformat(),
        "buyer": {
            "name": "Lena Hoffmann",
            "email": "lena.hoffmann@mail.example",
            "phone": "+" + await box.address("whatsapp"),
            "language": "de",
        },
        "items": [{"sku": "LICHT-02", "title": order["title"], "quantity": 1, "price": "129.00"}],
    }
    assert delivered["order"]["tracking"]["status"] == "delivered"
    for path in ("api/arrive", "api/ship", "api/cancel"):
        assert "delivered" in (await box.api(path, status=400, order_id=order["id"]))["error"]


async def test_shipping_first_and_cancelling(box: Box) -> None:
    one = (await box.api("api/buy", person="jonas"))["order"]
    assert (await box.api("api/ship", order_id=one["id"]))["order"]["status"] == "shipped"
    assert (await box.api("api/arrive", order_id=one["id"]))["order"]["status"] == "delivered"
    two = (await box.api("api/buy"))["order"]
    assert (await box.api("api/cancel", order_id=two["id"]))["order"]["status"] == "cancelled"
    posts = await box.receiver.of("orders", 5)
    events = [post.json for post in posts]
    assert [e["event"] for e in events if e["order"]["id"] == one["id"]] == [
        "order.paid", "order.shipped", "order.delivered",
    ]  # fmt: skip
    assert events[0]["order"]["currency"] == "CHF"
    shown = (await box.api("api/world"))["orders"]
    assert [o["id"] for o in shown] == [two["id"]]  # Jonas's are his own
    await box.api("api/ship", status=404, order_id="unknown")
    await box.api("api/buy", status=404, sku="unknown")


async def test_orders_from_outside_are_signed_and_passed_on(box: Box) -> None:
    event = {
        "event": "order.paid",
        "id": "d1",
        "at": START.isoformat(),
        "order": {"id": "o1", "number": "1", "items": [{"title": "Tasse"}]},
    }
    raw = json.dumps(event, indent=1).encode()
    async with box.client.post(f"{box.base}/orders", data=raw) as answer:
        assert (answer.status, await answer.json()) == (200, {"heard": True})
    [post] = await box.receiver.of("orders")
    assert post.raw == raw  # to the byte
    assert post.headers["X-Signature-256"] == feed(SETTINGS.orders_secret, raw)
    assert [(o["id"], o["title"]) for o in (await box.api("api/world"))["orders"]] == [("o1", "Tasse")]
    await box.api("api/arrive", order_id="o1")
    assert len(await box.receiver.of("orders", 2)) == 2
    box.receiver.status = 400
    async with box.client.post(f"{box.base}/orders", data=b"[]") as answer:
        assert answer.status == 400
    async with box.client.post(f"{box.base}/orders", data=b"{") as answer:
        assert answer.status == 400


async def test_orders_from_outside_wait_for_a_server_that_is_down(box: Box, door: str) -> None:
    box.handle.connect("http://127.0.0.1:9")
    event = {"event": "order.paid", "id": "d1", "at": START.isoformat(), "order": {"id": "o1"}}
    async with box.client.post(f"{box.base}/orders", json=[event]) as answer:
        assert (answer.status, await answer.json()) == (202, {"queued": 1})
    box.handle.connect(door)
    [post] = await box.receiver.of("orders")
    assert post.json == event


async def test_what_was_sent_is_counted_in_order(box: Box) -> None:
    await box.say("instagram")
    await box.say("whatsapp")
    await box.to_instagram({"text": "eins"})
    await box.to_whatsapp(type="text", text={"body": "zwei"}, biz_opaque_callback_data="row-2")
    sent = await box.api("api/sent")
    assert sent["count"] == 2
    assert [m["text"] for m in sent["messages"]] == ["eins", "zwei"]
    only = await box.api("api/sent?channel=whatsapp")
    assert only["count"] == 1
    message = only["messages"][0]
    assert message == {
        "id": message["id"],
        "channel": "whatsapp",
        "person": "lena",
        "text": "zwei",
        "reference": "row-2",
        "at": START.isoformat(),
    }


async def test_a_new_beginning(box: Box) -> None:
    await box.say("instagram")
    await box.to_instagram({"text": "a"})
    await box.api("api/buy")
    await box.api("api/reset")
    world = await box.api("api/world")
    assert not any(world["threads"].values())
    assert world["orders"] == []
    assert (await box.api("api/sent"))["count"] == 0
    assert (await box.to_instagram({"text": "a"}))[0] == 400  # nobody has written yet


async def test_a_long_chat_forgets_its_beginning(box: Box) -> None:
    stage = box.handle._stage
    await box.say("telegram")
    thread = stage.world.thread("telegram", stage.world.people.get("lena"))
    first = next(iter(thread.messages.values()))
    for number in range(2100):
        thread.add(type(first)(f"x{number}", "telegram", "lena", "buyer", START, first.content))
    assert len(thread.messages) == 2000
    assert next(iter(thread.messages)) == "x100"


async def test_entry_links_lead_to_the_page(box: Box) -> None:
    for query, fragment in {
        "whatsapp?text=Hallo%20NK-1": "channel=whatsapp&text=Hallo+NK-1",
        "instagram?ref=abc&evil=1": "channel=instagram&ref=abc",
    }.items():
        async with box.client.get(f"{box.base}/open/{query}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, f"/sandbox#{fragment}")
    async with box.client.get(f"{box.base}/open/fax", allow_redirects=False) as answer:
        assert answer.status == 404


async def test_the_page_and_its_files_are_served_fresh(
    box: Box, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "phone.html").write_text("<!doctype html>")
    (tmp_path / "static" / "phone.js").write_text("export {}")
    (tmp_path / "static" / "secret.txt").write_text("no")
    monkeypatch.setattr(pages, "PAGE", tmp_path / "phone.html")
    monkeypatch.setattr(pages, "STATIC", tmp_path / "static")
    served = {"": "text/html", "/": "text/html", "/static/phone.js": "text/javascript"}
    for path, kind in served.items():
        async with box.client.get(box.base + path) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            assert answer.headers["Cache-Control"] == "no-cache"
    for path in (
        "/static/secret.txt",
        "/static/none.js",
        "/static/%2e%2e/phone.html",
        "/static/..%2fphone.html",
    ):
        async with box.client.get(box.base + path) as answer:
            assert answer.status == 404, path


async def test_it_stops_at_once_whatever_is_open(clock: Clock) -> None:
    inner = sandbox_app(SETTINGS, clock, clock.advance)
    outer = web.Application()
    outer.add_subapp("/sandbox", inner)
    server = TestServer(outer)
    await server.start_server()
    async with aiohttp.ClientSession() as client:
        base = str(server.make_url("/sandbox"))
        inner[SANDBOX].connect("http://127.0.0.1:9")
        inner[SANDBOX].faults.timeout_after_accept = 1
        body = {"channel": "telegram", "text": "a"}
        await (await client.post(f"{base}/api/say", json=body)).read()
        chat = inner[SANDBOX]._stage.world.people.get("lena").chat_id
        url = f"{base}/telegram/bot{SETTINGS.telegram.token}/sendMessage"
        hanging = asyncio.create_task(client.post(url, json={"chat_id": chat, "text": "a"}))
        stream = await client.get(f"{base}/api/events")
        await stream.content.readline()
        async with asyncio.timeout(5):
            await server.close()
            assert (await stream.content.read()).strip() == b""
            with pytest.raises(aiohttp.ClientError):
                await hanging
