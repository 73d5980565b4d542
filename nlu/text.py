"""Raw text to comparable words: case, umlauts, ß/ss, accents, stretched letters, emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_TEXT: Final = 4096
"""Only so much of a text is read. No channel delivers more in one message, and it bounds the time."""

_MAX_WORD: Final = 48
_TOKEN: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[.!?;:\n,]|[^\w\s]")
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "o"})

_EMOJI: Final = {
    "👍": "ja", "✅": "ja", "👌": "ja", "✔": "ja",
    "👎": "nein", "❌": "nein",
    "👋": "hallo",
    "🙏": "danke",
    "😡": "wuetend", "🤬": "wuetend", "😠": "wuetend", "👿": "wuetend",
    "😞": "enttaeuschung", "😢": "traurig", "😭": "traurig", "☹": "traurig", "🙁": "traurig",
    "😀": "super", "😃": "super", "😊": "super", "😍": "super", "🥰": "super", "🎉": "super", "❤": "super",
    "💚": "super", "🤩": "super",
}  # fmt: skip
"""Emoji that carry a meaning of their own, as the word that they stand for."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as comparable words.

    ``folded`` joins them with single blanks; ``.`` and ``,`` stand for clause ends. ``surface[i]`` is
    what the person wrote for the i-th word of ``folded``.
    """

    folded: str
    tokens: tuple[str, ...]
    surface: tuple[str, ...]

    def quote(self, start: int, end: int) -> str:
        """What the person wrote for the part ``folded[start:end]``, which must begin and end at words."""
        first = self.folded.count(" ", 0, start)
        last = first + self.folded.count(" ", start, end)
        return " ".join(self.surface[first : last + 1])


@lru_cache(maxsize=8192)
def fold_word(word: str) -> str:
    """One word in comparable form: lower case, plain letters, ``ä`` as ``ae``, ``suuuper`` as ``super``."""
    folded = word.casefold().replace("’", "'").translate(_UMLAUTS)
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return _STRETCHED.sub(r"\1", folded)[:_MAX_WORD]


def words(text: str) -> Words:
    """Cut ``text`` into comparable words; total on any Unicode, linear in its length (at most `MAX_TEXT`)."""
    text = unicodedata.normalize("NFC", text[:MAX_TEXT])
    folded: list[str] = []
    surface: list[str] = []
    for piece in _pieces(text):
        word = _fold_piece(piece)
        if not word or (word in ".," and (not folded or folded[-1] in ".,")):
            continue
        folded.append(word)
        surface.append(piece)
    return Words(" ".join(folded), tuple(folded), tuple(surface))


def _pieces(text: str) -> Iterator[str]:
    return (match.group() for match in _TOKEN.finditer(text))


def _fold_piece(piece: str) -> str:
    if piece == ",":
        return ","
    if piece in ".!?;:\n":
        return "."
    if piece[0].isalnum():
        return fold_word(piece)
    return _EMOJI.get(piece, "")


@lru_cache(maxsize=2048)
def key(text: str) -> str:
    """What two spellings of one title have in common: their words, without punctuation and emoji."""
    folded = (fold_word(piece).replace("'", "") for piece in _pieces(text) if piece[0].isalnum())
    return " ".join(word for word in folded if word)
