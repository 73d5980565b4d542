"""A service among the products: nothing of it is shipped, so nothing is on its way, late, or arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dialogs.catalogue import SHOPS, load_catalogue
from dialogs.facts import Facts
from dialogs.names import value_of
from dialogs.scene import Scene, has_service, is_shipped
from dialogs.shop import Order, OrderStatus, Parcel
from dialogs.state import State
from dialogs.triage import moment_of
from dialogs.words import Tone
from tests.dialogs.player import START, order

PRODUCTS = load_catalogue(SHOPS / "outdoor" / "catalogue.yml")
FITTING, REPAIR, TENT = "BF-01", "REP-1", "ZT-02"
PARCEL = ("on_its_way", "arrived", "has_parcel")


def told(bought: Order | None, *names: str) -> list[object]:
    scene = Scene(
        Facts(orders=() if bought is None else (bought,), products=PRODUCTS), State(), Tone(), bought
    )
    return [value_of(scene, name) for name in names]


@pytest.mark.parametrize(
    ("skus", "service", "shipped"),
    [
        ((FITTING,), True, False),
        ((FITTING, REPAIR), True, False),
        ((FITTING, TENT), True, True),
        ((FITTING, "unknown"), True, True),
        ((TENT,), False, True),
        (("unknown",), False, True),
    ],
)
def test_what_is_shipped(skus: tuple[str, ...], service: bool, shipped: bool) -> None:
    bought = order("1001", *skus)
    assert has_service(bought, PRODUCTS) is service
    assert is_shipped(bought, PRODUCTS) is shipped
    assert told(bought, "has_service") == [service]


def test_an_order_without_items_is_taken_for_a_parcel() -> None:
    empty = replace(order(), items=())
    assert is_shipped(empty, PRODUCTS)
    assert is_shipped(None, PRODUCTS)
    assert not has_service(empty, PRODUCTS)
    assert told(None, "has_service", "category") == [False, ""]


@pytest.mark.parametrize("status", ["paid", "shipped", "delivered"])
def test_an_order_of_services_alone_has_no_parcel(status: OrderStatus) -> None:
    bought = replace(order("1001", FITTING, status=status), parcels=(Parcel("0034"),))
    assert told(bought, *PARCEL) == [False, False, False]
    with_goods = replace(order("1001", FITTING, TENT, status=status), parcels=(Parcel("0034"),))
    assert told(with_goods, *PARCEL) == [status == "shipped", status == "delivered", True]


def test_it_is_never_late() -> None:
    for skus, late in (((FITTING,), False), ((FITTING, TENT), True)):
        bought = order("1001", *skus, status="shipped")
        bought = replace(bought, milestones={**bought.milestones, "shipped": START})
        moment = moment_of(State(), Facts(products=PRODUCTS), bought, START + timedelta(days=30))
        assert moment.late is late


def test_the_category_is_the_main_products() -> None:
    assert told(order("1001", FITTING), "category") == ["bike_fitting"]
    assert told(order("1001", "unknown", TENT), "category") == ["tent"]
    assert told(order("1001", "unknown"), "category") == [""]
