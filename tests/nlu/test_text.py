"""Raw text becomes comparable words, and no text harms that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.text import fold_word, key


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Größe", "groesse"), ("SUUUPER", "super"), ("café", "cafe"), ("geht’s", "geht's"), ("Œuvre",
        "oeuvre"),
        ("Løv", "lov"), ("aa", "aa"), ("", ""),
    ],
)  # fmt: skip
def test_a_word_is_folded(word: str, folded: str) -> None:
    assert fold_word(word) == folded


@pytest.mark.parametrize(
    ("one", "other"), [("Geht's los?", "gehts los"), ("ERLEDIGT 👍", "erledigt"), ("Größe M", "groesse m")]
)
def test_two_spellings_of_a_title_are_the_same(one: str, other: str) -> None:
    assert key(one) == key(other)


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_text_harms_it(text: str) -> None:
    told = key(text)
    assert isinstance(told, str)
    assert "'" not in told
    assert told == key(f"  {text} !")
