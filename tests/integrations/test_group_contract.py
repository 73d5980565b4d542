"""One promise for every support group: the fake keeps it, and so does the adapter in front of the sandbox."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Any, Literal

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from integrations.base import (
    DeskGroup,
    GroupButton,
    GroupPost,
    MediaFile,
    PostMissing,
    Refused,
    Throttled,
    TopicMissing,
    Unauthorized,
    Unavailable,
    Uncertain,
)
from integrations.fake_groups import FakeGroups
from integrations.http import Http
from integrations.sandbox import SANDBOX, sandbox_app
from integrations.sandbox.media import picture
from integrations.telegram import TelegramSettings
from integrations.telegram_desk import RATE, TelegramGroups
from tests.integrations.sandbox.conftest import SETTINGS, Box, Clock, Receiver

CHAT = str(SETTINGS.groups[0].chat_id)
Trouble = Literal["500", "429", "drop", "timeout", "rights"]


class Side(ABC):
    """The other end: the group as it looks to people."""

    groups: DeskGroup
    chat: str

    @abstractmethod
    async def topics(self) -> dict[int, tuple[str, bool]]:
        """Name and whether closed, by number."""

    @abstractmethod
    async def messages(self, topic: int | None) -> list[dict[str, Any]]:
        """What the bot has posted: ``id``, ``text``, ``buttons``, ``pinned``, ``mark``, ``file``."""

    @abstractmethod
    async def delete(self, topic: int) -> None:
        """Let somebody delete a topic."""

    @abstractmethod
    async def trouble(self, kind: Trouble) -> None:
        """Let the next call meet with this."""

    @abstractmethod
    async def press(self, message: int, payload: str) -> str:
        """Let somebody press a button; return the callback's id."""


class FakeSide(Side):
    """The fake knows its own other end."""

    def __init__(self) -> None:
        self.fake = FakeGroups(chats=(CHAT,))
        self.groups = self.fake
        self.chat = CHAT

    async def topics(self) -> dict[int, tuple[str, bool]]:
        return {number: (one.name, one.closed) for number, one in self.fake.topics.items()}

    async def messages(self, topic: int | None) -> list[dict[str, Any]]:
        return [
            {
                "id": number,
                "text": one.post.text,
                "buttons": [button.title for row in one.post.buttons for button in row],
                "pinned": one.pinned,
                "mark": self.fake.marks.get(number),
                "file": one.post.file is not None,
            }
            for number, one in self.fake.posts.items()
            if one.topic == topic
        ]

    async def delete(self, topic: int) -> None:
        self.fake.delete(topic)

    async def trouble(self, kind: Trouble) -> None:
        match kind:
            case "500" | "drop":
                self.fake.fail(Unavailable(kind))
            case "429":
                self.fake.fail(Throttled(kind, after=1))
            case "timeout":
                self.fake.lose_answers()
            case "rights":
                self.fake.able = False

    async def press(self, message: int, payload: str) -> str:
        return f"{message}:{payload}"


class SandboxSide(Side):
    """The sandbox with the adapter in front of it."""

    def __init__(self, box: Box, groups: TelegramGroups) -> None:
        self.box = box
        self.groups = groups
        self.chat = CHAT

    async def _group(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.box.api("api/group"))["groups"][0]
        return found

    async def topics(self) -> dict[int, tuple[str, bool]]:
        return {one["id"]: (one["name"], one["closed"]) for one in (await self._group())["topics"]}

    async def messages(self, topic: int | None) -> list[dict[str, Any]]:
        group = await self._group()
        found = next((one["messages"] for one in group["topics"] if one["id"] == topic), group["general"])
        return [
            {
                "id": one["id"],
                "text": one["text"],
                "buttons": [button["title"] for button in one["buttons"]],
                "pinned": one["pinned"],
                "mark": next((it["emoji"] for it in one["reactions"] if it["from"] == "bot"), None),
                "file": one["media"] is not None,
            }
            for one in found
            if one["from"] == "bot"
        ]

    async def delete(self, topic: int) -> None:
        await self.box.api("api/group/topic", agent="eva", act="delete", topic=topic)

    async def trouble(self, kind: Trouble) -> None:
        switches: dict[Trouble, dict[str, Any]] = {
            "500": {"status_500": 1},
            "429": {"status_429": 1},
            "drop": {"drop_before_accept": 1},
            "timeout": {"timeout_after_accept": 1, "timeout_ms": 50},
            "rights": {"group_rights": False},
        }
        await self.box.api("faults", **switches[kind])

    async def press(self, message: int, payload: str) -> str:
        await self.box.api("api/group/tap", agent="tom", message_id=message, payload=payload)
        posts = await self.box.receiver.of("telegram")
        found: str = posts[-1].json["callback_query"]["id"]
        return found


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """A sandbox of its own, as the sandbox's own tests have it."""
    clock, receiver = Clock(), Receiver()
    inner = sandbox_app(SETTINGS, clock, clock.advance)
    outer, door = web.Application(), web.Application()
    outer.add_subapp("/sandbox", inner)
    door.router.add_post("/webhooks/{source}", receiver.take)
    async with TestServer(door) as bot, TestServer(outer) as server, aiohttp.ClientSession() as client:
        inner[SANDBOX].connect(str(bot.make_url("")))
        yield Box(str(server.make_url("/sandbox")), client, clock, receiver, inner[SANDBOX])


@pytest.fixture(params=["fake", "sandbox"])
async def side(request: pytest.FixtureRequest, box: Box) -> AsyncIterator[Side]:
    if request.param == "fake":
        yield FakeSide()
        return
    http = Http()
    yield SandboxSide(box, telegram_groups(box, http))
    await http.aclose()


def telegram_groups(box: Box, http: Http, token: str = SETTINGS.telegram.token) -> TelegramGroups:
    settings = TelegramSettings(token, "secret", f"{box.base}/telegram", support_chats=(CHAT,))
    return TelegramGroups(settings, http)


async def test_a_topic_lives(side: Side) -> None:
    await side.groups.check(side.chat)
    topic = await side.groups.create_topic(side.chat, "🔴 Lena M. · defekt")
    assert await side.topics() == {topic: ("🔴 Lena M. · defekt", False)}
    for _ in range(2):  # what is so already is no failure
        await side.groups.rename_topic(side.chat, topic, "✅ Lena M.")
        await side.groups.close_topic(side.chat, topic)
    assert await side.topics() == {topic: ("✅ Lena M.", True)}
    for _ in range(2):
        await side.groups.reopen_topic(side.chat, topic)
    assert await side.topics() == {topic: ("✅ Lena M.", False)}
    await side.groups.delete_topic(side.chat, topic)
    assert await side.topics() == {}


async def test_a_message_is_posted_edited_pinned_marked_and_removed(side: Side) -> None:
    topic = await side.groups.create_topic(side.chat, "a")
    buttons = (
        (GroupButton("Übernehmen", "take:1"), GroupButton("Seite", url="https://shop.example/desk/1")),
    )
    number = await side.groups.post(side.chat, topic, GroupPost("Fall", buttons))
    await side.groups.pin(side.chat, number)
    await side.groups.react(side.chat, number, "👀")
    for _ in range(2):
        await side.groups.edit(side.chat, number, GroupPost("Fall, neu", buttons[:1]))
    shown = {
        "id": number,
        "text": "Fall, neu",
        "buttons": ["Übernehmen", "Seite"],
        "pinned": True,
        "mark": "👀",
        "file": False,
    }
    assert await side.messages(topic) == [shown]
    await side.groups.react(side.chat, number, None)
    assert (await side.messages(topic))[0]["mark"] is None
    await side.groups.remove(side.chat, number)
    assert await side.messages(topic) == []
    with pytest.raises(PostMissing):
        await side.groups.edit(side.chat, number, GroupPost("zu spät"))
    with pytest.raises(PostMissing):
        await side.groups.remove(side.chat, number)


async def test_words_reach_the_general_topic_and_answer_others(side: Side) -> None:
    first = await side.groups.post(side.chat, None, GroupPost("eins"))
    await side.groups.post(side.chat, None, GroupPost("zwei", reply_to=first))
    assert [one["text"] for one in await side.messages(None)] == ["eins", "zwei"]


@pytest.mark.parametrize("kind", ["image", "document"])
async def test_a_file_goes_as_it_is(side: Side, kind: str) -> None:
    topic = await side.groups.create_topic(side.chat, "a")
    file = MediaFile(picture(), "image/png", "kanne.png")
    await side.groups.post(side.chat, topic, GroupPost("Lena", file=file, kind=kind))
    [shown] = await side.messages(topic)
    assert (shown["text"], shown["file"]) == ("Lena", True)


async def test_a_deleted_topic_is_an_error_of_its_own(side: Side) -> None:
    topic = await side.groups.create_topic(side.chat, "a")
    await side.delete(topic)
    with pytest.raises(TopicMissing):
        await side.groups.post(side.chat, topic, GroupPost("noch da?"))
    with pytest.raises(TopicMissing):
        await side.groups.rename_topic(side.chat, topic, "b")
    with pytest.raises(TopicMissing):
        await side.groups.close_topic(side.chat, topic)
    assert await side.messages(None) == []


async def test_what_can_never_be_is_refused(side: Side) -> None:
    for post in (
        GroupPost("x" * (side.groups.longest + 1)),
        GroupPost(""),
        GroupPost("a", ((GroupButton("b", "x" * 65),),)),
        GroupPost("x" * (side.groups.longest_caption + 1), file=MediaFile(picture()), kind="image"),
    ):
        with pytest.raises(Refused) as caught:
            await side.groups.post(side.chat, None, post)
        assert type(caught.value) is Refused
    assert await side.messages(None) == []


async def test_without_rights_nothing_is_done_and_it_is_said_what_to_do(side: Side) -> None:
    await side.trouble("rights")
    with pytest.raises(Unauthorized):
        await side.groups.check(side.chat)
    with pytest.raises(Unauthorized):
        await side.groups.create_topic(side.chat, "a")


async def test_what_was_not_done_can_be_tried_again_and_what_may_have_been_is_uncertain(side: Side) -> None:
    expected: dict[Trouble, tuple[type[Exception], ...]] = {
        "500": (Unavailable,),
        "429": (Throttled,),
        "drop": (Unavailable, Uncertain),
    }
    for kind, errors in expected.items():
        await side.trouble(kind)
        with pytest.raises(errors):
            await side.groups.post(side.chat, None, GroupPost("a"))
    assert await side.messages(None) == []
    await side.trouble("timeout")
    with pytest.raises(Uncertain):
        await side.groups.post(side.chat, None, GroupPost("a"))
    assert len(await side.messages(None)) == 1


async def test_a_pressed_button_is_answered(side: Side) -> None:
    number = await side.groups.post(side.chat, None, GroupPost("a", ((GroupButton("b", "take:1"),),)))
    await side.groups.answer(await side.press(number, "take:1"), "Du hast den Fall." * 50)


def test_the_rate_keeps_any_minute_below_what_a_group_bears() -> None:
    assert RATE.burst + 60 / RATE.interval.total_seconds() <= 20


async def test_a_long_name_is_cut(side: Side) -> None:
    topic = await side.groups.create_topic(side.chat, "ä" * 128)
    assert (await side.topics())[topic][0] == "ä" * 128


async def test_a_wrong_token_stops_the_group(box: Box) -> None:
    http = Http()
    with pytest.raises(Unauthorized):
        await telegram_groups(box, http, "7000000042:wrong").post(CHAT, None, GroupPost("a"))
    with pytest.raises(Unauthorized) as caught:
        await telegram_groups(box, http).post("-1009", None, GroupPost("a"))
    assert "administrator" in str(caught.value)
    await http.aclose()


async def test_a_group_without_topics_is_no_desk(box: Box) -> None:
    http = Http()
    await box.api("faults", group_topics=False)
    with pytest.raises(Unauthorized):
        await telegram_groups(box, http).check(CHAT)
    with pytest.raises(Unauthorized):
        await telegram_groups(box, http).create_topic(CHAT, "a")
    await http.aclose()
