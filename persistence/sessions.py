"""Who is signed in where, and how often signing in may be tried.

Tokens are random and only their hashes are kept. A session ends twelve hours after it was last used and
fourteen days after it began, whichever comes first.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from persistence.accounts import Account, account_of, end_sessions
from persistence.audit import Entry, note
from persistence.database import EPOCH, Database
from persistence.inbox import insert_or_ignore
from persistence.tables import table
from persistence.tables_people import AccountRow, SessionRow, ThrottleRow, TicketRow

IDLE: Final = timedelta(hours=12)
ABSOLUTE: Final = timedelta(days=14)
_NOTED_EVERY: Final = timedelta(minutes=1)
"""How exactly it is kept when a session was last used; not every request is worth a write."""
FORGOTTEN: Final = timedelta(hours=24)
"""After so long without a failure earlier ones no longer count."""

_accounts = table(AccountRow)
_sessions = table(SessionRow)
_tickets = table(TicketRow)
_throttles = table(ThrottleRow)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in."""

    id: int
    way: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """Whose request it is, and in which session."""

    account: Account
    session: Session


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a step of signing in left for the next."""

    account_id: int | None
    data: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A counter of failures: ``free`` of them cost nothing, each more doubles the pause up to ``longest``."""

    key: str
    free: int
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures."""
        over = failures - self.free
        return timedelta(0) if over < 0 else min(timedelta(seconds=2 ** min(over, 20)), self.longest)


def hash_token(token: str) -> str:
    """Return what is kept of a token. It is random and long, so a plain hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """The tables of sessions, tickets and failures."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def open(self, account_id: int, way: str, device: str, now: datetime) -> str:
        """Begin a session and return its token, which is told nobody else ever."""
        token = secrets.token_urlsafe(32)
        await self._database.write(_open, account_id, hash_token(token), way, device[:80], now)
        return token

    async def find(self, token: str, now: datetime, *, used: bool = True) -> Signed | None:
        """Return whose session a token is, while it lasts and the account may sign in.

        What a page asks for by itself is no use of the session: tell so with ``used``.
        """
        signed = await self._database.read(_find, hash_token(token), now)
        if used and signed is not None and now - signed.session.seen_at >= _NOTED_EVERY:
            await self._database.write(_touch, signed.session.id, now)
        return signed

    async def of(self, account_id: int, now: datetime) -> list[Session]:
        """Return an account's sessions, the last used first."""
        return await self._database.read(_of, account_id, now)

    async def end(self, account_id: int, session_id: int, now: datetime) -> bool:
        """End one of an account's sessions; false if it has no such."""
        return await self._database.write(_end, account_id, session_id, now)

    async def end_others(self, account_id: int, keep: int, now: datetime) -> int:
        """End all of an account's sessions but one; return how many."""
        return await self._database.write(_end_others, account_id, keep, now)

    async def give_ticket(self, purpose: str, ticket: Ticket, now: datetime, lasts: timedelta) -> str:
        """Keep something for the next step, and return the ticket that it is handed out for."""
        name = secrets.token_urlsafe(24)
        await self._database.write(_give_ticket, hash_token(name), purpose, ticket, now, now + lasts)
        return name

    async def see_ticket(self, purpose: str, name: str, now: datetime) -> Ticket | None:
        """Return what a ticket is worth, without using it up."""
        return await self._database.read(_see_ticket, hash_token(name), purpose, now)

    async def take_ticket(self, purpose: str, name: str, now: datetime) -> Ticket | None:
        """Return what a ticket is worth, once."""
        return await self._database.write(_take_ticket, hash_token(name), purpose, now)

    async def attempt(self, limits: Sequence[Limit], now: datetime) -> datetime | None:
        """Count an attempt before it is made; or return when the next one may be made, and count nothing.

        It counts as failed until `succeeded` says otherwise: so many at the same time cannot slip past.
        """
        return await self._database.write(_attempt, limits, now)

    async def succeeded(self, limits: Sequence[Limit], cleared: str) -> None:
        """Take an attempt back; under the key ``cleared`` all earlier failures are forgotten."""
        await self._database.write(_succeeded, limits, cleared)


def _open(connection: Connection, account_id: int, hashed: str, way: str, device: str, now: datetime) -> None:
    connection.execute(delete(_sessions).where(_sessions.c.expires_at <= now))
    values = {"hash": hashed, "account_id": account_id, "way": way, "device": device}
    times = {"created_at": now, "seen_at": now, "expires_at": now + ABSOLUTE}
    connection.execute(_sessions.insert().values({**values, **times}))
    me = f"account:{account_id}"
    note(connection, Entry(me, "signed.in", me, {"way": way}), now)


def _find(connection: Connection, hashed: str, now: datetime) -> Signed | None:
    row = connection.execute(_FIND, {"hashed": hashed, "now": now, "idle": now - IDLE}).one_or_none()
    if row is None:
        return None
    return Signed(account_of(row), Session(*(getattr(row, f"its_{name}") for name in _OF_SESSION)))


_OF_SESSION: Final = ("id", "way", "device", "created_at", "seen_at", "expires_at")
# Put together once: every request asks it.
_FIND: Final = (
    select(_accounts, *(_sessions.c[name].label(f"its_{name}") for name in _OF_SESSION))
    .join(_sessions, _sessions.c.account_id == _accounts.c.id)
    .where(
        _sessions.c.hash == bindparam("hashed"),
        _sessions.c.expires_at > bindparam("now", type_=_sessions.c.expires_at.type),
        _sessions.c.seen_at > bindparam("idle", type_=_sessions.c.seen_at.type),
        _accounts.c.disabled_at.is_(None),
    )
)


def _touch(connection: Connection, session_id: int, now: datetime) -> None:
    mine = update(_sessions).where(_sessions.c.id == session_id, _sessions.c.seen_at < now)
    connection.execute(mine.values(seen_at=now))


def _of(connection: Connection, account_id: int, now: datetime) -> list[Session]:
    rows = connection.execute(
        select(*(_sessions.c[name] for name in _OF_SESSION))
        .where(
            _sessions.c.account_id == account_id,
            _sessions.c.expires_at > now,
            _sessions.c.seen_at > now - IDLE,
        )
        .order_by(_sessions.c.seen_at.desc(), _sessions.c.id.desc())
    )
    return [Session(*row) for row in rows]


def _end(connection: Connection, account_id: int, session_id: int, now: datetime) -> bool:
    mine = delete(_sessions).where(_sessions.c.account_id == account_id, _sessions.c.id == session_id)
    if not connection.execute(mine).rowcount:
        return False
    me = f"account:{account_id}"
    note(connection, Entry(me, "signed.out", me), now)
    return True


def _end_others(connection: Connection, account_id: int, keep: int, now: datetime) -> int:
    ended = end_sessions(connection, account_id, keep=keep)
    if ended:
        me = f"account:{account_id}"
        note(connection, Entry(me, "sessions.ended", me, {"count": ended}), now)
    return ended


def _give_ticket(
    connection: Connection, hashed: str, purpose: str, ticket: Ticket, now: datetime, expires_at: datetime
) -> None:
    connection.execute(delete(_tickets).where(_tickets.c.expires_at <= now))
    values = {"purpose": purpose, "account_id": ticket.account_id, "data": ticket.data}
    connection.execute(_tickets.insert().values({"hash": hashed, "expires_at": expires_at, **values}))


def _see_ticket(connection: Connection, hashed: str, purpose: str, now: datetime) -> Ticket | None:
    row = connection.execute(
        select(_tickets).where(
            _tickets.c.hash == hashed, _tickets.c.purpose == purpose, _tickets.c.expires_at > now
        )
    ).one_or_none()
    return None if row is None else Ticket(row.account_id, row.data)


def _take_ticket(connection: Connection, hashed: str, purpose: str, now: datetime) -> Ticket | None:
    ticket = _see_ticket(connection, hashed, purpose, now)
    taken = connection.execute(delete(_tickets).where(_tickets.c.hash == hashed)).rowcount == 1
    return ticket if taken else None


def _attempt(connection: Connection, limits: Sequence[Limit], now: datetime) -> datetime | None:
    connection.execute(delete(_throttles).where(_throttles.c.last_at <= now - FORGOTTEN))
    keys = sorted(one.key for one in limits)  # all lock them in the same order
    connection.execute(
        insert_or_ignore(connection.dialect.name, _throttles),
        [{"key": key, "failures": 0, "blocked_until": EPOCH, "last_at": now} for key in keys],
    )
    found = select(_throttles).where(_throttles.c.key.in_(keys)).order_by(_throttles.c.key).with_for_update()
    rows = {row.key: row for row in connection.execute(found)}
    blocked = [row.blocked_until for row in rows.values() if row.blocked_until > now]
    if blocked:
        longest: datetime = max(blocked)
        return longest
    for one in limits:
        failures = rows[one.key].failures + 1
        values = {"failures": failures, "blocked_until": now + one.pause(failures), "last_at": now}
        connection.execute(update(_throttles).where(_throttles.c.key == one.key).values(values))
    return None


def _succeeded(connection: Connection, limits: Sequence[Limit], cleared: str) -> None:
    for one in limits:
        mine = update(_throttles).where(_throttles.c.key == one.key)
        if one.key == cleared:
            connection.execute(mine.values(failures=0, blocked_until=EPOCH))
        else:
            connection.execute(
                mine.where(_throttles.c.failures > 0).values(
                    failures=_throttles.c.failures - 1, blocked_until=EPOCH
                )
            )
