"""The consent ledger, and what a withdrawal stops in the same transaction, in every chat of the buyer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

import orjson
from sqlalchemy import Connection, and_, or_, select, update

from dialogs.flow import Purpose
from dialogs.records import How
from persistence.chats import Chat, circle
from persistence.outbox import is_open
from persistence.tables import OutboxRow, table
from persistence.tables_journeys import ConsentRow, MailRow, TouchpointRow
from persistence.touchpoints import OPTED_OUT, end, follow

_consents = table(ConsentRow)
_outbox = table(OutboxRow)
_touchpoints = table(TouchpointRow)
_mails = table(MailRow)

PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
ALL: Final = "all"
EVERYTHING: Final = frozenset({ALL, "service"})
"""Who withdraws one of these wants to be told nothing unasked."""

Action: TypeAlias = Literal["asked", "given", "withdrawn"]


@dataclass(frozen=True, slots=True)
class NewConsent:
    """One line of the ledger: what was asked, given or withdrawn, and all that proves it.

    ``purpose`` is one of `PURPOSES` or ``all``. ``message_ids`` are the platform's ids of the turn's events
    and of the message whose button was tapped.
    """

    purpose: str
    action: Action
    how: How = "word"
    wording: str = ""
    shown: str = ""
    version: str = ""
    message_ids: tuple[str, ...] = ()


def enter(connection: Connection, here: Chat, consents: Sequence[NewConsent], now: datetime) -> None:
    """Add lines to the ledger."""
    if not consents:
        return
    connection.execute(
        _consents.insert(),
        [
            {
                "conversation_id": here.id,
                "buyer_id": here.buyer_id,
                "channel": here.channel,
                "account": here.account,
                "purpose": one.purpose,
                "action": one.action,
                "allowed": one.action == "given",
                "how": one.how,
                "wording": one.wording,
                "shown": one.shown,
                "version": one.version,
                "message_ids": orjson.dumps(one.message_ids).decode(),
                "at": now,
            }
            for one in consents
        ],
    )


def withdrawn(consents: Sequence[NewConsent]) -> frozenset[str]:
    """Return the purposes that these lines withdraw."""
    return frozenset(one.purpose for one in consents if one.action == "withdrawn")


def stop(connection: Connection, conversation_id: int, purposes: frozenset[str], now: datetime) -> None:
    """Cancel what waits to be said unasked for these purposes, in every chat of the buyer.

    What is being sent at this moment cannot be called back, but it is not tried again.
    """
    places = circle(connection, conversation_id)
    rows = connection.execute(
        select(_outbox.c.id, _outbox.c.conversation_id, _outbox.c.touchpoint, _outbox.c.status)
        .outerjoin(
            _touchpoints,
            and_(
                _touchpoints.c.conversation_id == _outbox.c.conversation_id,
                _touchpoints.c.key == _outbox.c.touchpoint,
            ),
        )
        .where(
            _outbox.c.conversation_id.in_(places),
            _outbox.c.proactive,
            _outbox.c.speaker == "bot",
            or_(is_open(_outbox), _outbox.c.status == "parked"),
            *([] if purposes & EVERYTHING else [_touchpoints.c.purpose.in_(sorted(purposes))]),
        )
        .order_by(_outbox.c.id)
        .with_for_update(of=_outbox)
    ).all()
    waiting = [row.id for row in rows if row.status in {"waiting", "parked"}]
    flying = [row for row in rows if row.status not in {"waiting", "parked"}]
    if waiting:
        connection.execute(
            update(_outbox).where(_outbox.c.id.in_(waiting)).values(status="cancelled", detail=OPTED_OUT)
        )
        follow(connection, waiting, now)
    if flying:
        connection.execute(
            update(_outbox).where(_outbox.c.id.in_([row.id for row in flying])).values(expires_at=now)
        )
        end(
            connection,
            [(row.conversation_id, row.touchpoint, "withdrawn", "opt_out") for row in flying],
            now,
        )
    _stop_mails(connection, places, purposes, now)


def _stop_mails(
    connection: Connection, places: Sequence[int], purposes: frozenset[str], now: datetime
) -> None:
    stopped = connection.execute(
        update(_mails)
        .where(
            _mails.c.conversation_id.in_(places),
            _mails.c.status == "waiting",
            *([] if purposes & EVERYTHING else [_mails.c.purpose.in_(sorted(purposes))]),
        )
        .values(status="cancelled", detail=OPTED_OUT)
        .returning(_mails.c.conversation_id, _mails.c.key)
    ).all()
    end(connection, [(row.conversation_id, row.key, "withdrawn", "opt_out") for row in stopped], now)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger as far as it decides: ``id`` tells which of two came later."""

    id: int
    conversation_id: int
    purpose: str
    given: bool


class Ledger:
    """What the lines of one conversation amount to. Whoever only was asked has decided nothing."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Read the lines of one conversation, the oldest first."""
        self.given: dict[str, int] = {}
        self.withdrawn: dict[str, int] = {}
        for one in entries:
            (self.given if one.given else self.withdrawn)[one.purpose] = one.id

    @property
    def opted_out(self) -> bool:
        """Whether nothing at all may be said unasked."""
        return self._last(self.withdrawn, ALL) > self._last(self.given, ALL)

    @property
    def allowed(self) -> frozenset[str]:
        """The purposes that were agreed to and not withdrawn since, by themselves or with everything."""
        return frozenset(
            purpose
            for purpose, when in self.given.items()
            if purpose != ALL and when > self._last(self.withdrawn, purpose, ALL)
        )

    def stands_against(self, own: Ledger) -> frozenset[str]:
        """Return the purposes whose withdrawal here holds for another chat too.

        That chat's ``own`` later grant is the buyer's newer word. A withdrawal of everything is one of each
        purpose; agreeing to everything again undoes that, but no withdrawal of a single purpose.
        """
        found = {
            purpose
            for purpose, when in self.withdrawn.items()
            if purpose != ALL
            and when > self._last(self.given, purpose)
            and when > self._last(own.given, purpose)
        }
        everything = self._last(self.withdrawn, ALL)
        if everything > max(self._last(self.given, ALL), self._last(own.given, ALL)):
            found |= {
                purpose
                for purpose in (*PURPOSES, ALL)
                if everything > max(self._last(self.given, purpose), self._last(own.given, purpose))
            }
        return frozenset(found)

    @staticmethod
    def _last(where: dict[str, int], *purposes: str) -> int:
        return max((where.get(purpose, 0) for purpose in purposes), default=0)


def ledgers(connection: Connection, conversations: Sequence[int]) -> dict[int, Ledger]:
    """Return what each conversation's lines amount to; those without any have an empty ledger."""
    rows = connection.execute(
        select(_consents.c.id, _consents.c.conversation_id, _consents.c.purpose, _consents.c.action)
        .where(_consents.c.conversation_id.in_(conversations), _consents.c.action != "asked")
        .order_by(_consents.c.id)
    )
    lines: dict[int, list[Entry]] = {place: [] for place in conversations}
    for row in rows:
        lines[row.conversation_id].append(
            Entry(row.id, row.conversation_id, row.purpose, row.action == "given")
        )
    return {place: Ledger(entries) for place, entries in lines.items()}
