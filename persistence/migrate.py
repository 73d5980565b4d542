"""Brings a database to the newest schema with Alembic; safe to repeat."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from persistence.database import Database
from persistence.tables import metadata

_LOCK: Final = 7_236_447_851
"""Two processes that start together migrate one after the other (PostgreSQL advisory lock)."""


async def migrate(database: Database, revision: str = "head") -> None:
    """Run every migration up to ``revision`` that is still missing, in one transaction.

    Raises:
        alembic.util.CommandError: the database is newer than this program.

    """
    await database.write(_upgrade, revision)


async def current(database: Database) -> str | None:
    """Return the revision that the database is at; None if it is empty."""
    return await database.read(
        lambda connection: MigrationContext.configure(connection).get_current_revision()
    )


async def differences(database: Database) -> list[str]:
    """Return in what the database's tables and indexes differ from what the program expects: nothing."""
    return await database.read(
        lambda connection: [
            repr(one) for one in compare_metadata(MigrationContext.configure(connection), metadata)
        ]
    )


def newest() -> str:
    """Return the revision that this program expects."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


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
