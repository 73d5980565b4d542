"""Who must be told of an alarm outside the page: by mail, and in the agents' group; each of them once.

An alarm is addressed in one transaction: who is concerned, on duty and wants mails gets a letter, and the
alarm carries the mark that it was mailed. Letters are claimed and settled like messages, so one mailbox holds
up no other, and the group holds up no mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, Select, func, or_, select, true, update
from sqlalchemy.engine import RowMapping

from persistence.database import Database, fixed
from persistence.inbox import insert_or_ignore
from persistence.tables import Conversation, HandoffRow, NoticeRow, table
from persistence.tables_desk import AlarmRow, TeamMemberRow
from persistence.tables_letters import LetterRow
from persistence.tables_people import AccountRow

_letters = table(LetterRow)
_alarms = table(AlarmRow)
_accounts = table(AccountRow)
_members = table(TeamMemberRow)
_notices = table(NoticeRow)
_conversations = table(Conversation)
_handoffs = table(HandoffRow)

STALE: Final = timedelta(hours=6)
"""An alarm that could not be told by then is told no more: the page still shows it."""
_RECENT: Final = timedelta(hours=1)
_MOST: Final = 100
_QUIET: Final = frozenset({"erased", "letter_failed"})
"""Notices that need nobody, or that a mail would only repeat."""

LetterFate: TypeAlias = Literal["sent", "waiting", "failed", "moot"]


@dataclass(frozen=True, slots=True)
class AlarmNews:
    """An alarm as others are told of it: nothing of the buyer but the channel and the reason.

    ``answer_by`` is what was promised, ``account`` who was mentioned. ``holds`` is false once somebody has
    put it away, or what it is about is over.
    """

    id: int
    kind: str
    at: datetime
    conversation_id: int | None
    channel: str
    reason: str
    answer_by: datetime | None
    account: int | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Post:
    """A claimed letter: about ``alarm``, or about ``topic`` of the notices."""

    id: int
    key: str
    email: str
    language: Literal["de", "en"]
    account_id: int
    alarm: AlarmNews | None
    topic: str
    created_at: datetime
    attempts: int
    leased_until: datetime


class Letters:
    """The keeper of what is told outside the page."""

    def __init__(self, database: Database, *, lease: timedelta) -> None:
        """Lease letters of ``database`` for ``lease`` at a time."""
        self._database = database
        self._lease = lease

    async def address(self, now: datetime) -> int:
        """Write letters about alarms and notices that have none yet; return how many."""
        news = await self._database.read(_unmailed, now)
        return await self._database.write(_address, now) if news else 0

    async def claim(self, now: datetime, most: int) -> list[Post]:
        """Lease up to ``most`` letters that are due, the longest waiting first."""
        due = await self._database.read(next_due)
        if due is None or due > now:
            return []
        return await self._database.write(_claim, now, most, self._lease)

    async def settle(
        self, post: Post, fate: LetterFate, *, due_at: datetime | None = None, detail: str = ""
    ) -> None:
        """Write what became of a letter; one that is ``waiting`` is tried again at ``due_at``."""
        await self._database.write(_settle, post, fate, due_at, detail)

    async def next_due(self) -> datetime | None:
        """Say when the next letter is due."""
        return await self._database.read(next_due)

    async def unposted(self, now: datetime, most: int = 20) -> tuple[AlarmNews, ...]:
        """Return the alarms that the agents' group has not been told of, the oldest first."""
        return await self._database.read(_unposted, now, most)

    async def posted(self, alarm_ids: Sequence[int], now: datetime) -> None:
        """Note that the group has been told, or needs not be."""
        await self._database.write(_posted, alarm_ids, now)


def next_due(connection: Connection) -> datetime | None:
    """Return the earliest waiting letter's time."""
    earliest: datetime | None = connection.execute(
        select(func.min(_letters.c.due_at)).where(_letters.c.status == fixed("waiting"))
    ).scalar_one()
    return earliest


# -- addressing


def _unmailed(connection: Connection, now: datetime) -> bool:
    """Whether anything waits to be addressed; asked every second, so it looks and does not lock."""
    alarm = select(_alarms.c.id).where(_alarms.c.mailed_at.is_(None)).limit(1)
    if connection.execute(alarm).first() is not None:
        return True
    wanted = {_notice_key(row["topic"], row["at"]) for row in _fresh_notices(connection, now)}
    if not wanted:
        return False
    begun = select(_letters.c.key).where(or_(*(_letters.c.key == f"{one}:owners" for one in wanted)))
    return len(connection.execute(begun).all()) < len(wanted)


def _address(connection: Connection, now: datetime) -> int:
    people = _on_duty(connection, now)
    rows = [
        *_about_alarms(connection, people, now),
        *_about_notices(connection, [one for one in people if one["role"] == "owner"], now),
    ]
    if rows:
        connection.execute(insert_or_ignore(connection.dialect.name, _letters), rows)
    return sum(row["status"] == "waiting" for row in rows)


def _on_duty(connection: Connection, now: datetime) -> list[RowMapping]:
    """Return who works at the desk, is here and wants mails."""
    rows = connection.execute(
        select(_accounts.c.id, _accounts.c.role).where(
            _accounts.c.disabled_at.is_(None),
            _accounts.c.mail_alarms.is_(True),
            _accounts.c.role.in_(("agent", "owner")),
            or_(_accounts.c.absent_until.is_(None), _accounts.c.absent_until <= now),
        )
    )
    return list(rows.mappings())


def _about_alarms(
    connection: Connection, people: Sequence[RowMapping], now: datetime
) -> Iterable[dict[str, Any]]:
    rows = (
        connection.execute(
            _about(_alarms.c.mailed_at.is_(None)).limit(_MOST).with_for_update(of=_alarms, skip_locked=True)
        )
        .mappings()
        .all()
    )
    if not rows:
        return []
    teams: dict[int, set[int]] = {}
    for team, account in connection.execute(select(_members.c.team_id, _members.c.account_id)):
        teams.setdefault(team, set()).add(account)
    connection.execute(
        update(_alarms).where(_alarms.c.id.in_([row["id"] for row in rows])).values(mailed_at=now)
    )
    return [
        _row(f"alarm:{row['id']}:{account}", account, now, alarm_id=row["id"])
        for row in rows
        if now - row["at"] < STALE and _news(row, now).holds
        for account in sorted(_concerned(row, people, teams))
    ]


def _concerned(row: RowMapping, people: Sequence[RowMapping], teams: Mapping[int, set[int]]) -> set[int]:
    """Return whom an alarm concerns: who has the thread, else its team, else everybody.

    Of a broken promise the owners hear in any case, of a mention only who was mentioned.
    """
    here = {one["id"] for one in people}
    owners = {one["id"] for one in people if one["role"] == "owner"}
    if row["kind"] == "mention":
        return here & {orjson.loads(row["detail"]).get("account")}
    if row["kind"] == "notice":
        return owners
    team = here & teams.get(row["team_id"] or 0, set())
    mine = here & {row["assignee_id"]}
    near = mine or team or here
    return near | owners if row["kind"] == "broken" else near


def _about_notices(
    connection: Connection, owners: Sequence[RowMapping], now: datetime
) -> Iterable[dict[str, Any]]:
    """Return letters about what the owner must know: of each topic one in an hour, however often it comes.

    A row of its own, to nobody, keeps in mind that a topic was addressed though there is no owner to mail.
    """
    topics = {_notice_key(row["topic"], row["at"]): row["topic"] for row in _fresh_notices(connection, now)}
    for key, topic in topics.items():
        yield _row(f"{key}:owners", 0, now, topic=topic, status="moot")
        for owner in owners:
            yield _row(f"{key}:{owner['id']}", owner["id"], now, topic=topic)


def _fresh_notices(connection: Connection, now: datetime) -> list[RowMapping]:
    rows = connection.execute(
        select(_notices.c.topic, _notices.c.at, _notices.c.seen_at)
        .order_by(_notices.c.id.desc())
        .limit(_MOST)
    ).mappings()
    return [
        row
        for row in rows
        if row["seen_at"] is None and row["topic"] not in _QUIET and now - row["at"] < _RECENT
    ]


def _notice_key(topic: str, at: datetime) -> str:
    return f"notice:{topic}:{at:%Y%m%d%H}"


def _row(key: str, account: int, now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "account_id": account,
        "alarm_id": None,
        "topic": "",
        "status": "waiting",
        "due_at": now,
        "created_at": now,
    } | more


# -- what an alarm is about


def _about(*conditions: Any) -> Select[Any]:
    """Return the query of alarms with their conversation and its newest open case."""
    case = (
        select(func.max(_handoffs.c.id))
        .where(_handoffs.c.conversation_id == _alarms.c.conversation_id, _handoffs.c.resolved_at.is_(None))
        .correlate(_alarms)
        .scalar_subquery()
    )
    return (
        select(
            _alarms.c.id,
            _alarms.c.kind,
            _alarms.c.detail,
            _alarms.c.at,
            _alarms.c.seen_at,
            _alarms.c.conversation_id,
            _conversations.c.channel,
            _conversations.c.status,
            _conversations.c.answer_by,
            _conversations.c.assignee_id,
            _conversations.c.team_id,
            _handoffs.c.reason,
            _handoffs.c.why,
        )
        .outerjoin(_conversations, _conversations.c.id == _alarms.c.conversation_id)
        .outerjoin(_handoffs, _handoffs.c.id == case)
        .where(*conditions)
        .order_by(_alarms.c.id)
    )


def _news(row: RowMapping, now: datetime) -> AlarmNews:
    detail: dict[str, Any] = orjson.loads(row["detail"])
    told = detail.get("answer_by")
    answer_by = datetime.fromisoformat(told) if isinstance(told, str) else None
    return AlarmNews(
        id=row["id"],
        kind=row["kind"],
        at=row["at"],
        conversation_id=row["conversation_id"],
        channel=row["channel"] or "",
        reason=row["why"] or row["reason"] or "",
        answer_by=answer_by,
        account=detail.get("account"),
        holds=row["seen_at"] is None and _holds(row, answer_by, now),
    )


def _holds(row: RowMapping, answer_by: datetime | None, now: datetime) -> bool:
    match row["kind"]:
        case "near":
            return _owed(row, answer_by) and answer_by is not None and now < answer_by
        case "broken":
            return _owed(row, answer_by)
        case "waiting":
            return bool(row["status"] == "waiting")
        case _:
            return True


def _owed(row: RowMapping, answer_by: datetime | None) -> bool:
    """Whether the buyer still waits for the very answer that the alarm is about."""
    return row["status"] in {"waiting", "agent"} and (answer_by is None or row["answer_by"] == answer_by)


# -- sending


def _claim(connection: Connection, now: datetime, most: int, lease: timedelta) -> list[Post]:
    rows = (
        connection.execute(
            select(_letters, _accounts.c.email, _accounts.c.language)
            .join(_accounts, _accounts.c.id == _letters.c.account_id)
            .where(_letters.c.status == fixed("waiting"), _letters.c.due_at <= now)
            .order_by(_letters.c.due_at, _letters.c.id)
            .limit(most)
            .with_for_update(of=_letters, skip_locked=True)
        )
        .mappings()
        .all()
    )
    if not rows:
        return []
    connection.execute(
        update(_letters)
        .where(_letters.c.id.in_([row["id"] for row in rows]))
        .values(due_at=now + lease, attempts=_letters.c.attempts + 1)
    )
    about = [row["alarm_id"] for row in rows if row["alarm_id"] is not None]
    alarms = {
        row["id"]: _news(row, now)
        for row in (connection.execute(_about(_alarms.c.id.in_(about))).mappings() if about else ())
    }
    return [
        Post(
            id=row["id"],
            key=row["key"],
            email=row["email"],
            language="en" if row["language"] == "en" else "de",
            account_id=row["account_id"],
            alarm=alarms.get(row["alarm_id"]),
            topic=row["topic"],
            created_at=row["created_at"],
            attempts=row["attempts"] + 1,
            leased_until=now + lease,
        )
        for row in rows
    ]


def _settle(
    connection: Connection, post: Post, fate: LetterFate, due_at: datetime | None, detail: str
) -> None:
    """Write a settlement. Once the lease has run out and another has the letter, only *sent* still counts."""
    ours = true() if fate == "sent" else _letters.c.due_at == post.leased_until
    values: dict[str, Any] = {"status": fate, "detail": detail}
    if due_at is not None:
        values["due_at"] = due_at
    connection.execute(
        update(_letters)
        .where(_letters.c.id == post.id, _letters.c.status == fixed("waiting"), ours)
        .values(values)
    )


# -- the group


def _unposted(connection: Connection, now: datetime, most: int) -> tuple[AlarmNews, ...]:
    rows = connection.execute(_about(_alarms.c.posted_at.is_(None)).limit(most)).mappings()
    return tuple(_news(row, now) for row in rows)


def _posted(connection: Connection, alarm_ids: Sequence[int], now: datetime) -> None:
    connection.execute(
        update(_alarms)
        .where(_alarms.c.id.in_(alarm_ids), _alarms.c.posted_at.is_(None))
        .values(posted_at=now)
    )
