"""The shape of each kind of step in a flow file. See `dialogs.flow` for what they do."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from dialogs.flow import Expects, Purpose
from dialogs.records import Priority
from dialogs.script_parts import Condition, Goal, Id, Later, Percent, Span, Strict, Texts, Value, field, form
from dialogs.script_step_parts import (
    GO,
    LABEL,
    PICTURE,
    TEMPLATE,
    TRACKING,
    VARIANTS,
    CaseModel,
    ChoiceModel,
    LinkModel,
    MediaModel,
    SayingBase,
    SilenceModel,
    StepBase,
)


class SayModel(SayingBase, title="sagen · say"):
    """Etwas sagen, ohne etwas zu fragen. · Say something that asks nothing."""

    say: Texts = field("sagen · say", "Was gesagt wird.", "What is said.")
    picture: MediaModel | None = field(*PICTURE, None)
    link: LinkModel | None = field(
        "Link · link", "Ein Knopf mit einer Adresse.", "A button with an address.", None
    )
    carousel: (
        Annotated[
            Annotated[Literal["bought", "complements"], Tag("=text")] | Annotated[list[str], Tag("=list")],
            Discriminator(form),
        ]
        | None
    ) = field(
        "Karten · cards",
        "Karten von Produkten: Gekauftes (bought), Passendes (complements) oder eine Liste von SKUs.",
        "Cards of products: those bought, complements, or a list of SKUs.",
        None,
    )
    tracking: bool = field(*TRACKING, default=False)
    template: str = field(*TEMPLATE, "")


class AskModel(SayingBase, title="fragen · ask"):
    """Etwas fragen. · Ask something."""

    ask: Texts = field("fragen · ask", "Die Frage.", "The question.")
    answer: Expects | None = field(
        "Antwort · answer",
        "Art der Antwort: choice sind Knöpfe, comment gehört zur Bewertung davor.",
        "Kind of answer: choice means buttons, comment belongs to the rating before it.",
        None,
    )
    choices: list[ChoiceModel] = field(
        "Antworten · choices", "Bis zu zehn Knöpfe.", "Up to ten buttons.", [], max_length=10
    )
    titles: list[Texts] | None = field(
        "Noten · scores",
        "Bei rating: die fünf Beschriftungen von 1 bis 5.",
        "For rating: the labels from 1 to 5.",
        None,
        min_length=5,
        max_length=5,
    )
    low: Goal | None = field("bei 1–2 · for 1–2", "Bei rating: wohin.", "For rating: where to.", None)
    middle: Goal | None = field("bei 3 · for 3", "Bei rating: wohin.", "For rating: where to.", None)
    high: Goal | None = field("bei 4–5 · for 4–5", "Bei rating: wohin.", "For rating: where to.", None)
    again: Texts | None = field(
        "noch einmal · again",
        "Was gesagt wird, wenn die Antwort nicht passt.",
        "What is said when the answer does not fit.",
        None,
    )
    tries: int = field(
        "Versuche · tries", "Wie oft noch einmal gefragt wird.", "How often it is asked again.", 2, ge=1, le=5
    )
    otherwise: Goal | None = field(
        "sonst · otherwise",
        "Wo es nach allen Versuchen weitergeht.",
        "Where it goes on after all tries.",
        None,
    )
    min: int | None = field("mindestens · at least", "Bei number.", "For number.", None)
    max: int | None = field("höchstens · at most", "Bei number.", "For number.", None)
    skip: Texts | None = field(
        "überspringen · skip",
        "Ein Knopf, um nicht zu antworten.",
        "A button to pass on without an answer.",
        None,
    )
    skipped: Goal | None = field(
        "übersprungen · skipped", "Wo es dann weitergeht.", "Where it goes on then.", None
    )
    silence: SilenceModel | None = field(
        "bei Stille · on silence",
        "Was geschieht, wenn niemand antwortet.",
        "What happens when nobody answers.",
        None,
    )
    save: Id = field(
        "merken · save",
        "Die Antwort heißt dann my.name, in diesem Chat.",
        "The answer becomes my.name, in this chat.",
        "",
    )
    note: Id = field(
        "Vorliebe · preference",
        "Die Antwort heißt dann notes.name, für immer.",
        "The answer becomes notes.name, for good.",
        "",
    )
    picture: MediaModel | None = field(*PICTURE, None)
    tracking: bool = field(*TRACKING, default=False)
    template: str = field(*TEMPLATE, "")

    @property
    def expects(self) -> Expects:
        """The kind of answer, as written or as the rest tells."""
        if self.answer is not None:
            return self.answer
        if self.titles is not None:
            return "rating"
        return "choice" if self.choices else "text"

    @model_validator(mode="after")
    def _complete(self) -> AskModel:
        expects = self.expects
        if expects == "choice" and not self.choices:
            raise PydanticCustomError("needs_choices", "no choices", {"word": "choices"})
        if expects == "rating" and self.titles is None:
            raise PydanticCustomError("needs_choices", "no titles", {"word": "titles"})
        if expects != "choice" and self.choices:
            raise PydanticCustomError("no_choices_here", "choices", {"word": "choices"})
        if expects != "rating" and self.titles is not None:
            raise PydanticCustomError("no_choices_here", "titles", {"word": "titles"})
        return self


class ChecklistModel(StepBase, title="Checkliste · checklist"):
    """Die Einrichtung, ein Punkt nach dem anderen. · The setup guide, one item at a time."""

    checklist: Texts = field(
        "Checkliste · checklist", "Wie ein Punkt gesagt wird ({item}).", "How an item is said."
    )
    variants: dict[Id, Texts] = field(*VARIANTS, {})
    done: Texts = field("erledigt · done", *LABEL)
    stuck: Texts = field("klappt nicht · does not work", *LABEL)
    trouble: Texts = field(
        "Hilfe · help", "Was dann gesagt wird ({trouble}).", "What is said then ({trouble})."
    )
    solved: Texts = field("klappt jetzt · works now", *LABEL)
    human: Texts = field("Mensch · human", *LABEL)
    finished: Goal = field(
        "fertig · finished",
        "Wo es nach dem letzten Punkt weitergeht.",
        "Where it goes on after the last item.",
    )
    person: Goal = field(
        "zum Menschen · to a human",
        "Wohin der Knopf zum Menschen führt.",
        "Where the button to a human leads.",
    )


class IfModel(StepBase, title="wenn · if"):
    """Je nachdem anders weiter. · Go on by what is the case."""

    condition: Annotated[
        Annotated[Condition, Tag("=text")] | Annotated[list[CaseModel], Field(min_length=1), Tag("=list")],
        Discriminator(form),
    ] = field(
        "wenn · if",
        "Eine Bedingung (mit then), oder Fälle der Reihe nach.",
        "A condition (with then), or cases in order.",
        alias="if",
    )
    then: Goal | None = field(
        "dann · then", "Wohin, wenn die Bedingung stimmt.", "Where to if the condition holds.", None
    )
    otherwise: Goal | None = field(
        "sonst · else",
        "Wohin, wenn nichts davon stimmt.",
        "Where to if none of it holds.",
        None,
        alias="else",
    )


class SetModel(StepBase, title="merken · set"):
    """Werte für diesen Chat. · Values for this chat."""

    values: dict[Id, Value] = field(
        "merken · set",
        "Werte, die my.name heißen; language, voice, frequency, tag und untag wirken sofort.",
        "Values that become my.name; language, voice, frequency, tag and untag take effect at once.",
        alias="set",
        min_length=1,
    )
    go: Goal | None = field(*GO, None)


class NoteModel(StepBase, title="Vorliebe · note"):
    """Was die Person mag, für immer. · What the buyer likes, for good."""

    values: dict[Id, Value] = field(
        "Vorlieben · preferences",
        "Werte, die notes.name heißen.",
        "Values that become notes.name.",
        alias="note",
        min_length=1,
    )
    go: Goal | None = field(*GO, None)


class WaitModel(StepBase, title="warten · wait"):
    """Eine Pause. · A pause."""

    wait: str = field(
        "warten · wait",
        "3 Tage, 18:00 oder ein Ereignis der Bestellung wie delivered.",
        "A duration, a time of day, or an order event such as delivered.",
        examples=["3 days", "18:00", "delivered"],
    )
    longest: Span | None = field("längstens · at longest", "Bei einem Ereignis.", "For an event.", None)
    otherwise: Goal | None = field(
        "sonst · else",
        "Wohin, wenn das Ereignis nicht kommt.",
        "Where to if the event does not come.",
        None,
        alias="else",
    )
    go: Goal | None = field(*GO, None)


class GoModel(StepBase, title="weiter · go"):
    """Woanders weiter. · Go on elsewhere."""

    go: Goal = field(*GO)


class CallModel(StepBase, title="einschieben · call"):
    """Einen anderen Ablauf spielen und zurückkommen. · Play another flow and come back."""

    call: Id = field("Ablauf · flow", "Welcher gespielt wird.", "Which one is played.")
    go: Goal | None = field(*GO, None)


class OfferModel(SayingBase, title="anbieten · offer"):
    """Etwas anbieten. · Offer something."""

    offer: Literal["bundle", "code"] = field(
        "Angebot · offer",
        "bundle: Passendes, das die Person noch nicht hat; code: nur ein Code.",
        "bundle: what fits and is not owned yet; code: a code alone.",
    )
    text: Texts = field(
        "Text · text",
        "Wie es gesagt wird ({offer_products}, {offer_code} …).",
        "How it is said ({offer_products} …).",
    )
    percent: Percent = field("Prozent · percent", "Nachlass.", "Discount.", 0)
    code: str = field(
        "Code · code",
        "Einer für alle; ohne Angabe ein persönlicher.",
        "One for all; without it a personal one.",
        "",
        max_length=40,
    )
    prefix: str = field(
        "Anfang · prefix",
        "Wie ein persönlicher Code beginnt.",
        "How a personal code begins.",
        "DANKE",
        max_length=20,
    )
    valid: Span = field(
        "gültig · valid",
        "Wie lange der Code gilt.",
        "How long the code is good.",
        "14 days",
        validate_default=True,
    )
    most: int = field("höchstens · at most", "So viele Produkte.", "So many products.", 3, ge=1, le=10)
    carousel: bool = field("Karten · cards", "Produkte als Karten.", "Products as cards.", default=False)
    template: str = field(*TEMPLATE, "")
    nothing: Goal | None = field(
        "nichts da · nothing", "Wohin, wenn nichts passt.", "Where to if nothing fits.", None
    )


class RemindModel(StepBase, title="erinnern · remind"):
    """Später darauf zurückkommen. · Come back to it later."""

    remind: Later = field(
        "erinnern · remind",
        "later (heute Abend, sonst morgen um zehn) oder eine Dauer.",
        "later (this evening, else tomorrow at ten) or a duration.",
    )
    target: Goal = field(
        "mit · with",
        "Schritt oder /ablauf, der dann gespielt wird.",
        "The step or /flow played then.",
        alias="with",
    )
    go: Goal | None = field(*GO, None)


class ConsentModel(SayingBase, title="Einwilligung · consent"):
    """Um eine Einwilligung bitten, sie geben oder widerrufen. · Ask for consent, give it or withdraw it."""

    consent: Purpose = field(
        "Wofür · what for",
        "service (Neues zur Bestellung), feedback (Nachfragen) oder offers (Angebote).",
        "service (news about the order), feedback (questions) or offers.",
    )
    action: Literal["ask", "grant", "withdraw"] = field(
        "Was · what",
        "fragen (ask), geben (grant) oder widerrufen (withdraw).",
        "Ask, grant or withdraw.",
        "ask",
    )
    text: Texts = field(
        "Text · text", "Der Wortlaut; er wird als Nachweis aufgehoben.", "The wording; it is kept as proof."
    )
    yes: Texts | None = field("ja · yes", *LABEL, None)
    no: Texts | None = field("nein · no", *LABEL, None)
    confirm: Texts | None = field(
        "bestätigen · confirm",
        "Zweite Frage (Double-Opt-in), für Angebote nötig.",
        "Second question (double opt-in), required for offers.",
        None,
    )
    again: bool = field(
        "noch einmal · again",
        "Auch fragen, wenn schon entschieden ist.",
        "Ask even if it is decided already.",
        default=False,
    )
    given: Goal | None = field("bei ja · given", "Wo es dann weitergeht.", "Where it goes on then.", None)
    refused: Goal | None = field(
        "bei nein · refused", "Wo es dann weitergeht.", "Where it goes on then.", None
    )

    @model_validator(mode="after")
    def _complete(self) -> ConsentModel:
        if self.action == "ask":
            for name in ("yes", "no"):
                if getattr(self, name) is None:
                    raise PydanticCustomError("missing_here", "missing", {"word": name})
        return self


class HandoffModel(StepBase, title="übergeben · handoff"):
    """Ein Mensch übernimmt. · A human takes over."""

    handoff: Texts = field(
        "übergeben · hand off", "Was die Person hört; {promise} nennt die Zeit.", "What the buyer hears."
    )
    variants: dict[Id, Texts] = field(*VARIANTS, {})
    reason: Id = field("Grund · reason", "Ein Wort für das Team.", "A word for the team.")
    priority: Priority = field(
        "Dringlichkeit · priority", "low, normal, high oder urgent.", "low, normal, high or urgent.", "normal"
    )


class EndModel(StepBase, title="Ende · end"):
    """Der Ablauf ist zu Ende. · The flow is over."""

    end: Literal[True] = field("Ende · end", "Immer true.", "Always true.")


StepModel: TypeAlias = (
    SayModel | AskModel | ChecklistModel | IfModel | SetModel | NoteModel | WaitModel | GoModel | CallModel
    | OfferModel | RemindModel | ConsentModel | HandoffModel | EndModel
)  # fmt: skip

KINDS: Final[dict[str, type[Strict]]] = {
    "say": SayModel, "ask": AskModel, "checklist": ChecklistModel, "if": IfModel, "set": SetModel,
    "wait": WaitModel, "call": CallModel, "offer": OfferModel, "remind": RemindModel, "consent": ConsentModel,
    "handoff": HandoffModel, "end": EndModel, "note": NoteModel, "go": GoModel,
}  # fmt: skip
"""The model of each kind of step by its key. ``note`` and ``go`` are also words inside other kinds."""

_WEAK: Final = ("note", "go")


def kinds_in(step: object) -> tuple[str, ...]:
    """The kind keys of a step as it stands in the file: exactly one is right."""
    if not isinstance(step, dict):
        return ()
    strong = tuple(kind for kind in KINDS if kind in step and kind not in _WEAK)
    return strong or next(((kind,) for kind in _WEAK if kind in step), ())


def _tag(step: object) -> str | None:
    found = kinds_in(step)
    return f"={found[0]}" if found else None


Step = Annotated[
    Annotated[SayModel, Tag("=say")]
    | Annotated[AskModel, Tag("=ask")]
    | Annotated[ChecklistModel, Tag("=checklist")]
    | Annotated[IfModel, Tag("=if")]
    | Annotated[SetModel, Tag("=set")]
    | Annotated[NoteModel, Tag("=note")]
    | Annotated[WaitModel, Tag("=wait")]
    | Annotated[GoModel, Tag("=go")]
    | Annotated[CallModel, Tag("=call")]
    | Annotated[OfferModel, Tag("=offer")]
    | Annotated[RemindModel, Tag("=remind")]
    | Annotated[ConsentModel, Tag("=consent")]
    | Annotated[HandoffModel, Tag("=handoff")]
    | Annotated[EndModel, Tag("=end")],
    Discriminator(_tag),
]
