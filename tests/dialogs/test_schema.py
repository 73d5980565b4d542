"""The published schema is current, explains itself in both languages, and agrees with the loader."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

import pytest
from hypothesis import HealthCheck, given, settings

from dialogs.flow import TRIGGER_KINDS, Flow
from dialogs.names import NAMES
from dialogs.schema import FILE, flow_schema, schema_text
from dialogs.script import SCRIPTS, texts_of
from dialogs.script_dump import dump_flow
from dialogs.script_step_models import KINDS
from dialogs.source import Source
from dialogs.words import WRITTEN
from nlu.understanding import Intent
from tests.dialogs.flows import flows

SCHEMA: Final = json.loads(schema_text())
HOUSE: Final = {
    name: Source(name, text).data
    for name, text in texts_of(SCRIPTS).items()
    if name not in {"phrases.yml", "templates.yml"}
}
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "integer": (int,),
    "number": (int, float),
}  # fmt: skip


def wrong(schema: Mapping[str, Any], data: Any, at: str = "") -> Iterator[str]:
    """What JSON Schema says against the data, as far as our schema uses it."""
    if "$ref" in schema:
        yield from wrong(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], data, at)
    if "oneOf" in schema:
        fitting = [one for one in schema["oneOf"] if not list(wrong(one, data, at))]
        if len(fitting) != 1:
            yield f"{at}: {len(fitting)} of oneOf"
    yield from _wrong_itself(schema, data, at)


def _wrong_itself(schema: Mapping[str, Any], data: Any, at: str) -> Iterator[str]:
    if not _is_typed(schema, data):
        yield f"{at}: type"
    elif "enum" in schema and data not in schema["enum"]:
        yield f"{at}: enum"
    elif "const" in schema and data != schema["const"]:
        yield f"{at}: const"
    elif isinstance(data, str) and not re.search(schema.get("pattern", ""), data):
        yield f"{at}: pattern"
    elif isinstance(data, dict):
        yield from _wrong_inside(schema, data, at)
    elif isinstance(data, list):
        if not schema.get("minItems", 0) <= len(data) <= schema.get("maxItems", len(data)):
            yield f"{at}: length"
        for number, one in enumerate(data):
            yield from wrong(schema.get("items", {}), one, f"{at}/{number}")


def _wrong_inside(schema: Mapping[str, Any], data: dict[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in data)
    for name, value in data.items():
        patterns = [one for form, one in schema.get("patternProperties", {}).items() if re.search(form, name)]
        if name in schema.get("properties", {}):
            yield from wrong(schema["properties"][name], value, f"{at}/{name}")
        elif patterns:
            yield from wrong(patterns[0], value, f"{at}/{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}: unknown {name}"


def _is_typed(schema: Mapping[str, Any], data: Any) -> bool:
    if "type" not in schema:
        return True
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(
        isinstance(data, TYPES[name]) and (name == "boolean" or not isinstance(data, bool)) for name in names
    )


def explained(schema: Any, at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every property of the schema, and where it is."""
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        if properties.keys() - set(WRITTEN):
            for name, one in properties.items():
                yield f"{at}/{name}", one
        for key, inner in schema.items():
            yield from explained(inner, f"{at}/{key}")
    elif isinstance(schema, list):
        for inner in schema:
            yield from explained(inner, at)


def test_the_published_file_is_current() -> None:
    """If this fails: make schema."""
    assert FILE.read_text("utf-8") == schema_text()


def test_editors_know_what_it_is() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"].startswith("urn:nachklang:")
    assert set(re.findall(r'"\$ref": "([^"]*)"', schema_text())) <= {
        f"#/$defs/{name}" for name in SCHEMA["$defs"]
    }


def test_every_key_is_explained_in_german_and_english() -> None:
    found = [(at, one) for at, one in explained(SCHEMA) if "/examples/" not in at]
    assert len(found) > 120
    for at, one in found:
        assert re.fullmatch(r".+ · .+", one["title"]), at
        assert re.fullmatch(r".+\. · .+\.", one["description"]), at
    for name, part in SCHEMA["$defs"].items():
        assert " · " in part["title"], name
        assert " · " in part["description"], name


def test_every_kind_of_step_and_trigger_is_there() -> None:
    offered = {
        one["$ref"].removeprefix("#/$defs/") for one in SCHEMA["properties"]["steps"]["items"]["oneOf"]
    }
    keys = {key for name in offered for key in SCHEMA["$defs"][name]["properties"]}
    assert len(offered) == len(KINDS) == 14
    assert KINDS.keys() <= keys
    trigger = SCHEMA["$defs"]["Trigger"]
    assert set(TRIGGER_KINDS) <= trigger["properties"].keys()
    assert set(trigger["properties"]["intent"]["enum"]) == set(get_args(Intent))
    assert set(SCHEMA["$defs"]["Texts"]["properties"]) == set(WRITTEN)
    assert all(name in SCHEMA["$defs"]["Texts"]["description"] for name in NAMES)


def test_it_says_nothing_of_the_code() -> None:
    text = schema_text()
    assert "Model" not in text
    assert "null" not in text
    assert "anyOf" not in text
    assert "P7D" not in text


@pytest.mark.parametrize("name", HOUSE)
def test_the_houses_scripts_keep_to_it(name: str) -> None:
    assert list(wrong(SCHEMA, HOUSE[name])) == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(flows())
def test_every_flow_that_can_be_written_keeps_to_it(flow: Flow) -> None:
    assert list(wrong(SCHEMA, Source("flow.yml", dump_flow(flow)).data)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"colour": "red"}, ": unknown colour"),
        ({"purpose": "fun"}, "/purpose: enum"),
        ({"id": "Größe"}, "/id: pattern"),
        ({"steps": []}, "/steps: length"),
        ({"steps": [{"id": "a"}]}, "/steps/0: 0 of oneOf"),
        ({"steps": [{"id": "a", "say": {"de": "x"}, "ask": {"de": "x"}}]}, "/steps/0: 0 of oneOf"),
        ({"steps": [{"id": "a", "say": {"fr": "x"}}]}, "/steps/0: 0 of oneOf"),
        ({"starts": [{"order": "paid", "tag": "vip"}]}, "/starts/0: 2 of oneOf"),
    ],
)
def test_what_the_loader_refuses_an_editor_marks(change: dict[str, Any], expected: str) -> None:
    data = copy.deepcopy(HOUSE["menu.yml"])
    data.update(change)
    assert any(expected in one for one in wrong(SCHEMA, data))


def test_it_is_made_anew_each_time() -> None:
    flow_schema()["properties"].clear()
    assert flow_schema()["properties"]
