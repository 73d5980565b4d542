"""What phones write into films besides pictures and sound (place, owner, device) is blotted out.

MP4, MOV, 3GP and M4A are boxes within boxes (ISO/IEC 14496-12): four bytes of length, four of name. Boxes of
user data and metadata become ``free`` ones of the same length, filled with zeros, so that nothing else moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_HEAD: Final = 8
_INSIDE: Final = frozenset({b"moov", b"trak", b"mdia", b"moof", b"traf"})
_TALK: Final = frozenset({b"udta", b"meta", b"uuid"})
"""``udta`` and ``meta`` hold titles, places and devices; ``uuid`` whatever a maker likes (XMP, GPS)."""
_DEEPEST: Final = 8


def silenced(body: bytes) -> bytes:
    """Return a film or recording of the same length without what it tells besides; broken ones as they are.

    Anything that is no such file comes back unchanged.
    """
    if body[4:8] != b"ftyp":
        return body
    made = bytearray(body)
    for start, head, end in list(_telling(body, 0, len(body), 0)):
        made[start + 4 : start + 8] = b"free"
        made[start + head : end] = bytes(end - start - head)
    return bytes(made)


def _telling(body: bytes, start: int, end: int, depth: int) -> Iterator[tuple[int, int, int]]:
    """Yield where boxes that tell something begin, how long their heads are, and where they end."""
    while start + _HEAD <= end:
        size, name, head = int.from_bytes(body[start : start + 4], "big"), body[start + 4 : start + 8], _HEAD
        if size == 1:  # the length does not fit and follows the name
            size, head = int.from_bytes(body[start + 8 : start + 16], "big"), 16
        elif size == 0:  # up to the end
            size = end - start
        if size < head or start + size > end:
            return
        if name in _TALK:
            yield (start, head, start + size)
        elif name in _INSIDE and depth < _DEEPEST:
            yield from _telling(body, start + head, start + size, depth + 1)
        start += size
