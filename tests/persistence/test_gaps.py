"""Comparing with what a platform lists: one process at a time; nothing that is here is taken for missing."""

from datetime import timedelta

from dialogs.messages import Arrival, Button, Contact, Echo, Event, Media, Outgoing, Tap, Text
from persistence.gaps import SENDING, Compared
from persistence.inbox import Intake
from persistence.outbox import Settlement
from persistence.store import Store
from persistence.turns import Spoken
from tests.persistence.world import accept, answer, at, event, hear, person, text

AGAIN = timedelta(minutes=15)


def listed(what: Event | str, external_id: str, now: float, who: str = "anna") -> Arrival:
    """A message as the platform lists it."""
    heard = Text(what) if isinstance(what, str) else what
    return Arrival("whatsapp", external_id, at(now), heard, person(who))


async def missing(store: Store, *arrivals: Arrival) -> list[str]:
    """The ids of what is missing."""
    return [one.external_id for one in (await store.gaps.compare(arrivals)).missing]


# -- whose turn it is


async def test_the_first_call_notes_the_time_and_the_next_looks_from_there(store: Store) -> None:
    assert await store.gaps.begin("instagram", "shop", at(0), AGAIN) is None
    assert await store.gaps.begin("instagram", "shop", at(899), AGAIN) is None
    look = await store.gaps.begin("instagram", "shop", at(900), AGAIN)
    assert look is not None
    assert (look.start, look.since, look.began) == (at(0), at(0), at(900))
    await store.gaps.done(look)
    then = await store.gaps.begin("instagram", "shop", at(1800), AGAIN)
    assert then is not None
    assert (then.start, then.since, then.began) == (at(0), at(900), at(1800))


async def test_a_look_belongs_to_one_and_one_that_never_ended_is_taken_again(store: Store) -> None:
    await store.gaps.begin("instagram", "shop", at(0), AGAIN)
    assert await store.gaps.begin("instagram", "shop", at(900), AGAIN) is not None
    assert await store.gaps.begin("instagram", "shop", at(901), AGAIN) is None
    again = await store.gaps.begin("instagram", "shop", at(1801), AGAIN)
    assert again is not None
    assert again.since == at(0)


async def test_every_account_is_looked_at_by_itself(store: Store) -> None:
    await store.gaps.begin("instagram", "shop", at(0), AGAIN)
    assert await store.gaps.begin("instagram", "other", at(900), AGAIN) is None
    assert await store.gaps.begin("instagram", "shop", at(900), AGAIN) is not None


# -- what is missing


async def test_nothing_is_asked_of_nothing(store: Store) -> None:
    assert await store.gaps.compare([]) == Compared(())


async def test_a_stranger_whom_nobody_told_of_is_missing(store: Store) -> None:
    assert await missing(store, listed("hallo", "m1", 0)) == ["m1"]


async def test_what_is_stored_under_the_platforms_id_is_known_whatever_it_was(store: Store) -> None:
    await accept(store, event(Tap("payload", "Ja"), "m1", 5, person()), now=5)
    assert await missing(store, listed("Ja", "m1", 5), listed("und?", "m2", 9)) == ["m2"]


async def test_what_is_stored_and_not_sorted_yet_is_known(store: Store) -> None:
    await store.inbox.accept(Intake((text("m1", 5),), (), at(5)))
    assert await missing(store, listed("m1", "m1", 5)) == []


async def test_the_same_words_at_the_same_time_are_known_under_another_id(store: Store) -> None:
    await hear(store, "hallo", now=5)
    await store.turns.claim(at(6), 10)
    assert await missing(store, listed("hallo", "other id", 5)) == []
    assert await missing(store, listed("hallo", "other id", 8)) == ["other id"]
    assert await missing(store, listed("hallo", "of ben", 5, "ben")) == ["of ben"]
    assert await missing(store, listed(Echo("e", "hallo"), "e", 5)) == ["e"], "the other side said it"
    assert await missing(store, listed(Media((), ""), "picture", 5)) == ["picture"]


async def test_what_we_have_sent_is_known(store: Store) -> None:
    await answer(store, 0, "Guten Tag!")
    [row] = await store.outbox.claim(at(1), 10)
    on_its_way = listed(Echo("sent", "Guten Tag!"), "sent", 400)
    assert await missing(store, on_its_way) == [], "it may be this one: that is being found out"
    await store.outbox.settle(Settlement(row, "sent", at(2), external_id="sent"))
    assert await missing(store, on_its_way) == []
    compared = await store.gaps.compare([on_its_way, listed("danke", "m2", 500)])
    assert compared.ours == {"sent"}
    assert [one.external_id for one in compared.missing] == ["m2"]
    near, far = 3.0, SENDING.total_seconds() + 3
    assert await missing(store, listed(Echo("x", "Guten Tag!"), "x", near)) == []
    assert await missing(store, listed(Echo("x", "Guten Tag!"), "x", far)) == ["x"]


async def test_a_text_that_reads_like_an_offered_button_is_that_tap(store: Store) -> None:
    offered = Outgoing("quick_replies", "Passt alles?", buttons=(Button("flow|ja", "Ja, alles gut"),))
    await answer(store, 0, Spoken(offered))
    lost = [listed("Ja, alles gut", "m1", 9), listed("Ja", "m2", 10), listed("Ja, alles gut", "m0", -9)]
    compared = await store.gaps.compare(lost)
    assert [one.event for one in compared.missing] == [
        Tap("flow|ja", "Ja, alles gut"), Text("Ja"), Text("Ja, alles gut"),
    ]  # fmt: skip


async def test_it_tells_who_has_the_floor(store: Store) -> None:
    await answer(store, 0, "Guten Tag!")
    compared = await store.gaps.compare([listed("hallo", "m1", 9)])
    assert compared.floor == "bot"
    assert compared.missing[0].contact == Contact("whatsapp", "shop", ("anna",))
