"""The only place where the time is read. In the sandbox time can be travelled; forwards only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The present moment in UTC, shifted by what has been travelled."""

    def __init__(self, travelled: timedelta = timedelta(0)) -> None:
        """Start ``travelled`` ahead of the real time."""
        self._travelled = travelled

    @property
    def travelled(self) -> timedelta:
        """How far ahead of the real time this clock is."""
        return self._travelled

    def __call__(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC) + self._travelled

    def advance(self, by: timedelta) -> None:
        """Jump ahead.

        Raises:
            ValueError: ``by`` is negative; what has happened cannot be made future again.

        """
        if by < timedelta(0):
            raise ValueError("time travel only goes forwards: give a positive duration")
        self._travelled += by
