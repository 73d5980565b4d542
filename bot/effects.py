"""From what a dialog decided, and what a platform reported, to what the store writes beside the messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from dialogs.facts import Journey
from dialogs.messages import (
    BUYER_SPOKE,
    ContactChanged,
    Echo,
    Edited,
    Reachability,
    Tap,
    ThreadControl,
    Unsent,
)
from dialogs.records import (
    Answer,
    Answered,
    Bound,
    Braked,
    HandedOff,
    HandedOver,
    Mailed,
    Noted,
    Offered,
    OptedIn,
    OptedOut,
    Preferred,
    Promised,
    Rated,
    Record,
    Touched,
)
from persistence.consents import Action, NewConsent
from persistence.desk_actions import Act, floor_of
from persistence.identity import Bond
from persistence.records import Effects, NewHandoff, NewRating, Relied
from persistence.reminders import NewReminder
from persistence.turns import Turn

_PRIORITY: Final = {"low": -1, "normal": 0, "high": 1, "urgent": 2}
_PROOF: Final = BUYER_SPOKE | {"preference"}
"""Kinds of events that can show what a buyer agreed to: their own doing."""

R = TypeVar("R")


def effects_of(turn: Turn, said: Answer, journey: Journey) -> Effects:
    """Translate an answer's records and the turn's platform events.

    ``journey`` is what the answer relied on: what is said unasked only counts while it is still so.
    """
    records = said.records
    proof = proof_of(turn)
    handoff = next(iter(_only(records, HandedOff)), None)
    return Effects(
        reminders=tuple(NewReminder(one.name, one.at, one.data) for one in said.reminders),
        cancelled=said.cancel,
        bound=tuple(Bond(one.code, one.order_id) for one in _only(records, Bound)),
        ratings=tuple(
            NewRating(one.score, one.order_id, one.sku, one.comment) for one in _only(records, Rated)
        ),
        handoff=None if handoff is None else _handoff(handoff),
        consents=tuple(line for record in records if (line := _consent(record, proof)) is not None),
        notes=(
            *((one.topic, one.text) for one in _only(records, Noted)),
            *(("answer" if one.sure else "answer_perhaps", one.id) for one in _only(records, Answered)),
        ),
        acts=acts_of(turn),
        promised=next((one.at for one in _only(records, Promised)), None),
        reachable=reachable_after(turn),
        moved=tuple(heard.event for heard in turn.events if isinstance(heard.event, ContactChanged)),
        unsent=tuple(heard.event.message_id for heard in turn.events if isinstance(heard.event, Unsent)),
        edited=tuple(heard.event for heard in turn.events if isinstance(heard.event, Edited)),
        release=any(heard.event.kind in BUYER_SPOKE for heard in turn.events),
        preferences=_only(records, Preferred),
        offers=_only(records, Offered),
        brakes=_only(records, Braked),
        touched=_only(records, Touched),
        handed=_only(records, HandedOver),
        mails=_only(records, Mailed),
        journey=Relied(turn.buyer_id, journey.version) if said.proactive else None,
    )


def fetch_human(turn: Turn) -> Effects:
    """Return what hands a conversation over whose turn cannot be made."""
    return Effects(
        handoff=NewHandoff("turn_failed", priority=1),
        notices=(
            ("turn_set_aside", {"conversation": str(turn.conversation_id), "tries": str(turn.attempts)}),
        ),
    )


def proof_of(turn: Turn) -> tuple[str, ...]:
    """Return the platform's ids of what the buyer did in this turn, and of the messages that they tapped."""
    ids: dict[str, None] = {}
    for heard in turn.events:
        if heard.event.kind in _PROOF:
            ids[heard.external_id] = None
        if isinstance(heard.event, Tap) and heard.event.message_id is not None:
            ids[heard.event.message_id] = None
    return tuple(ids)


def acts_of(turn: Turn) -> tuple[Act, ...]:
    """What these events say of who has the conversation: who typed in the platform's app takes it."""
    acts: list[Act] = []
    for heard in turn.events:
        match heard.event:
            case Echo() if not heard.ours:
                acts.append("phone")
            case ThreadControl(ours=ours):
                acts.append("ours" if ours else "phone")
            case event if event.kind in BUYER_SPOKE:
                acts.append("buyer")
            case _:
                pass
    return tuple(acts)


def floor_after(turn: Turn) -> str:
    """Who has the floor once these events are taken into account."""
    return floor_of(turn.status, turn.floor, acts_of(turn))


def reachable_after(turn: Turn) -> bool | None:
    """Whether these events say that the person can be written to; None if they say nothing of it."""
    marks = [heard.event.reachable for heard in turn.events if isinstance(heard.event, Reachability)]
    return marks[-1] if marks else None


def _only(records: Iterable[Record], kind: type[R]) -> tuple[R, ...]:
    return tuple(one for one in records if isinstance(one, kind))


def _handoff(record: HandedOff) -> NewHandoff:
    return NewHandoff(
        record.reason, record.evidence, _PRIORITY[record.priority], record.promised_at, record.why
    )


def _consent(record: Record, proof: tuple[str, ...]) -> NewConsent | None:
    match record:
        case OptedOut():
            action: Action = "withdrawn"
        case OptedIn():
            action = record.stage
        case _:
            return None
    return NewConsent(record.purpose, action, record.how, record.wording, record.shown, record.version, proof)
