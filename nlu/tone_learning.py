"""Learns what `nlu.tone` weighs: ``python -m nlu.tone_learning [FILE]`` writes its lexicon anew.

What is learnt from: our own sentences and opinion words in ``lexicon/tone.txt``, and in FILE labelled public
sentences that may be used so (docs/dependencies.md, Data), a line of JSON with ``text``, ``lang`` and
``label`` each. The result is kept with the program; nothing that answers imports this file. Wants
scikit-learn.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from nlu import features, mood
from nlu.corpus import MOODS
from nlu.tone import BIAS, SCALE, SIGNAL, WEIGHTS, parts

OWN: Final = WEIGHTS.with_suffix(".txt")

_WORDS: Final = {"good": "positive", "bad": "negative"}
"""Sections of words and idioms between commas, instead of a sentence a line."""

_ENDINGS: Final = ("", "e", "er", "es", "en", "em")
_SENTENCE: Final = 1.5
"""So much more than a public row counts a sentence of our own, written to be beyond doubt."""

_WORD: Final = 0.5
_COST: Final = 0.6
_SEEN_AT_LEAST: Final = 3
_KEPT: Final = 16_000
"""So many parts are kept, the weightiest: more change nothing that the evaluation sees."""

_SEED: Final = 20


@dataclass(frozen=True, slots=True)
class Row:
    """Something written, how it feels, and how much it counts."""

    text: str
    language: str
    mood: str
    weight: float = 1.0


def own(path: Path = OWN) -> tuple[Row, ...]:
    """Read the sentences and words of ours. ValueError names the line that stands in no section."""
    rows: list[Row] = []
    language, kind = "", ""
    for number, line in enumerate(map(str.strip, path.read_text("utf-8").splitlines()), 1):
        if not line or line.startswith("# "):
            continue
        if line.startswith("[") and line.endswith("]"):
            language, _, kind = line[1:-1].partition(" ")
        elif kind in _WORDS:
            rows += _listed(line, language, _WORDS[kind])
        elif kind in MOODS:
            rows.append(Row(line, language, kind, _SENTENCE))
        else:
            raise ValueError(f"{path.name}, line {number}: it stands below no [language mood].")
    return tuple(rows)


def _listed(line: str, language: str, feeling: str) -> Iterator[Row]:
    """Words between commas; ``~`` after one means that it takes endings, and shares its weight among them."""
    for entry in filter(None, map(str.strip, line.split(","))):
        endings = _ENDINGS if entry.endswith("~") else ("",)
        for ending in endings:
            yield Row(entry.removesuffix("~") + ending, language, feeling, _WORD / len(endings) ** 0.5)


def public(path: Path) -> tuple[Row, ...]:
    """Read labelled sentences of others."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return tuple(Row(row["text"], row["lang"], row["label"]) for row in rows)


def learn(rows: Sequence[Row]) -> str:
    """The content of ``lexicon/tone.tsv``; the same for the same rows. Every mood counts the same."""
    found = [list(parts(features.read(row.text).tokens)) for row in rows]
    seen = Counter(part for one in found for part in set(one))
    names = sorted(part for part, n in seen.items() if n >= _SEEN_AT_LEAST)
    table = _table(found, {part: at for at, part in enumerate(names)})
    told = sparse.csr_matrix(np.array([mood.signals(row.text, row.language)[1] for row in rows]))
    answers = np.array([MOODS.index(row.mood) for row in rows])
    counts = np.array([row.weight for row in rows])
    whole = np.bincount(answers, counts, minlength=len(MOODS))
    fitted = LinearSVC(C=_COST, max_iter=50, tol=1e-3, random_state=_SEED).fit(
        sparse.hstack([table, told]).tocsr(), answers, sample_weight=counts * (whole.mean() / whole)[answers]
    )
    weights: NDArray[np.float64] = fitted.coef_.T
    words, signals = weights[: len(names)], weights[len(names) :]
    heavy = np.abs(words).max(axis=1)
    kept = heavy >= np.sort(heavy)[-min(_KEPT, len(heavy))]
    lines = [_line(BIAS, fitted.intercept_)]
    lines += [_line(SIGNAL + name, signals[at]) for at, name in enumerate(mood.FEATURES)]
    lines += [_line(part, words[at]) for at, part in enumerate(names) if kept[at]]
    return "\n".join(
        ["# Made by nlu/tone_learning.py; see nlu/tone.py. Sources: docs/dependencies.md.", *lines, ""]
    )


def _table(found: Sequence[Sequence[str]], columns: dict[str, int]) -> sparse.csr_matrix:
    ends, at, values = [0], [], []
    for one in found:
        known = [columns[part] for part in one if part in columns]
        at += known
        values += [len(one) ** -0.5] * len(known)
        ends.append(len(at))
    shape = (len(found), len(columns))
    table = sparse.csr_matrix((np.array(values), np.array(at), np.array(ends)), shape=shape)
    table.sum_duplicates()
    return table


def _line(name: str, weights: Iterable[float]) -> str:
    return "\t".join([name, *(str(round(weight * SCALE)) for weight in weights)])


if __name__ == "__main__":
    WEIGHTS.write_text(
        learn([*own(), *(row for name in sys.argv[1:] for row in public(Path(name)))]), "utf-8"
    )
