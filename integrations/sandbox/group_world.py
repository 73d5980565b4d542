"""What a support group knows: topics, messages, who is in it, and how much the bot may say. Pure state."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, Literal, TypeAlias

from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.settings import SupportGroup
from integrations.sandbox.world import Content

MOST_PER_MINUTE: Final = 20
"""Messages of a bot's in one group, all topics together: https://core.telegram.org/bots/faq ."""
MINUTE: Final = timedelta(minutes=1)
MOST_MESSAGES: Final = 5_000
"""Kept per group; older ones are forgotten."""
SHOWN: Final = 200
"""The newest messages of a topic that the page is told."""

Author: TypeAlias = Literal["bot", "agent", "service"]


@dataclass(slots=True)
class GroupMessage:
    """One message. ``topic`` is None in General; ``agent`` is the key of the person who wrote it."""

    id: int
    topic: int | None
    author: Author
    at: datetime
    content: Content
    agent: str = ""
    edits: int = 0
    pinned: bool = False
    reactions: dict[str, str] = field(default_factory=dict)
    """Emoji by the key of who put it there; the bot's under ``bot``."""

    def json(self) -> Json:
        """Return the message as the page and tests want it."""
        content = self.content
        return {
            "id": self.id,
            "topic": self.topic,
            "from": self.author,
            "agent": self.agent,
            "at": self.at.isoformat(),
            "text": content.text,
            "buttons": list(content.buttons),
            "media": content.media,
            "reply_to": content.reply_to,
            "edited": self.edits > 0,
            "pinned": self.pinned,
            "reactions": [{"from": who, "emoji": emoji} for who, emoji in self.reactions.items()],
        }


@dataclass(slots=True)
class Topic:
    """One topic; its id is the number of the message that announced it."""

    id: int
    name: str
    closed: bool = False


class Group:
    """One supergroup with topics."""

    def __init__(self, settings: SupportGroup) -> None:
        self.settings = settings
        self.topics: dict[int, Topic] = {}
        self.messages: dict[int, GroupMessage] = {}
        self._spent: deque[datetime] = deque()

    @property
    def id(self) -> int:
        """The chat's id."""
        return self.settings.chat_id

    def add(self, message: GroupMessage) -> None:
        """Append; the oldest makes room."""
        self.messages[message.id] = message
        if len(self.messages) > MOST_MESSAGES:
            del self.messages[next(iter(self.messages))]

    def find(self, message_id: Any) -> GroupMessage | None:
        """Return the message with this id, however the id is written."""
        text = str(message_id)
        return self.messages.get(int(text)) if text.isdecimal() else None

    def topic(self, topic_id: Any) -> Topic | None:
        """Return the topic with this id, however the id is written."""
        text = str(topic_id)
        return self.topics.get(int(text)) if text.isdecimal() else None

    def the_topic(self, topic_id: int | None) -> Topic | None:
        """Return the topic, None for General.

        Raises:
            Complaint: 404, there is none such.

        """
        if topic_id is None:
            return None
        found = self.topics.get(topic_id)
        if found is None:
            raise Complaint("There is no such topic in this group.", status=404)
        return found

    def the_message(self, message_id: int) -> GroupMessage:
        """Return the message.

        Raises:
            Complaint: 404, there is none such.

        """
        found = self.messages.get(message_id)
        if found is None:
            raise Complaint("There is no such message in this group.", status=404)
        return found

    def forget_topic(self, topic: Topic) -> None:
        """Delete the topic with everything in it."""
        del self.topics[topic.id]
        self.messages = {n: one for n, one in self.messages.items() if one.topic != topic.id}

    def spend(self, now: datetime) -> int | None:
        """Take one message out of the minute; return None when it fits, else the seconds to wait."""
        while self._spent and self._spent[0] <= now - MINUTE:
            self._spent.popleft()
        if len(self._spent) >= MOST_PER_MINUTE:
            return max(1, ceil((self._spent[0] + MINUTE - now).total_seconds()))
        self._spent.append(now)
        return None

    def json(self) -> Json:
        """Return the group as the page and tests want it."""
        by_topic: dict[int | None, list[GroupMessage]] = {None: [], **{one: [] for one in self.topics}}
        for message in self.messages.values():
            by_topic.setdefault(message.topic, []).append(message)
        return {
            "chat_id": self.id,
            "title": self.settings.title,
            "general": [one.json() for one in by_topic[None][-SHOWN:]],
            "topics": [
                {
                    "id": topic.id,
                    "name": topic.name,
                    "closed": topic.closed,
                    "messages": [one.json() for one in by_topic[topic.id][-SHOWN:]],
                }
                for topic in self.topics.values()
            ],
        }
