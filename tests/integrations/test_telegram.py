"""Telegram: what updates become, what is sent, and what Telegram's answers mean."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from dialogs.messages import (
    EVENTS,
    Attachment,
    Contact,
    Edited,
    Event,
    Media,
    Reachability,
    Reaction,
    Referral,
    Referred,
    Shared,
    Tap,
    Text,
    Unsupported,
)
from integrations.base import (
    BadSignature,
    Malformed,
    Parsed,
    Source,
)
from integrations.telegram import Telegram, TelegramSettings

PAYLOADS = Path(__file__).parent / "payloads" / "telegram"
SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "telegram"
TOKEN = "3333333:AAH-test_token"
NOW = datetime(2026, 11, 21, 12, 0, 0, 700_000, tzinfo=UTC)
TIMEOUT = pytest.mark.timeout(20)


def telegram(**changes: Any) -> Telegram:
    settings = TelegramSettings(token=TOKEN, secret="s3cret", username="shop_bot")
    return Telegram(replace(settings, **changes))


BOT = telegram()


def parse(document: object) -> Parsed:
    return BOT.parse({}, json.dumps(document).encode(), NOW)


def load(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


MIA = Contact("telegram", "3333333", ("1111111",), name="Mia Sommer", username="mia_sommer", language="de")
TEST = Contact("telegram", "3333333", ("42",), name="Test")

EVENTS_OF: dict[str, tuple[Event, Contact]] = {
    "aiogram_update__callback_query": (
        Tap("placeholder", title="", message_id="42", callback_id="query id"),
        TEST,
    ),
    "aiogram_update__edited_message": (Edited("42", "edited test"), TEST),
    "aiogram_update__message": (Text("test"), TEST),
    "teloxide_update__issue_523__1": (
        Reachability(reachable=False),
        Contact("telegram", "3333333", ("0",), name="FN LN", username="UN"),
    ),
    "own_text_reply": (Text("Wo ist mein Paket? 📦", reply_to="99"), MIA),
    "own_start_deep_link": (Referred(Referral(ref="kQ3-x_9Zt", source="start")), MIA),
    "own_start_bare": (Referred(Referral(source="start")), MIA),
    "own_tap": (
        Tap("csat:7:5", title="Ja, super", message_id="100", callback_id="4382bfdwdsb323b2d9"),
        MIA,
    ),
    "own_tap_inaccessible_message": (Tap("csat:7:5", message_id="100", callback_id="77"), MIA),
    "own_photo_caption": (
        Media((Attachment("image", media_id="large"),), caption="Ist das so richtig?"),
        MIA,
    ),
    "own_video_of_group": (Media((Attachment("video", media_id="vid", mime_type="video/mp4"),)), MIA),
    "own_voice": (Media((Attachment("audio", media_id="voc", mime_type="audio/ogg"),)), MIA),
    "own_document": (
        Media((Attachment("document", media_id="doc", mime_type="application/pdf", title="rechnung.pdf"),)),
        MIA,
    ),
    "own_sticker": (Media((Attachment("sticker", media_id="sti", title="😡"),)), MIA),
    "own_animation": (
        Media((Attachment("video", media_id="gif", mime_type="video/mp4", title="cat.mp4"),)),
        MIA,
    ),
    "own_location": (Shared("location", {"latitude": "48.2082", "longitude": "16.3738"}), MIA),
    "own_venue": (
        Shared(
            "location",
            {"latitude": "48.2082", "longitude": "16.3738", "title": "Paketshop", "address": "Graben 1"},
        ),
        MIA,
    ),
    "own_contact_own": (
        Shared("contacts", {"name": "Mia", "phone": "491701234567", "user_id": "1111111"}),
        Contact(
            "telegram",
            "3333333",
            ("1111111",),
            name="Mia Sommer",
            username="mia_sommer",
            phone="+491701234567",
            language="de",
        ),
    ),
    "own_edited": (Edited("101", "Wo ist mein Paket denn?"), MIA),
    "own_reaction": (Reaction("100", "❤"), MIA),
    "own_reaction_taken_back": (Reaction("100", None), MIA),
    "own_blocked": (Reachability(reachable=False), MIA),
    "own_unblocked": (Reachability(reachable=True), MIA),
    "own_poll": (Unsupported("poll"), MIA),
    "own_sticker_of_the_future": (Unsupported("sticker"), MIA),
}

IGNORED_AS = {
    "aiogram_update__business_message": "business_message",
    "aiogram_update__channel_post": "channel_post",
    "aiogram_update__chat_member": "chat_member",
    "aiogram_update__guest_message": "guest_message",
    "aiogram_update__inline_query": "inline_query",
    "aiogram_update__managed_bot": "managed_bot",
    "aiogram_update__message_reaction": "group",
    "aiogram_update__my_chat_member": "my_chat_member",
    "teloxide_update__message_reaction_count_updated__1": "message_reaction_count",
    "teloxide_update__new_update_kind_error__1": "new_update_kind",
    "own_group_topic": "group",
    "own_forum_topic_closed": "group",
    "own_pinned": "service_message",
    "own_written_by_a_bot": "bot",
}


def test_every_payload_of_ours_has_an_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == {*EVENTS_OF, *IGNORED_AS}


@pytest.mark.parametrize("name", EVENTS_OF)
def test_an_update_becomes_its_event(name: str) -> None:
    document = load(name)
    event, contact = EVENTS_OF[name]

    parsed = parse(document)

    assert not parsed.ignored
    (arrival,) = parsed.arrivals
    assert (arrival.source, arrival.external_id) == ("telegram", f"3333333:{document['update_id']}")
    assert arrival.event == event
    assert arrival.contact == contact
    assert arrival.lane == "message"


@pytest.mark.parametrize("name", IGNORED_AS)
def test_what_is_not_for_the_bot_is_ignored_and_named(name: str) -> None:
    parsed = parse(load(name))

    assert not parsed.arrivals
    assert [ignored.kind for ignored in parsed.ignored] == [IGNORED_AS[name]]


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("own_text_reply", datetime.fromtimestamp(1790000101, UTC)),
        ("own_edited", datetime.fromtimestamp(1790000500, UTC)),
        ("own_blocked", datetime.fromtimestamp(1790000700, UTC)),
        # A tap has no time; a text of the same second must not look older than it.
        ("own_tap", NOW.replace(microsecond=0)),
    ],
)
def test_the_time_is_the_platforms_where_it_gives_one(name: str, at: datetime) -> None:
    assert parse(load(name)).arrivals[0].at == at


@pytest.mark.skipif(not SHARED.is_dir(), reason="the captured payloads are not on this machine")
def test_every_captured_payload_is_accepted() -> None:
    for path in sorted(SHARED.glob("*.json")):
        body = json.loads(path.read_text())
        updates = [body] if "update_id" in body else [body, {"update_id": 7, "message": body}]
        for update in updates:
            parsed = parse(update)
            assert len(parsed.arrivals) + len(parsed.ignored) == 1, path.name


@pytest.mark.parametrize("text", ["/start Wo ist mein Paket", "/start " + "x" * 65, "/started", "/stop"])
def test_a_command_that_no_link_can_make_is_a_text(text: str) -> None:
    document = load("own_start_bare")
    document["message"]["text"] = text

    assert parse(document).arrivals[0].event == Text(text)


def test_start_in_a_link_that_names_the_bot_is_understood() -> None:
    document = load("own_start_bare")
    document["message"]["text"] = "/start@shop_bot abc"

    assert parse(document).arrivals[0].event == Referred(Referral(ref="abc", source="start"))


def test_somebody_elses_card_gives_no_phone() -> None:
    document = load("own_contact_own")
    document["message"]["contact"]["user_id"] = 5

    contact = parse(document).arrivals[0].contact

    assert contact is not None
    assert contact.phone is None


@pytest.mark.parametrize("part", ["entities", "reply_to_message", "story", "forward_origin", "quote"])
def test_a_strange_part_that_is_not_read_costs_no_message(part: str) -> None:
    document = load("own_text_reply")
    document["message"][part] = {"brand": ["new"]}

    event = parse(document).arrivals[0].event

    assert isinstance(event, Text)
    assert event.text == "Wo ist mein Paket? 📦"


def test_half_an_emoji_costs_no_message() -> None:
    body = (PAYLOADS / "own_text_reply.json").read_bytes().replace("📦".encode(), rb"\ud83d")

    event = BOT.parse({}, body, NOW).arrivals[0].event

    assert event == Text("Wo ist mein Paket? ?", reply_to="99")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        BOT.parse({}, body, NOW)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def paths_of(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path for key, inner in entries for path in ((*prefix, key), *paths_of(inner, (*prefix, key)))]


@given(st.data())
@settings(max_examples=150)
def test_no_change_to_an_update_ever_raises(data: st.DataObject) -> None:
    document = load(data.draw(st.sampled_from(sorted(EVENTS_OF))))
    for _ in range(data.draw(st.integers(1, 3))):
        paths = paths_of(document)
        if not paths:
            break
        *parents, last = data.draw(st.sampled_from(paths))
        place = document
        for key in parents:
            place = place[key]
        if data.draw(st.booleans()):
            place[last] = data.draw(JSON_VALUES)
        else:
            del place[last]

    parsed = parse(document)

    assert len(parsed.arrivals) + len(parsed.ignored) == 1
    for arrival in parsed.arrivals:
        assert EVENTS.validate_json(EVENTS.dump_json(arrival.event)) == arrival.event
        assert b"\\u0000" not in EVENTS.dump_json(arrival.event)
        assert arrival.contact is not None
        assert all(id_.removeprefix("-").isdecimal() for id_ in arrival.contact.ids)
        assert arrival.at.utcoffset() is not None


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Telegram-Bot-Api-Secret-Token": "other"}, {"X-Telegram-Bot-Api-Secret-Token": "s3crét"}],
)
def test_a_wrong_secret_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        BOT.verify(CIMultiDict(headers), b"{}")


def test_the_right_secret_is_accepted_whatever_the_headers_case() -> None:
    BOT.verify(CIMultiDict({"x-telegram-bot-api-secret-token": "s3cret"}), b"{}")


def test_an_empty_secret_lets_nobody_in() -> None:
    with pytest.raises(BadSignature):
        telegram(secret="").verify(CIMultiDict(), b"{}")


def test_it_is_a_source_and_names_its_account() -> None:
    assert isinstance(BOT, Source)
    assert (BOT.name, BOT.account) == ("telegram", "3333333")


def test_the_settings_show_no_secrets() -> None:
    shown = repr(TelegramSettings(TOKEN, "s3cret"))

    assert TOKEN not in shown
    assert "s3cret" not in shown


def test_a_process_without_telegram_does_not_load_the_library() -> None:
    code = "import integrations.telegram, sys; sys.exit('telegram' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


def test_entry_links_open_the_chat_with_the_code() -> None:
    assert BOT.entry_url("kQ3-x_9", "Hallo") == "https://t.me/shop_bot?start=kQ3-x_9"
    sandbox = telegram(link_base="http://127.0.0.1:8080/sandbox/telegram")
    assert sandbox.entry_url("kQ3-x_9", "Hallo") == "http://127.0.0.1:8080/sandbox/telegram?ref=kQ3-x_9"
