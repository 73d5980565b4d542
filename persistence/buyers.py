"""Whom an order belongs to: one row per person, told apart by the shop's id or the e-mail address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, or_, select, update
from sqlalchemy.engine import Row

from dialogs.shop import Person
from persistence.database import EPOCH
from persistence.tables import Buyer, table
from persistence.tables_desk import MergeRow

_buyers = table(Buyer)
_merges = table(MergeRow)
_MICROSECOND: Final = timedelta(microseconds=1)


def buyer_of(connection: Connection, person: Person, known: int | None, at: datetime) -> int | None:
    """Return the buyer whom an order names at ``at``, a new one if need be; ``known`` is the order's so far.

    A person is found by the shop's id, else by e-mail; a phone number alone never identifies anybody. Of one
    whom an agent has merged into another, it is that other. Each field keeps what was said last about it, in
    whatever order the orders come.
    """
    if person == Person():
        return known
    said = _said(person)
    moment = (at - EPOCH) // _MICROSECOND
    found = _find(connection, person, known)
    if found is None:
        told = orjson.dumps(dict.fromkeys(said, moment)).decode()
        row = connection.execute(
            _buyers.insert().values(**said, told=told, created_at=at).returning(_buyers.c.id)
        )
        return int(row.scalar_one())
    times: dict[str, int] = orjson.loads(found.told)
    newer = {
        name: value
        for name, value in said.items()
        if (times.get(name, -1), str(getattr(found, name))) < (moment, str(value))
    }
    if newer:
        told = orjson.dumps(times | dict.fromkeys(newer, moment)).decode()
        connection.execute(update(_buyers).where(_buyers.c.id == found.id).values(**newer, told=told))
    return kept_of(connection, int(found.id))


def kept_of(connection: Connection, buyer_id: int) -> int:
    """Return who a buyer counts as: whom they were merged into, by way of others too, else themselves."""
    seen = {buyer_id}
    while True:
        into = connection.execute(
            select(_merges.c.kept_id).where(_merges.c.merged_id == buyer_id, _merges.c.undone_at.is_(None))
        ).scalar()
        if into is None or into in seen:
            return buyer_id
        seen.add(into)
        buyer_id = int(into)


def same_people(connection: Connection, buyer_ids: Iterable[int]) -> list[int]:
    """Return these buyers and everybody who counts as the same person as one of them."""
    known, fresh = set(buyer_ids), set(buyer_ids)
    while fresh:
        merges = connection.execute(
            select(_merges.c.kept_id, _merges.c.merged_id).where(
                or_(_merges.c.kept_id.in_(fresh), _merges.c.merged_id.in_(fresh)),
                _merges.c.undone_at.is_(None),
            )
        )
        fresh = {one for row in merges for one in (row.kept_id, row.merged_id) if one} - known
        known |= fresh
    return sorted(known)


def _said(person: Person) -> dict[str, Any]:
    said = {
        "external_id": person.external_id,
        "name": person.name,
        "email": person.email.lower() if person.email else None,
        "phone": person.phone,
        "language": person.language,
        "country": person.country,
        "birthday": person.birthday,
    }
    return {name: value for name, value in said.items() if value is not None}


def _find(connection: Connection, person: Person, known: int | None) -> Row[Any] | None:
    rows = select(_buyers).order_by(_buyers.c.id).limit(1).with_for_update()
    if person.external_id:
        found = connection.execute(rows.where(_buyers.c.external_id == person.external_id)).one_or_none()
        if found is not None:
            return found
        # From here on only somebody of whom the shop's id is not known yet: a guest who made an account.
        rows = rows.where(_buyers.c.external_id.is_(None))
    if person.email:
        found = connection.execute(rows.where(_buyers.c.email == person.email.lower())).one_or_none()
        if found is not None:
            return found
    return None if known is None else connection.execute(rows.where(_buyers.c.id == known)).one_or_none()
