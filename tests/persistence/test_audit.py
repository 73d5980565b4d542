"""The audit log: nothing in it can be changed unnoticed, whoever writes at the same time."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.audit import Entry, Filter, _hash
from persistence.store import Store
from tests.persistence.conftest import Open
from tests.persistence.world import T0, at

UNLOCK = {
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    "postgresql": ("ALTER TABLE audit DISABLE TRIGGER USER",),
}
LOCK = {"sqlite": (), "postgresql": ("ALTER TABLE audit ENABLE TRIGGER USER",)}


async def run(store: Store, *statements: str) -> None:
    await store.database.write(
        lambda connection: [connection.exec_driver_sql(one) for one in statements] and None
    )


async def write(store: Store, n: int) -> None:
    for i in range(n):
        await store.audit.note(Entry("account:1", f"did.{i % 2}", f"thing:{i}", {"n": i}), at(i))


async def test_lines_are_chained_and_verified(store: Store) -> None:
    assert (await store.audit.verify()).lines == 0
    await write(store, 5)
    verdict = await store.audit.verify()
    newest = (await store.audit.lines(Filter()))[0]
    assert (verdict.lines, verdict.broken_at, verdict.head) == (5, None, newest.hash)
    assert (newest.id, newest.actor, newest.subject, newest.detail, newest.at) == (
        5,
        "account:1",
        "thing:4",
        {"n": 4},
        at(4),
    )


async def test_lines_can_be_narrowed_and_paged(store: Store) -> None:
    await write(store, 7)
    assert await store.audit.actions() == ["did.0", "did.1"]
    of_one = await store.audit.lines(Filter(action="did.1"))
    assert [line.id for line in of_one] == [6, 4, 2]
    assert await store.audit.lines(Filter(actor="account:2")) == []
    first = await store.audit.lines(Filter(), 3)
    second = await store.audit.lines(Filter(before=first[-1].id), 3)
    assert [line.id for line in first + second] == [7, 6, 5, 4, 3, 2]
    assert [line.id for line in await store.audit.after(5)] == [6, 7]


async def test_the_database_refuses_to_change_the_log(store: Store) -> None:
    await write(store, 2)
    refused = ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE id = 2"]
    for statement in refused if store.database.is_sqlite else [*refused, "TRUNCATE audit"]:
        with pytest.raises(Exception, match="append-only"):
            await run(store, statement)
    assert (await store.audit.verify()).lines == 2


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit SET actor = 'account:2' WHERE id = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE id = 1", 1),
        ("UPDATE audit SET detail = '{}' WHERE id = 4", 4),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("DELETE FROM audit WHERE id = 1", 2),
    ],
)
async def test_who_gets_around_the_triggers_breaks_the_chain(
    store: Store, statement: str, broken_at: int
) -> None:
    await write(store, 5)
    engine = "sqlite" if store.database.is_sqlite else "postgresql"
    await run(store, *UNLOCK[engine], statement, *LOCK[engine])
    assert (await store.audit.verify()).broken_at == broken_at


async def test_many_who_write_at_once_make_one_chain(open_store: Open) -> None:
    stores = [open_store() for _ in range(3)]
    await asyncio.gather(
        *(stores[n % 3].audit.note(Entry(f"account:{n}", "did", "", {}), T0) for n in range(30))
    )
    verdict = await stores[0].audit.verify()
    assert (verdict.lines, verdict.broken_at) == (30, None)


FIELDS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 9),
        "at": st.sampled_from([at(0), at(1)]),
        **{name: st.text(max_size=3) for name in ("actor", "action", "subject", "detail", "previous")},
    }
)


@given(FIELDS, FIELDS)
def test_different_lines_have_different_hashes(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (_hash(**one) == _hash(**other)) == (one == other)
