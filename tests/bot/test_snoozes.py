"""Moments to put a thread away until."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.web.snoozes import snoozes
from dialogs.opening import Opening, parse_hours

DAY, CLOSED = parse_hours("9-17"), parse_hours("closed")
OPENING = Opening((DAY, DAY, DAY, DAY, DAY, CLOSED, CLOSED), zone=ZoneInfo("Europe/Berlin"))
NEVER = Opening((CLOSED,) * 7)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_thursday_morning_offers_all_moments_that_differ() -> None:
    now = berlin("2026-11-26T10:00").astimezone(UTC)
    assert snoozes(now, OPENING) == (
        ("hour", now + timedelta(hours=1)),
        ("afternoon", berlin("2026-11-26T15:00")),
        ("tomorrow", berlin("2026-11-27T09:00")),
        ("week", berlin("2026-11-30T09:00")),
    )


def test_on_a_friday_evening_the_desk_opens_again_on_monday() -> None:
    offered = dict(snoozes(berlin("2026-11-27T18:00").astimezone(UTC), OPENING))
    assert "afternoon" not in offered
    assert offered["tomorrow"] == berlin("2026-11-28T09:00")
    assert offered["opening"] == berlin("2026-11-30T09:00")
    assert "week" not in offered  # the same moment


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.sampled_from([OPENING, NEVER]))  # noqa: DTZ001 - Hypothesis wants bounds without a zone
def test_every_moment_is_ahead_and_none_twice(moment: datetime, opening: Opening) -> None:
    now = moment.replace(tzinfo=UTC)
    moments = [one for _, one in snoozes(now, opening)]
    assert moments == sorted(set(moments))
    assert all(one >= now + timedelta(hours=1) for one in moments)
