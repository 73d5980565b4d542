"""One file of a book: what it says as far as it can be read, and all that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from dialogs import script_models as models
from dialogs.flow import PHRASES, TRIGGER_KINDS, After, Example, Flow, Step, Target, Trigger
from dialogs.problems import Problem, named
from dialogs.script_errors import explain
from dialogs.script_parts import Strict
from dialogs.script_step_models import Step as AnyStep
from dialogs.script_step_models import StepModel, kinds_in
from dialogs.script_steps import Builder
from dialogs.script_wiring import Written
from dialogs.source import Path, Source
from dialogs.templates import TemplateText, make_templates
from dialogs.words import Words
from nlu.text import key

_T = TypeVar("_T")

_STEP: Final[TypeAdapter[StepModel]] = TypeAdapter(AnyStep)
_TRIGGER: Final = TypeAdapter(models.TriggerModel)
_UNASKED: Final = (
    "bei `order`, `tag`, `date` und `flow`",
    "with `order`, `tag`, `date` and `flow`",
)


def version_of(text: str) -> str:
    """The version of a flow that was written so: another text is another version."""
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


class Reader:
    """One file. What is wrong with it is added to ``problems``; nothing is raised."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        """Read ``source``."""
        self.source = source
        self.problems = problems
        self.flow_id = ""
        self.step_id = ""
        problems += source.problems

    # -- phrases and templates

    def phrases(self) -> dict[str, Words] | None:
        """The house's own sentences; None if they cannot be read."""
        read = self._validated(models.PHRASES_FILE, models.FlowModel)
        if read is None:
            return None
        builder = Builder("", self._problem)
        for name in read.keys() - PHRASES:
            self._problem((name,), "unknown_key", **named(name, PHRASES))
        for name in sorted(PHRASES - read.keys()):
            self._problem((), "phrase_missing", word=name)
        return {name: builder.words(texts, (name,)) for name, texts in read.items() if name in PHRASES}

    def templates(self) -> dict[tuple[str, str], TemplateText] | None:
        """WhatsApp's templates by name and variant; None if they cannot be read."""
        read = self._validated(models.TEMPLATES_FILE, models.TemplateModel)
        if read is None:
            return None
        builder = Builder("", self._problem)
        made: dict[tuple[str, str], TemplateText] = {}
        met: set[str] = set()
        for number, model in enumerate(read):
            if model.name in met:
                self._problem((number, "name"), "template_twice", word=model.name)
            met.add(model.name)
            body = builder.words(model.body, (number, "body"))
            buttons = [
                (one.choice, builder.words(one.title, (number, "buttons", i, "title")))
                for i, one in enumerate(model.buttons)
            ]
            made |= make_templates(model.name, model.category, body, buttons)
        return made

    # -- flows

    def flow(self, text: str) -> Written | None:
        """The flow, as far as it can be read; None if nothing of it can."""
        data = self.source.data
        if data is None:
            return None
        if isinstance(data, dict) and isinstance(data.get("id"), str):
            self.flow_id = data["id"]
        clear = self._with_clear_steps(data)
        read: models.FlowModel | None = None
        try:
            read = models.FlowModel.model_validate(clear)
        except ValidationError as error:
            self._refuse(error)
        if not self.flow_id or not isinstance(data.get("steps"), list):
            return None
        steps = self._steps(clear, read)
        self.step_id = ""
        triggers = list(self._all_triggers(clear, read))
        flow = Flow(
            id=self.flow_id,
            triggers=tuple(trigger for _, trigger in triggers),
            steps=steps,
            version=version_of(text),
            **self._settings(read),
        )
        ids = [str(step.get("id")) for step in _list(data, "steps") if isinstance(step, dict)]
        whole = read is not None and clear is data
        return Written(flow, self.source, ids, tuple(at for at, _ in triggers), whole)

    def _settings(self, read: models.FlowModel | None) -> dict[str, Any]:
        if read is None:
            return {}
        title = Builder(read.id, self._problem).maybe(read.title, ("title",))
        return {
            "purpose": read.purpose, "expires": read.expires, "holdout": read.holdout, "goal": read.goal,
            "closed": read.closed, "once": read.once, "title": title,
            "sample": read.sample or "",
            "examples": tuple(_example(one, read.sample or "") for one in read.examples),
        }  # fmt: skip

    def _with_clear_steps(self, data: Any) -> Any:
        """The data with steps of one kind each; a step of several is told of, and stands for an end."""
        steps = list(_list(data, "steps"))
        several = {number: found for number, step in enumerate(steps) if len(found := kinds_in(step)) > 1}
        for number, found in several.items():
            word = ", ".join(f"`{kind}`" for kind in found)
            self._problem(("steps", number), "two_kinds", word=word)
            id_ = {"id": steps[number]["id"]} if "id" in steps[number] else {}
            steps[number] = {**id_, "end": True}
        return {**data, "steps": steps} if several else data

    def _steps(self, data: Any, read: models.FlowModel | None) -> dict[str, Step]:
        """The steps that can be read, each built; the default of a way on is the next step in the file."""
        raw = _list(data, "steps")
        parts = list(read.steps) if read is not None else [_part(_STEP, one) for one in raw]
        builder = Builder(self.flow_id, self._problem)
        steps: dict[str, Step] = {}
        for number, model in enumerate(parts):
            if model is None:
                continue
            self.step_id = model.id
            if model.id in steps:
                self._problem(("steps", number, "id"), "step_twice", word=model.id)
            after = raw[number + 1] if number + 1 < len(raw) else None
            then = after.get("id") if isinstance(after, dict) else None
            following = Target(self.flow_id, then) if isinstance(then, str) else None
            steps[model.id] = builder.step(model, ("steps", number), following)
        return steps

    def _all_triggers(self, data: Any, read: models.FlowModel | None) -> Iterator[tuple[Path, Trigger]]:
        raw = _list(data, "starts")
        parts = list(read.starts) if read is not None else [_part(_TRIGGER, one) for one in raw]
        for number, model in enumerate(parts):
            if model is not None:
                yield from self._triggers(model, ("starts", number))

    def _triggers(self, model: models.TriggerModel, at: Path) -> Iterator[tuple[Path, Trigger]]:
        builder = Builder(self.flow_id, self._problem)
        condition = builder.condition(model.condition, (*at, "if")) if model.condition is not None else None
        kind = next(kind for kind in TRIGGER_KINDS if getattr(model, kind) is not None)
        for name, value in (("after", model.after), ("at", model.at), ("if", condition)):
            if value is not None and kind not in models.UNASKED:
                builder.idle(at, name, _UNASKED)
        after = _after(model.after)
        value = getattr(model, kind)
        for number, one in enumerate(value if isinstance(value, list) else [value]):
            place: Path = (*at, kind, number) if isinstance(value, list) else (*at, kind)
            folded = key(one) if kind == "keyword" else one
            if folded:
                yield place, Trigger(kind, folded, after, model.at, condition)
            else:
                self._problem(place, "empty_text")

    # -- problems

    def _validated(self, shape: TypeAdapter[_T], root: type[Strict]) -> _T | None:
        if self.source.data is None:
            return None
        try:
            return shape.validate_python(self.source.data)
        except ValidationError as error:
            self._refuse(error, root)
            return None

    def _refuse(self, error: ValidationError, root: type[Strict] = models.FlowModel) -> None:
        for detail in error.errors(include_url=False):
            at, kind, details = explain(detail, root)
            self._problem(at, kind, **details)

    def _problem(self, at: Sequence[str | int], kind: str, **details: str) -> None:
        step = self.step_id or self._step_at(at)
        self.problems.append(
            self.source.problem(kind, tuple(at), flow=self.flow_id, step=step, details=details)
        )

    def _step_at(self, at: Sequence[str | int]) -> str:
        """The id of the step that a place belongs to."""
        steps = _list(self.source.data, "steps")
        number = at[1] if len(at) > 1 and at[0] == "steps" else None
        step = steps[number] if isinstance(number, int) and number < len(steps) else None
        found = step.get("id") if isinstance(step, dict) else None
        return found if isinstance(found, str) else ""


def _part(shape: TypeAdapter[_T], data: object) -> _T | None:
    """One part of a file that cannot be read as a whole; what is wrong with it has been told."""
    try:
        return shape.validate_python(data)
    except ValidationError:
        return None


def _list(data: object, name: str) -> list[Any]:
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, list) else []


def _after(written: tuple[timedelta, bool] | models.PaceModel | None) -> After:
    match written:
        case None:
            return After()
        case models.PaceModel():
            return After(written.fast, written.durable)
        case span, used_up:
            return After(span, span, used_up)


def _example(data: Mapping[str, Any], sample: str) -> Example:
    setting = {name: value for name, value in data.items() if name not in {"about", "turns"}}
    told = tuple(turn for turn in _list(data, "turns") if isinstance(turn, dict))
    return Example(str(data.get("about", "")), setting, told, sample)
