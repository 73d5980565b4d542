"""Points and tiers: what the buyer's orders add up to, in this chat and in all of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.facts import Facts, Journey
from dialogs.loyalty import TIERS
from dialogs.names import value_of
from dialogs.scene import Scene
from dialogs.state import State
from dialogs.words import Tone
from tests.dialogs.player import order

NAMES = ("points", "tier", "to_next_tier")
NOBODY = Journey()


def told(*totals: str, gone: tuple[str, ...] = (), journey: Journey = NOBODY) -> tuple[object, ...]:
    """What the names stand for, with these orders in the chat and those beside them that were called off."""
    orders = [replace(order(str(n)), total=Decimal(total)) for n, total in enumerate(totals)]
    orders += [
        replace(order(f"x{n}", status="cancelled" if n % 2 else "refunded"), total=Decimal(total))
        for n, total in enumerate(gone)
    ]
    scene = Scene(Facts(orders=tuple(orders), journey=journey), State(), Tone(), None)
    return tuple(value_of(scene, name) for name in NAMES)


def test_whoever_has_not_bought_anything() -> None:
    assert told() == (0, "", 1)


def test_cents_add_up_and_what_was_called_off_does_not_count() -> None:
    assert told("89.00", "14.50", "14.50") == (118, "silver", 3)
    assert told("89.99", gone=("400", "500")) == (89, "bronze", 2)
    assert told(gone=("400",)) == (0, "", 1)


@pytest.mark.parametrize(
    ("orders", "tier", "missing"),
    [(1, "bronze", 2), (2, "bronze", 1), (3, "silver", 3), (5, "silver", 1), (6, "gold", 0), (40, "gold", 0)],
)
def test_the_tiers(orders: int, tier: str, missing: int) -> None:
    assert told(journey=Journey(orders=orders, spent=Decimal(orders * 10))) == (orders * 10, tier, missing)


def test_the_orders_of_the_other_chats_count_and_none_counts_twice() -> None:
    assert told("20", journey=Journey(orders=3, spent=Decimal("79.99"))) == (79, "silver", 3)
    assert told("20", "30", journey=Journey(orders=1, spent=Decimal(20))) == (50, "bronze", 1)


@given(st.integers(0, 50), st.decimals(-10_000, 10_000, places=2))
def test_a_tier_is_reached_by_what_was_missing(orders: int, spent: Decimal) -> None:
    points, _, missing = told(journey=Journey(orders=orders, spent=spent))
    assert isinstance(points, int)
    assert isinstance(missing, int)
    assert points >= 0
    if missing:
        assert told(journey=Journey(orders=orders + missing))[1] in {name for _, name in TIERS}
        assert told(journey=Journey(orders=orders + missing))[1] != told(journey=Journey(orders=orders))[1]
    else:
        assert told(journey=Journey(orders=orders))[1] == "gold"
