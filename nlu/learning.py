"""Examples to a model: linear heads over hashed n-grams and the mood's signals, calibrated.

Training wants scikit-learn, which is large: it is only imported here, and a server trains in a process of its
own (`bot.training`), so that answering needs nothing but arrays.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from nlu.corpus import INTENTS, MOODS, Example
from nlu.features import read as read_text
from nlu.features import worded
from nlu.model import Blend, Head, Model, Numbers, general
from nlu.mood import FEATURES
from nlu.table import Table, read, table
from nlu.together import together

FOLDS: Final = 4
"""The examples are cut into so many parts to find out how sure the model may be; one is held out."""

_SEED: Final = 20
_ROUNDS: Final = 4
"""Passes over the examples. More change nothing that cross-validation could see, and take longer."""


Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Task:
    """What one head is to learn. ``cost`` is the price of a mistake against that of large weights."""

    name: str
    labels: tuple[str, ...]
    of: Callable[[Example], str]
    cost: float


TASKS: Final = (
    _Task("intent", INTENTS, lambda example: example.intent, 0.3),
    _Task("mood", MOODS, lambda example: example.mood, 0.4),
    _Task("handoff", ("human",), lambda example: "human" if example.handoff else "", 0.4),
)


def learn(
    examples: Sequence[Example], name: str, found: Table | None = None, *, apart: bool = False
) -> Model:
    """Train all heads on ``examples``, and find out on held-out ones how sure the model may be of itself.

    The model is called ``name``; ``found`` are the examples already read. Deterministic: the same examples in
    the same order give the same model, whether a second process helps (``apart``) or not. Its notes say how
    many ``examples`` there were, the ``least`` confidence under which an intent is not believed, and the
    ``handoff_curve``: thresholds, each with the share of calm messages it would hand over and the share of
    unhappy ones it would find.

    Raises:
        ValueError: some label has fewer than `FOLDS` examples.

    """
    _check(examples)
    found = found or table([read(examples)])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=_SEED)
    learnt, asked = next(folds.split(examples, [example.intent for example in examples]))
    intent, mood, handoff = (_Pupil(task, found.columns, _answers(task, examples)) for task in TASKS)
    (all_intents, one), (tried_intents, two) = together(
        lambda: (intent.fit(), (handoff.fit(), handoff.tried(learnt, asked))),
        lambda: (
            intent.tried(learnt, asked),
            (mood.fit(), mood.tried(learnt, asked) + _tones(examples, found, asked)),
        ),
        apart=apart,
    )
    heads = _heads((tried_intents, two[1]), (intent.answers[asked], mood.answers[asked]))
    blend = _blend(
        (one[1][:, 0], heads[0].all_chances(tried_intents), heads[1].all_chances(two[1])),
        _usual(examples),
        handoff.answers[asked],
    )
    stacked = np.concatenate([fit.coef_ for fit in (all_intents, two[0], one[0])]).T.astype(np.float32)
    kept = len(found.rarity)
    return Model(
        name=name,
        heads=heads,
        blend=blend.blend,
        known=found.known,
        rarity=found.rarity,
        weights=np.ascontiguousarray(stacked[:kept] * found.rarity[:, None]),
        bias=np.concatenate([fit.intercept_ for fit in (all_intents, two[0], one[0])]).astype(np.float32),
        signals=np.ascontiguousarray(stacked[kept:]),
        notes={
            "examples": len(examples),
            "least": least_confidence(heads[0], tried_intents, intent.answers[asked]),
            "handoff_curve": handoff_curve(blend.chances, handoff.answers[asked]),
        },
    )


def _check(examples: Sequence[Example]) -> None:
    for task in TASKS:
        seen = Counter(map(task.of, examples))
        if few := [label for label in task.labels if seen[label] < FOLDS]:
            raise ValueError(f"there are fewer than {FOLDS} examples of {task.name}: {', '.join(few)}")


def _answers(task: _Task, examples: Sequence[Example]) -> Labels:
    """Label numbers; for a head of one label 1 and 0."""
    if len(task.labels) == 1:
        return np.array([int(task.of(example) == task.labels[0]) for example in examples])
    number = {label: at for at, label in enumerate(task.labels)}
    return np.array([number[task.of(example)] for example in examples])


@dataclass(frozen=True, slots=True)
class _Pupil:
    """A task with what it is learnt from."""

    task: _Task
    columns: sparse.csr_matrix
    answers: Labels

    def fit(self) -> LinearSVC:
        """Learn from everything."""
        return self._fitted(self.columns, self.answers)

    def tried(self, learnt: Labels, asked: Labels) -> Numbers:
        """What a model that has learnt some examples says of others that it has not seen."""
        fitted = self._fitted(self.columns[learnt], self.answers[learnt])
        sums = fitted.decision_function(self.columns[asked]).reshape(len(asked), -1)
        return np.asarray(sums, dtype=np.float32)

    def _fitted(self, columns: sparse.csr_matrix, answers: Labels) -> LinearSVC:
        learner = LinearSVC(C=self.task.cost, tol=0.1, max_iter=_ROUNDS, random_state=_SEED)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early on purpose
            return learner.fit(columns, answers)


def _tones(examples: Sequence[Example], found: Table, asked: Labels) -> Numbers:
    """What the tone of their words adds to the moods of some messages (`nlu.model.general`)."""
    signals = found.columns[asked][:, -len(FEATURES) :].toarray()
    texts = [read_text(examples[at].text) for at in asked]
    return np.array(
        [
            general(found.known[1], text.tokens, worded(text), told)
            for text, told in zip(texts, signals.tolist(), strict=True)
        ],
        dtype=np.float32,
    )


def _heads(sums: tuple[Numbers, Numbers], answers: tuple[Labels, Labels]) -> tuple[Head, Head]:
    """The heads of intent and mood, each with the sharpness under which its chances come true."""
    intent, mood = TASKS[0], TASKS[1]
    return (
        calibrated(Head(intent.name, intent.labels, 0), sums[0], answers[0]),
        calibrated(Head(mood.name, mood.labels, len(intent.labels)), sums[1], answers[1]),
    )


def calibrated(head: Head, sums: Numbers, answers: Labels) -> Head:
    """The head with the sharpness under which its chances come true."""
    tried = np.geomspace(0.5, 15, 60)
    best = min(tried, key=lambda sharpness: _surprise(sums * sharpness, answers))
    return replace(head, sharpness=float(best))


@dataclass(frozen=True, slots=True)
class _Blended:
    """What the handoff is judged by, and what that says of the held-out examples."""

    blend: Blend
    chances: NDArray[np.float64]


def _usual(examples: Sequence[Example]) -> tuple[float, ...]:
    """How often each intent wants a human."""
    seen, wanted = (
        Counter(one.intent for one in examples),
        Counter(one.intent for one in examples if one.handoff),
    )
    return tuple(wanted[intent] / seen[intent] for intent in INTENTS)


def _blend(found: tuple[Numbers, Numbers, Numbers], usual: tuple[float, ...], answers: Labels) -> _Blended:
    """Judge the handoff by its own words, by what is meant and what is felt; fitted on held-out examples."""
    words, intents, moods = found
    negative, positive = MOODS.index("negative"), MOODS.index("positive")
    rows = np.column_stack([words, intents @ np.array(usual), moods[:, negative], moods[:, positive]])
    fitted = LogisticRegression(C=1e3).fit(rows, answers)
    own, meant, bad, good = map(float, fitted.coef_[0])
    first = len(INTENTS) + len(MOODS)
    blend = Blend(first, usual, own, meant, bad, good, float(fitted.intercept_[0]))
    return _Blended(blend, fitted.predict_proba(rows)[:, 1])


def least_confidence(head: Head, sums: Numbers, answers: Labels) -> float:
    """The confidence under which saying "out of scope" is right more often than the best guess."""
    chances = head.all_chances(sums)
    best, outside = chances.max(axis=1), head.labels.index("out_of_scope")
    guessed = chances.argmax(axis=1)
    tried = np.linspace(0.0, 0.6, 61)
    right = [float((np.where(best < least, outside, guessed) == answers).mean()) for least in tried]
    return float(tried[int(np.argmax(right))])


def handoff_curve(chances: NDArray[np.float64], answers: Labels) -> list[list[float]]:
    """For thresholds from 0.05 to 0.95: the share of calm messages above, and of those that want a human."""
    wanted = answers == 1
    return [
        [
            round(float(at), 2),
            round(float((chances[~wanted] >= at).mean()), 4),
            round(float((chances[wanted] >= at).mean()), 4),
        ]
        for at in np.linspace(0.05, 0.95, 19)
    ]


def _surprise(odds: Numbers, answers: Labels) -> float:
    """The mean log-loss."""
    odds = odds - odds.max(axis=1, keepdims=True)
    chances = odds - np.log(np.exp(odds).sum(axis=1, keepdims=True))
    return float(-chances[np.arange(len(answers)), answers].mean())
