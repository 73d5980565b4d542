"""What a case has come of, in words: the products' known causes and the house's own (`dialogs.causes`)."""

from __future__ import annotations

from bot.app import App
from bot.web.wording import Language
from dialogs.causes import GENERAL, causes_of
from dialogs.scene import localized

Group = tuple[str, tuple[tuple[str, str], ...]]
"""The title of a product, or nothing for the house's causes; and the causes by id and words."""


def cause_names(app: App, language: Language) -> dict[str, str]:
    """Return what every cause of the shop is called, by its id."""
    return {one.id: localized(one.title, language, "du") for one in causes_of(app.products.values())}


async def causes_for(app: App, conversation_id: int, language: Language) -> list[Group]:
    """Return what a case of this buyer may have come of: by what they bought, then the general ones."""
    orders = (await app.store.orders.of_conversations([conversation_id])).get(conversation_id, ())
    skus = {item.sku: None for order in orders for item in order.items}
    products = [app.products[sku] for sku in skus if sku in app.products]
    groups: list[Group] = []
    for product in products:
        own = tuple((one.id, localized(one.title, language, "du")) for one in product.causes)
        if own:
            groups.append((localized(product.title, language, "du") or product.sku, own))
    house = tuple((one.id, localized(one.title, language, "du")) for one in GENERAL)
    told = {cause for _, listed in groups for cause, _ in listed}
    return [*groups, ("", tuple(one for one in house if one[0] not in told))]
