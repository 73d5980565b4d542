"""When humans owe an answer, and when they give the floor back: what the bot says of it, which is little.

A promise that broke is owned up to once, by day, where the chat can be written to. After a human the bot says
in one sentence who answers again, and takes up a question that is still on the buyer's mind; where the talk
has gone cold, nothing is said until the buyer writes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from dialogs.brakes import lift
from dialogs.flow import Ask, Asking
from dialogs.journeys import drop_moot
from dialogs.messages import HandedBack, PromiseBroken
from dialogs.planning import enrol_solved
from dialogs.records import Promised
from dialogs.state import Loop, changed
from dialogs.timing import is_quiet
from dialogs.turn import FRESH, Turn

SECOND_PROMISE: Final = 4
"""Who was let down once is promised an answer within so many open hours, or as the shop has it if sooner."""

PROMISE_TEMPLATE: Final = "nachklang_promise"
"""The template that stands in for the phrase ``promise_broken``, in a book that has one of this name."""

_BY_HAND: Final = frozenset({"solved", "back"})
"""A human gave the floor back there and then; after mere silence nobody is waiting to hear of it."""

_QUESTION: Final = re.compile(r"[^.!?…\n]*\?")


def own_up(turn: Turn, event: PromiseBroken) -> None:
    """Say that nobody has answered in time, and by when somebody will; once for each case.

    It is said although humans have the floor, on WhatsApp as a template where the window has closed. At
    night, to a buyer who wants to hear nothing, and where only the buyer can begin, it is not said, and not
    counted as said.
    """
    facts, state = turn.facts, turn.state
    if not facts.human or state.sorry_for is not None or state.opted_out or _at_night(turn):
        return
    turn.facts = replace(facts, promise=min(max(facts.promise, 1), SECOND_PROMISE))
    if turn.notice("promise_broken", PROMISE_TEMPLATE):
        turn.records.append(Promised(turn.facts.opening.promised(turn.now, turn.facts.promise)))
        turn.state = changed(turn.state, sorry_for=event.promised_at)
    turn.facts = facts


def handed_back(turn: Turn, event: HandedBack, *, busy: bool) -> None:
    """A human gives the floor back; a solved case lifts every brake.

    While the buyer is talking (``busy``) the answer to that says who speaks. What was to be said as soon as
    the buyer writes is looked at again: what no longer holds is dropped.
    """
    cold = busy or turn.facts.human or not _fresh(turn) or not _may_speak(turn)
    reason = event.reason or ("solved" if event.solved else "back")
    turn.returned = True  # whatever is said next says who speaks again
    turn.state = changed(turn.state, last_human_at=turn.now, sorry_for=None, loop=Loop())
    if event.solved:
        lift(turn)
        turn.state = changed(turn.state, misses=0, signs=())
        enrol_solved(turn)
    drop_moot(turn)
    if cold or reason not in _BY_HAND or turn.state.disclosed_at is None or turn.introduced:
        return
    turn.introduce("back_solved" if event.solved else "back")
    if turn.waiting:
        _ask_again(turn)


def _may_speak(turn: Turn) -> bool:
    """Whether something may be said now that the buyer has not asked for at this moment."""
    return turn.facts.reach == "open" and not _at_night(turn)


def _at_night(turn: Turn) -> bool:
    return is_quiet(turn.now, turn.facts.pacing, turn.facts.timezone)


def _fresh(turn: Turn) -> bool:
    """Whether the buyer was here in the last day, and still wants to hear from us."""
    heard = turn.state.heard_at
    return heard is not None and turn.now - heard < FRESH and not turn.state.opted_out


def _ask_again(turn: Turn) -> None:
    """Put the open question again, in short: its last sentence that asks something, and its buttons.

    One that wants a photo or words of the buyer's own is put as well; a rating is not: it can be tapped where
    it was asked.
    """
    opened = turn.open
    if opened is None or not isinstance(opened[1], Asking):
        return
    if isinstance(opened[1], Ask) and opened[1].expects == "rating":
        return
    before = len(turn.drafts)
    if not turn.repeat():
        return
    for number, draft in enumerate(turn.drafts[before:], before):
        turn.drafts[number] = replace(draft, text=in_short(draft.text), picture=None, variant="")


def in_short(question: str) -> str:
    """The last sentence that asks; the whole text if none does."""
    asked = [one.strip() for one in _QUESTION.findall(question) if one.strip("? \n")]
    return asked[-1] if asked else question
