"""Which language a message is written in: German, English, or another; made for the few words of a DM.

Every word has a weight for German and one for "another language" (English is what they are measured
against): the sum of what its letter sequences weigh. The weights stand in ``lexicon/languages.tsv`` and are
learnt by `nlu.language_learning`. "Another language" needs a tell-tale word besides, or
three words and a lead, so that names, dialect and typos are not taken for one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

Spoken: TypeAlias = Literal["de", "en", "other"]

WEIGHTS: Final = Path(__file__).parent / "lexicon" / "languages.tsv"
"""A line for each letter sequence, with its weights for German and another language, or word that tells."""

SCALE: Final = 50
"""A weight in the file is so many times the log-odds."""

LONGEST: Final = 4
"""The longest letter sequence. Whole words count as well."""

MAX_TEXT: Final = 600
"""Only so much of a text is read: it is enough to tell, and it bounds the time."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ADDRESS: Final = re.compile(r"\S{0,200}(?:@|://|www\.)\S{0,200}")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_TOLD: Final = 3.0
"""What a tell-tale word adds for another language, in log-odds."""

_AT_HOME: Final = frozenset("abcdefghijklmnopqrstuvwxyz'äöüßéèêëàáâåãíìîïóòôõúùûçœÿ")
"""Letters that German or English has, be it in dialect or in the names of what one buys."""

_FOREIGN: Final = 0.0
"""By so much another language must lead where a word tells it."""

_SURELY_FOREIGN: Final = 1.0
"""By so much where none does; and then three words are wanted."""

_CLEAR: Final = 3.0
"""From here on a conversation goes on in a text's language."""

_SWITCH: Final = 2.0
"""From here on a text is of another language than the conversation."""

_LEAN: Final = 0.7
"""From here on a first text is not taken for German for want of anything better."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A text's sums in log-odds against English; ``told`` is how many words tell another language."""

    words: int
    german: float
    other: float
    told: int


def language_of(text: str, before: str | None) -> Spoken:
    """The language of ``text``; one that tells nothing keeps ``before`` ("de" or "en"; else it is German).

    Total on any Unicode, and linear in what is read of it.
    """
    known: Literal["de", "en"] | None = "de" if before == "de" else "en" if before == "en" else None
    weighed = _weigh(text)
    if _is_other(text, weighed):
        return "other"
    needed = _LEAN if known is None else _SWITCH
    if abs(weighed.german) >= needed:
        return "de" if weighed.german > 0 else "en"
    return known or "de"


def clear_language(text: str) -> Spoken | None:
    """The language of ``text`` where it is so clear that a conversation may go on in it; else None."""
    weighed = _weigh(text)
    if _is_other(text, weighed):
        return "other"
    if weighed.words < 2 or abs(weighed.german) < _CLEAR or weighed.other > max(weighed.german, 0.0):
        return None
    return "de" if weighed.german > 0 else "en"


def words_of(text: str) -> list[str]:
    """The words of a text as they are weighed: small letters, accents kept; no addresses, no figures."""
    return [_folded(word) for word in _written(text)]


def parts(word: str) -> tuple[str, ...]:
    """The letter sequences of a word, its beginning and its end marked; each once."""
    marked = f"_{word}_"
    size = len(marked)
    found = {marked[i : i + n] for n in range(1, LONGEST + 1) for i in range(size - n + 1)}
    return (*found, marked) if size > LONGEST else tuple(found)


def _written(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text[:MAX_TEXT])[:MAX_TEXT]
    if "@" in plain or "://" in plain or "www." in plain:
        plain = _ADDRESS.sub(" ", plain)
    return _WORD.findall(plain)


def _folded(word: str) -> str:
    folded = word.casefold().replace("’", "'").replace("ß", "ss")
    return _STRETCHED.sub(r"\1\1", folded)[:40]


def _weigh(text: str) -> _Weighed:
    german = other = 0.0
    told = 0
    written = _written(text)
    for word in written:
        to_german, to_other, tells = _weight(word)
        german += to_german
        other += to_other
        told += tells
    return _Weighed(len(written), german, other, told)


def _is_other(text: str, weighed: _Weighed) -> bool:
    """Whether it is clearly neither German nor English: by its script, or by its words."""
    if not text.isascii() and _other_script(text[:MAX_TEXT]):
        return True
    lead = weighed.other - max(weighed.german, 0.0)
    return (weighed.words > 1 and weighed.told > 0 and lead > _FOREIGN) or (
        weighed.words > 2 and lead > _SURELY_FOREIGN
    )


def _other_script(text: str) -> bool:
    """Whether most letters, and two at least, are of no Latin script."""
    letters = [letter for letter in text if letter.isalpha()]
    strange = sum(not _latin(letter) for letter in letters)
    return strange >= 2 and 2 * strange > len(letters)


@lru_cache(maxsize=4096)
def _latin(letter: str) -> bool:
    """Letters that only look different, as in 𝓭𝓪𝓷𝓴𝓮, count as what they look like."""
    return letter < "\u0250" or "LATIN" in unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "")


@lru_cache(maxsize=16384)
def _weight(word: str) -> tuple[float, float, int]:
    """What a word weighs for German and for another language, and whether it tells one by itself."""
    weights, telltales = _lexicon()
    folded = _folded(word)
    german = other = 0
    for part in parts(folded):
        if found := weights.get(part):
            german += found[0]
            other += found[1]
    # A capital may begin a name, and names are from everywhere.
    strange = word[0].islower() and not _AT_HOME.issuperset(folded)
    tells = folded in telltales or strange
    return german / SCALE, other / SCALE + (_TOLD if tells else 0.0), int(tells)


@cache
def _lexicon() -> tuple[dict[str, tuple[int, int]], frozenset[str]]:
    """The weights and the tell-tale words, read when the first message comes."""
    weights: dict[str, tuple[int, int]] = {}
    telltales: set[str] = set()
    for line in WEIGHTS.read_text("utf-8").splitlines():
        part, *numbers = line.split("\t")
        if numbers:
            weights[part] = int(numbers[0]), int(numbers[1])
        elif not part.startswith("#"):
            telltales.add(part)
    return weights, frozenset(telltales)
