"""No sequence of events makes the decider raise, speak out of turn, or forget who it is."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.catalogue import load_catalogue
from dialogs.engine import answer, hear, route, wants_journey
from dialogs.facts import Facts, Journey, Sibling
from dialogs.messages import (
    Attachment,
    Due,
    Echo,
    Event,
    HandedBack,
    Media,
    OrderEvent,
    Preference,
    Reaction,
    Referral,
    Referred,
    Tagged,
    Tap,
    Text,
    Unsupported,
)
from dialogs.payloads import payload_of
from dialogs.planned import Planned
from dialogs.records import HandedOff, Offered
from dialogs.render import render
from dialogs.script import load_book
from dialogs.shop import Entry
from dialogs.state import STATE, State
from tests.brain import understand
from tests.dialogs.player import CODE, INSTAGRAM_LIKE, START, WHATSAPP_LIKE, order

PLANNED = st.builds(
    Planned,
    st.sampled_from(["touch", "wait", "remind", "silence", "delay", "", "?"]),
    st.sampled_from(["rating:o1001", "checkup:o1001", "bundle:o1001", "x", ""]),
    st.sampled_from(["rating", "checkup", "bundle", "setup_later", "birthday", "nowhere", ""]),
    st.sampled_from(["", "ask", "nowhere"]),
    st.sampled_from(["o1001", "o1002", ""]),
    st.sampled_from([None, START, START + timedelta(days=90)]),
    st.sampled_from(["", "0"]),
    st.sampled_from(["order:delivered", "date:birthday", ""]),
    st.just(()),
    st.integers(0, 9),
).map(Planned.data)
EVENTS_OF_ALL_KINDS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        Text,
        st.text(max_size=60)
        | st.sampled_from(
            [
                "1",
                "2",
                "5",
                "ja",
                "nein",
                "erledigt",
                "klappt nicht",
                "stop",
                "start",
                "kaputt",
                "Mensch",
                "danke",
                "hallo",
                "Wo ist mein Paket?",
                "Einrichtung",
                "Pflegetipp",
                "4 Sterne",
                "#1001",
                "please write English",
                CODE,
                "/start",
            ]
        ),
    ),
    st.builds(
        Tap,
        st.builds(
            payload_of,
            st.sampled_from(
                ["welcome", "setup", "rating", "menu", "miss", "checkup", "consent_offers", "nowhere"]
            ),
            st.sampled_from(["thanks", "list", "ask", "praise", "main", "tip", "lost", "pass_on", "nowhere"]),
            st.sampled_from(
                ["now", "later", "human", "done", "stuck", "1", "3", "5", "skip", "fine", "yes", "no", "nope"]
            ),
            st.integers(0, 12),
        )
        | st.text(max_size=20),
        st.text(max_size=20),
    ),
    st.builds(Media, st.just((Attachment("image"),)), st.text(max_size=20)),
    st.builds(Referred, st.builds(Referral, st.sampled_from([CODE, CODE[:-2], "summer-sale", None]))),
    st.builds(Unsupported),
    st.builds(Reaction, st.just("m"), st.sampled_from(["👍", None])),
    st.builds(Due, st.integers(1, 9), st.sampled_from(["x", ""]), st.one_of(PLANNED, st.just({"kind": "?"}))),
    st.builds(HandedBack, st.booleans()),
    st.builds(
        OrderEvent,
        st.sampled_from(["o1001", "o1002"]),
        st.sampled_from(["placed", "paid", "shipped", "delivered", "cancelled", "refunded", "updated", "?"]),
    ),
    st.builds(
        Tagged,
        st.sampled_from(["vip", "early_access", "back_in_stock", ""]),
        st.sampled_from(["o1001", "o7", ""]),
        st.sampled_from(["HM-01", ""]),
    ),
    st.builds(Preference, st.sampled_from(["marketing_messages", ""]), st.booleans()),
    st.builds(Echo, st.just("m")),
)
STATUSES = st.sampled_from(["open", "paid", "shipped", "delivered", "cancelled", "refunded"])
FACTS = st.builds(
    Facts,
    brand=st.sampled_from(["", "Rösterei Morgenrot"]),
    voice=st.sampled_from(["du", "sie"]),
    orders=st.lists(
        st.builds(
            lambda number, sku, status: order(number, sku, status=status, delivered=START),
            st.sampled_from(["1001", "1002"]),
            st.sampled_from(["HM-01", "FP-08", "EB-500", "?"]),
            STATUSES,
        ),
        max_size=2,
    ).map(tuple),
    products=st.sampled_from([load_catalogue(), {}]),
    entry=st.none()
    | st.builds(
        Entry,
        st.sampled_from(["fresh", "yours", "used", "expired", "forged", "unknown"]),
        st.just(CODE),
        st.sampled_from([None, "o1001", "o7"]),
    ),
    human=st.booleans(),
    reach=st.sampled_from(["open", "template", "closed"]),
    seed=st.sampled_from(["", "buyer:1", "buyer:2"]),
    journey=st.builds(
        Journey,
        touches=st.sampled_from([(), (START,), (START, START + timedelta(days=1))]),
        decided=st.sampled_from([frozenset(), frozenset({"rating:o1001"})]),
        brakes=st.sampled_from([{}, {"handoff": START}]),
        withdrawn=st.sampled_from([frozenset(), frozenset({"offers"}), frozenset({"all"})]),
        siblings=st.sampled_from([(), (Sibling(7, "whatsapp", "open", START, frozenset({"offers"})),)]),
        mailable=st.booleans(),
    ),
    timezone=st.sampled_from(["Europe/Berlin", "America/New_York", "Nowhere/Else", "../etc"]),
    language=st.sampled_from([None, "de", "en", "fr"]),
)
TURNS = st.lists(
    st.tuples(st.lists(EVENTS_OF_ALL_KINDS, max_size=4), FACTS, st.integers(0, 60 * 24 * 40)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150)
@given(TURNS)
def test_no_sequence_of_events_makes_it_raise(turns: list[tuple[list[Event], Facts, int]]) -> None:
    book = load_book()
    state, now = State(), START
    told_by_bot = False
    for events, facts, minutes in turns:
        now += timedelta(minutes=minutes)
        heard = hear([(event, now) for event in events], state, understand)
        flow = route(book, state, heard)
        wants_journey(book, state, heard)
        result = answer(book, flow, state, heard, facts, now)
        assert result == answer(book, flow, state, heard, facts, now), "the same input, the same answer"
        told_by_bot = told_by_bot or bool(result.drafts)
        if facts.human:
            assert result.drafts == ()
            assert not any(isinstance(record, HandedOff) for record in result.records)
        if told_by_bot:
            assert result.state.disclosed_at is not None, "who speaks is said before anything else"
        if state.opted_out and result.state.opted_out:
            assert not any(draft.proactive for draft in result.drafts)
            assert all(reminder.data["kind"] != "touch" for reminder in result.reminders)
        if facts.reach == "closed":
            assert not any(draft.proactive for draft in result.drafts)
        if facts.reach == "template":
            assert all(draft.template for draft in result.drafts if draft.proactive)
        if facts.human or "handoff" in facts.journey.brakes:
            assert not any(isinstance(record, Offered) for record in result.records)
        assert all(reminder.at > now for reminder in result.reminders)
        assert not {reminder.name for reminder in result.reminders} & set(result.cancel)
        assert all("{" not in draft.text for draft in result.drafts)
        for draft in result.drafts:
            assert draft.text.strip()
            for channel in (WHATSAPP_LIKE, INSTAGRAM_LIKE):
                assert render(draft, channel)
        assert STATE.validate_json(STATE.dump_json(result.state)) == result.state
        assert len(STATE.dump_json(result.state)) < 8000
        state = result.state
