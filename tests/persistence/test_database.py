"""What both engines promise: durable commits, shared flushes, writers in turn, exact amounts and moments."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.database import EPOCH, Database, DatabaseError, GroupCommit, Instant, Money, database_url
from persistence.store import Store
from persistence.tables import SettingRow, table
from tests.persistence.conftest import Open
from tests.persistence.world import rows

_settings = table(SettingRow)

NO_DIALECT: Any = None
"""The types ask none."""


class Counting(Database):
    """Counts the transactions that are asked for, and can hold them up."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.transactions = 0
        self.go = asyncio.Event()
        self.go.set()

    async def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.transactions += 1
        await self.go.wait()
        return await super().write(work, *args, **kwargs)


def keep(connection: Any, words: Sequence[str]) -> list[str]:
    """Store each word; refuse one that is bad, and with it the whole transaction."""
    for word in words:
        connection.execute(_settings.insert().values(key=word, value="kept"))
        if "bad" in word:
            raise ValueError(word)
    return [word.upper() for word in words]


async def pragma(database: Database, name: str) -> list[object]:
    """The setting on the connection that writes, and on one that reads."""

    def ask(connection: Any) -> object:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    return [await database.write(ask), await database.read(ask)]


async def test_sqlite_flushes_every_commit_and_readers_do_not_stop_the_writer(sqlite_store_url: str) -> None:
    database = Database(sqlite_store_url)
    assert await pragma(database, "journal_mode") == ["wal", "wal"]
    assert await pragma(database, "synchronous") == [2, 2]  # FULL
    assert await pragma(database, "foreign_keys") == [1, 1]
    await database.close()


async def test_postgresql_flushes_every_commit(postgres_store_url: str) -> None:
    database = Database(postgres_store_url)
    ask = "SELECT current_setting('synchronous_commit')"
    assert await database.write(lambda connection: connection.exec_driver_sql(ask).scalar_one()) == "on"
    await database.close()


async def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="bad"):
        await store.database.write(keep, ["good", "bad"])
    assert await rows(store, SettingRow, "key") == []


async def test_a_read_sees_one_moment(store: Store, open_store: Open) -> None:
    """On both engines: what is committed between two statements of a read is not half seen."""

    def look(connection: Any) -> str:
        value: str = connection.execute(_settings.select()).one().value
        return value

    await store.remember("a", "1")
    other = open_store()
    if store.database.is_sqlite:
        with store.database.engines[1].connect() as connection:
            assert look(connection) == "1"
            await other.remember("a", "2")
            assert look(connection) == "1"
    else:
        async with store.database._reader.connect() as asynchronous:
            assert await asynchronous.run_sync(look) == "1"
            await other.remember("a", "2")
            assert await asynchronous.run_sync(look) == "1"
    assert await store.recall("a") == "2"


async def test_writers_in_one_process_and_in_several_all_get_their_turn(
    store: Store, open_store: Open
) -> None:
    await store.remember("sum", "0")

    def add(connection: Any) -> None:
        query = _settings.select().with_for_update()
        value = int(connection.execute(query).one().value)
        connection.execute(_settings.update().values(value=str(value + 1)))

    stores = [store, open_store(), open_store()]
    await asyncio.gather(*(one.database.write(add) for one in stores * 20))
    assert await store.recall("sum") == "60"


async def test_a_caller_that_goes_away_leaves_the_database_usable(store: Store) -> None:
    for number in range(20):
        task = asyncio.create_task(store.remember(f"gone {number}", "x"))
        for _ in range(number):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(store.remember("after", "all"), 20)
    assert await store.recall("after") == "all"


async def test_concurrent_callers_share_a_commit(store_url: str) -> None:
    database = Counting(store_url)
    group = GroupCommit(database, keep)
    words = [f"word {number}" for number in range(100)]
    database.go.clear()  # the first transaction takes its time, and meanwhile the others gather
    submitted = [asyncio.create_task(group.submit(word)) for word in words]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    late = [asyncio.create_task(group.submit(f"late {number}")) for number in range(100)]
    await asyncio.sleep(0)
    database.go.set()
    assert await asyncio.gather(*submitted) == [word.upper() for word in words]
    await asyncio.gather(*late)
    assert database.transactions == 2
    assert await group.submit("alone") == "ALONE"
    assert database.transactions == 3
    await database.close()


async def test_a_group_is_never_larger_than_allowed(store_url: str) -> None:
    database = Counting(store_url)
    group = GroupCommit(database, keep, most=10)
    await asyncio.gather(*(group.submit(f"word {number}") for number in range(95)))
    assert database.transactions == 10
    await database.close()


async def test_a_bad_item_harms_only_itself(store_url: str) -> None:
    database = Counting(store_url)
    group = GroupCommit(database, keep)
    words = ["a", "bad", "b", "a", "c"]  # the second "a" breaks the table's own rule
    results = await asyncio.gather(*(group.submit(word) for word in words), return_exceptions=True)
    assert [results[0], results[2], results[4]] == ["A", "B", "C"]
    assert isinstance(results[1], ValueError)
    assert type(results[3]).__name__ == "IntegrityError"
    assert await group.submit("afterwards") == "AFTERWARDS"
    store = Store(database)
    assert [row.key for row in await rows(store, SettingRow, "key")] == ["a", "afterwards", "b", "c"]
    await database.close()


async def test_a_caller_that_goes_away_does_not_stop_the_group(store_url: str) -> None:
    database = Counting(store_url)
    group = GroupCommit(database, keep)
    database.go.clear()
    gone, stays = (asyncio.create_task(group.submit(word)) for word in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    database.go.set()
    assert await stays == "STAYS"
    assert {row.key for row in await rows(Store(database), SettingRow, "key")} == {"gone", "stays"}
    await database.close()


async def test_a_database_that_is_away_is_everybodys_error_at_once() -> None:
    database = Counting("postgresql://nobody@127.0.0.1:1/nothing")
    group = GroupCommit(database, keep)
    results = await asyncio.gather(
        *(group.submit(str(number)) for number in range(50)), return_exceptions=True
    )
    assert all(isinstance(one, OSError) for one in results)
    assert database.transactions == 1
    await database.close()


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("sqlite:///shop.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@host/name", "postgresql+asyncpg"),
        ("postgresql+psycopg://host/name", "postgresql+asyncpg"),
    ],
)
def test_an_address_gets_its_async_driver(text: str, driver: str) -> None:
    assert database_url(text).drivername == driver


@pytest.mark.parametrize("text", ["mysql://host/name", "nonsense", "", "sqlite"])
def test_another_database_is_refused_by_name(text: str) -> None:
    with pytest.raises(DatabaseError, match="sqlite:///"):
        database_url(text)


async def test_the_folder_of_a_new_file_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/folder/shop.db")
    assert (tmp_path / "new" / "folder").is_dir()
    await database.close()


@given(st.integers(-(10**15), 10**16))
def test_a_moment_is_kept_to_the_microsecond(microseconds: int) -> None:
    moment = (EPOCH + timedelta(microseconds=microseconds)).astimezone(timezone(timedelta(hours=5)))
    kept = Instant().process_bind_param(moment, NO_DIALECT)
    assert kept == microseconds
    assert Instant().process_result_value(kept, NO_DIALECT) == moment


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        Instant().process_bind_param(EPOCH.replace(tzinfo=None), NO_DIALECT)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_an_amount_is_kept_to_the_cent(amount: Decimal) -> None:
    kept = Money().process_bind_param(amount, NO_DIALECT)
    assert Money().process_result_value(kept, NO_DIALECT) == amount
