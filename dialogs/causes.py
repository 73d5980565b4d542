"""What a case has come of: the product's known causes, and the house's general ones.

Whoever solves a case chooses one, so that the shop learns which part breaks and which hint is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dialogs.shop import Cause, Product

GENERAL: Final = (
    Cause("parcel_lost", {"de": "Paket verloren", "en": "Parcel lost"}),
    Cause("parcel_late", {"de": "Paket kam zu spät", "en": "Parcel came late"}),
    Cause("transport_damage", {"de": "Auf dem Weg beschädigt", "en": "Damaged in transit"}),
    Cause("wrong_item", {"de": "Falsches oder zu wenig verschickt", "en": "Wrong item or too little sent"}),
    Cause("product_fault", {"de": "Fehler am Produkt", "en": "Fault in the product"}),
    Cause("user_error", {"de": "Falsch bedient", "en": "Used in the wrong way"}),
    Cause("misunderstanding", {"de": "Missverständnis", "en": "Misunderstanding"}),
    Cause("changed_mind", {"de": "Anders überlegt", "en": "Changed their mind"}),
    Cause("other", {"de": "Etwas anderes", "en": "Something else"}),
)
"""Causes that every product has; ``other`` comes last."""


def causes_of(products: Iterable[Product]) -> tuple[Cause, ...]:
    """What a case about these products may have come of: theirs first, then the general ones, each id once.

    A product may say a general cause in its own words, by the same id.
    """
    own = [cause for product in products for cause in product.causes]
    found: dict[str, Cause] = {}
    for cause in (*own, *GENERAL):
        found.setdefault(cause.id, cause)
    return tuple(found.values())
