"""Signature, handshake, envelope and error table: what Instagram and WhatsApp share."""

import hmac
import json
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from integrations import meta, meta_graph
from integrations.base import (
    BadSignature,
    Ignored,
    IntegrationError,
    Malformed,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from integrations.http import Answer, Http
from integrations.meta_graph import Graph
from tests.integrations.graph import fake_graph

SECRETS = ("secret one", "secret two", "dritter Schlüssel")
UMLAUTS = json.dumps({"text": "Grüße 🧵"}).encode()  # as Meta sends it: \u00fc


def signed(body: bytes, secret: str, algorithm: str = "sha256") -> str:
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


@pytest.mark.parametrize("position", range(3))
def test_each_secret_is_good(position: int) -> None:
    headers = CIMultiDict({"x-hub-signature-256": signed(UMLAUTS, SECRETS[position])})
    assert meta.verify_signature(SECRETS, headers, UMLAUTS) == position


def test_what_is_signed_are_the_bytes_and_not_the_meaning() -> None:
    """Parsing and writing the same JSON again turns the escapes into letters."""
    rewritten = json.dumps(json.loads(UMLAUTS), ensure_ascii=False).encode()
    assert rewritten != UMLAUTS
    headers = {"X-Hub-Signature-256": signed(UMLAUTS, SECRETS[0])}
    meta.verify_signature(SECRETS, headers, UMLAUTS)
    with pytest.raises(BadSignature):
        meta.verify_signature(SECRETS, headers, rewritten)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": signed(UMLAUTS, "another")},
        {"X-Hub-Signature-256": signed(UMLAUTS, SECRETS[0]).removeprefix("sha256=")},
        {"X-Hub-Signature-256": signed(UMLAUTS, SECRETS[0]).upper()},
        {"X-Hub-Signature-256": signed(UMLAUTS, SECRETS[0])[:-1]},
        {"X-Hub-Signature-256": signed(UMLAUTS + b" ", SECRETS[0])},
        {"X-Hub-Signature-256": "sha256=äöü\udcff"},
        {"X-Hub-Signature-256": signed(UMLAUTS, SECRETS[0], "sha1")},
        {"X-Hub-Signature": signed(UMLAUTS, SECRETS[0], "sha1")},
    ],
)
def test_anything_else_is_a_bad_signature(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        meta.verify_signature(SECRETS, headers, UMLAUTS)


@pytest.mark.parametrize("secrets", [(), ("",), ("", "")])
def test_an_empty_secret_lets_nobody_in(secrets: tuple[str, ...]) -> None:
    with pytest.raises(BadSignature):
        meta.verify_signature(secrets, {"X-Hub-Signature-256": signed(UMLAUTS, "")}, UMLAUTS)


@given(body=st.binary(max_size=200), forged=st.binary(max_size=200))
def test_a_signature_fits_its_own_body_only(body: bytes, forged: bytes) -> None:
    headers = {"X-Hub-Signature-256": signed(body, "s")}
    meta.verify_signature(("s",), headers, body)
    if forged != body:
        with pytest.raises(BadSignature):
            meta.verify_signature(("s",), headers, forged)


def test_handshake_gives_the_challenge_back() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "schlüssel", "hub.challenge": "1158201444"}
    assert meta.answer_handshake("schlüssel", query) == "1158201444"


@pytest.mark.parametrize(
    "change",
    [
        {"hub.mode": "unsubscribe"},
        {"hub.mode": None},
        {"hub.verify_token": "falsch"},
        {"hub.verify_token": ""},
        {"hub.verify_token": None},
        {"hub.challenge": None},
    ],
)
def test_handshake_refuses(change: dict[str, str | None]) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "schlüssel", "hub.challenge": "1", **change}
    with pytest.raises(BadSignature):
        meta.answer_handshake("schlüssel", {name: one for name, one in query.items() if one is not None})


def test_an_empty_verify_token_lets_nobody_in() -> None:
    with pytest.raises(BadSignature):
        meta.answer_handshake("", {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"})


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"x"', b"1", b"NaN", b'{"a":NaN}', b"\xff\xfe", b"[" * 5000]
)
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        meta.load(body)


def test_half_an_emoji_costs_a_letter_and_not_the_message() -> None:
    assert meta.load(b'{"a":"sch\\u00f6n \\ud83d","b":"\\ud83e\\uddf5"}') == {"a": "schön ?", "b": "🧵"}


@given(st.binary(max_size=60) | st.text(string.printable, max_size=60).map(str.encode))
def test_loading_anything_raises_nothing_but_malformed(body: bytes) -> None:
    try:
        loaded = meta.load(body)
    except Malformed:
        return
    assert isinstance(loaded, dict)


def pieces(payload: dict[str, Any]) -> list[Any]:
    seen: list[meta.Item] = []

    def read(item: meta.Item) -> list[meta.Outcome]:
        seen.append(item)
        return []

    parsed = meta.read_envelope(payload, frozenset({"instagram"}), read)
    return [*((item.origin, item.field, item.value) for item in seen), *(one.kind for one in parsed.ignored)]


def test_every_style_of_every_entry_is_walked() -> None:
    entries = [
        {"id": 1, "messaging": [{"a": 1}, {"a": 2}], "standby": [{"a": 3}]},
        {"id": 2, "changes": [{"field": "x", "value": {"a": 4}}], "field": "y", "value": {"a": 5}},
        {"id": 3, "messaging": {"a": 6}},
    ]
    assert pieces({"object": "instagram", "entry": entries}) == [
        ("messaging", "", {"a": 1}),
        ("messaging", "", {"a": 2}),
        ("standby", "", {"a": 3}),
        ("change", "x", {"a": 4}),
        ("change", "y", {"a": 5}),
        ("messaging", "", {"a": 6}),
    ]


def test_broken_pieces_are_counted_one_by_one() -> None:
    entries = [7, {"messaging": [1, None]}, {"changes": [{}, "x"]}, {"value": 1}, {"time": 3}]
    assert pieces({"entry": entries}) == ["broken"] * 6 + ["empty_entry"]
    assert pieces({"object": "page", "entry": entries}) == ["foreign_object"]
    assert pieces({"object": "instagram"}) == ["no_entry"]


def test_an_item_that_trips_the_reader_costs_no_other() -> None:
    def read(item: meta.Item) -> list[meta.Outcome]:
        return [Ignored(str(1 // item.value["a"]), "")]

    entry = {"messaging": [{"a": 1}, {"a": 0}, {}, {"a": "x"}, {"a": -1}]}
    parsed = meta.read_envelope({"entry": [entry]}, frozenset(), read)
    assert [one.kind for one in parsed.ignored] == ["1", "broken", "broken", "broken", "-1"]


AT = datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1795000000000, AT),
        (1795000000, AT),
        ("1795000000", AT),
        ("1795000000000", AT),
        (1795000000.0, AT),
        ("2026-11-18T11:06:40+0000", AT),
        ("2026-11-18T12:06:40+01:00", AT),
        ("2026-11-18T11:06:40", AT),
    ],
)
def test_moments_come_in_every_shape(value: object, expected: datetime) -> None:
    assert meta.moment(value) == expected


@pytest.mark.parametrize(
    "value",
    [None, True, False, "", "soon", {}, [], "nan", "inf", 1e300, -1, 0, 5e14, "0001-01-01T00:00:00+23:59"],
)
def test_what_is_no_moment_is_none(value: object) -> None:
    assert meta.moment(value) is None


def test_ids_stay_strings_beyond_two_to_the_53() -> None:
    assert meta.word(9007199254740993) == "9007199254740993"
    strange: list[object] = [True, 1.5, None, {}, " a "]
    assert [meta.word(one) for one in strange] == ["", "", "", "", "a"]


def test_what_a_database_refuses_is_taken_out() -> None:
    assert meta.text("a\x00b") == "ab"
    assert meta.key("x" * 300, "read") == meta.key("x" * 300, "read") != meta.key("x" * 300, "sent")
    assert len(meta.key("x" * 300)) < 100


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_flattening_yields_strings_only(value: dict[str, Any]) -> None:
    leaves = meta.flat(value)
    assert {type(leaf) for leaf in leaves.values()} <= {str}
    assert "\x00" not in "".join((*leaves, *leaves.values()))
    assert len(leaves) <= 40


def graph_error(code: int | None, subcode: int | None = None, **more: Any) -> dict[str, Any]:
    told = {"message": "(#1) Anna Muster +4915112345678", "code": code, "error_subcode": subcode, **more}
    return {"error": {name: one for name, one in told.items() if one is not None}}


ERRORS: list[tuple[int, int | None, int | None, type[IntegrationError], str | None]] = [
    # status, code, subcode, error, its code
    (400, 10, 2534022, WindowClosed, "10/2534022"),
    (400, 10, 2018278, WindowClosed, "10/2018278"),
    (400, 131047, None, WindowClosed, "131047"),
    (400, 100, 2534014, Unreachable, "100/2534014"),
    (400, 100, 2018001, Unreachable, "100/2018001"),
    (400, 551, 1545041, Unreachable, "551"),
    (403, 200, 1545041, Unreachable, "200/1545041"),
    (400, 131026, None, Unreachable, "131026"),
    (401, 190, 463, Unauthorized, "190"),
    (403, 10, None, Unauthorized, "10"),
    (403, 299, None, Unauthorized, "299"),
    (400, 100, 2534029, Unauthorized, "100/2534029"),
    (400, 131042, None, Unauthorized, "131042"),
    (403, 368, None, Unauthorized, "368"),
    (400, 613, 2018338, Unauthorized, "613/2018338"),
    (500, 1, 99, Unauthorized, "1/99"),
    (500, 1, 1357046, Uncertain, "1/1357046"),
    (400, 1, None, Unavailable, "1"),
    (500, 2, None, Unavailable, "2"),
    (500, 131000, None, Unavailable, "131000"),
    (502, 2, None, Uncertain, "2"),
    (504, 131016, None, Uncertain, "131016"),
    (502, 190, None, Unauthorized, "190"),
    (400, 100, None, Refused, "100"),
    (400, 100, 424242, Refused, "100"),
    (400, 131049, None, Refused, "131049"),
    (400, 132015, None, Refused, "132015"),
    (400, 4, None, Throttled, "4"),
    (429, 80007, None, Throttled, "80007"),
    (400, 130429, 2494055, Throttled, "130429"),
    (400, 613, 2534040, Throttled, "613/2534040"),
    (400, 131056, None, Throttled, "131056"),
    (400, 2018300, None, Throttled, "2018300"),
    (400, 100, 2018300, Throttled, "100"),
    (400, 424242, None, Refused, "424242"),
    (429, 424242, None, Throttled, "424242"),
    (429, None, None, Throttled, None),
    (401, None, None, Unauthorized, None),
    (404, None, None, Refused, None),
    (500, None, None, Unavailable, None),
    (503, None, None, Unavailable, None),
    (502, None, None, Uncertain, None),
    (504, None, None, Uncertain, None),
    (302, None, None, Unavailable, None),
]


@pytest.mark.parametrize(("status", "code", "subcode", "error", "told"), ERRORS)
def test_error_codes(
    status: int, code: int | None, subcode: int | None, error: type[IntegrationError], told: str | None
) -> None:
    body = graph_error(code, subcode, fbtrace_id="Az8or2yhqkZfEZ-_4Qn_Bam")
    found = meta_graph.error_of(Answer(status, {}, json.dumps(body).encode()), "WhatsApp")
    assert (type(found), found.code) == (error, told)
    assert "Az8or2yhqkZfEZ-_4Qn_Bam" in str(found)
    assert "Anna" not in str(found)
    assert "4915112345678" not in str(found)


def test_waiting_times() -> None:
    def throttled(status: int, code: int | None, **headers: str) -> Throttled:
        told = json.dumps(graph_error(code)).encode() if code else b"<html>"
        named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
        found = meta_graph.error_of(Answer(status, named, told), "WhatsApp")
        assert isinstance(found, Throttled)
        return found

    pair, account = throttled(400, 131056), throttled(400, 130429)
    assert (pair.person, pair.after) == (True, 6)
    assert (account.person, account.after) == (False, 5)
    assert throttled(429, 130429, retry_after="77").after == 77
    assert throttled(429, 130429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT").after == 5
    assert throttled(503, None, Retry_After="120").after == 120


def test_an_error_called_transient_can_be_tried_again() -> None:
    body = json.dumps(graph_error(424242, is_transient=True)).encode()
    assert type(meta_graph.error_of(Answer(400, {}, body), "x")) is Unavailable


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=40) | json_values.map(lambda v: json.dumps(v).encode()),
)
def test_no_answer_is_too_strange_for_an_error(status: int, body: bytes) -> None:
    assert isinstance(meta_graph.error_of(Answer(status, {}, body), "x"), IntegrationError)


@given(json_values)
def test_no_error_object_is_too_strange(told: Any) -> None:
    body = json.dumps({"error": {"code": told, "error_subcode": told, "fbtrace_id": told}}).encode()
    assert isinstance(meta_graph.error_of(Answer(400, {}, body), "x"), IntegrationError)


def test_every_meaning_is_said() -> None:
    assert all(fault.meaning for fault in meta_graph.FAULTS.values())
    assert all(fault.after > 0 for fault in meta_graph.FAULTS.values() if "throttled" in fault.outcome)


async def test_graph_calls_carry_version_and_token() -> None:
    http = Http()
    async with fake_graph() as server:
        server.will_answer(200, {"ok": 1})
        graph = Graph(http, service="x", base=f"{server.url}/base/", version="v25.0", token="T0K")
        assert await graph.post("17/messages", {"a": "ä"}) == {"ok": 1}
        assert await graph.get("17/x", {"q": "1"}) == {"ok": 1}
        bare = Graph(http, service="x", base=server.url, version="", token="T0K")
        await bare.post("17/messages", {})
    await http.aclose()
    assert [(call.method, call.path, call.query) for call in server.calls] == [
        ("POST", "/base/v25.0/17/messages", {}),
        ("GET", "/base/v25.0/17/x", {"q": "1"}),
        ("POST", "/17/messages", {}),
    ]
    assert {call.token for call in server.calls} == {"Bearer T0K"}
    assert server.calls[0].body == {"a": "ä"}


@pytest.mark.parametrize("body", ["<html>", "[]", ""])
async def test_a_2xx_that_cannot_be_read_is_uncertain_for_a_post_only(body: str) -> None:
    http = Http()
    async with fake_graph() as server:
        server.will_answer(200, body)
        graph = Graph(http, service="x", base=server.url, version="v1", token="t")
        with pytest.raises(Uncertain):
            await graph.post("a", {})
        with pytest.raises(Unavailable):
            await graph.get("a", {})
    await http.aclose()


async def test_a_question_is_never_uncertain() -> None:
    http = Http()
    async with fake_graph() as server:
        server.will_answer(504, "gateway")
        graph = Graph(http, service="x", base=server.url, version="v1", token="t")
        with pytest.raises(Unavailable):
            await graph.get("a", {})
    await http.aclose()


async def test_an_error_with_status_200_is_an_error() -> None:
    http = Http()
    async with fake_graph() as server:
        server.will_answer(200, graph_error(131047))
        graph = Graph(http, service="x", base=server.url, version="v1", token="t")
        with pytest.raises(WindowClosed):
            await graph.post("a", {})
    await http.aclose()


def test_known_hash() -> None:
    """Against a value worked out elsewhere, so that signer and verifier cannot be wrong together."""
    headers = {
        "X-Hub-Signature-256": "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    }
    body = b"The quick brown fox jumps over the lazy dog"
    assert meta.verify_signature(("key",), headers, body) == 0
