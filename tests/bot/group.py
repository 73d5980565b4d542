"""A house whose agents answer in a Telegram group, walked through by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.telegram_desk import GroupRoom
from dialogs.group import Changed, GroupArrival, GroupEvent, Membership, Place, Pressed, Spoken, TopicTurned
from dialogs.messages import Attachment
from integrations.fake_groups import FakeGroups, FakePost
from persistence.accounts import Account
from persistence.inbox import Intake
from persistence.records import NewHandoff
from persistence.tables_telegram import TelegramTopicRow
from tests.bot.house import House
from tests.bot.people import make_account
from tests.persistence import world

EVA, TOM = "501", "502"
NAMES = {EVA: "Eva Brandt", TOM: "Tom Berger"}


@dataclass
class Support:
    """The house, its group, and the people in it."""

    house: House
    groups: FakeGroups
    room: GroupRoom = field(default_factory=lambda: GroupRoom(breath=0))
    people: dict[str, Account] = field(default_factory=dict)
    _numbers: int = 10_000

    @classmethod
    async def open(cls, house: House, *known: str, groups: FakeGroups | None = None) -> "Support":
        """Give a house a group in which these people are linked with accounts of their own."""
        support = cls(house, groups or FakeGroups())
        house.app.connections = replace(house.app.connections, groups=support.groups)
        for user in known:
            await support.link(user)
        return support

    async def link(self, user: str, role: Any = "agent") -> Account:
        """Link somebody as they would themselves."""
        store, now = self.house.app.store, self.house.clock()
        account = await make_account(store, role, NAMES.get(user, user), now=now)
        code = await store.telegram.link_code(account.id, now)
        linked = await store.telegram.link(user, code, now)
        assert linked == account
        self.people[user] = account
        return account

    async def need(self, who: str = "anna", *, reason: str = "defect") -> int:
        """Somebody writes, and a turn finds that a human is needed; return the conversation."""
        await self.house.say("Die Kanne ist kaputt!", who)
        promised = self.house.clock() + timedelta(hours=4)
        case = NewHandoff(reason, ("Die Kanne ist kaputt",), 2, promised, reason)
        await self.house.leave(who, handoff=case)
        chat: int = (await self.house.conversation(who)).id
        return chat

    async def step(self, times: int = 3) -> None:
        """Let the room work until nothing is left."""
        for _ in range(times):
            await self.room.step(self.house.app)

    async def hear(self, event: GroupEvent) -> None:
        """Something happens in the group, and the room works."""
        self._numbers += 1
        arrival = GroupArrival("telegram", f"7:{self._numbers}", self.house.clock(), event)
        await self.house.app.store.inbox.accept(Intake((), (), self.house.clock(), (arrival,)))
        await self.step()

    def place(self, topic: int | None, user: str = EVA, message: int | None = None) -> Place:
        """Where somebody does something; a new message unless it is named."""
        self._numbers += 1
        number = self._numbers if message is None else message
        return Place(self.groups.chats[0], topic, number, user, NAMES.get(user, "Wer Anders"))

    async def write(
        self, topic: int | None, text: str, user: str = EVA, attachment: Attachment | None = None
    ) -> int:
        """Somebody writes in a topic; return the message's number."""
        place = self.place(topic, user)
        await self.hear(Spoken(place, text, attachment))
        return place.message

    async def change(self, topic: int, message: int, text: str, user: str = EVA) -> None:
        """Somebody edits what they wrote."""
        await self.hear(Changed(self.place(topic, user, message), text))

    async def press(self, topic: int, title: str, user: str = EVA) -> str:
        """Somebody presses the newest button of this title; return what they are told."""
        number, payload = self.button(topic, title)
        return await self.press_payload(topic, number, payload, user)

    async def press_payload(self, topic: int, message: int, payload: str, user: str = EVA) -> str:
        """Somebody presses a button, whatever stands on it."""
        self._numbers += 1
        callback = f"cb{self._numbers}"
        await self.hear(Pressed(self.place(topic, user, message), payload, callback))
        [told] = [text for answered, text in self.groups.answers if answered == callback]
        return told

    def button(self, topic: int, title: str) -> tuple[int, str]:
        """The newest button of this title: its message and its payload."""
        found = [
            (number, button.payload)
            for number, post in self.groups.posts.items()
            if post.topic == topic
            for row in post.post.buttons
            for button in row
            if button.title == title
        ]
        assert found, (title, self.titles(topic))
        return found[-1]

    def titles(self, topic: int) -> list[str]:
        """Every button in a topic."""
        posts = [one for one in self.groups.posts.values() if one.topic == topic]
        return [button.title for one in posts for row in one.post.buttons for button in row]

    async def turn(self, topic: int, *, closed: bool, user: str = EVA) -> None:
        """Somebody closes or reopens a topic by hand."""
        self.groups.topics[topic].closed = closed
        await self.hear(TopicTurned(self.place(topic, user), closed))

    async def member(self, *, able: bool) -> None:
        """The bot's rights change."""
        await self.hear(Membership(self.place(None), able))

    @property
    def topics(self) -> list[int]:
        """The topics there are."""
        return list(self.groups.topics)

    def posts(self, topic: int | None) -> Sequence[FakePost]:
        """What stands in a topic."""
        return [one for one in self.groups.posts.values() if one.topic == topic]

    def texts(self, topic: int | None) -> list[str]:
        """The words that stand in a topic."""
        return [one.post.text for one in self.posts(topic)]

    async def rows(self) -> list[TelegramTopicRow]:
        """The topics as they are kept."""
        return await world.rows(self.house.app.store, TelegramTopicRow)
