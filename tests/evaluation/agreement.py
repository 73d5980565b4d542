"""How far a second reader, who did not see the labels, gives the same ones: shares and Cohen's kappa."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nlu.corpus import Example

SECOND_PASS: Final = Path(__file__).parent / "data" / "second_pass.jsonl"
"""What the second reader gave: ``text``, ``lang``, ``intent``, ``mood``, ``handoff`` a line."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with its own labels and those of the second reader."""

    example: Example
    intent: str
    mood: str
    handoff: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares from 0 to 1; the kappas take out what chance alone would give."""

    intent: float
    mood: float
    handoff: float
    kappa_intent: float
    kappa_mood: float
    kappa_handoff: float


def second_pass(examples: Iterable[Example]) -> list[Judged]:
    """Join what the second reader gave to the messages of today; what is no longer there is left out."""
    known = {(example.language, example.text): example for example in examples}
    rows = [json.loads(line) for line in SECOND_PASS.read_text(encoding="utf-8").splitlines()]
    return [
        Judged(known[row["lang"], row["text"]], row["intent"], row["mood"], row["handoff"])
        for row in rows
        if (row["lang"], row["text"]) in known
    ]


def agreement(judged: Sequence[Judged]) -> Agreement:
    """How often both readers agree."""
    intents = [(one.example.intent, one.intent) for one in judged]
    moods = [(one.example.mood, one.mood) for one in judged]
    handoffs = [(str(one.example.handoff), str(one.handoff)) for one in judged]
    return Agreement(
        _share(intents), _share(moods), _share(handoffs), _kappa(intents), _kappa(moods), _kappa(handoffs)
    )


def _share(pairs: Sequence[tuple[str, str]]) -> float:
    return sum(first == second for first, second in pairs) / len(pairs)


def _kappa(pairs: Sequence[tuple[str, str]]) -> float:
    first, second = (Counter(pair[place] for pair in pairs) for place in (0, 1))
    chance = sum(first[label] * second[label] for label in first) / len(pairs) ** 2
    return (_share(pairs) - chance) / (1 - chance)
