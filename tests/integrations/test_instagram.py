"""Instagram: what comes in, what goes out, and what the platform's refusals mean."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialogs.messages import (
    EVENTS,
    Button,
    Echo,
    Link,
    OutCard,
    Outgoing,
    Picture,
    Template,
    Text,
    ThreadControl,
)
from integrations.base import (
    BadSignature,
    Channel,
    Handshaking,
    Malformed,
    Refused,
    Sent,
    SentCopy,
    Source,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from integrations.instagram import Instagram
from integrations.instagram_messages import body_of
from tests.integrations.golden import CAPTURED, NOW, VENDORED, compact, instagram
from tests.integrations.graph import FakeGraph, fake_graph
from tests.integrations.mutations import mutated

FOLDER = VENDORED / "instagram"
FILES = sorted(FOLDER.glob("*__*.json"))
ME, ANNA = "17841402233445566", "1029384756102938"


def body(*items: Any) -> bytes:
    entry = {"id": ME, "time": 1795000000000, "messaging": list(items)}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


def item(mid: str, **message: Any) -> dict[str, Any]:
    return {
        "sender": {"id": ANNA},
        "recipient": {"id": ME},
        "timestamp": 1795000000000,
        "message": {"mid": mid, **message},
    }


def events(raw: bytes, **changes: Any) -> list[Any]:
    return [arrival.event for arrival in instagram(**changes).parse({}, raw, NOW).arrivals]


def test_it_fits_the_ports() -> None:
    channel: Channel = instagram()
    assert isinstance(channel, Source)
    assert isinstance(channel, Handshaking)
    assert (channel.name, channel.account) == ("instagram", ME)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden(path: Any) -> None:
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    parsed = instagram().parse({}, path.read_bytes(), NOW)
    assert compact(parsed) == expected[path.stem]
    for arrival in parsed.arrivals:
        assert arrival.source == "instagram"
        assert arrival.contact is None or (arrival.contact.channel, arrival.contact.account) == (
            "instagram",
            ME,
        )


def test_every_expectation_has_its_file() -> None:
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    assert sorted(expected) == [path.stem for path in FILES]
    assert len(FILES) > 80


def test_the_larger_collection_is_taken_without_an_exception() -> None:
    paths = sorted((CAPTURED / "instagram").glob("*.json"))
    if not paths:
        pytest.skip("no larger collection beside the checkout")
    for path in paths:
        parsed = instagram().parse({}, path.read_bytes(), NOW)
        assert parsed.arrivals or parsed.ignored, path.name
        assert "broken" not in {one.kind for one in parsed.ignored}, path.name


def test_a_second_delivery_has_the_same_identity_and_time_of_arrival_plays_no_part() -> None:
    for path in FILES:
        raw = path.read_bytes()
        first, second = (instagram().parse({}, raw, at) for at in (NOW, NOW + timedelta(days=3)))
        identities = [
            [(one.external_id, one.event.kind) for one in parsed.arrivals] for parsed in (first, second)
        ]
        assert identities[0] == identities[1], path.name


def test_no_two_pieces_of_one_body_share_an_identity() -> None:
    for path in FILES:
        parsed = instagram().parse({}, path.read_bytes(), NOW)
        identities = [(one.external_id, one.event.kind) for one in parsed.arrivals]
        assert len(set(identities)) == len(identities), path.name


def test_a_thousand_items_are_a_thousand_arrivals() -> None:
    parsed = instagram().parse({}, body(*(item(f"m{number}", text="x") for number in range(1000))), NOW)
    assert [one.external_id for one in parsed.arrivals] == [f"m{number}" for number in range(1000)]


def test_a_message_without_any_time_is_given_the_time_of_arrival() -> None:
    raw = {
        "object": "instagram",
        "entry": [{"messaging": [{"sender": {"id": ANNA}, "message": {"text": "x"}}]}],
    }
    (arrival,) = instagram().parse({}, json.dumps(raw).encode(), NOW).arrivals
    assert (arrival.at, arrival.event) == (NOW, Text("x"))


def test_echo_is_told_by_its_mark_only_and_belongs_to_the_person() -> None:
    raw = item("e", text="Hallo", is_echo=True, app_id=1)
    raw["sender"], raw["recipient"] = raw["recipient"], raw["sender"]
    (arrival,) = instagram().parse({}, body(raw), NOW).arrivals
    assert arrival.event == Echo("e", "Hallo", "1")
    assert arrival.contact is not None
    assert arrival.contact.ids == (ANNA,)
    raw["message"]["is_echo"] = "true"
    assert events(body(raw)) == []


@pytest.mark.parametrize(
    ("name", "content", "app_id", "expected"),
    [
        ("pass_thread_control", {"new_owner_app_id": "1"}, "1", ThreadControl("pass", ours=True)),
        ("pass_thread_control", {"new_owner_app_id": 2}, "1", ThreadControl("pass", ours=False)),
        ("pass_thread_control", {"new_owner_app_id": "2"}, "", ThreadControl("pass", ours=True)),
        ("take_thread_control", {"previous_owner_app_id": "1"}, "1", ThreadControl("take", ours=False)),
        ("take_thread_control", {"new_owner_app_id": "1"}, "1", ThreadControl("take", ours=True)),
        ("take_thread_control", {}, "", ThreadControl("take", ours=False)),
        ("request_thread_control", {"requested_owner_app_id": 2}, "1", ThreadControl("request", ours=True)),
    ],
)
def test_who_holds_the_thread(name: str, content: Any, app_id: str, expected: ThreadControl) -> None:
    assert events(body({"sender": {"id": ANNA}, name: content}), app_id=app_id) == [expected]


PIECES = [
    piece
    for path in FILES
    for entry in json.loads(path.read_text(encoding="utf-8")).get("entry", [])
    if isinstance(entry, dict)
    for piece in (*entry.get("messaging", []), *entry.get("standby", []))
    if isinstance(piece, dict)
]


@given(broken=st.sampled_from(PIECES).flatmap(mutated))
@example(broken={"message": {"mid": "x", "text": "\ud83d"}, "sender": {"id": "1"}})
def test_a_broken_piece_raises_nothing_and_costs_no_sibling(broken: Any) -> None:
    parsed = instagram().parse({}, body(item("before", text="a"), broken, item("after", text="b")), NOW)
    ids = [arrival.external_id for arrival in parsed.arrivals]
    assert ids[0] == "before"
    assert ids[-1] == "after"
    assert not [one for one in parsed.ignored if "could not be read" in one.reason]
    for arrival in parsed.arrivals:
        assert EVENTS.validate_json(EVENTS.dump_json(arrival.event)) == arrival.event
        assert "\x00" not in repr(arrival).replace("\\x00", "\x00")
        assert 0 < len(arrival.external_id) <= 255
        assert arrival.at.tzinfo is UTC


@given(st.sampled_from(FILES).flatmap(lambda path: mutated(json.loads(path.read_text(encoding="utf-8")))))
def test_a_broken_envelope_raises_nothing_but_malformed(payload: Any) -> None:
    try:
        parsed = instagram().parse({}, json.dumps(payload).encode(), NOW)
    except Malformed:
        assert not isinstance(payload, dict)
    else:
        assert not [one for one in parsed.ignored if "could not be read" in one.reason]


@given(path=st.sampled_from(FILES), share=st.floats(0, 1))
def test_a_cut_body_is_malformed(path: Any, share: float) -> None:
    raw = path.read_bytes().rstrip()
    with pytest.raises(Malformed):
        instagram().parse({}, raw[: int(len(raw) * share * 0.999)], NOW)


def test_signature_and_handshake() -> None:
    with pytest.raises(BadSignature):
        instagram().verify({}, b"{}")
    query = {"hub.mode": "subscribe", "hub.verify_token": "let me in", "hub.challenge": "99"}
    assert instagram().handshake(query) == "99"


def test_no_secret_shows_when_the_settings_are_printed() -> None:
    shown = repr(instagram()._settings)
    assert "secret one" not in shown
    assert "let me in" not in shown
    assert "IGtoken" not in shown


YES, NO = Button("q:yes", "Ja"), Button("q:no", "Nein")
TRACK = Link("Verfolgen", "https://shop.example/t/1")


def test_bodies_of_every_style() -> None:
    def message(outgoing: Outgoing) -> Any:
        sent = body_of(ANNA, outgoing, agent_tag=False)
        assert (sent["recipient"], sent["messaging_type"]) == ({"id": ANNA}, "RESPONSE")
        assert "tag" not in sent
        return sent["message"]

    assert message(Outgoing("text", "Hallo")) == {"text": "Hallo"}
    assert message(Outgoing("quick_replies", "Da?", (YES, NO))) == {
        "text": "Da?",
        "quick_replies": [
            {"content_type": "text", "title": "Ja", "payload": "q:yes"},
            {"content_type": "text", "title": "Nein", "payload": "q:no"},
        ],
    }
    assert message(Outgoing("buttons", "Da?", (YES,), TRACK)) == {
        "attachment": {
            "type": "template",
            "payload": {
                "template_type": "button",
                "text": "Da?",
                "buttons": [
                    {"type": "postback", "title": "Ja", "payload": "q:yes"},
                    {"type": "web_url", "title": "Verfolgen", "url": "https://shop.example/t/1"},
                ],
            },
        }
    }
    assert message(Outgoing("link", "Hier:", link=TRACK))["attachment"]["payload"]["buttons"] == [
        {"type": "web_url", "title": "Verfolgen", "url": "https://shop.example/t/1"}
    ]
    cards = (OutCard("Lampe", "aus Holz", "https://cdn.example/l.jpg", TRACK, (YES,)), OutCard("Schirm"))
    assert message(Outgoing("cards", cards=cards))["attachment"]["payload"] == {
        "template_type": "generic",
        "elements": [
            {
                "title": "Lampe",
                "subtitle": "aus Holz",
                "image_url": "https://cdn.example/l.jpg",
                "buttons": [
                    {"type": "postback", "title": "Ja", "payload": "q:yes"},
                    {"type": "web_url", "title": "Verfolgen", "url": "https://shop.example/t/1"},
                ],
            },
            {"title": "Schirm"},
        ],
    }
    for style, named in {"image": "image", "video": "video", "audio": "audio", "document": "file"}.items():
        picture = Picture(style, "https://cdn.example/x")  # type: ignore[arg-type]  # mypy sees str, not the literals
        assert message(Outgoing("media", picture=picture)) == {
            "attachment": {"type": named, "payload": {"url": "https://cdn.example/x"}}
        }


def test_a_human_s_late_reply_carries_the_tag() -> None:
    sent = body_of(ANNA, Outgoing("text", "Hallo"), agent_tag=True)
    assert (sent["messaging_type"], sent["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


@pytest.mark.parametrize(
    "outgoing",
    [
        Outgoing("text", template=Template("danke", "de")),
        Outgoing("list", "Was?", (YES,)),
        Outgoing("media", "Text dazu", picture=Picture("image", "https://cdn.example/x")),
        Outgoing("media"),
    ],
)
def test_what_instagram_cannot_say_is_refused(outgoing: Outgoing) -> None:
    with pytest.raises(Refused):
        body_of(ANNA, outgoing, agent_tag=False)


@pytest.fixture
async def server() -> AsyncIterator[FakeGraph]:
    async with fake_graph() as graph:
        yield graph


@pytest.fixture
async def channel(server: FakeGraph) -> AsyncIterator[Instagram]:
    adapter = instagram(graph_url=server.url)
    yield adapter
    await adapter.aclose()


async def test_sending(server: FakeGraph, channel: Instagram) -> None:
    server.will_answer(200, {"recipient_id": ANNA, "message_id": "mid.1"})
    assert await channel.send(ANNA, Outgoing("text", "Grüße"), reference="7") == Sent("mid.1")
    (call,) = server.calls
    assert (call.method, call.path, call.token) == ("POST", f"/v25.0/{ME}/messages", "Bearer IGtoken")
    assert call.body == {
        "recipient": {"id": ANNA},
        "messaging_type": "RESPONSE",
        "message": {"text": "Grüße"},
    }


async def test_with_a_page_token_the_page_speaks(server: FakeGraph) -> None:
    server.will_answer(200, {"message_id": "mid.1"})
    adapter = instagram(graph_url=server.url, login="facebook", version="v26.0")
    await adapter.send(ANNA, Outgoing("text", "x"), reference="7", agent_tag=True)
    await adapter.aclose()
    assert server.calls[0].path == "/v26.0/me/messages"
    assert server.calls[0].body["tag"] == "HUMAN_AGENT"


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (400, {"error": {"code": 10, "error_subcode": 2534022}}, WindowClosed),
        (400, {"error": {"code": 100, "error_subcode": 2534014}}, Unreachable),
        (400, {"error": {"code": 190}}, Unauthorized),
        (400, {"error": {"code": 613, "error_subcode": 2534040}}, Throttled),
        (400, {"error": {"code": 100}}, Refused),
        (500, {"error": {"code": 1, "error_subcode": 1357046}}, Uncertain),
        (500, {"error": {"code": 2}}, Unavailable),
        (502, "<html>", Uncertain),
        (503, "<html>", Unavailable),
        (200, {"recipient_id": ANNA}, Uncertain),
        (200, "<html>", Uncertain),
    ],
)
async def test_refusals(
    server: FakeGraph, channel: Instagram, status: int, answer: Any, error: type[Exception]
) -> None:
    server.will_answer(status, answer)
    with pytest.raises(error) as caught:
        await channel.send(ANNA, Outgoing("text", "vertraulich"), reference="7")
    assert type(caught.value) is error
    assert ANNA not in str(caught.value)
    assert "vertraulich" not in str(caught.value)


async def test_seen_is_two_requests(server: FakeGraph, channel: Instagram) -> None:
    server.will_answer(200, {"recipient_id": ANNA})
    await channel.seen(ANNA, "mid.1")
    assert [call.body for call in server.calls] == [
        {"recipient": {"id": ANNA}, "sender_action": "mark_seen"},
        {"recipient": {"id": ANNA}, "sender_action": "typing_on"},
    ]


async def test_a_thread_may_be_read_without_typing(server: FakeGraph, channel: Instagram) -> None:
    server.will_answer(200, {"recipient_id": ANNA})
    await channel.seen(ANNA, "mid.1", typing=False)
    assert [call.body["sender_action"] for call in server.calls] == ["mark_seen"]


async def test_history_shows_our_own_newest_first(server: FakeGraph, channel: Instagram) -> None:
    def message(number: int, author: Any, **more: Any) -> dict[str, Any]:
        return {
            "id": f"m{number}",
            "created_time": f"2026-11-20T10:0{number}:00+0000",
            "from": author,
            **more,
        }

    messages = [
        message(3, {"id": ANNA, "username": "anna"}, message="Danke"),
        message(1, {"id": ME, "username": "lichtwerk"}, message="Eins"),
        message(2, {"id": ME}, message="Zwei"),
        message(4, {"id": ME}),
        message(5, {}),
        {"id": "m6", "from": {"id": ME}, "message": "ohne Zeit"},
        "kaputt",
    ]
    server.will_answer(200, {"data": [{"messages": {"data": messages}, "id": "t"}]})
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert await channel.history(ANNA) == [
        SentCopy("m4", "", at + timedelta(minutes=4)),
        SentCopy("m2", "Zwei", at + timedelta(minutes=2)),
        SentCopy("m1", "Eins", at + timedelta(minutes=1)),
    ]
    (call,) = server.calls
    assert (call.method, call.path) == ("GET", f"/v25.0/{ME}/conversations")
    assert call.query == {
        "platform": "instagram",
        "user_id": ANNA,
        "fields": "messages.limit(20){id,created_time,from,message}",
    }


@pytest.mark.parametrize("answer", [{"data": []}, {"data": None}, {}, {"data": [{"messages": 1}]}])
async def test_an_empty_history(server: FakeGraph, channel: Instagram, answer: Any) -> None:
    server.will_answer(200, answer)
    assert await channel.history(ANNA) == []


async def test_a_tap_needs_no_answer(channel: Instagram) -> None:
    await channel.answer_tap("x")


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://ig.me/m", "https://ig.me/m/lichtwerk?ref=e7Kq-4_w="),
        ("https://ig.me/m/", "https://ig.me/m/lichtwerk?ref=e7Kq-4_w="),
        ("http://127.0.0.1:8080/phone/ig", "http://127.0.0.1:8080/phone/ig?ref=e7Kq-4_w="),
        ("http://127.0.0.1:8080/phone?app=ig", "http://127.0.0.1:8080/phone?app=ig&ref=e7Kq-4_w="),
    ],
)
def test_entry_url(base: str, url: str) -> None:
    assert instagram(link_base=base).entry_url("e7Kq-4_w=", "Hallo") == url
