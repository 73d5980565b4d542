"""Scripts from files: the house's own are sound, and broken ones are told off with file and line."""

from __future__ import annotations

import re

import pytest

from dialogs.catalogue import CatalogueError, load_catalogue
from dialogs.flow import Book
from dialogs.placeholders import PLACEHOLDERS
from dialogs.script import SCRIPTS, ScriptError, load_book, read_book
from dialogs.templates import TEMPLATES, approved
from dialogs.words import Words

FILES = {path.name: path.read_text("utf-8") for path in sorted(SCRIPTS.glob("*.yml"))}


def broken(name: str, old: str, new: str) -> str:
    """What is said about the house's scripts with one spot changed."""
    assert old in FILES[name]
    with pytest.raises(ScriptError) as caught:
        read_book({**FILES, name: FILES[name].replace(old, new, 1)})
    return str(caught.value)


def texts(book: Book) -> list[tuple[str, Words]]:
    found: list[tuple[str, Words]] = list(book.phrases.items())
    for flow in book.flows.values():
        for step in flow.steps.values():
            for name in step.__dataclass_fields__:
                value = getattr(step, name)
                if isinstance(value, Words):
                    found.append((f"{flow.id}.{step.id}.{name}", value))
            choices = getattr(step, "choices", ())
            found += [(f"{flow.id}.{step.id}.{choice.id}", choice.title) for choice in choices]
    return found


def test_the_houses_scripts_load() -> None:
    book = load_book()
    assert len(book.flows) >= 12
    assert all(not flow.doors[-1].when for flow in book.flows.values())


DU = re.compile(r"\b([Dd]u|[Dd]ir|[Dd]ich|[Dd]ein(e[rnms]?)?)\b")
SIE = re.compile(r"(?<![.!?:] )(?<!^)(?<!\n)\b(Sie|Ihnen|Ihre?[rnms]?)\b")


def test_du_and_sie_are_never_mixed() -> None:
    for where, words in texts(load_book()):
        du = "".join(text for text, _ in words.parts["de_du"])
        sie = "".join(text for text, _ in words.parts["de_sie"])
        assert not SIE.search(du), (where, du)
        assert not DU.search(sie), (where, sie)
    for product in load_catalogue().values():
        every = [product.success, *product.tips]
        for item in product.setup:
            every += [item.text, item.trouble]
        for entry in every:
            assert not DU.search(entry.get("de_sie", "")), entry
            assert not SIE.search(entry.get("de_du", "")), entry
            assert not entry or "en" in entry


def test_titles_fit_the_narrowest_button() -> None:
    for where, words in texts(load_book()):
        if where.rsplit(".", 1)[-1] in {"text", "trouble"} or "." not in where:
            continue
        for variant, parts in words.parts.items():
            title = "".join(text for text, _ in parts)
            assert len(title.encode()) <= 20, (where, variant, title)


def test_every_placeholder_has_a_sample() -> None:
    assert all(placeholder.sample for placeholder in PLACEHOLDERS.values())


def test_an_unknown_placeholder_is_named_with_file_and_line() -> None:
    line = FILES["menu.yml"].split("\n").index('      de_du: "{hello}! Was kann ich für dich tun?"') + 1
    said = broken("menu.yml", "{hello}! Was kann ich für dich", "{helo}! Was kann ich für dich")
    assert re.search(rf"menu\.yml:({line}|{line - 1}):7: .*\{{helo\}} is unknown", said), said


@pytest.mark.parametrize(
    ("name", "old", "new", "part"),
    [
        ("menu.yml", "{hello}! Was", "{hello.__class__}! Was", "is unknown"),
        ("menu.yml", "{hello}! Was", "{hello! Was", "brace is not closed"),
        ("menu.yml", "{hello}! Was", "{hello!r}! Was", "is unknown"),
        ("menu.yml", "to: /setup", "to: /stup", "which is not there"),
        (
            "menu.yml",
            "starts_on: [menu, greeting]",
            "starts_on: [menu]",
            "no flow that answers to `greeting`",
        ),
        (
            "menu.yml",
            "starts_on: [menu, greeting]",
            "starts_on: [menu, greeting, x]",
            "Nothing starts a flow by `x`",
        ),
        ("menu.yml", "starts_on: [menu, greeting]", "starts_on: [menu, greeting, miss]", "already starts"),
        ("menu.yml", "id: menu", "id: miss", "is already in"),
        ("menu.yml", "kind: ask", "kind: aks", "aks"),
        ("menu.yml", "      de_sie:", "      de_sir:", "de_sir"),
        ("menu.yml", "step: main", "step: man", "no step `man`"),
        ("menu.yml", "{step: main}", "{when: [has_order], step: main}", "open to everybody"),
        ("menu.yml", "{step: main}", "{when: [moon], step: main}", "`moon` is unknown"),
        ("menu.yml", "id: tip,", "id: setup,", "same id"),
        ("menu.yml", "steps:", "steps: [", "not YAML"),
        ("checkup.yml", "nachklang_care", "nachklang_cure", "nachklang_cure"),
        ("phrases.yml", "stale:", "stalled:", "The phrase `stale` is missing"),
    ],
)
def test_what_is_wrong_is_said(name: str, old: str, new: str, part: str) -> None:
    assert part in broken(name, old, new)


def test_all_problems_come_at_once() -> None:
    files = {**FILES, "menu.yml": FILES["menu.yml"].replace("{hello}", "{helo}", 1), "care.yml": "id: 1"}
    with pytest.raises(ScriptError) as caught:
        read_book(files)
    assert {"menu.yml", "care.yml"} <= {problem.file for problem in caught.value.problems}


def test_templates_keep_whatsapps_rules() -> None:
    for template in TEMPLATES:
        body = template.body
        for number in range(1, len(template.parameters) + 1):
            assert body.count(f"{{{{{number}}}}}") == 1
        assert not body.startswith("{{")
        assert not body.endswith("}}")
        assert len(body) <= 1024 - 600
        assert len(template.buttons) <= 10
        assert all(len(button.title) <= 25 and button.title.isprintable() for button in template.buttons)
        choices = [button.choice for button in template.buttons]
        steps = [step for flow in load_book().flows.values() for step in flow.steps.values()]
        users = [step for step in steps if getattr(step, "template", "") == template.name]
        assert users
        for step in users:
            offered = [choice.id for choice in getattr(step, "choices", ())]
            assert choices in (offered, ["1", "2", "3", "4", "5"])
    assert {(t.name, t.language) for t in approved("du")} == {(t.name, t.language) for t in approved("sie")}


def test_the_sample_catalogue_is_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    products = load_catalogue()
    assert len(products) == 6
    assert {product.pace for product in products.values()} == {"fast", "durable"}
    assert all(product.tips for product in products.values())
    bad = tmp_path_factory.mktemp("shop") / "catalogue.yml"
    bad.write_text("- sku: A\n  title: {de: x}\n- sku: A\n  title: {de: y}\n")
    with pytest.raises(CatalogueError, match="twice"):
        load_catalogue(bad)
    worse = bad.with_name("worse.yml")
    worse.write_text("- title: {de: x}\n")
    with pytest.raises(CatalogueError, match="sku"):
        load_catalogue(worse)
