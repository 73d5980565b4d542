"""Flows from YAML files, checked while loading: every problem at once, with file and line.

This is the form in which the first flows are kept; the language that shop owners write takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

import yaml
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
from dialogs.templates import NAMES, placeholders_of
from dialogs.words import UnknownPlaceholder, Words, parse

SCRIPTS: Final = Path(__file__).parent / "scripts"
"""The flows that come with the house."""

_PHRASES_FILE: Final = "phrases.yml"
_KNOWN: Final = frozenset(PLACEHOLDERS)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a script that must be mended, and where."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class ScriptError(Exception):
    """Scripts cannot be used; ``problems`` says all that is wrong with them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


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
    homes: dict[str, str] = {}
    phrases: dict[str, Words] = {}
    for name, text in files.items():
        reader = _Reader(name, problems)
        if name == _PHRASES_FILE:
            phrases = reader.phrases(text)
            continue
        flow = reader.flow(text)
        if flow is None:
            continue
        if flow.id in flows:
            problems.append(Problem(name, 1, f"the flow `{flow.id}` is already in {homes[flow.id]}"))
        flows[flow.id] = flow
        homes[flow.id] = name
    problems += _wiring(flows, homes)
    problems += [
        Problem(_PHRASES_FILE, 1, f"the phrase `{key}` is missing") for key in sorted(PHRASES - set(phrases))
    ]
    if problems:
        raise ScriptError(problems)
    flows = _with_all_needs(flows)
    return Book(flows, {trigger: flow for flow in flows.values() for trigger in flow.on}, phrases)


class _Reader:
    """One file: its text, where its parts stand, and what is wrong with it."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.root: yaml.Node | None = None

    def phrases(self, text: str) -> dict[str, Words]:
        raw = self._load(text)
        if raw is None:
            return {}
        try:
            read = models.PHRASES_FILE.validate_python(raw)
        except ValidationError as error:
            self._refuse(error)
            return {}
        return {key: self._words(texts, (key,)) for key, texts in read.items()}

    def flow(self, text: str) -> Flow | None:
        raw = self._load(text)
        if raw is None:
            return None
        try:
            read = models.FlowModel.model_validate(raw)
        except ValidationError as error:
            self._refuse(error)
            return None
        before = len(self.problems)
        steps: dict[str, Step] = {}
        for i, model in enumerate(read.steps):
            if model.id in steps:
                self._problem(("steps", i, "id"), f"the step `{model.id}` is there twice")
            steps[model.id] = self._step(read.id, model, ("steps", i))
        doors = tuple(self._door(door, ("doors", i), steps) for i, door in enumerate(read.doors))
        if doors[-1].when:
            self._problem(
                ("doors", len(doors) - 1), "the last door must be open to everybody: leave out `when`"
            )
        if len(self.problems) > before:
            return None
        return Flow(read.id, tuple(read.starts_on), doors, steps, _needs(doors, steps))

    def _door(self, model: models.DoorModel, at: _Path, steps: Mapping[str, Step]) -> Door:
        if model.step not in steps:
            self._problem((*at, "step"), f"there is no step `{model.step}` in this flow")
        unknown = [name for name in model.when if name not in CONDITIONS]
        for name in unknown:
            self._problem(
                (*at, "when"), f"the condition `{name}` is unknown; there are: {', '.join(CONDITIONS)}"
            )
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
                    self._problem((*at, "choices"), "two choices have the same id")
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
            self._problem(
                (*at, "template"), f"the template `{name}` is unknown; there are: {', '.join(NAMES)}"
            )
        return name

    def _words(self, texts: Mapping[str, str], at: _Path) -> Words:
        try:
            return parse(texts, _KNOWN)
        except UnknownPlaceholder as error:
            self._problem(at, str(error))
            return Words({})

    def _load(self, text: str) -> object | None:
        try:
            self.root = yaml.compose(text, Loader=yaml.SafeLoader)
            raw: object = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.problems.append(
                Problem(
                    self.file, mark.line + 1 if mark is not None else 1, f"this is not YAML: {error.problem}"
                )
            )
            return None
        except yaml.YAMLError as error:
            self.problems.append(Problem(self.file, 1, f"this is not YAML: {error}"))
            return None
        if raw is None:
            self.problems.append(Problem(self.file, 1, "the file is empty"))
        return raw

    def _refuse(self, error: ValidationError) -> None:
        for detail in error.errors(include_url=False):
            place = ".".join(str(part) for part in detail["loc"])
            self._problem(detail["loc"], f"{place}: {detail['msg']}")

    def _problem(self, at: _Path, message: str) -> None:
        self.problems.append(Problem(self.file, _line(self.root, at), message))


_Path = tuple[str | int, ...]


def _line(node: yaml.Node | None, at: _Path) -> int:
    """The line of the part at ``at``, or of the nearest part around it that exists."""
    line = 1
    for part in at:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
            if found is None:
                continue  # the tag of a union, which pydantic puts into the path
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1 if node is not None else line
    return line


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


def _wiring(flows: Mapping[str, Flow], homes: Mapping[str, str]) -> Iterator[Problem]:
    """What only the whole book shows: dangling targets, triggers claimed twice or by nobody."""
    claimed: dict[str, str] = {}
    for flow in flows.values():
        file = homes[flow.id]
        for trigger in flow.on:
            if trigger not in TRIGGERS:
                yield Problem(
                    file, 1, f"nothing starts a flow by `{trigger}`; there are: {', '.join(sorted(TRIGGERS))}"
                )
            elif trigger in claimed:
                yield Problem(file, 1, f"`{trigger}` already starts the flow `{claimed[trigger]}`")
            claimed[trigger] = flow.id
        for step in flow.steps.values():
            for target in _targets(step):
                there = flows.get(target.flow)
                if there is None or (target.step and target.step not in there.steps):
                    yield Problem(
                        file,
                        1,
                        f"step `{step.id}` leads to `{target.flow}/{target.step}`, which is not there",
                    )
    for trigger in sorted(TRIGGERS - set(claimed)):
        yield Problem("(all files)", 1, f"no flow answers to `{trigger}`")


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
