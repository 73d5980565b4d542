"""Values that are decided once and then hold for every process, whoever decides first."""

from __future__ import annotations

from sqlalchemy import Connection, select

from persistence.database import Database
from persistence.inbox import insert_or_ignore
from persistence.tables import SettingRow, table

_settings = table(SettingRow)


async def remember_once(database: Database, key: str, value: str) -> str:
    """Remember ``value`` unless something is remembered under ``key`` already; return what now holds.

    Processes that decide at the same time all get the same answer: the insert of the second waits for the
    first one's commit, and then reads it.
    """
    return await database.write(_remember_once, key, value)


def _remember_once(connection: Connection, key: str, value: str) -> str:
    connection.execute(insert_or_ignore(connection.dialect.name, _settings), [{"key": key, "value": value}])
    return str(connection.execute(select(_settings.c.value).where(_settings.c.key == key)).scalar_one())
