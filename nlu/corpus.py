"""The training messages: Rasa's training-data format in, labelled examples out, one source for both engines.

A file holds blocks of one intent each. What holds for a whole block stands in its ``metadata``::

    version: "3.1"
    nlu:
    - intent: order_status
      metadata: {mood: negative, handoff: true, phenomena: [implicit]}
      examples: |
        - [Tag 6](date) und noch immer nichts

An example that is written as a mapping (``text`` and ``metadata``) overrides its block. The format is
Rasa's own: https://rasa.com/docs/rasa/training-data-format/. Blocks that only Rasa reads (synonyms, look-up
tables, regular expressions) are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

import yaml

from nlu.understanding import ENTITY_KINDS, EntityKind, Intent, MoodLabel

Phenomenon = Literal[
    "irony", "implicit", "negation", "trap_neg", "trap_pos", "resolved", "mixed", "short", "dialect", "typo",
    "emoji", "voice", "threat", "safety",
]  # fmt: skip
"""What makes a message hard to read; the evaluation reports each by itself."""

TRAINING: Final = Path(__file__).parent / "training"
"""The house's own messages, a folder for each language."""

LANGUAGES: Final = ("de", "en")
INTENTS: Final[tuple[Intent, ...]] = get_args(Intent)
MOODS: Final[tuple[MoodLabel, ...]] = get_args(MoodLabel)

_PHENOMENA: Final = frozenset(get_args(Phenomenon))
_ONLY_RASA: Final = frozenset({"synonym", "lookup", "regex"})
_MARK: Final = re.compile(r"\[(?P<surface>[^\[\]]+)\]\((?P<kind>[a-z_]+)\)")
_MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Marked:
    """An entity marked in an example: ``text[start:end]``."""

    kind: EntityKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled message. ``file`` and ``line`` (from 1) say where it was written."""

    text: str
    language: str
    intent: Intent
    mood: MoodLabel
    handoff: bool
    phenomena: frozenset[str] = frozenset()
    marked: tuple[Marked, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a training file, where, and how to mend it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class BadTraining(ValueError):
    """Training files that cannot be learnt from. ``faults`` are all that is wrong with them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        shown = "\n".join(map(str, self.faults[:_MOST_SHOWN]))
        more = len(self.faults) - _MOST_SHOWN
        super().__init__(shown + (f"\n… and {more} more" if more > 0 else ""))


@dataclass(slots=True)
class _Reading:
    """One file while it is read."""

    file: str
    language: str
    faults: list[Fault] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)

    def fault(self, node: yaml.Node, message: str) -> None:
        self.faults.append(Fault(self.file, node.start_mark.line + 1, message))


def training_files(*folders: Path) -> tuple[Path, ...]:
    """All training files below the given folders, in a steady order."""
    return tuple(
        path
        for folder in folders
        for language in LANGUAGES
        for path in sorted((folder / language).glob("*.yml"))
    )


def fingerprint(files: Iterable[Path], *more: bytes) -> str:
    """A name for exactly this content: it changes with every byte of ``files`` and of ``more``."""
    digest = blake2b(digest_size=12)
    for part in (*(path.read_bytes() for path in files), *more):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def load(files: Iterable[Path]) -> tuple[Example, ...]:
    """Read training files, whose folders are named by their language.

    Raises `BadTraining` with everything that is wrong in all of them, and OSError for one that cannot be
    read.
    """
    faults: list[Fault] = []
    examples: list[Example] = []
    for path in files:
        reading = parse(path.read_bytes(), file="/".join(path.parts[-2:]), language=path.parent.name)
        faults += reading.faults
        examples += reading.examples
    faults += _contradictions(examples)
    if faults:
        raise BadTraining(faults)
    return tuple(examples)


def parse(content: bytes, *, file: str, language: str) -> _Reading:
    """Read one file's content; what is wrong with it stands in the result's ``faults``. Never raises."""
    reading = _Reading(file, language)
    if language not in LANGUAGES:
        reading.faults.append(
            Fault(file, 1, f"The folder must be named by a language: {' or '.join(LANGUAGES)}.")
        )
        return reading
    try:
        root = yaml.compose(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "this is no text in UTF-8"
        reading.faults.append(Fault(file, mark.line + 1 if mark else 1, f"Not valid YAML: {said}."))
        return reading
    top = _mapping(root)
    blocks = top.get("nlu")
    if not isinstance(blocks, yaml.SequenceNode):
        reading.faults.append(Fault(file, 1, "Expected a list under `nlu:`; see nlu/training/README.md."))
        return reading
    for block in blocks.value:
        _block(reading, block)
    return reading


def _mapping(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _block(reading: _Reading, node: yaml.Node) -> None:
    block = _mapping(node)
    if _ONLY_RASA & block.keys():
        return
    named = block.get("intent")
    if not isinstance(named, yaml.ScalarNode):
        reading.fault(node, "A block needs `intent:`, `metadata:` and `examples:`.")
        return
    if named.value not in INTENTS:
        reading.fault(named, f"No such intent: {named.value!r}. There are: {', '.join(INTENTS)}.")
        return
    labels = _plain(block.get("metadata"))
    examples = block.get("examples")
    if isinstance(examples, yaml.ScalarNode):
        _lines(reading, examples, named.value, labels)
    elif isinstance(examples, yaml.SequenceNode):
        for one in examples.value:
            item = _mapping(one)
            text = item.get("text")
            if not isinstance(text, yaml.ScalarNode):
                reading.fault(one, "An example needs `text:`.")
                continue
            own = _plain(item.get("metadata"))
            _example(
                reading,
                one.start_mark.line + 1,
                text.value.strip().removeprefix("- "),
                named.value,
                labels | own,
            )
    else:
        reading.fault(node, "A block needs `examples: |` with a line `- …` for each message.")


def _lines(reading: _Reading, node: yaml.ScalarNode, intent: str, labels: dict[str, Any]) -> None:
    first = node.start_mark.line + (2 if node.style in {"|", ">"} else 1)
    for number, line in enumerate(node.value.splitlines(), first):
        if not line.strip():
            continue
        if not line.startswith("- "):
            reading.faults.append(
                Fault(reading.file, number, "Every message is one line that begins with `- `.")
            )
            continue
        _example(reading, number, line[2:].strip(), intent, labels)


def _example(reading: _Reading, line: int, marked_up: str, intent: str, labels: Mapping[str, Any]) -> None:
    wrong = list(_wrong_labels(labels))
    text, marked, unknown = _unmark(marked_up)
    wrong += [f"No such entity: {kind!r}. There are: {', '.join(ENTITY_KINDS)}." for kind in unknown]
    if not text:
        wrong.append("The message is empty.")
    reading.faults += [Fault(reading.file, line, message) for message in wrong]
    if not wrong:
        reading.examples.append(
            Example(
                text,
                reading.language,
                cast("Intent", intent),
                labels["mood"],
                labels["handoff"],
                frozenset(labels.get("phenomena", ())),
                marked,
                reading.file,
                line,
            )
        )


def _wrong_labels(labels: Mapping[str, Any]) -> Iterator[str]:
    if labels.get("mood") not in MOODS:
        yield f"`metadata` needs `mood:` with one of {', '.join(MOODS)}."
    if not isinstance(labels.get("handoff"), bool):
        yield "`metadata` needs `handoff:` with true or false: does a sensible shop want a human now?"
    phenomena = labels.get("phenomena", ())
    if not isinstance(phenomena, list | tuple) or not _PHENOMENA.issuperset(map(str, phenomena)):
        yield f"`phenomena` is a list of: {', '.join(sorted(_PHENOMENA))}."


def _unmark(marked_up: str) -> tuple[str, tuple[Marked, ...], list[str]]:
    """The text without its marks, the marked entities, and the names of kinds that do not exist."""
    parts: list[str] = []
    marked: list[Marked] = []
    unknown: list[str] = []
    length = end = 0
    for match in _MARK.finditer(marked_up):
        before, surface, kind = marked_up[end : match.start()], match["surface"], match["kind"]
        parts += (before, surface)
        length += len(before) + len(surface)
        if kind in ENTITY_KINDS:
            marked.append(Marked(cast("EntityKind", kind), length - len(surface), length))
        else:
            unknown.append(kind)
        end = match.end()
    parts.append(marked_up[end:])
    return "".join(parts), tuple(marked), unknown


def _plain(node: yaml.Node | None) -> dict[str, Any]:
    """What stands in a small mapping of scalars and lists of scalars."""
    return {key: _value(value) for key, value in _mapping(node).items()}


def _value(node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [item.value for item in node.value if isinstance(item, yaml.ScalarNode)]
    if isinstance(node, yaml.ScalarNode):
        return {"true": True, "false": False}.get(node.value, node.value)
    return None


def _contradictions(examples: Iterable[Example]) -> Iterator[Fault]:
    """One message with two meanings teaches nothing."""
    seen: dict[tuple[str, str], Example] = {}
    for example in examples:
        first = seen.setdefault((example.language, example.text.casefold()), example)
        if (first.intent, first.mood, first.handoff) != (example.intent, example.mood, example.handoff):
            yield Fault(
                example.file,
                example.line,
                f"The same message stands in {first.file}:{first.line} with other labels: decide for one.",
            )
