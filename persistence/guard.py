"""What keeps two chats of one buyer from speaking at once: the version of the buyer's journey.

A conversation's own version keeps its turns apart. What is said unasked depends on all chats of the buyer: on
what was said there, on what was forbidden there, on whether a case is open there. So such a turn names the
version of the journey that it has seen, and everything that another turn must not miss moves the journey on:
something said unasked, a withdrawal, a case, a brake.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from persistence.consents import withdrawn
from persistence.records import Effects
from persistence.tables import Buyer, table

_buyers = table(Buyer)

_MOVE_ON: Final = (
    update(_buyers)
    .where(_buyers.c.id == bindparam("buyer"))
    .values(journey=_buyers.c.journey + bindparam("steps"))
)


def moves_on(effects: Effects) -> bool:
    """Tell whether other chats' turns must know of these effects before they say something unasked."""
    return (
        effects.journey is not None
        or effects.handoff is not None
        or any(one.on for one in effects.brakes)
        or bool(withdrawn(effects.consents))
    )


def concerned(effects: Effects, buyer: int | None) -> set[int]:
    """Return whose journeys a turn depends on or moves on, for a conversation that belongs to ``buyer``."""
    if not moves_on(effects):
        return set()
    relied = effects.journey
    return {one for one in (buyer, relied.buyer_id if relied is not None else None) if one is not None}


class Guard:
    """The journeys that a group of turns depends on, held until the transaction ends."""

    def __init__(self, connection: Connection, buyers: Iterable[int]) -> None:
        """Hold these buyers' journeys.

        It must be done before any conversation is locked: whoever locks both takes the buyer first, and
        several in the order of their ids, so that nobody waits in a circle.
        """
        self._connection = connection
        self._versions: dict[int, int] = {}
        self._steps: dict[int, int] = {}
        if held := sorted(set(buyers)):
            rows = connection.execute(
                select(_buyers.c.id, _buyers.c.journey)
                .where(_buyers.c.id.in_(held))
                .order_by(_buyers.c.id)
                .with_for_update(key_share=True)
            )
            self._versions = {row.id: row.journey for row in rows}

    def allows(self, effects: Effects, buyer: int | None) -> bool:
        """Tell whether a turn may count in a conversation that belongs to ``buyer``."""
        relied = effects.journey
        if relied is None:
            return True
        if relied.buyer_id != buyer:
            return False
        return buyer is None or self._versions.get(buyer) == relied.version

    def count(self, effects: Effects, buyer: int | None) -> None:
        """Note that a turn counts; later ones of the same group see it."""
        if buyer is not None and moves_on(effects):
            self._versions[buyer] = self._versions.get(buyer, 0) + 1
            self._steps[buyer] = self._steps.get(buyer, 0) + 1

    def write(self) -> None:
        """Move the journeys on."""
        if self._steps:
            steps = [{"buyer": buyer, "steps": steps} for buyer, steps in sorted(self._steps.items())]
            self._connection.execute(_MOVE_ON, steps)
