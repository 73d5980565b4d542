"""Bot or human, why, by which words, and how urgent."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.catalogue import load_catalogue
from dialogs.engine import answer, route
from dialogs.facts import Facts
from dialogs.flow import Book
from dialogs.heard import Heard
from dialogs.records import HandedOff, OptedOut, Rated
from dialogs.script import load_book, read_flow
from dialogs.sensitivity import (
    LEAST,
    MOST,
    Policy,
)
from dialogs.state import STATE, Felt, State
from dialogs.triage import ALARMS, Moment, Reason, chance_of, moment_of, more_urgent, triage
from nlu.corpus import INTENTS, MOODS
from nlu.understanding import Entity, Evidence, Intent, Mood, Understanding, Why
from tests.brain import understand
from tests.dialogs.player import START, order

BAD = Mood(-0.8, "negative")
GOOD = Mood(0.8, "positive")


def said(text: str = "ein Satz", intent: Intent = "out_of_scope", **more: Any) -> Understanding:
    """A message as an engine may understand it: clearly, in German, without any feeling."""
    return Understanding(text, **{"language": "de", "intent": intent, "confidence": 0.9, **more})


def marked(text: str, words: str, why: Why, weight: float = -0.8) -> Mood:
    start = text.index(words)
    return Mood(weight, "negative", (Evidence(start, start + len(words), weight, why),))


def reason(meaning: Understanding, moment: Moment | None = None, policy: Policy | None = None) -> str | None:
    found = triage(meaning, moment or Moment(), policy or Policy())
    return found.reason if found is not None else None


# -- by rule


@pytest.mark.parametrize(
    ("meaning", "expected"),
    [
        (said(intent="human_request"), "human_request"),
        (said(intent="privacy_request"), "privacy"),
        (said(intent="defect"), "defect"),
        (said(intent="wrong_item"), "wrong_item"),
        (said(intent="complaint", mood=BAD), "complaint"),
        (said(intent="rating", mood=BAD, entities=(Entity("rating", "2", 0, 1),)), "low_rating"),
        (said(intent="care_tip", language="other"), "language"),
        (said(intent="defect", mood=GOOD), None),  # it is solved
        (said(intent="complaint", mood=GOOD), None),
        (said(intent="rating", entities=(Entity("rating", "4", 0, 1),)), None),
        (said(intent="human_request", confidence=0.3, handoff=0.2), None),
        (said(intent="human_request", confidence=0.3, handoff=0.7), "human_request"),
        (said(intent="thanks", language="other"), None),
        (said(intent="out_of_scope", mood=BAD, handoff=0.1), None),  # a bad mood that is not about the shop
        (said(intent="return_request"), None),
        (said(intent="return_request", mood=BAD, handoff=0.8), "complaint"),
        (said(intent="invoice", handoff=0.8), "likely"),
        (said(intent="address_change", handoff=0.8), "urgent_change"),
        (said(intent="address_change", handoff=0.2), None),
    ],
)
def test_who_speaks(meaning: Understanding, expected: str | None) -> None:
    assert reason(meaning) == expected


def test_who_asks_where_the_parcel_is_without_a_grievance_stays_with_the_bot() -> None:
    assert reason(said(intent="order_status", handoff=0.9)) is None
    assert reason(said(intent="order_status", handoff=0.9), Moment(late=True, case=True)) is None
    text = "Tag 9, immer noch nichts"
    late = said(text, "order_status", handoff=0.9, mood=marked(text, "Tag 9", "overdue"))
    assert reason(late) == "waiting"


@pytest.mark.parametrize("intent", ["opt_out", "opt_in"])
def test_an_opt_out_stays_one_however_annoyed(intent: Intent) -> None:
    assert reason(said(intent=intent, mood=BAD, handoff=0.99)) is None


@pytest.mark.parametrize(
    ("text", "why", "expected"),
    [
        ("Der Akku raucht", "safety", "safety"),
        ("Ich gehe zum Anwalt", "threat", "threat"),
        ("Das ist Betrug, ich wurde abgezockt", None, "fraud"),
        ("my son ordered this, he is twelve", None, "minor"),
        ("Mein Sohn hat das ohne mich bestellt", None, "minor"),
    ],
)
def test_words_of_alarm_lower_the_bar(text: str, why: Why | None, expected: Reason) -> None:
    mood = marked(text, text.rsplit(maxsplit=1)[-1], why) if why is not None else Mood()
    for intent in ("care_tip", "order_status", "opt_out", "thanks"):
        found = triage(said(text, intent, mood=mood, handoff=0.15))
        assert found is not None
        assert found.reason == expected
        assert found.reason in ALARMS
        assert found.evidence[0] in text
    assert reason(said(text, "care_tip", mood=mood, handoff=0.01)) is None, "a mention is no alarm"


def test_a_friendly_tone_solves_nothing() -> None:
    text = "Tolle Mühle, nur kaputt, jetzt läuft sie"
    bad = Evidence(text.index("kaputt"), text.index("kaputt") + 6, -0.75, "broken")
    good = Evidence(text.index("läuft"), text.index("läuft") + 5, 0.6, "works")
    assert reason(said(text, "defect", mood=Mood(0.3, "positive", (bad,)))) == "defect"
    assert reason(said(text, "defect", mood=Mood(0.3, "positive", (bad, good)))) is None


def test_harmless_words_are_no_alarm() -> None:
    for text in ("Der Betrag betrug 20 Euro", "my son loves it", "Ist bin 12 ml drin?", "Bestellung 1001"):
        assert reason(said(text, handoff=0.2)) is None


def test_the_shops_own_words_always_call_a_human() -> None:
    policy = Policy(words=("Presse", "grünes  kabel"))
    found = triage(said("Hier ist die PRESSE", "greeting"), Moment(), policy)
    assert found is not None
    assert (found.reason, found.evidence, found.triggers) == ("own_word", ("PRESSE",), ("human_request",))
    assert reason(said("das Grünes Kabel"), policy=policy) == "own_word"
    assert reason(said("Die Espressopresse ist toll"), policy=policy) is None
    assert reason(said("C++"), policy=Policy(words=("c++", "("))) == "own_word"


# -- what else is known


SHIFTED: list[tuple[str, Understanding, Moment]] = [
    ("moods", said(mood=BAD, handoff=0.3), Moment(moods=(-0.7, -0.9))),
    ("rating", said(mood=BAD, handoff=0.4), Moment(rated=2)),
    ("misses", said(handoff=0.3), Moment(misses=2)),
    ("case", said(handoff=0.3), Moment(case=True)),
    ("late", said(intent="refund_request", handoff=0.4), Moment(late=True)),
    ("running", said(intent="address_change", handoff=0.35), Moment(running=True)),
    ("valued", said(handoff=0.45), Moment(valued=True)),
]


@pytest.mark.parametrize(("meaning", "moment"), [one[1:] for one in SHIFTED], ids=[one[0] for one in SHIFTED])
def test_a_circumstance_tips_the_scale(meaning: Understanding, moment: Moment) -> None:
    assert triage(meaning) is None
    assert triage(meaning, moment) is not None


def test_on_the_worst_of_days_thanks_are_still_thanks() -> None:
    worst = Moment(moods=(-1.0,) * 5, rated=1, misses=9, case=True, late=True, running=True, valued=True)
    assert triage(said("danke dir", "thanks", handoff=0.03), worst) is None


def test_a_mood_that_stays_bad_is_the_reason() -> None:
    found = triage(said(mood=BAD, handoff=0.4), Moment(moods=(-0.5, -0.6)))
    assert found is not None
    assert (found.reason, found.priority, found.triggers) == ("mood", "high", ("complaint",))


@pytest.mark.parametrize(
    ("meaning", "moment", "expected"),
    [
        (said(intent="human_request"), Moment(), "normal"),
        (said(intent="human_request", mood=BAD), Moment(), "high"),
        (said(intent="defect"), Moment(valued=True), "high"),
        (said(intent="complaint", mood=BAD), Moment(), "high"),
        (said(intent="complaint", mood=BAD), Moment(case=True), "urgent"),
        (said("es brennt", handoff=0.9, mood=marked("es brennt", "brennt", "safety")), Moment(), "urgent"),
    ],
)
def test_how_urgent(meaning: Understanding, moment: Moment, expected: str) -> None:
    found = triage(meaning, moment)
    assert found is not None
    assert found.priority == expected


def test_the_more_urgent_of_two() -> None:
    assert more_urgent("low", "normal") == "normal"
    assert more_urgent("urgent", "high") == "urgent"


def test_what_is_known_of_a_moment() -> None:
    policy = Policy(valued_order=Decimal(50), valued_tags=frozenset({"vip"}))
    facts = replace(Facts(), triage=policy)
    dear = order()  # 89 euros, paid
    state = State(
        ratings={dear.id: 2},
        misses=1,
        brakes={"handoff": START},
        moods=(Felt(START - timedelta(days=3), -1.0), Felt(START - timedelta(hours=1), -0.4)),
    )
    assert moment_of(state, facts, dear, START) == Moment((-0.4,), 2, 1, case=True, running=True, valued=True)
    assert moment_of(State(), facts, None, START) == Moment()
    assert moment_of(State(tags=("vip",)), facts, None, START).valued
    gone = replace(dear, status="shipped", milestones={"shipped": START - timedelta(days=8)})
    assert moment_of(State(), facts, gone, START).late
    there = replace(gone, milestones={**gone.milestones, "delivered": START})
    assert not moment_of(State(), facts, there, START).late
    assert not moment_of(State(), Facts(), dear, START).valued


understandings = st.builds(
    Understanding,
    st.text(max_size=60),
    st.sampled_from(["de", "en", "other"]),
    st.sampled_from(INTENTS),
    st.floats(0, 1),
    st.sampled_from([(), (Entity("rating", "1", 0, 1),)]),
    st.builds(
        Mood,
        st.floats(-1, 1),
        st.sampled_from(MOODS),
        st.lists(
            st.builds(
                Evidence, st.integers(0, 60), st.integers(0, 60), st.floats(-1, 1),
                st.sampled_from(get_args(Why)),
            ),
            max_size=3,
        ).map(tuple),
    ),
    st.floats(0, 1),
)  # fmt: skip
moments = st.builds(
    Moment,
    st.lists(st.floats(-1, 1), max_size=5).map(tuple),
    st.none() | st.integers(1, 5),
    st.integers(0, 9),
    *(st.booleans() for _ in range(4)),
)
asked = st.builds(replace, moments, asked=st.booleans())


@given(understandings, asked, st.floats(LEAST, MOST), st.floats(LEAST, MOST))
def test_triage_is_total_and_a_lower_threshold_loses_nobody(
    meaning: Understanding, moment: Moment, one: float, other: float
) -> None:
    strict = triage(meaning, moment, Policy(max(one, other)))
    eager = triage(meaning, moment, Policy(min(one, other)))
    assert strict is None or eager is not None
    assert triage(None) is None
    if eager is not None:
        assert eager.reason in get_args(Reason)
        assert eager.triggers
        assert all(len(quote) <= 200 for quote in eager.evidence)
        assert 0 <= eager.chance <= 1


@given(understandings, moments)
def test_no_circumstance_speaks_for_the_bot(meaning: Understanding, moment: Moment) -> None:
    assert chance_of(meaning, moment) >= min(meaning.handoff, 0.995) - 1e-9
    assert triage(meaning) is None or triage(meaning, moment) is not None


# -- in the conversation


def play(meaning: Understanding, state: State | None = None, book: Book | None = None, **facts: Any) -> Any:
    """One turn with a message that is understood so."""
    heard = Heard(spoke=True, text=meaning.text, understanding=meaning)
    before = state or State(disclosed_at=START)
    scripts = book or load_book()
    known = Facts(products=load_catalogue(), **facts)
    return answer(scripts, route(scripts, before, heard), before, heard, known, START)


def handed(said: Any) -> HandedOff:
    [record] = [one for one in said.records if isinstance(one, HandedOff)]
    return record


def test_the_record_tells_the_desk_why() -> None:
    text = "Der Akku raucht"
    record = handed(play(said(text, "defect", handoff=0.9, mood=marked(text, "raucht", "safety"))))
    assert (record.reason, record.why, record.priority) == ("complaint", "safety", "urgent")
    assert record.evidence == ("raucht",)


def test_a_calm_wish_keeps_the_scripts_own_priority() -> None:
    record = handed(play(said("Mensch bitte", "human_request")))
    assert (record.reason, record.why, record.priority) == ("human_request", "human_request", "normal")
    assert record.evidence == ("Mensch bitte",)


@pytest.mark.parametrize("intent", ["privacy_request", "wrong_item", "cancel_order", "address_change"])
def test_without_a_flow_of_its_own_the_houses_hand_over(intent: Intent) -> None:
    book = load_book()
    without = replace(book, on={name: flow for name, flow in book.on.items() if name != intent})
    told = handed(play(said(intent=intent, handoff=0.9), book=without))
    assert told.why in {"privacy", "wrong_item", "urgent_change"}
    assert told.reason in {"complaint", "human_request"}


def test_a_flow_for_exactly_this_comes_first() -> None:
    book = load_book()
    own = replace(book, on={**book.on, "privacy_request": book.on["miss"]})
    told = play(said(intent="privacy_request"), book=own)
    assert told.state.flow == "miss"


def test_an_unknown_language_gets_english_and_a_human() -> None:
    told = play(said("où est mon colis", "order_status", language="other"))
    assert handed(told).why == "language"
    assert "human from our team" in told.drafts[0].text
    assert told.state.language == "en"


def test_who_leaves_in_danger_leaves_and_is_helped() -> None:
    text = "Stopp! Das Ding brennt"
    told = play(said(text, "opt_out", handoff=0.9, mood=marked(text, "brennt", "safety")))
    assert any(isinstance(one, OptedOut) for one in told.records)
    assert handed(told).why == "safety"


def test_a_bad_rating_in_words_is_kept_before_a_human_comes() -> None:
    text = "2 von 5"
    meaning = said(text, "rating", mood=BAD, handoff=0.8, entities=(Entity("rating", "2", 0, 1),))
    told = play(meaning, orders=(order(),))
    assert [one.score for one in told.records if isinstance(one, Rated)] == [2]
    assert (handed(told).reason, handed(told).why) == ("low_rating", "low_rating")


def test_trouble_inside_the_checklist_has_help_first_but_not_danger() -> None:
    setup = play(said("Einrichtung", "setup_help"), orders=(order(),)).state
    assert setup.options
    stuck = play(said("klemmt", "defect", mood=BAD, handoff=0.9), setup, orders=(order(),))
    assert stuck.state.trouble
    assert not [one for one in stuck.records if isinstance(one, HandedOff)]
    again = play(said("klemmt immer noch", "defect", mood=BAD), stuck.state, orders=(order(),))
    assert handed(again).why == "defect"
    text = "Aua, ich habe mich verbrannt"
    burnt = said(text, "defect", handoff=0.9, mood=marked(text, "verbrannt", "safety"))
    assert handed(play(burnt, setup, orders=(order(),))).why == "safety"


def test_a_plain_no_answers_the_open_question() -> None:
    setup = play(said("Einrichtung", "setup_help"), orders=(order(),)).state
    told = play(said("nein", "no", mood=BAD, handoff=0.9), setup, orders=(order(),))
    assert told.state.trouble


def test_a_no_that_answers_nothing_is_heard() -> None:
    asked = State(disclosed_at=START, flow="miss", step="lost", asked=1, asked_at=START, expecting="choice")
    enough = said("nein, das reicht mir jetzt", "no", mood=BAD, handoff=0.9)
    assert handed(play(enough, asked)).why == "complaint"


FORM = """
id: form
starts: [{keyword: formular}]
steps:
  - {id: day, ask: {de: "Wann?", en: "When?"}, answer: date, save: day}
  - {id: over, say: {de: "Danke.", en: "Thanks."}}
"""


def test_a_bare_value_answers_and_a_grievance_does_not() -> None:
    flow, problems = read_flow("form.yml", FORM)
    assert flow is not None, problems
    house = load_book()
    book = replace(house, flows={**house.flows, "form": flow})
    asked = State(
        disclosed_at=START, flow="form", step="day", version=flow.version, asked=1, asked_at=START,
        expecting="date",
    )  # fmt: skip
    day = play(said("24.12.1990", "invoice", mood=BAD, handoff=0.95), asked, book)
    assert day.state.my == {"day": "1990-12-24"}
    assert handed(play(said("alles Mist hier", mood=BAD, handoff=0.95), asked, book)).why == "complaint"


def test_what_is_in_pieces_is_not_helped_by_the_checklist() -> None:
    setup = play(said("Einrichtung", "setup_help"), orders=(order(),)).state
    for text in ("kaputt", "die Kurbel ist abgebrochen", "it is broken"):
        assert handed(play(said(text, "defect", mood=BAD), setup, orders=(order(),))).why == "defect"


def test_words_that_were_asked_for_are_mostly_the_answer() -> None:
    waiting = State(disclosed_at=START, expecting="comment", asked_at=START)
    assert moment_of(waiting, Facts(), None, START + timedelta(hours=1)).asked
    assert not moment_of(waiting, Facts(), None, START + timedelta(days=3)).asked
    meaning = said("Die Anleitung war dünn", "setup_help", mood=BAD, handoff=0.7)
    assert reason(meaning) == "complaint"
    assert reason(meaning, Moment(asked=True)) is None
    assert reason(said(intent="defect", mood=BAD, handoff=0.7), Moment(asked=True)) == "defect"


def test_a_phrase_that_a_flow_claims_is_no_complaint() -> None:
    book = load_book()
    phrase = next(iter(book.keywords))
    told = play(said(phrase, "complaint", mood=BAD, handoff=0.9))
    assert not [one for one in told.records if isinstance(one, HandedOff)]
    alarmed = said(phrase, "complaint", handoff=0.9, mood=marked(phrase, phrase, "safety"))
    assert handed(play(alarmed)).why == "safety"


def test_a_claimed_phrase_is_no_opt_out_but_a_clear_stop_always_is() -> None:
    house = load_book()
    book = replace(house, keywords={**house.keywords, "stop": house.on["care_tip"]})

    def out(text: str, confidence: float) -> bool:
        told = play(said(text, "opt_out", confidence=confidence), None, book)
        return any(isinstance(one, OptedOut) and one.purpose == "all" for one in told.records)

    assert out("Stop!", 0.99)
    assert not out("Einstellungen", 0.6)
    assert not out("zu viele Nachrichten", 0.98)


def test_who_is_not_understood_three_times_gets_a_human() -> None:
    state = State(disclosed_at=START)
    for _ in range(2):
        told = play(said("brumm", confidence=0.2), state)
        state = told.state
        assert not [one for one in told.records if isinstance(one, HandedOff)]
    record = handed(play(said("brumm", confidence=0.2), state))
    assert (record.why, record.evidence) == ("stuck", ("brumm",))


def test_the_last_five_moods_are_remembered_and_old_states_still_load() -> None:
    state = State(disclosed_at=START)
    for _ in range(7):
        state = play(said("danke", "thanks", mood=GOOD), state).state
    assert state.moods == (Felt(START, 0.8),) * 5
    assert STATE.validate_json(STATE.dump_json(state)) == state
    assert STATE.validate_json('{"misses": 1}').moods == ()


def test_the_owners_threshold_decides() -> None:
    meaning = said("hm", handoff=0.6, mood=BAD)
    assert handed(play(meaning)).why == "complaint"
    calm = play(meaning, triage=Policy(threshold=0.8))
    assert not [one for one in calm.records if isinstance(one, HandedOff)]


def test_with_the_real_engine() -> None:
    def why(text: str) -> str | None:
        return reason(understand(text, language="de", expecting=None))

    assert why("Ich möchte mit einem Menschen sprechen") == "human_request"
    assert why("Die Kanne ist zerbrochen angekommen!") == "defect"
    assert why("Vielen Dank, alles super angekommen") is None
    assert why("Wo ist mein Paket?") is None
