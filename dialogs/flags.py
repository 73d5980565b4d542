"""What a condition may ask with yes or no: a closed set, each with what it needs and its meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialogs.facts import Need
from dialogs.naming import ENTRY, JOURNEY, ORDERS, PRODUCTS, Name, score_of
from dialogs.scene import (
    Scene,
    allowed,
    complements_of,
    has_service,
    is_fast,
    is_shipped,
    parcel_of,
    setup_of,
    tip_of,
)


def _flag(needs: frozenset[Need], holds: Callable[[Scene], bool], de: str, en: str) -> Name:
    return Name("flag", needs, holds, sample=True, de=de, en=en)


def _entry(state: str) -> Callable[[Scene], bool]:
    return lambda scene: scene.facts.entry is not None and scene.facts.entry.state == state


def _status(*statuses: str) -> Callable[[Scene], bool]:
    return lambda scene: scene.order is not None and scene.order.status in statuses


def _parcel_status(status: str) -> Callable[[Scene], bool]:
    """Whether this became of the order's parcel; an order of services alone has none."""
    known = _status(status)
    return lambda scene: known(scene) and is_shipped(scene.order, scene.facts.products)


def _allowed(purpose: str) -> Callable[[Scene], bool]:
    return lambda scene: allowed(scene.facts, scene.state, purpose)


def _fast(scene: Scene) -> bool:
    return is_fast(scene.order, scene.facts.products)


FLAGS: Final[Mapping[str, Name]] = {
    "entry_fresh": _flag(ENTRY, _entry("fresh"), "der Code ist neu", "the code is fresh"),
    "entry_yours": _flag(
        ENTRY,
        _entry("yours"),
        "der Code gehört schon zu diesem Chat",
        "the code is this chat's already",
    ),
    "entry_used": _flag(
        ENTRY, _entry("used"), "der Code wurde anderswo benutzt", "the code was used elsewhere"
    ),
    "entry_expired": _flag(ENTRY, _entry("expired"), "der Code ist abgelaufen", "the code has expired"),
    "entry_refused": _flag(
        ENTRY,
        lambda scene: scene.facts.entry is not None,
        "es kam ein Code",
        "there was a code",
    ),
    "has_order": _flag(
        ORDERS,
        lambda scene: scene.order is not None,
        "eine Bestellung ist verbunden",
        "an order is tied to the chat",
    ),
    "is_latest": _flag(
        JOURNEY,
        lambda scene: scene.order is not None and scene.facts.journey.latest in {"", scene.order.id},
        "es ist die letzte Bestellung der Person",
        "it is the buyer's last order",
    ),
    "has_setup": _flag(
        PRODUCTS,
        lambda scene: bool(setup_of(scene)),
        "zur Bestellung gibt es eine Checkliste",
        "the order has a checklist",
    ),
    "has_tip": _flag(
        JOURNEY,
        lambda scene: bool(tip_of(scene)),
        "zur Bestellung gibt es einen Pflegetipp",
        "the order has a care tip",
    ),
    "has_service": _flag(
        PRODUCTS,
        lambda scene: has_service(scene.order, scene.facts.products),
        "zur Bestellung gehört ein Termin oder eine Arbeit: `service` im Katalog",
        "an appointment or a work belongs to the order: `service` in the catalogue",
    ),
    "has_parcel": _flag(
        PRODUCTS,
        lambda scene: parcel_of(scene.order) is not None and is_shipped(scene.order, scene.facts.products),
        "es gibt eine Sendungsnummer",
        "there is a tracking number",
    ),
    "has_complement": _flag(
        JOURNEY,
        lambda scene: bool(complements_of(scene)),
        "es gibt Passendes, das die Person noch nicht hat",
        "there is something that fits and is not owned",
    ),
    "is_rated": _flag(ORDERS, lambda s: score_of(s) > 0, "die Bestellung ist bewertet", "the order is rated"),
    "is_fast": _flag(
        PRODUCTS,
        _fast,
        "alles Gekaufte ist bald verbraucht",
        "all that was bought is fast-moving",
    ),
    "on_its_way": _flag(
        PRODUCTS, _parcel_status("shipped"), "die Bestellung ist unterwegs", "the order is on its way"
    ),
    "arrived": _flag(PRODUCTS, _parcel_status("delivered"), "die Bestellung ist da", "the order has arrived"),
    "called_off": _flag(
        ORDERS,
        _status("cancelled", "refunded"),
        "die Bestellung ist storniert oder erstattet",
        "the order is cancelled or refunded",
    ),
    "allows_service": _flag(
        JOURNEY,
        _allowed("service"),
        "Nachrichten zur Bestellung sind erlaubt",
        "news about the order are allowed",
    ),
    "allows_feedback": _flag(
        JOURNEY,
        _allowed("feedback"),
        "Fragen nach der Zufriedenheit sind erlaubt",
        "questions how it is are allowed",
    ),
    "allows_offers": _flag(JOURNEY, _allowed("offers"), "Angebote sind erlaubt", "offers are allowed"),
    "setup_done": _flag(
        ORDERS,
        lambda s: s.order is not None and f"setup:{s.order.id}" in s.state.done,
        "die Einrichtung ist geschafft",
        "the setup is done",
    ),
}
"""The flags, in the order in which the guides tell them."""
