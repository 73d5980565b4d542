"""Entry links from the command line: one for a mail, many for the day's parcels, and undoing a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import typer

from bot.app import channels_of
from bot.commands_files import CommandFailed
from bot.commands_store import clock_of, with_store
from bot.config import Config, ConfigError
from bot.entry import create_many, greeting
from bot.insert import Card, sheet_pdf, sheet_svg
from bot.qr import qr_png, qr_svg
from bot.secret import signing_secret
from dialogs.shop import Order
from integrations.base import Channel, Refused
from persistence.orders import load
from persistence.store import Store

_AT_ONCE: Final = 500
_SHORT: Final = "link"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders get a card: all since a day (naive: the shop's time zone), or those named."""

    since: datetime | None
    orders: tuple[str, ...]


def entry_link(config: Config, wanted: str, channel: str | None, qr: Path | None) -> None:
    """Print the links of a fresh code, and write the QR code where one is wanted.

    Raises:
        CommandFailed: there is no such order, or no channel that can be linked to.
        ConfigError: the channel is not set up.

    """
    doors = _Doors.of(config, channel)

    async def work(store: Store) -> tuple[Order, str]:
        order = await _find(store, wanted)
        return order, (await _codes(config, store, [order]))[order.id]

    order, code = with_store(config, work)
    links = doors.links(code, _language(config, order))
    if channel is None:
        wide = max(map(len, links))
        for name, url in links.items():
            typer.echo(f"{name:<{wide}}  {url}")
    else:
        typer.echo(links[channel])
    days = config.settings.entry.valid_days
    typer.secho(
        f"Order {order.number or order.id}: the code works once, within {days} days.", err=True, dim=True
    )
    if qr is not None:
        name, url = doors.printed(code, _language(config, order))
        qr.write_bytes(qr_svg(url).encode() if qr.suffix.lower() == ".svg" else qr_png(url))
        typer.secho(f"{qr}: the QR code of the {name} link.", err=True, dim=True)


def entry_sheet(config: Config, wanted: Wanted, channel: str | None, out: Path, per_page: int) -> None:
    """Write one card for each order.

    Raises:
        CommandFailed: there is no such order, or none at all, or no channel that can be linked to.
        ConfigError: the channel is not set up.

    """
    doors = _Doors.of(config, channel)

    async def work(store: Store) -> tuple[list[Order], dict[str, str]]:
        orders = await _orders(config, store, wanted)
        return orders, await _codes(config, store, orders)

    orders, codes = with_store(config, work)
    cards = [
        Card(
            doors.printed(codes[order.id], _language(config, order))[1],
            order.number or order.id,
            _language(config, order),
        )
        for order in orders
    ]
    brand = config.settings.brand
    if out.suffix.lower() == ".pdf":
        out.write_bytes(sheet_pdf(cards, brand.name, brand.voice, per_page))
        files = [out]
    else:
        pages = sheet_svg(cards, brand.name, brand.voice, per_page)
        files = [
            out if len(pages) == 1 else out.with_stem(f"{out.stem}-{n}") for n in range(1, len(pages) + 1)
        ]
        for file, page in zip(files, pages, strict=True):
            file.write_text(page, encoding="utf-8")
    for file in files:
        typer.echo(file)
    typer.secho(f"{len(cards)} cards. Print them at 100 %, without fitting to the page.", err=True, dim=True)


def unlink(config: Config, wanted: str) -> None:
    """Undo all bindings of an order.

    Raises:
        CommandFailed: there is no such order.

    """

    async def work(store: Store) -> tuple[Order, int]:
        order = await _find(store, wanted)
        return order, await store.identity.unbind(order.id, (await clock_of(config, store))())

    order, undone = with_store(config, work)
    name = order.number or order.id
    if undone:
        typer.echo(f"Order {name} is no longer tied to {undone} {'chat' if undone == 1 else 'chats'}.")
        typer.secho("Its used code stays used up: make a new one with entry-link.", err=True, dim=True)
    else:
        typer.echo(f"Order {name} was not tied to any chat; nothing changed.")


@dataclass(frozen=True, slots=True)
class _Doors:
    """The channels that can be linked to, and the shop's own short address if there is one."""

    config: Config
    channels: Sequence[Channel]
    chosen: bool

    @classmethod
    def of(cls, config: Config, name: str | None) -> _Doors:
        channels = channels_of(config)
        names = [channel.name for channel in channels]
        if name is not None and name not in names:
            raise ConfigError(
                f"--channel {name}: it is not set up here. There is: {', '.join(names) or 'none'}."
            )
        missing = {} if config.sandbox else _missing(config)
        if name in missing:
            raise ConfigError(f"{name}: set {missing[name]} in config.yml; its entry links are made of it.")
        open_ = [one for one in channels if one.name not in missing and name in (None, one.name)]
        if not open_:
            lacking = " or ".join(missing.values())
            raise ConfigError(
                f"No channel can be linked to: set {lacking} in config.yml."
                if lacking
                else "No channel is set up: set a channel's secrets in the environment."
            )
        for other in () if name else missing:
            typer.secho(f"No {other} link: set {missing[other]} in config.yml.", fg="yellow", err=True)
        return cls(config, open_, name is not None)

    def links(self, code: str, language: str) -> dict[str, str]:
        """Return all links by name, the short one first."""
        short = {} if self.chosen or not self._base else {_SHORT: f"{self._base}/go/{code}"}
        return short | {channel.name: self._url(channel, code, language) for channel in self.channels}

    def printed(self, code: str, language: str) -> tuple[str, str]:
        """Return name and address of the link for paper: the short one makes the coarsest, safest symbol."""
        first = self.channels[0]
        if self._base:
            return _SHORT, f"{self._base}/go/{code}" + (f"?c={first.name}" if self.chosen else "")
        return first.name, self._url(first, code, language)

    @property
    def _base(self) -> str:
        return self.config.settings.entry.public_url.rstrip("/")

    def _url(self, channel: Channel, code: str, language: str) -> str:
        try:
            return channel.entry_url(code, greeting(code, language, self.config.settings.brand.voice))
        except Refused as error:
            raise CommandFailed(f"{channel.name}: {error}") from error


def _missing(config: Config) -> dict[str, str]:
    """Return, for each live channel whose links would lead nowhere, the setting that they need."""
    choices = config.settings.channels
    needed = {
        "instagram": ("channels.instagram.handle", choices.instagram.handle),
        "whatsapp": ("channels.whatsapp.number", choices.whatsapp.number),
        "telegram": ("channels.telegram.username", choices.telegram.username),
    }
    return {
        name: place for name, (place, value) in needed.items() if name in config.live and not value.strip()
    }


async def _find(store: Store, wanted: str) -> Order:
    order = await store.orders.find(wanted)
    if order is None:
        raise CommandFailed(f"There is no order with the id or number {wanted!r}.")
    return order


async def _orders(config: Config, store: Store, wanted: Wanted) -> list[Order]:
    """Return the orders in the sequence asked for, each once; of a period only those that still travel."""
    if wanted.since is None:
        named = [await _find(store, name) for name in wanted.orders]
        return list({order.id: order for order in named}.values())
    since = wanted.since.replace(tzinfo=config.settings.brand.zone)
    ids = await store.orders.numbers(since)
    found: list[Order] = []
    for first in range(0, len(ids), _AT_ONCE):
        group = ids[first : first + _AT_ONCE]
        orders = await store.database.read(load, group)
        found += [orders[one] for one in group if orders[one].status not in {"cancelled", "refunded"}]
    if not found:
        raise CommandFailed(f"There are no orders since {wanted.since:%Y-%m-%d}.")
    return found


async def _codes(config: Config, store: Store, orders: Sequence[Order]) -> dict[str, str]:
    secret = await signing_secret(config, store)
    now = (await clock_of(config, store))()
    return await create_many(store, secret, [order.id for order in orders], now, config.entry_lifetime)


def _language(config: Config, order: Order) -> str:
    """Return the buyer's language where we speak it, else the shop's."""
    theirs = (order.language or "")[:2].lower()
    return theirs if theirs in {"de", "en"} else config.settings.brand.language
