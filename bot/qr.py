"""QR codes. What prints them on cards is `bot.insert`: its PDF library is large, and no server needs it."""

from __future__ import annotations

import io
from typing import Final

import segno

QUIET: Final = 4
"""Modules of white around a symbol: ISO/IEC 18004 asks for four."""
_SMALL: Final = 8
"""The largest version (49 modules) at which level Q's modules still print well on a card."""


def qr(url: str) -> segno.QRCode:
    """Return the symbol of an address: level Q, since inserts get creased; M where Q would be too fine."""
    symbol = segno.make_qr(url, error="q")
    return symbol if int(symbol.version) <= _SMALL else segno.make_qr(url, error="m")


def qr_svg(url: str) -> str:
    """Return the QR code alone, as an SVG document with its quiet zone."""
    file = io.BytesIO()
    qr(url).save(file, kind="svg", border=QUIET, dark="#000", light="#fff", xmldecl=False, omitsize=True)
    return file.getvalue().decode()


def qr_png(url: str) -> bytes:
    """Return the QR code alone, as a PNG large enough to print, with its quiet zone."""
    file = io.BytesIO()
    qr(url).save(file, kind="png", border=QUIET, scale=16, dark="#000", light="#fff", dpi=300)
    return file.getvalue()
