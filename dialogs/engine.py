"""The decider: what was heard and what is known become an answer. Pure, total, deterministic.

`hear` joins the waiting events, `route` says which flow will answer and so which facts to gather, `answer`
answers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dialogs.facts import Facts, Need, Voice
from dialogs.flow import Book, Flow
from dialogs.happenings import come_due, order_moved
from dialogs.heard import Heard, Understand, hear
from dialogs.listening import listen
from dialogs.records import (
    Answer,
    Bound,
    HandedOff,
    Noted,
    OptedIn,
    OptedOut,
    Rated,
    Record,
    Reminder,
)
from dialogs.state import STATE, Option, State
from dialogs.triage import triage
from dialogs.turn import Turn
from dialogs.words import Language

__all__ = [
    "STATE",
    "Answer",
    "Bound",
    "Facts",
    "HandedOff",
    "Heard",
    "Need",
    "Noted",
    "OptedIn",
    "OptedOut",
    "Option",
    "Rated",
    "Record",
    "Reminder",
    "State",
    "Understand",
    "Voice",
    "answer",
    "hear",
    "route",
]


def route(book: Book, state: State, heard: Heard) -> Flow | None:
    """The flow that will answer, with all that this turn needs to know; None when nobody expects a word.

    None does not mean that nothing is kept: `answer` takes None as well.
    """
    trigger = _trigger(state, heard)
    if trigger is None:
        return None
    flow = book.on.get(trigger)
    if flow is None:
        return None
    if heard.taps:
        flow = book.flows.get(heard.taps[0].flow, flow)
    needs: set[Need] = {"orders", "products"}
    if heard.code:
        needs.add("entry")
    return replace(flow, needs=flow.needs | needs) if needs - flow.needs else flow


def _trigger(state: State, heard: Heard) -> str | None:
    """What starts the flow that answers; an open question is answered by its own."""
    if heard.code:
        return "entry"
    if heard.spoke and (heard.text or heard.taps or heard.wordless or heard.arrived):
        meaning = heard.understanding
        if meaning is not None and meaning.intent in {"opt_out", "opt_in"}:
            return meaning.intent
        if (escalation := triage(heard)) is not None:
            return escalation.trigger
        if meaning is not None and meaning.intent in {"setup_help", "care_tip", "order_status", "rating"}:
            return meaning.intent
        return "first" if state.disclosed_at is None else "menu"
    if heard.dues:
        kind = heard.dues[0].name.partition(":")[0]
        return f"due:{kind}" if kind in {"setup", "care", "rating"} else "menu"
    if heard.orders:
        return "order:shipped"
    return None


def answer(book: Book, flow: Flow | None, state: State, heard: Heard, facts: Facts, now: datetime) -> Answer:
    """Answer what was heard. Total and deterministic: no state, script or event makes it raise.

    With ``flow`` None or a human on the floor nothing is said; ratings, consent, bindings and what an order's
    movement plans are kept all the same.
    """
    turn = Turn(book, state, facts, now, _language(heard))
    silent = facts.human or (flow is None and heard.spoke)
    for preference in heard.preferences:
        purpose = preference.topic or "all"
        turn.records.append(OptedIn(purpose) if preference.allowed else OptedOut(purpose))
    if heard.spoke:
        listen(turn, heard)
    if facts.human:
        turn.handed_off = True
    for event in heard.orders:
        order_moved(turn, event)
    come_due(turn, heard.dues, busy=bool(turn.drafts))
    return turn.finish(spoke=heard.spoke, silent=silent)


def _language(heard: Heard) -> Language | None:
    """The language of the buyer's own words, where they are clear enough to change to it."""
    if heard.language == "de":
        return "de"
    return "en" if heard.language == "en" else None
