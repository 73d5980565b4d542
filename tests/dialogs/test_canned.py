"""Canned replies: filled in for a buyer, with gaps where nothing is known; found by what agents type."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.address import address_of
from dialogs.canned import (
    CannedText,
    Filled,
    check_canned,
    default_replies,
    fill_canned,
    found_by,
    gaps,
    meaning,
    placeholders,
    sample_canned,
)
from dialogs.facts import Facts
from dialogs.names import NAMES, filler
from dialogs.scene import Scene
from dialogs.shop import Order
from dialogs.state import State
from dialogs.words import Language, Tone

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
NOBODY = filler(Scene(Facts(), State(), Tone(), None))
DEFAULTS = default_replies("de")


def filled(text: str, **facts: object) -> Filled:
    """A text filled in for somebody of whom this is known."""
    order = Order("1", "1042", "EUR", Decimal(0), NOW, "paid") if facts.pop("order", False) else None
    scene = Scene(Facts(**facts), State(), Tone(), order)  # type: ignore[arg-type]  # the fields of Facts
    return fill_canned(text, scene.tone, filler(scene), "Kim", "de")


def test_what_is_known_is_filled_in() -> None:
    got = filled("{hello}, hier ist {agent}. Bestellung {order_number}.", buyer_name="Lena Marx", order=True)
    assert got == Filled("Hallo Lena, hier ist Kim. Bestellung #1042.")


def test_what_is_not_known_is_a_gap_in_words() -> None:
    got = filled("Das tut mir leid, {first_name}. Zu {order_number}:")
    assert got.missing == ("first_name", "order_number")
    assert got.text == "Das tut mir leid, ⟦der Name zum Ansprechen⟧. Zu ⟦die Bestellnummer mit #⟧:"
    assert gaps(got.text) == ("der Name zum Ansprechen", "die Bestellnummer mit #")


def test_a_condition_may_stand_for_what_is_missing() -> None:
    text = "Hallo{ ' ' + first_name if first_name else '' }!"
    assert filled(text).text == "Hallo!"
    assert filled(text, buyer_name="Lena").text == "Hallo Lena!"


def test_swiss_buyers_read_no_sharp_s() -> None:
    assert fill_canned("Straße", Tone(country="CH"), NOBODY, "Kim", "de").text == "Strasse"


def test_the_nearest_text_is_said() -> None:
    reply = CannedText("a", "A", "du", "Sie", "")
    assert reply.written(Tone("de", "sie")) == "Sie"
    assert reply.written(Tone("en")) == "du"
    assert CannedText("a", "A", "", "", "only").written(Tone()) == "only"


def test_the_editor_is_told_all_that_is_wrong() -> None:
    wrong = check_canned(CannedText("a b", " ", "{unknown}", "{product", "x" * 4001))
    assert [(one.place, one.kind) for one in wrong] == [
        ("shortcut", "shortcut"),
        ("title", "empty"),
        ("de", "unknown_placeholder"),
        ("de_sie", "open_brace"),
        ("en", "long"),
    ]
    assert [one.place for one in check_canned(CannedText("a", "A", " "))] == ["de"]


def test_they_are_found_by_shortcut_title_and_words() -> None:
    assert found_by(DEFAULTS, "ers")[0].shortcut == "ersatz"
    assert found_by(DEFAULTS, "entsch")[0].shortcut == "sorry"
    assert found_by(DEFAULTS, "rücksendeetikett")[0].shortcut == "reparatur"
    assert found_by(DEFAULTS, "") == list(DEFAULTS)
    assert not found_by(DEFAULTS, "xylophon")


@pytest.mark.parametrize("reply", DEFAULTS, ids=lambda one: one.shortcut)
def test_every_reply_to_begin_with_can_be_used_and_addresses_the_right_person(reply: CannedText) -> None:
    assert not check_canned(reply)
    assert reply.en
    assert not address_of(reply.de).sie
    assert not address_of(reply.de_sie).du
    assert reply.de_sie or not address_of(reply.de).du
    for text, tone in ((reply.de, Tone()), (reply.de_sie, Tone("de", "sie")), (reply.en, Tone("en"))):
        shown = sample_canned(text, tone)
        assert "{" not in shown
        assert len(shown) < 640


def test_a_sample_speaks_the_language_of_its_text() -> None:
    assert sample_canned("{hello}", Tone()) == "Hallo Anna"
    assert sample_canned("{hello}", Tone("de", "sie")) == "Guten Tag Anna"
    assert sample_canned("{hello}, by {promised_time}. {agent}", Tone("en")) == (
        "Hello Anna, by tomorrow, Friday, at 11:00. Kim"
    )


def test_shortcuts_are_unique_and_titles_are_there_in_both_languages() -> None:
    assert len({one.shortcut for one in DEFAULTS}) == len(DEFAULTS) >= 15
    english = default_replies("en")
    assert [one.shortcut for one in english] == [one.shortcut for one in DEFAULTS]
    assert all(one.title and one.title != other.title for one, other in zip(english, DEFAULTS, strict=True))


def test_every_placeholder_is_explained_in_both_languages() -> None:
    for language in get_args(Language):
        told = placeholders(language)
        assert {"agent", "first_name", "product", "order_number"} <= {name for name, _, _ in told}
        assert all(meant for _, meant, _ in told)
    assert all(meaning(name, "de") != name for name in NAMES)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_is_filled_and_checked_without_an_error(text: str, agent: str) -> None:
    got = fill_canned(text, Tone(), NOBODY, agent, "en")
    assert isinstance(got.text, str)
    sample_canned(text, Tone("en"))
    check_canned(CannedText(agent, text, text, text, text))
    found_by(DEFAULTS, text)


@given(st.sampled_from(sorted(NAMES)))
def test_every_gap_is_found_again(name: str) -> None:
    got = fill_canned(f"Also {{{name}}}.", Tone(), NOBODY, "Kim", "de")
    assert len(gaps(got.text)) == len(got.missing)
