"""How long and at what time, as owners write it.

``3 days``, ``3 Tage``, ``48 hours``, ``30 Minuten``, ``2 weeks``; ``18:00``; ``used up - 5 days``.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Final

_UNITS: Final[dict[str, timedelta]] = {
    **dict.fromkeys(("minute", "minutes", "minuten", "min"), timedelta(minutes=1)),
    **dict.fromkeys(("hour", "hours", "stunde", "stunden", "std", "h"), timedelta(hours=1)),
    **dict.fromkeys(("day", "days", "tag", "tage", "tagen", "d"), timedelta(days=1)),
    **dict.fromkeys(("week", "weeks", "woche", "wochen"), timedelta(weeks=1)),
}
_WRITTEN: Final = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
_FORM: Final = re.compile(r"\s*([+-]?)\s*(\d{1,8})\s*([A-Za-z]{1,8})\.?\s*", re.ASCII)
_CLOCK: Final = re.compile(r"\s*(\d{1,2}):(\d{2})(?:\s*Uhr)?\s*", re.ASCII)
_USED_UP: Final = re.compile(r"\s*(?:used up|aufgebraucht)\s*([+-].*)?", re.IGNORECASE)
LONGEST: Final = timedelta(days=3660)
"""Ten years: what is planned for later than that is a mistake."""


class DurationError(ValueError):
    """The text is no duration or no time of day, or it is longer than ten years."""


def parse_duration(text: str) -> timedelta:
    """The duration that ``text`` names; a minus sign in front turns it back in time.

    Raises:
        DurationError: it names none.

    """
    match = _FORM.fullmatch(text)
    unit = _UNITS.get(match[3].lower()) if match is not None else None
    if match is None or unit is None:
        raise DurationError(text)
    span = int(match[2]) * unit
    if span > LONGEST:
        raise DurationError(text)
    return -span if match[1] == "-" else span


def format_duration(span: timedelta) -> str:
    """The shortest English way to write ``span``, to the minute; `parse_duration` gives it back."""
    whole = abs(span) // _WRITTEN[-1][1] * _WRITTEN[-1][1]
    name, size = next(((name, size) for name, size in _WRITTEN if not whole % size))
    count = whole // size
    sign = "-" if span < timedelta(0) and count else ""
    return f"{sign}{count} {name}{'' if count == 1 else 's'}"


def parse_offset(text: str) -> tuple[timedelta, bool]:
    """How long after its event something happens, and whether the event is that the product is used up.

    Raises:
        DurationError: it does not say.

    """
    match = _USED_UP.fullmatch(text)
    if match is None:
        return parse_duration(text), False
    return (parse_duration(match[1]) if match[1] else timedelta(0)), True


def format_offset(span: timedelta, *, used_up: bool) -> str:
    """The English way to write an offset; `parse_offset` gives it back."""
    if not used_up:
        return format_duration(span)
    if not span:
        return "used up"
    return f"used up {'-' if span < timedelta(0) else '+'} {format_duration(abs(span))}"


def parse_clock(text: str) -> time:
    """The time of day that ``text`` names.

    Raises:
        DurationError: it names none.

    """
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise DurationError(text)
    return time(int(match[1]), int(match[2]))


def format_clock(clock: time) -> str:
    """The way to write a time of day, to the minute; `parse_clock` gives it back."""
    return f"{clock.hour:02}:{clock.minute:02}"
