"""Whatever the desk asks for is found by an index: measured on a shop of one year, only smaller."""

import re
from datetime import timedelta
from typing import Any

from persistence.store import Store
from tests.benchmarks.desk import deep, queries
from tests.benchmarks.desk_seed import NOW, Scale, seed
from tests.persistence.world import statements

SCALE = Scale(conversations=1500, longest=1500)

# Temporary results are read whole, and the newest few thousand texts of the search on purpose; FTS5 says
# SCAN of its index, too. What agents have made themselves (labels, presence) is never much.
_READ_WHOLE = re.compile(
    r"\bSCAN (?!CONSTANT ROW|\d+ CONSTANT|anon_\d+|d\b|\(?subquery|search_docs$|\w+ VIRTUAL TABLE)(\w+.*)"
    r"|Seq Scan on (\w+)",
    re.MULTILINE,
)
_BIG = re.compile(
    r"conversations|inbox|outbox|turns|handoffs|orders|buyers|search|desk_events|notes|bindings"
)


async def test_no_page_of_the_desk_reads_a_whole_table(store: Store) -> None:
    await store.database.write(seed, SCALE)
    found = queries(await deep(store, 2))
    assert len(found) > 30
    with statements(store) as ran:
        for query in found.values():
            for number in range(2):
                await query(store, number)
        assert [
            line
            async for line in store.reports.conversations(NOW - timedelta(days=40), NOW - timedelta(days=39))
        ] != []
    seen: dict[str, Any] = {
        statement: parameters for statement, parameters in ran if statement.startswith(("SELECT", "WITH"))
    }
    assert len(seen) > 60
    sqlite = store.database.is_sqlite
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "

    def plans(connection: Any) -> dict[str, str]:
        if not sqlite:
            connection.exec_driver_sql("ANALYZE")
            # So small a shop is read whole more cheaply; what is asked here is whether an index is there.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return {
            statement: "\n".join(
                str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)
            )
            for statement, parameters in seen.items()
        }

    shown = await store.database.write(plans)
    whole = {
        statement: plan
        for statement, plan in shown.items()
        if any(_BIG.search("".join(one)) for one in _READ_WHOLE.findall(plan))
    }
    assert not whole, "\n\n".join(f"{statement}\n{plan}" for statement, plan in whole.items())
    used = "\n".join(shown.values())
    for index in (
        "ix_conversations_desk", "ix_conversations_status", "ix_inbox_history", "ix_inbox_marks",
        "ix_outbox_history", "ix_outbox_failed", "ix_handoffs_conversation_id", "ix_conversations_created_at",
    ):  # fmt: skip
        assert index in used, index
    if sqlite:
        assert used.count("VIRTUAL TABLE") >= 2
    else:
        assert "ix_search_docs_words" in used
        assert "ix_search_people_words" in used
