"""Whatever people write, a spreadsheet shows it and runs none of it."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.csv_lines import LONGEST_CELL, Cell, Separator, harmless, line

SEPARATORS: tuple[Separator, ...] = get_args(Separator)


def read(written: str, separator: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written, newline=""), delimiter=separator, strict=True))


@pytest.mark.parametrize(
    "attack",
    [
        '=HYPERLINK("https://evil.example","x")',
        "+49170",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\n=1",
        "\u00a0=1",
        "\ufeff=cmd|' /C calc'!A0",
        "＝1+1",
    ],
)
def test_a_formula_becomes_text(attack: str) -> None:
    assert harmless(attack) == "'" + attack
    for separator in SEPARATORS:
        [[cell, _]] = read(line([attack, "x"], separator), separator)
        assert cell == "'" + attack


@given(st.lists(st.text(), min_size=1, max_size=5), st.sampled_from(SEPARATORS))
def test_every_text_is_one_cell_of_one_line_and_no_formula(cells: list[str], separator: Separator) -> None:
    written = line([*cells, "end"], separator)
    assert written.endswith("\r\n")
    [found] = read(written, separator)
    assert found == [*(harmless(cell) for cell in cells), "end"]
    assert not any(cell.strip().startswith(("=", "+", "-", "@", "\t", "\r")) for cell in found)


@given(st.text())
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    safe = harmless(text)
    assert safe in {text, text.replace("\x00", ""), "'" + text.replace("\x00", "")}


def test_numbers_moments_and_nothing() -> None:
    moment = datetime(2026, 11, 26, 9, 30, 5, 17, tzinfo=UTC)
    cells: list[Cell] = [1, -5, Decimal("49.90"), moment, None, True, False]
    assert line(cells, ";") == "1;-5;49,90;2026-11-26T09:30:05+00:00;;1;0\r\n"
    assert line(cells, ",") == "1,-5,49.90,2026-11-26T09:30:05+00:00,,1,0\r\n"


def test_a_cell_is_no_longer_than_a_spreadsheet_takes() -> None:
    assert len(harmless("x" * 100_000)) == LONGEST_CELL
    assert line(['say "hi"; now', "a\nb", " edge "], ";") == '"say ""hi""; now";"a\nb";" edge "\r\n'
