"""What a buyer's orders add up to: points, and a tier. Orders that were called off do not count."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from dialogs.scene import Scene
from dialogs.shop import Order

TIERS: Final = ((1, "bronze"), (3, "silver"), (6, "gold"))
"""From how many orders on somebody is of a tier, the lowest first."""

_GONE: Final = frozenset({"cancelled", "refunded"})


def points(scene: Scene) -> int:
    """One point for each whole euro, or franc, of all orders together."""
    here = sum((order.total for order in _standing(scene)), Decimal(0))
    return max(int(max(here, scene.facts.journey.spent)), 0)


def tier(scene: Scene) -> str:
    """The highest tier that has been reached; empty before the first order."""
    return tier_of(_count(scene))


def to_next_tier(scene: Scene) -> int:
    """How many orders are missing for the next tier; 0 where there is none."""
    return orders_to_next(_count(scene))


def tier_of(orders: int) -> str:
    """The tier that so many orders reach."""
    return next((name for least, name in reversed(TIERS) if orders >= least), "")


def orders_to_next(orders: int) -> int:
    """How many orders are missing for the tier after that; 0 where there is none."""
    return next((least - orders for least, _ in TIERS if orders < least), 0)


def _count(scene: Scene) -> int:
    return max(scene.facts.journey.orders, len(_standing(scene)))


def _standing(scene: Scene) -> list[Order]:
    """The orders of this chat that were not called off; the buyer may have others."""
    return [order for order in scene.facts.orders if order.status not in _GONE]
