"""What a name in a text or a condition is: its kind, what it needs, how it is found, how it is explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from dialogs.expressions import Value
from dialogs.facts import Need
from dialogs.scene import Scene

NameKind: TypeAlias = Literal["text", "flag", "number"]

NOTHING: Final[frozenset[Need]] = frozenset()
ORDERS: Final[frozenset[Need]] = frozenset({"orders"})
PRODUCTS: Final[frozenset[Need]] = frozenset({"orders", "products"})
ENTRY: Final[frozenset[Need]] = frozenset({"entry"})
JOURNEY: Final[frozenset[Need]] = frozenset({"orders", "products", "journey"})


@dataclass(frozen=True, slots=True)
class Name:
    """One name: its kind, the facts it needs, how it is found, a sample, its meaning, its fallback."""

    kind: NameKind
    needs: frozenset[Need]
    value: Callable[[Scene], Value]
    sample: Value
    de: str
    en: str
    fallback: Value = ""


def score_of(scene: Scene) -> int:
    """The rating of the order in focus, 0 for none."""
    return scene.state.ratings.get(scene.order.id, 0) if scene.order is not None else 0
