"""How somebody can be reached: e-mail address, phone number, postcode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import phonenumbers

from nlu.stretches import Stretches
from nlu.understanding import Entity
from nlu.wordlists import word_set

__all__ = ["emails", "phones", "postcodes"]

_EMAIL: Final = re.compile(
    r"(?<![\w.%+-])[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
_PHONE: Final = re.compile(
    r"(?<![\w.,#/+-])(?!\d\d?/\d\d?/\d)"
    r"(?:\+\s?[1-9]|00\s?[1-9]|0\s?[1-9]|\(0)(?:\s?\(0\)\s?)?(?:[ ()/-]{0,2}\d){6,14}"
    r"(?![\w/-]|[.,]\d|\s?€)",
    re.ASCII,
)
_MOST_PHONES: Final = 5
"""So many numbers of one text are looked at closely: that is slow, and nobody has more."""

_NEIGHBOURS: Final = ("DE", "AT", "CH", "GB")

_STREET: Final = (
    r"(?:\w{1,40}(?:str\.?|straße|strasse|weg|gasse|platz|allee|ring|ufer|damm|kanal|hof|park)|"
    r"(?:str\.?|straße|weg|kanal|platz|street|road))\s\d{1,4}\s?[a-z]?(?:,\s?|\s|/\d{1,3},?\s)"
)
_PREFIXED: Final = re.compile(
    r"(?<![\w-])(?:(?P<de>D|DE)-(?P<five>\d{5})|(?:A|AT|CH|FL|LI)-(?P<four>[1-9]\d{3}))(?!\d)"
)
_BRITISH: Final = re.compile(r"(?<![\w-])[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}(?![\w-])", re.ASCII)
_CUE: Final = re.compile(
    r"(?<!\w)(?:plz|p\.l\.z|postleitz\w{0,6}|post\s?codes?|zip(?:\s?code)?)(?!\w)", re.IGNORECASE
)
_ADDRESS: Final = re.compile(
    r"(?<!\w)(?:adress\w{0,12}|adrese|anschrift|address|umzug|umgezogen|ziehen?|wohn\w{0,4}|liefer\w{0,12}|"
    r"zustell\w{0,8}|schick\w{0,3}|hausnummer|\w{2,20}str(?:\.|aße|asse)|street|deliver\w{0,3}|nachmieter|mieter|straße|paket|"
    r"bremen|code)(?!\w)",
    re.IGNORECASE,
)
_FIGURES: Final = re.compile(
    r"(?<![\w.,#/+€£$-])(?:\d{5}|\d{4})(?![\w/-]|[.,:]\d|\s?(?:€|%|euro|stück|schritte|km\b|mal\b))",
    re.IGNORECASE,
)
_PLACE: Final = re.compile(r"\s(?:in\s)?(?P<name>(?:St\.?\s|Bad\s|am\s)?[A-ZÄÖÜ][a-zäöüß]{2,30})")
_AFTER_STREET: Final = re.compile(rf"(?<!\w){_STREET}$", re.IGNORECASE)
_LEADS: Final = re.compile(
    r"(?:nach|in|in der|aus|is|be|to|ist|wäre|war|jetzt|statt|nicht|wieder|now|richtig|from|bei)[:\s]{1,2}$",
    re.IGNORECASE,
)
_REACH: Final = 90
"""A street stands at most so many characters before its postcode."""

_PLACES: Final = word_set(
    "wien graz linz salzburg innsbruck klagenfurt villach wels sankt bregenz dornbirn steyr feldkirch "
    "leoben krems baden eisenstadt zürich zuerich genf basel bern lausanne winterthur luzern st "
    "gallen lugano biel thun köniz fribourg freiburg schaffhausen chur zug aarau olten solothurn "
    "davos vaduz schwyz frauenfeld uster sion sitten vienna zurich geneva kreuzlingen rapperswil wil "
    "baar emmen kriens mödling traun amstetten kufstein"
)
_GERMAN_PLACES: Final = word_set(
    "berlin hamburg münchen köln frankfurt stuttgart düsseldorf leipzig dortmund essen bremen dresden "
    "hannover nürnberg duisburg bochum wuppertal bielefeld bonn münster karlsruhe mannheim augsburg "
    "wiesbaden kiel lübeck erfurt mainz rostock kassel halle magdeburg magdebrug freiburg potsdam "
    "heidelberg darmstadt würzburg ulm trier jena munich cologne regensburg konstanz chemnitz aachen "
    "krefeld oldenburg osnabrück"
)
_LAST_WORD: Final = re.compile(r"(?<!\w)(?P<name>[^\W\d_]{2,30}),?\s$")
_WORD: Final = re.compile(r"[^\W\d_]{2,30}")


def emails(text: str) -> Iterator[Entity]:
    """E-mail addresses, in small letters."""
    if "@" in text:
        yield from (Entity("email", m.group().lower(), m.start(), m.end()) for m in _EMAIL.finditer(text))


def phones(text: str, country: str = "DE") -> Iterator[Entity]:
    """Phone numbers as E.164: dialled in ``country`` (ISO 3166), or else a mobile of a country nearby."""
    for match in islice(_PHONE.finditer(text), _MOST_PHONES):
        number = match.group()
        if (value := _dialled(number, country)) is not None:
            yield Entity("phone", value, match.start(), match.end())


def _dialled(number: str, country: str) -> str | None:
    """The number in E.164: valid at home, or a mobile of a country nearby, or at least possible at home."""
    possible = None
    for place in dict.fromkeys((country, *_NEIGHBOURS)):
        try:
            parsed = phonenumbers.parse(number, place)
        except phonenumbers.NumberParseException:
            continue
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        kind = phonenumbers.number_type(parsed)
        if kind != phonenumbers.PhoneNumberType.UNKNOWN and (place == country or kind in _MOBILE):
            return written
        if place == country and phonenumbers.is_possible_number(parsed):
            possible = written
        if number.startswith(("+", "00")):
            break  # such a number is the same everywhere
    return possible


_MOBILE: Final = frozenset(
    {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
)


def postcodes(text: str, taken: Stretches | None = None) -> Iterator[Entity]:
    """Postcodes: five figures in Germany, four in Austria, Switzerland and Liechtenstein, British ones.

    Figures are one only beside a street, a place, a country's letter or a word for postcodes, or (five of
    them) where an address is spoken of. What is ``taken`` is something else.
    """
    asked: bool | None = None
    spoken_of = False
    for match in _PREFIXED.finditer(text):
        group = "five" if match["five"] else "four"
        yield Entity("postcode", match[group], match.start(), match.end())
    for match in _BRITISH.finditer(text):
        yield Entity("postcode", match.group(), match.start(), match.end())
    for match in _FIGURES.finditer(text):
        start, end = match.span()
        if taken is not None and not taken.free(start, end):
            continue
        if asked is None:
            asked = _CUE.search(text) is not None
            spoken_of = asked or _ADDRESS.search(text) is not None
        if asked or _placed(text, match, spoken_of=spoken_of):
            yield Entity("postcode", match.group(), start, end)


def _placed(text: str, match: re.Match[str], *, spoken_of: bool) -> bool:
    """Whether what stands around the figures makes them a postcode."""
    figures, before = match.group(), text[max(0, match.start() - _REACH) : match.start()]
    if figures.startswith("0") and len(figures) == 4:
        return False
    if _AFTER_STREET.search(before):
        return True
    if (last := _LAST_WORD.search(before)) and last["name"].lower() in (
        _PLACES if len(figures) == 4 else _GERMAN_PLACES
    ):
        return True
    next_word = _WORD.match(text, match.end() + 1)
    place = next_word.group().lower() if next_word else ""
    if len(figures) == 4:
        return place in _PLACES or (
            spoken_of and figures[:2] not in {"19", "20"} and _LEADS.search(before) is not None
        )
    if place in _GERMAN_PLACES:
        return True
    if figures.endswith("000"):
        return False
    return spoken_of and (_LEADS.search(before) is not None or _PLACE.match(text, match.end()) is not None)
