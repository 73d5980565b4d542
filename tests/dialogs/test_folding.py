"""What makes two spellings one word, and what is shown of a find."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.folding import LONGEST_WORD, SNIPPET, fold, phone_query, phone_terms, snippet, terms

PLAIN = re.compile(r"(?:[a-z0-9]+(?: [a-z0-9]+)*)?", re.ASCII)


@pytest.mark.parametrize(
    ("said", "looked_for"),
    [
        ("Müller", "mueller"),
        ("Mueller", "Müller"),
        ("Mu\u0308ller", "MÜLLER"),
        ("Straße", "STRASSE"),
        ("Crème brûlée", "creme brulee"),
        ("Œuvre", "oeuvre"),
        ("kaputt!!!", "Kaputt"),
        ("sof\u00adort", "sofort"),
        ("zusa\u200bmmen", "zusammen"),
        ("anna@web.de", "anna web de"),
        ("A\u0300\u0301\u0302B", "ab"),
        ("İstanbul", "istanbul"),
        ("１２３", "123"),
        ("привет", "ПРИВЕТ"),
    ],
)
def test_spellings_of_one_word_are_the_same(said: str, looked_for: str) -> None:
    assert fold(said) == fold(looked_for) != ""


@pytest.mark.parametrize(("one", "other"), [("schon", "schön"), ("tür", "tur"), ("мир", "миф"), ("a", "b")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_signs_are_no_words() -> None:
    assert fold("😀 … !!! — _ \u202e \u200b") == ""
    assert terms("%%% ''' \"\" *") == ()


@given(st.text())
def test_folded_words_are_plain_and_stay_as_they_are(text: str) -> None:
    folded = fold(text)
    assert PLAIN.fullmatch(folded)
    assert fold(folded) == " ".join(word[:LONGEST_WORD] for word in folded.split())
    assert all(len(word) <= 6 * LONGEST_WORD for word in folded.split())


@given(st.text(alphabet="äöüßÄÖÜẞéÉabc", min_size=1, max_size=20))
def test_case_makes_no_difference(word: str) -> None:
    assert fold(word) == fold(word.upper()) == fold(word.lower())


def test_a_hundred_thousand_marks_are_no_trouble() -> None:
    assert fold("a" + "\u0301" * 100_000 + " b") == "a"
    assert fold("x" * 100_000) == "x" * LONGEST_WORD


@pytest.mark.parametrize(
    ("number", "ways"),
    [
        ("+49 170 1234567", ("491701234567", "01701234567")),
        ("0049 170 1234567", ("491701234567", "01701234567")),
        ("436601234567", ("436601234567", "06601234567")),
        ("+1 555 123 4567", ("15551234567",)),
        ("12345", ()),
        ("", ()),
    ],
)
def test_a_phone_number_is_known_by_the_ways_in_which_it_is_typed(number: str, ways: tuple[str, ...]) -> None:
    assert phone_terms(number) == ways


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+49 170 1234567", "491701234567"),
        ("0049170/1234567", "491701234567"),
        ("0170 123-4567", "01701234567"),
        ("1042", None),
        ("anna 0170123456", None),
        ("#1042", None),
    ],
)
def test_a_query_that_is_a_phone_number_is_seen_as_one(typed: str, digits: str | None) -> None:
    assert phone_query(typed) == digits


def test_a_snippet_shows_the_find_and_marks_it() -> None:
    text = (
        "Guten Tag, " + "es geht um vieles. " * 20 + "Die Mühle von Jörg ist kaputtgegangen, " + "ja. " * 90
    )
    shown, marks = snippet(text, terms("muehle KAPUTT"))
    assert [shown[start:end] for start, end in marks] == ["Mühle", "kaputtgegangen"]
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert snippet("Kurz.", terms("kurz")) == ("Kurz.", ((0, 4),))
    assert snippet("Nichts davon.", terms("kurz")) == ("Nichts davon.", ())


@given(st.text(max_size=600), st.lists(st.text(max_size=8), max_size=3))
def test_marks_lie_in_the_snippet_and_on_what_was_looked_for(text: str, words: list[str]) -> None:
    wanted = terms(" ".join(words))
    shown, marks = snippet(text, wanted)
    assert len(shown) <= SNIPPET + 4
    for start, end in marks:
        assert 0 <= start < end <= len(shown)
    if marks and not shown.endswith("…"):
        assert all(any(one.startswith(wanted) for one in fold(shown[a:b]).split()) for a, b in marks)
