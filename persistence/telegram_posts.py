"""Posts for the support groups: words, files and pieces of threads, from the queue to where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, select, update
from sqlalchemy.engine import Row

from persistence.database import fixed
from persistence.inbox import insert_or_ignore
from persistence.tables import table
from persistence.tables_telegram import TelegramItemRow, TelegramPostRow, TelegramTopicRow
from persistence.telegram_items import turn_dirty

_topics = table(TelegramTopicRow)
_items = table(TelegramItemRow)
_posts = table(TelegramPostRow)


@dataclass(frozen=True, slots=True)
class Post:
    """Something that waits to be posted, or was: see `TelegramPostRow`. ``keys`` are its items in order."""

    id: int
    chat: str
    topic_id: int | None
    kind: str
    text: str
    buttons: tuple[tuple[tuple[str, str], ...], ...]
    reply_to: int | None
    media_id: int | None
    attempts: int
    messages: tuple[int, ...]
    shown: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewPost:
    """Words to be posted. ``buttons`` are rows of (title, payload or address); ``@`` in a payload becomes the
    post's own number. The same ``key`` is posted once.
    """  # noqa: D205 - one sentence

    chat: str
    text: str
    topic_id: int | None = None
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    reply_to: int | None = None
    key: str | None = None


def post_of(row: Row[Any], keys: Sequence[str] = ()) -> Post:
    """Return the post of a row."""
    return Post(
        id=row.id,
        chat=row.chat,
        topic_id=row.topic_id,
        kind=row.kind,
        text=row.text,
        buttons=tuple(tuple((one[0], one[1]) for one in line) for line in orjson.loads(row.buttons)),
        reply_to=row.reply_to,
        media_id=row.media_id,
        attempts=row.attempts,
        messages=tuple(orjson.loads(row.messages)),
        shown=row.shown,
        keys=tuple(keys),
    )


def keys_of(connection: Connection, post_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the keys of the items of some posts."""
    keys: dict[int, list[str]] = {}
    if post_ids:
        rows = connection.execute(
            select(_items.c.post_id, _items.c.key).where(_items.c.post_id.in_(post_ids))
        )
        for row in rows:
            keys.setdefault(row.post_id, []).append(row.key)
    return keys


def posted(connection: Connection, posts: Sequence[Post], messages: Sequence[int], shown: str) -> None:
    """Write down that posts stand in the group as these messages; several became one."""
    first, *others = [post.id for post in posts]
    connection.execute(
        update(_posts)
        .where(_posts.c.id == first)
        .values(status="sent", messages=orjson.dumps(list(messages)).decode(), shown=shown)
    )
    if others:
        connection.execute(update(_posts).where(_posts.c.id.in_(others)).values(status="merged"))
        connection.execute(update(_items).where(_items.c.post_id.in_(others)).values(post_id=first))


def progress(connection: Connection, post: Post, messages: Sequence[int]) -> None:
    """Write down that the beginning of a post stands in the group."""
    value = orjson.dumps(list(messages)).decode()
    connection.execute(update(_posts).where(_posts.c.id == post.id).values(messages=value))


def drop(connection: Connection, posts: Sequence[Post], why: str, *, failed: bool) -> None:
    """Give posts up."""
    connection.execute(
        update(_posts)
        .where(_posts.c.id.in_([post.id for post in posts]))
        .values(status="failed" if failed else "dropped", text="", detail=why[:200])
    )


def postpone(connection: Connection, post: Post, due_at: datetime, *, counts: bool) -> None:
    """Try a post again then."""
    connection.execute(
        update(_posts)
        .where(_posts.c.id == post.id)
        .values(due_at=due_at, attempts=_posts.c.attempts + int(counts))
    )


def say(connection: Connection, post: NewPost, now: datetime) -> int | None:
    """Queue words; return their number, None if the key was used before."""
    row = {
        "chat": post.chat,
        "topic_id": post.topic_id,
        "kind": "words",
        "text": post.text,
        "buttons": orjson.dumps(post.buttons).decode(),
        "reply_to": post.reply_to,
        "key": post.key,
        "due_at": now,
        "created_at": now,
    }
    target = insert_or_ignore(connection.dialect.name, _posts).returning(_posts.c.id)
    found: int | None = connection.execute(target.values(**row)).scalar_one_or_none()
    if found is not None and any("@" in payload for line in post.buttons for _, payload in line):
        numbered = [
            [(title, payload.replace("@", str(found))) for title, payload in line] for line in post.buttons
        ]
        connection.execute(
            update(_posts).where(_posts.c.id == found).values(buttons=orjson.dumps(numbered).decode())
        )
    if found is not None and post.topic_id is not None:
        conversation = connection.execute(
            select(_topics.c.conversation_id).where(_topics.c.id == post.topic_id)
        ).scalar_one()
        turn_dirty(connection, {conversation}, now)
    return found


def loose(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Post]:
    """Lease posts that belong to no topic."""
    rows = connection.execute(
        select(_posts)
        .where(_posts.c.topic_id.is_(None), _posts.c.status == fixed("waiting"), _posts.c.due_at <= now)
        .order_by(_posts.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            update(_posts).where(_posts.c.id.in_([row.id for row in rows])).values(due_at=now + lease)
        )
    return [post_of(row) for row in rows]


def find(connection: Connection, post_id: int) -> Post | None:
    """Return a post."""
    row = connection.execute(select(_posts).where(_posts.c.id == post_id)).one_or_none()
    return None if row is None else post_of(row)


def under(connection: Connection, key: str) -> Post | None:
    """Return the post with this key."""
    row = connection.execute(select(_posts).where(_posts.c.key == key)).one_or_none()
    return None if row is None else post_of(row)
