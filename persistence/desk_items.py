"""What a thread of the desk is made of: its items, and what stands above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from dialogs.messages import Event, Outgoing
from persistence.desk_rows import Viewer
from persistence.media import MessageMedia

Side: TypeAlias = Literal["buyer", "bot", "agent", "phone", "event", "note"]
"""Who speaks. ``phone`` is somebody of the shop in the platform's own app; an ``event`` is nobody's word."""


@dataclass(frozen=True, slots=True)
class ShownButton:
    """A button, quick reply or list row as it was offered, and whether it was tapped."""

    title: str
    description: str = ""
    tapped: bool = False


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that another answers: its beginning, and its key where it is one of this thread."""

    text: str
    side: Side
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a message (``text[start:end]``) that called for a human, and the case it did so in."""

    start: int
    end: int
    why: str
    case_id: int


@dataclass(frozen=True, slots=True)
class DeskEvent:
    """Something that happened at the desk: see `persistence.tables_desk.DeskEventRow`."""

    kind: str
    actor: str
    reason: str
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a thread. ``key`` names it for ever: ``i123`` in the inbox, ``o45`` out, ``e6``, ``n7``.

    ``kind`` is the event's or the desk event's kind, or the style of what went out. ``who`` is the account of
    an agent's message, note or event. ``text`` is what there is to read. ``event`` is what came, ``outgoing``
    what went out, ``desk`` what happened. ``reactions`` are the emoji that stand on it now. ``status`` and
    ``delivery`` are those of the outbox, ``code`` and ``detail`` the platform's words where it failed.
    ``arrived_late`` tells that it came long after it was written: then ``received_at`` says when. ``edited``
    is a message that the buyer has changed since: what it says now is shown. Of one that was taken back
    (``unsent``) nothing is left to show. ``mentions`` are accounts. ``forgotten`` tells after how many
    days its words were deleted (`persistence.retention`), 0 where that is not known any more.
    """

    key: str
    at: datetime
    side: Side
    kind: str
    who: int | None = None
    text: str = ""
    event: Event | None = None
    outgoing: Outgoing | None = None
    desk: DeskEvent | None = None
    inbox_id: int | None = None
    outbox_id: int | None = None
    buttons: tuple[ShownButton, ...] = ()
    quoted: Quoted | None = None
    reactions: tuple[str, ...] = ()
    edited: bool = False
    unsent: bool = False
    media: tuple[MessageMedia, ...] = ()
    status: str = ""
    delivery: str | None = None
    code: str | None = None
    detail: str | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    undo_until: datetime | None = None
    received_at: datetime | None = None
    arrived_late: bool = False
    flow: str = ""
    step: str = ""
    touchpoint: str = ""
    proactive: bool = False
    mentions: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    forgotten: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A stretch of a thread, the oldest first."""

    items: tuple[Item, ...]
    has_before: bool = False
    has_after: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Why a human was called: see `persistence.tables.HandoffRow`. It is open until ``resolved_at``.

    ``quotes`` is the inbox row that the evidence of the current case, the newest open one, was said in: None
    where it is gone, and for all other cases.
    """

    id: int
    reason: str
    why: str
    evidence: tuple[str, ...]
    priority: int
    at: datetime
    promised_at: datetime | None
    claimed_at: datetime | None
    answered_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str
    cause: str
    corrected: str
    quotes: int | None = None


@dataclass(frozen=True, slots=True)
class ContactId:
    """One id by which a channel knows the buyer."""

    channel: str
    account: str
    external_id: str
    conversation_id: int
    username: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class ThreadHead:
    """What stands above a thread. ``draft`` is what the asking agent has typed and not sent.

    ``cases`` are the newest twenty, open ones first. ``labels`` are ids.
    """

    id: int
    channel: str
    account: str
    name: str | None
    language: str | None
    buyer_id: int | None
    status: str
    floor: str
    assignee: int | None
    team: int | None
    priority: int
    answer_by: datetime | None
    waiting_since: datetime | None
    snoozed_until: datetime | None
    quiet_at: datetime | None
    heard_at: datetime | None
    created_at: datetime
    reachable: bool
    version: int
    contacts: tuple[ContactId, ...] = ()
    cases: tuple[Case, ...] = ()
    labels: tuple[int, ...] = ()
    viewers: tuple[Viewer, ...] = ()
    draft: str = ""
