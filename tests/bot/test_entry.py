"""Entry codes: their form, their signature, what the store says to them, and the secret behind them."""

import asyncio
import re
import secrets
import string
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config, ConfigError, load
from bot.entry import create, create_many, greeting, is_genuine, judge, make_code, new_code, usable
from bot.secret import signing_secret
from dialogs.entry import ENTRY_CODE, find_code
from dialogs.messages import Arrival, Contact, Text
from dialogs.shop import Entry, OrderChange, OrderSnapshot, ShopArrival
from persistence.database import Database
from persistence.identity import Bond, UnknownOrder, bind
from persistence.inbox import Intake
from persistence.migrate import migrate
from persistence.sorting import sort
from persistence.store import Store
from persistence.tables import OrderRow, table

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
YEAR = timedelta(days=365)
SECRET = b"a secret of the shop"
ALPHABET = string.ascii_uppercase + "234567"

tokens = st.binary(min_size=8, max_size=8)
keys = st.binary(min_size=16, max_size=40)


def shop_arrival(order_id: str) -> ShopArrival:
    order = OrderSnapshot(order_id, f"#{order_id}", "EUR", Decimal("49.90"), NOW, NOW)
    return ShopArrival("orders", f"d-{order_id}", NOW, OrderChange(order_id, "paid", NOW, order))


async def add_orders(store: Store, *ids: str) -> None:
    await store.inbox.accept(Intake((), [shop_arrival(one) for one in ids], NOW))
    while await store.orders.apply(NOW):
        pass


def insert_bare_orders(connection: Any, ids: list[str]) -> None:
    connection.execute(
        table(OrderRow).insert(), [{"id": one, "placed_at": NOW, "described_at": NOW} for one in ids]
    )


async def open_conversations(store: Store, count: int) -> None:
    """In a fresh database they get the ids 1 and 2."""
    arrivals = [
        Arrival("telegram", f"m{n}", NOW, Text("Hallo"), contact=Contact("telegram", "bot", (f"person-{n}",)))
        for n in range(count)
    ]
    for arrival in arrivals:
        await store.inbox.accept(Intake([arrival], (), NOW))
    await store.database.write(sort, store.burst)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = Store(Database(database_url))
    await migrate(opened.database)
    yield opened
    await opened.close()


def config(**environment: str) -> Config:
    return load(None, environment)


@given(keys, tokens)
def test_a_code_has_the_form_that_texts_are_searched_for(secret: bytes, token: bytes) -> None:
    code = make_code(secret, token)
    assert re.fullmatch(ENTRY_CODE, code)
    assert find_code(f"Hallo! Mein Code: {code}.") == code
    assert is_genuine(secret, code)
    assert is_genuine(secret, code.lower())


@given(keys, tokens, st.integers(2, 23), st.sampled_from(ALPHABET))
def test_no_character_can_be_changed(secret: bytes, token: bytes, place: int, other: str) -> None:
    code = make_code(secret, token)
    changed = code[:place] + other + code[place + 1 :]
    assert is_genuine(secret, changed) == (changed == code)


@given(keys, keys, tokens)
def test_another_shops_code_is_forged(ours: bytes, theirs: bytes, token: bytes) -> None:
    assert is_genuine(ours, make_code(theirs, token)) == (ours == theirs)


@given(st.text())
def test_any_text_may_be_judged(text: str) -> None:
    assert not is_genuine(SECRET, text)


@pytest.mark.parametrize("sign", ["\u017f", "\u212a", "\u0130"])
def test_signs_that_only_become_letters_in_capitals_are_refused(sign: str) -> None:
    code = make_code(SECRET, b"12345678")
    assert not is_genuine(SECRET, sign + code[1:])
    assert not is_genuine(SECRET, code[:-1] + sign)


def test_printed_cards_stay_valid() -> None:
    """The form may never change: cards lie in parcels for months."""
    assert make_code(b"0123456789abcdef", bytes(range(8))) == "NKAAAQEAYEAUDA4LTSNB45PD"
    assert is_genuine(b"0123456789abcdef", "nkaaaqeayeauda4ltsnb45pd")


def test_new_codes_differ() -> None:
    assert len({new_code(SECRET) for _ in range(500)}) == 500


@pytest.mark.parametrize("token", [b"", b"1234567", b"123456789"])
def test_a_token_of_another_length_is_refused(token: bytes) -> None:
    with pytest.raises(ValueError, match="made of 8 random bytes"):
        make_code(SECRET, token)


@pytest.mark.parametrize("language", ["de", "en", "fr"])
@pytest.mark.parametrize("voice", ["du", "sie"])
def test_a_greeting_carries_its_code(language: str, voice: str) -> None:
    code = new_code(SECRET)
    text = greeting(code, language, "sie" if voice == "sie" else "du")
    assert find_code(text) == code
    assert ("Paket" in text) == (language == "de")


async def test_a_forged_code_never_reaches_the_database() -> None:
    unreachable = Store(Database("postgresql://nobody@127.0.0.1:1/none"))
    code = make_code(b"somebody else's secret", b"12345678")
    assert await judge(unreachable, SECRET, code, 1, NOW) == Entry("forged", code)
    assert not await usable(unreachable, SECRET, code, NOW)
    with pytest.raises(OSError, match=r"(?i)connect"):  # and a genuine one does
        await judge(unreachable, SECRET, new_code(SECRET), 1, NOW)
    await unreachable.close()


async def test_what_a_code_is_worth(store: Store) -> None:
    await add_orders(store, "1001")
    await open_conversations(store, 2)
    code = await create(store, SECRET, "1001", NOW, YEAR)

    assert await judge(store, SECRET, code.lower(), 1, NOW) == Entry("fresh", code, "1001")
    assert await usable(store, SECRET, code.lower(), NOW)
    assert await judge(store, SECRET, code, 1, NOW + YEAR) == Entry("expired", code)
    assert not await usable(store, SECRET, code, NOW + YEAR)

    assert await store.database.write(bind, 1, Bond(code, "1001"), NOW)
    assert await judge(store, SECRET, code, 1, NOW) == Entry("yours", code, "1001")
    assert await judge(store, SECRET, code, 2, NOW) == Entry("used", code)
    assert not await usable(store, SECRET, code, NOW)

    stranger = new_code(SECRET)
    assert await judge(store, SECRET, stranger, 1, NOW) == Entry("unknown", stranger)


async def test_a_code_needs_its_order(store: Store) -> None:
    with pytest.raises(UnknownOrder):
        await create(store, SECRET, "no such order", NOW, YEAR)


async def test_a_whole_day_of_parcels_at_once(sqlite_url: str) -> None:
    store = Store(Database(sqlite_url))
    await migrate(store.database)
    ids = [str(number) for number in range(1200)]
    await store.database.write(insert_bare_orders, ids)
    codes = await create_many(store, SECRET, ids, NOW, YEAR)
    assert list(codes) == ids
    assert len(set(codes.values())) == 1200
    for one in ("0", "499", "500", "1199"):
        assert await store.identity.link(codes[one], NOW) == one
    assert await create_many(store, SECRET, [], NOW, YEAR) == {}
    await store.close()


async def test_the_owners_secret_signs(store: Store) -> None:
    chosen = secrets.token_hex(8)
    assert await signing_secret(config(NACHKLANG_SECRET=chosen), store) == chosen.encode()
    assert await store.recall("secret") is None


async def test_a_short_secret_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match=r"NACHKLANG_SECRET is too short .*7 characters"):
        await signing_secret(config(NACHKLANG_SECRET="x" * 7), store)


async def test_without_a_secret_one_is_made_and_kept(store: Store, database_url: str) -> None:
    first = await signing_secret(config(), store)
    assert len(first) == 64
    later = Store(Database(database_url))
    assert await signing_secret(config(), later) == first
    await later.close()


async def test_processes_that_start_together_agree_on_the_secret(store: Store, database_url: str) -> None:
    others = [Store(Database(database_url, pool=2)) for _ in range(4)]
    async with asyncio.timeout(30):
        found = await asyncio.gather(*(signing_secret(config(), one) for one in [store, *others] * 3))
    for other in others:
        await other.close()
    assert len(set(found)) == 1
    assert await store.recall("secret") == found[0].decode()
