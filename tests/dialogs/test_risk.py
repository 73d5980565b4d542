"""Returns at risk: every reason with its points, monotone in each of them, and total."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.facts import Facts, Journey, Pacing, Sibling
from dialogs.messages import OrderEvent, Shared
from dialogs.names import value_of
from dialogs.risk import FACTORS, MOST, Reason, Risk, Sign, noticed, risk, stuck
from dialogs.scene import Scene
from dialogs.script import read_flow
from dialogs.shop import Entry, Item, Order, OrderStatus, Product, SetupItem
from dialogs.state import STATE, Felt, State
from dialogs.words import Tone
from nlu.understanding import Entity, Evidence, Intent, Mood, MoodLabel, Understanding
from tests.dialogs.player import Player, order

DOCS: Final = Path(__file__).parents[2] / "docs"
DELIVERED: Final = datetime(2026, 11, 2, 9, tzinfo=UTC)
ORDER: Final = replace(order(status="delivered", delivered=DELIVERED), id="o1")
PLAIN: Final = Product("HM-01", {"de": "Handmühle"})
MILL: Final = replace(PLAIN, setup=(SetupItem("crank", {"de": "Steck die Kurbel auf."}),))
SIGNS: Final[tuple[Sign, ...]] = get_args(Sign)
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


def facts_of(product: Product = PLAIN, **more: Any) -> Facts:
    return replace(Facts(orders=(ORDER,), products={product.sku: product}), **more)


def after(days: int) -> date:
    return DELIVERED.date() + timedelta(days=days)


def reasons(state: State, facts: Facts, days: int = 0, of: Order = ORDER) -> dict[Reason, int]:
    return dict(risk(of, state, facts, after(days)).reasons)


def meant(
    text: str, intent: Intent = "out_of_scope", mood: MoodLabel = "neutral", confidence: float = 0.9
) -> Understanding:
    return Understanding(text, "de", intent, confidence, mood=Mood(label=mood))


def signs_of(meaning: Understanding, *, facts: Facts | None = None, before: tuple[str, ...] = ()) -> set[str]:
    state = noticed(State(signs=before), facts or facts_of(), ORDER, meaning, DELIVERED)
    return set(state.signs)


# -- the weighing


def braked(*names: str, days: int = 0) -> dict[str, datetime]:
    return dict.fromkeys(names, DELIVERED + timedelta(days=days))


BAD: Final = Felt(DELIVERED, -0.6)
ELSEWHERE: Final = Sibling(2, "telegram", "open", DELIVERED + timedelta(days=5))


@pytest.mark.parametrize(
    ("state", "facts", "days", "expected"),
    [
        (State(), facts_of(), 0, {}),
        (State(signs=("return_wish:o1",)), facts_of(), 0, {"return_wish": 60}),
        (State(brakes=braked("return")), facts_of(), 0, {"return_wish": 60}),
        (State(signs=("not_working:o1", "size:o1")), facts_of(), 0, {"not_working": 30, "size": 25}),
        (State(signs=("wrong_item:o1",)), facts_of(), 0, {"wrong_item": 30}),
        (State(signs=("wrong_item:o2", "stuck:o1")), facts_of(), 0, {}),
        (State(ratings={"o1": 1}), facts_of(), 0, {"low_rating": 25}),
        (State(ratings={"o1": 2}), facts_of(), 0, {"low_rating": 20}),
        (State(ratings={"o1": 3, "o2": 1}), facts_of(), 0, {"low_rating": 10}),
        (State(ratings={"o1": 5}), facts_of(MILL), 30, {}),
        (State(), facts_of(MILL), 3, {"setup_open": 12}),
        (State(), facts_of(MILL), 30, {"setup_open": 20, "silence": 10}),
        (State(signs=("stuck:o1",)), facts_of(MILL), 1, {"stuck": 20, "setup_open": 4}),
        (State(signs=("stuck:o1",), done=("setup:o1",)), facts_of(MILL), 1, {}),
        (State(), facts_of(), 3, {}),
        (State(), facts_of(), 4, {"silence": 1}),
        (State(heard_at=DELIVERED + timedelta(days=2)), facts_of(), 6, {"silence": 1}),
        (State(heard_at=DELIVERED - timedelta(days=9)), facts_of(), 6, {"silence": 3}),
        (State(brakes=braked("mood")), facts_of(), 0, {"bad_mood": 15}),
        (State(brakes=braked("mood"), moods=(BAD,)), facts_of(), 0, {"bad_mood": 15}),
        (State(brakes=braked("mood"), moods=(BAD, BAD)), facts_of(), 0, {"bad_mood": 25}),
        (State(moods=(BAD, BAD)), facts_of(), 0, {}),
        (State(brakes=braked("mood", "handoff")), facts_of(), 14, {"open_case": 10, "silence": 10}),
        (State(brakes=braked("refund", "delay")), facts_of(), 0, {}),
        (State(), facts_of(human=True), 0, {"open_case": 10}),
        (State(), facts_of(replace(PLAIN, return_rate=0.5)), 0, {"product": 25}),
        (State(), facts_of(replace(PLAIN, return_rate=0.0)), 0, {}),
        (State(), facts_of(replace(PLAIN, return_rate=float("nan"))), 0, {}),
        (State(), facts_of(journey=Journey(brakes=braked("mood"))), 0, {"bad_mood": 15}),
        (State(), facts_of(journey=Journey(siblings=(ELSEWHERE,))), 8, {}),
    ],
)  # fmt: skip
def test_what_each_reason_adds(state: State, facts: Facts, days: int, expected: dict[Reason, int]) -> None:
    assert reasons(state, facts, days) == expected
    assert risk(ORDER, state, facts, after(days)).score == sum(expected.values())


def test_of_several_products_the_highest_rate_counts() -> None:
    both = replace(ORDER, items=(Item("A", "A"), Item("B", "B"), Item("C", "C")))
    products = {
        sku: Product(sku, {}, return_rate=rate) for sku, rate in (("A", 0.1), ("B", 0.3), ("C", None))
    }
    assert reasons(State(), facts_of(products=products), of=both) == {"product": 15}


def test_before_delivery_only_what_was_said_counts() -> None:
    waiting = replace(ORDER, milestones={"placed": DELIVERED}, status="shipped")
    assert reasons(State(signs=("size:o1",)), facts_of(MILL), 60, of=waiting) == {"size": 25}


@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_what_is_over_has_nothing_to_come_back(status: OrderStatus) -> None:
    state = State(signs=tuple(f"{sign}:o1" for sign in SIGNS), brakes=braked("mood", "handoff", "return"))
    assert risk(replace(ORDER, status=status), state, facts_of(MILL), after(30)) == Risk()
    assert risk(None, state, facts_of(MILL), after(30)) == Risk()


def test_the_score_ends_at_a_hundred_and_the_weightiest_reason_comes_first() -> None:
    state = State(signs=("not_working:o1", "return_wish:o1"), ratings={"o1": 1})
    found = risk(ORDER, state, facts_of(), after(0))
    assert found == Risk(MOST, (("return_wish", 60), ("not_working", 30), ("low_rating", 25)))


def test_no_reason_is_a_part_of_another() -> None:
    assert [pair for pair in itertools.permutations(REASONS, 2) if pair[0] in pair[1]] == []
    assert set(FACTORS) == set(REASONS)


@pytest.mark.parametrize(("page", "language"), [("writing-scripts.md", "en"), ("skripte-schreiben.md", "de")])
def test_the_guide_has_the_whole_table(page: str, language: str) -> None:
    rows = [f"| `{name}` | {one.at_most} | {getattr(one, language)} |" for name, one in FACTORS.items()]
    assert "\n".join(rows) in (DOCS / page).read_text("utf-8")


# -- properties

MOMENTS: Final = st.datetimes(timezones=st.just(UTC))
NEAR: Final = st.integers(-3, 40).map(lambda days: DELIVERED + timedelta(days=days))
STATES: Final = st.builds(
    State,
    signs=st.lists(
        st.builds("{}:{}".format, st.sampled_from(SIGNS), st.sampled_from(["o1", "o2"])), unique=True
    ).map(tuple),
    ratings=st.dictionaries(st.sampled_from(["o1", "o2"]), st.integers(0, 6)),
    done=st.sampled_from([(), ("setup:o1",), ("setup:o2",)]),
    brakes=st.dictionaries(st.sampled_from(["mood", "handoff", "return", "refund"]), NEAR | MOMENTS),
    moods=st.lists(st.builds(Felt, NEAR | MOMENTS, st.floats(-1, 1)), max_size=4).map(tuple),
    heard_at=st.none() | NEAR | MOMENTS,
)  # fmt: skip
RATES: Final = st.none() | st.floats(0, 1)
FACTS: Final = st.builds(
    facts_of,
    st.builds(lambda one, rate: replace(one, return_rate=rate), st.sampled_from([PLAIN, MILL]), RATES),
    human=st.booleans(),
    timezone=st.sampled_from(["Europe/Berlin", "nowhere"]),
    pacing=st.timedeltas().map(lambda span: Pacing(calm=span)),
    journey=st.builds(
        Journey,
        brakes=st.dictionaries(st.sampled_from(["mood", "handoff"]), NEAR | MOMENTS),
        siblings=st.lists(
            st.builds(Sibling, st.just(2), st.just("x"), st.just("open"), st.none() | MOMENTS), max_size=2
        ).map(tuple),
    ),
)  # fmt: skip
ORDERS: Final = st.builds(
    lambda status, at: replace(ORDER, status=status, milestones={"delivered": at} if at is not None else {}),
    st.sampled_from(get_args(OrderStatus)),
    st.none() | NEAR | MOMENTS,
)
DAYS: Final = st.integers(0, 60)


@settings(max_examples=300, deadline=None)
@given(ORDERS, STATES, FACTS, st.dates())
def test_it_is_total_and_the_reasons_come_to_the_score(
    one: Order, state: State, facts: Facts, day: date
) -> None:
    found = risk(one, state, facts, day)
    assert found == risk(one, state, facts, day)
    assert found.score == min(sum(points for _, points in found.reasons), MOST)
    assert all(0 < points <= FACTORS[reason].at_most for reason, points in found.reasons)
    assert [points for _, points in found.reasons] == sorted((p for _, p in found.reasons), reverse=True)
    assert len(dict(found.reasons)) == len(found.reasons)


def worse(calm: Risk, grave: Risk) -> bool:
    """Whether no reason has become lighter, nor the score less."""
    now = dict(grave.reasons)
    return calm.score <= grave.score and all(points <= now.get(one, 0) for one, points in calm.reasons)


@settings(deadline=None)
@given(ORDERS, STATES, FACTS, DAYS, st.sampled_from(SIGNS))
def test_a_sign_never_makes_it_less(one: Order, state: State, facts: Facts, days: int, sign: Sign) -> None:
    more = replace(state, signs=(*state.signs, f"{sign}:o1"))
    assert worse(risk(one, state, facts, after(days)), risk(one, more, facts, after(days)))


@settings(deadline=None)
@given(ORDERS, STATES, FACTS, DAYS, st.integers(1, 5), st.integers(1, 5))
def test_a_worse_rating_never_makes_it_less(
    one: Order, state: State, facts: Facts, days: int, first: int, second: int
) -> None:
    low, high = sorted((first, second))
    good, bad = (replace(state, ratings={"o1": score}) for score in (high, low))
    assert worse(risk(one, good, facts, after(days)), risk(one, bad, facts, after(days)))


@settings(deadline=None)
@given(ORDERS, STATES, FACTS, DAYS, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_return_rate_never_makes_it_less(
    one: Order, state: State, facts: Facts, days: int, first: float, second: float
) -> None:
    low, high = (
        replace(facts, products={"HM-01": replace(facts.products["HM-01"], return_rate=rate)})
        for rate in sorted((first, second))
    )
    assert worse(risk(one, state, low, after(days)), risk(one, state, high, after(days)))


@settings(deadline=None)
@given(ORDERS, STATES, FACTS, DAYS)
def test_a_setup_that_is_done_never_makes_it_more(one: Order, state: State, facts: Facts, days: int) -> None:
    done = replace(state, done=("setup:o1",))
    assert worse(risk(one, done, facts, after(days)), risk(one, replace(state, done=()), facts, after(days)))


@settings(deadline=None)
@given(ORDERS, STATES, FACTS, DAYS, NEAR, st.floats(-1, 1), st.sampled_from(["mood", "handoff", "return"]))
def test_a_brake_or_a_further_mood_never_makes_it_less(
    one: Order, state: State, facts: Facts, days: int, at: datetime, mood: float, brake: str
) -> None:
    felt = replace(state, moods=(*state.moods, Felt(at, mood)))
    assert worse(risk(one, state, facts, after(days)), risk(one, felt, facts, after(days)))
    if brake not in state.brakes:
        held = replace(state, brakes={**state.brakes, brake: at})
        assert worse(risk(one, state, facts, after(days)), risk(one, held, facts, after(days)))


@settings(deadline=None)
@given(ORDERS, STATES, FACTS, DAYS, DAYS, NEAR)
def test_silence_never_makes_it_less(
    one: Order, state: State, facts: Facts, first: int, second: int, heard: datetime
) -> None:
    early, late = sorted((first, second))
    lasting = {reason: at for reason, at in state.brakes.items() if reason == "handoff"}
    state = replace(state, brakes=lasting)  # other brakes pass in time
    facts = replace(facts, journey=replace(facts.journey, brakes={}))
    assert worse(risk(one, state, facts, after(early)), risk(one, state, facts, after(late)))
    spoke = replace(state, heard_at=max(heard, state.heard_at or heard))
    assert worse(risk(one, spoke, facts, after(late)), risk(one, state, facts, after(late)))


# -- what is noticed


@pytest.mark.parametrize(
    ("meaning", "expected"),
    [
        (meant("Die Kurbel dreht durch", "defect"), {"not_working:o1"}),
        (meant("Die Kurbel dreht durch", "defect", confidence=0.4), set()),
        (meant("Ich will sie zurückschicken", "return_request"), {"return_wish:o1"}),
        (meant("Geld zurück", "refund_request"), {"return_wish:o1"}),
        (meant("Bitte stornieren", "cancel_order"), {"return_wish:o1"}),
        (meant("Das ist Tee, kein Kaffee", "wrong_item"), {"wrong_item:o1"}),
        (meant("zu klein, geht zurück", "return_request"), {"return_wish:o1", "size:o1"}),
        (meant("Ist mir leider ZU GROẞ"), {"size:o1"}),
        (meant("a bit too tight"), {"size:o1"}),
        (meant("Welche Größe brauche ich?"), {"size:o1"}),
        (meant("do you have a size chart?"), {"size:o1"}),
        (meant("Zum Glück nicht zu klein"), set()),
        (meant("Die Größe passt perfekt!", mood="positive"), set()),
        (meant("Das dauert zu lang"), set()),
        (meant("Kleine Frage: wo ist mein Paket?", "order_status"), set()),
        (replace(meant("gibt es die in M?"), entities=(Entity("size", "M", 15, 16),)), {"size:o1"}),
        (meant(""), set()),
    ],
)
def test_signs_in_words(meaning: Understanding, expected: set[str]) -> None:
    assert signs_of(meaning) == expected


def test_what_works_again_is_no_sign_any_more() -> None:
    solved = Mood(0.8, "positive", (Evidence(0, 10, 0.8, "solved"),))
    meaning = replace(meant("geht jetzt, danke", "thanks"), mood=solved)
    before = ("not_working:o1", "stuck:o1", "size:o1", "not_working:o2")
    assert signs_of(meaning, before=before) == {"size:o1", "not_working:o2"}
    assert signs_of(meant("danke", "thanks", "positive"), before=before) == set(before)


def test_the_order_that_is_named_is_the_one_that_is_meant() -> None:
    other = replace(ORDER, id="o2", number="#1002")
    facts = facts_of(orders=(ORDER, other))
    numbered = replace(meant("1002 ist zu klein"), entities=(Entity("order_number", "1002", 0, 4),))
    assert signs_of(numbered, facts=facts) == {"size:o2"}
    entered = replace(facts, entry=Entry("fresh", "NK1", "o2"))
    assert signs_of(meant("ist zu klein"), facts=entered) == {"size:o2"}
    assert signs_of(meant("ist zu klein"), facts=facts) == {"size:o1"}


def test_without_an_order_or_words_it_is_only_kept_that_they_are_here() -> None:
    assert noticed(State(), Facts(), None, meant("zu klein"), DELIVERED) == State(heard_at=DELIVERED)
    assert noticed(State(), facts_of(), ORDER, None, DELIVERED) == State(heard_at=DELIVERED)


def test_signs_are_kept_once_each_and_bounded() -> None:
    state = State()
    for number in range(100):
        about = replace(ORDER, id=f"o{number}")
        for _ in range(2):
            state = noticed(state, Facts(), about, meant("zu klein"), DELIVERED)
    assert state.signs == tuple(f"size:o{number}" for number in range(60, 100))


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(get_args(Intent)), st.sampled_from(get_args(MoodLabel)))
def test_no_words_make_it_raise(text: str, intent: Intent, mood: MoodLabel) -> None:
    state = noticed(State(), facts_of(), ORDER, meant(text, intent, mood), DELIVERED)
    assert {one.partition(":")[0] for one in state.signs} <= set(SIGNS)
    assert STATE.validate_json(STATE.dump_json(state)) == state


def test_being_stuck_comes_and_goes() -> None:
    state = stuck(State(), "o1", on=True)
    assert state.signs == ("stuck:o1",)
    assert stuck(state, "o1", on=True) is state
    assert stuck(state, "o2", on=False) is state
    assert stuck(state, "o1", on=False) == State()


def test_a_state_from_before_can_still_be_read() -> None:
    old = STATE.validate_json(b'{"order_id": "o1", "done": ["setup:o1"]}')
    assert (old.heard_at, old.signs) == (None, ())


# -- in scripts


def test_a_script_that_asks_for_it_needs_the_buyer_and_no_other_does() -> None:
    for condition, needs in (
        ("order.risk >= 50", {"orders", "products", "journey"}),
        ("has_order", {"orders"}),
    ):
        flow, problems = read_flow(
            "care.yml",
            f"id: care\nsteps: [{{id: a, if: {condition}, then: b, else: end}}, {{id: b, end: true}}]\n",
        )
        assert not problems
        assert flow is not None
        assert flow.needs == needs


def test_the_names_show_it() -> None:
    state = State(signs=("size:o1", "not_working:o1"))
    scene = Scene(facts_of(), state, Tone("de"), ORDER, after(0))
    assert value_of(scene, "order.risk") == 55
    assert value_of(scene, "order.risk_reasons") == "not_working, size"
    assert value_of(scene, "order.other") == ""
    assert value_of(replace(scene, order=None), "order.risk") == 0


def test_whatever_the_buyer_does_breaks_the_silence_and_what_the_bot_says_does_not() -> None:
    player = Player(orders=[ORDER])
    player.play(Shared("location"))
    assert player.text
    assert player.state.heard_at == player.now
    then = player.now
    player.later(days=1)
    player.orders = [replace(ORDER, status="cancelled")]
    player.play(OrderEvent("o1", "cancelled"))
    assert player.text
    assert player.state.heard_at == then


def test_the_guides_show_the_same_table() -> None:
    pages = [(DOCS / name).read_text("utf-8") for name in ("writing-scripts.md", "skripte-schreiben.md")]
    found = [re.findall(rf"^\| `({'|'.join(REASONS)})` \| (\d+) \|", page, re.MULTILINE) for page in pages]
    assert found[0] == found[1]
    assert len(found[0]) == len(REASONS)
