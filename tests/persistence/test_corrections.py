"""Judgements of messages: the newest of each counts, and they go with the buyer, the message and time."""

from typing import Any

import orjson
import pytest

from bot.training import corrected
from dialogs.messages import Text, Unsent
from dialogs.sensitivity import Judged
from dialogs.shop import PrivacyRequest
from persistence.corrections import NewCorrection
from persistence.records import Effects, NewHandoff
from persistence.store import Store
from persistence.tables import Conversation, CorrectionRow, HandoffRow, InboxRow
from tests.persistence.world import accept, answer, at, chats, event, only, rows, shop, text


def judged(words: str = "wo bleibt das paket", /, **more: Any) -> NewCorrection:
    """A judgement."""
    given: dict[str, Any] = {
        "language": "de", "intent": "order_status", "mood": "neutral", "handoff": False,
    }  # fmt: skip
    return NewCorrection(words, **{**given, **more})


async def test_what_is_kept_is_what_the_training_reads(store: Store) -> None:
    assert (
        await store.corrections.record([judged(), judged("Anwalt!", handoff=True, mood="negative")], at(1))
        == 2
    )
    lines = await store.corrections.lines()
    assert [(one.text, one.intent, one.mood, one.handoff, one.language) for one in corrected(lines)] == [
        ("Anwalt!", "order_status", "negative", True, "de"),
        ("wo bleibt das paket", "order_status", "neutral", False, "de"),
    ]


async def test_the_newest_judgement_of_a_message_counts(store: Store) -> None:
    [place] = await chats(store, "anna")
    mine: dict[str, Any] = {"conversation_id": place, "inbox_id": 1}
    await store.corrections.record([judged(by="ada", chance=0.3, **mine)], at(1))
    await store.corrections.record([judged(by="ben", handoff=True, chance=0.99, **mine)], at(2))
    await store.corrections.record([judged(by="late", **mine)], at(1))
    row = await only(store, CorrectionRow)
    assert (row.by, row.handoff, row.at, row.chance) == ("ben", True, at(2), pytest.approx(0.3))
    assert await store.corrections.judged() == (Judged(0.3, human=True),)


async def test_of_the_same_words_the_newest_judgement_is_learnt(store: Store) -> None:
    [place] = await chats(store, "anna")
    await store.corrections.record([judged("Hallo", conversation_id=place, inbox_id=1)], at(1))
    await store.corrections.record([judged("HALLO", intent="greeting")], at(2))
    await store.corrections.record([judged("hallo", language="en", intent="greeting")], at(3))
    await store.corrections.record([judged("salut", language="other")], at(3))
    assert len(await rows(store, CorrectionRow)) == 4
    lines = [orjson.loads(line) for line in await store.corrections.lines()]
    assert [(one["language"], one["intent"]) for one in lines] == [("de", "greeting"), ("en", "greeting")]


async def test_the_order_of_recording_does_not_change_what_is_learnt(store: Store) -> None:
    both = [judged("eins"), judged("zwei")]
    await store.corrections.record(both, at(1))
    before = await store.corrections.lines()
    await store.corrections.forget(at(2))
    await store.corrections.record(both[::-1], at(3))
    assert await store.corrections.lines() == before


async def test_erasing_a_buyer_erases_what_was_judged_of_their_words(store: Store) -> None:
    [place] = await chats(store, "anna")
    await answer(store, 1)
    await store.corrections.record(
        [judged("secret", conversation_id=place, inbox_id=1), judged("nobody's")], at(1)
    )
    await shop(store, PrivacyRequest("redact", "c1", None, None), now=3)
    assert (await only(store, Conversation)).status == "erased"
    assert [row.text for row in await rows(store, CorrectionRow)] == ["nobody's"]
    assert await store.corrections.record([judged("secret", conversation_id=place)], at(4)) == 0
    assert await store.corrections.record([judged("secret", conversation_id=99)], at(4)) == 0
    assert "secret" not in repr(await rows(store, CorrectionRow))


async def test_a_message_that_was_taken_back_is_not_learnt(store: Store) -> None:
    [place] = await chats(store, "anna")
    await accept(store, event(Text("secret"), "m-1", 2), event(Text("kept"), "m-2", 2), now=2)
    ids = {row.external_id: row.id for row in await rows(store, InboxRow)}
    await store.corrections.record(
        [
            judged("secret", conversation_id=place, inbox_id=ids["m-1"]),
            judged("kept", conversation_id=place, inbox_id=ids["m-2"]),
        ],
        at(3),
    )
    await accept(store, event(Unsent("m-1"), "u-1", 4), now=4)
    await answer(store, 4, effects=Effects(unsent=("m-1",)))
    assert [row.text for row in await rows(store, CorrectionRow)] == ["kept"]


async def test_old_judgements_go(store: Store) -> None:
    await store.corrections.record([judged("old")], at(1))
    await store.corrections.record([judged("new")], at(9))
    assert await store.corrections.forget(at(5)) == 1
    assert (await only(store, CorrectionRow)).text == "new"


async def test_the_traffic_is_only_told_when_enough_is_known(store: Store) -> None:
    day = 86_400
    assert await store.corrections.messages_per_day(at(0)) is None
    for number in range(60):
        await accept(store, text(f"t{number}", number), now=number)
    assert await store.corrections.messages_per_day(at(day)) is None, "one busy day is no measure"
    assert await store.corrections.messages_per_day(at(6 * day)) == pytest.approx(10)
    assert await store.corrections.messages_per_day(at(40 * day)) is None, "nobody has written for weeks"


async def test_a_handoff_keeps_why_triage_called(store: Store) -> None:
    await chats(store, "anna")
    await answer(store, 1, effects=Effects(handoff=NewHandoff("complaint", ("au",), 2, None, "safety")))
    row = await only(store, HandoffRow)
    assert (row.reason, row.why, row.priority) == ("complaint", "safety", 2)
