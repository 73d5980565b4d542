"""Machines that write to the bot: it chats with no auto-reply and no other bot, and loses no human."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.loops import LIMIT, MOST_ANSWERS, STORM, answered, judge, sounds_automatic
from dialogs.messages import HandedBack
from dialogs.records import HandedOff
from dialogs.state import STATE, Loop, State, changed
from tests.dialogs.player import CODE, START, Player, bought

OFFICE = (
    "Danke für deine Nachricht! Wir sind gerade nicht im Büro und melden uns so schnell wie möglich bei dir."
)
SECONDS = timedelta(seconds=1)


def rounds(one: Player, other: Player, first: str, pause: timedelta, most: int = 60) -> int:
    """Let two bots talk to each other; return how many messages it takes until one falls silent."""
    text, speaker, listener = first, one, other
    for number in range(most):
        listener.now = max(listener.now, speaker.now) + pause
        text = listener.say(*text.split("\n---\n"))
        if not text:
            return number
        speaker, listener = listener, speaker
    return most


@pytest.mark.parametrize("pause", [SECONDS, timedelta(minutes=1), timedelta(hours=3)])
@pytest.mark.parametrize(
    "first", ["Hallo", "Danke!", "Wo ist mein Paket?", "brumm", "Guten Tag, gibt es Neues?"]
)
def test_two_of_our_bots_come_to_an_end(pause: timedelta, first: str) -> None:
    one, other = Player(), Player()
    assert rounds(one, other, first, pause) <= 8


@pytest.mark.parametrize("pause", [SECONDS, timedelta(minutes=1)])
def test_two_bots_that_know_their_orders_come_to_an_end(pause: timedelta) -> None:
    one, other = bought("HM-01"), bought("FP-08", voice="sie")
    for player in (one, other):
        player.scan(CODE)
    assert rounds(one, other, "Pflegetipp", pause) <= 8


def test_an_auto_reply_is_not_answered_and_a_human_is_told_of_the_second() -> None:
    player = bought("HM-01")
    player.scan()
    player.now += 5 * SECONDS
    assert player.say(OFFICE) == ""
    assert not [one for one in player.records if isinstance(one, HandedOff)]
    player.now += timedelta(hours=2)
    assert player.say(OFFICE) == ""
    [told] = [one for one in player.records if isinstance(one, HandedOff)]
    assert (told.reason, told.why, told.priority, told.promised_at) == ("loop", "loop", "low", None)
    assert told.evidence == (OFFICE[:200],)
    assert player.human


def test_a_human_word_in_between_counts_it_off() -> None:
    player = bought("HM-01")
    player.scan()
    for _ in range(5):
        player.now += timedelta(hours=1)
        assert player.say(OFFICE) == ""
        player.now += timedelta(hours=1)
        assert player.say("Pflegetipp")
    assert not player.human


def test_after_a_human_it_starts_from_nothing() -> None:
    player = bought("HM-01")
    player.scan()
    player.say(OFFICE)
    player.say(OFFICE)
    assert player.human
    player.human = False
    player.play(HandedBack(solved=False, reason="back"))
    assert player.state.loop == Loop()
    assert player.say("Pflegetipp")


def test_who_taps_or_answers_the_same_again_and_again_is_no_machine() -> None:
    player = bought("HM-01")
    player.scan()
    player.tap("Ja, los geht's")
    for _ in range(3):
        player.now += 2 * SECONDS
        assert player.say("Erledigt")
    for _ in range(8):
        player.now += 30 * SECONDS
        assert player.say("Pflegetipp")
    assert not player.human


def test_who_says_the_same_sentence_over_and_over_gets_a_human() -> None:
    player = bought("HM-01")
    player.scan()
    said = []
    for _ in range(8):
        player.now += timedelta(minutes=1)
        said.append(bool(player.say("Gibt es gerade einen Pflegetipp für meine Mühle")))
    assert said == [True] * 5 + [False] * 3, "the fifth is the hand-over; then a human has the floor"
    [told] = [one for one in player.records if isinstance(one, HandedOff)]
    assert (told.reason, told.why) == ("human_request", "stuck")


def test_who_asks_the_same_every_day_is_waiting_for_something() -> None:
    player = bought("HM-01")
    player.scan()
    for _ in range(8):
        player.now += timedelta(days=1)
        assert player.say("Wo ist denn mein Paket?")
    assert not player.human


def test_stop_always_works_and_trouble_always_reaches_a_human() -> None:
    player = bought("HM-01")
    player.scan()
    player.state = changed(player.state, loop=Loop(score=LIMIT - 1, said_at=player.now))
    assert "kein" in player.say("Stop").lower() or player.state.opted_out
    assert player.say("Die Mühle ist kaputt, ich bin stinksauer! Ich bekomme nur automatische Antworten!")
    assert [one.reason for one in player.records if isinstance(one, HandedOff)] == ["complaint"]


def test_a_storm_of_answers_ends_whoever_writes() -> None:
    loop = Loop()
    for number in range(MOST_ANSWERS):
        assert judge(loop, f"Frage {number}", START, answers=False)[1] == "human"
        loop = answered(loop, START + number * SECONDS)
    assert judge(loop, "noch eine", START + STORM, answers=False)[1] == "stop"
    assert judge(loop, "noch eine", START + STORM + SECONDS, answers=False)[1] == "human"


@pytest.mark.parametrize(
    "text",
    [
        OFFICE,
        "Vielen Dank für Ihre Nachricht. Unsere Öffnungszeiten sind Montag bis Freitag von 9 bis 17 Uhr.",
        "Herzlichen Dank für Ihre Anfrage! Wir kümmern uns schnellstmöglich darum.",
        "Automatische Antwort: Ich bin bis 3. Dezember nicht erreichbar.",
        "Abwesenheitsnotiz – zurück am Montag",
        "Dies ist eine automatisch erstellte Nachricht, bitte nicht antworten.",
        "Ich bin derzeit im Urlaub. In dringenden Fällen wenden Sie sich an meine Vertretung.",
        "Thanks for reaching out! We're currently closed and will get back to you as soon as we can.",
        "Thank you for your message. Our business hours are 9 to 5.",
        "This is an automated message, please do not reply.",
        "Out of office until Monday",
        "Hallo, hier schreibt der automatische Assistent von Nordwand – ein Chatbot, kein Mensch.",
        "Hello, this is the automated assistant of Nordwand – a chatbot, not a person.",
    ],
)
def test_what_sounds_automatic(text: str) -> None:
    assert sounds_automatic(text)


@pytest.mark.parametrize(
    "text",
    [
        "Danke für deine Nachricht!",
        "Danke für die Nachricht, ich schaue heute Abend nach.",
        "Danke für deine Nachricht, die Mühle funktioniert wieder",
        "Ich bekomme hier immer nur eine automatische Antwort",
        "Ist das eine automatische Antwort?",
        "Bist du ein automatischer Assistent?",
        "Danke für deine Nachricht, aber habt ihr gerade nicht offen?",
        "Ich bin gerade im Urlaub, kann das Paket später kommen?",
        "Wir sind im Urlaub und der Nachbar nimmt es an",
        "I'm on holiday until Monday, can it come later?",
        "Was sind eure Öffnungszeiten?",
        "Schreibt hier ein Bot oder ein Mensch",
    ],
)
def test_what_a_human_says(text: str) -> None:
    assert not sounds_automatic(text)


TEXTS = st.text(max_size=80) | st.sampled_from([OFFICE, "Hallo", "Gibt es gerade Neues bei euch"])


@given(st.lists(st.tuples(TEXTS, st.integers(0, 600), st.booleans()), max_size=30))
def test_whatever_comes_is_judged_and_can_be_kept(heard: list[tuple[str, int, bool]]) -> None:
    loop, now = Loop(), START
    for text, pause, answers in heard:
        now += pause * SECONDS
        loop, verdict = judge(loop, text, now, answers=answers)
        assert verdict in {"human", "ignore", "stuck", "stop"}
        assert verdict != "human" or loop.score < LIMIT
        loop = answered(loop, now)
        assert text not in loop.prints or not text
    state = changed(State(), loop=loop)
    assert STATE.validate_json(STATE.dump_json(state)) == state
