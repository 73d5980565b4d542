"""Is the engine better for what people corrected? Asked only of engines that have not seen the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.training import Correction
from dialogs.heard import Understand
from dialogs.sensitivity import DEFAULT
from nlu.text import key

PARTS: Final = 3
"""So many engines are trained to judge the new one, each without one part of the corrections."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """How many of ``asked`` messages were understood otherwise than people say they are meant."""

    asked: int = 0
    intent: int = 0
    mood: int = 0
    handoff: int = 0

    def __add__(self, other: Wrong) -> Wrong:
        """Both together."""
        return Wrong(
            self.asked + other.asked,
            self.intent + other.intent,
            self.mood + other.mood,
            self.handoff + other.handoff,
        )


def compare(
    corrections: Sequence[Correction],
    learnt: Callable[[Sequence[Correction]], Understand],
    threshold: float = DEFAULT,
) -> tuple[Wrong, Wrong] | None:
    """Return how wrong an engine is without the corrections, and with them, by cross-validation.

    ``learnt`` trains an engine with the given corrections. Every message is asked of engines that have learnt
    neither it nor the same words written otherwise. None where there is too little to take a part away.
    """
    parts = _parts(corrections)
    if len(parts) < 2:
        return None
    before = wrong(learnt(()), corrections, threshold)
    after = Wrong()
    for part in parts:
        others = [one for other in parts if other is not part for one in other]
        after += wrong(learnt(others), part, threshold)
    return before, after


def wrong(understand: Understand, messages: Sequence[Correction], threshold: float = DEFAULT) -> Wrong:
    """Return how often an engine understands messages otherwise than people do."""
    total = Wrong()
    for one in messages:
        said = understand(one.text, language=one.language, expecting=None)
        total += Wrong(
            1,
            said.intent != one.intent,
            said.mood.label != one.mood,
            (said.handoff >= threshold) != one.handoff,
        )
    return total


def _parts(corrections: Sequence[Correction]) -> list[list[Correction]]:
    """The corrections in parts of about one size; what reads the same is in the same part."""
    alike: dict[str, list[Correction]] = {}
    for one in corrections:
        alike.setdefault(key(one.text), []).append(one)
    parts: list[list[Correction]] = [[] for _ in range(PARTS)]
    for number, name in enumerate(sorted(alike)):
        parts[number % PARTS] += alike[name]
    return [part for part in parts if part]
