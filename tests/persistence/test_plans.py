"""In a shop that has been open for years, no statement of the daily work reads a whole table."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dialogs.messages import Attachment, Media, Tap
from dialogs.records import Braked, HandedOver, Mailed, Offered, Preferred, Reminder
from persistence.consents import NewConsent
from persistence.identity import Bond
from persistence.media import NewMedia
from persistence.outbox import Fate, Settlement
from persistence.records import Effects, NewHandoff, Relied
from persistence.reminders import NewReminder
from persistence.retention import Keep
from persistence.store import Store
from persistence.tables import (
    BindingRow,
    Buyer,
    ContactRow,
    Conversation,
    CorrectionRow,
    EntryLinkRow,
    HandoffRow,
    InboxRow,
    ItemRow,
    MilestoneRow,
    NoteRow,
    NoticeRow,
    OrderRow,
    OutboxRow,
    ParcelRow,
    PayloadRow,
    RatingRow,
    ReminderRow,
    TurnRow,
    table,
)
from persistence.tables_desk import (
    AgentNoteRow,
    AlarmRow,
    DeskEventRow,
    DraftRow,
    PresenceRow,
    ServiceRequestRow,
)
from persistence.tables_journeys import (
    BrakeRow,
    ConsentRow,
    MailRow,
    OfferRow,
    OrderTagRow,
    PreferenceRow,
    ScriptRow,
    TouchpointRow,
)
from persistence.tables_media import MediaRow, MessageMediaRow
from persistence.tables_search import SearchDocRow, SearchPersonRow
from persistence.tables_telegram import TelegramPostRow
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
    statements,
    text,
    touch,
    unasked,
)

MANY = 2000
# A batch (rows_in) is read whole, as it should be.
# A shop has a handful of teams, and the program of settings: they are read whole, too.
_SELECTS_OF_ALL = re.compile(
    r"\bSCAN (?!CONSTANT ROW|\d+ CONSTANT|rows_in|teams|settings)(\w+)|Seq Scan on (?!teams|settings)(\w+)"
)


def _history(n: int) -> dict[type[Any], dict[str, Any]]:
    """What one conversation of long ago has left in each table."""
    moment = T0 - timedelta(days=1, seconds=n)
    when = {"created_at": moment}
    place = {"conversation_id": n}
    return {
        Buyer: {"id": n, "external_id": f"old{n}", "email": f"old{n}@example.org", **when},
        Conversation: {
            "id": n, "channel": "whatsapp", "account": "shop", "address": f"old{n}", "version": 1,
            "buyer_id": n, **when,
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
        HandoffRow: {"reason": "r", "at": moment, "resolved_at": moment, **place},
        ConsentRow: {"purpose": "all", "action": "given", "allowed": True, "at": moment, **place},
        TouchpointRow: {
            "buyer_id": n, "key": f"tip:old{n}", "flow": "tip", "purpose": "service", "fate": "sent",
            "order_id": f"old{n}", "at": moment, "sent_at": moment, **place, **when,
        },
        OrderTagRow: {"order_id": f"old{n}", "tag": "t", "at": moment},
        CorrectionRow: {
            "key": f"k{n}", "inbox_id": n, "text": "t", "language": "de", "intent": "yes", "mood": "neutral",
            "handoff": False, "at": moment, **place,
        },
        PreferenceRow: {"name": "n", "value": "v", "at": moment, **place},
        OfferRow: {"flow": "f", "code": "c", "percent": 1, "until": moment, "at": moment, **place},
        BrakeRow: {"reason": "r", "since": moment, "lifted_at": moment, **place},
        MailRow: {
            "key": f"tip:old{n}", "flow": "tip", "purpose": "service", "status": "sent", "due_at": moment,
            **place, **when,
        },
        MediaRow: {
            "type": "image", "mime": "image/png", "sha256": "s", "size": 1, "body": b"x", **place, **when,
        },
        MessageMediaRow: {
            "inbox_id": n, "position": 0, "media_id": n, "status": "stored", "due_at": moment,
        },
        SearchDocRow: {"kind": "i", "ref": n, "at": moment, "words": f"wort{n}", **place},
        SearchPersonRow: {"words": f"anna{n}", **place},
        DraftRow: {"account_id": 1, "text": "t", "at": moment if n < 9 else T0, **place},
        PresenceRow: {"account_id": 1, "seen_at": moment if n < 9 else T0, **place},
        AgentNoteRow: {"author": "account:1", "text": "t", "at": moment, **place},
        NoteRow: {"topic": "t", "text": "t", "at": moment, **place},
        RatingRow: {"score": 5, "comment": "t", "at": moment, **place},
        DeskEventRow: {
            "kind": "replied", "actor": "account:1", "detail": '{"typed":"t"}', "at": moment, **place,
        },
        AlarmRow: {"kind": "failed", "key": f"k{n}", "at": moment, **place},
        ServiceRequestRow: {
            "kind": "refund", "status": "done", "detail": '{"note":"t"}', "by": "bot", "at": moment,
            "done_at": moment, **place,
        },
        TelegramPostRow: {
            "chat": "c", "kind": "words", "text": "t", "status": "sent", "due_at": moment, **when,
        },
        ScriptRow: {"flow": f"f{n % 40}", "version": f"v{n}", "text": "t", "published_at": moment},
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
            effects = Effects(bound=(Bond("A", "1"),), unsent=("m1",), handoff=None, acts=("phone",))
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
    await _journeys_of_a_day(store)
    await _files_of_a_day(store)
    await _forgetting_of_a_day(store)
    await store.identity.unbind("1", at(20))


async def _journeys_of_a_day(store: Store) -> None:
    """What is said unasked, where it goes, and what forbids it."""
    await accept(store, text("j1", 10, person("old7")), now=10)
    [turn] = await store.turns.claim(at(10), 10)
    await store.journeys.of([turn.conversation_id, turn.conversation_id + 1], at(10))
    effects = Effects(
        touched=(touch("tip:1"), touch("tip:2"), touch("mail:1", "mailed")),
        journey=Relied(7, 0),
        brakes=(Braked("mood"),),
        preferences=(Preferred("n", "v"),),
        offers=(Offered("C", 10, (), at(99), "f"),),
        mails=(Mailed("mail:1", "mail", "service", "1"), Mailed("mail:2", "mail", "service", "1")),
        handed=(HandedOver(turn.conversation_id, Reminder("handed", at(99))),),
    )
    said = (unasked("one", "tip:1"), unasked("two", "tip:2"), unasked("three", "tip:3"))
    assert await store.turns.commit(outcome(turn, 10, *said, effects=effects))
    fates: list[Fate] = ["sent", "parked"]
    while fates:
        for row in await store.outbox.claim(at(14), 10):
            fate = fates.pop(0) if row.touchpoint else "sent"
            await store.outbox.settle(Settlement(row, fate, at(14)))
    first, second = await store.mails.claim(at(11), 10)
    await store.mails.settle(first, "failed", at(12))
    await store.mails.settle(second, "sent", at(12))
    await store.mails.next_due()
    await store.outbox.claim(at(14), 10)
    await accept(store, text("j2", 13, person("old7")), now=13)
    [turn] = await store.turns.claim(at(13), 10)
    for now, purpose in ((15, "offers"), (16, "all")):
        effects = Effects(
            consents=(NewConsent(purpose, "withdrawn"),), brakes=(Braked("mood", on=False),), release=True,
            handoff=NewHandoff("r"),
        )  # fmt: skip
        assert await store.turns.commit(outcome(turn, now, effects=effects))
        assert await store.handoffs.hand_back(turn.conversation_id, at(now), solved=True)
        [turn] = await store.turns.claim(at(now + 0.5), 10)
    await store.scripts.publish({"f1": ("new", "t")}, at(15))
    await store.scripts.version("f1", "new")


async def _files_of_a_day(store: Store) -> None:
    """What people have sent is fetched, shown and taken back."""
    photos = (Attachment("image", media_id="1"), Attachment("image", media_id="2"))
    await accept(store, event(Media(photos), "p1", 17, person("old9")), now=17)
    await store.media.enlist(at(16), at(17))
    one, two = await store.media.claim(at(17), 10)
    media_id = await store.media.stored(one, NewMedia("image", "image/png", b"x"), at(18))
    assert media_id is not None
    await store.media.again(two, at(19))
    await store.media.of([one.inbox_id, 7])
    await store.media.find(media_id)
    await store.media.read(media_id, 0, 1)
    [turn] = await store.turns.claim(at(18), 10)
    assert await store.turns.commit(outcome(turn, 18, effects=Effects(unsent=("p1",))))
    await store.media.forget(at(-99_999_999))


async def _forgetting_of_a_day(store: Store) -> None:
    """Old words go, and those of a conversation in hand once it is free."""
    keep = Keep(1, 1, 1, 1, 1, 1, 1, 1)
    for now in (at(20), at(20), at(999_999)):  # then those who were heard today are free
        await store.retention.sweep(keep, now, 5)
        await store.retention.tidy(keep, at(20), 500)


async def test_no_statement_of_the_daily_work_reads_a_whole_table(store: Store) -> None:
    await store.database.write(_fill)
    with statements(store) as ran:
        await _work_of_a_day(store)
    seen: dict[str, Any] = {}
    for statement, parameters in ran:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.setdefault(statement, parameters)
    assert len(seen) > 70

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
        "ix_reminders_due", "ix_touchpoints_buyer_id", "ix_mails_due", "ix_outbox_touchpoint",
        "uq_brakes_held", "ix_inbox_media", "ix_message_media_due", "ix_media_created_at",
    ):  # fmt: skip
        assert index in used
    if store.database.is_sqlite:  # PostgreSQL sees how few are open and takes another way
        assert "ix_outbox_open" in used
