"""How well the entities of the training messages are found: precision, recall and F1 for each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeAlias

from nlu.corpus import Example, Marked
from nlu.understanding import Entity, EntityKind

Reader: TypeAlias = Callable[[Example], Iterable[Entity]]
Score: TypeAlias = tuple[float, float, float, int]

MARKED: tuple[EntityKind, ...] = (
    "order_number", "tracking_number", "email", "postcode", "phone", "date", "amount", "size", "rating",
)  # fmt: skip
"""The kinds that are marked in the training messages."""


def score(examples: Iterable[Example], read: Reader) -> dict[str, Score]:
    """Precision, recall, F1 and the number of marks, for each marked kind and for ``all``.

    What is read counts as right when it overlaps a mark of its kind that nothing before it has used up;
    how far a mark reaches is a matter of taste ("am 3. März" or "3. März").
    """
    right: Counter[str] = Counter()
    read_as: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for example in examples:
        left = list(example.marked)
        marked.update(one.kind for one in left)
        for entity in read(example):
            if entity.kind not in MARKED:
                continue
            read_as[entity.kind] += 1
            if (hit := next((one for one in left if _same(one, entity)), None)) is not None:
                right[entity.kind] += 1
                left.remove(hit)
    result: dict[str, Score] = {kind: _score(right[kind], read_as[kind], marked[kind]) for kind in MARKED}
    result["all"] = _score(right.total(), read_as.total(), marked.total())
    return result


def _same(mark: Marked, entity: Entity) -> bool:
    return mark.kind == entity.kind and mark.start < entity.end and entity.start < mark.end


def _score(right: int, read: int, marked: int) -> Score:
    precision = right / read if read else 1.0
    recall = right / marked if marked else 1.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0, marked
