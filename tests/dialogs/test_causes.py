"""Known causes: the product's own come first, the house's are always there, and they speak every language."""

from __future__ import annotations

import pytest

from dialogs.address import address_of
from dialogs.catalogue import SHOPS, load_catalogue
from dialogs.causes import GENERAL, causes_of
from dialogs.shop import Cause, Product

SHOP_NAMES = ("coffee", "outdoor")


def test_the_products_causes_come_first_and_something_else_last() -> None:
    mill = load_catalogue()["HM-01"]
    found = causes_of([mill])
    assert [one.id for one in found[:3]] == ["crank_loose", "bean_stuck", "burrs_rusty"]
    assert found[3:] == GENERAL
    assert found[-1].id == "other"
    assert causes_of([]) == GENERAL


def test_a_product_may_say_a_general_cause_in_its_own_words() -> None:
    own = Cause("user_error", {"de": "Zu fein gemahlen"})
    found = causes_of([Product("A", {"de": "A"}, causes=(own,)), Product("B", {"de": "B"}, causes=(own,))])
    assert found[0] == own
    assert len(found) == len(GENERAL)


def test_a_products_causes_come_before_the_houses() -> None:
    mill = load_catalogue()["HM-01"]
    assert causes_of([mill])[: len(mill.causes)] == mill.causes
    assert mill.causes[1].id == "bean_stuck"
    assert causes_of([])[0] == GENERAL[0]


@pytest.mark.parametrize("shop", SHOP_NAMES)
def test_every_product_of_the_sample_shops_has_causes_in_every_language(shop: str) -> None:
    for product in load_catalogue(SHOPS / shop / "catalogue.yml").values():
        assert len(product.causes) >= 3, product.sku
        for cause in product.causes:
            assert cause.title.keys() == {"de", "en"}
            for text in cause.help.values():
                assert text.endswith((".", "!"))
            if cause.help:
                assert "en" in cause.help
                assert "de" in cause.help or {"de_du", "de_sie"} <= cause.help.keys()
                assert not address_of(cause.help.get("de_du", "")).sie, cause.help
                assert not address_of(cause.help.get("de_sie", "")).du, cause.help
