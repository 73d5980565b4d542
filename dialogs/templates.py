"""The WhatsApp templates that the shop asks to have approved: texts, parameters, buttons, samples.

They are written in ``templates.yml`` with placeholders, and submitted with ``{{1}}``, ``{{2}}`` … Rules that
`dialogs.check` keeps: no parameter first or last, body at most 1024 characters, button labels at most 25
without emoji (WhatsApp, "Template components" and error 2388299). None is ever empty or has line breaks in a
parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dialogs.cutting import clean, cut
from dialogs.expressions import Fill
from dialogs.messages import Template
from dialogs.words import VARIANTS, Language, Tone, Voice, Words

_LONGEST_PARAMETER: Final = 600
_PLACEHOLDER: Final = re.compile(r"\{\s*([a-z_][a-z0-9_.]*)\s*\}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class TemplateButton:
    """A quick reply: the choice's id in the script, and the label that WhatsApp approved."""

    choice: str
    title: str


@dataclass(frozen=True, slots=True)
class TemplateText:
    """One template in one language as it is submitted.

    ``parameters`` are placeholders, for ``{{1}}``, ``{{2}}`` …
    """

    name: str
    language: Language
    voice: Voice
    body: str
    parameters: tuple[str, ...]
    buttons: tuple[TemplateButton, ...] = ()
    category: Literal["UTILITY", "MARKETING"] = "UTILITY"


def make_templates(
    name: str,
    category: Literal["utility", "marketing"],
    body: Words,
    buttons: Sequence[tuple[str, Words]],
) -> dict[tuple[str, str], TemplateText]:
    """The templates of one entry by (name, variant), for each of `VARIANTS` in which it is written."""
    missing = set(body.missing())
    return {
        (name, variant): _make(name, category, variant, body, buttons)
        for variant in VARIANTS
        if variant not in missing
    }


def _make(
    name: str,
    category: Literal["utility", "marketing"],
    variant: str,
    body: Words,
    buttons: Sequence[tuple[str, Words]],
) -> TemplateText:
    tone = Tone("en" if variant == "en" else "de", "sie" if variant == "de_sie" else "du")
    parameters: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        parameters.append(match[1])
        return f"{{{{{len(parameters)}}}}}"

    written = _PLACEHOLDER.sub(numbered, body.source(tone))
    titles = tuple(TemplateButton(choice, title.source(tone)) for choice, title in buttons)
    return TemplateText(
        name, tone.language, tone.voice, written, tuple(parameters), titles,
        "MARKETING" if category == "marketing" else "UTILITY",
    )  # fmt: skip


def variant_of(tone: Tone) -> str:
    """The one of `VARIANTS` that a tone needs."""
    return "en" if tone.language == "en" else f"de_{tone.voice}"


def approved(templates: Mapping[tuple[str, str], TemplateText], voice: Voice) -> tuple[TemplateText, ...]:
    """The templates of a brand that speaks with ``voice``: one per name and language."""
    return tuple(one for (_, variant), one in templates.items() if variant in {"en", f"de_{voice}"})


def fill_template(
    templates: Mapping[tuple[str, str], TemplateText], name: str, tone: Tone, fill: Fill
) -> Template | None:
    """The template with its parameters; its payloads are choice ids until rendering.

    None if there is none of that name in the tone's language and voice.
    """
    text = templates.get((name, variant_of(tone)))
    if text is None:
        return None
    swiss = tone.country == "CH" and tone.language == "de"
    parameters = tuple(_parameter(str(fill(one)), swiss=swiss) for one in text.parameters)
    return Template(name, text.language, parameters, tuple(button.choice for button in text.buttons))


def _parameter(text: str, *, swiss: bool) -> str:
    """Text as WhatsApp takes it for a parameter: one line, not empty, not too long."""
    text = text.replace("ß", "ss") if swiss else text
    return cut(" ".join(clean(text).split()), _LONGEST_PARAMETER, "characters") or "–"
