"""A flow and its steps: what is said, frozen.

`dialogs.script` makes them from files, `dialogs.engine` plays them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from dialogs.facts import Need
from dialogs.placeholders import Condition
from dialogs.records import Priority
from dialogs.words import Words
from nlu.understanding import Intent


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go on: a step of a flow, or the flow's own door when ``step`` is empty."""

    flow: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceSpec:
    """A choice of a question. ``intents`` are wishes that mean this choice when somebody types instead."""

    id: str
    title: Words
    to: Target | None
    intents: frozenset[Intent] = frozenset()


@dataclass(frozen=True, slots=True)
class Say:
    """A text, perhaps with the parcel's tracking link, and on to the next step or the end.

    ``template`` may stand in for it once the window has closed, ``expires`` is how long it is worth saying,
    and ``remind`` promises to come back to something.
    """

    id: str
    text: Words
    to: Target | None = None
    tracking: bool = False
    template: str = ""
    expires: timedelta | None = None
    remind: Literal["", "setup"] = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with choices."""

    id: str
    text: Words
    choices: tuple[ChoiceSpec, ...]
    template: str = ""
    expires: timedelta | None = None
    tracking: bool = False
    expecting: str = "choice"


@dataclass(frozen=True, slots=True)
class Checklist:
    """The setup of what was bought, one item at a time. ``trouble`` is said when an item does not work."""

    id: str
    text: Words
    done: Words
    stuck: Words
    trouble: Words
    solved: Words
    human: Words
    finished: Target
    person: Target


@dataclass(frozen=True, slots=True)
class Rate:
    """One tap from 1 to 5, and where each answer leads."""

    id: str
    text: Words
    titles: tuple[Words, Words, Words, Words, Words]
    high: Target
    middle: Target
    low: Target
    template: str = ""
    expires: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """An invitation to say something in one's own words about the rating just given, or to leave it."""

    id: str
    text: Words
    skip: Words
    thanks: Target
    skipped: Target


@dataclass(frozen=True, slots=True)
class Handoff:
    """A human gets the floor, and the buyer is told honestly when to expect an answer."""

    id: str
    text: Words
    reason: str
    priority: Priority = "normal"


@dataclass(frozen=True, slots=True)
class Consent:
    """No more messages of our own accord, or again."""

    id: str
    action: Literal["opt_out", "opt_in"]
    text: Words


Step: TypeAlias = Say | Ask | Checklist | Rate | Listen | Handoff | Consent
"""All that a flow can do. Closed: the engine answers every kind, and mypy sees to it."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a flow begins, if all of ``when`` holds."""

    step: str
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow.

    ``on`` names what starts it; the first open door is taken; ``needs`` are the facts it refers to.
    """

    id: str
    on: tuple[str, ...]
    doors: tuple[Door, ...]
    steps: Mapping[str, Step]
    needs: frozenset[Need]


@dataclass(frozen=True, slots=True)
class Book:
    """All published flows, ready to be played.

    ``on`` finds a flow by what starts it, ``phrases`` the house's own words.
    """

    flows: Mapping[str, Flow]
    on: Mapping[str, Flow]
    phrases: Mapping[str, Words] = field(default_factory=dict)


TRIGGERS: Final = frozenset(
    {
        "entry", "first", "menu", "miss", "wordless", "human_request", "complaint", "not_working",
        "opt_out", "opt_in", "greeting", "setup_help", "care_tip", "order_status", "rating", "order_number",
        "order:shipped", "due:setup", "due:care", "due:rating",
    }
)  # fmt: skip
"""All that can start a flow. Each must be answered by exactly one flow of a book."""

PHRASES: Final = frozenset(
    {
        "disclosure",
        "disclosure_again",
        "stale",
        "already_rated",
        "miss",
        "thanks",
        "hello",
        "list_label",
        "wait",
        "glad",
    }
)
"""The house's own sentences, which stand in no flow."""
