"""Spreadsheets as shops save them: unknown separator, encoding, decimal sign, date form and header spelling.

`rows` yields what can be read and reports the rest for the file's owner; nothing here ever raises.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final

from integrations import lenient

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SEPARATORS: Final = ";,\t"
_LONGEST_CELL: Final = 10_000
_DATE_FORMS: Final = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d.%m.%y %H:%M",
    "%d.%m.%y",
    "%Y-%m-%d %H:%M:%S %z",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in the file, for its owner. ``line`` counts from 1; ``column`` as the file spells it."""

    line: int
    column: str | None
    what: str
    hint: str


@dataclass(slots=True)
class Report:
    """Collects problems under the names that the file's own header uses."""

    spelled: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int, column: str | None, what: str, hint: str) -> None:
        """Note one problem; ``column`` is our own name of it."""
        shown = self.spelled.get(column, column) if column else None
        self.problems.append(Problem(line, shown, what, hint))


@dataclass(frozen=True, slots=True)
class Row:
    """The filled cells of one row by our own column names; ``line`` is where it begins."""

    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return the trimmed cell, or an empty text."""
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a table may have: our name → what else it is called, in `plain` form.

    ``stand_ins`` names a column that may take the place of a missing needed one.
    """

    aliases: Mapping[str, Sequence[str]]
    needed: tuple[str, ...] = ()
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    def known(self, heading: str) -> str | None:
        """Return our name of a column that the file calls ``heading``."""
        word = plain(heading)
        return next((column for column, also in self.aliases.items() if word == column or word in also), None)


def plain(word: str) -> str:
    """``Bestell-Nr.`` → ``bestell_nr``."""
    return re.sub(r"[^a-z0-9]+", "_", word.strip().lower().translate(_UMLAUTS)).strip("_")


def rows(data: bytes, columns: Columns, report: Report) -> Iterator[Row]:
    """Yield every readable row below the header; empty ones are skipped without a word."""
    text = _decoded(data).replace("\x00", "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text, columns))
    names: list[str | None] = []
    for line, cells in _records(reader, report):
        if not any(cell.strip() for cell in cells) or (not names and plain(cells[0]).startswith("sep")):
            continue
        if not names:
            names = _names(cells, line, columns, report)
            if any(column not in names for column in columns.needed):
                return
        elif (row := _row(names, cells, line, report)) is not None:
            yield row
    if not names:
        report.add(1, None, "The file is empty.", "Its first row names the columns.")


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")  # it has a sign for every byte


def _separator(text: str, columns: Columns) -> str:
    """Return the separator by which the header shows the most columns that we know."""
    lines = [line for line in text.splitlines()[:5] if line.strip() and not plain(line).startswith("sep")]
    header = lines[0] if lines else ""
    return max(
        _SEPARATORS, key=lambda mark: len([part for part in header.split(mark) if columns.known(part)])
    )


def _records(reader: Iterator[list[str]], report: Report) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line it begins on."""
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1  # type: ignore[attr-defined] # csv's reader is more than an iterator
    except csv.Error:
        report.add(
            begins, None, "From here on the file cannot be read.", 'Look for a " that is never closed.'
        )


def _names(cells: list[str], line: int, columns: Columns, report: Report) -> list[str | None]:
    names = [columns.known(cell) for cell in cells]
    for needed, stand_in in columns.stand_ins.items():
        if needed not in names and stand_in in names:
            names[names.index(stand_in)] = needed
    report.spelled = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if name}
    for column in columns.needed:
        if column not in names:
            also = ", ".join(columns.aliases[column][:3])
            report.add(
                line, None, f"There is no column {column}.", f"Name it in the first row (also: {also})."
            )
    for column in sorted({name for name in names if name is not None and names.count(name) > 1}):
        report.add(
            line, column, f"Two columns mean {column}.", "The first filled one counts; rename the other."
        )
    return names


def _row(names: list[str | None], cells: list[str], line: int, report: Report) -> Row | None:
    if any(cell.strip() for cell in cells[len(names) :]):
        what = "The row has more cells than the first row names."
        report.add(line, None, what, 'Put a text that contains the separator in quotation marks ("…").')
        return None
    values: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=False):
        if name is None or not cell.strip() or name in values:
            continue
        if len(cell) > _LONGEST_CELL:
            report.add(
                line, name, f"The cell is longer than {_LONGEST_CELL} characters.", 'Is a " not closed?'
            )
            return None
        values[name] = cell.strip()
    return Row(line, values)


def money(text: str) -> Decimal | None:
    """Return an amount ≥ 0 in any of our neighbours' spellings: ``1.234,50 €``, ``CHF 1'234.50``, ``49.9``.

    A single separator with exactly three digits after it (``1.234``) groups thousands: prices have two.
    """
    bare = re.sub(r"[\s'’€$£]|^[A-Za-z]{3}|[A-Za-z]{3}$|[.,]-+$", "", text.strip())
    if not re.fullmatch(r"\d[\d.,]*", bare) or not bare.isascii():
        return None
    marks = [character for character in bare if character in ".,"]
    whole, mark, fraction = bare.rpartition(marks[-1]) if marks else (bare, "", "")
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", bare)
    if mark and ((len(set(marks)) == 1 and grouped) or marks.count(mark) > 1):
        return lenient.amount(re.sub("[.,]", "", bare)) if grouped else None
    return lenient.amount(re.sub("[.,]", "", whole) + ("." + fraction if fraction else ""))


def moment(text: str, zone: tzinfo) -> datetime | None:
    """Return a time in UTC, written in ISO 8601 or in the German way; without an offset it is in ``zone``."""
    found: datetime | None = None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for form in _DATE_FORMS:
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is set below
                break
            except ValueError:
                continue
    if found is None or not 1990 <= found.year < 2200:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
