"""What has been learnt: weights of all heads over one set of features, quick to load and to ask.

A head answers one question about a text (which intent, which mood, whether a human is wanted) by a weighted
sum over its n-grams and signals. All heads share the features, so that a text is read and looked up once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp, fsum, sqrt
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from nlu import features, tone

FORMAT: Final = 2
"""Goes up with every change after which older files cannot be read."""

_NO_SHIFT: Final[Mapping[str, float]] = MappingProxyType({})
Numbers = NDArray[np.float32]
Rows = NDArray[np.int32]


class NoModel(Exception):
    """There is no model to be read there, or none that this program can read."""


@dataclass(frozen=True, slots=True)
class Head:
    """One question: its answers, and where their sums stand. Sums times ``sharpness`` are log-odds."""

    name: str
    labels: tuple[str, ...]
    first: int
    sharpness: float = 1.0

    def chances(self, sums: Sequence[float], shift: Mapping[str, float] = _NO_SHIFT) -> dict[str, float]:
        """The probability of every label; ``shift`` adds to the log-odds of some of them."""
        own = [one * self.sharpness for one in sums[self.first : self.first + len(self.labels)]]
        for label, more in shift.items():
            own[self.labels.index(label)] += more
        most = max(own)
        risen = [exp(one - most) for one in own]
        total = fsum(risen)
        return {label: one / total for label, one in zip(self.labels, risen, strict=True)}

    def all_chances(self, sums: Numbers) -> Numbers:
        """The same for many texts at once: a row of this head's own sums for each."""
        risen = np.exp((sums - sums.max(axis=1, keepdims=True)) * self.sharpness)
        return np.asarray(risen / risen.sum(axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Blend:
    """Whether a human is wanted: by the words' own sum (at ``place``), by what is meant and felt.

    ``usual`` is how often each intent wants a human, in the order of the head's labels; the others are
    weights of log-odds.
    """

    place: int
    usual: tuple[float, ...]
    own: float
    meant: float
    negative: float
    positive: float
    offset: float

    def chance(self, sums: Sequence[float], intents: Iterable[float], moods: Mapping[str, float]) -> float:
        """The probability, given the chances of all intents in the order of their head, and of the moods."""
        usual = fsum(chance * share for chance, share in zip(intents, self.usual, strict=True))
        odds = self.own * sums[self.place] + self.meant * usual + self.offset
        odds += self.negative * moods["negative"] + self.positive * moods["positive"]
        return 1.0 / (1.0 + exp(-max(-40.0, min(40.0, odds))))


@dataclass(frozen=True, slots=True)
class Model:
    """All heads. ``weights`` has a row for each n-gram that was seen often enough (row 0: all others).

    ``known`` gives the row of every feature of the two families (characters, words); ``rarity`` how much a
    row counts when a text's length is taken out; ``signals`` are the weights of the mood's signals;
    ``notes`` is what the training found out about itself.
    """

    name: str
    heads: tuple[Head, ...]
    blend: Blend
    known: tuple[Rows, Rows]
    rarity: Numbers
    weights: Numbers
    bias: Numbers
    signals: Numbers
    notes: Mapping[str, Any]

    def head(self, name: str) -> Head:
        """The head of that name; KeyError if there is none."""
        for head in self.heads:
            if head.name == name:
                return head
        raise KeyError(name)

    def sums(self, read: features.Read, signals: Sequence[float]) -> list[float]:
        """What every label of every head adds up to for a text."""
        words = features.worded(read)
        first = self.known[0].take(features.characters(read.tokens))  # several times as fast as [] for so few
        rows = np.concatenate((first, self.known[1].take(words)))
        counts = self.rarity.take(rows)
        for rare in (counts[: len(first)], counts[len(first) :]):
            rare[:] = 1.0 / (sqrt(rare @ rare) or 1.0)  # from here on it is what each row counts
        total = counts @ self.weights.take(rows, axis=0)
        total += self.bias
        total += np.array(signals, dtype=np.float32) @ self.signals
        found: list[float] = total.tolist()
        at = self.head("mood").first
        for more in general(self.known[1], read.tokens, words, signals):
            found[at] += more
            at += 1
        return found

    def leads(self, read: features.Read, head: Head, label: str, other: str) -> list[float]:
        """By how much each token, and its neighbours, speaks rather for one label than for another."""
        known = self.known[1]
        ids, owners = features.owned(read)
        rows = known.take(ids)
        rare = self.rarity.take(rows)
        norm = sqrt(rare @ rare) or 1.0
        these, those = head.labels.index(label), head.labels.index(other)
        found = self.weights.take(rows, axis=0)
        weights = (found[:, head.first + these] - found[:, head.first + those]) / norm
        leads: list[float] = np.bincount(owners, weights=weights, minlength=len(read.tokens)).tolist()
        if head.name != "mood":
            return leads
        loud = tone.loudness(_strange(known, ids[: len(read.tokens)]))
        general = zip(tone.shares(read.tokens, these), tone.shares(read.tokens, those), strict=True)
        return [lead + loud * (one - two) for lead, (one, two) in zip(leads, general, strict=True)]

    def save(self, path: Path) -> None:
        """Write the model, all or nothing: whoever reads meanwhile finds the old file or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {
            "format": FORMAT,
            "name": self.name,
            "notes": self.notes,
            "heads": [asdict(head) for head in self.heads],
            "blend": asdict(self.blend),
        }
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        with aside.open("wb") as file:
            np.savez(
                file,
                told=np.frombuffer(json.dumps(told).encode(), dtype=np.uint8),
                characters=self.known[0],
                words=self.known[1],
                rarity=self.rarity,
                weights=self.weights,
                bias=self.bias,
                signals=self.signals,
            )
        aside.replace(path)


def _strange(known: Rows, words: features.Ids) -> int:
    """How many of the words the model does not know; ``known`` are the rows of the second family."""
    return len(words) - int(np.count_nonzero(known.take(words)))


def general(known: Rows, tokens: Sequence[str], words: features.Ids, signals: Sequence[float]) -> tone.Triple:
    """What is added to the moods of a text by the tone of its words: louder the more are strange.

    ``words`` are its features of the second family (`nlu.features.worded`), ``known`` the rows of that.
    """
    loud = tone.loudness(_strange(known, words[: len(tokens)]))
    negative, neutral, positive = tone.tone(tokens, signals)
    return loud * negative, loud * neutral, loud * positive


def load(path: Path) -> Model:
    """Read a model that was saved; `NoModel` if there is none, or a broken or foreign one."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            told = json.loads(file["told"].tobytes())
            if told["format"] != FORMAT:
                raise NoModel(f"{path} was written by another version of this program.")
            return Model(
                name=told["name"],
                heads=tuple(Head(**(head | {"labels": tuple(head["labels"])})) for head in told["heads"]),
                blend=Blend(**(told["blend"] | {"usual": tuple(told["blend"]["usual"])})),
                known=(file["characters"], file["words"]),
                rarity=file["rarity"],
                weights=file["weights"],
                bias=file["bias"],
                signals=file["signals"],
                notes=told["notes"],
            )
    except FileNotFoundError:
        raise NoModel(f"There is no model at {path}.") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise NoModel(f"{path} cannot be read as a model ({type(error).__name__}).") from error
