"""Orders from a spreadsheet: what ``import-orders FILE.csv`` reads, for shops without a webhook.

One row per order, or several rows with the same ``id``: each row that names a product is one item, each row
that names a tracking number one parcel. What belongs to the order is taken from the first row that has it.

==============  ==================================================================  ===================
column          meaning                                                             also understood as
==============  ==================================================================  ===================
id              the order's own id; needed                                          bestell_id, order_id
number          as printed on the invoice; without it the id                        bestellnummer
currency        EUR, CHF, …; without it the reader's default                        waehrung
total           49.90 or 49,90; without it the sum of the items                     gesamt, summe
placed_at       2026-11-02, 2026-11-02 10:15, 02.11.2026, 02.11.2026 10:15; needed  bestelldatum, datum
updated_at      when ``status`` became true; without it ``placed_at``               geaendert
status          open, paid, shipped, delivered, cancelled, refunded                 offen, bezahlt, …
name            the buyer; or first_name and last_name                              kunde, vorname
email, phone    a phone is read with the row's country                              telefon, handy
country         DE, AT, CH, … or Deutschland, Österreich, Schweiz                   land
language        de, en, de-AT                                                       sprache
customer_id     the shop's id of the buyer                                          kundennummer
sku             the article's number                                                artikelnummer
title           the article's name                                                  artikel, produkt
quantity        without it 1                                                        menge, anzahl
price           per piece                                                           preis, einzelpreis
tracking        the parcel's number                                                 sendungsnummer
carrier         DHL, Post, …                                                        versanddienst
tracking_url    where the parcel can be followed                                    sendungslink
codes           discount codes, separated by spaces or commas                       gutschein
==============  ==================================================================  ===================

Separated by semicolon, comma or tab; in UTF-8, UTF-16 with BOM, or the Windows code page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final, TypeVar

from dialogs.shop import Item, OrderChange, OrderSnapshot, OrderStatus, Parcel, Person, ShopArrival
from integrations import lenient, spreadsheets
from integrations.phones import e164, region_code
from integrations.spreadsheets import Columns, Problem, Report, Row

SOURCE: Final = "order_csv"

_COLUMNS: Final = Columns(
    {
        "id": ("order_id", "bestell_id", "bestellung_id", "auftrag_id"),
        "number": ("order_number", "order_no", "bestellnummer", "bestellnr", "bestell_nr", "auftragsnummer"),
        "currency": ("waehrung",),
        "total": ("order_total", "total_price", "gesamt", "gesamtsumme", "gesamtbetrag", "summe", "betrag"),
        "placed_at": ("created_at", "order_date", "date", "bestelldatum", "bestellt_am", "datum"),
        "updated_at": ("status_at", "geaendert", "geaendert_am", "aktualisiert", "aktualisiert_am"),
        "status": ("order_status", "bestellstatus", "zustand"),
        "name": ("customer", "customer_name", "buyer", "kunde", "kundenname", "kaeufer"),
        "first_name": ("vorname",),
        "last_name": ("nachname",),
        "email": ("e_mail", "mail", "email_address", "e_mail_adresse"),
        "phone": ("telephone", "mobile", "telefon", "telefonnummer", "handy", "mobil"),
        "country": ("country_code", "land", "laendercode"),
        "language": ("locale", "sprache"),
        "customer_id": ("kundennummer", "kunden_id", "kundennr"),
        "sku": ("item_sku", "artikelnummer", "artikel_nr", "artikelnr", "lineitem_sku"),
        "title": (
            "product",
            "item",
            "item_name",
            "artikel",
            "produkt",
            "artikelname",
            "bezeichnung",
            "titel",
        ),
        "quantity": ("qty", "menge", "anzahl", "stueck"),
        "price": ("item_price", "unit_price", "preis", "einzelpreis", "stueckpreis"),
        "tracking": ("tracking_number", "tracking_no", "sendungsnummer", "paketnummer", "sendungsnr"),
        "carrier": ("tracking_company", "versanddienst", "versanddienstleister", "paketdienst"),
        "tracking_url": ("sendungslink", "tracking_link", "sendungsverfolgung"),
        "codes": ("code", "discount_code", "coupon", "gutschein", "gutscheincode", "rabattcode"),
    },
    needed=("id", "placed_at"),
    # Many exports know only the number; it is as good an id as any.
    stand_ins={"id": "number"},
)
_STATUS_WORDS: Final[Mapping[OrderStatus, tuple[str, ...]]] = {
    "open": ("open", "pending", "unpaid", "new", "offen", "neu", "unbezahlt"),
    "paid": ("paid", "processing", "bezahlt", "in_bearbeitung"),
    "shipped": ("shipped", "fulfilled", "sent", "versendet", "versandt", "verschickt"),
    "delivered": ("delivered", "completed", "zugestellt", "geliefert", "abgeschlossen"),
    "cancelled": ("cancelled", "canceled", "storniert", "abgebrochen"),
    "refunded": ("refunded", "erstattet", "zurueckerstattet"),
}
_STATUS: Final[Mapping[str, OrderStatus]] = {
    word: status for status, words in _STATUS_WORDS.items() for word in words
}
_COUNTRIES: Final[Mapping[str, str]] = {
    "deutschland": "DE",
    "germany": "DE",
    "oesterreich": "AT",
    "austria": "AT",
    "schweiz": "CH",
    "switzerland": "CH",
    "liechtenstein": "LI",
    "luxemburg": "LU",
    "luxembourg": "LU",
    "italien": "IT",
    "italy": "IT",
    "frankreich": "FR",
    "france": "FR",
    "niederlande": "NL",
    "netherlands": "NL",
}
_AS_NUMBER: Final = "Write 49.90 or 49,90."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where the file says nothing. ``zone`` is the one its times are written in."""

    currency: str = "EUR"
    country: str | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Imported:
    """All orders that could be read, in the file's order, and everything that could not."""

    arrivals: tuple[ShopArrival, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_orders(data: bytes, now: datetime, defaults: Defaults | None = None) -> Imported:
    """Read a whole file; never raises.

    A wrong cell costs its item or its field, an order without id or date itself, and never anything else. An
    arrival's id is made of the order's content: the same file changes nothing the second time, and an order
    that changed arrives again. ``now`` is the snapshot's age where no ``updated_at`` column says better.
    """
    report = Report()
    orders: dict[str, list[Row]] = {}
    for row in spreadsheets.rows(data, _COLUMNS, report):
        if order_id := row.text("id"):
            orders.setdefault(order_id, []).append(row)
        else:
            report.add(row.line, "id", "The row names no order.", "Fill in the order's id, in every row.")
    read = [
        _Order(order_id, rows, defaults or Defaults(), report).arrival(now)
        for order_id, rows in orders.items()
    ]
    return Imported(
        arrivals=tuple(arrival for arrival in read if arrival is not None),
        problems=tuple(sorted(report.problems, key=lambda problem: problem.line)),
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """The rows of one order."""

    id: str
    rows: list[Row]
    defaults: Defaults
    report: Report

    def arrival(self, now: datetime) -> ShopArrival | None:
        placed_at = self._moment("placed_at")
        if placed_at is None:
            what = "The order has no date and was left out."
            self.report.add(self.rows[0].line, "placed_at", what, "Fill it in once per order.")
            return None
        updated_at = self._moment("updated_at")
        status: OrderStatus | None = self._first(
            "status", _status, f"Write one of: {', '.join(_STATUS_WORDS)}."
        )
        at = updated_at or placed_at
        snapshot = self._snapshot(placed_at, at, status)
        change = OrderChange(
            order_id=self.id,
            what="placed" if status is None or status == "open" else status,
            at=at,
            order=replace(snapshot, updated_at=updated_at or now),
            parcels=snapshot.parcels,
        )
        # `now` is no part of the identity: the same file is the same arrival tomorrow.
        digest = hashlib.sha256(repr(snapshot).encode()).hexdigest()
        return ShopArrival(source=SOURCE, external_id=f"{self.id[:100]}:{digest[:32]}", at=at, event=change)

    def _snapshot(self, placed_at: datetime, at: datetime, status: OrderStatus | None) -> OrderSnapshot:
        items = tuple(item for row in self.rows if (item := _item(row, self.report)) is not None)
        total = self._first("total", spreadsheets.money, _AS_NUMBER)
        number = self._first("number", str, "")
        currency = self._first("currency", _currency, "Write its three letters: EUR, CHF, USD.")
        return OrderSnapshot(
            id=self.id,
            number=(number or self.id).removeprefix("#").strip() or self.id,
            currency=currency or self.defaults.currency,
            total=sum((item.price * item.quantity for item in items), Decimal(0)) if total is None else total,
            placed_at=placed_at,
            updated_at=at,
            buyer=self._buyer(),
            items=items,
            parcels=_parcels(self.rows),
            codes=self._first("codes", _codes, "") or (),
            status=status,
        )

    def _buyer(self) -> Person:
        country = self._first("country", _country, "Write the two letters: DE, AT, CH.")
        home = country or self.defaults.country
        both = (self._first("first_name", str, ""), self._first("last_name", str, ""))
        return Person(
            external_id=self._first("customer_id", str, ""),
            name=self._first("name", str, "") or " ".join(part for part in both if part) or None,
            email=self._first("email", _email, "Write one address: name@example.com."),
            phone=self._first(
                "phone",
                lambda number: e164(number, home),
                "Write it with the country's code (+49 …), or fill in the country.",
            ),
            language=self._first("language", lenient.language, "Write de, en, fr, …"),
            country=country,
        )

    def _moment(self, column: str) -> datetime | None:
        zone = self.defaults.zone
        return self._first(
            column, lambda text: spreadsheets.moment(text, zone), "Write 2026-11-02 or 02.11.2026."
        )

    def _first(self, column: str, read: Callable[[str], T | None], hint: str) -> T | None:
        """Return the first value that makes sense; report each that does not, and each that differs."""
        found: T | None = None
        for row in self.rows:
            if not row.text(column):
                continue
            value = read(row.text(column))
            if value is None:
                self.report.add(row.line, column, "The value makes no sense and was left out.", hint)
            elif found is None:
                found = value
            elif value != found:
                what = "A row above has another value for the same order; that one was taken."
                self.report.add(row.line, column, what, "Make them equal, or fill in only one.")
        return found


def _item(row: Row, report: Report) -> Item | None:
    sku, title = row.text("sku"), row.text("title")
    if not sku and not title:
        return None
    quantity = lenient.count(row.text("quantity").replace(",", ".").removesuffix(".0") or "1")
    price = spreadsheets.money(row.text("price") or "0")
    if not quantity:
        report.add(row.line, "quantity", "This is no quantity; the item was left out.", "Write 1, 2, 3, …")
        return None
    if price is None:
        report.add(row.line, "price", "This is no price; the item was left out.", _AS_NUMBER)
        return None
    return Item(sku=sku, title=title or sku, quantity=quantity, price=price)


def _parcels(rows: list[Row]) -> tuple[Parcel, ...]:
    found: dict[str, Parcel] = {}
    for row in rows:
        number = row.text("tracking")
        if number:
            parcel = Parcel(number, carrier=row.text("carrier") or None, url=row.text("tracking_url") or None)
            found.setdefault(number, parcel)
    return tuple(found.values())


def _status(text: str) -> OrderStatus | None:
    return _STATUS.get(spreadsheets.plain(text))


def _currency(text: str) -> str | None:
    code = {"€": "EUR", "$": "USD", "£": "GBP"}.get(text, text.upper())
    return code if re.fullmatch(r"[A-Z]{3}", code) else None


def _country(text: str) -> str | None:
    return _COUNTRIES.get(spreadsheets.plain(text)) or region_code(text)


def _email(text: str) -> str | None:
    return text if re.fullmatch(r"[^@\s]+@[^@\s]+", text) else None


def _codes(text: str) -> tuple[str, ...] | None:
    return tuple(code for code in re.split(r"[\s,;|]+", text) if code) or None
