"""A time by which something will be done, in words: „morgen, Freitag, 11 Uhr“, "11 a.m. tomorrow, Friday"."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from dialogs.timing import local
from dialogs.words import Tone

MONTHS_DE: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip

MONTHS_AT: Final = ("Jänner", *MONTHS_DE[1:])

MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip

_DAYS_DE: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_DAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NEAR: Final = 6
"""So many days ahead a weekday says enough."""

_LONG: Final = timedelta(hours=48)


def deadline(moment: datetime, now: datetime, tone: Tone, timezone: str) -> str:
    """The moment as a buyer in ``timezone`` says it at ``now``; goes behind „bis“ and "by"."""
    there = local(moment, timezone)
    midnight = (there.hour, there.minute) == (0, 0)
    day = there.date() - timedelta(days=1) if midnight and there.date() > date.min else there.date()
    ahead = (day - local(now, timezone).date()).days
    hour = 24 if midnight else there.hour
    if tone.language == "en":
        return _english(day, ahead, hour, there.minute)
    return _german(day, ahead, hour, there.minute, tone.country)


def within(moment: datetime, now: datetime, tone: Tone) -> str:
    """How long it is until then, rounded up; goes behind „innerhalb von“ and "within"."""
    left = max(moment - now, timedelta(hours=1))
    days = left > _LONG
    number = -(-left // timedelta(days=1)) if days else -(-left // timedelta(hours=1))
    if tone.language == "en":
        word = "day" if days else "hour"
        return f"{number} {word}{'s' if number > 1 else ''}"
    if days:
        return f"{number} Tagen"
    return f"{number} Stunde{'n' if number > 1 else ''}"


def _german(day: date, ahead: int, hour: int, minute: int, country: str) -> str:
    mark = "." if country == "CH" else ":"
    clock = f"{hour}{mark}{minute:02} Uhr" if minute else f"{hour} Uhr"
    weekday = _DAYS_DE[day.weekday()]
    if ahead <= 0:
        return f"heute um {clock}"
    if ahead == 1:
        return f"morgen, {weekday}, {clock}"
    if ahead <= _NEAR:
        return f"{weekday}, {clock}"
    months = MONTHS_AT if country == "AT" else MONTHS_DE
    return f"{weekday}, {day.day}. {months[day.month - 1]}, {clock}"


def _english(day: date, ahead: int, hour: int, minute: int) -> str:
    weekday = _DAYS_EN[day.weekday()]
    clock = _clock_en(hour, minute)
    if ahead <= 0:
        return f"{clock} today"
    if ahead == 1:
        return f"{clock} tomorrow, {weekday}"
    if ahead <= _NEAR:
        return f"{clock} on {weekday}"
    return f"{clock} on {weekday}, {day.day} {MONTHS_EN[day.month - 1]}"


def _clock_en(hour: int, minute: int) -> str:
    if (hour, minute) == (24, 0):
        return "midnight"
    if (hour, minute) == (12, 0):
        return "noon"
    past = f":{minute:02}" if minute else ""
    return f"{hour % 12 or 12}{past} {'a.m.' if hour % 24 < 12 else 'p.m.'}"
