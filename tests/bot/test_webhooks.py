"""The door, over HTTP: what is let in, what is turned away and with which words, and what is durable."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from bot.metrics import known_kind
from persistence.tables import InboxRow, OrderRow, OutboxRow
from tests.bot import signing
from tests.bot.conftest import Serve
from tests.bot.fakes import FlakyInbox, Fuse
from tests.bot.platform import Platform
from tests.bot.serving import LIVE, Running, until
from tests.bot.signing import sign

SOURCES = ("instagram", "whatsapp", "telegram", "shopify", "orders")
BODIES: Mapping[str, bytes] = {
    "instagram": signing.instagram_text("m1", "Hallo"),
    "whatsapp": signing.whatsapp(signing.whatsapp_message("wamid.1", "Hallo")),
    "telegram": signing.telegram_text(1, "Hallo"),
    "shopify": signing.shopify_order(),
    "orders": signing.order(),
}
"""One good event of each source."""

INTERNAL = ("Traceback", "Error", "sqlalchemy", "aiosqlite", "bot/", ".py", "line ", "database is")


@pytest.fixture
async def door(serve: Serve) -> AsyncIterator[Running]:
    """Every source is switched on; nobody works off what comes."""
    async with serve(environ=LIVE, only="web") as running:
        yield running


async def stored(door: Running) -> int:
    return len(await door.rows(InboxRow))


# -- what is let in


@pytest.mark.parametrize("source", SOURCES)
async def test_a_signed_event_is_stored_once_and_answered_with_nothing(door: Running, source: str) -> None:
    body = BODIES[source]
    for _ in range(3):
        assert await door.post(source, body, sign(source, body)) == (200, "")
    [row] = await door.rows(InboxRow)
    assert (row.source, row.status) == (source, "new" if row.lane == "message" else "waiting")
    assert await door.metric("nachklang_webhooks_total", source=source, status="200") == 3
    assert await door.metric("nachklang_events_accepted_total", source=source) == 1
    assert await door.metric("nachklang_events_repeated_total", source=source) == 2


@pytest.mark.parametrize(
    ("source", "secret", "status"),
    [
        ("instagram", "instagram secret of last year", 200),
        ("shopify", "shopify secret two", 200),
        ("instagram", "instagram secret of tomorrow", 401),
        ("instagram", "whatsapp secret", 401),  # a secret opens its own door only
        ("orders", "shopify secret", 401),
    ],
)
async def test_any_of_several_secrets_and_no_other(
    door: Running, source: str, secret: str, status: int
) -> None:
    body = BODIES[source]
    assert (await door.post(source, body, sign(source, body, secret)))[0] == status
    assert await stored(door) == (status == 200)


async def test_one_webhook_may_hold_many_events_of_many_people(door: Running) -> None:
    items = [signing.instagram_item(f"m{n}", "Hallo", f"guest-{n % 7}", n) for n in range(100)]
    body = signing.instagram(*items)
    assert (await door.post("instagram", body, sign("instagram", body)))[0] == 200
    senders = {row.contact for row in await door.rows(InboxRow)}
    assert (await stored(door), len(senders)) == (100, 7)
    two = orjson.loads(signing.whatsapp(*(signing.whatsapp_message(f"w{n}", "Hallo") for n in range(3))))
    two["entry"] *= 2
    body = orjson.dumps(two)
    assert (await door.post("whatsapp", body, sign("whatsapp", body)))[0] == 200
    assert await stored(door) == 103


async def test_what_another_app_holds_is_kept_but_not_answered(serve: Serve) -> None:
    item = signing.instagram_item("m1", "Hallo")
    body = signing.instagram(messaging=[], standby=[item])
    async with Platform.open() as platform, serve(environ=LIVE | platform.addresses) as server:
        assert (await server.post("instagram", body, sign("instagram", body)))[0] == 200
        later = signing.instagram_text("m2", "Noch da?", "bert")
        await server.post("instagram", later, sign("instagram", later))
        await server.quiet()
        rows = {row.external_id: (row.standby, row.status) for row in await server.rows(InboxRow)}
        assert rows == {"m1": (True, "kept"), "m2": (False, "done")}
        assert [row.status for row in await server.rows(OutboxRow)] == ["sent"]


async def test_sources_with_the_same_ids_do_not_meet(door: Running) -> None:
    for source in ("orders", "shopify"):
        body = BODIES[source]
        headers = sign(source, body) | {"X-Shopify-Webhook-Id": "d-1"}
        assert (await door.post(source, body, headers))[0] == 200
    assert await stored(door) == 2


async def test_every_request_of_a_crowd_is_answered_for_itself(door: Running) -> None:
    """They share commits; each still hears only what happened to its own events."""

    async def deliver(number: int) -> int:
        body = signing.instagram_text(f"m{number % 40}", "Hallo", f"guest-{number % 40}")
        headers = sign("instagram", body, "wrong" if number % 10 == 9 else None)
        return (await door.post("instagram", body, headers))[0]

    answers = await asyncio.gather(*(deliver(number) for number in range(200)))
    assert answers == [401 if number % 10 == 9 else 200 for number in range(200)]
    assert await stored(door) == 36
    assert await door.metric("nachklang_events_repeated_total", source="instagram") == 144


async def test_the_order_feed_reaches_the_orders(serve: Serve) -> None:
    async with serve(environ={"ORDERS_WEBHOOK_SECRET": "orders secret"}) as server:
        body = signing.order("1001")
        assert (await server.post("orders", body, sign("orders", body)))[0] == 200
        await until(lambda: server.rows(OrderRow))
        [row] = await server.rows(OrderRow)
        assert row.id == "1001"


# -- unknown kinds


TEXT = signing.instagram_item("x", "")


@pytest.mark.parametrize(
    ("source", "body"),
    [
        (
            "instagram",
            signing.instagram({**signing.instagram_item("x", ""), "message": None, "telepathy": {}}),
        ),
        ("whatsapp", signing.whatsapp(field="telepathy", thoughts=[{}])),
        ("whatsapp", signing.whatsapp({**signing.whatsapp_message("w", ""), "type": "hologram"})),
        ("telegram", b'{"update_id": 5, "hologram": {"x": 1}}'),
        ("orders", signing.order(event="order.teleported")),
        ("instagram", b'{"object": "page", "entry": [{"id": "1", "messaging": [{}]}]}'),
        ("instagram", b'{"object": "instagram", "entry": [42, null, {"messaging": "x"}]}'),
    ],
)
async def test_an_unknown_kind_is_accepted_and_counted(door: Running, source: str, body: bytes) -> None:
    assert await door.post(source, body, sign(source, body)) == (200, "")
    rows = await door.rows(InboxRow)
    counted = 'nachklang_events_ignored_total{kind="' in (await door.get("/metrics"))[1]
    assert counted or [row.kind for row in rows] == ["unsupported"]


async def test_an_unknown_topic_of_shopify_is_counted(door: Running) -> None:
    body = signing.shopify_order()
    headers = sign("shopify", body) | {"X-Shopify-Topic": "themes/publish"}
    assert (await door.post("shopify", body, headers))[0] == 200
    assert await stored(door) == 0
    assert 'nachklang_events_ignored_total{kind="' in (await door.get("/metrics"))[1]


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("reaction_counts", "reaction_counts"),
        ("status:some words of a stranger", "status"),
        ("x" * 41, "other"),
        ("Anna Müller 0170/123", "other"),
        ("", "other"),
    ],
)
def test_a_strangers_words_never_become_a_label(kind: str, label: str) -> None:
    assert known_kind(kind) == label


# -- what is turned away


@pytest.mark.parametrize("source", SOURCES)
async def test_without_the_right_signature_nothing_gets_in(door: Running, source: str) -> None:
    body = BODIES[source]
    tampered = body.replace(b"89.00", b"00.01").replace(b"Hallo", b"Hello")
    right = sign(source, body)
    wrong: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, dict.fromkeys(right, "")),
        (body, sign(source, body, "another secret")),
        (body, {name: value.swapcase()[:-2] for name, value in right.items()}),
        (body, dict.fromkeys(right, "sha256=")),
        (b"", {}),
    ]
    if source != "telegram":  # its secret says who sends, not what
        wrong.append((tampered, right))
    for content, headers in wrong:
        status, text = await door.post(source, content, headers)
        assert (status, orjson.loads(text)) == (401, {"error": "the signature does not match"})
    assert await stored(door) == 0
    assert await door.metric("nachklang_webhooks_total", source=source, status="401") == len(wrong)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("body", [b"", b"{", b"hello", b"\xff\xfe", b"[1, 2", b'"text"', b"42", b"null"])
async def test_what_is_no_json_object_is_malformed(door: Running, source: str, body: bytes) -> None:
    status, text = await door.post(source, body, sign(source, body))
    assert status == 400
    assert list(orjson.loads(text)) == ["error"]
    assert not [word for word in INTERNAL if word in text]
    assert await stored(door) == 0


async def test_the_order_feed_names_what_is_wrong(door: Running) -> None:
    broken = orjson.loads(signing.order())
    broken["order"]["total"] = "a lot"
    body = orjson.dumps(broken)
    status, text = await door.post("orders", body, sign("orders", body))
    assert status == 400
    assert "order.total" in text
    assert "a lot" not in text


@pytest.mark.parametrize("source", SOURCES)
async def test_too_large_a_body_is_refused_before_it_is_read(serve: Serve, source: str) -> None:
    async with serve(environ=LIVE, only="web", server={"max_body_bytes": 2000}) as door:
        body = b'{"x": "' + b"a" * 3000 + b'"}'
        status, text = await door.post(source, body, sign(source, body))
        assert status == 413
        assert not [word for word in INTERNAL if word in text]
        assert await door.metric("nachklang_webhooks_total", source=source, status="413") == 1
        small = BODIES[source]
        assert (await door.post(source, small, sign(source, small)))[0] == 200


async def test_whatsapps_largest_webhook_gets_in(door: Running) -> None:
    body = signing.whatsapp(signing.whatsapp_message("w1", "a" * 3_000_000))
    assert (await door.post("whatsapp", body, sign("whatsapp", body)))[0] == 200


@pytest.mark.parametrize("source", ["woocommerce", "unknown", "Instagram", "..%2F..%2Fetc", "instagram%00"])
async def test_a_source_that_is_not_there_is_not_found(door: Running, source: str) -> None:
    for ask in (door.client.post, door.client.get):
        async with ask(f"{door.url}/webhooks/{source}", data=b"{}") as answer:
            assert answer.status == 404
            text = await answer.text()
            assert source not in text
            assert not [word for word in INTERNAL if word in text]


async def test_a_source_that_is_switched_off_is_not_found(serve: Serve) -> None:
    async with serve(
        environ={"ORDERS_WEBHOOK_SECRET": "orders secret"}, channels={"sandbox": "never"}
    ) as door:
        for source in SOURCES:
            body = BODIES[source]
            status, _ = await door.post(source, body, sign(source, body))
            assert status == (200 if source == "orders" else 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_allowed(door: Running, method: str) -> None:
    async with door.client.request(method, f"{door.url}/webhooks/instagram") as answer:
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(",")) >= {"GET", "POST"}
    for source in ("telegram", "shopify", "orders"):
        assert (await door.get(f"/webhooks/{source}"))[0] == 405


async def test_noise_on_the_line_is_no_reason_to_fall_over(door: Running, logged: list[Any]) -> None:
    host, port = door.url.removeprefix("http://").split(":")
    for noise in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # somebody speaks TLS
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /webhooks/instagram HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST /webhooks/instagram HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",  # and hangs up
        b"POST /webhooks/instagram HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(noise)
        writer.write_eof()
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        assert b"Traceback" not in answer
        assert b".py" not in answer
    body = BODIES["instagram"]
    assert (await door.post("instagram", body, sign("instagram", body)))[0] == 200
    assert await stored(door) == 1


# -- the handshake


def handshake(token: str, challenge: str = "1158201444", mode: str = "subscribe") -> dict[str, str]:
    return {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": challenge}


async def test_the_handshake_is_answered_with_the_bare_challenge(door: Running) -> None:
    for source in ("instagram", "whatsapp"):
        asked = handshake(f"{source} verify", "<b>1158201444</b>")
        async with door.client.get(f"{door.url}/webhooks/{source}", params=asked) as answer:
            assert (answer.status, await answer.text()) == (200, "<b>1158201444</b>")
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        handshake("instagram verif"),
        handshake("whatsapp verify"),
        handshake(""),
        handshake("instagram verify", mode="unsubscribe"),
        {"hub.mode": "subscribe", "hub.verify_token": "instagram verify"},
    ],
)
async def test_another_handshake_is_refused(door: Running, asked: dict[str, str]) -> None:
    async with door.client.get(f"{door.url}/webhooks/instagram", params=asked) as answer:
        assert (answer.status, await answer.text()) == (403, "the verify token does not match")


# -- durability


async def test_what_cannot_be_stored_is_not_acknowledged(door: Running, logged: list[dict[str, Any]]) -> None:
    inbox = FlakyInbox(door.app.store.database)
    inbox.fuse = Fuse(1, RuntimeError(f"disk I/O error while writing {BODIES['instagram']!r}"))
    door.app.store.inbox = inbox
    body = BODIES["instagram"]
    status, text = await door.post("instagram", body, sign("instagram", body))
    assert status == 503
    assert orjson.loads(text) == {
        "error": "something went wrong here; nothing was stored, please send it again"
    }
    assert await stored(door) == 0
    assert await door.metric("nachklang_errors_total", room="web") == 1
    assert await door.metric("nachklang_webhooks_total", source="instagram", status="503") == 1
    [line] = [line for line in logged if line["event"] == "request_failed"]
    assert (line["path"], line["error"]) == ("/webhooks/{source}", "RuntimeError")
    assert (await door.post("instagram", body, sign("instagram", body)))[0] == 200
    assert await stored(door) == 1


def on_disk(file: Path) -> bytes:
    return file.read_bytes() + file.with_name(file.name + "-wal").read_bytes()


async def test_the_200_comes_only_after_the_commit(door: Running, store_url: str) -> None:
    """Whoever has read the status can find the event on the disk, with another program."""
    file = Path(store_url.removeprefix("sqlite:///"))
    for number in range(20):
        body = signing.instagram_text(f"m{number}", f"durable-{number}")
        assert (await door.post("instagram", body, sign("instagram", body)))[0] == 200
        assert f"durable-{number}".encode() in await asyncio.to_thread(on_disk, file)


async def test_who_hangs_up_before_the_answer_may_send_it_again(door: Running) -> None:
    host, port = door.url.removeprefix("http://").split(":")
    body = BODIES["instagram"]
    head = "".join(f"{name}: {value}\r\n" for name, value in sign("instagram", body).items())
    request = f"POST /webhooks/instagram HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    for _ in range(5):
        _, writer = await asyncio.open_connection(host, int(port))
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        writer.write(request.encode() + body)
        await writer.drain()
        writer.close()
    assert (await door.post("instagram", body, sign("instagram", body)))[0] == 200
    assert await stored(door) == 1
    assert await door.metric("nachklang_errors_total", room="web") == 0


# -- wake-ups


READ = {"id": "w1", "status": "read", "timestamp": str(signing.SECONDS), "recipient_id": "491701234567"}


@pytest.mark.parametrize(
    ("source", "body", "topic"),
    [
        ("instagram", BODIES["instagram"], "turns"),
        (
            "whatsapp",
            signing.whatsapp(
                statuses=[
                    {
                        "id": "w1",
                        "status": "read",
                        "timestamp": str(signing.SECONDS),
                        "recipient_id": "491701234567",
                    }
                ]
            ),
            "receipts",
        ),
        ("orders", BODIES["orders"], "shop"),
        ("whatsapp", signing.whatsapp(field="account_update", event="DISABLED_UPDATE"), "shop"),
    ],
)
async def test_who_works_it_off_is_woken(door: Running, source: str, body: bytes, topic: str) -> None:
    for quiet in ("turns", "receipts", "shop"):
        await door.app.signals.wait(quiet, 0.001)
    assert (await door.post(source, body, sign(source, body)))[0] == 200
    assert await door.app.signals.wait(topic, 1)
    for other in {"turns", "receipts", "shop"} - {topic}:
        assert not await door.app.signals.wait(other, 0.001)


async def test_texts_that_wait_for_more_texts_are_looked_at_again(serve: Serve) -> None:
    turns = {"typing_seconds": 4, "burst_seconds": 0.2}
    async with serve(environ=LIVE, only="web", turns=turns) as door:
        for number in range(3):
            body = signing.instagram_text(f"m{number}", "Hallo")
            await door.post("instagram", body, sign("instagram", body))
        assert await door.app.signals.wait("turns", 0.001)
        assert await door.app.signals.wait("turns", 2)  # the burst is over
        assert not await door.app.signals.wait("turns", 0.3)  # once for all three


# -- headers


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/metrics", "/webhooks/instagram", "/webhooks/none", "/nowhere", "/go/NK1"],
)
async def test_every_answer_carries_the_security_headers(door: Running, path: str) -> None:
    async with door.client.get(door.url + path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Server"] == "Nachklang"
