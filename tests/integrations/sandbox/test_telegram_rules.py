"""Telegram in the sandbox refuses what Telegram refuses, in its words; the real library talks to it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import telegram
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter

from tests.integrations.sandbox.conftest import SETTINGS, Box

Json = dict[str, Any]


def keyboard(*buttons: Json) -> str:
    return json.dumps({"inline_keyboard": [[button] for button in buttons]})


REFUSED: dict[str, tuple[Json, str]] = {
    "empty": ({"text": " "}, "message text is empty"),
    "4097 characters": ({"text": "x" * 4097}, "message is too long"),
    "payload of 65 bytes": (
        {"text": "a", "reply_markup": keyboard({"text": "a", "callback_data": "ä" * 32 + "x"})},
        "BUTTON_DATA_INVALID",
    ),
    "button without title": (
        {"text": "a", "reply_markup": keyboard({"text": "", "callback_data": "a"})},
        "inline keyboard button text must be non-empty",
    ),
    "button without action": (
        {"text": "a", "reply_markup": keyboard({"text": "a"})},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    "button with a broken address": (
        {"text": "a", "reply_markup": keyboard({"text": "a", "url": "shop"})},
        "BUTTON_URL_INVALID",
    ),
    "101 buttons": (
        {"text": "a", "reply_markup": keyboard(*[{"text": "a", "callback_data": "a"}] * 101)},
        "reply markup is too long",
    ),
    "broken markup": ({"text": "a", "reply_markup": "{"}, "can't parse the JSON object"),
}


@pytest.mark.parametrize(("given", "words"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_does_not_fit_is_refused(box: Box, given: Json, words: str) -> None:
    await box.say("telegram")
    status, answer = await box.to_telegram("sendMessage", chat_id=await box.address("telegram"), **given)
    assert (status, answer["ok"], answer["error_code"]) == (400, False, 400)
    assert answer["description"] == f"Bad Request: {words}"
    assert (await box.api("api/sent"))["count"] == 0


@pytest.mark.parametrize("form", [True, False])
async def test_forms_and_json_are_the_same(box: Box, form: bool) -> None:
    await box.say("telegram")
    markup = {"inline_keyboard": [[{"text": "Ja", "callback_data": "ä" * 32}]]}
    given: Json = {"chat_id": await box.address("telegram"), "text": "x" * 4096}
    if form:
        given["reply_markup"] = json.dumps(markup)
        status, answer = await box.to_telegram("sendMessage", form=True, **given)
    else:
        status, answer = await box.to_telegram("sendMessage", **given, reply_markup=markup)
    assert status == 200, answer
    assert answer["result"]["chat"]["id"] == int(given["chat_id"])
    assert answer["result"]["reply_markup"] == markup
    shown = (await box.thread("telegram"))[-1]
    assert (shown["style"], shown["buttons"][0]["payload"]) == ("buttons", "ä" * 32)


async def test_limits_count_after_the_marks_are_taken_out(box: Box) -> None:
    await box.say("telegram")
    chat = await box.address("telegram")
    given: Json = {"chat_id": chat, "text": f"<b>{'x' * 4090}</b> &amp;", "parse_mode": "HTML"}
    status, answer = await box.to_telegram("sendMessage", **given)
    assert (status, answer["result"]["text"][-2:]) == (200, " &")


@pytest.mark.parametrize(
    ("method", "field", "kind"),
    [
        ("sendPhoto", "photo", "image"),
        ("sendVideo", "video", "video"),
        ("sendAudio", "audio", "audio"),
        ("sendDocument", "document", "document"),
    ],
)
async def test_files_go_by_address(box: Box, method: str, field: str, kind: str) -> None:
    await box.say("telegram")
    chat = await box.address("telegram")
    given: Json = {"chat_id": chat, field: "https://shop.example/a", "caption": "x" * 1024}
    assert (await box.to_telegram(method, **given))[0] == 200
    assert (await box.thread("telegram"))[-1]["media"]["type"] == kind
    _, answer = await box.to_telegram(method, **{**given, "caption": "x" * 1025})
    assert answer["description"] == "Bad Request: message caption is too long"
    _, answer = await box.to_telegram(method, chat_id=chat)
    assert answer["error_code"] == 400
    _, answer = await box.to_telegram(method, **{**given, field: "ftp://shop.example/a"})
    assert answer["error_code"] == 400


async def test_who_cannot_be_written_to(box: Box) -> None:
    chat = await box.address("telegram")
    assert (await box.to_telegram("sendMessage", chat_id=chat, text="a"))[1] == {
        "ok": False,
        "error_code": 403,
        "description": "Forbidden: bot can't initiate conversation with a user",
    }
    _, answer = await box.to_telegram("sendMessage", chat_id="5", text="a")
    assert (answer["error_code"], answer["description"]) == (400, "Bad Request: chat not found")
    await box.say("telegram")
    await box.api("api/block", channel="telegram", blocked=True)
    _, answer = await box.to_telegram("sendMessage", chat_id=chat, text="a")
    assert (answer["error_code"], answer["description"]) == (403, "Forbidden: bot was blocked by the user")


async def test_there_is_no_window(box: Box) -> None:
    await box.say("telegram")
    box.clock.now += timedelta(days=400)
    assert (await box.to_telegram("sendMessage", chat_id=await box.address("telegram"), text="a"))[0] == 200


async def test_a_flood_is_told_how_long_to_wait(box: Box) -> None:
    await box.say("telegram")
    chat = await box.address("telegram")
    outcomes = [(await box.to_telegram("sendMessage", chat_id=chat, text="a"))[0] for _ in range(20)]
    assert outcomes == [200] * 20
    status, answer = await box.to_telegram("sendMessage", chat_id=chat, text="a")
    assert (status, answer["error_code"], answer["parameters"]) == (429, 429, {"retry_after": 1})
    box.clock.now += timedelta(seconds=1)
    assert (await box.to_telegram("sendMessage", chat_id=chat, text="a"))[0] == 200


async def test_a_wrong_token_and_a_wrong_method(box: Box) -> None:
    async with box.client.post(f"{box.base}/telegram/bot1:wrong/getMe") as answer:
        assert (answer.status, (await answer.json())["description"]) == (401, "Unauthorized")
    status, wrong = await box.to_telegram("flyAway")
    assert (status, wrong["description"]) == (404, "Not Found: method not found")


async def test_a_tap_is_answered_once(box: Box) -> None:
    await box.say("telegram")
    chat = await box.address("telegram")
    markup = {"inline_keyboard": [[{"text": "Ja", "callback_data": "yes"}]]}
    _, sent = await box.to_telegram("sendMessage", chat_id=chat, text="Passt?", reply_markup=markup)
    message_id = sent["result"]["message_id"]
    await box.api("api/tap", channel="telegram", message_id=str(message_id), payload="yes", title="Ja")
    posts = await box.receiver.of("telegram", 2)
    query = posts[-1].json["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("yes", message_id)
    assert (await box.thread("telegram"))[-1]["tapped"] == "yes"
    given: Json = {"callback_query_id": query["id"], "text": "x" * 201}
    assert (await box.to_telegram("answerCallbackQuery", **given))[1]["description"] == (
        "Bad Request: MESSAGE_TOO_LONG"
    )
    assert (await box.to_telegram("answerCallbackQuery", callback_query_id=query["id"]))[1]["result"] is True
    _, again = await box.to_telegram("answerCallbackQuery", callback_query_id=query["id"])
    assert again["description"].startswith("Bad Request: query is too old")


async def test_a_keyboard_can_be_taken_away(box: Box) -> None:
    await box.say("telegram")
    chat = await box.address("telegram")
    markup = {"inline_keyboard": [[{"text": "Ja", "callback_data": "yes"}]]}
    _, sent = await box.to_telegram("sendMessage", chat_id=chat, text="Passt?", reply_markup=markup)
    given: Json = {"chat_id": chat, "message_id": sent["result"]["message_id"]}
    assert (await box.to_telegram("editMessageReplyMarkup", **given))[0] == 200
    shown = (await box.thread("telegram"))[-1]
    assert (shown["style"], shown["buttons"]) == ("text", [])
    _, again = await box.to_telegram("editMessageReplyMarkup", **given)
    assert again["description"].startswith("Bad Request: message is not modified")
    _, other = await box.to_telegram("editMessageReplyMarkup", chat_id=chat, message_id=1)
    assert other["description"] == "Bad Request: message to edit not found"


async def test_the_webhook_says_which_updates_come(box: Box) -> None:
    said = await box.say("telegram")
    named: Json = {"url": "https://shop.example/webhooks/telegram", "secret_token": "another"}
    await box.to_telegram("setWebhook", **named)
    await box.api("api/react", channel="telegram", message_id=said["id"], emoji="👍")
    named["allowed_updates"] = json.dumps(["message", "message_reaction"])
    await box.to_telegram("setWebhook", form=True, **named)
    assert (await box.to_telegram("getWebhookInfo"))[1]["result"]["url"] == named["url"]
    await box.api("api/react", channel="telegram", message_id=said["id"], emoji="❤️")
    posts = await box.receiver.of("telegram", 2)
    assert posts[-1].json["message_reaction"]["new_reaction"] == [{"type": "emoji", "emoji": "❤️"}]
    assert posts[-1].json["message_reaction"]["old_reaction"] == [{"type": "emoji", "emoji": "👍"}]
    assert posts[-1].headers["X-Telegram-Bot-Api-Secret-Token"] == "another"
    await box.to_telegram("deleteWebhook")
    await box.say("telegram", "wartet")
    await box.say("instagram", "kommt")
    await box.receiver.instagram()
    assert len(await box.receiver.of("telegram", 2)) == 2
    await box.to_telegram("setWebhook", **named)
    assert (await box.receiver.of("telegram", 3))[-1].json["message"]["text"] == "wartet"


async def test_a_file_can_be_fetched(box: Box) -> None:
    await box.api("api/media", channel="telegram", type="image")
    [post] = await box.receiver.of("telegram")
    file_id = post.json["message"]["photo"][-1]["file_id"]
    _, answer = await box.to_telegram("getFile", file_id=file_id)
    url = f"{box.base}/telegram/file/bot{SETTINGS.telegram.token}/{answer['result']['file_path']}"
    async with box.client.get(url) as file:
        assert (file.status, file.content_type) == (200, "image/png")
    assert (await box.to_telegram("getFile", file_id="x"))[0] == 400


@pytest.mark.filterwarnings(
    "ignore::telegram.warnings.PTBDeprecationWarning"
)  # the library's own, of retry_after
async def test_the_real_library_talks_to_it(box: Box) -> None:
    await box.say("telegram")
    chat = int(await box.address("telegram"))
    urls: Json = {"base_url": f"{box.base}/telegram/bot", "base_file_url": f"{box.base}/telegram/file/bot"}
    async with telegram.Bot(SETTINGS.telegram.token, **urls) as bot:
        assert bot.username == SETTINGS.telegram.username
        markup = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Ja", callback_data="yes")]])
        sent = await bot.send_message(chat, "Größe passt? 🎉", reply_markup=markup)
        assert sent.text == "Größe passt? 🎉"
        assert sent.reply_markup == markup
        photo = await bot.send_photo(chat, "https://shop.example/a.png", caption="Bild")
        assert photo.photo[-1].file_id
        assert await bot.send_chat_action(chat, "typing")
        assert await bot.set_webhook("https://shop.example/webhooks/telegram", secret_token="abc")
        with pytest.raises(BadRequest, match="Button_data_invalid"):
            await bot.send_message(
                chat,
                "a",
                reply_markup=telegram.InlineKeyboardMarkup(
                    [[telegram.InlineKeyboardButton("a", callback_data="x" * 65)]]
                ),
            )
        await box.api("faults", status_429=1)
        with pytest.raises(RetryAfter):
            await bot.send_message(chat, "a")
        await box.api("api/block", channel="telegram", blocked=True)
        with pytest.raises(Forbidden):
            await bot.send_message(chat, "a")
    with pytest.raises(InvalidToken):
        async with telegram.Bot("1:wrong", **urls):
            pass
