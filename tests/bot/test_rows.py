"""What a row of the queue shows, and filters as addresses."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.desk import pieces
from bot.web.rows import (
    CURVE_HEIGHT,
    CURVE_WIDTH,
    countdown,
    curve,
    filter_query,
    initials,
    narrowed,
    read_filter,
    span,
)
from persistence.desk_queue import TABS, Filter
from persistence.desk_rows import QueueRow

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


def row(
    status: str = "waiting", *, owed: timedelta | None = None, snoozed: timedelta | None = None
) -> QueueRow:
    return QueueRow(
        id=1, name="Lena", channel="whatsapp", account="shop", status=status, floor="agent", assignee=None,
        team=None, priority=0, reason="", why="", evidence="", answer_by=None if owed is None else NOW + owed,
        waiting_since=NOW, heard_at=NOW, snoozed_until=None if snoozed is None else NOW + snoozed,
        preview="", preview_kind="text",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "urgency", "time", "unit"),
    [
        (row(owed=timedelta(minutes=4, seconds=5)), "near", "4:05", "min"),
        (row(owed=timedelta(minutes=59, seconds=59)), "calm", "59:59", "min"),
        (row(owed=timedelta(hours=3, minutes=20)), "calm", "3:20", "h"),
        (row(owed=timedelta(hours=48)), "calm", "2", "days"),
        (row(owed=-timedelta(minutes=12)), "over", "12:00", "min"),
        (row(owed=timedelta(0)), "over", "0:00", "min"),
        (row(owed=-timedelta(days=3)), "over", "3", "days"),
        (row("agent", owed=timedelta(hours=1)), "calm", "1:00", "h"),
        (row("snoozed", snoozed=timedelta(hours=2)), "asleep", "2:00", "h"),
        (row(), "none", "", "min"),
        (row("pending", owed=timedelta(hours=1)), "answered", "", "min"),
        (row("resolved"), "done", "", "min"),
        (row("bot"), "done", "", "min"),
    ],
)
def test_a_countdown_runs_against_the_promise(shown: QueueRow, urgency: str, time: str, unit: str) -> None:
    count = countdown(shown, NOW)
    assert (count.urgency, count.time, count.unit) == (urgency, time, unit)


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_a_length_is_the_same_before_and_after(length: timedelta) -> None:
    assert span(length) == span(-length)


@given(st.lists(st.floats(allow_nan=False), max_size=20))
def test_a_curve_stays_in_its_box(moods: list[float]) -> None:
    drawn = curve(moods)
    assert (drawn is None) == (not moods)
    if drawn is None:
        return
    for spot in drawn.points.split():
        x, y = map(float, spot.split(","))
        assert 0 <= x <= CURVE_WIDTH
        assert 0 <= y <= CURVE_HEIGHT


@pytest.mark.parametrize(
    ("moods", "mood", "trend"),
    [
        ((0.6, 0.2, -0.7), "bad", "falling"),
        ((-0.6, -0.4, 0.5), "good", "rising"),
        ((0.0,), "mixed", "steady"),
        ((-0.5, -0.5), "bad", "steady"),
    ],
)
def test_a_curve_is_said_in_two_words(moods: tuple[float, ...], mood: str, trend: str) -> None:
    drawn = curve(moods)
    assert drawn is not None
    assert (drawn.mood, drawn.trend) == (mood, trend)


@given(st.text(max_size=40))
def test_initials_are_one_or_two_letters(name: str) -> None:
    assert 1 <= len(initials(name)) <= 2


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Lena Maier", "LM"), ("Jonas", "J"), ("Anna-Lena von Hohenstein", "AH"), ("  ", "?"), ("(:", "?")],
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters


filters = st.builds(
    Filter,
    tab=st.sampled_from(TABS),
    assignee=st.none() | st.integers(0, 10**9),
    team=st.none() | st.integers(0, 10**9),
    channel=st.sampled_from([None, "instagram", "whatsapp", "telegram"]),
    label=st.none() | st.integers(0, 10**9),
    reason=st.sampled_from([None, "defect", "own & = # ü"]),
    priority=st.sampled_from([None, -1, 0, 1, 2]),
    text=st.text("abc äöü&=?#/", max_size=20).map(str.strip),
)


@given(filters)
def test_a_filter_comes_back_from_its_address(wanted: Filter) -> None:
    query = dict(parse_qsl(filter_query(wanted).removeprefix("?")))
    assert read_filter(query) == wanted
    assert read_filter(dict(parse_qsl(filter_query(wanted, tab="mine").removeprefix("?")))).tab == "mine"


@given(
    st.dictionaries(st.sampled_from(["tab", "assignee", "team", "channel", "label", "priority"]), st.text())
)
def test_whatever_an_address_says_is_a_filter(query: dict[str, str]) -> None:
    wanted = read_filter(query)
    assert wanted.tab in TABS
    assert narrowed(wanted) <= 5


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6))
def test_a_text_with_marks_is_all_there(text: str, marks: list[tuple[int, int]]) -> None:
    cut = pieces(text, [(max(start, 0), end) for start, end in marks])
    assert all(words for words, _ in cut)
    if text.isascii() and text.isprintable():
        assert "".join(words for words, _ in cut) == text
