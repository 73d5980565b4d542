"""Text within limits: nothing too long, nothing lost, no grapheme broken."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from dialogs.cutting import Unit, clean, cut, measure, split

UNITS = st.sampled_from(["bytes", "characters"])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)
PIECES = st.lists(
    st.sampled_from(
        [" ", "\n", "\n\n", ". ", "Kaffee", "a", "ä", "€", "👩‍👩‍👧", "🇩🇪", "e\u0301", "\r\n", "\u00a0", "ก็"]
    ),
    max_size=120,
).map("".join)


def bare(text: str) -> str:
    return "".join(text.split())


@given(st.one_of(TEXTS, PIECES).map(clean), st.integers(30, 120), UNITS)
def test_split_fits_and_loses_nothing(text: str, limit: int, unit: Unit) -> None:
    parts = split(text, limit, unit)
    assert all(0 < measure(part, unit) <= limit for part in parts)
    assert all(part == part.strip() for part in parts)
    assert bare("".join(parts)) == bare(text)


@given(PIECES, st.integers(30, 120), UNITS)
def test_split_keeps_graphemes_whole(text: str, limit: int, unit: Unit) -> None:
    whole = {g for g in regex.findall(r"\X", text) if not g.isspace()}
    for part in split(text, limit, unit):
        assert {g for g in regex.findall(r"\X", part) if not g.isspace()} <= whole


@given(PIECES, st.integers(60, 120), UNITS)
def test_split_loses_no_word(text: str, limit: int, unit: Unit) -> None:
    words = text.replace("\u00a0", "x").split()
    if all(measure(word, unit) <= limit // 2 for word in words):
        found = [word for part in split(text.replace("\u00a0", "x"), limit, unit) for word in part.split()]
        assert found == words


@given(st.one_of(TEXTS, PIECES).map(clean), st.integers(0, 60), UNITS)
def test_cut_fits_and_shows_that_it_cut(text: str, limit: int, unit: Unit) -> None:
    short = cut(text, limit, unit)
    assert measure(short, unit) <= limit
    if short != text:
        assert short == "" or short.endswith("…")
        assert text.startswith(short.removesuffix("…"))


def test_split_prefers_paragraphs_then_sentences_then_words() -> None:
    assert split("Erster Absatz.\n\nZweiter Absatz ist da.", 30, "bytes") == (
        "Erster Absatz.",
        "Zweiter Absatz ist da.",
    )
    assert split("Ein Satz hier. Noch ein Satz hier.", 24, "bytes") == (
        "Ein Satz hier.",
        "Noch ein Satz hier.",
    )
    assert split("Wort für Wort weiter", 14, "bytes") == ("Wort für Wort", "weiter")


def test_a_word_that_is_too_long_is_put_apart_between_graphemes() -> None:
    assert split("👩‍👩‍👧👩‍👩‍👧", 20, "bytes") == ("👩‍👩‍👧", "👩‍👩‍👧")
    assert split("x" * 25, 10, "bytes") == ("x" * 10, "x" * 10, "x" * 5)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4])
def test_hopeless_limits_end(limit: int) -> None:
    for part in split("äöü 👩‍👩‍👧 ok", limit, "bytes"):
        assert measure(part, "bytes") <= limit


@given(st.text())
def test_clean_text_can_be_stored(text: str) -> None:
    assert "\0" not in clean(text)
    clean(text).encode()
