"""Sorting the mail: which conversation each new message belongs to, and when somebody must look at it.

The door only appends to the inbox. Who the person is and what is due is found out here, for all that has come
meanwhile at once, inside the transaction that claims the next turns. So the door never waits for a
conversation's lock, and what it has acknowledged is sorted before anything is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.sql.dml import Update
from sqlalchemy.types import TypeEngine

from dialogs.messages import BUYER_SPOKE, Contact
from persistence.batch import Batch
from persistence.contacts import conversations_of, keys
from persistence.database import EPOCH, Instant, fixed, is_conflict
from persistence.records import add_notice
from persistence.tables import Conversation, InboxRow, table

_inbox = table(InboxRow)
_conversations = table(Conversation)

MOST: Final = 1000
"""How much is sorted in one transaction, so that none holds up the door for long."""
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Burst:
    """People type in fragments. A text that follows another within ``since`` waits ``wait`` for the next one.

    The first text after a pause is answered at once; nothing ever waits longer than ``wait``.
    """

    since: timedelta = timedelta(seconds=4)
    wait: timedelta = timedelta(milliseconds=700)


def sort(connection: Connection, burst: Burst) -> int:
    """Lead up to `MOST` new messages to their conversations, in the order they came; return how many.

    Two processes that sort wait for each other, the oldest message first, so that no turn gets a message
    before one that was acknowledged earlier.
    """
    rows = _new(connection)
    if rows:
        _place(connection, rows, burst)
    return len(rows)


def sort_apart(connection: Connection, burst: Burst, now: datetime) -> int:
    """Sort one by one what cannot be sorted together; set aside and tell what cannot be sorted at all.

    Returns how many were set aside. Nobody else's message must wait behind one of them.
    """
    aside = 0
    for row in _new(connection):
        try:
            with connection.begin_nested():
                _place(connection, [row], burst)
        except Exception as error:  # whatever is wrong with it, it must not stop the mail
            if is_conflict(error):
                raise
            aside += 1
            connection.execute(update(_inbox).where(_inbox.c.id == row.id).values(status="aside"))
            told = {"inbox": str(row.id), "error": type(error).__name__}
            add_notice(connection, "message_set_aside", told, now)
    return aside


def _new(connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(
        select(
            _inbox.c.id,
            _inbox.c.kind,
            _inbox.c.contact,
            _inbox.c.standby,
            type_coerce(_inbox.c.at, BigInteger).label("at"),
            type_coerce(_inbox.c.received_at, BigInteger).label("received_at"),
        )
        .where(_inbox.c.status == fixed("new"))
        .order_by(_inbox.c.id)
        .limit(MOST)
        .with_for_update()
    ).all()


def contact_of(row: Row[Any]) -> Contact:
    """Return who sent an event that is not sorted yet."""
    values = orjson.loads(row.contact)
    return Contact(**(values | {"ids": tuple(values["ids"])}))


def _place(connection: Connection, rows: Sequence[Row[Any]], burst: Burst) -> None:
    contacts = [contact_of(row) for row in rows]
    newest = EPOCH + max(row.received_at for row in rows) * _MICROSECOND
    known = conversations_of(connection, contacts, newest, opens=True)
    places = [known[keys(contact)[0]] for contact in contacts]
    dialect = connection.dialect.name
    placed = [(row.id, place, row.standby) for row, place in zip(rows, places, strict=True)]
    _update(connection, _placing(dialect), placed)
    calls = _calls(rows, places, burst)
    _update(connection, _waking(dialect), [tuple(call.values()) for _, call in sorted(calls.items())])


def _update(connection: Connection, statement: Update, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run an update for rows that begin with the id they are about."""
    parameters = Batch.carry(rows)
    if connection.dialect.name == "postgresql":
        parameters["ids"] = [row[0] for row in rows]
    connection.execute(statement, parameters)


def _about(update: Update, dialect: str, its_id: ColumnElement[int], rows_id: ColumnElement[int]) -> Update:
    """Let an update meet the rows of a batch."""
    update = update.where(its_id == rows_id)
    if dialect == "postgresql":
        # The planner cannot see how few rows a batch holds; named ids keep it from reading the whole table.
        update = update.where(its_id.in_(bindparam("ids", expanding=True)))
    return update


def _calls(rows: Sequence[Row[Any]], places: Sequence[int], burst: Burst) -> dict[int, dict[str, Any]]:
    """Return, for each conversation, when the person spoke and when somebody must look, in microseconds."""
    calls: dict[int, dict[str, Any]] = {}
    since, wait = burst.since // _MICROSECOND, burst.wait // _MICROSECOND
    for row, place in zip(rows, places, strict=True):
        now = row.received_at
        call = calls.get(place)
        if call is None:
            call = calls[place] = {
                "conversation": place,
                "heard": None,
                "texted": None,
                "soon": None,
                "patient": None,
                "typing_since": now - since,
            }
        if row.kind in BUYER_SPOKE and (call["heard"] is None or call["heard"] < row.at):
            call["heard"] = row.at
        if row.standby:
            continue
        if call["soon"] is None:
            call["soon"], call["patient"] = now, now + wait
        if row.kind == "text":
            call["texted"] = now
        else:
            call["typing_since"] = now  # only texts wait for more texts
    return calls


@cache
def _placing(dialect: str) -> Update:
    """Return the statement that notes, for a batch of messages, the conversation of each."""
    kinds: dict[str, TypeEngine[Any]] = {
        "row": BigInteger(),
        "conversation": BigInteger(),
        "standby": Boolean(),
    }
    placed = Batch(dialect, kinds).columns
    return _about(update(_inbox), dialect, _inbox.c.id, placed["row"]).values(
        conversation_id=placed["conversation"],
        status=case((placed["standby"], fixed("kept")), else_=fixed("waiting")),
        contact=null(),
    )


@cache
def _waking(dialect: str) -> Update:
    """Return the statement that notes, for a batch of conversations, who spoke and when to look."""
    moments = dict.fromkeys(("heard", "texted", "soon", "patient", "typing_since"), Instant())
    call = Batch(dialect, {"conversation": BigInteger(), **moments}).columns
    now = _conversations.c
    is_typing = now.texted_at > call["typing_since"]
    soon, patient = call["soon"], call["patient"]
    return _about(update(_conversations), dialect, now.id, call["conversation"]).values(
        heard_at=case(
            (or_(now.heard_at.is_(None), now.heard_at < call["heard"]), call["heard"]), else_=now.heard_at
        ),
        texted_at=func.coalesce(call["texted"], now.texted_at),
        # Without `soon` (an event that is only kept) every comparison fails and the time stays as it is.
        due_at=case(
            (and_(now.due_at.is_(None), is_typing), patient),
            (and_(now.due_at > patient, is_typing), patient),
            (and_(now.due_at > soon, is_typing), now.due_at),
            (or_(now.due_at.is_(None), now.due_at > soon), soon),
            else_=now.due_at,
        ),
    )
