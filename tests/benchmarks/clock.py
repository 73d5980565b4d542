"""The clock: due reminders claimed per second, and whether that depends on how many wait."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from persistence.database import Database
from persistence.migrate import migrate
from persistence.store import Store
from tests.benchmarks.report import Report
from tests.benchmarks.servers import Servers

DUE = 10_000
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def measure(servers: Servers, report: Report) -> None:
    """Reminders per second with few and with many waiting."""
    for name, database in servers.databases():
        few, many = asyncio.run(_measure(database, 5_000_000 if servers.big else 1_000_000))
        report.row(f"reminders fired, 10 k waiting, {name}", f"{few:,.0f}/s", "5,000/s", "20,000/s")
        report.row(
            f"reminders fired, {'5' if servers.big else '1'} M waiting, {name}",
            f"{many:,.0f}/s, {few / many:.2f} × slower",
            "flat",
            "flat",
        )


async def _measure(database: str, many: int) -> tuple[float, float]:
    store = Store(Database(database))
    await migrate(store.database)
    await store.database.write(_people)
    rates = []
    for waiting in (10_000, many):
        await store.database.write(_fill, waiting)
        began = time.perf_counter()
        fired = 0
        while count := await store.reminders.fire(NOW):
            fired += count
        rates.append(fired / (time.perf_counter() - began))
    await store.close()
    return rates[0], rates[1]


def _people(connection: Any) -> None:
    connection.exec_driver_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
        "INSERT INTO conversations "
        "(channel, account, address, state, version, leased_until, attempts, floor, status, reachable,"
        " created_at) "
        "SELECT 'instagram', 'a', 'p' || i, '{}', 0, 0, 0, 'bot', 'bot', true, 0 FROM n"
    )


def _fill(connection: Any, waiting: int) -> None:
    """Many reminders far in the future, and some that are due."""
    micros = int(NOW.timestamp() * 1_000_000)
    later = int(timedelta(days=30).total_seconds() * 1_000_000)
    for name, count, base in (("far", waiting, micros + later), ("due", DUE, micros - DUE - 1000)):
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
        person, title, due_at = "i - i / 1000 * 1000 + 1", f"'{name}{waiting}-' || i", f"{base} + i"
        connection.exec_driver_sql(  # our own numbers only
            f"{numbers} INSERT INTO reminders (conversation_id, name, due_at, data, status, created_at) "
            f"SELECT {person}, {title}, {due_at}, '{{}}', 'waiting', 0 FROM n"
        )
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE reminders")
