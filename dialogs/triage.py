"""Who should speak: the bot, or a human at once; why, by which words, and how urgent.

The engine says how likely it is that a message wants a human, by its words alone. What else is known shifts
that: words of alarm, the mood of the last messages, a bad rating, answers that missed, an open case, a late
parcel. A human is called where the result reaches the owner's threshold (`dialogs.sensitivity`). By rule, and
whatever the number: an explicit wish, a privacy request, a fault, a wrong item and a complaint that were
clearly understood, the shop's own words, and languages that nobody here speaks. By rule the bot keeps
opt-outs and calm questions where the parcel is.

All of it is pure: the same message, moment and policy give the same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import exp, log
from typing import Final, Literal, TypeAlias

from dialogs.facts import Facts
from dialogs.records import Priority
from dialogs.scene import is_shipped
from dialogs.sensitivity import PLAIN, Policy
from dialogs.shop import Order
from dialogs.state import State
from nlu.understanding import Intent, Understanding, Why

Reason: TypeAlias = Literal[
    "safety", "threat", "fraud", "minor", "own_word", "privacy", "human_request", "language", "defect",
    "wrong_item", "complaint", "low_rating", "waiting", "mood", "urgent_change", "stuck", "likely",
]  # fmt: skip
"""Why a human is called: see the table in ``docs/understanding.md``."""

ALARMS: Final = frozenset[Reason]({"safety", "threat", "fraud", "minor", "own_word"})
"""Reasons that no help of the bot's comes before."""

CALM: Final = frozenset[Reason](
    {"human_request", "privacy", "language", "urgent_change", "likely", "own_word", "stuck"}
)
"""Reasons that say nothing bad of the shop: they pull no brake by themselves."""

SURE: Final = 0.5
"""From this confidence on an intent counts as clearly understood."""

LONGEST_QUOTE: Final = 200

_ALARM_SHIFT: Final = 2.5
_MOST_SHIFT: Final = 1.5
"""What all circumstances together may add: a friendly word stays one on the worst of days."""

_BAD: Final = -0.3
_REMEMBERED: Final = 3
_SAME_TALK: Final = timedelta(days=2)
_TYPED: Final = frozenset({"text", "comment", "number", "date", "email", "order_number", "photo", "product"})
_LATE_WORDS: Final = frozenset[Why]({"overdue", "waiting_for_money", "ignored", "promise_broken", "repeated"})
_WAITED: Final = frozenset[Why]({"overdue", "ignored", "promise_broken"})
_SMALL_TALK: Final = frozenset[Intent]({"thanks", "greeting", "goodbye", "yes", "no"})
_CHANGES: Final = frozenset[Intent]({"address_change", "cancel_order"})

_FRAUD: Final = re.compile(
    r"\b(?:betr[uü]ger\w{0,6}|betrogen|abgezockt|abzocke|fake-?shop|identitätsdiebstahl|phishing|"
    r"(?:das ist|wegen|reiner?|versuchter?) betrug|scam(?:med|mers?)?|fraud(?:ulent)?|ripped off)\b",
    re.IGNORECASE,
)
_MINOR: Final = re.compile(
    r"\b(?:minderjährig\w{0,3}|jugendschutz|jugendamt|under-?age|minors?(?= (?:can|should|ordered|bought)\b)|"
    r"(?:mein|unser)e? (?:kind|sohn|tochter|sohnemann) hat(?: \w{1,20}){0,4} (?:bestellt|gekauft)|"
    r"(?:bin|ist)(?: doch)?(?: erst)? (?:8|9|1[0-7])(?: jahre)?(?: alt)?(?= und (?:hab|hat|darf|will))|"
    r"(?:my|our) (?:kid|child|son|daughter)(?: \w{1,20}){0,3} (?:ordered|bought))\b",
    re.IGNORECASE,
)
_BEYOND_HELP: Final = re.compile(
    r"\b(?:kapp?utt?\w{0,3}|(?:zer|(?:ab|durch)?ge)brochen\w{0,2}|(?:zer|(?:ab|aus|ein)?ge)rissen\w{0,2}|zersplittert\w{0,2}|"
    r"zersprungen\w{0,2}|(?:ge|zer)platzt|defekt\w{0,2}|brok(?:e|en)|shattered|cracked|snapped|smashed)\b",
    re.IGNORECASE,
)
_PRIORITIES: Final[tuple[Priority, ...]] = ("low", "normal", "high", "urgent")
_HIGH: Final = frozenset[Reason](
    {"threat", "fraud", "minor", "complaint", "low_rating", "waiting", "mood", "urgent_change"}
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known besides the message.

    ``moods`` are the polarities (-1 to 1) of the buyer's earlier messages of this talk, the newest last;
    ``rated`` the rating (1 to 5) of the order in focus; ``misses`` how often in a row the bot has not
    understood. ``case`` tells that an earlier case is not solved yet, ``late`` that the parcel is overdue,
    ``running`` that the order has not been shipped, ``valued`` that the shop wants this buyer to come first.
    ``asked`` tells that the bot has just asked for words, a number, a date: what comes is mostly the answer.
    """

    moods: tuple[float, ...] = ()
    rated: int | None = None
    misses: int = 0
    case: bool = False
    late: bool = False
    running: bool = False
    valued: bool = False
    asked: bool = False


NO_MOMENT: Final = Moment()


@dataclass(frozen=True, slots=True)
class Escalation:
    """A human is needed.

    ``triggers`` are the flows that may say so, by what starts them: the first that the book has, does.
    ``evidence`` are the person's own words, the weightiest first. ``chance`` is the probability behind it.
    """

    reason: Reason
    triggers: tuple[str, ...]
    evidence: tuple[str, ...]
    priority: Priority = "normal"
    chance: float = 1.0


def triage(
    meaning: Understanding | None, moment: Moment = NO_MOMENT, policy: Policy = PLAIN
) -> Escalation | None:
    """Whether a human is called for, and why; None leaves the word to the bot."""
    if meaning is None:
        return None
    alarm, words = _alarm(meaning, policy)
    chance = chance_of(meaning, moment, alarm=alarm is not None)
    reason = _reason(meaning, moment, alarm, likely=chance >= policy.threshold)
    return None if reason is None else _escalation(reason, meaning, moment, words, chance)


def moment_of(state: State, facts: Facts, order: Order | None, now: datetime) -> Moment:
    """What is known at ``now`` besides a message; ``order`` is the one in focus."""
    done = order.milestones if order is not None and is_shipped(order, facts.products) else {}
    shipped = done.get("shipped")
    overdue = "delayed" in done or (shipped is not None and now - shipped > facts.pacing.late)
    policy = facts.triage
    dear = order is not None and 0 < policy.valued_order <= order.total
    return Moment(
        moods=tuple(one.polarity for one in state.moods if now - one.at < _SAME_TALK),
        rated=state.ratings.get(order.id) if order is not None else None,
        misses=state.misses,
        case="handoff" in state.brakes,
        late=overdue and not done.keys() & {"delivered", "cancelled", "refunded"},
        running=order is not None and order.status in {"open", "paid"},
        asked=state.expecting in _TYPED and state.asked_at is not None and now - state.asked_at < _SAME_TALK,
        valued=dear or not policy.valued_tags.isdisjoint(state.tags),
    )


def stuck(meaning: Understanding, moment: Moment = NO_MOMENT) -> Escalation:
    """The bot has not understood again and again: a human goes on."""
    return _escalation("stuck", meaning, moment, (), 1.0)


def beyond_help(meaning: Understanding) -> bool:
    """Whether something is said to be in pieces: no hint how to set it up mends that."""
    return meaning.intent == "defect" and in_pieces(meaning.text)


def in_pieces(text: str) -> bool:
    """Whether the words tell of something broken, torn, shattered."""
    return _BEYOND_HELP.search(text) is not None


def chance_of(meaning: Understanding, moment: Moment = NO_MOMENT, *, alarm: bool = False) -> float:
    """The probability that a human is wanted: the words', shifted in log-odds by what else is known.

    Each of the last three messages that was unhappy adds 0.5, a rating of 1 or 2 adds 0.7, a miss 0.5 (two at
    most), an open case 1, an overdue parcel 0.7, a change to an order that has not been shipped 1, a valued
    buyer 0.3; all of it 1.5 at most. A word of alarm adds 2.5. Where words were asked for, 1.5 is taken off.
    """
    shift = 0.5 * sum(mood <= _BAD for mood in moment.moods[-_REMEMBERED:])
    shift += 0.7 if moment.rated is not None and moment.rated <= 2 else 0.0
    shift += 0.5 * min(max(moment.misses, 0), 2)
    shift += 1.0 * moment.case + 0.7 * moment.late + 0.3 * moment.valued
    shift += 1.0 if moment.running and meaning.intent in _CHANGES else 0.0
    total = min(shift, _MOST_SHIFT) + (_ALARM_SHIFT if alarm else 0.0) - 1.5 * moment.asked
    if not total:
        return meaning.handoff
    likely = min(max(meaning.handoff, 0.005), 0.995)
    return 1.0 / (1.0 + exp(-(log(likely / (1.0 - likely)) + total)))


def _reason(  # noqa: PLR0911 - one case for each rule, in the order in which they are written down
    meaning: Understanding, moment: Moment, alarm: Reason | None, *, likely: bool
) -> Reason | None:
    """The first rule that applies."""
    clear = meaning.confidence >= SURE or likely
    fine = meaning.mood.label == "positive" and not _unsolved(meaning)
    if alarm is not None and (alarm == "own_word" or likely):
        return alarm
    match meaning.intent:
        case "opt_out" | "opt_in":
            return None
        case "human_request" if clear:
            return "human_request"
        case "privacy_request" if clear:
            return "privacy"
    if meaning.language == "other" and not (meaning.intent in _SMALL_TALK and meaning.confidence >= SURE):
        return "language"
    match meaning.intent:
        case "defect" | "wrong_item" | "complaint" if clear and not fine:
            return meaning.intent
        case "rating" if _score(meaning) in {"1", "2"} and clear and not fine:
            return "low_rating"
        case "order_status" if meaning.mood.label != "negative":
            return None
    return _by_number(meaning, moment) if likely and not fine else None


def _unsolved(meaning: Understanding) -> bool:
    """Whether the words tell of trouble and of no end to it, friendly as they may be."""
    told = {one.why for one in meaning.mood.evidence if one.weight <= _BAD}
    ended = any(one.why in {"solved", "works"} and one.weight > 0 for one in meaning.mood.evidence)
    return bool(told & ({"broken"} | _LATE_WORDS)) and not ended


def _by_number(meaning: Understanding, moment: Moment) -> Reason:
    """What best explains a high probability."""
    whys = {one.why for one in meaning.mood.evidence}
    if "privacy" in whys:
        return "privacy"
    if meaning.intent in _CHANGES:
        return "urgent_change"
    if "broken" in whys and not whys & _WAITED:  # to want money back for what is broken is not to have waited
        return "defect"
    if whys & _LATE_WORDS:
        return "waiting"
    if meaning.mood.label == "negative":
        return "mood" if sum(mood <= _BAD for mood in moment.moods) >= 2 else "complaint"
    if moment.case or moment.late:
        return "waiting"
    return "stuck" if moment.misses >= 2 else "likely"


def _alarm(meaning: Understanding, policy: Policy) -> tuple[Reason | None, tuple[str, ...]]:
    """The gravest alarm in the words, and the words."""
    for kind in ("safety", "threat"):
        found = [one for one in meaning.mood.evidence if one.why == kind and one.weight <= 0]
        if found:
            return kind, tuple(meaning.text[one.start : one.end] for one in found)
    reasons: tuple[tuple[Reason, re.Pattern[str] | None], ...] = (
        ("minor", _MINOR), ("fraud", _FRAUD), ("own_word", _own(policy.words)),
    )  # fmt: skip
    for reason, pattern in reasons:
        if pattern is not None and (match := pattern.search(meaning.text)) is not None:
            return reason, (match[0],)
    return None, ()


@lru_cache(maxsize=8)
def _own(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """The shop's own words, as whole words and in any case."""
    phrases = [r"\s".join(map(re.escape, word.split())) for word in words if word.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE) if phrases else None


def _score(meaning: Understanding) -> str | None:
    return next((one.value for one in meaning.entities if one.kind == "rating"), None)


def _escalation(
    reason: Reason, meaning: Understanding, moment: Moment, words: tuple[str, ...], chance: float
) -> Escalation:
    whole = meaning.text[:LONGEST_QUOTE]
    quotes = (whole,) if reason == "human_request" else (*words, *meaning.quotes())
    evidence = tuple(dict.fromkeys(quote[:LONGEST_QUOTE] for quote in quotes if quote.strip())) or (whole,)
    return Escalation(
        reason, _triggers(reason, meaning), evidence, _priority(reason, meaning, moment), round(chance, 3)
    )


def _triggers(reason: Reason, meaning: Understanding) -> tuple[str, ...]:
    """What may start the flow that hands over: a flow for exactly this, else the house's two."""
    match reason:
        case "human_request" | "language" | "stuck":
            return ("human_request",)
        case "privacy":
            return ("privacy_request", "human_request")
        case "urgent_change":
            return (meaning.intent, "complaint" if meaning.mood.label == "negative" else "human_request")
        case "defect" | "wrong_item":
            return (reason, "complaint")
        case "likely" | "own_word" | "minor":
            return ("human_request",)
        case _:
            return ("complaint",)


def _priority(reason: Reason, meaning: Understanding, moment: Moment) -> Priority:
    """How urgent: by the reason, one step more for a bad mood, an open case or a valued buyer."""
    if reason == "safety":
        return "urgent"
    steps = 2 if reason in _HIGH or meaning.mood.label == "negative" else 1
    return _PRIORITIES[steps + (moment.case or moment.valued)]


def more_urgent(one: Priority, other: Priority) -> Priority:
    """The higher of two."""
    return max(one, other, key=_PRIORITIES.index)
