"""What the queue shows of conversations, read for a whole page with one statement for each kind of thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, func, select

from dialogs.loyalty import tier_of
from dialogs.messages import Event, Media, Shared, Tap, Text, Unsupported
from persistence.database import fixed
from persistence.search_index import read_event
from persistence.tables import (
    BindingRow,
    Buyer,
    Conversation,
    HandoffRow,
    InboxRow,
    MilestoneRow,
    OrderRow,
    OutboxRow,
    TurnRow,
    table,
)
from persistence.tables_desk import ConversationLabelRow, PresenceRow

_conversations = table(Conversation)
_buyers = table(Buyer)
_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_turns = table(TurnRow)
_handoffs = table(HandoffRow)
_orders = table(OrderRow)
_bindings = table(BindingRow)
_milestones = table(MilestoneRow)
_labels = table(ConversationLabelRow)
_presence = table(PresenceRow)

LOOKING: Final = timedelta(seconds=25)
"""Who was seen in a thread within this time is looking at it: pages report every ten seconds."""

TYPING: Final = timedelta(seconds=12)
"""Who typed within this time is typing."""

PREVIEW: Final = 120
MOST_MOODS: Final = 12

_HERE: Final[BindParameter[int]] = bindparam("ids", expanding=True)
"""The conversations that are asked about. Statements about them are put together once: to do so for every
page would cost as much as what they do."""

_TURNS_BACK: Final = 30
_PREVIEWED: Final = ("text", "tap", "media", "shared", "unsupported")
_GONE: Final = ("cancelled", "refunded")
_BY_LABEL: Final[Mapping[str, float]] = {"negative": -0.6, "neutral": 0.0, "positive": 0.6}
"""What a label is worth in the curve, for turns that were noted without a polarity."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who has a thread open now."""

    account: int
    typing: bool = False


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A conversation as the queue shows it.

    ``reason``, ``why`` and ``evidence`` (the weightiest quote) are those of the newest open case, empty
    without one; ``priority`` is -1 (low) to 2 (urgent). ``preview`` is how the buyer's last message begins
    (120 characters at most), ``preview_kind`` what it is (`dialogs.messages`). ``moods`` are the polarities
    (-1 to 1) of the buyer's last messages, twelve at most, the newest last. The order is the one that the
    conversation was tied to last; ``tier`` is the buyer's. ``unread`` tells that the buyer has said something
    that no human has answered yet. ``failed`` counts messages of ours that did not reach the buyer.
    """

    id: int
    name: str | None
    channel: str
    account: str
    status: str
    floor: str
    assignee: int | None
    team: int | None
    priority: int
    reason: str
    why: str
    evidence: str
    answer_by: datetime | None
    waiting_since: datetime | None
    heard_at: datetime | None
    snoozed_until: datetime | None
    preview: str
    preview_kind: str
    moods: tuple[float, ...] = ()
    order_number: str = ""
    order_total: Decimal | None = None
    currency: str = ""
    tier: str = ""
    tags: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    viewers: tuple[Viewer, ...] = ()
    unread: bool = False
    failed: int = 0


def rows_of(connection: Connection, ids: Sequence[int], now: datetime) -> tuple[QueueRow, ...]:
    """Return conversations as the queue shows them, in the order of ``ids``, without those that are gone.

    Less than a dozen statements, however many conversations there are.
    """
    if not ids:
        return ()
    found = connection.execute(_ROWS, {"ids": ids}).all()
    rows: dict[int, Any] = {row.id: row for row in found}
    about = _About(connection, list(rows.values()), now)
    return tuple(about.row(rows[one]) for one in ids if one in rows)


_SHOWN: Final = (
    "id", "channel", "account", "name", "buyer_id", "status", "floor", "assignee_id", "team_id", "priority",
    "answer_by", "waiting_since", "heard_at", "snoozed_until", "state", "version",
)  # fmt: skip
_ROWS: Final = (
    select(*(_conversations.c[name] for name in _SHOWN), _buyers.c.name.label("buyer_name"))
    .outerjoin(_buyers, _buyers.c.id == _conversations.c.buyer_id)
    .where(_conversations.c.id.in_(_HERE), _conversations.c.status != fixed("erased"))
)


@dataclass(slots=True)
class _Purchase:
    number: str = ""
    total: Decimal | None = None
    currency: str = ""


@dataclass(slots=True)
class _Case:
    reason: str = ""
    why: str = ""
    evidence: str = ""


class _About:
    """What is known of some conversations besides their own rows."""

    def __init__(self, connection: Connection, rows: Sequence[Any], now: datetime) -> None:
        """Load it."""
        ids = [row.id for row in rows]
        self._spoken = _spoken(connection, ids)
        self._moods = _moods(connection, ids)
        self._cases = _cases(connection, ids)
        self._purchases = _purchases(connection, ids)
        self._tiers = _tiers(connection, {row.buyer_id for row in rows if row.buyer_id is not None})
        self._labels = labels_of(connection, ids)
        self._viewers = viewers_of(connection, ids, now)
        self._failed = _failed(connection, ids)

    def row(self, row: Any) -> QueueRow:
        """Put together what concerns one conversation."""
        case = self._cases.get(row.id, _Case())
        bought = self._purchases.get(row.id, _Purchase())
        kind, preview = self._spoken.get(row.id, ("", ""))
        return QueueRow(
            id=row.id,
            name=row.name or row.buyer_name,
            channel=row.channel,
            account=row.account,
            status=row.status,
            floor=row.floor,
            assignee=row.assignee_id,
            team=row.team_id,
            priority=row.priority,
            reason=case.reason,
            why=case.why,
            evidence=case.evidence,
            answer_by=row.answer_by,
            waiting_since=row.waiting_since,
            heard_at=row.heard_at,
            snoozed_until=row.snoozed_until,
            preview=preview,
            preview_kind=kind,
            moods=self._moods.get(row.id, ()),
            order_number=bought.number,
            order_total=bought.total,
            currency=bought.currency,
            tier=self._tiers.get(row.buyer_id, ""),
            tags=_tags(row.state),
            labels=self._labels.get(row.id, ()),
            viewers=self._viewers.get(row.id, ()),
            unread=row.waiting_since is not None,
            failed=self._failed.get(row.id, 0),
        )


def preview_of(event: Event) -> str:
    """Return how a message begins: its words, or those that its file or button has."""
    match event:
        case Text(text=text):
            words = text
        case Tap(title=title):
            words = title
        case Media(caption=caption, attachments=attachments):
            words = caption or next((one.title for one in attachments if one.title), "")
        case Shared(data=data):
            words = data.get("name") or data.get("title") or ""
        case Unsupported():
            words = ""
        case _:
            words = ""
    words = " ".join(words[: PREVIEW * 4].split())
    return words if len(words) <= PREVIEW else f"{words[: PREVIEW - 1]}…"


def _spoken(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the kind and the beginning of the buyer's last message, by conversation."""
    spoken: dict[int, tuple[str, str]] = {}
    for place, kind, raw in connection.execute(_SPOKEN, {"ids": ids}).all():
        event = read_event(raw)
        spoken[place] = (kind, "" if event is None else preview_of(event))
    return spoken


_LAST: Final = (
    select(_inbox.c.id)
    .where(
        _inbox.c.conversation_id == _conversations.c.id,
        _inbox.c.lane == fixed("message"),
        _inbox.c.kind.in_(_PREVIEWED),
    )
    .order_by(_inbox.c.at.desc(), _inbox.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_SPOKEN: Final = select(_inbox.c.conversation_id, _inbox.c.kind, _inbox.c.event).where(
    _inbox.c.id.in_(select(_LAST).where(_conversations.c.id.in_(_HERE)))
)


def _moods(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[float, ...]]:
    """Return how the last messages sounded, from what the turns noted; words are never kept there."""
    moods: dict[int, list[float]] = {}
    for place, noted in connection.execute(_HEARD, {"ids": ids}).all():
        heard: dict[str, Any] = orjson.loads(noted)
        polarity = heard.get("polarity", _BY_LABEL.get(str(heard.get("mood"))))
        if polarity is not None:
            moods.setdefault(place, []).append(float(polarity))
    return {place: tuple(felt[-MOST_MOODS:]) for place, felt in moods.items()}


_HEARD: Final = (
    select(_turns.c.conversation_id, _turns.c.heard)
    .join(_conversations, _conversations.c.id == _turns.c.conversation_id)
    .where(_conversations.c.id.in_(_HERE), _turns.c.version > _conversations.c.version - _TURNS_BACK)
    .order_by(_turns.c.conversation_id, _turns.c.version)
)


def _cases(connection: Connection, ids: Sequence[int]) -> dict[int, _Case]:
    """Return the newest open case of each conversation."""
    return {
        place: _Case(reason, why, next(iter(orjson.loads(evidence)), ""))
        for place, reason, why, evidence in connection.execute(_CASES, {"ids": ids}).all()
    }


_CASES: Final = (
    select(_handoffs.c.conversation_id, _handoffs.c.reason, _handoffs.c.why, _handoffs.c.evidence)
    .where(_handoffs.c.conversation_id.in_(_HERE), _handoffs.c.resolved_at.is_(None))
    .order_by(_handoffs.c.id)
)


def _purchases(connection: Connection, ids: Sequence[int]) -> dict[int, _Purchase]:
    """Return the order that each conversation was tied to last."""
    rows = connection.execute(_PURCHASES, {"ids": ids}).all()
    return {place: _Purchase(number, total, currency) for place, number, total, currency in rows}


_PURCHASES: Final = (
    select(_bindings.c.conversation_id, _orders.c.number, _orders.c.total, _orders.c.currency)
    .join(_orders, _orders.c.id == _bindings.c.order_id)
    .where(_bindings.c.conversation_id.in_(_HERE), _bindings.c.undone_at.is_(None))
    .order_by(_bindings.c.id)
)


def _tiers(connection: Connection, buyers: set[int]) -> dict[int | None, str]:
    if not buyers:
        return {}
    rows = connection.execute(_KEPT, {"ids": sorted(buyers)}).all()
    return {buyer: tier_of(orders) for buyer, orders in rows}


_CALLED_OFF: Final = select(_milestones.c.order_id).where(
    _milestones.c.order_id == _orders.c.id, _milestones.c.what.in_(_GONE)
)
_KEPT: Final = (
    select(_orders.c.buyer_id, func.count())
    .where(_orders.c.buyer_id.in_(_HERE), ~_CALLED_OFF.exists())
    .group_by(_orders.c.buyer_id)
)


def labels_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return the labels of conversations, by their ids."""
    rows = connection.execute(_LABELLED, {"ids": ids}).all()
    labels: dict[int, tuple[int, ...]] = {}
    for row in rows:
        labels[row.conversation_id] = (*labels.get(row.conversation_id, ()), row.label_id)
    return labels


_LABELLED: Final = select(_labels).where(_labels.c.conversation_id.in_(_HERE)).order_by(_labels.c.label_id)


def viewers_of(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, tuple[Viewer, ...]]:
    """Return who has each conversation open; those that nobody has are left out."""
    rows = connection.execute(_LOOKING, {"ids": ids, "since": now - LOOKING}).all()
    viewers: dict[int, tuple[Viewer, ...]] = {}
    for row in rows:
        types = row.typed_at is not None and row.typed_at > now - TYPING
        viewer = Viewer(row.account_id, typing=types)
        viewers[row.conversation_id] = (*viewers.get(row.conversation_id, ()), viewer)
    return viewers


_LOOKING: Final = (
    select(_presence)
    .where(
        _presence.c.conversation_id.in_(_HERE),
        _presence.c.seen_at > bindparam("since", type_=_presence.c.seen_at.type),
    )
    .order_by(_presence.c.account_id)
)


def _failed(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    return dict(connection.execute(_FAILED, {"ids": ids}).all())


_FAILED: Final = (
    select(_outbox.c.conversation_id, func.count())
    .where(_outbox.c.conversation_id.in_(_HERE), _outbox.c.status == fixed("failed"))
    .group_by(_outbox.c.conversation_id)
)


def _tags(state: str) -> tuple[str, ...]:
    if '"tags"' not in state:
        return ()
    tags: list[str] = orjson.loads(state).get("tags") or []
    return tuple(tags)
