"""Text to features: hashed n-grams of characters and words, the same while training and while answering.

Characters carry German compounds, inflection and typos; words carry order and negation. Every n-gram
becomes a number by a fixed hash, so that training and answering need to share nothing but this file.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

MAX_TEXT: Final = 2000
"""Only so much of a text is read for its meaning, which bounds the time."""

BITS: Final = 19
"""Features are numbers below two to this power."""

Ids = NDArray[np.int64]

_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]|_")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_UMLAUTS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "’": "'"}
)
_LENGTH: Final = 4
_PRIME: Final = np.uint64(0x100000001B3)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(64 - BITS)
_MASK: Final = (1 << BITS) - 1
_VARIATION: Final = "\ufe0f"


@dataclass(frozen=True, slots=True)
class Read:
    """A text as the models see it: its folded ``tokens``, and its shouted words."""

    tokens: tuple[str, ...]
    shouted: int


@lru_cache(maxsize=16384)
def fold(word: str) -> str:
    """One word in comparable form: lower case, plain letters, no letter more than twice, figures as 0."""
    if word[0].isdigit():
        return "0" * min(len(word), 5)
    folded = word.casefold().translate(_UMLAUTS)
    if not folded.isascii():
        folded = (
            "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
            or folded
        )
    return _STRETCHED.sub(r"\1\1", folded)[:40]


def read(text: str) -> Read:
    """Cut ``text`` into folded tokens. Total on any Unicode, linear in its length."""
    pieces = _TOKEN.findall(unicodedata.normalize("NFC", text[:MAX_TEXT]).replace(_VARIATION, ""))
    shouted = sum(len(piece) > 2 and piece.isupper() for piece in pieces)
    return Read(tuple(map(fold, pieces)), shouted)


def places(text: str) -> list[tuple[int, int]]:
    """Where in ``text`` the tokens of `read` stand; empty if composing its signs moves them."""
    if unicodedata.normalize("NFC", text) != text or _VARIATION in text:
        return []
    return [match.span() for match in _TOKEN.finditer(text[:MAX_TEXT])]


def characters(tokens: tuple[str, ...]) -> Ids:
    """The n-grams of four characters over the whole text, blanks included.

    Shorter and longer ones beside them double the work, and cross-validation misses none of them.
    """
    line = f"  {' '.join(tokens)}  "
    codes = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(
        np.uint64
    ) + np.uint64(1)
    hashes = codes
    for length in range(2, _LENGTH + 1):
        hashes = hashes[:-1] * _PRIME + codes[length - 1 :]
    return ((hashes * _MIX) >> _SHIFT).astype(np.int64)


def worded(read_text: Read) -> Ids:
    """Words (one for each token, first), neighbours, beginnings and ends, and the shape of the whole."""
    ids = _words(read_text.tokens)
    for token in read_text.tokens:
        ids += _parts(token)
    ids += _shape(read_text)
    return np.array(ids, dtype=np.int64)


def owned(read_text: Read) -> tuple[Ids, Ids]:
    """The features of `worded` that belong to a token, and which token that is."""
    tokens = read_text.tokens
    ids = _words(tokens)
    owners = [*range(len(tokens)), *range(len(tokens) - 1)]
    for place, token in enumerate(tokens):
        parts = _parts(token)
        ids += parts
        owners += [place] * len(parts)
    return np.array(ids, dtype=np.int64), np.array(owners, dtype=np.int64)


def _words(tokens: tuple[str, ...]) -> list[int]:
    hashes = [_hash(token) for token in tokens]
    return hashes + [(a * 31 + b * 17 + 1) & _MASK for a, b in pairwise(hashes)]


@lru_cache(maxsize=16384)
def _hash(token: str) -> int:
    return crc32(token.encode("utf-8", "surrogatepass")) & _MASK


@lru_cache(maxsize=16384)
def _parts(token: str) -> tuple[int, ...]:
    """A word's beginning and end: what is left of it when German inflects or joins it."""
    if len(token) < 5 or not token.isalpha():
        return ()
    parts = {f"^{token[:4]}", f"^{token[:6]}", f"{token[-5:]}$", f"{token[-7:]}$"}
    return tuple(sorted(map(_hash, parts)))


def _shape(read_text: Read) -> tuple[int, ...]:
    tokens = read_text.tokens
    size = len(tokens)
    marks = [f"\0size{min(size, 3) if size < 4 else 4 + min(size // 5, 6)}"]
    if read_text.shouted:
        marks.append("\0shouted")
    if tokens:
        marks.append(f"\0first {tokens[0]}")
        marks.append(f"\0last {tokens[-1]}")
    if "?" in tokens:
        marks.append("\0asks")
    if any(token[0] == "0" for token in tokens):
        marks.append("\0figure")
    return tuple(map(_hash, marks))
