"""TextBlob's door to our mood."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textblob import TextBlob
from textblob.base import BaseSentimentAnalyzer

from nlu import mood
from nlu.sentiment import EnglishAnalyzer, GermanAnalyzer, Sentiment
from nlu.understanding import Evidence, Mood


def test_textblob_takes_the_german_analyzer() -> None:
    text = "Die Kanne ist wunderschön, da kann man nicht meckern"
    told = TextBlob(text, analyzer=GermanAnalyzer()).sentiment
    assert told.label == "positive"
    assert told.polarity > 0.4
    assert [text[one.start : one.end] for one in told.evidence] == ["wunderschön", "kann man nicht meckern"]


def test_textblob_takes_the_english_analyzer() -> None:
    told = TextBlob("still nothing, third email", analyzer=EnglishAnalyzer()).sentiment
    assert (told.label, {one.why for one in told.evidence}) == ("negative", {"overdue", "repeated"})


@pytest.mark.parametrize("analyzer", [GermanAnalyzer(), EnglishAnalyzer()])
def test_it_is_one_of_textblobs_analyzers(analyzer: BaseSentimentAnalyzer) -> None:
    assert isinstance(analyzer, BaseSentimentAnalyzer)
    assert analyzer.kind == "co"
    assert analyzer.analyze("ok", keep_assessments=True) == analyzer.analyze("ok")


def test_a_trained_engine_decides_where_there_is_one() -> None:
    evidence = (Evidence(0, 2, -0.5, "learnt"),)
    analyzer = GermanAnalyzer(lambda text: Mood(-0.5, "negative", evidence))
    assert analyzer.analyze("na ja") == Sentiment(-0.5, "negative", evidence)


@given(st.text(st.characters(), max_size=200))
def test_any_text_has_a_sentiment(text: str) -> None:
    told = GermanAnalyzer().analyze(text)
    assert -1 <= told.polarity <= 1


def test_reading_the_mood_does_not_import_textblob() -> None:
    asked = (
        f"import sys, {mood.__name__} as m; m.signals('lovely', 'en'); sys.exit('textblob' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
