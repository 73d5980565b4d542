"""Brings a database to the newest schema with Alembic; safe to repeat."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from persistence.database import Database, DatabaseError
from persistence.safety_copy import put_aside
from persistence.tables import metadata
from persistence.tables_search import APART

_LOCK: Final = 7_236_447_851
"""Two processes that start together migrate one after the other (PostgreSQL advisory lock)."""


async def migrate(database: Database, revision: str = "head") -> None:
    """Run every migration up to ``revision`` that is still missing, in one transaction.

    Of a SQLite file that is in use already a copy is put beside it before: see `persistence.safety_copy`.

    Raises:
        DatabaseError: the database is newer than this program, or there is no room for the copy.

    """
    file = database.engines[0].url.database if database.is_sqlite else None
    found = await current(database)
    if file and found is not None and found in _older():
        await asyncio.to_thread(put_aside, Path(file), found)
    try:
        await database.write(_upgrade, revision)
    except CommandError as error:
        raise DatabaseError(
            f"the database's schema ({found or 'unnamed'}) is that of a newer release than this one: start "
            "that release, or put the copy back that it left beside the file"
        ) from error


async def current(database: Database) -> str | None:
    """Return the revision that the database is at; None if it is empty."""
    return await database.read(
        lambda connection: MigrationContext.configure(connection).get_current_revision()
    )


async def differences(database: Database) -> list[str]:
    """Return in what the database's tables and indexes differ from what the program expects: nothing."""

    def compare(connection: Connection) -> list[str]:
        context = MigrationContext.configure(connection, opts={"include_name": _is_described})
        return [repr(one) for one in compare_metadata(context, metadata)]

    return await database.read(compare)


def _is_described(name: str | None, _kind: str, _parents: object) -> bool:
    return name not in APART


def newest() -> str:
    """Return the revision that this program expects."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _older() -> set[str]:
    """The revisions that this program has left behind. A newer program's is none of them."""
    scripts = ScriptDirectory.from_config(_config())
    return {one.revision for one in scripts.walk_revisions()} - {scripts.get_current_head()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
