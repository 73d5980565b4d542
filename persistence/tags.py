"""Tags that the shop puts on buyers from outside: whom each one reaches, and the events that it becomes.

A tag on an order reaches the chats that are tied to it, and for a while those that are tied to it later: a
gift is known before its buyer has scanned anything. A tag on a buyer, or on whoever waits for a product,
reaches the chats that they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.engine import Row

from dialogs.messages import Tagged
from dialogs.shop import BuyerTagged
from persistence.inbox import insert_or_ignore
from persistence.reminders import wake
from persistence.tables import BindingRow, Buyer, Conversation, InboxRow, MilestoneRow, OrderRow, table
from persistence.tables_journeys import OrderTagRow, PreferenceRow

_inbox = table(InboxRow)
_buyers = table(Buyer)
_orders = table(OrderRow)
_bindings = table(BindingRow)
_milestones = table(MilestoneRow)
_conversations = table(Conversation)
_preferences = table(PreferenceRow)
_tags = table(OrderTagRow)

KEPT: Final = timedelta(days=60)
"""How long a tag on an order waits for a chat to be tied to it."""

WANTED: Final = "wanted"
"""The note that names the SKU which a buyer is waiting for."""

_KIND: Final = Tagged("").kind


def tag(connection: Connection, event: BuyerTagged, row: Row[Any], now: datetime) -> None:
    """Tell every chat that a tag reaches, once for each delivery (``row``)."""
    if event.order_id is not None:
        _keep(connection, event.order_id, event.tag, now)
        told = dict.fromkeys(_tied(connection, event.order_id), Tagged(event.tag, event.order_id))
    elif event.waiting_for is not None:
        waiting = _waiting_for(connection, event.waiting_for)
        told = dict.fromkeys(waiting, Tagged(event.tag, wanted=event.waiting_for))
    else:
        told = _of_buyers(connection, event)
    if told:
        _insert(connection, row.source, row.external_id, told, row.at, now)
        wake(connection, sorted(told), now)


def tell_tied(connection: Connection, conversation_id: int, order_id: str, now: datetime) -> None:
    """Let a chat that has just been tied to an order hear of the tags on it, in its next turn.

    It is woken by what ties it: the end of its own turn, or what is handed to it.
    """
    kept = connection.execute(
        select(_tags.c.tag).where(_tags.c.order_id == order_id, _tags.c.at > now - KEPT).order_by(_tags.c.tag)
    )
    for name in kept.scalars().all():
        event = {conversation_id: Tagged(name, order_id)}
        _insert(connection, "tags", f"{order_id}:{name}", event, now, now)


def forget(connection: Connection, order_ids: Any) -> None:
    """Take the tags off these orders (a list, or a statement that selects them)."""
    connection.execute(delete(_tags).where(_tags.c.order_id.in_(order_ids)))


def told(connection: Connection, source: str, external_id: str) -> int | None:
    """Return how many chats have been told of a delivery; None while it has not been applied."""
    status = select(_inbox.c.status).where(
        _inbox.c.source == source,
        _inbox.c.external_id == external_id,
        _inbox.c.kind == BuyerTagged("").kind,
    )
    if connection.execute(status).scalar_one_or_none() != "done":
        return None
    return connection.execute(
        select(func.count())
        .select_from(_inbox)
        .where(
            _inbox.c.source == source,
            _inbox.c.kind == _KIND,
            _inbox.c.external_id.startswith(f"{external_id}:", autoescape=True),
        )
    ).scalar_one()


def _keep(connection: Connection, order_id: str, name: str, now: datetime) -> None:
    here = {"order_id": order_id, "tag": name, "at": now}
    connection.execute(insert_or_ignore(connection.dialect.name, _tags), [here])
    connection.execute(update(_tags).where(_tags.c.order_id == order_id, _tags.c.tag == name).values(at=now))


def _insert(
    connection: Connection,
    source: str,
    external_id: str,
    events: Mapping[int, Tagged],
    at: datetime,
    now: datetime,
) -> None:
    connection.execute(
        insert_or_ignore(connection.dialect.name, _inbox),
        [
            {
                "source": source,
                "external_id": f"{external_id}:{place}",
                "kind": event.kind,
                "lane": "message",
                "conversation_id": place,
                "at": at,
                "received_at": now,
                "due_at": now,
                "event": orjson.dumps(event).decode(),
            }
            for place, event in sorted(events.items())
        ],
    )


def _tied(connection: Connection, order_id: str) -> list[int]:
    found = connection.execute(
        select(_bindings.c.conversation_id)
        .join(_conversations, _conversations.c.id == _bindings.c.conversation_id)
        .where(_bindings.c.order_id == order_id, _bindings.c.undone_at.is_(None))
        .where(_conversations.c.status != "erased")
        .distinct()
    )
    return sorted(found.scalars())


def _of_buyers(connection: Connection, event: BuyerTagged) -> dict[int, Tagged]:
    """Return what the chats of a buyer are told: all of them the same order, so that it is told once."""
    people = _people(connection, event)
    if not people:
        return {}
    chats = connection.execute(
        select(_conversations.c.id, _conversations.c.buyer_id).where(
            _conversations.c.buyer_id.in_(people), _conversations.c.status != "erased"
        )
    ).all()
    newest = _newest_orders(connection, [chat.id for chat in chats])
    return {chat.id: Tagged(event.tag, newest.get(chat.buyer_id, "")) for chat in chats}


def _people(connection: Connection, event: BuyerTagged) -> list[int]:
    """Return the buyers who are meant: by the shop's id, else by the e-mail address."""
    ways = []
    if event.customer_id is not None:
        ways.append(_buyers.c.external_id == event.customer_id)
    if event.email is not None:
        ways.append(_buyers.c.email == event.email.lower())
    for way in ways:
        if found := connection.execute(select(_buyers.c.id).where(way)).scalars().all():
            return list(found)
    return []


def _newest_orders(connection: Connection, chats: Sequence[int]) -> dict[int | None, str]:
    """Return the newest order that stands, of each buyer's that their chats are tied to."""
    called_off = select(_milestones.c.order_id).where(_milestones.c.what.in_(("cancelled", "refunded")))
    rows = connection.execute(
        select(_conversations.c.buyer_id, _orders.c.id)
        .select_from(_bindings)
        .join(_conversations, _conversations.c.id == _bindings.c.conversation_id)
        .join(_orders, _orders.c.id == _bindings.c.order_id)
        .where(_bindings.c.conversation_id.in_(chats), _bindings.c.undone_at.is_(None))
        .where(_orders.c.id.not_in(called_off))
        .order_by(_orders.c.placed_at, _orders.c.id)
    )
    return {row.buyer_id: row.id for row in rows}


def _waiting_for(connection: Connection, sku: str) -> list[int]:
    """Return the chats of all whose note says, as it stands in the newest of them, that they want it."""
    asked = connection.execute(
        select(_conversations.c.id, _conversations.c.buyer_id)
        .join(_preferences, _preferences.c.conversation_id == _conversations.c.id)
        .where(_preferences.c.name == WANTED, _preferences.c.value == sku)
        .distinct()
    ).all()
    chats = connection.execute(
        select(_conversations.c.id, _conversations.c.buyer_id).where(
            or_(
                _conversations.c.buyer_id.in_(
                    sorted({row.buyer_id for row in asked if row.buyer_id is not None})
                ),
                _conversations.c.id.in_([row.id for row in asked]),
            ),
            _conversations.c.status != "erased",
        )
    ).all()
    owners = {row.id: _owner(row) for row in chats}
    told = connection.execute(
        select(_preferences.c.conversation_id, _preferences.c.value)
        .where(_preferences.c.name == WANTED, _preferences.c.conversation_id.in_(list(owners)))
        .order_by(_preferences.c.id)
    )
    wanted = {owners[row.conversation_id]: row.value for row in told}
    return sorted(place for place, owner in owners.items() if wanted.get(owner) == sku)


def _owner(chat: Row[*tuple[Any, ...]]) -> tuple[str, int]:
    """Whose notes count in a chat: its buyer's, or where nobody is known its own."""
    return ("chat", chat.id) if chat.buyer_id is None else ("buyer", chat.buyer_id)
