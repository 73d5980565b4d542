"""Opening hours: when somebody is there, what open time is, and what may be promised by it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.opening import WEEKDAYS, Day, Opening, OpeningError, parse_hours

BERLIN = ZoneInfo("Europe/Berlin")
ZURICH = ZoneInfo("Europe/Zurich")
NEVER = Opening(((), (), (), (), (), (), ()))
ALWAYS = Opening((((0, 1440),),) * 7)
SHOP = Opening(
    (((540, 720), (780, 1050)),) * 4 + (((540, 720),), ((600, 840),), ()),
    holidays=frozenset({date(2026, 12, 24)}),
    yearly=frozenset({(12, 25), (12, 26)}),
)
"""With a break at noon, half a Friday, and a Saturday from ten to two."""

MOMENTS = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
HOURS = st.integers(1, 168)


def at(text: str) -> datetime:
    """A moment by Berlin's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_hours_are_read_as_people_write_them() -> None:
    assert parse_hours("9-17") == ((540, 1020),)
    assert parse_hours("9:00-12:00, 13:00-17:30") == ((540, 720), (780, 1050))
    assert parse_hours(" 13 bis 17 Uhr,9.30 – 12 ") == ((570, 720), (780, 1020))
    assert parse_hours("9-12, 12-17") == ((540, 1020),)
    assert parse_hours("0-24") == ((0, 1440),)
    assert [parse_hours(word) for word in ("closed", "Geschlossen", "", "-")] == [()] * 4


@pytest.mark.parametrize(
    "text", ["9", "17-9", "9-9", "9-25", "9-24:30", "nine to five", "9-12, 11-13", "9-17,"]
)
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(OpeningError, match=r"\w"):
        parse_hours(text)


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-11-05 08:59", False),
        ("2026-11-05 09:00", True),
        ("2026-11-05 12:00", False),
        ("2026-11-05 12:30", False),
        ("2026-11-05 13:00", True),
        ("2026-11-05 17:30", False),
        ("2026-11-06 13:00", False),
        ("2026-11-07 10:00", True),
        ("2026-11-08 10:00", False),
        ("2026-12-24 10:00", False),
        ("2026-12-25 10:00", False),
        ("2027-12-25 10:00", False),
    ],
)
def test_when_somebody_is_there(moment: str, there: bool) -> None:
    assert SHOP.is_open(at(moment)) is there


def test_the_next_opening_is_now_while_somebody_is_there() -> None:
    assert SHOP.next_opening(at("2026-11-05 10:00")) == at("2026-11-05 10:00")
    assert SHOP.next_opening(at("2026-11-05 12:10")) == at("2026-11-05 13:00")
    assert SHOP.next_opening(at("2026-11-07 14:00")) == at("2026-11-09 09:00")
    assert SHOP.next_opening(at("2026-12-23 18:00")) == at("2026-12-28 09:00")
    assert NEVER.next_opening(at("2026-11-05 10:00")) is None


def test_open_time_goes_on_over_breaks_nights_and_weekends() -> None:
    assert SHOP.add_open_time(at("2026-11-05 11:00"), timedelta(hours=2)) == at("2026-11-05 14:00")
    assert SHOP.add_open_time(at("2026-11-06 11:00"), timedelta(hours=6)) == at("2026-11-09 10:00")
    assert SHOP.add_open_time(at("2026-11-05 20:00"), timedelta(0)) == at("2026-11-06 09:00")
    assert NEVER.add_open_time(at("2026-11-05 20:00"), timedelta(hours=1)) is None


def test_the_desk_opens_at_nine_on_both_sides_of_a_change_of_clocks() -> None:
    spring, autumn = at("2026-03-27 16:00"), at("2026-10-23 16:00")
    assert WEEKDAYS.add_open_time(spring, timedelta(hours=2)) == at("2026-03-30 10:00")
    assert WEEKDAYS.add_open_time(autumn, timedelta(hours=2)) == at("2026-10-26 10:00")
    assert ALWAYS.add_open_time(at("2026-03-28 12:00"), timedelta(hours=24)) == at("2026-03-29 13:00")
    assert ALWAYS.open_time(at("2026-10-24 12:00"), at("2026-10-25 12:00")) == timedelta(hours=25)


@pytest.mark.parametrize(
    ("moment", "hours", "promised"),
    [
        ("2026-11-05 11:00", 24, "2026-11-06 11:00"),  # the same time tomorrow
        ("2026-11-06 11:00", 24, "2026-11-09 11:00"),  # on Friday: the same time on Monday
        ("2026-11-05 20:00", 24, "2026-11-06 17:00"),  # in the evening: all of tomorrow
        ("2026-11-05 07:00", 24, "2026-11-05 17:00"),  # before the desk opens: all of today
        ("2026-11-07 11:00", 24, "2026-11-09 17:00"),  # at the weekend: all of Monday
        ("2026-11-05 16:00", 4, "2026-11-06 12:00"),  # open hours
        ("2026-11-05 10:12", 4, "2026-11-05 14:30"),  # by half hours
        ("2026-11-05 12:50", 4, "2026-11-05 17:00"),  # but not after closing
        ("2026-11-05 11:00", 12, "2026-11-06 11:00"),  # never longer than a day's promise
        ("2026-11-05 11:00", 48, "2026-11-09 11:00"),
        ("2026-11-05 11:00", 168, "2026-11-12 11:00"),
        ("2026-03-27 11:00", 24, "2026-03-30 11:00"),  # over the change to summer time
        ("2026-10-23 11:00", 24, "2026-10-26 11:00"),
    ],
)
def test_a_promise(moment: str, hours: int, promised: str) -> None:
    assert WEEKDAYS.promised(at(moment), hours) == at(promised)


def test_a_promise_over_holidays_and_by_other_hours() -> None:
    assert SHOP.promised(at("2026-12-23 11:00"), 24) == at("2026-12-28 11:00")
    assert SHOP.promised(at("2026-11-05 15:00"), 24) == at("2026-11-06 12:00"), "half a Friday"
    assert SHOP.promised(at("2026-11-05 12:20"), 24) == at("2026-11-06 12:00"), "in the break"
    assert ALWAYS.promised(at("2026-11-07 03:10"), 1) == at("2026-11-07 04:30")


def test_a_desk_that_never_opens_goes_by_the_plain_hours() -> None:
    assert NEVER.promised(at("2026-11-06 11:03"), 24) == at("2026-11-07 11:03")


def test_the_calendars_ends_are_survived() -> None:
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        WEEKDAYS.promised(moment, 24)
        WEEKDAYS.is_open(moment)


@given(MOMENTS, HOURS)
def test_a_promise_is_later_by_no_more_than_the_weekend(moment: datetime, hours: int) -> None:
    """From Friday 5 p.m. to Monday 9 a.m. nobody is there; half an hour is for rounding."""
    promised = WEEKDAYS.promised(moment, hours)
    assert moment < promised <= moment + timedelta(hours=hours + 64, minutes=30)
    there = promised.astimezone(BERLIN)
    assert there.weekday() < 5
    assert 9 <= there.hour <= 17
    assert (there.minute % 30, there.second, there.microsecond) == (0, 0, 0)


@given(MOMENTS, HOURS)
def test_who_is_always_there_keeps_the_plain_hours(moment: datetime, hours: int) -> None:
    promised = ALWAYS.promised(moment, hours)
    assert moment + timedelta(hours=hours - 1) <= promised <= moment + timedelta(hours=hours + 1, minutes=30)


SPANS = st.lists(st.integers(0, 48), min_size=2, max_size=4, unique=True).map(sorted)


def day(halves: list[int]) -> Day:
    """Spans from half hours of the day."""
    return tuple((start * 30, end * 30) for start, end in zip(halves[::2], halves[1::2], strict=False))


DAYS = SPANS.map(day) | st.just(())
OPENINGS = st.builds(
    lambda week, zone: Opening(week, zone=zone),
    st.tuples(DAYS, DAYS, DAYS, DAYS, DAYS, DAYS, DAYS),
    st.sampled_from([BERLIN, ZURICH, ZoneInfo("Atlantic/Canary")]),
)


@given(OPENINGS, MOMENTS, st.integers(0, 60 * 24 * 14))
def test_open_time_added_is_open_time_passed(opening: Opening, moment: datetime, minutes: int) -> None:
    duration = timedelta(minutes=minutes)
    end = opening.add_open_time(moment, duration)
    if end is not None:
        assert end >= moment
        assert opening.open_time(moment, end) == duration


@given(OPENINGS, MOMENTS, st.integers(0, 3000), st.integers(0, 3000))
def test_more_takes_longer(opening: Opening, moment: datetime, less: int, more: int) -> None:
    first = opening.add_open_time(moment, timedelta(minutes=less))
    second = opening.add_open_time(moment, timedelta(minutes=less + more))
    assert first is None or (second is not None and first <= second)


@given(OPENINGS, MOMENTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(opening: Opening, moment: datetime) -> None:
    found = opening.next_opening(moment)
    if found is None:
        assert not any(opening.week)
        return
    assert opening.is_open(found)
    assert opening.open_time(moment, found) == timedelta(0)


@given(OPENINGS, MOMENTS, HOURS)
def test_every_promise_lies_ahead_and_at_the_desk(opening: Opening, moment: datetime, hours: int) -> None:
    promised = opening.promised(moment, hours)
    assert promised > moment
    if any(opening.week):
        assert opening.is_open(promised - timedelta(microseconds=1)) or opening.is_open(promised)
