"""Where a machine seems to write, nothing is answered; before it can come to a storm a human is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dialogs.cutting import clean
from dialogs.heard import Heard
from dialogs.listening import escalate, offered
from dialogs.loops import answered, judge, stormy
from dialogs.records import HandedOff
from dialogs.state import changed
from dialogs.triage import LONGEST_QUOTE, moment_of, stuck, triage
from dialogs.turn import Turn

LOOP: Final = "loop"
"""Why a human is told, both as the reason and as triage's word. Nobody is promised anything."""


def silenced(turn: Turn, heard: Heard) -> bool:
    """Whether what was heard is not to be answered any more, because no human seems to have said it.

    A tap, an entry code, a withdrawal and whatever calls for a human are always answered.
    """
    meaning, loop = heard.understanding, turn.state.loop
    if heard.taps or heard.code:
        turn.state = changed(turn.state, loop=replace(loop, score=0, sure=False, prints=()))
        return False
    if meaning is None:
        stop, ignored = stormy(loop, turn.now), False
    elif meaning.intent in {"opt_out", "opt_in"} or triage(meaning) is not None:
        return False
    else:
        known, verdict = judge(loop, meaning.text, turn.now, answers=offered(turn, meaning) is not None)
        turn.state = changed(turn.state, loop=known)
        stop, ignored = verdict == "stop", verdict in {"ignore", "stuck"}
        if verdict == "stuck":
            escalate(turn, stuck(meaning, moment_of(turn.state, turn.facts, turn.order, turn.now)))
    if stop:
        quoted = clean(heard.text or "")[:LONGEST_QUOTE]
        turn.hand_off(HandedOff(LOOP, (quoted,) if quoted else (), "low", None, LOOP))
    return stop or ignored


def note_answer(turn: Turn, heard: Heard) -> None:
    """Remember that what was said or sent has been answered, and when."""
    if turn.drafts and not heard.taps and not heard.code:
        turn.state = changed(turn.state, loop=answered(turn.state.loop, turn.now))
