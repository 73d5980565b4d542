"""The published JSON Schema of a flow file: what an editor completes, explains and checks while one types.

Generated from the models that read the file, so that it cannot say anything else.
``python -m dialogs.schema`` writes it to ``dialogs/schema.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dialogs.names import NAMES
from dialogs.script_models import FlowModel
from dialogs.script_parts import TEXTS_SCHEMA

FILE: Final = Path(__file__).parent / "schema.json"
"""Where it is published."""

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_ID: Final = "urn:nachklang:schema:flow"
_REF: Final = "#/$defs/"
_TEXTS: Final = "Texts"
_SUFFIX: Final = "Model"
_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
_TEXTS_DE: Final = (
    "Je Sprache und Anrede ein Text: de (oder de_du und de_sie) und en. In geschweiften Klammern ein Name, "
    "der gefüllt wird."
)
_TEXTS_EN: Final = (
    "One text per language and voice: de (or de_du and de_sie) and en. In braces a name that is filled in."
)


def flow_schema() -> dict[str, Any]:
    """The schema of a flow file."""
    made = FlowModel.model_json_schema()
    parts = {name.removesuffix(_SUFFIX): _simplified(part) for name, part in made.pop("$defs").items()}
    return {
        "$schema": _DRAFT,
        "$id": _ID,
        **_simplified(made),
        "$defs": {_TEXTS: _texts(), **parts},
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(flow_schema(), ensure_ascii=False, indent=2) + "\n"


def _texts() -> dict[str, Any]:
    """What is known of every text: its keys, and the placeholders that it may hold."""
    return {
        "title": "Text · text",
        "description": f"{_TEXTS_DE} · {_TEXTS_EN} · {', '.join(sorted(NAMES))}",
        **TEXTS_SCHEMA,
    }


def _simplified(part: Any) -> Any:
    """A part of the schema as an editor is best told: texts by reference, no talk of null."""
    if isinstance(part, list):
        return [_simplified(one) for one in part]
    if not isinstance(part, Mapping):
        return _renamed(part)
    if all(part.get(key) == value for key, value in TEXTS_SCHEMA.items()):
        others = {key: value for key, value in part.items() if key not in TEXTS_SCHEMA}
        return {"$ref": f"{_REF}{_TEXTS}", **others}
    found = {key: value for key, value in part.items() if not (key == "default" and value in _NOTHING)}
    if "patternProperties" in found:
        found["additionalProperties"] = False
    choices = found.get("anyOf")
    if isinstance(choices, list):
        real = [one for one in choices if one != {"type": "null"}]
        if len(real) == 1:
            del found["anyOf"]
            found = {**real[0], **found}
            return _simplified(found)
        found["anyOf"] = real
    return {key: _simplified(value) for key, value in found.items()}


def _renamed(value: Any) -> Any:
    return value.removesuffix(_SUFFIX) if isinstance(value, str) and value.startswith(_REF) else value


if __name__ == "__main__":
    FILE.write_text(schema_text(), "utf-8")
