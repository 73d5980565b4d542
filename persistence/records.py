"""What a turn leaves behind besides messages: reminders, ratings, hand-overs, consents, the floor.

Consents are kept by `persistence.consents`, the fates of touchpoints by `persistence.touchpoints`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, delete, select, update

from dialogs.handoff import Escalated, Thread, Times
from dialogs.messages import OUTGOING, ContactChanged, Edited, Outgoing
from dialogs.payloads import parse_payload
from dialogs.records import Braked, HandedOver, Mailed, Offered, Preferred, Touched
from persistence.chats import chat
from persistence.consents import NewConsent, enter
from persistence.contacts import move_contact
from persistence.database import fixed
from persistence.desk_actions import Act, follow_turn
from persistence.identity import Bond
from persistence.journal import brake, hand_over, mail, offer, prefer
from persistence.media import take_back
from persistence.reminders import NewReminder, remind
from persistence.search_index import forget, reword
from persistence.tables import (
    Conversation,
    CorrectionRow,
    HandoffRow,
    InboxRow,
    NoteRow,
    NoticeRow,
    OutboxRow,
    RatingRow,
    table,
)
from persistence.touchpoints import follow, note

_conversations = table(Conversation)
_ratings = table(RatingRow)
_handoffs = table(HandoffRow)
_notices = table(NoticeRow)
_notes = table(NoteRow)
_outbox = table(OutboxRow)
_inbox = table(InboxRow)
_corrections = table(CorrectionRow)

RELEASED_SEQ = 1000
"""Messages that had waited for the person are said after the answer; their numbers start here."""


@dataclass(frozen=True, slots=True)
class NewRating:
    """A rating from 1 to 5, with what it is about."""

    score: int
    order_id: str | None = None
    sku: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class NewHandoff:
    """Why a human is needed now: the script's ``reason``, and ``why`` triage called for one, if it did.

    ``priority`` is -1 (low), 0 (normal), 1 (high) or 2 (urgent).
    """

    reason: str
    evidence: tuple[str, ...] = ()
    priority: int = 0
    promised_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Relied:
    """Whose journey a turn relied on that says something unasked, and at which version of it.

    Such a turn only counts while the conversation still belongs to this buyer and nothing has been said to
    them since, in any chat: see `persistence.guard`. ``buyer_id`` is None for a chat of nobody known.
    """

    buyer_id: int | None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything besides state and messages. An empty one changes nothing.

    ``handed`` are touchpoints that go on in another chat of the same buyer: reminders to create there.
    """

    reminders: tuple[NewReminder, ...] = ()
    cancelled: tuple[str, ...] = ()
    bound: tuple[Bond, ...] = ()
    ratings: tuple[NewRating, ...] = ()
    handoff: NewHandoff | None = None
    consents: tuple[NewConsent, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    acts: tuple[Act, ...] = ()
    """What the events say of who has the conversation, in their order."""
    promised: datetime | None = None
    """A new time that the buyer was told, as the one before could not be kept."""
    reachable: bool | None = None
    moved: tuple[ContactChanged, ...] = ()
    unsent: tuple[str, ...] = ()
    edited: tuple[Edited, ...] = ()
    release: bool = False
    """The person spoke: what waited for that may go out now."""
    notices: tuple[tuple[str, dict[str, str]], ...] = ()
    preferences: tuple[Preferred, ...] = ()
    offers: tuple[Offered, ...] = ()
    brakes: tuple[Braked, ...] = ()
    touched: tuple[Touched, ...] = ()
    handed: tuple[HandedOver, ...] = ()
    mails: tuple[Mailed, ...] = ()
    journey: Relied | None = None
    """Set by every turn that says something unasked (`Answer.proactive`), and by no other."""


def apply_effects(
    connection: Connection, conversation_id: int, effects: Effects, thread: Thread, times: Times
) -> Thread:
    """Write the effects of one turn in the caller's transaction, at ``times.now``.

    ``thread`` is who has the conversation, locked; who has it then is returned. Bonds are written before, as
    they may refuse the turn; `release` comes after the answer is in the outbox.
    """
    now = times.now
    remind(connection, conversation_id, effects.reminders, effects.cancelled, now)
    _record(connection, conversation_id, effects, now)
    _journal(connection, conversation_id, effects, now)
    after = _change_hands(connection, conversation_id, effects, thread, times)
    for message_id in effects.unsent:
        _forget(connection, conversation_id, message_id)
    for edit in effects.edited:
        _correct(connection, conversation_id, edit)
    for change in effects.moved:
        move_contact(connection, conversation_id, change, now)
    if effects.reachable is not None:
        connection.execute(
            update(_conversations)
            .where(_conversations.c.id == conversation_id)
            .values(reachable=effects.reachable)
        )
    return after


def add_notice(connection: Connection, topic: str, detail: dict[str, str], now: datetime) -> None:
    """Leave news for the owner."""
    connection.execute(_notices.insert().values(topic=topic, detail=orjson.dumps(detail).decode(), at=now))


def _record(connection: Connection, conversation_id: int, effects: Effects, now: datetime) -> None:
    for rating in effects.ratings:
        connection.execute(
            _ratings.insert().values(
                conversation_id=conversation_id,
                order_id=rating.order_id,
                sku=rating.sku,
                score=rating.score,
                comment=rating.comment,
                at=now,
            )
        )
    for topic, text in effects.notes:
        connection.execute(
            _notes.insert().values(conversation_id=conversation_id, topic=topic, text=text, at=now)
        )
    for topic, detail in effects.notices:
        add_notice(connection, topic, detail, now)


def _journal(connection: Connection, conversation_id: int, effects: Effects, now: datetime) -> None:
    """Write what is about the buyer rather than the conversation: most turns have nothing of it."""
    if not (
        effects.consents
        or effects.preferences
        or effects.offers
        or effects.brakes
        or effects.touched
        or effects.mails
        or effects.handed
    ):
        return
    here = chat(connection, conversation_id)
    enter(connection, here, effects.consents, now)
    prefer(connection, here, effects.preferences, now)
    offer(connection, here, effects.offers, now)
    brake(connection, here, effects.brakes, now)
    note(connection, here, effects.touched, now)
    mail(connection, here, effects.mails, now)
    hand_over(connection, here, effects.handed, now)


def _change_hands(
    connection: Connection, conversation_id: int, effects: Effects, thread: Thread, times: Times
) -> Thread:
    """Let the conversation pass to whom the turn's events, and what it decided, give it."""
    case = None
    if effects.handoff is not None:
        handoff = effects.handoff
        connection.execute(
            _handoffs.insert().values(
                conversation_id=conversation_id,
                reason=handoff.reason,
                evidence=orjson.dumps(handoff.evidence).decode(),
                priority=handoff.priority,
                promised_at=handoff.promised_at,
                why=handoff.why,
                at=times.now,
            )
        )
        case = (Escalated(handoff.priority, handoff.promised_at), handoff.reason)
    if not effects.acts and case is None and effects.promised is None:
        return thread
    return follow_turn(connection, conversation_id, thread, effects.acts, case, effects.promised, times)


def release(
    connection: Connection, conversation_id: int, turn: int, said: Sequence[Outgoing], now: datetime
) -> None:
    """Put what waited for the person behind what was ``said`` just now.

    What has expired stays unsaid, and so does a question that the answer has asked anyway. Of what the bot
    had wanted to say of its own accord at most one thing is said, and none while the answer waits for a tap.
    """
    busy = any(one.buttons for one in said)
    asked = {question for one in said for question in _questions(one)}
    rows = connection.execute(
        select(_outbox)
        .where(_outbox.c.conversation_id == conversation_id, _outbox.c.status == fixed("parked"))
        .order_by(_outbox.c.id)
    ).all()
    for number, row in enumerate(rows):
        fate = "released"
        if row.expires_at is not None and row.expires_at <= now:
            fate = "expired"
        elif asked & _questions(OUTGOING.validate_json(row.outgoing)):
            fate = "merged"
        if fate == "released" and row.proactive:
            if busy:
                continue
            busy = True
        connection.execute(update(_outbox).where(_outbox.c.id == row.id).values(status=fate))
        if fate != "released":
            follow(connection, [row.id], now)
            continue
        connection.execute(
            _outbox.insert().values(
                conversation_id=conversation_id,
                turn=turn,
                seq=RELEASED_SEQ + number,
                speaker=row.speaker,
                proactive=row.proactive,
                outgoing=row.outgoing,
                due_at=now,
                expires_at=row.expires_at,
                created_at=now,
                flow=row.flow,
                step=row.step,
                variant=row.variant,
                touchpoint=row.touchpoint,
            )
        )


def _questions(outgoing: Outgoing) -> set[tuple[str, str]]:
    """Return which questions a message's buttons answer, as (flow, step)."""
    tapped = (parse_payload(outgoing.stored.get(one.payload, one.payload)) for one in outgoing.buttons)
    return {(one.flow, one.step) for one in tapped if one is not None}


def _forget(connection: Connection, conversation_id: int, message_id: str) -> None:
    """Delete our copy of a message that the person took back, and what was judged of it."""
    taken_back = select(_inbox.c.id).where(
        _inbox.c.conversation_id == conversation_id, _inbox.c.external_id == message_id
    )
    connection.execute(delete(_corrections).where(_corrections.c.inbox_id.in_(taken_back)))
    take_back(connection, taken_back)
    for kind, emptied in (
        ("text", {"text": "", "kind": "text"}),
        ("media", {"attachments": [], "kind": "media"}),
    ):
        connection.execute(
            update(_inbox)
            .where(
                _inbox.c.conversation_id == conversation_id,
                _inbox.c.external_id == message_id,
                _inbox.c.kind == kind,
            )
            .values(event=orjson.dumps(emptied).decode())
        )
    connection.execute(
        update(_inbox)
        .where(
            _inbox.c.conversation_id == conversation_id,
            _inbox.c.kind == "edited",
            _inbox.c.external_id.startswith(f"{message_id}:", autoescape=True),
        )
        .values(event=orjson.dumps({"message_id": message_id, "text": "", "kind": "edited"}).decode())
    )
    forget(connection, "i", taken_back)


def _correct(connection: Connection, conversation_id: int, edit: Edited) -> None:
    """Let our copy of an edited message say what the person's own screen says."""
    connection.execute(
        update(_inbox)
        .where(
            _inbox.c.conversation_id == conversation_id,
            _inbox.c.external_id == edit.message_id,
            _inbox.c.kind == "text",
        )
        .values(event=orjson.dumps({"text": edit.text, "kind": "text"}).decode())
    )
    edited = select(_inbox.c.id).where(
        _inbox.c.conversation_id == conversation_id,
        _inbox.c.external_id == edit.message_id,
        _inbox.c.kind == "text",
    )
    reword(connection, "i", edited, edit.text)
