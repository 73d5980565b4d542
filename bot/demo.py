"""The shop on the sandbox's stage: its name, its products with prices, its approved templates.

What the shop counter sells is what the catalogue holds, whichever is loaded. A catalogue has no prices, so
those of the sample shops stand here.
"""

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
    "FK-250": Decimal("8.90"),
    "DK-250": Decimal("9.40"),
    "PB-3": Decimal("12.90"),
    "WG-01": Decimal("49.00"),
    "CB-10": Decimal("34.00"),
    "TB-04": Decimal("29.90"),
    "PS-12": Decimal("16.90"),
    "PF-100": Decimal("5.90"),
    "ZT-02": Decimal("389.00"),
    "SL-03": Decimal("279.00"),
    "IM-04": Decimal("119.00"),
    "RS-45": Decimal("169.00"),
    "WS-07": Decimal("229.00"),
    "RJ-11": Decimal("249.00"),
    "DJ-12": Decimal("219.00"),
    "MS-21": Decimal("69.00"),
    "GK-30": Decimal("59.90"),
    "GK-31": Decimal("7.90"),
    "ST-50": Decimal("54.90"),
    "TP-60": Decimal("94.90"),
    "WF-70": Decimal("44.90"),
    "IW-40": Decimal("14.90"),
    "REP-1": Decimal("34.00"),
    "BF-01": Decimal("149.00"),
}
_LOGOS: Final = {
    "Rösterei Morgenrot": "/sandbox/static/morgenrot.svg",
    "Nordwand": "/sandbox/static/nordwand.svg",
}
"""Of the sample shops. Any other shop shows its initials."""
_ANY_PRICE: Final = Decimal("19.90")


def sandbox_settings(config: Config, products: Mapping[str, Product], book: Book) -> SandboxSettings:
    """Return the sandbox's settings: demo accounts that carry this shop's name, products and templates."""
    brand = config.settings.brand
    return replace(
        SandboxSettings.default(),
        shop_name=brand.name,
        shop_logo=_LOGOS.get(brand.name, ""),
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
