"""What the program writes about itself: enough to find out what happened, never what anybody said."""

import asyncio
import io
import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
import structlog

from bot import logs
from tests.bot import signing
from tests.bot.conftest import Serve
from tests.bot.fakes import BrokenFlows, FlakyInbox, Fuse
from tests.bot.platform import Platform
from tests.bot.serving import LIVE, Running, until
from tests.bot.signing import sign

WORDS = "Rumpelstilzchen"
NAME = "Zacharias Quendel"
PHONE = "1709998887"
MAIL = "zacharias@quendel.example"
PERSONAL = (WORDS, "Zacharias", "Quendel", "quendel", PHONE)
SECRETS = tuple(value for name, value in LIVE.items() if name.endswith(("_SECRET", "_TOKEN")))


@dataclass
class Log:
    """What went to standard error."""

    paper: io.StringIO

    @property
    def text(self) -> str:
        return self.paper.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line; each must be JSON."""
        return [orjson.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]


@pytest.fixture
def log(logged: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """The program's own logging, as `serve` sets it up."""
    root, paper = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", paper)
    logs.configure(readable=False)
    structlog.configure(cache_logger_on_first_use=False)  # other tests log elsewhere
    yield Log(paper)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def say(words: str) -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(words)
    return logger


def test_personal_keys_are_hidden(log: Log) -> None:
    say("x").info("hello", text=WORDS, name=NAME, phone=PHONE, token="t", url="u", conversation=7)
    [line] = log.lines
    assert line["conversation"] == 7
    assert {line[key] for key in ("text", "name", "phone", "token", "url")} == {"[hidden]"}


def test_an_error_tells_its_kinds_and_places_but_not_its_words(log: Log) -> None:
    def inner() -> None:
        raise FileNotFoundError(2, "No such file or directory", f"/home/{NAME}")

    try:
        try:
            inner()
        except OSError as error:
            raise ValueError(WORDS) from error
    except ValueError:
        say("x").exception("it_broke", outbox=3)
    [line] = log.lines
    assert line["cause"] == ["ValueError", "FileNotFoundError (No such file or directory)"]
    assert "bot/test_logs.py" in line["trace"][-1]
    assert not [word for word in PERSONAL if word in log.text]


def test_a_database_error_tells_its_number(log: Log, store_url: str) -> None:
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("SELECT ? FROM nowhere", (WORDS,))
    except sqlite3.OperationalError:
        say("x").exception("it_broke")
    assert log.lines[0]["cause"] == ["OperationalError (SQLITE_ERROR)"]


def test_a_long_chain_and_a_deep_call_are_cut(log: Log) -> None:
    def deep(level: int) -> None:
        if level:
            try:
                deep(level - 1)
            except ValueError as error:
                raise ValueError(level) from error
        else:
            raise ValueError(0)

    try:
        deep(60)
    except ValueError:
        say("x").exception("it_broke")
    [line] = log.lines
    assert (len(line["cause"]), len(line["trace"])) == (5, 2)


def break_down() -> None:
    raise ValueError(WORDS)


def test_libraries_complain_in_our_form(log: Log) -> None:
    try:
        break_down()
    except ValueError:
        logging.getLogger("some.library").exception("while reading %s", NAME)
    logging.getLogger("some.library").info("chatter")
    [line] = log.lines
    assert (line["event"], line["library"], line["level"]) == ("library_complained", "some.library", "error")
    assert line["cause"] == ["ValueError"]
    assert not [word for word in PERSONAL if word in log.text]


def test_lines_for_people_say_the_same(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", log.paper)
    logs.configure(readable=True)
    structlog.configure(cache_logger_on_first_use=False)
    try:
        break_down()
    except ValueError:
        say("x").exception("it_broke", text=WORDS)
    assert "it_broke" in log.text
    assert "ValueError" in log.text
    assert WORDS not in log.text


# -- the whole path


def personal_webhooks() -> list[tuple[str, bytes]]:
    """One webhook of each source, full of what nobody else may know."""
    item = signing.instagram_item("m1", f"{WORDS}, ich bin {NAME}, {PHONE}", person=f"ig-{PHONE}")
    contact = {"profile": {"name": NAME}, "wa_id": f"49{PHONE}"}
    message = signing.whatsapp_message("w1", f"{WORDS}! {NAME}", f"49{PHONE}")
    customer = {
        "id": 9,
        "email": MAIL,
        "first_name": "Zacharias",
        "last_name": "Quendel",
        "phone": f"+49{PHONE}",
    }
    return [
        ("instagram", signing.instagram(item)),
        ("whatsapp", signing.whatsapp(message, contacts=[contact])),
        ("telegram", signing.telegram_text(5, f"{WORDS} {NAME}", person=int(PHONE), name=NAME)),
        ("shopify", signing.shopify_order(customer=customer, email=MAIL, phone=f"+49{PHONE}")),
        ("orders", signing.order("1001", name=NAME, email=MAIL, phone=f"+49{PHONE}")),
    ]


async def deliver(server: Running, bodies: list[str], *, spoil: str = "") -> list[int]:
    """Deliver everything, perhaps spoilt; what was answered goes to ``bodies``."""
    answers = []
    for source, body in personal_webhooks():
        content = body[: len(body) // 2] if spoil == "half" else body
        headers = sign(source, content, f"wrong {NAME}" if spoil == "signature" else None)
        status, text = await server.post(source, content, headers)
        answers.append(status)
        bodies.append(text)
    return answers


async def rename(store_url: str, old: str, new: str) -> None:
    """Change the database behind the program's back."""

    def work() -> None:
        with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as file:
            file.execute(f"ALTER TABLE {old} RENAME TO {new}")
            file.commit()

    await asyncio.to_thread(work)


async def fail_at_the_door(server: Running, log: Log, store_url: str) -> list[str]:
    """Wrong signatures, broken bodies, a database whose errors quote the statement's values."""
    bodies: list[str] = []
    assert await deliver(server, bodies, spoil="signature") == [401] * 5
    assert await deliver(server, bodies, spoil="half") == [400] * 5
    await rename(store_url, "inbox", "mislaid")
    assert await deliver(server, bodies) == [503] * 5
    await until(lambda: _logged(log, "room_failed"))
    await rename(store_url, "mislaid", "inbox")
    inbox, kept = FlakyInbox(server.app.store.database), server.app.store.inbox
    inbox.fuse = Fuse(5, ValueError(f"{WORDS} {NAME} {MAIL}"))
    server.app.store.inbox = inbox
    assert await deliver(server, bodies) == [503] * 5
    server.app.store.inbox = kept
    return bodies


async def fail_on_the_way(server: Running, platform: Platform, log: Log) -> list[str]:
    """Turns whose errors quote what was said, platforms whose answers quote the person and the token."""
    bodies: list[str] = []
    whole = server.app.book
    broken = BrokenFlows(whole.on, "first", Fuse(3, ValueError(f"{WORDS} {NAME}")))
    server.app.book = replace(whole, on=broken)
    told = f"Invalid OAuth access token {LIVE['INSTAGRAM_ACCESS_TOKEN']} for {NAME} {WORDS}"
    error = {"message": told, "type": "OAuthException", "code": 190}
    platform.answer = {"error": error, "ok": False, "error_code": 401, "description": told}
    platform.status = 401
    assert await deliver(server, bodies) == [200] * 5
    await until(lambda: _logged(log, "turn_failed"))
    await until(lambda: _logged(log, "account_may_not_send"))
    await until(lambda: _logged(log, "message_settled"))
    platform.status = 500
    server.app._rests.clear()
    again = signing.instagram_text("m9", WORDS, f"ig-{PHONE}")
    await server.post("instagram", again, sign("instagram", again))
    await until(lambda: _waiting(log))
    return bodies


async def fail_beside_the_path(server: Running) -> list[str]:
    """A task of nobody's, a library's complaint, noise on the line, addresses that do not exist."""

    async def lost() -> None:
        break_down()

    server.app.soon(lost())
    logging.getLogger("aiohttp.server").error("Error handling request from %s: %s", PHONE, WORDS)
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /webhooks/instagram HTTP/1.1\r\nContent-Length: {WORDS}\r\n\r\n".encode())
    writer.write_eof()
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    paths = (f"/webhooks/{WORDS}", f"/go/{WORDS}", f"/{WORDS}?name={WORDS}", "/readyz", "/metrics")
    return [(await server.get(path))[1] for path in paths]


async def test_nothing_personal_is_ever_logged_or_answered(serve: Serve, log: Log, store_url: str) -> None:
    async with Platform.open() as platform, serve(environ=LIVE | platform.addresses) as server:
        bodies = await fail_at_the_door(server, log, store_url)
        bodies += await fail_on_the_way(server, platform, log)
        bodies += await fail_beside_the_path(server)

    assert {line["event"] for line in log.lines} >= {
        "bad_signature", "malformed_webhook", "request_failed", "room_failed", "turn_failed",
        "message_settled", "account_may_not_send", "background_work_failed", "library_complained",
    }  # fmt: skip
    assert log.of("room_failed")[0]["cause"][-1].startswith("OperationalError")
    assert log.of("turn_failed")[0]["trace"]
    leaked = [word for word in (*PERSONAL, *SECRETS) if word in log.text]
    assert not leaked, [line for line in log.text.splitlines() if any(word in line for word in leaked)]
    assert not [(word, body) for word in (*PERSONAL, *SECRETS) for body in bodies if word in body]
    assert not [body for body in bodies if "Traceback" in body or ".py" in body or "sqlite" in body.lower()]


async def _logged(log: Log, event: str) -> bool:
    return bool(log.of(event))


async def _waiting(log: Log) -> bool:
    return any(line["fate"] == "waiting" and line["code"] != "190" for line in log.of("message_settled"))
