"""Platforms in trouble, a program that is told to stop, a conversation nobody can read: nothing gets lost."""

import asyncio

import pytest

from tests.crash.crowd import Crowd, crowd
from tests.crash.house import House
from tests.crash.ledger import (
    Books,
    Ledger,
    check_answers,
    check_everyone_was_answered,
    check_nobody_was_fetched,
    check_turns,
    check_what_was_told_of_them,
    ledger,
    quiet,
)


async def settled(house: House, books: Ledger, people: Crowd) -> Books:
    """Wait for quiet, and find everything in order."""
    await quiet(house, books, 50)
    after = await books.books()
    check_turns(after, people.said)
    check_nobody_was_fetched(after)
    sent = await house.platforms.sent()
    check_answers(after, sent, people.said)
    check_everyone_was_answered(after)
    check_what_was_told_of_them(after, sent)
    return after


@pytest.mark.timeout(120)
async def test_a_program_that_is_told_to_stop_finishes_what_it_has_in_hand(house: House) -> None:
    house.configure("sending", show_typing=True)
    bot = await house.open()
    people = crowd(house.platforms, 40, seed=3)
    await house.platforms.faults(slow_ms=300, status_delay_ms=60)
    async with ledger(house.database_url) as books:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(people.talk(60, 2))
            await books.wait_for_a_message_on_its_way()
            assert await bot.stop() == 0  # within STOP_SECONDS
            assert await books.in_doubt() == 0
            bot.start()
            await bot.answering(house.bot_port)
        await house.platforms.faults(slow_ms=0)
        await settled(house, books, people)
    assert (
        bot.count("room_failed") == bot.count("settling_failed") == bot.count("background_work_failed") == 0
    )


@pytest.mark.timeout(90)
async def test_an_answer_that_never_comes_does_not_send_twice(small_house: House) -> None:
    await small_house.open()
    people = crowd(small_house.platforms, 12, seed=4)
    await small_house.platforms.faults(timeout_after_accept=8, status_delay_ms=60)
    async with ledger(small_house.database_url) as books:
        await people.everybody("Hallo")
        await people.everybody("Habt ihr einen Tipp?")
        await settled(small_house, books, people)
        faults = await small_house.platforms.get("/sandbox/faults")
        assert faults["timeout_after_accept"] == 0


@pytest.mark.timeout(90)
async def test_errors_of_the_platform_are_tried_again_in_order(small_house: House) -> None:
    small_house.configure(
        "sending", doubt_seconds=2
    )  # a line that broke before it was accepted leaves no mark
    await small_house.open()
    people = crowd(small_house.platforms, 12, seed=5)
    await small_house.platforms.faults(status_500=10, drop_before_accept=6, status_delay_ms=60)
    async with ledger(small_house.database_url) as books:
        for text in ("Hallo", "Habt ihr einen Tipp?", "Danke euch"):
            await people.everybody(text)
        after = await settled(small_house, books, people)
    assert max(row.attempts for row in after.outbox) > 1
    faults = await small_house.platforms.get("/sandbox/faults")
    assert (faults["status_500"], faults["drop_before_accept"]) == (0, 0)


@pytest.mark.timeout(90)
async def test_a_platform_that_is_asked_too_much_is_left_alone_for_a_while(small_house: House) -> None:
    await small_house.open()
    people = crowd(small_house.platforms, 6, seed=6, channels=("whatsapp",))  # its pause is 5 s
    await small_house.platforms.faults(status_429=1, status_delay_ms=60)
    async with ledger(small_house.database_url) as books:
        await people.everybody("Hallo")
        await people.everybody("Habt ihr einen Tipp?")
        after = await settled(small_house, books, people)
    # Waiting is no failed attempt.
    assert {row.attempts for row in after.outbox} == {1}


@pytest.mark.timeout(90)
async def test_a_poisoned_conversation_is_set_aside_and_a_human_fetched_while_others_go_on(
    small_house: House,
) -> None:
    small_house.configure("turns", tries=2)
    await small_house.open()
    people = crowd(small_house.platforms, 10, seed=7)
    await small_house.platforms.faults(status_delay_ms=60)
    async with ledger(small_house.database_url) as books:
        await people.everybody("Hallo")
        before = await settled(small_house, books, people)
        sick, *healthy = people.people
        spoiled = before.conversation_of(sick)
        await books.spoil(spoiled.id)
        await people.everybody("Habt ihr einen Tipp?")
        await quiet(small_house, books, 50)
        after = await books.books()

    assert after.outbox_of(spoiled) == before.outbox_of(spoiled)
    aside = [row for row in after.inbox if row.status == "aside"]
    assert [(row.conversation_id, row.kind) for row in aside] == [(spoiled.id, "text")]
    [handoff] = after.handoffs
    assert (handoff.conversation_id, handoff.reason) == (spoiled.id, "turn_failed")
    [notice] = after.notices
    assert (notice.topic, f'"conversation":"{spoiled.id}"' in notice.detail) == ("turn_set_aside", True)
    row = after.conversation_of(sick)
    assert (row.floor, row.status) == ("agent", "waiting")
    for someone in healthy:
        conversation = after.conversation_of(someone)
        assert (conversation.floor, conversation.status) == ("bot", "bot")
        assert len(after.outbox_of(conversation)) > len(before.outbox_of(conversation))
