"""What is known of a buyer over all their chats, gathered for the turns that may say something unasked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, or_, select
from sqlalchemy.engine import Row

from dialogs.records import DECIDED
from persistence.consents import Ledger, ledgers
from persistence.database import Database
from persistence.tables import (
    BindingRow,
    Buyer,
    Conversation,
    HandoffRow,
    ItemRow,
    MilestoneRow,
    OrderRow,
    table,
)
from persistence.tables_journeys import BrakeRow, PreferenceRow, TouchpointRow

_buyers = table(Buyer)
_conversations = table(Conversation)
_touchpoints = table(TouchpointRow)
_brakes = table(BrakeRow)
_handoffs = table(HandoffRow)
_preferences = table(PreferenceRow)
_orders = table(OrderRow)
_bindings = table(BindingRow)
_milestones = table(MilestoneRow)
_items = table(ItemRow)

_BUYER: Final = select(*(_buyers.c[name] for name in ("id", "journey", "email", "country", "birthday")))
_CHAT: Final = select(
    *(
        _conversations.c[name]
        for name in ("id", "buyer_id", "channel", "account", "heard_at", "reachable", "floor", "status")
    )
)

TOUCHES: Final = timedelta(days=8)
"""How far back it matters when something was said unasked."""


@dataclass(frozen=True, slots=True)
class SiblingChat:
    """Another chat of the same buyer, in which they have not opted out.

    ``allowed`` are the purposes they have agreed to there, by the ledger; service needs no agreement.
    """

    conversation_id: int
    channel: str
    account: str
    heard_at: datetime | None
    reachable: bool
    floor: str
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BuyerJourney:
    """All that a turn may know of a buyer besides its own chat; see `dialogs.facts.Journey`.

    ``touches`` are when something was said unasked, in this chat or another, ``offered_at`` is when something
    was offered unasked last; ``brakes`` and ``withdrawn``
    speak of the other chats only. ``orders`` counts what was bought and kept, ``spent`` is what it cost,
    ``order_ids`` are all orders of the buyer and of this chat, the newest first. Without a buyer it is what
    the conversation itself has.
    """

    buyer_id: int | None = None
    version: int = 0
    touches: tuple[datetime, ...] = ()
    offered_at: datetime | None = None
    decided: frozenset[str] = frozenset()
    brakes: Mapping[str, datetime] = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()
    siblings: tuple[SiblingChat, ...] = ()
    orders: int = 0
    spent: Decimal = Decimal(0)
    order_ids: tuple[str, ...] = ()
    birthday: date | None = None
    country: str | None = None
    has_email: bool = False
    preferences: Mapping[str, str] = field(default_factory=dict)


class Journeys:
    """The buyers' journeys."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def of(self, conversation_ids: Sequence[int], now: datetime) -> dict[int, BuyerJourney]:
        """Return the journey of each conversation's buyer, as it stands at one moment."""
        return await self._database.read(journeys_of, conversation_ids, now)


def journeys_of(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, BuyerJourney]:
    """Load the journeys of several conversations, with the same dozen statements however many they are."""
    found = connection.execute(
        select(_conversations.c.id, _conversations.c.buyer_id).where(_conversations.c.id.in_(ids))
    )
    owners: dict[int, int | None] = {row.id: row.buyer_id for row in found}
    known = _Known(connection, owners, now - TOUCHES)
    return {place: known.journey_of(place, owner) for place, owner in owners.items()}


class _Known:
    """What is known of some conversations and of all that their buyers have to do with."""

    def __init__(self, connection: Connection, owners: Mapping[int, int | None], since: datetime) -> None:
        """Load it; ``since`` is how far back touches matter."""
        buyers = sorted({owner for owner in owners.values() if owner is not None})
        self.buyers: dict[int, Row[Any]] = {}
        self.chats: dict[int | None, list[Row[Any]]] = {}
        if buyers:
            rows = connection.execute(_BUYER.where(_buyers.c.id.in_(buyers)))
            self.buyers = {row.id: row for row in rows}
            chats = _CHAT.where(_conversations.c.buyer_id.in_(buyers)).order_by(_conversations.c.id)
            self.chats = _by("buyer_id", connection.execute(chats))
        places = sorted({*owners, *(chat.id for chats in self.chats.values() for chat in chats)})
        touchpoints = _touchpoints_of(connection, places, buyers, since)
        self.touchpoints = _by("conversation_id", touchpoints)
        self.their_touchpoints = _by("buyer_id", touchpoints)
        self.ledgers = ledgers(connection, places)
        self.brakes = _brakes_of(connection, places)
        told = select(_preferences).where(_preferences.c.conversation_id.in_(places))
        self.told = _by("conversation_id", connection.execute(told.order_by(_preferences.c.id)))
        self.purchases = _Purchases(connection, sorted(owners), buyers)

    def journey_of(self, place: int, owner: int | None) -> BuyerJourney:
        """Put together what concerns one conversation."""
        buyer = None if owner is None else self.buyers.get(owner)
        others = [] if owner is None else [one for one in self.chats.get(owner, ()) if one.id != place]
        circle = [place, *(one.id for one in others)]
        own = self.ledgers[place]
        order_ids = self.purchases.of(place, owner)
        standing = [one for one in order_ids if one not in self.purchases.gone]
        touchpoints = self._touchpoints(circle, owner)
        told = sorted((row for one in circle for row in self.told.get(one, ())), key=lambda row: row.id)
        return BuyerJourney(
            buyer_id=owner,
            version=0 if buyer is None else buyer.journey,
            touches=tuple(sorted({row.sent_at for row in touchpoints if row.is_fresh})),
            offered_at=max(
                (row.sent_at for row in touchpoints if row.purpose == "offers" and row.sent_at is not None),
                default=None,
            ),
            decided=frozenset(row.key for row in touchpoints if row.fate in DECIDED),
            brakes=_latest(pair for one in others for pair in self.brakes.get(one.id, ())),
            withdrawn=frozenset().union(
                *(self.ledgers[one.id].stands_against(own) for one in others),
            ),
            owned=frozenset().union(*(self.purchases.skus.get(one, ()) for one in standing)),
            siblings=tuple(
                _sibling(one, self.ledgers[one.id])
                for one in others
                if one.status != "erased" and not self.ledgers[one.id].opted_out
            ),
            orders=len(standing),
            spent=sum((self.purchases.totals[one] for one in standing), Decimal(0)),
            order_ids=tuple(order_ids),
            birthday=None if buyer is None else buyer.birthday,
            country=None if buyer is None else buyer.country,
            has_email=buyer is not None and bool(buyer.email),
            preferences={row.name: row.value for row in told},
        )

    def _touchpoints(self, circle: Sequence[int], owner: int | None) -> list[Row[Any]]:
        """Return those of these chats, and those of the buyer in a chat that is no longer theirs."""
        found = {row.id: row for one in circle for row in self.touchpoints.get(one, ())}
        if owner is not None:
            found |= {row.id: row for row in self.their_touchpoints.get(owner, ())}
        return list(found.values())


class _Purchases:
    """The orders of some chats and buyers: whose they are, which were called off, what is in them."""

    def __init__(self, connection: Connection, places: Sequence[int], buyers: Sequence[int]) -> None:
        """Load them: what the chats are tied to, and all that the buyers have bought."""
        tied: Sequence[Row[Any]] = connection.execute(
            select(_bindings.c.conversation_id, _orders)
            .join(_orders, _orders.c.id == _bindings.c.order_id)
            .where(_bindings.c.conversation_id.in_(places), _bindings.c.undone_at.is_(None))
        ).all()
        bought: Sequence[Row[Any]] = connection.execute(
            select(_orders).where(_orders.c.buyer_id.in_(buyers))
        ).all()
        self._tied = _by("conversation_id", tied)
        self._bought = _by("buyer_id", bought)
        self.totals: dict[str, Decimal] = {row.id: row.total for row in (*tied, *bought)}
        ids = sorted(self.totals)
        self.gone: frozenset[str] = frozenset()
        self.skus: dict[str, set[str]] = {}
        if not ids:
            return
        called_off = select(_milestones.c.order_id).where(
            _milestones.c.order_id.in_(ids), _milestones.c.what.in_(("cancelled", "refunded"))
        )
        self.gone = frozenset(connection.execute(called_off).scalars())
        items = select(_items.c.order_id, _items.c.sku).where(_items.c.order_id.in_(ids), _items.c.sku != "")
        for row in connection.execute(items):
            self.skus.setdefault(row.order_id, set()).add(row.sku)

    def of(self, place: int, owner: int | None) -> list[str]:
        """Return the orders of a chat and of its buyer, the newest first."""
        theirs = () if owner is None else self._bought.get(owner, ())
        placed = {row.id: row.placed_at for row in (*self._tied.get(place, ()), *theirs)}
        return sorted(placed, key=lambda one: (placed[one], one), reverse=True)


def _touchpoints_of(
    connection: Connection, places: Sequence[int], buyers: Sequence[int], since: datetime
) -> Sequence[Row[Any]]:
    columns = _touchpoints.c
    fresh = (columns.sent_at >= since).label("is_fresh")
    matter = or_(columns.fate.in_(sorted(DECIDED)), columns.sent_at >= since)
    here = select(_touchpoints, fresh).where(columns.conversation_id.in_(places), matter)
    if not buyers:
        return connection.execute(here).all()
    theirs = select(_touchpoints, fresh).where(columns.buyer_id.in_(buyers), matter)
    return connection.execute(here.union(theirs)).all()


def _brakes_of(connection: Connection, places: Sequence[int]) -> dict[int, list[tuple[str, datetime]]]:
    """Return why ratings and offers rest in each chat, since when: its brakes, and its open case."""
    found: dict[int, list[tuple[str, datetime]]] = {}
    held = select(_brakes.c.conversation_id, _brakes.c.reason, _brakes.c.since).where(
        _brakes.c.conversation_id.in_(places), _brakes.c.lifted_at.is_(None)
    )
    for row in connection.execute(held):
        found.setdefault(row.conversation_id, []).append((row.reason, row.since))
    cases = select(_handoffs.c.conversation_id, _handoffs.c.at).where(
        _handoffs.c.conversation_id.in_(places), _handoffs.c.resolved_at.is_(None)
    )
    for case in connection.execute(cases):
        found.setdefault(case.conversation_id, []).append(("handoff", case.at))
    return found


def _latest(brakes: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    """Return each reason with the last moment at which it was pulled: it holds the longest."""
    return dict(sorted(brakes, key=lambda one: one[1]))


def _sibling(chat: Row[Any], ledger: Ledger) -> SiblingChat:
    return SiblingChat(
        conversation_id=chat.id,
        channel=chat.channel,
        account=chat.account,
        heard_at=chat.heard_at,
        reachable=chat.reachable,
        floor=chat.floor,
        allowed=ledger.allowed,
    )


def _by(name: str, rows: Iterable[Row[Any]]) -> dict[Any, list[Row[Any]]]:
    found: dict[Any, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found
