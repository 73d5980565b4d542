"""What the sandbox's own API may be asked, checked at the border."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from integrations.sandbox.platform import FileKind
from integrations.sandbox.settings import ChannelName
from integrations.sandbox.templates import TemplateStatus

MessageId = Annotated[str, Field(min_length=1, max_length=300)]
TEXT: Final = 20_000
"""More than any platform lets a person type."""


class Body(BaseModel):
    """Unknown keys are let through: the page may know more than the server."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Act(Body):
    """Something that a person does on a channel; without ``person`` it is the current one."""

    channel: ChannelName
    person: str | None = None


class Say(Act):
    """A text."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT)]
    reply_to: MessageId | None = None


class Tap(Act):
    """A tapped button."""

    message_id: MessageId
    payload: str
    title: str = ""


class React(Act):
    """An emoji; null or empty takes it away."""

    message_id: MessageId
    emoji: Annotated[str, Field(max_length=40)] | None = None


class Media(Act):
    """A file; without ``url`` the sandbox has one."""

    type: FileKind
    url: str | None = None
    caption: Annotated[str, Field(max_length=TEXT)] = ""


class Edit(Act):
    """A new text for an own message."""

    message_id: MessageId
    text: Annotated[str, Field(min_length=1, max_length=TEXT)]


class Unsend(Act):
    """An own message to take back."""

    message_id: MessageId


class Open(Act):
    """An opened entry link."""

    ref: Annotated[str, Field(max_length=2083)]


class Block(Act):
    """Blocking, or the end of it."""

    blocked: bool


class Own(Act):
    """The owner's own answer."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT)]


class TemplateChange(Body):
    """What Meta is to think of a template from now on; ``body``: its new text."""

    name: str
    language: str
    status: TemplateStatus
    reason: str = ""
    body: Annotated[str, Field(max_length=1024)] = ""


class PersonChange(Body):
    """Who to be, and whether to hide the number."""

    key: str | None = None
    hide_phone: bool | None = None


class Buy(Body):
    """What to buy; the first product if nothing is named."""

    sku: str | None = None
    person: str | None = None


class OrderId(Body):
    """Which order."""

    order_id: str


class Advance(Body):
    """How far to travel: "3 days"."""

    advance: str
