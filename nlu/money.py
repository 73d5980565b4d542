"""Amounts of money.

The value is a decimal and an ISO 4217 code: "4.95 EUR". Figures with cents but without a currency are
money of the shop's country, and so is what follows "bezahlt" or "paid"; "10.-" is Swiss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from nlu.numbers import number_of
from nlu.stretches import Stretches
from nlu.understanding import Entity

__all__ = ["MONEY_WORDS", "amounts"]

_CURRENCIES: Final = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "teuro": "EUR", "öcken": "EUR", "tacken": "EUR",
    "£": "GBP", "gbp": "GBP", "quid": "GBP", "pound": "GBP", "pounds": "GBP", "chf": "CHF", "sfr": "CHF",
    "fr": "CHF", "franken": "CHF", "franc": "CHF", "francs": "CHF", "fränkli": "CHF", "stutz": "CHF",
    "$": "USD", "usd": "USD",
    "dollar": "USD", "dollars": "USD", "bucks": "USD",
}  # fmt: skip
_HUNDREDTHS: Final = {"cent": "EUR", "cents": "EUR", "ct": "EUR", "rappen": "CHF", "pence": "GBP"}
_LOCAL: Final = {"CH": "CHF", "LI": "CHF", "GB": "GBP", "US": "USD"}
MONEY_WORDS: Final = frozenset(_CURRENCIES) | frozenset(_HUNDREDTHS)
"""Words for money; a text without a figure needs one of them to hold an amount."""

_SIGNS: Final = re.compile(r"[€£$]")
_UNIT: Final = "|".join(re.escape(name) for name in sorted(MONEY_WORDS, key=len, reverse=True))
_NUMBER: Final = r"(?:\d{1,3}(?:[.'’]\d{3}){1,3}|\d{1,7})(?:[.,](?:\d{1,2}|-{1,2}|–))?"
_BEFORE: Final = re.compile(
    r"(?<![\w.,/-])(?P<unit>[€£$]|(?:chf|sfr|fr|eur|usd|gbp)\b\.?)\s?"
    rf"(?P<figures>{_NUMBER})(?![\d/]|[.,]\d)",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(rf"(?<![\w.,/-])(?P<figures>{_NUMBER})[ -]?(?P<unit>{_UNIT})(?!\w)", re.IGNORECASE)
_IN_WORDS: Final = re.compile(rf"(?<!\w)(?P<word>[^\W\d_]{{3,30}})[ -](?P<unit>{_UNIT})(?!\w)", re.IGNORECASE)
_DASHED: Final = re.compile(r"(?<![\w.,/-])(?P<figures>\d{1,6})(?P<dash>[.,](?:-{1,2}|–))(?!\w)")
_CENTS: Final = re.compile(
    r"(?<![\w.,/:-])(?P<figures>\d{1,3}(?:[.,]\d{3})?(?P<point>[.,])\d\d)(?![\w/%:]|[.,]\d|\s?[%°]|"
    r"\s?(?:uhr|cm|mm|km|m|kg|gr?|ml|l|liter|litre|zoll|sterne?n?|stars?|prozent|grad|volt|v|pm|stunden|x)\b)",
    re.IGNORECASE,
)
_PAID: Final = re.compile(
    r"(?<!\w)(?:bezahlt|gezahlt|abgebucht|überwiesen|paid|charged(?:\sme)?)"
    r"(?:\s(?:hab|habe|hatte|ich|wurden|nur|euch)){0,2}\s"
    r"(?P<figures>\d{2,4})(?=$|[,;!?](?!\d)|\.(?:\s|$)|\s(?:auf|und|statt|instead|and|for|für)\b)",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    r"(?<!\w)(?:um|at|ab|gegen|bis|version|v|firmware|update|am|vom|ca\.?)\s$", re.IGNORECASE
)
_TALL: Final = re.compile(r"(?<!\w)(?:bin|bei|über|i['’]m|i\sam|groß)\s$", re.IGNORECASE)
_LEAD: Final = 12
"""So many characters before a figure tell whether it is a time, a version or a height."""


def amounts(text: str, words: AbstractSet[str], *, figures: bool, country: str = "DE") -> Iterator[Entity]:
    """Amounts of money, none of which overlap. ``words`` and ``figures``: see `nlu.dates.dates`."""
    taken = Stretches(len(text))
    named = not MONEY_WORDS.isdisjoint(words)
    patterns: tuple[re.Pattern[str], ...] = (_BEFORE, _AFTER, _IN_WORDS) if named else ()
    if not named and _SIGNS.search(text):
        patterns = (_BEFORE, _AFTER)
    if figures:
        patterns += (_DASHED, _CENTS, _PAID)
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.start() if pattern is not _PAID else match.start("figures"), match.end()
            if not taken.free(start, end):
                continue
            value = _value(pattern, match, _LOCAL.get(country, "EUR"))
            if value is not None:
                taken.take(start, end)
                yield Entity("amount", value, start, end)


def _value(pattern: re.Pattern[str], match: re.Match[str], local: str) -> str | None:
    if pattern is _IN_WORDS:
        return _said(match)
    figures = _decimal(match["figures"])
    if pattern is _DASHED:
        return f"{figures} {'CHF' if match['dash'].startswith('.') else local}"
    if pattern is _PAID or (pattern is _CENTS and _is_money(match)):
        return f"{figures} {local}"
    if pattern is _CENTS:
        return None
    unit = match["unit"].rstrip(".").lower()
    if unit in _HUNDREDTHS:
        return f"{float(figures) / 100:.2f} {_HUNDREDTHS[unit]}"
    return f"{figures} {_CURRENCIES[unit]}"


def _said(match: re.Match[str]) -> str | None:
    many, unit = number_of(match["word"]), match["unit"].lower()
    if many is None or unit == "fr":  # "ein Fr." is Friday as well
        return None
    if unit in _HUNDREDTHS:
        return f"{many / 100:.2f} {_HUNDREDTHS[unit]}"
    return f"{many}.00 {_CURRENCIES[unit]}"


def _is_money(match: re.Match[str]) -> bool:
    """Not a time, a version, somebody's height, or a day and a month."""
    before = match.string[max(0, match.start() - _LEAD) : match.start()]
    if _OTHER.search(before):
        return False
    if _TALL.search(before) and "1.40" <= match["figures"].replace(",", ".") <= "2.10":
        return False
    if match["point"] == ",":
        return True
    whole, _, part = match["figures"].rpartition(".")
    return not (whole.isdecimal() and 1 <= int(whole) <= 31 and 1 <= int(part) <= 12)


def _decimal(written: str) -> str:
    """Two places, whatever parts the thousands."""
    whole = re.sub(r"[.,][-–]{1,2}$", "", written).replace("'", "").replace("’", "")
    cents = re.search(r"[.,](\d{1,2})$", whole)
    if cents:
        return f"{re.sub(r'[.,]', '', whole[: cents.start()])}.{cents[1]:0<2}"
    return f"{re.sub(r'[.,]', '', whole)}.00"
