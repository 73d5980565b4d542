"""What a row of the queue shows: countdown, curve of the mood, initials. And filters as addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

from markupsafe import Markup

from persistence.desk_queue import TABS, Filter, Tab
from persistence.desk_rows import QueueRow

Urgency: TypeAlias = Literal["over", "near", "calm", "asleep", "answered", "done", "none"]

NEAR: Final = timedelta(minutes=30)
_DAYS: Final = timedelta(hours=48)
_CHANNELS: Final = frozenset({"instagram", "whatsapp", "telegram"})
_LONGEST: Final = 200
_BAD: Final = -0.2
_GOOD: Final = 0.2

CURVE_WIDTH: Final = 64
CURVE_HEIGHT: Final = 24


@dataclass(frozen=True, slots=True)
class Countdown:
    """How long a buyer must wait yet. ``until`` is what is counted towards, ``time`` how far off it is.

    ``unit`` tells what ``time`` is made of: ``m:ss`` (min), ``h:mm`` (h) or whole days.
    """

    urgency: Urgency
    until: datetime | None = None
    time: str = ""
    unit: Literal["min", "h", "days"] = "min"


def countdown(row: QueueRow, now: datetime) -> Countdown:
    """Return the countdown of a row: against the promise, or to the end of a snooze."""
    match row.status:
        case "snoozed":
            return _until("asleep", row.snoozed_until, now)
        case "pending":
            return Countdown("answered")
        case "resolved" | "bot":
            return Countdown("done")
    if row.answer_by is None:
        return Countdown("none")
    return until(row.answer_by, now)


def span(length: timedelta) -> tuple[str, Literal["min", "h", "days"]]:
    """Write a length as it is counted down: ``4:05`` min, ``3:20`` h, ``4`` days. desk.js does the same."""
    seconds = int(abs(length).total_seconds())
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}", "min"
    if length < _DAYS and -length < _DAYS:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02}", "h"
    return str(seconds // 86400), "days"


def until(moment: datetime, now: datetime) -> Countdown:
    """Return the countdown to when an answer is owed."""
    left = moment - now
    if left <= timedelta(0):
        return _until("over", moment, now)
    return _until("near" if left <= NEAR else "calm", moment, now)


def left(count: Countdown, t: Callable[..., Markup]) -> str:
    """Say how long a buyer must wait yet, or how long they have waited too long."""
    if count.until is None:
        return ""
    time = t("desk.days", n=count.time) if count.unit == "days" else f"{count.time} {count.unit}"
    return str(t("desk.over" if count.urgency == "over" else "desk.left", time=time))


def _until(urgency: Urgency, moment: datetime | None, now: datetime) -> Countdown:
    if moment is None:
        return Countdown(urgency)
    time, unit = span(moment - now)
    return Countdown(urgency, moment, time, unit)


@dataclass(frozen=True, slots=True)
class Curve:
    """A buyer's mood over their last messages: a line to draw, and two words for those who cannot see it."""

    points: str
    x: float
    y: float
    mood: Literal["bad", "mixed", "good"]
    trend: Literal["falling", "steady", "rising"]


def curve(moods: Sequence[float]) -> Curve | None:
    """Draw polarities (-1 to 1, the newest last) into `CURVE_WIDTH` × `CURVE_HEIGHT`. None: no moods."""
    if not moods:
        return None
    values = [min(max(mood, -1.0), 1.0) for mood in moods]
    if len(values) == 1:
        values *= 2
    step = (CURVE_WIDTH - 6) / (len(values) - 1)
    spots = [
        (round(3 + step * place, 1), round(CURVE_HEIGHT / 2 - mood * (CURVE_HEIGHT / 2 - 3), 1))
        for place, mood in enumerate(values)
    ]
    now, before = values[-1], sum(values[:-1]) / (len(values) - 1)
    change = now - before
    return Curve(
        points=" ".join(f"{x:g},{y:g}" for x, y in spots),
        x=spots[-1][0],
        y=spots[-1][1],
        mood="bad" if now <= _BAD else "good" if now >= _GOOD else "mixed",
        trend="falling" if change <= _BAD else "rising" if change >= _GOOD else "steady",
    )


def initials(name: str) -> str:
    """Return one or two letters that stand for a name; "?" if there is no letter in it."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])]
    return "".join(letters).upper()[:2] or "?"


def read_filter(query: Mapping[str, str]) -> Filter:
    """Read what an address asks the queue for. Total: what makes no sense asks for nothing in particular."""
    tab: Tab = next((one for one in TABS if one == query.get("tab")), "open")
    channel = query.get("channel", "")
    return Filter(
        tab=tab,
        assignee=_number(query.get("assignee")),
        team=_number(query.get("team")),
        channel=channel if channel in _CHANNELS else None,
        label=_number(query.get("label")),
        reason=query.get("reason", "")[:_LONGEST].strip() or None,
        priority=_priority(query.get("priority")),
        text=query.get("text", "")[:_LONGEST].strip(),
    )


def filter_query(wanted: Filter, **changed: object) -> str:
    """Write a filter as an address's query, with some things changed; "" if it asks for nothing special."""
    values = {one.name: getattr(wanted, one.name) for one in fields(wanted)} | changed
    said = {
        name: value
        for name, value in values.items()
        if value not in (None, "") and (name, value) != ("tab", "open")
    }
    return f"?{urlencode(said)}" if said else ""


def narrowed(wanted: Filter) -> int:
    """Count what a filter asks for besides its tab."""
    return sum(getattr(wanted, one.name) not in (None, "") for one in fields(wanted) if one.name != "tab")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 15 else None


def _priority(text: str | None) -> int | None:
    return int(text) if text in {"-1", "0", "1", "2"} else None
