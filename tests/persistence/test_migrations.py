"""A fresh database, an old one and two impatient processes all end with the same tables."""

import asyncio
from datetime import timedelta

import aiosqlite
import asyncpg

from persistence.database import EPOCH, Database
from persistence.migrate import current, differences, migrate, newest
from persistence.store import Store
from persistence.tables import Buyer, Conversation, HandoffRow, OutboxRow, metadata
from persistence.tables_journeys import ConsentRow
from persistence.tables_search import APART
from tests.persistence.world import T0, only, rows


async def tables_of(url: str) -> set[str]:
    """Asked of the server itself, past the code under test."""
    if url.startswith("sqlite"):
        async with aiosqlite.connect(url.removeprefix("sqlite:///")) as file:
            found = await file.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        connection = await asyncpg.connect(url)
        found = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        await connection.close()
    return {str(row[0]) for row in found} - {"alembic_version", "sqlite_sequence"} - APART


async def test_an_empty_database_gets_every_table_and_a_second_time_changes_nothing(
    database_url: str,
) -> None:
    database = Database(database_url)
    assert await current(database) is None
    for _ in range(2):
        await migrate(database)
        assert await tables_of(database_url) == set(metadata.tables)
        assert await current(database) == newest()
    await database.close()


async def test_the_migrations_make_what_the_classes_say(database_url: str) -> None:
    database = Database(database_url)
    await migrate(database)
    assert await differences(database) == []
    await database.write(lambda connection: connection.exec_driver_sql("DROP INDEX ix_outbox_history"))
    assert len(await differences(database)) == 1  # the comparison can fail
    await database.close()


async def test_processes_that_start_together_migrate_one_after_the_other(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    await asyncio.gather(*(migrate(database) for database in databases))
    assert await tables_of(database_url) == set(metadata.tables)
    assert await differences(databases[0]) == []
    for database in databases:
        await database.close()


async def test_consents_of_the_first_schema_become_lines_of_the_ledger(database_url: str) -> None:
    database = Database(database_url)
    await migrate(database, "0001")
    assert await current(database) == "0001"
    old = """
        INSERT INTO buyers (id, told, created_at) VALUES (5, '{}', 0);
        INSERT INTO conversations (id, channel, account, address, buyer_id, state, version, leased_until,
            attempts, floor, status, reachable, created_at)
        VALUES (7, 'whatsapp', 'shop', 'anna', 5, '{}', 1, 0, 0, 'bot', 'open', true, 0);
        INSERT INTO consents (conversation_id, purpose, allowed, source, at)
        VALUES (7, 'all', false, 'stop bitte', 1), (7, 'all', true, 'doch wieder', 2);
        INSERT INTO outbox (conversation_id, turn, seq, speaker, proactive, outgoing, status, due_at,
            attempts, created_at)
        VALUES (7, 1, 0, 'bot', true, '{}', 'sent', 0, 1, 0)
    """
    await database.write(
        lambda connection: [connection.exec_driver_sql(one) for one in old.split(";")] and None
    )
    await migrate(database)
    assert await differences(database) == []
    store = Store(database)
    lines = await rows(store, ConsentRow)
    assert [(one.action, one.allowed, one.wording) for one in lines] == [
        ("withdrawn", False, "stop bitte"),
        ("given", True, "doch wieder"),
    ]
    assert {(one.channel, one.account, one.buyer_id, one.how, one.message_ids) for one in lines} == {
        ("whatsapp", "shop", 5, "word", "[]")
    }
    assert (await only(store, Buyer)).journey == 0
    assert (await only(store, OutboxRow)).touchpoint == ""
    await store.close()


async def test_conversations_of_before_the_desk_keep_who_has_them(database_url: str) -> None:
    database = Database(database_url)
    await migrate(database, "0004")
    fields = "channel, account, state, version, leased_until, attempts, reachable, created_at"
    values = "'whatsapp', 'shop', '{}', 1, 0, 0, true, 0"
    old = f"""
        INSERT INTO conversations (id, address, floor, status, {fields}) VALUES
            (1, 'bot', 'bot', 'open', {values}), (2, 'phone', 'human', 'open', {values}),
            (3, 'case', 'human', 'waiting', {values}), (4, 'gone', 'human', 'erased', {values});
        INSERT INTO handoffs (conversation_id, reason, evidence, priority, promised_at, at, resolved_at, why)
        VALUES (3, 'angry', '[]', 2, 9000000, 1, NULL, ''), (3, 'old', '[]', 1, 5000000, 0, 2, '')
    """  # noqa: S608 - the words are the test's own
    await database.write(
        lambda connection: [connection.exec_driver_sql(one) for one in old.split(";")] and None
    )
    await migrate(database)
    store = Store(database)
    found = await rows(store, Conversation)
    assert [(row.address, row.status, row.floor) for row in found] == [
        ("bot", "bot", "bot"),
        ("phone", "pending", "phone"),
        ("case", "waiting", "agent"),
        ("gone", "erased", "bot"),
    ]
    case = found[2]
    assert (case.priority, case.answer_by, case.alarmed, case.desk_due_at) == (
        2,
        EPOCH + timedelta(seconds=9),
        2,
        None,
    )
    assert {row.corrected for row in await rows(store, HandoffRow)} == {""}
    await store.close()


async def test_migrating_keeps_what_is_there(store_url: str) -> None:
    store = Store(Database(store_url))
    await store.remember("before", "kept")
    await store.notify("topic", {"n": "1"}, T0)
    await migrate(store.database)
    assert await store.recall("before") == "kept"
    await store.ready()
    await store.close()
