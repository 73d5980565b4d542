"""The parcel insert: a small card with a QR code that opens the chat, alone or in sheets to print and cut.

A card names the shop and the order and nobody else: it lies in a parcel that anybody may open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.insert_ink import Bubble, Ink, Line, Modules, Weight, Words, as_pdf, as_svg, width_of
from bot.qr import QUIET, qr

_INK: Final = "#231c17"
_SOFT: Final = "#6f645b"
_ACCENT: Final = "#b4532a"
_MARK: Final = "#9a9a9a"


@dataclass(frozen=True, slots=True)
class Card:
    """What one card says: the address behind its code, the order's number, and the buyer's language."""

    url: str
    number: str
    language: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """How cards lie on an A4 page, in millimetres; ``gap`` is between the columns."""

    columns: int
    rows: int
    width: float
    height: float
    gap: float

    @property
    def per_page(self) -> int:
        """How many cards a page holds."""
        return self.columns * self.rows

    @property
    def lefts(self) -> tuple[float, ...]:
        """Where the columns begin."""
        margin = (210 - self.columns * self.width - (self.columns - 1) * self.gap) / 2
        return tuple(margin + column * (self.width + self.gap) for column in range(self.columns))

    @property
    def tops(self) -> tuple[float, ...]:
        """Where the rows begin."""
        margin = (297 - self.rows * self.height) / 2
        return tuple(margin + row * self.height for row in range(self.rows))


SHEETS: Final[Mapping[int, Sheet]] = {
    10: Sheet(columns=2, rows=5, width=85, height=54, gap=10),  # as perforated paper for business cards
    8: Sheet(columns=2, rows=4, width=95, height=66, gap=0),
}
"""The sheets there are, by cards per page."""


@dataclass(frozen=True, slots=True)
class _Text:
    headline: str
    body: str
    order: str


_TEXTS: Final[Mapping[tuple[str, str], _Text]] = {
    ("de", "du"): _Text(
        "Schön, dass es da ist!",
        "Scanne den Code: In unserem Chat findest du Tipps, Hilfe und echte Menschen.",
        "Bestellung",
    ),
    ("de", "sie"): _Text(
        "Schön, dass es da ist!",
        "Scannen Sie den Code: In unserem Chat finden Sie Tipps, Hilfe und echte Menschen.",
        "Bestellung",
    ),
    ("en", "du"): _Text(
        "So glad it’s here!",
        "Scan the code: our chat has tips, help and real people for you.",
        "Order",
    ),
    ("en", "sie"): _Text(
        "We’re glad it has arrived.",
        "Please scan the code: our chat has tips, help and real people for you.",
        "Order",
    ),
}


def sheet_svg(
    cards: Sequence[Card], shop: str, voice: Literal["du", "sie"] = "du", per_page: int = 10
) -> list[str]:
    """Return one SVG document for each page."""
    return [as_svg(page, shop) for page in _pages(cards, shop, voice, SHEETS[per_page])]


def sheet_pdf(
    cards: Sequence[Card], shop: str, voice: Literal["du", "sie"] = "du", per_page: int = 10
) -> bytes:
    """Return all pages as one PDF document."""
    return as_pdf(list(_pages(cards, shop, voice, SHEETS[per_page])), shop)


def _pages(cards: Sequence[Card], shop: str, voice: str, sheet: Sheet) -> Iterator[list[Ink]]:
    for first in range(0, len(cards), sheet.per_page):
        inks: list[Ink] = list(_cut_marks(sheet))
        for place, card in enumerate(cards[first : first + sheet.per_page]):
            row, column = divmod(place, sheet.columns)
            inks += _card(card, shop, voice, sheet, sheet.lefts[column], sheet.tops[row])
        yield inks


def _cut_marks(sheet: Sheet) -> Iterator[Line]:
    """Short lines in the margins, where the knife begins; none touches a card."""
    away, long = 2.0, 6.0
    edges = sorted({edge for left in sheet.lefts for edge in (left, left + sheet.width)})
    levels = [*sheet.tops, sheet.tops[-1] + sheet.height]
    top, bottom, left, right = levels[0], levels[-1], edges[0], edges[-1]
    for x in edges:
        yield Line(x, top - away - long, x, top - away, 0.15, _MARK)
        yield Line(x, bottom + away, x, bottom + away + long, 0.15, _MARK)
    for y in levels:
        yield Line(left - away - long, y, left - away, y, 0.15, _MARK)
        yield Line(right + away, y, right + away + long, y, 0.15, _MARK)
        if sheet.gap > 2 * away:
            middle = sheet.lefts[0] + sheet.width
            yield Line(middle + away, y, middle + sheet.gap - away, y, 0.15, _MARK)


def _card(card: Card, shop: str, voice: str, sheet: Sheet, left: float, top: float) -> Iterator[Ink]:
    """Words on the left, the code in a speech bubble on the right."""
    text = _TEXTS["de" if card.language == "de" else "en", voice]
    scale = sheet.width / 85
    edge, tail = 5.5 * scale, 4.2 * scale
    bubble = 36.5 * scale
    right, foot = left + sheet.width - edge, top + sheet.height - edge
    x, column = left + edge, sheet.width - 2 * edge - bubble - 4.5 * scale

    size, lines = _fitting(shop, column, [scale * points for points in (12.5, 11.5, 10.5, 9.5, 8.5, 7.5)])
    y = top + edge + size * 0.28
    for line in lines:
        yield Words(x, y, line, size, _INK, "bold")
        y += size * 0.42
    yield Line(x, y - size * 0.1, x + 9 * scale, y - size * 0.1, 0.7 * scale, _ACCENT)

    y += 5.4 * scale
    size, lines = _fitting(text.headline, column, [9.2 * scale])
    for line in lines:
        yield Words(x, y, line, size, _ACCENT, "bold")
        y += size * 0.42
    y += 0.9 * scale
    for line in _balanced(text.body, column, 7.2 * scale, "regular"):
        yield Words(x, y, line, 7.2 * scale, _INK)
        y += 3.3 * scale
    yield _number(card.number, text.order, x, foot, column, scale)
    yield from _symbol(card.url, right - bubble, top + (sheet.height - bubble - tail * 0.9) / 2, bubble, tail)


def _number(number: str, word: str, x: float, y: float, width: float, scale: float) -> Words:
    """The order's number, for whoever packs the parcel: smaller, or without its word, before it is cut."""
    for text, points in ((f"{word} {number}", 6.6), (f"{word} {number}", 5.8), (number, 6.6), (number, 5.4)):
        if width_of(text, points * scale) <= width:
            return Words(x, y, text, points * scale, _SOFT)
    while number and width_of(f"…{number}", 5.4 * scale) > width:
        number = number[1:]
    return Words(x, y, f"…{number}", 5.4 * scale, _SOFT)


def _symbol(url: str, x: float, y: float, bubble: float, tail: float) -> Iterator[Ink]:
    """The code in its bubble; the quiet zone is white and keeps clear of the bubble's line."""
    rows = [[bool(module) for module in row] for row in qr(url).matrix]
    inset = bubble / 50
    module = (bubble - 2 * inset) / (len(rows) + 2 * QUIET)
    place = inset + QUIET * module
    yield Bubble(x, y, bubble, bubble, bubble / 11, "#ffffff", _ACCENT, bubble / 80, tail)
    yield Modules(x + place, y + place, module * len(rows), rows, "#000000")


def _fitting(text: str, width: float, sizes: Sequence[float], most: int = 2) -> tuple[float, list[str]]:
    """Return the first of ``sizes`` at which ``most`` lines hold the text; the last cuts what is too much."""
    for size in sizes:
        lines = _wrapped(text, width, size, "bold")
        if len(lines) <= most and all(width_of(line, size, "bold") <= width for line in lines):
            return size, _balanced(text, width, size, "bold")
    lines = _wrapped(text, width, sizes[-1], "bold")
    kept = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return sizes[-1], [_cut(line, width, sizes[-1]) for line in kept]


def _balanced(text: str, width: float, size: float, weight: Weight) -> list[str]:
    """Break into as few lines as hold the text, of about the same length, so that no word is left alone."""
    lines = _wrapped(text, width, size, weight)
    count = len(lines)
    while width > 1:
        width -= 0.5
        closer = _wrapped(text, width, size, weight)
        if len(closer) > count or any(width_of(line, size, weight) > width for line in closer):
            break
        lines = closer
    return lines


def _wrapped(text: str, width: float, size: float, weight: Weight) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(text: str, width: float, size: float) -> str:
    if width_of(text, size, "bold") <= width:
        return text
    while text and width_of(f"{text}…", size, "bold") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
