"""What a turn may know: gathered before the answer, so that the answer itself waits for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from dialogs.opening import WEEKDAYS, Opening
from dialogs.sensitivity import PLAIN, Policy
from dialogs.shop import Entry, Order, Product
from dialogs.words import Voice
from dialogs.written import NO_ANSWERS, Answers

Need: TypeAlias = Literal["orders", "products", "entry", "journey"]
"""Facts that cost a look-up: the conversation's orders, their products, what an entry code is, and what is
known of the buyer over all their chats."""

Reach: TypeAlias = Literal["open", "template", "closed"]
"""How a chat may be written to at this moment: freely, with an approved template only, or not before the
buyer writes."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another chat of the same buyer. ``allowed`` are the purposes they have agreed to there."""

    conversation_id: int
    channel: str
    reach: Reach
    heard_at: datetime | None = None
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Journey:
    """What is known of a buyer over all their chats.

    ``touches`` are the times at which something was said unasked (the last eight days), ``offered_at`` is
    when something of the purpose offers was said unasked last, however long ago. ``decided`` are the keys of
    touchpoints that are over (sent, merged, withheld, mailed …), ``brakes`` why ratings and offers rest in
    other chats, since when, ``withdrawn`` purposes that were withdrawn in another chat, ``owned`` every SKU
    bought, ``orders`` how many orders were not called off, and ``spent`` what they cost. ``version`` counts
    what was said unasked: a turn that says something only counts while it is still the same.
    """

    version: int = 0
    touches: tuple[datetime, ...] = ()
    offered_at: datetime | None = None
    decided: frozenset[str] = frozenset()
    brakes: Mapping[str, datetime] = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()
    siblings: tuple[Sibling, ...] = ()
    orders: int = 0
    spent: Decimal = Decimal(0)
    latest: str = ""
    """The order that was placed last, in whichever chat."""
    birthday: date | None = None
    mailable: bool = False
    """Whether the shop can mail this buyer for us."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """When and how often the shop begins by itself.

    ``quiet_from`` to ``quiet_to`` is the buyer's night, ``at`` the usual time. Two things lie ``apart`` at
    least, and no more than ``per_week`` come in seven days; between two flows that offer something lies
    ``offers_apart``. A bad mood without a case brakes for ``calm``; a
    parcel counts as late ``late`` after it was shipped.
    """

    quiet_from: time = time(20)
    quiet_to: time = time(9)
    at: time = time(10)
    apart: timedelta = timedelta(hours=20)
    per_week: int = 3
    offers_apart: timedelta = timedelta(days=14)
    calm: timedelta = timedelta(days=14)
    late: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the answer may refer to.

    ``orders`` are those tied to the conversation, and the one that a fresh entry code would tie to it.
    ``products`` maps a SKU to what the catalogue says. ``human`` tells that a person has the floor.
    ``promise`` is the number of hours within which a human answers, ``opening`` when the desk is open (how
    the two make a promise: `Opening.promised`), ``hours`` its hours in words per language. ``language`` is
    what the channel says of the person, or the shop's own. ``reach`` is how the chat may be written to
    unasked. ``seed`` names the buyer for everything that is drawn, ``token`` is a
    secret of the same buyer from which personal codes are made. ``triage`` is when the shop wants a human.
    ``voice`` is how the shop addresses people, ``mirror_voice`` that it goes by how they address it.
    ``answers`` are the shop's written answers to what is asked often.
    """

    brand: str = ""
    voice: Voice = "du"
    hours: Mapping[str, str] = field(default_factory=dict)
    promise: int = 24
    opening: Opening = WEEKDAYS
    buyer_name: str | None = None
    orders: tuple[Order, ...] = ()
    products: Mapping[str, Product] = field(default_factory=dict)
    entry: Entry | None = None
    human: bool = False
    timezone: str = "Europe/Berlin"
    language: str | None = None
    country: str = "DE"
    reach: Reach = "open"
    channel: str = ""
    seed: str = ""
    token: str = ""
    journey: Journey = Journey()
    pacing: Pacing = Pacing()
    notes: Mapping[str, str] = field(default_factory=dict)
    triage: Policy = PLAIN
    mirror_voice: bool = False
    answers: Answers = NO_ANSWERS
