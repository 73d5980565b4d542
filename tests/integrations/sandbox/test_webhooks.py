"""Webhooks leave signed, in order per person, and again until they are taken; faults shuffle them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json

import pytest

from tests.integrations.sandbox.conftest import SETTINGS, Box


def mac(secret: str, raw: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("channel", "secret"),
    [("instagram", SETTINGS.instagram.app_secret), ("whatsapp", SETTINGS.whatsapp.app_secret)],
)
async def test_meta_signs_the_escaped_bytes(box: Box, channel: str, secret: str) -> None:
    await box.say(channel, "Größe passt? 🎉 a/b")
    [post] = await box.receiver.of(channel)
    assert post.headers["X-Hub-Signature-256"] == mac(secret, post.raw)
    assert post.headers["Content-Type"] == "application/json"
    assert rb"Gr\u00f6\u00dfe passt? \ud83c\udf89 a\/b" in post.raw
    # Whoever parses and writes it anew gets other bytes, and with them another signature.
    assert mac(secret, json.dumps(post.json).encode()) != post.headers["X-Hub-Signature-256"]


async def test_telegram_sends_its_secret(box: Box) -> None:
    await box.say("telegram")
    [post] = await box.receiver.of("telegram")
    assert post.headers["X-Telegram-Bot-Api-Secret-Token"] == SETTINGS.telegram.secret
    assert post.json["message"]["text"] == "Hallo"
    assert isinstance(post.json["update_id"], int)


async def test_a_webhook_comes_again_until_it_is_taken(box: Box) -> None:
    box.receiver.refusals = 2
    await box.say("instagram", "erste")
    await box.say("instagram", "zweite")
    events = await box.receiver.instagram(2)
    assert [event["message"]["text"] for event in events] == ["erste", "zweite"]
    assert box.receiver.attempts == 4
    assert (await box.quiet())["given_up"] == 0


async def test_webhooks_wait_for_a_server_that_is_down(box: Box, door: str) -> None:
    box.handle.connect("http://127.0.0.1:9")  # nobody listens on the discard port
    await box.say("whatsapp", "wartet")
    await asyncio.sleep(0.05)
    assert box.handle.tally()["waiting"] == 1
    box.handle.connect(door)
    [message] = await box.receiver.whatsapp("messages")
    assert message["text"]["body"] == "wartet"


async def test_events_of_one_person_come_in_order_however_slow_the_door(box: Box) -> None:
    box.receiver.delay = 0.01
    for number in range(20):
        await box.say("instagram", str(number))
    events = await box.receiver.instagram(20)
    assert [event["message"]["text"] for event in events] == [str(n) for n in range(20)]
    assert box.receiver.most_at_once == 1


async def test_different_people_do_not_wait_for_each_other(box: Box) -> None:
    box.receiver.delay = 0.2
    for number in range(10):
        await box.say("instagram", "a", person=f"kunde-{number}")
    await box.receiver.instagram(10)
    assert box.receiver.most_at_once > 1


async def test_events_travel_together_on_demand(box: Box) -> None:
    await box.api("faults", webhook_batch=50)
    for number in range(6):
        await box.say("instagram", f"a{number}", person="lena")
        await box.say("instagram", f"b{number}", person="jonas")
        await box.say("whatsapp", f"c{number}")
        await box.say("telegram", f"d{number}")
    texts = [event["message"]["text"] for event in await box.receiver.instagram(12)]
    assert [t for t in texts if t[0] == "a"] == [f"a{n}" for n in range(6)]
    assert [t for t in texts if t[0] == "b"] == [f"b{n}" for n in range(6)]
    messages = await box.receiver.whatsapp("messages", 6)
    assert [m["text"]["body"] for m in messages] == [f"c{n}" for n in range(6)]
    posts = await box.receiver.of("instagram")
    assert len(posts) < 12
    assert any(len(post.json["entry"]) > 1 for post in posts)
    assert any(len(entry["messaging"]) > 1 for post in posts for entry in post.json["entry"])
    assert len(await box.receiver.of("telegram", 6)) == 6


async def test_webhooks_repeat_on_demand(box: Box) -> None:
    await box.api("faults", webhook_repeat=2)
    await box.say("instagram", "dreimal")
    posts = await box.receiver.of("instagram", 3)
    assert len({post.raw for post in posts}) == 1
    assert (await box.quiet())["delivered"] == 1


async def test_events_come_shuffled_on_demand(box: Box) -> None:
    await box.api("faults", webhook_shuffle=True)
    for number in range(30):
        await box.say("instagram", str(number))
    events = await box.receiver.instagram(30)
    texts = [event["message"]["text"] for event in events]
    assert texts != [str(n) for n in range(30)]
    assert sorted(texts, key=int) == [str(n) for n in range(30)]


async def test_the_bots_own_messages_echo_with_the_app_and_the_owners_without(box: Box) -> None:
    await box.say("instagram")
    _, sent = await box.to_instagram({"text": "vom Bot"})
    [echo] = await box.receiver.echoes()
    assert echo["message"] == {
        "mid": sent["message_id"],
        "is_echo": True,
        "app_id": SETTINGS.instagram.app_id,
        "text": "vom Bot",
    }
    assert echo["sender"]["id"] == SETTINGS.instagram.account_id
    assert echo["recipient"]["id"] == await box.address("instagram")
    own = (await box.api("api/own", channel="instagram", text="von Hand"))["message"]
    [_, by_hand] = await box.receiver.echoes(2)
    assert by_hand["message"] == {"mid": own["id"], "is_echo": True, "text": "von Hand"}
    assert own["from"] == "owner"


async def test_whatsapp_echoes_only_the_owner(box: Box) -> None:
    await box.say("whatsapp")
    await box.to_whatsapp(type="text", text={"body": "vom Bot"})
    await box.api("api/own", channel="whatsapp", text="von Hand")
    [echo] = await box.receiver.whatsapp("message_echoes")
    assert echo["text"]["body"] == "von Hand"
    assert echo["from"] == SETTINGS.whatsapp.number.removeprefix("+")
    assert echo["to"] == await box.address("whatsapp")
    fields = {
        change["field"]
        for post in box.receiver.posts
        if post.source == "whatsapp"
        for entry in post.json["entry"]
        for change in entry["changes"]
    }
    assert fields == {"messages", "smb_message_echoes"}


async def test_on_telegram_nobody_types_in_the_bots_name(box: Box) -> None:
    assert "error" in await box.api("api/own", status=400, channel="telegram", text="a")


async def test_instagram_reads(box: Box) -> None:
    await box.say("instagram")
    await box.to_instagram({"text": "eins"})
    _, last = await box.to_instagram({"text": "zwei"})
    assert (await box.api("api/read", channel="instagram"))["read"] == 2
    events = await box.receiver.instagram(2)
    assert events[-1]["read"] == {"mid": last["message_id"]}
    assert (await box.api("api/read", channel="instagram"))["read"] == 0


async def test_statuses_can_be_lost(box: Box) -> None:
    await box.api("faults", lose_statuses=True)
    await box.say("whatsapp")
    await box.say("instagram")
    await box.to_whatsapp(type="text", text={"body": "a"})
    await box.to_instagram({"text": "a"})
    await box.api("api/read", channel="instagram")

    async def delivered() -> bool:
        return bool((await box.thread("whatsapp"))[-1]["status"] == "delivered")

    await box.until(delivered)
    await box.api("api/read", channel="whatsapp")
    await box.quiet()
    assert not await box.receiver.whatsapp("statuses", 0)
    assert not any("read" in event for event in await box.receiver.instagram(0))


async def test_what_is_given_up_is_counted(box: Box) -> None:
    box.handle._stage.postman._patience = 0.1
    box.receiver.status = 500
    await box.say("telegram")
    tally = await box.quiet()
    assert (tally["given_up"], tally["delivered"]) == (1, 0)
    assert tally["attempts"] == 1
