"""Tracking numbers of the carriers in Germany, Austria and Switzerland.

The value is the number in capitals without blanks and dots. Where the form is a carrier's alone, or a
public check digit proves it, the carrier stands before it: ``ups:``, ``dhl:``, ``post.at:``,
``swisspost:``. Bare figures of DPD, Hermes and GLS look alike; the carrier is added (``dpd:``,
``hermes:``, ``gls:``) only when the text names it and the length is one of its own.

Sources of the check digits: UPU S10 (weights 8 6 4 2 3 5 9 7, modulo 11), GS1 General Specifications
(SSCC, modulo 10, weights 3 and 1), the UPS tracking number (letters as figures, every second one doubled,
modulo 10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from nlu.understanding import Entity

__all__ = ["s10_digit", "sscc_is_right", "tracking_numbers", "ups_digit"]

_FORMS: Final = re.compile(
    r"(?<![\w.,#/-])(?:"
    r"(?P<ups>1Z[ ]?(?:[A-Z0-9][ ]?){15}\d)"
    r"|(?P<dhl>J{1,2}D[ ]?(?:\d[ ]?){12,21}\d)"
    r"|(?P<s10>[A-Z]{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{2}[ ]?\d[ ]?[A-Z]{2})"
    r"|(?P<swiss>99\.\d{2}\.\d{6}\.\d{8}|99\d{16})"
    r"|(?P<sscc>00[ ]?(?:\d[ ]?){17}\d)"
    r"|(?P<hermes>H\d{19})"
    r"|(?P<figures>\d{14,22}|\d{4}[ ]\d{4}[ ]\d{4}[ ]\d{2,4}(?:[ ]\d{2,4}){0,2})"
    r")(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
_NAMED: Final = re.compile(
    r"(?<!\w)(?:sendung(?:s-?(?:nummer|nr))?|sendungsverfolgung|tracking(?:-?(?:nummer|nr|number|code|id))?|"
    r"paket(?:nummer|nr)|track\s?(?:&|and)\s?trace|identcode|dhl|dpd|gls|hermes|ups|evri|parcel\s?(?:number|no))"
    r"[\s:.]{1,3}(?:(?:nr|nummer|number|no|code|ist|lautet|is|die|der)[\s:.]{1,3}){0,2}"
    r"(?P<number>(?=[A-Z]{0,4}\d{6})[A-Z]{0,4}\d{6,13}(?:[A-Z]{2})?|(?=[A-Z]{0,7}\d)[A-Z0-9]{8})(?![\w-]|[.,]\d)",
    re.IGNORECASE | re.ASCII,
)
_CARRIERS: Final = re.compile(r"(?<!\w)(dhl|dpd|gls|hermes|evri)(?!\w)", re.IGNORECASE)
_LENGTHS: Final = {
    "dhl": frozenset({12, 20}),
    "dpd": frozenset({14}),
    "gls": frozenset({8, 11, 12}),
    "hermes": frozenset({14, 16, 20}),
    "evri": frozenset({16}),
}
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d\d[ \d]*$")
_LONGEST_IBAN: Final = 32
_STATES: Final = {"AT": "post.at", "CH": "swisspost", "DE": "dhl"}
_SPACE: Final = str.maketrans("", "", " .")


def tracking_numbers(text: str) -> Iterator[Entity]:
    """All tracking numbers. Fewer than 14 plain figures need a word for parcels or a carrier before them."""
    end = 0
    for match in _FORMS.finditer(text):
        if _IBAN.search(text[max(0, match.start() - _LONGEST_IBAN) : match.start()]):
            continue
        number = match.group().translate(_SPACE).upper()
        if match.lastgroup == "s10" and not number[2:11].isdecimal():
            continue
        end = match.end()
        yield Entity(
            "tracking_number", _carrier(text, match.lastgroup or "", number) + number, match.start(), end
        )
    for match in _NAMED.finditer(text):
        number = match["number"].upper()
        if number.isdecimal() and len(number) < 8:
            continue  # "Sendung 20417" is the shop's own number
        yield Entity(
            "tracking_number", _named(text, number) + number, match.start("number"), match.end("number")
        )


def _carrier(text: str, form: str, number: str) -> str:
    """The carrier's prefix, if it is certain."""
    match form:
        case "ups":
            return "ups:" if ups_digit(number[2:17]) == number[17] else ""
        case "dhl":
            return "dhl:"
        case "s10":
            state = _STATES.get(number[11:])
            return f"{state}:" if state and s10_digit(number[2:10]) == number[10] else ""
        case "swiss":
            return "swisspost:"
        case "sscc" if number.startswith("003404") and sscc_is_right(number[2:]):
            return "dhl:"
        case "hermes":
            return "hermes:"
        case _:
            return _named(text, number)


def _named(text: str, number: str) -> str:
    """The one carrier that the text names, if the number has a length of its own."""
    carriers = {name.lower() for name in _CARRIERS.findall(text)}
    if len(carriers) != 1:
        return ""
    carrier = carriers.pop()
    return f"{carrier}:" if len(number) in _LENGTHS[carrier] else ""


def s10_digit(eight: str) -> str:
    """The check digit of a UPU S10 number for its eight figures."""
    rest = 11 - sum(int(c) * w for c, w in zip(eight, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def sscc_is_right(figures: str) -> bool:
    """Whether the last of 18 figures is the GS1 check digit of the others."""
    weighed = sum(int(c) * (3 if place % 2 else 1) for place, c in enumerate(reversed(figures)))
    return len(figures) == 18 and weighed % 10 == 0


def ups_digit(fifteen: str) -> str:
    """The check digit of a UPS number for the 15 letters and figures after ``1Z``."""
    values = [int(c) if c.isdecimal() else (ord(c) - 63) % 10 for c in fifteen.upper()]
    return str(-(sum(values[0::2]) + 2 * sum(values[1::2])) % 10)
