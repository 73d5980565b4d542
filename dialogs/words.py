"""A text in every language and voice, cut up once so that filling it in costs next to nothing."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from dialogs.facts import Voice

Language: TypeAlias = Literal["de", "en"]

VARIANTS: Final = ("de_du", "de_sie", "en")
"""What a text is written in. ``de`` stands for both German voices where nobody is addressed."""

Part: TypeAlias = tuple[str, str | None]
"""A stretch of text, and the placeholder after it."""


class UnknownPlaceholder(ValueError):
    """A text asks for something that nobody can fill in, or in a form that is not understood."""

    def __init__(self, name: str, variant: str) -> None:
        super().__init__(f"the placeholder {{{name}}} is unknown")
        self.name = name
        self.variant = variant


class OpenBrace(ValueError):
    """A brace is not closed; one that is meant as such is written twice."""

    def __init__(self, variant: str) -> None:
        super().__init__("a brace is not closed; write {{ for a brace itself")
        self.variant = variant


@dataclass(frozen=True, slots=True)
class Words:
    """One text; ``parts[variant]`` is it in one variant."""

    parts: Mapping[str, tuple[Part, ...]]

    def say(self, language: Language, voice: Voice, fill: Callable[[str], str]) -> str:
        """The text with its placeholders filled in."""
        pieces: list[str] = []
        for literal, name in self.parts[f"de_{voice}" if language == "de" else "en"]:
            pieces.append(literal)
            if name is not None:
                pieces.append(fill(name))
        return "".join(pieces)

    @property
    def names(self) -> frozenset[str]:
        """Every placeholder used."""
        return frozenset(name for parts in self.parts.values() for _, name in parts if name is not None)


def parse(texts: Mapping[str, str], known: frozenset[str]) -> Words:
    """Words from texts per variant.

    Raises:
        UnknownPlaceholder: a placeholder that is not ``known``.
        OpenBrace: a brace that does not close.

    """
    cut = {variant: _cut(text, known, variant) for variant, text in texts.items()}
    both = {"de_du": cut["de"], "de_sie": cut["de"]} if "de" in cut else {}
    return Words({variant: (both | cut)[variant] for variant in VARIANTS})


def _cut(text: str, known: frozenset[str], variant: str) -> tuple[Part, ...]:
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise OpenBrace(variant) from error
    parts: list[Part] = []
    for literal, name, form, conversion in parsed:
        if name is None:
            parts.append((literal, None))
            continue
        if form or conversion or name not in known:
            raise UnknownPlaceholder(name, variant)
        parts.append((literal, name))
    return tuple(parts)
