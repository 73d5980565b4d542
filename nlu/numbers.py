"""Numbers as they are said: words to figures, and figures that are spoken one by one. German and English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

__all__ = ["ORDINAL", "ORDINALS", "SMALL", "number_of", "ordinal_of", "spoken"]

_UNITS: Final = {
    "null": 0, "ein": 1, "eins": 1, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "eines": 1, "zwei": 2,
    "zwo": 2, "drei": 3, "vier": 4, "fünf": 5, "fuenf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9,
    "zehn": 10, "elf": 11, "zwölf": 12, "zwoelf": 12, "dreizehn": 13, "vierzehn": 14, "fünfzehn": 15,
    "fuenfzehn": 15, "fuffzehn": 15, "sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19,
}  # fmt: skip
_TENS: Final = {
    "zwanzig": 20, "dreißig": 30, "dreissig": 30, "vierzig": 40, "fünfzig": 50, "fuenfzig": 50,
    "fuffzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
}  # fmt: skip
_DIALECT: Final = {
    "oans": 1, "oa": 1, "oane": 1, "eis": 1, "zwoa": 2, "zwa": 2, "zwöi": 2, "zwee": 2, "zwai": 2,
    "zwoi": 2, "twee": 2, "drü": 3, "drüü": 3, "dree": 3, "dros": 3, "viar": 4, "fümf": 5, "foif": 5,
    "feif": 5, "sächs": 6, "säx": 6, "siebe": 7, "sibe": 7, "nüün": 9, "nün": 9, "zäh": 10, "zehne": 10,
    "zeh": 10, "vierzeh": 14,
}  # fmt: skip
_ENGLISH: Final = {
    "oh": 0, "zero": 0, "nought": 0, "a": 1, "an": 1, "one": 1, "wan": 1, "two": 2, "three": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_PLAIN: Final = _UNITS | _TENS | _DIALECT | _ENGLISH
_SCALES: Final = {"hundert": 100, "hundred": 100, "tausend": 1000, "thousand": 1000}
_TWICE: Final = frozenset({"double", "doppel", "doppelt", "zweimal"})
_LONGEST: Final = 48

SMALL: Final = "|".join(
    sorted((word for word in _PLAIN if word not in {"a", "an", "oh", "oa", "dros"}), key=len, reverse=True)
)
"""A pattern for one simple number word, to be used within others and without regard to case."""

_ORDINALS: Final = {
    "erst": 1, "zweit": 2, "dritt": 3, "viert": 4, "fünft": 5, "fuenft": 5, "sechst": 6, "siebt": 7,
    "acht": 8, "neunt": 9, "zehnt": 10, "elft": 11, "zwölft": 12, "zwoelft": 12, "dreizehnt": 13,
    "vierzehnt": 14, "fünfzehnt": 15, "sechzehnt": 16, "siebzehnt": 17, "achtzehnt": 18, "neunzehnt": 19,
    "zwanzigst": 20, "dreißigst": 30, "dreissigst": 30, "einunddreißigst": 31, "einunddreissigst": 31,
}  # fmt: skip
_ENGLISH_ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14,
    "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
    "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
ORDINAL: Final = (
    r"(?:(?:ein|zwei|drei|vier|fünf|fuenf|sechs|sieben|acht|neun)und)?"
    rf"(?:{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})e[nrs]?"
)
"""A pattern for a German ordinal up to the thirty-first, in any ending."""

ORDINALS: Final = frozenset(
    f"{unit}{stem}{ending}"
    for unit in (
        "",
        *(f"{one}und" for one in ("ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")),
    )
    for stem in _ORDINALS
    for ending in ("e", "en", "er", "es")
)
"""All that `ORDINAL` can be, and a little more."""

_GERMAN_ORDINAL: Final = re.compile(r"(?:(?P<unit>[a-zü]{3,6})und)?(?P<stem>[a-zäöüß]{3,16}t)e[nrs]?")
_BELOW_HUNDRED: Final = re.compile(
    rf"(?P<unit>{'|'.join(_UNITS)})und(?P<ten>{'|'.join(_TENS)})",
)


@lru_cache(maxsize=4096)
def number_of(word: str) -> int | None:
    """The number below a million that one word says ("zwölf", "tausendeins", "twenty-two"), or None."""
    word = word.lower()
    if word in _PLAIN:
        return _PLAIN[word]
    if len(word) > _LONGEST:
        return None
    if word in _SCALES:
        return _SCALES[word]
    if "-" in word:
        tens, _, unit = word.partition("-")
        first, last = _ENGLISH.get(tens, 0), _ENGLISH.get(unit, 0)
        return first + last if first >= 20 and 0 < last < 10 else None
    return _german(word, (("tausend", 1000), ("hundert", 100)))


def _german(word: str, scales: Sequence[tuple[str, int]]) -> int | None:
    """A German compound, cut at its greatest scale first."""
    for at, (name, worth) in enumerate(scales):
        head, found, tail = word.partition(name)
        if not found:
            continue
        smaller = scales[at + 1 :]
        many = _german(head, smaller) if head else 1
        rest = _german(tail.removeprefix("und"), smaller) if tail else 0
        return None if many is None or rest is None else many * worth + rest
    if word in _UNITS or word in _TENS:
        return _PLAIN[word]
    match = _BELOW_HUNDRED.fullmatch(word)
    return _UNITS[match["unit"]] + _TENS[match["ten"]] if match else None


@lru_cache(maxsize=1024)
def ordinal_of(word: str) -> int | None:
    """The rank that one word says ("dritten", "siebenundzwanzigste", "fifth"), up to 31, or None."""
    word = word.lower()
    if word in _ENGLISH_ORDINALS:
        return _ENGLISH_ORDINALS[word]
    match = _GERMAN_ORDINAL.fullmatch(word[:_LONGEST])
    if match is None or match["stem"] not in _ORDINALS:
        return None
    rank = _ORDINALS[match["stem"]]
    if match["unit"] is not None:
        rank += _UNITS.get(match["unit"], 99)
    return rank if rank <= 31 else None


def spoken(words: Sequence[str]) -> str | None:
    """Figures for a number that is spoken in several words, or None if a word is none.

    Digits and pairs are put side by side ("eins null null eins" and "ten oh one" are "1001", "one double-
    oh one" too); with a hundred or a thousand in it, it is counted ("one thousand and one").
    """
    words = [part for word in words for part in _parts(word) if part not in {"and", "und"}]
    if any(word in _SCALES for word in words):
        return _counted(words)
    figures: list[str] = []
    twice = False
    for word in words:
        if word in _TWICE:
            twice = True
            continue
        value = int(word) if word.isdecimal() else number_of(word)
        if value is None:
            return None
        figures.append(str(value) * (2 if twice else 1))
        twice = False
    return "".join(figures) or None


def _parts(word: str) -> list[str]:
    """One word, or two of a pair like "double-oh" that a hyphen joins."""
    word = word.lower()
    return [word] if word.isdecimal() or number_of(word) is not None else word.split("-")


def _counted(words: Sequence[str]) -> str | None:
    total = part = 0
    for word in words:
        scale = _SCALES.get(word)
        if scale is None:
            value = number_of(word)
            if value is None:
                return None
            part += value
        elif scale == 1000:
            total, part = total + max(part, 1) * scale, 0
        else:
            part = max(part, 1) * scale
    return str(total + part)
