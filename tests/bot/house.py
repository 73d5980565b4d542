"""An application on a database of its own, with a channel that does as told and a clock that stands still."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.app import App, open_store
from bot.config import Config, Environment
from bot.engines import BuiltIn
from bot.entry import create
from bot.scheduler import apply_receipts, apply_shop_events, wake_due
from bot.sender import send_one
from bot.settings import Settings
from bot.turn import take_turns
from dialogs.catalogue import load_catalogue
from dialogs.messages import Arrival, Contact, Reaction, Text
from dialogs.script import load_book
from dialogs.shop import Milestone
from integrations.base import Channel, DeskGroup, Mailer, Post, RequestHook
from integrations.http import Http
from integrations.registry import Connections
from persistence.identity import Bond, bind
from persistence.inbox import Intake
from persistence.outbox import Outbound, Settlement
from persistence.records import Effects
from persistence.signals import LocalSignals
from persistence.sorting import sort
from persistence.tables import Conversation, NoticeRow, OutboxRow, table
from tests.bot.fakes import FakeChannel, SteeredClock
from tests.brain import engine
from tests.persistence import world

SECRET = b"a secret of thirty-two characters"


def config_for(url: str, **sections: dict[str, Any]) -> Config:
    """Settings with these sections, and a database."""
    return Config(
        settings=Settings.model_validate(sections),
        environment=Environment(database_url=url),
        live=frozenset(),
    )


@dataclass
class House:
    """The application's rooms, walked through by hand."""

    app: App
    channel: FakeChannel
    clock: SteeredClock
    _numbers: list[int] = field(default_factory=list)

    @classmethod
    def build(
        cls,
        url: str,
        channels: Sequence[FakeChannel] = (),
        mailer: Mailer | None = None,
        post: Post | None = None,
        groups: DeskGroup | None = None,
        requests: RequestHook | None = None,
        **sections: dict[str, Any],
    ) -> "House":
        config, clock = config_for(url, **sections), SteeredClock()
        speakers = list(channels) or [FakeChannel()]
        ports: dict[tuple[str, str], Channel] = {(one.name, one.account): one for one in speakers}
        app = App(
            config=config,
            clock=clock,
            store=open_store(config),
            signals=LocalSignals(),
            connections=Connections({}, ports, Http(), mailer, groups, post, requests),
            book=load_book(),
            products=load_catalogue(),
            engine=BuiltIn(engine()),
            secret=SECRET,
        )
        return cls(app, speakers[0], clock)

    async def accept(self, *arrivals: Arrival) -> int:
        """One webhook with these events, now."""
        return await self.app.store.inbox.accept(Intake(arrivals, (), self.clock()))

    async def say(self, words: str, who: str = "anna", *, channel: str = "whatsapp", **more: Any) -> str:
        """Somebody writes now; return the message's id."""
        self._numbers.append(1)
        message_id = f"in-{len(self._numbers)}"
        contact = Contact(channel, "shop", (who,))
        await self.accept(Arrival(channel, message_id, self.clock(), Text(words), contact, **more))
        return message_id

    async def buy(self, order_id: str = "1", *done: Milestone, **more: Any) -> None:
        """Somebody has bought; these things have happened to the order, all of them now."""
        now = (self.clock() - world.T0).total_seconds()
        order = world.snapshot(order_id, now, **more)
        changes = [world.happened(what, now, order_id, order=order) for what in (*done, "updated")]
        await world.shop(self.app.store, *changes, now=now)

    async def meet(self, who: str, *order_ids: str, channel: str = "whatsapp") -> int:
        """Somebody has a chat that is tied to these orders; return its number. Nothing has been said yet."""
        contact, now = Contact(channel, "shop", (who,)), self.clock()
        await self.accept(Arrival(channel, f"first of {who}", now, Reaction("m", None), contact))
        await self.app.store.database.write(sort, self.app.store.burst)
        chat: int = (await self.conversation(who)).id
        for order_id in order_ids:
            await self.use(await self.code(order_id), who, order_id)
        return chat

    async def use(self, code: str, who: str, order_id: str) -> None:
        """Somebody's chat is tied to an order by this code."""
        chat, bond = (await self.conversation(who)).id, Bond(code, order_id)
        assert await self.app.store.database.write(bind, chat, bond, self.clock())

    async def leave(self, who: str, **effects: Any) -> None:
        """A turn of somebody, for whom something waits, leaves these effects behind and no word."""
        turns = await self.app.store.turns.claim(self.clock(), 100)
        [turn] = [one for one in turns if one.address == who]
        now = (self.clock() - world.T0).total_seconds()
        assert await self.app.store.turns.commit(world.outcome(turn, now, effects=Effects(**effects)))

    async def code(self, order_id: str) -> str:
        """A fresh entry code for an order."""
        return await create(self.app.store, SECRET, order_id, self.clock(), timedelta(days=365))

    async def spoil(self, who: str) -> None:
        """Somebody's state is damaged, so that no turn can be made of it."""
        rows = table(Conversation)
        broken = rows.update().where(rows.c.address == who).values(state="{")
        await self.app.store.database.write(lambda connection: connection.execute(broken))

    async def turns(self) -> int:
        """Take turns until nobody waits; return how many."""
        total = 0
        while taken := await take_turns(self.app):
            total += taken
        return total

    async def send(self) -> list[Settlement]:
        """Send whatever may go out now, until nothing is left that may."""
        settled: list[Settlement] = []
        while rows := await self.claim():
            settled += [await send_one(self.app, row) for row in rows]
        return settled

    async def send_head(self) -> Settlement:
        """Send the only message that may go out now."""
        [row] = await self.claim()
        return await send_one(self.app, row)

    async def claim(self) -> list[Outbound]:
        """Take what may go out now."""
        return await self.app.store.outbox.claim(self.clock(), 100)

    async def lanes(self) -> None:
        """Work off the side lanes and the clock."""
        await apply_receipts(self.app)
        await apply_shop_events(self.app)
        await wake_due(self.app)

    async def answer(self, words: str = "hallo", who: str = "anna") -> list[Settlement]:
        """Somebody writes and is answered."""
        await self.say(words, who)
        await self.turns()
        return await self.send()

    async def speak(self, *words: str, who: str = "anna", **more: Any) -> None:
        """A turn leaves exactly these messages behind; nothing is sent yet."""
        self._numbers.append(1)
        now = (self.clock() - world.T0).total_seconds()
        # Not a text: those would wait for more.
        spoke = Reaction("m", "❤️")
        await self.accept(world.event(spoke, f"in-{len(self._numbers)}", now, world.person(who)))
        turns = await self.app.store.turns.claim(self.clock(), 10)
        [turn] = [one for one in turns if one.address == who]
        spoken = [world.say(one, **more) for one in words]
        assert await self.app.store.turns.commit(world.outcome(turn, now, *spoken))

    async def idle(self) -> None:
        """Wait for what runs beside the path."""
        async with asyncio.timeout(5):
            while running := set(self.app._background):
                await asyncio.wait(running)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))

    async def rows(self, model: Any, **equal: Any) -> list[Any]:
        """Rows of a table, by id."""
        return await world.rows(self.app.store, model, **equal)

    async def outbox(self, **equal: Any) -> list[Any]:
        """Messages in the outbox, by id."""
        return await self.rows(OutboxRow, **equal)

    async def fates(self) -> list[str]:
        """How each message of the outbox stands."""
        return [row.status for row in await self.outbox()]

    async def conversation(self, who: str = "anna") -> Any:
        """The row of somebody's conversation."""
        [row] = await self.rows(Conversation, address=who)
        return row

    async def conversations(self) -> list[Any]:
        """The rows of all conversations."""
        return await self.rows(Conversation)

    async def notices(self) -> list[str]:
        """What the owner was told, by topic."""
        return [row.topic for row in await self.rows(NoticeRow)]

    def counted(self, name: str, **labels: str) -> float:
        """A figure of the metrics."""
        return self.app.metrics.registry.get_sample_value(name, labels) or 0.0
