"""When somebody is at the desk: the week's hours with their breaks, holidays, and what may be promised by it.

All moments are aware and come back in UTC; the hours are those of the shop's own clocks, so that a desk which
opens at nine does so on both sides of a change to summer time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

Span: TypeAlias = tuple[int, int]
"""From when until when somebody is there, in minutes of the day; 1440 is its end."""

Day: TypeAlias = tuple[Span, ...]
"""The hours of one day, apart and in order; none: the desk is closed."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_END: Final = 1440
_BERLIN: Final = ZoneInfo("Europe/Berlin")
_ROUND: Final = 30
"""Promises are made by half hours: nobody says „bis 10:53 Uhr“."""

_A_DAY: Final = timedelta(days=1)
_A_WEEK: Final = timedelta(days=7)
_FARTHEST: Final = 800
"""Days that are looked ahead. A desk that does not open by then never does."""

_CLOSED: Final = frozenset({"", "-", "–", "closed", "geschlossen", "zu"})
_CLOCK: Final = r"([01]?\d|2[0-4])(?:[:.]([0-5]\d))?(?:\s*Uhr)?"
_SPAN: Final = re.compile(rf"{_CLOCK}\s*(?:-|–|—|bis|to)\s*{_CLOCK}", re.IGNORECASE | re.ASCII)


class OpeningError(ValueError):
    """Hours that cannot be read; the text says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The hours of a week, Monday first.

    ``holidays`` are days on which nobody is there, ``yearly`` such days of every year as (month, day).
    """

    week: tuple[Day, Day, Day, Day, Day, Day, Day]
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    zone: ZoneInfo = _BERLIN

    def hours(self, day: date) -> Day:
        """The hours of one day."""
        if day in self.holidays or (day.month, day.day) in self.yearly:
            return ()
        return self.week[day.weekday()]

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is at the desk; not any more at the minute at which it closes."""
        return any(start <= moment < end for start, end in self._spans(moment, 1))

    def next_opening(self, moment: datetime) -> datetime | None:
        """``moment`` itself while somebody is there, else when somebody comes; None: nobody ever does."""
        for start, end in self._spans(moment, _FARTHEST):
            if moment < end:
                return max(start, moment).astimezone(UTC)
        return None

    def add_open_time(self, moment: datetime, duration: timedelta) -> datetime | None:
        """When somebody will have been at the desk for ``duration`` since ``moment``; None: never."""
        left = max(duration, timedelta(0))
        for start, end in self._spans(moment, _FARTHEST):
            begins = max(start, moment)
            if begins >= end:
                continue
            if end - begins >= left:
                return (begins + left).astimezone(UTC)
            left -= end - begins
        return None

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """For how long somebody is at the desk between two moments."""
        total = timedelta(0)
        for opens, closes in self._spans(start, max((end - start).days + 2, 1)):
            total += max(min(closes, end) - max(opens, start), timedelta(0))
        return total

    def promised(self, moment: datetime, hours: int) -> datetime:
        """By when a human answers who has ``hours`` for it: a time at which the desk is open, or closes.

        Less than a day counts in open hours: four hours from 4 p.m. on are up at noon of the next working
        day. From 24 hours on it is the clock that counts, which stands still on closed days: 24 hours are
        "the same time on the next working day", and what falls outside the hours is due when the desk has
        closed before it. The earlier of the two is promised, and it is never later than the same time a week
        on: so a promise lies behind the plain hours by no more than the weekend (and holidays). It is
        rounded up to the half hour. A desk that never opens goes by the plain hours.
        """
        span = timedelta(hours=max(hours, 1))
        try:
            return self._promised(moment, span)
        except (OverflowError, ValueError):  # the calendar's very ends
            return moment

    def _promised(self, moment: datetime, span: timedelta) -> datetime:
        found = [self.add_open_time(moment, span), self._by_days(moment, max(span, _A_DAY))]
        if span <= _A_WEEK:
            day, minute = self._clock(moment)
            found.append(self._manned(day + _A_WEEK, minute, moment))
        possible = [one for one in found if one is not None and one > moment]
        return self._rounded(min(possible)) if possible else (moment + span).astimezone(UTC)

    # -- the days

    def _spans(self, moment: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """The hours of the local day of ``moment`` and those after it, as moments; the day before, too.

        The day before, because its last minutes may be this day's first where clocks are set back.
        """
        first = _local_day(moment, self.zone)
        for number in range(-1, days):
            try:
                day = first + number * _A_DAY
                spans = self.hours(day)
                found = [(self._at(day, start), self._at(day, end)) for start, end in spans]
            except OverflowError:  # the calendar's very ends
                continue
            yield from ((start, end) for start, end in found if start < end)

    def _at(self, day: date, minute: int) -> datetime:
        """The minute of a day as a moment."""
        there = datetime.combine(day, time()) + timedelta(minutes=minute)
        return there.replace(tzinfo=self.zone).astimezone(UTC)

    def _by_days(self, moment: datetime, span: timedelta) -> datetime | None:
        """``span`` on by a clock that stands still on closed days."""
        day, minute = self._clock(moment)
        left = int(span.total_seconds() // 60)
        for _ in range(_FARTHEST):
            if self.hours(day):
                passing = min(left, _END - minute)
                left -= passing
                if not left:
                    return self._manned(day, minute + passing, moment)
            day, minute = day + _A_DAY, 0
        return None

    def _manned(self, day: date, minute: int, since: datetime) -> datetime | None:
        """That minute while somebody is there, else when the desk has closed before it, after ``since``.

        Where it has not been open since then, when it opens next.
        """
        aimed = self._at(day, minute)
        for _ in range(_FARTHEST):
            ends = [min(end, minute) for start, end in self.hours(day) if start < minute]
            if ends:
                found = self._at(day, ends[-1])
                return found if found > since else self.next_opening(aimed)
            day, minute = day - _A_DAY, _END
        return self.next_opening(aimed)

    def _clock(self, moment: datetime) -> tuple[date, int]:
        """The local day and its minute, begun ones counted as whole."""
        there = moment.astimezone(self.zone)
        begun = bool(there.second or there.microsecond)
        return there.date(), there.hour * 60 + there.minute + begun

    def _rounded(self, moment: datetime) -> datetime:
        """The next half hour, but not after the desk has closed."""
        there = moment.astimezone(self.zone)
        over = timedelta(minutes=there.minute % _ROUND, seconds=there.second, microseconds=there.microsecond)
        if not over:
            return moment.astimezone(UTC)
        rounded = moment + timedelta(minutes=_ROUND) - over
        closes = [end for start, end in self._spans(moment, 1) if start <= moment <= end]
        return min([rounded, *closes]).astimezone(UTC)


def _local_day(moment: datetime, zone: ZoneInfo) -> date:
    try:
        return moment.astimezone(zone).date()
    except (OverflowError, ValueError):
        return moment.date()


# -- as owners write it


def parse_hours(text: str) -> Day:
    """The hours of a day from words like ``9-17``, ``9:00-12:00, 13:00-17:30``, ``closed``.

    Raises:
        OpeningError: they cannot be read, end before they begin, or overlap.

    """
    if text.strip().casefold() in _CLOSED:
        return ()
    spans: list[Span] = []
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            raise OpeningError(
                f'{part.strip()!r} are no hours; write for example 9-17, "9:00-12:00, 13:00-17:30" or closed'
            )
        start = int(found[1]) * 60 + int(found[2] or 0)
        end = int(found[3]) * 60 + int(found[4] or 0)
        if not start < end <= _END:
            raise OpeningError(f"{part.strip()!r} ends before it begins, or after midnight")
        spans.append((start, end))
    spans.sort()
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise OpeningError(f"{text!r} names the same time twice")
    return _joined(spans)


def _joined(spans: Sequence[Span]) -> Day:
    """Hours that follow each other without a break as one."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


_WORKING: Final[Day] = ((9 * 60, 17 * 60),)

WEEKDAYS: Final = Opening((_WORKING, _WORKING, _WORKING, _WORKING, _WORKING, (), ()))
"""Monday to Friday, nine to five, in Berlin: what counts where nobody has said anything else."""
