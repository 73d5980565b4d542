"""The complaint brake: while something is wrong nobody is asked for a rating or offered anything.

A brake is pulled by an open handoff, a bad mood, a return, a refund or a late parcel, in any chat of the
buyer. It is lifted when a human has solved the case; a mood or a refund without a case also by time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dialogs.records import Braked
from dialogs.state import changed
from dialogs.turn import Turn

_BY_TIME: Final = frozenset({"mood", "refund", "return", "delay"})
"""Reasons that pass by themselves after a while (`Pacing.calm`); a case does not."""

BRAKED: Final = frozenset({"feedback", "offers"})
"""Purposes that rest under the brake."""


def pull(turn: Turn, reason: str) -> None:
    """Stop ratings and offers from now on, for this reason."""
    if reason not in turn.state.brakes:
        turn.records.append(Braked(reason))
    turn.state = changed(turn.state, brakes={**turn.state.brakes, reason: turn.now})


def lift(turn: Turn, *reasons: str) -> None:
    """These reasons are no more; without any named, none is."""
    gone = [reason for reason in turn.state.brakes if not reasons or reason in reasons]
    if gone:
        turn.records += [Braked(reason, on=False) for reason in gone]
        left = {reason: since for reason, since in turn.state.brakes.items() if reason not in gone}
        turn.state = changed(turn.state, brakes=left)


def brake_on(turn: Turn) -> str:
    """Why ratings and offers rest right now; empty if they need not."""
    if turn.facts.human or turn.handed_off:
        return "handoff"
    held = _held(turn, turn.state.brakes) or _held(turn, turn.facts.journey.brakes)
    if held:
        return held
    return "unanswered" if turn.state.misses else ""


def _held(turn: Turn, brakes: Mapping[str, datetime]) -> str:
    calm = turn.facts.pacing.calm
    held = [reason for reason, since in brakes.items() if reason not in _BY_TIME or turn.now - since < calm]
    return min(held, key=lambda reason: (reason in _BY_TIME, reason), default="")
