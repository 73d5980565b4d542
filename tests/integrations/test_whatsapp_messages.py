"""WhatsApp: what goes out, and what the platform's refusals mean."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dialogs.messages import Button, Link, Outgoing, Picture, Template
from integrations.base import (
    Refused,
    Sent,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from integrations.whatsapp import WhatsApp
from integrations.whatsapp_messages import body_of
from tests.integrations.golden import whatsapp
from tests.integrations.graph import FakeGraph, fake_graph

NUMBER, PHONE, USER = "106540352242922", "4915112345678", "DE.13491208655302741918"
YES, NO = Button("q:yes", "Ja"), Button("q:no", "Nein", "noch nicht")
PHOTO = Picture("image", "https://cdn.example/x.jpg", "Lampe")


def content(outgoing: Outgoing) -> Any:
    sent = body_of(PHONE, outgoing, reference="4711")
    envelope = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": f"+{PHONE}",
        "biz_opaque_callback_data": "4711",
    }
    assert {name: sent[name] for name in envelope} == envelope
    rest = {name: value for name, value in sent.items() if name not in envelope}
    kind = rest.pop("type")
    assert list(rest) == [kind]
    return kind, rest[kind]


@pytest.mark.parametrize(
    ("outgoing", "kind", "expected"),
    [
        (Outgoing("text", "Grüße"), "text", {"body": "Grüße", "preview_url": False}),
        (
            Outgoing("text", "Da: https://shop.example"),
            "text",
            {"body": "Da: https://shop.example", "preview_url": True},
        ),
        (
            Outgoing("buttons", "Da?", (YES, NO)),
            "interactive",
            {
                "type": "button",
                "body": {"text": "Da?"},
                "action": {
                    "buttons": [
                        {"type": "reply", "reply": {"id": "q:yes", "title": "Ja"}},
                        {"type": "reply", "reply": {"id": "q:no", "title": "Nein"}},
                    ]
                },
            },
        ),
        (
            Outgoing("buttons", "Da?", (YES,), picture=PHOTO),
            "interactive",
            {
                "type": "button",
                "header": {"type": "image", "image": {"link": "https://cdn.example/x.jpg"}},
                "body": {"text": "Da?"},
                "action": {"buttons": [{"type": "reply", "reply": {"id": "q:yes", "title": "Ja"}}]},
            },
        ),
        (
            Outgoing("list", "Was?", (YES, NO), list_label="Auswählen"),
            "interactive",
            {
                "type": "list",
                "body": {"text": "Was?"},
                "action": {
                    "button": "Auswählen",
                    "sections": [
                        {
                            "rows": [
                                {"id": "q:yes", "title": "Ja"},
                                {"id": "q:no", "title": "Nein", "description": "noch nicht"},
                            ]
                        }
                    ],
                },
            },
        ),
        (
            Outgoing("link", "Hier:", link=Link("Verfolgen", "https://shop.example/t")),
            "interactive",
            {
                "type": "cta_url",
                "body": {"text": "Hier:"},
                "action": {
                    "name": "cta_url",
                    "parameters": {"display_text": "Verfolgen", "url": "https://shop.example/t"},
                },
            },
        ),
        (
            Outgoing("media", "Schritt 1", picture=PHOTO),
            "image",
            {"link": "https://cdn.example/x.jpg", "caption": "Schritt 1"},
        ),
        (
            Outgoing("media", picture=Picture("video", "https://cdn.example/v")),
            "video",
            {"link": "https://cdn.example/v"},
        ),
        (
            Outgoing("media", picture=Picture("audio", "https://cdn.example/a")),
            "audio",
            {"link": "https://cdn.example/a"},
        ),
        (
            Outgoing("media", "Hör mal", picture=Picture("audio", "https://cdn.example/a")),
            "text",
            {"body": "Hör mal\nhttps://cdn.example/a", "preview_url": True},
        ),
        (
            Outgoing(
                "media", "Anleitung", picture=Picture("document", "https://cdn.example/d", "Aufbau.pdf")
            ),
            "document",
            {"link": "https://cdn.example/d", "caption": "Anleitung", "filename": "Aufbau.pdf"},
        ),
        (
            Outgoing("text", "anders", template=Template("danke", "de")),
            "template",
            {"name": "danke", "language": {"code": "de"}},
        ),
        (
            Outgoing(
                "text",
                template=Template("weg", "de", ("Anna", "4711"), ("track:1", "help:1"), ("t/4711",)),
            ),
            "template",
            {
                "name": "weg",
                "language": {"code": "de"},
                "components": [
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "text": "Anna"}, {"type": "text", "text": "4711"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": "0",
                        "parameters": [{"type": "payload", "payload": "track:1"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": "1",
                        "parameters": [{"type": "payload", "payload": "help:1"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "url",
                        "index": "2",
                        "parameters": [{"type": "text", "text": "t/4711"}],
                    },
                ],
            },
        ),
    ],
)
def test_bodies_of_every_style(outgoing: Outgoing, kind: str, expected: Any) -> None:
    assert content(outgoing) == (kind, expected)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PHONE, {"to": f"+{PHONE}"}),
        (f"+{PHONE}", {"to": f"+{PHONE}"}),
        (USER, {"recipient": USER}),
        ("US.ENT.11815799212886844830", {"recipient": "US.ENT.11815799212886844830"}),
    ],
)
def test_a_number_gets_a_plus_and_a_user_id_its_own_field(address: str, expected: dict[str, str]) -> None:
    sent = body_of(address, Outgoing("text", "x"), reference="1")
    assert {name: sent[name] for name in ("to", "recipient") if name in sent} == expected


@pytest.mark.parametrize(
    "outgoing", [Outgoing("cards"), Outgoing("list"), Outgoing("link"), Outgoing("media")]
)
def test_what_whatsapp_cannot_say_is_refused(outgoing: Outgoing) -> None:
    with pytest.raises(Refused):
        body_of(PHONE, outgoing, reference="1")


@pytest.fixture
async def server() -> AsyncIterator[FakeGraph]:
    async with fake_graph() as graph:
        yield graph


@pytest.fixture
async def channel(server: FakeGraph) -> AsyncIterator[WhatsApp]:
    adapter = whatsapp(graph_url=server.url)
    yield adapter
    await adapter.aclose()


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ({"id": "wamid.1"}, Sent("wamid.1")),
        ({"id": "wamid.1", "message_status": "accepted"}, Sent("wamid.1")),
        ({"id": "wamid.1", "message_status": "held_for_quality_assessment"}, Sent("wamid.1", held=True)),
    ],
)
async def test_sending(server: FakeGraph, channel: WhatsApp, told: dict[str, str], sent: Sent) -> None:
    contacts = [{"input": f"+{PHONE}", "wa_id": PHONE}]
    server.will_answer(200, {"messaging_product": "whatsapp", "contacts": contacts, "messages": [told]})
    assert await channel.send(PHONE, Outgoing("text", "Grüße"), reference="4711") == sent
    (call,) = server.calls
    assert (call.method, call.path, call.token) == ("POST", f"/v25.0/{NUMBER}/messages", "Bearer EAAtoken")
    assert call.body["biz_opaque_callback_data"] == "4711"


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (400, {"error": {"code": 131047}}, WindowClosed),
        (400, {"error": {"code": 131026}}, Unreachable),
        (401, {"error": {"code": 190}}, Unauthorized),
        (400, {"error": {"code": 131042}}, Unauthorized),
        (429, {"error": {"code": 130429}}, Throttled),
        (400, {"error": {"code": 131056}}, Throttled),
        (400, {"error": {"code": 132001}}, Refused),
        (500, {"error": {"code": 131000}}, Unavailable),
        (503, "", Unavailable),
        (504, "", Uncertain),
        (200, {"messages": []}, Uncertain),
        (200, {"messages": [{"id": ""}]}, Uncertain),
        (200, "accepted", Uncertain),
    ],
)
async def test_refusals(
    server: FakeGraph, channel: WhatsApp, status: int, answer: Any, error: type[Exception]
) -> None:
    server.will_answer(status, answer)
    with pytest.raises(error) as caught:
        await channel.send(PHONE, Outgoing("text", "vertraulich"), reference="4711")
    assert type(caught.value) is error
    assert PHONE not in str(caught.value)
    assert "vertraulich" not in str(caught.value)


async def test_seen_is_one_request(server: FakeGraph, channel: WhatsApp) -> None:
    server.will_answer(200, {"success": True})
    await channel.seen(PHONE, "wamid.1")
    assert [call.body for call in server.calls] == [
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.1",
            "typing_indicator": {"type": "text"},
        }
    ]


async def test_a_message_may_be_read_without_typing(server: FakeGraph, channel: WhatsApp) -> None:
    server.will_answer(200, {"success": True})
    await channel.seen(PHONE, "wamid.1", typing=False)
    assert [call.body for call in server.calls] == [
        {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    ]


async def test_no_history_and_no_answer_to_taps(channel: WhatsApp) -> None:
    assert await channel.history(PHONE) == ()
    await channel.answer_tap("x")


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://wa.me", "https://wa.me/4930123456?text=Hallo%20%26%20guten%20Tag%20%C3%BC%3A%20e7Kq"),
        (
            "http://127.0.0.1:8080/phone/wa",
            "http://127.0.0.1:8080/phone/wa?text=Hallo%20%26%20guten%20Tag%20%C3%BC%3A%20e7Kq",
        ),
    ],
)
def test_entry_url(base: str, url: str) -> None:
    assert whatsapp(link_base=base).entry_url("e7Kq", "Hallo & guten Tag ü: e7Kq") == url
