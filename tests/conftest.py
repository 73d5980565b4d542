"""What every test may ask for: databases, Redis, a browser; and what no test may do: leave this machine."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.async_api import Browser, async_playwright

from tests import loopback, services

# Nothing is timed here; and CI plays the same examples every time, so that a red run can be repeated.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres-no-fsync",
        action="store_true",
        help="let the tests' PostgreSQL lose data at a power cut: faster on a slow disk",
    )


def pytest_configure() -> None:
    settings.load_profile("ci" if os.environ.get("CI") else "local")
    loopback.watch()


@pytest.fixture(autouse=True)
def _stay_on_this_machine() -> Iterator[None]:
    with loopback.nobody_leaves():
        yield


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[services.PostgresServer]:
    """One cluster for the run, started by the first test that asks."""
    _require(services.POSTGRESQL)
    with services.postgres_server(fsync=not pytestconfig.getoption("--postgres-no-fsync")) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: services.PostgresServer) -> Iterator[str]:
    """A fresh, empty database: `postgresql://…`."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that does not exist yet: `sqlite:///…`."""
    return f"sqlite:///{tmp_path / 'nachklang.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice: on a fresh SQLite file and on a fresh PostgreSQL database."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[str]:
    _require(services.REDIS)
    with services.redis_server() as url:
        yield url


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    """A Redis with nothing in it: `redis://…`."""
    services.empty_redis(_redis_server)
    return _redis_server


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser's program."""
    return _require(services.CHROMIUM)


@pytest.fixture
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    """A headless Chromium that finds nobody but this machine."""
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(
            executable_path=chromium_path, args=services.CHROMIUM_FLAGS
        ) as started,
    ):
        yield started


def _require(service: services.Service) -> Path:
    found = service.find()
    if found is None:
        reason = f"{service.name} is not installed: cannot run {service.suites}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
