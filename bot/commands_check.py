"""What `check` says about scripts: everything that is wrong at once, for people or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson
import typer

from bot.commands_store import CommandFailed
from dialogs.problems import Problem
from dialogs.script import SCRIPTS, ScriptError, read_book
from dialogs.words import Language


def check(paths: Sequence[Path], language: Language, *, as_json: bool) -> bool:
    """Check scripts, print what is wrong, and return whether nothing is.

    A folder is a whole book. A file is checked among the house's own scripts, where it takes the place of the
    one with its name; only what is wrong with the file itself is told.

    Raises:
        CommandFailed: a path is not there, or a file is no text.

    """
    problems = [problem for path in paths or (SCRIPTS,) for problem in _check(path)]
    if as_json:
        typer.echo(orjson.dumps([_plain(one, language) for one in problems]).decode())
    else:
        _tell(problems, language)
    return not any(problem.severity == "error" for problem in problems)


def _check(path: Path) -> Sequence[Problem]:
    if path.is_dir():
        return _problems({file.name: _text(file) for file in sorted(path.glob("*.yml"))})
    files = {file.name: file.read_text("utf-8") for file in sorted(SCRIPTS.glob("*.yml"))}
    found = _problems(files | {path.name: _text(path)})
    return [problem for problem in found if problem.file == path.name]


def _problems(files: dict[str, str]) -> Sequence[Problem]:
    try:
        read_book(files)
    except ScriptError as error:
        return error.problems
    return ()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise CommandFailed(f"{path}: there is no such file or folder.") from None
    except UnicodeDecodeError as error:
        raise CommandFailed(
            f"{path}: not a text in UTF-8 (byte {error.start}). Save it as UTF-8, as every editor can."
        ) from None


def _plain(problem: Problem, language: Language) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity,
        "flow": problem.flow,
        "step": problem.step,
        "message": problem.message(language),
        "hint": problem.hint(language),
    }


def _tell(problems: Sequence[Problem], language: Language) -> None:
    for problem in problems:
        typer.secho(f"{problem.file}:{problem.line}:{problem.column}", bold=True, nl=False)
        typer.secho(f" {problem.message(language)}", fg="red" if problem.severity == "error" else "yellow")
        if hint := problem.hint(language):
            typer.echo(f"    {hint}")
    if not problems:
        typer.secho("Alles in Ordnung." if language == "de" else "Nothing is wrong.", fg="green")
