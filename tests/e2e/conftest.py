"""The whole program with the sandbox, for every test anew."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from playwright.async_api import Browser

from persistence.database import Database
from persistence.migrate import migrate
from tests.bot.serving import Running, serving
from tests.e2e.office import Office


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Nothing is printed."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that nobody has open."""
    file = tmp_path_factory.mktemp("e2e") / "migrated.db"

    async def work() -> None:
        database = Database(f"sqlite:///{file}")
        await migrate(database)
        await database.close()

    asyncio.run(work())
    return file


@pytest.fixture
def shop_url(migrated: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of the test's own."""
    return f"sqlite:///{shutil.copy(migrated, tmp_path / 'shop.db')}"


@pytest.fixture
async def server(shop_url: str) -> AsyncIterator[Running]:
    """A running server in this process, as `make run` would start it."""
    async with serving(shop_url) as running:
        yield running


@pytest.fixture
async def office(browser: Browser, server: Running) -> AsyncIterator[Office]:
    """Browsers for several people; at the end none of their pages may have complained."""
    office = Office(browser, server)
    yield office
    await office.close()
