"""When something is said of our own accord: the buyer's clock, their night, the days of a product."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.facts import Pacing
from dialogs.flow import After, Trigger
from dialogs.shop import Item, Order, Product
from dialogs.timing import (
    after,
    awake,
    due_at,
    is_quiet,
    local,
    next_date,
    next_time,
    not_before,
    this_evening,
    zone_of,
)

BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 1),  # noqa: DTZ001 - the zone is added by `timezones`
    max_value=datetime(9999, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
ZONES = st.sampled_from([BERLIN, "America/New_York", "Asia/Kolkata", "Nowhere/Else", "../etc", ""])
CLOCKS = st.times().map(lambda clock: clock.replace(microsecond=0))


def bought(*items: tuple[str, int]) -> Order:
    lines = tuple(Item(sku, sku, quantity) for sku, quantity in items)
    return Order("o1", "1001", "EUR", Decimal(1), NOW, "delivered", items=lines)


PRODUCTS = {
    "FAST": Product("FAST", {"de": "Kaffee"}, pace="fast", consumption_days=14),
    "SLOW": Product("SLOW", {"de": "Mühle"}),
    "OWN": Product("OWN", {"de": "Zelt"}, days={"rating": 21}),
}


@pytest.mark.parametrize(
    ("items", "days"),
    [
        ([("FAST", 1)], 5),
        ([("SLOW", 1)], 10),
        ([("FAST", 1), ("SLOW", 1)], 10),
        ([("FAST", 1), ("?", 1)], 10),
        ([("?", 1)], 10),
        ([("FAST", 1), ("OWN", 1)], 21),
        ([], 10),
    ],
)
def test_the_pace_of_what_was_bought_decides(items: list[tuple[str, int]], days: int) -> None:
    trigger = Trigger("order", "delivered", After(timedelta(days=5), timedelta(days=10)))
    at = due_at(trigger, "rating", NOW, bought(*items), PRODUCTS, Pacing(), BERLIN)
    assert at is not None
    assert local(at, BERLIN) == local(NOW, BERLIN).replace(hour=10) + timedelta(days=days)


def test_used_up_counts_what_was_bought_of_it() -> None:
    trigger = Trigger("order", "delivered", After(timedelta(days=-5), timedelta(days=-5), used_up=True))
    at = due_at(trigger, "reorder", NOW, bought(("FAST", 2)), PRODUCTS, Pacing(), BERLIN)
    assert at is not None
    assert (at - NOW).days == 2 * 14 - 5


def test_at_once_is_at_once_and_a_time_of_day_is_kept() -> None:
    assert due_at(Trigger("order", "shipped"), "f", NOW, None, {}, Pacing(), BERLIN) == NOW
    at = due_at(Trigger("order", "shipped", at=time(18)), "f", NOW, None, {}, Pacing(), BERLIN)
    assert at is not None
    assert local(at, BERLIN).hour == 18


@given(MOMENTS, ZONES, CLOCKS, CLOCKS)
def test_nobody_is_woken(moment: datetime, timezone: str, start: time, end: time) -> None:
    pacing = Pacing(quiet_from=start, quiet_to=end)
    morning = awake(moment, pacing, timezone)
    if moment.year < 9999:
        assert morning >= moment
        assert morning - moment <= timedelta(days=2)
        assert morning == moment or is_quiet(moment, pacing, timezone)
        usual = not_before(moment, pacing, timezone)
        assert usual >= moment


@given(MOMENTS, ZONES, CLOCKS)
def test_the_next_time_of_day_is_in_the_future(moment: datetime, timezone: str, clock: time) -> None:
    following = next_time(moment, clock, timezone)
    if 1 < moment.year < 9999:
        assert moment < following <= moment + timedelta(days=2)
        assert this_evening(moment, Pacing(), timezone) > moment


@given(MOMENTS, st.timedeltas())
def test_no_span_leaves_the_calendar(moment: datetime, span: timedelta) -> None:
    later = after(moment, span)
    assert later.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "today", "expected"),
    [
        ("birthday", date(2026, 11, 2), date(2027, 5, 4)),
        ("birthday", date(2026, 5, 4), date(2026, 5, 4)),
        ("anniversary", date(2026, 3, 1), date(2026, 9, 9)),
        ("anniversary", date(2025, 9, 9), date(2026, 9, 9)),
        ("12-06", date(2026, 12, 6), date(2026, 12, 6)),
        ("12-06", date(2026, 12, 7), date(2027, 12, 6)),
        ("02-29", date(2026, 1, 1), date(2026, 2, 28)),
        ("13-40", date(2026, 1, 1), None),
        ("nonsense", date(2026, 1, 1), None),
    ],
)
def test_the_next_of_a_day_in_the_year(value: str, today: date, expected: date | None) -> None:
    assert next_date(value, today, date(1990, 5, 4), date(2025, 9, 9)) == expected


def test_a_birthday_that_nobody_told_is_not_kept() -> None:
    assert next_date("birthday", date(2026, 1, 1), None, None) is None


def test_hours_are_counted_as_such() -> None:
    trigger = Trigger("order", "paid", After(timedelta(hours=6), timedelta(hours=6)))
    assert due_at(trigger, "f", NOW, None, {}, Pacing(), BERLIN) == NOW + timedelta(hours=6)


@pytest.mark.parametrize(
    ("country", "zone"),
    [("DE", BERLIN), ("CH", "Europe/Zurich"), ("GB", "Europe/London"), ("US", BERLIN), ("", BERLIN)],
)
def test_the_buyers_country_tells_their_time(country: str, zone: str) -> None:
    assert zone_of(country, "DE", BERLIN) == zone
