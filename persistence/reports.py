"""One line for each conversation, for those who count elsewhere: read in portions, however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, case, func, select, tuple_, type_coerce

from dialogs.messages import BUYER_SPOKE
from persistence.database import Database, fixed, microseconds
from persistence.tables import Conversation, HandoffRow, InboxRow, OutboxRow, RatingRow, table
from persistence.tables_desk import ConversationLabelRow, LabelRow

_conversations = table(Conversation)
_handoffs = table(HandoffRow)
_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_ratings = table(RatingRow)
_labels = table(LabelRow)
_labelled = table(ConversationLabelRow)

AT_ONCE: Final = 500
"""Conversations in one portion: nobody waits for the whole of it, and no transaction stays open."""


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A conversation in figures; moments in UTC.

    The case is the newest: ``called_at`` is when a human was called, ``answered_at`` when one first answered,
    ``cases`` how many there were. ``handled_by`` is the actor who solved it, else the account that has it
    (``account:7``). Messages are counted by who said them (``from_phone``: in the platform's app); what never
    went out does not count. ``ratings`` are the scores, the oldest first.
    """

    id: int
    channel: str
    account: str
    language: str | None
    started_at: datetime
    heard_at: datetime | None
    status: str
    reason: str
    why: str
    priority: int | None
    called_at: datetime | None
    promised_at: datetime | None
    claimed_at: datetime | None
    answered_at: datetime | None
    resolved_at: datetime | None
    cause: str
    handled_by: str
    cases: int
    labels: tuple[str, ...]
    from_buyer: int
    from_bot: int
    from_agents: int
    from_phone: int
    ratings: tuple[int, ...]


class Reports:
    """Reads what is exported."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def conversations(self, since: datetime, until: datetime) -> AsyncIterator[ConversationLine]:
        """Return every conversation that began from ``since`` to before ``until``, the earliest first."""
        place = (microseconds(since), 0)
        while True:
            portion = await self._database.read(portion_of, place, until, AT_ONCE)
            for line in portion:
                yield line
            if len(portion) < AT_ONCE:
                return
            place = (microseconds(portion[-1].started_at), portion[-1].id)


def portion_of(
    connection: Connection, after: tuple[int, int], until: datetime, most: int
) -> list[ConversationLine]:
    """Return the next conversations after a moment (microseconds) and an id."""
    began = type_coerce(_conversations.c.created_at, BigInteger)
    rows = connection.execute(
        select(*(_conversations.c[name] for name in _READ))
        .where(
            began >= after[0],
            tuple_(began, _conversations.c.id) > after,
            _conversations.c.created_at < until,
            _conversations.c.status != fixed("erased"),
        )
        .order_by(began, _conversations.c.id)
        .limit(most)
    ).all()
    ids = [row.id for row in rows]
    if not ids:
        return []
    cases, labels, ratings = (
        _cases(connection, ids),
        _labels_of(connection, ids),
        _ratings_of(connection, ids),
    )
    came, said = _came(connection, ids), _said(connection, ids)
    return [
        _line(
            row,
            cases.get(row.id, []),
            labels.get(row.id, ()),
            ratings.get(row.id, ()),
            {**came.get(row.id, {}), **said.get(row.id, {})},
        )
        for row in rows
    ]


_READ: Final = ("id", "channel", "account", "language", "created_at", "heard_at", "status", "assignee_id")


def _line(
    row: Any,
    cases: Sequence[Any],
    labels: tuple[str, ...],
    ratings: tuple[int, ...],
    counts: Mapping[str, int],
) -> ConversationLine:
    newest = cases[-1] if cases else None
    holder = "" if row.assignee_id is None else f"account:{row.assignee_id}"
    return ConversationLine(
        id=row.id,
        channel=row.channel,
        account=row.account,
        language=row.language,
        started_at=row.created_at,
        heard_at=row.heard_at,
        status=row.status,
        reason="" if newest is None else newest.reason,
        why="" if newest is None else newest.why,
        priority=None if newest is None else newest.priority,
        called_at=None if newest is None else newest.at,
        promised_at=None if newest is None else newest.promised_at,
        claimed_at=None if newest is None else newest.claimed_at,
        answered_at=None if newest is None else newest.answered_at,
        resolved_at=None if newest is None else newest.resolved_at,
        cause="" if newest is None else newest.cause,
        handled_by=holder if newest is None else newest.resolved_by or holder,
        cases=len(cases),
        labels=labels,
        from_buyer=counts.get("buyer", 0),
        from_bot=counts.get("bot", 0),
        from_agents=counts.get("agent", 0),
        from_phone=counts.get("phone", 0),
        ratings=ratings,
    )


def _cases(connection: Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    rows = connection.execute(
        select(_handoffs).where(_handoffs.c.conversation_id.in_(ids)).order_by(_handoffs.c.id)
    )
    cases: dict[int, list[Any]] = {}
    for row in rows:
        cases.setdefault(row.conversation_id, []).append(row)
    return cases


def _labels_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    rows = connection.execute(
        select(_labelled.c.conversation_id, _labels.c.name)
        .join(_labels, _labels.c.id == _labelled.c.label_id)
        .where(_labelled.c.conversation_id.in_(ids))
        .order_by(_labels.c.name)
    )
    labels: dict[int, tuple[str, ...]] = {}
    for place, name in rows:
        labels[place] = (*labels.get(place, ()), name)
    return labels


def _ratings_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    rows = connection.execute(
        select(_ratings.c.conversation_id, _ratings.c.score)
        .where(_ratings.c.conversation_id.in_(ids))
        .order_by(_ratings.c.id)
    )
    ratings: dict[int, tuple[int, ...]] = {}
    for place, score in rows:
        ratings[place] = (*ratings.get(place, ()), score)
    return ratings


def _came(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Count what buyers said, and what the shop said in the platform's app: an echo that is none of ours."""
    ours = select(_outbox.c.id).where(
        _outbox.c.external_id == _inbox.c.external_id, _outbox.c.conversation_id == _inbox.c.conversation_id
    )
    side = case((_inbox.c.kind == "echo", "phone"), else_="buyer").label("side")
    rows = connection.execute(
        select(_inbox.c.conversation_id, side, func.count())
        .where(
            _inbox.c.conversation_id.in_(ids),
            _inbox.c.lane == fixed("message"),
            (_inbox.c.kind.in_(sorted(BUYER_SPOKE))) | ((_inbox.c.kind == "echo") & ~ours.exists()),
        )
        .group_by(_inbox.c.conversation_id, side)
    )
    return _by_place(rows)


def _said(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    side = case((_outbox.c.speaker == "agent", "agent"), else_="bot").label("side")
    rows = connection.execute(
        select(_outbox.c.conversation_id, side, func.count())
        .where(_outbox.c.conversation_id.in_(ids), _outbox.c.status == fixed("sent"))
        .group_by(_outbox.c.conversation_id, side)
    )
    return _by_place(rows)


def _by_place(rows: Any) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    for place, side, count in rows:
        counts.setdefault(place, {})[side] = count
    return counts
