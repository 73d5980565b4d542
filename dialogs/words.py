"""A text in every language, voice and country, and its variants under test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from dialogs.expressions import ExpressionError, Fill, fill_text, parse_text

Language: TypeAlias = Literal["de", "en"]
Voice: TypeAlias = Literal["du", "sie"]

VARIANTS: Final = ("de_du", "de_sie", "en")
"""What every text must be sayable in. ``de`` stands for both German voices where nobody is addressed."""

REGIONAL: Final = ("de_at", "de_at_du", "de_at_sie", "de_ch", "de_ch_du", "de_ch_sie")
"""What may be written beside, where Austria or Switzerland says it in another way."""

WRITTEN: Final = ("de", *VARIANTS, *REGIONAL)
"""The keys of a text."""


class UnusableText(ValueError):
    """A text cannot be used: ``variant`` tells which, ``kind`` and ``word`` why (`dialogs.problems`)."""

    def __init__(self, variant: str, error: ExpressionError) -> None:
        super().__init__(f"{variant}: {error}")
        self.variant = variant
        self.kind = error.kind
        self.word = error.word


@dataclass(frozen=True, slots=True)
class Tone:
    """How one buyer is spoken to. ``country`` is AT or CH where something is said differently there."""

    language: Language = "de"
    voice: Voice = "du"
    country: str = "DE"


@dataclass(frozen=True, slots=True)
class Words:
    """One text; ``texts[key]`` is it as it was written, by the keys `WRITTEN`."""

    texts: Mapping[str, str]
    names: frozenset[str] = frozenset()
    """Every placeholder used, in whichever language."""

    def say(self, tone: Tone, fill: Fill) -> str:
        """The text in the tone that fits best, filled in; Swiss texts have no ß. Total."""
        text = fill_text(self.source(tone), self.names, fill)
        return text.replace("ß", "ss") if tone.language == "de" and tone.country == "CH" else text

    def source(self, tone: Tone) -> str:
        """What was written for this tone, or else for the nearest one."""
        for key in _keys(tone):
            if text := self.texts.get(key):
                return text
        return next((text for text in self.texts.values() if text), "")

    def missing(self) -> tuple[str, ...]:
        """The `VARIANTS` in which it is not written."""
        return tuple(
            one
            for one in VARIANTS
            if one not in self.texts and not (one.startswith("de_") and "de" in self.texts)
        )


@dataclass(frozen=True, slots=True)
class Lines:
    """What is said at one step: the text, and other ways to say it that are compared with it.

    Which one a buyer gets is drawn by a stable hash, so that it is always the same one.
    """

    base: Words
    variants: Mapping[str, Words] = field(default_factory=dict)

    def drawn(self, seed: str) -> tuple[str, Words]:
        """The variant's name (``base`` for the text itself) and the text for the buyer of this seed."""
        if not self.variants:
            return "base", self.base
        names = ("base", *self.variants)
        name = names[int(draw(seed) * len(names))]
        return name, self.variants.get(name, self.base)

    @property
    def names(self) -> frozenset[str]:
        """Every placeholder used."""
        return self.base.names.union(*(words.names for words in self.variants.values()))

    @property
    def all(self) -> tuple[Words, ...]:
        """The text and its variants."""
        return (self.base, *self.variants.values())


def draw(seed: str) -> float:
    """A number from 0 to below 1 that belongs to ``seed`` for ever, on every machine."""
    digest = hashlib.blake2s(seed.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def parse(texts: Mapping[str, str], known: Iterable[str]) -> Words:
    """Words from texts by their keys.

    Raises:
        UnusableText: a placeholder that is not ``known``, a brace that does not close, something not allowed.

    """
    names: frozenset[str] = frozenset()
    for key, text in texts.items():
        try:
            names |= parse_text(text, known)
        except ExpressionError as error:
            raise UnusableText(key, error) from error
    return Words(dict(texts), names)


def _keys(tone: Tone) -> tuple[str, ...]:
    """Where to look for a text, best first."""
    other = "sie" if tone.voice == "du" else "du"
    if tone.language == "en":
        return "en", f"de_{tone.voice}", "de", f"de_{other}"
    region = f"de_{tone.country.lower()}"
    return (
        f"{region}_{tone.voice}", region, f"de_{tone.voice}", "de", f"de_{other}", "en",
    )  # fmt: skip
