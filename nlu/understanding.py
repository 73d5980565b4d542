"""Text to meaning: the frozen result, and the first engine.

The first engine is a set of written rules for German and English. It reads short, plain messages well and
knows what it does not know (intent ``none``); irony and complaints without a telling word pass it by. A
learned engine takes its place behind the same function.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias, cast

from nlu.entities import Entity, entities
from nlu.text import MAX_TEXT, Words, guess_language, words
from nlu.words import CUES, HUMAN_REFUSED, ORDER_OF_TRUST, PATTERNS, SHADES, Intent, Shade

__all__ = ["Entity", "Intent", "Mood", "MoodLabel", "Understanding", "understand"]

MoodLabel: TypeAlias = Literal["negative", "neutral", "positive"]


@dataclass(frozen=True, slots=True)
class Mood:
    """How the person feels: ``polarity`` from -1 to 1, and the words that say so."""

    polarity: float = 0.0
    label: MoodLabel = "neutral"
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text means. ``confidence`` is 0 to 1; with intent ``none`` it is 0."""

    text: str
    language: str
    intent: Intent
    confidence: float
    entities: tuple[Entity, ...] = ()
    mood: Mood = Mood()


_CERTAIN: Final = 0.95
_LIKELY: Final = 0.8
_GUESSED: Final = 0.6

_ANCHORED: Final = frozenset(PATTERNS) - frozenset(CUES)
"""Wishes that only count at the very beginning of a text."""

_SMALL_TALK_WORDS: Final = 5
"""A greeting, a yes or a no is one only while hardly anything else is said."""


def understand(text: str, *, language: str | None, expecting: str | None) -> Understanding:
    """Understand ``text``: pure, total on any Unicode, linear in its length.

    ``language`` is the conversation's so far; the text's own wins when it is clear. ``expecting`` says what
    was asked (``rating``, ``choice``, ``order_number``, ``comment``); anything else is the same as None.
    """
    read = words(text)
    mood, strong = _mood(read)
    named = entities(text[:MAX_TEXT], expecting)
    intent, confidence, evidence = _intent(read, strong)
    if intent == "none" and any(e.kind == "rating" for e in named):
        intent, confidence = "rating", _CERTAIN if expecting == "rating" else _GUESSED
    if intent in {"complaint", "not_working"}:
        mood = _soured(mood, evidence)
    return Understanding(text, guess_language(read) or language or "de", intent, confidence, named, mood)


def _intent(read: Words, strong: tuple[str, ...]) -> tuple[Intent, float, tuple[str, ...]]:
    """The wish that matters most, how sure it is, and the words that showed it."""
    if not read.tokens:
        return "none", 0.0, ()
    count = sum(word not in ".," for word in read.tokens)
    cued = frozenset[Intent]().union(*map(_cues, read.tokens))
    for intent in ORDER_OF_TRUST:
        if intent in _ANCHORED:
            match = PATTERNS[intent].match(read.folded)
        else:
            match = PATTERNS[intent].search(read.folded) if intent in cued else None
        if match is None:
            if intent == "complaint" and strong:
                return "complaint", _LIKELY, strong
            continue
        if intent == "human_request" and HUMAN_REFUSED.search(read.folded):
            continue
        if intent == "opt_out" and "abo" in read.tokens:
            continue  # who cancels a subscription to coffee has not asked for silence
        if intent in {"no", "yes", "greeting"} and count > _SMALL_TALK_WORDS:
            continue
        return (
            intent,
            _CERTAIN if match.end() - match.start() >= len(read.folded) - 2 else _LIKELY,
            (read.quote(match.start(), match.end()),),
        )
    return "none", 0.0, ()


@lru_cache(maxsize=8192)
def _cues(word: str) -> frozenset[Intent]:
    return frozenset(intent for intent, pattern in CUES.items() if pattern.fullmatch(word))


@lru_cache(maxsize=8192)
def _shade(word: str) -> Shade:
    match = SHADES.fullmatch(word)
    return cast("Shade", match.lastgroup) if match is not None else ""


def _mood(read: Words) -> tuple[Mood, tuple[str, ...]]:
    """The mood, and what in it is strong enough to be a complaint by itself."""
    tokens = read.tokens
    shades = [_shade(token) for token in tokens]
    if not any(shades):
        return Mood(), ()
    spent: set[int] = set()
    good, bad, strong, weak = _grief(read, shades, spent)
    for i, shade in enumerate(shades):
        if shade in {"good", "works"}:
            negator = _before(tokens, shades, spent, i)
            if negator is None and shade == "works":
                negator = _after(tokens, shades, spent, i)
            if negator is None:
                good.append(read.surface[i])
            else:
                spent.add(negator)
                first, last = min(i, negator), max(i, negator)
                bad.append(" ".join(read.surface[first : last + 1]))
    return _weigh(len(good), len(bad) + len(strong) - weak / 2, good, bad), tuple(strong)


def _grief(read: Words, shades: list[Shade], spent: set[int]) -> tuple[list[str], list[str], list[str], int]:
    """What is said against it: praise by litotes, dislike, the strong part of it, how much of it is weak."""
    tokens = read.tokens
    good: list[str] = []
    bad: list[str] = []
    strong: list[str] = []
    weak = 0
    for i, shade in enumerate(shades):
        if shade in {"strong", "weak"}:
            negator = _before(tokens, shades, spent, i)
            if negator is None:
                bad.append(read.surface[i])
                weak += shade == "weak"
                if shade == "strong":
                    strong.append(read.surface[i])
            else:  # "nicht schlecht", "kein Problem": the negator is used up and harms nothing else
                spent.add(negator)
                if shade == "strong" and tokens[i].startswith(("schlecht", "mies", "bad")):
                    good.append(f"{read.surface[negator]} {read.surface[i]}")
    return good, bad, strong, weak


def _before(tokens: tuple[str, ...], shades: list[Shade], spent: set[int], i: int) -> int | None:
    """The place of a negator at most three words ahead in the same clause; "nicht nur" is none."""
    for j in range(i - 1, max(i - 4, -1), -1):
        if tokens[j] in ".,":
            return None
        if shades[j] == "not" and j not in spent:
            return None if tokens[j + 1] in {"nur", "only", "just"} else j
    return None


def _after(tokens: tuple[str, ...], shades: list[Shade], spent: set[int], i: int) -> int | None:
    """The place of a negator at most four words behind in the same clause: German puts it after the verb."""
    for j in range(i + 1, min(i + 5, len(tokens))):
        if tokens[j] in ".,":
            return None
        if shades[j] == "not" and j not in spent:
            return j
    return None


def _weigh(good: float, bad: float, praise: list[str], grief: list[str]) -> Mood:
    polarity = round((good - bad) / (good + bad + 1), 2)
    if polarity <= -0.4:
        return Mood(polarity, "negative", tuple(grief))
    if polarity >= 0.4:
        return Mood(polarity, "positive", tuple(praise))
    return Mood(polarity, "neutral", tuple(grief + praise))


def _soured(mood: Mood, evidence: tuple[str, ...]) -> Mood:
    """The mood of somebody who complains: negative, whatever kind words stand beside it."""
    seen = tuple(dict.fromkeys((*(mood.evidence if mood.label == "negative" else ()), *evidence)))
    return Mood(min(mood.polarity, -0.5), "negative", seen)
