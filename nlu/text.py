"""What two spellings have in common: case, umlauts, ß/ss, accents, stretched letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_MAX_WORD: Final = 48
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "œ": "oe", "æ": "ae", "ø": "o"})


@lru_cache(maxsize=8192)
def fold_word(word: str) -> str:
    """One word in comparable form: lower case, plain letters, ``ä`` as ``ae``, ``suuuper`` as ``super``."""
    folded = word.casefold().replace("’", "'").translate(_UMLAUTS)
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return _STRETCHED.sub(r"\1", folded)[:_MAX_WORD]


@lru_cache(maxsize=2048)
def key(text: str) -> str:
    """What two spellings of one title have in common: their words, without punctuation and emoji."""
    folded = (fold_word(word).replace("'", "") for word in _WORD.findall(text))
    return " ".join(word for word in folded if word)
