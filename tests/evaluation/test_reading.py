"""Syllables and reading ease, as the formulas want them; and the house's texts are easily read."""

from __future__ import annotations

from typing import Final

import pytest

from tests.dialogs.house_texts import Text, house_texts, tell
from tests.evaluation.reading import FEW_WORDS, eases, hardest, language_of_key, syllables, table

_HARDEST: Final = 45
"""A German text of Amstad's ease below this is for specialists."""


def test_texts_are_easily_read() -> None:
    tell(
        text.told(key, f"reading ease {value:.0f}")
        for text, key, value in eases(house_texts())
        if language_of_key(key) == "de" and value < _HARDEST
    )


@pytest.mark.parametrize(
    ("word", "many"),
    [
        ("Bestellung", 3), ("freut", 1), ("beantworten", 4), ("geöffnet", 3), ("Familie", 4), ("Mühle", 2),
        ("Erneuerung", 4), ("Espresso", 3), ("Material", 4), ("wie", 1), ("Energie", 3), ("Quelle", 2),
        ("beiden", 2), ("geeignet", 3), ("Geige", 2), ("Bewertung", 3), ("Team", 1), ("Betreuung", 3),
        ("Reparatur", 4), ("dauert", 2), ("pst", 1),
    ],
)  # fmt: skip
def test_german_syllables(word: str, many: int) -> None:
    assert syllables(word, "de") == many


@pytest.mark.parametrize(
    ("word", "many"),
    [
        ("order", 2), ("stopped", 1), ("wanted", 2), ("made", 1), ("little", 2), ("coffee", 2), ("create", 2),
        ("being", 2), ("idea", 3), ("question", 2), ("boxes", 2), ("places", 2), ("makes", 1), ("please", 1),
        ("didn't", 2), ("don't", 1), ("we've", 1), ("delivery", 4), ("the", 1), ("previous", 3), ("tried", 1),
        ("people", 2), ("changes", 2), ("area", 3),
    ],
)  # fmt: skip
def test_english_syllables(word: str, many: int) -> None:
    assert syllables(word, "en") == many


def test_short_texts_have_no_ease() -> None:
    few = Text("x", 1, (), {"de": " ".join(["Donaudampfschifffahrtsgesellschaft"] * FEW_WORDS)})
    assert not list(eases([few]))
    many = Text("x", 1, (), {"de": " ".join(["Donaudampfschifffahrtsgesellschaft"] * (FEW_WORDS + 1))})
    [(_, _, value)] = eases([many])
    assert value < _HARDEST


def test_the_table_has_a_row_for_each_part_and_one_for_all() -> None:
    rows = table().splitlines()
    assert [row.split(" | ")[0] for row in rows[2:4]] == ["| flows", "| scripts/phrases.yml"]
    assert rows[-1].startswith("| **all** | ")
    assert len({row.count("|") for row in rows}) == 1
    assert len(list(hardest(3))) == 3
