"""What people judged messages to mean: kept to learn from, gone with the buyer and with time.

Texts here are personal data like those of the inbox: erasure and a message that was taken back delete their
judgements (`persistence.privacy`, `persistence.records`), and `Corrections.forget` those that are too old.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, func, select, update

from dialogs.sensitivity import Judged
from nlu.corpus import LANGUAGES
from nlu.understanding import Intent, MoodLabel
from persistence.database import Database, fixed
from persistence.inbox import insert_or_ignore
from persistence.tables import Conversation, CorrectionRow, InboxRow, table

_conversations = table(Conversation)
_corrections = table(CorrectionRow)
_inbox = table(InboxRow)

_NEWEST: Final = 10_000
_LONG_ENOUGH: Final = timedelta(days=3)
_ENOUGH: Final = 50
_RECENT: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class NewCorrection:
    """One person's judgement of one message.

    ``conversation_id`` and ``inbox_id`` name it where it came from a chat; ``chance`` is what the engine
    thought of it (0 to 1), if it was asked; ``by`` is who judges.
    """

    text: str
    language: str
    intent: Intent
    mood: MoodLabel
    handoff: bool
    conversation_id: int | None = None
    inbox_id: int | None = None
    chance: float | None = None
    by: str = ""

    @property
    def key(self) -> str:
        """What makes two judgements ones of the same message."""
        if self.inbox_id is not None:
            return f"inbox:{self.inbox_id}"
        said = f"{self.language}:{self.text.casefold()}".encode(errors="surrogatepass")
        return f"text:{blake2b(said, digest_size=16).hexdigest()}"


class Corrections:
    """The judgements of messages."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def record(self, corrections: Sequence[NewCorrection], now: datetime) -> int:
        """Keep judgements, all or none; return how many were kept.

        The newest of a message counts. One of a chat that was erased, or that does not exist, is not kept.
        """
        return await self._database.write(record, corrections, now)

    async def lines(self) -> tuple[bytes, ...]:
        """Return what is to be learnt, one line of JSON for each text, in a steady order.

        Of two messages with the same words the newest judgement counts: one text with two meanings teaches
        nothing.
        """
        return await self._database.read(_lines)

    async def judged(self) -> tuple[Judged, ...]:
        """Return the judgements of messages of which is known what the engine had thought before."""
        return await self._database.read(_judged)

    async def messages_per_day(self, now: datetime) -> float | None:
        """Return how many texts buyers have written a day, lately; None while too little is known."""
        return await self._database.read(_messages_per_day, now)

    async def forget(self, before: datetime) -> int:
        """Delete judgements made before then; return how many."""
        return await self._database.write(_delete_old, before)


def record(connection: Connection, corrections: Sequence[NewCorrection], now: datetime) -> int:
    """See `Corrections.record`; in the caller's transaction."""
    kept = 0
    for one in corrections:
        if one.conversation_id is not None and not _is_there(connection, one.conversation_id):
            continue
        values: dict[str, Any] = {
            "text": one.text,
            "language": one.language,
            "intent": one.intent,
            "mood": one.mood,
            "handoff": one.handoff,
            "by": one.by,
            "at": now,
        }
        place = {"conversation_id": one.conversation_id, "inbox_id": one.inbox_id, "chance": one.chance}
        connection.execute(
            insert_or_ignore(connection.dialect.name, _corrections), [{"key": one.key, **values, **place}]
        )
        # The first judgement's chance stays: later ones may come from an engine that has learnt the message.
        connection.execute(
            update(_corrections)
            .where(_corrections.c.key == one.key, _corrections.c.at <= now)
            .values(**values)
        )
        kept += 1
    return kept


def _is_there(connection: Connection, conversation_id: int) -> bool:
    # Locked, so that an erasure at this very moment comes before or after, and finds what there is to erase.
    found = connection.execute(
        select(_conversations.c.status).where(_conversations.c.id == conversation_id).with_for_update()
    ).scalar_one_or_none()
    return found is not None and found != "erased"


def _lines(connection: Connection) -> tuple[bytes, ...]:
    rows = connection.execute(
        select(_corrections)
        .where(_corrections.c.language.in_(LANGUAGES))
        .order_by(_corrections.c.at, _corrections.c.id)
    )
    newest: dict[tuple[str, str], bytes] = {}
    for row in rows:
        said = {name: getattr(row, name) for name in ("text", "language", "intent", "mood", "handoff")}
        newest[row.language, row.text.casefold()] = orjson.dumps(said)
    return tuple(line for _, line in sorted(newest.items()))


def _judged(connection: Connection) -> tuple[Judged, ...]:
    rows = connection.execute(
        select(_corrections.c.chance, _corrections.c.handoff)
        .where(_corrections.c.chance.is_not(None))
        .order_by(_corrections.c.id)
    )
    return tuple(Judged(row.chance, row.handoff) for row in rows)


def _messages_per_day(connection: Connection, now: datetime) -> float | None:
    # Only the newest rows are looked at: by their key, which is quick however long the history is.
    newest = (
        select(_inbox.c.received_at, _inbox.c.kind).order_by(_inbox.c.id.desc()).limit(_NEWEST).subquery()
    )
    count, first = connection.execute(
        select(func.count(), func.min(newest.c.received_at)).where(
            newest.c.kind == fixed("text"), newest.c.received_at > now - _RECENT
        )
    ).one()
    if count < _ENOUGH or now - first < _LONG_ENOUGH:
        return None
    return float(count / ((now - first) / timedelta(days=1)))


def _delete_old(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(_corrections).where(_corrections.c.at < before)).rowcount
