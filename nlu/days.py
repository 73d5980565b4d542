"""What the value of a date means on a given day: pure, and without a clock of its own.

A value needs no clock to be written down:

============ ==========================================================================================
``0d``       today, ``0w`` this week, ``-1d`` yesterday, ``+2d`` in two days, ``-3w`` three weeks ago;
             the units are ``s min h d w m y`` (seconds, minutes, hours, days, weeks, months, years)
``3w``       a length of time, not a day: "innerhalb von drei Wochen"; of "2-3 Tage" the longer
``-?w``      some weeks ago, nobody knows how many: "seit Wochen"; ``-?`` ages ago
``tue``      a day of the week, ``weekend`` its Saturday; ``every:tue`` each of them
``2026-03-14`` a day; ``2026-03`` a month, ``2026`` a year
``--03-14``  a day of a year that was not said; ``--03`` a month, ``---14`` a day of a month
``easter``   a feast; ``spring`` a season, by its first day
``cw:32``    a week of the calendar, by its Monday
``day:6``    the sixth day of waiting: "Tag 6"; ``week:6``, ``hour:4`` alike
``last:…``   before ``tue``, ``--03-14``, ``---14``, ``--03``, ``easter`` …: the last one, today included;
``next:…``   the next one after today
============ ==========================================================================================
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

__all__ = ["WEEKDAYS", "easter", "resolve"]

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SHIFT: Final = re.compile(r"(?P<sign>[+-]?)(?P<many>\d{1,4})(?P<unit>s|min|h|d|w|m|y)")
_FIXED: Final = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_OPEN: Final = re.compile(r"--(?:(?P<month>\d\d)(?:-(?P<day>\d\d))?|-(?P<alone>\d\d))")
_COUNT: Final = re.compile(r"(?P<what>day|week|hour|cw):(?P<many>\d{1,3})")
_FEASTS: Final[dict[str, tuple[int, int]]] = {
    "christmas": (12, 25), "christmas_eve": (12, 24), "new_year": (1, 1), "new_years_eve": (12, 31),
    "st_nicholas": (12, 6), "valentine": (2, 14), "spring": (3, 20), "summer": (6, 21), "autumn": (9, 22),
    "winter": (12, 21), "halloween": (10, 31),
}  # fmt: skip
_BY_EASTER: Final = {
    "easter": 0, "pentecost": 49, "good_friday": -2, "ascension": 39, "corpus_christi": 60, "carnival": -48,
}  # fmt: skip
_BY_WEEKDAY: Final = {"black_friday": (11, 3, 22), "mothers_day": (5, 6, 7)}
"""So many days after the first Thursday of November, the first Sunday of May."""

_AROUND: Final = 3
"""So many years before and after are looked at: who means a 29th of February means one of these."""


def resolve(value: str, now: date) -> date | None:
    """The day that ``value`` means when it is said on ``now``; None for what is no single day or cannot be.

    A weekday without ``last`` or ``next`` is the last one, today included, for buyers mostly tell what has
    happened; any other day that comes again is the nearest, the earlier of two. Months and years are meant by
    their first day. Hours and minutes are today's. Never raises.
    """
    try:
        return _resolve(value, now)
    except (ValueError, OverflowError):  # there is no such day, or it lies beyond the calendar
        return None


def _resolve(value: str, now: date) -> date | None:
    if match := _SHIFT.fullmatch(value):
        if not match["sign"] and int(match["many"]):
            return None
        many = int(match["many"]) * (-1 if match["sign"] == "-" else 1)
        return _shifted(now, many, match["unit"])
    if match := _FIXED.fullmatch(value):
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    if match := _COUNT.fullmatch(value):
        return _counted(match["what"], int(match["many"]), now)
    wish, _, name = value.rpartition(":")
    return _nearest(_days(name, now), wish or _default(name), now)


def _default(name: str) -> str:
    return "last" if name in WEEKDAYS or name == "weekend" else ""


def _shifted(now: date, many: int, unit: str) -> date:
    if unit in {"d", "w"}:
        return now + timedelta(days=many * (7 if unit == "w" else 1))
    if unit in {"h", "min", "s"}:
        return now  # the hour is not known here
    months = now.year * 12 + now.month - 1 + many * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return date(year, month + 1, min(now.day, monthrange(year, month + 1)[1]))


def _counted(what: str, many: int, now: date) -> date | None:
    """When the count began, or the Monday of a calendar week of this year or the one next to it."""
    if what != "cw":
        return now if what == "hour" else now - timedelta(days=many * (7 if what == "week" else 1))
    weeks = []
    for year in range(max(now.year - 1, 1), min(now.year + 1, 9999) + 1):
        try:
            weeks.append(date.fromisocalendar(year, many, 1))
        except ValueError:
            continue
    return _nearest(iter(weeks), "", now)


def _days(name: str, now: date) -> Iterator[date]:
    """The days of that name around ``now``; none for a name that is not known."""
    if name in WEEKDAYS or name == "weekend":
        monday = now - timedelta(days=now.weekday())
        place = 5 if name == "weekend" else WEEKDAYS.index(name)
        yield from (monday + timedelta(days=place + 7 * week) for week in (-1, 0, 1))
        return
    for year in _years(now):
        yield from _in_year(name, year)


def _years(now: date) -> range:
    return range(max(now.year - _AROUND, 1), min(now.year + _AROUND, 9999) + 1)


def _in_year(name: str, year: int) -> Iterator[date]:
    """The days of that name in one year, as far as the calendar has them."""
    if name in _BY_EASTER:
        yield easter(year) + timedelta(days=_BY_EASTER[name])
    elif name in _BY_WEEKDAY:
        month, weekday, days = _BY_WEEKDAY[name]
        first = date(year, month, 1)
        yield first + timedelta(days=(weekday - first.weekday()) % 7 + days)
    elif name in _FEASTS:
        yield date(year, *_FEASTS[name])
    elif match := _OPEN.fullmatch(name):
        months = range(1, 13) if match["alone"] else (int(match["month"]),)
        day = int(match["alone"] or match["day"] or 1)
        for month in months:
            if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
                yield date(year, month, day)


def _nearest(days: Iterator[date], wish: str, now: date) -> date | None:
    known = sorted(days)
    if wish == "last":
        return max((day for day in known if day <= now), default=None)
    if wish == "next":
        return min((day for day in known if day > now), default=None)
    if wish:
        return None  # "every:sun" is no single day
    return min(known, key=lambda day: abs((day - now).days), default=None)


def easter(year: int) -> date:
    """Easter Sunday of a Gregorian year (the anonymous algorithm of 1876, after Meeus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
