"""Instagram in the sandbox refuses what Instagram refuses, with its codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integrations.sandbox.conftest import SETTINGS, Box

Json = dict[str, Any]
ACCOUNT = SETTINGS.instagram.account_id


def button(title: str = "Ja", payload: str = "yes") -> Json:
    return {"type": "postback", "title": title, "payload": payload}


def button_template(text: str = "Passt alles?", buttons: list[Json] | None = None) -> Json:
    payload = {"template_type": "button", "text": text, "buttons": [button()] if buttons is None else buttons}
    return {"attachment": {"type": "template", "payload": payload}}


def generic(elements: list[Json]) -> Json:
    return {"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": elements}}}


def replies(count: int, **changes: Any) -> Json:
    items = [{"content_type": "text", "title": f"T{n}", "payload": f"p{n}", **changes} for n in range(count)]
    return {"text": "Was meinst du?", "quick_replies": items}


FITS = {
    "text": {"text": "Hallo"},
    "text of 1000 bytes": {"text": "ä" * 500},
    "13 quick replies": replies(13),
    "button template": button_template("x" * 640, [button(), button("Nein", "no"), button("Hm", "hm")]),
    "button with link": button_template(
        buttons=[{"type": "web_url", "title": "Shop", "url": "https://shop.example"}]
    ),
    "generic": generic([{"title": "x" * 80, "subtitle": "y" * 80, "buttons": [button()]}] * 10),
    "image": {"attachment": {"type": "image", "payload": {"url": "https://shop.example/a.png"}}},
    "ten images": {"attachments": [{"type": "image", "payload": {"url": "https://shop.example/a.png"}}] * 10},
    "heart": {"attachment": {"type": "like_heart"}},
}
TOO_MUCH: dict[str, tuple[Json, int | None]] = {
    "text of 1001 bytes": ({"text": "ä" * 500 + "x"}, None),
    "empty": ({}, None),
    "text and attachment": ({"text": "a", **button_template()}, None),
    "14 quick replies": (replies(14), None),
    "no quick replies": ({"text": "a", "quick_replies": []}, None),
    "quick reply title of 21": (replies(1, title="x" * 21), None),
    "quick reply payload of 1001": (replies(1, payload="x" * 1001), None),
    "phone number quick reply": (replies(1, content_type="user_phone_number"), None),
    "button text of 641": (button_template("x" * 641), None),
    "four buttons": (button_template(buttons=[button()] * 4), None),
    "no button": (button_template(buttons=[]), None),
    "button title of 21": (button_template(buttons=[button("x" * 21)]), None),
    "button payload of 1001": (button_template(buttons=[button("a", "x" * 1001)]), None),
    "button without address": (
        button_template(buttons=[{"type": "web_url", "title": "a", "url": "shop"}]),
        None,
    ),
    "11 cards": (generic([{"title": "a", "subtitle": "b"}] * 11), None),
    "card title of 81": (generic([{"title": "x" * 81, "subtitle": "b"}]), None),
    "card subtitle of 81": (generic([{"title": "a", "subtitle": "x" * 81}]), None),
    "card of a title only": (generic([{"title": "a"}]), None),
    "card with four buttons": (generic([{"title": "a", "buttons": [button()] * 4}]), None),
    "11 images": (
        {"attachments": [{"type": "image", "payload": {"url": "https://shop.example/a.png"}}] * 11},
        2018047,
    ),
    "file without address": ({"attachment": {"type": "video", "payload": {"url": "a.mp4"}}}, 2018008),
    "unknown attachment": ({"attachment": {"type": "hologram", "payload": {}}}, None),
}


@pytest.mark.parametrize("message", FITS.values(), ids=FITS.keys())
async def test_what_fits_is_accepted(box: Box, message: Json) -> None:
    await box.say("instagram")
    status, answer = await box.to_instagram(message)
    assert status == 200, answer
    assert answer["recipient_id"] == await box.address("instagram")
    assert (await box.thread("instagram"))[-1]["id"] == answer["message_id"]


@pytest.mark.parametrize(("message", "subcode"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
async def test_what_does_not_fit_is_a_bad_parameter(box: Box, message: Json, subcode: int | None) -> None:
    await box.say("instagram")
    status, answer = await box.to_instagram(message)
    assert (status, answer["error"]["code"]) == (400, 100)
    assert answer["error"].get("error_subcode") == subcode
    assert answer["error"]["type"] == "OAuthException"
    assert answer["error"]["fbtrace_id"]
    assert (await box.api("api/sent"))["count"] == 0


async def test_the_window_closes_after_24_hours(box: Box) -> None:
    await box.say("instagram")
    box.clock.now += timedelta(hours=24) - timedelta(seconds=1)
    assert (await box.to_instagram({"text": "noch"}))[0] == 200
    box.clock.now += timedelta(seconds=1)
    status, answer = await box.to_instagram({"text": "zu spät"})
    assert status == 400
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (10, 2534022)


async def test_nobody_is_written_to_first(box: Box) -> None:
    _, answer = await box.to_instagram({"text": "Hallo?"})
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (10, 2534022)


async def test_a_tap_a_reaction_and_a_link_open_the_window_again(box: Box) -> None:
    await box.say("instagram")
    _, sent = await box.to_instagram(button_template())
    for act in (
        {"path": "api/tap", "message_id": sent["message_id"], "payload": "yes", "title": "Ja"},
        {"path": "api/react", "message_id": sent["message_id"], "emoji": "❤️"},
        {"path": "api/open", "ref": "abc"},
    ):
        box.clock.now += timedelta(hours=25)
        assert (await box.to_instagram({"text": "zu"}))[0] == 400
        await box.api(act.pop("path"), channel="instagram", **act)
        assert (await box.to_instagram({"text": "offen"}))[0] == 200


async def test_a_human_may_answer_for_seven_days(box: Box) -> None:
    await box.say("instagram")
    tag = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    box.clock.now += timedelta(days=7) - timedelta(seconds=1)
    assert (await box.to_instagram({"text": "Hier ist Eva."}, **tag))[0] == 200
    box.clock.now += timedelta(seconds=1)
    _, answer = await box.to_instagram({"text": "Hier ist Eva."}, **tag)
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (10, 2534022)


@pytest.mark.parametrize(
    "more",
    [
        {"messaging_type": "MESSAGE_TAG", "tag": "POST_PURCHASE_UPDATE"},
        {"messaging_type": "MESSAGE_TAG", "tag": "CONFIRMED_EVENT_UPDATE"},
        {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"},
        {"messaging_type": "MESSAGE_TAG"},
        {"messaging_type": "SHOUT"},
    ],
)
async def test_removed_tags_are_bad_parameters(box: Box, more: Json) -> None:
    await box.say("instagram")
    status, answer = await box.to_instagram({"text": "a"}, **more)
    assert (status, answer["error"]["code"]) == (400, 100)


async def test_an_unknown_person(box: Box) -> None:
    body = {"recipient": {"id": "99999"}, "message": {"text": "a"}}
    status, answer = await box.graph(f"{ACCOUNT}/messages", body)
    assert status == 400
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (100, 2534014)


async def test_a_person_who_has_blocked_us(box: Box) -> None:
    await box.say("instagram")
    await box.api("api/block", channel="instagram", blocked=True)
    _, answer = await box.to_instagram({"text": "a"})
    assert answer["error"]["code"] == 551
    await box.api("api/say", status=400, channel="instagram", text="a")
    await box.api("api/block", channel="instagram", blocked=False)
    assert (await box.to_instagram({"text": "a"}))[0] == 200


@pytest.mark.parametrize("token", ["", "wrong", SETTINGS.whatsapp.access_token])
async def test_a_wrong_token(box: Box, token: str) -> None:
    status, answer = await box.graph(f"{ACCOUNT}/messages", {}, token=token)
    assert (status, answer["error"]["code"]) == (401, 190)


async def test_the_token_may_stand_in_the_query(box: Box) -> None:
    path = f"me?access_token={SETTINGS.instagram.access_token}"
    status, answer = await box.graph(path, token="", method="GET")
    assert (status, answer["username"]) == (200, SETTINGS.instagram.handle)


async def test_an_address_that_is_not_ours(box: Box) -> None:
    status, answer = await box.graph("1234567/messages", {"recipient": {"id": "1"}, "message": {"text": "a"}})
    assert status == 400
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (100, 33)


async def test_message_and_action_do_not_go_together(box: Box) -> None:
    await box.say("instagram")
    _, answer = await box.to_instagram({"text": "a"}, sender_action="typing_on")
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (100, 2018014)


async def test_a_private_reply_needs_a_comment_that_lives(box: Box) -> None:
    body = {"recipient": {"comment_id": "1"}, "message": {"text": "a"}}
    _, answer = await box.graph(f"{ACCOUNT}/messages", body)
    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (100, 2534025)


async def test_broken_json(box: Box) -> None:
    headers = {
        "Authorization": f"Bearer {SETTINGS.instagram.access_token}",
        "Content-Type": "application/json",
    }
    for raw in (b"{", b"[1]"):
        url = f"{box.base}/graph/v25.0/{ACCOUNT}/messages"
        async with box.client.post(url, data=raw, headers=headers) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (400, 100)


async def test_seen_typing_and_reactions_of_the_shop(box: Box) -> None:
    said = await box.say("instagram")
    igsid = await box.address("instagram")
    for action in ("mark_seen", "typing_on", "typing_off"):
        body = {"recipient": {"id": igsid}, "sender_action": action}
        assert (await box.graph(f"{ACCOUNT}/messages", body))[0] == 200
    react = {
        "recipient": {"id": igsid},
        "sender_action": "react",
        "payload": {"message_id": said["id"], "reaction": "love"},
    }
    assert (await box.graph("me/messages", react))[0] == 200
    thread = await box.thread("instagram")
    assert thread[0]["status"] == "read"
    assert thread[0]["reactions"] == [{"from": "shop", "emoji": "❤️"}]
    wrong = {"recipient": {"id": igsid}, "sender_action": "dance"}
    assert (await box.graph(f"{ACCOUNT}/messages", wrong))[1]["error"]["code"] == 100
    assert (await box.api("api/sent"))["count"] == 0


async def test_the_history_shows_the_newest_first(box: Box) -> None:
    await box.say("instagram", "Hallo")
    sent = []
    for text in ("eins", "zwei"):
        box.clock.now += timedelta(seconds=1)
        sent.append((await box.to_instagram({"text": text}))[1]["message_id"])
    igsid = await box.address("instagram")
    fields = "messages{id,created_time,from,to,message}"
    path = f"{ACCOUNT}/conversations?platform=instagram&user_id={igsid}&fields={fields}"
    _, answer = await box.graph(path, method="GET")
    messages = answer["data"][0]["messages"]["data"]
    assert [m["message"] for m in messages] == ["zwei", "eins", "Hallo"]
    assert [m["id"] for m in messages[:2]] == sent[::-1]
    assert messages[0]["from"]["id"] == ACCOUNT
    assert messages[0]["to"]["data"][0]["id"] == igsid
    assert messages[0]["created_time"] == "2026-11-21T09:30:02+0000"
    _, conversation = await box.graph(f"{answer['data'][0]['id']}?fields=messages", method="GET")
    assert conversation["messages"]["data"] == messages
    _, one = await box.graph(f"{sent[0]}?fields=message", method="GET")
    assert one["message"] == "eins"
    _, none = await box.graph(f"{ACCOUNT}/conversations?user_id=1", method="GET")
    assert none == {"data": []}


async def test_a_profile_is_readable_once_the_person_wrote(box: Box) -> None:
    igsid = await box.address("instagram")
    assert (await box.graph(f"{igsid}?fields=name", method="GET"))[1]["error"]["code"] == 100
    await box.say("instagram")
    assert (await box.graph(f"{igsid}?fields=name", method="GET"))[1]["name"] == "Lena Hoffmann"


async def test_without_a_subscription_instagram_is_silent(box: Box) -> None:
    path = f"{ACCOUNT}/subscribed_apps"
    assert (await box.graph(path, method="DELETE"))[1] == {"success": True}
    assert (await box.graph(path, method="GET"))[1] == {"data": []}
    await box.say("instagram", "hört niemand")
    assert (await box.graph(f"{path}?subscribed_fields=messages,messaging_seen"))[1] == {"success": True}
    listed = (await box.graph(path, method="GET"))[1]["data"][0]
    assert listed["subscribed_fields"] == ["messages", "messaging_seen"]
    await box.say("instagram", "hört jemand")
    events = await box.receiver.instagram()
    assert [event["message"]["text"] for event in events] == ["hört jemand"]


async def test_ice_breakers_are_offered_to_those_who_never_wrote(box: Box) -> None:
    ice = [{"question": "Wie richte ich es ein?", "payload": "setup"}]
    body = {"platform": "instagram", "ice_breakers": [{"call_to_actions": ice, "locale": "default"}]}
    assert (await box.graph("me/messenger_profile", body))[0] == 200
    await box.api("api/open", channel="instagram", ref="order-1")
    [event] = await box.receiver.instagram()
    assert (event["postback"]["title"], event["postback"]["payload"]) == ("Wie richte ich es ein?", "setup")
    five = {"ice_breakers": [{"call_to_actions": ice * 5}]}
    assert (await box.graph("me/messenger_profile", five))[1]["error"]["code"] == 100
