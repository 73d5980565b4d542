"""The mood's evidence and numbers: every kind in both languages, the reach of negation, any text at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import mood
from nlu.lexicon import entries, matching
from nlu.lexicon.english import tones
from nlu.understanding import Why

SAID: list[tuple[str, str, Why, str]] = [
    ("de", "Das Kissen ist wunderschön geworden", "praise", "wunderschön"),
    ("de", "die qualitaet ist grossartig", "praise", "grossartig"),
    ("de", "isch mega schöni Täsche", "praise", "schöni"),
    ("de", "das Teil ist supertoll", "praise", "supertoll"),
    ("de", "Eine Unverschämtheit, wirklich", "grief", "Eine Unverschämtheit"),
    ("de", "bin echt enttauscht", "grief", "enttauscht"),
    ("de", "die Erklärung hilft mir nichts", "negated", "hilft mir nichts"),
    ("de", "gefällt mir überhaupt nicht", "negated", "gefällt mir überhaupt nicht"),
    ("de", "gar nicht übel die Kanne", "litotes", "gar nicht übel"),
    ("de", "da kann man nicht meckern", "litotes", "kann man nicht meckern"),
    ("de", "lief alles, null Probleme", "litotes", "null Probleme"),
    ("de", "Der Deckel funktioniert super", "works", "funktioniert super"),
    ("de", "der Motor läuft leider nicht", "broken", "läuft leider nicht"),
    ("de", "geht nach 3 Tagen nimmer an", "broken", "geht nach 3 Tagen nimmer an"),
    ("de", "nach 2 Wochen schon hin", "broken", "nach 2 Wochen schon"),
    ("de", "schön 😡", "emoji", "😡"),
    ("de", "ihr seid soooooo ein toller Laden, grandios", "elongated", "soooooo"),
    ("de", "ich will JETZT SOFORT eine Antwort", "shouting", "JETZT SOFORT"),
    ("de", "Na bravo", "irony", "Na bravo"),
    ("de", "ganz großes Kino von euch", "irony", "ganz großes Kino"),
    ("de", "na dann schönen Dank auch", "irony", "schönen Dank auch"),
    ("de", 'eure "tolle" Hilfe', "irony", "tolle"),
    ("de", "läuft bei euch", "irony", "läuft bei euch"),
    ("de", "Tag 8", "overdue", "Tag 8"),
    ("de", "immer noch nicht angekommen", "overdue", "immer noch nicht angekommen"),
    ("de", "zum vierten Mal geschrieben", "repeated", "zum vierten Mal"),
    ("de", "jetzt schon wieder so ein Ding", "repeated", "schon wieder"),
    ("de", "Wo bleibt mein Geld?", "waiting_for_money", "Wo bleibt mein Geld"),
    ("de", "kriege keine Antwort", "ignored", "keine Antwort"),
    ("de", "erst hieß es Montag, dann Freitag", "promise_broken", "erst hieß es Montag, dann"),
    ("de", "obwohl ich euch das geschrieben habe", "promise_broken", "obwohl ich euch das geschrieben"),
    ("de", "Problem gelöst", "solved", "Problem gelöst"),
    ("de", "klappt wieder", "solved", "klappt wieder"),
    ("de", "hat sich erledigt", "solved", "hat sich erledigt"),
    ("de", "sonst geht das an meinen Anwalt", "threat", "Anwalt"),
    ("de", "da kommt Rauch raus", "safety", "kommt Rauch"),
    ("de", "Bitte löscht meine Daten", "privacy", "löscht meine Daten"),
    ("en", "the jumper is gorgeous", "praise", "gorgeous"),
    ("en", "Cannot fault it", "praise", "Cannot fault"),
    ("en", "what a shambles", "grief", "what a shambles"),
    ("en", "not worth the money", "negated", "not worth"),
    ("en", "not bad at all", "litotes", "not bad at all"),
    ("en", "no complaints", "litotes", "no complaints"),
    ("en", "the lid fits perfectly", "works", "fits perfectly"),
    ("en", "it doesn’t charge", "broken", "doesn’t charge"),
    ("en", "👎", "emoji", "👎"),
    ("en", "i want it NOW please", "shouting", ""),
    ("en", "funny how that went", "irony", "funny how"),
    ("en", "Still nothing", "overdue", "Still nothing"),
    ("en", "my third email", "repeated", "third email"),
    ("en", "where is my refund", "waiting_for_money", "where is my refund"),
    ("en", "anyone alive over there", "ignored", "anyone alive"),
    ("en", "you promised two days", "promise_broken", "you promised"),
    ("en", "works now, cheers", "solved", "works now"),
    ("en", "I'll do a chargeback", "threat", "chargeback"),
    ("en", "got an electric shock off the plug", "safety", "got an electric shock"),
    ("en", "erase all my data please", "privacy", "erase all my data"),
]


@pytest.mark.parametrize(("language", "text", "why", "quote"), SAID)
def test_each_kind_of_evidence_marks_its_own_words(language: str, text: str, why: Why, quote: str) -> None:
    evidence, numbers = mood.signals(text, language)
    quotes = [text[one.start : one.end] for one in evidence if one.why == why]
    if quote:
        assert quote in quotes
        assert numbers[mood.FEATURES.index(f"why {why}")] > 0
    else:  # three capital letters may be an abbreviation
        assert not quotes


@pytest.mark.parametrize(
    ("language", "text", "label"),
    [
        ("de", "nicht nur schön, sondern auch stabil", "positive"),
        ("de", "kein Fehler gefunden", "positive"),
        ("de", "der Fehler ist noch nicht behoben", "negative"),
        ("de", "das hat leider nicht geholfen", "negative"),
        ("de", "wunderbar, die Fliege ist nicht mehr da", "positive"),
        ("de", "Wie entferne ich hässliche Flecken?", "neutral"),
        ("de", "Ist das normal, dass es so komisch klingt?", "neutral"),
        ("de", "Das wäre super", "neutral"),
        ("de", "Guten Tag, liebe Grüße", "neutral"),
        ("de", "hab mich vertippt, falsche Größe", "neutral"),
        ("de", "kein Problem", "neutral"),
        ("de", "4 von 5 Sternen", "positive"),
        ("de", "2/5", "negative"),
        ("de", "ganz toll, schon wieder kaputt 🙄", "negative"),
        ("en", "not only pretty but sturdy and well made", "positive"),
        ("en", "it isn't good", "negative"),
        ("en", "how do I get nasty smells out of the bottle", "neutral"),
        ("en", "that would be great", "neutral"),
        ("en", "good morning", "neutral"),
        ("en", "9 out of 10", "positive"),
        ("en", "hasn't been fixed", "negative"),
    ],
)
def test_what_stands_around_a_word_decides(language: str, text: str, label: str) -> None:
    assert mood.by_rule(text, language).label == label


def test_a_clause_ends_the_reach_of_a_negation() -> None:
    evidence, _ = mood.signals("die Lampe kam nicht, aber hervorragend verpackt war der Karton", "de")
    assert [one.weight > 0 for one in evidence if one.why in {"praise", "negated"}] == [True]


def test_praise_is_not_shown_as_praise_beside_irony_and_bad_news() -> None:
    evidence, _ = mood.signals("Ganz toll gemacht. Alles kaputt 🙄", "de")
    assert {one.why for one in evidence} == {"broken", "irony"}


def test_intensifiers_and_dampers_weigh() -> None:
    def weight(text: str) -> float:
        return mood.signals(text, "de")[0][0].weight

    assert weight("etwas schlecht") > weight("schlecht") > weight("extrem schlecht")


def test_a_spelling_without_dots_with_accents_or_in_two_code_points_is_the_same_word() -> None:
    for text in ("schön", "schoen", "scho\u0308n", "SCHÖN", "schööön"):
        (one, *_) = mood.signals(text, "de")[0]
        assert (text[one.start : one.end], one.why) == (text, "praise")


def test_few_marks_in_a_long_complaint() -> None:
    evidence, _ = mood.signals("Frechheit! Betrug! Immer noch nichts! " * 40, "de")
    assert len(evidence) == mood.MOST_SHOWN


def test_names_of_the_numbers_are_unique() -> None:
    assert len(set(mood.FEATURES)) == len(mood.FEATURES)


@given(st.text(st.characters(), max_size=300), st.sampled_from(["de", "en", "other", "", "de-CH"]))
def test_any_text_has_bounded_numbers_and_evidence_inside_it(text: str, language: str) -> None:
    _promises(text, language)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([word for _, text, _, _ in SAID for word in text.split()]),
            st.sampled_from(
                [" ", "\n", "!", "??", "…", '"', "\ud800", "\u0308", "7", "3/5", "👏🏽", "\u200d", "''"]
            ),
        ),
        max_size=40,
    ),
    st.sampled_from(["de", "en"]),
)
def test_any_heap_of_telling_words_has_bounded_numbers(words: list[str], language: str) -> None:
    _promises(" ".join(words), language)


def _promises(text: str, language: str) -> None:
    evidence, numbers = mood.signals(text, language)
    assert len(numbers) == len(mood.FEATURES)
    assert all(-1 <= number <= 1 for number in numbers)
    assert len(evidence) <= mood.MOST_SHOWN
    assert [one.start for one in evidence] == sorted(one.start for one in evidence)
    for one in evidence:
        assert 0 <= one.start < one.end <= len(text)
        assert -1 <= one.weight <= 1
    assert (evidence, numbers) == mood.signals(text, language)
    assert -1 <= mood.by_rule(text, language).polarity <= 1


@pytest.mark.parametrize("language", ["de", "en"])
def test_time_is_linear_because_every_phrase_is_short(language: str) -> None:
    """From each word only so much is tried, whatever the text: phrases have few steps and small gaps."""
    read = entries.lexicon(language)
    for phrases in read.starts.values():
        for phrase in phrases:
            assert len(phrase.steps) <= 6
            assert sum(step.gap > 0 for step in phrase.steps) <= 3
            assert all(step.gap <= entries.FAR for step in phrase.steps)


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_entry_stands_in_a_section_that_is_known(language: str) -> None:
    read = entries.lexicon(language)
    known = {name.removeprefix("why ").removeprefix("says ") for name in mood.FEATURES}
    sections = {why for why, _ in read.singles.values()}
    sections |= {phrase.why for phrases in read.starts.values() for phrase in phrases}
    assert sections <= known
    assert all(-1 <= weight <= 1 for _, weight in read.singles.values())


@pytest.mark.parametrize(
    ("content", "said"),
    [("kaputt", "Line 1"), ("= grief -1\n[sehr] doof", "first step"), ("= grief -1\nso|sehr", "brackets")],
)
def test_a_bad_file_of_phrases_says_what_is_wrong(content: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        entries.parse(content)


def test_textblobs_own_lexicon_is_a_feature_of_english_only() -> None:
    place = mood.FEATURES.index("textblob good")
    assert tones()["wonderful"].polarity == 1.0
    assert mood.signals("wonderful", "en")[1][place] > 0
    assert mood.signals("wonderful", "de")[1][place] == 0


def test_a_word_is_looked_up_once() -> None:
    matching.look("Unikat", "de")
    before = matching.look.cache_info().hits
    matching.look("Unikat", "de")
    assert matching.look.cache_info().hits == before + 1
