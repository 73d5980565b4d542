"""A thread as its page shows it: items become lines, with days between them, marks and words.

Pure: what is shown follows from what was read. Words themselves stand in ``words/<language>/thread.yml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.failures import Failure, explain
from bot.web.happened import Happened, Names, happened_of
from bot.web.wording import Language
from persistence.desk_thread import Item, Mark

JOINS: Final = timedelta(minutes=4)
"""What one speaker says within this time stands together, under one name."""

LONG: Final = 1200
"""Characters from which on a message is folded."""

FOLDED: Final = 800

_DELIVERED: Final = frozenset({"sent", "delivered", "read", "failed"})
_HIDDEN: Final = frozenset({"replied"})
"""Desk events that only repeat what is to be seen anyway."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, and the mark that lies on it, if one does."""

    text: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One item on the page.

    ``opens_day`` tells that a new day begins with it, ``joins`` that the same speaker has just spoken,
    ``begins`` is the flow that begins with it. ``folded`` is the rest of a long text. ``delivery`` names the
    mark under ``thread.delivery``, empty for what was not sent by us.
    """

    item: Item
    day: date
    opens_day: bool
    joins: bool
    begins: str = ""
    pieces: tuple[Piece, ...] = ()
    folded: tuple[Piece, ...] = ()
    marks: tuple[Mark, ...] = ()
    delivery: str = ""
    failure: Failure | None = None
    happened: Happened | None = None


def lines_of(
    items: Sequence[Item],
    *,
    channel: str,
    language: Language,
    names: Names,
    timezone: str,
    now: datetime,
) -> tuple[Line, ...]:
    """Lay out a stretch of a thread, the oldest first. What was before it is not known here."""
    zone = ZoneInfo(timezone)
    lines: list[Line] = []
    flow: str | None = None
    for item in items:
        if item.desk is not None and item.desk.kind in _HIDDEN:
            continue
        before = lines[-1] if lines else None
        day = item.at.astimezone(zone).date()
        opens_day = before is None or before.day != day
        begins = ""
        if item.side == "bot" and item.flow:
            begins = item.flow if flow not in {None, item.flow} or item.touchpoint else ""
            begins = "" if flow == item.flow else begins
            flow = item.flow
        text, marks = _shown(item)
        pieces = pieces_of(text, marks)
        shown, folded = _fold(pieces) if len(text) > LONG else (pieces, ())
        lines.append(
            Line(
                item,
                day,
                opens_day,
                joins=not opens_day and not begins and before is not None and _joins(before.item, item),
                begins=begins,
                pieces=shown,
                folded=folded,
                marks=marks,
                delivery=delivery_of(item, now),
                failure=_failure(item, channel, language),
                happened=happened_of(item, names) if item.side == "event" else None,
            )
        )
    return tuple(lines)


def pieces_of(text: str, marks: Sequence[Mark]) -> tuple[Piece, ...]:
    """Cut a text where marks begin and end. Of marks that lie over each other the first one counts."""
    pieces: list[Piece] = []
    at = 0
    for mark in sorted(marks, key=lambda one: (one.start, -one.end)):
        start, end = max(mark.start, at), min(mark.end, len(text))
        if start >= end:
            continue
        if start > at:
            pieces.append(Piece(text[at:start]))
        pieces.append(Piece(text[start:end], mark))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return tuple(pieces)


def delivery_of(item: Item, now: datetime) -> str:
    """Name the mark of a message of ours: how far it has come."""
    if item.outbox_id is None:
        return ""
    if item.status == "waiting" and item.undo_until is not None and item.undo_until > now:
        return "undo"
    if item.status == "sent":
        return item.delivery if item.delivery in _DELIVERED else "sent"
    return item.status


def span_words(span: timedelta, language: Language) -> str:
    """Say how long something takes, in its two largest units: 5 Std. 12 Min.

    The pages' scripts go on counting in the same words.
    """
    seconds = max(int(abs(span.total_seconds())), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    d, h, m, s = ("Tg.", "Std.", "Min.", "Sek.") if language == "de" else ("d", "h", "min", "s")
    if days:
        return f"{days} {d} {hours} {h}"
    if hours:
        return f"{hours} {h} {minutes} {m}"
    if minutes >= 10:
        return f"{minutes} {m}"
    return f"{minutes} {m} {seconds % 60} {s}" if minutes else f"{seconds % 60} {s}"


def _shown(item: Item) -> tuple[str, tuple[Mark, ...]]:
    """What there is to read, and the marks on it; nothing of what was taken back."""
    return ("", ()) if item.unsent or item.side == "event" else (item.text, item.marks)


def _fold(pieces: Sequence[Piece]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Put apart what is shown at once and what is folded."""
    shown: list[Piece] = []
    left = FOLDED
    for number, piece in enumerate(pieces):
        if len(piece.text) > left:
            head, tail = Piece(piece.text[:left], piece.mark), Piece(piece.text[left:], piece.mark)
            return (*shown, head), (tail, *pieces[number + 1 :])
        shown.append(piece)
        left -= len(piece.text)
    return tuple(shown), ()


def _joins(before: Item, item: Item) -> bool:
    same = (before.side, before.who) == (item.side, item.who)
    return same and item.side != "event" and timedelta(0) <= item.at - before.at < JOINS


def _failure(item: Item, channel: str, language: Language) -> Failure | None:
    if item.outbox_id is None:
        return None
    return explain(
        language,
        channel=channel,
        status=item.status,
        delivery=item.delivery,
        code=item.code,
        detail=item.detail,
    )
