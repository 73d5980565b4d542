"""The documentation names everything that there is, and what it shows can be used as it stands."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from pydantic import BaseModel, TypeAdapter
from typer.main import get_command
from typer.testing import CliRunner

from bot.commands import app
from bot.config import Environment
from bot.settings import Settings
from dialogs.check import Demands
from dialogs.check_pieces import pieces
from dialogs.check_texts import complaints
from dialogs.check_written import check_answers
from dialogs.expressions import FILTERS
from dialogs.facts import Facts
from dialogs.flow import (
    PHRASES,
    RESERVED,
    TRIGGER_KINDS,
    Book,
    Closed,
    Expects,
    Milestone,
    Occasion,
    Purpose,
)
from dialogs.names import NAMES, value_of
from dialogs.records import FATES
from dialogs.scene import Scene
from dialogs.script import examine, read_flow
from dialogs.script_models import FlowModel, PaceModel, TemplateButtonModel, TemplateModel, TriggerModel
from dialogs.script_step_models import KINDS
from dialogs.script_step_parts import CaseModel, ChoiceModel, LinkModel, MediaModel, SilenceModel
from dialogs.shop import Cause, Complement, Product, SetupItem
from dialogs.simulation.conversation import read_conversations
from dialogs.simulation.format import MODELS, Setting
from dialogs.source import Source
from dialogs.state import State
from dialogs.words import WRITTEN, Language, Tone
from dialogs.written_reading import AnswerModel, examine_answers
from nlu.understanding import Intent

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
GUIDES: dict[Language, Path] = {
    "de": DOCS / "skripte-schreiben.md",
    "en": DOCS / "writing-scripts.md",
}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^()\s]+)\)")

PARTS_OF_A_FLOW: tuple[type[BaseModel], ...] = (
    FlowModel, TriggerModel, PaceModel, *KINDS.values(), ChoiceModel, SilenceModel, CaseModel, LinkModel,
    MediaModel, TemplateModel, TemplateButtonModel,
)  # fmt: skip
PARTS_OF_A_CONVERSATION: tuple[type[BaseModel], ...] = tuple(
    model for kind, model in MODELS.items() if kind != "republish"
)
PARTS_OF_THE_CATALOGUE = (Product, SetupItem, Complement, Cause)

guide = pytest.mark.parametrize("language", GUIDES)


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return FENCE.sub("", text_of(page))


def blocks(page: Path, kind: str) -> list[tuple[int, str]]:
    """Each block of code of this kind, with the line in which it begins."""
    text = text_of(page)
    return [
        (text.count("\n", 0, found.start()) + 1, found[2])
        for found in FENCE.finditer(text)
        if found[1] == kind
    ]


def code(page: Path) -> set[str]:
    """Every word that is set as code."""
    spans = [*SPAN.findall(prose(page)), *(found[2] for found in FENCE.finditer(text_of(page)))]
    return {word for span in spans for word in re.findall(r"\w+", span)}


def explained(page: Path) -> set[str]:
    """What stands as code in the first column of a table."""
    cells = re.findall(r"^\|(.*?)(?<!\\)\|", prose(page), re.MULTILINE)
    return {span for cell in cells for span in SPAN.findall(cell)}


def headings(page: Path) -> list[tuple[int, str]]:
    return [(len(found[1]), found[2]) for found in HEADING.finditer(prose(page))]


def anchor(heading: str) -> str:
    """What the page is called by from outside, as code hosts make it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def keys(*models: type[BaseModel]) -> set[str]:
    """The keys of files, as they are written there."""
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


# -- the two guides to scripts


@guide
def test_the_guide_has_a_section_for_each_kind_of_step_and_of_trigger(language: Language) -> None:
    sections = {heading for level, heading in headings(GUIDES[language]) if level == 3}
    assert sorted({*KINDS, *TRIGGER_KINDS} - sections) == []


CLOSED_SETS: dict[str, set[str]] = {
    "fields of a flow": keys(FlowModel),
    "answers": set(get_args(Expects)),
    "milestones": set(get_args(Milestone)),
    "occasions": set(get_args(Occasion)),
    "intents": set(get_args(Intent)),
    "purposes": set(get_args(Purpose)),
    "texts": set(WRITTEN),
    "what `set` takes by its name": set(RESERVED),
    "phrases": set(PHRASES),
    "fields of a template": keys(TemplateModel),
    "fields of a product": {field.name for field in fields(Product)},
    "fields of an answer": keys(AnswerModel),
    "lines of a conversation": {f"{kind}:" for kind in MODELS},
    "settings of a conversation": keys(Setting) - {"channels"},
}


@guide
@pytest.mark.parametrize("of", CLOSED_SETS)
def test_the_guide_explains_each_word_in_a_table(language: Language, of: str) -> None:
    assert sorted(CLOSED_SETS[of] - explained(GUIDES[language])) == []


@guide
def test_the_guide_names_every_key_and_value(language: Language) -> None:
    wanted = keys(*PARTS_OF_A_FLOW, *PARTS_OF_A_CONVERSATION) | set(FILTERS) | set(get_args(Closed))
    wanted |= {field.name for part in PARTS_OF_THE_CATALOGUE for field in fields(part)}
    assert sorted(wanted - code(GUIDES[language])) == []


WORDS_OF_TABLES: dict[Language, dict[str, str]] = {
    "de": {
        "text": "Text", "number": "Zahl", "flag": "ja/nein", "True": "ja", "False": "nein", "": "leer",
        "entry": "Code", "orders": "Bestellung", "products": "Katalog", "journey": "Person",
    },
    "en": {
        "text": "text", "number": "number", "flag": "yes/no", "True": "yes", "False": "no", "": "empty",
        "entry": "code", "orders": "order", "products": "catalogue", "journey": "buyer",
    },
}  # fmt: skip


def rows_of_names(language: Language) -> list[str]:
    """The rows of the table of placeholders as they must be."""
    words = WORDS_OF_TABLES[language]
    nothing = Scene(Facts(), State(), Tone(language), None)

    def shown(value: object) -> str:
        return words.get(str(value)) or f"`{value}`"

    rows = []
    for name, known in NAMES.items():
        needs = [words[need] for need in ("entry", "orders", "products", "journey") if need in known.needs]
        meaning = known.de if language == "de" else known.en
        cells = (
            f"`{name}`", words[known.kind], meaning, shown(known.sample), shown(value_of(nothing, name)),
            ", ".join(needs) or "–",
        )  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    return rows


@guide
def test_the_table_of_placeholders_is_complete_and_right(language: Language) -> None:
    lines = text_of(GUIDES[language]).splitlines()
    wanted = rows_of_names(language)
    start = lines.index(wanted[0])
    assert lines[start : start + len(wanted)] == wanted
    assert not lines[start + len(wanted)].startswith("|"), "a placeholder that does not exist any more"


@guide
def test_the_guide_tells_why_the_brake_holds(language: Language) -> None:
    assert sorted(brakes() - explained(GUIDES[language])) == []


def test_both_guides_have_the_same_sections_and_blocks() -> None:
    outlines = [[level for level, _ in headings(page)] for page in GUIDES.values()]
    assert outlines[0] == outlines[1]
    kinds = [[found[1] for found in FENCE.finditer(text_of(page))] for page in GUIDES.values()]
    assert kinds[0] == kinds[1]


# -- what they show


def shown_yaml() -> list[Any]:
    return [
        pytest.param(page, line, text, id=f"{page.name}:{line}")
        for page in PAGES
        for line, text in blocks(page, "yaml")
    ]


def problems_of(  # noqa: C901 - one case for each kind of file
    text: str,
) -> Iterator[str]:
    """What is wrong with a piece of YAML, whichever file it is a piece of."""
    source = Source("shown.yml", text)
    assert not source.problems, source.problems[0].told()
    match source.data:
        case {"id": _, "steps": _}:
            yield from problems_of_flow(text)
        case {"steps": _}:
            yield from problems_of_flow(f"id: shown\n{text}")
        case {"starts": _}:
            yield from problems_of_flow(f"id: shown\n{text}\nsteps: [{{id: over, end: true}}]")
        case [{"sku": _}, *_]:
            TypeAdapter(tuple[Product, ...]).validate_python(source.data)
        case [{"body": _}, *_]:
            yield from problems_of_file("templates.yml", text)
        case [{"id": _, "questions": _}, *_]:
            yield from problems_of_answers(text)
        case [{"id": _}, *_]:
            yield from problems_of_flow(f"id: shown\nsteps:\n{textwrap.indent(text, '  ')}")
        case {"turns": _}:
            yield from (problem.told() for problem in read_conversations("shown.yml", text)[1])
        case dict() if source.data.keys() <= PHRASES:
            yield from problems_of_file("phrases.yml", text)
        case dict() if source.data.keys() <= Settings.model_fields.keys():
            Settings.model_validate(source.data)
        case _:
            yield "nothing that an owner writes"


def problems_of_answers(text: str) -> list[str]:
    """What is wrong with written answers."""
    entries, source, found = examine_answers("answers.yml", text)
    return [one.told() for one in (*found, *check_answers(entries, source, Demands(), Book({}, {})))]


def problems_of_flow(text: str) -> list[str]:
    """What is wrong with a flow by itself: what cannot be read, and words that owners should not copy."""
    flow, problems = read_flow("shown.yml", text)
    assert problems or flow is not None
    steps = flow.steps.values() if flow is not None else ()
    return [problem.told() for problem in problems] + [
        f"{step.id}: {kind} {details}"
        for step in steps
        for piece in pieces(step)
        for kind, _, details in complaints(Demands(), piece)
    ]


def problems_of_file(name: str, text: str) -> list[str]:
    """What is wrong with one of the house's own files; that it is a part of one does not matter."""
    found = examine({name: text}).problems
    return [problem.told() for problem in found if problem.file == name and problem.kind != "phrase_missing"]


@pytest.mark.parametrize(("page", "line", "text"), shown_yaml())
def test_what_a_page_shows_can_be_used(page: Path, line: int, text: str) -> None:
    assert list(problems_of(text)) == []


@guide
def test_what_a_guide_shows_as_a_whole_passes_the_checks_and_plays(
    language: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # without settings of its own the house is as it comes
    whole = [text for _, text in blocks(GUIDES[language], "yaml") if "turns:" in text]
    assert len(whole) >= 2
    for number, text in enumerate(whole):
        file = tmp_path / f"shown_{number}.yml"
        file.write_text(text, "utf-8")
        if "steps:" in text:
            assert command("check", "--json", "--lang", "en", str(file)) == []
        played = command("simulate", "--json", "--lang", "en", str(file))
        assert played
        assert [one for one in played if not one["ok"]] == []


def command(*words: str) -> list[dict[str, Any]]:
    """What a command prints as JSON."""
    found: list[dict[str, Any]] = orjson.loads(CliRunner().invoke(app, words).stdout)
    return found


# -- journeys: fates, reasons, brakes


def constants(node: ast.expr) -> set[str]:
    """The words that an expression may come to, as far as they stand there."""
    match node:
        case ast.Constant(value=str(word)):
            return {word}
        case ast.IfExp():
            return constants(node.body) | constants(node.orelse)
        case _:
            return set()


def reasons() -> set[str]:
    """Every word that stands behind a fate in the code, in a call or a row: why it was so."""
    found: set[str] = set()
    for folder in ("dialogs", "persistence"):
        for path in sorted((ROOT / folder).glob("*.py")):
            for node in ast.walk(ast.parse(text_of(path))):
                row: list[ast.expr] = []
                if isinstance(node, ast.Call):
                    row = node.args
                elif isinstance(node, ast.Tuple) and not all(
                    isinstance(one, ast.Constant) for one in node.elts
                ):
                    row = node.elts  # words alone are the names of statuses and the like
                for fate, reason in pairwise(row):
                    if constants(fate) & set(FATES):
                        found |= constants(reason)
    return found - set(FATES) - {""}


def brakes() -> set[str]:
    """Every reason for which the brake is pulled."""
    found: set[str] = set()
    for path in sorted((ROOT / "dialogs").glob("*.py")):
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "pull":
                found |= constants(node.args[-1])
    return found


def test_journeys_explains_every_fate_and_reason() -> None:
    known = explained(DOCS / "journeys.md")
    assert {"quiet_hours", "cap", "consent", "opt_out", "control", "window"} <= reasons()
    assert {"handoff", "mood", "refund", "delay"} <= brakes()
    assert sorted({*FATES, *reasons(), *brakes()} - known) == []


# -- settings, variables, commands, links


def paths(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every setting, as it is written with dots."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from paths(inner, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def test_operations_explains_every_setting() -> None:
    assert sorted(set(paths(Settings)) - explained(DOCS / "operations.md")) == []


def test_operations_explains_every_variable() -> None:
    variables = {name.upper() for name in Environment.model_fields}
    assert sorted(variables - explained(DOCS / "operations.md")) == []


def test_every_command_is_told_of() -> None:
    told = "\n".join(map(text_of, PAGES))
    commands: dict[str, object] = getattr(get_command(app), "commands", {})
    assert "serve" in commands
    assert [name for name in commands if not re.search(rf"python -m bot {name}\b", told)] == []


def links() -> list[Any]:
    return [
        pytest.param(page, target, id=f"{page.name}:{target}")
        for page in PAGES
        for target in sorted(set(LINK.findall(prose(page))))
        if not re.match(r"[a-z]+:", target)
    ]


@pytest.mark.parametrize(("page", "target"), links())
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    file, _, place = target.partition("#")
    there = (page.parent / file).resolve() if file else page
    assert there.exists()
    assert there.is_relative_to(ROOT)
    if place:
        assert place in {anchor(heading) for _, heading in headings(there)}
