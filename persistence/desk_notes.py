"""What agents tell each other beside a thread, and what they say that the bot has misread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, select, update

from dialogs.messages import EVENTS, Edited, Media, Text
from nlu.understanding import Intent, MoodLabel
from persistence.corrections import NewCorrection, record
from persistence.database import Database
from persistence.desk_actions import Denied, locked
from persistence.desk_events import News, ring, scoped, tell
from persistence.tables import Conversation, HandoffRow, InboxRow, table
from persistence.tables_desk import AgentNoteRow

_notes = table(AgentNoteRow)
_inbox = table(InboxRow)
_handoffs = table(HandoffRow)
_conversations = table(Conversation)


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note: who writes what to whom. ``key`` makes it once, however often it is asked for."""

    by: int
    text: str
    mentions: tuple[int, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an agent says that a message of the buyer (``inbox_id``) really was."""

    by: int
    inbox_id: int
    intent: Intent
    mood: MoodLabel
    handoff: bool


class DeskNotes:
    """Notes and judgements."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def add(self, conversation_id: int, note: NewNote, now: datetime) -> int | None:
        """Keep a note, and alarm whom it mentions; return its id. None: there is no such conversation."""
        return await self._database.write(add, conversation_id, note, now)

    async def correct(self, conversation_id: int, judgement: Judgement, now: datetime) -> bool:
        """Keep what an agent says of a message, to learn from; False if there are no words to learn from."""
        return await self._database.write(correct, conversation_id, judgement, now)


def add(connection: Connection, conversation_id: int, note: NewNote, now: datetime) -> int | None:
    """See `DeskNotes.add`; in the caller's transaction."""
    if isinstance(locked(connection, conversation_id), Denied):
        return None
    key = scoped(conversation_id, note.key)
    earlier = connection.execute(select(_notes.c.id).where(_notes.c.key == key)).scalar_one_or_none()
    if earlier is not None:
        return int(earlier)
    written = connection.execute(
        _notes.insert()
        .values(
            conversation_id=conversation_id,
            author=f"account:{note.by}",
            text=note.text,
            mentions=orjson.dumps(note.mentions).decode(),
            at=now,
            key=key,
        )
        .returning(_notes.c.id)
    )
    note_id = int(written.scalar_one())
    _alarm(connection, conversation_id, note_id, note.by, note.mentions, now)
    return note_id


def _alarm(
    connection: Connection,
    conversation_id: int,
    note_id: int,
    by: int,
    mentions: Sequence[int],
    now: datetime,
) -> None:
    for account in mentions:
        ring(
            connection,
            "mention",
            f"mention:{note_id}:{account}",
            now,
            conversation_id=conversation_id,
            detail={"account": account, "note": note_id, "by": by},
        )


def correct(connection: Connection, conversation_id: int, judgement: Judgement, now: datetime) -> bool:
    """See `DeskNotes.correct`; in the caller's transaction."""
    if isinstance(locked(connection, conversation_id), Denied):
        return False
    row = connection.execute(
        select(_inbox.c.event, _conversations.c.language)
        .join(_conversations, _conversations.c.id == _inbox.c.conversation_id)
        .where(_inbox.c.id == judgement.inbox_id, _inbox.c.conversation_id == conversation_id)
    ).one_or_none()
    words = "" if row is None else _words(row.event)
    if row is None or not words.strip():
        return False
    actor = f"account:{judgement.by}"
    said = {"intent": judgement.intent, "mood": judgement.mood, "handoff": judgement.handoff}
    correction = NewCorrection(
        text=words,
        language=row.language or "de",
        intent=judgement.intent,
        mood=judgement.mood,
        handoff=judgement.handoff,
        conversation_id=conversation_id,
        inbox_id=judgement.inbox_id,
        by=actor,
    )
    if not record(connection, [correction], now):
        return False
    newest = (
        select(_handoffs.c.id)
        .where(_handoffs.c.conversation_id == conversation_id)
        .order_by(_handoffs.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(
        update(_handoffs)
        .where(_handoffs.c.id == newest)
        .values(corrected=orjson.dumps(said | {"by": actor}).decode())
    )
    tell(
        connection,
        conversation_id,
        News("corrected", actor, "", {"inbox": judgement.inbox_id, **said}),
        now,
    )
    return True


def _words(event: str) -> str:
    said = EVENTS.validate_json(event)
    match said:
        case Text(text=text) | Edited(text=text):
            return text
        case Media(caption=caption):
            return caption
        case _:
            return ""
