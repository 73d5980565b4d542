"""The file of written answers: what is written is what is given, and what is wrong is told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.simulated import CHANNELS
from dialogs.catalogue import SHOPS, load_catalogue
from dialogs.check import Demands
from dialogs.check_written import check_answers
from dialogs.problems import KINDS
from dialogs.script import load_book
from dialogs.written_kinds import ANSWERS
from dialogs.written_reading import AnswersError, examine_answers, load_answers
from tests.dialogs.damage import damaged

GOOD: Final = """\
- id: hours
  title: {de: "Öffnungszeiten", en: "Opening hours"}
  questions:
    de: ["Wann habt ihr offen?", "öffnungszeiten", "wann macht der laden auf", "habt ihr samstags auf"]
    en: ["When are you open?", "opening hours", "are you open on saturday", "when do you close"]
  answer: {de_du: "Komm bis 18 Uhr, {first_name}.", de_sie: "Kommen Sie bis 18 Uhr.", en: "Come by 6 p.m."}
  products: [HM-01]
  link: {title: {de: "Anfahrt", en: "Map"}, url: "https://shop.example/map"}
"""
FEW: Final = """\
- id: hours
  title: {de: "Öffnungszeiten", en: "Hours"}
  questions: {de: [a b, c d, e f, g h], en: [i j, k l, m n, o p]}
  answer: {de: "Bis 18 Uhr.", en: "Until 6 p.m."}
"""
OTHER: Final = """\
- id: decaf
  title: {de: "Koffeinfrei", en: "Decaf"}
  questions: {de: [q r, s t, u v, w x], en: [y z, aa bb, cc dd, ee ff]}
  answer: {de: "Ja.", en: "Yes."}
"""


def told(text: str) -> list[tuple[str, int, int]]:
    return [(one.kind, one.line, one.column) for one in examine_answers("answers.yml", text)[2]]


def checked(text: str) -> list[tuple[str, int, int]]:
    entries, source, _ = examine_answers("answers.yml", text)
    demands = Demands(channels=CHANNELS, products=load_catalogue())
    return [(one.kind, one.line, one.column) for one in check_answers(entries, source, demands, load_book())]


def test_everything_that_can_be_said_of_an_answer() -> None:
    (entry,), _, problems = examine_answers("answers.yml", GOOD)
    assert not problems
    assert entry.id == "hours"
    assert entry.questions["de"][1] == "öffnungszeiten"
    assert entry.answer.texts["de_sie"] == "Kommen Sie bis 18 Uhr."
    assert entry.answer.names == {"first_name"}
    assert entry.products == ("HM-01",)
    assert entry.label is not None
    assert (entry.label.texts["en"], entry.url) == ("Map", "https://shop.example/map")
    assert checked(GOOD) == []


READING: Final = {
    "no_answers": ("id: hours\n", 1, 1),
    "answer_twice": (
        FEW + FEW.replace("[a b, c d, e f, g h]", "[ab]").replace("[i j, k l, m n, o p]", "[x]"),
        5,
        3,
    ),
    "answer_name": (FEW.replace("Bis 18 Uhr.", "Nimm {offer_code}."), 4, 3),
    "no_words": (FEW.replace("c d", '"?!"'), 3, 25),
    "question_twice": (FEW + OTHER.replace("s t", "C d"), 7, 25),
    "unknown_key": (FEW + "  producs: []\n", 5, 3),
    "missing_key": ("- id: hours\n", 1, 3),
    "not_possible": (FEW.replace("en: [i", "fr: [i"), 3, 41),
    "wrong_form": (FEW.replace("[a b, c d, e f, g h]", "a b"), 3, 15),
    "unknown_variant": (FEW.replace('de: "Bis', 'fr: "Bis'), 4, 12),
    "empty_text": (FEW.replace("Bis 18 Uhr.", " "), 4, 12),
    "unknown_placeholder": (FEW.replace("Bis 18 Uhr.", "{produkt}"), 4, 12),
    "not_https": (FEW + '  link: {title: {de: "A", en: "B"}, url: "http://a.example"}\n', 5, 37),
}


@pytest.mark.parametrize("kind", READING)
def test_every_kind_of_problem_of_the_file_with_its_place(kind: str) -> None:
    text, line, column = READING[kind]
    found = told(text)
    assert next(one for one in found if one[0] == kind) == (kind, line, column), found


CHECKING: Final = {
    "questions_alike": (FEW + OTHER.replace("s t", "c d das"), 7, 25),
    "questions_missing": (FEW.replace(", en: [i j, k l, m n, o p]", ""), 3, 3),
    "questions_few": (FEW.replace("[a b, c d, e f, g h]", "[a b]"), 3, 15),
    "question_claimed": (FEW.replace("c d", "keine angebote"), 3, 25),
    "text_missing": (FEW.replace('de: "Bis 18 Uhr.", ', ""), 4, 3),
    "text_missing_elsewhere": (FEW.replace(', en: "Until 6 p.m."', ""), 4, 3),
    "address_in_plain": (FEW.replace("Bis 18 Uhr.", "Komm zu uns, du."), 4, 12),
    "mixed_address": (FEW.replace('de: "Bis 18 Uhr."', 'de_du: "Kommen Sie.", de_sie: "Ja."'), 4, 12),
    "text_splits": (FEW.replace("Bis 18 Uhr.", "Bis 18 Uhr. " * 200), 4, 12),
    "title_cut": (
        FEW + f'  link: {{title: {{de: "{"A" * 70}", en: "B"}}, url: "https://a.example"}}\n',
        5,
        18,
    ),
    "unknown_product": (FEW + "  products: [HM-02]\n", 5, 14),
}


@pytest.mark.parametrize("kind", CHECKING)
def test_every_kind_of_problem_in_the_shop_with_its_place(kind: str) -> None:
    text, line, column = CHECKING[kind]
    assert told(text) == []
    assert (kind, line, column) in checked(text), checked(text)


def test_no_kind_is_without_a_case() -> None:
    assert {*READING, *CHECKING} >= ANSWERS.keys()
    assert KINDS.keys() >= ANSWERS.keys()


def test_the_nearest_right_word_is_told() -> None:
    problem = examine_answers("answers.yml", FEW + "  producs: []\n")[2][0]
    assert problem.told() == "answers.yml:5:3: `producs` is not known here. Perhaps `products` is meant."
    assert problem.step == "hours"


def test_what_is_right_is_kept_beside_what_is_wrong() -> None:
    assert [one.id for one in examine_answers("a.yml", FEW + "- id: lost\n" + OTHER)[0]] == ["hours", "decaf"]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]"])
def test_a_shop_may_have_written_nothing(text: str) -> None:
    assert examine_answers("a.yml", text)[0] == ()
    assert told(text) == []


def test_a_file_is_read_once_and_refused_as_a_whole(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text(GOOD, "utf-8")
    bad.write_text("- id: hours\n- title: 5\n", "utf-8")
    assert load_answers(good) is load_answers(good)
    with pytest.raises(AnswersError, match=r"bad.yml:1:3: `title` is missing here") as refused:
        load_answers(bad)
    assert len(refused.value.problems) > 3


@settings(max_examples=60)
@given(text=damaged([GOOD]))
def test_no_damage_makes_it_fall(text: str) -> None:
    entries, source, _ = examine_answers("a.yml", text)
    check_answers(entries, source, Demands(channels=CHANNELS), load_book())


@given(text=st.text(max_size=200))
def test_any_text(text: str) -> None:
    examine_answers("a.yml", text)


@pytest.mark.parametrize("path", sorted(SHOPS.glob("*/answers.yml")), ids=lambda path: path.parent.name)
def test_the_sample_shops_answers_are_right(path: Path) -> None:
    entries, source, problems = examine_answers(path.name, path.read_text("utf-8"))
    demands = Demands(channels=CHANNELS, products=load_catalogue(path.with_name("catalogue.yml")))
    problems += check_answers(entries, source, demands, load_book())
    assert not problems, "\n".join(map(str, problems))
    assert len(entries) >= 3
    answers = load_answers(path)
    for entry in entries:
        for asked in (text for texts in entry.questions.values() for text in texts):
            match = answers.find(asked, owned=frozenset(entry.products))
            assert match is not None
            assert match.id == entry.id
