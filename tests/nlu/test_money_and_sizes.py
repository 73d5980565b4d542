"""Amounts of money, and sizes."""

from __future__ import annotations

import pytest

from nlu.entities import entities


def values(text: str, kind: str, country: str = "DE") -> list[str]:
    return [one.value for one in entities(text, None, country=country) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4,95 €", "4.95 EUR"),
        ("CHF 12.50", "12.50 CHF"),
        ("fuffzig euro", "50.00 EUR"),
        ("20 quid", "20.00 GBP"),
        ("twenty quid", "20.00 GBP"),
        ("£64.90", "64.90 GBP"),
        ("10.-", "10.00 CHF"),
        ("10,-", "10.00 EUR"),
        ("1.249,00 €", "1249.00 EUR"),
        ("CHF 1'249.50", "1249.50 CHF"),
        ("40 cent", "0.40 EUR"),
        ("zehn Rappen", "0.10 CHF"),
        ("nur 7,90 kostet", "7.90 EUR"),
        ("refund of 0.00", "0.00 EUR"),
        ("bezahlt hab ich 129, auf der", "129.00 EUR"),
        ("120€", "120.00 EUR"),
        ("hundertzwanzig Franken", "120.00 CHF"),
    ],
)
def test_an_amount(text: str, value: str) -> None:
    assert values(text, "amount") == [value]


def test_an_amount_without_a_currency_is_of_the_shops_country() -> None:
    assert values("es waren 34,90", "amount", "CH") == ["34.90 CHF"]


@pytest.mark.parametrize(
    "text", ["um 10.30 Uhr", "bin 1,78", "1,60 m", "am 12.10.", "3 prozent", "firmware 2.45", "eine Rechnung"]
)
def test_no_amount(text: str) -> None:
    assert values(text, "amount") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("in XXL auch?", "XXL"),
        ("noch eine in L da?", "L"),
        ("Größe 42", "42"),
        ("Größe m", "M"),
        ("EU 42", "EU 42"),
        ("size uk 7.5", "UK 7.5"),
        ("die wanderstiefel in 43,5", "43.5"),
        ("schuhe gegen 41 tauschen", "41"),
        ("Parfum 100 ml", "100 ml"),
        ("zwei Liter", "2 l"),
        ("monstera 1,60 m", "1.60 m"),
        ("Matratze 140 x 210 cm", "140x210"),
        ("jeans in W31 L34", "W31 L34"),
        ("have you got it in a medium?", "M"),
        ("boots in a 7?", "7"),
    ],
)
def test_a_size(text: str, value: str) -> None:
    assert values(text, "size") == [value]


@pytest.mark.parametrize(
    "text",
    [
        "in 40 Minuten",
        "Frau M. rief an",
        "H & M",
        "it's fine",
        "a large problem",
        "S Päckli isch da",
        "half sizes",
        "seit 42 Tagen",
    ],
)
def test_no_size(text: str) -> None:
    assert values(text, "size") == []
