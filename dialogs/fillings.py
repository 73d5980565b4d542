"""What each placeholder is filled with, in the tone of the moment. None is empty by accident."""

from __future__ import annotations

from datetime import datetime

from dialogs.deadlines import MONTHS_AT, MONTHS_DE, MONTHS_EN, deadline, within
from dialogs.scene import Scene, localized, main_product, parcel_of, products_of, setup_of, tips_of
from dialogs.shop import Product


def tip_product(scene: Scene) -> str:
    """The title of the product that the next tip is about."""
    owners = [product for product in products_of(scene) for _ in tips_of(scene, product)]
    if not owners:
        return product(scene)
    owner = owners[max(scene.state.tips - 1, 0) % len(owners)]
    return localized(owner.title, scene.language, scene.tone.voice) or product(scene)


def product(scene: Scene) -> str:
    """The most telling item: the first with a checklist, else the first in the catalogue, else the first."""
    if scene.order is None or not scene.order.items:
        return _your_order(scene)
    best = main_product(scene)
    title = localized(best.title, scene.language, scene.tone.voice) if best is not None else ""
    return title or scene.order.items[0].title or _your_order(scene)


def wanted_product(scene: Scene) -> str:
    """The title of the product that the buyer is waiting for, by the note ``wanted``."""
    wanted = scene.facts.products.get(scene.notes.get("wanted", ""))
    return (_title(scene, wanted) if wanted is not None else "") or _your_order(scene)


def category(scene: Scene) -> str:
    """What the main product belongs to, in the catalogue's word."""
    best = main_product(scene)
    return best.category if best is not None else ""


def _your_order(scene: Scene) -> str:
    if scene.language == "en":
        return "your order"
    return "Ihre Bestellung" if scene.tone.voice == "sie" else "deine Bestellung"


def item(scene: Scene) -> str:
    """The checklist's item."""
    items = setup_of(scene)
    if not items:
        return ""
    product, item = items[min(scene.state.item, len(items) - 1)]
    text = localized(item.text, scene.language, scene.tone.voice)
    if len({owner.sku for owner, _ in items}) > 1:
        return f"{localized(product.title, scene.language, scene.tone.voice)}: {text}"
    return text


def trouble(scene: Scene) -> str:
    """Help with the checklist's item."""
    items = setup_of(scene)
    help_text = ""
    if items:
        item = items[min(scene.state.item, len(items) - 1)][1]
        help_text = localized(item.trouble, scene.language, scene.tone.voice)
    if help_text:
        return help_text
    if scene.language == "en":
        return "Take a moment and go through the step once more, without force. That is often all it needs."
    if scene.tone.voice == "sie":
        return "Gehen Sie den Schritt noch einmal in Ruhe und ohne Kraft durch. Oft ist es damit getan."
    return "Geh den Schritt noch einmal in Ruhe und ohne Kraft durch. Oft ist es damit getan."


def success(scene: Scene) -> str:
    """What has been achieved when the setup is done."""
    for product in products_of(scene):
        if text := localized(product.success, scene.language, scene.tone.voice):
            return text
    return "That was everything." if scene.language == "en" else "Das war schon alles."


def first_name(scene: Scene) -> str:
    """The name to greet with: the first for "du" and in English, the whole one for "Sie"; may be empty."""
    name = scene.facts.buyer_name or (scene.order.buyer_name if scene.order is not None else None) or ""
    words = name.split()
    if not words or len(name) > 60:
        return ""
    return " ".join(words) if scene.language == "de" and scene.tone.voice == "sie" else words[0]


def hello(scene: Scene) -> str:
    """A greeting, with the name where it is known."""
    name = first_name(scene)
    german = "Guten Tag" if scene.tone.voice == "sie" else "Hallo"
    word = "Hello" if scene.language == "en" else german
    return f"{word} {name}" if name else word


def brand(scene: Scene) -> str:
    """The shop's name."""
    return scene.facts.brand or ("our shop" if scene.language == "en" else "unserem Shop")


def promise(scene: Scene) -> str:
    """Within which time a human answers, counted from now."""
    return within(_promised(scene), scene.now, scene.tone)


def promised_time(scene: Scene) -> str:
    """By when a human answers."""
    return deadline(_promised(scene), scene.now, scene.tone, scene.facts.timezone)


def _promised(scene: Scene) -> datetime:
    return scene.facts.opening.promised(scene.now, scene.facts.promise)


def hours(scene: Scene) -> str:
    """The team's hours, in brackets."""
    text = localized(scene.facts.hours, scene.language, scene.tone.voice)
    return f" ({text})" if text else ""


def tracking(scene: Scene) -> str:
    """Tracking number and carrier."""
    parcel = parcel_of(scene.order)
    if parcel is None or not parcel.number:
        return "not known yet" if scene.language == "en" else "noch nicht bekannt"
    return f"{parcel.number} ({parcel.carrier})" if parcel.carrier else parcel.number


def order_number(scene: Scene) -> str:
    """The order number, with #."""
    if scene.order is None:
        return "–"
    number = scene.order.number or scene.order.id
    return number if number.startswith("#") else f"#{number}"


def _title(scene: Scene, product: Product) -> str:
    return localized(product.title, scene.language, scene.tone.voice)


def _listed(scene: Scene, titles: list[str]) -> str:
    quoted = [f"“{title}”" if scene.language == "en" else f"„{title}“" for title in titles if title]
    if len(quoted) < 2:
        return "".join(quoted)
    word = "and" if scene.language == "en" else "und"
    return f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"


def offer_products(scene: Scene) -> str:
    """The titles of what is offered."""
    return _listed(scene, [_title(scene, product) for product, _ in scene.offer.products])


def offer_why(scene: Scene) -> str:
    """Why the first of them fits."""
    for _, complement in scene.offer.products:
        if complement is not None and (why := localized(complement.why, scene.language, scene.tone.voice)):
            return why
    return ""


def offer_until(scene: Scene) -> str:
    """The last day of the code."""
    until = scene.offer.until
    if until is None:
        return ""
    if scene.language == "en":
        return f"{until.day} {MONTHS_EN[until.month - 1]}"
    months = MONTHS_AT if scene.tone.country == "AT" else MONTHS_DE
    return f"{until.day}. {months[until.month - 1]}"
