"""A year of journeys on the virtual clock: buyers who answer, keep silent, get angry or want no more of it.

Every turn is a real one (hear, route, answer, render) with the house's own scripts. On the way it is watched
that nobody gets two things within the cap, anything unasked after "stop", or an offer while something is
wrong.
"""

import heapq
import multiprocessing
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.simulated import CHANNELS
from dialogs.brakes import BRAKED
from dialogs.catalogue import load_catalogue
from dialogs.messages import Referral, Referred, Tap, Text
from dialogs.script import load_book
from dialogs.simulation.chat import Chat, Said
from dialogs.simulation.checks import consents
from dialogs.simulation.house import Buyer, House
from dialogs.simulation.world import World
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Servers
from tests.brain import understand

BUYERS = 5_000
ALL_BUYERS = 100_000
CORES = 2
CHUNK = 50
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = 365 * DAY

WORDS = {
    "content": ("danke!", "super, läuft", "5", "Wie reinige ich das?", "ja", "Wo ist mein Paket?"),
    "silent": (),
    "angry": ("Das ist kaputt!", "Ich bin echt sauer", "brumm", "Mensch bitte", "2"),
    "leaving": ("stop", "bitte keine werbung mehr", "danke", "nein"),
}
SHARES = {"content": 40, "silent": 35, "angry": 15, "leaving": 10}


@dataclass
class Tally:
    """What a run has come to."""

    buyers: int = 0
    turns: int = 0
    said: int = 0
    touches: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count in what another part of the run has come to."""
        self.buyers += other.buyers
        self.turns += other.turns
        self.said += other.said
        self.touches += other.touches
        self.wrong += other.wrong


def measure(servers: Servers, report: Report) -> None:
    """Buyers per second, and how long a hundred thousand would take."""
    buyers = ALL_BUYERS if servers.big else BUYERS
    began = time.perf_counter()
    total = Tally()
    chunks = [range(first, min(first + CHUNK, buyers)) for first in range(0, buyers, CHUNK)]
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        for tally in pool.imap_unordered(play_chunk, chunks):
            total.add(tally)
    took = time.perf_counter() - began
    minutes = took / buyers * ALL_BUYERS / 60
    report.row("a year of journeys, turns", f"{total.turns:,} ({total.turns / buyers:.0f} a buyer)")
    report.row(
        "said of our own accord", f"{total.touches / buyers:.1f} a buyer, {total.said / buyers:.0f} in all"
    )
    report.row(f"buyers, {CORES} processes", f"{buyers / took:,.0f}/s, {total.turns / took:,.0f} turns/s")
    report.row("a year of 100,000 buyers", f"{minutes:.1f} min", "minutes", "10 min")
    report.row("rules broken on the way", str(len(total.wrong)), "0", "0")
    for wrong in total.wrong[:10]:
        report.say(f"    {wrong}")


def play_chunk(numbers: range) -> Tally:
    """Play the years of some buyers."""
    tally = Tally()
    for number in numbers:
        play_year(number, tally)
    return tally


@cache
def house() -> House:
    """The sample shop."""
    return House(load_book(), load_catalogue(), CHANNELS, understand)


def play_year(number: int, tally: Tally) -> None:
    """One buyer's year, the same for the same number."""
    year = _Year(number)
    year.play()
    tally.buyers += 1
    tally.turns += year.world.turns
    tally.said += len(year.world.said)
    tally.touches += sum(said.proactive for said in year.world.said)
    tally.wrong += [f"buyer {number}: {wrong}" for wrong in year.wrong]


class _Year:
    """What one buyer does, as a heap of things to come."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)
        self.kind = self.chance.choices(list(SHARES), list(SHARES.values()))[0]
        self.world = World(
            house(), Buyer(number, language=self.chance.choice(["de", "de", "de", "en"])), START
        )
        channels = self.chance.sample(sorted(CHANNELS), self.chance.choice([1, 1, 1, 2]))
        self.chats = [self.world.open_chat(channel) for channel in channels]
        self.plan: list[tuple[datetime, int, str, str]] = []
        self.count = 0
        self.seen = 0
        self.wrong: list[str] = []
        self.touches: list[datetime] = []

    def at(self, moment: datetime, what: str, about: str = "") -> None:
        """Something is to happen."""
        self.count += 1
        heapq.heappush(self.plan, (moment, self.count, what, about))

    def play(self) -> None:
        """The whole year."""
        for number in range(self.chance.randint(1, 3)):
            self.at(START + self.chance.random() * 0.7 * YEAR, "buys", str(1001 + number))
        for word in WORDS[self.kind]:
            if self.chance.random() < 0.5:
                self.at(START + self.chance.random() * YEAR, "says", word)
        world, end = self.world, START + YEAR
        while True:
            due = world.next_due()
            moment = min((one for one in (due, self.plan[0][0] if self.plan else None) if one), default=None)
            if moment is None or moment > end:
                return
            if self.plan and self.plan[0][0] <= moment:
                _, _, what, about = heapq.heappop(self.plan)
                world.forward(max(world.now, moment))
                self._look()
                self._do(what, about)
            else:
                world.forward(max(world.now, moment))
            self._look()

    def _do(self, what: str, about: str) -> None:
        world, now, chance = self.world, self.world.now, self.chance
        match what:
            case "buys":
                skus = chance.sample(sorted(world.house.products), chance.choice([1, 1, 2]))
                order = world.buy(about, *skus)
                for chat in self.chats:
                    if chance.random() < 0.8:
                        self.at(now + chance.random() * 6 * DAY, f"scans {chat.id}", order.id)
                self.at(now + DAY, "shipped", order.id)
                fate = "cancelled" if chance.random() < 0.05 else "delivered"
                self.at(now + (2 + chance.random() * 9) * DAY, fate, order.id)
                if chance.random() < 0.05:
                    self.at(now + (10 + chance.random() * 20) * DAY, "refunded", order.id)
            case "says":
                tied = [chat for chat in self.chats if chat.orders]
                if tied:
                    self._speak(chance.choice(tied), Text(about))
            case "taps":
                number, payload, title = about.split("|", 2)
                self._speak(self._chat(number), Tap(payload, title))
            case "solves":
                world.hand_back(self._chat(about), solved=True)
            case _ if what.startswith("scans"):
                chat = self._chat(what.split()[1])
                world.speak(chat, Referred(Referral(ref=world.code(about))))
            case _:
                world.happen(about, what)

    def _chat(self, number: str) -> Chat:
        return self.chats[int(number) - 1]

    def _speak(self, chat: Chat, event: Text | Tap) -> None:
        self.world.speak(chat, event)
        if chat.handoffs or chat.human:
            self.at(self.world.now + self.chance.random() * 3 * DAY, "solves", str(chat.id))

    def _look(self) -> None:
        """Look at what has been said meanwhile: whether it is right, and whether the buyer reacts to it."""
        fresh = self.world.said[self.seen :]
        self.seen = len(self.world.said)
        for said in fresh:
            if said.proactive:
                self._watch(said)
            if said.buttons and self.kind != "silent" and self.chance.random() < 0.6:
                button = self.chance.choice(said.buttons)
                after = timedelta(minutes=self.chance.randint(1, 600))
                chat = next(chat for chat in self.chats if chat.channel == said.channel)
                self.at(said.at + after, "taps", f"{chat.id}|{button.payload}|{button.title}")

    def _watch(self, said: Said) -> None:
        pacing = self.world.house.pacing
        if not self.touches or self.touches[-1] != said.at:
            if self.touches and said.at - self.touches[-1] < pacing.apart:
                self.wrong.append(f"{said.touchpoint} {said.at - self.touches[-1]} after another")
            week = [at for at in self.touches if said.at - at < timedelta(days=7)]
            if len(week) >= pacing.per_week:
                self.wrong.append(f"{said.touchpoint} is number {len(week) + 1} in seven days")
            self.touches.append(said.at)
        purpose = self.world.house.book.flows[said.flow].purpose
        chat = next(chat for chat in self.chats if chat.channel == said.channel)
        if not consents(self.world, chat)[purpose]:
            self.wrong.append(f"{said.touchpoint} without consent, or after stop")
        if purpose in BRAKED and any(chat.human or chat.handoffs for chat in self.chats):
            self.wrong.append(f"{said.touchpoint} under the brake")
