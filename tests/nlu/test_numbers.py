"""Numbers in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.numbers import number_of, ordinal_of, spoken


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("null", 0), ("zwo", 2), ("zwölf", 12), ("fuffzig", 50), ("einundzwanzig", 21), ("hundert", 100),
        ("zweihundertfünf", 205), ("tausendeins", 1001), ("zwölfhundert", 1200), ("tausendundeins", 1001),
        ("zehntausendvierhundertzwölf", 10412), ("twenty-two", 22), ("Seven", 7), ("zwöi", 2),
        ("mühle", None), ("", None), ("und", None), ("twenty-twenty", None), ("x" * 200, None),
    ],
)  # fmt: skip
def test_one_word(word: str, number: int | None) -> None:
    assert number_of(word) == number


@pytest.mark.parametrize(
    ("word", "rank"),
    [
        ("erste", 1),
        ("dritten", 3),
        ("siebenundzwanzigste", 27),
        ("einunddreißigsten", 31),
        ("fifth", 5),
        ("neununddreißigste", None),
        ("beste", None),
    ],
)
def test_a_rank(word: str, rank: int | None) -> None:
    assert ordinal_of(word) == rank


@pytest.mark.parametrize(
    ("words", "figures"),
    [
        ("eins null null eins", "1001"), ("one double-oh one", "1001"), ("ten oh one", "1001"),
        ("one thousand and one", "1001"), ("doppel null sieben", "007"), ("two hundred", "200"),
        ("vier 2", "42"),        ("hallo", None), ("", None), ("thousand islands", None),
    ],
)  # fmt: skip
def test_several_words(words: str, figures: str | None) -> None:
    assert spoken(words.split()) == figures


@given(st.text(max_size=60))
def test_any_word_is_read_somehow(word: str) -> None:
    number = number_of(word)
    assert number is None or 0 <= number < 1_000_000_000
    rank = ordinal_of(word)
    assert rank is None or 1 <= rank <= 31
    spoken(word.split())
