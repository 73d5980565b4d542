"""Erasure: nothing that a person said or is called stays, and nothing that was under way brings it back."""

from typing import Any

from dialogs.messages import Text
from dialogs.records import Mailed, Offered, Preferred
from dialogs.shop import Person, PrivacyRequest
from persistence.consents import NewConsent
from persistence.outbox import Settlement
from persistence.records import Effects, NewHandoff, NewRating
from persistence.reminders import NewReminder
from persistence.store import Store
from persistence.tables import (
    Buyer,
    ContactRow,
    Conversation,
    HandoffRow,
    InboxRow,
    NoticeRow,
    OutboxRow,
    RatingRow,
    ReminderRow,
    TurnRow,
)
from persistence.tables_journeys import (
    ConsentRow,
    MailRow,
    OfferRow,
    PreferenceRow,
    TouchpointRow,
)
from tests.persistence.world import (
    accept,
    answer,
    at,
    chats,
    claim,
    event,
    happened,
    head,
    only,
    outcome,
    person,
    rows,
    say,
    shop,
    snapshot,
    text,
    touch,
)


async def test_redacting_erases_the_person_and_keeps_the_order(store: Store) -> None:
    await chats(store, "anna")
    effects = Effects(
        reminders=(NewReminder("r", at(50), {"secret": "s"}),),
        ratings=(NewRating(2, "1", None, "secret comment"),),
        handoff=NewHandoff("angry", ("secret words",)),
    )
    await answer(
        store, 1, say("secret answer", speaker="agent"), say("two", speaker="agent"), effects=effects
    )
    await store.outbox.settle(Settlement(await head(store, 1), "parked", at(1)))
    unknown = await head(store, 1)
    await accept(store, event(Text("secret last words"), "last", 2), now=2)
    flying = await claim(store, 2)
    await accept(store, text("bert writes", 2, person("bert")), now=2)
    await shop(store, PrivacyRequest("redact", "c1", None, None), now=3)

    assert "secret" not in await everything_about(store)
    assert (await only(store, RatingRow)).score == 2
    assert (await store.orders.find("1")).status == "paid"  # type: ignore[union-attr]  # it is there
    anna = (await rows(store, Conversation))[0]
    assert (anna.status, anna.address, anna.reachable, anna.due_at) == ("erased", "", False, None)
    # Nothing that was under way brings anything back or goes out.
    assert not await store.turns.commit(outcome(flying, 4, "secret"))
    await store.outbox.settle(Settlement(unknown, "waiting", at(4), due_at=at(4)))
    assert await store.outbox.claim(at(99), 10) == []
    assert await store.reminders.fire(at(99)) == 0
    assert await accept(store, event(Text("secret last words"), "last", 2), now=5) == 0
    assert [turn.address for turn in await store.turns.claim(at(99), 9)] == ["bert"]
    # Who writes again is somebody new.
    await accept(store, text("hello again", 6), now=6)
    assert len(await rows(store, Conversation)) == 3
    assert (await only(store, NoticeRow)).topic == "erased"


async def test_of_journeys_and_consents_only_what_the_shop_did_stays(store: Store) -> None:
    [place] = await chats(store, "anna")
    effects = Effects(
        consents=(NewConsent("offers", "given", "tap", "secret yes", "secret Anna?", "v7", ("secret id",)),),
        preferences=(Preferred("secret name", "secret value"),),
        offers=(Offered("DANKE", 10, ("MUG",), at(99), "bundle", "1"),),
        touched=(touch(order_id="1"), touch("rating:1", "mailed", purpose="feedback")),
        mails=(Mailed("rating:1", "rating", "feedback", "1"), Mailed("sent:1", "sent", "service", "1")),
    )
    await answer(store, 1, effects=effects)
    first, second = await store.mails.claim(at(1), 10)
    await store.mails.settle(second, "sent", at(2))
    await shop(store, PrivacyRequest("redact", "c1", None, None), now=3)

    assert "secret" not in await everything_about(store)
    consent = await only(store, ConsentRow)
    assert (consent.conversation_id, consent.purpose, consent.action) == (place, "offers", "given")
    assert (consent.how, consent.version, consent.at, consent.channel) == ("tap", "v7", at(1), "whatsapp")
    assert await rows(store, PreferenceRow) == []
    offer = await only(store, OfferRow)
    assert (offer.code, offer.percent, offer.buyer_id) == ("DANKE", 10, None)
    assert [(row.status, row.buyer_id) for row in await rows(store, MailRow)] == [
        ("cancelled", None),
        ("sent", None),
    ]
    assert {row.buyer_id for row in await rows(store, TouchpointRow)} == {None}
    await store.mails.settle(first, "waiting", at(4), due_at=at(4))
    assert await store.mails.claim(at(99), 10) == []
    assert (await store.journeys.of([place], at(4)))[place].preferences == {}


async def everything_about(store: Store) -> str:
    """All words of all tables that may speak of a person."""
    models: tuple[Any, ...] = (
        InboxRow, OutboxRow, Buyer, Conversation, ContactRow, RatingRow, HandoffRow, ReminderRow, TurnRow,
        ConsentRow, PreferenceRow, OfferRow, TouchpointRow, MailRow,
    )  # fmt: skip
    return " ".join([repr(await rows(store, model)) for model in models])


async def test_a_phone_number_alone_erases_nobody(store: Store) -> None:
    await shop(store, happened("paid", 0, order=snapshot(buyer=Person("c1", "Anna", None, "+491"))))
    await shop(store, PrivacyRequest("redact", None, None, "+491"), now=1)
    assert (await only(store, Buyer)).name == "Anna"
    await shop(store, PrivacyRequest("data_request", "c1", None, None, ("1",)), now=2)
    assert (await rows(store, NoticeRow))[-1].detail == '{"orders":"1","source":"shopify"}'
