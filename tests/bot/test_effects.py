"""What a dialog decided becomes what the store writes: every kind of record, and what proves a consent."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from bot.effects import acts_of, effects_of, floor_after, proof_of
from dialogs.facts import Journey
from dialogs.messages import (
    Due,
    Echo,
    Event,
    Media,
    OrderEvent,
    Preference,
    Reachability,
    Reaction,
    Tap,
    Text,
    ThreadControl,
)
from dialogs.records import (
    Answer,
    Answered,
    Bound,
    Braked,
    HandedOff,
    HandedOver,
    Mailed,
    Noted,
    Offered,
    OptedIn,
    OptedOut,
    Preferred,
    Promised,
    Rated,
    Record,
    Reminder,
    Touched,
)
from dialogs.state import State
from persistence.consents import NewConsent
from persistence.identity import Bond
from persistence.records import Effects, NewHandoff, NewRating, Relied
from persistence.reminders import NewReminder
from persistence.turns import Heard, Turn
from tests.persistence.world import T0

LATER = T0 + timedelta(days=1)


def turn(*events: tuple[str, Event], **more: Any) -> Turn:
    """A claimed turn with these events."""
    values: dict[str, Any] = {
        "conversation_id": 7, "version": 3, "channel": "whatsapp", "account": "shop", "address": "anna",
        "name": "Anna", "language": "de", "state": "{}", "floor": "bot", "status": "bot", "buyer_id": 5,
        "heard_at": T0, "attempts": 1, "leased_until": LATER,
        "events": tuple(Heard(n, name, T0, event) for n, (name, event) in enumerate(events)),
    }  # fmt: skip
    return Turn(**(values | more))


def effects(*records: Record, events: tuple[tuple[str, Event], ...] = (), **more: Any) -> Effects:
    """What the store gets for these records."""
    return effects_of(turn(*events), Answer(State(), records=records, **more), Journey())


CASES: dict[type[Any], tuple[Record, str, object]] = {
    Rated: (Rated("1", "HM-01", 4, "gut"), "ratings", (NewRating(4, "1", "HM-01", "gut"),)),
    Bound: (Bound("NKCODE", "1"), "bound", (Bond("NKCODE", "1"),)),
    HandedOff: (
        HandedOff("complaint", ("kaputt",), "high", LATER),
        "handoff",
        NewHandoff("complaint", ("kaputt",), 1, LATER),
    ),
    Promised: (Promised(LATER), "promised", LATER),
    OptedOut: (
        OptedOut("offers", "keine Werbung", "word", "Magst du?", "v1"),
        "consents",
        (NewConsent("offers", "withdrawn", "word", "keine Werbung", "Magst du?", "v1", ()),),
    ),
    OptedIn: (
        OptedIn("offers", "Ja", "tap", "Magst du?", "v1", "asked"),
        "consents",
        (NewConsent("offers", "asked", "tap", "Ja", "Magst du?", "v1", ()),),
    ),
    Answered: (Answered("shipping", sure=False), "notes", (("answer_perhaps", "shipping"),)),
    Noted: (Noted("order_number", "1001"), "notes", (("order_number", "1001"),)),
    Preferred: (Preferred("usage", "espresso"), "preferences", (Preferred("usage", "espresso"),)),
    Offered: (
        Offered("DANKE", 10, ("EB-500",), LATER, "bundle"),
        "offers",
        (Offered("DANKE", 10, ("EB-500",), LATER, "bundle"),),
    ),
    Braked: (Braked("mood"), "brakes", (Braked("mood"),)),
    Touched: (Touched("a:1", "a", "service", "sent"), "touched", (Touched("a:1", "a", "service", "sent"),)),
    HandedOver: (
        HandedOver(8, Reminder("a:1", T0)),
        "handed",
        (HandedOver(8, Reminder("a:1", T0)),),
    ),
    Mailed: (Mailed("a:1", "a", "service", "1"), "mails", (Mailed("a:1", "a", "service", "1"),)),
}


@pytest.mark.parametrize("kind", get_args(Record))
def test_every_record_is_written(kind: type[Any]) -> None:
    record, where, expected = CASES[kind]
    alone: dict[str, Any] = {where: expected}
    assert effects(record) == Effects(**alone)


def test_the_records_of_a_turn_keep_their_order() -> None:
    made = effects(
        Touched("a:1", "a", "service", "planned"),
        OptedIn("feedback"),
        Touched("a:1", "a", "service", "sent"),
        OptedOut("feedback"),
    )
    assert [one.fate for one in made.touched] == ["planned", "sent"]
    assert [(one.purpose, one.action) for one in made.consents] == [
        ("feedback", "given"),
        ("feedback", "withdrawn"),
    ]


def test_reminders_and_their_ends() -> None:
    made = effects(reminders=(Reminder("a:1", LATER, {"kind": "touch"}),), cancel=("b:1",))
    assert made.reminders == (NewReminder("a:1", LATER, {"kind": "touch"}),)
    assert made.cancelled == ("b:1",)


# -- what is said unasked


def test_what_is_said_unasked_relies_on_the_buyers_journey() -> None:
    said = Answer(State(), proactive=True)
    assert effects_of(turn(), said, Journey(version=9)).journey == Relied(5, 9)
    assert effects_of(turn(buyer_id=None), said, Journey()).journey == Relied(None, 0)
    assert effects_of(turn(), Answer(State()), Journey(version=9)).journey is None


# -- proof


def test_a_consent_is_proven_by_what_was_said_and_what_was_tapped() -> None:
    made = effects(
        OptedIn("offers", "Ja, gern", "tap"),
        events=(("in-1", Tap("consent.1.yes", "Ja, gern", "wamid.asked")), ("in-2", Text("danke"))),
    )
    [line] = made.consents
    assert line.message_ids == ("in-1", "wamid.asked", "in-2")


def test_only_what_the_buyer_did_proves_anything() -> None:
    events: tuple[tuple[str, Event], ...] = (
        ("reminder:1", Due(1, "rating:1")),
        ("1:paid:7", OrderEvent("1", "paid")),
        ("in-1", Text("stopp")),
        ("pass", ThreadControl("pass", ours=True)),
        ("in-1", Text("stopp")),
        ("in-2", Media((), "und hier")),
        ("in-3", Reaction("m1", "❤️")),
        ("4917:stop", Preference("marketing_messages", allowed=False)),
        ("block", Reachability(reachable=False)),
    )
    assert proof_of(turn(*events)) == ("in-1", "in-2", "in-3", "4917:stop")


# -- the platform's own events


def test_who_has_blocked_us_is_not_reachable() -> None:
    blocked = ("b1", Reachability(reachable=False))
    assert effects(events=(blocked,)).reachable is False
    assert effects(events=(blocked, ("b2", Reachability(reachable=True)))).reachable is True
    assert effects().reachable is None


# -- who has the conversation


@pytest.mark.parametrize(
    ("status", "floor", "events", "acts", "after"),
    [
        ("bot", "bot", (Text("hallo"),), ("buyer",), "bot"),
        ("bot", "bot", (Echo("m9", "ich schaue"),), ("phone",), "phone"),
        ("bot", "bot", (Text("hallo"), Echo("m9")), ("buyer", "phone"), "phone"),
        ("waiting", "agent", (Text("hallo"),), ("buyer",), "agent"),
        ("pending", "phone", (ThreadControl("given", ours=True),), ("ours",), "bot"),
        ("pending", "phone", (Text("ja?"), ThreadControl("given", ours=True)), ("buyer", "ours"), "agent"),
        ("agent", "agent", (ThreadControl("given", ours=True),), ("ours",), "agent"),
        ("bot", "bot", (ThreadControl("taken", ours=False),), ("phone",), "phone"),
        ("resolved", "bot", (Text("hallo"),), ("buyer",), "bot"),
    ],
)
def test_who_has_the_floor_follows_from_the_events_in_their_order(
    status: str, floor: str, events: tuple[Event, ...], acts: tuple[str, ...], after: str
) -> None:
    here = turn(*((f"e{number}", one) for number, one in enumerate(events)), status=status, floor=floor)
    assert acts_of(here) == acts
    assert floor_after(here) == after
    assert effects_of(here, Answer(State()), Journey()).acts == acts
