"""No sequence of inputs breaks a promise: the cap, the night, consent, the brake, the way to a human."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.simulated import CHANNELS
from dialogs.brakes import BRAKED
from dialogs.catalogue import load_catalogue
from dialogs.facts import Facts
from dialogs.flow import Flow
from dialogs.heard import Heard
from dialogs.messages import (
    Attachment,
    Event,
    Media,
    Preference,
    Reachability,
    Reaction,
    Referral,
    Referred,
    Tap,
    Text,
    Unsupported,
)
from dialogs.records import FATES, Answer, HandedOff, Offered
from dialogs.script import load_book
from dialogs.simulation.chat import Chat, Said
from dialogs.simulation.checks import consents
from dialogs.simulation.house import Buyer, House
from dialogs.simulation.knowledge import owned
from dialogs.simulation.world import World
from dialogs.state import STATE, State
from dialogs.timing import is_quiet
from tests.brain import understand
from tests.dialogs.player import START

pytestmark = pytest.mark.timeout(180)  # a slow machine may need longer than most tests
HOUSE = House(load_book(), load_catalogue(), CHANNELS, understand)
WITHOUT_REASON = {"planned", "sent", "merged"}
WORDS = (
    "1", "2", "3", "4", "5", "ja", "nein", "erledigt", "klappt nicht", "danke", "hallo", "brumm", "kaputt!",
    "stop", "Wo ist mein Paket?", "Einrichtung", "Pflegetipp", "das nervt mich so", "super, danke", "🤷", "",
    "einstellungen", "bitte keine werbung mehr", "schreib mir nicht mehr", "keine angebote mehr", "I love it",
    "ihr dürft mir wieder schreiben", "please write English", "#1001", "anna@example.org", "4 Sterne",
    "24.12.1990", "mein kaffee",
)  # fmt: skip
SPANS = st.sampled_from([0.0, 0.1, 1.0, 9.0, 24.0, 30.0, 72.0, 24.0 * 5, 24.0 * 12, 24.0 * 40])
"""Hours that pass before something happens."""
MILESTONES = st.sampled_from(
    ["shipped", "delivered", "delivered", "delivered", "delayed", "cancelled", "refunded"]
)


OTHER_EVENTS: st.SearchStrategy[Event] = st.sampled_from(
    [
        Media((Attachment("image"),)),
        Reaction("m", "👍"),
        Referred(Referral(ref="summer")),
        Unsupported(),
        Preference("marketing_messages", allowed=False),
        Preference("marketing_messages", allowed=True),
        Reachability(reachable=False),
        Reachability(reachable=True),
    ]
)


def offers(said: Said) -> bool:
    """Whether this was the beginning of a flow that offers something."""
    flow = HOUSE.book.flows.get(said.touchpoint.partition(":")[0])
    return flow is not None and flow.purpose == "offers"


class Watched(World):
    """A world in which every decision is made twice, and every turn is watched."""

    def decide(self, flow: Flow | None, state: State, heard: Heard, facts: Facts) -> Answer:
        one = super().decide(flow, state, heard, facts)
        assert one == super().decide(flow, state, heard, facts), "the same input, the same answer"
        return one

    def case(self, chat: Chat) -> bool:
        """Whether a human has something to solve in this chat, or in another one of the same buyer."""
        circle = [one for one in self.chats if one is chat or (one.orders and chat.orders)]
        return chat.human or any(one.handoffs for one in circle)

    def take_turn(self, chat: Chat, *events: Event) -> Answer:
        case = self.case(chat)
        has, said, records = owned(self), len(self.said), len(self.records)
        answer = super().take_turn(chat, *events)
        begun = [one for one in self.said[said:] if one.proactive]
        offered = [record for _, record in self.records[records:] if isinstance(record, Offered)]
        assert not any(set(record.skus) & has for record in offered), "never what they own"
        case = case and self.case(chat)
        assert not (case and offered), "no offers while a case is open"
        for one in begun:
            purpose = HOUSE.book.flows[one.flow].purpose
            assert consents(self, chat)[purpose], f"{one.touchpoint} without consent"
            assert consents(self, None)[purpose], f"{one.touchpoint} against what was said elsewhere"
            assert not (purpose in BRAKED and case), f"{one.touchpoint} while a case is open"
        return answer


class Journeys(RuleBasedStateMachine):
    """One buyer with one or two chats, to whom anything may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.settled = 0
        self.touches: list[Said] = []

    @initialize(
        channels=st.lists(st.sampled_from(sorted(CHANNELS)), min_size=1, max_size=2, unique=True),
        number=st.integers(0, 40),
        mailable=st.booleans(),
        skus=st.lists(st.sampled_from([*sorted(HOUSE.products), "?"]), min_size=1, max_size=2),
    )
    def begin(self, channels: list[str], number: int, mailable: bool, skus: list[str]) -> None:
        self.world = Watched(HOUSE, Buyer(number, mailable=mailable, birthday=date(1990, 12, 6)), START)
        self.chats = [self.world.open_chat(channel) for channel in channels]
        self.world.buy("1001", *skus)
        for chat in range(len(channels)):
            self.scan(chat, 0)

    def chat(self, number: int) -> Chat:
        return self.chats[number % len(self.chats)]

    def order(self, number: int) -> str:
        orders = list(self.world.orders)
        return orders[number % len(orders)]

    # What may happen

    def later(self, hours: float) -> None:
        self.world.forward(self.world.now + timedelta(hours=hours))

    @rule(hours=SPANS, chat=st.integers(0, 1), text=st.sampled_from(WORDS) | st.text(max_size=30))
    def says(self, hours: float, chat: int, text: str) -> None:
        self.later(hours)
        self.world.speak(self.chat(chat), Text(text))

    @rule(chat=st.integers(0, 1), text=st.sampled_from(["Mensch bitte", "I want to talk to a human"]))
    def asks_for_a_human(self, chat: int, text: str) -> None:
        here = self.chat(chat)
        human, before = here.human, len(self.world.records)
        self.world.speak(here, Text(text))
        fresh = [record for _, record in self.world.records[before:]]
        assert human or any(isinstance(record, HandedOff) for record in fresh), "a way to a human"
        assert here.human

    @rule(hours=SPANS, chat=st.integers(0, 1), number=st.integers(0, 60))
    def taps(self, hours: float, chat: int, number: int) -> None:
        self.later(hours)
        here = self.chat(chat)
        shown = list(here.buttons.items())
        if shown:
            title, payload = shown[-1 - number % len(shown)]
            self.world.speak(here, Tap(payload, title))

    @rule(chat=st.integers(0, 1), topic=st.sampled_from(["Nachfragen", "Angebote"]))
    def agrees(self, chat: int, topic: str) -> None:
        here = self.chat(chat)
        self.world.speak(here, Text("Einstellungen"))
        for title in (topic, "Ja, gern", "Ja, bestätigen"):
            if title in here.buttons and not here.human:
                self.world.speak(here, Tap(here.buttons[title], title))

    @rule(chat=st.integers(0, 1), event=OTHER_EVENTS)
    def does_something_else(self, chat: int, event: Event) -> None:
        self.world.speak(self.chat(chat), event)

    @rule(chat=st.integers(0, 1), order=st.integers(0, 3))
    def scan(self, chat: int, order: int) -> None:
        self.world.speak(self.chat(chat), Referred(Referral(ref=self.world.code(self.order(order)))))

    @precondition(lambda self: len(self.world.orders) < 4)
    @rule(skus=st.lists(st.sampled_from(sorted(HOUSE.products)), min_size=1, max_size=2))
    def buys(self, skus: list[str]) -> None:
        order = self.world.buy(str(1001 + len(self.world.orders)), *skus)
        self.world.speak(self.chats[0], Referred(Referral(ref=self.world.code(order.id))))

    @rule(hours=SPANS, order=st.integers(0, 3), what=MILESTONES)
    def happens(self, hours: float, order: int, what: str) -> None:
        self.later(hours)
        self.world.happen(self.order(order), what)

    @rule(hours=SPANS, desk=st.booleans())
    def time_passes(self, hours: float, desk: bool) -> None:
        if desk:
            self.solve()
        self.later(hours)

    @rule(order=st.integers(0, 3), what=st.sampled_from(["shipped", "delivered"]), days=st.integers(1, 40))
    def a_good_month(self, order: int, what: str, days: int) -> None:
        self.solve()
        self.world.happen(self.order(order), what)
        self.later(24 * days)

    def solve(self) -> None:
        for chat in self.chats:
            if chat.human:
                self.world.hand_back(chat, solved=True)

    @rule(chat=st.integers(0, 1), phone=st.booleans())
    def agent_writes(self, chat: int, phone: bool) -> None:
        here = self.chat(chat)
        if phone:
            self.world.write_from_phone(here, "Ich bin da")
        else:
            self.world.write_as_agent(here, "Ich bin da")

    @precondition(lambda self: any(chat.human for chat in self.chats))
    @rule(hours=SPANS, solved=st.sampled_from([True, True, True, False]))
    def agent_goes(self, hours: float, solved: bool) -> None:
        self.later(hours)
        for chat in self.chats:
            if chat.human:
                self.world.hand_back(chat, solved=solved)

    # What always holds

    @invariant()
    def what_is_said_unasked_is_welcome(self) -> None:
        if not hasattr(self, "world"):
            return
        pacing, zone = HOUSE.pacing, HOUSE.timezone
        fresh = [said for said in self.world.said[self.seen :] if said.proactive]
        self.seen = len(self.world.said)
        for said in fresh:
            assert not is_quiet(said.at, pacing, zone), f"{said.touchpoint} at night"
            others = [one.at for one in self.touches if one.at != said.at]
            assert all(said.at - at >= pacing.apart for at in others), f"{said.touchpoint} too soon"
            week = {at for at in others if said.at - at < timedelta(days=7)}
            assert len(week) < pacing.per_week, f"{said.touchpoint} is one too many"
            if offers(said):
                before = [one for one in self.touches if offers(one) and one.touchpoint != said.touchpoint]
                assert all(said.at - one.at >= pacing.offers_apart for one in before), said.touchpoint
            self.touches.append(said)

    @invariant()
    def every_touchpoint_has_its_fate(self) -> None:
        if not hasattr(self, "world"):
            return
        for _, touched in self.world.touched[self.settled :]:
            assert touched.fate in FATES
            assert touched.reason or touched.fate in WITHOUT_REASON, touched
            assert touched.key
            assert touched.flow in HOUSE.book.flows
        self.settled = len(self.world.touched)

    @invariant()
    def states_are_small_and_survive(self) -> None:
        for chat in getattr(self, "chats", ()):
            text = STATE.dump_json(chat.state)
            assert len(text) < 8000
            assert STATE.validate_json(text) == chat.state


TestJourneys = Journeys.TestCase
TestJourneys.settings = settings(
    max_examples=120, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
