"""A flow and its steps: what is said and when, frozen.

`dialogs.script` makes them from files and writes them back, `dialogs.engine` plays them, `dialogs.journeys`
starts them unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Final, Literal, TypeAlias, get_args

from dialogs.expressions import Expression, Filling
from dialogs.facts import Need
from dialogs.records import Priority
from dialogs.templates import TemplateText
from dialogs.words import Lines, Words
from nlu.understanding import Intent

Purpose: TypeAlias = Literal["service", "feedback", "offers"]
"""What a buyer may allow or forbid: news about their order, questions how they like it, things to buy."""

Milestone: TypeAlias = Literal[
    "placed", "paid", "shipped", "delayed", "delivered", "cancelled", "refunded", "solved"
]
"""What happens to an order, and ``solved``: a human has solved the buyer's case."""

Occasion: TypeAlias = Literal["entry", "first", "menu", "miss", "wordless", "order_number"]
"""What happens in the chat itself.

An entry code; the first word; nothing else going on; not understood; a
picture or a voice message; an order number."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go on: a step of a flow, or the flow's first step when ``step`` is empty."""

    flow: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """A labelled address."""

    title: Words
    url: str


@dataclass(frozen=True, slots=True)
class MediaSpec:
    """A picture or a video by its address; ``alt`` says what it shows."""

    type: Literal["image", "video"]
    url: str
    alt: Words | None = None


@dataclass(frozen=True, slots=True)
class Carousel:
    """Cards of products: those bought, complements of them, or those named by SKU."""

    of: Literal["bought", "complements", "named"]
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """Something said that asks nothing; then on to ``to``, or the end.

    ``template`` may stand in for it once WhatsApp's window has closed. ``tracking`` adds the parcel's link.
    """

    id: str
    lines: Lines
    to: Target | None = None
    picture: MediaSpec | None = None
    link: LinkSpec | None = None
    carousel: Carousel | None = None
    tracking: bool = False
    template: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceSpec:
    """A choice of a question. ``intents`` are wishes that mean this choice when somebody types instead."""

    id: str
    title: Words
    to: Target | None = None
    intents: frozenset[Intent] = frozenset()
    description: Words | None = None


Expects: TypeAlias = Literal[
    "choice", "text", "comment", "number", "rating", "photo", "date", "email", "order_number", "product"
]
"""What kind of answer a question takes.

``comment`` is text that belongs to the rating just given, ``product`` words that name one of the catalogue's
products, which is kept by its SKU."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What happens when a question is not answered within ``after``: go on at ``to``, or let it rest."""

    after: timedelta
    to: Target | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A question.

    With ``expects`` = ``choice`` each choice leads on; a ``rating`` has five choices ``1`` to ``5`` and leads
    on by ``low`` (1–2), ``middle`` (3) and ``high`` (4–5); every other answer leads to ``to``. An answer of
    the wrong kind is asked for again with ``again`` up to ``tries`` times, then goes to ``otherwise``.
    ``skip`` is the title of a button that passes on to ``skipped``. The answer is kept as ``my.<save>`` and,
    as a preference, as ``notes.<note>``.
    """

    id: str
    lines: Lines
    expects: Expects = "choice"
    choices: tuple[ChoiceSpec, ...] = ()
    to: Target | None = None
    low: Target | None = None
    middle: Target | None = None
    high: Target | None = None
    skip: Words | None = None
    skipped: Target | None = None
    again: Words | None = None
    tries: int = 2
    otherwise: Target | None = None
    silence: Silence | None = None
    least: int | None = None
    most: int | None = None
    save: str = ""
    note: str = ""
    picture: MediaSpec | None = None
    tracking: bool = False
    template: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """The setup of what was bought, one item at a time. ``trouble`` is said when an item does not work."""

    id: str
    lines: Lines
    done: Words
    stuck: Words
    trouble: Words
    solved: Words
    human: Words
    finished: Target | None
    person: Target | None


@dataclass(frozen=True, slots=True)
class If:
    """The first case that holds leads on, else ``otherwise`` (None: the end)."""

    id: str
    cases: tuple[tuple[Expression, Target | None], ...]
    otherwise: Target | None = None


RESERVED: Final = ("language", "voice", "frequency", "tag", "untag")
"""Names that `set` gives a meaning: how the buyer is spoken to, how often, and tags."""


@dataclass(frozen=True, slots=True)
class Set:
    """Values kept for this chat as ``my.<name>``; the names `RESERVED` change how the buyer is spoken to."""

    id: str
    values: tuple[tuple[str, Filling], ...]
    to: Target | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Preferences of the buyer, kept as ``notes.<name>`` for every chat and for the desk."""

    id: str
    values: tuple[tuple[str, Filling], ...]
    to: Target | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause: ``span`` long, until ``clock`` (the buyer's time), or until ``event`` happens to the order.

    For an event ``span`` is the longest wait; then it goes on at ``otherwise``.
    """

    id: str
    span: timedelta | None = None
    clock: time | None = None
    event: Milestone | None = None
    to: Target | None = None
    otherwise: Target | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """Straight on to another step or flow."""

    id: str
    to: Target


@dataclass(frozen=True, slots=True)
class Call:
    """Play another flow and come back to ``to`` when it ends."""

    id: str
    flow: Target
    to: Target | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of complements (``bundle``: never what they own) or of a code alone (``code``).

    Said with {offer_products}, {offer_percent}, {offer_code} and {offer_until}; cards follow where
    ``carousel``. ``code`` is one for all; empty: a personal one with ``prefix``. With nothing to offer it
    goes to ``nothing``.
    """

    id: str
    what: Literal["bundle", "code"]
    lines: Lines
    percent: int = 0
    code: str = ""
    prefix: str = "DANKE"
    valid: timedelta = timedelta(days=14)
    most: int = 3
    carousel: bool = False
    template: str = ""
    to: Target | None = None
    nothing: Target | None = None


@dataclass(frozen=True, slots=True)
class Remind:
    """Come back later and play ``target``; meanwhile go on at ``to``.

    ``span`` None means this evening, or tomorrow morning where that is too near.
    """

    id: str
    target: Target
    span: timedelta | None = None
    to: Target | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Ask for a purpose, give or withdraw it.

    ``ask`` shows the text with the buttons ``yes`` and ``no``; with ``confirm`` a second tap is needed
    (double opt-in). It is passed over, to ``given`` or ``refused``, where the buyer has decided already
    (unless ``again``). ``grant`` and ``withdraw`` take the buyer's own words as the decision and say the
    text. ``withdraw`` of ``service`` means everything.
    """

    id: str
    purpose: Purpose
    action: Literal["ask", "grant", "withdraw"]
    lines: Lines
    yes: Words | None = None
    no: Words | None = None
    confirm: Words | None = None
    again: bool = False
    given: Target | None = None
    refused: Target | None = None


@dataclass(frozen=True, slots=True)
class Handoff:
    """A human gets the floor, and the buyer is told honestly when to expect an answer."""

    id: str
    lines: Lines
    reason: str
    priority: Priority = "normal"


@dataclass(frozen=True, slots=True)
class End:
    """The flow is over."""

    id: str


Step: TypeAlias = (
    Say | Ask | Checklist | If | Set | Note | Wait | Go | Call | Offer | Remind | Consent | Handoff | End
)
"""All that a flow can do. Closed: the engine answers every kind, and mypy sees to it."""

Asking: TypeAlias = Ask | Checklist | Consent
"""Steps that may wait for the buyer's answer."""


@dataclass(frozen=True, slots=True)
class After:
    """How long after its event a trigger starts the flow.

    ``fast`` and ``durable`` are by the product's pace; equal where it does not matter. With ``used_up`` they
    count from when the product is used up (negative: before that), as the catalogue's consumption days say. A
    product's own days for the flow (``days`` in the catalogue) win over all of it.
    """

    fast: timedelta = timedelta(0)
    durable: timedelta = timedelta(0)
    used_up: bool = False

    @property
    def at_once(self) -> bool:
        """Whether there is nothing to wait for."""
        return not (self.fast or self.durable or self.used_up)


TriggerKind: TypeAlias = Literal["order", "intent", "keyword", "link", "tag", "date", "flow", "occasion"]
TRIGGER_KINDS: Final = get_args(TriggerKind)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a flow.

    ``value`` is a `Milestone`, an intent, a phrase, a link's name, a tag, ``birthday``, ``anniversary`` or
    ``MM-DD``, a flow, or an `Occasion`. Orders, tags, dates and flows have an offset and are *proactive*:
    they start a touchpoint at the buyer's local time ``at`` (None: ten o'clock, or at once without an
    offset). The buyer's own words start at once.
    """

    kind: TriggerKind
    value: str
    after: After = After()
    at: time | None = None
    when: Expression | None = None

    @property
    def proactive(self) -> bool:
        """Whether the bot begins, not the buyer."""
        return self.kind in {"order", "tag", "date", "flow"}


Closed: TypeAlias = Literal["wait", "mail", "drop"]
"""What becomes of a touchpoint when no chat of the buyer may be written to: wait until they write, let the
shop mail an entry link, or nothing."""


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation that tests the flow; its setting and ``turns`` are those of `dialogs.simulation`.

    ``sample`` names the sample shop for which it was written; empty: the shop whose script it is.
    """

    about: str
    setting: Mapping[str, object]
    turns: tuple[Mapping[str, object], ...]
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow.

    It begins at its first step. ``purpose`` is what its touchpoints need consent for, ``expires`` how long
    one is worth saying, ``holdout`` the share of buyers who never get it, to compare with. ``goal`` names
    what counts as success. ``once`` says how often one buyer gets it unasked. ``sample`` is the sample shop
    in which its examples are played. ``version`` is a hash of the file it was read from.
    """

    id: str
    triggers: tuple[Trigger, ...]
    steps: Mapping[str, Step]
    purpose: Purpose = "service"
    expires: timedelta = timedelta(days=7)
    holdout: float = 0.0
    goal: str = ""
    closed: Closed = "wait"
    once: Literal["order", "buyer"] = "order"
    title: Words | None = None
    sample: str = ""
    examples: tuple[Example, ...] = ()
    needs: frozenset[Need] = frozenset()
    version: str = ""

    @property
    def first(self) -> str:
        """The step where it begins."""
        return next(iter(self.steps), "")


@dataclass(frozen=True, slots=True)
class Book:
    """All published flows, ready to be played.

    ``on`` finds a flow by an intent, an occasion, or ``link:<name>``; ``keywords`` by a phrase, as
    `nlu.text.key` writes it; ``proactive`` by ``<kind>:<value>``. ``past`` holds older versions by (id,
    version), for conversations that began with them.
    """

    flows: Mapping[str, Flow]
    on: Mapping[str, Flow]
    phrases: Mapping[str, Words] = field(default_factory=dict)
    keywords: Mapping[str, Flow] = field(default_factory=dict)
    proactive: Mapping[str, tuple[tuple[Flow, Trigger], ...]] = field(default_factory=dict)
    templates: Mapping[tuple[str, str], TemplateText] = field(default_factory=dict)
    past: Mapping[tuple[str, str], Flow] = field(default_factory=dict)

    def find(self, flow: str, version: str = "") -> Flow | None:
        """The flow in the version it was started with, else as it is now; None if there is none."""
        newest = self.flows.get(flow)
        if version and (newest is None or newest.version != version):
            return self.past.get((flow, version), newest)
        return newest


REQUIRED: Final = frozenset(
    {
        "entry", "first", "menu", "miss", "wordless", "order_number", "human_request", "complaint",
        "defect", "opt_out", "opt_in", "greeting",
    }
)  # fmt: skip
"""Intents and occasions that every book must answer: without them a buyer would meet silence."""

PHRASES: Final = frozenset(
    {
        "disclosure", "disclosure_again", "stale", "already_rated", "miss", "thanks", "hello", "list_label",
        "wait", "glad", "while_here", "confirm_yes", "track", "perhaps", "promise_broken", "back",
        "back_solved",
    }
)  # fmt: skip
"""The house's own sentences, which stand in no flow."""
