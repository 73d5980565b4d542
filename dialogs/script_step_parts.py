"""What several kinds of step have in common: pictures, links, choices, where it goes on."""

from __future__ import annotations

from typing import Final, Literal

from dialogs.script_parts import Condition, Goal, Id, Span, Strict, Texts, field
from nlu.understanding import Intent


class MediaModel(Strict, title="Bild · picture"):
    """Ein Bild oder ein Video. · A picture or a video."""

    url: str = field(
        "Adresse · address", "Wo es liegt, mit https.", "Where it is, with https.", max_length=2000
    )
    alt: Texts | None = field(
        "Beschreibung · description",
        "Was zu sehen ist, für alle, die es nicht sehen.",
        "What it shows, for those who cannot see it.",
        None,
    )
    type: Literal["image", "video"] = field(
        "Art · kind", "Bild (image) oder Video (video).", "Picture (image) or video.", "image"
    )


class LinkModel(Strict, title="Link · link"):
    """Ein Knopf mit einer Adresse. · A button with an address."""

    title: Texts = field("Beschriftung · label", "Was auf dem Knopf steht.", "What the button says.")
    url: str = field(
        "Adresse · address", "Wohin er führt, mit https.", "Where it leads, with https.", max_length=2000
    )


ID: Final = (
    "Name · id",
    "Fester Name des Schritts; er bleibt, auch wenn der Text sich ändert.",
    "Stable name of the step; it stays when the text changes.",
)
GO: Final = (
    "weiter bei · go on at",
    "Schritt, /ablauf, /ablauf/schritt oder end; ohne Angabe der nächste Schritt.",
    "A step, /flow, /flow/step or end; without it the next step.",
)
VARIANTS: Final = (
    "Varianten · variants",
    "Andere Sätze zum Vergleich; jede Person bekommt immer denselben.",
    "Other lines under test; each buyer always gets the same one.",
)
TEMPLATE: Final = (
    "Vorlage · template",
    "Freigegebene WhatsApp-Vorlage aus templates.yml, für die Zeit nach dem Fenster.",
    "Approved WhatsApp template of templates.yml, for when the window has closed.",
)
PICTURE: Final = ("Bild · picture", "Ein Bild oder ein Video dazu.", "A picture or a video with it.")
TRACKING: Final = (
    "Sendung · parcel",
    "Mit einem Knopf zur Sendungsverfolgung.",
    "With a button to track the parcel.",
)
LABEL: Final = ("Was auf diesem Knopf steht.", "What this button says.")


class StepBase(Strict):
    """What every step has."""

    id: Id = field(*ID)


class SayingBase(StepBase):
    """What most steps that say something have."""

    variants: dict[Id, Texts] = field(*VARIANTS, {})
    go: Goal | None = field(*GO, None)


class ChoiceModel(Strict, title="Antwort · choice"):
    """Eine Antwort zum Antippen. · A choice to tap."""

    id: Id = field(
        "Name · id",
        "Fester Name der Antwort; er bleibt, auch wenn der Knopf anders heißt.",
        "Stable name of the choice; it stays when the label changes.",
    )
    title: Texts = field("Beschriftung · label", "Was auf dem Knopf steht.", "What the button says.")
    go: Goal | None = field(*GO, None)
    intents: list[Intent] = field(
        "Absichten · intents",
        "Was dasselbe meint, wenn jemand tippt statt zu drücken.",
        "What means the same when somebody types instead.",
        [],
    )
    description: Texts | None = field(
        "Zeile darunter · line below", "Steht nur in Listen.", "Is shown in lists only.", None
    )


class SilenceModel(Strict, title="Stille · silence"):
    """Was geschieht, wenn niemand antwortet. · What happens when nobody answers."""

    after: Span = field("nach · after", "Wie lange niemand antwortet.", "How long nobody answers.")
    go: Goal | None = field(
        "weiter bei · go on at",
        "Wo es dann weitergeht; ohne Angabe ruht die Frage.",
        "Where it goes on then; without it the question rests.",
        None,
    )


class CaseModel(Strict, title="Fall · case"):
    """Ein Fall von mehreren. · One case of several."""

    when: Condition = field("wenn · when", "Eine Bedingung.", "A condition.")
    go: Goal = field(*GO)
