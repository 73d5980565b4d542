"""What `check` says about scripts: everything that is wrong at once, for people or as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import orjson
import typer

from bot.commands_files import CommandFailed, read_text
from bot.config import Config, load
from bot.publishing import answers_in
from bot.simulated import CHANNELS, house_of, scripts_of
from bot.understanding import engine_of
from dialogs.catalogue import SAMPLE, CatalogueError, load_catalogue
from dialogs.check import Demands, Miss, Play
from dialogs.check import check as check_book
from dialogs.check_written import check_answers
from dialogs.flow import Book, Example, Flow
from dialogs.problems import Problem
from dialogs.script import Examined, examine
from dialogs.shop import Product
from dialogs.simulation.conversation import of_example, read_conversations
from dialogs.simulation.house import House
from dialogs.simulation.play import Mismatch, play
from dialogs.words import Language
from dialogs.written import Answers
from dialogs.written_reading import ANSWERS_FILE, examine_answers

_DEFAULT: Final = Path("config.yml")
_SHOWN: Final = 300


def check(paths: Sequence[Path], language: Language, *, as_json: bool, config: Config | None = None) -> bool:
    """Check scripts, print what is wrong, and return whether nothing is that must be mended.

    A folder is a whole book. A file is checked among the shop's own scripts, where it takes the place of the
    one with its name; only what is wrong with the file itself is told. ``config`` says which channels,
    languages and products there are; without it the settings in this folder hold.

    Raises:
        CommandFailed: a path is not there, a file is no text, or the catalogue cannot be used.
        ConfigError: the settings cannot be used.

    """
    shop = config if config is not None else load(_DEFAULT)
    problems = [problem for path in dict.fromkeys(paths) for problem in _of_path(shop, path)]
    if not paths:
        problems += problems_of(shop, _own(shop))
    if as_json:
        typer.echo(orjson.dumps([_plain(one, language) for one in problems]).decode())
    else:
        _tell(problems, language)
    return not any(problem.severity == "error" for problem in problems)


def demands_of(config: Config) -> Demands:
    """What the shop of these settings needs its scripts to be able to.

    With the sandbox, or no channel at all, every channel counts.

    Raises:
        CommandFailed: the catalogue cannot be used.

    """
    brand = config.settings.brand
    live = {} if config.sandbox else {name: one for name, one in CHANNELS.items() if name in config.live}
    channels = live or CHANNELS
    products = _products(config)
    return Demands(
        languages=("de", "en") if brand.language == "de" else ("en", "de"),
        voice=brand.voice,
        channels=channels,
        templates=any(channel.templates for channel in channels.values()),
        pacing=config.settings.journeys.pacing,
        products=products,
        understand=engine_of(config, products=products),
    )


def _products(config: Config) -> Mapping[str, Product]:
    catalogue = config.settings.dialogs.catalogue
    try:
        return load_catalogue(Path(catalogue) if catalogue else SAMPLE)
    except CatalogueError as error:
        raise CommandFailed(f"The catalogue cannot be used: {error}") from None
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{catalogue}: not a text in UTF-8 (byte {error.start}).") from None


def _answers(config: Config) -> tuple[Path | None, str]:
    """The file of the shop's written answers, and its text; None if there is none."""
    path = answers_in(config)
    return path, read_text(path) if path is not None else ""


def _own(config: Config) -> dict[str, str]:
    """The texts of the shop's own scripts."""
    try:
        return scripts_of(config)
    except UnicodeDecodeError as error:
        folder = config.settings.dialogs.folder
        raise CommandFailed(f"{folder}: a script is not a text in UTF-8 (byte {error.start}).") from None


def _of_path(config: Config, path: Path) -> Sequence[Problem]:
    if path.is_dir():
        return problems_of(config, {file.name: read_text(file) for file in sorted(path.glob("*.yml"))})
    text = read_text(path)
    if path.name == ANSWERS_FILE:
        return answers_problems(config, path.name, text, examine(_own(config)).book)
    found = problems_of(config, {**_own(config), path.name: text}, {path.name})
    return [problem for problem in found if problem.file == path.name]


def problems_of(
    config: Config, files: Mapping[str, str], about: Collection[str] | None = None
) -> Sequence[Problem]:
    """Everything that is wrong with the book of these files; only examples in files ``about`` are played."""
    demands = demands_of(config)
    examined = examine(files)
    asked = files.keys() if about is None else about
    forms = _misspelt(examined, [name for name in asked if name in files], files)
    path, written = _answers(config)
    # What could not be read is told; whether it plays is seen when it can be.
    answers = Answers(examine_answers("", written)[0])
    player = None if examined.problems else _player(house_of(config, files, answers), examined, asked)
    told = check_book(examined.book, examined.files.values(), demands, player)
    if path is not None and about is None:
        forms += answers_problems(config, path.name, written, examined.book)
    return _in_order([*examined.problems, *forms, *told])


def answers_problems(config: Config, name: str, text: str, book: Book) -> list[Problem]:
    """Everything that is wrong with a file of written answers, in a shop with this book."""
    entries, source, problems = examine_answers(name, text)
    return _in_order([*problems, *check_answers(entries, source, demands_of(config), book)])


def _in_order(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda one: (one.file, one.line, one.column))


def _misspelt(examined: Examined, names: Sequence[str], files: Mapping[str, str]) -> list[Problem]:
    """What is wrong with how the examples of these files are written."""
    homes = {source.file: flow for flow, source in examined.sources.items()}
    return [
        replace(problem, flow=homes[name])
        for name in names
        if name in homes
        for problem in read_conversations(name, files[name])[1]
    ]


def _player(house: House, examined: Examined, asked: Collection[str]) -> Play:
    """What plays an example. One that is not written as it should be is not played: that is told."""

    def played(book: Book, flow: Flow, example: Example) -> Sequence[Miss]:
        home = examined.sources[flow.id].file
        conversation, _ = of_example(example, home) if home in asked else (None, ())
        if conversation is None:
            return ()
        return _by_turn(play(conversation, replace(house, book=book)))

    return played


def _by_turn(mismatches: Sequence[Mismatch]) -> list[Miss]:
    """One for each line of the example, with all that was expected there."""
    turns: dict[int, list[Mismatch]] = {}
    for one in mismatches:
        turns.setdefault(one.turn, []).append(one)
    return [
        Miss(
            turn,
            ", ".join(one.expected["de"] for one in found),
            ", ".join(one.expected["en"] for one in found),
            " ".join(" / ".join(found[0].said).split())[:_SHOWN],
        )
        for turn, found in turns.items()
    ]


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
