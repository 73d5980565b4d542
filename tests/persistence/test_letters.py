"""Of each alarm everybody concerned hears once, whoever is on duty and wants to; of what is over nobody."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from persistence.desk_events import ring
from persistence.letters import STALE, Post
from persistence.store import Store
from persistence.tables import Conversation, HandoffRow, InboxRow, NoticeRow, table
from persistence.tables_desk import AlarmRow, TeamMemberRow
from persistence.tables_letters import LetterRow
from persistence.tables_media import MessageMediaRow
from persistence.tables_people import AccountRow
from tests.persistence.world import at, hear, only, rows, statements

PEOPLE: dict[str, dict[str, Any]] = {
    "owner": {"id": 1, "role": "owner"},
    "anna": {"id": 2, "role": "agent", "language": "en"},
    "ben": {"id": 3, "role": "agent"},
    "viewer": {"id": 4, "role": "viewer"},
    "absent": {"id": 5, "role": "agent", "absent_until": at(10_000)},
    "gone": {"id": 6, "role": "agent", "disabled_at": at(0)},
    "quiet": {"id": 7, "role": "agent", "mail_alarms": False},
    "back": {"id": 8, "role": "agent", "absent_until": at(0)},
}
IDS: Mapping[int, str] = {one["id"]: name for name, one in PEOPLE.items()}


async def insert(store: Store, model: Any, **values: Any) -> None:
    await store.database.write(lambda connection: connection.execute(table(model).insert().values(values)))


@pytest.fixture(autouse=True)
async def desk(store: Store) -> None:
    """People, and a conversation that waits."""
    for name, one in PEOPLE.items():
        email = f"{name}@shop.example"
        await insert(
            store, AccountRow, **{"name": name, "email": email, "password": "", "created_at": at(0)} | one
        )
    await hear(store, "hallo")
    await change(store, status="waiting", answer_by=at(600))
    await insert(
        store, HandoffRow, conversation_id=1, reason="setup", why="defect", at=at(0), promised_at=at(600)
    )


async def change(store: Store, **values: Any) -> None:
    rows_of = table(Conversation)
    await store.database.write(lambda connection: connection.execute(rows_of.update().values(values)))


async def alarm(store: Store, kind: str = "near", now: float = 1, key: str = "k", **detail: Any) -> None:
    """An alarm about the conversation."""
    told = {"answer_by": at(600).isoformat()} if kind in {"near", "broken"} else {}
    await store.database.write(
        lambda connection: ring(connection, kind, key, at(now), conversation_id=1, detail=told | detail)
    )


async def posts(store: Store, now: float = 2) -> list[Post]:
    """The letters that are due, once alarms have been addressed."""
    await store.letters.address(at(now))
    return await store.letters.claim(at(now), 100)


async def told(store: Store, now: float = 2) -> set[str]:
    return {IDS[one.account_id] for one in await posts(store, now)}


EVERYBODY = {"owner", "anna", "ben", "back"}


async def test_an_alarm_of_nobodys_thread_goes_to_everybody_on_duty_who_wants_mails(store: Store) -> None:
    await alarm(store)
    assert await told(store) == EVERYBODY
    assert await told(store, 3) == set()


async def test_it_says_where_and_why_and_nothing_of_the_buyer(store: Store) -> None:
    await alarm(store)
    post = next(one for one in await posts(store) if one.account_id == 2)
    assert (post.email, post.language, post.attempts) == ("anna@shop.example", "en", 1)
    news = post.alarm
    assert news is not None
    assert (news.kind, news.channel, news.reason, news.conversation_id) == ("near", "whatsapp", "defect", 1)
    assert (news.answer_by, news.holds) == (at(600), True)


@pytest.mark.parametrize(
    ("kind", "assignee", "expected"),
    [
        ("near", 2, {"anna"}),
        ("broken", 2, {"anna", "owner"}),
        ("near", 5, EVERYBODY),  # who has it is away
        ("failed", 3, {"ben"}),
    ],
)
async def test_who_has_the_thread_is_told(store: Store, kind: str, assignee: int, expected: set[str]) -> None:
    await change(store, assignee_id=assignee, status="agent")
    await alarm(store, kind)
    assert await told(store) == expected


@pytest.mark.parametrize(("kind", "expected"), [("near", {"ben"}), ("broken", {"ben", "owner"})])
async def test_a_teams_alarm_is_the_teams(store: Store, kind: str, expected: set[str]) -> None:
    for account in (3, 5):
        await insert(store, TeamMemberRow, team_id=9, account_id=account)
    await change(store, team_id=9)
    await alarm(store, kind)
    assert await told(store) == expected


async def test_a_mention_is_for_one(store: Store) -> None:
    await alarm(store, "mention", account=3, by=2)
    await alarm(store, "mention", key="k2", account=4, by=2)
    assert await told(store) == {"ben"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("near", {"status": "pending"}),
        ("near", {"answer_by": None}),
        ("near", {"answer_by": at(900)}),
        ("broken", {"status": "resolved"}),
        ("waiting", {"status": "agent"}),
    ],
)
async def test_what_is_over_is_not_mailed(store: Store, kind: str, values: dict[str, Any]) -> None:
    await alarm(store, kind)
    await change(store, **values)
    assert await told(store) == set()
    assert (await only(store, AlarmRow)).mailed_at == at(2)


async def test_what_is_over_before_the_mail_goes_out_says_so(store: Store) -> None:
    await alarm(store)
    await store.letters.address(at(2))
    await change(store, status="pending")
    claimed = await store.letters.claim(at(2), 100)
    assert [one.alarm.holds for one in claimed if one.alarm] == [False] * 4


async def test_near_is_over_once_it_is_broken(store: Store) -> None:
    await alarm(store)
    await alarm(store, "broken", key="b")
    claimed = await posts(store, 601)
    assert {one.alarm.kind for one in claimed if one.alarm} == {"broken"}


async def test_what_somebody_has_put_away_is_not_mailed(store: Store) -> None:
    await alarm(store, "waiting")
    row = await only(store, AlarmRow)
    assert await store.news.put_away(row.id, 2, at(1))
    assert await told(store) == set()


async def test_old_alarms_are_not_told_when_mail_is_set_up_at_last(store: Store) -> None:
    await change(store, answer_by=None)
    await alarm(store, "waiting", now=0)
    late = STALE.total_seconds() + 1
    assert await told(store, late) == set()


async def test_notices_go_to_owners_once_an_hour_for_each_topic(store: Store) -> None:
    for now, topic in ((1, "turn_set_aside"), (2, "turn_set_aside"), (3, "mail_failed"), (4, "erased")):
        await store.notify(topic, {}, at(now))
    claimed = await posts(store, 5)
    assert sorted((IDS[one.account_id], one.topic) for one in claimed) == [
        ("owner", "mail_failed"),
        ("owner", "turn_set_aside"),
    ]
    await store.notify("turn_set_aside", {}, at(6))
    assert await store.letters.address(at(7)) == 0
    hour = timedelta(hours=1).total_seconds()
    await store.notify("turn_set_aside", {}, at(hour + 6))
    assert await told(store, hour + 7) == {"owner"}


async def test_a_notice_that_the_owner_has_seen_is_not_mailed(store: Store) -> None:
    await store.notify("turn_set_aside", {}, at(1))
    [notice] = await store.news.notices()
    assert await store.news.see_notice(notice.id, at(2))
    assert await told(store, 3) == set()


async def test_without_owners_a_notice_is_looked_at_once(store: Store) -> None:
    await change_accounts(store, mail_alarms=False)
    await store.notify("turn_set_aside", {}, at(1))
    await store.letters.address(at(2))
    before = await rows(store, LetterRow)
    assert await store.letters.address(at(3)) == 0
    assert await rows(store, LetterRow) == before


async def change_accounts(store: Store, **values: Any) -> None:
    accounts = table(AccountRow)
    await store.database.write(lambda connection: connection.execute(accounts.update().values(values)))


async def test_a_letter_is_settled_once(store: Store) -> None:
    await change(store, assignee_id=2, status="agent")
    await alarm(store)
    [first] = await posts(store)
    assert await store.letters.next_due() == first.leased_until
    [second] = await posts(store, 100)
    await store.letters.settle(first, "failed")  # its lease had run out
    assert (await only(store, LetterRow)).status == "waiting"
    await store.letters.settle(second, "waiting", due_at=at(200), detail="451")
    assert await posts(store, 199) == []
    [third] = await posts(store, 200)
    assert third.attempts == 3
    await store.letters.settle(first, "sent")  # late, but it went out
    await store.letters.settle(third, "failed")
    assert (await only(store, LetterRow)).status == "sent"


async def test_two_processes_address_an_alarm_once(open_store: Any) -> None:
    one, other = open_store(), open_store()
    await alarm(one)
    await asyncio.gather(one.letters.address(at(2)), other.letters.address(at(2)))
    taken = await asyncio.gather(one.letters.claim(at(2), 2), other.letters.claim(at(2), 10))
    accounts = [post.account_id for posts_of in taken for post in posts_of]
    rest = [post.account_id for post in await one.letters.claim(at(2), 10)]
    assert sorted(accounts + rest) == [1, 2, 3, 8]


async def test_the_group_is_told_once(store: Store) -> None:
    await alarm(store)
    await alarm(store, "mention", key="m", account=3)
    alarms = await store.letters.unposted(at(2))
    assert [one.kind for one in alarms] == ["near", "mention"]
    await store.letters.posted([alarms[0].id], at(2))
    assert [one.kind for one in await store.letters.unposted(at(3))] == ["mention"]
    # Mails are another matter.
    assert await told(store) == EVERYBODY


def _long_ago(n: int) -> dict[Any, dict[str, Any]]:
    """An alarm of long ago with its letter, a notice, and a picture that was fetched."""
    then = at(-100_000 - n)
    done = {"mailed_at": then, "posted_at": then, "seen_at": then}
    picture = {"source": "whatsapp", "kind": "media", "lane": "message", "status": "done", "event": "{}"}
    return {
        AlarmRow: {"kind": "waiting", "key": f"old{n}", "at": then, "conversation_id": 1, **done},
        LetterRow: {
            "key": f"l{n}", "account_id": 1, "alarm_id": n, "status": "sent", "due_at": then,
            "created_at": then,
        },
        NoticeRow: {"topic": "t", "at": then, "seen_at": then},
        InboxRow: {
            **picture, "external_id": f"p{n}", "at": then, "received_at": then, "due_at": then,
            "conversation_id": 1,
        },
        MessageMediaRow: {"inbox_id": n + 1, "position": 0, "status": "stored", "due_at": then},
    }  # fmt: skip


async def test_a_look_every_second_reads_only_what_is_new(store: Store) -> None:
    def fill(connection: Any) -> None:
        past = [_long_ago(n) for n in range(1, 2001)]
        for model in past[0]:
            connection.execute(table(model).insert(), [rows_of[model] for rows_of in past])
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")

    await store.database.write(fill)
    with statements(store) as ran:
        await store.letters.address(at(5))
        await store.letters.claim(at(5), 4)
        await store.letters.unposted(at(5))
        await store.media.enlist(at(0), at(5))
        await store.media.claim(at(5), 4)
    explain = "EXPLAIN QUERY PLAN " if store.database.is_sqlite else "EXPLAIN "

    def plans(connection: Any) -> list[str]:
        asked = [(words, given) for words, given in ran if words.startswith("SELECT")]
        return [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + words, given))
            for words, given in asked
        ]

    found = await store.database.read(plans)
    assert len(found) >= 5
    whole = re.compile(r"(?:\bSCAN |Seq Scan on )(?:alarms|letters|inbox|message_media)\b(?! USING)")
    assert not [plan for plan in found if whole.search(plan)], found
