"""Telegram: what updates become, what is sent, and what Telegram's answers mean."""

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from dialogs.messages import (
    EVENTS,
    Attachment,
    Button,
    Contact,
    Edited,
    Event,
    Link,
    Media,
    OutCard,
    Outgoing,
    Picture,
    Reachability,
    Reaction,
    Referral,
    Referred,
    Shared,
    Tap,
    Template,
    Text,
    Unsupported,
)
from integrations.base import (
    BadSignature,
    IntegrationError,
    Malformed,
    Parsed,
    Refused,
    Sent,
    Source,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
)
from integrations.telegram import Telegram, TelegramSettings

PAYLOADS = Path(__file__).parent / "payloads" / "telegram"
SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "telegram"
TOKEN = "3333333:AAH-test_token"
NOW = datetime(2026, 11, 21, 12, 0, 0, 700_000, tzinfo=UTC)
TIMEOUT = pytest.mark.timeout(20)


def telegram(**changes: str) -> Telegram:
    return Telegram(
        TelegramSettings(**{"token": TOKEN, "secret": "s3cret", "username": "shop_bot", **changes})
    )


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


def accepted(message_id: int = 501) -> web.Response:
    result = {"message_id": message_id, "date": 1790000000, "chat": {"id": 1111111, "type": "private"}}
    return web.json_response({"ok": True, "result": result})


@dataclass
class BotApi:
    """A Bot API that notes every call and answers as told."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answer: Callable[[], web.Response] = accepted

    async def handle(self, request: web.Request) -> web.Response:
        assert request.match_info["token"] == TOKEN
        self.calls.append((request.match_info["method"], await request.json()))
        return self.answer()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    api = BotApi()
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", api.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(access_log=None)  # it would log the addresses, and with them the token
    api.url = str(server.make_url("")).rstrip("/")
    yield api
    await server.close()


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Telegram]:
    bot = telegram(api_url=api.url)
    yield bot
    await bot.aclose()


async def send(bot: Telegram, outgoing: Outgoing) -> Sent:
    return await bot.send("1111111", outgoing, reference="17")


@TIMEOUT
async def test_text_link_and_buttons_travel_in_one_message(api: BotApi, bot: Telegram) -> None:
    outgoing = Outgoing(
        "buttons",
        text="Alles gut angekommen?",
        buttons=(Button("csat:7:5", "Ja, super"), Button("csat:7:1", "Leider nein")),
        link=Link("Zum Shop", "https://shop.example/"),
    )

    assert await send(bot, outgoing) == Sent("501")

    assert api.calls == [
        (
            "sendMessage",
            {
                "chat_id": 1111111,
                "text": "Alles gut angekommen?",
                "reply_markup": {
                    "inline_keyboard": [
                        [{"text": "Ja, super", "callback_data": "csat:7:5"}],
                        [{"text": "Leider nein", "callback_data": "csat:7:1"}],
                        [{"text": "Zum Shop", "url": "https://shop.example/"}],
                    ]
                },
            },
        )
    ]


@TIMEOUT
async def test_plain_text_carries_nothing_else(api: BotApi, bot: Telegram) -> None:
    await send(bot, Outgoing("text", text="Hallo *Mia* <3"))

    assert api.calls == [("sendMessage", {"chat_id": 1111111, "text": "Hallo *Mia* <3"})]


@TIMEOUT
@pytest.mark.parametrize(
    ("type_", "method", "name"),
    [
        ("image", "sendPhoto", "photo"),
        ("video", "sendVideo", "video"),
        ("audio", "sendAudio", "audio"),
        ("document", "sendDocument", "document"),
    ],
)
async def test_media_goes_by_address_with_caption_and_buttons(
    api: BotApi, bot: Telegram, type_: Any, method: str, name: str
) -> None:
    outgoing = Outgoing(
        "media",
        text="So sieht es aus.",
        picture=Picture(type_, "https://cdn.example/a?k=1"),
        buttons=(Button("ok", "Alles klar"),),
    )

    await send(bot, outgoing)

    ((called, body),) = api.calls
    assert called == method
    assert body[name] == "https://cdn.example/a?k=1"
    assert body["caption"] == "So sieht es aus."
    assert body["reply_markup"] == {"inline_keyboard": [[{"text": "Alles klar", "callback_data": "ok"}]]}


@TIMEOUT
@pytest.mark.parametrize(
    "outgoing",
    [
        Outgoing("cards", cards=(OutCard("Tasse"),)),
        Outgoing("text", template=Template("hello", "de")),
        Outgoing("buttons", text="?", buttons=(Button("ä" * 33, "zu lang"),)),
        Outgoing("buttons", text="?", buttons=(Button("", "leer"),)),
        Outgoing("media", picture=Picture("document", __file__)),
        Outgoing("media", picture=Picture("document", "file:///etc/hostname")),
    ],
)
async def test_what_telegram_cannot_carry_is_refused_before_it_is_sent(
    api: BotApi, bot: Telegram, outgoing: Outgoing
) -> None:
    with pytest.raises(Refused):
        await send(bot, outgoing)

    assert api.calls == []


@TIMEOUT
async def test_seen_tap_and_history(api: BotApi, bot: Telegram) -> None:
    api.answer = lambda: web.json_response({"ok": True, "result": True})

    await bot.seen("1111111", "100")
    await bot.answer_tap("4382")

    assert api.calls == [
        ("sendChatAction", {"chat_id": 1111111, "action": "typing"}),
        ("answerCallbackQuery", {"callback_query_id": "4382"}),
    ]
    assert await bot.history("1111111") == ()


@TIMEOUT
async def test_subscribing_names_the_secret_and_the_kinds(api: BotApi, bot: Telegram) -> None:
    api.answer = lambda: web.json_response({"ok": True, "result": True})

    await bot.subscribe("https://shop.example/webhooks/telegram")

    ((method, body),) = api.calls
    assert method == "setWebhook"
    assert body["secret_token"] == "s3cret"
    assert "message_reaction" in body["allowed_updates"]


@TIMEOUT
async def test_the_bot_learns_its_name(api: BotApi) -> None:
    api.answer = lambda: web.json_response(
        {
            "ok": True,
            "result": {"id": 3333333, "is_bot": True, "first_name": "Shop", "username": "real_shop_bot"},
        }
    )
    bot = telegram(api_url=api.url, username="")
    with pytest.raises(Refused, match="username"):
        bot.entry_url("abc", "")

    assert await bot.identify() == "real_shop_bot"

    assert bot.entry_url("abc", "") == "https://t.me/real_shop_bot?start=abc"
    await bot.aclose()


def error(status: int, description: str, **parameters: object) -> Callable[[], web.Response]:
    body = {"ok": False, "error_code": status, "description": description}
    return lambda: web.json_response(
        {**body, **({"parameters": parameters} if parameters else {})}, status=status
    )


@TIMEOUT
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(403, "Forbidden: bot was blocked by the user"), Unreachable),
        (error(403, "Forbidden: user is deactivated"), Unreachable),
        (error(400, "Bad Request: chat not found"), Unreachable),
        (error(400, "Bad Request: message text is empty"), Refused),
        (error(400, "Bad Request: BUTTON_URL_INVALID"), Refused),
        (error(401, "Unauthorized"), Unauthorized),
        (error(404, "Not Found"), Unauthorized),
        (error(429, "Too Many Requests: retry after 35", retry_after=35), Throttled),
        (error(500, "Internal Server Error"), Unavailable),
        (error(502, "Bad Gateway"), Uncertain),
        (error(504, "Gateway Timeout"), Uncertain),
        (error(409, "Conflict"), Refused),
        (lambda: web.Response(status=503, text="<html>busy</html>"), Unavailable),
        (lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1/"}), Unavailable),
        (lambda: web.Response(text="<html>welcome</html>"), Uncertain),
        (lambda: web.json_response({"ok": True}), Uncertain),
        (lambda: web.json_response({"ok": True, "result": {"message_id": "x"}}), Uncertain),
    ],
)
async def test_an_answer_says_what_to_do_next(
    api: BotApi, bot: Telegram, answer: Callable[[], web.Response], expected: type[IntegrationError]
) -> None:
    api.answer = answer

    with pytest.raises(IntegrationError) as caught:
        await send(bot, Outgoing("text", text="Hallo"))

    assert type(caught.value) is expected


@TIMEOUT
async def test_a_limit_says_how_long_to_wait(api: BotApi, bot: Telegram) -> None:
    api.answer = error(429, "Too Many Requests: retry after 35", retry_after=35)

    with pytest.raises(Throttled) as caught:
        await send(bot, Outgoing("text", text="Hallo"))

    assert (caught.value.after, caught.value.person, caught.value.code) == (35.0, False, "429")


@TIMEOUT
async def test_a_message_of_a_future_kind_still_counts_as_sent(api: BotApi, bot: Telegram) -> None:
    result = {"message_id": 9, "date": "soon", "chat": {}, "entities": 5, "sticker": {"new": True}}
    api.answer = lambda: web.json_response({"ok": True, "result": result})

    assert await send(bot, Outgoing("text", text="Hallo")) == Sent("9")


@TIMEOUT
async def test_an_address_that_is_no_number_reaches_nobody(api: BotApi, bot: Telegram) -> None:
    with pytest.raises(Unreachable):
        await bot.send("@mia", Outgoing("text", text="Hallo"), reference="1")


@TIMEOUT
async def test_neither_token_nor_text_gets_into_errors_or_logs(
    api: BotApi, bot: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    words = "streng geheim"
    await send(bot, Outgoing("text", text=words))
    api.answer = error(400, f"Bad Request: strange path /bot{TOKEN}/sendMessage")
    with pytest.raises(Refused) as refused:
        await send(bot, Outgoing("text", text=words))
    nobody = telegram(api_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as unavailable:
        await send(nobody, Outgoing("text", text=words))
    await nobody.aclose()

    told = [
        caplog.text,
        *("".join(traceback.format_exception(each.value)) for each in (refused, unavailable)),
    ]

    assert "strange path /bot***/sendMessage" in told[1]
    assert all(TOKEN not in seen for seen in told)
    assert all(words not in seen for seen in told)


def test_entry_links_open_the_chat_with_the_code() -> None:
    assert BOT.entry_url("kQ3-x_9", "Hallo") == "https://t.me/shop_bot?start=kQ3-x_9"
    sandbox = telegram(link_base="http://127.0.0.1:8080/sandbox/telegram")
    assert sandbox.entry_url("kQ3-x_9", "Hallo") == "http://127.0.0.1:8080/sandbox/telegram?ref=kQ3-x_9"
