"""What happens in a support group, where agents answer: words, taps, edits, and what becomes of topics.

None of it is a buyer's: these events wait in a lane of their own and never become a conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Discriminator, TypeAdapter

from dialogs.messages import Attachment


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a group something happened, and who did it. ``topic`` is None in the general one.

    ``author`` is the platform's id of the person, ``name`` what they call themselves. In a private chat with
    the bot ``chat`` is the person's.
    """

    chat: str
    topic: int | None
    message: int
    author: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Somebody wrote, or sent a file with ``text`` below it."""

    place: Place
    text: str = ""
    attachment: Attachment | None = None
    reply_to: int | None = None
    kind: Literal["group_spoken"] = "group_spoken"


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody changed what they had written; ``at`` of the event tells the one edit from the next."""

    place: Place
    text: str
    kind: Literal["group_changed"] = "group_changed"


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button below one of the bot's messages (``place.message``)."""

    place: Place
    payload: str
    callback_id: str
    kind: Literal["group_pressed"] = "group_pressed"


@dataclass(frozen=True, slots=True)
class TopicTurned:
    """Somebody closed or reopened a topic by hand."""

    place: Place
    closed: bool
    kind: Literal["group_topic"] = "group_topic"


@dataclass(frozen=True, slots=True)
class Membership:
    """The bot's own place in the group changed: whether it may still do its work there."""

    place: Place
    able: bool
    kind: Literal["group_membership"] = "group_membership"


GroupEvent: TypeAlias = Spoken | Changed | Pressed | TopicTurned | Membership
GROUP_EVENTS: Final[TypeAdapter[GroupEvent]] = TypeAdapter(Annotated[GroupEvent, Discriminator("kind")])


@dataclass(frozen=True, slots=True)
class GroupArrival:
    """One event as a source hands it to the inbox; ``(source, external_id, event.kind)`` is its identity."""

    source: str
    external_id: str
    at: datetime
    event: GroupEvent
