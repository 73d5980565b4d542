"""Words that only name something, an order's number or a product: they ask for nothing and blame nobody.

An engine that has learnt from whole messages hears more in them than there is.
"""

from __future__ import annotations

import re
from typing import Final

from nlu.understanding import Understanding

_NUMBER: Final = re.compile(
    r"\W*(?:(?:my|meine?|die|the|order|bestell\w{0,8}|auftrag\w{0,10}|number|nummer|nr|no|is|ist|lautet|wäre|hier|here|it|s|"
    r"das|danke|bitte|please|hallo|hi|hello)\W+){0,8}(?P<number>[a-z]{0,4}-?\d{4,12}(?:-\w{1,4})?)"
    r"(?:\W+(?:danke|bitte|please|thanks|lg)){0,3}\W*",
    re.IGNORECASE,
)
_LONGEST: Final = 80
_FEW: Final = 6
_CONTACTS: Final = frozenset({"phone", "email", "postcode"})
_NEARLY: Final = 0.6


def order_number_alone(meaning: Understanding, *, asked: bool) -> str | None:
    """The order number, if the words do nothing but tell one.

    A lone figure is one only where the chat is waiting for a number (``asked``): it may be anything else.
    """
    if len(meaning.text) > _LONGEST or (match := _NUMBER.fullmatch(meaning.text)) is None:
        return None
    named = next((one.value for one in meaning.entities if one.kind == "order_number"), None)
    return named or (match["number"] if asked else None)


def only_a_product(meaning: Understanding) -> bool:
    """Whether a few words name a product of the catalogue."""
    named = any(one.kind == "product" for one in meaning.entities)
    return named and len(meaning.text.split()) <= _FEW


def only_named(meaning: Understanding) -> bool:
    """Whether what is named, a phone or an address, is nearly all there is."""
    told = sum(one.end - one.start for one in meaning.entities if one.kind in _CONTACTS)
    return told > _NEARLY * len(meaning.text.strip())
