"""Lines of a CSV file that a spreadsheet opens as what they are: text stays text, whoever wrote it.

RFC 4180 with the separator that the reader's country is used to. A cell that a spreadsheet would take for a
formula gets an apostrophe in front, which the spreadsheet hides. Source:
https://owasp.org/www-community/attacks/CSV_Injection .
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias

Separator: TypeAlias = Literal[";", ","]

Cell: TypeAlias = str | int | Decimal | datetime | bool | None

BOM: Final = "\ufeff"
"""Stands before the first line, so that spreadsheets read UTF-8."""

LONGEST_CELL: Final = 32_000
"""Characters of a cell: a spreadsheet takes no more than 32,767."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""Full-width signs count too: some spreadsheets read them as the plain ones."""


def line(cells: Iterable[Cell], separator: Separator = ";") -> str:
    """Return one line, with its end. Numbers, moments (ISO 8601, UTC) and truth are written plainly."""
    return separator.join(_cell(cell, separator) for cell in cells) + "\r\n"


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, without signs that no text has."""
    text = text.replace("\x00", "")[:LONGEST_CELL]
    # A spreadsheet looks at the first sign that is to be seen, some behind spaces and marks without width.
    seen = text.lstrip(" \n\u00a0\u200b\ufeff")
    return f"'{text}" if seen.startswith(_FORMULA) else text


def _cell(cell: Cell, separator: Separator) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "1" if cell else "0"
        case int():
            return str(cell)
        case Decimal():
            return _decimal(cell, separator)
        case datetime():
            return cell.isoformat(timespec="seconds")
        case str():
            text = harmless(cell)
            if any(sign in text for sign in ('"', separator, "\r", "\n")) or text != text.strip():
                return '"' + text.replace('"', '""') + '"'
            return text


def _decimal(number: Decimal, separator: Separator) -> str:
    """Write a number as it is written where this separator is used: with a comma, or with a point."""
    plain = f"{number:f}"
    return plain.replace(".", ",") if separator == ";" else plain
