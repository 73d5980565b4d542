"""Checks of WhatsApp's templates: their own rules, and whether they fit the steps that name them.

Sources: WhatsApp, "Template components" (1024, labels of 25 without emoji) and error 2388299 (no
parameter first or last).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from dialogs.check_pieces import filled, long_sample, showings
from dialogs.check_scope import Scope
from dialogs.check_texts import missing, spoken_to
from dialogs.cutting import measure
from dialogs.flow import Ask, Flow, Offer, Say
from dialogs.problems import Problem
from dialogs.templates import TemplateText
from dialogs.words import VARIANTS, Words

_LONGEST_BODY: Final = 1024
_LONGEST_TITLE: Final = 25
_NUMBERED: Final = re.compile(r"\{\{(\d+)\}\}")
_EDGE: Final = re.compile(r"^\{\{\d+\}\}|\{\{\d+\}\}$")
_EMOJI: Final = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\ufe0f\U0001f000-\U0001faff]")


def check_templates(scope: Scope) -> Iterator[Problem]:
    """Everything that is wrong with templates. Without WhatsApp nothing is."""
    if scope.demands.window is None:
        return
    bodies: dict[str, dict[str, TemplateText]] = {}
    for text in scope.book.templates.values():
        if text.body != "–":  # what the loader puts in the place of one that cannot be used
            bodies.setdefault(text.name, {})[variant_of(text)] = text
    told: set[tuple[object, ...]] = set()
    for name, texts in bodies.items():
        for problem in _of_template(scope, name, texts):
            place = (problem.kind, problem.line, problem.column, *sorted(problem.details.items()))
            if place not in told:  # one text in the file may be two templates: for du and for Sie
                told.add(place)
                yield problem
    for flow in scope.book.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Say | Ask | Offer) and step.template in bodies:
                yield from _buttons(scope, flow, step, bodies[step.template])


def variant_of(text: TemplateText) -> str:
    """The key under which this template is written."""
    return f"de_{text.voice}" if text.language == "de" else "en"


# -- a template by itself


def _of_template(scope: Scope, name: str, texts: Mapping[str, TemplateText]) -> Iterator[Problem]:
    lacking = [key for key in VARIANTS if key not in texts and key[:2] in scope.demands.languages]
    if scope.demands.own in lacking:
        yield scope.places.template("template_not_said", name, ("body",), word=f"`{scope.demands.own}`")
    others = [f"`{key}`" for key in lacking if key != scope.demands.own]
    if others:
        yield scope.places.template("template_not_said_elsewhere", name, ("body",), word=", ".join(others))
    for number, title in enumerate(scope.places.template_titles(name)):
        for kind, word in missing(scope.demands, Words(title)):
            yield scope.places.template(kind, name, ("buttons", number, "title"), word=word)
    for key, text in texts.items():
        at = scope.places.template_part(name, ("body",), key)
        if "{" in _NUMBERED.sub("", text.body):
            yield scope.places.template("template_expression", name, at)
        if _EDGE.search(text.body.strip()):
            yield scope.places.template("template_edge", name, at)
        length = measure(_filled(text), "characters")
        if length > _LONGEST_BODY:
            yield scope.places.template(
                "template_too_long", name, at, length=str(length), limit=str(_LONGEST_BODY)
            )
        found = spoken_to(str(at[-1]) if len(at) > 1 else key, _NUMBERED.sub("{x}", text.body))
        if found is not None:
            yield scope.places.template(found[0], name, at, **found[1])
        yield from _titles(scope, name, key, text)


def _filled(text: TemplateText) -> str:
    """The body with long samples."""

    def put(match: re.Match[str]) -> str:
        number = int(match[1]) - 1 if len(match[1]) < 4 else -1
        source = text.parameters[number] if 0 <= number < len(text.parameters) else ""
        source = source if "{" in source else f"{{{source}}}"
        return filled(source, frozenset(), long_sample)

    return _NUMBERED.sub(put, text.body)


def _titles(scope: Scope, name: str, key: str, text: TemplateText) -> Iterator[Problem]:
    for number, button in enumerate(text.buttons):
        at = scope.places.template_part(name, ("buttons", number, "title"), key)
        if _EMOJI.search(button.title):
            yield scope.places.template("template_emoji", name, at, word=button.title)
        length = measure(button.title, "characters")
        if length > _LONGEST_TITLE:
            yield scope.places.template(
                "template_title",
                name,
                at,
                word=button.title[:60],
                length=str(length),
                limit=str(_LONGEST_TITLE),
            )
        found = spoken_to(str(at[-1]) if at[-1] != "title" else key, button.title, button=True)
        if found is not None:
            yield scope.places.template(found[0], name, at, **found[1])


# -- a template and the step that names it


def _buttons(
    scope: Scope, flow: Flow, step: Say | Ask | Offer, texts: Mapping[str, TemplateText]
) -> Iterator[Problem]:
    """Buttons of a template that are no choices of its step, and choices that are no buttons of it."""
    first = next(showings(step, {}), None)
    choices = [button.id for button in first.buttons] if first is not None else []
    shown = list(dict.fromkeys(button.choice for text in texts.values() for button in text.buttons))
    strange = [one for one in shown if one not in choices]
    absent = [one for one in choices if one not in shown and one != "skip"]
    details = {"template": step.template}
    if strange:
        listed = ", ".join(f"`{one}`" for one in strange)
        yield scope.places.problem("template_choice", flow.id, step.id, ("template",), word=listed, **details)
    if absent:
        listed = ", ".join(f"`{one}`" for one in absent)
        yield scope.places.problem(
            "template_choice_missing", flow.id, step.id, ("template",), word=listed, **details
        )
