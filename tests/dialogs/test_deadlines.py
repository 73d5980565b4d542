"""By when, in words: as somebody says it who looks at the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.deadlines import deadline, within
from dialogs.words import Tone

GERMAN, ENGLISH = Tone(), Tone("en")
MOMENTS = st.datetimes(timezones=st.just(UTC))


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


NOW = at("2026-11-05 11:00")


@pytest.mark.parametrize(
    ("moment", "german", "english"),
    [
        ("2026-11-05 15:00", "heute um 15 Uhr", "3 p.m. today"),
        ("2026-11-06 11:00", "morgen, Freitag, 11 Uhr", "11 a.m. tomorrow, Friday"),
        ("2026-11-06 11:30", "morgen, Freitag, 11:30 Uhr", "11:30 a.m. tomorrow, Friday"),
        ("2026-11-09 12:00", "Montag, 12 Uhr", "noon on Monday"),
        ("2026-12-14 09:00", "Montag, 14. Dezember, 9 Uhr", "9 a.m. on Monday, 14 December"),
        ("2026-11-06 00:00", "heute um 24 Uhr", "midnight today"),
        ("2026-11-06 12:30", "morgen, Freitag, 12:30 Uhr", "12:30 p.m. tomorrow, Friday"),
        ("2026-11-06 00:30", "morgen, Freitag, 0:30 Uhr", "12:30 a.m. tomorrow, Friday"),
    ],
)
def test_a_deadline(moment: str, german: str, english: str) -> None:
    assert deadline(at(moment), NOW, GERMAN, "Europe/Berlin") == german
    assert deadline(at(moment), NOW, ENGLISH, "Europe/Berlin") == english


def test_austria_and_switzerland_say_it_their_way() -> None:
    moment = at("2027-01-11 11:30")
    assert deadline(moment, NOW, Tone(country="AT"), "Europe/Vienna") == "Montag, 11. Jänner, 11:30 Uhr"
    assert deadline(moment, NOW, Tone(country="CH"), "Europe/Zurich") == "Montag, 11. Januar, 11.30 Uhr"


def test_the_buyers_clock_counts() -> None:
    assert deadline(at("2026-11-06 11:00"), NOW, ENGLISH, "Europe/London") == "10 a.m. tomorrow, Friday"


@pytest.mark.parametrize(
    ("left", "german", "english"),
    [
        (timedelta(minutes=5), "1 Stunde", "1 hour"),
        (timedelta(hours=3, minutes=1), "4 Stunden", "4 hours"),
        (timedelta(hours=48), "48 Stunden", "48 hours"),
        (timedelta(hours=49), "3 Tagen", "3 days"),
    ],
)
def test_how_long_it_is(left: timedelta, german: str, english: str) -> None:
    assert within(NOW + left, NOW, GERMAN) == german
    assert within(NOW + left, NOW, ENGLISH) == english


@given(MOMENTS, MOMENTS, st.sampled_from([GERMAN, ENGLISH, Tone(country="CH")]))
def test_every_moment_can_be_said(moment: datetime, now: datetime, tone: Tone) -> None:
    assert deadline(moment, now, tone, "Europe/Berlin")
    assert within(moment, now, tone)
