"""The mood as TextBlob asks for it: ``TextBlob(text, analyzer=GermanAnalyzer()).sentiment``.

For notebooks, evaluation and whoever knows TextBlob. It is the only module that imports TextBlob, which is
large, and nothing that answers buyers imports this module. No NLTK corpus is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple, TypeAlias

from textblob.base import CONTINUOUS, BaseSentimentAnalyzer

from nlu import mood
from nlu.understanding import Evidence, Mood, MoodLabel

__all__ = ["Engine", "EnglishAnalyzer", "GermanAnalyzer", "Sentiment"]

Engine: TypeAlias = Callable[[str], Mood]
"""What tells the mood of a text, such as the trained engine."""


class Sentiment(NamedTuple):
    """``polarity`` is from -1 to 1; ``evidence`` are the stretches of the text that say so."""

    polarity: float
    label: MoodLabel
    evidence: tuple[Evidence, ...]


class _Analyzer(BaseSentimentAnalyzer):  # type: ignore[misc]  # TextBlob ships no types
    """TextBlob's interface over our own mood: by ``engine`` if there is one, else by the lexicon's rule."""

    kind = CONTINUOUS
    language: ClassVar[str]

    def __init__(self, engine: Engine | None = None) -> None:
        super().__init__()
        self._engine = engine

    def analyze(
        self,
        text: str,
        keep_assessments: bool = False,  # noqa: FBT001, FBT002 - TextBlob calls it so
    ) -> Sentiment:
        """The mood of ``text``, with its evidence whatever ``keep_assessments`` says. Never raises."""
        del keep_assessments
        told = mood.by_rule(text, self.language) if self._engine is None else self._engine(text)
        return Sentiment(told.polarity, told.label, told.evidence)


class GermanAnalyzer(_Analyzer):
    """German, by our own lexicon and rules or by a trained engine."""

    language = "de"


class EnglishAnalyzer(_Analyzer):
    """English, by our own lexicon and rules or by a trained engine."""

    language = "en"
