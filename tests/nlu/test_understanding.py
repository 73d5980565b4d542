"""What the first engine understands, and that no text harms it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.entities import ENTRY_CODE
from nlu.text import fold_word, guess_language, key, words
from nlu.understanding import Understanding, understand
from nlu.words import CUES, PARTS, PATTERNS, Intent


def read(text: str, expecting: str | None = None, language: str | None = None) -> Understanding:
    return understand(text, language=language, expecting=expecting)


def values(text: str, kind: str, expecting: str | None = None) -> list[str]:
    return [entity.value for entity in read(text, expecting).entities if entity.kind == kind]


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
        ("erledigt!", "yes"),
        ("kein Problem", "yes"),
        ("Nein danke", "no"),
        ("später", "no"),
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
        ("Schreiben Sie mir bitte nicht mehr.", "opt_out"),
        ("Lasst mich endlich in Ruhe", "opt_out"),
        ("please don't message me", "opt_out"),
        ("unsubscribe", "opt_out"),
        ("Ihr dürft mir gerne wieder schreiben", "opt_in"),
        ("Die Mühle ist kaputt", "complaint"),
        ("Der Deckel ist kaputttt!!", "complaint"),
        ("Ich will mein Geld zurück", "complaint"),
        ("Danke für nichts", "complaint"),
        ("Es fehlt ein Teil", "complaint"),
        ("It arrived broken", "complaint"),
        ("Funktioniert leider gar nicht", "not_working"),
        ("klappt nicht", "not_working"),
        ("die Kurbel klemmt", "not_working"),
        ("Wo ist mein Paket?", "order_status"),
        ("Wann kommt meine Kaffeelieferung?", "order_status"),
        ("Sendungsverfolgung", "order_status"),
        ("Where is my parcel?", "order_status"),
        ("Wie richte ich die Mühle ein? Gibt es eine Bedienungsanleitung?", "setup_help"),
        ("Einrichtung", "setup_help"),
        ("how do I use it", "setup_help"),
        ("Pflegetipp", "care_tip"),
        ("Wie reinige ich das Mahlwerk?", "care_tip"),
        ("any care tips?", "care_tip"),
        ("Ich möchte eine Bewertung abgeben", "rating"),
        ("⭐⭐⭐⭐", "rating"),
        ("blaue Schuhe", "none"),
    ],
)
def test_a_wish_is_understood(text: str, intent: str) -> None:
    understood = read(text)
    assert understood.intent == intent
    assert (understood.confidence > 0) == (intent != "none")


@pytest.mark.parametrize(
    "text",
    [
        "nicht schlecht",
        "Es funktioniert nicht schlecht",
        "ist gar nicht kaputt",
        "kein Problem",
        "Ich bin nicht enttäuscht",
        "not bad at all",
        "Die Pumpe ist prima",
        "Ich habe leider keine Zeit",
    ],
)
def test_what_is_denied_is_no_complaint(text: str) -> None:
    understood = read(text)
    assert understood.intent not in {"complaint", "not_working"}
    assert understood.mood.label != "negative"


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Die Mühle ist kaputt!", ("kaputt",)),
        ("Gefällt mir nicht", ("Gefällt mir nicht",)),
        ("nicht nur kaputt, auch dreckig", ("kaputt",)),
        ("😡", ("😡",)),
    ],
)
def test_a_bad_mood_is_shown_by_the_persons_own_words(text: str, evidence: tuple[str, ...]) -> None:
    mood = read(text).mood
    assert (mood.label, mood.evidence) == ("negative", evidence)
    assert -1 <= mood.polarity < 0


def test_praise_is_positive() -> None:
    assert read("Der Kaffee schmeckt richtig gut").mood.label == "positive"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Mensch, ist das toll!", "human_request"),
        ("Ich brauche keinen Menschen", "human_request"),
        ("Stop, ich habe noch eine Frage", "opt_out"),
        ("Nonstop Kaffee", "opt_out"),
        ("Ich möchte mein Abo abbestellen", "opt_out"),
        ("Menschenskind", "human_request"),
        ("Der Kaputzenpulli ist da", "complaint"),
    ],
)
def test_a_word_inside_something_else_is_not_taken_for_a_wish(text: str, intent: str) -> None:
    assert read(text).intent != intent


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", "2"),
        ("2.", "2"),
        ("Nr. 2", "2"),
        ("die zweite", "2"),
        ("vier", "4"),
        ("fünf", "5"),
        ("four", "4"),
        ("4️⃣", "4"),
        (" 3 ) ", "3"),
        ("#1", "1"),
        ("nummer drei bitte", "3"),
        ("٣", "3"),
    ],
)
def test_a_choice_by_number(text: str, value: str) -> None:
    assert values(text, "number") == [value]


@pytest.mark.parametrize("text", ["Ich habe 2 Kinder", "hier", "1001", "", "zwei oder drei", "0"])
def test_no_choice_by_number(text: str) -> None:
    assert values(text, "number") == []


@pytest.mark.parametrize(
    ("text", "expecting", "value"),
    [
        ("⭐⭐⭐⭐", None, "4"),
        ("⭐️⭐️⭐️", None, "3"),
        ("★★★★★", None, "5"),
        ("4/5", None, "4"),
        ("4 von 5", None, "4"),
        ("4 Sterne", None, "4"),
        ("vier Sterne, weil", None, "4"),
        ("ein Stern", None, "1"),
        ("4", "rating", "4"),
        ("vier", "rating", "4"),
        ("Ich gebe eine 3, weil die Kurbel hakt", "rating", "3"),
        ("5!!", "rating", "5"),
    ],
)
def test_a_rating(text: str, expecting: str | None, value: str) -> None:
    assert values(text, "rating", expecting) == [value]


@pytest.mark.parametrize(
    "text", ["3 oder 4", "4-5", "⭐⭐⭐⭐⭐⭐", "7", "4,5 Sterne", "0/5", "15", "um 4:30 Uhr"]
)
def test_no_rating(text: str) -> None:
    assert values(text, "rating", "rating") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("#1001", "1001"),
        ("meine Bestellung 1001", "1001"),
        ("Bestellnummer: B-2044", "B-2044"),
        ("order no. 77123", "77123"),
    ],
)
def test_an_order_number(text: str, value: str) -> None:
    assert values(text, "order_number") == [value]


def test_a_lone_figure_is_an_order_number_only_where_one_is_expected() -> None:
    assert values("1001", "order_number", "order_number") == ["1001"]
    assert values("1001", "order_number") == []


def test_an_address_and_a_code() -> None:
    code = "nk" + "abcdefghijklmnopqrstuv"
    text = f"Ich bin anna.b@example.com, Code {code}!"
    assert values(text, "email") == ["anna.b@example.com"]
    assert values(text, "entry_code") == [code.upper()]
    assert values(f"x{code}", "entry_code") == []
    assert values("NK" + "ſ" * 22, "entry_code") == [], "a long s is no S"
    assert ENTRY_CODE.startswith("NK")


def test_offsets_point_into_what_was_written() -> None:
    text = "Straße 😀 Bestellung #1001, 4 Sterne, a@b.de"
    for entity in read(text).entities:
        assert entity.value.casefold() in text[entity.start : entity.end].casefold()


@pytest.mark.parametrize(
    ("text", "language"),
    [("Wo ist mein Paket?", "de"), ("Where is my parcel?", "en"), ("ok", None), ("Größe", "de"), ("", None)],
)
def test_the_language_is_guessed_only_when_it_shows(text: str, language: str | None) -> None:
    assert guess_language(words(text)) == language
    assert read(text, language="en").language == (language or "en")


def test_spellings_meet() -> None:
    assert fold_word("MÜHLE") == fold_word("Muehle") == fold_word("mu\u0308hle".replace("u\u0308", "ü"))
    assert fold_word("Straße") == fold_word("STRASSE")
    assert fold_word("suuuuper") == "super"
    assert key("⭐⭐⭐⭐ Gut") == key("gut!") == "gut"
    assert read("Mu\u0308hle kaputt").intent == "complaint"


@given(st.text(max_size=400), st.sampled_from([None, "rating", "choice", "order_number", "x"]))
def test_any_text_is_understood_somehow(text: str, expecting: str | None) -> None:
    understood = read(text, expecting)
    assert understood == read(text, expecting)
    assert understood.text == text
    assert 0 <= understood.confidence <= 1
    assert -1 <= understood.mood.polarity <= 1
    assert all(0 <= e.start < e.end <= len(text) for e in understood.entities)


_BITS = st.sampled_from(
    [
        "nicht",
        "kein",
        "funktioniert",
        "mensch",
        "stop",
        "wo ist",
        "paket",
        "4",
        "⭐",
        "@",
        "#",
        "NK",
        "a" * 60,
        " ",
        ".",
        ",",
        "\n",
        "\u0301",
        "\u200d",
        "\ud800",
        "\x00",
        "ẞ",
        "İ",
        "ﬁ",
        "keine",
        "nachrichten",
        "mehr",
        "sprechen",
        "mit",
        "x.y@",
    ]
)


@given(st.lists(_BITS, max_size=300).map("".join))
def test_hostile_repetition_is_read_in_bounded_time(text: str) -> None:
    # A catastrophic pattern would take minutes, and the test's time-out names it.
    read(text, "rating")


@pytest.mark.parametrize(
    "bit",
    ["nicht ", "a", "NK", "⭐ ", "x@", "x.", "4 ", "keine a ", "mit a ", "#1", "wann a ", "\u0301", "1-"],
)
def test_the_longest_text_of_one_kind_is_read(bit: str) -> None:
    assert read(bit * 50_000).text == bit * 50_000


@settings(max_examples=60)
@given(st.sampled_from([(wish, part) for wish in CUES for part in PARTS[wish]]), st.data())
def test_cues_hide_no_wish(wish_and_part: tuple[Intent, str], data: st.DataObject) -> None:
    """A pattern never matches where no cue is: the cues only save time."""
    wish, part = wish_and_part
    folded = words(data.draw(st.from_regex(part, alphabet=st.characters(codec="ascii"))))
    if PATTERNS[wish].search(folded.folded):
        assert any(CUES[wish].fullmatch(token) for token in folded.tokens), folded.folded
