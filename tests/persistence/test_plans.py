"""In a shop that has been open for years, no statement of the daily work reads a whole table."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dialogs.messages import Tap
from persistence import database as sql
from persistence.identity import Bond
from persistence.outbox import Settlement
from persistence.records import Effects, NewReminder
from persistence.store import Store
from persistence.tables import (
    BindingRow,
    Buyer,
    ContactRow,
    Conversation,
    EntryLinkRow,
    InboxRow,
    ItemRow,
    MilestoneRow,
    NoticeRow,
    OrderRow,
    OutboxRow,
    ParcelRow,
    PayloadRow,
    ReminderRow,
    TurnRow,
    table,
)
from tests.persistence.world import (
    T0,
    accept,
    at,
    echo,
    event,
    happened,
    mark,
    outcome,
    person,
    say,
    shop,
    snapshot,
    text,
)

MANY = 2000
# A batch (rows_in) is read whole, as it should be.
_SELECTS_OF_ALL = re.compile(r"\bSCAN (?!CONSTANT ROW|\d+ CONSTANT|rows_in)(\w+)|Seq Scan on (\w+)")


def _history(n: int) -> dict[type[Any], dict[str, Any]]:
    """What one conversation of long ago has left in each table."""
    moment = T0 - timedelta(days=1, seconds=n)
    when = {"created_at": moment}
    place = {"conversation_id": n}
    return {
        Buyer: {"id": n, "external_id": f"old{n}", "email": f"old{n}@example.org", **when},
        Conversation: {
            "id": n, "channel": "whatsapp", "account": "shop", "address": f"old{n}", "version": 1, **when,
        },
        ContactRow: {"channel": "whatsapp", "account": "shop", "external_id": f"old{n}", **place, **when},
        InboxRow: {
            "source": "whatsapp", "external_id": f"old{n}", "kind": "text", "at": moment,
            "received_at": moment, "due_at": moment, "event": "{}", "status": "done", **place,
            "lane": ("message", "receipt", "shop", "notice")[n % 4],
        },
        TurnRow: {"version": 1, "at": moment, **place},
        OutboxRow: {
            "turn": 1, "seq": 0, "outgoing": "{}", "status": "sent", "due_at": moment, "external_id": f"x{n}",
            "delivery": "read", **place, **when,
        },
        PayloadRow: {"key": f"~{n}", "payload": "p"},
        ReminderRow: {"name": "r", "due_at": moment, "status": "fired", **place, **when},
        OrderRow: {
            "id": f"old{n}", "number": f"#old{n}", "placed_at": moment, "described_at": moment, "buyer_id": n,
        },
        ItemRow: {
            "order_id": f"old{n}", "position": 0, "sku": "", "title": "", "quantity": 1, "price": Decimal(1),
        },
        ParcelRow: {"order_id": f"old{n}", "number": "P", "told_at": moment},
        MilestoneRow: {"order_id": f"old{n}", "what": "paid", "at": moment},
        EntryLinkRow: {"code": f"OLD{n}", "order_id": f"old{n}", "expires_at": moment, **when},
        BindingRow: {"order_id": f"old{n}", "bound_at": moment, **place},
        NoticeRow: {"topic": "t", "at": moment},
    }  # fmt: skip


def _fill(connection: Any) -> None:
    past = [_history(n) for n in range(1, MANY + 1)]
    for model in past[0]:
        connection.execute(table(model).insert(), [rows[model] for rows in past])
    long_talk = [past[6][InboxRow] | {"external_id": f"talk{n}", "lane": "message"} for n in range(MANY)]
    connection.execute(table(InboxRow).insert(), long_talk)
    if connection.dialect.name == "postgresql":
        for name in ("buyers", "conversations"):
            connection.exec_driver_sql(f"SELECT setval('{name}_id_seq', {MANY})")
        connection.exec_driver_sql("ANALYZE")  # as autovacuum does; nobody does it for SQLite


async def _work_of_a_day(store: Store) -> None:
    who = person("anna", "DE.1")
    await accept(store, text("m1", 0, who), text("m2", 1, person("old7")))
    await shop(store, happened("paid", 0, order=snapshot()), happened("shipped", 1))
    await store.identity.add_links({"A": "1"}, at(0), at(99))
    await store.identity.look_up("A", 1, at(1))
    for turn in await store.turns.claim(at(2), 10):
        effects = Effects(reminders=(NewReminder("r", at(3)),), release=True, cancelled=("old",))
        if turn.address == "anna":
            effects = Effects(bound=(Bond("A", "1"),), unsent=("m1",), handoff=None, floor="human")
        assert await store.turns.commit(outcome(turn, 2, say("a", speaker="agent"), "b", effects=effects))
    assert await store.reminders.fire(at(4)) == 1
    await store.reminders.next_due()
    for number, row in enumerate(await store.outbox.claim(at(4), 10)):
        hold = timedelta(seconds=1)
        await store.outbox.settle(Settlement(row, "sent", at(4), external_id=f"new{number}", hold=hold))
        await store.outbox.known_ids(row.conversation_id, ["x", "y"])
    await accept(
        store,
        mark("read", "r1", person("anna"), message_id="new0"),
        mark("read", "r2", person("old7"), reference=f"nk-{MANY + 1}"),
        mark("read", "r3", person("old7"), watermark=at(9)),
        echo("new0", 5),
        event(Tap("~5"), "t1", 6),
        now=6,
    )
    await store.receipts.apply(at(7))
    await shop(store, happened("delivered", 8), now=8)
    claimed = await store.turns.claim(at(9), 10)
    assert len(claimed) == 2
    await store.orders.of_conversations([turn.conversation_id for turn in claimed])
    assert await store.orders.find("1")
    assert await store.orders.find("#old9")
    await store.turns.put_back(claimed[0], at(10), counts=True)
    await store.file_notices(at(9))
    await store.backlog(at(9))
    await store.identity.unbind("1", at(10))


async def test_no_statement_of_the_daily_work_reads_a_whole_table(store: Store) -> None:
    await store.database.write(_fill)
    seen: dict[str, Any] = {}

    def note(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.setdefault(statement, parameters[0] if executemany else parameters)

    events: Any = vars(sql)["event"]  # the library's own, by way of the module that keeps SQL
    for engine in store.database.engines:
        events.listen(engine, "before_cursor_execute", note)
    await _work_of_a_day(store)
    for engine in store.database.engines:
        events.remove(engine, "before_cursor_execute", note)
    assert len(seen) > 40

    explain = "EXPLAIN QUERY PLAN " if store.database.is_sqlite else "EXPLAIN "

    def plans(connection: Any) -> dict[str, str]:
        return {
            statement: "\n".join(
                str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)
            )
            for statement, parameters in seen.items()
        }

    found = await store.database.write(plans)
    turns = "\n".join(plan for statement, plan in found.items() if "UPDATE conversations" in statement)
    assert "ix_inbox_history" not in turns, "a turn reads all that the person ever wrote"
    whole = {statement: plan for statement, plan in found.items() if _SELECTS_OF_ALL.search(plan)}
    assert not whole, "\n\n".join(f"{statement}\n{plan}" for statement, plan in whole.items())
    used = "\n".join(found.values())
    for index in (
        "ix_conversations_due", "ix_inbox_conversation", "ix_inbox_lane", "ix_outbox_due", "ix_outbox_parked",
        "ix_reminders_due",
    ):  # fmt: skip
        assert index in used
    if store.database.is_sqlite:  # PostgreSQL sees how few are open and takes another way
        assert "ix_outbox_open" in used
