"""What the simulated store keeps of a turn: reminders, the ledger, touchpoints, the floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialogs.records import (
    Answer,
    Bound,
    Braked,
    HandedOff,
    HandedOver,
    Mailed,
    Offered,
    OptedIn,
    OptedOut,
    Preferred,
    Rated,
    Record,
    Touched,
)
from dialogs.simulation.chat import Chat, Ledger

if TYPE_CHECKING:
    from dialogs.simulation.world import World


def keep(world: World, chat: Chat, said: Answer) -> None:
    """Write a turn's reminders and records, in the store's order."""
    for name in said.cancel:
        chat.reminders.pop(name, None)
    for reminder in said.reminders:
        chat.reminders[reminder.name] = reminder
    for record in said.records:
        world.records.append((chat, record))
        _keep(world, chat, record)


def _keep(world: World, chat: Chat, record: Record) -> None:
    match record:
        case Touched():
            world.touched.append((world.now, record))
            chat.note(record, world.now)
        case Bound():
            _bind(world, chat, record)
        case HandedOff():
            chat.handoffs.append((world.now, record))
            chat.owed = record.promised_at
            chat.hush(world.now)
        case OptedOut() | OptedIn():
            _agree(world, chat, record)
        case Braked():
            _brake(world, chat, record)
        case HandedOver():
            _hand_over(world, record)
        case _:
            _note(world, record)


def _note(world: World, record: Record) -> None:
    """What is only written down."""
    match record:
        case Preferred():
            world.notes = {**world.notes, record.name: record.value}
        case Offered():
            world.offered.append(record)
        case Mailed():
            world.mailed.append(record)
        case Rated():
            world.ratings.append(record)
        case _:
            pass


def _bind(world: World, chat: Chat, record: Bound) -> None:
    world.tie(chat, record.order_id)
    order_id, state, _ = world.codes.get(record.code, (record.order_id, "fresh", 0))
    world.codes[record.code] = (order_id, state, chat.id)


def _agree(world: World, chat: Chat, record: OptedIn | OptedOut) -> None:
    """The ledger's entry. What waits unasked in any chat of a buyer who leaves is taken back at once."""
    if isinstance(record, OptedOut):
        world.ledger.append(Ledger(record.purpose, allowed=False, chat=chat.id))
        for one in world.chats:
            one.withdraw(record.purpose, world.now)
    elif record.stage == "given":
        world.ledger.append(Ledger(record.purpose, allowed=True, chat=chat.id))


def _brake(world: World, chat: Chat, record: Braked) -> None:
    if record.on:
        chat.brakes[record.reason] = world.now
    else:
        chat.brakes.pop(record.reason, None)


def _hand_over(world: World, record: HandedOver) -> None:
    other = next((one for one in world.chats if one.id == record.conversation_id), None)
    if other is not None:
        other.reminders[record.reminder.name] = record.reminder
        order_id = record.reminder.data.get("order_id", "")
        if order_id in world.orders:  # the talk about it goes on there
            world.tie(other, order_id)
