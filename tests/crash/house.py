"""The bot and the platforms as real processes: started, killed, stopped, and never left behind."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from integrations.sandbox import SandboxSettings

ROOT: Final = Path(__file__).parent.parent.parent
HOST: Final = "127.0.0.1"
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
OWN_NAMES: Final = (
    "DATABASE_", "REDIS_", "NACHKLANG_", "META_", "INSTAGRAM_", "WHATSAPP_", "TELEGRAM_", "SHOPIFY_",
    "WOOCOMMERCE_", "ORDERS_", "RASA_",
)  # fmt: skip
"""How the environment's names begin that the bot reads: a developer's own are not meant for the tests."""

Settings = dict[str, dict[str, Any]]
IMPATIENT: Final[Settings] = {
    "turns": {"typing_seconds": 1, "burst_seconds": 0.1, "lease_seconds": 2},
    "sending": {"lease_seconds": 3, "show_typing": False},
    "server": {"poll_seconds": 0.2},
}
"""Settings with which a crash is over in seconds."""


class ProcessFailed(Exception):
    """A process ended or never began to answer; the text ends with what it wrote."""


class Process:
    """One process with a log, in a group of its own."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._life = 0

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; what it writes goes to the log, behind what it wrote before it was killed."""
        # Where the system can do it, nobody survives the tests: not even when those are killed.
        leash = [found, "--pdeathsig", "KILL"] if (found := shutil.which("setpriv")) else []
        self._life = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*leash, *self._command],
                cwd=ROOT,
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Send SIGKILL to it and all that it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_SECONDS)

    async def stop(self) -> int:
        """Send SIGTERM and return the exit code.

        Raises:
            ProcessFailed: it did not end in time.

        """
        if self._process is None:
            raise ProcessFailed(f"{self.name} was never started")
        self._process.terminate()
        return await self.ended(STOP_SECONDS)

    async def ended(self, seconds: float) -> int:
        """Wait for its end and return the exit code.

        Raises:
            ProcessFailed: it did not end in time.

        """
        until = asyncio.get_running_loop().time() + seconds
        while self._process is not None and asyncio.get_running_loop().time() < until:
            if (code := self._process.poll()) is not None:
                return code
            await asyncio.sleep(0.02)
        raise ProcessFailed(f"{self.name} did not end within {seconds:g} s:\n{self.words()}")

    async def answering(self, port: int) -> None:
        """Wait until it listens.

        Raises:
            ProcessFailed: it ended, or took too long.

        """
        until = asyncio.get_running_loop().time() + START_SECONDS
        while self.running and asyncio.get_running_loop().time() < until:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            return
        raise ProcessFailed(f"{self.name} does not listen on port {port}:\n{self.words()}")

    async def said(self, words: str) -> None:
        """Wait until it has written ``words`` since it was started last.

        Raises:
            ProcessFailed: it ended, or took too long.

        """
        until = asyncio.get_running_loop().time() + START_SECONDS
        while self.running and asyncio.get_running_loop().time() < until:
            if words in self.log.read_bytes()[self._life :].decode(errors="replace"):
                return
            await asyncio.sleep(0.02)
        raise ProcessFailed(f"{self.name} never said {words!r}:\n{self.words()}")

    def words(self, most: int = 4000) -> str:
        """Return the end of the log, over all its lives."""
        return self.log.read_text(errors="replace")[-most:] if self.log.exists() else ""

    def count(self, event: str) -> int:
        """Return how often the log names an event, over all its lives."""
        return self.words(100_000_000).count(f'"event": "{event}"')


@dataclass(slots=True)
class Platforms:
    """What the tests ask of the platforms' process."""

    process: Process
    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        """Ask for something below the process's address."""
        async with self.session.get(self.url + path) as answer:
            return await self._read(path, answer)

    async def post(self, path: str, **body: object) -> Any:
        """Have something done below the process's address."""
        async with self.session.post(self.url + path, json=body) as answer:
            return await self._read(path, answer)

    async def say(self, channel: str, person: str, text: str) -> str:
        """Let a person write; return the message's id."""
        said = await self.post("/sandbox/api/say", channel=channel, person=person, text=text)
        return str(said["message"]["id"])

    async def faults(self, **switches: object) -> None:
        """Switch faults on and off."""
        await self.post("/sandbox/faults", **switches)

    async def sent(self) -> list[dict[str, Any]]:
        """Return everything that the platforms accepted from the bot, in order."""
        answer = await self.get("/sandbox/api/sent")
        messages: list[dict[str, Any]] = answer["messages"]
        assert len(messages) == answer["count"]
        return messages

    async def accepted(self) -> int:
        """Return how many messages the platforms have accepted from the bot."""
        return int((await self.get("/sandbox/api/sent"))["count"])

    async def undelivered(self) -> int:
        """Return how many webhooks have not been taken by the bot yet."""
        tally = await self.get("/sandbox/api/webhooks")
        assert not tally["given_up"]
        assert not tally["lost"]
        return int(tally["waiting"])

    @staticmethod
    async def _read(path: str, answer: aiohttp.ClientResponse) -> Any:
        assert answer.status == 200, f"{path}: {answer.status} {await answer.text()}"
        return await answer.json()


@dataclass(slots=True)
class House:
    """Everything of one test: the platforms, the database's address, and the bot's processes by name."""

    folder: Path
    database_url: str
    bot_port: int
    platforms: Platforms
    redis_url: str | None = None
    settings: Settings = field(default_factory=lambda: {name: dict(part) for name, part in IMPATIENT.items()})
    bots: dict[str, Process] = field(default_factory=dict)

    @property
    def bot_url(self) -> str:
        """Where the bot takes webhooks."""
        return f"http://{HOST}:{self.bot_port}"

    def configure(self, section: str, **values: object) -> None:
        """Change settings; they hold for whatever is started from now on."""
        self.settings.setdefault(section, {}).update(values)
        self._config()

    def bot(self, only: str = "", name: str = "") -> Process:
        """Prepare a ``serve`` process, or only its ``web`` or ``work`` half."""
        words = ["serve", "--config", str(self._config()), "--port", str(self.bot_port)]
        words += ["--only", only] if only else []
        return self._prepare(name or only or "bot", words)

    async def open(self) -> Process:
        """Start one process with everything, ready to take webhooks."""
        if not self.database_url.startswith("sqlite"):  # which brings itself up
            await self.migrate()
        bot = self.bot()
        bot.start()
        await bot.answering(self.bot_port)
        return bot

    async def migrate(self) -> None:
        """Do what the operator of a PostgreSQL does before the first start."""
        process = self._prepare("migrate", ["migrate", "--config", str(self._config())])
        process.start()
        assert await process.ended(START_SECONDS) == 0, process.words()

    def close(self) -> None:
        """Leave nobody behind."""
        for process in self.bots.values():
            process.kill()

    def _prepare(self, name: str, words: Sequence[str]) -> Process:
        process = Process(
            name,
            [sys.executable, "-m", "bot", *words],
            self.folder,
            _clean_environment() | self._environment(),
        )
        self.bots[name] = process
        return process

    def _config(self) -> Path:
        path = self.folder / "config.yml"
        path.write_text(yaml.safe_dump(self.settings), encoding="utf-8")
        return path

    def _environment(self) -> dict[str, str]:
        """Return the secrets with which the bot takes the sandbox for the real platforms."""
        demo = SandboxSettings.default()
        graph = f"{self.platforms.url}/sandbox/graph"
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url or "",
            "META_GRAPH_URL": graph,
            "INSTAGRAM_GRAPH_URL": graph,
            "INSTAGRAM_APP_SECRET": demo.instagram.app_secret,
            "INSTAGRAM_VERIFY_TOKEN": "verify",
            "INSTAGRAM_ACCESS_TOKEN": demo.instagram.access_token,
            "INSTAGRAM_ACCOUNT_ID": demo.instagram.account_id,
            "WHATSAPP_APP_SECRET": demo.whatsapp.app_secret,
            "WHATSAPP_VERIFY_TOKEN": "verify",
            "WHATSAPP_ACCESS_TOKEN": demo.whatsapp.access_token,
            "WHATSAPP_PHONE_NUMBER_ID": demo.whatsapp.phone_number_id,
        }


@contextlib.asynccontextmanager
async def platforms(folder: Path, bot_port: int) -> AsyncIterator[Platforms]:
    """The platforms' process, whose webhooks go to a bot on ``bot_port``."""
    port = quiet_port()
    words = ["--port", str(port), "--bot", f"http://{HOST}:{bot_port}"]
    process = Process(
        "platforms", [sys.executable, "-m", "tests.crash.platforms", *words], folder, _clean_environment()
    )
    process.start()
    try:
        await process.answering(port)
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=60), connector=aiohttp.TCPConnector(limit=0), trust_env=False
        ) as session:
            yield Platforms(process, f"http://{HOST}:{port}", session)
    finally:
        process.kill()


def _clean_environment() -> dict[str, str]:
    # Who starts a program six times a minute wants it compiled only once.
    unwanted = (*OWN_NAMES, "PYTHONDONTWRITEBYTECODE")
    return {key: value for key, value in os.environ.items() if not key.upper().startswith(unwanted)}


def quiet_port() -> int:
    """Return a free port outside the range from which the system takes ports for outgoing connections.

    A port of that range could be taken by somebody else while the bot that listened on it lies dead, even by
    a caller who wants to reach that very bot: TCP lets a connection meet itself.
    """
    for _ in range(200):
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as listener:
            try:
                listener.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ProcessFailed("no free port between 20000 and 32000")
