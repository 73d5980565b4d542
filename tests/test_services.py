"""The servers that other tests lean on really answer, start empty, and are gone afterwards."""

import contextlib
import errno
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiosqlite
import asyncpg
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser
from redis.asyncio import Redis

from tests import install_services, loopback, services

OUTSIDE = "192.0.2.1"
"""An address that RFC 5737 gives to documentation: nobody answers there, should the guard fail."""


async def test_postgresql_commits_as_safely_as_in_a_shop(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        assert await connection.fetchval("SELECT lower('GRÖSSE')") == "grösse"
    finally:
        await connection.close()


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_every_test_gets_a_postgresql_database_of_its_own(postgres_url: str, turn: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute("CREATE TABLE only_here (id text)")
    finally:
        await connection.close()


async def test_a_database_can_be_copied_and_goes_although_somebody_is_connected(
    postgres_server: services.PostgresServer,
) -> None:
    with postgres_server.database() as original:
        connection = await asyncpg.connect(original)
        await connection.execute("CREATE TABLE kept (id text); INSERT INTO kept VALUES ('1')")
        await connection.close()
        with postgres_server.database(template=original.rpartition("/")[2]) as copy:
            connection = await asyncpg.connect(copy)
            assert await connection.fetchval("SELECT id FROM kept") == "1"
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await connection.fetchval("SELECT 1")
        await connection.close()
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(copy)


async def test_a_database_url_names_an_empty_database(database_url: str) -> None:
    if database_url.startswith("sqlite:///"):
        async with (
            aiosqlite.connect(database_url.removeprefix("sqlite:///")) as connection,
            connection.execute("SELECT count(*) FROM sqlite_master") as cursor,
        ):
            assert await cursor.fetchone() == (0,)
    else:
        postgres = await asyncpg.connect(database_url)
        try:
            query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
            assert await postgres.fetchval(query) == 0
        finally:
            await postgres.close()


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_every_test_gets_an_empty_redis(redis_url: str, turn: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        assert await redis.dbsize() == 0
        await redis.set("left", "behind")


async def test_the_browser_shows_a_page_of_this_machine(browser: Browser) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(
            text="<title>Hallo 👋</title><p>Schön</p>", content_type="text/html", charset="utf-8"
        )

    app = web.Application()
    app.router.add_get("/", page)
    async with TestServer(app) as server:
        tab = await browser.new_page()
        await tab.goto(str(server.make_url("/")))
        assert await tab.title() == "Hallo 👋"
        assert await tab.inner_text("p") == "Schön"


def test_servers_stop_when_the_tests_are_killed(redis_url: str) -> None:
    """pytest may be killed by a CI that lost its patience; nothing may stay behind on the machine."""
    if not Path("/usr/bin/setpriv").exists():
        pytest.skip("this system has no setpriv to tie a server to the tests")
    code = (
        "import os, signal\n"
        "from tests import services\n"
        "with services.redis_server() as url:\n"
        "    print(url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with tempfile.TemporaryDirectory() as base:  # not tmp_path: the servers do not run as root
        Path(base).chmod(0o755)
        killed = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "TMPDIR": base},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    port = int(killed.stdout.strip().removesuffix("/0").rpartition(":")[2])
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex((services.HOST, port)) == errno.ECONNREFUSED:
                return
        time.sleep(0.05)
    pytest.fail("the server outlived the tests that started it")


def test_a_missing_service_fails_the_ci_and_only_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = services.Service("Nothing", "the suites on nothing", (), lambda: None)
    monkeypatch.setattr(services, "SERVICES", (absent,))
    monkeypatch.setattr(install_services, "_apt_is_ours", lambda: False)
    monkeypatch.delenv("CI", raising=False)
    assert install_services.main() == 0
    assert (
        capsys.readouterr().err
        == "Not found on this machine: Nothing. Could not run: the suites on nothing.\n"
    )
    monkeypatch.setenv("CI", "true")
    assert install_services.main() == 1
    capsys.readouterr()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("::ffff:127.0.0.1", True),
        (b"127.0.0.1", True), ("localhost", True), ("bot.localhost", True), (None, True), ("", True),
        ("0.0.0.0", True),  # noqa: S104 - a name to judge: nothing listens there
        ("192.168.1.4", False), ("10.0.0.1", False), (OUTSIDE, False), ("2001:db8::1", False),
        ("::ffff:10.0.0.1", False), ("graph.facebook.com", False), ("localhost.example", False),
    ],
)  # fmt: skip
def test_only_loopback_is_this_machine(host: object, expected: bool) -> None:
    assert loopback.is_loopback(host) is expected


def test_a_socket_to_the_outside_is_refused() -> None:
    with socket.socket() as connection, pytest.raises(loopback.OutsideNetworkUsed):
        connection.connect((OUTSIDE, 9))
    with socket.socket(type=socket.SOCK_DGRAM) as datagram, pytest.raises(loopback.OutsideNetworkUsed):
        datagram.sendto(b"", (OUTSIDE, 9))
    with pytest.raises(loopback.OutsideNetworkUsed):
        socket.getaddrinfo("outside.invalid", 443)
    assert len(loopback.ATTEMPTS) == 3
    loopback.ATTEMPTS.clear()


async def test_a_client_library_is_refused_too() -> None:
    async with ClientSession() as session:
        for host in (OUTSIDE, "outside.invalid"):
            with pytest.raises(loopback.OutsideNetworkUsed):
                await session.get(f"http://{host}:9/")
    loopback.ATTEMPTS.clear()


def test_a_hidden_refusal_fails_the_test_that_hid_it() -> None:
    with (
        pytest.raises(loopback.OutsideNetworkUsed, match="hid the refusal"),
        loopback.nobody_leaves(),
        contextlib.suppress(loopback.OutsideNetworkUsed),
        socket.socket() as connection,
    ):
        connection.connect((OUTSIDE, 9))
    assert loopback.ATTEMPTS == []
