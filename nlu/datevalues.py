"""What a match of a date's pattern says, as a value of `nlu.days`: a small function for each way to say it.

Each takes the match and gives None where the words only look like a date. `nlu.dates` has the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeAlias

from nlu.datewords import MONTHS, RELATIVE, SHORT_WEEKDAYS, UNITS, WEEKDAY_NAMES
from nlu.numbers import number_of, ordinal_of

Read: TypeAlias = Callable[[re.Match[str]], str | None]
_Match: TypeAlias = re.Match[str]
_ALL_WEEKDAYS: Final = WEEKDAY_NAMES | SHORT_WEEKDAYS

_UNTIL: Final = ("bis", "until", "till", "by")
_LEAP_YEAR: Final = 2028
"""Stands for a year that is not known, so that there is a 29th of February."""
_AGED: Final = re.compile(r"\s(?:alt|old)", re.IGNORECASE)
_SOME_DAY: Final = re.compile(r"one (?:day|night)|eines tages", re.IGNORECASE)
_TIME_OF_DAY: Final = re.compile(
    r"(?<!\w)(?:gut(?:e[nr]?|n|a)|gueten|guad[ae]?n|gude|jute[nr]?|schöne[nr]|am|jeden|gestern|heute|den|kein|eine[ns]|montag|freitag|"
    r"diesen|moin|seit)\s$",
    re.IGNORECASE,
)
_GREETED: Final = re.compile(r"\s*(?:$|[^\w\s?])|\s+(?:ihr|[A-Z]\w+[,!])")


def written(match: _Match) -> str | None:
    """A day and a month in figures: "2026-03-14", "14.3."."""
    return _day_of(int(match["month"]), int(match["day"]), _year_of(match["year"]))


def slashed(match: _Match) -> str | None:
    """A day in figures with its year, "14/03/2026"; what can only be American is read so."""
    first, second = int(match["first"]), int(match["second"])
    if second > 12:
        first, second = second, first
    return _day_of(second, first, _year_of(match["year"]))


def day_of_month(match: _Match) -> str | None:
    """A day and the name of a month: "3. März", "zwölften Mai", "1st of June 2026"."""
    day = int(match["day"]) if match["day"] else ordinal_of(match["said"])
    return _day_of(MONTHS[match["month"].lower()], day or 0, _year_of(match["year"]))


def month_and_day(match: _Match) -> str | None:
    """The English order: "March 3"."""
    return _day_of(MONTHS[match["month"].lower()], int(match["day"]), _year_of(match["year"]))


def day_alone(match: _Match) -> str | None:
    """A day of a month that is not said: "am 3.", "since the 4th"."""
    day = int(match["day"]) if match["day"] else ordinal_of(match["said"] or "") or 0
    lead = match.string[match.start() : match.start("at")].lower()
    wish = "last:" if lead.startswith(("seit", "since")) else "next:" if lead.startswith(_UNTIL) else ""
    return f"{wish}---{day:02}" if 1 <= day <= 31 else None


def month(match: _Match) -> str | None:
    """A month: "März", "bis Ende Mai", "in May 2026"."""
    number, year = MONTHS[match["month"].lower()], _year_of(match["year"])
    return f"{year:04}-{number:02}" if year else f"{_wish(match)}--{number:02}"


def year(match: _Match) -> str | None:
    """A year: "seit 2023"."""
    return match["year"]


def weekday(match: _Match) -> str | None:
    """A day of the week: "seit letztem Dienstag", "fridays"."""
    said = match.groupdict()
    name = _ALL_WEEKDAYS[(said["name"] or said["name2"]).lower()]
    return f"every:{name}" if said["every"] or said["plural"] else f"{_wish(match)}{name}"


def weekend(match: _Match) -> str | None:
    """A weekend: "übers Wochenende", "last weekend"."""
    return f"{_wish(match)}weekend"


def relative(match: _Match) -> str | None:
    """A day counted from today: "gestern", "übermorgen", "heute früh"."""
    text, start = match.string, match.start("at")
    value = RELATIVE[" ".join(match["word"].lower().split())]
    if value == "+1d" and _TIME_OF_DAY.search(text[max(0, start - 12) : start]):
        return None  # "guadn moang"
    return value


def tomorrow(match: _Match) -> str | None:
    """Tomorrow, unless it is the time of day or the greeting: "guten Morgen", "am Morgen", "Morgen!"."""
    text, (start, end) = match.string, match.span("at")
    if _TIME_OF_DAY.search(text[max(0, start - 12) : start]):
        return None
    return None if not text[:start].strip() and _GREETED.match(text, end) else "+1d"


def span(match: _Match) -> str | None:
    """A count of days, weeks … with its direction: "vor drei Wochen", "in 2-3 Tagen", "14 Tage"."""
    unit = UNITS[match["unit"].lower()]
    is_age = unit == "y" and not match["halves"] and _AGED.match(match.string, match.end()) is not None
    if is_age or _SOME_DAY.fullmatch(match["at"]):
        return None
    sign = "-" if match["ago"] or match["back"] or match["since"] else "+" if match["ahead"] else ""
    if match["halves"]:
        return f"{sign}{_HALVES.get(unit, f'1{unit}')}"
    many = int(match["digits"]) if match["digits"] else number_of(match["word"])
    if many is None:
        return f"{sign}?{unit}"
    return f"{sign}{many * (2 if match['unit'].lower().startswith('fortnight') else 1)}{unit}"


_HALVES: Final = {"y": "6m", "h": "30min", "m": "2w", "d": "12h"}


def vague(match: _Match) -> str | None:
    """A time nobody has counted: "seit Wochen", "weeks ago"."""
    unit = (match["unit"] or match["unit2"] or "").lower()
    return f"-?{UNITS[unit]}" if unit in UNITS else "-?"


def counted(match: _Match) -> str | None:
    """A day, week or hour of waiting: "Tag 6"."""
    unit = {"d": "day", "w": "week", "h": "hour"}[UNITS[match["unit"].lower()]]
    many = int(match["digits"]) if match["digits"] else number_of(match["word"])
    return f"{unit}:{many}"


def ranked(match: _Match) -> str | None:
    """A day of waiting with an ordinal: "am 3. Tag"."""
    return f"day:{match['digits']}"


def calendar_week(match: _Match) -> str | None:
    """A week of the calendar: "KW 32"."""
    week = int(match["week"])
    return f"cw:{week}" if 1 <= week <= 53 else None


def period(match: _Match) -> str | None:
    """A week, month or year beside this one: "letzte Woche", "next year"."""
    unit = UNITS[match["unit"].lower()]
    steps = 2 if match["twice"] else 1
    return f"0{unit}" if match["this"] else f"{'-' if match['last'] else '+'}{steps}{unit}"


def edge(match: _Match) -> str | None:
    """Some part of this week, month or year: "Ende des Monats"."""
    return f"0{UNITS[match['month'].lower()]}" if match["month"] else f"0{UNITS[match['unit'].lower()]}"


def named(names: Mapping[str, str]) -> Read:
    """A feast or a season, by the table of their names: "seit Ostern"."""

    def read(match: _Match) -> str | None:
        return f"{_wish(match)}{names[' '.join(match['name'].lower().split())]}"

    return read


def _wish(match: _Match) -> str:
    return "last:" if match["last"] else "next:" if match["next"] else ""


def _year_of(written: str | None) -> int | None:
    if not written:
        return None
    number = int(written)
    return number + 2000 if number < 100 else number


def _day_of(month: int, day: int, year: int | None) -> str | None:
    """The value of a day, if the calendar has it."""
    try:
        date(year or _LEAP_YEAR, month, day)
    except ValueError:
        return None
    return f"{year:04}-{month:02}-{day:02}" if year else f"--{month:02}-{day:02}"
