"""The real servers behind the tests: found on this machine, started for one run, gone with it.

Nothing here needs a service of the system: the binaries are started on a free port of the loopback address,
with their data in a temporary folder.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
PORT_TRIES = 3
"""A free port can be taken by somebody else between looking and listening."""

POSTGRESQL_TOOLS = ("initdb", "postgres", "pg_isready", "createdb", "dropdb")

CHROMIUM_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    # Pages under test live on loopback; anything else fails inside the browser as it would without a network.
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE {HOST}",
)


class ServiceFailed(Exception):
    """A server that is installed did not start; the text ends with what it printed."""


@dataclass(frozen=True, slots=True)
class Service:
    """A program that the tests use for real.

    `packages` are Debian's names; `suites` completes the sentence "could not run …".
    """

    name: str
    suites: str
    packages: tuple[str, ...]
    find: Callable[[], Path | None]


def find_postgresql() -> Path | None:
    """The folder of the newest PostgreSQL's programs: Debian has one per version, off the path."""
    folders: list[Path] = []
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/usr", "pgsql-*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
    ):
        found = Path(root).glob(pattern)
        folders += sorted(
            found, key=lambda folder: (len(folder.parent.name), folder.parent.name), reverse=True
        )
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).parent)
    # A link to one program somewhere on the path is not a server.
    return next(
        (folder for folder in folders if all((folder / tool).exists() for tool in POSTGRESQL_TOOLS)), None
    )


def find_redis() -> Path | None:
    """The Redis server's program."""
    return _on_path("redis-server")


def find_chromium() -> Path | None:
    """A Chromium of the system: a browser that Playwright would fetch itself is never asked for."""
    return _on_path("chromium", "chromium-browser", "google-chrome")


POSTGRESQL = Service("PostgreSQL", "the suites on PostgreSQL", ("postgresql",), find_postgresql)
REDIS = Service("Redis", "the suites on Redis", ("redis-server",), find_redis)
CHROMIUM = Service(
    "Chromium", "the suites in a browser", ("chromium", "fonts-noto-color-emoji"), find_chromium
)
SERVICES = (POSTGRESQL, REDIS, CHROMIUM)


def missing() -> list[Service]:
    """Those of `SERVICES` that this machine does not have."""
    return [service for service in SERVICES if service.find() is None]


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running cluster of the tests' own. `tools` holds createdb, dropdb, psql and their kin."""

    tools: Path
    port: int

    def url(self, database: str) -> str:
        """The address of a database in this cluster, in the form of DATABASE_URL."""
        return f"postgresql://nachklang@{HOST}:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The address of a fresh copy of `template`, dropped at the end whoever is still connected.

        A template must have no connection open while it is copied.
        """
        name = f"test_{secrets.token_hex(6)}"
        self._tool("createdb", f"--template={template}", name)
        try:
            yield self.url(name)
        finally:
            self._tool("dropdb", "--force", name)

    def _tool(self, program: str, *arguments: str) -> None:
        command = [
            str(self.tools / program), f"--host={HOST}", f"--port={self.port}", "--username=nachklang",
            "--no-password", *arguments,
        ]  # fmt: skip
        # A developer's own PGHOST or PGSSLMODE is not meant for this cluster.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=START_SECONDS
        )
        if done.returncode:
            raise ServiceFailed(f"{program} {' '.join(arguments)}: {done.stderr.strip()}")


@contextlib.contextmanager
def postgres_server(*, fsync: bool = True) -> Iterator[PostgresServer]:
    """A new PostgreSQL cluster, on TCP and on a socket in its own folder; stopped and removed at the end.

    `fsync` stays on so that the tests commit as a shop does. PostgreSQL refuses to run as root: then it runs
    as `postgres`, or as `nobody`.
    """
    tools = find_postgresql()
    if tools is None:
        raise ServiceFailed("PostgreSQL is not installed: no initdb was found")
    with _folder("postgres") as folder:
        data, log = folder / "data", folder / "log"
        locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        _run_once(
            [str(tools / "initdb"), f"--pgdata={data}", "--username=nachklang", "--auth=trust",
             "--encoding=UTF8", f"--locale={locale}", "--no-sync"],
            folder,
        )  # fmt: skip

        def command(port: int) -> list[str]:
            settings = {
                "listen_addresses": HOST,
                "port": port,
                "unix_socket_directories": folder,
                "fsync": "on" if fsync else "off",
            }
            flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
            return [str(tools / "postgres"), "-D", str(data), *flags]

        def ready(port: int) -> bool:
            probe = [str(tools / "pg_isready"), "--quiet", f"--host={HOST}", f"--port={port}"]
            return subprocess.run(probe, check=False, timeout=START_SECONDS).returncode == 0

        # SIGINT is PostgreSQL's "fast" shutdown: SIGTERM would wait for every client to leave.
        with _server(command, ready, folder, log, stop=signal.SIGINT) as port:
            yield PostgresServer(tools, port)


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """A new Redis server that writes nothing to disk: its address, in the form of REDIS_URL."""
    program = find_redis()
    if program is None:
        raise ServiceFailed("Redis is not installed: no redis-server was found")
    with _folder("redis") as folder:

        def command(port: int) -> list[str]:
            flags = {"bind": HOST, "port": str(port), "save": "", "appendonly": "no", "dir": str(folder)}
            return [str(program), *(word for name, value in flags.items() for word in (f"--{name}", value))]

        def ready(port: int) -> bool:
            return _ask_redis(port, "PING") == "+PONG"

        with _server(command, ready, folder, folder / "log", stop=signal.SIGTERM) as port:
            yield f"redis://{HOST}:{port}/0"


def empty_redis(url: str) -> None:
    """Nothing is left in any database of the server at `url`."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    answer = _ask_redis(port, "FLUSHALL")
    if answer != "+OK":
        raise ServiceFailed(f"FLUSHALL on port {port} was answered with {answer!r}")


def _ask_redis(port: int, line: str) -> str:
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            connection.sendall(f"{line}\r\n".encode())
            return connection.recv(200).decode().strip()
    except OSError:
        return ""


def _on_path(*names: str) -> Path | None:
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    return None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _owner() -> pwd.struct_passwd | None:
    """Whom the servers run as: nobody special, unless the tests run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    # Not pytest's tmp_path: its parents are closed to everyone but root, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix=f"nachklang-{name}-"))
    try:
        if owner := _owner():
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_once(command: Sequence[str], folder: Path) -> None:
    owner = _owner()
    done = subprocess.run(
        command,
        cwd=folder,
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS * 2,
    )
    if done.returncode:
        raise ServiceFailed(f"{command[0]}: {done.stderr.strip()}")


@contextlib.contextmanager
def _server(
    command: Callable[[int], list[str]],
    ready: Callable[[int], bool],
    folder: Path,
    log: Path,
    *,
    stop: signal.Signals,
) -> Iterator[int]:
    """A process that answers on the port that is yielded; it ends with the block, and with this process."""
    for _ in range(PORT_TRIES):
        port = _free_port()
        process = _start(command(port), folder, log, stop)
        try:
            if _wait_until(ready, port, process):
                yield port
                return
        finally:
            _stop(process, stop)
    raise ServiceFailed(f"{command(0)[0]} did not start: {log.read_text(errors='replace')[-2000:]}")


def _start(command: list[str], folder: Path, log: Path, stop: signal.Signals) -> subprocess.Popen[bytes]:
    owner = _owner()
    # Where the system can do it, the server is told to stop when the tests are killed.
    leash = (
        [found, "--pdeathsig", stop.name.removeprefix("SIG")] if (found := shutil.which("setpriv")) else []
    )
    with log.open("ab") as output:
        return subprocess.Popen(
            [*leash, *command],
            cwd=folder,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for pytest, which then stops the servers after the fixtures that still need them.
            start_new_session=True,
        )


def _wait_until(ready: Callable[[int], bool], port: int, process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if ready(port):
            return process.poll() is None
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
