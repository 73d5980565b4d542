"""What a turn notes about the buyer: preferences, offers, brakes, mails, and what goes on in another chat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from dialogs.records import Braked, HandedOver, Mailed, Offered, Preferred
from persistence.chats import Chat
from persistence.identity import tie
from persistence.inbox import insert_or_ignore
from persistence.reminders import NewReminder, remind
from persistence.tables import Conversation, table
from persistence.tables_journeys import BrakeRow, MailRow, OfferRow, PreferenceRow

_conversations = table(Conversation)
_preferences = table(PreferenceRow)
_offers = table(OfferRow)
_brakes = table(BrakeRow)
_mails = table(MailRow)


def prefer(connection: Connection, here: Chat, preferences: Sequence[Preferred], now: datetime) -> None:
    """Keep what the buyer told of themselves."""
    if preferences:
        whose = {"conversation_id": here.id, "buyer_id": here.buyer_id, "at": now}
        connection.execute(
            _preferences.insert(), [whose | {"name": one.name, "value": one.value} for one in preferences]
        )


def offer(connection: Connection, here: Chat, offers: Sequence[Offered], now: datetime) -> None:
    """Keep which codes were offered."""
    if offers:
        connection.execute(
            _offers.insert(),
            [
                {
                    "conversation_id": here.id,
                    "buyer_id": here.buyer_id,
                    "order_id": one.order_id,
                    "flow": one.flow,
                    "code": one.code,
                    "percent": one.percent,
                    "skus": orjson.dumps(one.skus).decode(),
                    "until": one.until,
                    "personal": one.personal,
                    "at": now,
                }
                for one in offers
            ],
        )


def brake(connection: Connection, here: Chat, brakes: Sequence[Braked], now: datetime) -> None:
    """Pull and lift brakes. One that is pulled again holds from now on."""
    for one in brakes:
        if one.on:
            values = {
                "conversation_id": here.id,
                "buyer_id": here.buyer_id,
                "reason": one.reason,
                "since": now,
            }
            connection.execute(_pulling(connection.dialect.name), values)
        else:
            connection.execute(
                update(_brakes)
                .where(_brakes.c.conversation_id == here.id, _brakes.c.reason == one.reason)
                .where(_brakes.c.lifted_at.is_(None))
                .values(lifted_at=now)
            )


@cache
def _pulling(dialect: str) -> Insert:
    """Return the statement that pulls a brake, in the dialect's own words."""
    words = postgresql if dialect == "postgresql" else sqlite
    insert: Any = words.insert(_brakes)
    statement: Insert = insert.on_conflict_do_update(
        index_elements=[_brakes.c.conversation_id, _brakes.c.reason],
        index_where=text("lifted_at IS NULL"),
        set_={"since": insert.excluded.since},
    )
    return statement


def mail(connection: Connection, here: Chat, mails: Sequence[Mailed], now: datetime) -> None:
    """Ask the shop for mails; nobody is mailed twice about one touchpoint."""
    if mails:
        connection.execute(
            insert_or_ignore(connection.dialect.name, _mails),
            [
                {
                    "conversation_id": here.id,
                    "buyer_id": here.buyer_id,
                    "key": one.key,
                    "flow": one.flow,
                    "purpose": one.purpose,
                    "order_id": one.order_id,
                    "due_at": now,
                    "created_at": now,
                }
                for one in mails
            ],
        )


def hand_over(connection: Connection, here: Chat, handed: Sequence[HandedOver], now: datetime) -> None:
    """Let touchpoints go on in another chat of the same buyer.

    A chat that is no longer theirs gets nothing of it: then the touchpoint comes due here once more.
    """
    for one in handed:
        theirs = connection.execute(
            select(_conversations.c.id).where(
                _conversations.c.id == one.conversation_id,
                _conversations.c.buyer_id == here.buyer_id,
                _conversations.c.status != "erased",
            )
        ).scalar_one_or_none()
        order_id = one.reminder.data.get("order_id", "")
        if theirs is not None and order_id:  # the talk about the order goes on there, so it must know it
            tie(connection, theirs, order_id, now)
        reminder = NewReminder(one.reminder.name, one.reminder.at, one.reminder.data)
        remind(connection, here.id if theirs is None else theirs, (reminder,), (), now)
