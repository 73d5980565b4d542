"""The embedded engine: a text in, what it means out, by a model trained from `nlu/training/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, cast

from nlu import features, mood
from nlu.entities import entities
from nlu.language import language_of
from nlu.model import Model
from nlu.products import Catalogue
from nlu.understanding import Evidence, Intent, Mood, MoodLabel, Understanding

MAX_TEXT: Final = 4096
"""Only so much of a text is read. No channel delivers more in one message, and it bounds the time."""

_NOTHING: Final[Mapping[str, float]] = MappingProxyType({})
_OTHERS: Final = 2

_EXPECTED: Final[Mapping[str, Mapping[str, float]]] = {
    "rating": {"rating": 2.0},
    "choice": {"yes": 1.0, "no": 1.0},
    "comment": {"rating": 0.5, "complaint": 0.3},
    "order_number": {"order_status": 0.3},
}
"""How much likelier a meaning gets by what was asked, in log-odds."""


_TOLD: Final = 0.12
"""A word's share in the verdict, in log-odds, from which on it is shown as evidence."""

_MOST_TOLD: Final = 3


class Embedded:
    """Understands texts by one model; safe to share, for nothing in it changes."""

    def __init__(self, model: Model, products: Catalogue | None = None, country: str = "DE") -> None:
        """``products`` are recognised by their names; ``country`` is where the shop is (`nlu.entities`)."""
        self.model = model
        self._products = products
        self._country = country
        self._intent = model.head("intent")
        self._mood = model.head("mood")
        self._least = float(model.notes.get("least", 0.0))

    def __call__(self, text: str, *, language: str | None, expecting: str | None) -> Understanding:
        """Understand ``text``: pure, total on any Unicode, linear in its length.

        ``language`` is the conversation's so far; the text's own wins when it is clear. ``expecting`` says
        what was asked (``rating``, ``choice``, ``order_number``, ``comment``); anything else is the same as
        None.
        """
        text = text[:MAX_TEXT]
        spoken = language_of(text, language)
        named = entities(text, expecting, country=self._country, products=self._products)
        read = features.read(text)
        if not read.tokens:
            return Understanding(text, spoken, "out_of_scope", 0.0, named)
        evidence, told = mood.signals(text, spoken)
        sums = self.model.sums(read, told)
        chances = self._intent.chances(sums, _EXPECTED.get(expecting or "", _NOTHING))
        moods = self._mood.chances(sums)
        ranked = sorted(chances, key=chances.__getitem__, reverse=True)[: 1 + _OTHERS]
        best = cast("Intent", ranked[0])
        return Understanding(
            text,
            spoken,
            best if chances[best] >= self._least else "out_of_scope",
            chances[best],
            named,
            self._feeling(text, read, evidence, moods),
            self.model.blend.chance(sums, chances.values(), moods),
            tuple((cast("Intent", one), chances[one]) for one in ranked[1:]),
        )

    def _feeling(
        self,
        text: str,
        read: features.Read,
        evidence: tuple[Evidence, ...],
        chances: Mapping[str, float],
    ) -> Mood:
        label = cast("MoodLabel", max(chances, key=chances.__getitem__))
        sign = {"negative": -1, "neutral": 0, "positive": 1}[label]
        if sign and not any(one.weight * sign > 0 for one in evidence):
            evidence = tuple(
                sorted((*evidence, *self._learnt(text, read, label, sign)), key=lambda one: one.start)
            )
        return Mood(round(chances["positive"] - chances["negative"], 3), label, evidence)

    def _learnt(self, text: str, read: features.Read, label: str, sign: int) -> Iterator[Evidence]:
        """The words that weighed most for the label, where the lexicon shows none."""
        places = features.places(text)
        if len(places) != len(read.tokens):
            return
        lead = [one * self._mood.sharpness for one in self.model.leads(read, self._mood, label, "neutral")]
        words = [at for at, token in enumerate(read.tokens) if token[0].isalnum() and lead[at] >= _TOLD]
        for at in sorted(words, key=lambda at: -lead[at])[:_MOST_TOLD]:
            start, end = places[at]
            yield Evidence(start, end, round(sign * min(1.0, lead[at]), 2), "learnt")
