"""The moment for which a text is filled in or a condition asked, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from dialogs.facts import Facts
from dialogs.shop import Complement, Order, Parcel, Product, SetupItem
from dialogs.state import State
from dialogs.words import Language, Tone


@dataclass(frozen=True, slots=True)
class OfferView:
    """The offer that is being made, for its texts. ``until`` is the last day of the code."""

    products: tuple[tuple[Product, Complement | None], ...] = ()
    percent: int = 0
    code: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Why a human is called, as far as this turn knows.

    ``why`` is triage's word (`dialogs.triage.Reason`), or else the script's; ``broken`` that something is
    said to be in pieces; ``sku`` the product that the buyer named.
    """

    why: str = ""
    broken: bool = False
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """The moment for which a text is filled in or a condition asked.

    ``order`` is the one being talked about, ``today`` the buyer's own date, ``now`` the moment itself.
    """

    facts: Facts
    state: State
    tone: Tone
    order: Order | None
    today: date = date(1970, 1, 1)
    offer: OfferView = OfferView()
    now: datetime = datetime(1970, 1, 1, 10, tzinfo=UTC)
    case: Case = Case()

    @property
    def language(self) -> Language:
        """The language spoken."""
        return self.tone.language

    @property
    def notes(self) -> Mapping[str, str]:
        """The buyer's preferences: those of every chat, and this one's on top."""
        return {**self.facts.notes, **self.state.notes}


def localized(texts: Mapping[str, str], language: Language, voice: str) -> str:
    """The best text of a catalogue entry: language with voice, language, German, anything."""
    for key in (f"{language}_{voice}", language, "de", f"de_{voice}"):
        if text := texts.get(key):
            return text
    return next((text for text in texts.values() if text), "")


def products_of(scene: Scene) -> tuple[Product, ...]:
    """The products of the order that the catalogue knows, each once."""
    if scene.order is None:
        return ()
    known = (scene.facts.products.get(item.sku) for item in scene.order.items)
    return tuple({product.sku: product for product in known if product is not None}.values())


def main_product(scene: Scene) -> Product | None:
    """The most telling product that the catalogue knows: the first with a checklist, else the first."""
    products = products_of(scene)
    return next((product for product in products if product.setup), products[0] if products else None)


def setup_of(scene: Scene) -> tuple[tuple[Product, SetupItem], ...]:
    """The whole checklist of an order, product by product; at most a dozen items."""
    return tuple((product, item) for product in products_of(scene) for item in product.setup)[:12]


def tip_of(scene: Scene) -> str:
    """The next care tip for what was bought, or nothing."""
    tips = [tip for product in products_of(scene) for tip in tips_of(scene, product)]
    if not tips:
        return ""
    return localized(tips[max(scene.state.tips - 1, 0) % len(tips)], scene.language, scene.tone.voice)


def tips_of(scene: Scene, product: Product) -> tuple[dict[str, str], ...]:
    """The product's tips, those for how the buyer uses it first."""
    return product.usages.get(scene.notes.get("usage", ""), ()) + product.tips


def has_service(order: Order | None, products: Mapping[str, Product]) -> bool:
    """Whether something was bought of which nothing is shipped."""
    known = [products.get(item.sku) for item in order.items] if order is not None else []
    return any(product is not None and product.service for product in known)


def is_shipped(order: Order | None, products: Mapping[str, Product]) -> bool:
    """Whether a parcel belongs to an order: not where services are all that was bought."""
    known = [products.get(item.sku) for item in order.items] if order is not None else []
    return not known or any(product is None or not product.service for product in known)


def parcel_of(order: Order | None) -> Parcel | None:
    """The newest parcel, if there is one."""
    return order.parcels[-1] if order is not None and order.parcels else None


def complements_of(scene: Scene, most: int = 10) -> tuple[tuple[Product, Complement], ...]:
    """What goes with the order and is not owned yet, each once, in the catalogue's order."""
    owned = scene.facts.journey.owned | {item.sku for order in scene.facts.orders for item in order.items}
    found: dict[str, tuple[Product, Complement]] = {}
    for product in products_of(scene):
        for complement in product.complements:
            other = scene.facts.products.get(complement.sku)
            if other is not None and other.sku not in owned:
                found.setdefault(other.sku, (other, complement))
    return tuple(found.values())[:most]


def allowed(facts: Facts, state: State, purpose: str) -> bool:
    """Whether the buyer may be written to: for service unless forbidden, for all else once they agreed."""
    if state.opted_out or "all" in facts.journey.withdrawn or purpose in facts.journey.withdrawn:
        return False
    return state.consents.get(purpose, purpose == "service")


def is_fast(order: Order | None, products: Mapping[str, Product]) -> bool:
    """Whether all that was bought is fast-moving; what the catalogue does not know counts as durable."""
    known = [products.get(item.sku) for item in order.items] if order is not None else []
    return bool(known) and all(product is not None and product.pace == "fast" for product in known)
