"""Dates in a text, and what they mean on a given day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.days import easter, resolve
from nlu.entities import entities

NOW = date(2026, 3, 18)
"""A Wednesday."""


def said(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.value) for one in entities(text, None) if one.kind == "date"]


@pytest.mark.parametrize(
    ("text", "surface", "value", "day"),
    [
        ("gestern bestellt", "gestern", "-1d", date(2026, 3, 17)),
        ("heute früh", "heute früh", "0d", NOW),
        ("kommt es morgen?", "morgen", "+1d", date(2026, 3, 19)),
        ("ich schau übermorgen rein", "übermorgen", "+2d", date(2026, 3, 20)),
        ("the day before yesterday", "the day before yesterday", "-2d", date(2026, 3, 16)),
        ("hüt isch es cho", "hüt", "0d", NOW),
        ("seit letztem Dienstag", "Dienstag", "last:tue", date(2026, 3, 17)),
        ("am Freitag bestellt", "Freitag", "fri", date(2026, 3, 13)),
        ("next friday", "friday", "next:fri", date(2026, 3, 20)),
        ("bis Mittwoch", "Mittwoch", "next:wed", date(2026, 3, 25)),
        ("isch am Fritig gsi", "Fritig", "fri", date(2026, 3, 13)),
        ("Donnerstagabend", "Donnerstagabend", "thu", date(2026, 3, 12)),
        ("on sat, please", "sat", "sat", date(2026, 3, 14)),
        ("montags gehts immer", "montags", "every:mon", None),
        ("vor drei Wochen", "drei Wochen", "-3w", date(2026, 2, 25)),
        ("in 10 Tagen", "10 Tagen", "+10d", date(2026, 3, 28)),
        ("two weeks ago", "two weeks ago", "-2w", date(2026, 3, 4)),
        ("seit einem Monat", "einem Monat", "-1m", date(2026, 2, 18)),
        ("ein halbes Jahr her", "halbes Jahr her", "-6m", date(2025, 9, 18)),
        ("vor 5 min bestellt", "5 min", "-5min", NOW),
        ("3-5 Werktage", "3-5 Werktage", "5d", None),
        ("seit Wochen", "Wochen", "-?w", None),
        ("heute vor 12 tagen", "heute vor 12 tagen", "-12d", date(2026, 3, 6)),
        ("Tag 6", "Tag 6", "day:6", date(2026, 3, 12)),
        ("week three", "week three", "week:3", date(2026, 2, 25)),
        ("zugesagt war KW 12", "KW 12", "cw:12", date(2026, 3, 16)),
        ("14.3. bezahlt", "14.3.", "--03-14", date(2026, 3, 14)),
        ("am 14.3.2025", "14.3.2025", "2025-03-14", date(2025, 3, 14)),
        ("2026-03-14", "2026-03-14", "2026-03-14", date(2026, 3, 14)),
        ("03/14/2026", "03/14/2026", "2026-03-14", date(2026, 3, 14)),
        ("am 3. März", "3. März", "--03-03", date(2026, 3, 3)),
        ("1st of June", "1st of June", "--06-01", date(2026, 6, 1)),
        ("March 3rd", "March 3rd", "--03-03", date(2026, 3, 3)),
        ("am zwölften mai", "zwölften mai", "--05-12", date(2026, 5, 12)),
        ("since the 4th", "4th", "last:---04", date(2026, 3, 4)),
        ("bis zum 1.", "1.", "next:---01", date(2026, 4, 1)),
        ("am fünften bestellt", "fünften", "---05", date(2026, 3, 5)),
        ("seit Februar", "Februar", "last:--02", date(2026, 2, 1)),
        ("bis Ende Mai", "Ende Mai", "next:--05", date(2026, 5, 1)),
        ("in May", "May", "--05", date(2026, 5, 1)),
        ("rechnungen von 2023", "2023", "2023", date(2023, 1, 1)),
        ("seit Ostern", "Ostern", "last:easter", date(2025, 4, 20)),
        ("bis Weihnachten", "Weihnachten", "next:christmas", date(2026, 12, 25)),
        ("am black friday", "black friday", "black_friday", date(2025, 11, 28)),
        ("bis zum Muttertag", "Muttertag", "next:mothers_day", date(2026, 5, 10)),
        ("letzten Sommer", "Sommer", "last:summer", date(2025, 6, 21)),
        ("letzte woche", "letzte woche", "-1w", date(2026, 3, 11)),
        ("vorletzte Woche", "vorletzte Woche", "-2w", date(2026, 3, 4)),
        ("this month", "this month", "0m", NOW),
        ("am Wochenende", "Wochenende", "weekend", date(2026, 3, 14)),
        ("a fortnight ago", "a fortnight ago", "-2w", date(2026, 3, 4)),
    ],
)  # fmt: skip
def test_a_date_and_its_day(text: str, surface: str, value: str, day: date | None) -> None:
    assert said(text) == [(surface, value)]
    assert resolve(value, NOW) == day


def test_several_dates_in_a_row() -> None:
    assert [value for _, value in said("am 2., am 7. und am 15. gefragt")] == ["---02", "---07", "---15"]


@pytest.mark.parametrize(
    "text",
    [
        "Guten Morgen", "Morgen!", "morgen zusammen", "am morgen", "I may be wrong", "march on", "second try",
        "der 2. Stock", "32.13.", "5 Jahre alt", "Black Tea", "so I said", "schönen Tag", "4.5 Sterne",
        "99.99.2024", "puzzle mit 2000 teilen", "one day please", "Guadn Moang", "eines Tages",
    ],
)  # fmt: skip
def test_no_date(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2024, date(2024, 3, 31)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter(year: int, day: date) -> None:
    assert easter(year) == day


@pytest.mark.parametrize(
    "value", ["", "x", "3w", "-?w", "-?", "2026-02-30", "last:", "cw:99", "--13", "hour:", "next:none"]
)
def test_what_is_no_single_day_resolves_to_none(value: str) -> None:
    assert resolve(value, NOW) is None


@given(
    st.one_of(
        st.text(max_size=20),
        st.from_regex(r"[+-]?[0-9]{1,4}(min|h|d|w|m|y)", fullmatch=True),
        st.from_regex(
            r"((last|next|every):)?(--[0-9]{2}(-[0-9]{2})?|---[0-9]{2}|easter|black_friday|sun|weekend)",
            fullmatch=True,
        ),
        st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}|cw:[0-9]{1,3}|day:[0-9]{1,3}", fullmatch=True),
    ),
    st.dates(),
)
def test_resolving_never_fails(value: str, now: date) -> None:
    day = resolve(value, now)
    if day is not None and value.startswith("last:"):
        assert day <= now
    if day is not None and value.startswith("next:"):
        assert day > now
