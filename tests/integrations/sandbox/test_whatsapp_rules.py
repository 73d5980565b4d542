"""WhatsApp in the sandbox refuses what WhatsApp refuses, with its codes: at once, or by a failed status."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integrations.sandbox.conftest import SETTINGS, Box

Json = dict[str, Any]
NUMBER = SETTINGS.whatsapp


def text(body: str = "Hallo") -> Json:
    return {"type": "text", "text": {"body": body}}


def reply(title: str, reply_id: str | None = None) -> Json:
    return {"type": "reply", "reply": {"id": title if reply_id is None else reply_id, "title": title}}


def buttons(*items: Json, body: str = "Passt alles?", **more: Any) -> Json:
    shown = {"type": "button", "body": {"text": body}, "action": {"buttons": list(items)}, **more}
    return {"type": "interactive", "interactive": shown}


def rows(count: int, **changes: str) -> list[Json]:
    return [{"id": f"r{n}", "title": f"Zeile {n}", **changes} for n in range(count)]


def listing(*sections: Json, body: str = "Was ist los?", label: str = "Auswählen") -> Json:
    action = {"button": label, "sections": list(sections)}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": body}, "action": action}}


def link(url: str = "https://shop.example", label: str = "Öffnen", **more: Any) -> Json:
    action = {"name": "cta_url", "parameters": {"display_text": label, "url": url}}
    shown = {"type": "cta_url", "body": {"text": "Hier entlang"}, "action": action, **more}
    return {"type": "interactive", "interactive": shown}


def template(
    *values: str, name: str = "order_checkin", language: str = "de", extra: list[Json] | None = None
) -> Json:
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}, *(extra or [])]
    return {
        "type": "template",
        "template": {"name": name, "language": {"code": language}, "components": components},
    }


def suffix(value: str) -> list[Json]:
    parameters = [{"type": "text", "text": value}]
    return [{"type": "button", "sub_type": "url", "index": "0", "parameters": parameters}]


def quick(index: int, payload: str, sub_type: str = "quick_reply") -> Json:
    parameters = [{"type": "payload", "payload": payload}]
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": parameters}


IMAGE_HEADER = {"type": "image", "image": {"link": "https://shop.example/a.png"}}
FITS = {
    "text of 4096": text("ä" * 4096),
    "three buttons": buttons(reply("x" * 20), reply("b", "i" * 256), reply("c"), body="x" * 1024),
    "buttons under a picture": buttons(reply("a"), header=IMAGE_HEADER, footer={"text": "x" * 60}),
    "ten rows": listing({"rows": rows(10, title="x" * 24, description="y" * 72)}, body="x" * 4096),
    "ten rows in ten sections": listing(*({"title": f"S{n}", "rows": [rows(10)[n]]} for n in range(10))),
    "link": link(label="x" * 20),
    "link under a picture": link(header=IMAGE_HEADER),
    "image": {"type": "image", "image": {"link": "https://shop.example/a.png", "caption": "x" * 1024}},
    "template": template("Lena", "Lautsprecher"),
    "template with payloads": template("Lena", "Lampe", extra=[quick(0, "good"), quick(1, "x" * 256)]),
    "template with suffix": template("Lena", "1", name="order_shipped", extra=suffix("abc")),
}
TOO_MUCH: dict[str, tuple[Json, int]] = {
    "text of 4097": (text("x" * 4097), 100),
    "empty text": (text(""), 100),
    "unknown type": ({"type": "hologram"}, 100),
    "reference of 513": ({**text(), "biz_opaque_callback_data": "x" * 513}, 100),
    "caption of 1025": (
        {"type": "image", "image": {"link": "https://a.example", "caption": "x" * 1025}},
        100,
    ),
    "image without address": ({"type": "image", "image": {"link": "a.png"}}, 100),
    "four buttons": (buttons(*(reply(t) for t in "abcd")), 131009),
    "no button": (buttons(), 131009),
    "button title of 21": (buttons(reply("x" * 21)), 131009),
    "button without title": (buttons(reply("", "a")), 131009),
    "button id of 257": (buttons(reply("a", "x" * 257)), 131009),
    "two equal titles": (buttons(reply("a", "1"), reply("a", "2")), 131009),
    "two equal ids": (buttons(reply("a", "1"), reply("b", "1")), 131009),
    "body of 1025": (buttons(reply("a"), body="x" * 1025), 131009),
    "no body": (buttons(reply("a"), body=""), 131009),
    "footer of 61": (buttons(reply("a"), footer={"text": "x" * 61}), 131009),
    "header of 61": (buttons(reply("a"), header={"type": "text", "text": "x" * 61}), 131009),
    "eleven rows": (listing({"rows": rows(11)}), 131009),
    "eleven rows in two sections": (
        listing({"title": "a", "rows": rows(6)}, {"title": "b", "rows": rows(11)[6:]}),
        131009,
    ),
    "two sections, one untitled": (listing({"title": "a", "rows": rows(1)}, {"rows": rows(2)[1:]}), 131009),
    "row title of 25": (listing({"rows": rows(1, title="x" * 25)}), 131009),
    "row description of 73": (listing({"rows": rows(1, description="x" * 73)}), 131009),
    "row id of 201": (listing({"rows": rows(1, id="x" * 201)}), 131009),
    "two equal row ids": (listing({"rows": rows(2, id="a")}), 131009),
    "list label of 21": (listing({"rows": rows(1)}, label="x" * 21), 131009),
    "list body of 4097": (listing({"rows": rows(1)}, body="x" * 4097), 131009),
    "link label of 21": (link(label="x" * 21), 131009),
    "link without address": (link("shop.example"), 131009),
    "template in another language": (template("a", "b", language="fr"), 132001),
    "template that is not there": (template(name="x"), 132001),
    "one parameter too few": (template("Lena"), 132000),
    "one parameter too many": (template("a", "b", "c"), 132000),
    "parameter of another kind": (
        {
            "type": "template",
            "template": {
                "name": "order_checkin",
                "language": {"code": "de"},
                "components": [{"type": "body", "parameters": [{"type": "currency"}] * 2}],
            },
        },
        132012,
    ),
    "empty parameter": (template("Lena", ""), 131008),
    "parameter with a new line": (template("Lena", "a\nb"), 100),
    "filled up beyond 1024": (template("Lena", "x" * 1024), 132005),
    "button of another kind": (template("a", "b", extra=[quick(0, "x", "url")]), 132012),
    "template payload of 257": (template("a", "b", extra=[quick(0, "x" * 257)]), 131009),
    "link without its suffix": (template("a", "b", name="order_shipped"), 131008),
}


@pytest.mark.parametrize("message", FITS.values(), ids=FITS.keys())
async def test_what_fits_is_accepted_and_delivered(box: Box, message: Json) -> None:
    await box.say("whatsapp")
    status, answer = await box.to_whatsapp(**message, biz_opaque_callback_data="row-7")
    assert status == 200, answer
    assert answer["messaging_product"] == "whatsapp"
    assert answer["contacts"][0]["wa_id"] == await box.address("whatsapp")
    statuses = await box.receiver.whatsapp("statuses", 2)
    assert {s["status"] for s in statuses} == {"sent", "delivered"}
    assert {s["biz_opaque_callback_data"] for s in statuses} == {"row-7"}
    assert {s["id"] for s in statuses} == {answer["messages"][0]["id"]}
    category = "utility" if message["type"] == "template" else "service"
    expected = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category}
    assert statuses[0]["pricing"] == expected


@pytest.mark.parametrize(("message", "code"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
async def test_what_does_not_fit_is_refused_at_once(box: Box, message: Json, code: int) -> None:
    await box.say("whatsapp")
    status, answer = await box.to_whatsapp(**message)
    assert answer["error"]["code"] == code, answer
    assert status == (404 if code == 132001 else 400)
    assert ("error_data" in answer["error"]) == (code not in {100, 132012})
    assert (await box.api("api/sent"))["count"] == 0


async def failed(box: Box) -> Json:
    """Return the failed status, which must be the only one."""
    statuses = await box.receiver.whatsapp("statuses")
    assert [s["status"] for s in statuses] == ["failed"]
    error: Json = statuses[0]["errors"][0]
    assert error["error_data"]["details"]
    assert "pricing" not in statuses[0]
    return {**error, "recipient": statuses[0].get("recipient_id")}


async def test_outside_the_window_a_text_is_accepted_and_then_fails(box: Box) -> None:
    await box.say("whatsapp")
    box.clock.now += timedelta(hours=24)
    status, _ = await box.to_whatsapp(**text())
    assert status == 200
    assert (await failed(box))["code"] == 131047
    shown = (await box.thread("whatsapp"))[-1]
    assert (shown["status"], shown["error"]["code"]) == ("failed", 131047)


async def test_outside_the_window_a_template_arrives(box: Box) -> None:
    status, answer = await box.to_whatsapp(**template("Lena", "Lautsprecher"))
    assert (status, answer["messages"][0]["message_status"]) == (200, "accepted")
    statuses = await box.receiver.whatsapp("statuses", 2)
    assert {s["status"] for s in statuses} == {"sent", "delivered"}
    shown = (await box.thread("whatsapp"))[-1]
    assert shown["text"].startswith("Hallo Lena, wie läuft es mit Lautsprecher?")
    assert [b["title"] for b in shown["buttons"]] == ["Alles bestens", "Ich habe eine Frage"]


async def test_a_template_link_gets_its_suffix(box: Box) -> None:
    await box.to_whatsapp(**template("Lena", "1", name="order_shipped", extra=suffix("abc")))
    shown = (await box.thread("whatsapp"))[-1]
    assert shown["buttons"][0]["url"] == "https://shop.example/track/abc"


async def test_an_unknown_number_fails_later(box: Box) -> None:
    assert (await box.to_whatsapp(to="+491709999999", **text()))[0] == 200
    error = await failed(box)
    assert (error["code"], error["recipient"]) == (131026, "491709999999")


async def test_a_number_without_plus_goes_to_a_stranger(box: Box) -> None:
    await box.say("whatsapp")
    wa_id = await box.address("whatsapp")
    status, _ = await box.to_whatsapp(to=wa_id, **text())
    assert status == 200
    error = await failed(box)
    assert (error["code"], error["recipient"]) == (131026, "49" + wa_id)
    assert len(await box.thread("whatsapp")) == 1
    assert (await box.api("api/sent"))["messages"][0]["person"] is None


async def test_a_user_id_in_to_is_lost_without_a_word(box: Box) -> None:
    await box.say("whatsapp")
    person = (await box.api("api/world"))["person"]["whatsapp"]
    status, _ = await box.to_whatsapp(to=person["user_id"], **text("verloren"))
    assert status == 200
    await box.to_whatsapp(**text("danach"))
    statuses = await box.receiver.whatsapp("statuses", 2)
    assert len({s["id"] for s in statuses}) == 1
    assert [m["text"] for m in await box.thread("whatsapp")] == ["Hallo", "danach"]
    assert (await box.api("api/sent"))["count"] == 2


async def test_a_user_id_in_recipient_arrives(box: Box) -> None:
    await box.api("api/person", key="amelie")
    await box.say("whatsapp")
    person = (await box.api("api/world"))["person"]["whatsapp"]
    status, answer = await box.to_whatsapp(recipient=person["user_id"], **text("hallo"))
    assert (status, answer["contacts"][0]["user_id"]) == (200, person["user_id"])
    statuses = await box.receiver.whatsapp("statuses", 2)
    assert {s["recipient_user_id"] for s in statuses} == {person["user_id"]}
    assert not any("recipient_id" in s for s in statuses)
    [message] = await box.receiver.whatsapp("messages")
    assert message["from_user_id"] == person["user_id"]
    assert "from" not in message


async def test_a_person_who_has_blocked_us(box: Box) -> None:
    await box.say("whatsapp")
    await box.api("api/block", channel="whatsapp", blocked=True)
    assert (await box.to_whatsapp(**text()))[0] == 200
    assert (await failed(box))["code"] == 131026


async def test_the_pair_rate_lends_45_and_then_one_per_six_seconds(box: Box) -> None:
    await box.say("whatsapp")
    outcomes = [(await box.to_whatsapp(**text(str(n))))[0] for n in range(45)]
    assert outcomes == [200] * 45
    status, answer = await box.to_whatsapp(**text("zu viel"))
    assert (status, answer["error"]["code"]) == (400, 131056)
    box.clock.now += timedelta(seconds=6)
    assert (await box.to_whatsapp(**text("46")))[0] == 200
    assert (await box.to_whatsapp(**text("47")))[1]["error"]["code"] == 131056
    await box.say("whatsapp", person="jonas")
    assert (await box.to_whatsapp(person="jonas", **text("andere")))[0] == 200
    await box.api("faults", pair_rate=False)
    assert (await box.to_whatsapp(**text("47")))[0] == 200


async def test_writing_to_oneself(box: Box) -> None:
    _, answer = await box.to_whatsapp(to=NUMBER.number, **text())
    assert answer["error"]["code"] == 131021


@pytest.mark.parametrize("missing", ["messaging_product", "to"])
async def test_what_every_send_needs(box: Box, missing: str) -> None:
    body = {"messaging_product": "whatsapp", "to": "+491701234567", **text()}
    del body[missing]
    status, answer = await box.graph(f"{NUMBER.phone_number_id}/messages", body)
    assert (status, answer["error"]["code"]) == (400, 100)


@pytest.mark.parametrize("token", ["", SETTINGS.instagram.access_token])
async def test_a_wrong_token(box: Box, token: str) -> None:
    status, answer = await box.graph(f"{NUMBER.phone_number_id}/messages", text(), token=token)
    assert (status, answer["error"]["code"]) == (401, 190)


async def test_read_marks_and_typing_need_a_message_that_came(box: Box) -> None:
    said = await box.say("whatsapp")
    body = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": said["id"],
        "typing_indicator": {"type": "text"},
    }
    path = f"{NUMBER.phone_number_id}/messages"
    assert await box.graph(path, body) == (200, {"success": True})
    assert (await box.thread("whatsapp"))[0]["status"] == "read"
    _, answer = await box.graph(path, {**body, "message_id": "wamid.unknown"})
    assert answer["error"]["code"] == 100
    assert (await box.api("api/sent"))["count"] == 0


async def test_the_shop_reacts(box: Box) -> None:
    said = await box.say("whatsapp")
    reaction: Json = {"type": "reaction", "reaction": {"message_id": said["id"], "emoji": "🎉"}}
    assert (await box.to_whatsapp(**reaction))[0] == 200
    assert (await box.thread("whatsapp"))[0]["reactions"] == [{"from": "shop", "emoji": "🎉"}]


async def test_reading_the_chat_reports_read_and_never_goes_back(box: Box) -> None:
    await box.say("whatsapp")
    box.handle.faults.status_delay_ms = 100
    await box.to_whatsapp(**text(), biz_opaque_callback_data="row-1")
    assert (await box.api("api/read", channel="whatsapp"))["read"] == 1
    [read] = await box.receiver.whatsapp("statuses")
    assert (read["status"], read["biz_opaque_callback_data"]) == ("read", "row-1")
    await box.to_whatsapp(**text("zweite"), biz_opaque_callback_data="row-2")
    statuses = await box.receiver.whatsapp("statuses", 3)
    assert [s["status"] for s in statuses if s["biz_opaque_callback_data"] == "row-1"] == ["read"]


async def test_the_templates_and_the_number_can_be_asked_for(box: Box) -> None:
    _, listed = await box.graph(f"{NUMBER.waba_id}/message_templates", method="GET")
    assert {(t["name"], t["language"]) for t in listed["data"]} >= {("order_checkin", "de")}
    _, number = await box.graph(f"{NUMBER.phone_number_id}?fields=quality_rating", method="GET")
    assert number["display_phone_number"] == NUMBER.number
    path = f"{NUMBER.waba_id}/subscribed_apps"
    assert len((await box.graph(path, method="GET"))[1]["data"]) == 1
    await box.graph(path, method="DELETE")
    assert (await box.graph(path, method="GET"))[1] == {"data": []}
