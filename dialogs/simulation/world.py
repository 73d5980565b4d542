"""The world of one simulated buyer: what happens in it, and how the house answers.

What a turn leaves behind is kept as the store keeps it (`persistence.turns`, `persistence.records`), what
goes out is judged as the sender does (`bot.sender`), reminders come due as the clock rings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from dialogs.engine import answer, hear, route, wants_journey
from dialogs.facts import Facts, Journey
from dialogs.flow import Flow
from dialogs.heard import Heard
from dialogs.messages import (
    BUYER_SPOKE,
    Due,
    Echo,
    Event,
    HandedBack,
    OrderEvent,
    Outgoing,
    PromiseBroken,
    Reachability,
    Tagged,
)
from dialogs.records import Answer, Mailed, Offered, Rated, Record, Taken, Touched
from dialogs.render import render
from dialogs.shop import Entry, EntryState, Item, Order, OrderStatus, Parcel
from dialogs.simulation.chat import Chat, Ledger, Said, Speaker, Waiting
from dialogs.simulation.house import Buyer, House
from dialogs.simulation.keeping import keep
from dialogs.simulation.knowledge import journey_of
from dialogs.state import State
from dialogs.timing import zone_of

_STATUS: Final[tuple[OrderStatus, ...]] = ("cancelled", "refunded", "delivered", "shipped", "paid")
"""The first of these milestones that an order has reached is its status."""

_UNKNOWN: Final = Journey()
_NO_NOTES: Final[Mapping[str, str]] = {}
_MOST_TURNS: Final = 500
"""Turns that the clock may start in one go. A script that never comes to rest ends here."""


class Restless(Exception):
    """The clock rings without end: a script reminds itself of itself."""


class World:
    """One buyer of a shop, their chats and orders, at a moment that only moves when it is told to."""

    def __init__(self, house: House, buyer: Buyer, now: datetime) -> None:
        self.house = house
        self.buyer = buyer
        self.now = now
        self.chats: list[Chat] = []
        self.orders: dict[str, Order] = {}
        self.codes: dict[str, tuple[str, EntryState, int]] = {}
        self.version = 0
        self.notes: dict[str, str] = {}
        self.ledger: list[Ledger] = []
        self.said: list[Said] = []
        self.records: list[tuple[Chat, Record]] = []
        self.touched: list[tuple[datetime, Touched]] = []
        self.mailed: list[Mailed] = []
        self.offered: list[Offered] = []
        self.ratings: list[Rated] = []
        self.taken: set[Taken] = set()
        self.tags: dict[tuple[str, str], Tagged] = {}
        self.untold: list[tuple[Chat, Tagged]] = []
        self.turns = 0

    # What exists

    def open_chat(self, channel: str) -> Chat:
        """A new chat of the buyer; nobody has said anything in it yet."""
        chat = Chat(len(self.chats) + 1, channel, self.house.capabilities[channel])
        self.chats.append(chat)
        return chat

    def buy(self, number: str, *skus: str, what: OrderStatus = "paid", quantity: int = 1) -> Order:
        """An order that no chat is tied to yet."""
        titles = {sku: self.house.products[sku].title for sku in skus if sku in self.house.products}
        language = self.buyer.language or self.house.language
        order = Order(
            id=f"o{number}",
            number=number,
            currency="EUR",
            total=Decimal(89),
            placed_at=self.now,
            status=what,
            buyer_name=self.buyer.name,
            language=self.buyer.language,
            country=self.buyer.country,
            items=tuple(
                Item(sku, titles.get(sku, {}).get(language, f"Artikel {sku}"), quantity) for sku in skus
            ),
            milestones={"placed": self.now} if what == "open" else {"placed": self.now, what: self.now},
        )
        return self.add(order)

    def add(self, order: Order) -> Order:
        """An order as the shop tells of it; no chat is tied to it yet."""
        self.orders[order.id] = order
        return order

    def code(self, order_id: str, state: EntryState = "fresh") -> str:
        """A new entry code for an order."""
        number = len(self.codes)
        code = "NK" + "".join(chr(ord("A") + int(digit)) for digit in f"{number:022d}")
        self.codes[code] = (order_id, state, 0)
        return code

    # What happens

    def speak(self, chat: Chat, *events: Event) -> None:
        """The buyer does something in a chat."""
        if any(event.kind in BUYER_SPOKE for event in events):
            chat.heard_at = self.now
        for event in events:
            if isinstance(event, Reachability):
                chat.reachable = event.reachable
        self.take_turn(chat, *events)
        self.ring()

    def happen(self, order_id: str, what: str, parcel: Parcel | None = None) -> None:
        """The shop reports what happened to an order; the chats that are tied to it hear of it, once."""
        order = self.orders[order_id]
        known = what in order.milestones
        milestones = order.milestones if known else {**order.milestones, what: self.now}
        status = next((one for one in _STATUS if one in milestones), order.status)
        parcels = (*order.parcels, parcel) if parcel is not None else order.parcels
        self.orders[order_id] = replace(order, status=status, milestones=milestones, parcels=parcels)
        if not known:
            for chat in self.chats:
                if order_id in chat.orders:
                    self.take_turn(chat, OrderEvent(order_id, what))
        self.ring()

    def tag(self, tag: str, order_id: str, wanted: str = "") -> None:
        """The shop puts a tag on the buyer of an order, or on whoever is waiting for the product ``wanted``.

        Chats that are tied to the order hear of it, also those that will be.
        """
        if wanted:
            if self.notes.get("wanted") == wanted:
                self.untold += [(chat, Tagged(tag, wanted=wanted)) for chat in self.chats]
        else:
            self.tags[order_id, tag] = Tagged(tag, order_id)
            tied = [chat for chat in self.chats if order_id in chat.orders]
            self.untold += [(chat, self.tags[order_id, tag]) for chat in tied]
        self.ring()

    def tie(self, chat: Chat, order_id: str) -> None:
        """From now on the chat belongs to the order; what the shop has put on it is told there, too."""
        if order_id not in chat.orders:
            chat.orders.append(order_id)
            self.untold += [(chat, one) for (about, _), one in self.tags.items() if about == order_id]

    def write_as_agent(self, chat: Chat, text: str) -> None:
        """A human writes at the desk and has the floor from now on."""
        chat.hush(self.now)
        chat.owed = None
        self.said.append(Said(self.now, chat.channel, text, Outgoing("text", text), speaker="agent"))

    def write_from_phone(self, chat: Chat, text: str) -> None:
        """A human writes in the platform's own app: nothing but an echo tells of it."""
        self.said.append(Said(self.now, chat.channel, text, Outgoing("text", text), speaker="agent"))
        chat.hush(self.now)
        chat.owed = None
        self.take_turn(chat, Echo(f"phone-{len(self.said)}", text))
        self.ring()

    def hand_back(self, chat: Chat, *, solved: bool, cause: str = "", reason: str = "") -> None:
        """A human gives the floor back to the bot, or it falls back by itself: see `HandedBack.reason`."""
        if solved:
            chat.handoffs.clear()
        chat.human, chat.owed = False, None
        self.take_turn(chat, HandedBack(solved=solved, cause=cause, reason=reason))
        self.ring()

    def forward(self, to: datetime) -> None:
        """Time passes; everything that comes due is played at its time.

        Raises:
            Restless: it never comes to an end.

        """
        self.ring()
        for _ in range(_MOST_TURNS):
            due = self.next_due()
            if due is None or due > to:
                self.now = max(self.now, to)
                return
            self.now = max(self.now, due)
            self.ring()
        raise Restless

    def next_due(self) -> datetime | None:
        """When the next reminder comes due, or a promise breaks."""
        reminders = [one.at for chat in self.chats for one in chat.reminders.values()]
        return min([*reminders, *(chat.owed for chat in self.chats if chat.owed is not None)], default=None)

    def ring(self) -> None:
        """Play what is due by now; one chat's reminders of one moment go into one turn.

        Raises:
            Restless: it never comes to an end.

        """
        for _ in range(_MOST_TURNS):
            rang = [self._tell(), *(self._break(chat) or self._ring(chat) for chat in self.chats)]
            if not any(rang):
                return
        raise Restless

    def _tell(self) -> bool:
        """Let one chat hear of a tag."""
        if not self.untold:
            return False
        chat, event = self.untold.pop(0)
        self.take_turn(chat, event)
        return True

    def _break(self, chat: Chat) -> bool:
        """Let a chat hear that nobody has answered in time, as the desk's clock does: once for each case."""
        owed = chat.owed
        if owed is None or owed > self.now:
            return False
        chat.owed = None
        self.take_turn(chat, PromiseBroken(owed))
        return True

    def _ring(self, chat: Chat) -> bool:
        due = [one for one in chat.reminders.values() if one.at <= self.now]
        if not due:
            return False
        for one in due:
            del chat.reminders[one.name]
        due.sort(key=lambda one: one.at)
        self.take_turn(chat, *(Due(number, one.name, one.data) for number, one in enumerate(due, 1)))
        return True

    # How the house answers

    def take_turn(self, chat: Chat, *events: Event) -> Answer:
        """One turn, as in `bot.turn`: hear, route, gather, answer, render, commit, send."""
        house = self.house
        self.turns += 1
        heard = hear([(event, self.now) for event in events], chat.state, house.understand)
        flow = route(house.book, chat.state, heard)
        facts = self._gather(chat, heard.code, journey=wants_journey(house.book, chat.state, heard))
        said = self.decide(flow, chat.state, heard, facts)
        self._commit(chat, said, spoke=any(event.kind in BUYER_SPOKE for event in events))
        return said

    def decide(self, flow: Flow | None, state: State, heard: Heard, facts: Facts) -> Answer:
        """What the engine makes of it."""
        return answer(self.house.book, flow, state, heard, facts, self.now, watched=True)

    def _gather(self, chat: Chat, code: str | None, *, journey: bool) -> Facts:
        house, buyer = self.house, self.buyer
        orders = tuple(self.orders[one] for one in reversed(chat.orders))
        entry = self._judge(chat, code) if code is not None else None
        if entry is not None and entry.state == "fresh" and entry.order_id is not None:
            orders = (self.orders[entry.order_id], *orders)
        country = next((order.country for order in orders if order.country), None)
        tied = bool(chat.orders)
        return Facts(
            brand=house.brand,
            voice=house.voice,
            mirror_voice=house.mirror_voice,
            hours=house.hours,
            promise=house.promise,
            opening=house.opening,
            buyer_name=next((order.buyer_name for order in orders if order.buyer_name), buyer.name),
            orders=orders,
            products=house.products,
            answers=house.answers,
            entry=entry,
            human=chat.human,
            timezone=zone_of(country or house.country, house.country, house.timezone),
            language=chat.state.language or house.language,
            country=country or house.country,
            reach=chat.reach(self.now),
            channel=chat.channel,
            seed=f"buyer:{buyer.number}" if tied else f"conversation:{buyer.number}-{chat.id}",
            journey=journey_of(self, chat) if journey else _UNKNOWN,
            pacing=house.pacing,
            notes=self.notes if journey else _NO_NOTES,
        )

    def _judge(self, chat: Chat, code: str) -> Entry:
        order_id, state, used_by = self.codes.get(code, ("", "unknown", 0))
        if state == "fresh" and (used_by == chat.id or order_id in chat.orders):
            return Entry("yours", code, order_id)
        if state == "fresh" and used_by:
            return Entry("used", code)
        return Entry(state, code, order_id if state == "fresh" else None)

    def _commit(self, chat: Chat, said: Answer, *, spoke: bool) -> None:
        """Keep what the turn decided, in the store's order; then send."""
        chat.state = said.state
        self.taken.update(said.taken)
        self.version += said.proactive
        keep(self, chat, said)
        for draft in said.drafts:
            speaker: Speaker = "notice" if draft.notice else "bot"
            chat.outbox += [
                Waiting(outgoing, speaker, draft) for outgoing in render(draft, chat.capabilities)
            ]
        if spoke:
            chat.release(self.now)
        if chat.outbox:
            self.said += chat.send(self.now, self.house.book, self.house.voice)
