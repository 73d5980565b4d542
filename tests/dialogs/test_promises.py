"""Promises of time: what is one, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.promises import promise_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wir melden uns innerhalb von 48 Stunden.", "innerhalb von 48 Stunden"),
        ("Du bekommst in 24 Stunden eine Antwort", "in 24 Stunden"),
        ("Wir lösen das bis morgen.", "bis morgen"),
        ("Ich melde mich morgen.", "morgen"),
        ("Wir kümmern uns noch heute darum", "noch heute"),
        ("Binnen zwei Werktagen ist es da", "Binnen zwei Werktagen"),
        ("Spätestens am Freitag hast du eine Lösung", "Spätestens am Freitag"),
        ("Ich frage dich in zehn Tagen noch einmal.", "in zehn Tagen"),
        ("Eine Antwort kommt innerhalb von {promise}.", "{promise}"),
        ("Gern! {hello}\n\nWe answer within 48 hours.", "within 48 hours"),
        ("You'll have it by tomorrow.", "by tomorrow"),
        ("I'll ask you again in ten days.", "in ten days"),
        ("We'll get back to you within the next two business days", "within the next two business days"),
    ],
)
def test_a_promise(text: str, words: str) -> None:
    assert promise_in(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Darf ich dich in ein paar Tagen fragen, wie zufrieden du bist?",
        "Reicht dir eine Antwort bis morgen?",
        "Guten Morgen! Ich melde mich wieder.",
        "Ein Tipp zur Handmühle Morgenrot",
        "Der Kaffee schmeckt am Morgen am besten.",
        "Du kannst innerhalb von 14 Tagen widerrufen.",
        "Der Code gilt bis morgen.",
        "Trink ihn innerhalb von 20 Minuten.",
        "Gieß innerhalb von 2 Minuten das Wasser auf.",
        "In 5 Minuten eingerichtet",
        "Use it within 14 days of opening",
        "The code is valid until tomorrow",
        "Sobald sie unterwegs ist, melde ich mich bei dir.",
    ],
)
def test_no_promise(text: str) -> None:
    assert promise_in(text) == ""


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    promise_in(text)
