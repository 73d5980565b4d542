"""A promise that breaks and a floor that comes back, through the real store: what waits in the outbox."""

from __future__ import annotations

from typing import Any

from dialogs.messages import PromiseBroken
from dialogs.state import STATE
from persistence.tables import Conversation, HandoffRow
from tests.bot.house import House
from tests.persistence import world

HUMAN = "Ich möchte mit einem Menschen sprechen"


async def wait_for_a_human(house: House) -> Any:
    """Let Anna want a human, and get the word that one will come; return her case."""
    await house.answer(HUMAN)
    [case] = await house.rows(HandoffRow)
    return case


async def test_a_broken_promise_goes_out_as_a_notice_although_a_human_has_the_floor(house: House) -> None:
    case = await wait_for_a_human(house)
    assert case.promised_at is not None
    before = len(await house.outbox())
    house.later((case.promised_at - house.app.clock()).total_seconds() + 60)
    await house.lanes()
    await house.accept(world.event(PromiseBroken(case.promised_at), "broken", 60))
    await house.turns()
    [row] = (await house.outbox())[before:]
    assert row.speaker == "notice"
    assert "versprochen" in row.outgoing
    assert "nachklang_promise" in row.outgoing, "the window has closed by then"
    assert STATE.validate_json((await house.conversation()).state).sorry_for == case.promised_at
    [conversation] = await house.rows(Conversation)
    assert conversation.floor != "bot"
    await house.accept(world.event(PromiseBroken(case.promised_at), "broken again", 90))
    await house.turns()
    assert len(await house.outbox()) == before + 1


async def test_a_case_handed_back_says_who_answers_now(house: House) -> None:
    await wait_for_a_human(house)
    [conversation] = await house.conversations()
    house.later(120)
    assert await house.app.store.handoffs.hand_back(conversation.id, house.app.clock(), solved=True)
    before = len(await house.outbox())
    house.later(1)
    await house.turns()
    [row] = (await house.outbox())[before:]
    assert row.speaker == "bot"
    assert "Ab jetzt antworte wieder ich" in row.outgoing
