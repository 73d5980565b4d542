"""`correct` and `train`: from what people judged messages to mean to an engine that has learnt it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from bot.commands_files import CommandFailed, read_text
from bot.commands_store import clock_of, with_store
from bot.config import Config
from bot.policy import policy_of
from bot.training import Correction
from bot.trial import Wrong, compare
from bot.understanding import Lesson, embedded, engine_of, lesson_of
from dialogs.sensitivity import Policy
from nlu.engine import MAX_TEXT, Embedded
from nlu.understanding import Intent, MoodLabel
from persistence.corrections import NewCorrection
from persistence.store import Store

_MOST_SHOWN = 20


class _Line(BaseModel):
    """One line of a file for `correct`."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    language: Annotated[Literal["de", "en"], Field(validation_alias=AliasChoices("language", "lang"))]
    intent: Intent
    mood: MoodLabel
    handoff: StrictBool
    conversation: StrictInt | None = None
    message: StrictInt | None = None


def correct(config: Config, file: Path, by: str) -> None:
    """Take in a file of judged messages, whole or not at all, and print how many.

    Raises:
        CommandFailed: a line makes no sense (all such lines are named), or the database cannot be used.
        ConfigError: the training files are bad.

    """
    judged = read_lines(file)

    async def work(store: Store) -> int:
        engine = engine_of(config, await store.corrections.lines())
        clock = await clock_of(config, store)
        return await store.corrections.record([_new(one, engine, by) for one in judged], clock())

    kept = with_store(config, work)
    typer.echo(f"{kept} of {len(judged)} judged messages kept. `python -m bot train` learns from them.")
    if kept < len(judged):
        typer.secho("The others belong to conversations that do not exist any more.", fg="yellow", err=True)


def read_lines(file: Path) -> list[_Line]:
    """Read judged messages; CommandFailed with file and line of everything that is wrong."""
    judged: list[_Line] = []
    faults: list[str] = []
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            judged.append(_Line.model_validate_json(line))
        except ValidationError as error:
            faults += [f"{file}:{number}: {what}" for what in _told(error)]
    if faults:
        more = len(faults) - _MOST_SHOWN
        shown = "\n".join(faults[:_MOST_SHOWN]) + (f"\n… and {more} more" if more > 0 else "")
        raise CommandFailed(f"{shown}\nNothing was imported.")
    if not judged:
        raise CommandFailed(f"{file}: there is no message in it.")
    return judged


def train(config: Config) -> None:
    """Learn from all judged messages; print the errors before and after, and what follows for triage.

    Raises:
        CommandFailed: the database cannot be used.
        ConfigError: the training files are bad.

    """
    lines = with_store(config, lambda store: _due(config, store))
    lesson = lesson_of(config.settings.nlu, lines)
    engine = engine_of(config, lines)
    policy = with_store(config, lambda store: _policy(config, store, engine))
    if lines:
        _tell(len(lines), tried(lesson, policy.threshold))
    else:
        typer.echo("No message has been judged yet; `python -m bot correct FILE.jsonl` takes some in.")
    typer.echo(f"A human is called from a probability of {policy.threshold:.2f} on.")
    typer.echo("The engine is trained and kept; a running server takes it with its next start.")


def tried(lesson: Lesson, threshold: float) -> tuple[Wrong, Wrong] | None:
    """Return the errors before and after learning a lesson's corrections: see `bot.trial.compare`."""
    corrections = [Correction.model_validate_json(line) for line in lesson.corrections]
    with tempfile.TemporaryDirectory(prefix="nachklang-") as folder:

        def learnt(some: Sequence[Correction]) -> Embedded:
            lines = tuple(one.model_dump_json().encode() for one in some)
            return embedded(Lesson(lesson.folders, lines), Path(folder))

        return compare(corrections, learnt, threshold)


async def _due(config: Config, store: Store) -> tuple[bytes, ...]:
    """What is to be learnt; what has been kept long enough goes first."""
    clock = await clock_of(config, store)
    await store.corrections.forget(clock() - timedelta(days=config.settings.triage.keep_days))
    return await store.corrections.lines()


async def _policy(config: Config, store: Store, engine: Embedded) -> Policy:
    clock = await clock_of(config, store)
    return await policy_of(config.settings.triage, store, engine.model.notes, clock())


def _new(line: _Line, engine: Embedded, by: str) -> NewCorrection:
    """The judgement as it is kept, with what the engine thinks before it learns it."""
    chance = engine(line.text, language=line.language, expecting=None).handoff
    return NewCorrection(
        line.text, line.language, line.intent, line.mood, line.handoff, line.conversation, line.message,
        chance, by,
    )  # fmt: skip


def _told(error: ValidationError) -> list[str]:
    """What is wrong with a line, in words and without its text."""
    told = []
    for one in error.errors(include_input=False, include_url=False):
        place = ".".join(map(str, one["loc"]))
        told.append(f"{place}: {one['msg']}" if place else str(one["msg"]))
    return told


def _tell(judged: int, errors: tuple[Wrong, Wrong] | None) -> None:
    if errors is None:
        typer.echo(f"Learnt from {judged} judged messages: too few to say how much better it is.")
        return
    typer.echo(f"{errors[0].asked} judged messages, each asked of engines that have not learnt it:")
    typer.echo(f"{'wrong':<10}{'before':>10}{'after':>10}")
    for name in ("intent", "mood", "handoff"):
        shares = (getattr(one, name) / one.asked for one in errors)
        typer.echo(f"{name:<10}" + "".join(f"{share:>10.1%}" for share in shares))
