"""How much speaks for an order coming back: a score of 0 to 100 that shows its reasons.

Nothing is learnt and nothing is guessed: what is known of the order adds the points of `FACTORS`, all of it
100 at most. What belongs to the order (what was said of it, its setup, its rating, its products) counts for
this order alone; a bad mood and an open case are the buyer's, and count for each of their orders. Of an order
that was called off or refunded nothing is left to come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from dialogs.facts import Facts
from dialogs.shop import Order
from dialogs.state import State, changed
from dialogs.timing import local
from nlu.text import key
from nlu.understanding import Intent, Understanding, Why

Sign: TypeAlias = Literal["return_wish", "not_working", "wrong_item", "size", "stuck"]
"""What a buyer has let us know of an order, kept in `State.signs` as ``<sign>:<order>``."""

Reason: TypeAlias = Literal[
    "return_wish", "not_working", "wrong_item", "size", "bad_mood", "product", "low_rating", "setup_open",
    "stuck", "silence", "open_case",
]  # fmt: skip
"""Why an order may come back. No word is a part of another, so that scripts may ask whether one is there."""


@dataclass(frozen=True, slots=True)
class Factor:
    """What a reason adds ``at_most``, and what it means."""

    at_most: int
    de: str
    en: str


FACTORS: Final[Mapping[Reason, Factor]] = {
    "return_wish": Factor(
        60,
        "möchte zurückgeben, stornieren oder das Geld zurück",
        "wants to return, to cancel, or the money back",
    ),
    "not_working": Factor(30, "sagt, dass etwas nicht geht", "says that something does not work"),
    "wrong_item": Factor(30, "hat etwas Falsches bekommen", "has got something wrong"),
    "size": Factor(
        25,
        "fragt nach der Größe oder findet sie unpassend",
        "asks about the size or finds that it does not fit",
    ),
    "bad_mood": Factor(
        25,
        "schlechte Stimmung: 15, ab der zweiten unzufriedenen Nachricht 25",
        "a bad mood: 15, from the second unhappy message on 25",
    ),
    "product": Factor(
        50,
        "die Rücksendequote des Produkts (`return_rate`) mal 50; bei mehreren Produkten die höchste",
        "the product's return rate (`return_rate`) times 50; of several products the highest",
    ),
    "low_rating": Factor(
        25, "ein Stern 25, zwei Sterne 20, drei Sterne 10", "one star 25, two stars 20, three stars 10"
    ),
    "setup_open": Factor(
        20,
        "die Einrichtung ist nicht geschafft: 4 je Tag seit der Zustellung",
        "the setup is not done: 4 for each day since delivery",
    ),
    "stuck": Factor(
        20,
        "kam bei der Einrichtung nicht weiter, und sie ist noch offen",
        "got stuck during the setup, and it is still open",
    ),
    "silence": Factor(
        10,
        "seit der Zustellung kein Wort: ab dem vierten Tag 1 je Tag",
        "not a word since delivery: from the fourth day on 1 for each day",
    ),
    "open_case": Factor(10, "ein Mensch ist gefragt oder dran", "a human has been called, or has the floor"),
}
"""The whole weighing. `risk` says how much of each applies."""

MOST: Final = 100

_OVER: Final = frozenset({"cancelled", "refunded"})
_SETUP_DAYS: Final = 5
_PATIENT_DAYS: Final = 3
_SILENT_DAYS: Final = 10
_BAD: Final = -0.3
_LOW: Final = {1: 1.0, 2: 0.8, 3: 0.4}
_PLEASED: Final = 4
_KEPT_SIGNS: Final = 40
_LONGEST: Final = 500
_SURE: Final = 0.5
"""From this confidence on an intent is taken for a sign."""

_BY_INTENT: Final[Mapping[Intent, Sign]] = {
    "return_request": "return_wish",
    "refund_request": "return_wish",
    "cancel_order": "return_wish",
    "defect": "not_working",
    "wrong_item": "wrong_item",
}
_WORKS: Final = frozenset[Why]({"works", "solved"})
_SIZES: Final = frozenset(
    {
        "groesse",
        "groessen",
        "groessentabelle",
        "konfektionsgroesse",
        "schuhgroesse",
        "size",
        "sizes",
        "sizing",
    }
)
_TOO: Final = frozenset({"zu", "bissl", "bisschen", "etwas", "too"})
_MISFITS: Final = frozenset(
    {
        "klein",
        "kleine",
        "gross",
        "grosse",
        "eng",
        "enge",
        "weit",
        "small",
        "big",
        "large",
        "tight",
        "loose",
        "wide",
    }
)
_DENIALS: Final = frozenset({"nicht", "ned", "net", "nid", "nie", "not", "never", "isnt"})


@dataclass(frozen=True, slots=True)
class Risk:
    """The score, 0 to 100, and each reason with its points, the weightiest first.

    The points come to the score, unless they are more than 100 together.
    """

    score: int = 0
    reasons: tuple[tuple[Reason, int], ...] = ()


_NONE: Final = Risk()


def risk(order: Order | None, state: State, facts: Facts, today: date) -> Risk:
    """What speaks for ``order`` coming back, on the buyer's own day ``today``. Total and deterministic.

    Other chats of the buyer count as far as ``facts.journey`` tells of them.
    """
    if order is None or order.status in _OVER:
        return _NONE
    shares: dict[Reason, float] = {}
    for found in (
        _said(order, state),
        _unfinished(order, state, facts, today),
        _standing(state, facts, today),
    ):
        for reason, share in found:
            shares[reason] = max(share, shares.get(reason, 0.0))
    points = [(reason, round(FACTORS[reason].at_most * min(share, 1.0))) for reason, share in shares.items()]
    reasons = sorted((one for one in points if one[1] > 0), key=lambda one: (-one[1], one[0]))
    return Risk(min(sum(added for _, added in reasons), MOST), tuple(reasons))


def _said(order: Order, state: State) -> Iterator[tuple[Reason, float]]:
    """What the buyer has let us know of this order."""
    signs = state.signs
    said: tuple[Sign, ...] = ("return_wish", "not_working", "wrong_item", "size")
    for sign in said:
        if f"{sign}:{order.id}" in signs:
            yield sign, 1.0
    yield "low_rating", _LOW.get(state.ratings.get(order.id, 0), 0.0)


def _unfinished(order: Order, state: State, facts: Facts, today: date) -> Iterator[tuple[Reason, float]]:
    """A setup that was not done, and silence; who is pleased may keep both."""
    products = [product for item in order.items if (product := facts.products.get(item.sku)) is not None]
    rates = [one.return_rate for one in products if one.return_rate is not None and 0 <= one.return_rate <= 1]
    yield "product", max(rates, default=0.0)
    if state.ratings.get(order.id, 0) >= _PLEASED:
        return
    delivered = _day(order.milestones.get("delivered"), facts)
    if any(product.setup for product in products) and f"setup:{order.id}" not in state.done:
        if f"stuck:{order.id}" in state.signs:
            yield "stuck", 1.0
        if delivered is not None:
            yield "setup_open", (today - delivered).days / _SETUP_DAYS
    if delivered is not None:
        heard = (state.heard_at, *(one.heard_at for one in facts.journey.siblings))
        last = max([delivered, *(day for at in heard if (day := _day(at, facts)) is not None)])
        yield "silence", ((today - last).days - _PATIENT_DAYS) / _SILENT_DAYS


def _standing(state: State, facts: Facts, today: date) -> Iterator[tuple[Reason, float]]:
    """How things stand between the buyer and the shop."""
    if _braked("mood", state, facts, today):
        bad = sum(one.polarity <= _BAD for one in state.moods if _recent(one.at, facts, today))
        yield "bad_mood", 1.0 if bad > 1 else 0.6
    if facts.human or _braked("handoff", state, facts, today):
        yield "open_case", 1.0
    if _braked("return", state, facts, today):
        yield "return_wish", 1.0


def _braked(reason: str, state: State, facts: Facts, today: date) -> bool:
    """Whether the complaint brake is on for this reason in any chat; all but an open case pass in time."""
    held = (brakes.get(reason) for brakes in (state.brakes, facts.journey.brakes))
    return any(at is not None and (reason == "handoff" or _recent(at, facts, today)) for at in held)


def _recent(at: datetime, facts: Facts, today: date) -> bool:
    day = _day(at, facts)
    return day is not None and today - day < facts.pacing.calm


def _day(at: datetime | None, facts: Facts) -> date | None:
    """The buyer's own day of a moment."""
    return local(at, facts.timezone).date() if at is not None else None


# -- what is kept for it


def noticed(
    state: State, facts: Facts, order: Order | None, meaning: Understanding | None, now: datetime
) -> State:
    """The state with what the buyer has just let us know: that they are here, and signs about an order.

    ``order`` is the one in focus; an order that the words themselves or an entry code name comes before it.
    """
    about = _about(facts, order, meaning) if meaning is not None else None
    signs = state.signs
    if meaning is not None and about is not None:
        if any(one.why in _WORKS for one in meaning.mood.evidence) and meaning.mood.label == "positive":
            signs = _without(signs, about.id, ("not_working", "stuck"))
        signs = _with(signs, about.id, _signs_in(meaning))
    return changed(state, heard_at=now, signs=signs)


def stuck(state: State, order_id: str, *, on: bool) -> State:
    """The state in which the buyer is stuck with the order's setup, or no longer."""
    changes = _with(state.signs, order_id, ("stuck",)) if on else _without(state.signs, order_id, ("stuck",))
    return state if changes == state.signs else changed(state, signs=changes)


def _about(facts: Facts, order: Order | None, meaning: Understanding) -> Order | None:
    numbers = {one.value.lstrip("#") for one in meaning.entities if one.kind == "order_number"}
    entry = facts.entry.order_id if facts.entry is not None else None
    named = (one for one in facts.orders if one.number.lstrip("#") in numbers)
    entered = (one for one in facts.orders if one.id == entry)
    return next(named, None) or next(entered, None) or order


def _signs_in(meaning: Understanding) -> Iterator[Sign]:
    by_intent = _BY_INTENT.get(meaning.intent)
    if by_intent is not None and meaning.confidence >= _SURE:
        yield by_intent
    if meaning.mood.label != "positive" and _about_size(meaning):
        yield "size"


def _about_size(meaning: Understanding) -> bool:
    """Whether the words are about a size: one is named, asked for, or wrong ("too small", "zu groß")."""
    if any(one.kind == "size" for one in meaning.entities):
        return True
    words = ["", "", *key(meaning.text[:_LONGEST]).split()]
    return any(
        word in _SIZES or (word in _MISFITS and last in _TOO and before not in _DENIALS)
        for before, last, word in zip(words, words[1:], words[2:], strict=False)
    )


def _with(signs: tuple[str, ...], order_id: str, new: Iterable[Sign]) -> tuple[str, ...]:
    """The signs with these, the newest last; the oldest are forgotten."""
    named = tuple(dict.fromkeys(f"{one}:{order_id}" for one in new))
    kept = tuple(one for one in signs if one not in named)
    return (*kept, *named)[-_KEPT_SIGNS:] if named else signs


def _without(signs: tuple[str, ...], order_id: str, gone: Iterable[Sign]) -> tuple[str, ...]:
    named = {f"{one}:{order_id}" for one in gone}
    return tuple(one for one in signs if one not in named)
