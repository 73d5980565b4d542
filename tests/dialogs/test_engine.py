"""The decider: old buttons, double taps, humans, reminders — and that nothing whatever makes it raise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dialogs.engine import hear, route, wants_journey
from dialogs.facts import Journey
from dialogs.messages import (
    Due,
    Echo,
    HandedBack,
    OrderEvent,
    Preference,
    Reaction,
    Receipt,
    Referral,
    Referred,
    Tap,
    Text,
)
from dialogs.payloads import payload_of
from dialogs.planned import Planned
from dialogs.records import Bound, HandedOff, Noted, OptedOut, Rated, Record, Reminder, Touched
from dialogs.script import load_book
from dialogs.shop import Entry, EntryState, OrderStatus
from dialogs.state import STATE, Option, State
from tests.brain import understand
from tests.dialogs.player import CODE, START, Player, bought, order


def reminder(flow: str, order_id: str = "o1001", *, days: float = 3) -> Due:
    """What the clock hands over when a touchpoint is due; it is worth saying for some days."""
    until = START + timedelta(days=days + 400)
    planned = Planned(
        "touch", f"{flow}:{order_id}", flow, order_id=order_id, until=until, on="order:delivered"
    )
    return Due(1, planned.key, planned.data())


def due(player: Player, flow: str, order_id: str = "o1001") -> str:
    player.play(reminder(flow, order_id))
    return player.text


def told(records: list[Record]) -> list[Record]:
    """What was kept, but for the fates of touchpoints and the brake."""
    return [one for one in records if isinstance(one, Rated | Bound | HandedOff | Noted | OptedOut)]


def fates(player: Player) -> dict[str, tuple[str, str]]:
    """The latest fate of each touchpoint, and its reason."""
    return {one.key: (one.fate, one.reason) for one in player.records if isinstance(one, Touched)}


@pytest.mark.parametrize(
    ("state", "part"),
    [
        ("used", "anderen Chat"),
        ("expired", "abgelaufen"),
        ("forged", "keiner Bestellung"),
        ("unknown", "keiner Bestellung"),
    ],
)
def test_a_code_that_is_no_good_changes_nothing_and_is_answered_kindly(state: EntryState, part: str) -> None:
    player = Player(entries={CODE: Entry(state, CODE, None)})
    assert part in player.scan()
    assert player.titles == ["Ohne Code weiter", "Mit Mensch sprechen"]
    assert (player.records, player.reminders, player.state.order_id) == ([], {}, None)
    assert "Was kann ich für dich tun?" in player.tap("Ohne Code weiter")


def test_the_same_code_again_says_that_we_know_each_other() -> None:
    player = bought()
    player.scan()
    assert "kennen uns schon" in player.scan()
    assert told(player.records) == [Bound(CODE, "o1001")]


def test_a_code_inside_a_text_counts_and_its_words_are_not_an_answer() -> None:
    player = bought()
    player.say(f"Hallo! Mein Code ist {CODE.lower()}")
    assert told(player.records) == [Bound(CODE, "o1001")]
    assert len(player.outgoing) == 1


def test_a_damaged_code_is_answered() -> None:
    player = Player()
    player.play(Referred(Referral(ref=CODE[:-3])))
    assert "keiner Bestellung" in player.text
    player.play(Text("/start " + CODE))
    assert "keiner Bestellung" in player.text


def test_telegrams_start_without_a_code_greets() -> None:
    player = Player()
    assert "QR-Code" in player.say("/start")


def test_a_burst_is_understood_together_and_answered_once() -> None:
    player = bought()
    player.scan()
    player.say("Hallo", "also", "wo ist eigentlich mein Paket?")
    assert len(player.outgoing) == 1
    assert "noch nicht verschickt" in player.text


def test_a_double_tap_does_nothing_the_second_time() -> None:
    player = bought()
    player.scan()
    player.tap("Ja, los geht's")
    first = player.buttons["Erledigt"]
    player.play(Tap(first), Tap(first))
    assert "Schritt 2 von 3" in player.text
    player.now += timedelta(seconds=5)
    player.play(Tap(first))
    assert player.outgoing == ()
    assert player.state.item == 1


def test_an_old_button_is_recognised_and_the_question_repeated_under_its_number() -> None:
    player = bought()
    player.scan()
    player.tap("Ja, los geht's")
    old = player.buttons["Klappt nicht"]
    player.tap("Erledigt")
    asked = player.state.asked
    player.now += timedelta(hours=2)
    player.play(Tap(old))
    assert "inzwischen erledigt" in player.text
    assert "Schritt 2 von 3" in player.text
    assert (player.state.asked, player.state.trouble) == (asked, False)
    assert "Schritt 3 von 3" in player.tap("Erledigt")


def test_the_way_to_a_human_works_from_any_old_button() -> None:
    player = bought()
    player.scan()
    human = player.buttons["Mit Mensch sprechen"]
    player.tap("Ja, los geht's")
    player.now += timedelta(days=3)
    player.play(Tap(human))
    assert [type(record) for record in told(player.records)] == [Bound, HandedOff]


def test_a_button_from_a_script_that_is_gone_is_answered() -> None:
    player = bought()
    player.scan()
    player.play(Tap(payload_of("easter", "egg", "hunt", 3)))
    assert "inzwischen erledigt" in player.text
    player.play(Tap("SOMETHING_ELSE", "Pflegetipp"))
    assert "Ein Tipp zu" in player.text


def delivered(*skus: str) -> Player:
    player = Player(orders=[order("1001", *skus, status="delivered", delivered=START - timedelta(days=9))])
    consents = {"service": True, "feedback": True}
    player.state = State(disclosed_at=START, last_at=START, order_id="o1001", consents=consents)
    return player


@pytest.mark.parametrize(
    "said", ["4", "vier", "⭐⭐⭐⭐", "4/5", "4 Sterne", "Gut", "⭐⭐⭐⭐ Gut", "Nr. 4", "4."]
)
def test_a_rating_may_be_typed(said: str) -> None:
    player = delivered()
    due(player, "rating")
    player.say(said)
    assert told(player.records) == [Rated("o1001", None, 4)]


def test_a_rating_counts_once_and_later_taps_are_thanked() -> None:
    player = delivered()
    due(player, "rating")
    one, five = player.buttons["⭐ Schlecht"], player.buttons["⭐⭐⭐⭐⭐ Top"]
    player.play(Tap(five))
    player.now += timedelta(days=1)
    player.play(Tap(one))
    assert "habe ich schon" in player.text
    assert told(player.records) == [Rated("o1001", None, 5)]
    assert player.state.ratings == {"o1001": 5}


def test_a_rating_of_an_older_order_still_counts_for_that_order() -> None:
    player = delivered()
    due(player, "rating")
    old = player.buttons["⭐⭐⭐⭐ Gut"]
    player.orders.append(order("1002", "FP-08", status="delivered", delivered=player.now))
    player.now += timedelta(days=2)
    due(player, "rating", "o1002")
    player.play(Tap(old))
    assert told(player.records) == [Rated("o1001", None, 4)]


def test_three_stars_ask_what_was_missing_and_keep_the_words() -> None:
    player = delivered()
    due(player, "rating")
    assert "gefehlt" in player.tap("⭐⭐⭐ Okay")
    player.say("Die Anleitung war dünn")
    rated = Rated("o1001", None, 3)
    assert told(player.records) == [rated, replace(rated, comment="Die Anleitung war dünn")]


def test_a_comment_that_complains_is_kept_and_brings_a_human() -> None:
    player = delivered()
    due(player, "rating")
    player.tap("⭐⭐⭐⭐ Gut")
    player.say("Aber der Deckel ist kaputt")
    assert told(player.records)[1] == Rated("o1001", None, 4, "Aber der Deckel ist kaputt")
    assert isinstance(told(player.records)[2], HandedOff)


@pytest.mark.parametrize("score", ["⭐ Schlecht", "⭐⭐ Mäßig"])
def test_a_low_rating_hands_over_and_says_so_although_a_human_has_the_floor(score: str) -> None:
    player = delivered()
    due(player, "rating")
    player.tap(score)
    handed = told(player.records)[1]
    assert isinstance(handed, HandedOff)
    assert (handed.reason, handed.priority) == ("low_rating", "high")
    assert handed.evidence == (f"{len(score.partition(' ')[0])}/5",)
    assert [draft.notice for draft in player.drafts] == [True]


def test_while_a_human_has_the_floor_words_are_kept_and_nothing_is_said() -> None:
    player = delivered()
    due(player, "rating")
    before = player.state
    player.human = True
    player.say("kaputt!")
    assert (player.outgoing, told(player.records)) == ((), [])
    player.play(Tap(player.buttons["⭐⭐⭐⭐ Gut"]))
    player.say("stop")
    assert player.outgoing == ()
    assert [type(record) for record in told(player.records)] == [Rated, OptedOut]
    assert player.state.opted_out
    assert (player.state.flow, player.state.asked) == (before.flow, before.asked)
    assert due(player, "checkup") == ""


def test_after_a_human_the_bot_says_again_what_it_is() -> None:
    player = delivered()
    player.say("Mensch bitte")
    player.say("hallo?")
    player.human = False
    player.now += timedelta(hours=3)
    assert "kein Mensch" in player.say("Wo ist mein Paket?")
    assert "kein Mensch" not in player.say("Pflegetipp")


def test_after_thirty_days_of_silence_too() -> None:
    player = delivered()
    player.say("Pflegetipp")
    player.now += timedelta(days=29)
    assert "kein Mensch" not in player.say("Pflegetipp")
    player.now += timedelta(days=31)
    assert "kein Mensch" in player.say("Pflegetipp")


@pytest.mark.parametrize(
    ("skus", "days"), [(("HM-01",), 10), (("EB-500",), 5), (("EB-500", "HM-01"), 10), (("UNKNOWN",), 10)]
)
def test_reminders_follow_the_pace_of_what_was_bought(skus: tuple[str, ...], days: int) -> None:
    player = Player(orders=[order("1001", *skus, status="shipped")])
    assert player.shop("1001", "delivered") == ""
    care, rating = player.reminders["checkup:o1001"].at, player.reminders["rating:o1001"].at
    assert (care.date() - player.now.date(), rating.date() - player.now.date()) == (
        timedelta(days=3),
        timedelta(days=days),
    )
    assert {care.hour, rating.hour} == {9}, "ten o'clock in Berlin in November"


def test_a_late_binding_counts_from_the_arrival_and_catches_up_with_what_is_still_worth_it() -> None:
    arrived = START - timedelta(days=30)
    player = Player(
        pending=[order("1001", "HM-01", status="delivered", delivered=arrived)],
        entries={CODE: Entry("fresh", CODE, "o1001")},
    )
    player.scan()
    assert "checkup:o1001" not in player.reminders, "a tip for the first days comes too late"
    assert "rating:o1001" not in player.reminders, "and so does the question"
    late = Player(
        pending=[order("1001", "HM-01", status="delivered", delivered=START - timedelta(days=4))],
        entries={CODE: Entry("fresh", CODE, "o1001")},
    )
    late.scan()
    assert START < late.reminders["checkup:o1001"].at < START + timedelta(days=2)


def test_the_evening_promise_is_kept_and_falls_away_with_the_setup() -> None:
    player = bought()
    player.scan()
    player.tap("Lieber später")
    promised = player.reminders["remind:setup_later:o1001"]
    assert promised.at - player.now < timedelta(hours=24)
    player.say("Einrichtung")
    for _ in range(3):
        player.tap("Erledigt")
    player.now = promised.at
    player.play(Due(1, promised.name, promised.data))
    assert player.text == "", "what is done needs no reminder"


@pytest.mark.parametrize("what", ["cancelled", "refunded"])
def test_a_withdrawn_order_withdraws_its_reminders(what: OrderStatus) -> None:
    player = Player(orders=[order()])
    player.shop("1001", "delivered")
    assert {"checkup:o1001", "rating:o1001"} <= set(player.reminders)
    said = player.shop("1001", what)
    assert "Tipp" not in said
    assert not {"checkup:o1001", "rating:o1001"} & set(player.reminders)
    assert fates(player)["rating:o1001"] == ("withdrawn", what)
    assert due(player, "rating") == ""
    assert due(player, "checkup") == ""


def test_what_is_due_is_checked_again() -> None:
    player = delivered()
    assert "Tipp" in due(player, "checkup")
    player.journey = Journey(decided=frozenset({"checkup:o1001"}))
    player.now += timedelta(days=2)
    assert due(player, "checkup") == "", "told already, here or in another chat"
    assert due(player, "rating", "o9999") == "", "no such order"
    player.play(Due(5, "nonsense", {}))
    assert player.outgoing == ()
    player.say("stop")
    assert due(player, "rating") == "", "opted out"
    assert fates(player)["rating:o1001"] == ("refused", "opt_out")


def test_two_things_due_at_once_are_said_one_by_one() -> None:
    player = delivered()
    player.play(reminder("rating"), reminder("checkup"))
    assert len(player.outgoing) == 1
    assert "Tipp" in player.text  # what can wait least goes first
    assert fates(player) == {"checkup:o1001": ("sent", ""), "rating:o1001": ("moved", "cap")}
    assert set(player.reminders) == {"rating:o1001"}


def test_what_is_due_waits_while_the_buyer_is_talking() -> None:
    player = delivered()
    player.play(Text("Wo ist mein Paket?"), reminder("rating"))
    assert "zufrieden" not in player.text
    assert player.reminders["rating:o1001"].at > player.now


def test_proactive_words_say_so_and_expire() -> None:
    player = delivered()
    due(player, "rating")
    (draft,) = player.drafts
    assert draft.proactive
    assert draft.touchpoint == "rating:o1001"
    assert draft.expires_at is not None
    assert draft.template is not None
    assert draft.template.payloads == ("1", "2", "3", "4", "5")


def test_shipping_is_told_once_and_not_after_arrival() -> None:
    player = Player(orders=[order()], state=State(disclosed_at=START, last_at=START))
    assert "unterwegs" in player.shop("1001", "shipped")
    assert fates(player)["shipped:o1001"] == ("sent", "")
    player.journey = Journey(decided=frozenset({"shipped:o1001"}))
    assert player.shop("1001", "shipped") == ""
    late = Player(orders=[order(status="delivered")], state=State(disclosed_at=START, last_at=START))
    late.play(OrderEvent("o1001", "shipped"))
    assert late.outgoing == ()


def test_news_of_one_order_leaves_the_checklist_of_another_alone() -> None:
    player = bought()
    player.scan()
    player.tap("Ja, los geht's")
    player.orders.append(order("1002", "FP-08"))
    player.shop("1002", "shipped")
    assert "French Press" in player.text
    assert "Schritt 2 von 3" in player.tap("Erledigt")
    assert player.state.order_id == "o1001"


def test_a_second_order_in_the_same_chat() -> None:
    player = bought()
    player.scan()
    second = "NK" + "B" * 22
    player.pending = [order("1002", "FP-08", placed=START)]
    player.entries[second] = Entry("fresh", second, "o1002")
    assert "French Press" in player.scan(second)
    assert "kein Mensch" not in player.text
    assert "Spül Kanne" in player.tap("Ja, los geht's")


def test_an_order_number_is_noted_and_tells_nothing() -> None:
    player = Player(state=State(disclosed_at=START, last_at=START))
    player.say("Meine Bestellnummer ist #1001")
    assert told(player.records) == [Noted("order_number", "1001")]
    assert "QR-Code" in player.text


def test_the_platforms_own_switch_is_kept_without_a_word() -> None:
    player = delivered()
    player.play(Preference("marketing_messages", allowed=False))
    assert told(player.records) == [
        OptedOut("feedback", "marketing_messages", "platform"),
        OptedOut("offers", "marketing_messages", "platform"),
    ]
    assert player.outgoing == ()


def test_echoes_and_reactions_ask_for_nothing() -> None:
    player = delivered()
    player.play(Echo("m1", "Hallo"), Receipt("m2", "read"), Reaction("m1", "❤️"))
    assert player.outgoing == ()


def test_a_cancelled_order_behind_a_fresh_code() -> None:
    player = bought()
    player.pending = [order(status="cancelled")]
    assert "storniert" in player.scan()


def test_a_state_of_another_version_is_read() -> None:
    state = STATE.validate_json(
        '{"flow": "setup", "step": "list", "new_thing": 1, "options": [{"id": "a", "title": "A"}]}'
    )
    assert state == State(flow="setup", step="list", options=(Option("a", "A"),))
    assert STATE.validate_json("{}") == State()


def test_a_script_republished_under_an_open_question_harms_nothing() -> None:
    player = delivered()
    player.state = replace(player.state, flow="setup", step="gone", asked=3, options=(Option("x", "Ja"),))
    assert player.say("1")


def test_a_turn_needs_what_its_flow_needs() -> None:
    book = load_book()
    heard = hear([(Text(CODE), START)], State(), understand)
    flow = route(book, State(), heard)
    assert flow is not None
    assert {"orders", "products", "entry"} <= flow.needs
    assert wants_journey(book, State(), heard)
    tapped = hear([(Tap("setup.list.done.4"), START)], State(), understand)
    assert not wants_journey(book, State(disclosed_at=START), tapped), "a tap is answered without it"
    assert route(book, State(), hear([(Echo("m"), START)], State(), understand)) is None
    tapped = hear([(Tap("setup.list.done.4"), START)], State(), understand)
    found = route(book, State(), tapped)
    assert found is not None
    assert found.id == "setup"


def test_a_solved_case_lifts_the_brake() -> None:
    player = delivered()
    player.say("Die Mühle ist kaputt")
    player.human = False
    player.now += timedelta(days=1)
    due(player, "rating")
    assert fates(player)["rating:o1001"] == ("braked", "brake:handoff")
    player.play(HandedBack(solved=True))
    player.now += timedelta(days=1)
    assert "zufrieden" in due(player, "rating")


def test_without_consent_nobody_is_asked() -> None:
    player = delivered()
    player.state = replace(player.state, consents={})
    assert due(player, "rating") == ""
    assert fates(player)["rating:o1001"] == ("refused", "consent")


def test_words_to_a_human_decide_no_consent() -> None:
    player = bought()
    player.scan()
    player.tap("Lieber später")
    assert player.state.step
    player.human = True
    player.say("ja")
    assert player.state.consents == {}


def test_a_reminder_can_be_set_at_the_end_of_time() -> None:
    player = Player(orders=[order()], now=datetime.max.replace(tzinfo=UTC) - timedelta(days=20))
    player.shop("1001", "delivered")
    assert all(isinstance(reminder, Reminder) for reminder in player.reminders.values())
