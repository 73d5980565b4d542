"""Text of strangers, made harmless: nothing readable is lost, and nothing that plays tricks is left."""

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from dialogs.harmless import MARKS, harmless

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "ab \n\t\u202e\u2066\u2069\u200b\u200d\u200c\u0301\u0489\ufe0f👩🏽❤🏴\U000e0067אب٣\ud800\x00"
        ),
    ),
    max_size=60,
)


@given(NASTY)
def test_a_second_time_changes_nothing(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)


@given(NASTY)
def test_what_comes_back_can_be_sent_and_shows_itself(text: str) -> None:
    shown = harmless(text)
    shown.encode()
    assert not regex.search(r"[\u202a-\u202e\u2066\u2067\u200b\u2060\ufeff\x00]", shown)
    assert not regex.search(rf"\p{{M}}{{{MARKS + 1}}}", shown)
    assert shown.count("\u2068") == shown.count("\u2069")
    for line in shown.split("\n"):
        assert line.count("\u2068") <= 1


@given(
    st.text(
        st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u115f\u1160\u3164\uffa0")
    )
)
def test_what_can_be_read_stays(text: str) -> None:
    assert harmless(text).replace("\u2068", "").replace("\u2069", "") == text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Grüße aus Köln, Straße 5 😀",
        "👩‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈 👍🏽 👩🏽‍💻 🇩🇪 3️⃣",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "zeile eins\nzeile zwei\tmit Abstand",
        "Việt Nam, naïve, a\u0308",
    ],
)
def test_what_people_really_write_stays(text: str) -> None:
    assert harmless(text) == text


def test_letters_from_right_to_left_move_nothing_beside_them() -> None:
    assert harmless("שלום") == "\u2068שלום\u2069"
    assert harmless("eins\nمرحبا") == "eins\n\u2068مرحبا\u2069"
    assert harmless("می\u200cخواهم") == "\u2068می\u200cخواهم\u2069"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gut\u202egpj.exe", "gutgpj.exe"),
        ("pay\u200bpal", "paypal"),
        ("a" + "\u0301" * 300, "a" + "\u0301" * MARKS),
        ("ein\u200dfach", "einfach"),
        ("eins\r\nzwei\u2028drei\x00", "eins\nzwei\ndrei"),
        ("\U000e0041\U000e0042verborgen", "verborgen"),
        ("halb \ud83d", "halb \ufffd"),
        ("\u3164", ""),
    ],
)
def test_tricks_are_undone(text: str, shown: str) -> None:
    assert harmless(text) == shown
    assert unicodedata.normalize("NFC", shown).isprintable() or "\n" in shown


def test_plain_signs_are_those_with_which_nothing_would_be_done() -> None:
    """Most texts are let through at one look; that look must not let through what the others would drop."""
    for code in range(0x2100):
        if not 0xD800 <= code <= 0xDFFF:
            sign = chr(code)
            # What nobody sees sends the text the long way, and is dropped there.
            assert harmless(sign) == harmless(f"{sign}\u200b"), hex(code)
