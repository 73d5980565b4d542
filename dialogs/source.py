"""A YAML file as data with places: whatever is wrong later can say line and column.

Owner input never raises. Besides what is not YAML, three things are refused here: a key that stands twice in
one mapping (YAML lets the last one win silently), a key that is no plain word, and files nested or
multiplied by references beyond anything a script needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import yaml

from dialogs.problems import Problem

Path: TypeAlias = Sequence[str | int]
"""Where something lies in the data: keys and positions from the outside in."""

_DEEPEST: Final = 40
_MOST_NODES: Final = 50_000


class Source:
    """One file. ``data`` is None if it cannot be read; then ``problems`` tells why."""

    def __init__(self, file: str, text: str) -> None:
        """Read the text."""
        self.file = file
        self.problems: list[Problem] = []
        self.data: object = None
        self._root: yaml.Node | None = None
        self._read(text)

    def problem(
        self,
        kind: str,
        at: Path = (),
        *,
        flow: str = "",
        step: str = "",
        details: Mapping[str, str] = MappingProxyType({}),
    ) -> Problem:
        """Return a problem of the part at ``at``, or of the nearest part around it that exists."""
        line, column = self._place(at)
        return Problem(self.file, line, column, kind, details, flow, step)

    def _read(self, text: str) -> None:
        try:
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
            if self._root is None:
                self.problems.append(self.problem("empty_file"))
                return
            self._walk(self._root)
            if not self.problems:
                self.data = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            detail = {"detail": error.problem or "?"}
            self.problems.append(Problem(self.file, line, column, "not_yaml", detail))
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # Dates that do not exist and numbers without end are ValueErrors of the loader.
            self.problems.append(Problem(self.file, 1, 1, "not_yaml", {"detail": str(error).splitlines()[0]}))
        except RecursionError:
            self.problems.append(Problem(self.file, 1, 1, "too_deep"))

    def _walk(self, root: yaml.Node) -> None:
        """Look at every node as often as it is referred to, as the data will hold it."""
        waiting = [(root, 0)]
        seen = 0
        while waiting:
            node, depth = waiting.pop()
            seen += 1
            if depth > _DEEPEST or seen > _MOST_NODES:
                self.problems.append(Problem(self.file, *_mark(node), "too_deep"))
                return
            if isinstance(node, yaml.MappingNode):
                self._keys(node)
                waiting += [(value, depth + 1) for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                waiting += [(value, depth + 1) for value in node.value]

    def _keys(self, node: yaml.MappingNode) -> None:
        met: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem(self.file, *_mark(key), "not_yaml", {"detail": "?"}))
            elif key.value in met:
                self.problems.append(Problem(self.file, *_mark(key), "key_twice", {"word": key.value}))
            else:
                met.add(key.value)

    def _place(self, at: Path) -> tuple[int, int]:
        node, place = self._root, (1, 1)
        for part in at:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == part), None)
                if found is None:
                    continue  # the tag of a union, which pydantic puts into the path
                place, node = _mark(found[0]), found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                place = _mark(node)
        return place


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
