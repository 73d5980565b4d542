"""Promises owned up to, and the floor coming back: little is said, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialogs.coming_back import PROMISE_TEMPLATE, in_short
from dialogs.messages import HandedBack, PromiseBroken, Text
from dialogs.records import HandedOff, Promised, Touched
from dialogs.state import Parked, changed
from tests.dialogs.player import Player, bought

SORRY = "Wir hatten dir eine Antwort versprochen"
BACK = "Ab jetzt antworte wieder ich, der automatische Assistent von Rösterei Morgenrot, kein Mensch."


def promised(player: Player) -> datetime:
    """Let somebody want a human; return by when they were promised one."""
    player.say("Mensch bitte")
    [handed] = [one for one in player.records if isinstance(one, HandedOff)][-1:]
    assert handed.promised_at is not None
    return handed.promised_at


def broken(player: Player, at: datetime) -> str:
    player.now = at
    player.play(PromiseBroken(at))
    return player.text


def test_a_broken_promise_is_owned_up_to_once_with_a_new_time() -> None:
    player = bought("HM-01")
    player.scan()
    first = promised(player)
    assert first == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    said = broken(player, first)
    assert SORRY in said
    assert "spätestens heute um 14 Uhr" in said
    assert [draft.notice for draft in player.drafts] == [True]
    [anew] = [one for one in player.records if isinstance(one, Promised)]
    assert anew.at == first + timedelta(hours=4)
    assert broken(player, anew.at) == ""


def test_the_next_case_is_a_new_promise() -> None:
    player = bought("HM-01")
    player.scan()
    assert SORRY in broken(player, promised(player))
    player.human = False
    player.play(HandedBack(solved=True, reason="solved"))
    assert SORRY in broken(player, promised(player))


@pytest.mark.parametrize("why", ["bot", "night", "closed", "left"])
def test_where_nothing_may_be_said_nothing_is_and_it_may_be_said_later(why: str) -> None:
    player = bought("HM-01")
    player.scan()
    at = promised(player)
    match why:
        case "bot":
            player.human = False
        case "night":
            at = at.replace(hour=23)
        case "closed":
            player.reach = "closed"
        case _:
            player.play(Text("Stop"))
    assert broken(player, at) == ""
    assert player.state.sorry_for is None
    assert not any(isinstance(one, Promised) for one in player.records)
    if why == "closed":
        player.reach = "open"
        assert SORRY in broken(player, at)


def test_where_the_window_has_closed_a_template_stands_in_for_it() -> None:
    player = bought("HM-01")
    player.scan()
    at = promised(player)
    player.reach = "template"
    player.now = at
    player.play(PromiseBroken(at))
    [draft] = player.drafts
    assert draft.template is not None
    assert (draft.template.name, draft.template.parameters) == ("nachklang_promise", ("heute um 14 Uhr",))
    assert player.state.sorry_for == at


def test_a_book_without_that_template_says_nothing_in_a_closed_window() -> None:
    player = bought("HM-01")
    player.scan()
    at = promised(player)
    left = {key: text for key, text in player.book.templates.items() if key[0] != PROMISE_TEMPLATE}
    player.book, player.reach = replace(player.book, templates=left), "template"
    assert broken(player, at) == ""
    assert player.state.sorry_for is None


def test_a_shop_that_is_quicker_than_four_hours_stays_so() -> None:
    """The new promise is the shop's own time, if that is sooner."""
    player = bought("HM-01")
    player.scan()
    promised(player)
    player.say("Hallo?")
    assert "14 Uhr" in broken(player, datetime(2026, 11, 3, 9, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("reason", "said"), [("solved", True), ("back", True), ("quiet", False), ("phone_quiet", False)]
)
def test_who_gave_the_floor_back_decides_whether_it_is_said(reason: str, said: bool) -> None:
    player = bought("HM-01")
    player.scan()
    player.say("Mensch bitte")
    player.human = False
    player.play(HandedBack(solved=reason == "solved", reason=reason))
    assert (BACK in player.text) is said
    assert ("schreib es mir einfach" in player.text) is (reason == "solved")
    player.now += timedelta(minutes=1)
    answer = player.say("Pflegetipp")
    assert ("kein Mensch" in answer) is not said, "who is speaking is said once, at the first occasion"
    player.now += timedelta(minutes=1)
    assert "kein Mensch" not in player.say("Pflegetipp")


def test_an_event_of_an_older_version_says_by_itself_how_it_came() -> None:
    player = bought("HM-01")
    player.scan()
    player.human = False
    player.play(HandedBack(solved=True))
    assert "schreib es mir einfach" in player.text


def test_a_fresh_question_is_asked_again_in_short_under_the_same_number() -> None:
    player = bought("HM-01")
    player.scan()
    asked = player.state.asked
    player.human = True
    assert player.say("Hallo Mia") == ""
    player.human = False
    player.play(HandedBack(solved=False, reason="back"))
    assert player.text == f"{BACK}\n\nWollen wir die Einrichtung zusammen durchgehen?"
    assert player.titles == ["Ja, los geht's", "Lieber später", "Mit Mensch sprechen"]
    assert player.state.asked == asked
    assert "Schritt 1 von 3" in player.tap("Ja, los geht's")


def test_a_question_of_yesterday_is_not() -> None:
    player = bought("HM-01")
    player.scan()
    player.now += timedelta(hours=25)
    player.say("Hallo?")  # the buyer is here, the question is old
    player.state = changed(player.state, asked_at=player.now - timedelta(hours=25))
    player.human = False
    player.play(HandedBack(solved=False, reason="back"))
    assert player.text == BACK


def test_a_case_that_closed_its_question_takes_up_nothing() -> None:
    player = bought("HM-01")
    player.scan()
    player.say("Mensch bitte")
    player.human = False
    player.play(HandedBack(solved=False, reason="back"))
    assert player.text == BACK
    assert player.titles == []


def test_what_the_buyer_says_in_the_same_moment_is_answered_and_not_announced() -> None:
    player = bought("HM-01")
    player.scan()
    player.human = False
    player.now += timedelta(minutes=5)
    player.play(HandedBack(solved=True, reason="solved"), Text("Pflegetipp"))
    assert BACK not in player.text
    assert "kein Mensch" in player.text
    assert "Ein Tipp zu" in player.text
    assert "kein Mensch" not in player.say("Pflegetipp")


@pytest.mark.parametrize("cold", ["days", "night", "closed", "left", "new"])
def test_where_the_talk_has_gone_cold_nothing_is_said(cold: str) -> None:
    player = bought("HM-01")
    if cold != "new":
        player.scan()
    match cold:
        case "days":
            player.now += timedelta(days=2)
        case "night":
            player.now = player.now.replace(hour=22)
        case "closed":
            player.reach = "closed"
        case "left":
            player.say("Stop")
        case _:
            pass
    player.play(HandedBack(solved=True, reason="solved"))
    assert player.text == ""


def test_what_waits_and_is_not_wanted_any_more_is_dropped() -> None:
    """One still fits its trigger, one is about an order that is no longer tied, one is of no script."""
    player = bought("HM-01")
    player.scan()
    waiting = Parked("checkup:o1001", "checkup", "", "o1001", None, "", "order:delivered")
    stale = Parked("rating:o9", "rating", "", "o9", None, "", "order:delivered")
    gone = Parked("no_such_flow:o1001", "no_such_flow")
    player.state = changed(player.state, parked=(waiting, stale, gone))
    player.play(HandedBack(solved=False, reason="quiet"))
    assert [one.key for one in player.state.parked if one.key != "checkup:o1001"] == []
    fates = {one.key: (one.fate, one.reason) for one in player.records if isinstance(one, Touched)}
    assert fates["rating:o9"] == ("withdrawn", "untied")


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Schön, dass du da bist! Wollen wir anfangen? Es dauert nicht lang.", "Wollen wir anfangen?"),
        ("Passt das so?", "Passt das so?"),
        ("Erst dies? Oder das?", "Oder das?"),
        ("Schritt 1 von 3: Steck die Kurbel auf.", "Schritt 1 von 3: Steck die Kurbel auf."),
        ("Oh.\nGeht es dir gut?\nSag es mir.", "Geht es dir gut?"),
        ("???", "???"),
        ("", ""),
    ],
)
def test_a_question_in_short(question: str, short: str) -> None:
    assert in_short(question) == short
