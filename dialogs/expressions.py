"""The small language inside braces and behind `if`: Jinja's sandbox over plain data, a closed set of words.

What may be named is `dialogs.names.NAMES`, and ``my.…`` and ``notes.…`` for what the buyer has told. There
are no calls, no loops and no multiplication, so every expression ends at once whatever an owner writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

Value: TypeAlias = str | int | float | bool
Fill: TypeAlias = Callable[[str], Value]
"""Gives the value of a name; total."""

GROUPS: Final = ("my", "notes")
"""Names with a dot that scripts make up: ``my.x`` was set in this chat, ``notes.x`` stays a preference."""


class _Environment(ImmutableSandboxedEnvironment):
    """Knows plain data only: behind a dot stands what was told, never a method of what it was told in."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What was told under this name."""
        return obj.get(attribute, "") if isinstance(obj, dict) else ""


_ENVIRONMENT: Final = _Environment(
    variable_start_string="{",
    variable_end_string="}",
    # Nobody writes these: what Jinja took for a comment or a block would be missing from the text in silence.
    block_start_string="\0%",
    block_end_string="%\0",
    comment_start_string="\0#",
    comment_end_string="#\0",
    autoescape=False,  # chat messages are plain text; pages escape what they show
    keep_trailing_newline=True,
    optimized=False,  # or a sum that overflows becomes the name `inf` while it is folded
)


def _default(value: Value, otherwise: Value = "") -> Value:
    """Jinja's own looks only for names that do not exist; here every name exists, and may be empty."""
    return otherwise if value in ("", None) else value


def _rounded(value: Value, digits: int = 0) -> Value:
    try:
        return round(float(value), digits) if digits else round(float(value))
    except (ValueError, OverflowError):
        return value


def _whole(value: Value, otherwise: Value = 0) -> Value:
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return otherwise


_FILTERS: Final[dict[str, Callable[..., Value]]] = {
    "default": _default,
    "lower": lambda value: str(value).lower(),
    "upper": lambda value: str(value).upper(),
    "capitalize": lambda value: str(value).capitalize(),
    "trim": lambda value: str(value).strip(),
    "round": _rounded,
    "int": _whole,
}
_ARGUMENTS: Final = {"default": 1, "round": 1, "int": 1}
_DIGITS: Final[tuple[list[object], ...]] = ([], [0], [1], [2], [3])
FILTERS: Final = tuple(_FILTERS)
"""Filters that may be used; each takes and gives plain data of bounded size, in bounded time."""
_TESTS: Final = ("defined", "undefined", "none", "number", "string")
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = dict(_FILTERS)

_ALLOWED: Final[tuple[type[nodes.Node], ...]] = (
    nodes.Name, nodes.Getattr, nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.CondExpr, nodes.Filter, nodes.Test, nodes.List, nodes.Tuple, nodes.Add, nodes.Sub, nodes.Neg,
    nodes.Output, nodes.TemplateData, nodes.Template,
)  # fmt: skip
_LONGEST: Final = 4000
_DEEPEST: Final = 200
_HIGHEST: Final = 10**15
_FAILURES: Final = (TypeError, ValueError, ArithmeticError, AttributeError, TemplateError)
"""How words that do not go together fail when they are put together."""


class ExpressionError(ValueError):
    """An expression cannot be used.

    ``kind`` is the problem's (`dialogs.problems`), ``word`` what it is about.
    """

    def __init__(self, kind: str, word: str = "") -> None:
        super().__init__(f"{kind}: {word}")
        self.kind = kind
        self.word = word


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition or a value, checked. ``names`` is all that it refers to."""

    source: str
    names: frozenset[str] = frozenset()

    def value(self, fill: Fill) -> Value:
        """What it comes to; an empty text if the words it names do not go together ("a" + 1)."""
        try:
            found = _expression(self.source)(**_context(self.names, fill))
        except _FAILURES:
            return ""
        return found if isinstance(found, str | int | float | bool) else ""

    def holds(self, fill: Fill) -> bool:
        """Whether it is true; an empty text and zero are not."""
        return bool(self.value(fill))


@dataclass(frozen=True, slots=True)
class Filling:
    """A text with placeholders that becomes a value, checked."""

    source: str
    names: frozenset[str] = frozenset()

    def text(self, fill: Fill) -> str:
        """The text filled in."""
        return fill_text(self.source, self.names, fill)


def parse_filling(source: str, known: Iterable[str]) -> Filling:
    """A checked text.

    Raises:
        ExpressionError: as `parse_text`.

    """
    return Filling(source, parse_text(source, known))


def parse_expression(source: str, known: Iterable[str]) -> Expression:
    """A checked expression.

    Raises:
        ExpressionError: not an expression, a name that is not ``known``, or something that is not allowed.

    """
    if len(source) > _LONGEST:
        raise ExpressionError("bad_expression", "…")
    try:
        tree = _ENVIRONMENT.parse(f"{{ {source.strip()} }}")
    except (TemplateSyntaxError, RecursionError, ValueError, OverflowError) as error:
        raise ExpressionError("bad_expression", str(error).splitlines()[0] if str(error) else "?") from error
    output = tree.body[0] if len(tree.body) == 1 else None
    if (
        not isinstance(output, nodes.Output)
        or len(output.nodes) != 1
        or isinstance(output.nodes[0], nodes.TemplateData)
    ):
        raise ExpressionError("bad_expression", source.strip()[:80])
    names = _names(tree, frozenset(known))
    _expression(source)
    return Expression(source, names)


def parse_text(source: str, known: Iterable[str]) -> frozenset[str]:
    """The names in a text with placeholders.

    Raises:
        ExpressionError: a brace that does not close, a name that is not ``known``, or something not allowed.

    """
    if "{" not in source:
        return frozenset()
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateSyntaxError, RecursionError, ValueError, OverflowError) as error:
        raise ExpressionError("open_brace", str(error).splitlines()[0] if str(error) else "?") from error
    return _names(tree, frozenset(known))


def fill_text(source: str, names: frozenset[str], fill: Fill) -> str:
    """The text with its placeholders filled in; ``names`` as `parse_text` gave them. Total."""
    if "{" not in source:
        return source
    try:
        return str(_text(source).render(_context(names, fill)))
    except _FAILURES:
        return ""


def _names(tree: nodes.Template, known: frozenset[str]) -> frozenset[str]:
    """All names used; refuses what is not on the list."""
    found: set[str] = set()
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if not isinstance(node, _ALLOWED) or depth > _DEEPEST:
            raise ExpressionError("not_allowed", type(node).__name__.lower())
        if isinstance(node, nodes.Filter):
            _check_filter(node)
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise ExpressionError("unknown_filter", node.name)
        if isinstance(node, nodes.Const) and not _plain(node.value):
            raise ExpressionError("not_allowed", repr(node.value)[:20])
        if isinstance(node, nodes.Getattr):
            found.add(_dotted(node, known))
            continue
        if isinstance(node, nodes.Name):
            if node.name not in known:
                raise ExpressionError("unknown_placeholder", node.name)
            found.add(node.name)
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
    return frozenset(found)


def _dotted(node: nodes.Getattr, known: frozenset[str]) -> str:
    """A name with a dot: something told, or one of the list; never an attribute of a value."""
    if not isinstance(node.node, nodes.Name):
        raise ExpressionError("unknown_placeholder", node.attr)
    group = node.node.name
    name = f"{group}.{node.attr}"
    if group in GROUPS or name in known:
        return name
    near = any(one.startswith(f"{group}.") for one in known)
    raise ExpressionError("unknown_placeholder", name if near else node.attr)


def _check_filter(node: nodes.Filter) -> None:
    """What a filter cannot work with would leave the whole text empty."""
    if node.name not in FILTERS:
        raise ExpressionError("unknown_filter", node.name)
    digits = [one.value if isinstance(one, nodes.Const) else None for one in node.args]
    if len(node.args) > _ARGUMENTS.get(node.name, 0) or (node.name == "round" and digits not in _DIGITS):
        raise ExpressionError("not_allowed", f"{node.name}(…)")


def _plain(value: object) -> bool:
    """Whether a constant is of ordinary size, and text that can be sent."""
    if isinstance(value, int | float):
        return abs(value) < _HIGHEST
    return not isinstance(value, str) or not any("\ud800" <= sign <= "\udfff" for sign in value)


def _context(names: frozenset[str], fill: Fill) -> Mapping[str, Any]:
    context: dict[str, Any] = {}
    for name in names:
        group, dot, key = name.partition(".")
        if dot:
            context.setdefault(group, {})[key] = fill(name)
        else:
            context[name] = fill(name)
    return context


@lru_cache(maxsize=16384)
def _text(source: str) -> Any:
    return _ENVIRONMENT.from_string(source)


@lru_cache(maxsize=4096)
def _expression(source: str) -> Any:
    try:
        return _ENVIRONMENT.compile_expression(source.strip(), undefined_to_none=False)
    except (TemplateSyntaxError, RecursionError, ValueError) as error:
        raise ExpressionError("bad_expression", source.strip()[:80]) from error
