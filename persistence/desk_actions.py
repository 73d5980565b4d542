"""The desk's state machine at work: each action whole or not at all, and of two at once exactly one wins.

An action locks its conversation, asks `dialogs.handoff` what becomes of it, and writes all that follows in
the same transaction: the columns, what happened (`persistence.desk_events`), the bot's messages that are
moot, the open cases, the alarms, and what the dialog must hear. Turns do the same for what they find in their
events, in their own transaction: `follow_turn`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, func, literal, select, update

from dialogs.handoff import (
    URGENT,
    Action,
    Assigned,
    BuyerWrote,
    Claimed,
    Escalated,
    Looked,
    PhoneLeft,
    PhoneSpoke,
    Promised,
    Refusal,
    Replied,
    Resolved,
    Snoozed,
    Step,
    Thread,
    Times,
    step,
)
from dialogs.messages import HandedBack, PromiseBroken
from persistence.database import EPOCH, Database, Instant, fixed, microseconds
from persistence.desk_events import News, hear, ring, tell, told_before
from persistence.tables import Conversation, HandoffRow, OutboxRow, table
from persistence.teams import team_of
from persistence.threads import COLUMNS, lock, thread_of, values_of
from persistence.touchpoints import HUMAN_HERE, follow

_conversations = table(Conversation)
_handoffs = table(HandoffRow)
_outbox = table(OutboxRow)

Act: TypeAlias = Literal["buyer", "phone", "ours"]
"""What a turn may find in its events: the buyer acted, the shop's phone spoke, another app gave it back."""

_MOST_LOOKS: Final = 4
"""More than can be due of one thread at once."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is so now. ``changed`` tells whether it was not before; ``event_id`` is what tells of it."""

    thread: Thread
    changed: bool
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Denied:
    """It cannot be done.

    Another agent (``holder``) has the thread (``taken``), no human has to do with it (``not_here``), the
    moment has gone by (``past``), there is no such conversation (``unknown``), or its buyer's data was
    erased (``closed``).
    """

    why: Literal["taken", "not_here", "past", "unknown", "closed"]
    holder: int | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does: see `DeskActions.act`."""

    action: Action
    actor: str
    reason: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None


_ACTS: Final[dict[Act, Deed]] = {
    "buyer": Deed(BuyerWrote(), "buyer"),
    "phone": Deed(PhoneSpoke(), "phone"),
    "ours": Deed(PhoneLeft(), "phone"),
}


_BLANK: Final = {column.name: None for column in COLUMNS} | {"priority": 0, "alarmed": 0}


def usual(now: datetime) -> Times:
    """Return the times of a shop that has chosen none."""
    return Times(now, goal=now + timedelta(hours=2), quiet=now + timedelta(hours=12))


class DeskActions:
    """What can be done to a conversation at the desk."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def act(
        self,
        conversation_id: int,
        action: Action,
        actor: str,
        times: Times,
        *,
        reason: str = "",
        detail: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> Done | Denied:
        """Do something to a conversation, with all that follows from it; once for each ``key``.

        ``actor`` is ``bot``, ``clock``, ``buyer``, ``phone``, ``console`` or ``account:<id>``.
        """
        deed = Deed(action, actor, reason, detail or {}, key)
        return await self._database.write(act, conversation_id, deed, times)

    async def thread(self, conversation_id: int) -> Thread | Denied:
        """Return who has a conversation."""
        return await self._database.read(_thread, conversation_id)

    async def look(self, times: Times, most: int = 100) -> int:
        """Do what is due by the clock in up to ``most`` threads; return how many were looked at."""
        return await self._database.write(look, times, most)

    async def next_due(self) -> datetime | None:
        """Say when the clock must look next."""
        return await self._database.read(_next_due)


def act(connection: Connection, conversation_id: int, deed: Deed, times: Times) -> Done | Denied:
    """See `DeskActions.act`; in the caller's transaction."""
    thread = locked(connection, conversation_id)
    if isinstance(thread, Denied):
        return thread
    if (earlier := told_before(connection, conversation_id, deed.key)) is not None:
        return Done(thread, changed=False, event_id=earlier)
    if isinstance(deed.action, Resolved) and not thread.at_the_desk:
        deed = replace(deed, action=Resolved(late=_has_open_case(connection, conversation_id)))
    return advance(connection, conversation_id, thread, deed, times)


def locked(connection: Connection, conversation_id: int) -> Thread | Denied:
    """Return a thread that nobody else changes until the transaction ends."""
    row = lock(connection, conversation_id)
    if row is None:
        return Denied("unknown")
    return Denied("closed") if row.status == "erased" else thread_of(row)


def advance(
    connection: Connection, conversation_id: int, thread: Thread, deed: Deed, times: Times
) -> Done | Denied:
    """Do something to a locked thread, and write all that follows. The last event carries the key."""
    result = step(thread, deed.action, times)
    if isinstance(result, Refusal):
        return Denied(result.why, result.holder)
    after = result.thread
    if after != thread:
        connection.execute(
            update(_conversations)
            .where(_conversations.c.id == conversation_id)
            .values(**values_of(after, times.lead))
        )
    event_id = None
    for kind in result.happened:
        event_id = tell(
            connection,
            conversation_id,
            News(
                kind,
                deed.actor,
                deed.reason,
                {**deed.detail, **_told(kind, deed.action, thread, result)},
                deed.key if kind == result.happened[-1] else None,
            ),
            times.now,
        )
    if after.floor != "bot" and thread.floor == "bot":
        silence(connection, conversation_id, times.now)
    if event_id is not None:
        cause = str(deed.detail.get("cause", "")) if result.back == "solved" else ""
        _keep_cases(connection, conversation_id, result, deed.actor, cause, times.now)
        _ring(connection, conversation_id, thread, result, times.now)
        if result.back is not None:
            back = HandedBack(result.back == "solved", cause, result.back)
            hear(connection, conversation_id, back, str(event_id), times.now)
    return Done(after, changed=after != thread, event_id=event_id)


def follow_turn(
    connection: Connection,
    conversation_id: int,
    thread: Thread,
    acts: Sequence[Act],
    case: tuple[Escalated, str] | None,
    promised: datetime | None,
    times: Times,
) -> Thread:
    """Do to a locked thread what a turn found in its events and decided; return what it is then.

    ``case`` is that a human is needed, and the script's reason; ``promised`` a new time that the buyer was
    told.
    """
    deeds = [_ACTS[one] for one in acts]
    if case is not None:
        escalated, reason = case
        deeds.append(Deed(replace(escalated, team=team_of(connection, reason)), "bot", reason))
    if promised is not None:
        deeds.append(Deed(Promised(promised), "bot"))
    for deed in deeds:
        done = advance(connection, conversation_id, thread, deed, times)
        if isinstance(done, Done):
            thread = done.thread
    return thread


def floor_of(status: str, floor: str, acts: Sequence[Act]) -> str:
    """Return who has the floor after ``acts`` in a thread of which only so much is known."""
    thread = thread_of(_BLANK | {"status": status, "floor": floor})
    for one in acts:
        result = step(thread, _ACTS[one].action, usual(EPOCH))
        thread = thread if isinstance(result, Refusal) else result.thread
    return thread.floor


def look(connection: Connection, times: Times, most: int) -> int:
    """See `DeskActions.look`; in the caller's transaction."""
    rows = connection.execute(
        select(_conversations.c.id, *COLUMNS)
        .where(_conversations.c.desk_due_at <= times.now)
        .order_by(_conversations.c.desk_due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        thread = thread_of(row)
        for _ in range(_MOST_LOOKS):
            done = advance(connection, row.id, thread, Deed(Looked(), "clock"), times)
            if isinstance(done, Denied) or not done.changed:
                break
            thread = done.thread
        # Also where nothing was to be done: the settings may have changed since it was written.
        connection.execute(
            update(_conversations)
            .where(_conversations.c.id == row.id)
            .values(desk_due_at=values_of(thread, times.lead)["desk_due_at"])
        )
    return len(rows)


def _thread(connection: Connection, conversation_id: int) -> Thread | Denied:
    row = connection.execute(select(*COLUMNS).where(_conversations.c.id == conversation_id)).one_or_none()
    if row is None:
        return Denied("unknown")
    return Denied("closed") if row.status == "erased" else thread_of(row)


def _next_due(connection: Connection) -> datetime | None:
    earliest: datetime | None = connection.execute(
        select(func.min(_conversations.c.desk_due_at)).where(_conversations.c.desk_due_at.is_not(None))
    ).scalar_one()
    return earliest


def _told(kind: str, action: Action, before: Thread, result: Step) -> dict[str, object]:
    """What an event of this kind tells; see `persistence.desk_events`."""
    told: dict[str, object] = {}
    match kind, action:
        case "claimed", Claimed(by=by) | Replied(by=by) if before.assignee not in {None, by}:
            told = {"over": before.assignee}
        case "assigned", Assigned(to=to, team=team):
            told = {"to": to, "team": team}
        case "escalated", Escalated(priority=priority, promised_at=promised_at):
            told = {"priority": priority, "promised_at": _iso(promised_at)}
        case "replied", _:
            told = {"owed": owed_of(before)}
        case "snoozed" | "promised", Snoozed(until=until) | Promised(until=until):
            told = {"until": _iso(until)}
        case "prioritised", _:
            told = {"priority": result.thread.priority}
        case "returned", _:
            told = {"why": result.back}
        case "promise_near" | "promise_broken", _:
            told = {"answer_by": _iso(before.answer_by)}
        case _:
            pass
    return told


def owed_of(thread: Thread) -> dict[str, int | None]:
    """Return what an answer settles, so that it is owed again if the answer is taken back."""
    return {
        "answer_by": None if thread.answer_by is None else microseconds(thread.answer_by),
        "alarmed": thread.alarmed,
        "waiting_since": None if thread.waiting_since is None else microseconds(thread.waiting_since),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def silence(connection: Connection, conversation_id: int, now: datetime) -> None:
    """Whatever the bot still had to say is moot: a person has the word now."""
    silenced = connection.execute(
        update(_outbox)
        .where(
            _outbox.c.conversation_id == conversation_id,
            _outbox.c.status.in_((fixed("waiting"), fixed("parked"))),
            _outbox.c.speaker == "bot",
        )
        .values(status="cancelled", detail=HUMAN_HERE)
        .returning(_outbox.c.id)
    )
    follow(connection, list(silenced.scalars()), now)


def _has_open_case(connection: Connection, conversation_id: int) -> bool:
    found = connection.execute(
        select(_handoffs.c.id)
        .where(_handoffs.c.conversation_id == conversation_id, _handoffs.c.resolved_at.is_(None))
        .limit(1)
    )
    return found.one_or_none() is not None


def _keep_cases(
    connection: Connection, conversation_id: int, result: Step, actor: str, cause: str, now: datetime
) -> None:
    """Note in the open cases who first took them, when they were answered, and how they ended."""
    at = literal(now, Instant())
    happened = {*result.happened}
    values: dict[str, Any] = {}
    if result.back == "solved":
        values = {"resolved_at": now, "resolved_by": actor, "cause": cause}
    elif happened & {"claimed", "assigned", "replied", "phone_took"} and result.thread.status != "waiting":
        values = {"claimed_at": func.coalesce(_handoffs.c.claimed_at, at)}
    if happened & {"replied", "phone_took"}:
        values |= {"answered_at": func.coalesce(_handoffs.c.answered_at, at)}
    if values:
        connection.execute(
            update(_handoffs)
            .where(_handoffs.c.conversation_id == conversation_id, _handoffs.c.resolved_at.is_(None))
            .values(**values)
        )


def _ring(connection: Connection, conversation_id: int, before: Thread, result: Step, now: datetime) -> None:
    """Raise the alarms; a buyer to whom a promise was broken is told so."""
    thread = result.thread
    detail = {"assignee": thread.assignee, "team": thread.team, "priority": thread.priority}
    if "escalated" in result.happened and thread.priority == URGENT and before.priority < URGENT:
        ring(
            connection,
            "waiting",
            f"waiting:{conversation_id}:{microseconds(now)}",
            now,
            conversation_id=conversation_id,
            detail=detail,
        )
    if result.alarm is None or thread.answer_by is None:
        return
    ring(
        connection,
        result.alarm,
        f"{result.alarm}:{conversation_id}:{microseconds(thread.answer_by)}",
        now,
        conversation_id=conversation_id,
        detail=detail | {"answer_by": thread.answer_by.isoformat()},
    )
    if result.alarm == "broken":
        _own_up(connection, conversation_id, now)


def _own_up(connection: Connection, conversation_id: int, now: datetime) -> None:
    """Let the dialog tell the buyer that nobody has answered in time, once for each case."""
    cases = connection.execute(
        select(_handoffs.c.id, _handoffs.c.promised_at)
        .where(
            _handoffs.c.conversation_id == conversation_id,
            _handoffs.c.resolved_at.is_(None),
            _handoffs.c.answered_at.is_(None),
            _handoffs.c.promised_at <= now,
        )
        .order_by(_handoffs.c.id.desc())
        .limit(1)
    )
    for case in cases:
        hear(connection, conversation_id, PromiseBroken(case.promised_at), f"case {case.id}", now)
