"""A thread of the desk: what was said and what happened, as the buyer saw it, in pages of equal cost."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Final

import orjson
from sqlalchemy import Connection, select

from persistence.database import Database
from persistence.desk_items import (
    Case,
    ContactId,
    DeskEvent,
    Item,
    Mark,
    Quoted,
    ShownButton,
    Side,
    ThreadHead,
    ThreadPage,
)
from persistence.desk_rows import Viewer, labels_of, viewers_of
from persistence.desk_showing import quoted_by, show
from persistence.desk_stream import Found, Place, look_up, place_of, walk
from persistence.tables import ContactRow, Conversation, HandoffRow, table
from persistence.tables_desk import DraftRow

__all__ = [
    "Case",
    "ContactId",
    "DeskEvent",
    "DeskThread",
    "Item",
    "Mark",
    "Quoted",
    "ShownButton",
    "Side",
    "ThreadHead",
    "ThreadPage",
    "Viewer",
]

_conversations = table(Conversation)
_contacts = table(ContactRow)
_handoffs = table(HandoffRow)
_drafts = table(DraftRow)

MOST: Final = 200
"""No page has more items, whatever is asked for."""

MOST_CASES: Final = 20


class DeskThread:
    """Reads threads."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def page(
        self,
        conversation_id: int,
        *,
        before: str | None = None,
        after: str | None = None,
        around: str | None = None,
        most: int = 50,
    ) -> ThreadPage:
        """Return up to ``most`` items: those before or after an item's key, or around it, else the newest.

        A key that names nothing (any more) gives the newest, too. ``around`` has the item itself among them.
        A message that arrives late takes its place by the platform's time, so it may stand before items that
        were shown already: to follow a thread, ask for the newest again.
        """
        return await self._database.read(
            page, conversation_id, before=before, after=after, around=around, most=most
        )

    async def items(self, conversation_id: int, keys: tuple[str, ...]) -> tuple[Item, ...]:
        """Return single items as they are now, in the thread's order; unknown keys are left out."""
        return await self._database.read(items, conversation_id, keys)

    async def head(self, conversation_id: int, me: int, now: datetime) -> ThreadHead | None:
        """Return what stands above a thread, as account ``me`` sees it; None if there is no such thread."""
        return await self._database.read(head, conversation_id, me, now)


def page(
    connection: Connection,
    conversation_id: int,
    *,
    before: str | None = None,
    after: str | None = None,
    around: str | None = None,
    most: int = 50,
) -> ThreadPage:
    """See `DeskThread.page`; in the caller's transaction."""
    most = max(1, min(most, MOST))
    key = before or after or around
    start = None if key is None else place_of(connection, conversation_id, key)
    if start is None:
        found, has_before = _back(connection, conversation_id, None, most)
        has_after = False
    elif before is not None:
        found, has_before = _back(connection, conversation_id, start, most)
        has_after = True
    elif after is not None:
        found, has_after = _forth(connection, conversation_id, start, most)
        has_before = True
    else:
        # One step back in the numbers of the same moment, so that the item itself comes first.
        itself = Place(start.at, start.rank, start.id - 1)
        later, has_after = _forth(connection, conversation_id, itself, most)
        earlier, has_before = _back(connection, conversation_id, start, most)
        # Half of the page on each side, unless one side has less.
        share = max(most // 2, most - len(later))
        has_before, earlier = has_before or len(earlier) > share, earlier[-share:] if share else []
        share = most - len(earlier)
        has_after, later = has_after or len(later) > share, later[:share]
        found = [*earlier, *later]
    return ThreadPage(show(connection, conversation_id, found), has_before, has_after)


def items(connection: Connection, conversation_id: int, keys: tuple[str, ...]) -> tuple[Item, ...]:
    """See `DeskThread.items`; in the caller's transaction."""
    return show(connection, conversation_id, look_up(connection, conversation_id, keys[:MOST]))


def head(connection: Connection, conversation_id: int, me: int, now: datetime) -> ThreadHead | None:
    """See `DeskThread.head`; in the caller's transaction."""
    row = connection.execute(
        select(_conversations).where(_conversations.c.id == conversation_id)
    ).one_or_none()
    if row is None:
        return None
    draft = connection.execute(
        select(_drafts.c.text).where(_drafts.c.conversation_id == conversation_id, _drafts.c.account_id == me)
    ).scalar_one_or_none()
    return ThreadHead(
        id=row.id,
        channel=row.channel,
        account=row.account,
        name=row.name,
        language=row.language,
        buyer_id=row.buyer_id,
        status=row.status,
        floor=row.floor,
        assignee=row.assignee_id,
        team=row.team_id,
        priority=row.priority,
        answer_by=row.answer_by,
        waiting_since=row.waiting_since,
        snoozed_until=row.snoozed_until,
        quiet_at=row.quiet_at,
        heard_at=row.heard_at,
        created_at=row.created_at,
        reachable=row.reachable,
        version=row.version,
        contacts=contacts_of(connection, [conversation_id]),
        cases=_cases(connection, conversation_id),
        labels=labels_of(connection, [conversation_id]).get(conversation_id, ()),
        viewers=viewers_of(connection, [conversation_id], now).get(conversation_id, ()),
        draft=draft or "",
    )


def contacts_of(connection: Connection, conversations: list[int]) -> tuple[ContactId, ...]:
    """Return all ids by which channels know the people of conversations."""
    rows = connection.execute(
        select(_contacts).where(_contacts.c.conversation_id.in_(conversations)).order_by(_contacts.c.id)
    )
    return tuple(
        ContactId(row.channel, row.account, row.external_id, row.conversation_id, row.username, row.phone)
        for row in rows
    )


def _cases(connection: Connection, conversation_id: int) -> tuple[Case, ...]:
    rows = connection.execute(
        select(_handoffs)
        .where(_handoffs.c.conversation_id == conversation_id)
        .order_by(_handoffs.c.resolved_at.is_not(None), _handoffs.c.id.desc())
        .limit(MOST_CASES)
    ).all()
    quotes = None
    if rows and rows[0].resolved_at is None:
        current = rows[0]
        quotes = quoted_by(connection, conversation_id, current.at, orjson.loads(current.evidence))
    return tuple(
        Case(
            id=row.id,
            reason=row.reason,
            why=row.why,
            evidence=tuple(orjson.loads(row.evidence)),
            priority=row.priority,
            at=row.at,
            promised_at=row.promised_at,
            claimed_at=row.claimed_at,
            answered_at=row.answered_at,
            resolved_at=row.resolved_at,
            resolved_by=row.resolved_by,
            cause=row.cause,
            corrected=row.corrected,
            quotes=None if number else quotes,
        )
        for number, row in enumerate(rows)
    )


def _back(
    connection: Connection, conversation_id: int, start: Place | None, most: int
) -> tuple[list[Found], bool]:
    """Return what stands before, the oldest first, and whether there is more of it."""
    found = list(islice(walk(connection, conversation_id, start, most + 1, forward=False), most + 1))
    return found[:most][::-1], len(found) > most


def _forth(connection: Connection, conversation_id: int, start: Place, most: int) -> tuple[list[Found], bool]:
    """Return what stands after, and whether there is more of it."""
    found = list(islice(walk(connection, conversation_id, start, most + 1, forward=True), most + 1))
    return found[:most], len(found) > most
