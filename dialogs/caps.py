"""How much is enough: when something may be said unasked again, over all flows and all chats of a buyer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dialogs.flow import Purpose
from dialogs.records import Touched
from dialogs.timing import after
from dialogs.turn import Turn

WEEK: Final = timedelta(days=7)
_SAID: Final = frozenset({"sent", "merged"})


def free_at(turn: Turn, purpose: Purpose, *, begins: bool) -> datetime:
    """When something of this purpose may be said: now, or the moment from which it may.

    ``begins`` tells that a flow begins: what goes on, because it was promised or after a pause, belongs to
    what has been said already, and only the distance between any two things holds for it.
    """
    free = turn.now if _may_join(turn) else _any_at(turn)
    if begins and purpose == "offers":
        free = max(free, _offers_at(turn))
    return free


def _any_at(turn: Turn) -> datetime:
    """When anything may be said unasked again."""
    pacing = turn.facts.pacing
    touches = sorted({*turn.facts.journey.touches, *turn.state.touches})
    if not touches:
        return turn.now
    free = after(touches[-1], pacing.apart)
    most = 1 if turn.state.frequency == "less" else max(pacing.per_week, 1)
    if len(touches) >= most:
        free = max(free, after(touches[-most], WEEK))
    return max(free, turn.now)


def _offers_at(turn: Turn) -> datetime:
    """When the buyer may be offered something again; what they asked for themselves counts, too."""
    apart = turn.facts.pacing.offers_apart
    offered = [one for one in (turn.facts.journey.offered_at, turn.state.offered_at) if one is not None]
    if any(one.purpose == "offers" for one in _said(turn)):
        offered.append(turn.now)
    return max(after(max(offered), apart), turn.now) if offered else turn.now


def _may_join(turn: Turn) -> bool:
    """Whether a second due message may share the first one's bubble: it asked nothing, and words are free."""
    return len(_said(turn)) == 1 and turn.touched and not turn.asked_now and turn.facts.reach == "open"


def _said(turn: Turn) -> list[Touched]:
    return [one for one in turn.records if isinstance(one, Touched) and one.fate in _SAID]
