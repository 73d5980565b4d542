"""Raw text becomes comparable words, and no text harms that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.text import MAX_TEXT, fold_word, key, words


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


def test_clause_ends_and_emoji_become_words() -> None:
    read = words("Hallo!!! Mühle kaputt 😡, schade…")
    assert read.folded == "hallo . muehle kaputt wuetend , schade"
    assert read.tokens == ("hallo", ".", "muehle", "kaputt", "wuetend", ",", "schade")


def test_a_quote_is_what_was_written() -> None:
    read = words("Die Mühle ist KAPUTT gegangen")
    start = read.folded.index("muehle")
    assert read.quote(start, read.folded.index("kaputt") + len("kaputt")) == "Mühle ist KAPUTT"


@pytest.mark.parametrize(
    ("one", "other"), [("Geht's los?", "gehts los"), ("ERLEDIGT 👍", "erledigt"), ("Größe M", "groesse m")]
)
def test_two_spellings_of_a_title_are_the_same(one: str, other: str) -> None:
    assert key(one) == key(other)


@given(st.text(st.characters(codec=None), max_size=300))
def test_no_text_harms_it(text: str) -> None:
    read = words(text)
    assert read.folded == " ".join(read.tokens)
    assert len(read.tokens) == len(read.surface)
    assert all(read.tokens)
    assert isinstance(key(text), str)


def test_only_so_much_is_read() -> None:
    assert len(words("a" * 10 * MAX_TEXT).folded) < MAX_TEXT
    assert len(words("ab " * 10 * MAX_TEXT).tokens) <= MAX_TEXT
