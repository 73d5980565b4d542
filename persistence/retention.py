"""Retention: what was said is forgotten after a while; that it was said, when, and how it went, stays.

Keys, times, marks and figures are kept, so a delivery that comes again is still recognised, and reports still
count. The words go: of messages, cases, ratings, notes, drafts, of the search, of events and requests. Each
table is walked by id in small batches (`persistence.retention_walk`), a short transaction each.

Nothing is taken from a conversation that is in hand: see `_in_hand`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, FromClause, delete, func, select, tuple_, update
from sqlalchemy.engine import Row

from persistence.database import Database, fixed
from persistence.inbox import insert_or_ignore
from persistence.outbox import OPEN, is_open
from persistence.retention_walk import Old, Walk, go_on, release
from persistence.search_index import forget
from persistence.tables import (
    Conversation,
    HandoffRow,
    InboxRow,
    NoteRow,
    OutboxRow,
    RatingRow,
    SettingRow,
    table,
)
from persistence.tables_desk import (
    AgentNoteRow,
    AlarmRow,
    DeskEventRow,
    DraftRow,
    PresenceRow,
    ServiceRequestRow,
)
from persistence.tables_media import MediaRow, MessageMediaRow
from persistence.tables_search import SearchDocRow
from persistence.tables_telegram import TelegramPostRow

_conversations = table(Conversation)
_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_handoffs = table(HandoffRow)
_ratings = table(RatingRow)
_bot_notes = table(NoteRow)
_agent_notes = table(AgentNoteRow)
_events = table(DeskEventRow)
_alarms = table(AlarmRow)
_drafts = table(DraftRow)
_presence = table(PresenceRow)
_requests = table(ServiceRequestRow)
_media = table(MediaRow)
_message_media = table(MessageMediaRow)
_docs = table(SearchDocRow)
_posts = table(TelegramPostRow)
_settings = table(SettingRow)

Class: TypeAlias = Literal[
    "messages", "notes", "drafts", "presence", "alarms", "requests", "search", "events"
]

PLACES: Final = "retention"
"""The setting that remembers how far each table has been walked."""

CALM: Final = timedelta(days=7)
"""So long after the buyer's last word a platform may still let somebody write: the longest window of all."""

_LOCK: Final = 7_236_447_856
"""One process at a time forgets (PostgreSQL advisory lock; `persistence.search_index` has the one before)."""

_WORDY: Final = frozenset({"text", "tap", "media", "shared", "referred", "unsupported", "echo", "edited"})
"""Kinds of the inbox that hold somebody's words; all others are marks and facts."""

_AT_THE_DESK: Final = frozenset({"waiting", "agent", "snoozed", "pending"})
_IN_HAND: Final = frozenset({"new", "waiting"})
_TOLD: Final = ("typed",)
"""What is in an event's detail of the words themselves."""
_ASKED: Final = ("note", "address")
"""What is in a request's detail of the person."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Keep:
    """How many days each class of data is kept; 0: for ever. Requests are old from when they are finished."""

    messages: int = 0
    notes: int = 0
    drafts: int = 0
    presence: int = 0
    alarms: int = 0
    requests: int = 0
    search: int = 0
    events: int = 0

    def before(self, what: Class, now: datetime) -> datetime | None:
        """Return the moment before which a class is forgotten; None: never."""
        days: int = getattr(self, what)
        return now - timedelta(days=days) if days > 0 else None


class Retention:
    """Forgets what has been kept for long enough."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def sweep(self, keep: Keep, now: datetime, most: int = 200) -> int:
        """Go on by up to ``most`` rows of each table, in a transaction each; return how many were decided.

        Once that is 0, all that may be forgotten now is.
        """
        decided = 0
        for stream in STREAMS:
            before = keep.before(stream.what, now)
            if before is not None:
                decided += await self._database.write(_sweep, stream, before, now, keep, most)
        return decided

    async def tidy(self, keep: Keep, now: datetime, most: int = 200) -> int:
        """Delete old drafts, and signs of who was where; return how many."""
        deleted = 0
        before = keep.before("presence", now)
        if before is not None:
            deleted += await self._database.write(_leave, before)
        before, place = keep.before("drafts", now), (0, 0)
        while before is not None:
            gone, place = await self._database.write(_throw_away, before, now, place, most)
            deleted += gone
            if place == (0, 0):
                break
        return deleted


def forgotten_after(written: str) -> int | None:
    """Return after how many days the words of a message were forgotten (its event or outgoing, as JSON)."""
    if not written.startswith(_MARK):
        return None
    days: int = orjson.loads(written)["forgotten"]
    return days


def without(detail: str, names: Sequence[str]) -> str:
    """Return a detail (a JSON object) without some of its values."""
    kept: dict[str, Any] = orjson.loads(detail)
    for name in names:
        kept.pop(name, None)
    return orjson.dumps(kept).decode()


# -- what is forgotten of each table -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows to forget: their ids and conversations, what is old, and after how many days."""

    ids: tuple[int, ...]
    places: tuple[int, ...]
    before: datetime
    days: int


@dataclass(frozen=True, slots=True)
class _Stream:
    """A table to walk. ``ready`` tells whether a row may be forgotten at all, given what is old."""

    name: str
    what: Class
    rows: FromClause
    came: str
    needs: tuple[str, ...]
    ready: Callable[[Row[Any], datetime], bool]
    forget: Callable[[Connection, _Batch], None]


_MARK: Final = '{"forgotten":'


def _forget_event(connection: Connection, batch: _Batch) -> None:
    """Privacy's erasure leaves the same of a message, but for the days."""
    mine = _inbox.c.id.in_(batch.ids)
    connection.execute(
        update(_inbox)
        .where(mine, (_inbox.c.lane == "shop") | _inbox.c.kind.in_(_WORDY))
        .where(_inbox.c.lane.in_(("message", "shop")), _inbox.c.status != "erased")
        .values(event=f'{_MARK}{batch.days},"message_id":"","kind":"unsent"}}', contact=None)
    )
    files = select(_message_media.c.media_id).where(_message_media.c.inbox_id.in_(batch.ids))
    connection.execute(update(_media).where(_media.c.id.in_(files)).values(name=""))
    forget(connection, "i", batch.ids)


def _forget_outgoing(connection: Connection, batch: _Batch) -> None:
    connection.execute(
        update(_outbox)
        .where(_outbox.c.id.in_(batch.ids))
        .values(outgoing=f'{_MARK}{batch.days},"style":"text","text":""}}')
    )
    connection.execute(
        update(_media)
        .where(_media.c.conversation_id.in_(batch.places), _media.c.created_at < batch.before)
        .values(name="")
    )
    forget(connection, "o", batch.ids)


def _forget_evidence(connection: Connection, batch: _Batch) -> None:
    connection.execute(update(_handoffs).where(_handoffs.c.id.in_(batch.ids)).values(evidence="[]"))


def _forget_comment(connection: Connection, batch: _Batch) -> None:
    connection.execute(update(_ratings).where(_ratings.c.id.in_(batch.ids)).values(comment=None))


def _forget_post(connection: Connection, batch: _Batch) -> None:
    connection.execute(update(_posts).where(_posts.c.id.in_(batch.ids)).values(text=""))


def _forget_note(connection: Connection, batch: _Batch) -> None:
    connection.execute(update(_agent_notes).where(_agent_notes.c.id.in_(batch.ids)).values(text=""))
    forget(connection, "n", batch.ids)


def _forget_bot_note(connection: Connection, batch: _Batch) -> None:
    connection.execute(delete(_bot_notes).where(_bot_notes.c.id.in_(batch.ids)))


def _forget_doc(connection: Connection, batch: _Batch) -> None:
    connection.execute(delete(_docs).where(_docs.c.id.in_(batch.ids)))


def _forget_alarm(connection: Connection, batch: _Batch) -> None:
    connection.execute(delete(_alarms).where(_alarms.c.id.in_(batch.ids)))


def _forget_told(connection: Connection, batch: _Batch) -> None:
    """What was done stays, with its figures; what was written with it goes."""
    connection.execute(
        update(_events)
        .where(_events.c.id.in_(batch.ids), _events.c.kind != "escalated")  # there it is the script's word
        .values(reason="")
    )
    _slim(connection, _events, batch.ids, _TOLD)


def _forget_asked(connection: Connection, batch: _Batch) -> None:
    connection.execute(update(_requests).where(_requests.c.id.in_(batch.ids)).values(problem=None))
    _slim(connection, _requests, batch.ids, _ASKED)


def _slim(connection: Connection, rows: Any, ids: Sequence[int], names: Sequence[str]) -> None:
    for row in connection.execute(select(rows.c.id, rows.c.detail).where(rows.c.id.in_(ids))).all():
        slim = without(row.detail, names)
        if slim != row.detail:
            connection.execute(update(rows).where(rows.c.id == row.id).values(detail=slim))


def _always(_row: Row[Any], _before: datetime) -> bool:
    return True


def _is_worked_off(row: Row[Any], _before: datetime) -> bool:
    return row.status not in _IN_HAND


def _is_settled(row: Row[Any], _before: datetime) -> bool:
    return row.status not in {*OPEN, "parked"}


def _is_finished(row: Row[Any], before: datetime) -> bool:
    return row.done_at is not None and row.done_at < before and row.status != "open"


STREAMS: Final = (
    _Stream("inbox", "messages", _inbox, "received_at", ("status",), _is_worked_off, _forget_event),
    _Stream("outbox", "messages", _outbox, "created_at", ("status",), _is_settled, _forget_outgoing),
    _Stream("handoffs", "messages", _handoffs, "at", (), _always, _forget_evidence),
    _Stream("ratings", "messages", _ratings, "at", (), _always, _forget_comment),
    _Stream("posts", "messages", _posts, "created_at", ("status",), _is_worked_off, _forget_post),
    _Stream("agent_notes", "notes", _agent_notes, "at", (), _always, _forget_note),
    _Stream("bot_notes", "notes", _bot_notes, "at", (), _always, _forget_bot_note),
    _Stream("search", "search", _docs, "at", (), _always, _forget_doc),
    _Stream("events", "events", _events, "at", (), _always, _forget_told),
    _Stream("alarms", "alarms", _alarms, "at", (), _always, _forget_alarm),
    _Stream("requests", "requests", _requests, "at", ("status", "done_at"), _is_finished, _forget_asked),
)


# -- the walk ----------------------------------------------------------------------------------------------


def _sweep(
    connection: Connection, stream: _Stream, before: datetime, now: datetime, keep: Keep, most: int
) -> int:
    if connection.dialect.name == "postgresql":
        free = select(func.pg_try_advisory_xact_lock(_LOCK))
        if not connection.execute(free).scalar_one():
            return 0
    walk = known = _walk(connection, stream.name)
    rows = stream.rows
    coming = [
        _old(stream, row, before)
        for row in connection.execute(
            _columns(stream).where(rows.c.id > walk.mark).order_by(rows.c.id).limit(most)
        )
    ]
    coming = coming[: next((n for n, row in enumerate(coming) if row.came >= before), len(coming))]
    asked = {row.conversation_id for row in coming if row.conversation_id is not None}
    busy, erased = _in_hand(connection, sorted(asked | walk.held.keys()), now)
    walk, ids = go_on(walk, coming, before, busy)
    places_of = {row.id: row.conversation_id for row in coming}
    decided, left = len(coming), most - len(ids)
    for place in [one for one in walk.held if one not in busy][:most]:
        if left <= 0:
            break
        found = connection.execute(
            _columns(stream).where(
                rows.c.conversation_id == place, rows.c.id > walk.held[place], rows.c.id <= walk.mark
            )
        )
        walk, more = release(walk, place, [_old(stream, row, before) for row in found], before, left)
        places_of |= dict.fromkeys(more, place)
        ids, left, decided = (*ids, *more), left - len(more), decided + len(more)
    # Whoever was erased has nothing left to forget, and a thread of theirs says so.
    ids = tuple(one for one in ids if places_of[one] not in erased)
    if ids:
        places = dict.fromkeys(one for one in map(places_of.get, ids) if one is not None)
        stream.forget(connection, _Batch(ids, tuple(places), before, getattr(keep, stream.what)))
    if walk != known:
        _remember(connection, stream.name, walk)
    return decided


def _columns(stream: _Stream) -> Any:
    named = ["id", stream.came, *stream.needs]
    if "conversation_id" in stream.rows.c:
        named.append("conversation_id")
    return select(*(stream.rows.c[name] for name in named))


def _old(stream: _Stream, row: Row[Any], before: datetime) -> Old:
    came: datetime = getattr(row, stream.came)
    return Old(row.id, came, getattr(row, "conversation_id", None), stream.ready(row, before))


def _in_hand(
    connection: Connection, conversations: Sequence[int], now: datetime
) -> tuple[set[int], set[int]]:
    """Return which conversations nothing is taken from, and which were erased.

    In hand is one that a human has or waits for, that has an open case, a turn or a message to come, and one
    whose buyer was heard within `CALM`: there somebody may still be written to.
    """
    busy: set[int] = set()
    erased: set[int] = set()
    about = select(
        _conversations.c.id, _conversations.c.status, _conversations.c.heard_at, _conversations.c.due_at
    )
    to_come = (is_open(_outbox), _outbox.c.status == fixed("parked"))
    for start in range(0, len(conversations), _AT_ONCE):
        some = conversations[start : start + _AT_ONCE]
        for row in connection.execute(about.where(_conversations.c.id.in_(some))):
            if row.status == "erased":
                erased.add(row.id)
            elif (
                row.status in _AT_THE_DESK
                or row.due_at is not None
                or (row.heard_at is not None and row.heard_at > now - CALM)
            ):
                busy.add(row.id)
        # One question each, so that each is answered by its own index.
        for place, opened in (
            (_handoffs.c.conversation_id, _handoffs.c.resolved_at.is_(None)),
            *((_outbox.c.conversation_id, waits) for waits in to_come),
        ):
            busy |= set(connection.execute(select(place).where(place.in_(some), opened)).scalars())
    return busy - erased, erased


def _key(name: str) -> str:
    return f"{PLACES}.{name}"


def _walk(connection: Connection, name: str) -> Walk:
    found = connection.execute(
        select(_settings.c.value).where(_settings.c.key == _key(name))
    ).scalar_one_or_none()
    known: dict[str, Any] = orjson.loads(found or "{}")
    held = {int(place): int(after) for place, after in known.get("held", {}).items()}
    return Walk(int(known.get("mark", 0)), held)


def _remember(connection: Connection, name: str, walk: Walk) -> None:
    held = {str(place): after for place, after in walk.held.items()}
    value = orjson.dumps({"mark": walk.mark, "held": held}).decode()
    connection.execute(
        insert_or_ignore(connection.dialect.name, _settings), [{"key": _key(name), "value": value}]
    )
    connection.execute(update(_settings).where(_settings.c.key == _key(name)).values(value=value))


# -- drafts and presence -----------------------------------------------------------------------------------


def _leave(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(_presence).where(_presence.c.seen_at < before)).rowcount


def _throw_away(
    connection: Connection, before: datetime, now: datetime, after: tuple[int, int], most: int
) -> tuple[int, tuple[int, int]]:
    """Look at the next drafts by their key; return how many went, and the last key: (0, 0) at the end."""
    key = (_drafts.c.conversation_id, _drafts.c.account_id)
    rows = connection.execute(
        select(*key, _drafts.c.at).where(tuple_(*key) > after).order_by(*key).limit(most)
    ).all()
    old = [row for row in rows if row.at < before]
    busy, _ = _in_hand(connection, sorted({row.conversation_id for row in old}), now)
    gone = 0
    for row in old:
        if row.conversation_id not in busy:
            gone += connection.execute(
                delete(_drafts).where(
                    _drafts.c.conversation_id == row.conversation_id,
                    _drafts.c.account_id == row.account_id,
                    _drafts.c.at < before,
                )
            ).rowcount
    return gone, (rows[-1].conversation_id, rows[-1].account_id) if len(rows) == most else (0, 0)
