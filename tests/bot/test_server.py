"""Starting and stopping: what is refused, what is finished, the two halves, and what the health pages say."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.config import ConfigError
from bot.secret import signing_secret
from bot.server import running
from persistence.database import Database
from persistence.store import Store
from persistence.tables import InboxRow, OutboxRow, SettingRow
from tests import services
from tests.bot.conftest import Serve
from tests.bot.house import config_for
from tests.bot.platform import Platform
from tests.bot.serving import LIVE, Running, serving, settings_of, until
from tests.bot.signing import instagram_text, sign

ROOT = Path(__file__).parents[2]


def figures(text: str) -> dict[str, float]:
    """Metrics text as Prometheus reads it, without labels' sake: name and labels → value."""
    return {
        f"{sample.name}{orjson.dumps(sample.labels, option=orjson.OPT_SORT_KEYS).decode()}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def readiness(server: Running) -> tuple[int, dict[str, Any]]:
    status, text = await server.get("/readyz")
    return status, orjson.loads(text)


# -- a start that is refused


async def test_a_port_that_is_taken_is_refused_with_what_to_do(store_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = settings_of(store_url, {}, {"server": {"port": port}})
        with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*--port"):
            async with running(config):
                pass


async def test_an_address_that_is_not_ours_is_refused(store_url: str) -> None:
    config = settings_of(store_url, {}, {"server": {"host": "192.0.2.1"}})
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1"):
        async with running(config):
            pass


async def test_postgresql_without_the_newest_schema_is_refused(postgres_url: str) -> None:
    for only in (None, "web", "work"):
        with pytest.raises(ConfigError, match=r"schema is empty.*python -m bot migrate"):
            async with running(settings_of(postgres_url, {}, {}), only):
                pass


async def test_sqlite_is_brought_to_the_newest_schema_by_itself(tmp_path: Path) -> None:
    async with serving(f"sqlite:///{tmp_path / 'deep' / 'new.db'}") as server:
        assert (await readiness(server))[0] == 200


async def test_a_secret_too_short_to_sign_with_is_refused(store_url: str) -> None:
    config = settings_of(store_url, {"NACHKLANG_SECRET": "short"}, {})
    with pytest.raises(ConfigError, match="NACHKLANG_SECRET is too short"):
        async with running(config):
            pass


async def test_the_secret_is_made_once_and_kept(store_url: str) -> None:
    config = config_for(store_url)
    stores = [Store(Database(store_url)) for _ in range(3)]
    made = await asyncio.gather(*(signing_secret(config, store) for store in stores))
    for store in stores:
        await store.close()
    assert len(set(made)) == 1
    assert len(made[0]) == 64


async def test_a_refused_start_leaves_nothing_open(store_url: str) -> None:
    """The listener, the store: a second start finds everything free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for _ in range(2):
        config = settings_of(store_url, {"NACHKLANG_SECRET": "short"}, {"server": {"port": port}})
        with pytest.raises(ConfigError, match="NACHKLANG_SECRET"):
            async with running(config):
                pass


# -- the end


async def test_what_is_in_hand_is_finished_before_the_end(store_url: str) -> None:
    """A message is on its way, and a webhook is being written, when the program is told to stop."""
    async with Platform.open() as platform:
        gate = platform.hold()
        async with serving(store_url, environ=LIVE | platform.addresses) as server:
            body = instagram_text("t1", "Hallo!")
            assert await server.post("instagram", body, sign("instagram", body)) == (200, "")
            await platform.asked_for("/messages")
            asyncio.get_running_loop().call_later(0.2, gate.set)
        assert platform.messages == 1
    async with serving(store_url, only="web") as server:
        [row] = await server.rows(OutboxRow)
        assert (row.status, row.attempts) == ("sent", 1)


async def test_the_process_ends_in_good_order_when_it_is_told_to(store_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", "--config", "config.yml", "--port", "0",
        cwd=ROOT, env={"PATH": os.environ["PATH"], "DATABASE_URL": store_url},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(30):
        said = b""
        while b"Strg+C" not in said:
            line = await process.stdout.readline()
            assert line, (await process.stderr.read()).decode()
            said += line
        process.send_signal(signal.SIGTERM)
        _, logged = await process.communicate()
    assert process.returncode == 0
    words = said.decode()
    assert "/sandbox" in words
    assert all(f"/webhooks/{name}" in words for name in ("instagram", "whatsapp", "telegram", "orders"))
    events = [orjson.loads(line)["event"] for line in logged.splitlines()]
    assert events[-1] == "stopping"


async def test_the_sandbox_remembers_how_far_time_was_moved(serve: Serve) -> None:
    async with serve() as server:
        before = server.app.clock()
        await server.sandbox("clock", advance="10 days")
    async with serve() as server:
        assert (server.app.clock() - before).days == 10
        assert len(await server.rows(SettingRow, key="sandbox_travelled_seconds")) == 1
    async with serve(environ=LIVE) as server:  # time is real where people are
        assert (server.app.clock() - before).days < 1


async def test_without_the_sandbox_nothing_of_it_is_served(serve: Serve) -> None:
    async with serve(environ=LIVE, only="web") as server:
        for path in ("/sandbox", "/sandbox/api/world", "/sandbox/graph/v25.0/me", "/sandbox/clock"):
            assert (await server.get(path))[0] == 404


# -- halves


async def test_the_halves_work_together_over_postgresql_and_redis(
    postgres_store_url: str, redis_url: str
) -> None:
    async with Platform.open() as platform:
        environ = LIVE | platform.addresses | {"REDIS_URL": redis_url}
        slow: dict[str, Any] = {"server": {"poll_seconds": 30}}  # only wake-ups can make it quick
        async with (
            serving(postgres_store_url, only="web", environ=environ, **slow) as web,
            serving(postgres_store_url, only="work", environ=environ, **slow) as work,
        ):
            body = instagram_text("t1", "Hallo!")
            assert (await web.post("instagram", body, sign("instagram", body)))[0] == 200
            await platform.asked_for("/messages")
            await work.quiet()
            assert platform.messages == 1
            assert (await readiness(web))[1]["signals"] == "ok"
            assert await work.metric("nachklang_turns_total", outcome="committed") == 1
            assert await web.metric("nachklang_turns_total", outcome="committed") == 0


async def test_a_half_that_takes_requests_does_nothing_with_them(serve: Serve) -> None:
    body = instagram_text("t1", "Hallo!")
    async with serve(environ=LIVE, only="web") as web:
        assert (await web.post("instagram", body, sign("instagram", body)))[0] == 200
        await asyncio.sleep(0.5)
        assert [row.status for row in await web.rows(InboxRow)] == ["new"]
    async with Platform.open() as platform, serve(environ=LIVE | platform.addresses, only="work") as work:
        await platform.asked_for("/messages")
        await work.quiet()
        with pytest.raises(OSError, match="Cannot connect"):
            await work.get("/healthz")


# -- health


async def test_a_healthy_server_says_so(server: Running) -> None:
    assert await server.get("/healthz") == (200, '{"status": "alive"}')
    status, said = await readiness(server)
    assert (status, said["status"], said["database"], said["signals"]) == (200, "ready", "ok", "ok")
    assert said["queue"] == {"unsorted": 0, "conversations": 0, "messages": 0, "oldest_seconds": 0.0}


async def test_a_queue_that_does_not_move_is_not_ready(serve: Serve) -> None:
    async with serve(only="web") as server:
        await server.sandbox("api/say", channel="instagram", text="Hallo")
        await until(lambda: server.rows(InboxRow))
        assert (await readiness(server))[0] == 200
        await server.sandbox("clock", advance="6 minutes")
        status, said = await readiness(server)
        assert (status, said["status"]) == (503, "not ready")
        assert said["queue"]["unsorted"] == 1
        assert said["queue"]["oldest_seconds"] > 300
        shown = figures((await server.get("/metrics"))[1])
        assert shown['nachklang_backlog{"queue":"unsorted"}'] == 1
        assert shown["nachklang_backlog_oldest_seconds{}"] > 300


async def test_the_metrics_are_what_prometheus_reads(server: Running) -> None:
    await server.sandbox("api/say", channel="whatsapp", text="Hallo")
    await server.quiet()
    async with server.client.get(f"{server.url}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        shown = figures(await answer.text())
    assert shown['nachklang_events_accepted_total{"source":"whatsapp"}'] >= 1
    assert shown['nachklang_turns_total{"outcome":"committed"}'] == 1
    assert shown['nachklang_messages_total{"channel":"whatsapp","fate":"sent"}'] == 1
    assert shown['nachklang_backlog{"queue":"messages"}'] == 0


@asynccontextmanager
async def database_away(server: services.PostgresServer, url: str) -> AsyncIterator[None]:
    """Nobody gets into the database, and whoever was in is thrown out."""
    name = url.rpartition("/")[2]

    def sql(words: str) -> None:
        subprocess.run(
            [server.tools / "psql", "--quiet", "--no-psqlrc", f"--command={words}", server.url("postgres")],
            check=True, capture_output=True, timeout=20,
        )  # fmt: skip

    sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608 - the test made it
    try:
        yield
    finally:
        sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def test_a_database_that_goes_away_and_comes_back_loses_nothing(
    postgres_server: services.PostgresServer, postgres_store_url: str
) -> None:
    first, second = instagram_text("t1", "Hallo!"), instagram_text("t2", "Hallo noch mal!", person="bert")
    async with Platform.open() as platform:
        async with serving(postgres_store_url, environ=LIVE | platform.addresses) as server:
            async with database_away(postgres_server, postgres_store_url):
                status, text = await server.post("instagram", first, sign("instagram", first))
                assert status == 503
                assert not [
                    word for word in ("asyncpg", "sqlalchemy", "Traceback", "psql", "Error:") if word in text
                ]
                assert "send it again" in text
                status, said = await readiness(server)
                assert (status, said["database"]) == (503, "does not answer")
                assert (await server.get("/healthz"))[0] == 200
                status, text = await server.get("/metrics")
                assert status == 200
                assert figures(text)['nachklang_webhooks_total{"source":"instagram","status":"503"}'] == 1
            assert await server.rows(InboxRow) == []
            for body in (first, second):
                assert (await server.post("instagram", body, sign("instagram", body)))[0] == 200
            await until(lambda: _two(platform))
            await server.quiet()
            assert (await readiness(server))[0] == 200
        assert platform.messages == 2


async def _two(platform: Platform) -> bool:
    return platform.messages >= 2


async def test_redis_may_be_away(serve: Serve) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        async with serve(environ={"REDIS_URL": address}) as server:
            await server.sandbox("api/say", channel="telegram", text="Hallo")
            await server.quiet()
            assert (await server.sandbox("api/sent"))["count"] == 1
            status, said = await readiness(server)
            assert (status, said["signals"]) == (200, "redis does not answer; polling instead")
