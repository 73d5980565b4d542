"""The WhatsApp templates that the house asks to have approved, as data: texts, parameters, buttons, samples.

Rules kept here: no parameter first or last, none empty or with line breaks, body at most 1024 characters,
button labels at most 25 without emoji (WhatsApp, "Template components" and error 2388299).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from dialogs.cutting import clean, cut
from dialogs.facts import Voice
from dialogs.messages import Template
from dialogs.words import Language

_LONGEST_PARAMETER: Final = 600


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


_SCORES_DE: Final = (
    TemplateButton("1", "1 - Schlecht"),
    TemplateButton("2", "2 - Mäßig"),
    TemplateButton("3", "3 - Okay"),
    TemplateButton("4", "4 - Gut"),
    TemplateButton("5", "5 - Top"),
)
_SCORES_EN: Final = (
    TemplateButton("1", "1 - Bad"),
    TemplateButton("2", "2 - Poor"),
    TemplateButton("3", "3 - Okay"),
    TemplateButton("4", "4 - Good"),
    TemplateButton("5", "5 - Top"),
)
_CARE_DE: Final = (TemplateButton("fine", "Alles bestens"), TemplateButton("help", "Ich brauche Hilfe"))
_CARE_EN: Final = (TemplateButton("fine", "All good"), TemplateButton("help", "I need help"))

_SHIPPED: Final = ("product", "order_number", "tracking")
_CARE: Final = ("tip_product", "order_number", "tip")
_RATING: Final = ("product", "order_number")

TEMPLATES: Final = (
    TemplateText(
        "nachklang_shipped", "de", "du",
        "Gute Nachricht: „{{1}}“ aus deiner Bestellung {{2}} ist unterwegs. Sendungsnummer: {{3}}. "
        "Wenn du etwas wissen möchtest, antworte einfach hier.",
        _SHIPPED,
    ),
    TemplateText(
        "nachklang_shipped", "de", "sie",
        "Gute Nachricht: „{{1}}“ aus Ihrer Bestellung {{2}} ist unterwegs. Sendungsnummer: {{3}}. "
        "Wenn Sie etwas wissen möchten, antworten Sie einfach hier.",
        _SHIPPED,
    ),
    TemplateText(
        "nachklang_shipped", "en", "du",
        "Good news: “{{1}}” from your order {{2}} is on its way. Tracking number: {{3}}. "
        "If you have a question, just reply here.",
        _SHIPPED,
    ),
    TemplateText(
        "nachklang_care", "de", "du",
        "Ein Tipp zu „{{1}}“ aus deiner Bestellung {{2}}: {{3}} Läuft alles rund?", _CARE, _CARE_DE,
    ),
    TemplateText(
        "nachklang_care", "de", "sie",
        "Ein Tipp zu „{{1}}“ aus Ihrer Bestellung {{2}}: {{3}} Läuft alles rund?", _CARE, _CARE_DE,
    ),
    TemplateText(
        "nachklang_care", "en", "du",
        "A tip for “{{1}}” from your order {{2}}: {{3}} Is everything going well?", _CARE, _CARE_EN,
    ),
    TemplateText(
        "nachklang_rating", "de", "du",
        "Wie zufrieden bist du mit „{{1}}“ aus deiner Bestellung {{2}}? Ein Tipp genügt, 5 ist das Beste.",
        _RATING, _SCORES_DE,
    ),
    TemplateText(
        "nachklang_rating", "de", "sie",
        "Wie zufrieden sind Sie mit „{{1}}“ aus Ihrer Bestellung {{2}}? Ein Tipp genügt, 5 ist das Beste.",
        _RATING, _SCORES_DE,
    ),
    TemplateText(
        "nachklang_rating", "en", "du",
        "How happy are you with “{{1}}” from your order {{2}}? One tap is enough, 5 is best.",
        _RATING, _SCORES_EN,
    ),
)  # fmt: skip

NAMES: Final = tuple(dict.fromkeys(template.name for template in TEMPLATES))


def approved(voice: Voice) -> tuple[TemplateText, ...]:
    """The templates of a brand that speaks with ``voice``: one per name and language."""
    return tuple(t for t in TEMPLATES if t.language == "en" or t.voice == voice)


def placeholders_of(name: str) -> frozenset[str]:
    """The placeholders that the template ``name`` is filled with; none for an unknown name."""
    return frozenset(parameter for t in TEMPLATES if t.name == name for parameter in t.parameters)


_BY_KEY: Final = {(t.name, t.language, t.voice): t for t in TEMPLATES}


def fill_template(name: str, language: Language, voice: Voice, fill: Callable[[str], str]) -> Template | None:
    """The template with its parameters; its payloads are choice ids until rendering.

    None if there is none.
    """
    text = _BY_KEY.get((name, language, voice if language == "de" else "du"))
    if text is None:
        return None
    parameters = tuple(_parameter(fill(placeholder)) for placeholder in text.parameters)
    return Template(name, language, parameters, tuple(button.choice for button in text.buttons))


def _parameter(text: str) -> str:
    """Text as WhatsApp takes it for a parameter: one line, not empty, not too long."""
    return cut(" ".join(clean(text).split()), _LONGEST_PARAMETER, "characters") or "–"
