"""The engine that tests understand with: the real one, trained once and then cached."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from bot.understanding import Lesson, embedded
from dialogs.shop import Product
from nlu.engine import Embedded
from nlu.products import Catalogue
from nlu.understanding import Understanding


@cache
def engine() -> Embedded:
    """The embedded engine with the house's training."""
    return embedded(Lesson())


def understand(text: str, *, language: str | None, expecting: str | None) -> Understanding:
    """What the embedded engine makes of ``text``; it is loaded when it is first asked."""
    return engine()(text, language=language, expecting=expecting)


def understand_of(products: Mapping[str, Product]) -> Embedded:
    """The same engine, which knows these products by their names."""
    names = {sku: tuple(dict.fromkeys(product.title.values())) for sku, product in products.items()}
    return Embedded(engine().model, Catalogue(names))
