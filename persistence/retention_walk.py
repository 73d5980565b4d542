"""How far forgetting has come in one table, and what comes next: pure, so that it can be proved.

A table is walked by id, once; ids follow the time. What is old and may not be forgotten yet, because its
conversation is in hand, holds up nobody: the walk goes on, and the conversation is *held*, which means that
it is looked at again from that row on until it is free.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Old:
    """A row on the way. One that is not ``ready`` may not be forgotten, however old it is."""

    id: int
    came: datetime
    conversation_id: int | None = None
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Walk:
    """All up to ``mark`` is decided. ``held`` tells of a conversation up to which id that is so there."""

    mark: int = 0
    held: Mapping[int, int] = field(default_factory=dict)


def go_on(
    walk: Walk, rows: Sequence[Old], before: datetime, busy: Collection[int]
) -> tuple[Walk, tuple[int, ...]]:
    """Decide about the next rows, in the order of their ids; return the walk after it, and what is forgotten.

    The first row that is not old ends it. Of ``busy`` conversations nothing is forgotten. A row that is not
    ready and belongs to nobody is passed by.
    """
    mark, held, forgotten = walk.mark, dict(walk.held), []
    for row in rows:
        if row.came >= before:
            break
        mark = row.id
        place = row.conversation_id
        if place is not None and (place in busy or place in held or not row.ready):
            held.setdefault(place, row.id - 1)
        elif row.ready:
            forgotten.append(row.id)
    return Walk(mark, held), tuple(forgotten)


def release(
    walk: Walk, place: int, rows: Sequence[Old], before: datetime, most: int
) -> tuple[Walk, tuple[int, ...]]:
    """Decide about up to ``most`` rows of a held conversation that is free now.

    ``rows`` are all of it after the id up to which it is decided, and up to the mark, in any order.
    """
    held, forgotten = dict(walk.held), []
    waiting = sorted(rows, key=lambda row: row.id)
    for row in waiting[:most]:
        if row.came >= before or not row.ready:
            break
        forgotten.append(row.id)
        held[place] = row.id
    if len(forgotten) == len(waiting):
        held.pop(place, None)
    return Walk(walk.mark, held), tuple(forgotten)
