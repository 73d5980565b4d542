"""What pydantic says about a script, in the words of its owner."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from pydantic_core import ErrorDetails

from dialogs import script_models as models
from dialogs.problems import named

Explained: TypeAlias = tuple[tuple[str | int, ...], str, dict[str, str]]
"""Where, which kind of problem, and its details."""

_FORMS: Final = {
    "string_type": ("ein Text", "a text"),
    "list_type": ("eine Liste, jede Zeile mit - davor", "a list, each line with a dash in front"),
    "dict_type": ("eingerückte Zeilen der Form `name: wert`", "indented lines of the form `name: value`"),
    "model_type": ("eingerückte Zeilen der Form `name: wert`", "indented lines of the form `name: value`"),
    "bool_type": ("`true` oder `false`", "`true` or `false`"),
    "bool_parsing": ("`true` oder `false`", "`true` or `false`"),
    "int_type": ("eine ganze Zahl", "a whole number"),
    "int_parsing": ("eine ganze Zahl", "a whole number"),
    "int_from_float": ("eine ganze Zahl", "a whole number"),
    "string_pattern_mismatch": (
        "nur Kleinbuchstaben ohne Umlaute, Ziffern und _",
        "small letters, digits and _ only",
    ),
}
_INNER: Final[dict[str, type[models.Strict]]] = {"doors": models.DoorModel, "choices": models.ChoiceModel}


def explain(error: ErrorDetails) -> Explained:
    """Return the problem that one of pydantic's errors stands for."""
    at, kind = tuple(error["loc"]), error["type"]
    context = {name: str(value) for name, value in error.get("ctx", {}).items()}
    last = str(at[-1]) if at else ""
    match kind:
        case "extra_forbidden":
            return at, "unknown_key", named(last, _keys(at[:-1]))
        case "missing":
            return at[:-1], "missing_key", {"word": last}
        case "union_tag_not_found":
            return at, "missing_key", {"word": "kind"}
        case "union_tag_invalid":
            return (*at, "kind"), "not_possible", named(context["tag"], models.STEPS)
        case "literal_error":
            return at, "not_possible", named(str(error["input"]), _quoted(context["expected"]))
        case "unknown_variant":
            return (*at, context["word"]), kind, named(context["word"], models.WRITTEN)
        case "missing_variant" | "empty_text":
            return at, kind, context
    expected_de, expected_en = _expected(kind, context, error["msg"])
    details = {"place": last or "?", "expected_de": expected_de, "expected_en": expected_en}
    return at, "wrong_form", details


def _expected(kind: str, context: dict[str, str], message: str) -> tuple[str, str]:
    if kind in _FORMS:
        return _FORMS[kind]
    if kind == "too_short":
        number = context["min_length"]
        return f"mindestens {number}", f"at least {number}"
    if kind == "too_long":
        number = context["max_length"]
        return f"höchstens {number}", f"at most {number}"
    if kind == "greater_than":
        return f"mehr als {context['gt']}", f"more than {context['gt']}"
    if kind == "less_than_equal":
        return f"höchstens {context['le']}", f"at most {context['le']}"
    return message, message


def _keys(at: tuple[str | int, ...]) -> Iterable[str]:
    """Return what may stand at a place of a flow."""
    model: type[models.Strict] = models.FlowModel
    for part in at:
        model = models.STEPS.get(str(part), _INNER.get(str(part), model))
    return model.model_fields


def _quoted(expected: str) -> list[str]:
    return re.findall(r"'([^']*)'", expected)
