"""Spans of time are read as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sandbox.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3 days", timedelta(days=3)),
        ("1 day", timedelta(days=1)),
        ("90 minutes", timedelta(minutes=90)),
        ("12 h", timedelta(hours=12)),
        ("1 week", timedelta(weeks=1)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        ("1.5 hours", timedelta(minutes=90)),
        ("30s", timedelta(seconds=30)),
        ("1 Tag, 6 Stunden", timedelta(hours=30)),
        ("10 Tage", timedelta(days=10)),
        ("2 Wochen", timedelta(weeks=2)),
        ("1,5 Std", timedelta(minutes=90)),
    ],
)
def test_what_people_write(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@given(st.text(max_size=50))
def test_anything_else_is_a_value_error(text: str) -> None:
    try:
        span = parse_duration(text)
    except ValueError:
        return
    assert timedelta(0) < span <= timedelta(days=3660)
