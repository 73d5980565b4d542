"""The sandbox's support group is as strict as Telegram's, and tells the bot what Telegram tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.integrations.sandbox.conftest import SETTINGS, Box

Json = dict[str, Any]
CHAT = SETTINGS.groups[0].chat_id


async def call(box: Box, method: str, **given: Any) -> tuple[int, Any]:
    status, answer = await box.to_telegram(method, chat_id=CHAT, **given)
    return status, answer["result"] if answer["ok"] else answer["description"].removeprefix("Bad Request: ")


async def topic(box: Box, name: str = "🔴 Lena") -> int:
    status, made = await call(box, "createForumTopic", name=name)
    assert status == 200, made
    number: int = made["message_thread_id"]
    return number


async def group(box: Box) -> Json:
    found: Json = (await box.api("api/group"))["groups"][0]
    return found


async def updates(box: Box, count: int) -> list[Json]:
    return [post.json for post in await box.receiver.of("telegram", count)]


async def test_a_topic_is_opened_named_closed_reopened_and_deleted(box: Box) -> None:
    number = await topic(box)
    assert (await group(box))["topics"][0]["name"] == "🔴 Lena"
    assert await call(box, "editForumTopic", message_thread_id=number, name="✅ Lena") == (200, True)
    assert await call(box, "closeForumTopic", message_thread_id=number) == (200, True)
    assert (await group(box))["topics"][0]["closed"] is True
    assert await call(box, "reopenForumTopic", message_thread_id=number) == (200, True)
    assert await call(box, "deleteForumTopic", message_thread_id=number) == (200, True)
    assert (await group(box))["topics"] == []


REFUSED: dict[str, tuple[str, Json, str]] = {
    "the same name": ("editForumTopic", {"name": "🔴 Lena"}, "TOPIC_NOT_MODIFIED"),
    "open as it is": ("reopenForumTopic", {}, "TOPIC_NOT_MODIFIED"),
    "no such topic": ("closeForumTopic", {"message_thread_id": 5}, "TOPIC_ID_INVALID"),
    "no topic to write in": (
        "sendMessage",
        {"message_thread_id": 5, "text": "a"},
        "message thread not found",
    ),
    "General has no number": (
        "sendMessage",
        {"message_thread_id": 1, "text": "a"},
        "message thread not found",
    ),
    "an empty name": ("createForumTopic", {"name": " "}, "topic name is empty"),
    "a long name": ("createForumTopic", {"name": "x" * 129}, "TOPIC_TITLE_TOO_LONG"),
    "nothing to edit": ("editMessageText", {"message_id": 5, "text": "a"}, "message to edit not found"),
    "nothing to react to": ("setMessageReaction", {"message_id": 5}, "message to react not found"),
    "nothing to delete": ("deleteMessage", {"message_id": 5}, "message to delete not found"),
    "nothing to pin": ("pinChatMessage", {"message_id": 5}, "message to pin not found"),
    "nothing to copy": ("copyMessage", {"from_chat_id": CHAT, "message_id": 5}, "message to copy not found"),
}


@pytest.mark.parametrize(("method", "given", "words"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_telegram_refuses_is_refused_in_its_words(
    box: Box, method: str, given: Json, words: str
) -> None:
    number = await topic(box)
    assert await call(box, method, **({"message_thread_id": number} | given)) == (400, words)


async def test_without_rights_or_topics_nothing_can_be_opened(box: Box) -> None:
    await box.api("faults", group_rights=False)
    assert await call(box, "createForumTopic", name="a") == (400, "not enough rights to create a topic")
    assert (await call(box, "getChatMember", user_id=SETTINGS.telegram.id))[1]["status"] == "member"
    await box.api("faults", group_rights=True, group_topics=False)
    assert await call(box, "createForumTopic", name="a") == (400, "the chat is not a forum")
    assert "is_forum" not in (await call(box, "getChat"))[1]


async def test_twenty_messages_a_minute_and_no_more_in_all_topics_together(box: Box) -> None:
    places = [await topic(box, "a"), await topic(box, "b")]
    for count in range(20):
        assert (await call(box, "sendMessage", message_thread_id=places[count % 2], text="a"))[0] == 200
        box.clock.now += timedelta(seconds=1)
    status, answer = await box.to_telegram("sendMessage", chat_id=CHAT, text="zu viel")
    assert (status, answer["parameters"]) == (429, {"retry_after": 40})
    box.clock.now += timedelta(seconds=40)
    assert (await call(box, "sendMessage", text="jetzt"))[0] == 200


async def test_a_message_with_buttons_is_edited_pinned_marked_and_taken_away(box: Box) -> None:
    number = await topic(box)
    keyboard = {"inline_keyboard": [[{"text": "Übernehmen", "callback_data": "take:1"}]]}
    _, sent = await call(box, "sendMessage", message_thread_id=number, text="Fall", reply_markup=keyboard)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (number, True)
    at = {"message_id": sent["message_id"]}
    assert (await call(box, "editMessageText", **at, text="Fall!", reply_markup=keyboard))[0] == 200
    status, words = await call(box, "editMessageText", **at, text="Fall!", reply_markup=keyboard)
    assert status == 400
    assert words.startswith("message is not modified")
    assert await call(box, "pinChatMessage", **at) == (200, True)
    assert await call(box, "setMessageReaction", **at, reaction=[{"type": "emoji", "emoji": "👀"}]) == (
        200,
        True,
    )
    assert await call(box, "setMessageReaction", **at, reaction=[{"type": "emoji", "emoji": "📦"}]) == (
        400,
        "REACTION_INVALID",
    )
    shown = (await group(box))["topics"][0]["messages"][-1]
    assert (shown["text"], shown["edited"], shown["pinned"]) == ("Fall!", True, True)
    assert shown["reactions"] == [{"from": "bot", "emoji": "👀"}]
    assert await call(box, "deleteMessage", **at) == (200, True)


async def test_an_agents_words_reach_the_bot_with_topic_and_author(box: Box) -> None:
    number = await topic(box)
    await box.api("api/group/say", agent="eva", topic=number, text="Ich kümmere mich.")
    [update] = await updates(box, 1)
    message = update["message"]
    assert (message["chat"]["id"], message["message_thread_id"], message["is_topic_message"]) == (
        CHAT,
        number,
        True,
    )
    assert message["from"]["first_name"] == "Eva"
    assert message["reply_to_message"]["forum_topic_created"]["name"] == "🔴 Lena"
    said = message["message_id"]
    await box.api("api/group/edit", agent="eva", message_id=said, text="Ich kümmere mich jetzt.")
    assert (await updates(box, 2))[-1]["edited_message"]["text"] == "Ich kümmere mich jetzt."
    await box.api("api/group/say", status=404, agent="lena", topic=number, text="Ich auch.")
    await box.api("api/group/edit", status=400, agent="tom", message_id=said, text="Nein")


async def test_taps_reactions_and_topics_are_told_and_a_deleted_topic_is_not(box: Box) -> None:
    number = await topic(box)
    keyboard = {"inline_keyboard": [[{"text": "Übernehmen", "callback_data": "take:1"}]]}
    _, sent = await call(box, "sendMessage", message_thread_id=number, text="Fall", reply_markup=keyboard)
    await box.api("api/group/tap", agent="tom", message_id=sent["message_id"], payload="take:1")
    tapped = (await updates(box, 1))[-1]["callback_query"]
    assert (tapped["data"], tapped["message"]["message_thread_id"]) == ("take:1", number)
    answer = {"callback_query_id": tapped["id"], "text": "Du hast den Fall."}
    assert (await box.to_telegram("answerCallbackQuery", **answer))[0] == 200
    assert (await box.to_telegram("answerCallbackQuery", **answer))[0] == 400
    await box.api("api/group/react", agent="tom", message_id=sent["message_id"], emoji="👍")
    assert (await updates(box, 2))[-1]["message_reaction"]["new_reaction"][0]["emoji"] == "👍"
    await box.api("api/group/topic", agent="tom", act="close", topic=number)
    assert (await updates(box, 3))[-1]["message"]["forum_topic_closed"] == {}
    await box.api("api/group/topic", agent="tom", act="delete", topic=number)
    await box.quiet()
    assert len(box.receiver.posts) == 3
    assert await call(box, "sendMessage", message_thread_id=number, text="a") == (
        400,
        "message thread not found",
    )


async def test_files_go_by_address_by_id_and_as_they_are(box: Box) -> None:
    number = await topic(box)
    await box.api("api/group/file", agent="eva", topic=number, type="image", caption="so")
    [update] = await updates(box, 1)
    file_id = update["message"]["photo"][-1]["file_id"]
    assert update["message"]["caption"] == "so"
    _, file = await box.to_telegram("getFile", file_id=file_id)
    url = f"{box.base}/telegram/file/bot{SETTINGS.telegram.token}/{file['result']['file_path']}"
    async with box.client.get(url) as answer:
        original = await answer.read()
    _, again = await call(box, "sendPhoto", message_thread_id=number, photo=file_id)
    assert again["photo"]
    form = aiohttp.FormData({"chat_id": str(CHAT), "message_thread_id": str(number)})
    form.add_field("photo", original, filename="bild.png", content_type="image/png")
    method = f"{box.base}/telegram/bot{SETTINGS.telegram.token}/sendPhoto"
    async with box.client.post(method, data=form) as answer:
        assert (await answer.json())["ok"]
    shown = (await group(box))["topics"][0]["messages"][-1]
    async with box.client.get(shown["media"]["url"]) as answer:
        assert await answer.read() == original


async def test_a_message_is_copied_from_the_group_into_a_chat(box: Box) -> None:
    await box.say("telegram")
    number = await topic(box)
    said = await box.api("api/group/file", agent="eva", topic=number, type="image", caption="so")
    chat = await box.address("telegram")
    status, copied = await box.to_telegram(
        "copyMessage", chat_id=chat, from_chat_id=CHAT, message_id=said["message"]["id"]
    )
    assert (status, list(copied["result"])) == (200, ["message_id"])
    assert (await box.thread("telegram"))[-1]["media"]["type"] == "image"


async def test_forgetting_everything_forgets_the_group(box: Box) -> None:
    await topic(box)
    await box.api("api/reset")
    assert (await group(box))["topics"] == []


async def test_the_page_is_served_with_its_policy(box: Box) -> None:
    async with box.client.get(f"{box.base}/group") as answer:
        assert answer.status == 200
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "group.js" in await answer.text()
