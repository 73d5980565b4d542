"""How much of a script conversations play: its steps and the ways on from them, and what was left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dialogs.flow import Flow
from dialogs.records import Taken
from dialogs.ways import ways


@dataclass(frozen=True, slots=True)
class Count:
    """How many of how many."""

    taken: int = 0
    all: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.taken + other.taken, self.all + other.all)

    @property
    def percent(self) -> float:
        """With one decimal, rounded down, so that only all of it is 100; nothing to take is 100 as well."""
        return self.taken * 1000 // self.all / 10 if self.all else 100.0

    def __str__(self) -> str:
        return f"{self.taken}/{self.all}"


@dataclass(frozen=True, slots=True)
class Covered:
    """What was taken of one flow; ``never`` names the rest: ``step``, or ``step: way`` (`dialogs.ways`)."""

    flow: str
    steps: Count
    choices: Count
    never: tuple[str, ...] = ()

    @property
    def total(self) -> Count:
        """Steps and choices together."""
        return self.steps + self.choices


def covered(flows: Iterable[Flow], taken: Collection[Taken]) -> tuple[Covered, ...]:
    """What was taken of each of these flows, in these versions: a changed flow is another one."""
    known = frozenset(taken)
    return tuple(_covered(flow, known) for flow in sorted(flows, key=lambda one: one.id))


def total(found: Sequence[Covered]) -> Count:
    """What was taken of all of them."""
    return sum((one.total for one in found), Count())


def _covered(flow: Flow, taken: frozenset[Taken]) -> Covered:
    never: list[str] = []
    steps, choices = Count(), Count()
    for step in flow.steps.values():
        played = Taken(flow.id, flow.version, step.id) in taken
        steps += Count(played, 1)
        if not played:
            never.append(step.id)
        for way in ways(step):
            gone = Taken(flow.id, flow.version, step.id, way) in taken
            choices += Count(gone, 1)
            if not gone:
                never.append(f"{step.id}: {way}")
    return Covered(flow.id, steps, choices, tuple(never))
