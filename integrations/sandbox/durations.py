"""Spans of time as people write them: "3 days", "90 minutes", "12 h", "1 week", "1 Tag 6 Stunden". Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {
    "s": 1, "sec": 1, "second": 1, "sekunde": 1,
    "m": 60, "min": 60, "minute": 60,
    "h": 3600, "hour": 3600, "stunde": 3600, "std": 3600,
    "d": 86_400, "day": 86_400, "tag": 86_400, "tage": 86_400,
    "w": 604_800, "week": 604_800, "woche": 604_800,
}  # fmt: skip
_PART: Final = re.compile(r"(\d{1,9}(?:[.,]\d{1,6})?)\s*([a-z]+)[\s,]*")
LONGEST: Final = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """Return the span, at most ten years.

    Raises:
        ValueError: it is none, or too long; the text of the error can be shown.

    """
    rest = text.strip().lower()
    total = timedelta(0)
    while rest:
        part = _PART.match(rest)
        seconds = _unit(part[2]) if part else None
        if part is None or seconds is None:
            raise ValueError(f"“{text[:40]}” is no span of time: write 3 days, 90 minutes, 12 h or 1 week.")
        total += timedelta(seconds=float(part[1].replace(",", ".")) * seconds)
        rest = rest[part.end() :]
    if not timedelta(0) < total <= LONGEST:
        raise ValueError("The clock can be moved forward by more than nothing and at most ten years.")
    return total


def _unit(word: str) -> int | None:
    return _UNITS.get(word) or _UNITS.get(word.removesuffix("s")) or _UNITS.get(word.removesuffix("n"))
