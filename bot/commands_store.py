"""What every command does with the database: open it, work on it, say in one sentence what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from bot.app import open_store
from bot.clock import Clock
from bot.commands_files import CommandFailed
from bot.config import Config
from persistence.migrate import current, newest
from persistence.migrate import migrate as bring_up
from persistence.store import Store

T = TypeVar("T")


def with_store(config: Config, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run ``work`` on the shop's store, in an event loop of its own.

    As with `serve`, SQLite is brought to the newest schema first; PostgreSQL must have been.

    Raises:
        CommandFailed: the database does not answer, or its schema is not the one that is needed.
        DatabaseError: the address cannot be used.

    """
    return asyncio.run(_with_store(config, work))


def migrate(config: Config) -> str:
    """Bring the schema up, and return a sentence that says so."""

    async def work() -> str:
        store = open_store(config)
        try:
            await _bring_up(store)
        finally:
            await store.close()
        return f"The database has the newest schema ({newest()})."

    return asyncio.run(work())


def hand_back(config: Config, conversation_id: int, *, solved: bool) -> str:
    """Give the floor back to the bot, and return a sentence that says so.

    Raises:
        CommandFailed: there is no such conversation, or nothing to give back in it.

    """

    async def work(store: Store) -> bool:
        return await store.handoffs.hand_back(
            conversation_id, (await clock_of(config, store))(), solved=solved
        )

    if not with_store(config, work):
        hint = "no case is open" if solved else "an open case is closed with --solved"
        raise CommandFailed(
            f"There is nothing to give back in conversation {conversation_id}: it does not exist, or the "
            f"bot has the floor already ({hint})."
        )
    case = "its case is closed" if solved else "its case stays open; --solved closes it"
    return f"The bot has the floor in conversation {conversation_id} again, and {case}."


async def clock_of(config: Config, store: Store) -> Clock:
    """Return the shop's clock: in the sandbox it is as far ahead as the server's has been moved."""
    if not config.sandbox:
        return Clock()
    from bot.stage import TRAVELLED  # noqa: PLC0415 - the sandbox is only loaded where it is used

    return Clock(timedelta(seconds=float(await store.recall(TRAVELLED) or 0)))


async def _with_store(config: Config, work: Callable[[Store], Awaitable[T]]) -> T:
    store = open_store(config)
    try:
        if store.database.is_sqlite:
            await _bring_up(store)
        await _check(store)
        return await work(store)
    finally:
        await store.close()


async def _bring_up(store: Store) -> None:
    try:
        await bring_up(store.database)
    except Exception as error:
        raise CommandFailed(
            f"{_name(store)} cannot be brought to the newest schema: {_reason(error)}"
        ) from error


async def _check(store: Store) -> None:
    try:
        found = await current(store.database)
    except Exception as error:
        raise CommandFailed(
            f"{_name(store)} does not answer: {_reason(error)}. Check DATABASE_URL, and that it runs."
        ) from error
    if found != newest():
        raise CommandFailed(
            f"{_name(store)} is {'empty' if found is None else f'at schema {found}'}, this program needs "
            f"{newest()}: run `python -m bot migrate` first."
        )


def _name(store: Store) -> str:
    return f"The database {store.database.url.render_as_string(hide_password=True)}"


def _reason(error: Exception) -> str:
    """Return the first line of what the driver itself said."""
    said = str(getattr(error, "orig", None) or error).strip()
    return (said.splitlines() or [type(error).__name__])[0].rstrip(".")
