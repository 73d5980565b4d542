"""The shape of a script file: pydantic models, strict about unknown keys and missing languages."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from dialogs.records import Priority
from dialogs.words import VARIANTS
from nlu.understanding import Intent

WRITTEN: Final = ("de", *VARIANTS)
"""The keys of a text."""


def _complete(texts: dict[str, str]) -> dict[str, str]:
    """Every language and voice is there, nothing else, and nothing is empty."""
    for variant in texts:
        if variant not in WRITTEN:
            raise PydanticCustomError("unknown_variant", "unknown language", {"word": variant})
    missing = [v for v in VARIANTS if v not in texts and not (v.startswith("de_") and "de" in texts)]
    if missing:
        raise PydanticCustomError("missing_variant", "missing language", {"word": ", ".join(missing)})
    if any(not text.strip() for text in texts.values()):
        raise PydanticCustomError("empty_text", "empty")
    return {variant: text.strip() for variant, text in texts.items()}


Texts = Annotated[dict[str, str], AfterValidator(_complete)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
Goal = Annotated[str, Field(pattern=r"^(/[a-z0-9_]+(/[a-z0-9_]+)?|[a-z0-9_]+)$")]
Hours = Annotated[int, Field(gt=0, le=720)]


class Strict(BaseModel):
    """Unknown keys are refused: a misspelt one would silently do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _StepModel(Strict):
    id: Id
    text: Texts


class SayModel(_StepModel):
    """See `dialogs.flow.Say`."""

    kind: Literal["say"]
    to: Goal = "end"
    tracking: bool = False
    template: str = ""
    expires_hours: Hours | None = None
    remind: Literal["", "setup"] = ""


class ChoiceModel(Strict):
    """See `dialogs.flow.ChoiceSpec`."""

    id: Id
    title: Texts
    to: Goal = "end"
    intents: list[Intent] = []


class AskModel(_StepModel):
    """See `dialogs.flow.Ask`."""

    kind: Literal["ask"]
    choices: Annotated[list[ChoiceModel], Field(min_length=1, max_length=10)]
    template: str = ""
    expires_hours: Hours | None = None
    tracking: bool = False


class ChecklistModel(_StepModel):
    """See `dialogs.flow.Checklist`."""

    kind: Literal["checklist"]
    done: Texts
    stuck: Texts
    trouble: Texts
    solved: Texts
    human: Texts
    finished: Goal
    person: Goal


class RateModel(_StepModel):
    """See `dialogs.flow.Rate`."""

    kind: Literal["rate"]
    titles: Annotated[list[Texts], Field(min_length=5, max_length=5)]
    high: Goal
    middle: Goal
    low: Goal
    template: str = ""
    expires_hours: Hours | None = None


class ListenModel(_StepModel):
    """See `dialogs.flow.Listen`."""

    kind: Literal["listen"]
    skip: Texts
    thanks: Goal
    skipped: Goal


class HandoffModel(_StepModel):
    """See `dialogs.flow.Handoff`."""

    kind: Literal["handoff"]
    reason: Id
    priority: Priority = "normal"


class ConsentModel(_StepModel):
    """See `dialogs.flow.Consent`."""

    kind: Literal["consent"]
    action: Literal["opt_out", "opt_in"]


StepModel: TypeAlias = (
    SayModel | AskModel | ChecklistModel | RateModel | ListenModel | HandoffModel | ConsentModel
)


class DoorModel(Strict):
    """See `dialogs.flow.Door`."""

    step: Id
    when: list[str] = []


class FlowModel(Strict):
    """One file."""

    id: Id
    starts_on: list[str] = []
    doors: Annotated[list[DoorModel], Field(min_length=1)]
    steps: Annotated[list[Annotated[StepModel, Discriminator("kind")]], Field(min_length=1)]


STEPS: Final[dict[str, type[Strict]]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(StepModel)
}
"""The model of each kind of step."""

PHRASES_FILE: Final = TypeAdapter(dict[str, Texts])
