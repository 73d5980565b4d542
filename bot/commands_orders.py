"""Orders from a spreadsheet, for shops without a webhook, through the same intake as webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer

from bot.clock import Clock
from bot.commands_store import clock_of, with_store
from bot.config import Config
from dialogs.shop import ShopArrival
from integrations.order_csv import Defaults, Imported, read_orders
from persistence.inbox import Intake
from persistence.store import Store

_AT_ONCE: Final = 500
_APPLIED_AT_ONCE: Final = 20
"""Few, because a running server's webhooks wait while SQLite is written to."""

_CURRENCIES: Final = {"CH": "CHF", "LI": "CHF"}


def import_orders(config: Config, file: Path) -> bool:
    """Take the file's orders in and print what became of them; return whether every line made sense.

    Raises:
        CommandFailed: the database cannot be used.
        OSError: the file cannot be read.

    """
    brand = config.settings.brand
    defaults = Defaults(_CURRENCIES.get(brand.country, "EUR"), country=brand.country, zone=brand.zone)
    data = file.read_bytes()

    async def work(store: Store) -> tuple[Imported, int]:
        clock = await clock_of(config, store)
        read = read_orders(data, clock(), defaults)
        return read, await _take_in(store, read.arrivals, clock)

    read, fresh = with_store(config, work)
    known = len(read.arrivals) - fresh
    typer.echo(f"{_count(len(read.arrivals), 'order')} read: {fresh} new or changed, {known} known already.")
    for problem in read.problems:
        column = f", {problem.column}" if problem.column else ""
        typer.secho(
            f"{file}, line {problem.line}{column}: {problem.what} {problem.hint}", fg="yellow", err=True
        )
    if read.problems:
        typer.secho(f"{_count(len(read.problems), 'problem')}; all else was taken in.", fg="yellow", err=True)
    return not read.problems


async def _take_in(store: Store, arrivals: Sequence[ShopArrival], clock: Clock) -> int:
    """Store the arrivals in groups, apply whatever waits, and return how many were new."""
    fresh = 0
    for first in range(0, len(arrivals), _AT_ONCE):
        group = arrivals[first : first + _AT_ONCE]
        fresh += await store.inbox.accept(Intake(arrivals=(), shop=group, now=clock()))
    while await store.orders.apply(clock(), _APPLIED_AT_ONCE):
        pass
    return fresh


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
