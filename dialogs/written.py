"""What the shop has written down once and for all: answers to what buyers ask again and again.

`dialogs.written_reading` reads them from the shop's ``answers.yml``, `dialogs.listening` gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dialogs.words import Words
from nlu.questions import APART, Match, Questions
from nlu.text import key


@dataclass(frozen=True, slots=True)
class Written:
    """One answer, with the ways in which buyers ask for it, by language.

    With ``products`` it is only for buyers of one of these SKUs, and for whoever names one. ``label`` is the
    title of the button that leads to ``url``.
    """

    id: str
    title: Words
    answer: Words
    questions: Mapping[str, tuple[str, ...]]
    products: tuple[str, ...] = ()
    label: Words | None = None
    url: str = ""


class Answers:
    """All of a shop's answers, compiled once; safe to share. ``entries`` are they, by id."""

    def __init__(self, entries: Iterable[Written] = ()) -> None:
        """Compile ``entries``; of two with one id the first counts."""
        by_id: dict[str, Written] = {}
        for one in entries:
            by_id.setdefault(one.id, one)
        self.entries: Mapping[str, Written] = MappingProxyType(by_id)
        self._questions = Questions(
            {one.id: [text for texts in one.questions.values() for text in texts] for one in by_id.values()}
        )
        self._literal = {
            key(text): one.id for one in by_id.values() for texts in one.questions.values() for text in texts
        }
        self._bound = {one.id: frozenset(one.products) for one in by_id.values() if one.products}

    def __len__(self) -> int:
        return len(self.entries)

    def find(
        self, text: str, *, owned: AbstractSet[str] = frozenset(), named: AbstractSet[str] = frozenset()
    ) -> Match | None:
        """The answer that ``text`` most likely asks for, whichever language it is written in.

        ``owned`` are the SKUs that the buyer has, ``named`` those that the text names: what is written for
        some products only is for nobody else, and not where another product is named.
        """
        wanted = named or owned
        others = {one for one, skus in self._bound.items() if skus.isdisjoint(wanted)}
        found = self._questions.find(text, others)
        literal = self._literal.get(key(text))
        if literal is None or literal in others:
            return found
        if found is None or found.id == literal:
            return Match(literal, 1.0, *((found.runner_up, found.next_score) if found else ()))
        return Match(literal, 1.0, found.id, min(found.score, 1.0 - APART))


NO_ANSWERS: Final = Answers()
"""Of a shop that has written none."""
