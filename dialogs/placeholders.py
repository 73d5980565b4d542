"""What a text may refer to, and what a door may ask: closed sets, each with the facts it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dialogs.facts import Facts, Need
from dialogs.shop import Order, Parcel, Product, SetupItem
from dialogs.state import State
from dialogs.words import Language


@dataclass(frozen=True, slots=True)
class Scene:
    """The moment for which a text is filled in or a condition asked.

    ``order`` is the one being talked about.
    """

    facts: Facts
    state: State
    language: Language
    order: Order | None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name for texts: what it needs, how it is filled in (never empty by accident), and a sample."""

    needs: frozenset[Need]
    render: Callable[[Scene], str]
    sample: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A question that a door asks."""

    name: str
    needs: frozenset[Need]
    holds: Callable[[Scene], bool]


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


def setup_of(scene: Scene) -> tuple[tuple[Product, SetupItem], ...]:
    """The whole checklist of an order, product by product; at most a dozen items."""
    return tuple((product, item) for product in products_of(scene) for item in product.setup)[:12]


def tip_of(scene: Scene) -> str:
    """The next care tip for what was bought, or nothing."""
    tips = [tip for product in products_of(scene) for tip in product.tips]
    if not tips:
        return ""
    return localized(tips[scene.state.tips % len(tips)], scene.language, scene.facts.voice)


def tip_product(scene: Scene) -> str:
    """The title of the product that the next tip is about."""
    owners = [product for product in products_of(scene) for _ in product.tips]
    if not owners:
        return _product(scene)
    owner = owners[scene.state.tips % len(owners)]
    return localized(owner.title, scene.language, scene.facts.voice) or _product(scene)


def parcel_of(order: Order | None) -> Parcel | None:
    """The newest parcel, if there is one."""
    return order.parcels[-1] if order is not None and order.parcels else None


def _product(scene: Scene) -> str:
    """The most telling item: the first with a checklist, else the first in the catalogue, else the first."""
    if scene.order is None or not scene.order.items:
        return _your_order(scene)
    products = products_of(scene)
    best = next((product for product in products if product.setup), products[0] if products else None)
    title = localized(best.title, scene.language, scene.facts.voice) if best is not None else ""
    return title or scene.order.items[0].title or _your_order(scene)


def _your_order(scene: Scene) -> str:
    if scene.language == "en":
        return "your order"
    return "Ihre Bestellung" if scene.facts.voice == "sie" else "deine Bestellung"


def _item(scene: Scene) -> str:
    items = setup_of(scene)
    if not items:
        return ""
    product, item = items[min(scene.state.item, len(items) - 1)]
    text = localized(item.text, scene.language, scene.facts.voice)
    if len({owner.sku for owner, _ in items}) > 1:
        return f"{localized(product.title, scene.language, scene.facts.voice)}: {text}"
    return text


def _trouble(scene: Scene) -> str:
    items = setup_of(scene)
    help_text = ""
    if items:
        item = items[min(scene.state.item, len(items) - 1)][1]
        help_text = localized(item.trouble, scene.language, scene.facts.voice)
    if help_text:
        return help_text
    if scene.language == "en":
        return "Take a moment and go through the step once more, without force. That is often all it needs."
    if scene.facts.voice == "sie":
        return "Gehen Sie den Schritt noch einmal in Ruhe und ohne Kraft durch. Oft ist es damit getan."
    return "Geh den Schritt noch einmal in Ruhe und ohne Kraft durch. Oft ist es damit getan."


def _success(scene: Scene) -> str:
    for product in products_of(scene):
        if text := localized(product.success, scene.language, scene.facts.voice):
            return text
    return "That was everything." if scene.language == "en" else "Das war schon alles."


def _name(scene: Scene) -> str:
    """The name to greet with: the first for "du" and in English, the whole one for "Sie"; may be empty."""
    name = scene.facts.buyer_name or (scene.order.buyer_name if scene.order is not None else None) or ""
    words = name.split()
    if not words or len(name) > 60:
        return ""
    return " ".join(words) if scene.language == "de" and scene.facts.voice == "sie" else words[0]


def _hello(scene: Scene) -> str:
    name = _name(scene)
    german = "Guten Tag" if scene.facts.voice == "sie" else "Hallo"
    word = "Hello" if scene.language == "en" else german
    return f"{word} {name}" if name else word


def _brand(scene: Scene) -> str:
    return scene.facts.brand or ("our shop" if scene.language == "en" else "unserem Shop")


def _promise(scene: Scene) -> str:
    hours = max(scene.facts.promise, 1)
    if scene.language == "en":
        return f"{hours} hour{'s' if hours > 1 else ''}"
    return f"{hours} Stunde{'n' if hours > 1 else ''}"


def _hours(scene: Scene) -> str:
    text = localized(scene.facts.hours, scene.language, scene.facts.voice)
    return f" ({text})" if text else ""


def _tracking(scene: Scene) -> str:
    parcel = parcel_of(scene.order)
    if parcel is None or not parcel.number:
        return "not known yet" if scene.language == "en" else "noch nicht bekannt"
    return f"{parcel.number} ({parcel.carrier})" if parcel.carrier else parcel.number


def _order_number(scene: Scene) -> str:
    if scene.order is None:
        return "–"
    number = scene.order.number or scene.order.id
    return number if number.startswith("#") else f"#{number}"


_ORDERS: Final[frozenset[Need]] = frozenset({"orders"})
_PRODUCTS: Final[frozenset[Need]] = frozenset({"orders", "products"})
_NOTHING: Final[frozenset[Need]] = frozenset()

PLACEHOLDERS: Final[dict[str, Placeholder]] = {
    "brand": Placeholder(_NOTHING, _brand, "Rösterei Morgenrot"),
    "hello": Placeholder(_ORDERS, _hello, "Hallo Anna"),
    "product": Placeholder(_PRODUCTS, _product, "Handmühle Morgenrot"),
    "order_number": Placeholder(_ORDERS, _order_number, "#1001"),
    "tracking": Placeholder(_ORDERS, _tracking, "00340434161094042557 (DHL)"),
    "promise": Placeholder(_NOTHING, _promise, "24 Stunden"),
    "hours": Placeholder(_NOTHING, _hours, " (Mo–Fr 9–17 Uhr)"),
    "tip": Placeholder(_PRODUCTS, tip_of, "Bürste das Mahlwerk einmal im Monat aus."),
    "tip_product": Placeholder(_PRODUCTS, tip_product, "Handmühle Morgenrot"),
    "item": Placeholder(_PRODUCTS, _item, "Steck die Kurbel auf die Achse."),
    "trouble": Placeholder(_PRODUCTS, _trouble, "Dreh den Ring eine Raste weiter."),
    "success": Placeholder(_PRODUCTS, _success, "Du hast gerade deinen ersten Kaffee gemahlen."),
    "number": Placeholder(_PRODUCTS, lambda s: str(min(s.state.item + 1, len(setup_of(s)) or 1)), "1"),
    "count": Placeholder(_PRODUCTS, lambda s: str(len(setup_of(s)) or 1), "5"),
}
"""All that may stand in braces."""


def _entry(state: str) -> Callable[[Scene], bool]:
    return lambda scene: scene.facts.entry is not None and scene.facts.entry.state == state


def _status(*statuses: str) -> Callable[[Scene], bool]:
    return lambda scene: scene.order is not None and scene.order.status in statuses


def _conditions(table: dict[str, tuple[frozenset[Need], Callable[[Scene], bool]]]) -> dict[str, Condition]:
    return {name: Condition(name, needs, holds) for name, (needs, holds) in table.items()}


CONDITIONS: Final = _conditions(
    {
        "entry_fresh": (frozenset({"entry"}), _entry("fresh")),
        "entry_yours": (frozenset({"entry"}), _entry("yours")),
        "entry_used": (frozenset({"entry"}), _entry("used")),
        "entry_expired": (frozenset({"entry"}), _entry("expired")),
        "entry_refused": (frozenset({"entry"}), lambda scene: scene.facts.entry is not None),
        "has_order": (_ORDERS, lambda scene: scene.order is not None),
        "has_setup": (_PRODUCTS, lambda scene: bool(setup_of(scene))),
        "has_tip": (_PRODUCTS, lambda scene: bool(tip_of(scene))),
        "has_parcel": (_ORDERS, lambda scene: parcel_of(scene.order) is not None),
        "is_rated": (_ORDERS, lambda s: s.order is not None and s.order.id in s.state.ratings),
        "on_its_way": (_ORDERS, _status("shipped")),
        "arrived": (_ORDERS, _status("delivered")),
        "called_off": (_ORDERS, _status("cancelled", "refunded")),
    }
)
"""All that a door may ask."""
