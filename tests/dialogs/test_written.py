"""Written answers in a chat: when they are given, in whose words, and what goes before them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from dialogs.messages import Tap, Text
from dialogs.records import Answered, HandedOff, Noted
from dialogs.script import SCRIPTS, load_book, read_book, texts_of
from dialogs.words import Words, parse
from dialogs.written import NO_ANSWERS, Answers, Written
from nlu.questions import LIKELY, SURE
from tests.dialogs.player import Player, bought, order

HOURS: Final = Written(
    "hours",
    Words({"de": "Öffnungszeiten", "en": "Opening hours"}),
    parse(
        {
            "de_du": "Komm montags bis samstags vorbei, von 10 bis 18 Uhr.",
            "de_sie": "Kommen Sie montags bis samstags vorbei, von 10 bis 18 Uhr.",
            "de_ch": "Jeden Tag bis 18 Uhr, auch an der Hauptstraße.",
            "en": "Come by Monday to Saturday, 10 a.m. to 6 p.m. Yours, {brand}",
        },
        ["brand"],
    ),
    {
        "de": ("Wann habt ihr offen?", "öffnungszeiten", "habt ihr samstags geöffnet"),
        "en": ("When are you open?", "opening hours"),
    },
    label=Words({"de": "Anfahrt", "en": "Map"}),
    url="https://shop.example/map",
)
DECAF: Final = Written(
    "decaf",
    Words({"de": "Koffeinfrei"}),
    Words({"de": "Ja, den Espresso Mondschein.", "en": "Yes, the Mondschein espresso."}),
    {"de": ("Habt ihr koffeinfreien Kaffee?", "entkoffeiniert")},
)
CLEANING: Final = Written(
    "cleaning",
    Words({"de": "Reinigen"}),
    Words({"de": "Trocken ausbürsten.", "en": "Brush it dry."}),
    {"de": ("Wie mache ich das Mahlwerk sauber?",)},
    products=("HM-01",),
)
SHOP: Final = Answers((HOURS, DECAF, CLEANING))


def player(**more: object) -> Player:
    return replace(Player(answers=SHOP), **more)  # type: ignore[arg-type]  # fields of Player by their names


def told(person: Player) -> list[tuple[str, bool]]:
    return [(one.id, one.sure) for one in person.records if isinstance(one, Answered)]


def test_a_question_is_answered_at_once_and_by_whom_is_said() -> None:
    person = player()
    assert "Chatbot" in person.say("Wann habt ihr offen?")
    assert "Komm montags bis samstags vorbei" in person.text
    assert told(person) == [("hours", True)]
    draft = person.drafts[-1]
    assert (draft.flow, draft.step) == ("answers", "hours")
    assert draft.link is not None
    assert (draft.link.title, draft.link.url) == ("Anfahrt", "https://shop.example/map")


@pytest.mark.parametrize(
    ("more", "text", "answer"),
    [
        ({"voice": "sie"}, "öffnungszeiten", "Kommen Sie montags"),
        ({"country": "CH"}, "öffnungszeiten", "an der Hauptstrasse"),
        ({}, "When are you open?", "Come by Monday to Saturday, 10 a.m. to 6 p.m. Yours, Rösterei Morgenrot"),
    ],
)
def test_it_is_in_the_buyers_own_language_and_voice(more: dict[str, str], text: str, answer: str) -> None:
    assert answer in player(**more).say(text)


def test_an_open_question_stays_open() -> None:
    person = replace(bought(), answers=SHOP)
    person.scan()
    before = person.state
    assert "10 bis 18 Uhr" in person.say("wann habt ihr denn offen")
    assert (person.state.flow, person.state.step, person.state.asked) == (
        before.flow, before.step, before.asked,
    )  # fmt: skip
    assert "Schritt 1" in person.tap("Ja, los geht's")


def test_a_choice_in_its_own_words_goes_first() -> None:
    later = replace(HOURS, questions={"de": ("Lieber später",)})
    person = replace(bought(), answers=Answers((later,)))
    person.scan()
    person.say("Lieber später")
    assert told(person) == []


def test_what_ends_a_consent_goes_first() -> None:
    person = player(answers=Answers((replace(HOURS, questions={"de": ("stop",)}),)))
    person.say("stop")
    assert told(person) == []
    assert person.state.opted_out


def test_a_human_goes_first() -> None:
    rude = replace(HOURS, questions={"de": ("Die Mühle ist kaputt, ich bin sauer",)})
    person = replace(bought(), answers=Answers((rude,)))
    person.scan()
    person.say("Die Mühle ist kaputt, ich bin sauer")
    assert told(person) == []
    assert any(isinstance(one, HandedOff) for one in person.records)


def test_nobody_is_answered_while_a_human_has_the_floor() -> None:
    person = player(human=True)
    assert not person.say("Wann habt ihr offen?")
    assert told(person) == []


def test_what_is_a_choice_of_an_errand_is_the_flows() -> None:
    """Whoever asks for their own parcel is not told how it is in general."""
    general = replace(
        HOURS, id="time", questions={"de": ("Wann kommt meine Bestellung?", "Wie lange dauert der Versand?")}
    )
    person = replace(bought(), answers=Answers((general,)))
    person.scan()
    person.say("Wann kommt meine Bestellung?")
    assert told(person) == []
    person.say("Wie lange dauert der Versand?")
    assert told(person) == [("time", True)]


def test_who_names_an_order_asks_about_it() -> None:
    person = player(answers=Answers((replace(HOURS, questions={"de": ("Wo ist Bestellung #1001?",)}),)))
    person.say("Wo ist Bestellung #1001?")
    assert told(person) == []
    assert any(isinstance(one, Noted) for one in person.records)


FREE: Final = """
id: free
starts: [{keyword: los}]
steps:
  - {id: wish, ask: {de: "Was wünschst du dir?", en: "Your wish?"}, answer: text, save: wish}
  - {id: over, say: {de: "Notiert: {my.wish}.", en: "Noted: {my.wish}."}}
"""


@pytest.mark.parametrize(
    ("text", "answered"),
    [("öffnungszeiten", False), ("Wann habt ihr offen?", True), ("habt ihr offen", False)],
)
def test_free_words_belong_to_the_question_unless_they_surely_ask(text: str, answered: bool) -> None:
    person = player(book=read_book({**texts_of(SCRIPTS), "free.yml": FREE}))
    person.say("Hallo")
    person.say("los")
    said = person.say(text)
    assert ("Notiert" not in said) is answered
    assert bool(told(person)) is answered
    if answered:
        assert "Notiert: Mehr Koffein." in person.say("Mehr Koffein")


UNSURE: Final = "was gibts an entkoffeinierten sachen"


def test_an_unsure_answer_says_that_it_is_one_and_comes_but_once() -> None:
    match = SHOP.find(UNSURE)
    assert match is not None
    assert LIKELY <= match.score < SURE
    person = player()
    person.say("Hallo")
    assert "Vielleicht hilft das weiter:" in person.say(UNSURE)
    assert "Mondschein" in person.text
    assert told(person) == [("decaf", False)]
    assert "Mondschein" not in person.say(UNSURE)
    person.now += timedelta(days=2)
    assert "Mondschein" in person.say(UNSURE)


def test_a_sure_one_comes_as_often_as_it_is_asked_for() -> None:
    person = player()
    person.say("Wann habt ihr offen?")
    assert "10 bis 18" in person.say("Wann habt ihr offen?")


def test_it_ends_a_row_of_misses() -> None:
    person = player()
    person.say("Hallo")
    person.say("Wurzelgemüse quer")
    assert person.state.misses == 1
    person.say("Wann habt ihr offen?")
    assert person.state.misses == 0


def test_some_answers_are_for_some_buyers_only() -> None:
    asked = "Wie mache ich das Mahlwerk sauber?"
    stranger, owner = player(), player(orders=[order("1001", "HM-01")])
    stranger.say(asked)
    assert told(stranger) == []
    assert "Trocken ausbürsten" in owner.say(asked)
    assert SHOP.find(asked, named=frozenset({"HM-01"})) is not None
    match = SHOP.find(asked, owned=frozenset({"HM-01"}), named=frozenset({"FP-1"}))
    assert match is None or match.id != "cleaning"


def test_words_that_come_with_a_tap_are_answered_too() -> None:
    person = replace(bought(), answers=SHOP)
    person.scan()
    title = "Lieber später"
    person.play(Tap(person.buttons[title], title), Text("Wann habt ihr offen?"))
    assert told(person) == [("hours", True)]


def test_a_shop_may_have_no_answers() -> None:
    assert len(NO_ANSWERS) == 0
    assert NO_ANSWERS.find("Wann habt ihr offen?") is None
    assert len(SHOP) == 3
    assert len(Answers((HOURS, replace(HOURS, url="")))) == 1
    assert load_book().phrases["perhaps"].texts
