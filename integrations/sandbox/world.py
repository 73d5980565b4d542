"""What the platforms know: threads, messages, windows, rates, and a record of everything they accepted.

Pure state. Nothing here waits, sends or reads a clock; the caller passes ``now``.
"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.people import People, Person
from integrations.sandbox.settings import CHANNELS, ChannelName

if TYPE_CHECKING:
    from integrations.sandbox.group_world import Group

MOST_MESSAGES = 2_000
"""Kept per thread; older ones are forgotten."""
MOST_UPLOADS = 100
MOST_SENT = 50_000
"""Records of accepted messages kept for tests; the count goes on."""
WINDOWS: dict[ChannelName, timedelta | None] = {
    "instagram": timedelta(hours=24),
    "whatsapp": timedelta(hours=24),
    "telegram": None,
}
"""How long after the person's last word the shop may write freely."""
HUMAN_AGENT = timedelta(days=7)
"""How long a person may still answer on Instagram with the HUMAN_AGENT tag."""

Author: TypeAlias = Literal["buyer", "shop", "owner", "system"]
Status: TypeAlias = Literal["sent", "delivered", "read", "failed"]
Style: TypeAlias = Literal[
    "text", "buttons", "quick_replies", "list", "link", "media", "cards", "template", "location", "sticker",
    "unsupported",
]  # fmt: skip
_V = TypeVar("_V")
_RANK: dict[Status | None, int] = {None: 0, "sent": 1, "delivered": 2, "read": 3, "failed": 4}


@dataclass(frozen=True, slots=True)
class Content:
    """What a message shows, whichever platform's body it came in."""

    style: Style
    text: str = ""
    footer: str = ""
    buttons: tuple[Json, ...] = ()
    list_label: str = ""
    media: Json | None = None
    cards: tuple[Json, ...] = ()
    reply_to: str | None = None
    template: str | None = None

    @property
    def words(self) -> str:
        """The text of the message as a record shows it: for cards their titles, for media the caption."""
        return self.text or " | ".join(str(card["title"]) for card in self.cards)


@dataclass(slots=True)
class Message:
    """One message in a thread."""

    id: str
    channel: ChannelName
    person: str
    author: Author
    at: datetime
    content: Content
    status: Status | None = None
    error: Json | None = None
    reactions: dict[Author, str] = field(default_factory=dict)
    reference: str | None = None
    edits: int = 0
    unsent: bool = False
    tapped: str | None = None

    def reach(self, status: Status) -> bool:
        """Move on to ``status`` if that is further than before; say whether it was."""
        if self.status == "failed" or _RANK[status] <= _RANK[self.status]:
            return False
        self.status = status
        return True

    def json(self) -> Json:
        """Return the message in the one shape that the phone page knows."""
        content = self.content
        return {
            "id": self.id,
            "channel": self.channel,
            "person": self.person,
            "from": self.author,
            "at": self.at.isoformat(),
            "style": content.style,
            "text": content.text,
            "footer": content.footer,
            "buttons": list(content.buttons),
            "list_label": content.list_label,
            "media": content.media,
            "cards": list(content.cards),
            "reply_to": content.reply_to,
            "reactions": [{"from": who, "emoji": emoji} for who, emoji in self.reactions.items()],
            "status": self.status,
            "error": self.error,
            "edited": self.edits > 0,
            "unsent": self.unsent,
            "tapped": self.tapped,
            "template": content.template,
        }


@dataclass(slots=True)
class Thread:
    """One person's chat with the shop on one channel."""

    channel: ChannelName
    person: Person
    messages: dict[str, Message] = field(default_factory=dict)
    last_heard: datetime | None = None
    blocked: bool = False
    paid_until: datetime | None = None
    """How far ahead the pair rate has been borrowed: the time at which all messages so far would be due."""

    def add(self, message: Message) -> None:
        """Append; the oldest makes room."""
        self.messages[message.id] = message
        if len(self.messages) > MOST_MESSAGES:
            del self.messages[next(iter(self.messages))]

    def find(self, message_id: str) -> Message:
        """Return the message.

        Raises:
            Complaint: 404, there is none such.

        """
        message = self.messages.get(message_id)
        if message is None:
            raise Complaint("There is no such message in this chat.", status=404)
        return message

    def window_until(self) -> datetime | None:
        """Return when the messaging window closes; None where there is none or nothing was heard."""
        window = WINDOWS[self.channel]
        return None if window is None or self.last_heard is None else self.last_heard + window

    def heard_within(self, span: timedelta | None, now: datetime) -> bool:
        """Say whether the person spoke less than ``span`` ago (None: ever)."""
        if self.last_heard is None:
            return False
        return span is None or now < self.last_heard + span

    def spend(self, now: datetime, *, interval: timedelta, burst: int) -> timedelta | None:
        """Take one message out of the rate; return None when it fits, else how long to wait.

        The burst is borrowed from the future: after it, one message per interval.
        """
        start = now if self.paid_until is None or self.paid_until < now else self.paid_until
        wait = start + interval - (now + burst * interval)
        if wait > timedelta(0):
            return wait
        self.paid_until = start + interval
        return None


@dataclass(frozen=True, slots=True)
class SentRecord:
    """One message that a platform accepted from the bot. ``person`` is None when it went to nobody known."""

    id: str
    channel: ChannelName
    person: str | None
    text: str
    reference: str | None
    at: datetime

    def json(self) -> Json:
        """Return the record for ``/api/sent``."""
        return {
            "id": self.id,
            "channel": self.channel,
            "person": self.person,
            "text": self.text,
            "reference": self.reference,
            "at": self.at.isoformat(),
        }


class World:
    """Everything the three platforms remember."""

    def __init__(self) -> None:
        self.people = People()
        self.threads: dict[tuple[ChannelName, str], Thread] = {}
        self.callbacks: dict[str, Message | None] = {}
        """Telegram's unanswered taps by callback id; None for those in a group."""
        self.groups: dict[int, Group] = {}
        """Telegram's support groups by chat id, as far as they have been looked at."""
        self.uploads: dict[str, tuple[bytes, str]] = {}
        """Files that were sent as they are, not by address: bytes and type by name."""
        self.media: dict[str, Json] = {}
        """Files that were handed out by id: ``{"url", "mime_type"}``."""
        self.authors: dict[str, str] = {}
        """Whose chat a message stands in, by its id."""
        self.accepted: Counter[str] = Counter()
        self._sent: deque[SentRecord] = deque(maxlen=MOST_SENT)
        # Ids start elsewhere in every process: a bot that kept its database would take repeats for known.
        self._numbers = 1 + secrets.randbelow(1_000_000_000)

    def number(self) -> int:
        """Return the next number: Telegram's message and update ids."""
        self._numbers += 1
        return self._numbers

    def thread(self, channel: ChannelName, person: Person) -> Thread:
        """Return the chat, begun on first use."""
        key = (channel, person.key)
        found = self.threads.get(key)
        if found is None:
            found = self.threads[key] = Thread(channel, person)
        return found

    def threads_of(self, person: Person) -> Iterator[Thread]:
        """Yield the person's chats on all channels."""
        for channel in CHANNELS:
            yield self.thread(channel, person)

    def record(self, record: SentRecord) -> None:
        """Remember that a platform accepted this from the bot."""
        self.accepted[record.channel] += 1
        self._sent.append(record)

    def sent(self, channel: str | None = None) -> list[SentRecord]:
        """Return what was accepted, in order; only one channel's if named."""
        return [record for record in self._sent if channel is None or record.channel == channel]

    def remember_author(self, message_id: str, key: str) -> None:
        """Keep whose chat a message stands in."""
        _keep(self.authors, message_id, key)

    def remember_callback(self, callback_id: str, message: Message) -> None:
        """Keep a tap until it is answered; the oldest of many makes room."""
        _keep(self.callbacks, callback_id, message)

    def remember_tap(self, callback_id: str) -> None:
        """Keep a tap in a group until it is answered."""
        _keep(self.callbacks, callback_id, None)

    def remember_upload(self, name: str, data: bytes, mime_type: str) -> None:
        """Keep a file itself; only the newest few, as they are in memory."""
        self.uploads[name] = (data, mime_type)
        if len(self.uploads) > MOST_UPLOADS:
            del self.uploads[next(iter(self.uploads))]

    def remember_media(self, media_id: str, media: Json) -> None:
        """Keep what an id of a file stands for."""
        _keep(self.media, media_id, media)

    def reset(self) -> None:
        """Forget all chats and records; the people stay who they are."""
        self.threads.clear()
        self.callbacks.clear()
        self.groups.clear()
        self.uploads.clear()
        self.media.clear()
        self.authors.clear()
        self.accepted.clear()
        self._sent.clear()


def _keep(store: dict[str, _V], key: str, value: _V) -> None:
    store[key] = value
    if len(store) > MOST_SENT:
        del store[next(iter(store))]
