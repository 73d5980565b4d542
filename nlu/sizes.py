"""Sizes: of clothes and shoes, and what is in a bottle or how long a thing is.

The value is what is said, in one spelling: "M", "XXL", "42", "43.5", "EU 42", "UK 7", "W31 L34",
"140x210", "500 ml", "1.60 m".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from nlu.numbers import SMALL, number_of
from nlu.understanding import Entity
from nlu.wordlists import word_set

__all__ = ["sizes"]

_UNITS: Final = {
    "ml": "ml", "cl": "cl", "l": "l", "liter": "l", "litre": "l", "litres": "l", "kg": "kg", "g": "g",
    "gr": "g", "gramm": "g", "mm": "mm", "cm": "cm", "m": "m", "meter": "m", "zoll": "inch", "inch": "inch",
    "inches": "inch",
}  # fmt: skip
_CUES: Final = word_set(
    "größe grösse groesse gröse jröße grössi größen size sizes gr schuhgröße konfektionsgröße "
    "kindergröße kleidergröße eu uk us medium meduim large small"
)
_IN_LETTERS: Final = {"medium": "M", "meduim": "M", "large": "L", "small": "S"}

_LETTERS: Final = re.compile(
    r"(?<![\w&'’.-])(?:XXS|XS|S|M|L|XL|XXL|XXXL|[2-6]XL|xxs|xs|xl|xxl|xxxl|[2-6]xl)(?![\w&'’-]|\.\w)"
)
_CUED: Final = re.compile(
    r"(?<!\w)(?:(?:schuh|kinder|konfektions|kleider)?(?:größe|grösse|groesse|gröse|jröße|grössi)n?|sizes?|gr\.?|uk|us|eu)"
    r"(?![^\W\d_])\s?:?\s?(?:ist\s|is\s|so\s|nicht\s|a\s|say\s)?(?:(?P<region>eu|uk|us)\s?)?"
    r"(?P<figures>\d{1,3}(?:[.,]5|\s?1/2|½)?(?:\s?/\s?\d{2,3})?|x{0,3}[sl]|m)"
    r"(?!\w|[.,:]\d|\s?(?:€|euro|tage|days|%))",
    re.IGNORECASE,
)
_REGION: Final = re.compile(r"(?:eu|uk|us)\b", re.IGNORECASE)
_WORDED: Final = re.compile(
    r"(?<!\w)(?:got|in|normale?n?|hae|ordered|size|for|than|an?)\s(?:an?\s|the\s)?(?P<word>medium|meduim|large|small)"
    r"(?=$|[.,;:!?)]|\s(?:in|and|please|instead|size)\b)",
    re.IGNORECASE,
)
_KIND: Final = rf"(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![\w/²³'’]|-\w)"
_MEASURED: Final = re.compile(
    rf"(?<![\w.,/-])(?P<figures>\d{{1,4}}(?:[.,]\d{{1,2}})?)[ -]?{_KIND}", re.IGNORECASE
)
_IN_WORDS: Final = re.compile(rf"(?<!\w)(?P<word>{SMALL}|half(?:\sa)?)[ -]{_KIND}", re.IGNORECASE)
_CROSSED: Final = re.compile(
    r"(?<![\w.,/-])(?P<figures>\d{2,3}\s?[x×]\s?\d{2,3}(?:\s?[x×]\s?\d{2,3})?)(?:\s?cm)?(?![\w/]|[.,]\d)",
    re.IGNORECASE,
)
_JEANS: Final = re.compile(
    r"(?<!\w)W\s?(?P<waist>\d\d)(?:\s?/?\s?L\s?(?P<length>\d\d))?(?!\w)", re.IGNORECASE
)

_BARE: Final = re.compile(
    r"(?<![\w.,:/€£$#+-])(?<!\d )(?P<figures>(?:3\d|4\d|5[0-6])(?:[.,]5)?)"
    r"(?![\w/]|[.,:]\d|\s?(?:€|%|euro|franken|grad|°|uhr|"
    r"min|std|stunden|tage|days|wochen|weeks|monat|jahre|years|stück|cm|mm|kg|g\b|ml|l\b|m\b|mal|x\b|artikel|items|people|"
    r"leute|teile|prozent|kilo|watt|volt|jahr|degrees|minutes|hours|mins|quid|\d))",
    re.IGNORECASE,
)
_LEADS: Final = re.compile(
    r"(?<!\w)(?:in|in\s(?:einer|der|a|an|the|ner)|eine|ne|ner|statt|sondern|brauch(?:e|te)?|hab|habe|had|gegen|auf|wieder|"
    r"kein|no|a|the|nochmal|war|is|nicht|schuhe?|boots|sneakers?|stiefel|shoes|jeans|hose|pulli|ring|need|got|die|"
    r"bestellt|gekommen|lieferung|und|aber|ihr|bekommen|behalte|richtige|wurde|hani|für|says?|ab|trage|wear)[:,]?\s$",
    re.IGNORECASE,
)
_AGAINST: Final = re.compile(r"\s(?:statt|gegen|instead of)\s(?:3\d|4\d|5[0-6])\b", re.IGNORECASE)
_BRITISH: Final = re.compile(
    r"(?<!\w)(?:in\san?|an?|than\san?)\s(?P<figures>[4-9]|1[0-8])(?:\.5)?(?=\?|$|[.,]\s|\sfor\smy|\s(?:in|please)\b)",
    re.IGNORECASE,
)
_WORN: Final = re.compile(
    r"schuh|boot|sneaker|stiefel|stevel|shoe|jeans|hose|pulli|kleid|jacke|mantel|shirt|ring|grö[sß]|jröß|grös|size|pass|"
    r"\bfit|tausch|heel|jumper|feet|füße|zurück|swap|exchange|wear|bestellt|label|rumlieg|wieder|showing|make|\bgot\b|"
    r"gekommen|geliefert|gelieferte|behalte|gschickt|habt|hast|gibt|nie in|do you have|kannt",
    re.IGNORECASE,
)
_REACH: Final = 20
"""So many characters before a figure tell whether it is a size."""


def sizes(text: str, words: AbstractSet[str], *, figures: bool) -> Iterator[Entity]:
    """Sizes of clothes, shoes, bottles and things. ``words`` and ``figures``: see `nlu.dates.dates`."""
    for match in _LETTERS.finditer(text):
        if len(match.group()) > 1 or not _is_initial(text, match):
            yield Entity("size", match.group().upper(), *match.span())
    if not _CUES.isdisjoint(words):
        for match in _CUED.finditer(text):
            yield Entity("size", _cued(match), *match.span("figures"))
        for match in _WORDED.finditer(text):
            yield Entity("size", _IN_LETTERS[match["word"].lower()], *match.span("word"))
    if not words.isdisjoint(_UNITS):
        for match in _IN_WORDS.finditer(text):
            many = number_of(match["word"])
            yield Entity("size", f"{many or 0.5} {_UNITS[match['unit'].lower()]}", *match.span())
    if figures:
        yield from _measured(text)
        yield from _worn(text)


def _is_initial(text: str, match: re.Match[str]) -> bool:
    """A single letter that is a word of Swiss German, or that shortens a name."""
    before = text[max(0, match.start() - 6) : match.start()].rstrip()
    after = text[match.end() : match.end() + 3]
    if not before or before[-1] in ".!?":
        return (
            after[:1] == " " and after[1:2].isalpha() and after[1:3].lower() not in {"in", "st", "od", "or"}
        )
    return before.lower().endswith(("frau", "herr", "h &", " mr", " ms")) or (
        after.startswith(". ") and after[2:3].isupper() and before[-1:].isupper()
    )


def _cued(match: re.Match[str]) -> str:
    figures = (
        match["figures"].replace(",", ".").replace("½", ".5").replace("1/2", ".5").replace(" ", "").upper()
    )
    region = match["region"] or (found.group() if (found := _REGION.match(match.group())) else None)
    return f"{region.upper()} {figures}" if region else figures


def _measured(text: str) -> Iterator[Entity]:
    for match in _JEANS.finditer(text):
        yield Entity(
            "size", f"W{match['waist']}" + (f" L{match['length']}" if match["length"] else ""), *match.span()
        )
    for match in _CROSSED.finditer(text):
        value = re.sub(r"\s", "", match["figures"]).replace("×", "x").lower()
        yield Entity("size", value, *match.span())
    for match in _MEASURED.finditer(text):
        if match["unit"] != "M":  # "2 M" is two of that size
            value = f"{match['figures'].replace(',', '.')} {_UNITS[match['unit'].lower()]}"
            yield Entity("size", value, *match.span())


def _worn(text: str) -> Iterator[Entity]:
    """Bare figures: only those that shoes and clothes have, where such things are spoken of."""
    worn: bool | None = None
    for pattern in (_BARE, _BRITISH):
        for match in pattern.finditer(text):
            start = match.start("figures")
            if pattern is _BARE and not (
                _LEADS.search(text[max(0, start - _REACH) : start])
                or _AGAINST.match(text, match.end())
                or not text[:start].strip()
            ):
                continue
            worn = _WORN.search(text) is not None if worn is None else worn
            if worn:
                yield Entity("size", match["figures"].replace(",", "."), *match.span("figures"))
