"""Coverage: what conversations take of a script is counted, and what they leave out is named."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from dialogs.engine import answer, hear
from dialogs.facts import Facts
from dialogs.flow import Book
from dialogs.messages import Text
from dialogs.records import Taken
from dialogs.script import SCRIPTS, read_book, texts_of
from dialogs.simulation.conversation import read_conversations
from dialogs.simulation.coverage import Count, Covered, covered, total
from dialogs.simulation.house import House
from dialogs.simulation.play import played
from dialogs.state import State
from dialogs.ways import ways
from tests.brain import understand
from tests.dialogs.checking import BOOK
from tests.dialogs.player import START, house

CONVERSATIONS = Path(__file__).parents[1] / "conversations"
BEFORE = ("customer: {scan: '1001'}", "agent: {does: solved}", "customer: los")
"""The frame of the tiny book hands over at once; then the flow begins."""


def taken_in(text: str, place: House) -> set[Taken]:
    """What the conversations of a file take; that they go as written, others test."""
    conversations, problems = read_conversations("c.yml", text)
    assert not problems
    return {one for conversation in conversations for one in played(conversation, place)[1]}


def never(flow: str, *turns: str, buy: str = "HM-01") -> tuple[str, ...]:
    """What is left of the only flow of a tiny book, ``x``, once it is played."""
    files = {**BOOK, "x.yml": "id: x\nstarts:\n  - keyword: [los]\n" + flow}
    book = read_book(files)
    lines = "".join(f"  - {turn}\n" for turn in (*BEFORE, *turns))
    text = f"buy: [{buy}]\nchannel: telegram\nturns:\n"
    place = replace(house(book), files=files)
    [found] = covered([book.flows["x"]], taken_in(text + lines, place))
    return found.never


QUESTION = """
steps:
  - id: q
    ask: {de: "Wie?", en: "How?"}
    silence: {after: 1 day, go: still}
    choices:
      - {id: a, title: {de: "Rot", en: "Red"}, go: end}
      - {id: b, title: {de: "Blau", en: "Blue"}, go: blue}
  - id: blue
    say: {de: "Blau also.", en: "Blue, then."}
    go: end
  - id: still
    say: {de: "Noch da?", en: "Still there?"}
"""


@pytest.mark.parametrize(
    ("turns", "left"),
    [
        ([], ("q: choice a", "q: choice b", "q: silence", "blue", "still")),
        (["customer: {taps: Rot}"], ("q: choice b", "q: silence", "blue", "still")),
        (["customer: blau"], ("q: choice a", "q: silence", "still")),
        (["later: 2 days"], ("q: choice a", "q: choice b", "blue")),
        (["later: 2 days", "customer: los", "customer: {taps: Rot}", "customer: los", "customer: '2'"], ()),
    ],
)
def test_buttons_and_silence(turns: list[str], left: tuple[str, ...]) -> None:
    assert never(QUESTION, *turns) == left


def test_a_fork() -> None:
    flow = """
steps:
  - id: fork
    if:
      - {when: order_count > 1, go: many}
      - {when: has_order, go: one}
    else: none
  - id: many
    say: {de: "Viele.", en: "Many."}
    go: end
  - id: one
    say: {de: "Eine.", en: "One."}
    go: end
  - id: none
    say: {de: "Keine.", en: "None."}
"""
    assert never(flow) == ("fork: when order_count > 1", "fork: else", "many", "none")


def test_a_fork_of_two() -> None:
    flow = """
steps:
  - id: fork
    if: has_order
    then: end
    else: none
  - id: none
    say: {de: "Keine.", en: "None."}
"""
    assert never(flow) == ("fork: else", "none")


TEXT = """
steps:
  - id: cups
    ask: {de: "Wie viele Tassen?", en: "How many cups?"}
    answer: number
    again: {de: "Als Zahl, bitte.", en: "As a number, please."}
    tries: 1
    otherwise: given_up
    skip: {de: "Egal", en: "No matter"}
    skipped: end
    save: cups
    go: end
  - id: given_up
    say: {de: "Dann eben so.", en: "Never mind."}
"""


@pytest.mark.parametrize(
    ("turns", "left"),
    [
        (["customer: '4'"], ("cups: skipped", "cups: otherwise", "given_up")),
        (["customer: {taps: Egal}"], ("cups: go", "cups: otherwise", "given_up")),
        (
            ["customer: 'ein paar halt'", "customer: 'so viele eben'"],
            ("cups: go", "cups: skipped"),
        ),
    ],
)
def test_an_answer_in_words(turns: list[str], left: tuple[str, ...]) -> None:
    assert never(TEXT, *turns) == left


def test_a_rating_counts_by_its_stars() -> None:
    flow = """
steps:
  - id: stars
    ask: {de: "Wie war es?", en: "How was it?"}
    answer: rating
    titles: [{de: "1"}, {de: "2"}, {de: "3"}, {de: "4"}, {de: "5"}]
    low: end
    middle: end
    high: end
"""
    left = never(flow, "customer: {taps: '4'}")
    assert left == tuple(f"stars: choice {star}" for star in (1, 2, 3, 5))


CONSENT = """
steps:
  - id: may
    consent: offers
    text: {de: "Dürfen wir Angebote schicken?", en: "May we send offers?"}
    yes: {de: "Gern", en: "Please"}
    no: {de: "Nein", en: "No"}
    confirm: {de: "Wirklich?", en: "Really?"}
    given: end
    refused: end
"""


@pytest.mark.parametrize(
    ("turns", "left"),
    [
        (["customer: {taps: Nein}"], ("may: choice yes", "may: choice confirm", "may: given")),
        (
            ["customer: {taps: Gern}"],
            ("may: choice confirm", "may: choice no", "may: given", "may: refused"),
        ),
        (
            ["customer: {taps: Gern}", "customer: {taps: 'Ja, bestätigen'}"],
            ("may: choice no", "may: refused"),
        ),
    ],
)
def test_a_consent(turns: list[str], left: tuple[str, ...]) -> None:
    assert never(CONSENT, *turns) == left


CHECKLIST = """
steps:
  - id: list
    checklist: {de: "{item}", en: "{item}"}
    done: {de: "Fertig", en: "Done"}
    stuck: {de: "Hakt", en: "Stuck"}
    trouble: {de: "{trouble}", en: "{trouble}"}
    solved: {de: "Geht", en: "Works"}
    human: {de: "Mensch", en: "Human"}
    finished: end
    person: end
"""


def test_a_checklist() -> None:
    assert never(
        CHECKLIST, "customer: {taps: Fertig}", "customer: {taps: Hakt}", "customer: {taps: Geht}"
    ) == (
        "list: choice human",
        "list: finished",
    )
    assert "list: finished" not in never(CHECKLIST, buy="EB-500"), "there is nothing to set up"


WAIT = """
steps:
  - id: pause
    wait: delivered
    longest: 5 days
    go: there
    else: late
  - id: there
    say: {de: "Da!", en: "There!"}
    go: end
  - id: late
    say: {de: "Noch nicht da?", en: "Not there yet?"}
"""


@pytest.mark.parametrize(
    ("turns", "left"),
    [
        (["shop: delivered", "later: 9 days"], ("pause: longest", "late")),
        (["later: 9 days"], ("pause: go", "there")),
    ],
)
def test_a_wait(turns: list[str], left: tuple[str, ...]) -> None:
    assert never(WAIT, *turns) == left


def test_an_offer() -> None:
    flow = """
purpose: offers
steps:
  - id: deal
    offer: bundle
    percent: 10
    text: {de: "Dazu passt {offer_products}.", en: "{offer_products} goes with it."}
    nothing: none
    go: end
  - id: none
    say: {de: "Nichts.", en: "Nothing."}
"""
    assert never(flow) == ("deal: nothing", "none")
    assert never(flow, buy="X-1") == ("deal: go",)


def test_what_was_tried_and_taken_back_is_not_played() -> None:
    """WhatsApp's window has closed, and there is no template: nothing is said, until the buyer writes."""
    files = {**BOOK, "x.yml": f"id: x\nstarts:\n  - {{order: delivered, after: 2 days}}\n{QUESTION}"}
    book = read_book(files)
    text = "buy: [HM-01]\nturns:\n  - customer: {scan: '1001'}\n  - agent: {does: solved}\n"
    text += "  - shop: delivered\n  - later: 3 days\n"
    place = replace(house(book), files=files)
    assert not [one for one in taken_in(text, place) if one.flow == "x"]
    assert [one for one in taken_in(text.replace("buy", "channel: telegram\nbuy"), place) if one.flow == "x"]


def test_a_turn_that_nobody_watches_notes_nothing() -> None:
    book = read_book(dict(BOOK))
    state = State()
    heard = hear([(Text("Hallo"), START)], state, understand)
    facts = Facts(brand="Laden", promise=24)
    silent = answer(book, book.flows["frame"], state, heard, facts, START)
    watched = answer(book, book.flows["frame"], state, heard, facts, START, watched=True)
    assert silent.taken == ()
    assert watched.taken == (Taken("frame", book.flows["frame"].version, "human"),)
    assert replace(watched, taken=()) == silent


def test_what_a_human_has_the_floor_for_is_not_played() -> None:
    turns = ["agent: 'Ich übernehme.'", "customer: {taps: Rot}"]
    assert "q: choice a" in never(QUESTION, *turns)


def test_a_changed_script_is_another_one() -> None:
    files = {**BOOK, "x.yml": "id: x\nstarts:\n  - keyword: [los]\n" + QUESTION}
    book = read_book(files)
    text = """
buy: [HM-01]
turns:
  - customer: {scan: "1001"}
  - agent: {does: solved}
  - republish: {x: {title: {de: "Neu", en: "New"}}}
  - customer: los
  - customer: {taps: Rot}
"""
    taken = taken_in(text, replace(house(book), files=files))
    assert any(one.flow == "x" for one in taken)
    [found] = covered([book.flows["x"]], taken)
    assert (found.steps, found.choices) == (Count(0, 3), Count(0, 3))


def test_the_sum_is_rounded_down() -> None:
    found = [Covered("a", Count(1, 1), Count(0, 0)), Covered("b", Count(1, 1), Count(999, 1001))]
    assert (str(total(found)), total(found).percent) == ("1001/1003", 99.8)
    assert Count(9_999, 10_000).percent == 99.9
    assert Count().percent == 100


def test_every_way_is_noted_by_its_own_name(house_book: Book) -> None:
    for flow in house_book.flows.values():
        for step in flow.steps.values():
            assert len(set(ways(step))) == len(ways(step)), f"{flow.id}/{step.id}"


@cache
def _book() -> Book:
    return read_book(texts_of(SCRIPTS))


@pytest.fixture(scope="module")
def house_book() -> Book:
    return _book()


@pytest.mark.timeout(240)
def test_conversations_and_examples_take_all_of_the_houses_scripts(house_book: Book) -> None:
    place = replace(house(house_book), files=texts_of(SCRIPTS))
    files = [*sorted(CONVERSATIONS.glob("*.yml")), *sorted(SCRIPTS.glob("*.yml"))]
    taken = {one for file in files for one in taken_in(file.read_text("utf-8"), place)}
    found = covered(house_book.flows.values(), taken)
    missing = [f"{one.flow}/{name}" for one in found for name in one.never]
    assert not missing, f"{total(found)} = {total(found).percent} %; never taken:\n  " + "\n  ".join(missing)
