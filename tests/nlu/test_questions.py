"""Questions in other words: what is found, how surely, and what is left alone."""

from __future__ import annotations

import random
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nlu.corpus import TRAINING, Example, load, training_files
from nlu.questions import LIKELY, SURE, Match, Questions

SHOP: Final[dict[str, dict[str, list[str]]]] = yaml.safe_load(
    (Path(__file__).parent / "questions.yml").read_text("utf-8")
)
ELSEWHERE: Final = {"complaint", "defect", "wrong_item", "human_request", "privacy_request", "yes", "no"}
"""Intents that go to a human or to the open question before any answer is looked for."""


@cache
def shop() -> Questions:
    return Questions({name: texts["asked"] for name, texts in SHOP.items()})


@cache
def messages() -> tuple[Example, ...]:
    """Messages that ask for none of the answers, or hardly any: not those written as questions to a shop."""
    found = [one for one in load(training_files(TRAINING)) if "shop_questions" not in one.file]
    random.Random(2).shuffle(found)
    return tuple(found)


def found(text: str, **more: Any) -> Match:
    match = shop().find(text, **more)
    assert match is not None
    return match


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Wie lange dauert der Versand?", "shipping_time"),
        ("WIE LANGE DAUERT DER VERSAND", "shipping_time"),
        ("versandkosten?", "shipping_cost"),
        ("wie hoch sind die verandkosten", "shipping_cost"),
        ("öffnungszeitn", "hours"),
        ("oeffnungszeiten", "hours"),
        ("Hallo, habt ihr eigentlich auch koffeinfreien Kaffee? LG", "decaf"),
        ("Die Mühle ist toll. Wie lagere ich den Kaffee richtig? Danke euch!", "storage"),
        ("do u ship to switzerland", "abroad"),
    ],
)
def test_a_question_is_found_as_people_type_it(text: str, answer: str) -> None:
    match = found(text)
    assert match.id == answer
    assert match.likely


def test_what_is_written_down_is_surely_found() -> None:
    for name, texts in SHOP.items():
        for text in texts["asked"]:
            assert found(text).id == name
            assert found(text).score > 0.69
    assert found("Was kostet der Versand?").sure


def test_other_words_for_the_same_are_found() -> None:
    """Of 103 phrasings that nobody wrote down."""
    held = [(name, found(text)) for name, texts in SHOP.items() for text in texts["held"]]
    first = sum(match.id == name for name, match in held) / len(held)
    likely = [match.id == name for name, match in held if match.likely]
    sure = [match.id == name for name, match in held if match.sure]
    assert first >= 0.9
    assert sum(likely) / len(held) >= 0.65
    assert likely.count(False) / len(held) <= 0.05
    assert sum(sure) / len(held) >= 0.4
    assert sure.count(False) / len(held) <= 0.02


def test_messages_that_ask_nothing_of_it_are_left_alone() -> None:
    lost = [one for one in messages() if one.intent == "out_of_scope"][:600]
    wishes = [
        one for one in messages() if one.intent not in {"out_of_scope", *ELSEWHERE} and one.mood != "negative"
    ][:1000]
    taken = sum(match.likely for one in lost if (match := shop().find(one.text)) is not None)
    stolen = sum(match.sure for one in wishes if (match := shop().find(one.text)) is not None)
    assert taken / len(lost) <= 0.02
    assert stolen / len(wishes) <= 0.01  # and what is found there is mostly asked


def test_where_is_my_parcel_is_not_how_long_shipping_takes() -> None:
    for text in ("Wo ist mein Paket?", "wo bleibt das paket", "where is my parcel"):
        match = shop().find(text)
        assert match is None or not match.sure


def test_a_lone_word_must_be_one_that_is_written_down() -> None:
    assert found("garantie").sure
    assert not found("Tüte?").sure
    assert not found("Österreich").sure


def test_two_that_are_equally_alike_are_not_sure() -> None:
    both = Questions({"a": ["Wie reinige ich die Mühle?"], "b": ["Wie reinige ich die Mühle?"]})
    match = both.find("Wie reinige ich die Mühle?")
    assert match is not None
    assert (match.id, match.runner_up) == ("a", "b")
    assert match.score == match.next_score == 1.0
    assert not match.sure
    assert match.likely


def test_what_is_out_of_the_question_gives_way_to_the_next() -> None:
    match = found("Wie lange dauert der Versand?", without={"shipping_time"})
    assert match.id != "shipping_time"
    assert shop().find("Wie lange dauert der Versand?", without=set(SHOP)) is None


def test_nothing_to_find() -> None:
    assert Questions({}).find("Was?") is None
    assert Questions({"a": []}).find("Was?") is None
    assert Questions({"a": ["", "!?"]}).find("Was?") is None
    assert len(Questions({"a": ["?"], "b": ["Porto"]})) == 1
    for text in ("", "??", "👍", "42", "1001 23", "東京"):
        assert shop().find(text) is None


def test_the_thresholds_are_in_order() -> None:
    assert 0 < LIKELY < SURE < 1
    assert Match("a", SURE).sure
    assert Match("a", LIKELY).likely
    assert not Match("a", LIKELY).sure


@given(text=st.text(max_size=300))
def test_any_text(text: str) -> None:
    match = shop().find(text)
    assert match is None or 0 < match.score <= 1
    assert shop().find(text) == match


@given(st.dictionaries(st.text(max_size=5), st.lists(st.text(max_size=40), max_size=4), max_size=5))
def test_any_questions(phrasings: dict[str, list[str]]) -> None:
    questions = Questions(phrasings)
    for texts in phrasings.values():
        for text in texts:
            match = questions.find(text)
            assert match is None or match.id in phrasings


def test_it_is_quick() -> None:
    """Sixty answers with ten phrasings each. Far from the usual 50 µs, so that a busy machine may pass."""
    many = Questions(
        {
            f"{name}_{copy}": [f"{text} {copy or ''}" for text in (texts["asked"] + texts["held"])[:10]]
            for copy in range(4)
            for name, texts in SHOP.items()
        }
    )
    texts = [text for one in SHOP.values() for text in one["held"]]
    for text in texts:
        many.find(text)
    started = time.perf_counter()
    for text in texts:
        many.find(text)
    assert (time.perf_counter() - started) / len(texts) < 0.001
