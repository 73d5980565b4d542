"""The catalogue: what the shop sells, with the words that help the buyer. Read from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import TypeAdapter, ValidationError

from dialogs.shop import Product

SAMPLE: Final = Path(__file__).parent / "catalogue.yml"
"""What the sample shop sells."""

_PRODUCTS: Final = TypeAdapter(tuple[Product, ...])


class CatalogueError(Exception):
    """A catalogue cannot be used; the text says which product and why."""


@cache
def load_catalogue(path: Path = SAMPLE) -> Mapping[str, Product]:
    """The products of a file by SKU. Read once.

    Raises:
        CatalogueError: not YAML, not the shape of a catalogue, or one SKU twice.

    """
    try:
        products = _PRODUCTS.validate_python(yaml.safe_load(path.read_text("utf-8")) or ())
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path.name}: this is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{path.name}: {place}: {first['msg']}") from error
    by_sku = {product.sku: product for product in products}
    if len(by_sku) < len(products):
        raise CatalogueError(f"{path.name}: a SKU is there twice")
    return by_sku
