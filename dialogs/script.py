"""Flows from YAML files, checked while loading: every problem at once, with file and line.

This is the form in which the first flows are kept; the language that shop owners write takes its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from dialogs import script_models as models
from dialogs.facts import Need
from dialogs.flow import (
    PHRASES,
    TRIGGERS,
    Ask,
    Book,
    Checklist,
    ChoiceSpec,
    Consent,
    Door,
    Flow,
    Handoff,
    Listen,
    Rate,
    Say,
    Step,
    Target,
)
from dialogs.placeholders import CONDITIONS, PLACEHOLDERS
from dialogs.problems import Problem, named
from dialogs.script_errors import explain
from dialogs.source import Source
from dialogs.templates import NAMES, placeholders_of
from dialogs.words import OpenBrace, UnknownPlaceholder, Words, parse

SCRIPTS: Final = Path(__file__).parent / "scripts"
"""The flows that come with the house."""

_PHRASES_FILE: Final = "phrases.yml"
_KNOWN: Final = frozenset(PLACEHOLDERS)


class ScriptError(Exception):
    """Scripts cannot be used; ``problems`` says all that is wrong with them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: (one.file, one.line, one.column)))
        super().__init__("\n".join(map(str, self.problems)))


@cache
def load_book(folder: Path = SCRIPTS) -> Book:
    """All flows of ``folder`` as one frozen book. Read once; a folder is not read again.

    Raises:
        ScriptError: with every problem of every file.

    """
    return read_book({path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yml"))})


def read_book(files: Mapping[str, str]) -> Book:
    """A book from the texts of its files; ``phrases.yml`` holds the house's own sentences.

    Raises:
        ScriptError: with every problem of every file.

    """
    problems: list[Problem] = []
    flows: dict[str, Flow] = {}
    homes: dict[str, Source] = {}
    broken: set[str] = set()
    phrases: dict[str, Words] | None = {}
    for name, text in files.items():
        source = Source(name, text)
        reader = _Reader(source, problems)
        if name == _PHRASES_FILE:
            phrases = reader.phrases()
            continue
        flow = reader.flow()
        if flow is None:
            broken.add(_intended_id(source))
            continue
        if flow.id in flows:
            details = {"word": flow.id, "home": homes[flow.id].file}
            problems.append(source.problem("flow_twice", ("id",), flow=flow.id, details=details))
        flows[flow.id] = flow
        homes[flow.id] = source
    problems += _wiring(flows, homes, broken)
    missing = () if phrases is None else sorted(PHRASES - set(phrases))
    problems += [Problem(_PHRASES_FILE, 1, 1, "phrase_missing", {"word": key}) for key in missing]
    if problems or phrases is None:
        raise ScriptError(problems)
    flows = _with_all_needs(flows)
    return Book(flows, {trigger: flow for flow in flows.values() for trigger in flow.on}, phrases)


def _intended_id(source: Source) -> str:
    """Return the id of a flow that cannot be read, so that what leads to it is not blamed."""
    found = source.data.get("id") if isinstance(source.data, dict) else None
    return found if isinstance(found, str) else source.file.removesuffix(".yml")


class _Reader:
    """One file, and what is wrong with it."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.source = source
        self.problems = problems
        self.flow_id = ""
        self.step_id = ""
        problems += source.problems

    def phrases(self) -> dict[str, Words] | None:
        if self.source.data is None:
            return None
        try:
            read = models.PHRASES_FILE.validate_python(self.source.data)
        except ValidationError as error:
            self._refuse(error)
            return None
        return {key: self._words(texts, (key,)) for key, texts in read.items()}

    def flow(self) -> Flow | None:
        if self.source.data is None:
            return None
        try:
            read = models.FlowModel.model_validate(self.source.data)
        except ValidationError as error:
            self._refuse(error)
            return None
        self.flow_id = read.id
        steps: dict[str, Step] = {}
        for i, model in enumerate(read.steps):
            self.step_id = model.id
            if model.id in steps:
                self._problem(("steps", i, "id"), "step_twice", word=model.id)
            steps[model.id] = self._step(read.id, model, ("steps", i))
        self.step_id = ""
        doors = tuple(self._door(door, ("doors", i), steps) for i, door in enumerate(read.doors))
        if doors[-1].when:
            self._problem(("doors", len(doors) - 1, "when"), "closed_door")
        return Flow(read.id, tuple(read.starts_on), doors, steps, _needs(doors, steps))

    def _door(self, model: models.DoorModel, at: _Path, steps: Mapping[str, Step]) -> Door:
        if model.step not in steps:
            self._problem((*at, "step"), "unknown_step", **named(model.step, steps))
        for number, name in enumerate(model.when):
            if name not in CONDITIONS:
                self._problem((*at, "when", number), "unknown_condition", **named(name, CONDITIONS))
        return Door(model.step, tuple(CONDITIONS[name] for name in model.when if name in CONDITIONS))

    def _step(self, flow: str, model: models.StepModel, at: _Path) -> Step:
        text = self._words(model.text, (*at, "text"))
        match model:
            case models.SayModel():
                return Say(
                    model.id, text, _target(flow, model.to), model.tracking, self._template(model.template,
                    at), _hours(model.expires_hours), model.remind,
                )  # fmt: skip
            case models.AskModel():
                choices = tuple(
                    ChoiceSpec(
                        choice.id,
                        self._words(choice.title, (*at, "choices", i, "title")),
                        _target(flow, choice.to),
                        frozenset(choice.intents),
                    )
                    for i, choice in enumerate(model.choices)
                )
                if len({choice.id for choice in choices}) < len(choices):
                    self._problem((*at, "choices"), "choice_twice")
                return Ask(
                    model.id, text, choices, self._template(model.template, at), _hours(model.expires_hours),
                    model.tracking,
                )  # fmt: skip
            case models.ChecklistModel():
                return Checklist(
                    model.id, text, self._words(model.done, (*at, "done")), self._words(model.stuck, (*at,
                    "stuck")), self._words(model.trouble, (*at, "trouble")), self._words(model.solved, (*at,
                    "solved")), self._words(model.human, (*at, "human")), _goal(flow, model.finished),
                    _goal(flow, model.person),
                )  # fmt: skip
            case models.RateModel():
                one, two, three, four, five = (
                    self._words(title, (*at, "titles", i)) for i, title in enumerate(model.titles)
                )
                return Rate(
                    model.id, text, (one, two, three, four, five), _goal(flow, model.high), _goal(flow,
                    model.middle), _goal(flow, model.low), self._template(model.template, at),
                    _hours(model.expires_hours),
                )  # fmt: skip
            case models.ListenModel():
                return Listen(
                    model.id, text, self._words(model.skip, (*at, "skip")), _goal(flow, model.thanks),
                    _goal(flow, model.skipped),
                )  # fmt: skip
            case models.HandoffModel():
                return Handoff(model.id, text, model.reason, model.priority)
            case models.ConsentModel():
                return Consent(model.id, model.action, text)

    def _template(self, name: str, at: _Path) -> str:
        if name and name not in NAMES:
            self._problem((*at, "template"), "unknown_template", **named(name, NAMES))
        return name

    def _words(self, texts: Mapping[str, str], at: _Path) -> Words:
        try:
            return parse(texts, _KNOWN)
        except OpenBrace as error:
            self._problem((*at, error.variant), "open_brace")
        except UnknownPlaceholder as error:
            self._problem((*at, error.variant), "unknown_placeholder", **named(error.name, _KNOWN))
        return Words({})

    def _refuse(self, error: ValidationError) -> None:
        for detail in error.errors(include_url=False):
            at, kind, details = explain(detail)
            self._problem(at, kind, **details)

    def _problem(self, at: Sequence[str | int], kind: str, **details: str) -> None:
        self.problems.append(
            self.source.problem(kind, at, flow=self.flow_id, step=self.step_id, details=details)
        )


_Path = tuple[str | int, ...]


def _target(flow: str, to: str) -> Target | None:
    """``step`` in the same flow, ``/flow``, ``/flow/step``, or nothing: the end."""
    if not to or to == "end":
        return None
    if to.startswith("/"):
        name, _, step = to[1:].partition("/")
        return Target(name, step)
    return Target(flow, to)


def _goal(flow: str, to: str) -> Target:
    return _target(flow, to) or Target(flow)


def _hours(hours: int | None) -> timedelta | None:
    return timedelta(hours=hours) if hours else None


def _texts(step: Step) -> Iterator[Words]:
    yield step.text
    match step:
        case Ask():
            yield from (choice.title for choice in step.choices)
        case Checklist():
            yield from (step.done, step.stuck, step.trouble, step.solved, step.human)
        case Rate():
            yield from step.titles
        case Listen():
            yield step.skip
        case _:
            pass


def _targets(step: Step) -> Iterator[Target]:
    match step:
        case Say():
            found = [step.to]
        case Ask():
            found = [choice.to for choice in step.choices]
        case Checklist():
            found = [step.finished, step.person]
        case Rate():
            found = [step.high, step.middle, step.low]
        case Listen():
            found = [step.thanks, step.skipped]
        case Handoff() | Consent():
            found = []
    yield from (target for target in found if target is not None)


def _needs(doors: Sequence[Door], steps: Mapping[str, Step]) -> frozenset[Need]:
    needs: set[Need] = set()
    for door in doors:
        for condition in door.when:
            needs |= condition.needs
    for step in steps.values():
        names = {name for words in _texts(step) for name in words.names}
        if isinstance(step, Say | Ask | Rate):
            names |= placeholders_of(step.template)
        for name in names:
            needs |= PLACEHOLDERS[name].needs
        if isinstance(step, Checklist):
            needs |= {"orders", "products"}
        elif isinstance(step, Rate):
            needs.add("orders")
    return frozenset(needs)


def _wiring(
    flows: Mapping[str, Flow], homes: Mapping[str, Source], broken: Collection[str]
) -> Iterator[Problem]:
    """What only the whole book shows: dangling targets, triggers claimed twice or by nobody.

    What a ``broken`` flow would have answered or been is not missed.
    """
    claimed: dict[str, str] = {}
    for flow in flows.values():
        home = homes[flow.id]
        for number, trigger in enumerate(flow.on):
            at = ("starts_on", number)
            if trigger not in TRIGGERS:
                yield home.problem("unknown_trigger", at, flow=flow.id, details=named(trigger, TRIGGERS))
            elif trigger in claimed:
                details = {"word": trigger, "other": claimed[trigger]}
                yield home.problem("trigger_taken", at, flow=flow.id, details=details)
            claimed[trigger] = flow.id
        for number, step in enumerate(flow.steps.values()):
            for details in _dangling(flow, step, flows, broken):
                yield home.problem(
                    "dangling", ("steps", number, "id"), flow=flow.id, step=step.id, details=details
                )
    for trigger in sorted(TRIGGERS - set(claimed)) if not broken else ():
        yield Problem("(all files)", 1, 1, "trigger_free", {"word": trigger})


def _dangling(
    flow: Flow, step: Step, flows: Mapping[str, Flow], broken: Collection[str]
) -> Iterator[dict[str, str]]:
    """Yield the details of every target of a step that is not there."""
    for target in _targets(step):
        there = flows.get(target.flow)
        if target.flow in broken or (there and (not target.step or target.step in there.steps)):
            continue
        if target.flow == flow.id:
            yield {"from": step.id} | named(target.step, flow.steps)
        elif there is None:
            yield {"from": step.id} | named(f"/{target.flow}", [f"/{name}" for name in flows])
        else:
            known = [f"/{there.id}/{name}" for name in there.steps]
            yield {"from": step.id} | named(f"/{target.flow}/{target.step}", known)


def _with_all_needs(flows: Mapping[str, Flow]) -> dict[str, Flow]:
    """Flows whose needs include those of every flow that one turn can lead to."""
    leads = {
        flow.id: {target.flow for step in flow.steps.values() for target in _targets(step)}
        for flow in flows.values()
    }
    complete: dict[str, Flow] = {}
    for flow in flows.values():
        reached = {flow.id}
        waiting = [flow.id]
        while waiting:
            fresh = leads[waiting.pop()] - reached
            reached |= fresh
            waiting += fresh
        needs = frozenset(need for name in reached for need in flows[name].needs)
        complete[flow.id] = replace(flow, needs=needs)
    return complete
