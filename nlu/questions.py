"""Which of many questions somebody asks, in words of their own: for answers that a shop has written down.

Every phrasing becomes n-grams of characters and words (`nlu.features`), weighted by how few of the questions
have them; words that are in every question count little. A text is compared with all phrasings at once, by
the cosine, and by how much of it any phrasing of the same question explains. Nothing is learnt: what is
written down now is found now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import fsum, log, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nlu import features
from nlu.wordlists import word_set

__all__ = ["APART", "LIKELY", "SURE", "Match", "Questions"]

SURE: Final = 0.6
"""From here on it is this question, if none is close to it. Measured in ``tests/nlu/test_questions.py``."""

LIKELY: Final = 0.44
"""From here on it is rather this question than none: messages about nothing at all seldom get here."""

APART: Final = 0.05
"""So far the runner-up must be behind where a question is to be sure."""

_EXPLAINED: Final = 0.3
"""The share of the score that is by all phrasings of a question together, the rest by its best one."""

_WORD: Final = 0.5
_EVERYDAY_WORD: Final = 0.2
_PART: Final = 0.25
"""What these count beside n-grams of characters, which count 1."""

_LONE: Final = 0.7
"""What a single telling word is worth: "Paket" is in many questions, and in many that nobody wrote down."""

_REMEMBERED: Final = 2048
_MOST_SENTENCES: Final = 6
_SENTENCE: Final = re.compile(r"[^.!?…\n]+[.!?…]*")
_WORDS_FROM: Final = 1 << features.BITS

_PLAIN: Final = (
    "der die das den dem des ein eine einen einem einer eines ne nen und oder aber denn doch mal so ja "
    "nein nicht kein keine keinen auch noch nur schon sehr etwa eigentlich bitte danke hallo hi hey "
    "moin servus grüezi guten tag abend lg gruß grüße liebe ich du er sie es wir ihr mich dich euch uns "
    "mir dir ihm ihnen man mein meine meinen meinem meiner dein deine deinen deiner euer eure euren "
    "eurem eurer unser unsere ihre ihren ihrem ihrer bin bist ist sind seid war waren sein hab habe "
    "hast hat haben habt hatte gibt gibts geht kann kannst könnt können konnte könnte muss musst müsst "
    "müssen will wollte wollen möchte möcht soll sollte darf werden wird wurde würde was wie wer welche "
    "welcher welches welchen welchem wo wann warum wieso bei in im an am auf aus mit von vom für zu zum "
    "zur nach über um als wenn ob dass da hier dort dann jetzt gerade mehr alle alles etwas irgendwie "
    "eben halt gern gerne frage fragen wissen sagen "
    "the a an and or but so not no yes also just please thanks thank hello is are was were be been am "
    "do does did have has had can could will would should may might must i you he she it we they me him "
    "us them my your our their what which who how where when why on at of to from with by about if that "
    "this there here then now any some all something anything question know tell go come "
)
_EVERYDAY: Final = frozenset(map(features.fold, word_set(_PLAIN)))
"""Words that any question may have, folded: they tell next to nothing of what it is about."""

Numbers = NDArray[np.floating[Any]]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Match:
    """The question that was found: its id, how alike the text is (0 to 1), and the next best one's."""

    id: str
    score: float
    runner_up: str = ""
    next_score: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether nothing else can be meant."""
        return self.score >= SURE and self.score - self.next_score >= APART

    @property
    def likely(self) -> bool:
        """Whether it is a better answer than none."""
        return self.score >= LIKELY


@dataclass(frozen=True, slots=True)
class _Token:
    """One word of a text.

    ``shares`` is what it adds to the likeness of every phrasing, and then how much of it every question
    explains; None where nothing of it is known. ``weight`` is its own, squared.
    """

    shares: Numbers | None
    weight: float


@dataclass(frozen=True, slots=True)
class _Postings:
    """For every feature the places that have it, one feature after the other."""

    starts: Rows
    places: Rows
    weights: Numbers

    def add_up(self, rows: Rows, amounts: Numbers, size: int) -> Numbers:
        """The sum of weights times amounts for each of ``size`` places."""
        first = self.starts.take(rows)
        counts = self.starts.take(rows + 1) - first
        ends = counts.cumsum()
        at = np.arange(ends[-1]) + np.repeat(first - ends + counts, counts)
        found = self.weights.take(at) * np.repeat(amounts, counts)
        total: Numbers = np.bincount(self.places.take(at), weights=found, minlength=size).astype(float)
        return total


class Questions:
    """Questions by their phrasings, compiled once. Safe to share: it only remembers words it has met."""

    def __init__(self, phrasings: Mapping[str, Iterable[str]]) -> None:
        """``phrasings`` are the ways in which each question is asked; what holds no word is passed over."""
        self._ids: list[str] = []
        read: list[tuple[int, Rows, Numbers]] = []
        for name, texts in phrasings.items():
            whole = [_features(words) for text in texts if (words := _words(text))]
            read += [(len(self._ids), *found) for found in whole]
            self._ids += [name] if whole else []
        self._look: Callable[[str, bool], _Token] = lru_cache(maxsize=_REMEMBERED)(self._looked_up)
        if not read:
            return
        owners = np.array([owner for owner, _, _ in read])
        self._known, rows = np.unique(np.concatenate([ids for _, ids, _ in read]), return_inverse=True)
        phrasing = np.repeat(np.arange(len(read)), [len(ids) for _, ids, _ in read])
        size, count = len(self._known), len(self._ids)
        pairs = np.unique(rows * count + owners.take(phrasing))
        shared = np.bincount(pairs // count, minlength=size)
        self._rarity = np.log((1 + count) / (1 + shared)) + 1
        self._strange = log(1 + count) + 1
        self._first = np.searchsorted(owners, np.arange(count))
        self._size = len(read)
        weights = np.concatenate([one for *_, one in read]) * self._rarity.take(rows)
        norms = np.sqrt(np.bincount(phrasing, weights=weights**2))
        self._phrasings = _postings(rows, phrasing, weights / norms.take(phrasing), size)
        self._questions = _postings(pairs // count, pairs % count, np.ones(len(pairs)), size)

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, text: str, without: Collection[str] = ()) -> Match | None:
        """The question that ``text`` asks most likely, as a whole or in one of its sentences.

        Total on any Unicode, linear in its length. ``without`` are ids that are out of the question. None if
        nothing is alike at all.
        """
        best: Numbers | None = None
        for piece in _pieces(text) if self._ids else ():
            scores = self._scores(piece)
            if scores is not None:
                best = scores if best is None else np.maximum(best, scores)
        if best is None:
            return None
        if without:
            best = np.where([one in without for one in self._ids], 0, best)
        first = int(best.argmax())
        score = min(float(best[first]), 1.0)
        if score <= 0:
            return None
        best[first] = 0
        other = int(best.argmax())
        next_score = min(float(best[other]), 1.0)
        return Match(
            self._ids[first], score, self._ids[other] if next_score > 0 else "", max(next_score, 0.0)
        )

    def _scores(self, text: str) -> Numbers | None:
        """How alike the text is to every question; None if it is to none."""
        words = _words(text)
        tokens = [self._look(word, telling) for word, telling in words.items()]
        known = [one.shares for one in tokens if one.shares is not None]
        if not known:
            return None
        norm = fsum(one.weight for one in tokens)
        total = sum(known[1:], known[0])
        alike = np.maximum.reduceat(total[: self._size], self._first)
        scores: Numbers = alike * ((1 - _EXPLAINED) / sqrt(norm)) + total[self._size :] * (_EXPLAINED / norm)
        return scores * _LONE if sum(words.values()) < 2 else scores

    def _looked_up(self, word: str, telling: bool) -> _Token:  # noqa: FBT001 - the words' own flag
        ids, weights = _features({word: telling})
        rows = np.minimum(self._known.searchsorted(ids), len(self._known) - 1)
        known = self._known.take(rows) == ids
        weights = weights * np.where(known, self._rarity.take(rows), self._strange)
        own = float(weights @ weights)
        if not known.any():
            return _Token(None, own)
        rows, weights = rows[known], weights[known]
        alike = self._phrasings.add_up(rows, weights, self._size)
        explained = self._questions.add_up(rows, weights**2, len(self._ids))
        return _Token(np.concatenate((alike, explained)).astype(np.float32), own)


def _pieces(text: str) -> Iterator[str]:
    """The text, and those of its sentences that ask something, where it has several."""
    text = text[: features.MAX_TEXT]
    yield text
    sentences = [match.group().strip() for match in _SENTENCE.finditer(text)] if len(text) > 2 else []
    if len(sentences) > 1:
        yield from [one for one in sentences if one.endswith("?")][:_MOST_SENTENCES]


def _words(text: str) -> dict[str, bool]:
    """The words of a text, each once, and whether it tells what the text is about; none in mere figures."""
    tokens = dict.fromkeys(token for token in features.read(text).tokens if token[0].isalnum())
    if not any(token[0].isalpha() for token in tokens):
        return {}
    words = {token: token not in _EVERYDAY and token[0].isalpha() for token in tokens}
    return words if any(words.values()) else {token: token[0].isalpha() for token in tokens}


def _features(words: Mapping[str, bool]) -> tuple[Rows, Numbers]:
    """The features of words, one word after the other, and how much each counts."""
    ids: list[Rows] = []
    weights: list[Numbers] = []
    for word, telling in words.items():
        whole, _ = features.owned(features.Read((word,), 0))
        if telling:
            characters = features.characters((word,))
            ids += [whole + _WORDS_FROM, characters]
            weights += [np.full(len(whole), _PART), np.ones(len(characters))]
            weights[-2][0] = _WORD
        else:
            ids.append(whole[:1] + _WORDS_FROM)
            weights.append(np.array([_EVERYDAY_WORD]))
    return np.concatenate(ids), np.concatenate(weights)


def _postings(rows: Rows, places: Rows, weights: Numbers, size: int) -> _Postings:
    """Sort what each place has by feature."""
    order = rows.argsort(kind="stable")
    starts = np.concatenate(([0], np.bincount(rows, minlength=size).cumsum()))
    return _Postings(starts, places.take(order), weights.take(order))
