"""What the platform last said of the templates that the scripts use, and when it is asked again.

An account is read by one process at a time: whoever claims it moves it to the end of a lease. What is wrong
with a template is told to the owner once for each change of it, in the transaction that keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, select, update

from dialogs.stored_templates import StoredButton, StoredTemplate
from persistence.database import Database
from persistence.inbox import insert_or_ignore
from persistence.records import add_notice
from persistence.tables import table
from persistence.tables_templates import TemplateAccountRow, TemplateStatusRow

_accounts = table(TemplateAccountRow)
_states = table(TemplateStatusRow)

NEWS: Final = frozenset(
    {
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "template_category_update",
    }
)
"""The account's news after which its templates are read at once."""

Account = tuple[str, str]
"""(channel, account)."""


@dataclass(frozen=True, slots=True)
class Found:
    """One template as it was read, and what is wrong with it, in words of the program (empty: nothing)."""

    template: StoredTemplate
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account's templates, by name and language, since ``read_at``."""

    read_at: datetime
    templates: Mapping[tuple[str, str], StoredTemplate]


class TemplateStates:
    """The keeper of the template watch."""

    def __init__(self, database: Database, *, lease: timedelta) -> None:
        """Let one process read an account of ``database`` for ``lease`` at a time."""
        self._database = database
        self._lease = lease

    async def claim(self, channel: str, account: str, now: datetime) -> bool:
        """Say whether the account's templates are to be read now, by whoever asks."""
        due = await self._database.read(_due, (channel, account))
        if due is not None and due > now:
            return False
        return await self._database.write(_claim, (channel, account), now, self._lease)

    async def keep(
        self, channel: str, account: str, found: Sequence[Found], now: datetime, *, due_at: datetime
    ) -> int:
        """Keep what was read in place of what was known; read again at ``due_at``.

        The owner gets one notice about everything that has got another thing wrong with it; return how many.
        """
        return await self._database.write(_keep, (channel, account), found, now, due_at)

    async def failed(
        self, channel: str, account: str, trouble: str, now: datetime, *, due_at: datetime, tell: bool
    ) -> None:
        """Note that the templates could not be read; with ``tell`` the owner learns of it, once."""
        await self._database.write(_failed, (channel, account), trouble if tell else "", now, due_at)

    async def hurry(self, channel: str, account: str, now: datetime) -> None:
        """Have an account read at once."""
        await self._database.write(_hurry, (channel, account), now)

    async def known(self, channel: str, account: str) -> Known | None:
        """Return all that is known of an account's templates; None: they were never read."""
        return await self._database.read(_known, (channel, account))

    async def find(
        self, channel: str, account: str, name: str, language: str, *, since: datetime
    ) -> StoredTemplate | None:
        """Return one template, if the account was read at ``since`` or later."""
        return await self._database.read(_find, (channel, account), (name, language), since)

    async def next_due(self, channel: str, account: str) -> datetime | None:
        """Say when an account is read next."""
        return await self._database.read(_due, (channel, account))


def read_soon(connection: Connection, topic: str, now: datetime) -> None:
    """Have all accounts read at once, if ``topic`` is news of templates; in the caller's transaction."""
    if topic in NEWS:
        connection.execute(update(_accounts).where(_accounts.c.due_at > now).values(due_at=now))


def _of(account: Account) -> dict[str, str]:
    return {"channel": account[0], "account": account[1]}


def _due(connection: Connection, account: Account) -> datetime | None:
    due: datetime | None = connection.execute(
        select(_accounts.c.due_at).where(_accounts.c.channel == account[0], _accounts.c.account == account[1])
    ).scalar_one_or_none()
    return due


def _claim(connection: Connection, account: Account, now: datetime, lease: timedelta) -> bool:
    row = {**_of(account), "due_at": now, "trouble": ""}
    connection.execute(insert_or_ignore(connection.dialect.name, _accounts), [row])
    return _set(connection, account, _accounts.c.due_at <= now, due_at=now + lease)


def _set(
    connection: Connection, account: Account, *conditions: ColumnElement[bool], **values: object
) -> bool:
    here = and_(_accounts.c.channel == account[0], _accounts.c.account == account[1], *conditions)
    return connection.execute(update(_accounts).where(here).values(**values)).rowcount > 0


def _keep(
    connection: Connection, account: Account, found: Sequence[Found], now: datetime, due_at: datetime
) -> int:
    # The account's row is written first: of two who were here at once, the second sees what the first told.
    _set(connection, account, due_at=due_at, read_at=now, trouble="")
    here = and_(_states.c.channel == account[0], _states.c.account == account[1])
    rows = connection.execute(select(_states.c.name, _states.c.language, _states.c.told).where(here))
    told = {(row.name, row.language): row.told for row in rows}
    connection.execute(delete(_states).where(here))
    if found:
        connection.execute(_states.insert(), [_row(account, one) for one in found])
    news = [one for one in found if one.wrong and one.wrong != told.get(one.template.key)]
    detail: dict[str, str] = {}
    for one in news:
        name = f"{one.template.name} ({one.template.language})"
        detail[one.wrong] = f"{detail[one.wrong]}, {name}" if one.wrong in detail else name
    if detail:
        add_notice(connection, "templates_unfit", detail, now)
    return len(news)


def _failed(connection: Connection, account: Account, trouble: str, now: datetime, due_at: datetime) -> None:
    if trouble and _set(connection, account, _accounts.c.trouble != trouble, trouble=trouble):
        add_notice(connection, "templates_unread", {"channel": account[0], "code": trouble}, now)
    _set(connection, account, due_at=due_at)


def _hurry(connection: Connection, account: Account, now: datetime) -> None:
    _set(connection, account, _accounts.c.due_at > now, due_at=now)


def _known(connection: Connection, account: Account) -> Known | None:
    read_at = connection.execute(
        select(_accounts.c.read_at).where(
            _accounts.c.channel == account[0], _accounts.c.account == account[1]
        )
    ).scalar_one_or_none()
    if read_at is None:
        return None
    here = and_(_states.c.channel == account[0], _states.c.account == account[1])
    found = [_template(row) for row in connection.execute(select(_states).where(here)).mappings()]
    return Known(read_at, {one.key: one for one in found})


def _find(
    connection: Connection, account: Account, key: tuple[str, str], since: datetime
) -> StoredTemplate | None:
    row = (
        connection.execute(
            select(_states)
            .join(
                _accounts,
                and_(_accounts.c.channel == _states.c.channel, _accounts.c.account == _states.c.account),
            )
            .where(
                _states.c.channel == account[0],
                _states.c.account == account[1],
                _states.c.name == key[0],
                _states.c.language == key[1],
                _accounts.c.read_at >= since,
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else _template(row)


def _row(account: Account, found: Found) -> dict[str, str]:
    one = found.template
    return {
        **_of(account),
        "name": one.name,
        "language": one.language,
        "status": one.status,
        "category": one.category,
        "body": one.body,
        "buttons": orjson.dumps([[button.kind, button.text] for button in one.buttons]).decode(),
        "header": one.header,
        "reason": one.reason,
        "quality": one.quality,
        "told": found.wrong,
    }


def _template(row: RowMapping) -> StoredTemplate:
    return StoredTemplate(
        row["name"],
        row["language"],
        row["status"],
        row["category"],
        row["body"],
        tuple(StoredButton(kind, text) for kind, text in orjson.loads(row["buttons"])),
        row["header"],
        row["reason"],
        row["quality"],
    )
