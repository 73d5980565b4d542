"""What a text or a condition may name: a closed set, each with what it needs, a sample, and a fallback."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from dialogs import fillings, loyalty, naming_problem
from dialogs.expressions import Fill, Value
from dialogs.flags import FLAGS
from dialogs.naming import JOURNEY, NOTHING, ORDERS, PRODUCTS, Name, score_of
from dialogs.risk import Risk, risk
from dialogs.scene import Scene, setup_of, tip_of


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


def _days_since(scene: Scene, milestone: str) -> int:
    at = scene.order.milestones.get(milestone) if scene.order is not None else None
    return max((scene.today - at.date()).days, 0) if at is not None else 0


def _risk(scene: Scene) -> Risk:
    return risk(scene.order, scene.state, scene.facts, scene.today)


NAMES: Final[Mapping[str, Name]] = {
    "brand": Name(
        "text", NOTHING, fillings.brand, "Rösterei Morgenrot", "der Name des Shops", "the shop's name"
    ),
    "hello": Name(
        "text", ORDERS, fillings.hello, "Hallo Anna", "eine Begrüßung mit Namen", "a greeting with the name"
    ),
    "first_name": Name(
        "text",
        ORDERS,
        fillings.first_name,
        "Anna",
        "der Name zum Ansprechen; kann leer sein",
        "the name to address; may be empty",
    ),
    "product": Name(
        "text",
        PRODUCTS,
        fillings.product,
        "Handmühle Morgenrot",
        "das wichtigste Produkt der Bestellung",
        "the order's main product",
    ),
    "wanted_product": Name(
        "text",
        JOURNEY,
        fillings.wanted_product,
        "Handfilter Frieda",
        "das Produkt, auf das jemand wartet (`notes.wanted`)",
        "the product that somebody is waiting for (`notes.wanted`)",
    ),
    "category": Name(
        "text",
        PRODUCTS,
        fillings.category,
        "grinder",
        "wozu das wichtigste Produkt gehört: `category` im Katalog",
        "what the main product belongs to: `category` in the catalogue",
    ),
    "order_number": Name(
        "text",
        ORDERS,
        fillings.order_number,
        "#1001",
        "die Bestellnummer mit #",
        "the order number with #",
        "–",
    ),
    "tracking": Name(
        "text",
        ORDERS,
        fillings.tracking,
        "00340434161094042557 (DHL)",
        "Sendungsnummer und Paketdienst",
        "tracking number and carrier",
    ),
    "promise": Name(
        "text",
        NOTHING,
        fillings.promise,
        "24 Stunden",
        "innerhalb welcher Zeit ein Mensch antwortet, nach den Öffnungszeiten",
        "within which time a human answers, by the opening hours",
    ),
    "promised_time": Name(
        "text",
        NOTHING,
        fillings.promised_time,
        "morgen, Freitag, 11 Uhr",
        "bis wann ein Mensch antwortet, nach den Öffnungszeiten; steht hinter „bis“",
        "by when a human answers, by the opening hours; stands behind “by”",
    ),
    "problem": Name(
        "text",
        PRODUCTS,
        naming_problem.problem,
        "mit „Handmühle Morgenrot“ etwas nicht stimmt",
        "was schiefgelaufen ist, so weit es bekannt ist; steht hinter „dass“",
        "what went wrong, as far as it is known; stands behind “that”",
    ),
    "why": Name(
        "text",
        NOTHING,
        lambda s: s.case.why,
        "defect",
        "warum ein Mensch gerufen wird: defect, wrong_item, waiting, complaint …; kann leer sein",
        "why a human is called: defect, wrong_item, waiting, complaint …; may be empty",
    ),
    "hours": Name(
        "text",
        NOTHING,
        fillings.hours,
        " (Mo–Fr 9–17 Uhr)",
        "die Zeiten des Teams in Klammern; kann leer sein",
        "the team's hours in brackets; may be empty",
    ),
    "tip": Name(
        "text",
        JOURNEY,
        tip_of,
        "Bürste das Mahlwerk einmal im Monat aus.",
        "der nächste Pflegetipp",
        "the next care tip",
    ),
    "tip_product": Name(
        "text",
        JOURNEY,
        fillings.tip_product,
        "Handmühle Morgenrot",
        "das Produkt, zu dem der Tipp gehört",
        "the product that the tip is about",
    ),
    "item": Name(
        "text",
        PRODUCTS,
        fillings.item,
        "Steck die Kurbel auf die Achse.",
        "der Schritt der Checkliste",
        "the checklist's item",
    ),
    "trouble": Name(
        "text",
        PRODUCTS,
        fillings.trouble,
        "Dreh den Ring eine Raste weiter.",
        "Hilfe zum Schritt der Checkliste",
        "help with the checklist's item",
    ),
    "success": Name(
        "text",
        PRODUCTS,
        fillings.success,
        "Du hast gerade deinen ersten Kaffee gemahlen.",
        "der erste Erfolg",
        "the first success",
    ),
    "number": Name(
        "number",
        PRODUCTS,
        lambda s: min(s.state.item + 1, len(setup_of(s)) or 1),
        1,
        "die Nummer des Schritts in der Checkliste",
        "the number of the checklist's item",
    ),
    "count": Name(
        "number",
        PRODUCTS,
        lambda s: len(setup_of(s)) or 1,
        5,
        "wie viele Schritte die Checkliste hat",
        "how many items the checklist has",
    ),
    "score": Name(
        "number",
        ORDERS,
        score_of,
        5,
        "die Bewertung der Bestellung, 0 ohne",
        "the order's rating, 0 for none",
    ),
    "status": Name(
        "text",
        ORDERS,
        lambda s: s.order.status if s.order is not None else "",
        "delivered",
        "der Stand der Bestellung: open, paid, shipped, delivered, cancelled, refunded",
        "the order's state: open, paid, shipped, delivered, cancelled, refunded",
    ),
    "order_count": Name(
        "number",
        JOURNEY,
        lambda s: max(s.facts.journey.orders, len(s.facts.orders)),
        3,
        "wie viele Bestellungen die Person schon hat",
        "how many orders the buyer has",
    ),
    "points": Name(
        "number",
        JOURNEY,
        loyalty.points,
        214,
        "ein Punkt je ganzem Euro oder Franken aller Bestellungen, die nicht storniert oder erstattet sind",
        "a point for each whole euro or franc of all orders that are not cancelled or refunded",
    ),
    "tier": Name(
        "text",
        JOURNEY,
        loyalty.tier,
        "silver",
        "die Stufe: bronze ab der ersten Bestellung, silver ab der dritten, gold ab der sechsten, sonst leer",
        "the tier: bronze from the first order on, silver from the third, gold from the sixth, else empty",
    ),
    "to_next_tier": Name(
        "number",
        JOURNEY,
        loyalty.to_next_tier,
        2,
        "wie viele Bestellungen bis zur nächsten Stufe fehlen, 0 bei gold",
        "how many orders are missing for the next tier, 0 at gold",
    ),
    "days_since_order": Name(
        "number",
        ORDERS,
        lambda s: _days_since(s, "paid") or _days_since(s, "placed"),
        12,
        "Tage seit der Bestellung",
        "days since the order",
    ),
    "days_since_delivery": Name(
        "number",
        ORDERS,
        lambda s: _days_since(s, "delivered"),
        9,
        "Tage seit der Zustellung, 0 ohne",
        "days since delivery, 0 for none",
    ),
    "order.risk": Name(
        "number",
        JOURNEY,
        lambda s: _risk(s).score,
        55,
        "wie viel dafür spricht, dass die Bestellung zurückkommt, von 0 bis 100",
        "how much speaks for the order coming back, from 0 to 100",
    ),
    "order.risk_reasons": Name(
        "text",
        JOURNEY,
        lambda s: ", ".join(reason for reason, _ in _risk(s).reasons),
        "not_working, bad_mood",
        "warum, das Gewichtigste zuerst",
        "why, the weightiest first",
    ),
    "offer_products": Name(
        "text",
        JOURNEY,
        fillings.offer_products,
        "„Wasserkessel Tau“",
        "die angebotenen Produkte",
        "the products offered",
    ),
    "offer_why": Name(
        "text",
        JOURNEY,
        fillings.offer_why,
        "Mit dem Schwanenhals gießt du genau dorthin, wo du willst.",
        "warum das erste angebotene Produkt passt",
        "why the first product offered fits",
    ),
    "offer_percent": Name(
        "number",
        NOTHING,
        lambda s: s.offer.percent,
        10,
        "der Nachlass in Prozent",
        "the discount in percent",
    ),
    "offer_code": Name("text", NOTHING, lambda s: s.offer.code, "DANKE-7KQ2", "der Code", "the code"),
    "offer_until": Name(
        "text",
        NOTHING,
        fillings.offer_until,
        "14. Dezember",
        "bis wann der Code gilt",
        "until when the code is good",
    ),
    "language": Name(
        "text",
        NOTHING,
        lambda s: s.tone.language,
        "de",
        "die Sprache des Chats: de, en",
        "the chat's language: de, en",
    ),
    "voice": Name("text", NOTHING, lambda s: s.tone.voice, "du", "die Anrede: du, sie", "the voice: du, sie"),
    "country": Name(
        "text",
        NOTHING,
        lambda s: s.tone.country,
        "DE",
        "das Land der Person: DE, AT, CH …",
        "the buyer's country: DE, AT, CH …",
    ),
    "channel": Name(
        "text",
        NOTHING,
        lambda s: s.facts.channel,
        "whatsapp",
        "der Kanal: instagram, whatsapp, telegram",
        "the channel: instagram, whatsapp, telegram",
    ),
    "frequency": Name(
        "text",
        NOTHING,
        lambda s: s.state.frequency,
        "less",
        "wie oft: less oder leer",
        "how often: less or empty",
    ),
    **FLAGS,
}
"""All that may stand in braces and behind `if`, besides ``my.…`` and ``notes.…``."""
