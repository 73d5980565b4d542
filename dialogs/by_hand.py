"""Flows that an agent starts: which may be, and what the bot does when one is."""

from __future__ import annotations

from typing import Final

from dialogs.flow import Book, Consent, Flow, Handoff, Offer, Target
from dialogs.heard import Heard
from dialogs.steps import enter
from dialogs.turn import Turn
from dialogs.words import Tone

_NEVER: Final = frozenset(
    {
        "entry", "first", "menu", "miss", "wordless", "order_number", "human_request", "complaint", "defect",
        "opt_out", "opt_in", "greeting", "wrong_item", "goodbye", "discount_question", "feedback_suggestion",
        "cancelled", "refunded", "delayed", "solved", "small_talk", "hide_review",
    }
)  # fmt: skip
"""Triggers and flows that answer what only the buyer can have said, or only the shop knows; or a human's."""


def startable(book: Book, tone: Tone) -> tuple[tuple[str, str], ...]:
    """The flows that an agent may start, as (id, title), by title."""
    found = [
        (flow.id, flow.title.source(tone))
        for flow in book.flows.values()
        if flow.title is not None and may_start(flow)
    ]
    return tuple(sorted(found, key=lambda one: (one[1].casefold(), one[0])))


def may_start(flow: Flow) -> bool:
    """Whether an agent may start it: it has a title, is no advertising, and the bot begins it with words.

    What a phrase of the buyer's takes a consent back with, or an offer that only a phrase brings, is theirs
    to begin.
    """
    begins = {flow.id, *(trigger.value for trigger in flow.triggers)}
    phrases = bool(flow.triggers) and all(trigger.kind == "keyword" for trigger in flow.triggers)
    first = flow.steps.get(flow.first)
    if flow.title is None or first is None or isinstance(first, Handoff) or flow.purpose == "offers":
        return False
    return not begins & _NEVER and not (phrases and isinstance(first, Consent | Offer))


def by_hand(book: Book, heard: Heard) -> Flow | None:
    """The flow that an agent has started last, unless the buyer has spoken meanwhile: they come first."""
    if not heard.asked or heard.spoke:
        return None
    flow = book.find(heard.asked[-1].flow)
    return flow if flow is not None and may_start(flow) else None


def start_by_hand(turn: Turn, heard: Heard) -> None:
    """Begin the flow that an agent has started.

    Not where the chat cannot be written to freely, and not to a buyer who wants to hear nothing.
    """
    flow = by_hand(turn.book, heard)
    if flow is None or turn.state.opted_out or turn.facts.reach != "open":
        return
    turn.close()
    enter(turn, Target(flow.id))
