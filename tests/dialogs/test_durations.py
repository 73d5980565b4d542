"""How long and at what time: what owners write, in German and in English, and what is no duration."""

from __future__ import annotations

from contextlib import suppress
from datetime import time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialogs.durations import (
    LONGEST,
    DurationError,
    format_clock,
    format_duration,
    format_offset,
    parse_clock,
    parse_duration,
    parse_offset,
)

MINUTES = st.integers(-LONGEST // timedelta(minutes=1), LONGEST // timedelta(minutes=1)).map(
    lambda count: timedelta(minutes=count)
)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3 days", timedelta(days=3)),
        ("3 Tage", timedelta(days=3)),
        ("1 Tag", timedelta(days=1)),
        ("2 Tagen", timedelta(days=2)),
        ("48 hours", timedelta(hours=48)),
        ("48 Stunden", timedelta(hours=48)),
        ("12 Std.", timedelta(hours=12)),
        ("24h", timedelta(hours=24)),
        ("30 minutes", timedelta(minutes=30)),
        ("30 Minuten", timedelta(minutes=30)),
        ("2 weeks", timedelta(weeks=2)),
        ("2 Wochen", timedelta(weeks=2)),
        ("  1   woche ", timedelta(weeks=1)),
        ("-2 days", timedelta(days=-2)),
        ("- 2 Tage", timedelta(days=-2)),
        ("+5 days", timedelta(days=5)),
        ("0 days", timedelta(0)),
    ],
)
def test_durations_in_both_languages(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "3", "days", "soon", "3 moons", "1.5 days", "3 days 2 hours", "4000 days", "٣ days", "--3 days"],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(hours=48), "2 days"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(days=-2), "-2 days"),
        (timedelta(0), "0 days"),
        (timedelta(seconds=-20), "0 days"),
    ],
)
def test_the_shortest_way_to_write_it(span: timedelta, text: str) -> None:
    assert format_duration(span) == text


@given(MINUTES)
@example(LONGEST - timedelta(minutes=1))
def test_what_is_written_is_read_back(span: timedelta) -> None:
    assert parse_duration(format_duration(span)) == span


@given(MINUTES, st.booleans())
def test_offsets_are_read_back_too(span: timedelta, used_up: bool) -> None:
    assert parse_offset(format_offset(span, used_up=used_up)) == (span, used_up)


@given(st.text(alphabet="0123456789 +-:.daysTaghwuse pminUhr\n", max_size=20) | st.text(max_size=20))
def test_no_text_does_anything_else_than_name_one_or_not(text: str) -> None:
    for parse in (parse_duration, parse_offset, parse_clock):
        with suppress(DurationError):
            parse(text)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("3 days", (timedelta(days=3), False)),
        ("-2 Tage", (timedelta(days=-2), False)),
        ("used up", (timedelta(0), True)),
        ("used up - 5 days", (timedelta(days=-5), True)),
        ("Used up +1 week", (timedelta(days=7), True)),
        ("aufgebraucht - 5 Tage", (timedelta(days=-5), True)),
    ],
)
def test_offsets(text: str, offset: tuple[timedelta, bool]) -> None:
    assert parse_offset(text) == offset


@pytest.mark.parametrize("text", ["used up 5 days", "used up - soon", "up", ""])
def test_what_is_no_offset(text: str) -> None:
    with pytest.raises(DurationError):
        parse_offset(text)


@given(st.times())
def test_times_of_day_are_read_back(clock: time) -> None:
    assert parse_clock(format_clock(clock)) == time(clock.hour, clock.minute)


def test_times_of_day() -> None:
    assert parse_clock("9:30") == time(9, 30)
    assert parse_clock("18:00 Uhr") == time(18)
    for text in ("24:00", "12:60", "9", "9:5", "noon", "10:00:30", ""):
        with pytest.raises(DurationError):
            parse_clock(text)
