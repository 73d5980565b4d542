"""Products of the catalogue in a text: with typos, inflected, compounded, or by a part of their name.

A catalogue is compiled once. A word of a text meets a word of a name when they have the same stem, when
one slip of the thumb parts them, or when one is the end of the other ("die Mühle" for the "Handmühle",
"Kaffeemühle" for the "Mühle"). What is named is the one product that all the words that stand together
fit; words that fit several are no product, unless one of them has no other words in its name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from nlu.understanding import Entity
from nlu.wordlists import word_set

__all__ = ["Catalogue"]

_TOKEN: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 40
_SHORTEST: Final = 3
_SHORTEST_PART: Final = 4
_SHORTEST_REST: Final = 3
_LEAST_TYPO: Final = 5
_SURE_TYPO: Final = 7
_TWO_TYPOS: Final = 10
_GAP: Final = 3
_REMEMBERED: Final = 8192
_FOLDED: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_ENDINGS: Final = ("ern", "en", "er", "es", "em", "e", "n", "s")

_SIDE: Final = word_set("für fuer mit aus in von ohne zum zur for with of from im am und and aus")
"""What follows one of these tells about a product, but does not name it: "Pflegeöl für Leder"."""

_PLAIN: Final = (
    "der die das den dem des ein eine einen einem einer the a an und oder and or rot rote blau grün "
    "gelb schwarz weiß grau braun beige oliv pink rosa lila bunt hell dunkel red blue green black white "
    "grey gray brown gross groß klein mini maxi medium large small neu alt gut best new old set pack "
    "paket karton box stück teil teile original classic edition pro plus premium basic light extra "
    "super mal tag tage nacht morgen abend woche jahr haus hand zeit geschenk gift order bestellung "
    "sendung lieferung karte seite preis größe size farbe color colour version modell model art kinder "
    "damen herren men women kids baby mann frau natur bio echt fein stark warm kalt sommer winter home "
    "heim office reise travel day night morning time one two three eins zwei drei liter gramm meter "
    "code link mail shop kunde wasser kaufen leicht lang kurz weich hart rund ganz halb voll leer erste "
    "zweite tipp hilfe frage antwort "
)


@lru_cache(maxsize=_REMEMBERED)
def _stem(word: str) -> str:
    """What the forms of a word have in common: small, plain letters, no ending."""
    folded = word.lower().translate(_FOLDED)
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    folded = folded.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= _SHORTEST_PART:
            return folded[: -len(ending)]
    return folded


_EVERYDAY: Final = frozenset(_stem(word) for word in _PLAIN.split())
"""Words that are in many names and in every chat: they narrow a choice down, but name nothing alone."""


@dataclass(frozen=True, slots=True)
class _Name:
    """One name of a product: all its words, and those that must be said for it to be said wholly."""

    sku: str
    words: frozenset[str]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Hit:
    """The names' words that a word of the text can stand for, and whether it can name a product alone."""

    stems: tuple[str, ...]
    alone: bool


_NONE: Final = _Hit((), alone=False)


class Catalogue:
    """The names of products, ready to be found. Safe to share: it only remembers what it has looked up."""

    def __init__(self, products: Mapping[str, Sequence[str]]) -> None:
        """``products`` are the names by which each article number is known; empty names are passed over."""
        self._names: list[_Name] = []
        self._by_stem: dict[str, set[int]] = defaultdict(set)
        self._naming: set[str] = set()
        for sku, names in products.items():
            for name in names:
                self._add(sku, name)
        self._ends: dict[str, set[str]] = defaultdict(set)
        self._typos: dict[str, set[str]] = defaultdict(set)
        for stem in self._by_stem:
            for cut in range(_SHORTEST_REST, len(stem) - _SHORTEST_PART + 1):
                self._ends[stem[cut:]].add(stem)
            if len(stem) >= _LEAST_TYPO and not stem.isdecimal():
                for variant in _shortened(stem):
                    self._typos[variant].add(stem)
        self._look: Callable[[str], _Hit] = lru_cache(maxsize=_REMEMBERED)(self._looked_up)

    def __len__(self) -> int:
        return len({name.sku for name in self._names})

    def named(self, text: str) -> Iterator[Entity]:
        """The products that ``text`` names, from left to right; ``value`` is the article number."""
        hits: list[tuple[int, int, int, _Hit]] = []
        look = self._look
        for place, match in enumerate(_TOKEN.finditer(text)):
            hit = look(match.group())
            if hit.stems:
                hits.append((place, match.start(), match.end(), hit))
        start = 0
        while start < len(hits):
            end, fitting = self._cluster(hits, start)
            group = hits[start:end]
            sku = self._one(fitting, [hit for *_, hit in group])
            if sku is not None:
                yield Entity("product", sku, group[0][1], group[-1][2])
            start = end

    def _add(self, sku: str, name: str) -> None:
        tokens = [token for token in _TOKEN.findall(name[:200]) if len(token) <= _LONGEST]
        words: dict[str, bool] = {}
        main = True
        for token in tokens:
            if token.lower() in _SIDE:
                main = main and not words
                continue
            stem = _stem(token)
            if len(stem) < _SHORTEST and not stem.isdecimal():
                continue
            words.setdefault(stem, main)
            if main and stem not in _EVERYDAY and not stem.isdecimal():
                self._naming.add(stem)
        if not words:
            return
        whole = frozenset(stem for stem, is_main in words.items() if is_main) or frozenset(words)
        for stem in words:
            self._by_stem[stem].add(len(self._names))
        self._names.append(_Name(sku, frozenset(words), whole))

    def _looked_up(self, word: str) -> _Hit:
        """What one word of a text can stand for: the same word first, then a part of one, then a slip."""
        if len(word) > _LONGEST:
            return _NONE
        stem = _stem(word)
        if stem in self._by_stem:
            return _Hit((stem,), alone=stem in self._naming)
        if len(stem) < _SHORTEST_PART or stem in _EVERYDAY or word.isdecimal():
            return _NONE
        longer = self._ends.get(stem)
        if longer:
            return _Hit(tuple(sorted(longer)), alone=not self._naming.isdisjoint(longer))
        for cut in range(_SHORTEST_REST, len(stem) - _SHORTEST_PART + 1):
            if (end := stem[cut:]) in self._naming:
                return _Hit((end,), alone=True)
        return self._mistyped(stem)

    def _mistyped(self, stem: str) -> _Hit:
        if len(stem) < _LEAST_TYPO - 1:
            return _NONE
        near = {known for variant in _shortened(stem) for known in self._typos.get(variant, ())}
        most = 2 if len(stem) >= _TWO_TYPOS else 1
        close = sorted(
            (distance, known)
            for known in near
            if known[0] == stem[0] and (distance := OSA.distance(stem, known, score_cutoff=most)) <= most
        )
        if not close:
            return _NONE
        best = tuple(known for distance, known in close if distance == close[0][0])
        harmless = all(
            set(known) == set(stem) for known in best
        )  # letters swapped or doubled make no other word
        return _Hit(best, alone=(harmless or len(stem) >= _SURE_TYPO) and not self._naming.isdisjoint(best))

    def _cluster(
        self, hits: Sequence[tuple[int, int, int, _Hit]], start: int
    ) -> tuple[int, AbstractSet[int]]:
        """Where the words end that stand together from ``start`` on, and the names that they all fit."""
        fitting = self._fit(hits[start][3])
        end = start + 1
        while end < len(hits) and hits[end][0] - hits[end - 1][0] <= _GAP:
            both = fitting & self._fit(hits[end][3])
            if not both:
                break
            fitting = both
            end += 1
        return end, fitting

    def _fit(self, hit: _Hit) -> set[int]:
        return set().union(*(self._by_stem[stem] for stem in hit.stems))

    def _one(self, fitting: AbstractSet[int], hits: Sequence[_Hit]) -> str | None:
        """The product that is named, if it is exactly one and enough of it is said."""
        names = [self._names[index] for index in fitting]
        said = frozenset(stem for hit in hits for stem in hit.stems)
        wholly = {name.sku for name in names if name.whole <= said}
        if len(wholly) == 1 and any(hit.alone for hit in hits):
            return next(iter(wholly))
        if len(wholly) > 1 or len({name.sku for name in names}) != 1:
            return None
        several = len({hit.stems for hit in hits}) > 1
        if any(hit.alone for hit in hits) or (several and not said <= _EVERYDAY):
            return names[0].sku
        return None


def _shortened(word: str) -> set[str]:
    """The word, and what is left of it without one of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
