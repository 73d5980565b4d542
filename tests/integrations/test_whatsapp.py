"""WhatsApp: what comes in, with and without a phone number, what goes out, and what refusals mean."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.messages import (
    EVENTS,
    Button,
    ContactChanged,
    Link,
    Outgoing,
    Picture,
    Receipt,
    Template,
    Text,
)
from integrations.base import (
    BadSignature,
    Channel,
    Handshaking,
    Malformed,
    Refused,
    Sent,
    Source,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from integrations.whatsapp import WhatsApp
from integrations.whatsapp_messages import body_of
from tests.integrations.golden import CAPTURED, NOW, VENDORED, compact, whatsapp
from tests.integrations.graph import FakeGraph, fake_graph
from tests.integrations.mutations import mutated

FOLDER = VENDORED / "whatsapp"
FILES = sorted(FOLDER.glob("*__*.json"))
NUMBER, PHONE, USER = "106540352242922", "4915112345678", "DE.13491208655302741918"


def body(**value: Any) -> bytes:
    whole = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER}, **value}
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": whole}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def text(number: str, words: str = "x", **more: Any) -> dict[str, Any]:
    base = {"from": PHONE, "id": f"wamid.{number}", "timestamp": "1795000000", "type": "text"}
    return {**base, "text": {"body": words}, **more}


def test_it_fits_the_ports() -> None:
    channel: Channel = whatsapp()
    assert isinstance(channel, Source)
    assert isinstance(channel, Handshaking)
    assert (channel.name, channel.account) == ("whatsapp", NUMBER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden(path: Any) -> None:
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    parsed = whatsapp().parse({}, path.read_bytes(), NOW)
    assert compact(parsed) == expected[path.stem]
    for arrival in parsed.arrivals:
        assert arrival.source == "whatsapp"
        contact = arrival.contact
        assert contact is None or (contact.channel, contact.account) == ("whatsapp", NUMBER)


def test_every_expectation_has_its_file() -> None:
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    assert sorted(expected) == [path.stem for path in FILES]
    assert len(FILES) > 70


def test_the_larger_collection_is_taken_without_an_exception() -> None:
    paths = sorted((CAPTURED / "whatsapp").glob("*.json"))
    if not paths:
        pytest.skip("no larger collection beside the checkout")
    for path in paths:
        parsed = whatsapp().parse({}, path.read_bytes(), NOW)
        assert parsed.arrivals or parsed.ignored, path.name
        assert "broken" not in {one.kind for one in parsed.ignored}, path.name


def test_a_second_delivery_has_the_same_identity() -> None:
    for path in FILES:
        raw = path.read_bytes()
        first, second = (whatsapp().parse({}, raw, at) for at in (NOW, NOW + timedelta(hours=7)))
        identities = [
            [(one.external_id, one.event.kind) for one in parsed.arrivals] for parsed in (first, second)
        ]
        assert identities[0] == identities[1], path.name
        assert len(set(identities[0])) == len(identities[0]), path.name


def test_messages_and_receipts_wait_in_their_own_lanes() -> None:
    statuses = [{"id": "wamid.O", "status": "read", "timestamp": "1795000000", "recipient_id": PHONE}]
    raw = body(messages=[text("1")], statuses=statuses, errors=[{"code": 1}])
    assert [one.lane for one in whatsapp().parse({}, raw, NOW).arrivals] == ["message", "receipt", "notice"]


def test_a_batch_of_a_thousand_people() -> None:
    people = [{"wa_id": f"49{number:09}", "user_id": f"DE.{number}"} for number in range(1000)]
    messages = [text(str(number), **{"from": f"49{number:09}"}) for number in range(1000)]
    arrivals = whatsapp().parse({}, body(contacts=people, messages=messages), NOW).arrivals
    assert [one.external_id for one in arrivals] == [f"wamid.{number}" for number in range(1000)]
    assert all(one.contact is not None and len(one.contact.ids) == 2 for one in arrivals)
    assert arrivals[7].contact is not None
    assert arrivals[7].contact.ids == ("49000000007", "DE.7")


def test_the_phone_is_a_hint_with_plus_and_the_id_has_none() -> None:
    (arrival,) = whatsapp().parse({}, body(messages=[text("1", **{"from": f"+{PHONE}"})]), NOW).arrivals
    assert arrival.contact is not None
    assert (arrival.contact.ids, arrival.contact.phone) == ((PHONE,), f"+{PHONE}")


def test_a_name_is_never_borrowed_from_somebody_else() -> None:
    raw = body(contacts=[{"profile": {"name": "Fremd"}, "wa_id": "1"}], messages=[text("1")])
    (arrival,) = whatsapp().parse({}, raw, NOW).arrivals
    assert arrival.contact is not None
    assert (arrival.contact.ids, arrival.contact.name) == ((PHONE,), None)


def test_nobody_in_particular_cannot_be_answered() -> None:
    nameless = text("1")
    del nameless["from"]
    both = [{"wa_id": "1"}, {"wa_id": "2"}]
    parsed = whatsapp().parse({}, body(contacts=both, messages=[nameless]), NOW)
    assert (parsed.arrivals, [one.kind for one in parsed.ignored]) == ((), ["no_sender"])


@pytest.mark.parametrize(
    ("message", "old", "new"),
    [
        ({"from": "1", "system": {"type": "user_changed_number", "wa_id": "2"}}, ("1",), ("2",)),
        ({"from": "1", "system": {"type": "customer_changed_number", "new_wa_id": 2}}, ("1",), ("2",)),
        (
            {
                "from": "1",
                "from_user_id": "DE.1",
                "system": {"type": "user_changed_number", "wa_id": "2", "user_id": "DE.2"},
            },
            ("1", "DE.1"),
            ("2", "DE.2"),
        ),
        (
            {
                "from": "1",
                "system": {
                    "type": "user_changed_user_id",
                    "wa_id": "1",
                    "user_id": "DE.2",
                    "previous_user_id": "DE.1",
                },
            },
            ("1", "DE.1"),
            ("1", "DE.2"),
        ),
    ],
)
def test_changed_ids(message: dict[str, Any], old: tuple[str, ...], new: tuple[str, ...]) -> None:
    whole = {"id": "wamid.S", "timestamp": "1795000000", "type": "system", **message}
    # Who else is named in the change must not be taken for the person.
    raw = body(contacts=[{"wa_id": "2", "user_id": "DE.2"}], messages=[whole])
    (arrival,) = whatsapp().parse({}, raw, NOW).arrivals
    assert arrival.contact is not None
    assert (arrival.contact.ids, arrival.event) == (old, ContactChanged(new))


@pytest.mark.parametrize(
    "system",
    [
        {"type": "user_changed_number", "wa_id": "1"},
        {"type": "user_changed_number"},
        {"type": "customer_identity_changed", "wa_id": "2"},
        {},
    ],
)
def test_a_system_message_that_changes_nothing_is_counted(system: dict[str, Any]) -> None:
    raw = body(messages=[{"from": "1", "id": "wamid.S", "type": "system", "system": system}])
    parsed = whatsapp().parse({}, raw, NOW)
    assert parsed.arrivals == ()
    assert [one.kind.partition(":")[0] for one in parsed.ignored] == ["system"]


def test_receipts_carry_our_reference_the_fault_and_the_price() -> None:
    failed = {
        "id": "wamid.O",
        "status": "failed",
        "timestamp": "1795000000",
        "recipient_id": PHONE,
        "biz_opaque_callback_data": "4711",
        "errors": [{"code": 131026, "title": "Undeliverable"}],
        "pricing": {"type": "regular", "category": "utility"},
    }
    (arrival,) = whatsapp().parse({}, body(statuses=[failed]), NOW).arrivals
    assert arrival.external_id == "wamid.O:failed"
    assert arrival.event == Receipt(
        "wamid.O",
        "failed",
        reference="4711",
        code="131026",
        detail="Undeliverable",
        price_category="utility",
        price_type="regular",
    )


PIECES = [
    (name, piece)
    for path in FILES
    for entry in json.loads(path.read_text(encoding="utf-8")).get("entry", [])
    if isinstance(entry, dict)
    for change in entry.get("changes", [])
    for name in ("messages", "statuses", "message_echoes", "user_preferences", "errors")
    for piece in (change.get("value", {}).get(name, []))
    if isinstance(piece, dict)
]


@given(named=st.sampled_from(PIECES).flatmap(lambda named: st.tuples(st.just(named[0]), mutated(named[1]))))
def test_a_broken_piece_raises_nothing_and_costs_no_sibling(named: tuple[str, Any]) -> None:
    name, broken = named
    value: dict[str, Any] = {"messages": [text("before"), text("after")], name: [broken]}
    if name == "messages":
        value["messages"] = [text("before"), broken, text("after")]
    parsed = whatsapp().parse({}, body(**value), NOW)
    texts = [one.external_id for one in parsed.arrivals if one.event == Text("x")]
    assert {"wamid.before", "wamid.after"} <= set(texts)
    assert not [one for one in parsed.ignored if "could not be read" in one.reason]
    for arrival in parsed.arrivals:
        assert EVENTS.validate_json(EVENTS.dump_json(arrival.event)) == arrival.event
        assert "\\x00" not in repr(arrival)
        assert 0 < len(arrival.external_id) <= 255
        assert arrival.at.tzinfo is UTC


@given(people=mutated([{"profile": {"name": "A", "username": "@a"}, "wa_id": PHONE, "user_id": USER}]))
def test_broken_contacts_cost_no_message(people: Any) -> None:
    parsed = whatsapp().parse({}, body(contacts=people, messages=[text("1"), text("2")]), NOW)
    assert [one.external_id for one in parsed.arrivals] == ["wamid.1", "wamid.2"]


@given(st.sampled_from(FILES).flatmap(lambda path: mutated(json.loads(path.read_text(encoding="utf-8")))))
def test_a_broken_envelope_raises_nothing_but_malformed(payload: Any) -> None:
    try:
        parsed = whatsapp().parse({}, json.dumps(payload).encode(), NOW)
    except Malformed:
        assert not isinstance(payload, dict)
    else:
        assert not [one for one in parsed.ignored if "could not be read" in one.reason]


@given(path=st.sampled_from(FILES), share=st.floats(0, 1))
def test_a_cut_body_is_malformed(path: Any, share: float) -> None:
    raw = path.read_bytes().rstrip()
    with pytest.raises(Malformed):
        whatsapp().parse({}, raw[: int(len(raw) * share * 0.999)], NOW)


def test_signature_and_handshake() -> None:
    with pytest.raises(BadSignature):
        whatsapp().verify({"X-Hub-Signature-256": "sha256=00"}, b"{}")
    query = {"hub.mode": "subscribe", "hub.verify_token": "let me in", "hub.challenge": "99"}
    assert whatsapp().handshake(query) == "99"


def test_no_secret_shows_when_the_settings_are_printed() -> None:
    shown = repr(whatsapp()._settings)
    assert "secret one" not in shown
    assert "let me in" not in shown
    assert "EAAtoken" not in shown


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
