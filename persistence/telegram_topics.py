"""Topics in the support groups: leased by whoever looks after one, with what has to be done there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, case, delete, literal, select, update
from sqlalchemy.engine import Row

from persistence.database import Instant, fixed
from persistence.tables import Conversation, OutboxRow, table
from persistence.tables_telegram import TelegramItemRow, TelegramPostRow, TelegramTopicRow
from persistence.telegram_items import mark_of, turn_dirty
from persistence.telegram_posts import Post, keys_of, post_of

_topics = table(TelegramTopicRow)
_items = table(TelegramItemRow)
_posts = table(TelegramPostRow)
_outbox = table(OutboxRow)
_conversations = table(Conversation)

RECENT: Final = 20
"""So many of a topic's newest posts are kept as the thread is: edited, taken back, delivered."""
FINAL: Final = frozenset({"read", "failed", "cancelled", "expired"})
"""Marks after which nothing more is to be expected of an agent's message."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A leased topic: see `TelegramTopicRow`. ``erased`` tells that the buyer's data is gone."""

    id: int
    conversation_id: int
    chat: str
    thread: int | None
    name: str
    active: bool
    closed: bool
    card: int | None
    shown: str
    menu: str
    stale: bool
    attempts: int
    began_at: datetime
    leased_until: datetime
    erased: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """A message of an agent's whose fate is followed.

    ``message`` is its number on Telegram, if it was written there. ``shown`` is the mark that it bears there.
    """

    key: str
    outbox_id: int
    message: int | None
    post_id: int | None
    shown: str
    mark: str
    status: str
    delivery: str | None
    code: str | None
    detail: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Pending:
    """What has to be done in a topic now."""

    posts: tuple[Post, ...]
    recent: tuple[Post, ...]
    watched: tuple[Watched, ...]
    past: tuple[str, ...]
    """The things that were there when the topic began: the card tells of the last of them."""


def _topic(row: Row[Any]) -> Topic:
    return Topic(
        id=row.id,
        conversation_id=row.conversation_id,
        chat=row.chat,
        thread=row.thread,
        name=row.name,
        active=row.active,
        closed=row.closed,
        card=row.card,
        shown=row.shown,
        menu=row.menu,
        stale=row.stale,
        attempts=row.attempts,
        began_at=row.began_at,
        leased_until=row.leased_until or row.began_at,
        erased=row.its_status == "erased",
    )


def _with_status() -> Any:
    return select(_topics, _conversations.c.status.label("its_status")).join(
        _conversations, _conversations.c.id == _topics.c.conversation_id
    )


def claim(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Topic]:
    """Lease topics that have something to do, the longest waiting first."""
    rows = connection.execute(
        _with_status()
        .where(_topics.c.due_at <= now)
        .order_by(_topics.c.due_at, _topics.c.id)
        .limit(most)
        .with_for_update(of=_topics, skip_locked=True)
    ).all()
    if not rows:
        return []
    until = now + lease
    ids = [row.id for row in rows]
    connection.execute(
        update(_topics).where(_topics.c.id.in_(ids)).values(due_at=until, leased_until=until, dirty=False)
    )
    claimed = connection.execute(_with_status().where(_topics.c.id.in_(ids)).order_by(_topics.c.id))
    return [_topic(row) for row in claimed]


def release(
    connection: Connection, topic: Topic, now: datetime, again_at: datetime | None, *, failed: bool
) -> None:
    """End a lease: see `TelegramDesk.release`."""
    dirty_due = case((_topics.c.dirty, literal(now, Instant())), else_=literal(again_at, Instant()))
    connection.execute(
        update(_topics)
        .where(_topics.c.id == topic.id, _topics.c.leased_until == topic.leased_until)
        # What failed is not tried again sooner because something else happened: the group may be away.
        .values(
            due_at=again_at if failed else dirty_due,
            leased_until=None,
            attempts=_topics.c.attempts + 1 if failed else 0,
        )
    )


def note(connection: Connection, topic: Topic, values: dict[str, Any]) -> None:
    """Write down what a topic is like now."""
    connection.execute(update(_topics).where(_topics.c.id == topic.id).values(**values))


def forget(connection: Connection, topic: Topic) -> None:
    """Forget a topic with all that was posted there."""
    connection.execute(delete(_posts).where(_posts.c.topic_id == topic.id))
    connection.execute(delete(_items).where(_items.c.conversation_id == topic.conversation_id))
    connection.execute(delete(_topics).where(_topics.c.id == topic.id))


def pending(connection: Connection, topic: Topic) -> Pending:
    """Return what has to be done in a topic."""
    waiting = connection.execute(
        select(_posts)
        .where(_posts.c.topic_id == topic.id, _posts.c.status == fixed("waiting"))
        .order_by(_posts.c.id)
    ).all()
    recent: Sequence[Row[Any]] = ()
    if topic.stale:
        newest = (
            select(_posts)
            .where(_posts.c.topic_id == topic.id, _posts.c.kind != "words", _posts.c.status == "sent")
            .order_by(_posts.c.id.desc())
            .limit(RECENT)
        )
        recent = connection.execute(newest).all()
    keys = keys_of(connection, [row.id for row in (*waiting, *recent)])
    watched = connection.execute(
        select(
            _items.c.key, _items.c.outbox_id, _items.c.message, _items.c.post_id, _items.c.mark,
            _outbox.c.status, _outbox.c.delivery, _outbox.c.code, _outbox.c.detail, _outbox.c.attempts,
        )
        .join(_outbox, _outbox.c.id == _items.c.outbox_id)
        .where(_items.c.conversation_id == topic.conversation_id, _items.c.watched)
        .order_by(_items.c.outbox_id)
    )  # fmt: skip
    past = connection.execute(
        select(_items.c.key).where(
            _items.c.conversation_id == topic.conversation_id,
            _items.c.post_id.is_(None),
            _items.c.message.is_(None),
            _items.c.at == topic.began_at,
        )
    )
    return Pending(
        posts=tuple(post_of(row, keys.get(row.id, ())) for row in waiting),
        recent=tuple(post_of(row, keys.get(row.id, ())) for row in recent),
        watched=tuple(
            Watched(
                key=row.key,
                outbox_id=row.outbox_id,
                message=row.message,
                post_id=row.post_id,
                shown=row.mark,
                mark=mark_of(row.status, row.delivery),
                status=row.status,
                delivery=row.delivery,
                code=row.code,
                detail=row.detail,
                attempts=row.attempts,
            )
            for row in watched
        ),
        past=tuple(past.scalars()),
    )


def show_mark(connection: Connection, conversation_id: int, key: str, mark: str) -> None:
    """Write down which mark an agent's message bears."""
    connection.execute(
        update(_items)
        .where(_items.c.conversation_id == conversation_id, _items.c.key == key)
        .values(mark=mark, watched=mark not in FINAL)
    )


def topic_at(connection: Connection, chat: str, thread: int) -> Topic | None:
    """Return the topic with this number in a group."""
    row = connection.execute(
        _with_status().where(_topics.c.chat == chat, _topics.c.thread == thread)
    ).one_or_none()
    return None if row is None else _topic(row)


def topic_of(connection: Connection, conversation_id: int) -> Topic | None:
    """Return the topic of a conversation."""
    row = connection.execute(_with_status().where(_topics.c.conversation_id == conversation_id)).one_or_none()
    return None if row is None else _topic(row)


def touch(connection: Connection, conversation_id: int, now: datetime, menu: str | None) -> None:
    """Have somebody look at a topic; ``menu`` is what its card shall offer."""
    if menu is not None:
        connection.execute(
            update(_topics).where(_topics.c.conversation_id == conversation_id).values(menu=menu)
        )
    turn_dirty(connection, {conversation_id}, now)
