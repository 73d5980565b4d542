"""The sandbox's shop counter sells what the catalogue of the loaded settings holds."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot.commands_check import demands_of
from bot.config import Config, load
from bot.demo import sandbox_settings
from bot.publishing import read_products
from dialogs.catalogue import SHOPS
from dialogs.flow import Book
from dialogs.shop import Product
from dialogs.simulation.house import BRANDS
from integrations.sandbox.settings import SandboxSettings

ROOT = Path(__file__).parents[2]
FILES = {"coffee": ROOT / "config.yml", "outdoor": SHOPS / "outdoor" / "config.yml"}
EMPTY = Book(flows={}, on={})


@pytest.fixture
def config(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(ROOT)  # paths in settings count from where the program is started
    return load(FILES[request.param], {})


def stage_of(config: Config) -> SandboxSettings:
    return sandbox_settings(config, read_products(config), EMPTY)


def test_every_sample_shop_has_a_folder_and_a_name() -> None:
    assert sorted(path.name for path in SHOPS.iterdir()) == sorted(BRANDS)


@pytest.mark.parametrize(("config", "name"), [(name, name) for name in FILES], indirect=["config"])
def test_the_counter_of_a_sample_shop(config: Config, name: str) -> None:
    stage = stage_of(config)
    products = read_products(config)
    assert stage.shop_name == BRANDS[name]
    assert [one.sku for one in stage.products] == list(products)
    assert [one.title for one in stage.products] == [one.title["de"] for one in products.values()]
    assert len({one.price for one in stage.products}) > len(products) / 2, "each with a price of its own"
    logo = ROOT / "integrations" / stage.shop_logo.removeprefix("/")
    assert logo.exists()
    assert BRANDS[name] in logo.read_text("utf-8")


@pytest.mark.parametrize("config", ["outdoor"], indirect=True)
def test_another_sample_shop_differs_by_its_name_and_its_catalogue_alone(config: Config) -> None:
    usual = load(FILES["coffee"], {})
    settings = usual.settings
    assert config.settings == settings.model_copy(
        update={
            "brand": settings.brand.model_copy(update={"name": BRANDS["outdoor"]}),
            "dialogs": config.settings.dialogs,
        }
    )
    assert "BF-01" in demands_of(config).products


@pytest.mark.parametrize("config", ["coffee"], indirect=True)
def test_a_shop_of_ones_own_shows_its_initials_and_any_price(config: Config) -> None:
    brand = config.settings.brand.model_copy(update={"name": "Kiosk"})
    own = config.model_copy(update={"settings": config.settings.model_copy(update={"brand": brand})})
    stage = sandbox_settings(own, {"A-1": Product("A-1", {"en": "Newspaper"})}, EMPTY)
    assert (stage.shop_name, stage.shop_logo) == ("Kiosk", "")
    [product] = stage.products
    assert (product.sku, product.title, product.price) == ("A-1", "Newspaper", Decimal("19.90"))
