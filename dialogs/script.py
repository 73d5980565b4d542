"""Flows from YAML files, checked while loading: every problem at once, with file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from dialogs.flow import PHRASES, Book, Flow
from dialogs.problems import Problem
from dialogs.script_reading import Reader, version_of
from dialogs.script_wiring import Written, index, wiring, with_needs
from dialogs.source import Source
from dialogs.templates import TemplateText
from dialogs.words import Words

__all__ = [
    "SCRIPTS", "Examined", "ScriptError", "examine", "flow_texts", "load_book", "read_book", "read_flow",
    "texts_of", "version_of",
]  # fmt: skip

SCRIPTS: Final = Path(__file__).parent / "scripts"
"""The flows that come with the house."""

_PHRASES_FILE: Final = "phrases.yml"
_TEMPLATES_FILE: Final = "templates.yml"


class ScriptError(Exception):
    """Scripts cannot be used; ``problems`` says all that is wrong with them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: (one.file, one.line, one.column)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Examined:
    """What was found in the files of a book.

    As much of it as can be played, the file of each flow by the flow's id, every file by its name, and all
    that is wrong.
    """

    book: Book
    sources: dict[str, Source] = field(default_factory=dict)
    files: dict[str, Source] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@cache
def load_book(folder: Path = SCRIPTS) -> Book:
    """All flows of ``folder`` as one frozen book. Read once; a folder is not read again.

    Raises:
        ScriptError: with every problem of every file.

    """
    return read_book(texts_of(folder))


def texts_of(folder: Path) -> dict[str, str]:
    """The texts of a folder's script files by name."""
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yml"))}


def flow_texts(files: Mapping[str, str], book: Book) -> dict[str, tuple[str, str]]:
    """Each flow's version and text, for those of ``book`` that were read from ``files``."""
    by_version = {version_of(text): text for text in files.values()}
    return {
        flow.id: (flow.version, by_version[flow.version])
        for flow in book.flows.values()
        if flow.version in by_version
    }


def read_book(files: Mapping[str, str]) -> Book:
    """A book from the texts of its files.

    ``phrases.yml`` holds the house's own sentences, ``templates.yml`` those that WhatsApp approves.

    Raises:
        ScriptError: with every problem of every file.

    """
    examined = examine(files)
    if examined.problems:
        raise ScriptError(examined.problems)
    return examined.book


def read_flow(name: str, text: str) -> tuple[Flow | None, list[Problem]]:
    """One flow alone, and what is wrong with it; what only the whole book shows is not looked at."""
    problems: list[Problem] = []
    written = Reader(Source(name, text), problems).flow(text)
    if written is None or not written.whole:
        return None, problems
    return with_needs({written.flow.id: written.flow}, {})[written.flow.id], problems


def examine(files: Mapping[str, str]) -> Examined:
    """Everything that can be read of a book's files, and everything that is wrong. Never raises."""
    found = Examined(Book({}, {}))
    written: dict[str, Written] = {}
    phrases: dict[str, Words] = {}
    templates: dict[tuple[str, str], TemplateText] | None = {}
    unreadable: set[str] = set()
    for name, text in files.items():
        source = found.files[name] = Source(name, text)
        reader = Reader(source, found.problems)
        if name == _PHRASES_FILE:
            phrases = reader.phrases() or {}
        elif name == _TEMPLATES_FILE:
            templates = reader.templates()
        elif (flow := reader.flow(text)) is None:
            unreadable.add(_intended_id(source))
        elif (first := written.setdefault(flow.flow.id, flow)) is not flow:
            details = {"word": flow.flow.id, "home": first.home.file}
            found.problems.append(source.problem("flow_twice", ("id",), flow=flow.flow.id, details=details))
    names = None if templates is None else {name for name, _ in templates}
    found.problems += wiring(written, unreadable, names)
    whole = {name: one for name, one in written.items() if one.whole}
    found.sources = {name: one.home for name, one in whole.items()}
    found.book = _bind({name: one.flow for name, one in whole.items()}, phrases, templates or {})
    return found


def _bind(
    flows: Mapping[str, Flow], phrases: Mapping[str, Words], templates: Mapping[tuple[str, str], TemplateText]
) -> Book:
    complete = with_needs(flows, templates)
    on, keywords, proactive = index(complete)
    stopgaps = {name: Words({"de": "…"}) for name in PHRASES}
    return Book(complete, on, {**stopgaps, **phrases}, keywords, proactive, templates)


def _intended_id(source: Source) -> str:
    """Return the id of a flow that cannot be read, so that what leads to it is not blamed."""
    found = source.data.get("id") if isinstance(source.data, dict) else None
    return found if isinstance(found, str) else source.file.removesuffix(".yml")
