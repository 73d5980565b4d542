"""`simulate`: plays conversations on a virtual clock and tells where they go otherwise than written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import typer

from bot.commands_files import CommandFailed, read_text
from bot.config import Config
from bot.simulated import house_of, scripts_of
from dialogs.flow import Flow
from dialogs.problems import Problem
from dialogs.records import Taken
from dialogs.script import SCRIPTS, texts_of, version_of
from dialogs.simulation.conversation import read_conversations
from dialogs.simulation.coverage import Covered, covered, total
from dialogs.simulation.house import House
from dialogs.simulation.play import Mismatch, played
from dialogs.words import Language

_HOUSE_FILES: Final = ("phrases.yml", "templates.yml")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one conversation, or of a file that cannot be read (then there are problems of it).

    ``taken`` is what was played of the scripts of ``house``, ``flow`` the version of the flow that the file
    holds, if it is one.
    """

    file: str
    about: str
    house: House
    mismatches: tuple[Mismatch, ...] = ()
    problems: tuple[Problem, ...] = ()
    taken: frozenset[Taken] = frozenset()
    flow: str = ""

    @property
    def ok(self) -> bool:
        """Whether all went as written."""
        return not self.mismatches and not self.problems


def simulate(
    config: Config,
    paths: Sequence[Path],
    language: Language,
    *,
    as_json: bool = False,
    examples: bool = False,
    coverage: bool = False,
) -> bool:
    """Play conversation files and the examples of flows; print how it went, return whether all went well.

    A folder is searched for files. A flow's file is played among the shop's scripts, where it takes the place
    of the one with its name. A folder that holds a whole book is played as one. ``examples`` adds the
    examples of the shop's own scripts, ``coverage`` what all of it has left out of the scripts: of every
    flow, or of those alone that were named as files if nothing else was.

    Raises:
        CommandFailed: a path is not there, a file is no text, the scripts cannot be used, nothing to play.

    """
    reports = [report for path in paths for report in _of_path(config, path)]
    if examples:
        folder = config.settings.dialogs.folder
        reports += _of_path(config, Path(folder) if folder else SCRIPTS)
    if not reports:
        raise CommandFailed("There is no conversation in it: a file needs `turns`, or a flow `examples`.")
    named = not examples and all(path.is_file() for path in paths)
    found = _covered(reports, named=named) if coverage else ()
    if as_json:
        plain = [_plain(one, language) for one in reports]
        told = {"conversations": plain, "coverage": _plain_coverage(found)} if coverage else plain
        typer.echo(orjson.dumps(told).decode())
    else:
        _tell(reports, language)
        if coverage:
            _tell_coverage(found, language)
    return all(report.ok for report in reports)


def _of_path(config: Config, path: Path) -> Iterator[Report]:
    if path.is_dir():
        if any((path / name).exists() for name in _HOUSE_FILES):
            yield from _of_files(house_of(config, texts_of(path)), sorted(path.glob("*.yml")))
            return
        files = sorted(path.rglob("*.yml"))
    else:
        files = [path]
    texts = scripts_of(config)
    plain = house_of(config, texts)
    for file in files:
        text = read_text(file)
        # A flow that is not published yet is played in its place among those that are.
        changed = "\nsteps:" in text and texts.get(file.name) != text
        house = house_of(config, {**texts, file.name: text}) if changed else plain
        yield from _of_text(house, file, text)


def _of_files(house: House, files: Sequence[Path]) -> Iterator[Report]:
    for file in files:
        yield from _of_text(house, file, read_text(file))


def _of_text(house: House, file: Path, text: str) -> Iterator[Report]:
    name = str(file)
    flow = version_of(text) if "\nsteps:" in text else ""
    conversations, problems = read_conversations(name, text)
    if problems:
        yield Report(name, "", house, problems=problems, flow=flow)
    for conversation in conversations:
        wrong, taken = played(conversation, house)
        yield Report(name, conversation.about, house, wrong, taken=taken, flow=flow)


def _covered(reports: Sequence[Report], *, named: bool) -> tuple[Covered, ...]:
    """What was taken of the scripts that were played; of ``named`` flows only, where nothing else was."""
    flows: dict[str, Flow] = {
        flow.version: flow for report in reports for flow in report.house.book.flows.values()
    }
    if named and all(report.flow for report in reports):
        flows = {report.flow: flows[report.flow] for report in reports if report.flow in flows}
    return covered(flows.values(), {one for report in reports for one in report.taken})


def _plain_coverage(found: Sequence[Covered]) -> dict[str, object]:
    return {
        "percent": total(found).percent,
        "flows": [
            {
                "flow": one.flow,
                "steps": {"taken": one.steps.taken, "all": one.steps.all},
                "choices": {"taken": one.choices.taken, "all": one.choices.all},
                "never": list(one.never),
            }
            for one in found
        ],
    }


def _tell_coverage(found: Sequence[Covered], language: Language) -> None:
    german = language == "de"
    steps, choices, never = ("Schritte", "Wege", "nie") if german else ("steps", "choices", "never")
    wide = max((len(one.flow) for one in found), default=0)
    typer.echo()
    for one in found:
        typer.secho("ok  " if not one.never else "–   ", fg="yellow" if one.never else "green", nl=False)
        typer.echo(f"{one.flow:<{wide}}  {steps} {one.steps!s:>7}  {choices} {one.choices!s:>7}")
        for name in one.never:
            typer.echo(f"    {never}: {name}")
    count = total(found)
    percent = str(count.percent).replace(".", ",") if german else str(count.percent)
    typer.echo(f"{'Gespielt' if german else 'Played'}: {count} = {percent} %")


def _plain(report: Report, language: Language) -> dict[str, object]:
    found: list[dict[str, object]] = [
        {
            "line": one.line,
            "turn": 0,
            "expected": f"{one.message(language)} {one.hint(language)}".strip(),
            "said": [],
        }
        for one in report.problems
    ]
    found += [
        {"line": one.line, "turn": one.turn, "expected": one.expected[language], "said": list(one.said)}
        for one in report.mismatches
    ]
    return {"file": report.file, "about": report.about, "ok": report.ok, "problems": found}


def _tell(reports: Sequence[Report], language: Language) -> None:
    for report in reports:
        typer.secho("ok  " if report.ok else "✗   ", fg="green" if report.ok else "red", nl=False)
        typer.echo(f"{report.file}{f' – {report.about}' if report.about else ''}")
        for problem in report.problems:
            typer.echo(f"    {problem.told(language)}")
        for mismatch in report.mismatches:
            typer.echo(f"    {mismatch.told(language)}")
    good = sum(report.ok for report in reports)
    if language == "de":
        typer.echo(f"{good} von {len(reports)} gehen wie geschrieben.")
    else:
        typer.echo(f"{good} of {len(reports)} go as written.")
