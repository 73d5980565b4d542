"""Agents in processes of their own claim the same conversations at once: each is had by exactly one."""

import asyncio
import sys
from pathlib import Path

from persistence.records import Effects, NewHandoff
from persistence.store import Store
from persistence.tables import Conversation
from persistence.tables_desk import DeskEventRow
from tests.persistence.world import accept, at, outcome, person, rows, text

MANY = 40


async def test_two_processes_claim_at_once_and_each_conversation_has_one_agent(
    store: Store, store_url: str
) -> None:
    await accept(store, *(text(f"m{number}", 0, person(f"p{number}")) for number in range(MANY)))
    for turn in await store.turns.claim(at(0), MANY):
        assert await store.turns.commit(outcome(turn, 1, effects=Effects(handoff=NewHandoff("angry"))))
    places = [row.id for row in await rows(store, Conversation)]
    agents = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.persistence.claimer", store_url, str(agent), str(places[0]), str(places[-1])),
            cwd=Path(__file__).parent.parent.parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for agent in (7, 8, 9)
    ]
    answers = await asyncio.gather(*(agent.communicate(b"\n") for agent in agents))
    had = [{int(one) for one in out.split()} for out, _ in answers]
    assert sorted(place for one in had for place in one) == places
    owners = {row.id: row.assignee_id for row in await rows(store, Conversation)}
    assert owners == {place: agent for agent, one in zip((7, 8, 9), had, strict=True) for place in one}
    assert len(await rows(store, DeskEventRow, kind="claimed")) == MANY
