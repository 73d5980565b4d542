"""A text as words of the lexicon, and the phrases found in it.

Total on any Unicode, and linear in the text's length: phrases and their gaps are short, so that from every
word only so much is tried.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from nlu.lexicon.entries import FAR, NUMBER, Lexicon, Phrase, lexicon

_SMILEY: Final = r"[:;=]['’]?-?[()DPp/|*](?![\w/])|<3|\bx[dD]\b"
_TOKEN: Final = re.compile(rf"[^\W\d_]+(?:['’`´][^\W\d_]+)*|\d+|{_SMILEY}|[^\w\s]|_|\n")
_TOKEN_WITH_MARKS: Final = re.compile(
    rf"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['’`´](?=[^\W\d_]))*|\d+|{_SMILEY}|[^\w\s]|_|\n"
)
_FOLDS: Final = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "'": None,
        "’": None,
        "`": None,
        "´": None,
    }
)
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_ENDINGS: Final = {
    "de": frozenset(
        ("", "e", "er", "es", "en", "em", "n", "s", "st", "t", "et", "te", "ten", "ere", "eres", "eren",
         "erer", "ste", "sten", "ster", "stes", "este", "esten", "i")
    ),
    "en": frozenset(("", "s", "es", "ed", "d", "ing", "er", "est", "ly", "y")),
}  # fmt: skip
_LONGEST_ENDING: Final = 5
_BOOSTED: Final = (
    "super",
    "mega",
    "ober",
    "hyper",
    "ultra",
    "sau",
    "hammer",
    "scheiss",
    "arsch",
    "voll",
    "total",
)
_ENDS_SENTENCE: Final = frozenset(".!?;…\n")
_ENDS_CLAUSE: Final = frozenset(",:()–—-") | _ENDS_SENTENCE
_LONGEST_WORD: Final = 40
_UNKNOWN: Final = ("", 0.0)
_NONE: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Word:
    """What the lexicon knows of a word, however it is inflected.

    ``why`` and ``weight`` are those of an entry of one word ("" if there is none). ``border`` is 2 where a
    sentence ends, 1 where a clause does. ``factor`` makes the next word stronger or weaker.
    """

    folded: str
    elements: frozenset[int]
    why: str
    weight: float
    border: int
    stretched: bool
    phrases: tuple[tuple[int, Phrase], ...] = ()
    negates: bool = False
    verb: bool = False
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found in the words ``first`` to ``last`` (included)."""

    first: int
    last: int
    why: str
    weight: float
    whole: bool
    """It is a phrase."""
    fixed: bool = False
    """It stands as it is, and is not negated by what stands around it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut into words: what is known of each, and where it stands in the text."""

    words: tuple[Word, ...]
    spans: tuple[tuple[int, int], ...]


def cut(text: str, language: str) -> Cut:
    """Cut ``text`` into words and signs."""
    pattern = _TOKEN if text.isascii() or unicodedata.is_normalized("NFC", text) else _TOKEN_WITH_MARKS
    language = "de" if language == "de" else "en"
    matches = list(pattern.finditer(text))
    return Cut(tuple([look(one[0], language) for one in matches]), tuple([one.span() for one in matches]))


def hits(words: Sequence[Word]) -> list[Hit]:
    """All entries in the text, in its order; of those that begin at the same word the longest comes first."""
    found: list[Hit] = []
    present: set[int] = set().union(*(word.elements for word in words))
    for place, word in enumerate(words):
        if word.phrases:
            here = [
                Hit(place, last, phrase.why, phrase.weight, whole=True, fixed=phrase.fixed)
                for needed, phrase in word.phrases
                if needed in present and (last := _follow(phrase, words, place)) >= 0
            ]
            if len(here) > 1:
                here.sort(key=lambda hit: -hit.last)
            found += here
        if word.why:
            found.append(Hit(place, place, word.why, word.weight, whole=False))
    return found


def _follow(phrase: Phrase, words: Sequence[Word], place: int) -> int:
    """The last word of a phrase that begins at ``place``, -1 if it does not."""
    if phrase.begins and place and not words[place - 1].border:
        return -1
    last = _steps(phrase, words, 1, place + 1)
    if last >= 0 and phrase.ends and last + 1 < len(words) and words[last + 1].folded.isalnum():
        return -1
    return last


def _steps(phrase: Phrase, words: Sequence[Word], number: int, place: int) -> int:
    if number == len(phrase.steps):
        return place - 1
    step = phrase.steps[number]
    size = len(words)
    at = place
    for _ in range(step.gap + 1):
        if at >= size:
            break
        if step.element in words[at].elements:
            last = _steps(phrase, words, number + 1, at + 1)
            if last >= 0:
                return last
        if words[at].border == 2 and step.gap < FAR:
            break
        at += 1
    return _steps(phrase, words, number + 1, place) if step.optional else -1


@lru_cache(maxsize=32768)
def look(surface: str, language: str) -> Word:
    """What the lexicon of ``language`` (de, en) knows of a word, a number or a sign."""
    read = lexicon(language)
    lower = unicodedata.normalize("NFC", surface[:_LONGEST_WORD]).casefold()
    folded = _folded(_STRETCHED.sub(r"\1\1", lower))
    stretched = bool(_STRETCHED.search(lower)) and not lower.startswith("www")
    elements = _elements(folded, read, language)
    if stretched and not elements:
        elements = _elements(_folded(_STRETCHED.sub(r"\1", lower)), read, language)
    if surface.isdecimal():
        elements[read.element(NUMBER)] = 1.0
    border = 2 if surface in _ENDS_SENTENCE else int(surface in _ENDS_CLAUSE)
    if not elements:
        why, weight = _boosted(folded, read, language) if language == "de" else _UNKNOWN
        return Word(folded, _NONE, why, weight, border, stretched)
    for element in tuple(elements):
        elements |= dict.fromkeys(read.wider.get(element, ()), 1.0)
    why, weight = _single(elements, read)
    of = read.classes.get
    return Word(
        folded=folded,
        elements=frozenset(elements),
        why=why,
        weight=weight,
        phrases=tuple(
            [(phrase.last_needed, phrase) for element in elements for phrase in read.starts.get(element, ())]
        ),
        border=border or int(of("@border") in elements),
        stretched=stretched,
        negates=of("@negator") in elements,
        verb=of("@verb") in elements,
        factor=1.35 if of("@booster") in elements else 0.6 if of("@damper") in elements else 1.0,
    )


def _boosted(folded: str, read: Lexicon, language: str) -> tuple[str, float]:
    """The entry in a word that is not known as a whole: megaschön, saugut."""
    if folded.startswith(_BOOSTED):
        for booster in _BOOSTED:
            rest = folded.removeprefix(booster)
            if rest != folded and len(rest) > 3:
                return _single(_elements(rest, read, language), read)
    return _UNKNOWN


def _folded(lower: str) -> str:
    """A lower-case word in plain letters, as the lexicon's are; what has no plain letters stays as it is."""
    if lower.isascii():
        return lower.replace("'", "").replace("`", "") or lower
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", lower).translate(_FOLDS))
    return "".join(c for c in plain if not unicodedata.combining(c)) or lower


def _elements(word: str, read: Lexicon, language: str) -> dict[int, float]:
    """The elements that a word may be, each with how closely it fits."""
    index = read.index
    size = len(word)
    found = dict.fromkeys(index.whole.get(word, ()), 100.0)
    for length in range(max(0, size - _LONGEST_ENDING), size + 1):
        stems = index.stem.get(word[:length])
        if stems and word[length:] in _ENDINGS[language]:
            for element in stems:
                found.setdefault(element, 50.0 + length)
    for length in index.lengths:
        if length > size:
            break
        for element in index.head.get(word[:length], ()):
            found[element] = max(found.get(element, 0.0), float(length))
        for element in index.tail.get(word[-length:], ()):
            found[element] = max(found.get(element, 0.0), length - 0.5)
    return found


def _single(elements: dict[int, float], read: Lexicon) -> tuple[str, float]:
    """The entry of one word that fits most closely."""
    fitting = [element for element in elements if element in read.singles]
    if not fitting:
        return _UNKNOWN
    return read.singles[max(fitting, key=lambda element: elements[element])]
