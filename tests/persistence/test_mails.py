"""Mails by the shop: asked for once, in nobody's hand twice, tried again until they are settled."""

import asyncio
from datetime import timedelta

import pytest

from dialogs.records import Mailed
from persistence.database import Database
from persistence.mails import Mail
from persistence.records import Effects
from persistence.store import Store
from persistence.tables_journeys import MailRow, TouchpointRow
from tests.persistence.conftest import Open
from tests.persistence.world import answer, at, chats, only, rows, touch


async def ask(store: Store, *keys: str, now: float = 0) -> None:
    """A turn asks for mails."""
    mails = tuple(Mailed(key, key.partition(":")[0], "service", key.partition(":")[2]) for key in keys)
    touched = tuple(touch(key, "mailed") for key in keys)
    await answer(store, now, effects=Effects(mails=mails, touched=touched))


async def hand(store: Store, now: float) -> Mail:
    """The only mail that is due."""
    [mail] = await store.mails.claim(at(now), 10)
    return mail


async def test_a_mail_tells_what_the_shop_needs_and_not_to_whom(store: Store) -> None:
    await chats(store, "anna")
    await ask(store, "checkup:1", now=5)
    mail = await hand(store, 6)
    assert (mail.key, mail.flow, mail.purpose) == ("checkup:1", "checkup", "service")
    assert (mail.order_id, mail.order_number, mail.at) == ("1", "#1", at(5))
    assert (mail.attempts, mail.leased_until, mail.language) == (1, at(36), None)
    row = await only(store, MailRow)
    assert (row.buyer_id, row.status) == (1, "waiting")


async def test_nobody_is_mailed_twice_about_the_same(store: Store) -> None:
    await ask(store, "checkup:1", "checkup:1")
    await ask(store, "checkup:1", "", now=1)
    assert len(await rows(store, MailRow)) == 2


async def test_what_is_sent_or_failed_is_done_and_what_waits_comes_again(store: Store) -> None:
    await ask(store, "a:", "b:", "c:")
    for mail in await store.mails.claim(at(1), 10):
        match mail.flow:
            case "a":
                await store.mails.settle(mail, "sent", at(2))
            case "b":
                await store.mails.settle(mail, "failed", at(2), detail="404")
            case _:
                await store.mails.settle(mail, "waiting", at(2), due_at=at(50), detail="503")
    assert {row.key: (row.status, row.detail) for row in await rows(store, MailRow)} == {
        "a:": ("sent", None),
        "b:": ("failed", "404"),
        "c:": ("waiting", "503"),
    }
    assert {row.key: (row.fate, row.reason) for row in await rows(store, TouchpointRow)} == {
        "a:": ("mailed", ""),
        "b:": ("refused", "mail"),
        "c:": ("mailed", ""),
    }
    assert await store.mails.next_due() == at(50)
    assert await store.mails.claim(at(49), 10) == []
    assert (await hand(store, 50)).attempts == 2


async def test_after_its_lease_another_takes_it_and_the_slow_one_can_only_say_sent(store: Store) -> None:
    await ask(store, "a:")
    slow = await hand(store, 1)
    assert await store.mails.claim(at(30), 10) == []
    fast = await hand(store, 31)
    assert (fast.id, fast.attempts) == (slow.id, 2)
    await store.mails.settle(slow, "failed", at(32))
    assert (await only(store, MailRow)).status == "waiting"
    await store.mails.settle(slow, "sent", at(33))
    await store.mails.settle(fast, "waiting", at(34), due_at=at(35))
    assert (await only(store, MailRow)).status == "sent"
    assert await store.mails.next_due() is None


async def test_claimers_in_several_processes_never_get_the_same_mail(store: Store, open_store: Open) -> None:
    await ask(store, *(f"f{n}:" for n in range(30)))
    stores = [store, open_store(), open_store()]
    found = await asyncio.gather(*(one.mails.claim(at(1), 5) for one in stores * 3))
    claimed = [mail.id for mails in found for mail in mails]
    assert len(claimed) == len(set(claimed)) == 30


@pytest.mark.parametrize("lease", [5, 90])
async def test_the_lease_is_that_of_messages(store_url: str, lease: int) -> None:
    store = Store(Database(store_url), send_lease=timedelta(seconds=lease))
    await ask(store, "a:")
    assert (await hand(store, 10)).leased_until == at(10 + lease)
    await store.close()
