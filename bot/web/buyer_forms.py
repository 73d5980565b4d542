"""What the forms beside a thread ask for: which there are, what was typed, and what is wrong with it.

Every form says what the buyer will be told of it, and what becomes of these words: into the composer, sent at
once, or nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from bot.app import App
from bot.requests import Wish, code_of
from bot.web.buyer_view import Panel, ShownOrder
from bot.web.forms import line, text
from bot.web.wording import Language
from dialogs.harmless import harmless
from dialogs.requests import (
    POSTCODES,
    CodeKind,
    address_problems,
    code_kinds,
    read_address,
    read_amount,
    told,
)
from dialogs.timing import local
from dialogs.words import Tone
from persistence.requests import KINDS, Kind

HOWS: Final = ("compose", "send", "none")
"""What becomes of the words that the buyer is to be told."""

_LONGEST: Final = 1000
_ADDRESS: Final = ("name", "extra", "street", "postcode", "city", "country")
_LOCALES: Final[Mapping[str, str]] = {"de": "de_DE", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Read:
    """What a form says: ``problems`` are words' keys by field; without any, ``wish`` can be asked for."""

    wish: Wish | None
    problems: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    left: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom a form is about, and how they are spoken to."""

    app: App
    id: int
    panel: Panel
    tone: Tone
    timezone: str


def kind_of(name: str) -> Kind | None:
    """Return the kind of request that an address names."""
    return next((one for one in KINDS if one == name), None)


def form_values(asking: Asking, kind: Kind, given: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return what ``buyer/form.html`` needs; ``given`` is what was typed before."""
    orders = [one for one in asking.panel.orders if kind != "refund" or one.left > 0]
    first = next((one for one in orders if one.card.bound), orders[0] if orders else None)
    typed = {name: text(given, name, _LONGEST) for name in ("amount", "what", "note", *_ADDRESS)}
    if not given:
        typed["amount"] = _plain(first.left, language) if first is not None else ""
        typed["name"] = asking.panel.name
        buyer = asking.panel.card.buyer
        typed["country"] = (buyer.country if buyer is not None else None) or asking.tone.country
    names = Locale.parse(_LOCALES[language]).territories
    return {
        "kind": kind,
        "orders": orders,
        "chosen": text(given, "order") or (first.card.order.id if first is not None else ""),
        "picked": _all(given, "item"),
        "typed": typed,
        "part": text(given, "part") or "full",
        "code": text(given, "code"),
        "codes": code_kinds(asking.app.book),
        "countries": sorted(((one, names.get(one, one)) for one in POSTCODES), key=lambda one: one[1]),
        "how": next((one for one in HOWS if one == given.get("how")), "compose"),
        "hows": HOWS,
        "key": text(given, "key", 64) or secrets.token_urlsafe(16),
    }


async def read_form(asking: Asking, kind: Kind, given: Mapping[str, Any], language: Language) -> Read:
    """Read a form of this kind."""
    match kind:
        case "refund":
            return _refund(asking, given, language)
        case "replacement" | "repair":
            return _items(asking, kind, given)
        case "gift":
            return _gift(asking, given)
        case "code":
            return await _code(asking, given)
        case "address":
            return _address(asking, given)


def words_of(asking: Asking, kind: Kind, read: Read) -> str:
    """Return what the buyer is told; what is not known yet is a gap of three dots."""
    known = {name: value or "…" for name, value in read.values.items()}
    blank = dict.fromkeys(("order", "amount", "what", "code", "percent", "until", "address"), "…")
    return told(kind, asking.tone, {**blank, **known})


def _refund(asking: Asking, given: Mapping[str, Any], language: Language) -> Read:
    order = _order(asking, given)
    if order is None:
        return Read(None, {"order": "order"})
    whole = text(given, "part") != "part"
    amount = order.left if whole else read_amount(line(given, "amount"))
    currency = order.card.order.currency
    values = {
        "order": _number(order),
        "amount": _money(amount, currency, asking.tone.language) if amount else "",
    }
    left = _money(order.left, currency, language)
    if amount is None:
        return Read(None, {"amount": "amount"}, values, left)
    if not 0 < amount <= order.left:
        return Read(None, {"amount": "left"}, values, left)
    detail = {"currency": currency, "whole": whole, **_note(given)}
    return Read(Wish("refund", order.card.order.id, detail, amount), {}, values, left)


def _items(asking: Asking, kind: Kind, given: Mapping[str, Any]) -> Read:
    picked = _all(given, "item")
    found = [
        (order, position)
        for order in asking.panel.orders
        for position, _ in enumerate(order.card.order.items)
        if f"{order.card.order.id}:{position}" in picked
    ]
    if not found:
        return Read(None, {"item": "item"})
    order = found[0][0]
    if any(one is not order for one, _ in found):
        return Read(None, {"item": "one_order"})
    items = [order.card.order.items[position] for _, position in found]
    what = ", ".join(f"{one.quantity} × {one.title}" if one.quantity > 1 else one.title for one in items)
    detail = {
        "items": [{"sku": one.sku, "title": one.title, "quantity": one.quantity} for one in items],
        **_note(given),
    }
    return Read(Wish(kind, order.card.order.id, detail), {}, {"what": what, "order": _number(order)})


def _gift(asking: Asking, given: Mapping[str, Any]) -> Read:
    what = harmless(line(given, "what")).strip()
    if not what:
        return Read(None, {"what": "missing"})
    order = _order(asking, given)
    detail = {"what": what, **_note(given)}
    return Read(Wish("gift", order.card.order.id if order is not None else None, detail), {}, {"what": what})


async def _code(asking: Asking, given: Mapping[str, Any]) -> Read:
    kinds: dict[str, CodeKind] = {one.id: one for one in code_kinds(asking.app.book)}
    kind = kinds.get(text(given, "code"))
    if kind is None:
        return Read(None, {"code": "code"})
    code = await code_of(asking.app, asking.id, kind, text(given, "key", 64))
    if code is None:
        return Read(None, {"code": "code"})
    until = local(code.until, asking.timezone).date()
    values = {
        "code": code.code,
        "percent": str(code.percent),
        "until": format_date(until, "long", locale=_LOCALES[asking.tone.language]),
    }
    detail = {"code": code.code, "percent": code.percent, "until": until.isoformat(), **_note(given)}
    order = next((one for one in asking.panel.orders if one.card.bound), None)
    wish = Wish("code", order.card.order.id if order is not None else None, detail, code=code)
    return Read(wish, {}, values)


def _address(asking: Asking, given: Mapping[str, Any]) -> Read:
    order = _order(asking, given)
    address = read_address({name: harmless(line(given, name)) for name in _ADDRESS})
    values = {"address": address.lines, "order": _number(order) if order is not None else ""}
    problems = {name: f"address.{why}" for name, why in address_problems(address).items()}
    if order is None:
        problems["order"] = "order"
    if problems or order is None:
        return Read(None, problems, values)
    detail = {"address": {name: getattr(address, name) for name in _ADDRESS}, **_note(given)}
    return Read(Wish("address", order.card.order.id, detail), {}, values)


def _order(asking: Asking, given: Mapping[str, Any]) -> ShownOrder | None:
    wanted = text(given, "order")
    return next((one for one in asking.panel.orders if one.card.order.id == wanted), None)


def _number(order: ShownOrder) -> str:
    return harmless(order.card.order.number or order.card.order.id)


def _note(given: Mapping[str, Any]) -> dict[str, object]:
    said = harmless(text(given, "note", _LONGEST)).strip()
    return {"note": said} if said else {}


def _all(given: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return every value of a field that may be there several times."""
    several = getattr(given, "getall", None)
    return frozenset(str(one) for one in several(name, [])) if several is not None else frozenset()


def _money(amount: Decimal, currency: str, language: str) -> str:
    return str(format_currency(amount, currency or "EUR", locale=_LOCALES[language]))


def _plain(amount: Decimal, language: Language) -> str:
    """Write an amount as it is typed."""
    written = f"{amount:.2f}"
    return written.replace(".", ",") if language == "de" else written
