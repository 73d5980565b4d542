"""The buyer beside a thread: all that is known of them, over all their chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson
from pydantic import ValidationError
from sqlalchemy import Connection, or_, select

from dialogs.loyalty import orders_to_next, tier_of
from dialogs.shop import Order
from dialogs.state import STATE, State
from persistence.chats import circle
from persistence.database import Database
from persistence.desk_items import ContactId
from persistence.desk_thread import contacts_of
from persistence.journeys import BuyerJourney, journeys_of
from persistence.orders import load
from persistence.tables import BindingRow, Buyer, Conversation, NoteRow, OrderRow, RatingRow, table
from persistence.tables_desk import AgentNoteRow, MergeRow, ServiceRequestRow
from persistence.tables_journeys import ConsentRow, OfferRow

_conversations = table(Conversation)
_buyers = table(Buyer)
_orders = table(OrderRow)
_bindings = table(BindingRow)
_ratings = table(RatingRow)
_consents = table(ConsentRow)
_offers = table(OfferRow)
_notes = table(NoteRow)
_agent_notes = table(AgentNoteRow)
_requests = table(ServiceRequestRow)
_merges = table(MergeRow)

MOST: Final = 30
"""The newest of each kind; what lies further back is in the thread and in the exports."""


@dataclass(frozen=True, slots=True)
class Person:
    """A buyer as the shop's orders name them."""

    id: int
    external_id: str | None
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    country: str | None
    birthday: date | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OtherChat:
    """Another conversation of the same buyer."""

    id: int
    channel: str
    account: str
    name: str | None
    status: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderCard:
    """An order of the buyer. ``bound`` tells that this very conversation is tied to it.

    ``refunded`` is money, in the order's currency. ``rating`` is the newest of it (1 to 5). Items, parcels
    and milestones are in ``order``.
    """

    order: Order
    bound: bool
    refunded: Decimal = Decimal(0)
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class RatingLine:
    """A rating from 1 to 5, the newest first."""

    order_id: str | None
    sku: str | None
    score: int
    comment: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A line of the consent ledger: see `persistence.tables_journeys.ConsentRow`."""

    purpose: str
    action: str
    how: str
    wording: str
    shown: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A code that was offered. ``skus`` are the products it is for; none: any."""

    code: str
    percent: int
    skus: tuple[str, ...]
    until: datetime
    personal: bool
    order_id: str
    flow: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What the bot noted in passing (``topic``), or an agent wrote (``author``)."""

    key: str
    text: str
    at: datetime
    topic: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class RequestLine:
    """Something that the shop must do: see `persistence.tables_desk.ServiceRequestRow`."""

    id: int
    kind: str
    status: str
    order_id: str | None
    detail: dict[str, object]
    by: str
    at: datetime
    done_by: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class MergeLine:
    """That another buyer was merged into this one, and whether it was undone."""

    id: int
    kept_id: int
    merged_id: int
    by: str
    at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class BuyerCard:
    """All that is known of a conversation's buyer; without a ``buyer``, what the conversation itself has.

    ``tags`` and ``state`` are this conversation's. ``tier`` is "", bronze, silver or gold, ``points`` one for
    each whole euro or franc. How likely an order comes back is worked out with the catalogue: `dialogs.risk`
    wants an order, ``state``, and facts with ``journey``.
    """

    conversation_id: int
    buyer: Person | None
    contacts: tuple[ContactId, ...] = ()
    chats: tuple[OtherChat, ...] = ()
    orders: tuple[OrderCard, ...] = ()
    ratings: tuple[RatingLine, ...] = ()
    consents: tuple[ConsentLine, ...] = ()
    preferences: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    points: int = 0
    tier: str = ""
    to_next_tier: int = 0
    codes: tuple[CodeLine, ...] = ()
    notes: tuple[NoteLine, ...] = ()
    requests: tuple[RequestLine, ...] = ()
    merges: tuple[MergeLine, ...] = ()
    state: State = field(default_factory=State)
    journey: BuyerJourney = field(default_factory=BuyerJourney)


class DeskBuyer:
    """Reads what is known of buyers."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def card(self, conversation_id: int, now: datetime) -> BuyerCard | None:
        """Return what is known of a conversation's buyer; None if there is no such conversation."""
        return await self._database.read(card, conversation_id, now)


def card(connection: Connection, conversation_id: int, now: datetime) -> BuyerCard | None:
    """See `DeskBuyer.card`; in the caller's transaction."""
    here = connection.execute(
        select(_conversations.c.buyer_id, _conversations.c.state).where(
            _conversations.c.id == conversation_id
        )
    ).one_or_none()
    if here is None:
        return None
    chats = circle(connection, conversation_id)
    journey = journeys_of(connection, [conversation_id], now)[conversation_id]
    state = _state(here.state)
    ratings = _ratings_of(connection, chats)
    return BuyerCard(
        conversation_id=conversation_id,
        buyer=_person(connection, here.buyer_id),
        contacts=contacts_of(connection, chats),
        chats=_other_chats(connection, chats, conversation_id),
        orders=_orders_of(connection, conversation_id, journey.order_ids[:MOST], ratings),
        ratings=ratings,
        consents=_consents_of(connection, chats),
        preferences=journey.preferences,
        tags=state.tags,
        points=max(int(journey.spent), 0),
        tier=tier_of(journey.orders),
        to_next_tier=orders_to_next(journey.orders),
        codes=_codes_of(connection, chats),
        notes=_notes_of(connection, chats),
        requests=_requests_of(connection, chats),
        merges=_merges_of(connection, here.buyer_id),
        state=state,
        journey=journey,
    )


def _state(written: str) -> State:
    try:
        return STATE.validate_json(written)
    except ValidationError:
        return State()


def _person(connection: Connection, buyer_id: int | None) -> Person | None:
    if buyer_id is None:
        return None
    row = connection.execute(select(_buyers).where(_buyers.c.id == buyer_id)).one_or_none()
    if row is None:
        return None
    return Person(
        id=row.id,
        external_id=row.external_id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        language=row.language,
        country=row.country,
        birthday=row.birthday,
        created_at=row.created_at,
    )


def _other_chats(connection: Connection, chats: Sequence[int], here: int) -> tuple[OtherChat, ...]:
    rows = connection.execute(
        select(_conversations)
        .where(_conversations.c.id.in_(chats), _conversations.c.id != here)
        .order_by(_conversations.c.id)
    )
    return tuple(
        OtherChat(row.id, row.channel, row.account, row.name, row.status, row.heard_at) for row in rows
    )


def _orders_of(
    connection: Connection, here: int, ids: Sequence[str], ratings: Sequence[RatingLine]
) -> tuple[OrderCard, ...]:
    if not ids:
        return ()
    orders = load(connection, ids)
    refunded = dict(
        connection.execute(select(_orders.c.id, _orders.c.refunded).where(_orders.c.id.in_(ids))).all()
    )
    bound = set(
        connection.execute(
            select(_bindings.c.order_id).where(
                _bindings.c.conversation_id == here, _bindings.c.undone_at.is_(None)
            )
        ).scalars()
    )
    scores: dict[str | None, int] = {}
    for rating in ratings:  # the newest first
        scores.setdefault(rating.order_id, rating.score)
    return tuple(
        OrderCard(orders[one], one in bound, refunded[one], scores.get(one)) for one in ids if one in orders
    )


def _ratings_of(connection: Connection, chats: Sequence[int]) -> tuple[RatingLine, ...]:
    rows = _newest(connection, _ratings, chats)
    return tuple(RatingLine(row.order_id, row.sku, row.score, row.comment, row.at) for row in rows)


def _consents_of(connection: Connection, chats: Sequence[int]) -> tuple[ConsentLine, ...]:
    return tuple(
        ConsentLine(row.purpose, row.action, row.how, row.wording, row.shown, row.channel, row.at)
        for row in _newest(connection, _consents, chats)
    )


def _codes_of(connection: Connection, chats: Sequence[int]) -> tuple[CodeLine, ...]:
    return tuple(
        CodeLine(
            code=row.code,
            percent=row.percent,
            skus=tuple(orjson.loads(row.skus)),
            until=row.until,
            personal=row.personal,
            order_id=row.order_id,
            flow=row.flow,
            at=row.at,
        )
        for row in _newest(connection, _offers, chats)
    )


def _notes_of(connection: Connection, chats: Sequence[int]) -> tuple[NoteLine, ...]:
    """Return what was noted by the bot and by agents, the newest first."""
    by_bot = [
        NoteLine(f"b{row.id}", row.text, row.at, topic=row.topic)
        for row in _newest(connection, _notes, chats)
    ]
    by_agents = [
        NoteLine(f"n{row.id}", row.text, row.at, author=row.author)
        for row in _newest(connection, _agent_notes, chats)
    ]
    return tuple(sorted((*by_bot, *by_agents), key=lambda note: note.at, reverse=True)[:MOST])


def _requests_of(connection: Connection, chats: Sequence[int]) -> tuple[RequestLine, ...]:
    return tuple(
        RequestLine(
            id=row.id,
            kind=row.kind,
            status=row.status,
            order_id=row.order_id,
            detail=orjson.loads(row.detail),
            by=row.by,
            at=row.at,
            done_by=row.done_by,
            done_at=row.done_at,
        )
        for row in _newest(connection, _requests, chats)
    )


def _newest(connection: Connection, rows: Any, chats: Sequence[int]) -> Sequence[Any]:
    """Return the newest rows of a table that these chats have."""
    found: Sequence[Any] = connection.execute(
        select(rows).where(rows.c.conversation_id.in_(chats)).order_by(rows.c.id.desc()).limit(MOST)
    ).all()
    return found


def _merges_of(connection: Connection, buyer_id: int | None) -> tuple[MergeLine, ...]:
    if buyer_id is None:
        return ()
    rows = connection.execute(
        select(_merges)
        .where(or_(_merges.c.kept_id == buyer_id, _merges.c.merged_id == buyer_id))
        .order_by(_merges.c.id.desc())
        .limit(MOST)
    )
    return tuple(MergeLine(row.id, row.kept_id, row.merged_id, row.by, row.at, row.undone_at) for row in rows)
