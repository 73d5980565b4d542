"""A text in every language, voice and country, and its variants."""

from __future__ import annotations

from collections import Counter

import pytest

from dialogs.words import Lines, Tone, UnusableText, Words, draw, parse

TEXTS = {
    "de": "Guten Tag",
    "de_du": "Schön, dass du da bist, {brand}",
    "de_sie": "Schön, dass Sie da sind, {brand}",
    "de_at": "Grüß Gott",
    "de_ch_du": "Grüezi, gross ist der Spaß, {brand}",
    "en": "Nice to see you, {brand}",
}


def fill(name: str) -> str:
    return {"brand": "Straße 7"}.get(name, "")


@pytest.mark.parametrize(
    ("tone", "said"),
    [
        (Tone("de", "du"), "Schön, dass du da bist, Straße 7"),
        (Tone("de", "sie"), "Schön, dass Sie da sind, Straße 7"),
        (Tone("de", "du", "AT"), "Grüß Gott"),
        (Tone("de", "du", "CH"), "Grüezi, gross ist der Spass, Strasse 7"),
        (Tone("de", "sie", "CH"), "Schön, dass Sie da sind, Strasse 7"),
        (Tone("en", "sie", "CH"), "Nice to see you, Straße 7"),
    ],
)
def test_the_text_that_fits_best_is_said(tone: Tone, said: str) -> None:
    assert parse(TEXTS, ["brand"]).say(tone, fill) == said


def test_a_text_that_is_missing_is_said_in_the_nearest_way() -> None:
    only = parse({"de_du": "du"}, [])
    assert only.missing() == ("de_sie", "en")
    assert [only.say(tone, fill) for tone in (Tone("de", "sie"), Tone("en", "du"))] == ["du", "du"]
    assert Words({}).say(Tone(), fill) == ""


def test_a_text_that_cannot_be_used_says_where_and_why() -> None:
    with pytest.raises(UnusableText) as caught:
        parse({"de": "gut", "en": "{nothing}"}, ["brand"])
    assert (caught.value.variant, caught.value.kind, caught.value.word) == (
        "en",
        "unknown_placeholder",
        "nothing",
    )


def test_a_variant_is_drawn_for_ever_and_evenly() -> None:
    lines = Lines(Words({"de": "a"}), {"b": Words({"de": "b"}), "c": Words({"de": "c"})})
    drawn = Counter(lines.drawn(f"buyer:{number}")[0] for number in range(3000))
    assert set(drawn) == {"base", "b", "c"}
    assert all(800 < count < 1200 for count in drawn.values())
    assert lines.drawn("buyer:7") == lines.drawn("buyer:7")
    assert Lines(Words({"de": "a"})).drawn("x") == ("base", Words({"de": "a"}))
    assert all(0 <= draw(str(number)) < 1 for number in range(500))
