"""What the embedded engine understands, and that no text harms it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.understanding import ENTITY_KINDS, Intent, MoodLabel, Understanding
from tests.brain import understand


def read(text: str, expecting: str | None = None, language: str | None = None) -> Understanding:
    return understand(text, language=language, expecting=expecting)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Hallo", "greeting"),
        ("Guten Morgen!", "greeting"),
        ("hallooooo", "greeting"),
        ("Grüezi mitenand", "greeting"),
        ("Danke schön!", "thanks"),
        ("dankeeee 🙏", "thanks"),
        ("Ja gerne", "yes"),
        ("Jaaaa", "yes"),
        ("👍", "yes"),
        ("Nein danke", "no"),
        ("Ich möchte mit einem Menschen sprechen", "human_request"),
        ("Kann ich bitte jemanden erreichen?", "human_request"),
        ("MENSCH", "human_request"),
        ("Verbinden Sie mich mit einem Mitarbeiter", "human_request"),
        ("I want to talk to a real person", "human_request"),
        ("kein Bot bitte", "human_request"),
        ("STOP", "opt_out"),
        ("Stopp!!", "opt_out"),
        ("bitte keine Werbung mehr", "opt_out"),
        ("schreib mir nicht mehr", "opt_out"),
        ("Lasst mich endlich in Ruhe", "opt_out"),
        ("please don't message me", "opt_out"),
        ("unsubscribe", "opt_out"),
        ("Ihr dürft mir gerne wieder schreiben", "opt_in"),
        ("Die Mühle ist kaputt", "defect"),
        ("Der Deckel ist kaputttt!!", "defect"),
        ("It arrived broken", "defect"),
        ("Funktioniert leider gar nicht", "defect"),
        ("klappt nicht", "defect"),
        ("die Kurbel klemmt", "defect"),
        ("wo ist mein paket??", "order_status"),
        ("Where is my parcel?", "order_status"),
        ("Wie richte ich das ein?", "setup_help"),
        ("Einrichtung", "setup_help"),
        ("how do I use it", "setup_help"),
        ("Pflegetipp", "care_tip"),
        ("Wie reinige ich das Mahlwerk?", "care_tip"),
        ("Ich möchte eine Bewertung abgeben", "rating"),
        ("⭐⭐⭐⭐", "rating"),
        ("Was passt gut dazu?", "bundle_interest"),
        ("Habt ihr einen Rabatt für Studenten?", "discount_question"),
        ("Ich brauche die Rechnung als PDF", "invoice"),
        ("Bitte löschen Sie alle meine Daten", "privacy_request"),
        ("Können Sie die Lieferadresse noch ändern?", "address_change"),
        ("Wann ist das Geld wieder auf meinem Konto?", "refund_request"),
        ("Wie schicke ich die Schuhe zurück?", "return_request"),
        ("Bestellung bitte stornieren", "cancel_order"),
        ("Erzähl mir einen Witz", "out_of_scope"),
        ("blaue Schuhe", "out_of_scope"),
    ],
)
def test_a_wish_is_understood(text: str, intent: Intent) -> None:
    understood = read(text)
    assert understood.intent == intent, understood
    assert 0 < understood.confidence <= 1


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Der Kaffee schmeckt richtig gut", "positive"),
        ("nicht schlecht", "positive"),
        ("da kann man nicht meckern", "positive"),
        ("Problem gelöst, läuft wieder", "positive"),
        ("Die Mühle ist kaputt!", "negative"),
        ("Gefällt mir nicht", "negative"),
        ("Ganz toll, schon wieder nichts da", "negative"),
        ("😡", "negative"),
        ("Kein Stress, wollte nur fragen, wann ihr verschickt", "neutral"),
        ("Wie bekomme ich den üblen Geruch aus der Flasche?", "neutral"),
        ("ok", "neutral"),
        ("Wo ist mein Paket?", "neutral"),
    ],
)
def test_a_mood_is_felt(text: str, mood: MoodLabel) -> None:
    assert read(text).mood.label == mood, read(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Die Mühle ist kaputt!", "kaputt"), ("Gefällt mir nicht", "Gefällt mir nicht"), ("😡", "😡")],
)
def test_a_mood_is_shown_by_the_persons_own_words(text: str, shown: str) -> None:
    understood = read(text)
    assert shown in understood.quotes()
    assert all(-1 <= one.weight <= 1 for one in understood.mood.evidence)


def test_a_mood_that_no_word_of_the_lexicon_tells_is_shown_by_the_words_that_weighed_most() -> None:
    """Otherwise a person at the desk would be told that somebody is unhappy, and not why."""
    text = "Im Shop hieß es Eiche, bei mir steht beklebte Pappe"
    understood = read(text)
    assert understood.mood.label == "negative"
    assert understood.quotes()
    assert all(quote in text for quote in understood.quotes())


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Ich brauche keinen Menschen", "human_request"),
        ("Stop, ich habe noch eine Frage", "opt_out"),
        ("Nonstop Kaffee", "opt_out"),
        ("Ich möchte mein Abo abbestellen", "opt_out"),
        ("Der Kapuzenpulli ist da", "defect"),
    ],
)
def test_a_word_inside_something_else_is_not_taken_for_a_wish(text: str, intent: Intent) -> None:
    understood = read(text)
    assert understood.intent != intent or understood.confidence < 0.5


def test_what_was_asked_makes_an_answer_likelier() -> None:
    plain, asked = read("passt schon", None), read("passt schon", "choice")
    chances = {plain.intent: plain.confidence, **dict(plain.others)}
    expected = {asked.intent: asked.confidence, **dict(asked.others)}
    assert expected["yes"] > chances.get("yes", 0.0)


def test_the_next_best_meanings_are_told_too() -> None:
    understood = read("Wann kommt die zweite Sendung, und wie reinige ich die Mühle?")
    chances = [understood.confidence, *(chance for _, chance in understood.others)]
    assert chances == sorted(chances, reverse=True)
    assert len({understood.intent, *(intent for intent, _ in understood.others)}) == 3
    assert sum(chances) <= 1.0001


def test_a_text_without_any_sign_means_nothing() -> None:
    for text in ("", "   ", "\n"):
        understood = read(text)
        assert (understood.intent, understood.confidence, understood.mood.label) == (
            "out_of_scope",
            0.0,
            "neutral",
        )


@pytest.mark.parametrize("text", ["Mu\u0308hle kaputt", "mühle KAPUTT", "muehle kaputt", "Mühle kaputttt"])
def test_spellings_meet(text: str) -> None:
    assert read(text).intent == "defect"


@given(
    st.text(max_size=400),
    st.sampled_from([None, "rating", "choice", "order_number", "comment", "x"]),
    st.sampled_from([None, "de", "en"]),
)
def test_any_text_is_understood_somehow(text: str, expecting: str | None, language: str | None) -> None:
    understood = read(text, expecting, language)
    assert understood == read(text, expecting, language)
    assert understood.text == text
    assert 0 <= understood.confidence <= 1
    assert 0 <= understood.handoff <= 1
    assert -1 <= understood.mood.polarity <= 1
    assert understood.language in {"de", "en", "other"}
    for entity in understood.entities:
        assert 0 <= entity.start < entity.end <= len(text)
        assert entity.kind in ENTITY_KINDS
    for one in understood.mood.evidence:
        assert 0 <= one.start < one.end <= len(text)


_BITS = st.sampled_from(
    [
        "nicht", "kein", "funktioniert", "mensch", "stop", "wo ist", "paket", "4", "⭐", "@", "#", "NK",
        "a" * 60, " ", ".", ",", "\n", "\u0301", "\u200d", "\ud800", "\x00", "ẞ", "İ", "ﬁ",
        "keine", "nachrichten",
        "x.y@", "🏽", "1Z", "+49", "٤",
    ]
)  # fmt: skip


@given(st.lists(_BITS, max_size=300).map("".join))
def test_hostile_repetition_is_read_in_bounded_time(text: str) -> None:
    # A catastrophic pattern would take minutes, and the test's time-out names it.
    read(text, "rating")


@pytest.mark.parametrize(
    "bit",
    [
        "nicht ",
        "a",
        "NK",
        "⭐ ",
        "x@",
        "x.",
        "4 ",
        "keine a ",
        "mit a ",
        "#1",
        "wann a ",
        "\u0301",
        "1-",
        "+4",
        "🏽",
    ],
)
def test_the_longest_text_of_one_kind_is_read(bit: str) -> None:
    understood = read(bit * 50_000)
    assert understood == read(bit * 50_000)
