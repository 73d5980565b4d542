"""Ratings, however they are said."""

from __future__ import annotations

import pytest

from nlu.entities import entities


def rated(text: str, expecting: str | None = None, country: str = "DE") -> list[str]:
    return [one.value for one in entities(text, expecting, country=country) if one.kind == "rating"]


@pytest.mark.parametrize(
    ("text", "expecting", "value"),
    [
        ("⭐⭐⭐⭐", None, "4"),
        ("⭐️⭐️⭐️", None, "3"),
        ("★★★★★", None, "5"),
        ("⭐ weil der karton schön war", None, "1"),
        ("4/5", None, "4"),
        ("4 von 5", None, "4"),
        ("four out of five", None, "4"),
        ("4 Sterne", None, "4"),
        ("vier Sterne, weil", None, "4"),
        ("ein Stern", None, "1"),
        ("9/10", None, "5"),
        ("fünf von zehn", None, "3"),
        ("1/10 ehrlich", None, "1"),
        ("Note 2", None, "4"),
        ("Schulnote fünf, Akku hält nie", None, "1"),
        ("ne glatte 1+!", None, "5"),
        ("vier minus", None, "2"),
        ("A+ from a retired teacher", None, "5"),
        ("4", "rating", "4"),
        ("vier", "rating", "4"),
        ("die zweite", "rating", "2"),
        ("Ich gebe eine 3, weil die Kurbel hakt", "rating", "3"),
        ("5!!", "rating", "5"),
        ("3: good pan", "rating", "3"),
        ("👍👍", "rating", "5"),
        ("👍🏽", "rating", "4"),
        ("👎", "rating", "2"),
        ("👎👎👎", "rating", "1"),
        ("glatte 6", "rating", "1"),
    ],
)
def test_a_rating(text: str, expecting: str | None, value: str) -> None:
    assert rated(text, expecting) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "3 oder 4", "4-5", "⭐⭐⭐⭐⭐⭐", "7", "4,5 Sterne", "0/5", "0/10", "15", "um 4:30 Uhr",
        "am 3. bestellt", "seit 2 Wochen", "5 €", "2 von 3 artikeln", "👍👎", "4 von 5 Artikeln fehlen",
    ],
)  # fmt: skip
def test_no_rating(text: str) -> None:
    assert rated(text, "rating") == []


@pytest.mark.parametrize("text", ["4", "vier", "👍👍", "eine 3"])
def test_bare_figures_and_thumbs_are_ratings_only_where_one_is_expected(text: str) -> None:
    assert rated(text) == []


def test_in_switzerland_six_is_the_best_grade() -> None:
    assert rated("Note 6", country="CH") == ["5"]
    assert rated("Note 6", country="AT") == ["1"]
