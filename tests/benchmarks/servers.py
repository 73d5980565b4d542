"""The real servers a benchmark needs: throw-away databases, and `python -m bot serve` as a process."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests import services

SECRET = "benchmark-app-secret"
ACCOUNT = "17841400000000099"


class Servers:
    """Belongs to one run; stops everything it started."""

    def __init__(self, *, big: bool = False) -> None:
        self.big = big
        self._stack = ExitStack()
        self._postgres: services.PostgresServer | None = None

    def __enter__(self) -> Self:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="nachklang-bench-")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def databases(self) -> Iterator[tuple[str, str]]:
        """Name and address of a fresh database of each kind, one after the other."""
        yield "SQLite", f"sqlite:///{self.folder / f'{time.monotonic_ns()}.db'}"
        if services.POSTGRESQL.find() is not None:
            if self._postgres is None:
                self._postgres = self._stack.enter_context(services.postgres_server(fsync=True))
            with self._postgres.database() as url:
                yield "PostgreSQL", url

    @contextmanager
    def bot(
        self, database_url: str, *words: str, graph: str = "", **environment: str
    ) -> Iterator[tuple[str, int]]:
        """A running bot with Instagram switched on; its address and process id."""
        port = free_port()
        env = {name: value for name, value in os.environ.items() if not name.startswith("INSTAGRAM_")}
        env |= {
            "DATABASE_URL": database_url,
            "INSTAGRAM_APP_SECRET": SECRET,
            "INSTAGRAM_VERIFY_TOKEN": "benchmark",
            "INSTAGRAM_ACCESS_TOKEN": "benchmark-token",
            "INSTAGRAM_ACCOUNT_ID": ACCOUNT,
            "INSTAGRAM_GRAPH_URL": graph or "http://127.0.0.1:9",
            **environment,
        }
        run([sys.executable, "-m", "bot", "migrate"], env)
        log = (self.folder / f"bot-{port}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", str(port), *words],
            env=env,
            stdout=log,
            stderr=log,
        )
        try:
            await_answer(f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            log.close()


def run(command: list[str], env: dict[str, str]) -> None:
    """Run a command to its end; its output is shown only when it fails."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stdout}{done.stderr}")


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_answer(url: str, seconds: float = 60.0) -> float:
    """Wait until ``url`` answers 200; return how long that took, in seconds."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - a loopback address made here
                if answer.status == 200:
                    return time.perf_counter() - began
        except OSError:
            time.sleep(0.01)
    raise TimeoutError(f"{url} did not answer within {seconds} s")
