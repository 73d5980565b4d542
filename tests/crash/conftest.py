"""A house per test: platforms that survive, a database, and the bot's processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.crash.house import House, platforms, quiet_port


@asynccontextmanager
async def built(folder: Path, database_url: str) -> AsyncIterator[House]:
    port = quiet_port()
    async with platforms(folder, port) as outside:
        house = House(folder, database_url, port, outside)
        try:
            yield house
        finally:
            house.close()


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """The test runs twice: on SQLite and on PostgreSQL."""
    async with built(tmp_path, database_url) as made:
        yield made


@pytest.fixture
async def small_house(tmp_path: Path, sqlite_url: str) -> AsyncIterator[House]:
    """On SQLite only: for what has nothing to do with the database."""
    async with built(tmp_path, sqlite_url) as made:
        yield made


@pytest.fixture
async def shared_house(tmp_path: Path, postgres_url: str) -> AsyncIterator[House]:
    """On PostgreSQL, for several processes at once; the test sets ``redis_url``."""
    async with built(tmp_path, postgres_url) as made:
        yield made
