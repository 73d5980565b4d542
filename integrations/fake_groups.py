"""Support groups that live in memory and keep the platform's rules; for tests, and to try things out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from dialogs.channel import Rate
from integrations.base import (
    GroupPost,
    IntegrationError,
    PostMissing,
    Refused,
    TopicMissing,
    Unauthorized,
    Uncertain,
)

LONGEST: Final = 4096
CAPTION: Final = 1024
PAYLOAD: Final = 64


@dataclass(slots=True)
class FakeTopic:
    """A topic and what has been done to it."""

    chat: str
    name: str
    closed: bool = False


@dataclass(slots=True)
class FakePost:
    """A message that stands in the group."""

    chat: str
    topic: int | None
    post: GroupPost
    edits: int = 0
    pinned: bool = False
    mark: str | None = None


@dataclass(slots=True)
class FakeGroups:
    """Groups of which everything can be seen. ``able`` is whether the bot may manage topics."""

    chats: Sequence[str] = ("-1001",)
    rate: Rate = field(default_factory=lambda: Rate(timedelta(0), burst=1_000))
    longest: int = LONGEST
    longest_caption: int = CAPTION
    able: bool = True
    topics: dict[int, FakeTopic] = field(default_factory=dict)
    posts: dict[int, FakePost] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    marks: dict[int, str | None] = field(default_factory=dict)
    """Emoji that the bot put on messages, also on those of people."""
    _number: int = 1
    _errors: list[IntegrationError] = field(default_factory=list)
    _lost: int = 0

    def fail(self, *errors: IntegrationError) -> None:
        """Meet the next calls with these."""
        self._errors += errors

    def lose_answers(self, count: int = 1) -> None:
        """Do what the next posts ask for, and then break the line."""
        self._lost += count

    def delete(self, topic: int) -> None:
        """Let somebody in the group delete a topic."""
        del self.topics[topic]
        self.posts = {number: one for number, one in self.posts.items() if one.topic != topic}

    def texts(self, topic: int | None) -> list[str]:
        """Return what stands in a topic."""
        return [one.post.text for one in self.posts.values() if one.topic == topic]

    async def check(self, chat: str) -> None:
        """See `DeskGroup.check`; it meets with no trouble of the platform's."""
        self._need_a_place(chat)

    async def create_topic(self, chat: str, name: str) -> int:
        """See `DeskGroup.create_topic`."""
        self._trouble(chat)
        self._number += 1
        self.topics[self._number] = FakeTopic(chat, name)
        return self._number

    async def rename_topic(self, chat: str, topic: int, name: str) -> None:
        """See `DeskGroup.rename_topic`."""
        self._topic(chat, topic).name = name

    async def close_topic(self, chat: str, topic: int) -> None:
        """See `DeskGroup.close_topic`."""
        self._topic(chat, topic).closed = True

    async def reopen_topic(self, chat: str, topic: int) -> None:
        """See `DeskGroup.reopen_topic`."""
        self._topic(chat, topic).closed = False

    async def delete_topic(self, chat: str, topic: int) -> None:
        """See `DeskGroup.delete_topic`."""
        self._topic(chat, topic)
        self.delete(topic)

    async def post(self, chat: str, topic: int | None, post: GroupPost) -> int:
        """See `DeskGroup.post`."""
        self._trouble(chat)
        if topic is not None and topic not in self.topics:
            raise TopicMissing("There is no such topic.")
        _check(post)
        self._number += 1
        self.posts[self._number] = FakePost(chat, topic, post)
        if self._lost:
            self._lost -= 1
            raise Uncertain("The line broke after the message had left.")
        return self._number

    async def edit(self, chat: str, message: int, post: GroupPost) -> None:
        """See `DeskGroup.edit`."""
        self._trouble(chat)
        _check(post)
        found = self._post(message)
        if (found.post.text, found.post.buttons) != (post.text, post.buttons):
            found.post = post
            found.edits += 1

    async def remove(self, chat: str, message: int) -> None:
        """See `DeskGroup.remove`."""
        self._trouble(chat)
        self._post(message)
        del self.posts[message]

    async def pin(self, chat: str, message: int) -> None:
        """See `DeskGroup.pin`."""
        self._trouble(chat)
        self._post(message).pinned = True

    async def react(self, chat: str, message: int, emoji: str | None) -> None:
        """See `DeskGroup.react`; a message that is not the bot's may be anybody's."""
        self._trouble(chat)
        self.marks[message] = emoji

    async def answer(self, callback_id: str, text: str = "") -> None:
        """See `DeskGroup.answer`."""
        self.answers.append((callback_id, text))

    def _trouble(self, chat: str) -> None:
        if self._errors:
            raise self._errors.pop(0)
        self._need_a_place(chat)

    def _need_a_place(self, chat: str) -> None:
        if not self.able or (chat not in self.chats and not chat.isdecimal()):
            raise Unauthorized("The bot may not manage topics here.")

    def _topic(self, chat: str, topic: int) -> FakeTopic:
        self._trouble(chat)
        if topic not in self.topics:
            raise TopicMissing("There is no such topic.")
        return self.topics[topic]

    def _post(self, message: int) -> FakePost:
        if message not in self.posts:
            raise PostMissing("There is no such message.")
        return self.posts[message]


def _check(post: GroupPost) -> None:
    if len(post.text) > (LONGEST if post.file is None else CAPTION) or (not post.text and post.file is None):
        raise Refused("The text is empty or too long.")
    if any(not b.url and not 0 < len(b.payload.encode()) <= PAYLOAD for row in post.buttons for b in row):
        raise Refused("A button's payload has 1 to 64 bytes.")
