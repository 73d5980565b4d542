"""What a text or a condition may name: a closed set, each with what it needs, a sample, and a fallback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeAlias

from dialogs import fillings
from dialogs.expressions import Fill, Value
from dialogs.facts import Need
from dialogs.risk import Risk, risk
from dialogs.scene import Scene, allowed, complements_of, is_fast, parcel_of, setup_of, tip_of

NameKind: TypeAlias = Literal["text", "flag", "number"]


@dataclass(frozen=True, slots=True)
class Name:
    """One name: its kind, the facts it needs, how it is found, a sample, its meaning, its fallback."""

    kind: NameKind
    needs: frozenset[Need]
    value: Callable[[Scene], Value]
    sample: Value
    de: str
    en: str
    fallback: Value = ""


def _flag(needs: frozenset[Need], holds: Callable[[Scene], bool], de: str, en: str) -> Name:
    return Name("flag", needs, holds, sample=True, de=de, en=en)


def value_of(scene: Scene, name: str) -> Value:
    """What a name stands for at this moment. Total: an unknown name is an empty text."""
    known = NAMES.get(name)
    if known is None:
        group, _, key = name.partition(".")
        told = scene.state.my if group == "my" else scene.notes if group == "notes" else {}
        return told.get(key, "")
    value = known.value(scene)
    return known.fallback if value == "" else value


def filler(scene: Scene) -> Fill:
    """What fills in the names at this moment."""
    return partial(value_of, scene)


def _entry(state: str) -> Callable[[Scene], bool]:
    return lambda scene: scene.facts.entry is not None and scene.facts.entry.state == state


def _status(*statuses: str) -> Callable[[Scene], bool]:
    return lambda scene: scene.order is not None and scene.order.status in statuses


def _allowed(purpose: str) -> Callable[[Scene], bool]:
    return lambda scene: allowed(scene.facts, scene.state, purpose)


def _days_since(scene: Scene, milestone: str) -> int:
    at = scene.order.milestones.get(milestone) if scene.order is not None else None
    return max((scene.today - at.date()).days, 0) if at is not None else 0


def _score(scene: Scene) -> int:
    return scene.state.ratings.get(scene.order.id, 0) if scene.order is not None else 0


def _risk(scene: Scene) -> Risk:
    return risk(scene.order, scene.state, scene.facts, scene.today)


def _fast(scene: Scene) -> bool:
    return is_fast(scene.order, scene.facts.products)


_NOTHING: Final[frozenset[Need]] = frozenset()
_ORDERS: Final[frozenset[Need]] = frozenset({"orders"})
_PRODUCTS: Final[frozenset[Need]] = frozenset({"orders", "products"})
_ENTRY: Final[frozenset[Need]] = frozenset({"entry"})
_JOURNEY: Final[frozenset[Need]] = frozenset({"orders", "products", "journey"})

NAMES: Final[Mapping[str, Name]] = {
    "brand": Name(
        "text", _NOTHING, fillings.brand, "Rösterei Morgenrot", "der Name des Shops", "the shop's name"
    ),
    "hello": Name(
        "text", _ORDERS, fillings.hello, "Hallo Anna", "eine Begrüßung mit Namen", "a greeting with the name"
    ),
    "first_name": Name(
        "text",
        _ORDERS,
        fillings.first_name,
        "Anna",
        "der Name zum Ansprechen; kann leer sein",
        "the name to address; may be empty",
    ),
    "product": Name(
        "text",
        _PRODUCTS,
        fillings.product,
        "Handmühle Morgenrot",
        "das wichtigste Produkt der Bestellung",
        "the order's main product",
    ),
    "order_number": Name(
        "text",
        _ORDERS,
        fillings.order_number,
        "#1001",
        "die Bestellnummer mit #",
        "the order number with #",
        "–",
    ),
    "tracking": Name(
        "text",
        _ORDERS,
        fillings.tracking,
        "00340434161094042557 (DHL)",
        "Sendungsnummer und Paketdienst",
        "tracking number and carrier",
    ),
    "promise": Name(
        "text",
        _NOTHING,
        fillings.promise,
        "24 Stunden",
        "innerhalb welcher Zeit ein Mensch antwortet",
        "within which time a human answers",
    ),
    "hours": Name(
        "text",
        _NOTHING,
        fillings.hours,
        " (Mo–Fr 9–17 Uhr)",
        "die Zeiten des Teams in Klammern; kann leer sein",
        "the team's hours in brackets; may be empty",
    ),
    "tip": Name(
        "text",
        _JOURNEY,
        tip_of,
        "Bürste das Mahlwerk einmal im Monat aus.",
        "der nächste Pflegetipp",
        "the next care tip",
    ),
    "tip_product": Name(
        "text",
        _JOURNEY,
        fillings.tip_product,
        "Handmühle Morgenrot",
        "das Produkt, zu dem der Tipp gehört",
        "the product that the tip is about",
    ),
    "item": Name(
        "text",
        _PRODUCTS,
        fillings.item,
        "Steck die Kurbel auf die Achse.",
        "der Schritt der Checkliste",
        "the checklist's item",
    ),
    "trouble": Name(
        "text",
        _PRODUCTS,
        fillings.trouble,
        "Dreh den Ring eine Raste weiter.",
        "Hilfe zum Schritt der Checkliste",
        "help with the checklist's item",
    ),
    "success": Name(
        "text",
        _PRODUCTS,
        fillings.success,
        "Du hast gerade deinen ersten Kaffee gemahlen.",
        "der erste Erfolg",
        "the first success",
    ),
    "number": Name(
        "number",
        _PRODUCTS,
        lambda s: min(s.state.item + 1, len(setup_of(s)) or 1),
        1,
        "die Nummer des Schritts in der Checkliste",
        "the number of the checklist's item",
    ),
    "count": Name(
        "number",
        _PRODUCTS,
        lambda s: len(setup_of(s)) or 1,
        5,
        "wie viele Schritte die Checkliste hat",
        "how many items the checklist has",
    ),
    "score": Name(
        "number", _ORDERS, _score, 5, "die Bewertung der Bestellung, 0 ohne", "the order's rating, 0 for none"
    ),
    "status": Name(
        "text",
        _ORDERS,
        lambda s: s.order.status if s.order is not None else "",
        "delivered",
        "der Stand der Bestellung: open, paid, shipped, delivered, cancelled, refunded",
        "the order's state: open, paid, shipped, delivered, cancelled, refunded",
    ),
    "order_count": Name(
        "number",
        _JOURNEY,
        lambda s: max(s.facts.journey.orders, len(s.facts.orders)),
        3,
        "wie viele Bestellungen die Person schon hat",
        "how many orders the buyer has",
    ),
    "days_since_order": Name(
        "number",
        _ORDERS,
        lambda s: _days_since(s, "paid") or _days_since(s, "placed"),
        12,
        "Tage seit der Bestellung",
        "days since the order",
    ),
    "days_since_delivery": Name(
        "number",
        _ORDERS,
        lambda s: _days_since(s, "delivered"),
        9,
        "Tage seit der Zustellung, 0 ohne",
        "days since delivery, 0 for none",
    ),
    "order.risk": Name(
        "number",
        _JOURNEY,
        lambda s: _risk(s).score,
        55,
        "wie viel dafür spricht, dass die Bestellung zurückkommt, von 0 bis 100",
        "how much speaks for the order coming back, from 0 to 100",
    ),
    "order.risk_reasons": Name(
        "text",
        _JOURNEY,
        lambda s: ", ".join(reason for reason, _ in _risk(s).reasons),
        "not_working, bad_mood",
        "warum, das Gewichtigste zuerst",
        "why, the weightiest first",
    ),
    "offer_products": Name(
        "text",
        _JOURNEY,
        fillings.offer_products,
        "„Wasserkessel Tau“",
        "die angebotenen Produkte",
        "the products offered",
    ),
    "offer_why": Name(
        "text",
        _JOURNEY,
        fillings.offer_why,
        "Mit dem Schwanenhals gießt du genau dorthin, wo du willst.",
        "warum das erste angebotene Produkt passt",
        "why the first product offered fits",
    ),
    "offer_percent": Name(
        "number",
        _NOTHING,
        lambda s: s.offer.percent,
        10,
        "der Nachlass in Prozent",
        "the discount in percent",
    ),
    "offer_code": Name("text", _NOTHING, lambda s: s.offer.code, "DANKE-7KQ2", "der Code", "the code"),
    "offer_until": Name(
        "text",
        _NOTHING,
        fillings.offer_until,
        "14. Dezember",
        "bis wann der Code gilt",
        "until when the code is good",
    ),
    "language": Name(
        "text",
        _NOTHING,
        lambda s: s.tone.language,
        "de",
        "die Sprache des Chats: de, en",
        "the chat's language: de, en",
    ),
    "voice": Name(
        "text", _NOTHING, lambda s: s.tone.voice, "du", "die Anrede: du, sie", "the voice: du, sie"
    ),
    "country": Name(
        "text",
        _NOTHING,
        lambda s: s.tone.country,
        "DE",
        "das Land der Person: DE, AT, CH …",
        "the buyer's country: DE, AT, CH …",
    ),
    "channel": Name(
        "text",
        _NOTHING,
        lambda s: s.facts.channel,
        "whatsapp",
        "der Kanal: instagram, whatsapp, telegram",
        "the channel: instagram, whatsapp, telegram",
    ),
    "frequency": Name(
        "text",
        _NOTHING,
        lambda s: s.state.frequency,
        "less",
        "wie oft: less oder leer",
        "how often: less or empty",
    ),
    "entry_fresh": _flag(_ENTRY, _entry("fresh"), "der Code ist neu", "the code is fresh"),
    "entry_yours": _flag(
        _ENTRY,
        _entry("yours"),
        "der Code gehört schon zu diesem Chat",
        "the code is this chat's already",
    ),
    "entry_used": _flag(
        _ENTRY, _entry("used"), "der Code wurde anderswo benutzt", "the code was used elsewhere"
    ),
    "entry_expired": _flag(_ENTRY, _entry("expired"), "der Code ist abgelaufen", "the code has expired"),
    "entry_refused": _flag(
        _ENTRY,
        lambda scene: scene.facts.entry is not None,
        "es kam ein Code",
        "there was a code",
    ),
    "has_order": _flag(
        _ORDERS,
        lambda scene: scene.order is not None,
        "eine Bestellung ist verbunden",
        "an order is tied to the chat",
    ),
    "has_setup": _flag(
        _PRODUCTS,
        lambda scene: bool(setup_of(scene)),
        "zur Bestellung gibt es eine Checkliste",
        "the order has a checklist",
    ),
    "has_tip": _flag(
        _JOURNEY,
        lambda scene: bool(tip_of(scene)),
        "zur Bestellung gibt es einen Pflegetipp",
        "the order has a care tip",
    ),
    "has_parcel": _flag(
        _ORDERS,
        lambda scene: parcel_of(scene.order) is not None,
        "es gibt eine Sendungsnummer",
        "there is a tracking number",
    ),
    "has_complement": _flag(
        _JOURNEY,
        lambda scene: bool(complements_of(scene)),
        "es gibt Passendes, das die Person noch nicht hat",
        "there is something that fits and is not owned",
    ),
    "is_rated": _flag(_ORDERS, lambda s: _score(s) > 0, "die Bestellung ist bewertet", "the order is rated"),
    "is_fast": _flag(
        _PRODUCTS,
        _fast,
        "alles Gekaufte ist bald verbraucht",
        "all that was bought is fast-moving",
    ),
    "on_its_way": _flag(
        _ORDERS, _status("shipped"), "die Bestellung ist unterwegs", "the order is on its way"
    ),
    "arrived": _flag(_ORDERS, _status("delivered"), "die Bestellung ist da", "the order has arrived"),
    "called_off": _flag(
        _ORDERS,
        _status("cancelled", "refunded"),
        "die Bestellung ist storniert oder erstattet",
        "the order is cancelled or refunded",
    ),
    "allows_service": _flag(
        _JOURNEY,
        _allowed("service"),
        "Nachrichten zur Bestellung sind erlaubt",
        "news about the order are allowed",
    ),
    "allows_feedback": _flag(
        _JOURNEY,
        _allowed("feedback"),
        "Fragen nach der Zufriedenheit sind erlaubt",
        "questions how it is are allowed",
    ),
    "allows_offers": _flag(_JOURNEY, _allowed("offers"), "Angebote sind erlaubt", "offers are allowed"),
    "setup_done": _flag(
        _ORDERS,
        lambda s: s.order is not None and f"setup:{s.order.id}" in s.state.done,
        "die Einrichtung ist geschafft",
        "the setup is done",
    ),
}
"""All that may stand in braces and behind `if`, besides ``my.…`` and ``notes.…``."""
