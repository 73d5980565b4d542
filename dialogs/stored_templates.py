"""Templates as WhatsApp keeps them, and whether they are what the scripts mean.

Source: WhatsApp Business Management API, ``GET /<WABA_ID>/message_templates``; what its refusals 132000 to
132016 mean for sending, "Error codes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from unicodedata import normalize

from dialogs.messages import Template
from dialogs.templates import TemplateText

MISSING: Final = "MISSING"
"""The status, in our own word, of a template that WhatsApp does not have at all."""

_HOLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_QUICK_REPLY: Final = "QUICK_REPLY"

Problem: TypeAlias = Literal[
    "missing", "pending", "rejected", "paused", "disabled", "gone",
    "header", "parameters", "buttons", "labels", "text",
]  # fmt: skip
"""What is wrong with a template. `labels` and `text`: it arrives, but says something else than the script."""

_BY_STATUS: Final[Mapping[str, Problem]] = {
    MISSING: "missing",
    "PENDING": "pending",
    "IN_APPEAL": "pending",
    "REJECTED": "rejected",
    "LIMIT_EXCEEDED": "rejected",
    "PAUSED": "paused",
    "DISABLED": "disabled",
    "ARCHIVED": "gone",
    "DELETED": "gone",
    "PENDING_DELETION": "gone",
}
"""A status that stands here may not be sent. APPROVED and FLAGGED may; what nobody knows is let through."""


@dataclass(frozen=True, slots=True)
class StoredButton:
    """A button; ``kind`` is WhatsApp's word: ``QUICK_REPLY``, ``URL`` and others."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """One template in one language, with WhatsApp's own words.

    ``status`` is APPROVED, PENDING, REJECTED, PAUSED and so on, or `MISSING`. ``header`` is the kind of
    header (``TEXT``, ``IMAGE`` …; ``PARAMETER``: a text to be filled in; empty: none). ``reason`` says why it
    was rejected, ``quality`` is GREEN, YELLOW, RED or UNKNOWN; both may be empty.
    """

    name: str
    language: str
    status: str
    category: str = ""
    body: str = ""
    buttons: tuple[StoredButton, ...] = ()
    header: str = ""
    reason: str = ""
    quality: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What WhatsApp knows it by."""
        return self.name, self.language

    @property
    def holes(self) -> tuple[str, ...]:
        """The parameters of the body, each once, in the order in which they first stand there."""
        return tuple(dict.fromkeys(_HOLE.findall(self.body)))


def missing(text: TemplateText) -> StoredTemplate:
    """Return what is kept of a template that WhatsApp does not have."""
    return StoredTemplate(text.name, text.language, MISSING)


def problems(stored: StoredTemplate, meant: TemplateText) -> tuple[Problem, ...]:
    """Say what is wrong with a template that should be ``meant``, the gravest first; nothing: it fits."""
    by_status = _BY_STATUS.get(stored.status)
    if by_status is not None:
        return (by_status,)
    wanted = tuple(button.title for button in meant.buttons)
    found: list[Problem] = []
    if stored.header:
        found.append("header")
    if not _numbered(stored.holes, len(meant.parameters)):
        found.append("parameters")
    if _kinds(stored) != (_QUICK_REPLY,) * len(wanted):
        found.append("buttons")
    elif tuple(map(_plain, (one.text for one in stored.buttons))) != tuple(map(_plain, wanted)):
        found.append("labels")
    if _plain(stored.body) != _plain(meant.body):
        found.append("text")
    return tuple(found)


def hindrance(stored: StoredTemplate, sent: Template) -> Problem | None:
    """Say why WhatsApp would refuse ``sent``; None: nothing is known against it."""
    by_status = _BY_STATUS.get(stored.status)
    if by_status is not None:
        return by_status
    if stored.header not in {"", "TEXT"}:  # something would have to be sent along
        return "header"
    if not _numbered(stored.holes, len(sent.parameters)):
        return "parameters"
    quick = sum(kind == _QUICK_REPLY for kind in _kinds(stored))
    return "buttons" if len(sent.payloads) > quick else None


def _numbered(holes: tuple[str, ...], count: int) -> bool:
    return set(holes) == {str(number) for number in range(1, count + 1)}


def _kinds(stored: StoredTemplate) -> tuple[str, ...]:
    return tuple(button.kind for button in stored.buttons)


def _plain(text: str) -> str:
    """The text without what no reader sees: how spaces and letters are written, and holes with spaces."""
    return " ".join(normalize("NFC", _HOLE.sub(r"{{\1}}", text)).split())
