"""`chat`: talk to the bot in the terminal, on a clock that can be moved ahead."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
import typer
import yaml

from bot.clock import Clock
from bot.commands_files import CommandFailed
from bot.config import Config
from bot.simulated import house_of
from dialogs.durations import DurationError, parse_duration
from dialogs.messages import Referral, Referred, Tap, Text
from dialogs.shop import Item, Order, OrderChange, Parcel
from dialogs.simulation.chat import Said
from dialogs.simulation.house import Buyer
from dialogs.simulation.world import World
from dialogs.words import Language
from integrations.base import Malformed
from integrations.orders import Orders

_EVENTS: Final = ("paid", "shipped", "delayed", "delivered", "cancelled", "refunded")
_PARCEL: Final = Parcel("00340434161094042557", "DHL", "https://www.dhl.de/00340434161094042557")

_HELP: Final[Mapping[Language, str]] = {
    "de": (
        "Schreib einfach los; eine Zahl tippt auf den Knopf mit dieser Nummer.\n"
        "  /later 3 Tage      die Uhr vorstellen; was fällig wird, kommt\n"
        "  /shop delivered    etwas geschieht mit der Bestellung; auch shipped, delayed, refunded\n"
        "  /agent Text        ein Mensch schreibt und hat das Wort\n"
        "  /solved            der Mensch gibt das Wort zurück, der Fall ist gelöst\n"
        "  /help  /quit"
    ),
    "en": (
        "Just write; a number taps the button with that number.\n"
        "  /later 3 days      move the clock ahead; what comes due is said\n"
        "  /shop delivered    something happens to the order; also shipped, delayed, refunded\n"
        "  /agent text        a human writes and has the floor\n"
        "  /solved            the human gives the floor back, the case is solved\n"
        "  /help  /quit"
    ),
}
_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "de": {
        "hello": "Du hast den Code von Bestellung #{number} gescannt. /help zeigt, was geht.",
        "unknown": "Das kenne ich nicht. /help zeigt, was geht.",
        "span": "Keine Zeitspanne. Zum Beispiel: /later 3 Tage",
        "event": "Möglich sind: {events}",
        "silence": "(nichts)",
        "human": "Mensch",
        "template": "Vorlage",
    },
    "en": {
        "hello": "You have scanned the code of order #{number}. /help shows what is possible.",
        "unknown": "I don't know that. /help shows what is possible.",
        "span": "That is no span. For example: /later 3 days",
        "event": "Possible are: {events}",
        "silence": "(nothing)",
        "human": "human",
        "template": "template",
    },
}


def chat(config: Config, language: Language | None, order: Path | None, channel: str) -> None:
    """Talk with whoever sits at the keyboard, or with what is piped in, until there is no more to read.

    Raises:
        CommandFailed: the order or the scripts cannot be used.

    """
    spoken: Language = language or config.settings.brand.language
    clock = Clock()
    house = house_of(config)
    usual = next(iter(house.products), "1")
    bought = read_order(order, clock(), usual) if order is not None else None
    buyer = Buyer(name="Anna Beispiel", language=spoken)
    world = World(house, buyer, clock())
    tied = world.add(bought) if bought is not None else world.buy("1001", usual)
    _Terminal(world, clock, channel, spoken, config.settings.brand.zone).run(tied)


class _Terminal:
    """A chat on the screen."""

    def __init__(self, world: World, clock: Clock, channel: str, language: Language, zone: ZoneInfo) -> None:
        self.world = world
        self.clock = clock
        self.chat = world.open_chat(channel)
        self.language = language
        self.words = _WORDS[language]
        self.zone = zone
        self.order_id = ""
        self.seen = self.noted = 0
        self.choices: list[tuple[str, str]] = []

    def run(self, order: Order) -> None:
        """Scan the order's code, then read line by line."""
        self.order_id = order.id
        typer.secho(self.words["hello"].format(number=order.number), dim=True)
        self.world.speak(self.chat, Referred(Referral(ref=self.world.code(order.id))))
        self._show()
        for line in _lines():
            self._forward()
            if line == "/quit":
                return
            self._do(line)

    def _forward(self) -> None:
        self.world.forward(max(self.clock(), self.world.now))
        self._show()

    def _do(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        rest = rest.strip()
        match command:
            case "/help":
                typer.echo(_HELP[self.language])
                return
            case "/later":
                if not self._later(rest):
                    return
            case "/shop":
                if not self._shop(rest):
                    return
            case "/agent":
                self.world.write_as_agent(self.chat, rest)
            case "/solved":
                self.world.hand_back(self.chat, solved=True)
            case _ if command.startswith("/") and command != "/start":
                typer.secho(self.words["unknown"], fg="yellow")
                return
            case _:
                self._say(line)
        if not self._show():
            typer.secho(self.words["silence"], dim=True)

    def _say(self, line: str) -> None:
        if line.isdigit() and 0 < int(line) <= len(self.choices):
            title, payload = self.choices[int(line) - 1]
            self.world.speak(self.chat, Tap(payload, title))
        else:
            self.world.speak(self.chat, Text(line))

    def _later(self, span: str) -> bool:
        try:
            self.clock.advance(parse_duration(span))
        except (DurationError, ValueError):
            typer.secho(self.words["span"], fg="yellow")
            return False
        self.world.forward(self.clock())
        return True

    def _shop(self, event: str) -> bool:
        if event not in _EVENTS:
            typer.secho(self.words["event"].format(events=", ".join(_EVENTS)), fg="yellow")
            return False
        self.world.happen(self.order_id, event, _PARCEL if event == "shipped" else None)
        return True

    def _show(self) -> bool:
        """Print what was said since the last time; whether there was anything."""
        fresh, touched = self.world.said[self.seen :], self.world.touched[self.noted :]
        self.seen, self.noted = len(self.world.said), len(self.world.touched)
        for said in fresh:
            self._print(said)
        for _, what in touched:
            when = (
                f" → {what.at.astimezone(self.zone):%d.%m. %H:%M}" if what.at and what.fate != "sent" else ""
            )
            why = f" ({what.reason})" if what.reason else ""
            typer.secho(f"· {what.flow}: {what.fate}{why}{when}", dim=True)
        return bool(fresh or touched)

    def _print(self, said: Said) -> None:
        moment = said.at.astimezone(self.zone)
        by = f" {self.words['human']}" if said.speaker == "agent" else ""
        how = f" {self.words['template']} {said.template}" if said.template else ""
        typer.secho(f"[{moment:%d.%m. %H:%M}{by}{how}]", dim=True)
        typer.echo(said.text)
        if said.buttons:
            self.choices = [(button.title, button.payload) for button in said.buttons]
            for number, (title, _) in enumerate(self.choices, 1):
                typer.secho(f"  {number}. {title}", fg="cyan")


def _lines() -> Iterator[str]:
    """What is typed or piped in, without empty lines; a terminal shows where to write."""
    while True:
        if sys.stdin.isatty():
            typer.echo("> ", nl=False)
        line = sys.stdin.readline()
        if not line:
            return
        if text := line.strip():
            yield text


def read_order(path: Path, now: datetime, usual: str) -> Order:
    """An order from a JSON or YAML file, in the form of ``/webhooks/orders``; much may be left out.

    An order without items is one of the ``usual`` product, by its SKU.

    Raises:
        CommandFailed: it is not there, or makes no sense; the text says what is wrong with it.

    """
    try:
        data = yaml.safe_load(path.read_text("utf-8"))  # JSON is YAML
    except FileNotFoundError:
        raise CommandFailed(f"{path}: there is no such file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{path}: neither JSON nor YAML: {str(error).splitlines()[0]}") from None
    given = data.get("order", data) if isinstance(data, dict) else None
    if not isinstance(given, dict):
        raise CommandFailed(f"{path}: an order is a mapping with `id`, `items`, `buyer` and so on.")
    return _order(_completed(given, now, usual), path, now, usual)


def _completed(given: Mapping[str, Any], now: datetime, sku: str) -> dict[str, Any]:
    number = given.get("number") or given.get("id") or "1001"
    usual = {
        "id": number,
        "number": number,
        "currency": "EUR",
        "total": "0",
        "placed_at": now.isoformat(),
        "buyer": {"name": "Anna Beispiel"},
        "items": [{"sku": sku, "title": ""}],
    }
    return {**usual, **given}


def _order(order: dict[str, Any], path: Path, now: datetime, usual: str) -> Order:
    event = {"event": "order.paid", "id": "chat", "at": now.isoformat(), "order": order}
    try:
        body = orjson.dumps(event, default=str)
        parsed = Orders(["chat"]).parse({}, body, now)
    except (Malformed, TypeError) as error:
        raise CommandFailed(f"{path}: {error}") from None
    change = parsed.shop[0].event
    if not isinstance(change, OrderChange) or change.order is None:
        raise CommandFailed(f"{path}: this is no order.")
    snapshot = change.order
    return Order(
        id=snapshot.id,
        number=snapshot.number,
        currency=snapshot.currency,
        total=snapshot.total or sum((item.price * item.quantity for item in snapshot.items), Decimal(0)),
        placed_at=snapshot.placed_at,
        status="paid",
        buyer_name=snapshot.buyer.name,
        language=snapshot.buyer.language,
        country=snapshot.buyer.country,
        items=snapshot.items or (Item(usual, usual),),
        parcels=snapshot.parcels,
        codes=snapshot.codes,
        milestones={"placed": snapshot.placed_at, "paid": snapshot.placed_at},
    )
