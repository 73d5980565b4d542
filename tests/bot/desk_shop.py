"""A desk on a busy morning, written straight into a store: every kind of row that the queue can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson

from dialogs.messages import Text
from persistence.store import Store
from persistence.tables import (
    BindingRow,
    Buyer,
    ContactRow,
    Conversation,
    HandoffRow,
    InboxRow,
    OrderRow,
    TurnRow,
    table,
)


@dataclass(frozen=True)
class Case:
    """One conversation; in ``owed`` minutes an answer is promised, ``moods`` are the polarities so far."""

    name: str | None
    channel: str = "instagram"
    status: str = "waiting"
    says: str = "Hallo?"
    why: str = ""
    reason: str = "complaint"
    evidence: str = ""
    priority: int = 0
    owed: float | None = 120
    moods: Sequence[float] = ()
    order: tuple[str, str] | None = None
    orders: int = 1
    assignee: int | None = None
    floor: str = "agent"
    heard: float = 5
    snoozed: float | None = None


MORNING: Final[tuple[Case, ...]] = (
    Case(
        "Lena Maier",
        "instagram",
        "waiting",
        "Die Maschine geht schon WIEDER nicht an. Ich habe echt genug!",
        "defect",
        evidence="geht schon WIEDER nicht an",
        priority=2,
        owed=-12.4,
        moods=(0.4, 0.2, -0.1, -0.4, -0.8),
        order=("1042", "129.00"),
        orders=6,
    ),
    Case(
        "Mehmet Yılmaz",
        "whatsapp",
        "waiting",
        "Ich warte seit drei Wochen auf mein Geld",
        "waiting",
        evidence="seit drei Wochen",
        priority=1,
        owed=22,
        moods=(0.0, -0.3, -0.2, -0.6),
        order=("1017", "58.90"),
        orders=3,
    ),
    Case(
        "Sophie Krüger-Lindemann",
        "whatsapp",
        "waiting",
        "Kann ich bitte mit einem Menschen sprechen?",
        "human_request",
        evidence="mit einem Menschen",
        owed=134,
        moods=(0.1, 0.0, 0.1),
        order=("1051", "24.50"),
    ),
    Case(
        "Jonas",
        "telegram",
        "agent",
        "ok, ich schicke gleich ein Foto vom Riss",
        "defect",
        evidence="Riss",
        priority=1,
        owed=61,
        moods=(-0.5, -0.2, 0.2),
        order=("1039", "349.00"),
        assignee=1,
    ),
    Case(None, "instagram", "waiting", "wo bleibt mein paket", "waiting", owed=190, moods=(-0.2,)),
    Case(
        "Anna-Lena von Hohenstein-Oberberg",
        "instagram",
        "waiting",
        "Ihr habt mir die falsche Größe geschickt, und zwar schon zum zweiten Mal in diesem Jahr",
        "wrong_item",
        evidence="die falsche Größe",
        owed=300,
        moods=(0.6, 0.5, -0.3),
        order=("1048", "1289.00"),
        orders=12,
    ),
    Case(
        "Peter",
        "whatsapp",
        "pending",
        "Danke, ich probiere es aus.",
        "defect",
        owed=None,
        moods=(-0.6, -0.1, 0.4),
        assignee=1,
        order=("1033", "45.00"),
        heard=48,
    ),
    Case(
        "Carla Rossi",
        "telegram",
        "snoozed",
        "Morgen kommt der Techniker",
        "complaint",
        owed=1500,
        moods=(-0.3, 0.1),
        assignee=2,
        snoozed=1100,
        heard=95,
    ),
    Case("Uwe", "instagram", "pending", "Alles klar", owed=None, floor="phone", moods=(0.3, 0.5), heard=20),
    Case(
        "Zoë Müller",
        "whatsapp",
        "resolved",
        "Super, vielen Dank!",
        owed=None,
        floor="bot",
        moods=(0.2, 0.9),
        heard=300,
    ),
    Case(
        "Tim",
        "whatsapp",
        "bot",
        "Wie entkalke ich die Maschine?",
        owed=None,
        floor="bot",
        moods=(0.0,),
        heard=2,
    ),
)

HOSTILE: Final[tuple[Case, ...]] = (
    Case(
        "<script>alert(1)</script>",
        says="<img src=x onerror=alert(1)> \"'{{ 7*7 }}",
        why="own",
        reason='<b onmouseover="alert(1)">x</b>',
        evidence='"><svg onload=alert(1)>',
    ),
    Case(
        "\u202egnp.exe\u202c",
        says="a" + "\u0301" * 2000 + "\u200b\u200d\u2066" + "ש" * 200,
        evidence="\u202eabc",
    ),
    Case(" \u200b ", says="x" * 3000),
)


async def fill(store: Store, now: datetime, cases: Sequence[Case] = MORNING, first: int = 1) -> list[int]:
    """Write the cases into the store; return their conversations' ids."""
    return await store.database.write(_fill, now, cases, first)


def _fill(connection: Any, now: datetime, cases: Sequence[Case], first: int) -> list[int]:
    return [_one(connection, number, case, now) for number, case in enumerate(cases, first)]


def _one(connection: Any, n: int, case: Case, now: datetime) -> int:
    heard = now - timedelta(minutes=case.heard)
    buyer = connection.execute(
        table(Buyer).insert().values(external_id=f"desk{n}", created_at=heard).returning(table(Buyer).c.id)
    ).scalar_one()
    at_desk = case.status in {"waiting", "agent", "snoozed", "pending"}
    place: int = connection.execute(
        table(Conversation)
        .insert()
        .values(
            channel=case.channel,
            account="shop",
            address=f"desk{n}",
            buyer_id=buyer,
            name=case.name,
            language="de",
            version=len(case.moods),
            floor=case.floor if at_desk else "bot",
            status=case.status,
            waiting_since=heard if case.status in {"waiting", "agent"} else None,
            assignee_id=case.assignee,
            priority=case.priority,
            heard_at=heard,
            texted_at=heard,
            created_at=now - timedelta(days=20),
            answer_by=None if case.owed is None else now + timedelta(minutes=case.owed),
            alarmed=2 if case.owed is not None and case.owed < 0 else 0,
            snoozed_until=None if case.snoozed is None else now + timedelta(minutes=case.snoozed),
        )
        .returning(table(Conversation).c.id)
    ).scalar_one()
    connection.execute(
        table(ContactRow)
        .insert()
        .values(
            channel=case.channel,
            account="shop",
            external_id=f"desk{n}",
            conversation_id=place,
            created_at=heard,
        )
    )
    connection.execute(
        table(InboxRow)
        .insert()
        .values(
            source=case.channel,
            external_id=f"desk{n}",
            kind="text",
            lane="message",
            conversation_id=place,
            at=heard,
            received_at=heard,
            due_at=heard,
            status="done",
            event=orjson.dumps(Text(case.says)).decode(),
        )
    )
    for version, mood in enumerate(case.moods, 1):
        connection.execute(
            table(TurnRow)
            .insert()
            .values(
                conversation_id=place,
                version=version,
                at=heard,
                heard=orjson.dumps({"polarity": mood}).decode(),
            )
        )
    if at_desk:
        connection.execute(
            table(HandoffRow)
            .insert()
            .values(
                conversation_id=place,
                reason=case.reason,
                why=case.why,
                priority=case.priority,
                at=heard,
                evidence=orjson.dumps([case.evidence] if case.evidence else []).decode(),
            )
        )
    if case.order is not None:
        _orders(connection, n, place, buyer, case, now)
    return place


def _orders(connection: Any, n: int, place: int, buyer: int, case: Case, now: datetime) -> None:
    assert case.order is not None
    number, total = case.order
    for place_of in range(case.orders):
        name = f"desk{n}-{place_of}"
        placed = now - timedelta(days=30 * place_of + 9)
        connection.execute(
            table(OrderRow)
            .insert()
            .values(
                id=name,
                number=number if not place_of else f"{number}{place_of}",
                currency="EUR",
                total=Decimal(total),
                placed_at=placed,
                described_at=placed,
                buyer_id=buyer,
            )
        )
    connection.execute(
        table(BindingRow).insert().values(conversation_id=place, order_id=f"desk{n}-0", bound_at=now)
    )
