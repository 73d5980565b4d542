"""The decider: what was heard and what is known become an answer. Pure, total, deterministic.

`hear` joins the waiting events, `route` says which flow will answer and so which facts to gather, `answer`
answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from dialogs.agreement import switched
from dialogs.by_hand import by_hand, start_by_hand
from dialogs.coming_back import handed_back, own_up
from dialogs.facts import Facts, Need
from dialogs.flow import Ask, Book, Flow
from dialogs.heard import Heard, hear
from dialogs.journeys import come_due, order_moved, resume_parked
from dialogs.listening import WISHES, claiming, listen
from dialogs.machines import note_answer, silenced
from dialogs.planning import tagged
from dialogs.records import Answer
from dialogs.state import State, changed
from dialogs.triage import triage
from dialogs.turn import Turn
from dialogs.words import Language

__all__ = ["answer", "hear", "route", "wants_journey"]


def route(book: Book, state: State, heard: Heard) -> Flow | None:
    """The flow that will answer, with all that this turn needs to know; None when nobody expects a word.

    None does not mean that nothing is kept: `answer` takes None as well.
    """
    trigger = _trigger(book, state, heard)
    flow = by_hand(book, heard) or (book.on.get(trigger) if trigger is not None else None)
    if flow is None:
        return None
    if heard.taps:
        flow = book.find(heard.taps[0].flow, state.version) or flow
    needs: set[Need] = {"orders", "products"}
    if heard.code:
        needs.add("entry")
    if heard.understanding is not None:
        # With the facts at hand triage may come to another end than by the words alone.
        others = (book.on.get(name) for name in (heard.understanding.intent, "complaint"))
        needs |= {need for other in others if other is not None for need in other.needs}
    return replace(flow, needs=flow.needs | needs) if needs - flow.needs else flow


def wants_journey(book: Book, state: State, heard: Heard) -> bool:
    """Whether this turn needs to know the buyer over all their chats.

    It does where something is due, moves, waits, may be on offer, or is counted over all orders.
    """
    if _happened(heard) or heard.code or (heard.spoke and state.parked):
        return True
    flow = route(book, state, heard)
    opened = book.find(state.flow, state.version) if state.flow and heard.spoke else None
    meaning = heard.understanding
    claimed = claiming(book, meaning.text) if meaning is not None else None
    ahead = (flow, opened, claimed, *_chosen(book, state, heard))
    return any("journey" in one.needs for one in ahead if one is not None)


def _chosen(book: Book, state: State, heard: Heard) -> Iterator[Flow]:
    """The flows to which the tapped choice leads; where words were said, those of the open question."""
    tap = heard.taps[0] if heard.taps else None
    name, at = (tap.flow, tap.step) if tap is not None else (state.flow, state.step)
    flow = book.find(name, state.version) if name and heard.spoke else None
    step = flow.steps.get(at) if flow is not None else None
    for choice in step.choices if isinstance(step, Ask) else ():
        wanted = tap is None or tap.choice == choice.id
        if wanted and choice.to is not None and (other := book.find(choice.to.flow)) is not None:
            yield other


def _trigger(book: Book, state: State, heard: Heard) -> str | None:
    """What starts the flow that answers; an open question is answered by its own."""
    if heard.code:
        return "entry"
    if heard.spoke and (heard.text or heard.taps or heard.wordless or heard.arrived):
        meaning = heard.understanding
        if meaning is not None and meaning.intent in {"opt_out", "opt_in"}:
            return meaning.intent
        if (escalation := triage(meaning)) is not None:
            return next((one for one in escalation.triggers if one in book.on), None)
        if meaning is not None and meaning.intent in WISHES and meaning.intent in book.on:
            return meaning.intent
        return "first" if state.disclosed_at is None else "menu"
    return "menu" if _happened(heard) or heard.broken else None


def _happened(heard: Heard) -> bool:
    """Whether something happened of which the buyer need not have said a word."""
    return bool(heard.dues or heard.orders or heard.tags or heard.handed_back)


def answer(
    book: Book,
    flow: Flow | None,
    state: State,
    heard: Heard,
    facts: Facts,
    now: datetime,
    *,
    watched: bool = False,
) -> Answer:
    """Answer what was heard. Total and deterministic: no state, script or event makes it raise.

    With ``flow`` None or a human on the floor nothing is said, but that a promise is owned up to which humans
    have broken; ratings, consent, bindings and what an order's movement plans are kept all the same. Nothing
    is said to a machine either (`dialogs.machines`). A turn that is ``watched`` also tells which steps it
    played, and which ways it took from them.
    """
    turn = Turn(book, state, facts, now, _language(heard))
    turn.watched = watched
    silent = facts.human or (flow is None and heard.spoke)
    for preference in heard.preferences:
        switched(turn, preference)
    for returned in heard.handed_back:
        handed_back(turn, returned, busy=heard.spoke)
    for broken in heard.broken:
        own_up(turn, broken)
    machine = heard.spoke and not silent and silenced(turn, heard)
    if heard.spoke and not machine:
        if facts.mirror_voice and heard.voice is not None:
            turn.state = changed(turn.state, mirrored=heard.voice)
        listen(turn, heard)
    for event in heard.orders:
        order_moved(turn, event)
    for tag in heard.tags:
        tagged(turn, tag)
    come_due(turn, heard.dues, busy=heard.spoke)
    if not silent and not heard.spoke:
        start_by_hand(turn, heard)
    if heard.spoke and not silent and not machine:
        resume_parked(turn)
        note_answer(turn, heard)
    return turn.finish(spoke=heard.spoke, silent=silent)


def _language(heard: Heard) -> Language | None:
    """The language of the buyer's own words, where they are clear enough to change to it.

    What is none of ours is answered in English; `dialogs.triage` calls a human for it.
    """
    if heard.understanding is not None and heard.understanding.language == "other":
        return "en"
    if heard.language == "de":
        return "de"
    return "en" if heard.language == "en" else None
