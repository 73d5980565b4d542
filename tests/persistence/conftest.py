"""A migrated database for every test, quickly: both engines copy one that was migrated at the beginning."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest

from persistence.database import Database
from persistence.migrate import migrate
from persistence.sorting import Burst
from persistence.store import Store
from persistence.tables import metadata
from tests import services

Open: TypeAlias = Callable[..., Store]

AT_ONCE = Burst(wait=timedelta(0))


def _migrate(url: str) -> None:
    async def work() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    asyncio.run(work())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that nobody has open."""
    file = tmp_path_factory.mktemp("template") / "migrated.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: services.PostgresServer) -> Iterator[str]:
    """A migrated database, made once; `postgres_store_url` hands it out empty."""
    with postgres_server.database() as url:
        _migrate(url)
        yield url


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated file of the test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.db')}"


@pytest.fixture
def postgres_store_url(migrated_postgres: str) -> str:
    """A migrated database with nothing in it. To delete is many times faster than to copy a database."""
    asyncio.run(empty(migrated_postgres))
    return migrated_postgres


async def empty(url: str) -> None:
    """Leave nothing in any table of a PostgreSQL database, and count from 1 again."""
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    counted = [table.name for table in metadata.sorted_tables if "id" in table.c and table.name != "orders"]
    connection = await asyncpg.connect(url)
    await connection.execute("SET session_replication_role = replica")  # the log's triggers forbid to delete
    await connection.execute(
        ";".join(
            [f"DELETE FROM {name}" for name in tables]  # noqa: S608 - the names are our own
            + [f"ALTER SEQUENCE {name}_id_seq RESTART" for name in counted]
        )
    )
    await connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice, each time on a migrated database of its own."""
    fixture = {"sqlite": "sqlite_store_url", "postgresql": "postgres_store_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
async def open_store(store_url: str) -> AsyncIterator[Open]:
    """Opens the test's database once more, as another process would; all are closed at the end.

    Nobody waits for the end of a burst unless the test says so.
    """
    opened: list[Store] = []

    def open_one(**settings: Any) -> Store:
        opened.append(Store(Database(store_url), **({"burst": AT_ONCE} | settings)))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    """A store over a migrated database, on each engine."""
    return open_store()
