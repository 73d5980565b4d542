"""A dialog step alone: hear, route, answer, render. No input or output."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from dialogs.catalogue import load_catalogue
from dialogs.engine import answer, hear, route
from dialogs.facts import Facts
from dialogs.flow import Book
from dialogs.heard import Heard
from dialogs.messages import Event, Outgoing, Tap, Text
from dialogs.render import render
from dialogs.script import load_book
from dialogs.shop import Item, Order
from dialogs.state import State
from integrations.instagram import CAPABILITIES
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Servers
from tests.brain import understand

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORDER = Order(
    id="1", number="1001", currency="EUR", total=Decimal(89), placed_at=NOW, status="paid",
    buyer_name="Lena", items=(Item("HM-01", "Handmühle Morgenrot"),), milestones={"paid": NOW},
)  # fmt: skip
ROUNDS = 3000


def measure(_servers: Servers, report: Report) -> None:
    """Microseconds per step, for a tap on the open question and for a free text."""
    book, products = load_book(), load_catalogue()
    facts = Facts(brand="Morgenrot", orders=(ORDER,), products=products, buyer_name="Lena")
    opened = _step(book, State(), facts, Text("Einrichtung"))
    tapped = next((button.payload for out in opened[1] for button in out.buttons), "")
    events: dict[str, Event] = {
        "tap": Tap(tapped, "Ja"),
        "free text": Text("hallo, wie mahle ich denn jetzt am besten für die french press?"),
    }
    for name, event in events.items():
        heard = hear([(event, NOW)], opened[0], understand)
        hearing = _microseconds(partial(hear, [(event, NOW)], opened[0], understand))
        step = _microseconds(partial(_decide, book, opened[0], facts, heard))
        report.row(f"route + answer + render, {name}", f"{step:.0f} µs", "300 µs", "80 µs")
        report.row(f"hear, {name}", f"{hearing:.0f} µs")


def _microseconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    began = time.process_time()
    for _ in range(ROUNDS):
        work()
    return (time.process_time() - began) / ROUNDS * 1e6


def _step(book: Book, state: State, facts: Facts, event: Event) -> tuple[State, list[Outgoing]]:
    return _decide(book, state, facts, hear([(event, NOW)], state, understand))


def _decide(book: Book, state: State, facts: Facts, heard: Heard) -> tuple[State, list[Outgoing]]:
    said = answer(book, route(book, state, heard), state, heard, facts, NOW)
    return said.state, [out for draft in said.drafts for out in render(draft, CAPABILITIES)]
