"""Rows as the desk finds them, put into the tables by hand: each test says only what it is about."""

from datetime import datetime
from itertools import count
from typing import Any

import orjson

from dialogs.messages import Event, Outgoing
from persistence.database import microseconds
from persistence.store import Store
from persistence.tables import Conversation, HandoffRow, InboxRow, OutboxRow, table
from tests.persistence.world import at

_numbers = count(1)


async def put(store: Store, model: Any, **values: Any) -> Any:
    """Put a row into a table; its id, where it has one."""
    rows = table(model)
    statement = rows.insert().values(**values)
    if "id" in rows.c:
        statement = statement.returning(rows.c.id)
        return await store.database.write(lambda connection: connection.execute(statement).scalar_one())
    return await store.database.write(lambda connection: connection.execute(statement).rowcount)


async def thread(store: Store, **more: Any) -> int:
    """A conversation; its id."""
    number = next(_numbers)
    values = {
        "channel": "instagram", "account": "shop", "address": f"a{number}", "name": f"Anna {number}",
        "created_at": at(0), "heard_at": at(0), "status": "bot",
    }  # fmt: skip
    place: int = await put(store, Conversation, **(values | more))
    return place


async def came(store: Store, place: int, what: Event, seconds: float = 0, **more: Any) -> int:
    """Something came; its id in the inbox."""
    values = {
        "source": "instagram", "external_id": f"m{next(_numbers)}", "kind": what.kind, "lane": "message",
        "conversation_id": place, "at": at(seconds), "received_at": at(seconds), "due_at": at(seconds),
        "event": orjson.dumps(what).decode(), "status": "done",
    }  # fmt: skip
    row: int = await put(store, InboxRow, **(values | more))
    return row


async def said(store: Store, place: int, words: str | Outgoing, seconds: float = 0, **more: Any) -> int:
    """Something went out; its id in the outbox."""
    number = next(_numbers)
    outgoing = Outgoing("text", words) if isinstance(words, str) else words
    values = {
        "conversation_id": place, "turn": number, "seq": 0, "outgoing": orjson.dumps(outgoing).decode(),
        "status": "sent", "delivery": "read", "due_at": at(seconds), "created_at": at(seconds),
        "sent_at": at(seconds), "external_id": f"x{number}",
    }  # fmt: skip
    row: int = await put(store, OutboxRow, **(values | more))
    return row


async def case(store: Store, place: int, seconds: float = 0, *quotes: str, **more: Any) -> int:
    """A human was called; the case's id."""
    values = {
        "conversation_id": place, "reason": "complaint", "why": "mood", "at": at(seconds),
        "evidence": orjson.dumps(quotes).decode(),
    }  # fmt: skip
    row: int = await put(store, HandoffRow, **(values | more))
    return row


def us(moment: datetime) -> int:
    """A moment in microseconds."""
    return microseconds(moment)
