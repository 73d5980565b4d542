"""A YAML text with the place of every part in it, and what is wrong with the text itself.

Words are read as people mean them: ``yes``, ``no`` and ``on`` are words, ``18:00`` is a time of day and
``12-06`` a date. Only ``true``, ``false``, ``null`` and plain numbers are more than text (the core schema of
YAML 1.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import yaml

from dialogs.problems import Problem

Path: TypeAlias = tuple[str | int, ...]

_NOTHING: Final = "tag:yaml.org,2002:null"
_DEEPEST: Final = 40
_MOST_NODES: Final = 50_000
_TEXT: Final = "tag:yaml.org,2002:str"
_MAPPING: Final = "tag:yaml.org,2002:map"
_LIST: Final = "tag:yaml.org,2002:seq"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # which one is known only here
    """Safe, with YAML 1.2's idea of what is not text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["n", "~", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,14})", "-+0123456789"),  # 0815 is a name
    ("float", r"[-+]?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}", "-+0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_form})$"), list(_first))

RESOLVERS: Final[Mapping[str, list[tuple[str, re.Pattern[str]]]]] = _Loader.yaml_implicit_resolvers
"""What is not text, by how it begins."""


class Source:
    """One file. ``data`` is None if it cannot be read; then ``problems`` tells why."""

    def __init__(self, file: str, text: str) -> None:
        """Read the text."""
        self.file = file
        self.problems: list[Problem] = []
        self.data: Any = None
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
        line, column = self.place(at)
        return Problem(self.file, line, column, kind, details, flow, step)

    def place(self, at: Path) -> tuple[int, int]:
        """Line and column of the part at ``at``, or of the nearest part around it; both count from 1."""
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

    def _read(self, text: str) -> None:
        loader = None
        try:
            loader = _Loader(text)
            self._root = loader.get_single_node()
            if self._root is None or self._root.tag == _NOTHING:  # a lone `null` says as little
                self.problems.append(self.problem("empty_file"))
                return
            self._walk(loader, self._root)
            if not self.problems:
                self.data = loader.construct_document(self._root)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            detail = {"detail": error.problem or "?"}
            self.problems.append(Problem(self.file, line, column, "not_yaml", detail))
        except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
            self.problems.append(
                Problem(self.file, 1, 1, "not_yaml", {"detail": (str(error) or "?").splitlines()[0]})
            )
        except RecursionError:
            self.problems.append(Problem(self.file, 1, 1, "too_deep"))
        finally:
            if loader is not None:
                loader.dispose()

    def _walk(self, loader: yaml.SafeLoader, root: yaml.Node) -> None:
        """Look at every node as often as it is referred to, as the data will hold it."""
        waiting = [(root, 0)]
        seen = 0
        while waiting:
            node, depth = waiting.pop()
            seen += 1
            if depth > _DEEPEST or seen > _MOST_NODES:
                self.problems.append(Problem(self.file, *_mark(node), "too_deep"))
                return
            if _is_foreign(loader, node):
                self.problems.append(Problem(self.file, *_mark(node), "not_yaml", {"detail": node.tag}))
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


def _is_foreign(loader: yaml.SafeLoader, node: yaml.Node) -> bool:
    """Whether a tag makes something of a node that is no plain data: a date, a set, an object."""
    if isinstance(node, yaml.ScalarNode):
        plain = loader.resolve(yaml.ScalarNode, node.value, (True, False))  # type: ignore[no-untyped-call]  # PyYAML's stubs say nothing of it
        return node.tag not in {_TEXT, plain}
    return node.tag not in {_MAPPING, _LIST}


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
