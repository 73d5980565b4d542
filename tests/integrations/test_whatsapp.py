"""WhatsApp: what comes in, from people with and without a phone number."""

import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.messages import (
    EVENTS,
    ContactChanged,
    Receipt,
    Text,
)
from integrations.base import (
    BadSignature,
    Channel,
    Handshaking,
    Malformed,
    Source,
)
from tests.integrations.golden import CAPTURED, NOW, VENDORED, compact, whatsapp
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
