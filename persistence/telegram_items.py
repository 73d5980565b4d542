"""Things of a thread in their topic: which are known, which are followed, and what is queued of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, literal, select, update
from sqlalchemy.engine import Row

from persistence.database import EPOCH
from persistence.inbox import insert_or_ignore
from persistence.tables import OutboxRow, table
from persistence.tables_media import MessageMediaRow
from persistence.tables_telegram import TelegramItemRow, TelegramPostRow, TelegramTopicRow

_outbox = table(OutboxRow)
_files = table(MessageMediaRow)
_topics = table(TelegramTopicRow)
_items = table(TelegramItemRow)
_posts = table(TelegramPostRow)

TELEGRAM: Final = "telegram:"
"""How the keys begin under which things are done that were written on Telegram: then chat and message."""
WATCHED_FOR: Final = timedelta(days=1)
"""So long the fate of what an agent wrote is followed, and files of messages are waited for."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something in a thread.

    ``message`` is set for what was written on Telegram: it stands there already. What is ``silent`` has no
    place of its own; ``touches`` tells that it changes how something earlier looks.
    """

    conversation_id: int
    key: str
    at: datetime
    inbox_id: int | None = None
    outbox_id: int | None = None
    message: int | None = None
    silent: bool = False
    touches: bool = False
    watched: bool = False

    @property
    def posted(self) -> bool:
        """Whether it has to be posted."""
        return not self.silent and self.message is None


def written(key: str | None) -> tuple[str, int] | None:
    """Return the chat and message on Telegram that a key names, if it names one."""
    _, found, rest = (key or "").partition(TELEGRAM)
    chat, _, number = rest.partition(":")
    number = number.partition(":")[0]
    return (chat, int(number)) if found and number.isdecimal() else None


def mark_of(status: str, delivery: str | None) -> str:
    """Return in one word how far a message of an agent's has come."""
    if status == "sent":
        return delivery or "sent"
    return "waiting" if status == "sending" else status


def note(connection: Connection, things: Sequence[Found], now: datetime) -> list[Found]:
    """Note things as known and return those that were not."""
    if not things:
        return []
    known = {
        (row.conversation_id, row.key)
        for row in connection.execute(
            select(_items.c.conversation_id, _items.c.key).where(
                _items.c.conversation_id.in_({one.conversation_id for one in things}),
                _items.c.key.in_([one.key for one in things]),
            )
        )
    }
    new = [one for one in things if (one.conversation_id, one.key) not in known]
    rows = [
        {
            "conversation_id": one.conversation_id,
            "key": one.key,
            "inbox_id": one.inbox_id,
            "outbox_id": one.outbox_id,
            "message": one.message,
            "watched": one.watched and not one.silent,
            "at": now,
        }
        for one in new
    ]
    if rows:
        connection.execute(insert_or_ignore(connection.dialect.name, _items), rows)
    return new


def queue(connection: Connection, topic: Row[Any], things: Sequence[Found], now: datetime) -> None:
    """Queue one post for all that is new in a topic."""
    post_id = connection.execute(
        _posts.insert()
        .values(chat=topic.chat, topic_id=topic.id, kind="items", due_at=now, created_at=now)
        .returning(_posts.c.id)
    ).scalar_one()
    connection.execute(
        update(_items)
        .where(
            _items.c.conversation_id == topic.conversation_id, _items.c.key.in_([one.key for one in things])
        )
        .values(post_id=post_id)
    )


def arrived(connection: Connection, topics: dict[int, Row[Any]], now: datetime) -> set[int]:
    """Queue the files of messages that have been fetched meanwhile; return whose they are."""
    waiting = connection.execute(
        select(_items.c.conversation_id, _items.c.key, _items.c.inbox_id, _items.c.at)
        .where(_items.c.watched, _items.c.inbox_id.is_not(None))
    ).all()  # fmt: skip
    if not waiting:
        return set()
    files: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(
        select(_files)
        .where(_files.c.inbox_id.in_([row.inbox_id for row in waiting]))
        .order_by(_files.c.inbox_id, _files.c.position)
    ):
        files[row.inbox_id].append(row)
    found: set[int] = set()
    for row in waiting:
        theirs = files[row.inbox_id]
        over = row.at + WATCHED_FOR <= now
        if not over and (not theirs or any(file.status == "waiting" for file in theirs)):
            continue
        _unwatch(connection, row.conversation_id, row.key)
        topic = topics.get(row.conversation_id)
        if topic is None:
            continue
        for file in theirs:
            if file.media_id is not None:
                _queue_file(connection, topic, row.inbox_id, file, now)
                found.add(row.conversation_id)
    return found


def _queue_file(
    connection: Connection, topic: Row[Any], inbox_id: int, file: Row[Any], now: datetime
) -> None:
    key = f"i{inbox_id}.{file.position}"
    thing = Found(topic.conversation_id, key, now)
    if not note(connection, [thing], now):
        return
    post_id = connection.execute(
        _posts.insert()
        .values(
            chat=topic.chat,
            topic_id=topic.id,
            kind="file",
            media_id=file.media_id,
            due_at=now,
            created_at=now,
        )
        .returning(_posts.c.id)
    ).scalar_one()
    connection.execute(
        update(_items)
        .where(_items.c.conversation_id == topic.conversation_id, _items.c.key == key)
        .values(post_id=post_id)
    )


def _unwatch(connection: Connection, conversation_id: int, key: str) -> None:
    connection.execute(
        update(_items)
        .where(_items.c.conversation_id == conversation_id, _items.c.key == key)
        .values(watched=False)
    )


def watch_again(connection: Connection, events: Sequence[Any]) -> None:
    """Follow what goes out once more after it had failed."""
    for row in events:
        again = orjson.loads(row.detail).get("outbox") if row.kind == "retried" else None
        if again is not None:
            connection.execute(
                update(_items)
                .where(_items.c.conversation_id == row.conversation_id, _items.c.key == f"o{again}")
                .values(watched=True)
            )


def settled(connection: Connection, now: datetime) -> set[int]:
    """Find agents' messages whose fate has changed since it was shown; return whose they are."""
    rows = connection.execute(
        select(
            _items.c.conversation_id, _items.c.key, _items.c.mark, _items.c.at,
            _outbox.c.status, _outbox.c.delivery,
        )
        .join(_outbox, _outbox.c.id == _items.c.outbox_id)
        .where(_items.c.watched)
    ).all()  # fmt: skip
    found: set[int] = set()
    for row in rows:
        if mark_of(row.status, row.delivery) != row.mark:
            found.add(row.conversation_id)
        elif row.at + WATCHED_FOR <= now:
            _unwatch(connection, row.conversation_id, row.key)
    return found


def turn_stale(connection: Connection, conversations: set[int], now: datetime) -> None:
    """Have what was posted in some topics compared with what is so now."""
    if conversations:
        connection.execute(
            update(_topics).where(_topics.c.conversation_id.in_(conversations)).values(stale=True)
        )
        turn_dirty(connection, conversations, now)


def turn_dirty(connection: Connection, conversations: set[int], now: datetime) -> None:
    """Have somebody look at topics: now, or as soon as whoever looks at the moment is done."""
    if not conversations:
        return
    connection.execute(update(_topics).where(_topics.c.conversation_id.in_(conversations)).values(dirty=True))
    connection.execute(
        update(_topics)
        .where(
            _topics.c.conversation_id.in_(conversations),
            func.coalesce(_topics.c.leased_until, literal(EPOCH, _topics.c.due_at.type)) <= now,
            func.coalesce(_topics.c.due_at, literal(now + timedelta(days=1), _topics.c.due_at.type)) > now,
        )
        .values(due_at=now)
    )
