"""What agents say: into the outbox once, back out of it while it can be, and again when it has failed.

What an agent has said and what it makes of the thread are written together, before anything is sent; from
then on it is a message like any other, which no crash loses or doubles. The bot's rules never cancel it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, select, update
from sqlalchemy.engine import Row

from dialogs.handoff import Replied, Times, TookBack
from dialogs.messages import OUTGOING, Outgoing
from persistence.database import EPOCH, Database
from persistence.desk_actions import Deed, Denied, advance, locked
from persistence.desk_events import News, ring, tell, told_before
from persistence.drafts import keep
from persistence.tables import Conversation, OutboxRow, table
from persistence.tables_desk import DeskEventRow

_conversations = table(Conversation)
_outbox = table(OutboxRow)
_events = table(DeskEventRow)

Goes: TypeAlias = Literal["now", "template", "human_tag", "when_buyer_writes"]
"""How a message will go out: at once, as a template, under the tag for people's answers, or only then."""

TAKEN_BACK: Final = "the agent took it back"
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent answers: ``typed`` in ``messages`` as the channel takes them, not before ``undo_until``.

    ``over`` answers a thread that another agent has. ``key`` makes it once, however often it is asked for.
    """

    by: int
    typed: str
    messages: tuple[Outgoing, ...]
    goes: Goes
    undo_until: datetime
    key: str
    via: str = "page"
    over: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that is in the outbox. Until ``undo_until`` it can be taken back."""

    event_id: int
    outbox_ids: tuple[int, ...]
    goes: Goes
    undo_until: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Where a buyer is written to, and what decides how: when they last spoke, and whether they can be."""

    channel: str
    account: str
    heard_at: datetime | None
    reachable: bool


class Replies:
    """The agents' part of the outbox."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def say(self, conversation_id: int, reply: Reply, times: Times) -> Said | Denied:
        """Answer the buyer; the same key again returns what was said then, and says nothing."""
        return await self._database.write(say, conversation_id, reply, times)

    async def unsay(self, conversation_id: int, by: int, event_id: int, times: Times) -> str | None:
        """Take back what this agent said, and return it as it was typed; None: it is too late.

        It becomes the agent's draft again, and whoever was owed an answer is owed it again.
        """
        return await self._database.write(unsay, conversation_id, by, event_id, times)

    async def retry(self, conversation_id: int, by: int, outbox_id: int, now: datetime) -> bool:
        """Let a message of an agent that has failed go out again; False if there is nothing to repeat."""
        return await self._database.write(retry, conversation_id, by, outbox_id, now)

    async def address(self, conversation_id: int) -> Address | None:
        """Return where a conversation's buyer is written to; None: there is nobody (any more)."""
        return await self._database.read(_address, conversation_id)

    async def failed(self, outbox_id: int, now: datetime) -> None:
        """Alarm the desk: what an agent said did not reach the buyer."""
        await self._database.write(failed, outbox_id, now)


def say(connection: Connection, conversation_id: int, reply: Reply, times: Times) -> Said | Denied:
    """See `Replies.say`; in the caller's transaction."""
    thread = locked(connection, conversation_id)
    if isinstance(thread, Denied):
        return thread
    if (earlier := told_before(connection, conversation_id, reply.key)) is not None:
        return _said_before(connection, conversation_id, earlier)
    detail: dict[str, object] = {"via": reply.via, "goes": reply.goes}
    if [one.text for one in reply.messages] != [reply.typed]:
        detail["typed"] = reply.typed
    deed = Deed(Replied(reply.by, reply.over), f"account:{reply.by}", "", detail, reply.key)
    done = advance(connection, conversation_id, thread, deed, times)
    if isinstance(done, Denied):
        return done
    if done.event_id is None:  # pragma: no cover - to reply always happens
        raise AssertionError
    written = connection.execute(
        _outbox.insert().returning(_outbox.c.id, sort_by_parameter_order=True),
        [
            {
                "conversation_id": conversation_id,
                "turn": -done.event_id,
                "seq": seq,
                "speaker": "agent",
                "outgoing": orjson.dumps(one).decode(),
                "due_at": reply.undo_until,
                "undo_until": reply.undo_until,
                "created_at": times.now,
            }
            for seq, one in enumerate(reply.messages)
        ],
    )
    keep(connection, conversation_id, reply.by, "", times.now)
    return Said(done.event_id, tuple(written.scalars()), reply.goes, reply.undo_until)


def unsay(connection: Connection, conversation_id: int, by: int, event_id: int, times: Times) -> str | None:
    """See `Replies.unsay`; in the caller's transaction."""
    thread = locked(connection, conversation_id)
    event = _reply_of(connection, conversation_id, event_id)
    if isinstance(thread, Denied) or event is None or event.actor != f"account:{by}":
        return None
    rows = connection.execute(
        select(_outbox)
        .where(_outbox.c.conversation_id == conversation_id, _outbox.c.turn == -event_id)
        .order_by(_outbox.c.seq)
        .with_for_update()
    ).all()
    if not rows or any(row.status != "waiting" or row.undo_until <= times.now for row in rows):
        return None
    connection.execute(
        update(_outbox)
        .where(_outbox.c.id.in_([row.id for row in rows]))
        .values(status="cancelled", detail=TAKEN_BACK)
    )
    detail = orjson.loads(event.detail)
    typed = detail.get("typed")
    if typed is None:
        typed = OUTGOING.validate_json(rows[0].outgoing).text
    undo = _owed_again(detail["owed"])
    if _answered_since(connection, conversation_id, event_id):
        tell(
            connection,
            conversation_id,
            News("took_back", event.actor, "", {"event": event_id}),
            times.now,
        )
    else:
        deed = Deed(undo, event.actor, "", {"event": event_id})
        advance(connection, conversation_id, thread, deed, times)
    keep(connection, conversation_id, by, str(typed), times.now)
    return str(typed)


def retry(connection: Connection, conversation_id: int, by: int, outbox_id: int, now: datetime) -> bool:
    """See `Replies.retry`; in the caller's transaction."""
    if isinstance(locked(connection, conversation_id), Denied):
        return False
    again = connection.execute(
        update(_outbox)
        .where(
            _outbox.c.id == outbox_id,
            _outbox.c.conversation_id == conversation_id,
            _outbox.c.speaker == "agent",
            _outbox.c.status == "failed",
        )
        # The marks and the id are those of the try that failed: what comes now is told of the new one.
        .values(
            status="waiting",
            due_at=now,
            attempts=0,
            code=None,
            detail=None,
            delivery=None,
            external_id=None,
        )
    )
    if not again.rowcount:
        return False
    tell(
        connection,
        conversation_id,
        News("retried", f"account:{by}", "", {"outbox": outbox_id}),
        now,
    )
    return True


def failed(connection: Connection, outbox_id: int, now: datetime) -> None:
    """See `Replies.failed`; in the caller's transaction."""
    row = connection.execute(
        select(_outbox.c.conversation_id, _outbox.c.turn, _outbox.c.sending_at).where(
            _outbox.c.id == outbox_id, _outbox.c.speaker == "agent", _outbox.c.status == "failed"
        )
    ).one_or_none()
    if row is not None:
        tried = 0 if row.sending_at is None else (row.sending_at - EPOCH) // _MICROSECOND
        ring(
            connection,
            "failed",
            f"failed:{outbox_id}:{tried}",
            now,
            conversation_id=row.conversation_id,
            detail={"outbox": outbox_id},
        )


def _address(connection: Connection, conversation_id: int) -> Address | None:
    row = connection.execute(
        select(
            _conversations.c.channel,
            _conversations.c.account,
            _conversations.c.heard_at,
            _conversations.c.reachable,
        ).where(_conversations.c.id == conversation_id, _conversations.c.status != "erased")
    ).one_or_none()
    return None if row is None else Address(row.channel, row.account, row.heard_at, row.reachable)


def _said_before(connection: Connection, conversation_id: int, event_id: int) -> Said | Denied:
    event = _reply_of(connection, conversation_id, event_id)
    rows = connection.execute(
        select(_outbox.c.id, _outbox.c.undo_until)
        .where(_outbox.c.conversation_id == conversation_id, _outbox.c.turn == -event_id)
        .order_by(_outbox.c.seq)
    ).all()
    if event is None or not rows:  # the key was that of something else
        return Denied("not_here")
    detail: Mapping[str, Any] = orjson.loads(event.detail)
    return Said(
        event_id, tuple(row.id for row in rows), detail.get("goes", "now"), rows[0].undo_until or event.at
    )


def _reply_of(connection: Connection, conversation_id: int, event_id: int) -> Row[Any] | None:
    return connection.execute(
        select(_events).where(
            _events.c.id == event_id,
            _events.c.conversation_id == conversation_id,
            _events.c.kind == "replied",
        )
    ).one_or_none()


def _answered_since(connection: Connection, conversation_id: int, event_id: int) -> bool:
    """Whether the buyer has been answered again since: then nothing is owed to them all the same."""
    later = connection.execute(
        select(_events.c.id)
        .where(
            _events.c.conversation_id == conversation_id,
            _events.c.id > event_id,
            _events.c.kind.in_(("replied", "phone_took", "resolved", "returned")),
        )
        .limit(1)
    )
    return later.one_or_none() is not None


def _owed_again(owed: Mapping[str, int | None]) -> TookBack:
    def moment(name: str) -> datetime | None:
        value = owed[name]
        return None if value is None else EPOCH + value * _MICROSECOND

    return TookBack(moment("answer_by"), owed["alarmed"] or 0, moment("waiting_since"))
