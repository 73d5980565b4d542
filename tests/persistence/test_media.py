"""Files are fetched once, kept as long as their message is there, and gone with it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialogs.messages import Attachment, Media, Unsent
from dialogs.shop import Person, PrivacyRequest
from persistence.media import Fetching, MessageMedia, NewMedia, of_messages
from persistence.privacy import redact
from persistence.records import Effects
from persistence.store import Store
from persistence.tables import InboxRow
from persistence.tables_media import MediaRow, MessageMediaRow
from tests.persistence.world import accept, at, event, happened, outcome, person, rows, shop, snapshot, tie

PHOTO = NewMedia("image", "image/jpeg", b"0123456789", "photo.jpg", 4, 3)
LONG_AGO = timedelta(days=3)


def photo(external_id: str, seconds: float = 0, *attachments: Attachment, **more: Any) -> Any:
    """A picture that somebody sent."""
    sent = attachments or (Attachment("image", media_id=f"file of {external_id}", mime_type="image/jpeg"),)
    return event(Media(sent), external_id, seconds, **more)


async def fetch(store: Store, now: float) -> list[Fetching]:
    """What is to be fetched now."""
    await store.media.enlist(at(now) - LONG_AGO, at(now))
    return await store.media.claim(at(now), 10)


async def shown(store: Store, external_id: str) -> tuple[MessageMedia, ...]:
    """The attachments of a message, as a page gets them."""
    [row] = await rows(store, InboxRow, external_id=external_id, kind="media")
    return (await store.media.of([row.id])).get(row.id, ())


async def test_each_attachment_is_fetched_once_and_shown_with_its_message(store: Store) -> None:
    both = (
        Attachment("image", url="https://cdn.example/1", title="eins"),
        Attachment("document", media_id="two", mime_type="application/pdf"),
    )
    await accept(store, photo("m", 0, *both), now=1)
    first, second = await fetch(store, 2)
    assert [first.attachment, second.attachment] == list(both)
    assert (first.channel, first.account, first.attempts, first.received_at) == ("whatsapp", "shop", 1, at(1))
    assert not await fetch(store, 3)

    media_id = await store.media.stored(first, PHOTO, at(4))
    await store.media.failed(second, "gone")
    one, two = await shown(store, "m")
    assert one.status == "stored"
    assert one.file is not None
    assert (one.file.id, one.file.mime, one.file.size, one.file.width) == (media_id, "image/jpeg", 10, 4)
    assert (two.status, two.why, two.file) == ("failed", "gone", None)
    assert not await fetch(store, 10_000)


async def test_a_message_is_fetched_before_it_is_sorted(store: Store) -> None:
    from persistence.inbox import Intake  # noqa: PLC0415 - only this test leaves a message unsorted

    await store.inbox.accept(Intake((photo("m"),), (), at(0)))
    [one] = await fetch(store, 1)
    assert (one.channel, one.account) == ("whatsapp", "shop")


async def test_what_is_not_settled_comes_again_after_its_lease_and_counts_the_tries(store: Store) -> None:
    await accept(store, photo("m"))
    [first] = await fetch(store, 1)
    [second] = await fetch(store, 400)
    assert second.attempts == 2
    # The first is late: the claim is no longer its own.
    assert await store.media.stored(first, PHOTO, at(401)) is None
    assert await rows(store, MediaRow) == []
    await store.media.again(second, at(500))
    assert not await fetch(store, 499)
    [third] = await fetch(store, 500)
    assert await store.media.stored(third, PHOTO, at(501)) is not None


async def test_two_processes_share_the_work(open_store: Any) -> None:
    one, other = open_store(), open_store()
    await accept(one, *(photo(f"m{n}", n) for n in range(6)))
    await one.media.enlist(at(0) - LONG_AGO, at(9))
    await other.media.enlist(at(0) - LONG_AGO, at(9))
    taken = await asyncio.gather(one.media.claim(at(9), 3), other.media.claim(at(9), 10))
    claimed = [job.inbox_id for jobs in taken for job in jobs]
    assert len(claimed) == len(set(claimed))
    rest = await one.media.claim(at(9), 10)
    assert len(claimed) + len(rest) == 6


async def test_view_once_media_is_never_asked_for(store: Store) -> None:
    await accept(store, photo("m", 0, Attachment("ephemeral")))
    assert not await fetch(store, 1)
    [one] = await shown(store, "m")
    assert (one.status, one.why) == ("failed", "view_once")


async def test_a_message_taken_back_takes_its_file_along(store: Store) -> None:
    await accept(store, photo("m"), photo("other", 1))
    jobs = await fetch(store, 2)
    for job in jobs:
        assert await store.media.stored(job, PHOTO, at(3))
    [turn] = await store.turns.claim(at(4), 10)
    assert await store.turns.commit(outcome(turn, 4, effects=Effects(unsent=("m",))))
    [gone], [kept] = await shown(store, "m"), await shown(store, "other")
    assert (gone.status, gone.why, gone.file) == ("gone", "taken_back", None)
    assert kept.status == "stored"
    assert len(await rows(store, MediaRow)) == 1


async def test_a_file_that_arrives_after_its_message_was_taken_back_is_dropped(store: Store) -> None:
    await accept(store, photo("m"))
    [job] = await fetch(store, 1)
    [turn] = await store.turns.claim(at(2), 10)
    assert await store.turns.commit(outcome(turn, 2, effects=Effects(unsent=("m",))))
    assert await store.media.stored(job, PHOTO, at(3)) is None
    assert await rows(store, MediaRow) == []


async def test_a_message_taken_back_before_anybody_looked_is_never_fetched(store: Store) -> None:
    await accept(store, photo("m"), event(Unsent("m"), "u", 1))
    [turn] = await store.turns.claim(at(2), 10)
    assert await store.turns.commit(outcome(turn, 2, effects=Effects(unsent=("m",))))
    assert not await fetch(store, 3)
    assert [one.why for one in await shown(store, "m")] == ["taken_back"]


async def test_erasure_deletes_what_came_and_what_was_sent(store: Store) -> None:
    buyer = Person(external_id="7", email="anna@example.org")
    await shop(store, happened("paid", 0, order=snapshot(buyer=buyer)))
    chat = await tie(store, "anna")
    await accept(store, photo("m", 5), now=5)
    await accept(store, photo("of berta", 5, contact=person("berta")), now=5)
    for job in await fetch(store, 6):
        await store.media.stored(job, PHOTO, at(7))
    await store.media.add(replace(PHOTO, conversation_id=chat), at(8))
    elsewhere = await store.media.add(replace(PHOTO, conversation_id=chat + 1000), at(8))
    request = PrivacyRequest("redact", "7")
    assert await store.database.write(redact, request) == 1
    left = await rows(store, MediaRow)
    assert len(left) == 2
    assert elsewhere in {row.id for row in left}
    assert sorted(row.why for row in await rows(store, MessageMediaRow)) == ["", "erased"]


async def test_old_files_go_with_time_and_the_message_says_so(store: Store) -> None:
    await accept(store, photo("m"))
    [job] = await fetch(store, 1)
    await store.media.stored(job, PHOTO, at(1))
    young = await store.media.add(PHOTO, at(1000))
    assert await store.media.forget(at(500)) == 1
    assert await store.media.forget(at(500)) == 0
    [one] = await shown(store, "m")
    assert (one.status, one.why) == ("gone", "expired")
    assert await store.media.find(young) is not None
    assert not await fetch(store, 2000)


@pytest.mark.parametrize(
    ("start", "length", "part"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (3, 2, b"34"),
        (0, 1, b"0"),
        (9, 5, b"9"),
        (10, 1, b""),
    ],
)
async def test_parts_of_a_file(store: Store, start: int, length: int | None, part: bytes) -> None:
    media_id = await store.media.add(PHOTO, at(0))
    assert await store.media.read(media_id, start, length) == part
    assert await store.media.read(media_id + 1, start, length) is None
    assert await store.media.find(media_id + 1) is None


async def test_nothing_is_asked_for_nothing(store: Store) -> None:
    assert await store.media.of([]) == {}
    assert await store.media.of([4711]) == {}
    assert await store.database.read(of_messages, [4711]) == {}
