"""What a turn leaves behind besides words: reminders and records.

The store writes them with the new state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from dialogs.messages import Draft
from dialogs.state import State

Priority: TypeAlias = Literal["low", "normal", "high", "urgent"]


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
    """A human gets the floor: why, the buyer's own words that show it, how urgent, answered by when.

    ``reason`` is the script's word. ``why`` is what triage saw in the message (`dialogs.triage.Reason`);
    empty where a script alone decided.
    """

    reason: str
    evidence: tuple[str, ...] = ()
    priority: Priority = "normal"
    promised_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Promised:
    """The buyer was told anew by when a human answers, because the time told before has passed."""

    at: datetime


How: TypeAlias = Literal["tap", "word", "platform"]
"""By what a consent was given or withdrawn: a button, the buyer's own words, the platform's own switch."""


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The buyer wants no more of this: ``all``, or a purpose.

    ``wording`` are their words or the button's title, ``shown`` what they had been told, ``version`` of which
    script.
    """

    purpose: str = "all"
    wording: str = ""
    how: How = "word"
    shown: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class OptedIn:
    """The buyer agrees: ``all`` (hearing from us again), or a purpose.

    ``stage`` is ``asked`` while a second tap is awaited; only ``given`` counts.
    """

    purpose: str = "all"
    wording: str = ""
    how: How = "word"
    shown: str = ""
    version: str = ""
    stage: Literal["asked", "given"] = "given"


@dataclass(frozen=True, slots=True)
class Noted:
    """Something the buyer told us that the desk should see: an order number that nobody has checked yet."""

    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A written answer was given, by its id; ``sure`` tells that nothing else could be meant.

    Owners count them by it; the message is filed under it as well (`Draft.flow`, `Draft.step`).
    """

    id: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Preferred:
    """A preference of the buyer; the latest per name counts."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A code was offered: how much off, for which products, until when. An empty ``skus`` means anything."""

    code: str
    percent: int
    skus: tuple[str, ...]
    until: datetime
    flow: str
    order_id: str = ""
    personal: bool = True


@dataclass(frozen=True, slots=True)
class Braked:
    """Ratings and offers rest from now on, or (``on`` False) no longer."""

    reason: str
    on: bool = True


Fate: TypeAlias = Literal[
    "planned", "moved", "sent", "merged", "parked", "braked", "handed", "mailed", "withheld", "refused",
    "expired", "withdrawn",
]  # fmt: skip
FATES: Final = get_args(Fate)
DECIDED: Final = frozenset({"sent", "merged", "mailed", "withheld", "expired"})
"""Fates after which a touchpoint is over for the buyer.

One that was ``handed`` goes on in another chat; one that was ``withdrawn`` or ``refused`` may be planned
anew, for example once the buyer has agreed to it."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What became of a touchpoint, and why: one flow's own beginning with one buyer about one order.

    ``at`` is when it is due now, ``reason`` a word (``quiet_hours``, ``cap``, ``window``, ``brake:handoff``,
    ``consent``, ``control``, …). ``variant`` is the first line that was drawn.
    """

    key: str
    flow: str
    purpose: str
    fate: Fate
    reason: str = ""
    order_id: str = ""
    at: datetime | None = None
    variant: str = ""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A touchpoint goes on in another chat of the same buyer, which can be written to, and is due there."""

    conversation_id: int
    reminder: Reminder


@dataclass(frozen=True, slots=True)
class Mailed:
    """The shop is asked to mail the buyer an entry link, because no chat can be written to."""

    key: str
    flow: str
    purpose: str
    order_id: str


Record: TypeAlias = (
    Rated
    | Bound
    | HandedOff
    | Promised
    | OptedOut
    | OptedIn
    | Noted
    | Answered
    | Preferred
    | Offered
    | Braked
    | Touched
    | HandedOver
    | Mailed
)


def tells_of_words(record: Record) -> bool:
    """Whether a record tells of something that was said."""
    said = isinstance(record, Answered | Offered)
    return said or (isinstance(record, Touched) and record.fate in {"sent", "merged"})


class Taken(NamedTuple):
    """A step that was played (``way`` is empty), or the way on that was taken from it (`dialogs.ways`)."""

    flow: str
    version: str
    step: str
    way: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A turn's whole outcome. No reminder is named in both ``cancel`` and ``reminders``.

    ``proactive`` tells that something is said unasked: then the turn only counts while the buyer's journey is
    still at the version that the facts showed. ``taken`` is empty unless the turn was watched.
    """

    state: State
    drafts: tuple[Draft, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    cancel: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    proactive: bool = False
    taken: tuple[Taken, ...] = ()
