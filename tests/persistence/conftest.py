"""A migrated database for every test, quickly: both engines copy one that was migrated at the beginning."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from persistence.database import Database
from persistence.migrate import migrate
from persistence.store import Store
from tests import services

Open: TypeAlias = Callable[..., Store]


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
def postgres_template(postgres_server: services.PostgresServer) -> Iterator[str]:
    """The name of a migrated database that nobody has open."""
    with postgres_server.database() as url:
        _migrate(url)
        yield url.rpartition("/")[2]


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated file of the test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.db')}"


@pytest.fixture
def postgres_store_url(postgres_server: services.PostgresServer, postgres_template: str) -> Iterator[str]:
    """A migrated database of the test's own."""
    with postgres_server.database(postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice, each time on a migrated database of its own."""
    fixture = {"sqlite": "sqlite_store_url", "postgresql": "postgres_store_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
async def open_store(store_url: str) -> AsyncIterator[Open]:
    """Opens the test's database once more, as another process would; all are closed at the end."""
    opened: list[Store] = []

    def open_one(**settings: Any) -> Store:
        opened.append(Store(Database(store_url), **settings))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
def store(open_store: Open) -> Store:
    """A store over a migrated database, on each engine."""
    return open_store()
