"""Labels that agents put on conversations, and filters of the queue that they keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from persistence.database import Database
from persistence.desk_events import News, tell
from persistence.inbox import insert_or_ignore
from persistence.tables import Conversation, table
from persistence.tables_desk import ConversationLabelRow, LabelRow, SavedFilterRow

_labels = table(LabelRow)
_worn = table(ConversationLabelRow)
_filters = table(SavedFilterRow)
_conversations = table(Conversation)


@dataclass(frozen=True, slots=True)
class Label:
    """A label; ``colour`` is one of the design's names."""

    id: int
    name: str
    colour: str = "grey"


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter of the queue under a name; ``account`` is whose it is, None: everybody's."""

    id: int
    name: str
    query: str
    account: int | None = None


class Labels:
    """The labels, and which conversations carry them."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def all(self) -> tuple[Label, ...]:
        """Return every label, by name."""
        return await self._database.read(every_label)

    async def save(self, name: str, colour: str = "grey", *, label_id: int | None = None) -> int | None:
        """Make a label, or change the one with that id; return its id.

        None: another label has this name, or there is no label with that id.
        """
        return await self._database.write(_save, name.strip(), colour, label_id)

    async def delete(self, label_id: int) -> None:
        """Delete a label, and take it off every conversation."""
        await self._database.write(_delete, label_id)

    async def put(self, conversation_ids: Sequence[int], label_id: int, actor: str, now: datetime) -> int:
        """Put a label on conversations; return how many did not carry it."""
        return await self._database.write(_put, conversation_ids, label_id, actor, now)

    async def take(self, conversation_ids: Sequence[int], label_id: int, actor: str, now: datetime) -> int:
        """Take a label off conversations; return how many carried it."""
        return await self._database.write(_take, conversation_ids, label_id, actor, now)

    async def of(self, conversation_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Return the labels of each of these conversations; those without any are left out."""
        return await self._database.read(_of, conversation_ids)


class Filters:
    """The filters that agents keep."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def of(self, account_id: int) -> tuple[SavedFilter, ...]:
        """Return everybody's filters and an account's own, by name."""
        return await self._database.read(_filters_of, account_id)

    async def save(self, name: str, query: str, account_id: int | None) -> int:
        """Keep a filter; one of the same name and account is replaced. Return its id."""
        return await self._database.write(_save_filter, name.strip(), query, account_id)

    async def delete(self, filter_id: int, account_id: int, *, owner: bool = False) -> bool:
        """Delete an account's own filter, or by an ``owner`` everybody's; False: there was none."""
        return await self._database.write(_delete_filter, filter_id, account_id, owner)


def every_label(connection: Connection) -> tuple[Label, ...]:
    """Return every label, by name; in the caller's transaction."""
    rows = connection.execute(select(_labels).order_by(_labels.c.name, _labels.c.id))
    return tuple(Label(row.id, row.name, row.colour) for row in rows)


def _save(connection: Connection, name: str, colour: str, label_id: int | None) -> int | None:
    labels = connection.execute(select(_labels).order_by(_labels.c.id).with_for_update()).all()
    if any(row.name == name and row.id != label_id for row in labels):
        return None
    if label_id is None:
        made = connection.execute(_labels.insert().values(name=name, colour=colour).returning(_labels.c.id))
        return int(made.scalar_one())
    changed = connection.execute(
        update(_labels).where(_labels.c.id == label_id).values(name=name, colour=colour)
    )
    return label_id if changed.rowcount else None


def _delete(connection: Connection, label_id: int) -> None:
    connection.execute(delete(_worn).where(_worn.c.label_id == label_id))
    connection.execute(delete(_labels).where(_labels.c.id == label_id))


def _put(
    connection: Connection, conversation_ids: Sequence[int], label_id: int, actor: str, now: datetime
) -> int:
    name = connection.execute(select(_labels.c.name).where(_labels.c.id == label_id)).scalar_one_or_none()
    if name is None:
        return 0
    # Locked, so that an erasure at this very moment comes before or after, and finds what there is to erase.
    there = connection.execute(
        select(_conversations.c.id)
        .where(_conversations.c.id.in_(conversation_ids), _conversations.c.status != "erased")
        .order_by(_conversations.c.id)
        .with_for_update()
    ).scalars()
    put = 0
    for place in there.all():
        row = {"conversation_id": place, "label_id": label_id}
        if connection.execute(insert_or_ignore(connection.dialect.name, _worn), [row]).rowcount:
            tell(connection, place, News("labelled", actor, "", {"label": label_id, "name": name}), now)
            put += 1
    return put


def _take(
    connection: Connection, conversation_ids: Sequence[int], label_id: int, actor: str, now: datetime
) -> int:
    name = connection.execute(select(_labels.c.name).where(_labels.c.id == label_id)).scalar_one_or_none()
    taken = connection.execute(
        delete(_worn)
        .where(_worn.c.conversation_id.in_(conversation_ids), _worn.c.label_id == label_id)
        .returning(_worn.c.conversation_id)
    )
    places = sorted(taken.scalars())
    for place in places:
        tell(connection, place, News("unlabelled", actor, "", {"label": label_id, "name": name}), now)
    return len(places)


def _of(connection: Connection, conversation_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    rows = connection.execute(
        select(_worn)
        .where(_worn.c.conversation_id.in_(conversation_ids))
        .order_by(_worn.c.conversation_id, _worn.c.label_id)
    )
    found: dict[int, tuple[int, ...]] = {}
    for row in rows:
        found[row.conversation_id] = (*found.get(row.conversation_id, ()), row.label_id)
    return found


def _filters_of(connection: Connection, account_id: int) -> tuple[SavedFilter, ...]:
    rows = connection.execute(
        select(_filters)
        .where(or_(_filters.c.account_id.is_(None), _filters.c.account_id == account_id))
        .order_by(_filters.c.name, _filters.c.id)
    )
    return tuple(SavedFilter(row.id, row.name, row.query, row.account_id) for row in rows)


def _save_filter(connection: Connection, name: str, query: str, account_id: int | None) -> int:
    same = connection.execute(
        select(_filters.c.id).where(_filters.c.name == name, _whose(account_id)).limit(1)
    ).scalar_one_or_none()
    if same is not None:
        connection.execute(update(_filters).where(_filters.c.id == same).values(query=query))
        return int(same)
    made = connection.execute(
        _filters.insert().values(name=name, query=query, account_id=account_id).returning(_filters.c.id)
    )
    return int(made.scalar_one())


def _whose(account_id: int | None) -> ColumnElement[Any]:
    return _filters.c.account_id.is_(None) if account_id is None else _filters.c.account_id == account_id


def _delete_filter(connection: Connection, filter_id: int, account_id: int, owner: bool) -> bool:  # noqa: FBT001 - `Database.write` hands arguments on as they come
    theirs = _filters.c.account_id == account_id
    if owner:
        theirs = or_(theirs, _filters.c.account_id.is_(None))
    return bool(connection.execute(delete(_filters).where(_filters.c.id == filter_id, theirs)).rowcount)
