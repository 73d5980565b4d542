"""What a conversation remembers between two turns.

Small, and readable for every later version of the house.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Final

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Option:
    """One choice as it was offered: what a typed number or title is compared with."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Where to go on after a called flow has ended."""

    flow: str
    step: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Parked:
    """A touchpoint that waits for the buyer to write: see `dialogs.journeys`.

    ``on`` and ``wanted`` are those of `dialogs.planned.Planned`.
    """

    key: str
    flow: str
    step: str = ""
    order_id: str = ""
    until: datetime | None = None
    version: str = ""
    on: str = ""
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """A flow that waits for something to happen to an order; ``key`` is the reminder that ends the wait."""

    key: str
    flow: str
    step: str
    event: str
    order_id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Felt:
    """How a message sounded: its polarity, from -1 to 1, and when it came."""

    at: datetime
    polarity: float


@dataclass(frozen=True, slots=True)
class Loop:
    """What speaks for a machine at the other end: see `dialogs.loops`.

    ``score`` is what the last messages add up to, ``sure`` that more than repetition is among it, ``prints``
    are theirs (not their words), ``said_at`` is
    when the bot answered last, ``since`` when the answers began that ``answers`` counts.
    """

    score: int = 0
    sure: bool = False
    prints: tuple[str, ...] = ()
    said_at: datetime | None = None
    since: datetime | None = None
    answers: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Where the conversation stands.

    A question is open while ``step`` names it, in the ``version`` of its flow; ``asked`` is the number of
    the newest question, open or not. ``item`` is the place in a checklist, ``trouble`` that its help is
    being shown, ``tries`` how often an answer was of the wrong kind, ``stage`` that a consent waits for
    its second tap. ``order_id`` is the order that is being talked about, ``rating_asks`` which order
    each question for a rating was about. ``answered`` is the last tap that was acted on
    (``asked:choice``), ``answered_at`` when. ``expecting`` is what `understand` is told. ``done`` holds
    ``<what>:<order>`` marks; ``tips`` counts the care tips told. ``touches`` are the last times
    something was said unasked. ``consents`` is what was decided here: purpose → given or not;
    ``opted_out`` that nothing at all may be said unasked. ``brakes`` says why ratings and offers rest,
    and since when. ``planned`` are the keys of touchpoints to come, ``calls`` flows to come back to,
    ``parked`` and ``pauses`` what waits. ``moods`` is how the buyer's last messages sounded, five at
    most, the newest last. ``heard_at`` is when the buyer last did anything here, ``signs`` are
    ``<sign>:<order>``: what they let us know of an order (`dialogs.risk`). ``voice`` is how a script
    wants the buyer to be addressed, ``mirrored`` how the buyer last addressed the shop, where that is
    mirrored. ``told`` is the written answer that was given last, ``told_at`` when;
    ``offered_at`` when something was offered here last, whoever began it. ``sorry_for`` is the promise of an
    answer that was broken, once that has been owned up to; ``loop`` what speaks for a machine writing here.
    """

    flow: str = ""
    step: str = ""
    version: str = ""
    asked: int = 0
    asked_at: datetime | None = None
    options: tuple[Option, ...] = ()
    expecting: str = ""
    item: int = 0
    trouble: bool = False
    tries: int = 0
    stage: str = ""
    order_id: str | None = None
    language: str | None = None
    voice: str | None = None
    frequency: str = ""
    disclosed_at: datetime | None = None
    last_at: datetime | None = None
    last_human_at: datetime | None = None
    answered: str = ""
    answered_at: datetime | None = None
    misses: int = 0
    ratings: dict[str, int] = field(default_factory=dict)
    rating_asks: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    tips: int = 0
    opted_out: bool = False
    consents: dict[str, bool] = field(default_factory=dict)
    my: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    brakes: dict[str, datetime] = field(default_factory=dict)
    touches: tuple[datetime, ...] = ()
    planned: tuple[str, ...] = ()
    calls: tuple[Frame, ...] = ()
    parked: tuple[Parked, ...] = ()
    pauses: tuple[Pause, ...] = ()
    moods: tuple[Felt, ...] = ()
    heard_at: datetime | None = None
    signs: tuple[str, ...] = ()
    mirrored: str | None = None
    told: str = ""
    told_at: datetime | None = None
    offered_at: datetime | None = None
    sorry_for: datetime | None = None
    loop: Loop = Loop()


_FIELDS: Final = tuple(field.name for field in fields(State))
_PLACES: Final = {name: place for place, name in enumerate(_FIELDS)}
_values: Final = attrgetter(*_FIELDS)


def changed(state: State, **changes: object) -> State:
    """The state with some of its fields changed: `dataclasses.replace`, but several times as fast.

    Raises:
        KeyError: a field of that name does not exist.

    """
    values = list(_values(state))
    for name, value in changes.items():
        values[_PLACES[name]] = value
    return State(*values)


STATE: Final = TypeAdapter(State)
"""State to JSON and back. Missing keys take their defaults and unknown ones are passed over."""
