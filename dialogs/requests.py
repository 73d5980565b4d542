"""What agents ask the shop for: what they typed is read and checked, and the buyer is told of it. Pure.

Amounts are read as people write them in German and in English. An address is checked as far as its country
has rules for it; the rest is the parcel service's to judge. The texts stand in ``requests.yml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from dialogs.expressions import Value
from dialogs.flow import Book, Offer
from dialogs.scene import Scene, localized, products_of, tips_of
from dialogs.words import Tone, Words, parse

_FILE: Final = Path(__file__).with_name("requests.yml")
_NAMES: Final = ("name", "order", "amount", "what", "code", "percent", "until", "address")
_AMOUNT: Final = re.compile(r"\d{1,3}(?:[.,' ’]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?", re.ASCII)
_MOST: Final = Decimal(1_000_000)
_LONGEST: Final = 80

POSTCODES: Final[Mapping[str, str]] = {
    "DE": r"\d{5}", "AT": r"\d{4}", "CH": r"\d{4}", "LI": r"94(8[5-9]|9[0-8])", "LU": r"\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}", "BE": r"\d{4}", "FR": r"\d{5}", "IT": r"\d{5}", "ES": r"\d{5}",
    "PT": r"\d{4}-\d{3}", "DK": r"\d{4}", "SE": r"\d{3} ?\d{2}", "NO": r"\d{4}", "FI": r"\d{5}",
    "PL": r"\d{2}-\d{3}", "CZ": r"\d{3} ?\d{2}", "SK": r"\d{3} ?\d{2}", "HU": r"\d{4}", "SI": r"\d{4}",
    "IE": r"[A-Z]\d[\dW] ?[\dA-Z]{4}", "GB": r"[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}",
    "US": r"\d{5}(-\d{4})?",
}  # fmt: skip
"""How postcodes look, by country: the countries that a parcel may be sent to."""

_HOUSE_FIRST: Final = frozenset({"FR", "LU", "GB", "IE", "US", "BE"})
"""Where a house may have a name and no number, or the number stands anywhere."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel goes. ``country`` is one of `POSTCODES`."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    extra: str = ""

    @property
    def lines(self) -> str:
        """All of it in one line."""
        place = f"{self.postcode} {self.city}".strip()
        return ", ".join(filter(None, (self.name, self.extra, self.street, place, self.country)))


def read_address(given: Mapping[str, str]) -> Address:
    """Return the address that was typed, each part in one line, the postcode as its country writes it."""
    parts = {one.name: " ".join(str(given.get(one.name, "")).split()) for one in fields(Address)}
    country = parts["country"].upper()
    postcode = parts["postcode"].upper()
    for prefix in (f"{country}-", f"{country[:1]}-"):  # "D-10115" was usual once
        if country and postcode.startswith(prefix) and len(postcode) > len(prefix) + 2:
            postcode = postcode.removeprefix(prefix).strip()
    return Address(**{**parts, "country": country, "postcode": postcode})


def address_problems(address: Address) -> dict[str, str]:
    """Say what is wrong with each part: ``missing``, ``long``, ``form`` or ``number``."""
    problems: dict[str, str] = {}
    for one in fields(Address):
        value = getattr(address, one.name)
        if not value and one.name != "extra":
            problems[one.name] = "missing"
        elif len(value) > _LONGEST:
            problems[one.name] = "long"
    if "country" not in problems and address.country not in POSTCODES:
        problems["country"] = "form"
    form = POSTCODES.get(address.country)
    if "postcode" not in problems and form and re.fullmatch(form, address.postcode, re.ASCII) is None:
        problems["postcode"] = "form"
    numbered = address.country not in _HOUSE_FIRST
    if "street" not in problems and numbered and not re.search(r"\d", address.street):
        problems["street"] = "number"
    return problems


def read_amount(written: str) -> Decimal | None:
    """Return an amount of money as somebody typed it (12,50 · 1.234,50 · 12.5 €); None: that is none."""
    bare = written.strip().strip("€$£").removesuffix("EUR").removesuffix("CHF").removeprefix("CHF").strip()
    if _AMOUNT.fullmatch(bare) is None:
        return None
    bare = re.sub(r"['’ ]", "", bare)
    cents = re.search(r"[.,](\d{1,2})$", bare)
    whole = bare[: cents.start()] if cents else bare
    if cents and cents[0][0] in whole:  # one sign cannot part both thousands and cents
        return None
    try:
        amount = Decimal(re.sub(r"[.,]", "", whole) + (f".{cents[1]}" if cents else ""))
    except InvalidOperation:
        return None
    return amount.quantize(Decimal("0.01")) if 0 < amount <= _MOST else None


@dataclass(frozen=True, slots=True)
class CodeKind:
    """A code that the shop honours, as the scripts offer it.

    With a ``prefix`` each buyer gets one of their own, else ``code`` is everybody's. It is good for ``days``.
    """

    id: str
    code: str
    prefix: str
    percent: int
    days: int


def code_kinds(book: Book) -> tuple[CodeKind, ...]:
    """Return the codes that the published scripts offer, each once, the smallest first."""
    found: dict[tuple[str, int], CodeKind] = {}
    for flow in book.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Offer) and step.percent and (step.code or step.prefix):
                name = step.code or step.prefix
                one = CodeKind(
                    f"{name}-{step.percent}", step.code, step.prefix, step.percent, max(step.valid.days, 1)
                )
                found.setdefault((name, step.percent), one)
    return tuple(sorted(found.values(), key=lambda one: (one.percent, one.id)))


def care_tips(scene: Scene) -> tuple[tuple[str, str], ...]:
    """Return the catalogue's tips for what was bought, as (product, tip), in the buyer's language."""
    tone = scene.tone
    return tuple(
        (localized(product.title, tone.language, tone.voice), localized(tip, tone.language, tone.voice))
        for product in products_of(scene)
        for tip in tips_of(scene, product)
    )


def told(kind: str, tone: Tone, values: Mapping[str, str]) -> str:
    """Return what the buyer is told of a request. Values that are missing are left out of its words."""
    words = _book()
    bare = kind if kind in words else "other"
    if f"{bare}_nameless" in words and not values.get("name"):
        bare = f"{bare}_nameless"
    known: dict[str, Value] = {name: values.get(name, "") for name in _NAMES}
    said = words[bare].say(tone, known.__getitem__).strip()
    return said.replace("ß", "ss") if tone.language == "de" and tone.country == "CH" else said


@cache
def _book() -> Mapping[str, Words]:
    data = yaml.safe_load(_FILE.read_text("utf-8"))
    return {kind: parse(texts, _NAMES) for kind, texts in data.items()}
