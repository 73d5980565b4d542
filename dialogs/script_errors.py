"""What pydantic says about a script, in the words of its owner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from pydantic_core import ErrorDetails

from dialogs import script_models as models
from dialogs.problems import named, nearest
from dialogs.script_parts import Strict
from dialogs.script_step_models import KINDS
from dialogs.script_step_parts import CaseModel, ChoiceModel, LinkModel, MediaModel, SilenceModel
from dialogs.words import WRITTEN

Explained: TypeAlias = tuple[tuple[str | int, ...], str, dict[str, str]]
"""Where, which kind of problem, and its details."""

_FORMS: Final = {
    "string_type": ("ein Text (Zahlen in Anführungszeichen)", "a text (numbers in quotation marks)"),
    "list_type": ("eine Liste, jede Zeile mit - davor", "a list, each line with a dash in front"),
    "dict_type": ("eingerückte Zeilen der Form `name: wert`", "indented lines of the form `name: value`"),
    "model_type": ("eingerückte Zeilen der Form `name: wert`", "indented lines of the form `name: value`"),
    "bool_type": ("`true` oder `false`", "`true` or `false`"),
    "bool_parsing": ("`true` oder `false`", "`true` or `false`"),
    "int_type": ("eine ganze Zahl", "a whole number"),
    "int_parsing": ("eine ganze Zahl", "a whole number"),
    "int_from_float": ("eine ganze Zahl", "a whole number"),
    "union_tag_invalid": ("ein Wort oder eine Liste", "a word or a list"),
    "share_type": ("ein Anteil von 0% bis 50%", "a share from 0% to 50%"),
    "texts_type": (
        "je Sprache ein Text, etwa {de: „…“, en: „…“}",
        "a text per language, such as {de: …, en: …}",
    ),
    "string_pattern_mismatch": (
        "nur Kleinbuchstaben ohne Umlaute, Ziffern und _",
        "small letters, digits and _ only",
    ),
}
_OWN: Final = frozenset(
    {
        "empty_text", "bad_duration", "bad_time", "bad_date", "trigger_kind", "needs_choices",
        "no_choices_here",
    }
)  # fmt: skip
"""Kinds that the models raise by their own names."""

_INNER: Final[dict[str, type[Strict]]] = {
    "starts": models.TriggerModel,
    "choices": ChoiceModel,
    "picture": MediaModel,
    "link": LinkModel,
    "silence": SilenceModel,
    "if": CaseModel,
    "after": models.PaceModel,
    "buttons": models.TemplateButtonModel,
}


def explain(error: ErrorDetails, root: type[Strict] = models.FlowModel) -> Explained:
    """Return the problem that one of pydantic's errors stands for; ``root`` is what the file is made of."""
    at, kind = tuple(error["loc"]), error["type"]
    if at[-1:] == ("[key]",):
        at = at[:-1]
    context = {name: str(value) for name, value in error.get("ctx", {}).items()}
    last = str(at[-1]) if at else ""
    details = context
    match kind:
        case "extra_forbidden":
            kind, details = "unknown_key", named(last, _keys(at[:-1], root))
        case "missing":
            at, kind, details = at[:-1], "missing_key", {"word": last}
        case "missing_here":
            kind = "missing_key"
        case "union_tag_not_found":
            kind, details = "no_kind", named(_misspelt(error["input"]), KINDS)
        case "literal_error":
            kind, details = "not_possible", named(str(error["input"])[:40], _quoted(context["expected"]))
        case "unknown_variant":
            details = named(context["word"], WRITTEN)
        case _ if kind not in _OWN:
            expected_de, expected_en = _expected(kind, context, error["msg"])
            details = {"place": _shown(at), "expected_de": expected_de, "expected_en": expected_en}
            kind = "wrong_form"
    return at, kind, details


def _misspelt(step: object) -> str:
    """The key of a step that was probably meant to say what it does."""
    keys = [key for key in step if isinstance(key, str)] if isinstance(step, dict) else []
    return next((key for key in keys if key != "id" and nearest(key, KINDS)), "")


def _shown(at: Sequence[str | int]) -> str:
    """The last part of a place that an owner would know."""
    words = [str(part) for part in at if isinstance(part, str) and not part.startswith("=")]
    return words[-1] if words else "?"


def _expected(kind: str, context: dict[str, str], message: str) -> tuple[str, str]:
    if kind in _FORMS:
        return _FORMS[kind]
    match kind:
        case "too_short" | "string_too_short":
            return f"mindestens {context['min_length']}", f"at least {context['min_length']}"
        case "string_too_long":
            return f"höchstens {context['max_length']} Zeichen", f"at most {context['max_length']} characters"
        case "too_long":
            return f"höchstens {context['max_length']}", f"at most {context['max_length']}"
        case "greater_than":
            return f"mehr als {context['gt']}", f"more than {context['gt']}"
        case "greater_than_equal":
            return f"mindestens {context['ge']}", f"at least {context['ge']}"
        case "less_than_equal":
            return f"höchstens {context['le']}", f"at most {context['le']}"
        case _:
            return message, message


def _keys(at: tuple[str | int, ...], root: type[Strict]) -> Iterable[str]:
    """Return what may stand at a place of a file, as it is written there."""
    model = root
    for part in at:
        word = str(part)
        if word.startswith("="):
            model = KINDS.get(word[1:], model)
        elif word in _INNER:
            model = _INNER[word]
    return [field.alias or name for name, field in model.model_fields.items()]


def _quoted(expected: str) -> list[str]:
    return re.findall(r"'([^']*)'", expected)
