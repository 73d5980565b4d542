"""Entry codes: what ties a chat to an order. Here only their form; who may use one is the store's to say."""

from __future__ import annotations

import re
from typing import Final

from nlu.entities import ENTRY_CODE

__all__ = ["ENTRY_CODE", "as_code", "find_code", "without_code"]

# ASCII, because ignoring the case would else let the long s and the Kelvin sign pass for S and K.
_WHOLE: Final = re.compile(ENTRY_CODE, re.IGNORECASE | re.ASCII)
_INSIDE: Final = re.compile(rf"(?<![A-Za-z0-9]){ENTRY_CODE}(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)
_MEANT: Final = re.compile(r"NK[A-Z0-9]{8,40}", re.IGNORECASE | re.ASCII)


def as_code(ref: str) -> str | None:
    """The code that a link's ``ref`` carries, in capitals; also a damaged one, so that it can be answered."""
    ref = ref.strip()
    return ref.upper() if _WHOLE.fullmatch(ref) or _MEANT.fullmatch(ref) else None


def find_code(text: str) -> str | None:
    """The first code inside ``text``, in capitals."""
    match = _INSIDE.search(text)
    return match.group().upper() if match else None


def without_code(text: str) -> str:
    """``text`` with its codes taken out."""
    return _INSIDE.sub(" ", text)
