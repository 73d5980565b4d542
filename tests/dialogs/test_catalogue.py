"""The catalogue: what is written is what dialogs know, and what is wrong is told with its product."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.address import address_of
from dialogs.catalogue import SAMPLE, CatalogueError, examine_catalogue, load_catalogue
from dialogs.problem_kinds import CATALOGUE
from dialogs.problems import KINDS
from dialogs.shop import Cause, Complement, Product, SetupItem
from tests.dialogs.damage import damaged

GOOD: Final = """\
- sku: 4001
  title: {de: "Kanne", en: "Pot"}
  pace: fast
  category: tea
  url: https://shop.example/kanne
  picture: https://shop.example/kanne.jpg
  setup:
    - id: rinse
      text: {de_du: "Spül sie.", de_sie: "Spülen Sie sie.", en: "Rinse it."}
      trouble: {de: "Mit Essig.", en: "With vinegar."}
    - id: "2"
      text: {de: "Fertig.", en: "Done."}
  tips:
    - {de: "Trocken lagern.", en: "Keep it dry."}
  usages:
    green: [{de: "Bei 80 Grad.", en: "At 80 degrees."}]
  success: {de: "Die erste Tasse!", en: "The first cup!"}
  complements:
    - {sku: T-1, why: {de: "Passt.", en: "Fits."}}
    - sku: "0815"
  consumption_days: 30
  return_rate: 0.12
  days: {rating: 0, bundle: 45}
  causes:
    - {id: spout, title: {de: "Tülle", en: "Spout"}, help: {de: "Mit Wachs.", en: "With wax."}}
    - {id: "2", title: {de: "Deckel fehlt", en: "Lid missing"}}
- sku: T-1
  title: {de: "Tee"}
- sku: 0815
  title: {en: "Cup"}
  service: true
"""


def told(text: str) -> list[tuple[str, int, int]]:
    return [(one.kind, one.line, one.column) for one in examine_catalogue("shop.yml", text)[1]]


def test_everything_that_can_be_said_of_a_product() -> None:
    products, problems = examine_catalogue("shop.yml", GOOD)
    assert not problems
    assert list(products) == ["4001", "T-1", "0815"]
    assert products["4001"] == Product(
        sku="4001",
        title={"de": "Kanne", "en": "Pot"},
        pace="fast",
        category="tea",
        setup=(
            SetupItem(
                "rinse",
                {"de_du": "Spül sie.", "de_sie": "Spülen Sie sie.", "en": "Rinse it."},
                {"de": "Mit Essig.", "en": "With vinegar."},
            ),
            SetupItem("2", {"de": "Fertig.", "en": "Done."}),
        ),
        tips=({"de": "Trocken lagern.", "en": "Keep it dry."},),
        usages={"green": ({"de": "Bei 80 Grad.", "en": "At 80 degrees."},)},
        success={"de": "Die erste Tasse!", "en": "The first cup!"},
        complements=(Complement("T-1", {"de": "Passt.", "en": "Fits."}), Complement("0815")),
        consumption_days=30,
        return_rate=0.12,
        days={"rating": 0, "bundle": 45},
        picture="https://shop.example/kanne.jpg",
        url="https://shop.example/kanne",
        causes=(
            Cause(
                "spout",
                {"de": "Tülle", "en": "Spout"},
                {"de": "Mit Wachs.", "en": "With wax."},
            ),
            Cause("2", {"de": "Deckel fehlt", "en": "Lid missing"}),
        ),
    )
    assert products["T-1"] == Product("T-1", {"de": "Tee"})
    assert products["0815"] == Product("0815", {"en": "Cup"}, service=True)


PRODUCT: Final = '- sku: A\n  title: {de: "Tee"}\n'

CASES: Final = {
    "no_catalogue": ("sku: A\n", 1, 1),
    "product_key": (f"{PRODUCT}  tipps: []\n", 3, 3),
    "product_lacks": ("- sku: A\n", 1, 3),
    "product_word": (f"{PRODUCT}  pace: fats\n", 3, 3),
    "product_form": (f"{PRODUCT}  days: {{rating: -1}}\n", 3, 10),
    "product_language": ('- sku: A\n  title: {de: "Tee", fr: "Thé"}\n', 2, 22),
    "product_silent": ('- sku: A\n  title: {de: " "}\n', 2, 3),
    "product_twice": (f"{PRODUCT}{PRODUCT}", 3, 3),
    "item_twice": (
        f'{PRODUCT}  setup:\n    - {{id: a, text: {{de: "x"}}}}\n    - {{id: a, text: {{de: "y"}}}}\n', 5, 8,
    ),
    "cause_twice": (
        f"{PRODUCT}  causes:\n    - {{id: a, title: {{de: x}}}}\n    - {{id: a, title: {{de: y}}}}\n", 5, 8,
    ),
    "complement_unknown": (f"{PRODUCT}  complements:\n    - sku: B\n", 4, 7),
    "complement_itself": (f"{PRODUCT}  complements:\n    - sku: A\n", 4, 7),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_every_kind_of_problem_with_its_place(kind: str) -> None:
    text, line, column = CASES[kind]
    assert told(text) == [(kind, line, column)]


def test_no_kind_is_without_a_case() -> None:
    assert CASES.keys() == CATALOGUE.keys()


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        (
            f"{PRODUCT}  complments: []\n",
            "shop.yml:3:3: Product `A`: `complments` is not known here. Perhaps `complements` is meant.",
            "Produkt `A`: `complments` gibt es hier nicht. Gemeint ist vielleicht `complements`.",
        ),
        (
            f"{PRODUCT}  setup:\n    - {{id: a, txt: x, text: {{de: x}}}}\n",
            "shop.yml:4:15: Product `A`: `txt` is not known here. Perhaps `text` is meant.",
            "Produkt `A`: `txt` gibt es hier nicht.",
        ),
        (
            f"{PRODUCT}  pace: slow\n",
            "Product `A`: `slow` is not possible for `pace`. There are: `durable`, `fast`.",
            "Produkt `A`: `slow` ist für `pace` nicht möglich. Es gibt: `durable`, `fast`.",
        ),
        (
            f"{PRODUCT}  consumption_days: 0\n",
            "Product `A`: `consumption_days` does not have the right form. Expected is at least 1.",
            "Erwartet wird: mindestens 1.",
        ),
        *(
            (
                f"{PRODUCT}  return_rate: {written}\n",
                "Product `A`: `return_rate` does not have the right form. Expected is a number from 0 to 1",
                "Erwartet wird: eine Zahl von 0 bis 1: 0.12 heißt, dass 12 von 100 zurückkommen.",
            )
            for written in ("12", "-0.1", "12 %", '"0,12"', "yes", "true", ".nan", ".inf", "[0.1]")
        ),
        *(
            (
                f"{PRODUCT}  service: {written}\n",
                "Product `A`: `service` does not have the right form. Expected is `true` or `false`.",
                "Erwartet wird: `true` oder `false`.",
            )
            for written in ("yes", "1", '"true"', "[true]")
        ),
        (
            f"{PRODUCT}  days: {{rating: soon}}\n",
            "Product `A`: `days.rating` does not have the right form. Expected is a whole number.",
            "Erwartet wird: eine ganze Zahl.",
        ),
        (
            f"{PRODUCT}  url: http://shop.example\n",
            "`url` does not have the right form. Expected is an address that begins with https://.",
            "Erwartet wird: eine Adresse, die mit https:// beginnt.",
        ),
        (
            f"{PRODUCT}  tips: [Trocken lagern]\n",
            "Product `A`: `tips.1` does not have the right form. Expected is indented lines",
            "Erwartet wird: eingerückte Zeilen der Form `name: wert`.",
        ),
        (
            "- title: {de: 5}\n",
            "`title.de` does not have the right form. Expected is a text; a number in quotation marks.",
            "Produkt `№ 1`: Hier fehlt `sku`. `sku:` ergänzen.",
        ),
        (
            f"{PRODUCT}- sku: A-B\n  title: {{de: x}}\n  complements: [{{sku: A_B, why: {{de: x}}}}]\n",
            "`A_B` is said to go with `A-B`, and is not in the catalogue. Perhaps `A-B` is meant.",
            "Zu `A-B` soll `A_B` passen, und das steht nicht im Katalog. Gemeint ist vielleicht `A-B`.",
        ),
        ("- x\n", "Product `№ 1`: `№ 1` does not have the right form.", "eingerückte Zeilen der Form"),
    ],
)
def test_what_is_wrong_in_both_languages(text: str, english: str, german: str) -> None:
    problems = examine_catalogue("shop.yml", text)[1]
    assert english in "\n".join(map(str, problems))
    assert german in "\n".join(one.told("de") for one in problems)


def test_everything_is_told_at_once_and_the_rest_can_be_used(tmp_path: Path) -> None:
    text = (
        GOOD.replace("pace: fast", "pace: fats")
        .replace("sku: T-1, why", "sku: T-2, why")
        .replace("en: Cup", "")
    )
    file = tmp_path / "shop.yml"
    file.write_text(f"{text}- sku: 4001\n  titel: {{de: x}}\n", "utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(file)
    said = str(caught.value).splitlines()
    assert len(said) == len(caught.value.problems) == 5
    lines = [match[1] for line in said if (match := re.match(r"shop\.yml:(\d+):\d+: ", line))]
    assert lines == ["3", "19", "32", "32", "33"]
    assert list(examine_catalogue("shop.yml", text)[0]) == ["T-1", "0815"]


@pytest.mark.parametrize("text", ["", "# nichts\n", "[]\n"])
def test_a_shop_may_have_no_catalogue(text: str) -> None:
    assert examine_catalogue("shop.yml", text) == ({}, [])


def test_what_yaml_itself_does_not_like_is_told_too() -> None:
    assert told("- sku: A\n  sku: B\n  title: {de: x}\n") == [("key_twice", 2, 3)]
    assert told("- sku: [\n") == [("not_yaml", 2, 1)]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "shop.yml"
    file.write_text(PRODUCT, "utf-8")
    first = load_catalogue(file)
    file.write_text("", "utf-8")
    assert load_catalogue(file) is first


SAMPLE_TEXT: Final = SAMPLE.read_text("utf-8")


@settings(max_examples=100, deadline=None)
@given(damaged([SAMPLE_TEXT]))
def test_no_damage_makes_it_raise(text: str) -> None:
    products, problems = examine_catalogue("shop.yml", text)
    assert all(sku == product.sku for sku, product in products.items())
    for one in problems:
        assert one.kind in KINDS
        assert one.line >= 1
        assert one.column >= 1
        assert one.told("de")


@settings(deadline=None)
@given(st.text())
def test_no_text_at_all_makes_it_raise(text: str) -> None:
    examine_catalogue("shop.yml", text)


# -- the sample shop


def test_the_sample_catalogue_is_whole() -> None:
    products = load_catalogue()
    assert len(products) == 14
    assert {product.pace for product in products.values()} == {"fast", "durable"}
    assert all(product.tips and product.complements and product.url for product in products.values())
    assert any(product.consumption_days for product in products.values())


def test_the_sample_speaks_every_language_and_never_mixes_du_and_sie() -> None:
    for product in load_catalogue().values():
        texts = [product.success, *product.tips, *(one.why for one in product.complements)]
        texts += [text for item in product.setup for text in (item.text, item.trouble)]
        texts += [tip for tips in product.usages.values() for tip in tips]
        for text in filter(None, texts):
            assert "en" in text, text
            assert "de" in text or {"de_du", "de_sie"} <= text.keys(), text
            assert not address_of(text.get("de_du", "")).sie, text
            assert not address_of(text.get("de_sie", "")).du, text
            assert not address_of(text.get("de", "")).du, text


def test_the_sample_is_the_same_for_every_reader_of_yaml() -> None:
    assert [one["sku"] for one in yaml.safe_load(SAMPLE_TEXT)] == list(load_catalogue())
