"""Every text that comes with the house, each with its place: scripts, phrases, templates, shops.

They are read from the files as they stand, and not from a book, so that no text is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from dialogs.flow import Book
from dialogs.script import SCRIPTS, examine, texts_of
from dialogs.source import Source
from dialogs.words import VARIANTS, WRITTEN

ROOT: Final = Path(__file__).parents[2]
SHOPS: Final = ROOT / "dialogs" / "shops"
Place: TypeAlias = tuple[str | int, ...]

_NOT_SAID: Final = frozenset({"examples", "questions"})
"""What buyers write: nobody has to mend that."""

_BUTTONS: Final = frozenset(
    {"choices", "titles", "skip", "done", "stuck", "solved", "human", "yes", "no", "buttons", "confirm_yes"}
)


@dataclass(frozen=True, slots=True)
class Text:
    """One text in all the ways it is written, by the keys of `dialogs.words.WRITTEN`."""

    file: str
    line: int
    at: Place
    texts: Mapping[str, str]

    def told(self, key: str, what: str) -> str:
        """An offence, with its place."""
        at = "/".join(map(str, self.at))
        return f"{self.file}:{self.line} {at} [{key}] {what}: {self.texts.get(key, '')}"

    @property
    def button(self) -> bool:
        """Whether it is on a button, where the buyer speaks."""
        return not _BUTTONS.isdisjoint(map(str, self.at))

    @property
    def missing(self) -> list[str]:
        """In which of the three voices it cannot be said."""
        both = "de" in self.texts
        return [key for key in VARIANTS if key not in self.texts and not (both and key.startswith("de_"))]


@cache
def house_texts() -> tuple[Text, ...]:
    """All of them."""
    files = [*sorted(SCRIPTS.glob("*.yml")), *sorted(SHOPS.glob("*/*.yml"))]
    return tuple(text for file in files for text in _texts(file))


def _texts(file: Path) -> Iterator[Text]:
    source = Source(str(file.relative_to(ROOT)), file.read_text("utf-8"))
    assert not source.problems, "\n".join(map(str, source.problems))
    yield from _walk(source, source.data, ())


def _walk(source: Source, data: object, at: Place) -> Iterator[Text]:
    if isinstance(data, list):
        for number, one in enumerate(data):
            yield from _walk(source, one, (*at, number))
    elif isinstance(data, dict):
        if data and set(data) <= set(WRITTEN) and all(isinstance(one, str) for one in data.values()):
            yield Text(source.file, source.place(at)[0], at, data)
            return
        for name, one in data.items():
            if name not in _NOT_SAID:
                yield from _walk(source, one, (*at, name))


@cache
def house_book() -> Book:
    """The house's book, as far as it can be read: what is wrong in it is told by the tests of the checks."""
    return examine(texts_of(SCRIPTS)).book


def tell(offences: Iterator[str]) -> None:
    """Fail with every offence and its place."""
    found = list(offences)
    assert not found, f"{len(found)}:\n  " + "\n  ".join(found)
