"""The sample shop on the sandbox's stage: its name, its products with prices, its approved templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from bot.config import Config
from dialogs.flow import Book
from dialogs.shop import Product
from dialogs.templates import TemplateText, approved
from integrations.sandbox.settings import ApprovedTemplate, DemoProduct, SandboxSettings, TemplateButton

_PRICES: Final = {
    "HM-01": Decimal("89.00"),
    "FP-08": Decimal("39.90"),
    "WK-09": Decimal("64.00"),
    "EB-500": Decimal("14.90"),
    "ABO-1": Decimal("27.80"),
    "HF-02": Decimal("24.50"),
}
_LOGO: Final = "/sandbox/static/morgenrot.svg"
_ANY_PRICE: Final = Decimal("19.90")


def sandbox_settings(config: Config, products: Mapping[str, Product], book: Book) -> SandboxSettings:
    """Return the sandbox's settings: demo accounts that carry this shop's name, products and templates."""
    brand = config.settings.brand
    return replace(
        SandboxSettings.default(),
        shop_name=brand.name,
        shop_logo=_LOGO,
        language=brand.language,
        products=tuple(
            DemoProduct(product.sku, _title(product, brand.language), _PRICES.get(product.sku, _ANY_PRICE))
            for product in products.values()
        ),
        templates=tuple(_approved(template) for template in approved(book.templates, brand.voice)),
    )


def _title(product: Product, language: str) -> str:
    """Return what the product is called; a catalogue in one language only will do here."""
    return product.title.get(language) or next(iter(product.title.values()), product.sku)


def _approved(template: TemplateText) -> ApprovedTemplate:
    return ApprovedTemplate(
        name=template.name,
        language=template.language,
        body=template.body,
        buttons=tuple(TemplateButton("quick_reply", button.title) for button in template.buttons),
        category="marketing" if template.category == "MARKETING" else "utility",
    )
