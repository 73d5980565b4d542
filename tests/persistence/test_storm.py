"""Many chats of one buyer, in several processes at once: whatever comes between, the promises hold."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from persistence.consents import NewConsent
from persistence.outbox import Fate, Settlement
from persistence.records import Effects, NewHandoff, Relied
from persistence.store import Store
from persistence.tables import Buyer, OutboxRow, TurnRow
from persistence.turns import Turn
from tests.persistence.conftest import Open
from tests.persistence.world import (
    accept,
    at,
    chats,
    happened,
    only,
    outcome,
    person,
    rows,
    shop,
    snapshot,
    text,
    touch,
    unasked,
)

PEOPLE = ("anna", "bert", "cleo", "dora")
FATES: tuple[Fate, ...] = ("sent", "parked", "waiting", "failed")


@dataclass
class Storm:
    """Some workers over the same database, what they do by chance, and what counted."""

    stores: list[Store]
    chance: random.Random
    now: int = 10
    relied: list[int] = field(default_factory=list)
    forbidden: int = 0
    refused: int = 0

    async def write(self, store: Store, number: int) -> None:
        """Somebody of the family writes; whoever claims chats gives each an answer, or more."""
        who = self.chance.choice(PEOPLE)
        await accept(store, text(f"m{number}", self.now, person(who)), now=self.now)
        for turn in await store.turns.claim(at(self.now), 3):
            await self.take(store, turn)

    async def take(self, store: Store, turn: Turn) -> None:
        """One turn, as a worker makes it: facts first, then the commit."""
        known = (await store.journeys.of([turn.conversation_id], at(self.now)))[turn.conversation_id]
        await asyncio.sleep(self.chance.random() / 50)
        drawn = self.chance.random()
        if drawn < 0.6:
            key = f"tip:{turn.conversation_id}:{turn.version}"
            effects = Effects(
                touched=(touch(key),), journey=Relied(known.buyer_id, known.version), release=True
            )
            if await store.turns.commit(outcome(turn, self.now, unasked(key, key), effects=effects)):
                self.relied.append(known.version)
                return
            self.refused += 1
            await store.turns.put_back(turn, at(self.now), counts=True)
            return
        forbidding = drawn < 0.8
        consents = (NewConsent("all", "withdrawn"),) if forbidding else ()
        handoff = NewHandoff("angry") if drawn > 0.95 else None
        effects = Effects(consents=consents, handoff=handoff, release=True)
        if await store.turns.commit(outcome(turn, self.now, "understood", effects=effects)):
            self.forbidden += forbidding or handoff is not None
            if handoff is not None:
                await store.handoffs.hand_back(turn.conversation_id, at(self.now), solved=True)

    async def send(self, store: Store) -> None:
        """A sender works off what may go out."""
        for row in await store.outbox.claim(at(self.now), 3):
            fate = self.chance.choice(FATES)
            await asyncio.sleep(0)
            again = at(self.now) + timedelta(seconds=1) if fate == "waiting" else None
            if row.expires_at is not None and row.expires_at <= at(self.now):
                fate, again = "expired", None
            await store.outbox.settle(Settlement(row, fate, at(self.now), due_at=again))

    async def deliver(self, store: Store, number: int) -> None:
        """The shop tells more of the buyer and of their order."""
        order = snapshot("1", number, buyer=snapshot().buyer)
        await shop(store, happened("updated", number, order=order), now=self.now)


@pytest.mark.timeout(120)
async def test_one_buyer_in_a_storm(store: Store, open_store: Open) -> None:
    await chats(store, *PEOPLE)
    storm = Storm([store, open_store(), open_store()], random.Random(7))
    for round_ in range(12):
        await asyncio.gather(
            *(storm.write(storm.stores[n % 3], round_ * 10 + n) for n in range(6)),
            *(storm.send(one) for one in storm.stores),
            *(storm.deliver(one, round_ * 10 + n) for n, one in enumerate(storm.stores[:2])),
        )
        storm.now += 40
    assert storm.relied
    assert storm.forbidden
    assert storm.refused, "there was no storm"
    # No two turns relied on the same moment, and everything that others must not miss was counted.
    assert len(set(storm.relied)) == len(storm.relied)
    assert (await only(store, Buyer)).journey == len(storm.relied) + storm.forbidden
    await asyncio.gather(*(storm.send(one) for one in storm.stores))
    # One last word, and nothing is left in any chat that could still be said unasked.
    await accept(store, text("stop", storm.now, person("anna")), now=storm.now)
    turns = await store.turns.claim(at(storm.now), 10)
    stop = Effects(consents=(NewConsent("all", "withdrawn"),), release=True)
    [last] = [turn for turn in turns if turn.address == "anna"]
    assert await store.turns.commit(outcome(last, storm.now, effects=stop))
    left = [
        row
        for row in await rows(store, OutboxRow)
        if row.proactive
        and row.status in {"waiting", "parked", "sending", "unknown"}
        and (row.expires_at is None or row.expires_at > at(storm.now))
    ]
    assert left == []
    assert len(await rows(store, TurnRow)) > len(PEOPLE)
