"""Learns what `nlu.language` weighs: ``python -m nlu.language_learning`` writes its lexicon anew.

Two sources: the messages of ``nlu/training/``, and ``lexicon/other.txt`` with messages and frequent words
of other languages, and messages in Swiss, Austrian and Low German spelling. The result is kept with the
program: it changes little with a few messages more, and a server need not learn it. Wants scikit-learn;
nothing that answers imports this file.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from nlu.corpus import TRAINING, parse, training_files
from nlu.language import SCALE, WEIGHTS, parts, words_of

OTHER: Final = WEIGHTS.with_name("other.txt")

Message = tuple[str, str]
"""A language and a text."""

_HOME: Final = ("de", "en")
_CLASSES: Final = ("de", "en", "other")
_SEED: Final = 20
_SEEN_AT_LEAST: Final = 3
_COST: Final = 10.0
_RARE: Final = 3.0
"""So much more a message of another language counts: there are fewer of them."""

_SHRUNK: Final = 0.1
_STRINGS: Final = 150
"""So many strings of frequent words of each other language are learnt from beside its messages."""

_LEAST_WEIGHT: Final = 5


@dataclass(frozen=True, slots=True)
class Source:
    """What there is to learn from: messages, and frequent words by language."""

    messages: tuple[Message, ...]
    frequent: Mapping[str, tuple[str, ...]]


def source() -> Source:
    """Read the house's messages and ``lexicon/other.txt``."""
    home = [
        (example.language, example.text)
        for path in training_files(TRAINING)
        for example in parse(path.read_bytes(), file=path.name, language=path.parent.name).examples
    ]
    sections = _sections(OTHER)
    away = [(name, line) for name, lines in sections.items() if " " not in name for line in lines]
    frequent = {
        name.removesuffix(" words"): tuple(" ".join(lines).split())
        for name, lines in sections.items()
        if name.endswith(" words")
    }
    return Source((*home, *away), frequent)


def _sections(path: Path) -> dict[str, list[str]]:
    """The lines below each name in brackets."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in map(str.strip, path.read_text("utf-8").splitlines()):
        if line.startswith("["):
            name = line.strip("[]")
        elif line and not line.startswith("#"):
            found.setdefault(name, []).append(line)
    return found


def learn(given: Source) -> str:
    """The content of ``lexicon/languages.tsv``; the same for the same source."""
    chance = random.Random(_SEED)  # noqa: S311 - it picks pieces of text, nothing secret
    messages = [*given.messages, *_cut(given.messages, chance), *_strung(given.frequent, chance)]
    seen = Counter(
        part for _, text in messages for part in {one for word in words_of(text) for one in parts(word)}
    )
    columns = {
        part: at for at, part in enumerate(sorted(part for part, n in seen.items() if n >= _SEEN_AT_LEAST))
    }
    away = np.array([language not in _HOME for language, _ in messages])
    answers = [_CLASSES.index(language if language in _HOME else "other") for language, _ in messages]
    fitted = LogisticRegression(C=_COST, max_iter=400).fit(
        _table(messages, columns), answers, sample_weight=np.where(away, _RARE, 1.0)
    )
    weights = fitted.coef_ * _SHRUNK * SCALE
    german = np.rint(weights[0] - weights[1]).astype(int)
    other = np.rint(weights[2] - weights[1]).astype(int)
    kept = np.maximum(np.abs(german), np.maximum(np.abs(other), np.abs(german - other))) >= _LEAST_WEIGHT
    lines = [f"{part}\t{german[at]}\t{other[at]}" for part, at in columns.items() if kept[at]]
    return "\n".join(
        ["# Made by nlu/language_learning.py; see nlu/language.py.", *_telltales(given), *lines, ""]
    )


def _table(messages: Sequence[Message], columns: Mapping[str, int]) -> sparse.csr_matrix:
    ends, found = [0], []
    for _, text in messages:
        found += [columns[part] for word in words_of(text) for part in parts(word) if part in columns]
        ends.append(len(found))
    shape = (len(messages), len(columns))
    counts = sparse.csr_matrix((np.full(len(found), _SHRUNK), np.array(found), np.array(ends)), shape=shape)
    counts.sum_duplicates()
    return counts


def _telltales(given: Source) -> list[str]:
    """The frequent words of other languages that German and English messages do not share."""
    used = Counter(
        word for language, text in given.messages if language in _HOME for word in set(words_of(text))
    )
    swiss = {word for line in _sections(OTHER)["de"] for word in words_of(line)}
    words = {word for words in given.frequent.values() for written in words for word in words_of(written)}
    return sorted(word for word in words if len(word) > 1 and used[word] < 2 and word not in swiss)


def _cut(messages: Sequence[Message], chance: random.Random) -> Iterator[Message]:
    """Pieces of two or three words: DMs are often no longer."""
    for number, (language, text) in enumerate(messages):
        words = text.split()
        if len(words) < 4 or (language in _HOME and number % 2):
            continue
        for _ in range(1 if language in _HOME else 2):
            size = chance.choice((2, 3))
            at = chance.randrange(len(words) - size + 1)
            yield language, " ".join(words[at : at + size])


def _strung(frequent: Mapping[str, tuple[str, ...]], chance: random.Random) -> Iterator[Message]:
    for language, words in frequent.items():
        for _ in range(_STRINGS):
            yield language, " ".join(chance.sample(words, chance.choice((1, 2, 3, 4))))


if __name__ == "__main__":
    WEIGHTS.write_text(learn(source()), "utf-8")
