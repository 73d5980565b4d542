"""The intake: every event durably, once per (source, external id, kind), before the platform hears "200"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, bindparam, case, func, literal_column, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row
from sqlalchemy.sql.dml import Update

from dialogs.messages import BUYER_SPOKE, Arrival, Contact, ContactChanged, Lane
from dialogs.shop import SHOP_EVENTS, ShopArrival
from persistence.batch import Batch, encoded
from persistence.database import Database, GroupCommit, Instant, fixed, microseconds
from persistence.tables import ContactRow, Conversation, InboxRow, table

_inbox = table(InboxRow)
_contacts = table(ContactRow)
_conversations = table(Conversation)

_Key = tuple[str, str, str]
_MICROSECOND: Final = timedelta(microseconds=1)
_LANES: Final[dict[Lane, int]] = {"receipt": 7_236_447_852, "shop": 7_236_447_853, "notice": 7_236_447_854}
"""The advisory lock of each side lane."""

_STORED: Final = {
    column.name: column.type for column in _inbox.columns if column.name not in {"id", "attempts", "turn"}
}
_CALLED: Final = {
    "conversation": _conversations.c.id.type,
    **dict.fromkeys(("heard", "texted", "soon", "patient", "typing_since"), Instant()),
}


@cache
def _storing(dialect: str) -> Any:
    """Return the statement that stores a batch of events, leaving out those that have come before."""
    batch = Batch(dialect, _STORED)
    values = [*batch.columns.values(), literal_column("0")]
    # SQLite reads ON after a bare FROM as the condition of a join; a WHERE in between makes it clear.
    rows = select(*values).select_from(batch.source).where(true())
    names = [*_STORED, "attempts"]
    return insert_or_ignore(dialect, _inbox).from_select(names, rows, include_defaults=False)


@cache
def _waking(dialect: str) -> Update:
    """Return the statement that notes, for a batch of conversations, who spoke and when to look."""
    call = Batch(dialect, _CALLED).columns
    now = _conversations.c
    is_typing = now.texted_at > call["typing_since"]
    soon, patient = call["soon"], call["patient"]
    wake = update(_conversations).where(now.id == call["conversation"])
    if dialect == "postgresql":
        # The planner cannot see how few rows the batch holds; named ids keep it from reading the whole table.
        wake = wake.where(now.id.in_(bindparam("places", expanding=True)))
    return wake.values(
        heard_at=case(
            (or_(now.heard_at.is_(None), now.heard_at < call["heard"]), call["heard"]), else_=now.heard_at
        ),
        texted_at=func.coalesce(call["texted"], now.texted_at),
        # Without `soon` (an event that is only kept) every comparison fails and the time stays as it is.
        due_at=case(
            (and_(now.due_at.is_(None), is_typing), patient),
            (and_(now.due_at > patient, is_typing), patient),
            (and_(now.due_at > soon, is_typing), now.due_at),
            (or_(now.due_at.is_(None), now.due_at > soon), soon),
            else_=now.due_at,
        ),
    )


@dataclass(frozen=True, slots=True)
class Intake:
    """What one request brought, and when it was received."""

    arrivals: Sequence[Arrival]
    shop: Sequence[ShopArrival]
    now: datetime


@dataclass(frozen=True, slots=True)
class Burst:
    """People type in fragments. A text that follows another within ``since`` waits ``wait`` for the next one.

    The first text after a pause is answered at once; nothing ever waits longer than ``wait``.
    """

    since: timedelta = timedelta(seconds=4)
    wait: timedelta = timedelta(milliseconds=700)


class Inbox:
    """Accepts events. Requests that come at the same time share one commit."""

    def __init__(self, database: Database, burst: Burst) -> None:
        """Accept into ``database``."""
        self._burst = burst
        self._commits: GroupCommit[Intake, int] = GroupCommit(database, self._accept)

    async def accept(self, intake: Intake) -> int:
        """Store the events and return how many were new; returns only after the durable commit.

        Raises:
            sqlalchemy.exc.DBAPIError: nothing was stored; the platform must send again.

        """
        if not intake.arrivals and not intake.shop:
            return 0
        return await self._commits.submit(intake)

    def _accept(self, connection: Connection, intakes: Sequence[Intake]) -> list[int]:
        return accept(connection, intakes, self._burst)


def accept(connection: Connection, intakes: Sequence[Intake], burst: Burst) -> list[int]:
    """Store several requests' events in the caller's transaction; return how many of each were new."""
    now = max(intake.now for intake in intakes)
    arrivals = [arrival for intake in intakes for arrival in intake.arrivals]
    places = _conversations_of(connection, arrivals, now)
    rows: list[dict[str, Any]] = []
    for number, intake in enumerate(intakes):
        received = microseconds(intake.now)
        rows += [_message_row(arrival, places, received, number) for arrival in intake.arrivals]
        rows += [_shop_row(arrival, received, number) for arrival in intake.shop]
    fresh = _insert_new(connection, rows)
    _wake(connection, [row for row in fresh if row["conversation_id"] is not None], burst)
    counts = [0] * len(intakes)
    for row in fresh:
        counts[row["_request"]] += 1
    return counts


def insert_or_ignore(dialect: str, target: Any) -> Any:
    """Return the dialect's INSERT … ON CONFLICT DO NOTHING for ``target``; both engines write it alike."""
    words = postgresql if dialect == "postgresql" else sqlite
    return words.insert(target).on_conflict_do_nothing()


def waiting_in(connection: Connection, lane: Lane, now: datetime, most: int) -> Sequence[Row[Any]]:
    """Lock and return what is due in a side lane, the longest waiting first.

    The conditions are worded as in the lane's partial index. A lane is worked off by one process at a time:
    two would only wait for each other's orders and messages.
    """
    if connection.dialect.name == "postgresql":
        free = select(func.pg_try_advisory_xact_lock(_LANES[lane]))
        if not connection.execute(free).scalar_one():
            return []
    return connection.execute(
        select(_inbox)
        .where(
            _inbox.c.lane == fixed(lane),
            _inbox.c.lane != fixed("message"),
            _inbox.c.status == fixed("waiting"),
            _inbox.c.due_at <= now,
        )
        .order_by(_inbox.c.due_at, _inbox.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()


def _insert_new(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Store the rows and return those that had not come before."""
    by_key = {(row["source"], row["external_id"], row["kind"]): row for row in reversed(rows)}
    values = sorted(by_key.values(), key=lambda row: (row["at"], row["external_id"]))
    if not values:
        return []
    # Ids in one batch follow the platform's time.
    dialect, parameters = connection.dialect.name, encoded(_STORED, values)
    key = (_inbox.c.source, _inbox.c.external_id, _inbox.c.kind)
    if dialect == "postgresql":
        found = connection.execute(_storing(dialect).returning(*key), parameters)
        return [by_key[row[0], row[1], row[2]] for row in found]
    fresh = connection.execute(_storing(dialect), parameters).rowcount
    if fresh == len(values):
        return values
    # There is one writer, so the newest rows are those of this statement.
    newest = connection.execute(select(*key).order_by(_inbox.c.id.desc()).limit(fresh))
    return [by_key[row[0], row[1], row[2]] for row in newest]


def _message_row(arrival: Arrival, places: dict[_Key, int], now: int, request: int) -> dict[str, Any]:
    contact = arrival.contact
    place = None if contact is None else places.get((contact.channel, contact.account, contact.ids[0]))
    return {
        "source": arrival.source,
        "external_id": arrival.external_id,
        "kind": arrival.event.kind,
        "lane": arrival.lane,
        "conversation_id": place,
        "at": microseconds(arrival.at),
        "received_at": now,
        "due_at": now,
        "event": orjson.dumps(arrival.event).decode(),
        "standby": arrival.standby,
        "status": "kept" if arrival.standby else "waiting",
        "_request": request,
    }


def _shop_row(arrival: ShopArrival, now: int, request: int) -> dict[str, Any]:
    return {
        "source": arrival.source,
        "external_id": arrival.external_id,
        "kind": arrival.event.kind,
        "lane": "shop",
        "conversation_id": None,
        "at": microseconds(arrival.at),
        "received_at": now,
        "due_at": now,
        "event": SHOP_EVENTS.dump_json(arrival.event).decode(),
        "standby": False,
        "status": "waiting",
        "_request": request,
    }


def _wake(connection: Connection, rows: Iterable[dict[str, Any]], burst: Burst) -> None:
    """Note when the person spoke and when the conversation must be looked at."""
    calls: dict[int, dict[str, Any]] = {}
    since, wait = burst.since // _MICROSECOND, burst.wait // _MICROSECOND
    for row in rows:
        if row["lane"] != "message":
            continue
        now, place = row["received_at"], row["conversation_id"]
        call = calls.setdefault(
            place,
            {
                "conversation": place,
                "heard": None,
                "texted": None,
                "soon": None,
                "patient": None,
                "typing_since": now - since,
            },
        )
        if row["kind"] in BUYER_SPOKE and (call["heard"] is None or call["heard"] < row["at"]):
            call["heard"] = row["at"]
        if row["standby"]:
            continue
        if call["soon"] is None:
            call["soon"], call["patient"] = now, now + wait
        if row["kind"] == "text":
            call["texted"] = now
        else:
            call["typing_since"] = now  # only texts wait for more texts
    if calls:
        ordered = [call for _, call in sorted(calls.items())]
        parameters: dict[str, Any] = encoded(_CALLED, ordered)
        if connection.dialect.name == "postgresql":
            parameters["places"] = sorted(calls)
        connection.execute(_waking(connection.dialect.name), parameters)


def _conversations_of(connection: Connection, arrivals: Sequence[Arrival], now: datetime) -> dict[_Key, int]:
    """Return the conversation of each contact's ids, opening those that do not exist yet.

    Only a message opens a conversation; a receipt for a stranger's message (another program's) finds none.
    """
    contacts = [
        (arrival.contact, arrival.lane == "message") for arrival in arrivals if arrival.contact is not None
    ]
    known = _known(connection, [contact for contact, _ in contacts])
    _open(connection, [contact for contact, opens in contacts if opens], known, now)
    _complete(connection, [contact for contact, _ in contacts], known, now)
    return known


def _known(connection: Connection, contacts: Sequence[Contact]) -> dict[_Key, int]:
    """Return the conversations that the contacts' ids lead to already.

    One statement per account: SQLite uses no index for a row value IN a list of them.
    """
    accounts: dict[tuple[str, str], set[str]] = {}
    for contact in contacts:
        accounts.setdefault((contact.channel, contact.account), set()).update(contact.ids)
    known: dict[_Key, int] = {}
    for (channel, account), ids in accounts.items():
        found = connection.execute(
            select(_contacts.c.external_id, _contacts.c.conversation_id).where(
                _contacts.c.channel == channel,
                _contacts.c.account == account,
                _contacts.c.external_id.in_(sorted(ids)),
            )
        )
        known |= {(channel, account, row.external_id): row.conversation_id for row in found}
    return known


def _keys(contact: Contact) -> list[_Key]:
    return [(contact.channel, contact.account, one) for one in contact.ids]


def _open(connection: Connection, contacts: Sequence[Contact], known: dict[_Key, int], now: datetime) -> None:
    """Open a conversation for each stranger; descriptions that share an id are one stranger."""
    strangers: list[Contact] = []
    met: set[_Key] = set(known)
    for contact in contacts:
        if met.isdisjoint(_keys(contact)):
            strangers.append(contact)
        met.update(_keys(contact))
    if not strangers:
        return
    opened = connection.execute(
        _conversations.insert().returning(_conversations.c.id, sort_by_parameter_order=True),
        [
            {
                "channel": contact.channel,
                "account": contact.account,
                "address": contact.ids[0],
                "name": contact.name,
                "language": contact.language,
                "created_at": now,
            }
            for contact in strangers
        ],
    )
    places = dict(zip((_keys(contact)[0] for contact in strangers), opened.scalars(), strict=True))
    _add_ids(connection, [(contact, contact.ids[0], places[_keys(contact)[0]]) for contact in strangers], now)
    known.update(places)


def _complete(
    connection: Connection, contacts: Sequence[Contact], known: dict[_Key, int], now: datetime
) -> None:
    """Let ids seen for the first time lead where the person's known ids lead."""
    added: list[tuple[Contact, str, int]] = []
    for contact in contacts:
        place = next((known[key] for key in _keys(contact) if key in known), None)
        if place is None:  # a receipt for somebody unknown
            continue
        for key in _keys(contact):
            if key not in known:
                known[key] = place
                added.append((contact, key[2], place))
    if added:
        _add_ids(connection, added, now)


def _add_ids(connection: Connection, ids: Sequence[tuple[Contact, str, int]], now: datetime) -> None:
    connection.execute(
        _contacts.insert(),
        [
            {
                "channel": contact.channel,
                "account": contact.account,
                "external_id": one,
                "conversation_id": place,
                "phone": contact.phone,
                "username": contact.username,
                "created_at": now,
            }
            for contact, one, place in ids
        ],
    )


def move_contact(connection: Connection, conversation_id: int, change: ContactChanged, now: datetime) -> None:
    """Let the person's new ids lead to the same conversation, and write to the first of them from now on.

    An id that already leads elsewhere keeps doing so: two threads are never joined on a platform's word
    alone.
    """
    here = connection.execute(
        select(_conversations.c.channel, _conversations.c.account).where(
            _conversations.c.id == conversation_id
        )
    ).one()
    taken = set(
        connection.execute(
            select(_contacts.c.external_id).where(
                _contacts.c.channel == here.channel,
                _contacts.c.account == here.account,
                _contacts.c.external_id.in_(change.new_ids),
            )
        ).scalars()
    )
    free = [one for one in change.new_ids if one not in taken]
    if free:
        person = Contact(here.channel, here.account, tuple(free))
        _add_ids(connection, [(person, one, conversation_id) for one in free], now)
        connection.execute(
            update(_conversations).where(_conversations.c.id == conversation_id).values(address=free[0])
        )
