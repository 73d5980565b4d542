"""Ratings: one to five, however it is said.

The value is always "1" (worst) to "5" (best):

- stars and fives as they are: "⭐⭐⭐⭐", "4/5", "vier von fünf", "4 Sterne", "four stars";
- out of ten, two steps are one: "9/10" and "10/10" are 5, "7/10" is 4, "1/10" is 1;
- school grades, named as such ("Note 2", "Schulnote eins", "2+", "vier minus", "A+", "D minus"): in Germany
  and Austria 1 is best (1 is 5, 2 is 4, … 5 and 6 are 1); in Switzerland 6 is best (6 is 5, 5 is 4, … 2 and
  1 are 1); A is 5, F is 1;
- where a rating is expected, a lone figure or number word, "eine 3", and thumbs:
  "👍👍" is 5, "👍" is 4, "👎" is 2, "👎👎" is 1.

Two ratings that differ are none ("3 oder 4"), nor is one between two ("4,5 Sterne"), nor nought: who asks
has to ask again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from nlu.numbers import number_of
from nlu.stretches import Stretches
from nlu.understanding import Entity
from nlu.wordlists import word_set

__all__ = ["SIGNS", "WORDS", "rating"]

SIGNS: Final = re.compile(r"[⭐★🌟👍👎]|\b[A-DF]\+")
"""Signs that a rating can consist of."""
WORDS: Final = word_set(
    "von out vo of stern sterne sternen stars star stärn stääne strs strene sterm satrs stern punkte "
    "punkten note schulnote minus plus"
)

_LETTERS_OR_FIGURES: Final = re.compile(r"\w")
_STARS: Final = re.compile(r"(?:[⭐★🌟]\ufe0f?[ \t]?)+")
_THUMBS: Final = re.compile(r"(?:👍[\U0001f3fb-\U0001f3ff]?)+|(?:👎[\U0001f3fb-\U0001f3ff]?)+")
_SMALL: Final = (
    r"eine[nr]?|ein|eins|zwei|zwo|zwoa|drei|vier|fünf|fuenf|sechs|sieben|acht|neun|zehn|"
    r"wan|one|two|three|four|five|six|seven|eight|nine|ten"
)
_COUNTED: Final = re.compile(
    rf"(?<![\w.,/])(?:(?P<digit>[1-5])|(?P<word>{_SMALL}))"
    r"(?:\s{0,2}(?:/|von|vo|out of|of)\s{0,2}(?:5|fünf|fuenf|five)"
    r"(?![\w/]|[.,]\d|\s?(?:stück|artikeln?|items?|tagen?)\b)|"
    r"[\s-]{0,2}(?:(?:sterne?n?|stärn|stääne|strene|sterm|stars?|strs|satrs)(?!\w)|⭐|★))",
    re.IGNORECASE,
)
_SCALE: Final = re.compile(r"[/⭐★]|\b(?:vo|of|out|sa?t)", re.IGNORECASE)
"""What goes between the figures of a rating, or after them."""
_TENTHS: Final = re.compile(
    rf"(?<![\w.,/])(?:(?P<digit>10|[1-9])|(?P<word>{_SMALL}))"
    r"\s{0,2}(?:/|von|vo|out of)\s{0,2}(?:10|zehn|ten)"
    r"(?![\w/]|[.,]\d|\s?(?:stück|artikeln?|items?|tagen?)\b)",
    re.IGNORECASE,
)
_GRADE: Final = re.compile(
    rf"(?<!\w)(?:(?:schul)?noten?\s{{1,2}}(?P<digit>[1-6])[+-]?|(?:schul)?noten?\s{{1,2}}(?P<word>{_SMALL})|"
    rf"(?P<digit2>[1-6])[+-](?=$|[\s.,!?])|(?P<word2>{_SMALL})\s(?:plus|minus)"
    rf"(?=$|[.,!?]))(?![\w/])",
    re.IGNORECASE,
)
_LETTER: Final = re.compile(r"(?<![\w&])(?P<letter>[A-DF])(?:\+|-(?!\w)| ?plus\b| ?minus\b)")
_LONE: Final = re.compile(
    r"(?<![\w.,/#:-])(?<!von )(?<!of )(?:(?P<digit>[1-5])(?![\w/%€-]|[.,:]\d|\s{1,2}von\b)|"
    r"(?P<word>eins|zwei|drei|vier|fünf|fuenf|two|three|four|five)(?!\w))",
    re.IGNORECASE,
)
_SIX: Final = re.compile(r"(?<!\w)(?:glatte|eine|ne)\s(?P<six>6)(?![\w/%€-]|[.,:]\d)", re.IGNORECASE)
_WELL: Final = {1: 4, 2: 5}
_BADLY: Final = {1: 2, 2: 1}
_BEST_FIRST: Final = {1: 5, 2: 4, 3: 3, 4: 2, 5: 1, 6: 1}
_BEST_LAST: Final = {6: 5, 5: 4, 4: 3, 3: 2, 2: 1, 1: 1}
_LETTERS: Final = {"A": 5, "B": 4, "C": 3, "D": 2, "F": 1}


def rating(
    text: str, taken: Stretches | None = None, *, expected: bool = False, country: str = "DE"
) -> Entity | None:
    """The rating in ``text``, if there is exactly one. What is ``taken`` is something else.

    ``expected`` also takes lone figures and thumbs for one; ``country`` decides what a school grade means.
    """
    found = [one for one in _said(text, country) if taken is None or taken.free(one.start, one.end)]
    if expected and not found:
        found = [one for one in _bare(text) if taken is None or taken.free(one.start, one.end)]
    return found[0] if len({one.value for one in found}) == 1 and "1" <= found[0].value <= "5" else None


def _said(text: str, country: str) -> Iterator[Entity]:
    """All that is a rating by its form."""
    for match in _STARS.finditer(text) if SIGNS.search(text) else ():
        count = sum(c in "⭐★🌟" for c in match.group())
        if count > 1 or not _LETTERS_OR_FIGURES.search(text) or _stands_first(text, match):
            yield Entity(
                "rating", str(min(count, 9)), match.start(), match.start() + len(match.group().rstrip())
            )
    if _SCALE.search(text):
        for match in _COUNTED.finditer(text):
            yield Entity("rating", str(_value(match)), *match.span())
        for match in _TENTHS.finditer(text):
            yield Entity("rating", str((_value(match) + 1) // 2), *match.span())
    grades = _BEST_LAST if country == "CH" else _BEST_FIRST
    for match in _GRADE.finditer(text):
        grade = match["digit"] or match["digit2"] or number_of(match["word"] or match["word2"])
        if (value := grades.get(int(grade or 0))) is not None:
            yield Entity("rating", str(value), *match.span())
    for match in _LETTER.finditer(text):
        yield Entity("rating", str(_LETTERS[match["letter"]]), *match.span())


def _stands_first(text: str, match: re.Match[str]) -> bool:
    """Whether a single star opens the text before words, as in "⭐ weil der Karton schön war"."""
    return not text[: match.start()].strip() and text[match.end() : match.end() + 1].isalpha()


def _bare(text: str) -> Iterator[Entity]:
    """What is a rating only because one was asked for."""
    for match in _LONE.finditer(text):
        yield Entity("rating", str(_value(match)), *match.span())
    for match in _SIX.finditer(text):
        yield Entity("rating", "1", *match.span("six"))
    for match in _THUMBS.finditer(text):
        thumb = match.group()[0]
        steps = _WELL if thumb == "👍" else _BADLY
        yield Entity("rating", str(steps[min(match.group().count(thumb), 2)]), *match.span())


def _value(match: re.Match[str]) -> int:
    if match["digit"] is not None:
        return int(match["digit"])
    return number_of(match["word"]) or 0
