"""Telegram, sending: what goes to the Bot API, and what its answers mean."""

import logging
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialogs.messages import (
    Button,
    Link,
    OutCard,
    Outgoing,
    Picture,
    Template,
)
from integrations.base import (
    IntegrationError,
    Refused,
    Sent,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
)
from integrations.telegram import Telegram
from tests.integrations.test_telegram import TIMEOUT, TOKEN, telegram


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
    await bot.seen("1111111", "100", typing=False)
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
