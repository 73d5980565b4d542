"""The confusion matrix as a picture: rows are what was meant, columns what was understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_CELL: Final = 34
_SIDE: Final = 190
_TOP: Final = 170
_INK: Final = (38, 38, 46)
_PAPER: Final = (252, 251, 248)


def draw(true: Sequence[str], told: Sequence[str], title: str, path: Path) -> None:
    """Write a PNG. Colour is the share of a row: green on the diagonal, red beside it."""
    labels = sorted(set(true) | set(told))
    counts = Counter(zip(true, told, strict=True))
    rows = Counter(true)
    size = len(labels) * _CELL
    image = Image.new("RGB", (_SIDE + size + 20, _TOP + size + 20), _PAPER)
    pen = ImageDraw.Draw(image)
    small, large = ImageFont.load_default(13), ImageFont.load_default(17)
    pen.text((10, 8), title, _INK, large)
    for at, label in enumerate(labels):
        pen.text((_SIDE - 8, _TOP + at * _CELL + _CELL // 2), label, _INK, small, anchor="rm")
        _upright(image, label, (_SIDE + at * _CELL + _CELL // 2, _TOP - 6), small)
    for row, meant in enumerate(labels):
        for column, understood in enumerate(labels):
            corner = (_SIDE + column * _CELL, _TOP + row * _CELL)
            box = (*corner, corner[0] + _CELL - 2, corner[1] + _CELL - 2)
            count = counts[meant, understood]
            share = count / rows[meant] if rows[meant] else 0.0
            pen.rectangle(box, _shade(share, right=row == column))
            if count:
                middle = (corner[0] + _CELL // 2 - 1, corner[1] + _CELL // 2 - 1)
                pen.text(middle, str(count), _PAPER if share > 0.45 else _INK, small, anchor="mm")
    image.save(path, optimize=True)


def _upright(
    image: Image.Image, text: str, foot: tuple[int, int], font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    """Write ``text`` from below to above, its beginning at ``foot``."""
    patch = Image.new("RGB", (_TOP - 40, 18), _PAPER)
    ImageDraw.Draw(patch).text((0, 9), text, _INK, font, anchor="lm")
    turned = patch.rotate(90, expand=True)
    image.paste(turned, (foot[0] - turned.width // 2, foot[1] - turned.height))


def _shade(share: float, *, right: bool) -> tuple[int, int, int]:
    full = (26, 122, 92) if right else (186, 58, 40)
    base = (238, 236, 230)
    weight = min(1.0, share * (1.0 if right else 2.0))
    return (
        round(base[0] + (full[0] - base[0]) * weight),
        round(base[1] + (full[1] - base[1]) * weight),
        round(base[2] + (full[2] - base[2]) * weight),
    )
