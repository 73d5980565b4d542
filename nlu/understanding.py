"""What a text means: the frozen result that every engine gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

__all__ = [
    "ENTITY_KINDS",
    "Entity",
    "EntityKind",
    "Evidence",
    "Intent",
    "Mood",
    "MoodLabel",
    "Understanding",
    "Why",
]

Intent: TypeAlias = Literal[
    "setup_help",
    "care_tip",
    "order_status",
    "return_request",
    "refund_request",
    "cancel_order",
    "wrong_item",
    "complaint",
    "defect",
    "human_request",
    "rating",
    "bundle_interest",
    "reorder",
    "discount_question",
    "availability",
    "thanks",
    "greeting",
    "goodbye",
    "yes",
    "no",
    "opt_out",
    "opt_in",
    "privacy_request",
    "address_change",
    "invoice",
    "feedback_suggestion",
    "out_of_scope",
]
"""What somebody is after. ``out_of_scope`` is also what an engine says when it cannot tell."""

MoodLabel: TypeAlias = Literal["negative", "neutral", "positive"]

EntityKind: TypeAlias = Literal[
    "number",
    "rating",
    "order_number",
    "email",
    "entry_code",
    "postcode",
    "phone",
    "tracking_number",
    "date",
    "amount",
    "size",
    "product",
]

ENTITY_KINDS: Final[tuple[EntityKind, ...]] = get_args(EntityKind)

Why: TypeAlias = Literal[
    "praise",
    "grief",
    "negated",
    "litotes",
    "works",
    "broken",
    "emoji",
    "elongated",
    "shouting",
    "irony",
    "overdue",
    "repeated",
    "waiting_for_money",
    "ignored",
    "promise_broken",
    "solved",
    "threat",
    "safety",
    "privacy",
    "learnt",
]
"""Why a stretch of text tells something about the mood or calls for a human, in one word."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Something named in a text: ``text[start:end]`` says it, ``value`` is it in one spelling.

    ``number`` is a choice from a list, given when the whole text is one ("2", "2.", "Nr. 2", "die zweite").
    ``rating`` is "1" to "5" said as such ("4/5", "4 Sterne", "⭐⭐⭐⭐"), or any lone 1–5 where a rating is
    expected. What the values of the other kinds look like, `nlu.entities` says.
    """

    kind: EntityKind
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch that tells how somebody feels: ``text[start:end]``, ``weight`` from -1 (bad) to 1 (good)."""

    start: int
    end: int
    weight: float
    why: Why


@dataclass(frozen=True, slots=True)
class Mood:
    """How the person feels towards shop, product or service: ``polarity`` from -1 to 1, and what says so."""

    polarity: float = 0.0
    label: MoodLabel = "neutral"
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text means.

    ``confidence`` is the calibrated probability, 0 to 1, that ``intent`` is right; ``others`` are the next
    best intents with theirs. ``handoff`` is the probability that a human is wanted now, by the words alone:
    what else speaks for it, `dialogs.triage` weighs. ``language`` is "de", "en" or "other".
    """

    text: str
    language: str
    intent: Intent
    confidence: float
    entities: tuple[Entity, ...] = ()
    mood: Mood = Mood()
    handoff: float = 0.0
    others: tuple[tuple[Intent, float], ...] = ()

    def quotes(self) -> tuple[str, ...]:
        """The words behind the mood, as they were written; the weightiest first."""
        ranked = sorted(self.mood.evidence, key=lambda one: -abs(one.weight))
        return tuple(dict.fromkeys(self.text[one.start : one.end] for one in ranked))
