"""How sure triage must be: the threshold that an owner's "about N false alarms a day" comes to.

What the training learnt about itself says how often calm messages and such that want a human reach each
threshold. What people of this shop have judged then says how often it is really so here: per tenth of the
probability, because what reaches people is chosen by that very probability, and a plain share of their
judgements would take the hard cases for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final, TypeAlias

Point: TypeAlias = tuple[float, float, float]
"""A threshold, the share of calm messages that reach it, and the share of those that want a human."""

DEFAULT: Final = 0.5
"""The threshold where nothing is known."""

LEAST: Final = 0.15
MOST: Final = 0.9
"""No wish for quiet makes the bot keep what is all but certain, and none for care hands over everything."""

WANTED: Final = 0.2
"""The share of messages after a purchase that want a human. Source: a guess between what shops report (one in
ten to one in three); judgements of one's own soon outweigh it."""

PRIOR: Final = 20
"""So many judgements in one tenth of the probability weigh as much as what the training says of it."""

_PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """How an owner wants triage to be.

    A human is called from the probability ``threshold`` on. Whoever ordered for ``valued_order`` or more (in
    the order's currency; 0: nobody), or has one of ``valued_tags``, comes first. ``words`` always call for a
    human.
    """

    threshold: float = DEFAULT
    valued_order: Decimal = Decimal(0)
    valued_tags: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()


PLAIN: Final = Policy()
"""Without any wish of the owner's."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A message that a person judged: what the engine had thought before it learnt it, and what is true."""

    chance: float
    human: bool


def threshold_for(
    false_alarms_per_day: float,
    messages_per_day: float,
    curve: Sequence[Point],
    judged: Iterable[Judged] = (),
) -> float:
    """Return the lowest threshold that calls a human in vain no more than so often, from `LEAST` to `MOST`.

    Total: points and judgements outside 0 to 1 are passed over; without a usable curve it is `DEFAULT`. More
    allowed false alarms never raise it.
    """
    points = _usable(curve)
    if not points:
        return DEFAULT
    allowed = false_alarms_per_day / max(messages_per_day, 1e-9)
    vain = in_vain(points, judged)
    fitting = [threshold for (threshold, _, _), rate in zip(points, vain, strict=True) if rate <= allowed]
    return min(max(min(fitting, default=MOST), LEAST), MOST)


def in_vain(curve: Sequence[Point], judged: Iterable[Judged] = ()) -> list[float]:
    """Return for each point of a rising curve the share of all messages that reach it and are calm.

    It never rises along the curve. Without judgements it is the curve's own share; each tenth of the
    probability moves towards the judgements in it by n / (n + `PRIOR`).
    """
    calm, human = _counted(judged)
    steps = list(pairwise([*curve, (1.0, 0.0, 0.0)]))
    masses = [
        (
            max(here[1] - there[1], 0.0) * (1 - WANTED),
            max(here[2] - there[2], 0.0) * WANTED,
            min(int(here[0] * _PARTS), _PARTS - 1),
        )
        for here, there in steps
    ]
    quiet, loud = [0.0] * _PARTS, [0.0] * _PARTS
    for mass, other, part in masses:
        quiet[part] += mass
        loud[part] += other
    total, rates = 0.0, []
    for mass, other, part in reversed(masses):
        here = quiet[part] + loud[part]
        believed = quiet[part] / here if here else 0.0
        known = calm[part] + human[part]
        share = (PRIOR * believed + calm[part]) / (PRIOR + known)
        # Inside a tenth the curve keeps its shape; only how much of it is calm is corrected.
        total += mass * share / believed if believed else (mass + other) * share
        rates.append(total)
    return rates[::-1]


def _usable(curve: Sequence[Point]) -> list[Point]:
    """The points of a curve by threshold, shares never rising: what was measured may wobble."""
    points: list[Point] = []
    for threshold, calm, human in sorted(curve):
        if not (0 <= threshold <= 1 and 0 <= calm <= 1 and 0 <= human <= 1):
            continue
        most = points[-1] if points else (0.0, 1.0, 1.0)
        points.append((threshold, min(calm, most[1]), min(human, most[2])))
    return points


def _counted(judged: Iterable[Judged]) -> tuple[list[int], list[int]]:
    calm, human = [0] * _PARTS, [0] * _PARTS
    for one in judged:
        if 0 <= one.chance <= 1:
            (human if one.human else calm)[min(int(one.chance * _PARTS), _PARTS - 1)] += 1
    return calm, human
