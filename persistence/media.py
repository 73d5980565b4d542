"""Files: those of people's messages, fetched once and kept, and those that agents want to send.

What has to be fetched is found in the inbox itself, so that the door only appends (`persistence.inbox`). A
file is personal data like the message that it came with: it goes when the message is taken back, when the
person is erased (`persistence.privacy`), and with time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, LargeBinary, Select, delete, func, select, update

from dialogs.channel import FileType
from dialogs.messages import Attachment
from persistence.database import Database, fixed
from persistence.inbox import insert_or_ignore
from persistence.tables import Conversation, InboxRow, table
from persistence.tables_media import MediaRow, MessageMediaRow

_media = table(MediaRow)
_message_media = table(MessageMediaRow)
_inbox = table(InboxRow)
_conversations = table(Conversation)

_ATTACHMENTS: Final = TypeAdapter(tuple[Attachment, ...])
_ABOUT: Final = [column for column in _media.c if column is not _media.c.body]
_AT_ONCE: Final = 200

Why: TypeAlias = Literal[
    "", "view_once", "gone", "too_large", "unreadable", "elsewhere", "unavailable", "no_channel",
    "taken_back", "erased", "expired",
]  # fmt: skip
"""Why there is no file. ``elsewhere``: not on the platform's machines; ``expired``: our own keeping time."""


@dataclass(frozen=True, slots=True)
class NewMedia:
    """A file to keep."""

    type: FileType
    mime: str
    body: bytes
    name: str = ""
    width: int | None = None
    height: int | None = None
    conversation_id: int | None = None
    uploaded_by: str = ""


@dataclass(frozen=True, slots=True)
class KeptMedia:
    """What is known of a file that is kept; ``size`` in bytes, ``width`` and ``height`` in pixels."""

    id: int
    type: FileType
    mime: str
    sha256: str
    size: int
    name: str
    width: int | None
    height: int | None
    conversation_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MessageMedia:
    """One attachment of a message, as a page shows it: ``file`` is there once ``status`` is ``stored``."""

    inbox_id: int
    position: int
    status: Literal["waiting", "stored", "failed", "gone"]
    why: Why
    file: KeptMedia | None


@dataclass(frozen=True, slots=True)
class Fetching:
    """A claimed attachment. ``received_at`` is when its message came."""

    inbox_id: int
    position: int
    channel: str
    account: str
    attachment: Attachment
    received_at: datetime
    attempts: int
    leased_until: datetime


class MediaStore:
    """The keeper of files."""

    def __init__(self, database: Database, *, lease: timedelta) -> None:
        """Keep files in ``database``; who fetches one has ``lease`` for it."""
        self._database = database
        self._lease = lease

    # -- fetching

    async def enlist(self, since: datetime, now: datetime) -> int:
        """Note what messages since ``since`` have brought and nobody has noted yet; return how many.

        Messages whose attachments nobody can fetch (view-once, without an address) are noted as such.
        """
        found = await self._database.read(_unnoted, since)
        return await self._database.write(_enlist, found, now) if found else 0

    async def claim(self, now: datetime, most: int) -> list[Fetching]:
        """Lease up to ``most`` attachments that are to be fetched, the longest waiting first."""
        due = await self._database.read(next_due)
        if due is None or due > now:
            return []
        return await self._database.write(_claim, now, most, self._lease)

    async def stored(self, one: Fetching, file: NewMedia, now: datetime) -> int | None:
        """Keep a fetched file; return its id, or None where the message was taken back meanwhile."""
        return await self._database.write(_store, one, file, now)

    async def failed(self, one: Fetching, why: Why) -> None:
        """Note that an attachment will never be had."""
        await self._database.write(_settle, one, {"status": "failed", "why": why})

    async def again(self, one: Fetching, due_at: datetime) -> None:
        """Have an attachment fetched again at ``due_at``."""
        await self._database.write(_settle, one, {"due_at": due_at})

    async def next_due(self) -> datetime | None:
        """Say when the next attachment is to be fetched."""
        return await self._database.read(next_due)

    # -- keeping

    async def add(self, file: NewMedia, now: datetime) -> int:
        """Keep an agent's file and return its id."""
        return await self._database.write(add, file, now)

    async def find(self, media_id: int) -> KeptMedia | None:
        """Return what is known of a file, if it is kept."""
        return await self._database.read(_find, media_id)

    async def read(self, media_id: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Return ``length`` bytes of a file from ``start`` on (all by default); None if it is not kept."""
        return await self._database.read(_read, media_id, start, length)

    async def of(self, inbox_ids: Sequence[int]) -> Mapping[int, tuple[MessageMedia, ...]]:
        """Return the attachments of messages by inbox id, in their order; ids without any are left out."""
        return await self._database.read(of_messages, inbox_ids)

    async def forget(self, before: datetime, most: int = 50) -> int:
        """Delete up to ``most`` files that are older than ``before``; return how many."""
        return await self._database.write(_forget_old, before, most)


def next_due(connection: Connection) -> datetime | None:
    """Return when the earliest waiting attachment is due."""
    earliest: datetime | None = connection.execute(
        select(func.min(_message_media.c.due_at)).where(_message_media.c.status == fixed("waiting"))
    ).scalar_one()
    return earliest


def add(connection: Connection, file: NewMedia, now: datetime) -> int:
    """Keep a file in the caller's transaction."""
    row = {
        "type": file.type,
        "mime": file.mime,
        "sha256": hashlib.sha256(file.body).hexdigest(),
        "size": len(file.body),
        "name": file.name,
        "width": file.width,
        "height": file.height,
        "conversation_id": file.conversation_id,
        "uploaded_by": file.uploaded_by,
        "created_at": now,
        "body": file.body,
    }
    made: int = connection.execute(_media.insert().values(**row).returning(_media.c.id)).scalar_one()
    return made


def of_messages(connection: Connection, inbox_ids: Sequence[int]) -> dict[int, tuple[MessageMedia, ...]]:
    """Return the attachments of messages in the caller's transaction."""
    if not inbox_ids:
        return {}
    rows = connection.execute(
        select(_message_media, *(column.label(f"file_{column.name}") for column in _ABOUT))
        .outerjoin(_media, _media.c.id == _message_media.c.media_id)
        .where(_message_media.c.inbox_id.in_(inbox_ids))
        .order_by(_message_media.c.inbox_id, _message_media.c.position)
    )
    found: dict[int, tuple[MessageMedia, ...]] = {}
    for row in rows.mappings():
        file = None
        if row["file_id"] is not None:
            file = KeptMedia(**{name: row[f"file_{name}"] for name in KeptMedia.__dataclass_fields__})
        one = MessageMedia(row["inbox_id"], row["position"], row["status"], row["why"], file)
        found[one.inbox_id] = (*found.get(one.inbox_id, ()), one)
    return found


def take_back(connection: Connection, messages: Select[Any]) -> None:
    """Delete the files of messages (a query of inbox ids) that the person took back."""
    _let_go(connection, messages, "taken_back")


def erase(connection: Connection, conversations: Sequence[int]) -> None:
    """Delete all files of conversations: those that came, and those that were sent there."""
    messages = select(_inbox.c.id).where(_inbox.c.conversation_id.in_(conversations))
    _let_go(connection, messages, "erased")
    connection.execute(delete(_media).where(_media.c.conversation_id.in_(conversations)))


def _let_go(connection: Connection, messages: Select[Any], why: Why) -> None:
    mine = _message_media.c.inbox_id.in_(messages)
    files = list(
        connection.execute(
            select(_message_media.c.media_id).where(mine, _message_media.c.media_id.is_not(None))
        ).scalars()
    )
    # A fetch that is under way finds its row no longer waiting, and drops what it has.
    connection.execute(update(_message_media).where(mine).values(media_id=None, status="gone", why=why))
    if files:
        connection.execute(delete(_media).where(_media.c.id.in_(files)))


def _unnoted(connection: Connection, since: datetime) -> list[tuple[int, str]]:
    rows = connection.execute(
        select(_inbox.c.id, _inbox.c.event)
        .outerjoin(_message_media, _message_media.c.inbox_id == _inbox.c.id)
        .where(
            _inbox.c.kind == fixed("media"),
            _inbox.c.received_at >= since,
            _message_media.c.inbox_id.is_(None),
        )
        .order_by(_inbox.c.received_at)
        .limit(_AT_ONCE)
    )
    return [(row.id, row.event) for row in rows]


def _enlist(connection: Connection, found: Iterable[tuple[int, str]], now: datetime) -> int:
    rows = []
    for inbox_id, event in found:
        attachments = _attachments(event)
        # A message that was taken back before it was noted has none; it is noted all the same, once.
        fates: list[tuple[str, Why]] = [
            ("waiting", "") if one.url or one.media_id else ("failed", "view_once") for one in attachments
        ] or [("gone", "taken_back")]
        rows += [
            {"inbox_id": inbox_id, "position": n, "status": status, "why": why, "due_at": now}
            for n, (status, why) in enumerate(fates)
        ]
    connection.execute(insert_or_ignore(connection.dialect.name, _message_media), rows)
    return len(rows)


def _attachments(event: str) -> tuple[Attachment, ...]:
    return _ATTACHMENTS.validate_python(orjson.loads(event).get("attachments") or ())


def _claim(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Fetching]:
    rows = connection.execute(
        select(
            _message_media.c.inbox_id,
            _message_media.c.position,
            _message_media.c.attempts,
            _inbox.c.source,
            _inbox.c.event,
            _inbox.c.contact,
            _inbox.c.received_at,
            _conversations.c.account,
        )
        .join(_inbox, _inbox.c.id == _message_media.c.inbox_id)
        .outerjoin(_conversations, _conversations.c.id == _inbox.c.conversation_id)
        .where(_message_media.c.status == fixed("waiting"), _message_media.c.due_at <= now)
        .order_by(_message_media.c.due_at, _message_media.c.inbox_id, _message_media.c.position)
        .limit(most)
        .with_for_update(of=_message_media, skip_locked=True)
    ).all()
    claimed: list[Fetching] = []
    for row in rows:
        attachments = _attachments(row.event)
        if row.position >= len(attachments):
            _settle_row(connection, row.inbox_id, row.position, {"status": "gone", "why": "taken_back"})
            continue
        _settle_row(
            connection, row.inbox_id, row.position, {"due_at": now + lease, "attempts": row.attempts + 1}
        )
        # Until a message is sorted only its contact says on which account it came.
        account = row.account or orjson.loads(row.contact or "{}").get("account", "")
        claimed.append(
            Fetching(
                inbox_id=row.inbox_id,
                position=row.position,
                channel=row.source,
                account=account,
                attachment=attachments[row.position],
                received_at=row.received_at,
                attempts=row.attempts + 1,
                leased_until=now + lease,
            )
        )
    return claimed


def _settle_row(connection: Connection, inbox_id: int, position: int, values: dict[str, Any]) -> None:
    connection.execute(
        update(_message_media)
        .where(_message_media.c.inbox_id == inbox_id, _message_media.c.position == position)
        .values(values)
    )


def _settle(connection: Connection, one: Fetching, values: dict[str, Any]) -> bool:
    """Write what became of a claim, as long as it is still ours: not taken back, and not leased anew."""
    written = connection.execute(
        update(_message_media)
        .where(
            _message_media.c.inbox_id == one.inbox_id,
            _message_media.c.position == one.position,
            _message_media.c.status == "waiting",
            _message_media.c.due_at == one.leased_until,
        )
        .values(values)
    )
    return written.rowcount == 1


def _store(connection: Connection, one: Fetching, file: NewMedia, now: datetime) -> int | None:
    # The row is settled first: from here on nobody can take the message back in between.
    if not _settle(connection, one, {"status": "stored"}):
        return None
    media_id = add(connection, file, now)
    _settle_row(connection, one.inbox_id, one.position, {"media_id": media_id})
    return media_id


def _find(connection: Connection, media_id: int) -> KeptMedia | None:
    row = connection.execute(select(*_ABOUT).where(_media.c.id == media_id)).mappings().one_or_none()
    if row is None:
        return None
    return KeptMedia(**{name: row[name] for name in KeptMedia.__dataclass_fields__})


def _read(connection: Connection, media_id: int, start: int, length: int | None) -> bytes | None:
    part: Any = _media.c.body
    if start or length is not None:
        ends = () if length is None else (length,)
        part = func.substr(_media.c.body, start + 1, *ends, type_=LargeBinary())
    found = connection.execute(select(part).where(_media.c.id == media_id)).scalar_one_or_none()
    return None if found is None else bytes(found)


def _forget_old(connection: Connection, before: datetime, most: int) -> int:
    old = list(
        connection.execute(
            select(_media.c.id)
            .where(_media.c.created_at < before)
            .order_by(_media.c.created_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        ).scalars()
    )
    if old:
        connection.execute(
            update(_message_media)
            .where(_message_media.c.media_id.in_(old))
            .values(media_id=None, status="gone", why="expired")
        )
        connection.execute(delete(_media).where(_media.c.id.in_(old)))
    return len(old)
