"""How varied a corpus is: near-duplicates, distinct n-grams, lengths, beginnings, copies."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from nlu.corpus import Example

_NO_LETTER: Final = re.compile(r"[^\w ]+")
_FIGURE: Final = re.compile(r"\d")
_NEAR: Final = 0.75
"""Texts that share so much of their runs of four letters (Jaccard) are one text in two spellings."""


@dataclass(frozen=True, slots=True)
class Variety:
    """The figures of one set of messages; ``distinct`` are the shares of different word pairs and triples."""

    messages: int
    near_duplicates: int
    distinct: tuple[float, float]
    words: tuple[float, float, float]
    """Words a message: the tenth, the middle and the ninth tenth."""
    beginnings: float
    """The share of messages that begin with the commonest two words."""


def variety_of(examples: Sequence[Example]) -> Variety:
    """Measure a set of messages of one language."""
    texts = [plain(example.text) for example in examples]
    lengths = quantiles([len(example.text.split()) for example in examples], n=10)
    begun = Counter(" ".join(text.split()[:2]) for text in texts if len(text.split()) > 2)
    return Variety(
        messages=len(texts),
        near_duplicates=len(list(near_duplicates(texts))),
        distinct=(_distinct(texts, 2), _distinct(texts, 3)),
        words=(lengths[0], lengths[4], lengths[8]),
        beginnings=begun.most_common(1)[0][1] / len(texts),
    )


def plain(text: str) -> str:
    """A text without case, figures and punctuation."""
    return " ".join(_NO_LETTER.sub(" ", _FIGURE.sub("0", text.casefold())).split())


def near_duplicates(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of messages of more than three words that are nearly the same, each message at most once."""
    runs = [runs_of(text) if len(text.split()) > 3 else frozenset[str]() for text in texts]
    holders: dict[str, list[int]] = defaultdict(list)
    for here, own in enumerate(runs):
        shared = Counter(there for run in own for there in holders[run])
        for there, count in shared.most_common(3):
            if count / len(own | runs[there]) > _NEAR:
                yield there, here
                break
        for run in own:
            holders[run].append(here)


def runs_of(text: str) -> frozenset[str]:
    """All runs of four letters."""
    return frozenset(text[at : at + 4] for at in range(len(text) - 3))


def copies(examples: Iterable[Example], of: Iterable[str], alike: float = 0.6) -> list[Example]:
    """Messages of more than three words that are much like one of the texts ``of``."""
    known = [runs_of(plain(text)) for text in of]
    found = []
    for example in examples:
        own = runs_of(plain(example.text))
        if (
            len(example.text.split()) > 3
            and own
            and any(len(own & one) > alike * len(own | one) for one in known)
        ):
            found.append(example)
    return found


def _distinct(texts: Iterable[str], size: int) -> float:
    """The share of different ones among all runs of ``size`` words."""
    found: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = text.split()
        found.update(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
    return len(found) / max(found.total(), 1)
