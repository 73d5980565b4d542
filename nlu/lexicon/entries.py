"""The files of phrases, read: what each line means, and the words by which it is found.

A section begins with ``= why weight`` and holds entries between commas; ``#`` begins a remark. An entry
is one word or several steps, each of them one of these::

    kaputt          that word; umlauts and ß may be written either way, before and in the text
    toll~           with an ending of its language (tolle, tollere; fail: fails, failed)
    enttäusch*      a beginning
    *frechheit      an end, as in German compounds
    (da|hier*)      any of these
    @unit           any word of the class that ``= @unit`` lists; ``@n`` is any number
    [schon]         may be missing
    ..  ...         up to three words of the same sentence; up to six words, across sentences too
    ^  $            the sentence begins here; it ends here
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
NEAR: Final = 3
FAR: Final = 6
NUMBER: Final = "@n"

_STEP: Final = re.compile(r"\[[^\]]+\]|\([^)]+\)|\S+")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": None, "'": None})
_FORGOTTEN: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_TURNED: Final = frozenset({"praise", "works", "solved"})
_LONG_ENOUGH: Final = 7  # "schon" is no misspelt "schön"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a phrase: what must stand there, after a gap of at most ``gap`` words."""

    element: int
    optional: bool
    gap: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """An entry of several steps, with the section that it stands in.

    ``last_needed`` is the element of its last step that may not be missing: where the text has none of it,
    nothing else need be tried.
    """

    steps: tuple[Step, ...]
    why: str
    weight: float
    begins: bool
    ends: bool
    last_needed: int
    fixed: bool
    """Negation around it or in its gaps means nothing: it holds a negation of its own, or is no praise."""


@dataclass(slots=True)
class Index:
    """Which elements a word may be, by its whole, its stem, its beginning or its end."""

    whole: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    stem: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    head: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    tail: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    lengths: tuple[int, ...] = ()
    """How long beginnings and ends are, the shortest first."""


@dataclass(slots=True)
class Lexicon:
    """A file's content: ``singles`` are entries of one word, ``starts`` phrases by their first element."""

    index: Index = field(default_factory=Index)
    singles: dict[int, tuple[str, float]] = field(default_factory=dict)
    starts: dict[int, list[Phrase]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, int] = field(default_factory=dict)
    elements: dict[str, int] = field(default_factory=dict)
    negators: set[str] = field(default_factory=set)
    wider: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """What a word of a class is besides: the steps that name the class among others."""

    def element(self, written: str) -> int:
        """The number of what is ``written`` in a step; new words enter the index."""
        if written in self.elements:
            return self.elements[written]
        if not written[0] == "(" and (
            "|" in written or (len(written) > 3 and not {"(", ")"}.isdisjoint(written))
        ):
            raise ValueError(f"{written!r}: alternatives stand in one pair of brackets, as in (da|hier*).")
        number = self.elements[written] = len(self.elements)
        if written.startswith("@"):
            self.classes[written] = number
        else:
            many = written.startswith("(") and written.endswith(")") and len(written) > 2
            for alternative in written[1:-1].split("|") if many else (written,):
                self._learn(alternative, number)
        return number

    def _learn(self, word: str, number: int) -> None:
        if word.startswith("@"):
            self.wider[self.element(word)].add(number)
            return
        where, bare = self.index.whole, word
        if word.endswith("~"):
            where, bare = self.index.stem, word[:-1]
        elif word.endswith("*"):
            where, bare = self.index.head, word[:-1]
        elif word.startswith("*"):
            where, bare = self.index.tail, word[1:]
        for spelling in spellings(bare):
            where[spelling].add(number)

    def member(self, name: str, word: str) -> None:
        """Make ``word`` one of the class ``name``."""
        self._learn(word, self.element(name))
        if name == "@negator":
            self.negators.add(word)


def spellings(word: str) -> Iterator[str]:
    """The folded spelling of a word, and the one of somebody who forgets the dots."""
    folded = word.casefold().translate(_UMLAUTS)
    yield folded
    if len(folded) >= _LONG_ENOUGH and (plain := word.casefold().translate(_FORGOTTEN)) != folded:
        yield plain


@lru_cache(maxsize=4)
def lexicon(language: str) -> Lexicon:
    """The entries of a language: German, and English for every other. Read once."""
    return parse((FOLDER / ("de.txt" if language == "de" else "en.txt")).read_text(encoding="utf-8"))


def parse(content: str) -> Lexicon:
    """Read a file's content. ValueError names the line that cannot be understood."""
    read = Lexicon()
    why, weight = "", 0.0
    for number, line in enumerate(content.splitlines(), 1):
        line = line.partition("#")[0].strip()  # noqa: PLW2901 - the line without its remark
        if line.startswith("="):
            why, *rest = line[1:].split() or [""]
            weight = float(rest[0]) if rest else 0.0
        elif line and not why:
            raise ValueError(f"Line {number}: an entry before the first section.")
        elif line:
            for entry in filter(None, map(str.strip, line.split(","))):
                _enter(read, entry, why, weight)
    read.index.lengths = tuple(sorted({len(part) for part in (*read.index.head, *read.index.tail)}))
    return read


def _enter(read: Lexicon, entry: str, why: str, weight: float) -> None:
    if why.startswith("@"):
        read.member(why, entry)
        return
    for written in _written_out(tuple(_STEP.findall(entry))):
        _phrase(read, written, why, weight)


def _written_out(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The phrase with every alternative of several words as a phrase of its own."""
    for place, part in enumerate(parts):
        if part.startswith("(") and " " in part:
            alternatives = part[1:-1].split("|")
            short = [one for one in alternatives if " " not in one]
            middles = [tuple(one.split()) for one in alternatives if " " in one]
            for middle in [("(" + "|".join(short) + ")",), *middles] if short else middles:
                yield from _written_out((*parts[:place], *middle, *parts[place + 1 :]))
            return
    yield parts


def _phrase(read: Lexicon, written: tuple[str, ...], why: str, weight: float) -> None:
    begins, ends = written[0] == "^", written[-1] == "$"
    steps: list[Step] = []
    gap = 0
    for part in written[begins : len(written) - ends]:
        if part in {"..", "..."}:
            gap = NEAR if part == ".." else FAR
            continue
        optional = part.startswith("[")
        steps.append(Step(read.element(part[1:-1] if optional else part), optional, gap))
        gap = 0
    if not steps or steps[0].optional:
        raise ValueError(f"{' '.join(written)!r} has no first step.")
    if len(steps) == 1 and not begins and not ends:
        read.singles[steps[0].element] = (why, weight)
    else:
        needed = [step.element for step in steps if not step.optional][-1]
        fixed = why not in _TURNED or any(
            read.negators.intersection(part.strip("()[]").split("|")) for part in written
        )
        read.starts[steps[0].element].append(Phrase(tuple(steps), why, weight, begins, ends, needed, fixed))
