"""Buyers who write, at a steady rate, on Instagram and on WhatsApp."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Final

from integrations.sandbox.people import People
from integrations.sandbox.settings import ChannelName
from tests.crash.house import Platforms

TEXTS: Final = (
    "Hallo",
    "Mühle pflegen?",
    "Mein Paket?",
    "Hallo zusammen",
    "Danke euch",
    "Pflegetipp bitte",
    "Guten Morgen",
    "Pflegetipp?",
)
"""Things the bot answers by itself. Many of the answers are alike, which makes them hard to tell apart.

All of them are so short that nobody who says them again and again, in a storm, is taken for a machine
(`dialogs.loops`: three words to be the same, five to be too quick).
"""


@dataclass(frozen=True, slots=True)
class Someone:
    """A person on one channel; ``address`` is the id by which the bot writes to them."""

    channel: ChannelName
    key: str
    address: str


@dataclass(slots=True)
class Crowd:
    """Who writes, and what they have written: ``said`` holds (channel, message id) → person."""

    platforms: Platforms
    people: list[Someone]
    dice: random.Random
    said: dict[tuple[str, str], Someone] = field(default_factory=dict)
    texts: tuple[str, ...] = TEXTS

    async def talk(self, rate: float, seconds: float) -> None:
        """Let somebody write ``rate`` times a second."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
                tasks.create_task(self.say(self.dice.choice(self.people), self.dice.choice(self.texts)))

    async def everybody(self, text: str) -> None:
        """Let everyone write once, all at the same moment."""
        await asyncio.gather(*(self.say(someone, text) for someone in self.people))

    async def say(self, someone: Someone, text: str) -> None:
        """Let one person write."""
        message = await self.platforms.say(someone.channel, someone.key, text)
        self.said[someone.channel, message] = someone


def crowd(
    platforms: Platforms,
    count: int,
    *,
    seed: int,
    channels: tuple[ChannelName, ...] = ("instagram", "whatsapp"),
) -> Crowd:
    """Return ``count`` people, one after the other on each of ``channels``."""
    known = People()
    people = []
    for number in range(count):
        channel = channels[number % len(channels)]
        person = known.get(f"guest-{number}")
        people.append(Someone(channel, person.key, person.address(channel)))
    return Crowd(platforms, people, random.Random(seed))
