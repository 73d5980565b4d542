"""Templates as WhatsApp wants them submitted: numbered parameters, each with a sample, and the buttons.

Source: WhatsApp Business Management API, ``POST /<WABA_ID>/message_templates``. A template without samples is
rejected, so they are made from what the shop really sells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from dialogs.facts import Facts
from dialogs.names import NAMES, value_of
from dialogs.scene import OfferView, Scene, complements_of
from dialogs.shop import Item, Order, Parcel, Product
from dialogs.state import State
from dialogs.templates import TemplateText
from dialogs.words import Tone

_PERCENT: Final = 10
_VALID: Final = timedelta(days=14)
_TRACKING: Final = Parcel("00340434161094042557", "DHL")


def submission(text: TemplateText, scene: Scene) -> dict[str, Any]:
    """The body of the request that submits a template; ``scene`` gives the samples (`sample_scene`)."""
    body: dict[str, Any] = {"type": "BODY", "text": text.body}
    if text.parameters:
        spoken = replace(scene, tone=Tone(text.language, text.voice))
        body["example"] = {"body_text": [[_sample(spoken, name) for name in text.parameters]]}
    components = [body]
    if text.buttons:
        buttons = [{"type": "QUICK_REPLY", "text": button.title} for button in text.buttons]
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {
        "name": text.name,
        "language": text.language,
        "category": text.category,
        "components": components,
    }


def sample_scene(facts: Facts, products: Mapping[str, Product], now: datetime) -> Scene:
    """An order as the shop has them: of the product that most is known about, sent yesterday."""
    known = max(products.values(), key=_richness, default=None)
    items = () if known is None else (Item(known.sku, known.title.get("de", known.sku)),)
    yesterday = now - timedelta(days=1)
    order = Order(
        "1001", "#1001", "EUR", Decimal(0), now, "shipped",
        buyer_name="Anna Beispiel", items=items, parcels=(_TRACKING,), milestones={"shipped": yesterday},
    )  # fmt: skip
    shown = replace(facts, orders=(order,), products=products)
    scene = Scene(shown, State(), Tone(), order, now.date(), now=now)
    return replace(scene, offer=_offer(scene, now.date()))


def _richness(product: Product) -> tuple[int, int, str]:
    return len(product.complements), len(product.tips), product.sku


def _offer(scene: Scene, today: date) -> OfferView:
    return OfferView(complements_of(scene, 2), _PERCENT, str(NAMES["offer_code"].sample), today + _VALID)


def _sample(scene: Scene, name: str) -> str:
    """A value as a buyer may meet it; what nothing is known about is shown by the name's own sample."""
    found = value_of(scene, name)
    known = NAMES.get(name)
    if known is not None and found in ("", known.fallback):
        found = known.sample
    return " ".join(str(found).split())
