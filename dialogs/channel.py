"""How channels differ, as data. Nothing outside an adapter asks *which* channel it is talking to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class ButtonLimits:
    """What one kind of button allows.

    Lengths are in characters unless `Capabilities.text_unit` says bytes.
    """

    count: int
    title: int
    payload: int
    body: int
    description: int = 0
    with_link: bool = False
    """A labelled link may stand among these buttons; it then counts as one of them."""
    desktop: bool = True
    """Shown on every client; where it is not, the choices are printed in the text as well."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most one message per ``interval`` in the long run, with ``burst`` allowed at once."""

    interval: timedelta
    burst: int


MB: Final = 1_000_000
"""What platforms call a megabyte, by the smaller of both readings."""

FileType: TypeAlias = Literal["image", "video", "audio", "document"]


@dataclass(frozen=True, slots=True)
class FileLimit:
    """Which files of one type may be sent: at most ``size`` bytes, of one of these media types."""

    type: FileType
    size: int
    mimes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """All that rendering and sending must know about a channel.

    Each number's source stands beside the adapter that declares it.
    """

    text_limit: int
    text_unit: Literal["bytes", "characters"]
    buttons: ButtonLimits | None = None
    quick_replies: ButtonLimits | None = None
    list: ButtonLimits | None = None
    list_label: int = 0
    link: ButtonLimits | None = None
    """A single labelled link under a text; ``payload`` is unused."""
    cards: int = 0
    card_title: int = 0
    card_buttons: int = 0
    caption: int = 0
    media_with_buttons: bool = False
    files: tuple[FileLimit, ...] = ()
    """What may be sent as a file, by its address; without an entry a type cannot be sent at all."""
    window: timedelta | None = None
    """How long after the person's last word free messages may be sent; None means always."""
    agent_window: timedelta | None = None
    """How long a *human's* reply may still be sent under a special tag."""
    templates: bool = False
    """Approved templates may be sent after the window has closed."""
    account_rate: Rate | None = None
    person_rate: Rate | None = None
    settle: timedelta = timedelta(0)
    """Pause after a message not yet reported delivered, where the platform does not keep the order."""
    confirms: Literal["receipt", "history", "never"] = "never"
    """How the fate of a message is learnt whose answer was lost: by a receipt that carries our reference, by
    asking for the thread's history, or not at all."""


def file_problem(
    capabilities: Capabilities, kind: FileType, mime: str, size: int
) -> Literal["type", "size"] | None:
    """Say why a file of ``size`` bytes cannot be sent on a channel, or None if it can."""
    limits = [limit for limit in capabilities.files if limit.type == kind and mime in limit.mimes]
    if not limits:
        return "type"
    return None if size <= max(limit.size for limit in limits) else "size"


Right = Literal["free", "template", "agent_tag", "closed"]


def right_to_write(
    capabilities: Capabilities, *, now: datetime, last_heard: datetime | None, human: bool, has_template: bool
) -> Right:
    """Say how a message may go out at ``now``, given when the person last spoke (None: never).

    ``human`` tells that a person typed it. Sources: Instagram and WhatsApp 24 h; Instagram human agent 7
    days.
    """
    if capabilities.window is None:
        return "free"
    if last_heard is not None and now < last_heard + capabilities.window:
        return "free"
    if (
        human
        and capabilities.agent_window is not None
        and last_heard is not None
        and now < last_heard + capabilities.agent_window
    ):
        return "agent_tag"
    if capabilities.templates and has_template:
        return "template"
    return "closed"
