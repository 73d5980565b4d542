"""Personal codes, and what a touchpoint's message shows besides its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dialogs.facts import Journey
from dialogs.offers import personal_code
from dialogs.records import Offered
from dialogs.script import load_book
from dialogs.state import State
from tests.dialogs.player import START, Player, order
from tests.dialogs.test_engine import due


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_code_is_the_buyers_own_and_nobody_misreads_it(one: str, other: str) -> None:
    code = personal_code("DANKE", one)
    assert code == personal_code("DANKE", one)
    letters = code.removeprefix("DANKE-")
    assert len(letters) == 6
    assert not set(letters) & set("IO01")
    assert (one == other) == (code == personal_code("DANKE", other))


def happy(*skus: str) -> Player:
    """A buyer who has agreed to offers, and whose parcel came four weeks ago."""
    arrived = START - timedelta(days=27)
    book = load_book()
    book = replace(book, flows={**book.flows, "bundle": replace(book.flows["bundle"], holdout=0.0)})
    player = Player(orders=[order("1001", *skus, status="delivered", delivered=arrived)], book=book)
    consents = {"service": True, "feedback": True, "offers": True}
    player.state = State(disclosed_at=START, last_at=START, order_id="o1001", consents=consents)
    return player


def offered(player: Player) -> list[Offered]:
    return [one for one in player.records if isinstance(one, Offered)]


def test_what_fits_is_offered_with_a_code_of_ones_own() -> None:
    player = happy("HM-01")
    said = due(player, "bundle")
    [offer] = offered(player)
    assert offer.code in said
    assert offer.percent == 10
    assert offer.skus
    assert "HM-01" not in offer.skus


def test_what_is_owned_is_not_offered_whichever_chat_it_was_bought_in() -> None:
    player = happy("HM-01")
    everything = frozenset(f"{sku}" for sku in ("EB-500", "HF-02", "FP-08", "WK-09", "ABO-1"))
    player.journey = Journey(owned=everything)
    assert due(player, "bundle") == ""
    assert offered(player) == []


def test_nothing_is_offered_while_something_is_wrong() -> None:
    player = happy("HM-01")
    player.journey = Journey(brakes={"handoff": START})
    assert due(player, "bundle") == ""
    assert offered(player) == []
