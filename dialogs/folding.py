"""How texts are compared in a search: words without case, accents and the spelling of umlauts.

A folded word is plain ASCII letters and digits, so that every database splits and compares it alike: ``ü`` is
``ue``, ``ß`` is ``ss``, accents are gone, and a letter of another script is its number in hexadecimal.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

LONGEST_WORD: Final = 40
"""Letters of a word that count."""

LONGEST_TEXT: Final = 20_000
"""Characters of a text that are looked at: who pastes more is no less found by these."""

MOST_TERMS: Final = 8
"""Words of a query that count."""

SNIPPET: Final = 160

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "o"})
# Marks and invisible signs inside a word belong to it: they are dropped when it is folded.
_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|[\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufeff])*")
_TOKEN: Final = re.compile(r"[^\W_]+")
_PHONE: Final = re.compile(r"[+\d][\d\s()/.-]{5,24}")
_AREAS: Final = ("49", "43", "41")


def fold(text: str) -> str:
    """Return the words of ``text`` in comparable form, with one space between them. Total; idempotent."""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT]
    return " ".join(folded for word in _WORD.findall(text) for folded in _fold_word(word))


def terms(query: str) -> tuple[str, ...]:
    """Return what a text must hold to be found by ``query``: folded beginnings of words, none twice."""
    found = dict.fromkeys(fold(query[:1000]).split())
    return tuple(found)[:MOST_TERMS]


def phone_terms(phone: str) -> tuple[str, ...]:
    """Return the ways in which a number of these countries is typed, digits alone: 4917012, 017012."""
    digits = "".join(sign for sign in phone if sign.isascii() and sign.isdigit())
    if len(digits) < 6:
        return ()
    if phone.strip().startswith("00"):
        digits = digits.removeprefix("00")
    national = tuple(f"0{digits[2:]}" for area in _AREAS if digits.startswith(area))
    return (digits, *national)


def phone_query(query: str) -> str | None:
    """Return the digits of a query that is a telephone number and nothing else."""
    query = query.strip()
    if not _PHONE.fullmatch(query):
        return None
    digits = "".join(sign for sign in query if sign.isdigit() and sign.isascii())
    if len(digits) < 6:
        return None
    return digits.removeprefix("00")


def snippet(
    text: str, wanted: tuple[str, ...], most: int = SNIPPET
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return what stands around the first find, some ``most`` characters, and where in it the finds are."""
    text = " ".join(text[:LONGEST_TEXT].split())
    spans = [word.span() for word in _WORD.finditer(text) if _is_wanted(word[0], wanted)]
    start = 0
    if len(text) > most and spans:
        start = max(0, min(spans[0][0] - most // 4, len(text) - most))
        if start:
            start = text.find(" ", start, spans[0][0]) + 1 or start
    ends = start + most
    shown = text[start:ends]
    marks = tuple((left - start, min(right, ends) - start) for left, right in spans if start <= left < ends)
    before = "… " if start else ""
    after = " …" if len(text) > ends else ""
    moved = len(before)
    return f"{before}{shown}{after}", tuple((left + moved, right + moved) for left, right in marks)


def _is_wanted(word: str, wanted: tuple[str, ...]) -> bool:
    return any(folded.startswith(wanted) for folded in _fold_word(word))


@lru_cache(maxsize=16384)
def _fold_word(word: str) -> tuple[str, ...]:
    """Fold what looks like one word; a letter that stands for several words (``㎏``) may make more of it."""
    if word.isascii():
        return (word.lower()[:LONGEST_WORD],)
    plain = unicodedata.normalize("NFC", word).casefold()
    plain = unicodedata.normalize("NFC", plain).translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", plain).casefold().translate(_UMLAUTS)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Mn", "Me", "Cf"})
    return tuple("".join(map(_plain, token[:LONGEST_WORD])) for token in _TOKEN.findall(plain))


def _plain(letter: str) -> str:
    return letter if letter.isascii() else f"u{ord(letter):05x}"
