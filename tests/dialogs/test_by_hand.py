"""Flows that agents start: which may be, and what the bot says then."""

from datetime import timedelta

import pytest

from dialogs.by_hand import may_start, startable
from dialogs.messages import FlowAsked, HandedBack, Text
from dialogs.script import load_book
from dialogs.words import Tone
from tests.dialogs.player import Player, bought

BOOK = load_book()


def scanned() -> Player:
    player = bought("HM-01")
    player.scan()
    player.now += timedelta(minutes=5)
    return player


def test_what_may_be_started_has_a_name_and_makes_sense_by_itself() -> None:
    names = [title for _, title in startable(BOOK, Tone())]
    flows = {flow for flow, _ in startable(BOOK, Tone())}
    assert names == sorted(names, key=str.casefold)
    assert {"care", "setup", "returns", "repair", "rating"} <= flows
    assert not {"human", "entry", "goodbye", "small_talk", "complaint", "opt_out_offers"} & flows
    assert not {flow for flow in flows if BOOK.flows[flow].purpose == "offers"}


def test_it_begins_at_once_and_waits_for_its_answer() -> None:
    player = scanned()
    player.play(FlowAsked("returns", "account:1"))
    assert player.drafts
    assert player.state.flow == "returns"


def test_after_a_human_the_bot_says_that_it_is_back_and_goes_on() -> None:
    player = scanned()
    player.play(HandedBack(solved=False, reason="back"), FlowAsked("returns", "account:1"))
    assert player.state.flow == "returns"


@pytest.mark.parametrize("why", ["human", "closed", "left", "unknown", "never", "spoke"])
def test_where_it_cannot_begin_nothing_is_begun(why: str) -> None:
    player = scanned()
    if why == "left":
        player.play(Text("Stop"))
    before = player.state.flow
    player.human = why == "human"
    player.reach = "closed" if why == "closed" else "open"
    flow = {"unknown": "nothing of ours", "never": "human"}.get(why, "returns")
    spoke = (Text("Hallo"),) if why == "spoke" else ()
    player.play(FlowAsked(flow, "account:1"), *spoke)
    assert player.state.flow != "returns"
    if why != "spoke":
        assert not player.drafts
        assert player.state.flow == before


def test_every_flow_is_judged() -> None:
    judged = [may_start(flow) for flow in BOOK.flows.values()]
    assert any(judged)
    assert not all(judged)
