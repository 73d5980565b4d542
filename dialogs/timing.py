"""When something is said of our own accord: at ten in the morning where the buyer lives."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TEN: Final = time(10)
_SIX: Final = time(18)
_CARE_AFTER: Final = timedelta(days=3)
_RATING_AFTER: Final[dict[Literal["fast", "durable"], timedelta]] = {
    "fast": timedelta(days=5),
    "durable": timedelta(days=10),
}
_APART: Final = timedelta(days=2)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone called ``name``; Berlin if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("Europe/Berlin")


def at_ten(moment: datetime, timezone: str) -> datetime:
    """Ten o'clock on the day of ``moment`` in ``timezone``, in UTC."""
    return _at(moment, _TEN, timezone)


def next_ten(now: datetime, timezone: str) -> datetime:
    """Ten o'clock on the day after ``now``."""
    return at_ten(now + timedelta(days=1), timezone)


def later(now: datetime, timezone: str) -> datetime:
    """The evening of the same day while it is at least three hours away, else the next morning."""
    evening = _at(now, _SIX, timezone)
    return evening if evening >= now + timedelta(hours=3) else next_ten(now, timezone)


def care_and_rating(
    delivered: datetime, pace: Literal["fast", "durable"], now: datetime, timezone: str
) -> tuple[datetime, datetime]:
    """When the care tip and the rating are due for what arrived at ``delivered``.

    Three days after arrival, and five (fast-moving goods) or ten (durable ones). What is past already starts
    tomorrow instead, and two days lie between the two.
    """
    care = at_ten(delivered + _CARE_AFTER, timezone)
    if care <= now:
        care = next_ten(now, timezone)
    rating = at_ten(delivered + _RATING_AFTER[pace], timezone)
    return care, max(rating, at_ten(care + _APART, timezone))


def _at(moment: datetime, clock: time, timezone: str) -> datetime:
    try:
        local = moment.astimezone(zone(timezone))
        return datetime.combine(local.date(), clock, tzinfo=local.tzinfo).astimezone(UTC)
    except (OverflowError, ValueError):  # the last day of the calendar has no next morning
        return moment
