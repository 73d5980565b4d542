"""Lists of words, as they stand in the code."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["alternatives", "word_set"]


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``, parted by blanks."""
    return frozenset(text.split())


def alternatives(words: Iterable[str]) -> str:
    """A pattern that takes the longest of ``words``, with any blank where they have one."""
    return "|".join(sorted((word.replace(" ", r"\s") for word in words), key=len, reverse=True))
