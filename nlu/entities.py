"""What a text names: a choice by number, a rating, an order number, an e-mail address, an entry code.

Every pattern is bounded, so that no text takes more than linear time. Offsets point into the original text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

EntityKind: TypeAlias = Literal["number", "rating", "order_number", "email", "entry_code"]

ENTRY_CODE: Final = r"NK[A-Z2-7]{22}"
"""An entry code: ``NK`` and 22 characters of the base-32 alphabet, in either case.

It stands alone in a text.
"""


@dataclass(frozen=True, slots=True)
class Entity:
    """Something named in a text: ``text[start:end]`` says it, ``value`` is it in one spelling.

    ``number`` is a choice from a list, given when the whole text is one ("2", "2.", "Nr. 2", "die zweite").
    ``rating`` is "1" to "5" said as such ("4/5", "4 Sterne", "⭐⭐⭐⭐"), or any lone 1–5 where a rating is
    expected.
    """

    kind: EntityKind
    value: str
    start: int
    end: int


_WORDS: Final = {
    "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "fuenf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_ORDINALS: Final = {
    "erste": 1, "ersten": 1, "erstes": 1, "zweite": 2, "zweiten": 2, "dritte": 3, "dritten": 3, "vierte": 4,
    "vierten": 4, "fünfte": 5, "fünften": 5, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
}  # fmt: skip
_ALL: Final = _WORDS | _ORDINALS

_BARE: Final = re.compile(
    r"\s*(?:(?:nr|nummer|no|number|option|antwort|answer|die|das|den|the)\b\.?\s{0,3}|#)?"
    r"(?:(?P<digit>\d{1,2})\ufe0f?\u20e3?|(?P<word>[a-zü]{3,8}))(?:\s{1,3}(?:bitte|please|one))?[\s.)!]*",
    re.IGNORECASE,
)
_STARS: Final = re.compile(r"(?:[⭐★🌟]\ufe0f?[ \t]?)+")
_COUNTED: Final = re.compile(
    r"(?<![\w.,/])(?:(?P<digit>[1-5])|(?P<word>zwei|drei|vier|fünf|fuenf|two|three|four|five|ein(?:en?)?|one))"
    r"(?:\s{0,2}(?:/|von|out of)\s{0,2}(?:5|fünf|fuenf|five)(?![\w/]|[.,]\d)|"
    r"[\s-]{0,2}(?:sterne?n?|stars?|⭐|★)(?!\w))",
    re.IGNORECASE,
)
_LONE: Final = re.compile(
    r"(?<![\w.,/#:-])(?:(?P<digit>[1-5])(?![\w/:%€-]|[.,]\d)|"
    r"(?P<word>eins|zwei|drei|vier|fünf|fuenf|two|three|four|five)(?!\w))",
    re.IGNORECASE,
)
_ORDER: Final = re.compile(
    r"(?<!\w)(?:#\s?|(?:bestellung|bestellnummer|bestell-?nr|auftrag|auftragsnummer|order(?:\s(?:number|no))?)"
    r"(?:\s?(?:nr|nummer|no|number)\b)?\s?[.:#]{0,2}\s?(?:(?:ist|lautet|is)\s)?#?)"
    r"(?P<number>(?=[a-z-]{0,8}\d)[a-z0-9][a-z0-9-]{2,19})(?![\w-])",
    re.IGNORECASE,
)
_ORDER_ALONE: Final = re.compile(r"\s*(?P<number>[a-z]{0,4}-?\d[\d-]{2,14})[\s.!]*", re.IGNORECASE)
_EMAIL: Final = re.compile(
    r"(?<![\w.%+-])[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
# ASCII matters: without it, ignoring the case lets the long s and the Kelvin sign pass for S and K.
_ENTRY: Final = re.compile(rf"(?<![A-Za-z0-9]){ENTRY_CODE}(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)


def entities(text: str, expecting: str | None) -> tuple[Entity, ...]:
    """All that ``text`` names, by kind. ``expecting`` makes a lone figure a rating or an order number."""
    found = [Entity("entry_code", m.group().upper(), m.start(), m.end()) for m in _ENTRY.finditer(text)]
    if "@" in text:
        found.extend(Entity("email", m.group().lower(), m.start(), m.end()) for m in _EMAIL.finditer(text))
    if (number := _bare(text)) is not None:
        found.append(number)
    if (rating := _rating(text, lone=expecting == "rating")) is not None:
        found.append(rating)
    found.extend(_orders(text, alone=expecting == "order_number"))
    return tuple(found)


def _bare(text: str) -> Entity | None:
    if len(text) > 40 or (match := _BARE.fullmatch(text)) is None:
        return None
    group = "digit" if match["digit"] is not None else "word"
    value = int(match["digit"]) if group == "digit" else _ALL.get(match["word"].lower(), 0)
    return Entity("number", str(value), match.start(group), match.end(group)) if value else None


def _rating(text: str, *, lone: bool) -> Entity | None:
    """The rating, if the text holds exactly one: "3 oder 4" is none."""
    found: list[Entity] = []
    for match in _STARS.finditer(text):
        count = sum(c in "⭐★🌟" for c in match.group())
        if count > 1 or (count == 1 and not text.strip("⭐★🌟\ufe0f \t")):
            found.append(
                Entity("rating", str(count), match.start(), match.start() + len(match.group().rstrip()))
            )
    found.extend(Entity("rating", str(_value(m)), m.start(), m.end()) for m in _COUNTED.finditer(text))
    if lone and not found:
        found.extend(Entity("rating", str(_value(m)), m.start(), m.end()) for m in _LONE.finditer(text))
        if not found and (number := _bare(text)) is not None:
            found.append(Entity("rating", number.value, number.start, number.end))
    if len({entity.value for entity in found}) != 1 or not 1 <= int(found[0].value) <= 5:
        return None
    return found[0]


def _value(match: re.Match[str]) -> int:
    if match["digit"] is not None:
        return int(match["digit"])
    return _WORDS.get(match["word"].lower(), 1)  # "ein Stern", "one star"


def _orders(text: str, *, alone: bool) -> list[Entity]:
    found = [
        Entity("order_number", m["number"].upper(), m.start("number"), m.end("number"))
        for m in _ORDER.finditer(text)
    ]
    if alone and not found and (match := _ORDER_ALONE.fullmatch(text[:60])) is not None and len(text) <= 60:
        found.append(
            Entity("order_number", match["number"].upper(), match.start("number"), match.end("number"))
        )
    return found
