"""Until when a thread may be put away with one tap: moments that make sense for people with opening hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, Literal, TypeAlias

from dialogs.opening import Opening

Snooze: TypeAlias = Literal["hour", "afternoon", "tomorrow", "opening", "week"]

_AFTERNOON: Final = time(15)
_MORNING: Final = time(9)
_SOON: Final = timedelta(hours=1)


def snoozes(now: datetime, opening: Opening) -> tuple[tuple[Snooze, datetime], ...]:
    """Return the moments on offer, the nearest first; none twice, and each at least an hour away."""
    local = now.astimezone(opening.zone)
    tomorrow = local.date() + timedelta(days=1)
    monday = local.date() + timedelta(days=7 - local.weekday())
    following = opening.next_opening(datetime.combine(tomorrow, time(), opening.zone))
    offers: list[tuple[Snooze, datetime | None]] = [
        ("hour", now + _SOON),
        ("afternoon", datetime.combine(local.date(), _AFTERNOON, opening.zone)),
        ("tomorrow", datetime.combine(tomorrow, _MORNING, opening.zone)),
        ("opening", following),
        ("week", datetime.combine(monday, _MORNING, opening.zone)),
    ]
    found: dict[datetime, Snooze] = {}
    for name, moment in offers:
        if moment is not None and moment >= now + _SOON:
            found.setdefault(moment.astimezone(now.tzinfo), name)
    return tuple((name, moment) for moment, name in sorted(found.items()))
