"""A question that the shop has answered in writing: heard at any time, and answered without moving anything.

What calls for a human, what ends a consent and what is a choice of the open question comes first: see
`dialogs.listening`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from dialogs.flow import Ask
from dialogs.messages import Draft, Link
from dialogs.records import Answered
from dialogs.state import changed
from dialogs.triage import ALARMS, Reason
from dialogs.turn import Turn
from nlu.questions import Match
from nlu.understanding import Intent, Understanding

FLOW: Final = "answers"
"""What messages that are written answers are filed under, as `Draft.flow`; the step is the answer's id."""

_CHATTER: Final = frozenset[Intent]({"thanks", "greeting", "goodbye", "yes", "no"})
_DECISIONS: Final = frozenset[Intent]({"yes", "no"})
_PARTICULAR: Final = frozenset({"order_number", "tracking_number"})
"""Who names one of these asks about their own order, however alike the words are."""

_ERRANDS: Final = frozenset[Intent](
    {"order_status", "return_request", "refund_request", "cancel_order", "address_change", "invoice"}
)
"""What the buyer wants done or known about an order of theirs; a flow that knows the order does it."""

_ADVICE: Final = frozenset[Intent]({"care_tip", "setup_help", "availability", "out_of_scope"})
"""What the shop has written down helps better here than any flow that is made for all shops."""

_GUESSED: Final = frozenset[Reason]({"defect", "complaint", "wrong_item", "urgent_change", "likely"})
"""Reasons that triage reads out of the words alone."""

_CLOSE: Final = 0.75
_LITERAL: Final = 0.95
"""So alike a question must be to go before a flow made for what is meant: an errand's, another's."""

_CLEAR: Final = 0.5
_OWN: Final = re.compile(
    r"\b(?:mei[nm]\w{0,3}|mis|mini|my|möcht\w{0,2}|moecht\w{0,2}|mag|will|want|kann|kannst|könn\w{1,3}|can|could|"
    r"bitte|please|pls|brauche?|need)\b",
    re.IGNORECASE,
)
_GENERAL: Final = re.compile(
    r"\b(?:wie ?(?:lang\w?|viele?|teuer|schnell)|was kostet|kosten|bis wann|wer (?:zahlt|trägt)|frist|"
    r"how (?:long|much|many|fast)|until when|who pays|costs?)\b",
    re.IGNORECASE,
)
_MINE: Final = re.compile(r"\b(?:mei[nm]\w{0,3}|mis|mini|my)\b", re.IGNORECASE)
_SAME_TALK: Final = timedelta(hours=24)


def asked(turn: Turn, meaning: Understanding) -> Match | None:
    """The written answer that is most likely asked for."""
    if not turn.facts.answers or meaning.intent in _DECISIONS:
        return None
    kinds = {entity.kind for entity in meaning.entities}
    if kinds & _PARTICULAR:
        return None
    named = frozenset(entity.value for entity in meaning.entities if entity.kind == "product")
    bought = frozenset(item.sku for order in turn.facts.orders for item in order.items)
    return turn.facts.answers.find(meaning.text, owned=bought | turn.facts.journey.owned, named=named)


def settles(meaning: Understanding, reason: Reason, match: Match | None) -> bool:
    """Whether the shop's own answer is better than the human whom triage would call.

    "Warranty?" sounds like a defect to whoever has only met messages. An alarm is never settled, nor is an
    unhappy buyer; whoever wants a human gets one, unless the shop has written down these very words.
    """
    if match is None or not match.sure or reason in ALARMS or meaning.mood.label == "negative":
        return False
    return match.score >= _LITERAL or (match.score >= _CLOSE and reason in _GUESSED)


def told_surely(turn: Turn, meaning: Understanding, match: Match | None) -> bool:
    """Give the answer where nothing else can be meant; it goes before the flow of what is meant."""
    if match is None or not match.sure or _belongs(turn, meaning) or _errand(turn, meaning, match):
        return False
    _tell(turn, match)
    return True


def told_perhaps(turn: Turn, meaning: Understanding, match: Match | None) -> bool:
    """Give the answer where nothing better is known; it says that it may be another one.

    Not a second time in one talk: whoever asks again has not been helped by it.
    """
    if match is None or not match.likely or meaning.intent in _CHATTER or _belongs(turn, meaning):
        return False
    last = turn.state.told_at
    if match.id == turn.state.told and last is not None and turn.now - last < _SAME_TALK:
        return False
    _tell(turn, match)
    return True


def _belongs(turn: Turn, meaning: Understanding) -> bool:
    """Whether the words belong to an open question that wants words; what ends as a question asks one."""
    step = turn.open[1] if turn.open is not None else None
    written = isinstance(step, Ask) and step.expects not in {"choice", "rating"} and turn.waiting
    return written and not meaning.text.rstrip().endswith("?")


def _errand(turn: Turn, meaning: Understanding, match: Match) -> bool:
    """Whether a flow does what is wanted, rather than an answer saying how it is in general.

    "Where is my parcel?" and "I want to return it" are errands; "how long can I return it?" is a question.
    """
    intent = meaning.intent
    if intent in _ADVICE or intent not in turn.book.on or meaning.confidence < _CLEAR:
        return False
    if intent in _GUESSED and meaning.mood.label != "negative" and match.score >= _CLOSE:
        return False
    if _GENERAL.search(meaning.text):
        return _MINE.search(meaning.text) is not None
    if intent in _ERRANDS:
        return match.score < _CLOSE or _OWN.search(meaning.text) is not None
    return match.score < _LITERAL


def _tell(turn: Turn, match: Match) -> None:
    written = turn.facts.answers.entries[match.id]
    if not match.sure:
        turn.phrase("perhaps")
    link = Link(turn.words(written.label), written.url) if written.label is not None else None
    turn.drafts.append(Draft(turn.words(written.answer), FLOW, written.id, link=link))
    turn.records.append(Answered(written.id, sure=match.sure))
    turn.state = changed(turn.state, misses=0, told=written.id, told_at=turn.now)
