"""Order numbers: as a shop prints them, and as people say them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from nlu.numbers import SMALL, spoken
from nlu.understanding import Entity
from nlu.wordlists import word_set

__all__ = ["SPEAKABLE", "order_numbers"]

_BEGINNINGS: Final = word_set(
    "beste bstel best auftr order retou retuo sendu rücks storn cance gutsc rückz ersta refun retur "
    "numbe numme"
)
"""How the words begin without one of which, and without a #, a text names no order by itself."""

SPEAKABLE: Final = word_set("bestellung bestellig bestellnummer auftrag auftragsnummer order number nummer")
"""Words that an order number spoken in words follows."""

_NAMED: Final = re.compile(
    r"(?<!\w)(?:"
    r"(?P<hash>\#\s?)"
    r"|(?:(?:bestellung(?:en)?|bestellug|bestelung|bestellig|bstellig|auftrag|order|retoure|"
    r"retuore|sendung|rücksendung)"
    r"(?P<sure>(?:\s(?:\w{1,8}\s){0,2})?\s?-?(?:nr\b|nummer|number|no\b|id\b))?"
    r"|(?:storno|storni(?:er|a)e?n?(?:\s(?:sie|se|die|mal)){0,2}|cancel|gutschrift|gutschrit|rückzahlung|erstattung|"
    r"refund|return)"
    r"(?P<weak>(?:\s(?:bitte|für|zu|von|of|for|order|pls|please)){0,2})"
    r"|(?P<surely>bestell-?(?:nr|nummer|no)|best\.?-?nr|auftrags?-?(?:nr|nummer)|ordernumber|ordernummer|"
    r"order-(?:nr|id)))"
    r"\s?[.:]{0,2}\s?(?:(?:ist|lautet|is|hat|war|was)\s(?:die\s|the\s)?)?(?P<mark>\#\s?)?"
    r")(?P<number>(?=[a-z-]{0,8}\d)[a-z0-9][a-z0-9-]{2,19})(?![\w-]|[.,]\d)",
    re.IGNORECASE,
)
_ALONE: Final = re.compile(r"\s*#?\s?(?P<number>[a-z]{0,4}-?\d[\d-]{2,14}(?:-?[a-z])?)[\s.!]*", re.IGNORECASE)
_HASHTAG: Final = re.compile(r"[a-z]{4,}\d", re.IGNORECASE)
_MEASURE: Final = re.compile(r"\d+(?:kg|g|ml|l|cm|mm|m|x|er|st|nd|rd|th|k|h|min|er|mal|w)", re.IGNORECASE)
_DATE: Final = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}")
_YEAR: Final = re.compile(r"(?:199|20[0-3])\d")
_COUNTS: Final = re.compile(
    r"\s?(?:€|£|\$|%|x\b|(?:euro?s?|chf|franken|st(?:ü|ue)ck|stk|pcs|pieces|kg|gr?|gramm|ml|l|cm|mal|times|"
    r"tagen?|days|wochen?|weeks|monaten?|months|jahren?|years|stunden|hours|minuten|minutes|artikeln?|items?)\b)",
    re.IGNORECASE,
)
_SAY: Final = (
    rf"(?:{SMALL}|oh|thousand|hundred|double|doppel|und|and|"
    r"\w{0,24}(?:tausend|hundert)\w{0,24}|(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)und\w{4,8}ig)"
)
_SPOKEN: Final = re.compile(
    r"(?<!\w)(?:bestellung|bestellig|bestellnummer|auftragsnummer|auftrag|order|number|nummer)"
    r"(?:\s(?:nummer|number|no|nr))?[:.]?\s(?:(?:ist|lautet|is)\s(?:die\s)?)?"
    rf"(?P<said>{_SAY}(?:[ -]{_SAY}){{0,11}})(?!\w)",
    re.IGNORECASE,
)
_SPOKEN_ALONE: Final = re.compile(rf"\s*(?P<said>{_SAY}(?:[ -]{_SAY}){{0,11}})[\s.!]*", re.IGNORECASE)
_SEPARATE: Final = re.compile(r"[^\s]+")
_ASKED: Final = 60
"""An answer to "which order?" is short; what is longer tells something else."""


def order_numbers(text: str, words: AbstractSet[str], *, alone: bool = False) -> Iterator[Entity]:
    """All order numbers, in capitals. ``alone`` takes a text that is nothing but a number for one.

    ``words``: see `nlu.dates.dates`. After a mere "Bestellung" or "order" a year, a quantity, a measure
    and an amount are none.
    """
    some = False
    if "#" in text or not _BEGINNINGS.isdisjoint({word[:5] for word in words}):
        for match in _NAMED.finditer(text):
            if _is_one(text, match):
                some = True
                yield Entity(
                    "order_number", match["number"].upper(), match.start("number"), match.end("number")
                )
        for match in _SPOKEN.finditer(text):
            if (number := _spoken(match["said"])) is not None:
                some = True
                yield Entity("order_number", number, *match.span("said"))
    if not alone or some or len(text) > _ASKED:
        return
    if (whole := _ALONE.fullmatch(text)) is not None:
        yield Entity("order_number", whole["number"].upper(), *whole.span("number"))
    elif (told := _SPOKEN_ALONE.fullmatch(text)) and (number := _spoken(told["said"])) is not None:
        yield Entity("order_number", number, *told.span("said"))


def _is_one(text: str, match: re.Match[str]) -> bool:
    number = match["number"]
    if match["hash"] is not None:
        return _HASHTAG.match(number) is None
    if match["sure"] or match["surely"] or match["mark"]:
        return True
    if _MEASURE.fullmatch(number) or _DATE.fullmatch(number) or _YEAR.fullmatch(number):
        return False
    after = text[match.end() : match.end() + 12]
    if _COUNTS.match(after):
        return False
    if match["weak"] is not None and (len(number) < 4 or (after[:1].isspace() and after[1:2].isalpha())):
        return False
    # "order 200 bags": three figures and a noun are a quantity
    return len(number) > 3 or not after[:1].isspace() or not after[1:2].isalpha()


def _spoken(said: str) -> str | None:
    words = _SEPARATE.findall(said.replace("-", " "))
    number = spoken(words)
    return number if number is not None and len(number) >= 3 else None
