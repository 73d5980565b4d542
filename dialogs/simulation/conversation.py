"""Conversations from YAML: each line with its place in the file. Whatever is written never raises.

A file holds one conversation, a list of them, or a flow whose ``examples`` are some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dialogs.durations import DurationError, parse_duration
from dialogs.flow import Example
from dialogs.problems import Problem, named
from dialogs.simulation.format import MODELS, Act, Later, Setting, in_full, model_of
from dialogs.simulation.house import BRANDS
from dialogs.source import Path, Source

_FORMS: Final = {
    "string_type": ("ein Text in Anführungszeichen", "a text in quotation marks"),
    "tuple_type": ("eine Liste", "a list"),
    "mapping_type": ("eingerückte Zeilen der Form `name: wert`", "indented lines of the form `name: value`"),
    "model_type": ("eingerückte Zeilen der Form `name: wert`", "indented lines of the form `name: value`"),
    "bool_type": ("`true` oder `false`", "`true` or `false`"),
    "bool_parsing": ("`true` oder `false`", "`true` or `false`"),
    "int_type": ("eine ganze Zahl", "a whole number"),
    "int_parsing": ("eine ganze Zahl", "a whole number"),
    "date_from_datetime_parsing": ("ein Datum wie 1990-04-17", "a date like 1990-04-17"),
}
_TIME: Final = ("ein Datum mit Uhrzeit wie 2026-11-02 10:00", "a date and time like 2026-11-02 10:00")
_SPAN: Final = ("eine Zeitspanne wie `3 Tage` oder `48 Stunden`", "a span like `3 days` or `48 hours`")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation: its number from 1, where it stands, what happens or is expected."""

    number: int
    line: int
    act: Act


_AS_SOLD: Final = {"voice": "du", "language": "de", "country": "DE", "mirror_voice": False}
"""How the sample shops speak, whatever the shop does that has taken over their scripts."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation that can be played."""

    file: str
    line: int
    setting: Setting
    lines: tuple[Line, ...]

    @property
    def about(self) -> str:
        """What it shows."""
        return self.setting.about


def read_conversations(file: str, text: str) -> tuple[tuple[Conversation, ...], tuple[Problem, ...]]:
    """All conversations of a file, and all that is wrong with them. Total.

    A file that is no conversation and no flow (phrases, templates, a catalogue) has none.
    """
    source = Source(file, text)
    if source.problems:
        return (), tuple(source.problems)
    problems: list[Problem] = []
    found = [_read(source, at, data, problems) for at, data in _places(_spelt(source.data))]
    return tuple(one for one in found if one is not None), tuple(problems)


def of_example(example: Example, file: str, line: int = 1) -> tuple[Conversation | None, tuple[Problem, ...]]:
    """A flow's own example. Every line is said to stand at ``line``, where the example begins."""
    told = {"about": example.about, **example.setting, "turns": list(example.turns)}
    data = _spelt(_in_sample(told, example.sample))
    source = Source(file, "{}")
    problems: list[Problem] = []
    read = _read(source, (), data, problems)
    at = tuple(Problem(file, line, 1, one.kind, one.details) for one in problems)
    if read is None:
        return None, at
    lines = tuple(Line(one.number, line, one.act) for one in read.lines)
    return Conversation(file, line, read.setting, lines), at


def _spelt(data: object) -> object:
    """The data with ``on`` as it is written: by YAML's old rules it is a word for true."""
    match data:
        case Mapping():
            return {"on" if name is True else name: _spelt(value) for name, value in data.items()}
        case list():
            return [_spelt(one) for one in data]
        case _:
            return data


def _in_sample(example: object, sample: object) -> object:
    """An example with what holds in the sample shop that it was written for, where it says nothing itself."""
    if sample not in BRANDS or not isinstance(example, Mapping):
        return example
    return {**_AS_SOLD, "shop_sample": sample, **example}


def _places(data: object) -> Iterator[tuple[Path, object]]:
    """Where conversations stand in a file's data."""
    if isinstance(data, Mapping):
        if "steps" in data or "examples" in data:
            examples = data.get("examples")
            for i, example in enumerate(examples if isinstance(examples, list) else ()):
                yield ("examples", i), _in_sample(example, data.get("sample"))
        elif "turns" in data or "about" in data:
            yield (), data
    elif isinstance(data, list) and any(isinstance(one, Mapping) and "turns" in one for one in data):
        for i, one in enumerate(data):
            yield (i,), one


def _read(source: Source, at: Path, data: object, problems: list[Problem]) -> Conversation | None:
    if not isinstance(data, Mapping):
        problems.append(_wrong_form(source, at, "?", _FORMS["model_type"]))
        return None
    before = len(problems)
    setting = _model(source, at, Setting, {k: v for k, v in data.items() if k != "turns"}, problems)
    if isinstance(start := data.get("start"), str) and not _is_time(start):
        problems.append(_wrong_form(source, (*at, "start"), "start", _TIME))
    lines = _lines(source, (*at, "turns"), data.get("turns"), problems)
    if "turns" not in data:
        problems.append(source.problem("missing_key", at, details={"word": "turns"}))
    if len(problems) > before or not isinstance(setting, Setting):
        return None
    return Conversation(source.file, source.problem("", at).line, setting, lines)


def _lines(source: Source, at: Path, data: object, problems: list[Problem]) -> tuple[Line, ...]:
    if data is None:
        return ()
    if not isinstance(data, list):
        problems.append(_wrong_form(source, at, "turns", _FORMS["tuple_type"]))
        return ()
    lines: list[Line] = []
    for i, one in enumerate(data):
        place = (*at, i)
        if not isinstance(one, Mapping) or len(one) != 1:
            problems.append(_wrong_form(source, place, "turns", _one_of(MODELS)))
            continue
        [(kind, value)] = one.items()
        if kind not in MODELS:
            details = named(str(kind), MODELS)
            problems.append(source.problem("unknown_key", (*place, str(kind)), details=details))
            continue
        full, around = in_full(kind, value)
        act = _model(source, (*place, kind), model_of(kind, full), full, problems, around)
        if act is not None:
            problems += _spans(source, (*place, kind), act)
            lines.append(Line(i + 1, source.problem("", place).line, act))  # type: ignore[arg-type]  # MODELS holds every Act
    return tuple(lines)


def _one_of(kinds: Mapping[str, object]) -> tuple[str, str]:
    listed = ", ".join(f"`{kind}:`" for kind in kinds)
    return f"genau eines von {listed}", f"exactly one of {listed}"


def _spans(source: Source, at: Path, act: BaseModel) -> list[Problem]:
    """Times and spans that cannot be read."""
    if not isinstance(act, Later):
        return []
    if act.until is not None and not _is_time(act.until):
        return [_wrong_form(source, (*at, "until"), "until", _TIME)]
    if act.span is not None:
        try:
            backwards = parse_duration(act.span) < timedelta(0)
        except DurationError:
            backwards = True
        return [_wrong_form(source, at, "later", _SPAN)] if backwards else []
    return []


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _model(
    source: Source,
    at: Path,
    model: type[BaseModel],
    data: object,
    problems: list[Problem],
    around: Sequence[str] = (),
) -> BaseModel | None:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        told: set[tuple[str | int, ...]] = set()
        for one in error.errors(include_url=False):
            place = tuple(part for part in one["loc"] if part not in around)
            if place not in told:
                told.add(place)
                problems.append(_explain(source, (*at, *place), model, one))
        return None


def _explain(source: Source, at: Path, model: type[BaseModel], error: ErrorDetails) -> Problem:
    """One of pydantic's errors in the words of whoever wrote the file."""
    last = next((str(part) for part in reversed(at) if isinstance(part, str)), "?")
    match error["type"]:
        case "extra_forbidden":
            known = [field.alias or name for name, field in model.model_fields.items()]
            return source.problem("unknown_key", at, details=named(last, known))
        case "missing":
            return source.problem("missing_key", at[:-1], details={"word": last})
        case "literal_error":
            expected = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
            return source.problem("not_possible", at, details=named(str(error["input"]), expected))
    form = _FORMS.get(error["type"], (error["msg"], error["msg"]))
    return _wrong_form(source, at, last, form)


def _wrong_form(source: Source, at: Path, place: str, form: tuple[str, str]) -> Problem:
    details = {"place": place, "expected_de": form[0], "expected_en": form[1]}
    return source.problem("wrong_form", at, details=details)
