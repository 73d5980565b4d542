"""The shape of the files of a book: pydantic models, strict about unknown keys.

Every field explains itself in both languages; `dialogs.schema` hands that on to editors.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Discriminator, Field, Tag, TypeAdapter, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from dialogs.flow import TRIGGER_KINDS, Closed, Milestone, Occasion, Purpose
from dialogs.script_parts import (
    Clock,
    Condition,
    Day,
    Id,
    Offset,
    Share,
    Span,
    Strict,
    Texts,
    UsedUpOffset,
    field,
    form,
)
from dialogs.script_step_models import Step
from nlu.understanding import Intent

MILESTONES: Final = get_args(Milestone)
UNASKED: Final = ("order", "tag", "date", "flow")
"""Kinds of trigger that begin without the buyer: only they have an offset, a time of day and a condition."""


class PaceModel(Strict, title="je Tempo · by pace"):
    """Je nachdem, wie bald das Produkt verbraucht ist. · By how soon the product is used up."""

    fast: Offset = field("bald verbraucht · fast", "Für Verbrauchsgut.", "For fast-moving goods.")
    durable: Offset = field("langlebig · durable", "Für Langlebiges.", "For durable goods.")


_Word = Annotated[str, Field(min_length=1, max_length=100)]


class TriggerModel(
    Strict,
    title="Anlass · trigger",
    json_schema_extra={"oneOf": [{"required": [kind]} for kind in TRIGGER_KINDS]},
):
    """Wodurch ein Ablauf beginnt: genau eines davon. · What starts a flow: exactly one of them."""

    order: Milestone | None = field(
        "Bestellung · order", "Was mit der Bestellung geschieht.", "What happens to the order.", None
    )
    intent: Intent | None = field("Absicht · intent", "Was jemand meint.", "What somebody means.", None)
    keyword: (
        Annotated[
            Annotated[_Word, Tag("=text")] | Annotated[list[_Word], Field(min_length=1), Tag("=list")],
            Discriminator(form),
        ]
        | None
    ) = field(
        "Stichwort · keyword",
        "Worte, die ihn starten, eines oder mehrere.",
        "Words that start it, one or several.",
        None,
    )
    link: _Word | None = field("Link · link", "Name in einem Einstiegslink.", "Name in an entry link.", None)
    tag: Id | None = field("Merkmal · tag", "Sobald es gesetzt wird.", "As soon as it is set.", None)
    date: Day | None = field(
        "Tag · day",
        "birthday, anniversary (des ersten Kaufs) oder MM-TT.",
        "birthday, anniversary (of the first order) or MM-DD.",
        None,
    )
    flow: Id | None = field("Ablauf · flow", "Wenn dieser zu Ende ist.", "When that flow has ended.", None)
    occasion: Occasion | None = field(
        "Gelegenheit · occasion", "Was im Chat geschieht.", "What happens in the chat.", None
    )
    after: (
        Annotated[
            Annotated[UsedUpOffset, Tag("=text")] | Annotated[PaceModel, Tag("=map")], Discriminator(form)
        ]
        | None
    ) = field(
        "nach · after",
        "Wie lange danach: 3 Tage, je Tempo des Produkts, oder „used up - 5 days“.",
        "How long after: 3 days, by the product's pace, or “used up - 5 days”.",
        None,
    )
    at: Clock | None = field(
        "um · at", "Uhrzeit, wo die Person lebt.", "Time of day where the buyer lives.", None
    )
    condition: Condition | None = field(
        "wenn · if", "Nur, wenn das stimmt.", "Only if this holds.", None, alias="if"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> TriggerModel:
        named = [kind for kind in TRIGGER_KINDS if getattr(self, kind) is not None]
        if len(named) != 1:
            raise PydanticCustomError("trigger_kind", "exactly one kind", {"word": ", ".join(named) or "–"})
        return self


_Example = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "title": "Beispiel · example",
            "description": "Ein Gespräch, Zeile für Zeile. · A conversation, line by line.",
            "type": "object",
            "properties": {
                "about": {"type": "string", "description": "Worum es geht. · What it is about."},
                "turns": {
                    "type": "array",
                    "items": {"type": "object", "minProperties": 1, "maxProperties": 1},
                    "description": "Was geschieht und zu erwarten ist. · What happens and is expected.",
                },
            },
            "required": ["turns"],
        }
    ),
]


class FlowModel(Strict, title="Ablauf · flow"):
    """Eine Datei, ein Ablauf. · One file, one flow."""

    id: Id = field("Name · id", "Fester Name des Ablaufs.", "Stable name of the flow.")
    title: Texts | None = field("Titel · title", "Wie er für Menschen heißt.", "What people call it.", None)
    purpose: Purpose = field(
        "Zweck · purpose",
        "Welche Einwilligung er braucht, wenn er von selbst beginnt: service, feedback oder offers.",
        "Which consent it needs when it begins by itself: service, feedback or offers.",
        "service",
    )
    goal: str = field(
        "Ziel · goal",
        "Ein Wort für das, was als Erfolg zählt.",
        "A word for what counts as success.",
        "",
        max_length=60,
    )
    holdout: Share = field(
        "Kontrollgruppe · control group",
        "Anteil der Personen, die ihn zum Vergleich nie bekommen, bis 50%.",
        "Share of buyers who never get it, to compare with, up to 50%.",
        "0%",
        validate_default=True,
    )
    expires: Span = field(
        "lohnt sich · expires",
        "Wie lange es sich noch lohnt, damit zu beginnen.",
        "How long it is still worth beginning with.",
        "7 days",
        validate_default=True,
    )
    closed: Closed = field(
        "Fenster zu · window closed",
        "Was geschieht, solange kein Chat offen ist: warten (wait), der Shop mailt (mail), lassen (drop).",
        "What happens while no chat may be written to: wait, let the shop mail, or drop it.",
        "wait",
    )
    once: Literal["order", "buyer"] = field(
        "wie oft · how often",
        "Einmal je Bestellung (order) oder je Person (buyer).",
        "Once per order or per buyer.",
        "order",
    )
    sample: Literal["coffee", "outdoor"] | None = field(
        "Beispielshop · sample shop",
        "In welchem der Beispielshops die Beispiele spielen: coffee oder outdoor; sonst in deinem.",
        "In which of the sample shops the examples are played: coffee or outdoor; else in yours.",
        None,
    )
    starts: list[TriggerModel] = field("beginnt · starts", "Wodurch er beginnt.", "What starts it.", [])
    steps: list[Step] = field(
        "Schritte · steps",
        "Von oben nach unten; go führt woandershin.",
        "From top to bottom; go leads elsewhere.",
        min_length=1,
        max_length=200,
    )
    examples: list[_Example] = field(
        "Beispiele · examples", "Gespräche, die ihn prüfen.", "Conversations that test it.", []
    )


PHRASES_FILE: Final = TypeAdapter(dict[str, Texts])


class TemplateButtonModel(Strict, title="Knopf · button"):
    """Ein Knopf einer WhatsApp-Vorlage. · A quick reply of a WhatsApp template."""

    choice: Id = field("Antwort · choice", "Name der Antwort im Schritt.", "Id of the choice in the step.")
    title: Texts = field("Beschriftung · label", "Bis zu 25 Zeichen.", "Up to 25 characters.")


class TemplateModel(Strict, title="Vorlage · template"):
    """Eine Nachricht, die WhatsApp freigibt. · A message that WhatsApp approves."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")] = field(
        "Name · name", "Wie sie bei WhatsApp heißt.", "What it is called at WhatsApp."
    )
    category: Literal["utility", "marketing"] = field(
        "Art · category",
        "utility (zur Bestellung) oder marketing.",
        "utility (about the order) or marketing.",
        "utility",
    )
    body: Texts = field("Text · body", "Mit {Platzhaltern}.", "With {placeholders}.")
    buttons: list[TemplateButtonModel] = field(
        "Knöpfe · buttons", "Bis zu zehn.", "Up to ten.", [], max_length=10
    )


TEMPLATES_FILE: Final = TypeAdapter(list[TemplateModel])
