"""Which stretches of a text are taken: asked and answered in time that does not grow with their number."""

from __future__ import annotations

__all__ = ["Stretches"]


class Stretches:
    """The characters of a text that something has claimed."""

    __slots__ = ("_taken",)

    def __init__(self, length: int) -> None:
        """Begin with all of ``length`` characters free."""
        self._taken = bytearray(length)

    def free(self, start: int, end: int) -> bool:
        """Whether nothing has claimed any of the characters from ``start`` to before ``end``."""
        return self._taken.find(1, start, end) < 0

    def take(self, start: int, end: int) -> bool:
        """Claim these characters if all of them are free, and say whether they were."""
        if not self.free(start, end):
            return False
        self._taken[start:end] = b"\1" * (end - start)
        return True
