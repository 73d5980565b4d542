"""Claiming a conversation's waiting events, and committing what a turn made of them in one transaction.

The lease keeps two workers from doing the same work; only the version decides. A turn whose version is no
longer current leaves no trace and its events wait for the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, and_, bindparam, case, or_, select, update

from dialogs.handoff import Thread, Times
from dialogs.messages import EVENTS, OUTGOING, Echo, Event, Outgoing, Tap, Unsupported
from persistence.consents import stop, withdrawn
from persistence.database import EPOCH, Database, GroupCommit, fixed, moment
from persistence.desk_actions import silence, usual
from persistence.echoes import ON_ITS_WAY
from persistence.guard import Guard, concerned
from persistence.identity import Bond, bind
from persistence.inbox import insert_or_ignore
from persistence.records import Effects, apply_effects, release
from persistence.sorting import MOST, Burst, sort, sort_apart
from persistence.tables import Conversation, InboxRow, OutboxRow, PayloadRow, TurnRow, table
from persistence.threads import COLUMNS, thread_of

_log = structlog.get_logger(__name__)

_conversations = table(Conversation)
_inbox = table(InboxRow)
_turns = table(TurnRow)
_outbox = table(OutboxRow)
_payloads = table(PayloadRow)

_NOTHING = Effects()
MOST_EVENTS = 200
"""Events of one conversation taken into one turn; the rest wait for the next."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One waiting event. ``ours`` tells that an echo is a message of our own."""

    id: int
    external_id: str
    at: datetime
    event: Event
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A leased conversation as it was at claiming time, with its waiting events in the platform's order."""

    conversation_id: int
    version: int
    channel: str
    account: str
    address: str
    name: str | None
    language: str | None
    state: str
    floor: str
    status: str
    buyer_id: int | None
    heard_at: datetime | None
    attempts: int
    leased_until: datetime
    events: tuple[Heard, ...]
    sending: bool = False
    """Something of ours is on its way right now, so an unknown echo may still turn out to be ours."""
    reachable: bool = True
    """The person has not blocked the account."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message that a turn puts into the outbox: which line of a script it is, of which touchpoint."""

    outgoing: Outgoing
    speaker: str = "bot"
    proactive: bool = False
    expires_at: datetime | None = None
    flow: str = ""
    step: str = ""
    variant: str = ""
    touchpoint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a turn changes. Written whole or not at all."""

    turn: Turn
    now: datetime
    state: str
    spoken: tuple[Spoken, ...] = ()
    effects: Effects = _NOTHING
    flow: str | None = None
    step: str | None = None
    heard: dict[str, object] = field(default_factory=dict)
    language: str | None = None
    times: Times | None = None
    """What follows from the shop's settings for who has the conversation; None: what is usual."""


class Turns:
    """The conversations' queue."""

    def __init__(self, database: Database, *, lease: timedelta, burst: Burst) -> None:
        """Lease conversations of ``database`` for ``lease`` at a time; ``burst`` says how texts wait."""
        self._database = database
        self._lease = lease
        self._burst = burst
        self._commits: GroupCommit[Outcome, bool] = GroupCommit(database, commit)

    async def claim(self, now: datetime, most: int) -> list[Turn]:
        """Sort what has come, then lease up to ``most`` due conversations, the longest waiting first."""
        while True:
            try:
                came, turns = await self._database.write(self._claim, now, most)
            except Exception:
                # A message that cannot be sorted must not keep everybody else's from being answered.
                if not await self._database.write(sort_apart, self._burst, now):
                    raise
                continue
            if turns or came < MOST:
                return turns

    def _claim(self, connection: Connection, now: datetime, most: int) -> tuple[int, list[Turn]]:
        return sort(connection, self._burst), claim(connection, now, most, self._lease)

    async def commit(self, outcome: Outcome) -> bool:
        """Write a turn; False if the conversation has moved on (its events wait for the next turn).

        It has moved on, too, if the floor is no longer whose it was: what the bot would have said then is
        not said now. One that says something unasked does not count either if the buyer's journey has moved
        on.
        """
        return await self._commits.submit(outcome)

    async def set_aside(self, turn: Turn, effects: Effects, now: datetime) -> bool:
        """Stop trying a turn; see `set_aside`."""
        return await self._database.write(set_aside, turn, effects, now)

    async def put_back(self, turn: Turn, due_at: datetime, *, counts: bool) -> None:
        """Give a leased conversation back, to be looked at again at ``due_at``.

        With ``counts`` False the attempt is forgotten: waiting was no failure.
        """
        await self._database.write(put_back, turn, due_at, counts=counts)


def claim(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Turn]:
    """Lease due conversations in the caller's transaction."""
    due = connection.execute(
        select(_conversations)
        .where(_conversations.c.due_at <= now, _conversations.c.leased_until <= now)
        .order_by(_conversations.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    if not due:
        return []
    until = now + lease
    ids = [row.id for row in due]
    connection.execute(
        update(_conversations)
        .where(_conversations.c.id.in_(ids))
        # An arrival during the turn pulls due_at below the end of the lease; that is how the commit sees it.
        .values(leased_until=until, due_at=until, attempts=_conversations.c.attempts + 1)
    )
    events = _waiting_events(connection, ids)
    return [
        Turn(
            conversation_id=row.id,
            version=row.version,
            channel=row.channel,
            account=row.account,
            address=row.address,
            name=row.name,
            language=row.language,
            state=row.state,
            floor=row.floor,
            status=row.status,
            buyer_id=row.buyer_id,
            heard_at=row.heard_at,
            attempts=row.attempts + 1,
            leased_until=until,
            events=heard,
            sending=sending,
            reachable=row.reachable,
        )
        for row in due
        for heard, sending in [_recognised(connection, row.id, events.get(row.id, []))]
    ]


def _waiting_events(connection: Connection, ids: Sequence[int]) -> dict[int, list[Heard]]:
    rows = connection.execute(
        select(_inbox.c.id, _inbox.c.external_id, _inbox.c.conversation_id, _inbox.c.at, _inbox.c.event)
        .where(
            _inbox.c.conversation_id.in_(ids),
            _inbox.c.status == fixed("waiting"),
            _inbox.c.lane == fixed("message"),
        )
        .order_by(_inbox.c.conversation_id, _inbox.c.at, _inbox.c.id)
    )
    found: dict[int, list[Heard]] = {}
    short: list[str] = []
    for row in rows:
        events = found.setdefault(row.conversation_id, [])
        if len(events) == MOST_EVENTS:
            continue
        heard = Heard(row.id, row.external_id, row.at, _read(row.id, row.event))
        if isinstance(heard.event, Tap) and heard.event.payload.startswith("~"):
            short.append(heard.event.payload)
        events.append(heard)
    if short:
        stored = connection.execute(
            select(_payloads.c.key, _payloads.c.payload).where(_payloads.c.key.in_(short))
        )
        full = {row.key: row.payload for row in stored}
        for events in found.values():
            events[:] = [_with_payload(heard, full) for heard in events]
    return found


def _read(row_id: int, event: str) -> Event:
    """Return the event; one that another version of the program wrote must not stop everybody's turns."""
    try:
        return EVENTS.validate_json(event)
    except ValidationError as error:
        _log.error("event_unreadable", inbox=row_id, errors=error.error_count())
        return Unsupported("unreadable")


def _with_payload(heard: Heard, full: dict[str, str]) -> Heard:
    event = heard.event
    if not isinstance(event, Tap) or event.payload not in full:
        return heard
    tap = Tap(full[event.payload], event.title, event.message_id, event.callback_id, event.referral)
    return replace(heard, event=tap)


def _recognised(
    connection: Connection, conversation_id: int, events: list[Heard]
) -> tuple[tuple[Heard, ...], bool]:
    """Tell our own echoes from those of a person who typed in the platform's app."""
    echoes = [heard.event for heard in events if isinstance(heard.event, Echo)]
    if not echoes:
        return tuple(events), False
    # One statement, which sees one moment: a message whose answer comes between two of them would in the
    # first not be known yet, and in the second not be on its way any more.
    ours = connection.execute(
        select(_outbox.c.external_id, _outbox.c.status, _outbox.c.outgoing).where(
            _outbox.c.conversation_id == conversation_id,
            or_(
                _outbox.c.external_id.in_([echo.message_id for echo in echoes]),
                _outbox.c.status.in_([fixed(one) for one in ON_ITS_WAY]),
            ),
        )
    ).all()
    known = {row.external_id for row in ours}
    texts = {OUTGOING.validate_json(row.outgoing).text for row in ours if row.status in ON_ITS_WAY}
    marked = tuple(
        replace(heard, ours=heard.event.message_id in known or heard.event.text in texts)
        if isinstance(heard.event, Echo)
        else heard
        for heard in events
    )
    return marked, bool(texts)


_next_waiting = (
    select(_inbox.c.id)
    .where(
        _inbox.c.conversation_id == _conversations.c.id,
        _inbox.c.status == fixed("waiting"),
        _inbox.c.lane == fixed("message"),
    )
    # The order is that of the index of what waits. Without it SQLite takes the index of the whole history,
    # and a long conversation becomes slow.
    .order_by(_inbox.c.at, _inbox.c.id)
    .limit(1)
    .scalar_subquery()
)
_ADVANCE = (
    update(_conversations)
    .where(_conversations.c.id == bindparam("conversation"))
    .values(
        state=bindparam("new_state"),
        version=_conversations.c.version + 1,
        leased_until=EPOCH,
        # A time that is no lease's end was set by an arrival, and stands. At a lease's end, this turn's or
        # that of a worker who has claimed since and will not count, only what still waits says whether to
        # look again.
        due_at=case(
            (
                and_(
                    _conversations.c.due_at != moment("lease_end"),
                    _conversations.c.due_at != _conversations.c.leased_until,
                ),
                _conversations.c.due_at,
            ),
            (_next_waiting.is_not(None), moment("moment")),
            else_=None,
        ),
        attempts=0,
        language=bindparam("spoken_language"),
    )
)
_DONE = (
    update(_inbox).where(_inbox.c.id == bindparam("row")).values(status="done", turn=bindparam("new_version"))
)


def commit(connection: Connection, outcomes: Sequence[Outcome]) -> list[bool]:
    """Write the turns whose version is still current; tell for each whether it was."""
    guard = Guard(
        connection,
        (buyer for outcome in outcomes for buyer in concerned(outcome.effects, outcome.turn.buyer_id)),
    )
    rows = connection.execute(
        select(_conversations.c.id, _conversations.c.version, _conversations.c.buyer_id, *COLUMNS)
        .where(_conversations.c.id.in_({outcome.turn.conversation_id for outcome in outcomes}))
        .order_by(_conversations.c.id)
        .with_for_update()
    )
    versions: dict[int, int] = {}
    buyers: dict[int, int | None] = {}
    threads: dict[int, Thread] = {}
    for row in rows:
        versions[row.id], buyers[row.id], threads[row.id] = row.version, row.buyer_id, thread_of(row)
    verdicts: list[bool] = []
    winners: list[Outcome] = []
    for outcome in outcomes:
        place, effects = outcome.turn.conversation_id, outcome.effects
        current = (
            versions.get(place) == outcome.turn.version
            and threads[place].floor == outcome.turn.floor
            and guard.allows(effects, buyers[place])
        )
        if current and _bind(connection, place, effects.bound, outcome.now):
            versions[place] += 1
            guard.count(effects, buyers[place])
            winners.append(outcome)
            verdicts.append(True)
        else:
            verdicts.append(False)
    guard.write()
    if winners:
        _write(connection, winners, threads)
    return verdicts


def _bind(connection: Connection, conversation_id: int, bonds: Sequence[Bond], now: datetime) -> bool:
    """Tie the conversation to all the orders or, if somebody was faster with one of the codes, to none."""
    if not bonds:
        return True
    savepoint = connection.begin_nested()
    if all(bind(connection, conversation_id, bond, now) for bond in dict.fromkeys(bonds)):
        savepoint.commit()
        return True
    savepoint.rollback()
    return False


def _write(connection: Connection, winners: Sequence[Outcome], threads: dict[int, Thread]) -> None:
    winners = sorted(winners, key=lambda outcome: outcome.turn.conversation_id)
    done = [
        {"row": heard.id, "new_version": outcome.turn.version + 1}
        for outcome in winners
        for heard in outcome.turn.events
    ]
    if done:
        connection.execute(_DONE, done)
    connection.execute(_ADVANCE, [_advance(outcome) for outcome in winners])
    connection.execute(_turns.insert(), [_turn(outcome) for outcome in winners])
    for outcome in winners:
        if outcome.effects != _NOTHING:
            place, times = outcome.turn.conversation_id, outcome.times or usual(outcome.now)
            threads[place] = apply_effects(connection, place, outcome.effects, threads[place], times)
    spoken = [row for outcome in winners for row in _outbox_rows(outcome)]
    if spoken:
        connection.execute(_outbox.insert(), spoken)
    for outcome in winners:
        gave_away = outcome.turn.floor == "bot" and threads[outcome.turn.conversation_id].floor != "bot"
        if gave_away and any(one.speaker == "bot" for one in outcome.spoken):
            silence(connection, outcome.turn.conversation_id, outcome.now)
        if purposes := withdrawn(outcome.effects.consents):
            stop(connection, outcome.turn.conversation_id, purposes, outcome.now)
        if outcome.effects.release:
            said = [one.outgoing for one in outcome.spoken]
            release(connection, outcome.turn.conversation_id, outcome.turn.version + 1, said, outcome.now)
    stored = {
        key: payload
        for outcome in winners
        for one in outcome.spoken
        for key, payload in one.outgoing.stored.items()
    }
    if stored:
        connection.execute(
            insert_or_ignore(connection.dialect.name, _payloads),
            [{"key": k, "payload": p} for k, p in stored.items()],
        )


def _advance(outcome: Outcome) -> dict[str, Any]:
    return {
        "conversation": outcome.turn.conversation_id,
        "new_state": outcome.state,
        "lease_end": outcome.turn.leased_until,
        "moment": outcome.now,
        "spoken_language": outcome.language or outcome.turn.language,
    }


def _turn(outcome: Outcome) -> dict[str, Any]:
    return {
        "conversation_id": outcome.turn.conversation_id,
        "version": outcome.turn.version + 1,
        "at": outcome.now,
        "flow": outcome.flow,
        "step": outcome.step,
        "heard": orjson.dumps(outcome.heard).decode(),
    }


def _outbox_rows(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "conversation_id": outcome.turn.conversation_id,
            "turn": outcome.turn.version + 1,
            "seq": seq,
            "speaker": one.speaker,
            "proactive": one.proactive,
            "outgoing": orjson.dumps(one.outgoing).decode(),
            "due_at": outcome.now,
            "expires_at": one.expires_at,
            "created_at": outcome.now,
            "flow": one.flow,
            "step": one.step,
            "variant": one.variant,
            "touchpoint": one.touchpoint,
        }
        for seq, one in enumerate(outcome.spoken)
    ]


def put_back(connection: Connection, turn: Turn, due_at: datetime, *, counts: bool) -> None:
    """Release the lease unless somebody else has moved the conversation on since."""
    connection.execute(
        update(_conversations)
        .where(_conversations.c.id == turn.conversation_id, _conversations.c.version == turn.version)
        .where(_conversations.c.leased_until == turn.leased_until)
        .values(
            leased_until=EPOCH,
            due_at=due_at,
            attempts=_conversations.c.attempts if counts else _conversations.c.attempts - 1,
        )
    )


def set_aside(connection: Connection, turn: Turn, effects: Effects, now: datetime) -> bool:
    """End a turn that keeps failing: its events are kept but answered by nobody, ``effects`` fetch a human.

    Returns False if the conversation has moved on meanwhile.
    """
    outcome = Outcome(turn, now, turn.state, effects=effects, heard={"set_aside": turn.attempts})
    [written] = commit(connection, [outcome])
    if written and turn.events:
        connection.execute(
            update(_inbox).where(_inbox.c.id.in_([heard.id for heard in turn.events])).values(status="aside")
        )
    return written
