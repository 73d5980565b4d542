"""One chat played by hand through the pure path, with every fact in reach: for tests of the engine alone.

Whole journeys, with windows, a ledger and several chats, are played by `dialogs.simulation`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.simulated import CHANNELS
from dialogs.catalogue import load_catalogue
from dialogs.channel import ButtonLimits, Capabilities
from dialogs.engine import answer, hear, route
from dialogs.facts import Facts, Journey, Pacing, Reach
from dialogs.flow import Book
from dialogs.messages import Draft, Due, Event, OrderEvent, Outgoing, Referral, Referred, Tap, Text
from dialogs.records import Answer, Bound, HandedOff, Record, Reminder
from dialogs.render import render
from dialogs.script import load_book
from dialogs.shop import Entry, Item, Order, OrderStatus, Parcel
from dialogs.simulation.house import House
from dialogs.state import State
from dialogs.words import Voice
from dialogs.written import NO_ANSWERS, Answers
from dialogs.written_reading import load_answers
from tests.brain import understand, understand_of

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CODE = "NK" + "ABCDEFGHIJKLMNOPQRSTUV"

WHATSAPP_LIKE = Capabilities(
    text_limit=4096,
    text_unit="characters",
    buttons=ButtonLimits(count=3, title=20, payload=256, body=1024),
    list=ButtonLimits(count=10, title=24, payload=200, body=4096, description=72),
    list_label=20,
    link=ButtonLimits(count=1, title=20, payload=0, body=1024),
    caption=1024,
    media_with_buttons=True,
    window=timedelta(hours=24),
    templates=True,
)
INSTAGRAM_LIKE = Capabilities(
    text_limit=1000,
    text_unit="bytes",
    buttons=ButtonLimits(count=3, title=20, payload=1000, body=640, with_link=True),
    quick_replies=ButtonLimits(count=13, title=20, payload=1000, body=1000, desktop=False),
    link=ButtonLimits(count=1, title=20, payload=0, body=640),
    cards=10,
    card_title=80,
    card_buttons=3,
    window=timedelta(hours=24),
)


def house(book: Book | None = None) -> House:
    """The sample shop with the channels' real capabilities; with ``book`` its scripts are another's."""
    return House(
        book if book is not None else load_book(),
        load_catalogue(),
        CHANNELS,
        understand_of(load_catalogue()),
        understand_of=understand_of,
        answers=load_answers(),
    )


def order(
    number: str = "1001",
    *skus: str,
    status: OrderStatus = "paid",
    delivered: datetime | None = None,
    language: str | None = "de",
    name: str | None = "Anna Beispiel",
    placed: datetime = START - timedelta(days=1),
) -> Order:
    """An order as the store would know it."""
    milestones = {"placed": placed}
    if delivered is not None:
        milestones["delivered"] = delivered
    return Order(
        id=f"o{number}",
        number=number,
        currency="EUR",
        total=Decimal(89),
        placed_at=placed,
        status=status,
        buyer_name=name,
        language=language,
        items=tuple(Item(sku, f"Artikel {sku}") for sku in (skus or ("HM-01",))),
        milestones=milestones,
    )


@dataclass
class Player:
    """One conversation and its facts. Every method that plays something returns what was said.

    ``reach`` is told to the engine as it stands here, and everything said is rendered, whatever the window.
    """

    voice: Voice = "du"
    orders: list[Order] = field(default_factory=list)
    pending: list[Order] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    now: datetime = START
    state: State = field(default_factory=State)
    human: bool = False
    channel: Capabilities = WHATSAPP_LIKE
    book: Book = field(default_factory=load_book)
    reach: Reach = "open"
    country: str = "DE"
    seed: str = "buyer:1"
    journey: Journey = field(default_factory=Journey)
    pacing: Pacing = field(default_factory=Pacing)
    notes: dict[str, str] = field(default_factory=dict)
    answers: Answers = NO_ANSWERS
    reminders: dict[str, Reminder] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    drafts: tuple[Draft, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    buttons: dict[str, str] = field(default_factory=dict)

    def play(self, *events: Event) -> Answer:
        """One turn."""
        heard = hear([(event, self.now) for event in events], self.state, understand)
        flow = route(self.book, self.state, heard)
        entry = self.entries.get(heard.code, Entry("unknown", heard.code)) if heard.code else None
        bound = [o for o in self.pending if entry is not None and o.id == entry.order_id]
        facts = Facts(
            brand="Rösterei Morgenrot",
            voice=self.voice,
            hours={"de": "Mo–Fr 9–17 Uhr", "en": "Mon–Fri 9–17"},
            orders=tuple(self.orders + bound),
            products=load_catalogue(),
            answers=self.answers,
            entry=entry,
            human=self.human,
            country=self.country,
            reach=self.reach,
            seed=self.seed,
            journey=self.journey,
            pacing=self.pacing,
            notes=self.notes,
        )
        result = answer(self.book, flow, self.state, heard, facts, self.now)
        self._keep(result, bound)
        return result

    def _keep(self, result: Answer, bound: list[Order]) -> None:
        self.state = result.state
        self.drafts = result.drafts
        self.outgoing = tuple(o for draft in result.drafts for o in render(draft, self.channel))
        self.buttons.update({button.title: button.payload for o in self.outgoing for button in o.buttons})
        for name in result.cancel:
            self.reminders.pop(name, None)
        self.reminders.update({reminder.name: reminder for reminder in result.reminders})
        self.records += result.records
        for record in result.records:
            if isinstance(record, Bound):
                self.orders += bound
                self.entries[record.code] = replace(self.entries[record.code], state="yours")
            if isinstance(record, HandedOff):
                self.human = True

    def say(self, *texts: str) -> str:
        """The buyer writes; the answer's text."""
        self.play(*(Text(text) for text in texts))
        return self.text

    def tap(self, title: str) -> str:
        """The buyer taps a button that was shown at some time; the answer's text."""
        self.play(Tap(self.buttons[title], title))
        return self.text

    def scan(self, code: str = CODE) -> str:
        """The buyer opens an entry link."""
        self.play(Referred(Referral(ref=code)))
        return self.text

    def shop(self, number: str, what: OrderStatus, parcel: Parcel | None = None) -> str:
        """The shop reports a milestone."""
        for i, known in enumerate(self.orders):
            if known.number == number:
                self.orders[i] = replace(
                    known,
                    status=what,
                    milestones={**known.milestones, what: self.now},
                    parcels=(*known.parcels, parcel) if parcel else known.parcels,
                )
        self.play(OrderEvent(f"o{number}", what))
        return self.text

    def later(self, **span: float) -> list[str]:
        """Time passes; what comes due is played at its time. What was said, turn by turn."""
        end = self.now + timedelta(**span)
        said: list[str] = []
        while waiting := [reminder for reminder in self.reminders.values() if reminder.at <= end]:
            self.now = max(self.now, min(reminder.at for reminder in waiting))
            due = sorted((one for one in waiting if one.at <= self.now), key=lambda one: one.at)
            for reminder in due:
                del self.reminders[reminder.name]
            self.play(*(Due(number, one.name, one.data) for number, one in enumerate(due, 1)))
            if self.text:
                said.append(self.text)
        self.now = end
        return said

    @property
    def text(self) -> str:
        """All that was said in the last turn."""
        return "\n---\n".join(o.text for o in self.outgoing)

    @property
    def titles(self) -> list[str]:
        """The buttons under the last message."""
        return [button.title for button in self.outgoing[-1].buttons] if self.outgoing else []


def bought(*skus: str, voice: Voice = "du", channel: Capabilities = WHATSAPP_LIKE) -> Player:
    """A buyer with an order that is not tied to the chat yet, and its fresh code."""
    return Player(
        voice=voice,
        pending=[order("1001", *skus)],
        entries={CODE: Entry("fresh", CODE, "o1001")},
        channel=channel,
    )
