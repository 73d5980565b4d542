"""The intake: every event durably, once per (source, external id, kind), before the platform hears "200"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row

from dialogs.messages import BUYER_SPOKE, Arrival, Contact, ContactChanged, Lane
from dialogs.shop import SHOP_EVENTS, ShopArrival
from persistence.database import Database, GroupCommit, fixed, moment
from persistence.tables import ContactRow, Conversation, InboxRow, table

_inbox = table(InboxRow)
_contacts = table(ContactRow)
_conversations = table(Conversation)

_Key = tuple[str, str, str]
_LANES: Final[dict[Lane, int]] = {"receipt": 7_236_447_852, "shop": 7_236_447_853, "notice": 7_236_447_854}
"""The advisory lock of each side lane."""

_heard, _soon, _patient = moment("heard"), moment("soon"), moment("patient")
_is_typing = _conversations.c.texted_at > moment("typing_since")
_WAKE = (
    update(_conversations)
    .where(_conversations.c.id == bindparam("conversation"))
    .values(
        heard_at=case(
            (or_(_conversations.c.heard_at.is_(None), _conversations.c.heard_at < _heard), _heard),
            else_=_conversations.c.heard_at,
        ),
        texted_at=case((moment("texted").is_not(None), moment("texted")), else_=_conversations.c.texted_at),
        # Without `soon` (an event that is only kept) every comparison fails and the time stays as it is.
        due_at=case(
            (and_(_conversations.c.due_at.is_(None), _is_typing), _patient),
            (and_(_conversations.c.due_at > _patient, _is_typing), _patient),
            (and_(_conversations.c.due_at > _soon, _is_typing), _conversations.c.due_at),
            (or_(_conversations.c.due_at.is_(None), _conversations.c.due_at > _soon), _soon),
            else_=_conversations.c.due_at,
        ),
    )
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
        rows += [_message_row(arrival, places, intake.now, number) for arrival in intake.arrivals]
        rows += [_shop_row(arrival, intake.now, number) for arrival in intake.shop]
    fresh = _insert_new(connection, rows)
    _wake(connection, [row for row in fresh if row["conversation_id"] is not None], burst)
    counts = [0] * len(intakes)
    for row in fresh:
        counts[row["_request"]] += 1
    return counts


def insert_or_ignore(connection: Connection, target: Any) -> Any:
    """Return the dialect's INSERT … ON CONFLICT DO NOTHING for ``target``; both engines write it alike."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(target).on_conflict_do_nothing()


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
    by_key = {(row["source"], row["external_id"], row["kind"]): row for row in reversed(rows)}
    statement = insert_or_ignore(connection, _inbox).returning(
        _inbox.c.source, _inbox.c.external_id, _inbox.c.kind
    )
    values = [{k: v for k, v in row.items() if k[0] != "_"} for row in by_key.values()]
    values.sort(
        key=lambda row: (row["at"], row["external_id"])
    )  # ids in one batch follow the platform's time
    if not values:
        return []
    return [by_key[tuple(found)] for found in connection.execute(statement, values)]


def _message_row(arrival: Arrival, places: dict[_Key, int], now: datetime, request: int) -> dict[str, Any]:
    contact = arrival.contact
    place = None if contact is None else places.get((contact.channel, contact.account, contact.ids[0]))
    return {
        "source": arrival.source,
        "external_id": arrival.external_id,
        "kind": arrival.event.kind,
        "lane": arrival.lane,
        "conversation_id": place,
        "at": arrival.at,
        "received_at": now,
        "due_at": now,
        "event": orjson.dumps(arrival.event).decode(),
        "standby": arrival.standby,
        "status": "kept" if arrival.standby else "waiting",
        "_request": request,
    }


def _shop_row(arrival: ShopArrival, now: datetime, request: int) -> dict[str, Any]:
    return {
        "source": arrival.source,
        "external_id": arrival.external_id,
        "kind": arrival.event.kind,
        "lane": "shop",
        "conversation_id": None,
        "at": arrival.at,
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
                "typing_since": now - burst.since,
            },
        )
        if row["kind"] in BUYER_SPOKE and (call["heard"] is None or call["heard"] < row["at"]):
            call["heard"] = row["at"]
        if row["standby"]:
            continue
        if call["soon"] is None:
            call["soon"], call["patient"] = now, now + burst.wait
        if row["kind"] == "text":
            call["texted"] = now
        else:
            call["typing_since"] = now  # only texts wait for more texts
    if calls:
        connection.execute(_WAKE, [call for _, call in sorted(calls.items())])


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
