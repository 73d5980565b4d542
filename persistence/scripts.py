"""The published versions of the flows: a conversation goes on in the version in which it began."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from persistence.database import Database
from persistence.tables import table
from persistence.tables_journeys import ScriptRow

_scripts = table(ScriptRow)
_next = _scripts.alias("next")


class Scripts:
    """The shelf of flows' texts."""

    def __init__(self, database: Database) -> None:
        """Work on ``database``."""
        self._database = database

    async def publish(self, texts: Mapping[str, tuple[str, str]], now: datetime) -> None:
        """Make these the current versions: flow → (version, text).

        The text of a version never changes; what comes under a known version is passed over.
        """
        await self._database.write(publish, texts, now)

    async def version(self, flow: str, version: str) -> str | None:
        """Return the text of one version, if it was ever published."""
        return await self._database.read(text_of, flow, version)

    async def recent(self, since: datetime) -> dict[tuple[str, str], str]:
        """Return the texts of all versions, by flow and version, that were current at ``since`` or later."""
        return await self._database.read(recent, since)


def publish(connection: Connection, texts: Mapping[str, tuple[str, str]], now: datetime) -> None:
    """See `Scripts.publish`; in the caller's transaction."""
    if texts:
        connection.execute(
            _publishing(connection.dialect.name),
            [
                {"flow": flow, "version": version, "text": text, "published_at": now}
                for flow, (version, text) in sorted(texts.items())
            ],
        )


@cache
def _publishing(dialect: str) -> Insert:
    """Return the statement: of a known version only the time is new, as it is the current one again."""
    words = postgresql if dialect == "postgresql" else sqlite
    insert: Any = words.insert(_scripts)
    statement: Insert = insert.on_conflict_do_update(
        index_elements=[_scripts.c.flow, _scripts.c.version],
        set_={"published_at": insert.excluded.published_at},
        where=_scripts.c.published_at < insert.excluded.published_at,
    )
    return statement


def text_of(connection: Connection, flow: str, version: str) -> str | None:
    """Return the text of one version."""
    return connection.execute(
        select(_scripts.c.text).where(_scripts.c.flow == flow, _scripts.c.version == version)
    ).scalar_one_or_none()


def recent(connection: Connection, since: datetime) -> dict[tuple[str, str], str]:
    """Return the versions published since, and of each flow the one that was current then."""
    overtaken = exists().where(
        and_(
            _next.c.flow == _scripts.c.flow,
            _next.c.published_at > _scripts.c.published_at,
            _next.c.published_at <= since,
        )
    )
    rows = connection.execute(
        select(_scripts.c.flow, _scripts.c.version, _scripts.c.text).where(
            or_(_scripts.c.published_at >= since, ~overtaken)
        )
    )
    return {(row.flow, row.version): row.text for row in rows}
