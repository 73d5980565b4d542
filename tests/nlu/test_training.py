"""The house's own messages: how many, how varied, how sure their labels are, and copies of nothing."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from nlu.corpus import INTENTS, TRAINING, Example, load, training_files
from tests.evaluation.agreement import agreement, second_pass
from tests.evaluation.variety import copies, variety_of

DEV = Path(__file__).parents[1] / "evaluation" / "data" / "dm_dev.jsonl"
LEAST = {"de": 150, "en": 80}
LEAST_ON_TOP = {"de": 1500, "en": 600}


@cache
def corpus() -> tuple[Example, ...]:
    return load(training_files(TRAINING))


def of(language: str) -> list[Example]:
    return [example for example in corpus() if example.language == language]


@pytest.mark.parametrize("language", LEAST)
def test_every_intent_has_enough_messages(language: str) -> None:
    counts = Counter(example.intent for example in of(language) if not on_top(example))
    assert {intent: counts[intent] for intent in INTENTS if counts[intent] < LEAST[language]} == {}


@pytest.mark.parametrize("language", LEAST_ON_TOP)
def test_mood_and_handoff_have_messages_of_their_own(language: str) -> None:
    assert sum(map(on_top, of(language))) >= LEAST_ON_TOP[language]


@pytest.mark.parametrize("language", LEAST)
def test_the_messages_are_varied(language: str) -> None:
    found = variety_of(of(language))
    assert found.near_duplicates <= 0.002 * found.messages
    assert found.distinct[0] >= 0.45
    assert found.distinct[1] >= 0.8
    shortest, middle, longest = found.words
    assert shortest <= 3
    assert 6 <= middle <= 11
    assert longest >= 13
    assert found.beginnings <= 0.01


@pytest.mark.parametrize("language", LEAST)
def test_people_write_in_all_kinds_of_ways(language: str) -> None:
    texts = [example.text for example in of(language)]
    small = sum(text == text.lower() for text in texts) / len(texts)
    unpointed = sum(text[-1].isalnum() for text in texts) / len(texts)
    pictured = sum(any(ord(sign) > 0x2600 for sign in text) for text in texts) / len(texts)
    assert 0.35 <= small <= 0.75
    assert 0.3 <= unpointed <= 0.8
    assert 0.03 <= pictured <= 0.25


def test_nothing_is_copied_from_the_file_it_is_measured_on() -> None:
    texts = [json.loads(line)["text"] for line in DEV.read_text(encoding="utf-8").splitlines()]
    assert copies(corpus(), texts) == []


def test_a_second_reader_agrees_with_the_labels() -> None:
    """An independent pass over a sample, blind to the labels; what it gave stands beside this test."""
    judged = second_pass(corpus())
    assert len(judged) >= 500
    found = agreement(judged)
    assert found.intent >= 0.85
    assert found.mood >= 0.85
    assert found.handoff >= 0.88


def on_top(example: Example) -> bool:
    return example.file.split("/")[1].startswith("mood_")
