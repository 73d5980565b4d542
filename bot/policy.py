"""How sure triage must be in this shop: by settings, traffic, the training and what people judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bot.settings import Triage
from dialogs.sensitivity import Point, Policy, threshold_for
from persistence.store import Store

MESSAGES_PER_DAY: Final = 50.0
"""Taken for true until enough has been measured."""


async def policy_of(settings: Triage, store: Store, notes: Mapping[str, Any], now: datetime) -> Policy:
    """Work out the policy at ``now``; ``notes`` are those of the engine's model."""
    per_day = settings.messages_per_day or await store.corrections.messages_per_day(now) or MESSAGES_PER_DAY
    judged = await store.corrections.judged()
    return Policy(
        threshold=threshold_for(settings.false_alarms_per_day, per_day, curve_of(notes), judged),
        valued_order=settings.valued_order,
        valued_tags=frozenset(settings.valued_tags),
        words=tuple(settings.words),
    )


def curve_of(notes: Mapping[str, Any]) -> tuple[Point, ...]:
    """Return what the training found out about handing over; nothing where it says nothing of use."""
    found = notes.get("handoff_curve")
    points: list[Point] = []
    for row in found if isinstance(found, Sequence) and not isinstance(found, str) else ():
        try:
            threshold, calm, human = map(float, row)
        except (TypeError, ValueError):
            continue
        points.append((threshold, calm, human))
    return tuple(points)
