"""The ledger of consents, and that a withdrawal stops at once what waits in any chat of the buyer."""

from typing import Any

import pytest

from dialogs.messages import Button, Outgoing
from dialogs.records import Mailed
from persistence.consents import PURPOSES, Entry, Ledger, NewConsent
from persistence.outbox import Settlement
from persistence.records import Effects
from persistence.store import Store
from persistence.tables import OutboxRow
from persistence.tables_journeys import ConsentRow, MailRow, TouchpointRow
from persistence.turns import Spoken
from tests.persistence.world import (
    accept,
    answer,
    at,
    chats,
    head,
    only,
    outcome,
    person,
    rows,
    say,
    text,
    touch,
    turn_of,
    unasked,
    words,
)


def withdraw(*purposes: str) -> Effects:
    """The effects of a turn in which the buyer withdraws."""
    return Effects(consents=tuple(NewConsent(purpose, "withdrawn") for purpose in purposes), release=True)


def fates(touchpoints: list[Any]) -> dict[str, tuple[str, str]]:
    """What became of touchpoints, and why."""
    return {row.key: (row.fate, row.reason) for row in touchpoints}


async def test_a_line_of_the_ledger_says_who_how_when_where_and_what_was_shown(store: Store) -> None:
    [place, _] = await chats(store, "anna", "bert")
    asked = NewConsent("offers", "asked", "tap", "Ja, gern", "Dürfen wir?", "v7", ("m1", "t1"))
    given = NewConsent("offers", "given", "tap", "Ja, wirklich", "Ganz sicher?", "v7", ("m2",))
    await answer(store, 5, effects=Effects(consents=(asked, given)))
    first, second = await rows(store, ConsentRow)
    assert (first.conversation_id, first.buyer_id, first.channel, first.account) == (
        place, 1, "whatsapp", "shop",
    )  # fmt: skip
    assert (first.purpose, first.action, first.allowed, first.how) == ("offers", "asked", False, "tap")
    assert (first.wording, first.shown, first.version) == ("Ja, gern", "Dürfen wir?", "v7")
    assert (first.message_ids, first.at) == ('["m1","t1"]', at(5))
    assert (second.action, second.allowed) == ("given", True)


async def test_lines_are_only_ever_added(store: Store) -> None:
    await answer(store, 0, effects=Effects(consents=(NewConsent("feedback", "given"),)))
    before = await rows(store, ConsentRow)
    await answer(store, 1, effects=withdraw("feedback"))
    await answer(store, 2, effects=Effects(consents=(NewConsent("feedback", "given"),)))
    after = await rows(store, ConsentRow)
    assert after[:1] == before
    assert [row.action for row in after] == ["given", "withdrawn", "given"]


async def prepare(store: Store) -> list[int]:
    """In two chats of one buyer, and in a stranger's, something waits and something is parked."""
    places = await chats(store, "anna", "bert")
    await accept(store, text("hello", 1, person("cleo")), now=1)
    [stranger] = await store.turns.claim(at(1), 10)
    assert await store.turns.commit(
        outcome(stranger, 1, unasked("cleo's", "offer:9"), effects=Effects(touched=(touch("offer:9"),)))
    )
    for number, who in enumerate(("anna", "bert")):
        turn = await turn_of(store, 2 + number, who)
        effects = Effects(
            touched=(
                touch(f"offer:{who}", purpose="offers"),
                touch(f"rating:{who}", purpose="feedback"),
                touch(f"tip:{who}"),
            )
        )
        said = (
            unasked("offer", f"offer:{who}"),
            unasked("rating", f"rating:{who}"),
            unasked("tip", f"tip:{who}"),
            say("remembered", proactive=True),
            "an answer",
            say("agent's", speaker="agent", proactive=True),
        )
        assert await store.turns.commit(outcome(turn, 2 + number, *said, effects=effects))
    for row in await store.outbox.claim(at(4), 10):
        if row.outgoing.text == "offer":
            await store.outbox.settle(Settlement(row, "parked", at(4)))
        else:
            await store.outbox.settle(Settlement(row, "sent", at(4)))
    return places


@pytest.mark.parametrize(
    ("purposes", "gone"),
    [
        (("offers",), {"offer"}),
        (("feedback",), {"rating"}),
        (("offers", "feedback"), {"offer", "rating"}),
        (("all",), {"offer", "rating", "tip", "remembered"}),
        (("service",), {"offer", "rating", "tip", "remembered"}),
    ],
)
async def test_a_withdrawal_cancels_what_waits_unasked_in_every_chat_of_the_buyer(
    store: Store, purposes: tuple[str, ...], gone: set[str]
) -> None:
    places = await prepare(store)
    await answer(store, 10, "understood", effects=withdraw(*purposes))
    cancelled = await rows(store, OutboxRow, status="cancelled")
    assert {(row.conversation_id, word) for row, word in zip(cancelled, words(cancelled), strict=True)} == {
        (place, word) for place in places for word in gone
    }
    told = fates(await rows(store, TouchpointRow))
    ended = {key for key, fate in told.items() if fate == ("withdrawn", "opt_out")}
    assert ended == {f"{word}:{who}" for word in gone - {"remembered"} for who in ("anna", "bert")}
    assert told["offer:9"] == ("sent", "")


async def test_to_agree_or_to_be_asked_cancels_nothing(store: Store) -> None:
    await prepare(store)
    consents = (NewConsent("all", "given"), NewConsent("offers", "asked"))
    await answer(store, 10, effects=Effects(consents=consents))
    assert await rows(store, OutboxRow, status="cancelled") == []


async def test_without_a_buyer_a_withdrawal_is_about_the_one_chat(store: Store) -> None:
    await accept(store, text("m", 0, person("bert")))
    other = (await store.turns.claim(at(0), 1))[0]
    assert await store.turns.commit(outcome(other, 0, say("bert's", proactive=True)))
    await answer(store, 1, say("anna's", proactive=True))
    await answer(store, 2, effects=withdraw("all"))
    assert words(await rows(store, OutboxRow, status="cancelled")) == ["anna's"]


async def test_what_is_parked_is_not_released_by_the_very_word_that_forbids_it(store: Store) -> None:
    await answer(store, 0, unasked("tip"), effects=Effects(touched=(touch(),)))
    await store.outbox.settle(Settlement(await head(store, 1), "parked", at(1)))
    await answer(store, 2, "understood", effects=withdraw("all"))
    assert words(await rows(store, OutboxRow, status="waiting")) == ["understood"]
    assert fates(await rows(store, TouchpointRow)) == {"checkup:1": ("withdrawn", "opt_out")}


async def test_the_same_turn_says_nothing_unasked_after_a_withdrawal(store: Store) -> None:
    question = Spoken(Outgoing("buttons", "which?", (Button("f.s.a.1", "a"),)))
    await answer(store, 0, unasked("tip"), question, effects=withdraw("all"))
    assert words(await rows(store, OutboxRow, status="waiting")) == ["which?"]


@pytest.mark.parametrize("fate", ["waiting", "parked", "unknown"])
async def test_what_is_being_sent_is_not_tried_again(store: Store, fate: Any) -> None:
    await answer(store, 0, unasked("tip"), effects=Effects(touched=(touch(),)))
    flying = await head(store, 1)
    await answer(store, 2, effects=withdraw("all"))
    await store.outbox.settle(Settlement(flying, fate, at(3), due_at=at(4) if fate != "parked" else None))
    assert fates(await rows(store, TouchpointRow)) == {"checkup:1": ("withdrawn", "opt_out")}
    await answer(store, 5, effects=Effects(release=True))
    claimed = await store.outbox.claim(at(9), 10)
    # The sender lets go of what has expired as soon as it knows that it has not gone out.
    assert all(row.expires_at is not None and row.expires_at <= at(2) for row in claimed)
    assert len(claimed) == (0 if fate == "parked" else 1)


async def test_what_went_out_all_the_same_is_known_as_sent(store: Store) -> None:
    await answer(store, 0, unasked("tip"), effects=Effects(touched=(touch(),)))
    flying = await head(store, 1)
    await answer(store, 2, effects=withdraw("all"))
    await store.outbox.settle(Settlement(flying, "sent", at(3)))
    touchpoint = await only(store, TouchpointRow)
    assert (touchpoint.fate, touchpoint.sent_at) == ("sent", at(0))


async def test_a_withdrawal_cancels_the_mails_of_its_purposes(store: Store) -> None:
    await chats(store, "anna", "bert")
    mails = (Mailed("offer:1", "offer", "offers", "1"), Mailed("tip:1", "tip", "service", "1"))
    touched = (touch("offer:1", "mailed", purpose="offers"), touch("tip:1", "mailed"))
    turn = await turn_of(store, 1, "bert")
    assert await store.turns.commit(outcome(turn, 1, effects=Effects(mails=mails, touched=touched)))
    await answer(store, 2, effects=withdraw("offers"))
    assert {row.key: row.status for row in await rows(store, MailRow)} == {
        "offer:1": "cancelled",
        "tip:1": "waiting",
    }
    assert fates(await rows(store, TouchpointRow)) == {
        "offer:1": ("withdrawn", "opt_out"),
        "tip:1": ("mailed", ""),
    }


def ledger(*lines: tuple[int, str, bool]) -> Ledger:
    """A ledger of lines with their numbers."""
    return Ledger([Entry(number, 1, purpose, given) for number, purpose, given in lines])


def test_what_is_allowed_was_given_and_not_withdrawn_since() -> None:
    assert ledger((1, "offers", True), (2, "feedback", True)).allowed == {"offers", "feedback"}
    assert ledger((1, "offers", True), (2, "offers", False)).allowed == set()
    assert ledger((1, "offers", True), (2, "all", False)).allowed == set()
    assert ledger((1, "all", False), (2, "offers", True)).allowed == {"offers"}
    assert ledger((1, "offers", True), (2, "all", False), (3, "all", True)).allowed == set()
    assert ledger((1, "all", False)).opted_out
    assert not ledger((1, "all", False), (2, "all", True)).opted_out
    assert not ledger((1, "offers", False)).opted_out


def test_a_withdrawal_stands_against_other_chats_until_there_is_a_newer_word() -> None:
    nothing = ledger()
    assert ledger((3, "offers", False)).stands_against(nothing) == {"offers"}
    assert ledger((3, "offers", False)).stands_against(ledger((2, "offers", True))) == {"offers"}
    assert ledger((3, "offers", False)).stands_against(ledger((4, "offers", True))) == set()
    assert ledger((3, "offers", False), (4, "offers", True)).stands_against(nothing) == set()
    assert ledger((3, "offers", False)).stands_against(ledger((4, "all", True))) == {"offers"}


def test_a_withdrawal_of_everything_counts_for_every_purpose() -> None:
    nothing = ledger()
    everything = {*PURPOSES, "all"}
    assert ledger((3, "all", False)).stands_against(nothing) == everything
    assert ledger((3, "all", False)).stands_against(ledger((4, "all", True))) == set()
    assert ledger((3, "all", False), (4, "all", True)).stands_against(nothing) == set()
    assert ledger((3, "all", False)).stands_against(ledger((4, "offers", True))) == everything - {"offers"}
    assert ledger((3, "all", False), (4, "offers", True)).stands_against(nothing) == everything - {"offers"}
    assert ledger((3, "all", False), (4, "offers", False)).stands_against(ledger((5, "all", True))) == {
        "offers"
    }
