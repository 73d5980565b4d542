"""The switches: what was accepted, what was not, and what the caller learns of it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.integrations.sandbox.conftest import Box, Json

CHANNELS = ("instagram", "whatsapp", "telegram")


async def send(box: Box, channel: str) -> tuple[int, Json]:
    """Send a text like the channel's adapter."""
    if channel == "instagram":
        return await box.to_instagram({"text": "a"})
    if channel == "whatsapp":
        return await box.to_whatsapp(type="text", text={"body": "a"})
    return await box.to_telegram("sendMessage", chat_id=await box.address("telegram"), text="a")


async def count(box: Box, channel: str) -> int:
    """Return how many messages the platform accepted."""
    sent: int = (await box.api(f"api/sent?channel={channel}"))["count"]
    return sent


@pytest.mark.parametrize("channel", CHANNELS)
async def test_500_and_429_do_nothing(box: Box, channel: str) -> None:
    await box.say(channel)
    await box.api("faults", status_500=2, status_429=1)
    assert [(await send(box, channel))[0] for _ in range(4)] == [500, 500, 429, 200]
    assert await count(box, channel) == 1


async def test_the_codes_of_trouble(box: Box) -> None:
    codes = {"instagram": (2, 613), "whatsapp": (2, 130429)}
    for channel, (broken, throttled) in codes.items():
        await box.say(channel)
        await box.api("faults", status_500=1, status_429=1)
        assert (await send(box, channel))[1]["error"]["code"] == broken
        assert (await send(box, channel))[1]["error"]["code"] == throttled
    await box.say("telegram")
    await box.api("faults", status_429=1)
    assert (await send(box, "telegram"))[1]["parameters"]["retry_after"] == 1


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_dropped_call_was_not_done(box: Box, channel: str) -> None:
    await box.say(channel)
    await box.api("faults", drop_before_accept=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(box, channel)
    assert await count(box, channel) == 0
    assert (await send(box, channel))[0] == 200


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_call_that_timed_out_was_done(box: Box, channel: str) -> None:
    await box.say(channel)
    await box.address(channel)
    await box.api("faults", timeout_after_accept=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await send(box, channel)
    assert await count(box, channel) == 1
    assert (await box.thread(channel))[-1]["from"] == "shop"
    assert (await send(box, channel))[0] == 200


async def test_a_slow_answer_comes_after_its_echo(box: Box) -> None:
    await box.say("instagram")
    await box.api("faults", slow_ms=300)
    slow = asyncio.create_task(send(box, "instagram"))
    [echo] = await box.receiver.echoes()
    assert not slow.done()
    status, answer = await slow
    assert (status, answer["message_id"]) == (200, echo["message"]["mid"])


async def test_only_messages_use_up_a_fault(box: Box) -> None:
    said = await box.say("whatsapp")
    await box.api("faults", status_500=1)
    await box.to_whatsapp(status="read", message_id=said["id"])
    await box.to_telegram("getMe")
    assert (await box.api("faults"))["status_500"] == 1


async def test_the_window_can_be_left_open(box: Box) -> None:
    assert (await box.to_instagram({"text": "a"}))[0] == 400
    await box.api("faults", window=False)
    assert (await box.to_instagram({"text": "a"}))[0] == 200
    await box.to_whatsapp(type="text", text={"body": "a"})
    statuses = await box.receiver.whatsapp("statuses", 2)
    assert {s["status"] for s in statuses} == {"sent", "delivered"}


@pytest.mark.parametrize(
    "body", [{"status_500": -1}, {"unknown": 1}, {"status_500": "many"}, {"slow_ms": 1, "webhook_repeat": 99}]
)
async def test_nonsense_changes_nothing(box: Box, body: Json) -> None:
    before = await box.api("faults")
    answer = await box.api("faults", status=400, **body)
    assert next(iter(body)) in answer["error"] or "webhook_repeat" in answer["error"]
    assert await box.api("faults") == before
