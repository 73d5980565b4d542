"""What had to wait until the person writes: what of it is said then, and in which order."""

from dialogs.messages import Button, Outgoing
from persistence.outbox import Settlement
from persistence.records import (
    Effects,
)
from persistence.store import Store
from persistence.tables import (
    OutboxRow,
)
from persistence.turns import Spoken
from tests.persistence.world import (
    answer,
    at,
    head,
    rows,
    say,
    send,
    words,
)


async def test_a_parked_tip_never_buries_a_question(store: Store) -> None:
    """Instagram takes quick replies away when a message follows; two parked wishes once came at once."""
    await answer(store, 0, say("tip", proactive=True), say("rating", proactive=True))
    for _ in range(2):
        await store.outbox.settle(Settlement(await head(store, 1), "parked", at(1)))
    question = Spoken(Outgoing("buttons", "which?", (Button("f.s.a.1", "a"),)))
    await answer(store, 100, question, effects=Effects(release=True))
    assert [row.status for row in await rows(store, OutboxRow)] == ["parked", "parked", "waiting"]
    await answer(store, 200, "plain", effects=Effects(release=True))
    assert words(await rows(store, OutboxRow)) == ["tip", "rating", "which?", "plain", "tip"]
    assert [row.status for row in await rows(store, OutboxRow)][:2] == ["released", "parked"]


async def test_what_was_parked_is_said_after_the_answer_in_its_order_unless_it_has_expired(
    store: Store,
) -> None:
    await answer(store, 0, "p1", say("p2", expires_at=at(50)), say("p3", proactive=True, expires_at=at(500)))
    for _ in range(3):
        await store.outbox.settle(Settlement(await head(store, 1), "parked", at(1)))
    assert await store.outbox.claim(at(90), 10) == []
    await answer(store, 100, "answer", "more", effects=Effects(release=True))
    said = [await send(store, 101) for _ in range(4)]
    assert [row.outgoing.text for row in said] == ["answer", "more", "p1", "p3"]
    assert said[3].proactive
    assert said[3].expires_at == at(500)
    assert await store.outbox.claim(at(999), 10) == []
    statuses = [row.status for row in await rows(store, OutboxRow)]
    assert statuses == ["released", "expired", "released", "sent", "sent", "sent", "sent"]
