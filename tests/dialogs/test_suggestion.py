"""Drafts for agents: acknowledge, clarify, name a time; in every tone, for every reason there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.address import address_of
from dialogs.catalogue import load_catalogue
from dialogs.flow import Handoff
from dialogs.machines import LOOP
from dialogs.script import load_book
from dialogs.shop import Item, Order
from dialogs.suggestion import Situation, help_for, kind_of, labels, suggest
from dialogs.triage import Reason
from dialogs.words import Tone
from tests.dialogs.player import START

NOW = datetime(2026, 11, 5, 11, 0, tzinfo=ZoneInfo("Europe/Berlin"))
ORDER = Order(
    "o1001", "1001", "EUR", Decimal(89), START, "delivered", "Lena Moser", items=(Item("HM-01", "Mühle"),)
)
REASONS = sorted(
    {
        step.reason
        for flow in load_book().flows.values()
        for step in flow.steps.values()
        if isinstance(step, Handoff)
    }
    | {LOOP, "turn_failed"}
)
BASE = Situation(
    NOW, buyer="Lena Moser", agent="Mia", brand="Rösterei Morgenrot", order=ORDER, products=load_catalogue()
)
DU, SIE, EN = Tone(), Tone(voice="sie"), Tone("en")


def texts(situation: Situation) -> dict[str, str]:
    return {one.style: one.text for one in suggest(situation)}


def test_a_defect() -> None:
    said = texts(replace(BASE, reason="complaint", why="defect", evidence=("die kurbel ist kaputt",)))
    assert list(said) == ["ask", "solve", "wait"]
    assert said["ask"] == (
        "Hallo Lena, hier ist Mia von Rösterei Morgenrot. Es tut mir leid, dass an „Handmühle Morgenrot“ "
        "etwas kaputt ist. So sollst du es nicht haben. Schickst du mir ein Foto der Stelle und schreibst "
        "kurz dazu, seit wann es so ist? Sobald ich das weiß, kümmere ich mich darum und melde mich, "
        "spätestens morgen, Freitag, 11 Uhr."
    )


def test_a_tip_where_the_words_point_to_a_known_cause() -> None:
    situation = replace(BASE, reason="complaint", why="defect", evidence=("die Kurbel rastet nicht ein",))
    assert next(iter(texts(situation))) == "help"
    assert "Dreh die Kurbel beim Aufsetzen ein wenig" in texts(situation)["help"]
    sie = replace(situation, tone=SIE)
    assert "Drehen Sie die Kurbel beim Aufsetzen ein wenig" in texts(sie)["help"]
    assert texts(sie)["help"].startswith("Guten Tag Lena Moser, hier ist Mia von Rösterei Morgenrot.")
    assert texts(sie)["help"].endswith("spätestens morgen, Freitag, 11 Uhr.")


def test_no_tip_for_what_is_in_pieces_nor_on_a_guess() -> None:
    assert help_for(replace(BASE, why="defect", evidence=("die Kurbel ist abgebrochen",))) == ""
    assert help_for(replace(BASE, why="defect", evidence=("die ist einfach schlecht",))) == ""
    assert help_for(replace(BASE, why="defect", evidence=())) == ""
    two = replace(ORDER, items=(Item("CB-10", "Flasche"), Item("TB-04", "Becher")))
    leaking = replace(BASE, order=two, why="defect", evidence=("der Deckel ist undicht",))
    assert help_for(leaking) == help_for(replace(leaking, named="TB-04")) != "", "both have the same answer"


def test_the_cause_that_the_agent_has_chosen_comes_first() -> None:
    chosen = replace(BASE, why="defect", evidence=("die Kurbel rastet nicht ein",), cause="bean_stuck")
    assert help_for(chosen).startswith("Dreh eine halbe Runde zurück")
    assert help_for(replace(chosen, cause="parcel_lost")) == "", "nothing helps against that"
    assert help_for(replace(chosen, named="FP-08", cause="plunger_stiff")).startswith("Meist ist der Kaffee")


def test_nobody_is_introduced_twice_or_without_a_name() -> None:
    said = texts(replace(BASE, reason="parcel_late", answered=True))
    assert said["ask"].startswith("Es tut mir leid, dass deine Bestellung #1001 noch nicht da ist.")
    assert texts(replace(BASE, reason="parcel_late", agent=""))["ask"].startswith("Es tut mir leid")
    assert texts(replace(BASE, buyer="", order=None))["ask"].startswith("Hallo, hier ist Mia")


def test_an_order_that_is_not_known_is_not_changed() -> None:
    assert "solve" in texts(replace(BASE, reason="address_change"))
    assert "solve" not in texts(replace(BASE, reason="address_change", order=None))


def test_the_time_follows_the_desks_hours() -> None:
    friday = replace(BASE, now=NOW.replace(day=6), hours=4, tone=EN)
    assert texts(friday)["wait"].endswith("get back to you by 3 p.m. today.")
    assert texts(replace(friday, hours=24))["wait"].endswith("by 11 a.m. on Monday.")


@pytest.mark.parametrize(
    ("reason", "why", "kind"),
    [
        ("complaint", "defect", "defect"),
        ("complaint", "waiting", "complaint"),
        ("complaint", "", "complaint"),
        ("complaint", "safety", "safety"),
        ("parcel_lost", "complaint", "late"),
        ("human_request", "likely", "human"),
        ("human_request", "language", "language"),
        ("low_rating", "low_rating", "low_rating"),
        ("something_new", "", "human"),
        ("something_new", "privacy", "privacy"),
        ("", "", "human"),
    ],
)
def test_what_kind_of_case_it_is(reason: str, why: str, kind: str) -> None:
    assert kind_of(replace(BASE, reason=reason, why=why)) == kind


@pytest.mark.parametrize("reason", [*REASONS, *get_args(Reason)])
@pytest.mark.parametrize("tone", [DU, SIE, EN, Tone(country="CH"), Tone(voice="sie", country="AT")])
@pytest.mark.parametrize("order", [ORDER, None])
def test_every_reason_has_two_or_three_drafts_in_every_tone(
    reason: str, tone: Tone, order: Order | None
) -> None:
    drafts = suggest(replace(BASE, reason=reason, tone=tone, order=order))
    assert 2 <= len(drafts) <= 3
    assert len({one.text for one in drafts}) == len(drafts)
    for one in drafts:
        assert "{" not in one.text
        assert "  " not in one.text
        assert "–" not in one.text, "an order that is not known is not named"
        assert len(one.text) <= 640, "one bubble on every channel"
        voice = address_of(one.text)
        assert tone.language == "en" or not (voice.du if tone.voice == "sie" else voice.sie), one.text
        assert tone.country != "CH" or "ß" not in one.text
        assert one.label["de"] == labels("de")[one.style]
        assert one.label["en"] == labels("en")[one.style]


def test_no_reason_of_the_house_is_left_to_chance() -> None:
    """A reason without a kind of its own would be answered as a mere wish for a human."""
    for reason in REASONS:
        situation = replace(BASE, reason=reason)
        meant = kind_of(situation) != "human" or reason in {"human_request", "turn_failed"}
        assert meant, reason


WORDS = st.text(max_size=40)


@given(
    WORDS, WORDS, st.lists(WORDS, max_size=3), WORDS, WORDS, st.text(max_size=12),
    st.sampled_from([DU, SIE, EN]), st.integers(1, 168),
)  # fmt: skip
def test_whatever_a_case_holds_there_are_drafts(
    reason: str, why: str, evidence: list[str], buyer: str, agent: str, sku: str, tone: Tone, hours: int
) -> None:
    order = replace(ORDER, number=sku, items=(Item(sku, buyer),))
    situation = Situation(
        NOW,
        reason,
        why,
        tuple(evidence),
        tone,
        buyer,
        agent,
        agent,
        order,
        load_catalogue(),
        sku,
        why,
        hours=hours,
    )
    assert suggest(situation) == suggest(situation)
    assert len(suggest(situation)) >= 2
