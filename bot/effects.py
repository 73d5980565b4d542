"""From what a dialog decided, and what a platform reported, to what the store writes beside the messages."""

from __future__ import annotations

from typing import Final

from dialogs.messages import BUYER_SPOKE, ContactChanged, Echo, Edited, Reachability, ThreadControl, Unsent
from dialogs.records import Answer, Bound, HandedOff, Noted, OptedIn, OptedOut, Rated, Record
from persistence.identity import Bond
from persistence.records import Effects, NewConsent, NewHandoff, NewRating, NewReminder
from persistence.turns import Turn

_PRIORITY: Final = {"normal": 0, "high": 1}


def effects_of(turn: Turn, said: Answer) -> Effects:
    """Translate an answer's records and the turn's platform events."""
    handoff = next((record for record in said.records if isinstance(record, HandedOff)), None)
    return Effects(
        reminders=tuple(NewReminder(one.name, one.at, one.data) for one in said.reminders),
        cancelled=said.cancel,
        bound=tuple(Bond(one.code, one.order_id) for one in said.records if isinstance(one, Bound)),
        ratings=tuple(
            NewRating(one.score, one.order_id, one.sku, one.comment)
            for one in said.records
            if isinstance(one, Rated)
        ),
        handoff=None
        if handoff is None
        else NewHandoff(handoff.reason, handoff.evidence, _PRIORITY[handoff.priority]),
        consents=tuple(consent for record in said.records if (consent := _consent(record)) is not None),
        notes=tuple((one.topic, one.text) for one in said.records if isinstance(one, Noted)),
        floor=floor_after(turn),
        reachable=_reachable(turn),
        moved=tuple(heard.event for heard in turn.events if isinstance(heard.event, ContactChanged)),
        unsent=tuple(heard.event.message_id for heard in turn.events if isinstance(heard.event, Unsent)),
        edited=tuple(heard.event for heard in turn.events if isinstance(heard.event, Edited)),
        release=any(heard.event.kind in BUYER_SPOKE for heard in turn.events),
    )


def fetch_human(turn: Turn) -> Effects:
    """Return what hands a conversation over whose turn cannot be made."""
    return Effects(
        handoff=NewHandoff("turn_failed", priority=1),
        notices=(
            ("turn_set_aside", {"conversation": str(turn.conversation_id), "tries": str(turn.attempts)}),
        ),
    )


def _consent(record: Record) -> NewConsent | None:
    match record:
        case OptedOut():
            return NewConsent(record.purpose, allowed=False, source=record.wording)
        case OptedIn():
            return NewConsent(record.purpose, allowed=True, source=record.wording)
        case _:
            return None


def floor_after(turn: Turn) -> str | None:
    """Who takes the floor by these events, if anybody: who typed in the platform's app does."""
    floor: str | None = None
    for heard in turn.events:
        match heard.event:
            case Echo() if not heard.ours:
                floor = "human"
            case ThreadControl(ours=ours):
                floor = "bot" if ours else "human"
            case _:
                pass
    return floor


def _reachable(turn: Turn) -> bool | None:
    marks = [heard.event.reachable for heard in turn.events if isinstance(heard.event, Reachability)]
    return marks[-1] if marks else None
