"""What the buyer does reaches the shop in the platform's own shape."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.sandbox.conftest import SETTINGS, START, Box, Json


def button_template() -> Json:
    payload = {
        "template_type": "button",
        "text": "Passt alles?",
        "buttons": [{"type": "postback", "title": "Ja", "payload": "yes"}],
    }
    return {"attachment": {"type": "template", "payload": payload}}


async def test_an_instagram_text(box: Box) -> None:
    first = await box.say("instagram", "Hallo")
    await box.say("instagram", "noch was", reply_to=first["id"])
    [event, answer] = await box.receiver.instagram(2)
    assert event == {
        "sender": {"id": await box.address("instagram")},
        "recipient": {"id": SETTINGS.instagram.account_id},
        "timestamp": int(START.timestamp() * 1000),
        "message": {"mid": first["id"], "text": "Hallo"},
    }
    assert answer["message"]["reply_to"] == {"mid": first["id"]}
    post = box.receiver.posts[0].json
    assert (post["object"], post["entry"][0]["id"]) == ("instagram", SETTINGS.instagram.account_id)


async def test_instagram_taps(box: Box) -> None:
    await box.say("instagram")
    replies = [{"content_type": "text", "title": "5", "payload": "rate:5"}]
    _, quick = await box.to_instagram({"text": "Wie war's?", "quick_replies": replies})
    _, template = await box.to_instagram(button_template())
    card = {
        "title": "Klang",
        "subtitle": "Lautsprecher",
        "buttons": [{"type": "postback", "title": "Mehr", "payload": "more"}],
    }
    payload = {"template_type": "generic", "elements": [card]}
    _, cards = await box.to_instagram({"attachment": {"type": "template", "payload": payload}})
    for sent, chosen in ((quick, "rate:5"), (template, "yes"), (cards, "more")):
        await box.api("api/tap", channel="instagram", message_id=sent["message_id"], payload=chosen, title="")
    [_, by_reply, by_button, by_card] = await box.receiver.instagram(4)
    assert by_reply["message"]["quick_reply"] == {"payload": "rate:5"}
    assert by_reply["message"]["text"] == "5"
    assert (by_button["postback"]["payload"], by_button["postback"]["title"]) == ("yes", "Ja")
    assert by_card["postback"]["payload"] == "more"
    thread = await box.thread("instagram")
    assert [m["text"] for m in thread if m["from"] == "buyer"] == ["Hallo", "5", "Ja", "Mehr"]
    assert thread[1]["tapped"] == "rate:5"


async def test_a_link_to_a_new_chat_and_to_an_old_one(box: Box) -> None:
    message = (await box.api("api/open", channel="instagram", ref="NK-1"))["message"]
    assert message["from"] == "buyer"
    assert (await box.api("api/open", channel="instagram", ref="NK-2"))["message"] is None
    [first, second] = await box.receiver.instagram(2)
    assert first["postback"]["referral"] == {"ref": "NK-1", "source": "SHORTLINKS", "type": "OPEN_THREAD"}
    assert first["postback"]["mid"] == message["id"]
    assert second["referral"]["ref"] == "NK-2"
    assert "message" not in second


async def test_the_rest_of_instagram(box: Box) -> None:
    said = await box.say("instagram", "alt")
    act = {"channel": "instagram", "message_id": said["id"]}
    for _ in range(5):
        await box.api("api/edit", **act, text="neu")
    await box.api("api/edit", status=400, **act, text="zu oft")
    await box.api("api/react", **act, emoji="❤️")
    await box.api("api/react", **act, emoji=None)
    await box.api("api/unsend", **act)
    await box.api("api/edit", status=400, **act, text="weg")
    events = await box.receiver.instagram(9)
    assert events[1]["message_edit"] == {"mid": said["id"], "text": "neu", "num_edit": 1}
    assert events[6]["reaction"] == {"mid": said["id"], "action": "react", "reaction": "love", "emoji": "❤️"}
    assert events[7]["reaction"] == {"mid": said["id"], "action": "unreact"}
    assert events[8]["message"] == {"mid": said["id"], "is_deleted": True}
    [shown] = await box.thread("instagram")
    assert (shown["unsent"], shown["text"]) == (True, "")


async def test_files_on_instagram(box: Box) -> None:
    for kind in ("image", "audio", "video", "document", "location", "ephemeral"):
        await box.api("api/media", channel="instagram", type=kind)
    sticker = await box.api("api/media", channel="instagram", type="sticker")
    await box.say("instagram", "danach")
    messages = [event["message"] for event in await box.receiver.instagram(7)]
    types = [m["attachments"][0]["type"] for m in messages if "attachments" in m]
    assert types == ["image", "audio", "video", "file", "ephemeral"]
    assert messages[0]["attachments"][0]["payload"]["url"].endswith("/sandbox/media/sample.png")
    assert "payload" not in messages[5]["attachments"][0]
    assert messages[4]["is_unsupported"] is True
    assert messages[6]["text"] == "danach"  # of the sticker Instagram says nothing
    assert sticker["message"]["style"] == "sticker"


async def test_the_sample_files_are_real(box: Box) -> None:
    starts = {
        "png": (b"\x89PNG", "image/png"),
        "wav": (b"RIFF", "audio/wav"),
        "mp4": (b"\0\0\0$ftyp", "video/mp4"),
    }
    for name, (magic, kind) in starts.items():
        async with box.client.get(f"{box.base}/media/sample.{name}") as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            assert (await answer.read()).startswith(magic)
    async with box.client.get(f"{box.base}/media/other") as answer:
        assert answer.status == 404


async def test_a_whatsapp_text_with_a_visible_number(box: Box) -> None:
    first = await box.say("whatsapp", "Hallo")
    await box.say("whatsapp", "dazu", reply_to=first["id"])
    [message, answer] = await box.receiver.whatsapp("messages", 2)
    person = (await box.api("api/world"))["person"]["whatsapp"]
    assert message == {
        "from": person["wa_id"],
        "from_user_id": person["user_id"],
        "id": first["id"],
        "timestamp": str(int(START.timestamp())),
        "type": "text",
        "text": {"body": "Hallo"},
    }
    own_number = SETTINGS.whatsapp.number.removeprefix("+")
    assert answer["context"] == {"from": own_number, "id": first["id"]}
    value = box.receiver.posts[0].json["entry"][0]["changes"][0]["value"]
    contact = {"profile": {"name": "Lena Hoffmann"}, "wa_id": person["wa_id"], "user_id": person["user_id"]}
    assert value["contacts"] == [contact]
    assert value["metadata"]["phone_number_id"] == SETTINGS.whatsapp.phone_number_id


async def test_hiding_the_number(box: Box) -> None:
    person = (await box.api("api/person", hide_phone=True))["person"]["whatsapp"]
    await box.say("whatsapp")
    await box.api("api/own", channel="whatsapp", text="von Hand")
    [message] = await box.receiver.whatsapp("messages")
    [echo] = await box.receiver.whatsapp("message_echoes")
    assert "from" not in message
    assert "to" not in echo
    assert echo["to_user_id"] == person["user_id"]
    raw = b"".join(post.raw for post in box.receiver.posts)
    assert person["wa_id"].encode() not in raw
    assert person["username"].encode() in raw


async def test_whatsapp_taps(box: Box) -> None:
    await box.say("whatsapp")
    buttons = {
        "type": "button",
        "body": {"text": "Passt?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Ja"}}]},
    }
    row = {"id": "r1", "title": "Lieferung", "description": "Wo ist es?"}
    listing = {
        "type": "list",
        "body": {"text": "Was?"},
        "action": {"button": "Wählen", "sections": [{"rows": [row]}]},
    }
    parameters = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    template = {
        "name": "order_checkin",
        "language": {"code": "de"},
        "components": [{"type": "body", "parameters": parameters}],
    }
    sends: list[tuple[Json, str]] = [
        ({"type": "interactive", "interactive": buttons}, "yes"),
        ({"type": "interactive", "interactive": listing}, "r1"),
        ({"type": "template", "template": template}, "Alles bestens"),
    ]
    for body, payload in sends:
        message_id = (await box.to_whatsapp(**body))[1]["messages"][0]["id"]
        await box.api("api/tap", channel="whatsapp", message_id=message_id, payload=payload)
    [_, by_button, by_row, by_template] = await box.receiver.whatsapp("messages", 4)
    assert by_button["interactive"] == {"type": "button_reply", "button_reply": {"id": "yes", "title": "Ja"}}
    assert by_row["interactive"]["list_reply"] == row
    assert by_template["button"] == {"payload": "Alles bestens", "text": "Alles bestens"}
    assert by_template["type"] == "button"
    assert by_template["context"]["id"] == message_id


async def test_the_rest_of_whatsapp(box: Box) -> None:
    said = await box.say("whatsapp", "alt")
    act = {"channel": "whatsapp", "message_id": said["id"]}
    await box.api("api/edit", **act, text="neu")
    await box.api("api/react", **act, emoji="👍")
    await box.api("api/react", **act, emoji=None)
    await box.api("api/unsend", **act)
    [_, edit, react, unreact, revoke] = await box.receiver.whatsapp("messages", 5)
    assert edit["edit"]["original_message_id"] == said["id"]
    assert edit["edit"]["message"] == {"type": "text", "text": {"body": "neu"}}
    assert react["reaction"] == {"message_id": said["id"], "emoji": "👍"}
    assert unreact["reaction"] == {"message_id": said["id"], "emoji": ""}
    assert revoke["revoke"] == {"original_message_id": said["id"]}
    assert len({m["id"] for m in (edit, react, unreact, revoke)}) == 4
    error = await box.api("api/open", status=400, channel="whatsapp", ref="a")
    assert "say" in error["error"]


async def test_files_on_whatsapp(box: Box) -> None:
    for kind in ("image", "audio", "video", "document", "sticker", "location", "ephemeral"):
        await box.api("api/media", channel="whatsapp", type=kind, caption="dazu")
    messages = await box.receiver.whatsapp("messages", 7)
    assert [m["type"] for m in messages][:6] == ["image", "audio", "video", "document", "sticker", "location"]
    assert messages[0]["image"]["caption"] == "dazu"
    assert "caption" not in messages[4]["sticker"]
    assert messages[6]["errors"][0]["code"] == 131051
    _, file = await box.graph(messages[0]["image"]["id"], token=SETTINGS.whatsapp.access_token, method="GET")
    assert file["url"].endswith("/media/sample.png")


async def test_telegram_start_edit_and_block(box: Box) -> None:
    said = (await box.api("api/open", channel="telegram", ref="NK-1"))["message"]
    await box.api("api/edit", channel="telegram", message_id=said["id"], text="neu")
    await box.api("api/unsend", channel="telegram", message_id=said["id"])
    await box.api("api/block", channel="telegram", blocked=True)
    await box.api("api/block", channel="telegram", blocked=True)
    await box.api("api/block", channel="telegram", blocked=False)
    start, edited, blocked, back = [post.json for post in await box.receiver.of("telegram", 4)]
    assert start["message"]["text"] == "/start NK-1"
    assert start["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert start["message"]["chat"]["id"] == int(await box.address("telegram"))
    assert edited["edited_message"]["text"] == "neu"
    assert blocked["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert back["my_chat_member"]["new_chat_member"]["status"] == "member"
    ids = [u["update_id"] for u in (start, edited, blocked, back)]
    assert ids == sorted(set(ids))
    await box.api("api/open", status=400, channel="telegram", ref="ä")
    await box.api("api/open", status=400, channel="telegram", ref="x" * 65)
    await box.api("api/media", status=400, channel="telegram", type="ephemeral")


async def test_other_kinds_on_telegram(box: Box) -> None:
    for kind in ("image", "audio", "video", "document", "sticker", "location"):
        await box.api("api/media", channel="telegram", type=kind)
    messages = [post.json["message"] for post in await box.receiver.of("telegram", 6)]
    found = [next(k for k in m if k not in {"message_id", "from", "chat", "date"}) for m in messages]
    assert found == ["photo", "voice", "video", "document", "sticker", "location"]


WRONG: list[tuple[str, dict[str, Any], int]] = [
    ("api/say", {"channel": "fax", "text": "a"}, 400),
    ("api/say", {"channel": "instagram", "text": ""}, 400),
    ("api/say", {"channel": "instagram"}, 400),
    ("api/say", {"channel": "instagram", "text": "a", "reply_to": "x"}, 404),
    ("api/tap", {"channel": "instagram", "message_id": "x", "payload": "a"}, 404),
    ("api/react", {"channel": "whatsapp", "message_id": "x", "emoji": "👍"}, 404),
    ("api/say", {"channel": "instagram", "text": "a", "person": "x" * 101}, 400),
    ("api/sent?channel=fax", {}, 400),
]


@pytest.mark.parametrize(("path", "body", "status"), WRONG)
async def test_nonsense_is_answered_with_a_sentence(
    box: Box, path: str, body: dict[str, Any], status: int
) -> None:
    answer = await box.api(path, status=status, **body)
    assert answer["error"].endswith(".")


async def test_a_button_that_is_not_there(box: Box) -> None:
    await box.say("instagram")
    _, sent = await box.to_instagram(button_template())
    act = {"channel": "instagram", "message_id": sent["message_id"]}
    await box.api("api/tap", status=400, **act, payload="forged")
    assert (await box.thread("instagram"))[-1]["tapped"] is None


async def test_thousands_of_buyers_have_ids_of_their_own(box: Box) -> None:
    people = box.handle._stage.world.people
    everyone = [people.get(f"kunde-{number}") for number in range(5000)]
    for field in ("igsid", "wa_id", "user_id", "chat_id"):
        assert len({getattr(person, field) for person in everyone}) == 5000
    assert people.get("kunde-7") is everyone[7]
    assert people.find("whatsapp", everyone[9].wa_id) is everyone[9]
