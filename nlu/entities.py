"""What a text names: numbers, codes, addresses, days, amounts, sizes, products.

Every pattern is bounded, so that no text takes more than linear time. Offsets point into the original
text. What the values look like:

=================== ===================================================================================
``number``          a choice from a list, when the whole text is one: "2"
``rating``          "1" to "5", see `nlu.ratings`
``order_number``    as printed, in capitals: "1001", "NK-2024-17", see `nlu.orders`
``entry_code``      in capitals, see `ENTRY_CODE`
``email``           in small letters
``postcode``        its figures: "70565", "8004"
``phone``           E.164: "+491515550163"
``tracking_number`` in capitals, with its carrier if that is certain: "ups:1Z…", see `nlu.parcels`
``date``            "2026-03-14", "--03-14", "-1d", "last:tue", "day:6", see `nlu.days`
``amount``          "4.95 EUR", see `nlu.money`
``size``            "XL", "EU 42", "500 ml", see `nlu.sizes`
``product``         the article number in the catalogue, see `nlu.products`
=================== ===================================================================================

No two entities claim the same characters: what stands first in `PRECEDENCE` has them. Two kinds are apart
from that: a ``number`` is another reading of the whole text, and a ``product`` may hold a size ("Kanne
500 ml").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from nlu.contacts import emails, phones, postcodes
from nlu.dates import TRIGGERS, dates
from nlu.money import MONEY_WORDS, amounts
from nlu.numbers import number_of, ordinal_of
from nlu.orders import SPEAKABLE, order_numbers
from nlu.parcels import tracking_numbers
from nlu.products import Catalogue
from nlu.ratings import SIGNS, rating
from nlu.ratings import WORDS as RATING_WORDS
from nlu.sizes import sizes
from nlu.stretches import Stretches
from nlu.understanding import Entity, EntityKind

__all__ = ["ENTRY_CODE", "PRECEDENCE", "Catalogue", "entities"]

ENTRY_CODE: Final = r"NK[A-Z2-7]{22}"
"""An entry code: ``NK`` and 22 characters of the base-32 alphabet, in either case.

It stands alone in a text.
"""

PRECEDENCE: Final[tuple[EntityKind, ...]] = (
    "entry_code", "email", "tracking_number", "order_number", "phone", "date", "amount", "size", "postcode",
    "rating",
)  # fmt: skip
"""Which kind has the characters that two of them claim: the surer a form is, the earlier it stands."""

_BARE: Final = re.compile(
    r"\s*(?:(?:nr|nummer|no|number|option|antwort|answer|die|das|den|the)\b\.?\s{0,3}|#)?"
    r"(?:(?P<digit>\d{1,2})\ufe0f?\u20e3?|(?P<word>[a-zü]{3,8}))(?:\s{1,3}(?:bitte|please|one))?[\s.)!]*",
    re.IGNORECASE,
)
_BARE_LENGTH: Final = 40
_HIGHEST: Final = 10
_BEST: Final = 5
_WORD: Final = re.compile(r"[^\W\d_]+")
_DIGIT: Final = re.compile(r"\d")
_FIGURES: Final = re.compile(r"\d\D{0,2}\d\D{0,2}\d")
# ASCII matters: without it, ignoring the case lets the long s and the Kelvin sign pass for S and K.
_ENTRY: Final = re.compile(rf"(?<![A-Za-z0-9]){ENTRY_CODE}(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)
_SHORTEST_CODE: Final = 24


@dataclass(slots=True)
class _Named:
    """What has been found, and the stretches of the text that are taken by it."""

    taken: Stretches
    found: list[Entity] = field(default_factory=list)

    def claim(self, named: Iterable[Entity]) -> None:
        """Keep what claims nothing that is taken."""
        self.found.extend(one for one in named if self.taken.take(one.start, one.end))


def entities(
    text: str, expecting: str | None, *, country: str = "DE", products: Catalogue | None = None
) -> tuple[Entity, ...]:
    """All that ``text`` names, in the order of `PRECEDENCE`, then a choice by number, then products.

    ``expecting`` makes a lone figure a rating (``rating``) or an order number (``order_number``). ``country``
    (ISO 3166) is where the shop is: it reads phone numbers, school grades and amounts without a currency.
    """
    named = _Named(Stretches(len(text)))
    if len(text) >= _SHORTEST_CODE:
        named.claim(Entity("entry_code", m.group().upper(), *m.span()) for m in _ENTRY.finditer(text))
    plain = _plain(text)
    named.claim(emails(plain))
    words = frozenset(_WORD.findall(plain.lower()))
    figures = _DIGIT.search(plain) is not None
    _codes(named, plain, words, country, asked=expecting == "order_number")
    if figures or not TRIGGERS.isdisjoint(words):
        named.claim(dates(plain, words, figures=figures))
    if figures or not MONEY_WORDS.isdisjoint(words):
        named.claim(amounts(plain, words, figures=figures, country=country))
    named.claim(sizes(plain, words, figures=figures))
    if figures:
        named.claim(postcodes(plain, named.taken))
    asked = expecting == "rating"
    if figures or asked or not RATING_WORDS.isdisjoint(words) or SIGNS.search(plain):
        rated = rating(plain, named.taken, expected=asked, country=country)
        named.claim(() if rated is None else (rated,))
    if (number := _bare(plain)) is not None:
        if asked and int(number.value) <= _BEST:
            named.claim((replace(number, kind="rating"),))  # "die zweite"
        named.found.append(number)
    if products is not None:
        named.found.extend(products.named(text))
    return tuple(named.found)


def _codes(named: _Named, text: str, words: frozenset[str], country: str, *, asked: bool) -> None:
    """Numbers of parcels and orders, and of phones: all of at least three figures, unless they are spoken."""
    many = _FIGURES.search(text) is not None
    if many:
        named.claim(tracking_numbers(text))
    if many or asked or not SPEAKABLE.isdisjoint(words):
        named.claim(order_numbers(text, words, alone=asked))
    if many:
        named.claim(phones(text, country))


def _plain(text: str) -> str:
    """The text with plain figures and letters where others would pass for them; each in its place."""
    return text if text.isascii() else text.translate(_ODD)


class _Odd(dict[int, str | int]):
    """What passes for a plain figure or letter, filled as signs are met: there are a million of them."""

    def __missing__(self, code: int) -> str | int:
        sign = chr(code)
        self[code] = plain = str(int(sign)) if code > _ASCII and sign.isdecimal() else code
        return plain


_ASCII: Final = 127
_ODD: Final = _Odd(
    {ord("ſ"): "s", 0x212A: "k", ord("ı"): "i", ord("İ"): "i", ord("ẞ"): "ß", 0xFB05: "s", 0xFB06: "s"}
)
"""Ignoring the case, a pattern takes the long s for an s; a table of words does not."""


def _bare(text: str) -> Entity | None:
    """A choice by number, if that is the whole text."""
    if len(text) > _BARE_LENGTH or (match := _BARE.fullmatch(text)) is None:
        return None
    group = "digit" if match["digit"] is not None else "word"
    said = match[group]
    value = int(said) if group == "digit" else number_of(said) or ordinal_of(said) or 0
    if not value or (group == "word" and value > _HIGHEST):
        return None
    return Entity("number", str(value), match.start(group), match.end(group))
