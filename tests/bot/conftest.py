"""A migrated database for every test, an application with a fake channel on it, and a whole server."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import structlog
from structlog.typing import EventDict

from persistence.database import Database
from persistence.migrate import migrate
from tests import services
from tests.bot.fakes import FakeChannel
from tests.bot.house import House
from tests.bot.serving import Running, serving

MakeHouse: TypeAlias = Callable[..., House]
Serve: TypeAlias = Callable[..., contextlib.AbstractAsyncContextManager[Running]]


def _migrate(url: str) -> None:
    async def work() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    asyncio.run(work())


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What the test's own process has logged so far; nothing is printed."""
    with structlog.testing.capture_logs() as entries:
        yield entries


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
def store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of the test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.db')}"


@pytest.fixture
def postgres_store_url(postgres_server: services.PostgresServer, postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of the test's own."""
    with postgres_server.database(postgres_template) as url:
        yield url


@pytest.fixture
async def make_house(store_url: str) -> AsyncIterator[MakeHouse]:
    """Makes applications on the test's database; all are closed at the end."""
    made: list[House] = []

    def make(*channels: FakeChannel, **choices: Any) -> House:
        made.append(House.build(store_url, channels, **choices))
        return made[-1]

    yield make
    for house in made:
        await house.app.close()
        assert house.channel.closed


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """An application with the default settings and one channel that is like WhatsApp."""
    return make_house()


@pytest.fixture
def serve(store_url: str) -> Serve:
    """Starts a whole server on the test's SQLite database, unless another is named."""

    def start(**choices: Any) -> contextlib.AbstractAsyncContextManager[Running]:
        return serving(**{"database_url": store_url, **choices})

    return start


@pytest.fixture
async def server(serve: Serve) -> AsyncIterator[Running]:
    """A running server with the sandbox, in this process."""
    async with serve() as running:
        yield running
