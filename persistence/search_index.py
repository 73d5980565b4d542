"""What the search finds in: taken in from the messages by a room of its own, never on the door's path.

Each stream of rows (inbox, outbox, notes) is read by id, once. What an id hides at that moment (a message
that is not sorted yet, a transaction that has drawn its id and not ended) is found by looking once more at
the last minute's ids; so nothing is left out, and what was taken in already is passed over.

What is taken back, edited or erased leaves the index in the transaction that does it: `forget`, `reword`,
`forget_conversations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import orjson
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, FromClause, Select, delete, func, select, update
from sqlalchemy.engine import Row

from dialogs.folding import fold, phone_terms
from dialogs.messages import EVENTS, OUTGOING, Echo, Event, Media, Outgoing, Text
from persistence.database import EPOCH, fixed, microseconds
from persistence.echoes import our_echoes
from persistence.inbox import insert_or_ignore
from persistence.tables import (
    BindingRow,
    Buyer,
    ContactRow,
    Conversation,
    InboxRow,
    OrderRow,
    OutboxRow,
    SettingRow,
    table,
)
from persistence.tables_desk import AgentNoteRow
from persistence.tables_search import SearchDocRow, SearchPersonRow

_docs = table(SearchDocRow)
_people = table(SearchPersonRow)
_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_notes = table(AgentNoteRow)
_settings = table(SettingRow)
_conversations = table(Conversation)
_contacts = table(ContactRow)
_buyers = table(Buyer)
_orders = table(OrderRow)
_bindings = table(BindingRow)

Kind: TypeAlias = Literal["i", "o", "n"]
"""Which table a text comes from; with its id it is the item's key in the thread."""

PLACES: Final = "search"
"""The setting that remembers how far the index has come."""

UNSETTLED: Final = timedelta(minutes=1)
"""Rows younger than this are looked at once more."""

AGAIN: Final = timedelta(seconds=15)
"""How often that is done."""

UNDO: Final = timedelta(seconds=10)
"""What an agent writes is taken in after this: until then they may take it back."""

_LOCK: Final = 7_236_447_855
"""One process at a time takes in (PostgreSQL advisory lock; `persistence.inbox` has those of the lanes)."""

_KINDS: Final = ("text", "media", "echo")
_UNSAID: Final = ("cancelled", "expired", "released", "merged")
_IN_HAND: Final = frozenset({"new", "waiting"})
_MOST_ORDERS: Final = 50


@dataclass(frozen=True, slots=True)
class _Doc:
    """A text to take in."""

    kind: Kind
    ref: int
    conversation_id: int
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class _Stream:
    """A table to read texts from: when a row came, which rows have a text, and what it is."""

    kind: Kind
    rows: FromClause
    came: ColumnElement[datetime]
    has_text: Callable[[Row[Any]], bool]
    is_ready: Callable[[Row[Any], datetime], bool]
    has_text_sql: ColumnElement[bool]
    at: str
    text: Callable[[Row[Any]], str]


def index(connection: Connection, now: datetime, most: int) -> int:
    """Take in up to ``most`` rows of each stream in the caller's transaction; return how many were seen."""
    if connection.dialect.name == "postgresql":
        free = select(func.pg_try_advisory_xact_lock(_LOCK))
        if not connection.execute(free).scalar_one():
            return 0
    places = _places(connection, locked=True)
    before = dict(places)
    looked = 0
    fresh: list[_Doc] = []
    touched: set[int] = set()
    for stream in STREAMS:
        rows = _next(connection, stream, places, now, most)
        looked += len(rows)
        docs, about = _taken(connection, stream, rows)
        fresh += docs
        touched |= about
    if _looks_again(places, now):
        for stream in STREAMS:
            docs, about = _taken(connection, stream, _left_out(connection, stream, places, now, most))
            fresh += docs
            touched |= about
        places["again"] = microseconds(now)
    _insert(connection, sorted(fresh, key=lambda doc: doc.at))
    describe(connection, touched)
    if places != before:
        _remember(connection, places)
    return looked


def is_due(connection: Connection, now: datetime) -> bool:
    """Tell whether `index` would find anything to do: without any lock."""
    places = _places(connection, locked=False)
    return _looks_again(places, now) or any(
        connection.execute(
            select(stream.rows.c.id).where(stream.rows.c.id > places.get(stream.kind, 0)).limit(1)
        ).first()
        is not None
        for stream in STREAMS
    )


def forget(connection: Connection, kind: Kind, refs: Any) -> None:
    """Take texts out of the index: ``refs`` are their rows' ids, or a SELECT of them."""
    connection.execute(delete(_docs).where(_docs.c.kind == kind, _docs.c.ref.in_(refs)))


def reword(connection: Connection, kind: Kind, refs: Any, text: str) -> None:
    """Let the index hold what a message says now. What was not taken in yet will be, as it is then."""
    connection.execute(
        update(_docs).where(_docs.c.kind == kind, _docs.c.ref.in_(refs)).values(words=fold(text))
    )


def forget_conversations(connection: Connection, conversations: Sequence[int]) -> None:
    """Take all that was said in these conversations, and who their people are, out of the index."""
    connection.execute(delete(_docs).where(_docs.c.conversation_id.in_(conversations)))
    connection.execute(delete(_people).where(_people.c.conversation_id.in_(conversations)))


def text_of_event(event: Event) -> str:
    """Return what there is to read in an event."""
    match event:
        case Text(text=text) | Echo(text=text):
            return text
        case Media(caption=caption, attachments=attachments):
            return " ".join((caption, *(one.title or "" for one in attachments))).strip()
        case _:
            return ""


def text_of_outgoing(said: Outgoing) -> str:
    """Return what there is to read in a message of ours."""
    parts = [said.text, *(f"{card.title} {card.subtitle}" for card in said.cards)]
    if said.template is not None:
        parts += said.template.parameters
    if said.picture is not None:
        parts.append(said.picture.alt)
    return " ".join(part for part in parts if part.strip())


def read_event(written: str) -> Event | None:
    """Read an event; None if another version of the program wrote it."""
    try:
        return EVENTS.validate_json(written)
    except ValidationError:
        return None


# -- how far it has come -----------------------------------------------------------------------------------


def _places(connection: Connection, *, locked: bool) -> dict[str, int]:
    """Return, by stream, the highest id seen (``i``), and that up to which all is settled (``i_settled``)."""
    rows = select(_settings.c.value).where(_settings.c.key == PLACES)
    found = connection.execute(rows.with_for_update() if locked else rows).scalar_one_or_none()
    places: dict[str, int] = orjson.loads(found or "{}")
    return places


def _looks_again(places: dict[str, int], now: datetime) -> bool:
    unsettled = any(places.get(f"{one.kind}_settled", 0) < places.get(one.kind, 0) for one in STREAMS)
    return unsettled and now - EPOCH - timedelta(microseconds=places.get("again", 0)) >= AGAIN


def _remember(connection: Connection, places: dict[str, int]) -> None:
    value = orjson.dumps(places).decode()
    row = {"key": PLACES, "value": value}
    connection.execute(insert_or_ignore(connection.dialect.name, _settings), [row])
    connection.execute(update(_settings).where(_settings.c.key == PLACES).values(value=value))


def _next(
    connection: Connection, stream: _Stream, places: dict[str, int], now: datetime, most: int
) -> Sequence[Row[Any]]:
    """Return the rows after those looked at, up to one that is still in somebody's hand."""
    place = places.get(stream.kind, 0)
    rows = connection.execute(
        _locked(connection, select(stream.rows).where(stream.rows.c.id > place))
        .order_by(stream.rows.c.id)
        .limit(most)
    ).all()
    ready: list[Row[Any]] = []
    for row in rows:
        if not stream.is_ready(row, now):
            break
        ready.append(row)
    if ready:
        places[stream.kind] = ready[-1].id
    return ready


def _left_out(
    connection: Connection, stream: _Stream, places: dict[str, int], now: datetime, most: int
) -> Sequence[Row[Any]]:
    """Return rows of the last minute with a text that is not in the index."""
    settled, place = places.get(f"{stream.kind}_settled", 0), places.get(stream.kind, 0)
    ids = stream.rows.c.id
    taken = select(_docs.c.id).where(_docs.c.kind == stream.kind, _docs.c.ref == ids)
    rows = connection.execute(
        _locked(connection, select(stream.rows))
        .where(ids > settled, ids <= place, stream.has_text_sql, ~taken.exists())
        .order_by(ids)
        .limit(most)
    ).all()
    if len(rows) < most:
        old = connection.execute(
            select(func.max(ids)).where(ids > settled, ids <= place, stream.came < now - UNSETTLED)
        ).scalar_one()
        places[f"{stream.kind}_settled"] = max(settled, old or 0)
    return [row for row in rows if stream.is_ready(row, now)]


def _locked(connection: Connection, rows: Select[Any]) -> Select[Any]:
    # An edit or an erasure at this very moment comes before or after, and finds the text in the index.
    return rows.with_for_update(read=True) if connection.dialect.name == "postgresql" else rows


# -- what is taken in --------------------------------------------------------------------------------------


def _taken(connection: Connection, stream: _Stream, rows: Sequence[Row[Any]]) -> tuple[list[_Doc], set[int]]:
    """Return the texts of rows, and the conversations that they are about."""
    telling = [row for row in rows if row.conversation_id is not None and stream.has_text(row)]
    ours = our_echoes(connection, telling) if stream.kind == "i" else set()
    docs = [
        _Doc(stream.kind, row.id, row.conversation_id, getattr(row, stream.at), words)
        for row in telling
        if row.id not in ours and (words := fold(stream.text(row)))
    ]
    return docs, {row.conversation_id for row in telling}


def _insert(connection: Connection, docs: Sequence[_Doc]) -> None:
    if docs:
        connection.execute(
            insert_or_ignore(connection.dialect.name, _docs),
            [
                {
                    "kind": doc.kind,
                    "ref": doc.ref,
                    "conversation_id": doc.conversation_id,
                    "at": doc.at,
                    "words": doc.words,
                }
                for doc in docs
            ],
        )


def describe(connection: Connection, conversations: Iterable[int]) -> None:
    """Bring up to date by which words the people of these conversations are found."""
    places = sorted(conversations)
    if not places:
        return
    wanted = {place: fold(" ".join(parts)) for place, parts in _names(connection, places).items()}
    known = {
        row.conversation_id: row.words
        for row in connection.execute(select(_people).where(_people.c.conversation_id.in_(places)))
    }
    for place, words in wanted.items():
        if place not in known:
            connection.execute(
                insert_or_ignore(connection.dialect.name, _people),
                [{"conversation_id": place, "words": words}],
            )
        elif known[place] != words:
            connection.execute(update(_people).where(_people.c.conversation_id == place).values(words=words))


def _names(connection: Connection, places: Sequence[int]) -> dict[int, list[str]]:
    """Return all by which somebody may look for the people of conversations. The erased have no names."""
    people = connection.execute(
        select(
            _conversations.c.id,
            _conversations.c.name,
            _buyers.c.name.label("buyer_name"),
            _buyers.c.email,
            _buyers.c.phone,
            _buyers.c.id.label("buyer_id"),
        )
        .outerjoin(_buyers, _buyers.c.id == _conversations.c.buyer_id)
        .where(_conversations.c.id.in_(places), _conversations.c.status != fixed("erased"))
    ).all()
    names: dict[int, list[str]] = {}
    buyers: dict[int, list[int]] = {}
    for person in people:
        told = (person.name, person.buyer_name, person.email, *phone_terms(person.phone or ""))
        names[person.id] = [one for one in told if one]
        if person.buyer_id is not None:
            buyers.setdefault(person.buyer_id, []).append(person.id)
    known = connection.execute(select(_contacts).where(_contacts.c.conversation_id.in_(list(names))))
    for contact in known:
        numbers = phone_terms(contact.external_id) if contact.channel == "whatsapp" else ()
        ids = (contact.username, *phone_terms(contact.phone or ""), *numbers)
        names[contact.conversation_id] += [one for one in ids if one]
    tied = select(_bindings.c.conversation_id, _orders.c.number, _orders.c.id).join(
        _orders, _orders.c.id == _bindings.c.order_id
    )
    for order in connection.execute(
        tied.where(_bindings.c.conversation_id.in_(list(names)), _bindings.c.undone_at.is_(None))
    ):
        names[order.conversation_id] += [order.number, order.id]
    if buyers:
        bought = select(_orders.c.buyer_id, _orders.c.number, _orders.c.id)
        counts: dict[int, int] = {}
        for owned in connection.execute(
            bought.where(_orders.c.buyer_id.in_(list(buyers))).order_by(_orders.c.placed_at.desc())
        ):
            buyer = owned.buyer_id or 0
            counts[buyer] = counts.get(buyer, 0) + 1
            if counts[buyer] <= _MOST_ORDERS:
                for place in buyers[buyer]:
                    names[place] += [owned.number, owned.id]
    return {place: list(dict.fromkeys(told)) for place, told in names.items()}


# -- the streams -------------------------------------------------------------------------------------------


def _read(row: Row[Any]) -> str:
    event = read_event(row.event)
    return "" if event is None else text_of_event(event)


def _is_sorted(row: Row[Any], now: datetime) -> bool:
    """A message in somebody's hand is waited for, but not for ever: one that is set aside has its words."""
    return row.status not in _IN_HAND or row.lane != "message" or row.received_at < now - UNSETTLED


def _is_said(row: Row[Any], now: datetime) -> bool:
    """What an agent may still take back is not to be found yet."""
    if row.speaker != "agent":
        return True
    return bool(row.created_at < now - UNDO and (row.undo_until is None or row.undo_until < now))


STREAMS: Final = (
    _Stream(
        kind="i",
        rows=_inbox,
        came=_inbox.c.received_at,
        has_text=lambda row: row.lane == "message" and row.kind in _KINDS and row.status != "erased",
        is_ready=_is_sorted,
        has_text_sql=(_inbox.c.lane == "message") & _inbox.c.kind.in_(_KINDS) & (_inbox.c.status != "erased"),
        at="at",
        text=_read,
    ),
    _Stream(
        kind="o",
        rows=_outbox,
        came=_outbox.c.created_at,
        has_text=lambda row: row.speaker == "agent" and row.status not in _UNSAID,
        is_ready=_is_said,
        has_text_sql=(_outbox.c.speaker == "agent") & _outbox.c.status.not_in(_UNSAID),
        at="created_at",
        text=lambda row: text_of_outgoing(OUTGOING.validate_json(row.outgoing)),
    ),
    _Stream(
        kind="n",
        rows=_notes,
        came=_notes.c.at,
        has_text=lambda _row: True,
        is_ready=lambda _row, _now: True,
        has_text_sql=_notes.c.id > 0,
        at="at",
        text=lambda row: row.text,
    ),
)
