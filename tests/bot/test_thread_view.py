"""How a thread is laid out: days, speakers, marks, folds, and words for all that happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.happened import Happened, Names, happened_of, number_of, spoken
from bot.web.thread_view import FOLDED, LONG, Line, delivery_of, lines_of, pieces_of, span_words
from bot.web.wording import read_words
from dialogs.messages import Due, JobDone, OrderEvent, Preference, Reachability, Tagged, ThreadControl
from persistence.desk_thread import DeskEvent, Item, Mark

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
NAMES = Names({7: "Kim", 8: "Anton"}, {3: "Werkstatt"}, {"wear": "Verschleiß"})
KEYS = read_words().keys("de")


def item(key: str = "i1", ago: float = 0, side: str = "buyer", **more: Any) -> Item:
    """One thing in a thread, so many minutes ago."""
    ids = (
        {"inbox_id": int(key[1:])} if key[0] == "i" else {"outbox_id": int(key[1:])} if key[0] == "o" else {}
    )
    values = {"kind": "text", "text": "Hallo", **ids, **more}
    return Item(key=key, at=NOW - timedelta(minutes=ago), side=side, **values)  # type: ignore[arg-type]  # a table of cases


def laid_out(*items: Item, **more: Any) -> tuple[Line, ...]:
    """The lines of these items."""
    values = {
        "channel": "whatsapp",
        "language": "de",
        "names": NAMES,
        "timezone": "Europe/Berlin",
        "now": NOW,
    }
    return lines_of(items, **{**values, **more})


def desk(kind: str, actor: str = "account:7", reason: str = "", **detail: object) -> Happened:
    """What an event of the desk says."""
    event = DeskEvent(kind, actor, reason, detail)
    return happened_of(item("e1", side="event", kind=kind, desk=event, text=""), NAMES)


def test_a_day_opens_with_its_first_message_by_the_clocks_of_the_shop() -> None:
    late = Item("i1", datetime(2026, 11, 25, 22, 59, tzinfo=UTC), "buyer", "text", text="a")
    after = Item("i2", datetime(2026, 11, 25, 23, 1, tzinfo=UTC), "buyer", "text", text="b")
    lines = laid_out(late, after, item("i3"))
    assert [(line.day.day, line.opens_day) for line in lines] == [(25, True), (26, True), (26, False)]


def test_what_one_speaker_says_in_a_row_stands_together() -> None:
    lines = laid_out(
        item("o1", 10, "agent", who=7, status="sent"),
        item("o2", 9, "agent", who=7, status="sent"),
        item("o3", 8, "agent", who=8, status="sent"),
        item("o4", 1, "agent", who=8, status="sent"),
    )
    assert [line.joins for line in lines] == [False, True, False, False]


def test_marks_cut_the_text_and_may_overlap() -> None:
    one, two = Mark(4, 9, "defect", 1), Mark(6, 12, "mood", 1)
    pieces = pieces_of("Das ist kaputt", [two, one])
    assert [(piece.text, piece.mark) for piece in pieces] == [
        ("Das ", None),
        ("ist k", one),
        ("apu", two),
        ("tt", None),
    ]


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=6))
def test_no_mark_loses_a_letter(text: str, spans: list[tuple[int, int]]) -> None:
    pieces = pieces_of(text, [Mark(start, end, "x", 1) for start, end in spans])
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)


def test_a_long_text_is_folded_and_whole() -> None:
    [line] = laid_out(item(text="x" * (LONG + 1), marks=(Mark(FOLDED - 5, FOLDED + 5, "mood", 1),)))
    assert sum(len(piece.text) for piece in line.pieces) == FOLDED
    assert sum(len(piece.text) for piece in (*line.pieces, *line.folded)) == LONG + 1
    [short] = laid_out(item(text="x" * LONG))
    assert short.folded == ()


def test_nothing_of_what_was_taken_back_is_shown() -> None:
    [line] = laid_out(item(text="geheim", unsent=True, marks=(Mark(0, 3, "mood", 1),)))
    assert (line.pieces, line.marks) == ((), ())


def test_a_flow_is_named_where_it_begins() -> None:
    lines = laid_out(
        item("o1", 9, "bot", flow="setup", status="sent"),
        item("o2", 8, "bot", flow="setup", status="sent"),
        item("o3", 7, "bot", flow="rating", status="sent"),
        item("o4", 6, "bot", flow="rating", touchpoint="t", status="sent"),
    )
    assert [line.begins for line in lines] == ["", "", "rating", ""]
    [asked] = laid_out(item("o9", side="bot", flow="rating", touchpoint="t", status="sent"))
    assert asked.begins == "rating"


@pytest.mark.parametrize(
    ("more", "mark"),
    [
        ({"status": "waiting", "undo_until": NOW + timedelta(seconds=3)}, "undo"),
        ({"status": "waiting", "undo_until": NOW - timedelta(seconds=3)}, "waiting"),
        ({"status": "sent", "delivery": "read"}, "read"),
        ({"status": "sent", "delivery": None}, "sent"),
        ({"status": "parked"}, "parked"),
    ],
)
def test_how_far_a_message_has_come(more: dict[str, Any], mark: str) -> None:
    assert delivery_of(item("o1", side="agent", **more), NOW) == mark
    assert f"thread.delivery.{mark}" in KEYS


def test_what_came_has_no_mark_and_what_failed_has_words() -> None:
    lines = laid_out(item("i1"), item("o2", side="agent", status="failed", code="131026"))
    assert (lines[0].delivery, lines[0].failure) == ("", None)
    assert lines[1].failure is not None
    assert "anderen Kanal" in lines[1].failure.do


def test_replies_are_not_told_twice() -> None:
    event = DeskEvent("replied", "account:7", "", {})
    assert laid_out(item("e1", side="event", kind="replied", desk=event, text="")) == ()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (desk("claimed"), Happened("claimed", "Kim")),
        (desk("claimed", over=8), Happened("claimed_over", "Kim", "Anton")),
        (desk("assigned", to=8), Happened("assigned", "Kim", to="Anton")),
        (desk("assigned", team=3), Happened("assigned_team", "Kim", to="Werkstatt")),
        (desk("assigned", to=None, team=None), Happened("assigned_nobody", "Kim")),
        (desk("snoozed", until=NOW.isoformat()), Happened("snoozed", "Kim", until=NOW)),
        (desk("promised", "bot", until=NOW.isoformat()), Happened("promised", until=NOW)),
        (desk("prioritised", priority=2), Happened("prioritised", "Kim", level=2)),
        (desk("resolved", cause="wear"), Happened("resolved_cause", "Kim", cause="Verschleiß")),
        (desk("resolved"), Happened("resolved", "Kim")),
        (desk("returned", why="back"), Happened("returned", "Kim")),
        (desk("returned", "clock", why="phone_quiet"), Happened("returned_quiet")),
        (desk("labelled", name="VIP"), Happened("labelled", "Kim", name="VIP")),
        (desk("escalated", "bot", "defect"), Happened("escalated", why="defect")),
        (desk("phone_took", "phone"), Happened("phone_took")),
        (desk("something_new"), Happened("other", "Kim", name="something new")),
        (desk("snoozed", until="never"), Happened("other", "Kim", name="snoozed")),
    ],
    ids=lambda one: one.key if isinstance(one, Happened) else "",
)
def test_what_happened_at_the_desk_has_words(told: Happened, expected: Happened) -> None:
    assert told == expected
    assert f"thread.event.{told.key}" in KEYS


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (Due(1, "setup_later:1002"), "due"),
        (OrderEvent("1", "shipped"), "order"),
        (Tagged("vip"), "tagged"),
        (Reachability(reachable=False), "unreachable"),
        (Preference("marketing", allowed=False), "preference_off"),
        (ThreadControl("pass", ours=True), "control_ours"),
        (JobDone(1, ok=True), "job_done"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_others_tell_has_words(event: Any, key: str) -> None:
    assert happened_of(item("i1", side="event", kind=event.kind, event=event, text=""), NAMES).key == key
    assert f"thread.event.{key}" in KEYS


@given(
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["to", "over", "until", "priority", "cause"]), st.text()),
)
def test_whatever_is_told_has_words(kind: str, detail: dict[str, object]) -> None:
    event = DeskEvent(kind, "account:9", "", detail)
    told = happened_of(item("e1", side="event", kind=kind, desk=event, text=""), NAMES)
    assert f"thread.event.{told.key}" in KEYS


def test_names_of_scripts_are_read_as_people_write() -> None:
    assert spoken("setup_later:1002") == "setup later"
    assert number_of("-12") == -12
    assert number_of("9" * 30) is None
    assert number_of(True) is None


@pytest.mark.parametrize(
    ("seconds", "german", "english"),
    [
        (0, "0 Sek.", "0 s"),
        (75, "1 Min. 15 Sek.", "1 min 15 s"),
        (1800, "30 Min.", "30 min"),
        (18_720, "5 Std. 12 Min.", "5 h 12 min"),
        (-18_720, "5 Std. 12 Min.", "5 h 12 min"),
        (200_000, "2 Tg. 7 Std.", "2 d 7 h"),
    ],
)
def test_time_is_told_in_its_two_largest_units(seconds: int, german: str, english: str) -> None:
    assert span_words(timedelta(seconds=seconds), "de") == german
    assert span_words(timedelta(seconds=seconds), "en") == english
