"""What a turn leaves behind besides words: reminders and records.

The store writes them with the new state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from dialogs.messages import Draft
from dialogs.state import State

Priority: TypeAlias = Literal["normal", "high"]


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to come back to. ``name`` is unique in a conversation: the same name again moves it."""

    name: str
    at: datetime
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rated:
    """The buyer rated an order from 1 to 5. A comment comes as a second record that replaces the first."""

    order_id: str
    sku: str | None
    score: int
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A fresh entry code ties this conversation to an order; the store takes the code as used."""

    code: str
    order_id: str


@dataclass(frozen=True, slots=True)
class HandedOff:
    """A human gets the floor: why, the buyer's own words that show it, how urgent."""

    reason: str
    evidence: tuple[str, ...] = ()
    priority: Priority = "normal"


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The buyer wants no more of this: ``all``, or a topic as the platform names it.

    ``wording`` are their words.
    """

    purpose: str = "all"
    wording: str = ""


@dataclass(frozen=True, slots=True)
class OptedIn:
    """The buyer wants to hear from us again."""

    purpose: str = "all"
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something the buyer told us that the desk should see: an order number that nobody has checked yet."""

    topic: str
    text: str


Record: TypeAlias = Rated | Bound | HandedOff | OptedOut | OptedIn | Noted


@dataclass(frozen=True, slots=True)
class Answer:
    """A turn's whole outcome. No reminder is named in both ``cancel`` and ``reminders``."""

    state: State
    drafts: tuple[Draft, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    cancel: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
