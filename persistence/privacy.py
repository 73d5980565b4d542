"""Erasure: what belongs to a person goes, what the shop must keep (that an order existed) stays."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, or_, select, update

from dialogs.shop import PrivacyRequest
from persistence.buyers import same_people
from persistence.desk_erasure import erase as erase_desk
from persistence.media import erase as erase_media
from persistence.outbox import OPEN
from persistence.search_index import forget_conversations
from persistence.tables import (
    BindingRow,
    Buyer,
    ContactRow,
    Conversation,
    CorrectionRow,
    HandoffRow,
    InboxRow,
    NoteRow,
    OrderRow,
    OutboxRow,
    RatingRow,
    ReminderRow,
    TurnRow,
    table,
)
from persistence.tables_journeys import ConsentRow, MailRow, OfferRow, PreferenceRow, TouchpointRow
from persistence.tags import forget
from persistence.telegram_erasure import erase as erase_topics

_buyers = table(Buyer)
_orders = table(OrderRow)
_bindings = table(BindingRow)
_conversations = table(Conversation)
_contacts = table(ContactRow)
_inbox = table(InboxRow)
_notes = table(NoteRow)
_corrections = table(CorrectionRow)
_outbox = table(OutboxRow)
_ratings = table(RatingRow)
_reminders = table(ReminderRow)
_handoffs = table(HandoffRow)
_turns = table(TurnRow)
_consents = table(ConsentRow)
_preferences = table(PreferenceRow)
_offers = table(OfferRow)
_mails = table(MailRow)
_touchpoints = table(TouchpointRow)

_ERASED: Final = "the person's data was erased"


def redact(connection: Connection, request: PrivacyRequest) -> int:
    """Erase the buyers that a request names, with what was said in their conversations; return how many.

    Source: Shopify's customers/redact names the customer by id, e-mail and phone. A phone number alone does
    not identify anybody here, so it erases nobody. Whom an agent has merged is one person. Rows keep their
    identity (ids and times), so that a delivery that comes again is still recognised; ratings keep their
    score and lose their words. A message that is not sorted yet counts as one that comes after the erasure.
    """
    ways = []
    if request.customer_id:
        ways.append(_buyers.c.external_id == request.customer_id)
    if request.email:
        ways.append(_buyers.c.email == request.email.lower())
    if not ways:
        return 0
    named = list(connection.execute(select(_buyers.c.id).where(or_(*ways))).scalars())
    if not named:
        return 0
    buyers = same_people(connection, named)
    bound = (
        select(_bindings.c.conversation_id)
        .join(_orders, _orders.c.id == _bindings.c.order_id)
        .where(_orders.c.buyer_id.in_(buyers), _bindings.c.undone_at.is_(None))
    )
    conversations = list(
        connection.execute(
            select(_conversations.c.id).where(
                or_(_conversations.c.buyer_id.in_(buyers), _conversations.c.id.in_(bound))
            )
        ).scalars()
    )
    connection.execute(
        update(_buyers)
        .where(_buyers.c.id.in_(buyers))
        .values(name=None, email=None, phone=None, birthday=None, external_id=None, told="{}")
    )
    forget(connection, select(_orders.c.id).where(_orders.c.buyer_id.in_(buyers)))
    if conversations:
        _empty(connection, conversations)
        _empty_journeys(connection, conversations)
        forget_conversations(connection, conversations)
        erase_topics(connection, conversations)
    return len(buyers)


def _empty(connection: Connection, conversations: list[int]) -> None:
    erase_media(connection, conversations)
    erase_desk(connection, conversations)
    connection.execute(
        update(_inbox)
        .where(_inbox.c.conversation_id.in_(conversations))
        .values(event='{"message_id":"","kind":"unsent"}', status="erased")
    )
    connection.execute(
        update(_outbox)
        .where(_outbox.c.conversation_id.in_(conversations), _outbox.c.status.in_((*OPEN, "parked")))
        .values(status="cancelled", detail=_ERASED)
    )
    connection.execute(
        update(_outbox)
        .where(_outbox.c.conversation_id.in_(conversations))
        .values(outgoing='{"style":"text","text":""}')
    )
    connection.execute(
        update(_ratings).where(_ratings.c.conversation_id.in_(conversations)).values(comment=None)
    )
    connection.execute(
        update(_handoffs).where(_handoffs.c.conversation_id.in_(conversations)).values(evidence="[]")
    )
    connection.execute(update(_turns).where(_turns.c.conversation_id.in_(conversations)).values(heard="{}"))
    connection.execute(
        update(_reminders)
        .where(_reminders.c.conversation_id.in_(conversations))
        .values(status="cancelled", data="{}")
    )
    connection.execute(delete(_corrections).where(_corrections.c.conversation_id.in_(conversations)))
    connection.execute(delete(_notes).where(_notes.c.conversation_id.in_(conversations)))
    connection.execute(delete(_contacts).where(_contacts.c.conversation_id.in_(conversations)))
    connection.execute(
        update(_conversations)
        .where(_conversations.c.id.in_(conversations))
        .values(
            name=None,
            address="",
            state="{}",
            status="erased",
            reachable=False,
            version=_conversations.c.version + 1,
            due_at=None,
        )
    )


def _empty_journeys(connection: Connection, conversations: list[int]) -> None:
    """Leave of consents that they were given and withdrawn, of journeys what the shop did: never the person.

    What was shown may have named them, and a platform's message id may hold their number.
    """
    connection.execute(
        update(_consents)
        .where(_consents.c.conversation_id.in_(conversations))
        .values(wording="", shown="", message_ids="[]")
    )
    connection.execute(delete(_preferences).where(_preferences.c.conversation_id.in_(conversations)))
    for kept in (_offers, _touchpoints):
        connection.execute(
            update(kept).where(kept.c.conversation_id.in_(conversations)).values(buyer_id=None)
        )
    connection.execute(
        update(_mails)
        .where(_mails.c.conversation_id.in_(conversations), _mails.c.status == "waiting")
        .values(status="cancelled", detail=_ERASED)
    )
    connection.execute(
        update(_mails).where(_mails.c.conversation_id.in_(conversations)).values(buyer_id=None)
    )
