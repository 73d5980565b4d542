"""The engine that tests understand with: the real one, trained once and then cached."""

from __future__ import annotations

from functools import cache

from bot.understanding import Lesson, embedded
from nlu.engine import Embedded
from nlu.understanding import Understanding


@cache
def engine() -> Embedded:
    """The embedded engine with the house's training."""
    return embedded(Lesson())


def understand(text: str, *, language: str | None, expecting: str | None) -> Understanding:
    """What the embedded engine makes of ``text``; it is loaded when it is first asked."""
    return engine()(text, language=language, expecting=expecting)
