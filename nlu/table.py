"""Examples as one sparse table: n-grams weighted by their rarity, and the mood's signals.

Reading takes most of the time, and needs nothing but the text: it is shared out over the cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nlu import features, mood
from nlu.corpus import Example
from nlu.model import Numbers, Rows

_SEEN_AT_LEAST: Final = 3
"""N-grams of fewer messages are left out: a third more weights, and cross-validation misses none of them."""

_SIZE: Final = 1 << features.BITS


@dataclass(frozen=True, slots=True)
class Reading:
    """Some messages as numbers: the features of both families, one after the other, and where each ends."""

    ids: tuple[features.Ids, features.Ids]
    lengths: tuple[list[int], list[int]]
    signals: Numbers


@dataclass(frozen=True, slots=True)
class Table:
    """A row for each message, a column for each weight of the model (the first is empty), then the signals.

    ``known`` and ``rarity`` are as in `nlu.model.Model`.
    """

    columns: sparse.csr_matrix
    known: tuple[Rows, Rows]
    rarity: Numbers


def read(examples: Sequence[Example]) -> Reading:
    """Read messages one by one."""
    texts = [features.read(example.text) for example in examples]
    characters = [features.characters(text.tokens) for text in texts]
    words = [features.worded(text) for text in texts]
    told = [mood.signals(example.text, example.language)[1] for example in examples]
    return Reading(
        (np.concatenate(characters), np.concatenate(words)),
        (list(map(len, characters)), list(map(len, words))),
        np.array(told, dtype=np.float32),
    )


def table(readings: Sequence[Reading]) -> Table:
    """Put readings together, in their order."""
    known: list[Rows] = []
    rarity = [np.zeros(1, dtype=np.float32)]
    blocks = []
    width = 1
    for family in (0, 1):
        counts = _counted(readings, family)
        messages = counts.shape[0]
        seen = np.bincount(counts.indices, minlength=_SIZE)
        kept = np.flatnonzero(seen >= _SEEN_AT_LEAST)
        rows = np.zeros(_SIZE, dtype=np.int32)
        rows[kept] = np.arange(width, width + len(kept))
        rare = (np.log((1 + messages) / (1 + seen[kept])) + 1).astype(np.float32)
        here = counts[:, kept]
        norms = np.sqrt(here @ (rare * rare))
        blocks.append(sparse.diags_array(1 / np.maximum(norms, 1e-9)) @ here @ sparse.diags_array(rare))
        known.append(rows)
        rarity.append(rare)
        width += len(kept)
    told = sparse.csr_matrix(np.concatenate([one.signals for one in readings]))
    nothing = sparse.csr_matrix((told.shape[0], 1), dtype=np.float32)
    columns = sparse.csr_matrix(sparse.hstack([nothing, *blocks, told], format="csr", dtype=np.float64))
    return Table(columns, (known[0], known[1]), np.concatenate(rarity))


def _counted(readings: Sequence[Reading], family: int) -> sparse.csr_matrix:
    """How often each message has each feature."""
    lengths = [length for one in readings for length in one.lengths[family]]
    ends: NDArray[np.int64] = np.cumsum([0, *lengths])
    ids = np.concatenate([one.ids[family] for one in readings])
    counts = sparse.csr_matrix((np.ones(len(ids), dtype=np.float32), ids, ends), shape=(len(lengths), _SIZE))
    counts.sum_duplicates()
    return counts
