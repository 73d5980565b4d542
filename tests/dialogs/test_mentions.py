"""Whom a note mentions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.mentions import mentioned

TEAM = {1: "Jana Weiß", 2: "Tom Berg", 3: "Tom Klein", 4: "Jana Weiß-Roth", 5: "Ömer"}


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("@Ömer kannst du mal schauen?", (5,)),
        ("@ömer, @Tom Klein: bitte", (5, 3)),
        ("frag @tom berg", (2,)),
        ("@Tom wer von euch?", ()),
        ("@Jana Weiß-Roth weiß es", (4,)),
        ("@Jana  Weiß weiß es", (1,)),
        ("@JANA WEISS", (1,)),
        ("info@Ömer.de", ()),
        ("@Ömerin", ()),
        ("(@Ömer) und nochmal @Ömer", (5,)),
        ("Ömer", ()),
    ],
)
def test_who_is_meant(text: str, whom: tuple[int, ...]) -> None:
    assert mentioned(text, TEAM) == whom


@given(st.text(), st.dictionaries(st.integers(1, 9), st.text(max_size=12), max_size=5))
def test_any_text_and_any_names_will_do(text: str, names: dict[int, str]) -> None:
    found = mentioned(text, names)
    assert set(found) <= names.keys()
    assert "@" in text or not found
