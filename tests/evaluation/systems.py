"""The systems that are measured beside each other, behind one shape: a message in, one `Told` out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from textblob import TextBlob
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from bot.engines import WithRasa
from dialogs.triage import triage
from integrations.http import Http
from integrations.rasa import Rasa, RasaSettings
from nlu.engine import Embedded
from nlu.understanding import Entity, Understanding

_FELT: Final = 0.05
"""From this polarity on something is felt; VADER's authors draw the line there."""


@dataclass(frozen=True, slots=True)
class Message:
    """A labelled message."""

    text: str
    language: str
    intent: str
    mood: str
    handoff: bool
    phenomena: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """What a system says; a lexicon knows only the mood. ``outside`` is high for what is not our business."""

    mood: str
    polarity: float
    handoff: bool = False
    intent: str = ""
    confidence: float = 0.0
    outside: float = 0.0
    entities: tuple[Entity, ...] = ()


System: TypeAlias = Callable[[Message], Told]


def embedded(engine: Embedded) -> System:
    """The engine that ships."""
    return lambda message: _told(engine(message.text, language=message.language, expecting=None))


def with_rasa(engine: Embedded, url: str, messages: Sequence[Message]) -> System | None:
    """A Rasa server before it, asked for all messages at once; None if it is not ready."""

    async def ask() -> dict[str, Understanding] | None:
        http = Http()
        rasa = Rasa(RasaSettings(url, timeout=10), http, lambda: datetime.now(UTC))
        both = WithRasa(engine, rasa, http)
        try:
            if not await rasa.ready():
                return None
            return {
                one.text: (await both.prepare(one.text))(one.text, language=one.language, expecting=None)
                for one in messages
            }
        finally:
            await both.aclose()

    answers = asyncio.run(ask())
    return None if answers is None else lambda message: _told(answers[message.text])


def plain_textblob(message: Message) -> Told:
    """TextBlob as it comes: its own English lexicon, whatever the language."""
    return _felt(float(TextBlob(message.text).sentiment.polarity))


def vader() -> System:
    """VADER as it comes."""
    analyzer = SentimentIntensityAnalyzer()
    return lambda message: _felt(float(analyzer.polarity_scores(message.text)["compound"]))


def microseconds(system: System, messages: Sequence[Message]) -> float:
    """The mean time for a message, after a first round."""
    for message in messages:
        system(message)
    begun = time.perf_counter()
    for message in messages:
        system(message)
    return (time.perf_counter() - begun) / len(messages) * 1e6


def _felt(polarity: float) -> Told:
    mood = "negative" if polarity <= -_FELT else "positive" if polarity >= _FELT else "neutral"
    return Told(mood, polarity, handoff=mood == "negative")


def _told(meaning: Understanding) -> Told:
    chances = {meaning.intent: meaning.confidence, **dict(meaning.others)}
    return Told(
        mood=meaning.mood.label,
        polarity=meaning.mood.polarity,
        handoff=triage(meaning) is not None,
        intent=meaning.intent,
        confidence=meaning.confidence,
        # What is outside is said to be, or nothing fits it well.
        outside=chances.get("out_of_scope", 0.0) + (1 - max(chances.values())) / 2,
        entities=meaning.entities,
    )
