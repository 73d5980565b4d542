"""The desk in Telegram groups: topics to look after, posts to send, and what agents did there.

`persistence.telegram_mirror` finds out what has to stand in a topic, `persistence.telegram_people` who is
who, `persistence.telegram_news` hands out what came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from persistence import telegram_news, telegram_people, telegram_posts, telegram_topics
from persistence.accounts import Account
from persistence.database import Database, fixed
from persistence.desk_events import scoped
from persistence.tables import table
from persistence.tables_desk import DeskEventRow
from persistence.tables_telegram import TelegramPostRow, TelegramTopicRow
from persistence.telegram_items import mark_of, written
from persistence.telegram_mirror import mirror
from persistence.telegram_news import News
from persistence.telegram_people import Linked
from persistence.telegram_posts import NewPost, Post
from persistence.telegram_topics import Pending, Topic, Watched

__all__ = [
    "Linked",
    "NewPost",
    "News",
    "Pending",
    "Post",
    "TelegramDesk",
    "Topic",
    "Watched",
    "mark_of",
    "written",
]

_topics = table(TelegramTopicRow)
_posts = table(TelegramPostRow)
_events = table(DeskEventRow)


class TelegramDesk:
    """The tables of the desk in Telegram groups."""

    def __init__(self, database: Database, *, lease: timedelta) -> None:
        """Lease topics of ``database`` for ``lease`` at a time."""
        self._database = database
        self._lease = lease

    # -- people

    async def link_code(self, account_id: int, now: datetime) -> str:
        """Make a code that shows on Telegram whose account somebody has, in place of the one before."""
        return await self._database.write(telegram_people.link_code, account_id, now)

    async def link(self, user_id: str, code: str, now: datetime) -> Account | None:
        """Link somebody on Telegram with the account that a code was made for; it works once."""
        return await self._database.write(telegram_people.link, user_id, code, now)

    async def unlink(self, account_id: int) -> int:
        """Forget who on Telegram has an account; return how many they were."""
        return await self._database.write(telegram_people.unlink, account_id)

    async def linked(self, account_id: int) -> list[Linked]:
        """Return who on Telegram has an account."""
        return await self._database.read(telegram_people.linked, account_id)

    async def account_behind(self, user_id: str) -> Account | None:
        """Return the account of somebody on Telegram, unless it is disabled."""
        return await self._database.read(telegram_people.account_behind, user_id)

    # -- what came from the groups

    async def news(self, now: datetime, most: int) -> list[News]:
        """Lease what agents did, the oldest first."""
        return await self._database.write(telegram_news.claim, now, most)

    async def settle_news(self, news: News, *, again_at: datetime | None = None, aside: bool = False) -> None:
        """Write what became of something that an agent did: done, to be tried again, or set aside."""
        await self._database.write(telegram_news.settle, news.id, again_at=again_at, aside=aside)

    # -- what goes there

    async def mirror(self, chats: Sequence[str], now: datetime, *, whole: bool) -> int:
        """See `persistence.telegram_mirror.mirror`."""
        return await self._database.write(mirror, chats, now, whole=whole)

    async def claim(self, now: datetime, most: int) -> list[Topic]:
        """Lease topics that have something to do, the longest waiting first."""
        return await self._database.write(telegram_topics.claim, now, most, self._lease)

    async def pending(self, topic: Topic) -> Pending:
        """Return what has to be done in a topic."""
        return await self._database.read(telegram_topics.pending, topic)

    async def note(self, topic: Topic, **values: Any) -> None:
        """Write down what a topic is like now, by the names of its columns."""
        await self._database.write(telegram_topics.note, topic, values)

    async def lost(self, topic: Topic) -> None:
        """Write down that a topic is gone: it is opened anew, if it is still needed."""
        values = {"thread": None, "card": None, "shown": "", "name": "", "closed": False}
        await self._database.write(telegram_topics.note, topic, values)

    async def forget(self, topic: Topic) -> None:
        """Forget a topic with all that was posted there."""
        await self._database.write(telegram_topics.forget, topic)

    async def release(
        self, topic: Topic, now: datetime, *, again_at: datetime | None, failed: bool = False
    ) -> None:
        """End a lease. Whatever changed meanwhile makes the topic due at once, else it is so ``again_at``."""
        await self._database.write(telegram_topics.release, topic, now, again_at, failed=failed)

    async def posted(self, posts: Sequence[Post], messages: Sequence[int], shown: str) -> None:
        """Write down that posts stand in the group as these messages; several became one."""
        await self._database.write(telegram_posts.posted, posts, messages, shown)

    async def progress(self, post: Post, messages: Sequence[int]) -> None:
        """Write down that the beginning of a post stands in the group already."""
        await self._database.write(telegram_posts.progress, post, messages)

    async def drop(self, posts: Sequence[Post], why: str, *, failed: bool = False) -> None:
        """Give posts up."""
        await self._database.write(telegram_posts.drop, posts, why, failed=failed)

    async def postpone(self, post: Post, due_at: datetime, *, counts: bool = True) -> None:
        """Try a post again then; ``counts`` tells whether this was a try."""
        await self._database.write(telegram_posts.postpone, post, due_at, counts=counts)

    async def say(self, post: NewPost, now: datetime) -> int | None:
        """Queue words; return the post's number, None if the key was used before."""
        return await self._database.write(telegram_posts.say, post, now)

    async def loose(self, now: datetime, most: int) -> list[Post]:
        """Lease posts that belong to no topic."""
        return await self._database.write(telegram_posts.loose, now, most, self._lease)

    async def find_post(self, post_id: int) -> Post | None:
        """Return a post."""
        return await self._database.read(telegram_posts.find, post_id)

    async def post_under(self, key: str) -> Post | None:
        """Return the post with this key."""
        return await self._database.read(telegram_posts.under, key)

    async def show_mark(self, topic: Topic, watched: Watched, mark: str) -> None:
        """Write down which mark an agent's message bears."""
        await self._database.write(telegram_topics.show_mark, topic.conversation_id, watched.key, mark)

    async def topic_at(self, chat: str, thread: int) -> Topic | None:
        """Return the topic with this number in a group."""
        return await self._database.read(telegram_topics.topic_at, chat, thread)

    async def topic_of(self, conversation_id: int) -> Topic | None:
        """Return the topic of a conversation."""
        return await self._database.read(telegram_topics.topic_of, conversation_id)

    async def touch(self, conversation_id: int, now: datetime, *, menu: str | None = None) -> None:
        """Have somebody look at a topic; ``menu`` is what its card shall offer."""
        await self._database.write(telegram_topics.touch, conversation_id, now, menu)

    async def next_due(self, now: datetime) -> datetime | None:
        """Say when something comes due that is not due yet."""
        return await self._database.read(_next_due, now)

    async def event_of(self, conversation_id: int, key: str) -> int | None:
        """Return the event that was written under a key that was handed to the desk."""
        return await self._database.read(_event_of, conversation_id, key)


def _next_due(connection: Connection, now: datetime) -> datetime | None:
    topic = connection.execute(select(func.min(_topics.c.due_at)).where(_topics.c.due_at > now)).scalar_one()
    post = connection.execute(
        select(func.min(_posts.c.due_at)).where(
            _posts.c.topic_id.is_(None), _posts.c.status == fixed("waiting"), _posts.c.due_at > now
        )
    ).scalar_one()
    news = telegram_news.next_due(connection, now)
    return min((one for one in (topic, post, news) if one is not None), default=None)


def _event_of(connection: Connection, conversation_id: int, key: str) -> int | None:
    found: int | None = connection.execute(
        select(_events.c.id).where(_events.c.key == scoped(conversation_id, key))
    ).scalar_one_or_none()
    return found
