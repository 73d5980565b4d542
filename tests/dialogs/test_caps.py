"""How much is enough: offers lie far apart, over all flows and chats of a buyer."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest

from dialogs.facts import Journey, Pacing
from dialogs.flow import Book
from dialogs.records import Touched
from dialogs.script import SCRIPTS, read_book, texts_of
from dialogs.state import Parked, State
from tests.dialogs.player import START, Player, order
from tests.dialogs.test_engine import due, fates, reminder

DAY = timedelta(days=1)
FLOW = """\
id: {name}
purpose: {purpose}
expires: {expires}
starts: [{{order: delivered, after: 1 day}}]
steps:
  - {{id: say, say: {{de: "Das ist {name}.", en: "This is {name}."}}}}
"""
FLOWS = {"one": ("offers", "30 days"), "two": ("offers", "3 days"), "news": ("service", "7 days")}
FILES = {
    f"{name}.yml": FLOW.format(name=name, purpose=purpose, expires=expires)
    for name, (purpose, expires) in FLOWS.items()
}
YES = {"service": True, "feedback": True, "offers": True}


@cache
def book() -> Book:
    """The house's scripts with these flows beside them."""
    return read_book({**texts_of(SCRIPTS), **FILES})


def offered(before: timedelta | None, **more: object) -> Player:
    """A buyer who agreed to everything, and was offered something so long ago, in whichever chat."""
    journey = Journey(offered_at=START - before if before is not None else None)
    player = Player(orders=[order(status="delivered")], book=book(), journey=journey, **more)  # type: ignore[arg-type]  # whatever the test wants
    player.state = State(disclosed_at=START, last_at=START, order_id="o1001", consents=YES)
    return player


@pytest.mark.parametrize("before", [None, 14 * DAY, 15 * DAY])
def test_an_offer_may_come_when_the_last_one_is_long_ago(before: timedelta | None) -> None:
    player = offered(before)
    assert due(player, "one") == "Das ist one."


@pytest.mark.parametrize("before", [timedelta(0), DAY, 14 * DAY - timedelta(minutes=1)])
def test_it_waits_for_the_rest_of_the_fourteen_days(before: timedelta) -> None:
    player = offered(before)
    assert due(player, "one") == ""
    assert fates(player)["one:o1001"] == ("moved", "cap")
    [later] = player.reminders.values()
    assert timedelta(0) <= later.at - (START - before + 14 * DAY) < DAY
    player.journey = Journey(offered_at=START - before)
    assert "Das ist one." in player.later(days=15)


def test_what_would_come_too_late_is_dropped() -> None:
    player = offered(DAY)
    assert due(player, "two") == ""
    assert fates(player)["two:o1001"] == ("moved", "cap"), "planned without an end, as nothing was before"
    player = offered(13 * DAY + timedelta(hours=20))
    assert due(player, "two") == ""
    assert player.later(days=2) == ["Das ist two."]


def test_everything_else_comes_as_always() -> None:
    player = offered(timedelta(0))
    assert due(player, "news") == "Das ist news."


def test_of_two_offers_that_come_due_together_one_waits() -> None:
    player = offered(None)
    player.play(reminder("one"), reminder("two"))
    said = [one for one in player.records if isinstance(one, Touched) and one.fate in {"sent", "merged"}]
    assert len(said) == 1
    player = offered(None)
    player.play(reminder("news"), reminder("one"))
    assert fates(player)["one:o1001"][0] == "merged", "an offer and a piece of news go together"


def test_the_shop_decides_how_far_apart() -> None:
    assert due(offered(DAY, pacing=Pacing(offers_apart=DAY)), "one") == "Das ist one."
    assert due(offered(DAY, pacing=Pacing(offers_apart=2 * DAY)), "one") == ""
    assert due(offered(timedelta(0), pacing=Pacing(offers_apart=timedelta(0))), "one") == "Das ist one."


def test_what_waits_for_the_buyer_waits_for_that_too() -> None:
    for before, there in ((13 * DAY, False), (14 * DAY, True)):
        player = offered(before)
        parked = Parked("one:o1001", "one", "", "o1001", START + 9 * DAY, "")
        player.state = State(
            disclosed_at=START, last_at=START, order_id="o1001", consents=YES, parked=(parked,)
        )
        player.say("danke")
        assert ("Das ist one." in player.text) is there
