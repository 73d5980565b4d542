"""Short words for what the tests of the store do all the time: say something, take a turn, look at rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from dialogs.messages import OUTGOING, Arrival, Contact, Echo, Event, Outgoing, Receipt, Text
from dialogs.records import Fate, Touched
from dialogs.shop import Item, Milestone, OrderChange, OrderSnapshot, Person, ShopArrival
from persistence import database as sql
from persistence.identity import Bond
from persistence.inbox import Intake
from persistence.outbox import Outbound, Settlement
from persistence.records import Effects
from persistence.sorting import sort
from persistence.store import Store
from persistence.tables import table
from persistence.turns import Outcome, Spoken, Turn

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
NOTHING = Effects()


def at(seconds: float) -> datetime:
    """A moment, that many seconds after the test's beginning."""
    return T0 + timedelta(seconds=seconds)


def person(name: str = "anna", *more: str) -> Contact:
    """Somebody on the shop's WhatsApp account, with all ids that one webhook names."""
    return Contact("whatsapp", "shop", (name, *more))


def event(
    what: Event, external_id: str, seconds: float = 0, contact: Contact | None = None, **more: Any
) -> Arrival:
    """Any event of a person (Anna, unless another is named), at the platform's time."""
    return Arrival("whatsapp", external_id, at(seconds), what, contact or person(), **more)


def text(external_id: str, seconds: float = 0, contact: Contact | None = None, **more: Any) -> Arrival:
    """A text whose words are its id."""
    return event(Text(external_id), external_id, seconds, contact, **more)


def mark(status: Any, external_id: str, contact: Contact | None = None, **more: Any) -> Arrival:
    """A delivery mark."""
    return event(Receipt(more.pop("message_id", None), status, **more), external_id, 0, contact)


def echo(message_id: str, seconds: float = 0, words: str = "") -> Arrival:
    """A message from the shop's own account."""
    return event(Echo(message_id, words), message_id, seconds)


async def accept(store: Store, *arrivals: Arrival, now: float = 0) -> int:
    """One request with these events, sorted; how many were new."""
    fresh = await store.inbox.accept(Intake(arrivals, (), at(now)))
    await store.database.write(sort, store.burst)
    return fresh


async def hear(store: Store, *ids: str, now: float = 0) -> None:
    """Texts of Anna, received when they were written."""
    await accept(store, *(text(one, now) for one in ids), now=now)


def say(words: str, **more: Any) -> Spoken:
    """A message for a turn to leave behind."""
    return Spoken(Outgoing("text", words), **more)


def outcome(turn: Turn, now: float, *spoken: str | Spoken, effects: Effects = NOTHING) -> Outcome:
    """What a turn changes; the new state names the version, so that a lost turn would be seen."""
    messages = tuple(say(one) if isinstance(one, str) else one for one in spoken)
    return Outcome(turn, at(now), f'{{"made":{turn.version + 1}}}', messages, effects)


async def claim(store: Store, now: float) -> Turn:
    """The only conversation that is due."""
    [turn] = await store.turns.claim(at(now), 10)
    return turn


async def take(store: Store, now: float, *spoken: str | Spoken, effects: Effects = NOTHING) -> Turn:
    """A whole turn of the only conversation that is due."""
    turn = await claim(store, now)
    assert await store.turns.commit(outcome(turn, now, *spoken, effects=effects))
    return turn


async def answer(store: Store, now: float, *spoken: str | Spoken, effects: Effects = NOTHING) -> Turn:
    """Anna writes, and this is said to her."""
    await hear(store, f"at {now}", now=now)
    return await take(store, now, *spoken, effects=effects)


async def turn_of(store: Store, now: float, who: str = "anna") -> Turn:
    """Somebody writes, and is the only one who waits."""
    await accept(store, text(f"{who} at {now}", now, person(who)), now=now)
    return await claim(store, now)


async def tie(store: Store, who: str, order_id: str = "1", now: float = 0) -> int:
    """Somebody writes and is tied to an order by a code of their own; their conversation."""
    code = f"{who}{order_id}"
    await store.identity.add_links({code: order_id}, at(now), at(10**8))
    turn = await turn_of(store, now, who)
    bonds = Effects(bound=(Bond(code, order_id),))
    assert await store.turns.commit(outcome(turn, now, effects=bonds))
    return turn.conversation_id


async def chats(store: Store, *names: str) -> list[int]:
    """Several chats of the buyer of order 1."""
    await shop(store, happened("paid", 0, order=snapshot()))
    return [await tie(store, name) for name in names]


def touch(key: str = "checkup:1", fate: Fate = "sent", **more: Any) -> Touched:
    """What becomes of a touchpoint; its flow is the key's first word."""
    return Touched(key, key.partition(":")[0], more.pop("purpose", "service"), fate, **more)


def unasked(words: str, key: str = "checkup:1", **more: Any) -> Spoken:
    """A message that is said unasked, for a touchpoint."""
    return say(words, proactive=True, touchpoint=key, flow=key.partition(":")[0], **more)


async def head(store: Store, now: float) -> Outbound:
    """The only message that may go out."""
    [row] = await store.outbox.claim(at(now), 10)
    return row


async def send(store: Store, now: float, external_id: str | None = None, **more: Any) -> Outbound:
    """The only message that may go out goes out."""
    row = await head(store, now)
    await store.outbox.settle(Settlement(row, "sent", at(now), external_id=external_id, **more))
    return row


async def rows(store: Store, model: Any, *order: str, **equal: Any) -> list[Any]:
    """The rows of a table, by key unless told otherwise."""
    found = table(model)
    statement = found.select().order_by(
        *(found.c[name] for name in order or found.primary_key.columns.keys())
    )
    for name, value in equal.items():
        statement = statement.where(found.c[name] == value)
    return await store.database.read(lambda connection: list(connection.execute(statement).all()))


async def only(store: Store, model: Any, **equal: Any) -> Any:
    """The only row of a table."""
    [row] = await rows(store, model, **equal)
    return row


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that runs meanwhile, with the parameters of its first row."""
    seen: list[tuple[str, Any]] = []

    def note(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
    ) -> None:
        seen.append((statement, parameters[0] if executemany else parameters))

    events: Any = vars(sql)["event"]  # the library's own, by way of the module that keeps SQL
    # On PostgreSQL the reader is the writer with another isolation level, and hears with it.
    engines = store.database.engines if store.database.is_sqlite else store.database.engines[:1]
    for engine in engines:
        events.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        events.remove(engine, "before_cursor_execute", note)


async def change(store: Store, model: Any, **values: Any) -> None:
    """Do by hand to all rows of a table what the store itself never would."""
    await store.database.write(lambda connection: connection.execute(table(model).update().values(**values)))


def heard(turn: Turn) -> list[str]:
    """The ids of a turn's events, in its order."""
    return [one.external_id for one in turn.events]


def words(messages: list[Any]) -> list[str]:
    """What outbox rows say."""
    return [OUTGOING.validate_json(row.outgoing).text for row in messages]


def snapshot(order_id: str = "1", seconds: float = 0, **more: Any) -> OrderSnapshot:
    """An order as the shop described it at that moment."""
    values: dict[str, Any] = {
        "id": order_id,
        "number": f"#{order_id}",
        "currency": "EUR",
        "total": Decimal("49.90"),
        "placed_at": T0,
        "updated_at": at(seconds),
        "buyer": Person(external_id=f"c{order_id}", name="Anna", email=f"{order_id}@example.org"),
        "items": (Item("MUG-1", "Becher", 2, Decimal("12.45")),),
    }
    return OrderSnapshot(**(values | more))


def happened(what: Milestone, seconds: float = 0, order_id: str = "1", **more: Any) -> OrderChange:
    """Something happened to an order; without ``order`` only the part is told."""
    return OrderChange(order_id, what, at(seconds), **more)


async def shop(store: Store, *changes: Any, now: float = 0, apply: bool = True) -> None:
    """The shop reports, each in a request of its own, and the lane is worked off."""
    for number, one in enumerate(changes):
        arrival = ShopArrival("shopify", f"{now}:{number}:{hash(one)}", at(now), one)
        await store.inbox.accept(Intake((), (arrival,), at(now)))
    if apply:
        await store.orders.apply(at(now))
