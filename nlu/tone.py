"""What words tell about a mood wherever people write: in reviews, on the street, to anybody.

The corpus (`nlu/training/`) knows how buyers write to a shop, and little else: a word that it lacks says
nothing to a model trained on it. Here every word, pair of words, beginning and end of a word has a weight for
each mood, learnt once by `nlu.tone_learning` and kept in ``lexicon/tone.tsv``. The more words of a text are
strange to the model, the louder this speaks (`loudness`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Final

from nlu.mood import FEATURES

WEIGHTS: Final = Path(__file__).parent / "lexicon" / "tone.tsv"
"""A line for each part of a text (`parts`) or signal (`SIGNAL` before its name), with its three weights."""

SCALE: Final = 50
"""A weight in the file is so many times what it adds."""

SIGNAL: Final = "@signal "
"""No part of a text begins so: signs are tokens of their own."""

BIAS: Final = "@bias"

Triple = tuple[float, float, float]
"""What speaks for negative, neutral, positive: in the order of `nlu.corpus.MOODS`."""

_NOTHING: Final[Triple] = (0.0, 0.0, 0.0)
_QUIET, _RISE, _LOUD = 0.2, 0.4, 1.8


def loudness(strange: int) -> float:
    """How much the tone counts in a text of which the model does not know so many words.

    Measured on reviews and tweets that nothing was learnt from, and on DMs, which it must not disturb
    (docs/measurements.md#understanding).
    """
    return min(_LOUD, _QUIET + _RISE * max(0, strange - 1))


def parts(tokens: Sequence[str]) -> Iterator[str]:
    """What of a text has weights, from its folded ``tokens`` (`nlu.features.read`)."""
    for token in tokens:
        yield from _inner(token)
    for pair in pairwise(tokens):
        yield " ".join(pair)


def tone(tokens: Sequence[str], signals: Sequence[float]) -> Triple:
    """What speaks for each mood in a text; ``signals`` are those of `nlu.mood.signals`."""
    weights, of_signals, bias = _lexicon()
    negative = neutral = positive = 0.0
    count = len(tokens) - 1
    before = ""
    for token in tokens:
        inner, a, b, c = _word(token)
        count += inner
        negative, neutral, positive = negative + a, neutral + b, positive + c
        if found := weights.get(f"{before} {token}"):
            negative, neutral, positive = negative + found[0], neutral + found[1], positive + found[2]
        before = token
    whole = sqrt(max(1, count))
    sums = [bias[0] + negative / whole, bias[1] + neutral / whole, bias[2] + positive / whole]
    for signal, (a, b, c) in zip(signals, of_signals, strict=True):
        if signal:
            sums[0] += signal * a
            sums[1] += signal * b
            sums[2] += signal * c
    return sums[0], sums[1], sums[2]


def shares(tokens: Sequence[str], mood: int) -> list[float]:
    """What each token by itself adds to the mood of that number."""
    whole = sqrt(max(1, sum(_word(token)[0] for token in tokens) + len(tokens) - 1))
    return [_word(token)[1 + mood] / whole for token in tokens]


def _inner(token: str) -> tuple[str, ...]:
    """A word, and what is left of it when it is inflected or joined to another."""
    if len(token) < 5 or not token.isalpha():
        return (token,)
    return (token, f"^{token[:4]}", f"^{token[:6]}", f"{token[-5:]}$", f"{token[-7:]}$")


@lru_cache(maxsize=16384)
def _word(token: str) -> tuple[int, float, float, float]:
    """How many parts a word has, and what they weigh together."""
    weights = _lexicon()[0]
    inner = _inner(token)
    found = [weights.get(part, _NOTHING) for part in inner]
    return (
        len(inner),
        sum(one[0] for one in found),
        sum(one[1] for one in found),
        sum(one[2] for one in found),
    )


@cache
def _lexicon() -> tuple[dict[str, Triple], tuple[Triple, ...], Triple]:
    """The weights of parts, of the signals in their order, and what is there before anything is read."""
    weights: dict[str, Triple] = {}
    for line in WEIGHTS.read_text("utf-8").splitlines():
        if not line.startswith("# "):
            part, negative, neutral, positive = line.split("\t")
            weights[part] = int(negative) / SCALE, int(neutral) / SCALE, int(positive) / SCALE
    signals = tuple(weights.pop(SIGNAL + name, _NOTHING) for name in FEATURES)
    return weights, signals, weights.pop(BIAS)
