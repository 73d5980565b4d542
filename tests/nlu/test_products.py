"""Products of a catalogue in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.products import Catalogue

SHOP = Catalogue(
    {
        "M1": ["Handmühle Nordlicht", "Kaffeemühle Nordlicht"],
        "M2": ["Elektromühle Sturm"],
        "F1": ["Filterhalter Holz"],
        "O1": ["Pflegeöl für Leder 250 ml"],
        "B1": ["Bohnen Morgenrot 500 g"],
        "R1": ["Rucksack Alpin 40 l"],
        "L1": ["Stehlampe Lumen"],
        "Y1": ["Yogamatte Kork"],
        "S1": ["Seife"],
        "S2": ["Seife Lavendel"],
        "": [""],
    }
)


def named(text: str) -> list[tuple[str, str]]:
    return [(one.value, text[one.start : one.end]) for one in SHOP.named(text)]


@pytest.mark.parametrize(
    ("text", "sku", "surface"),
    [
        ("die Handmühle Nordlicht klemmt", "M1", "Handmühle Nordlicht"),
        ("die nordlicht klemmt", "M1", "nordlicht"),
        ("meine handmuehle", "M1", "handmuehle"),
        ("die Sturm mühle", "M2", "Sturm mühle"),
        ("meines Rucksacks", "R1", "Rucksacks"),
        ("rukcsack kaputt", "R1", "rukcsack"),
        ("zwei Stehlampen", "L1", "Stehlampen"),
        ("die Lampe flackert", "L1", "Lampe"),
        ("yogamate", "Y1", "yogamate"),
        ("der Filterhalter aus Holz", "F1", "Filterhalter aus Holz"),
        ("eure Bohnen", "B1", "Bohnen"),
        ("wie viel vom Pflegeöl", "O1", "Pflegeöl"),
        ("die Wanderrucksäcke", "R1", "Wanderrucksäcke"),
        ("die Seife", "S1", "Seife"),
        ("Lavendel Seife", "S2", "Lavendel Seife"),
    ],
)
def test_a_product(text: str, sku: str, surface: str) -> None:
    assert named(text) == [(sku, surface)]


@pytest.mark.parametrize(
    "text",
    [
        "die Mühle klemmt",
        "guten Morgen",
        "Leder stinkt",
        "ich habe 500 Fragen",
        "die Kasse",
        "hallo zusammen",
        "",
        "40",
    ],
)
def test_no_product(text: str) -> None:
    assert named(text) == []


def test_two_products_in_one_text() -> None:
    assert [sku for sku, _ in named("Der Rucksack ist toll, die Yogamatte stinkt")] == ["R1", "Y1"]


def test_an_empty_catalogue_names_nothing() -> None:
    assert len(Catalogue({})) == 0
    assert list(Catalogue({}).named("Handmühle")) == []


@given(
    st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=60), max_size=3), max_size=5),
    st.text(max_size=200),
)
def test_any_catalogue_and_any_text(products: dict[str, list[str]], text: str) -> None:
    for name in (text, *(name for names in products.values() for name in names)):
        for one in Catalogue(products).named(name):
            assert one.value in products
            assert 0 <= one.start < one.end <= len(name)
