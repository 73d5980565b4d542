"""A printed page as a few kinds of ink, and the two ways to put it on paper: SVG and PDF.

All lengths are millimetres from the page's top left corner, type sizes are points. Both ways set type in
Helvetica or what stands in for it (Arial, Liberation Sans have the same widths), so that a page looks the
same in both.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final, Literal, TypeAlias

from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH: Final = 210.0
HEIGHT: Final = 297.0
_POINT: Final = 25.4 / 72
_CORNER: Final = 0.5523
"""How far a Bézier curve's handles reach to draw a quarter of a circle."""

Weight: TypeAlias = Literal["regular", "bold"]

_HELVETICA: Final[dict[Weight, str]] = {"regular": "Helvetica", "bold": "Helvetica-Bold"}
_WIDE: Final[dict[Weight, tuple[str, str]]] = {
    "regular": ("Vera", "Vera.ttf"),
    "bold": ("VeraBd", "VeraBd.ttf"),
}
"""Comes with the library and is put into the file: for names with letters that Helvetica's encoding lacks."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    color: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """A box with round corners; ``tail`` is how far its lower left corner points out, as speech does."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str
    stroke: str
    line: float
    tail: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """One line of type; ``y`` is its base line."""

    x: float
    y: float
    text: str
    size: float
    color: str
    weight: Weight = "regular"
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True, slots=True)
class Modules:
    """A QR symbol without its quiet zone: ``rows`` of dark (true) modules in a square of ``size``."""

    x: float
    y: float
    size: float
    rows: Sequence[Sequence[bool]]
    color: str

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Yield column, row and length of every unbroken dark run."""
        for row, modules in enumerate(self.rows):
            start: int | None = None
            for column, dark in enumerate([*modules, False]):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    yield start, row, column - start
                    start = None


Ink: TypeAlias = Line | Bubble | Words | Modules


def width_of(text: str, size: float, weight: Weight = "regular") -> float:
    """Return the width of one line of type, in millimetres."""
    font, printable = _set(text, weight)
    return float(pdfmetrics.stringWidth(printable, font, size)) * _POINT


def as_svg(inks: Sequence[Ink], title: str) -> str:
    """Return a page as an SVG document of A4 size."""
    drawn = "\n".join(_svg(ink) for ink in inks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        "font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\">\n"
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#fff"/>\n{drawn}\n</svg>\n'
    )


def as_pdf(pages: Sequence[Sequence[Ink]], title: str) -> bytes:
    """Return the pages as one PDF document of A4 size. The same pages give the same bytes."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH / _POINT, HEIGHT / _POINT), pageCompression=1, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor("Nachklang")
    canvas.setCreator("Nachklang")
    canvas.setSubject("")
    for inks in pages:
        canvas.scale(1 / _POINT, 1 / _POINT)
        for ink in inks:
            _print(canvas, ink)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _svg(ink: Ink) -> str:
    match ink:
        case Line():
            return (
                f'<path d="M{_n(ink.x1)} {_n(ink.y1)}L{_n(ink.x2)} {_n(ink.y2)}" '
                f'stroke="{ink.color}" stroke-width="{_n(ink.width)}"/>'
            )
        case Bubble():
            path = "".join(
                name + " ".join(_n(number) for number in numbers) for name, numbers in _outline(ink)
            )
            return (
                f'<path d="{path}Z" fill="{ink.fill}" stroke="{ink.stroke}" stroke-width="{_n(ink.line)}"/>'
            )
        case Words():
            weight = ' font-weight="700"' if ink.weight == "bold" else ""
            anchor = f' text-anchor="{ink.anchor}"' if ink.anchor != "start" else ""
            return (
                f'<text x="{_n(ink.x)}" y="{_n(ink.y)}" font-size="{_n(ink.size * _POINT)}" '
                f'fill="{ink.color}"{weight}{anchor}>{escape(ink.text)}</text>'
            )
        case Modules():
            path = "".join(f"M{column} {row}h{length}v1h-{length}z" for column, row, length in ink.runs())
            scale = f"translate({_n(ink.x)} {_n(ink.y)}) scale({ink.size / len(ink.rows):.6f})"
            return f'<path transform="{scale}" fill="{ink.color}" d="{path}"/>'


def _print(canvas: Canvas, ink: Ink) -> None:
    """Draw on a canvas that counts millimetres from the *bottom*, as PDF does."""
    match ink:
        case Line():
            canvas.setStrokeColor(HexColor(ink.color))
            canvas.setLineWidth(ink.width)
            canvas.line(ink.x1, HEIGHT - ink.y1, ink.x2, HEIGHT - ink.y2)
        case Bubble():
            path = canvas.beginPath()
            moves: dict[str, Callable[..., None]] = {"M": path.moveTo, "L": path.lineTo, "C": path.curveTo}
            for name, numbers in _outline(ink):
                moves[name](
                    *(HEIGHT - number if place % 2 else number for place, number in enumerate(numbers))
                )
            path.close()
            canvas.setFillColor(HexColor(ink.fill))
            canvas.setStrokeColor(HexColor(ink.stroke))
            canvas.setLineWidth(ink.line)
            canvas.drawPath(path, stroke=1, fill=1)
        case Words():
            font, text = _set(ink.text, ink.weight)
            size = ink.size * _POINT
            canvas.setFillColor(HexColor(ink.color))
            canvas.setFont(font, size)
            back = {"start": 0.0, "middle": 0.5, "end": 1.0}[ink.anchor]
            shift = back * float(pdfmetrics.stringWidth(text, font, size))
            canvas.drawString(ink.x - shift, HEIGHT - ink.y, text)
        case Modules():
            module = ink.size / len(ink.rows)
            path = canvas.beginPath()  # one path: rectangles of their own would show hair lines between them
            for column, row, length in ink.runs():
                path.rect(
                    ink.x + column * module, HEIGHT - ink.y - (row + 1) * module, length * module, module
                )
            canvas.setFillColor(HexColor(ink.color))
            canvas.drawPath(path, stroke=0, fill=1)


def _outline(box: Bubble) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield the outline's moves, clockwise from the top left."""
    x, y, r = box.x, box.y, box.radius
    right, bottom = x + box.width, y + box.height
    k = r * (1 - _CORNER)
    yield "M", (x + r, y)
    yield "L", (right - r, y)
    yield "C", (right - k, y, right, y + k, right, y + r)
    yield "L", (right, bottom - r)
    yield "C", (right, bottom - k, right - k, bottom, right - r, bottom)
    if box.tail:
        t = box.tail
        yield "L", (x + r + t, bottom)
        yield (
            "C",
            (x + r * 0.75, bottom + t * 0.15, x + t * 0.2, bottom + t * 0.75, x - t * 0.75, bottom + t * 0.9),
        )
        yield "C", (x - t * 0.1, bottom + t * 0.2, x, bottom - t * 0.4, x, bottom - r)
    else:
        yield "L", (x + r, bottom)
        yield "C", (x + k, bottom, x, bottom - k, x, bottom - r)
    yield "L", (x, y + r)
    yield "C", (x, y + k, x + k, y, x + r, y)


@lru_cache(maxsize=4096)
def _set(text: str, weight: Weight) -> tuple[str, str]:
    """Choose the font that has the text's letters, and leave out what no font on board can print."""
    text = unicodedata.normalize("NFC", text)
    if _is_western(text):
        return _HELVETICA[weight], text
    font = _wide(weight)
    known = "".join(sign for sign in text if ord(sign) in font.face.charToGlyph).strip()
    return (_HELVETICA[weight] if _is_western(known) else str(font.fontName)), known


@lru_cache
def _wide(weight: Weight) -> TTFont:
    font = TTFont(*_WIDE[weight])
    pdfmetrics.registerFont(font)
    return font


def _is_western(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _n(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")
