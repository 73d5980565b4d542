"""The desk's pages say what becomes of a conversation, and tell of every status, alarm and key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

from bot.web.desk import SHORTCUTS
from dialogs.handoff import (
    STATUSES,
    Action,
    Assigned,
    BuyerWrote,
    Claimed,
    Escalated,
    Looked,
    PhoneLeft,
    PhoneSpoke,
    Prioritised,
    Promised,
    Refusal,
    Released,
    Replied,
    Resolved,
    Returned,
    Snoozed,
    Thread,
    Times,
    TookBack,
    step,
)
from tests.test_docs import DOCS, code, explained, text_of

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SOON = NOON + timedelta(hours=1)
TIMES = Times(NOON, goal=SOON, quiet=SOON)
OWED = Thread("agent", "agent", 7, answer_by=SOON, waiting_since=NOON)
THREADS: dict[str, Thread] = {
    "`bot`": Thread(),
    "`waiting`": replace(OWED, status="waiting", assignee=None),
    "`agent`": OWED,
    "`snoozed`": replace(OWED, status="snoozed", snoozed_until=SOON),
    "`pending`": Thread("pending", "agent", 7, quiet_at=SOON),
    "`resolved`": Thread("resolved", "bot", 7),
    "`agent`, phone": replace(OWED, floor="phone", assignee=None, quiet_at=SOON),
    "`pending`, phone": Thread("pending", "phone", quiet_at=SOON),
}
ACTIONS: dict[str, Action] = {
    "`Escalated`": Escalated(),
    "`Claimed`": Claimed(7),
    "`Claimed` by others": Claimed(8),
    "`Claimed` by others, over": Claimed(8, over=True),
    "`Assigned` to somebody": Assigned(8),
    "`Assigned` to a team or nobody": Assigned(team=3),
    "`Released`": Released(),
    "`Replied`": Replied(7),
    "`TookBack`": TookBack(SOON),
    "`Snoozed`": Snoozed(SOON),
    "`Prioritised`": Prioritised(1),
    "`Resolved`": Resolved(),
    "`Returned`": Returned(),
    "`BuyerWrote`": BuyerWrote(),
    "`PhoneSpoke`": PhoneSpoke(),
    "`PhoneLeft`": PhoneLeft(),
    "`Promised`": Promised(SOON + timedelta(hours=1)),
    "`Looked`, nothing due": Looked(),
}


def outcome(thread: Thread, action: Action) -> str:
    """What a cell of the table says."""
    result = step(thread, action, TIMES)
    if isinstance(result, Refusal):
        return f"*{result.why}*"
    after = result.thread
    if after == thread:
        return "·"
    return f"`{after.status}`{', phone' if after.floor == 'phone' else ''}"


def test_the_desks_table_says_what_becomes_of_a_conversation() -> None:
    assert {type(action) for action in ACTIONS.values()} == set(get_args(Action))
    wanted = [
        f"| {' | '.join([name, *(outcome(thread, action) for thread in THREADS.values())])} |"
        for name, action in ACTIONS.items()
    ]
    lines = text_of(DOCS / "desk.md").splitlines()
    start = lines.index(f"| action | {' | '.join(THREADS)} |") + 2
    assert lines[start : start + len(wanted)] == wanted
    assert not lines[start + len(wanted)].startswith("|")


def test_the_desks_page_explains_every_status_and_alarm() -> None:
    assert {*STATUSES, "erased"} <= explained(DOCS / "desk.md")
    assert {"near", "broken", "waiting", "mention", "failed"} <= code(DOCS / "desk.md")


def test_the_agents_page_tells_of_every_key() -> None:
    keys_of_pages = {"↵": "Enter"}
    wanted = {
        keys_of_pages.get(key, key) for group in SHORTCUTS.values() for keys, _ in group for key in keys
    }
    assert sorted(wanted - explained(DOCS / "schreibtisch.md")) == []
