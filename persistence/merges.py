"""That two buyers are one person: an agent says so, and can take it back to the last row.

What is moved is what says whose something is: conversations, orders, and what was said and offered to them.
Who a buyer was stays in their own row, so that undoing needs nothing but the list of what was moved. Orders
that come later for the merged one go to the kept one (`persistence.buyers`), and erasing either erases both
(`persistence.privacy`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Connection, Table, or_, select, update
from sqlalchemy.engine import Row

from persistence.database import Database
from persistence.desk_events import News, tell
from persistence.tables import BindingRow, Buyer, Conversation, OrderRow, table
from persistence.tables_desk import MergeRow
from persistence.tables_journeys import OfferRow, TouchpointRow

_buyers = table(Buyer)
_conversations = table(Conversation)
_bindings = table(BindingRow)
_merges = table(MergeRow)

_OWNED: Final[tuple[tuple[str, Table, str], ...]] = (
    ("conversations", _conversations, "buyer_id"),
    ("orders", table(OrderRow), "buyer_id"),
    ("touchpoints", table(TouchpointRow), "buyer_id"),
    ("offers", table(OfferRow), "buyer_id"),
    ("bindings", _bindings, "previous_buyer_id"),
)
"""What belongs to a buyer, and moves with them."""


@dataclass(frozen=True, slots=True)
class Merged:
    """It is so now. ``id`` names the merge, for whoever wants to undo it."""

    id: int


@dataclass(frozen=True, slots=True)
class NotMerged:
    """They are the same already, one of them is not there, or a later merge stands in the way of undoing."""

    why: Literal["same", "unknown", "undone", "later"]


class Merges:
    """Merges of buyers."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def candidates(
        self, conversation_id: int, words: str, most: int = 8
    ) -> tuple[tuple[int, str], ...]:
        """Return other buyers who may be the same person, as (id, name): alike in name, e-mail, phone, order.

        ``words`` is what the agent typed; without any, whoever shares the buyer's name, e-mail or phone.
        """
        return await self._database.read(candidates, conversation_id, words, most)

    async def merge(self, conversation_id: int, other: int, by: str, now: datetime) -> Merged | NotMerged:
        """Make the buyer ``other`` the same person as the conversation's, who gets all that was theirs.

        A conversation that belonged to nobody belongs to ``other`` from then on.
        """
        return await self._database.write(merge, conversation_id, other, by, now)

    async def undo(self, merge_id: int, conversation_id: int, by: str, now: datetime) -> Merged | NotMerged:
        """Take a merge of this conversation's buyer back: everything goes to whom it belonged.

        What came since stays where it is.
        """
        return await self._database.write(undo, merge_id, conversation_id, by, now)

    async def names(self, buyer_ids: Sequence[int]) -> dict[int, str]:
        """Return what buyers are called, as `candidates` calls them."""
        return await self._database.read(names, buyer_ids)


def candidates(
    connection: Connection, conversation_id: int, words: str, most: int
) -> tuple[tuple[int, str], ...]:
    """See `Merges.candidates`; in the caller's transaction."""
    here = _owner(connection, conversation_id)
    said = words.strip()
    if said:
        like = said.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        orders = table(OrderRow)
        ways: list[Any] = [
            _buyers.c.name.ilike(f"{like}%", escape="\\"),
            _buyers.c.name.ilike(f"% {like}%", escape="\\"),
            _buyers.c.email == said.lower(),
            _buyers.c.phone == said.replace(" ", ""),
            _buyers.c.id.in_(select(orders.c.buyer_id).where(orders.c.number == said.lstrip("#"))),
        ]
    else:
        if here is None:
            return ()
        mine = connection.execute(select(_buyers).where(_buyers.c.id == here)).one()
        ways = [
            column == value
            for column, value in (
                (_buyers.c.email, mine.email), (_buyers.c.phone, mine.phone), (_buyers.c.name, mine.name),
            )
            if value
        ]  # fmt: skip
        if not ways:
            return ()
    gone = select(_merges.c.merged_id).where(_merges.c.undone_at.is_(None))
    rows = connection.execute(
        select(_buyers.c.id, _buyers.c.name, _buyers.c.email)
        .where(or_(*ways), _buyers.c.id != (here or 0), _buyers.c.id.not_in(gone))
        .order_by(_buyers.c.name, _buyers.c.id)
        .limit(most)
    )
    return tuple((row.id, _called(row)) for row in rows)


def names(connection: Connection, buyer_ids: Sequence[int]) -> dict[int, str]:
    """See `Merges.names`; in the caller's transaction."""
    rows = connection.execute(
        select(_buyers.c.id, _buyers.c.name, _buyers.c.email).where(_buyers.c.id.in_(buyer_ids))
    )
    return {row.id: _called(row) for row in rows}


def _called(row: Row[Any, Any, Any]) -> str:
    return " · ".join(filter(None, (row.name, row.email))) or f"#{row.id}"


def merge(
    connection: Connection, conversation_id: int, other: int, by: str, now: datetime
) -> Merged | NotMerged:
    """See `Merges.merge`; in the caller's transaction."""
    here = connection.execute(
        select(_conversations.c.buyer_id)
        .where(_conversations.c.id == conversation_id, _conversations.c.status != "erased")
        .with_for_update()
    ).one_or_none()
    kept = other if here is None or here.buyer_id is None else here.buyer_id
    found = set(
        connection.execute(
            select(_buyers.c.id)
            .where(_buyers.c.id.in_({kept, other}))
            .order_by(_buyers.c.id)
            .with_for_update()
        ).scalars()
    )
    if here is None or not {kept, other} <= found or _is_merged(connection, other):
        return NotMerged("unknown")
    if here.buyer_id == other:
        return NotMerged("same")
    if here.buyer_id is None:  # nobody known: the conversation alone moves
        moved: dict[str, list[Any]] = {"conversations": [conversation_id]}
        _give(connection, "conversations", [conversation_id], other)
    else:
        moved = {name: _theirs(connection, name, other) for name, _, _ in _OWNED}
        for name, ids in moved.items():
            _give(connection, name, ids, kept)
    written = connection.execute(
        _merges.insert()
        .values(
            kept_id=kept,
            merged_id=other if kept != other else 0,
            moved=orjson.dumps(moved).decode(),
            by=by,
            at=now,
        )
        .returning(_merges.c.id)
    )
    merge_id = int(written.scalar_one())
    _count(connection, {kept, other})
    tell(connection, conversation_id, News("merged", by, "", {"merge": merge_id}), now)
    return Merged(merge_id)


def undo(
    connection: Connection, merge_id: int, conversation_id: int, by: str, now: datetime
) -> Merged | NotMerged:
    """See `Merges.undo`; in the caller's transaction."""
    row = connection.execute(select(_merges).where(_merges.c.id == merge_id).with_for_update()).one_or_none()
    if row is None or _owner(connection, conversation_id) not in {row.kept_id, row.merged_id}:
        return NotMerged("unknown")
    if row.undone_at is not None:
        return NotMerged("undone")
    later = connection.execute(
        select(_merges.c.id)
        .where(_merges.c.id > merge_id, _merges.c.merged_id == row.kept_id, _merges.c.undone_at.is_(None))
        .limit(1)
    ).one_or_none()
    if later is not None:
        return NotMerged("later")
    moved: dict[str, list[Any]] = orjson.loads(row.moved)
    for name, ids in moved.items():
        _give(connection, name, ids, row.merged_id or None, only_of=row.kept_id)
    connection.execute(update(_merges).where(_merges.c.id == merge_id).values(undone_at=now, undone_by=by))
    _count(connection, {row.kept_id, row.merged_id})
    tell(connection, conversation_id, News("unmerged", by, "", {"merge": merge_id}), now)
    return Merged(merge_id)


def _owner(connection: Connection, conversation_id: int) -> int | None:
    owner: int | None = connection.execute(
        select(_conversations.c.buyer_id).where(_conversations.c.id == conversation_id)
    ).scalar_one_or_none()
    return owner


def _is_merged(connection: Connection, buyer: int) -> bool:
    found = connection.execute(
        select(_merges.c.id).where(_merges.c.merged_id == buyer, _merges.c.undone_at.is_(None)).limit(1)
    )
    return found.one_or_none() is not None


def _theirs(connection: Connection, name: str, buyer: int) -> list[Any]:
    rows, column = _rows(name)
    found = connection.execute(select(rows.c.id).where(rows.c[column] == buyer).order_by(rows.c.id))
    return list(found.scalars())


def _give(
    connection: Connection, name: str, ids: Sequence[Any], to: int | None, *, only_of: int | None = None
) -> None:
    """Make rows somebody's; with ``only_of`` those that are nobody else's by now."""
    if not ids:
        return
    rows, column = _rows(name)
    wanted = update(rows).where(rows.c.id.in_(ids))
    if only_of is not None:
        wanted = wanted.where(rows.c[column] == only_of)
    connection.execute(wanted.values({column: to}))


def _rows(name: str) -> tuple[Table, str]:
    return next((rows, column) for one, rows, column in _OWNED if one == name)


def _count(connection: Connection, buyers: set[int]) -> None:
    """Let turns that relied on either's journey be made again: see `persistence.guard`."""
    connection.execute(update(_buyers).where(_buyers.c.id.in_(buyers)).values(journey=_buyers.c.journey + 1))
