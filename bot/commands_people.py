"""Commands about people: the owner's link, and the audit log."""

from __future__ import annotations

import sys
from typing import Final

import orjson

from bot.clock import Clock
from bot.commands_store import with_store
from bot.config import Config
from bot.owner import address_of
from bot.owner import owner_link as make_link
from persistence.audit import Line, Verdict
from persistence.store import Store

_BATCH: Final = 1000


def owner_link(config: Config) -> str:
    """Make an owner link and return it."""
    server = config.settings.server
    host = "127.0.0.1" if server.host in ("0.0.0.0", "", "::") else server.host  # noqa: S104 - compared, not bound
    address = address_of(config, f"http://{host}:{server.port}")

    async def work(store: Store) -> str:
        return await make_link(store, address, Clock()())

    return with_store(config, work)


def audit(config: Config) -> bool:
    """Print the log as JSON lines, and on standard error whether it is whole; tell whether it is."""

    async def work(store: Store) -> Verdict:
        last = 0
        while lines := await store.audit.after(last, _BATCH):
            for line in lines:
                sys.stdout.buffer.write(_json(line) + b"\n")
            last = lines[-1].id
        sys.stdout.flush()
        return await store.audit.verify()

    verdict = with_store(config, work)
    if verdict.broken_at is not None:
        told = (
            f"The chain breaks at line {verdict.broken_at}: something was changed behind the program's back."
        )
    else:
        told = (
            f"{verdict.lines} lines, all as they were written; the last hash is {verdict.head or '(none)'}."
        )
    sys.stderr.write(told + "\n")
    return verdict.broken_at is None


def _json(line: Line) -> bytes:
    return orjson.dumps(
        {
            "id": line.id,
            "at": line.at,
            "actor": line.actor,
            "action": line.action,
            "subject": line.subject,
            "detail": dict(line.detail),
            "hash": line.hash,
        }
    )
