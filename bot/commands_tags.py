"""Tags on buyers from the command line, through the same intake as the order feed's."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import uuid4

from bot.commands_files import CommandFailed
from bot.commands_store import clock_of, with_store
from bot.config import Config
from dialogs.shop import BuyerTagged, ShopArrival
from persistence.inbox import Intake
from persistence.store import Store
from persistence.tags import told

_SOURCE: Final = "command"


def tag(config: Config, name: str, order: str | None, waiting_for: str | None) -> str:
    """Put a tag on the buyer of an order, or on all who wait for a product; return a sentence that says so.

    Raises:
        CommandFailed: there is no such order.

    """

    async def work(store: Store) -> tuple[str, int | None]:
        now = (await clock_of(config, store))()
        event = await _event(store, name, order, waiting_for)
        return event.order_id or "", await _put(store, event, now)

    order_id, chats = with_store(config, work)
    if chats is None:
        return f"{name}: taken in; the running server tells the chats."
    if chats:
        return f"{name}: {chats} {'chat hears' if chats == 1 else 'chats hear'} of it."
    if order_id:
        return f"{name}: no chat is tied to order {order_id} yet; the first one that is will hear of it."
    return f"{name}: nobody is waiting for {waiting_for}; nothing changed."


async def _event(store: Store, name: str, wanted: str | None, waiting_for: str | None) -> BuyerTagged:
    if wanted is None:
        return BuyerTagged(name, waiting_for=waiting_for)
    order = await store.orders.find(wanted)
    if order is None:
        raise CommandFailed(f"There is no order with the id or number {wanted!r}.")
    return BuyerTagged(name, order_id=order.id)


async def _put(store: Store, event: BuyerTagged, now: datetime) -> int | None:
    """Take the event in, apply whatever waits, and return how many chats hear of it.

    None where a running server is just working the lane off: then it applies this one, too.
    """
    external_id = uuid4().hex
    arrival = ShopArrival(_SOURCE, external_id, now, event)
    await store.inbox.accept(Intake(arrivals=(), shop=(arrival,), now=now))
    while await store.orders.apply(now):
        pass
    return await store.database.read(told, _SOURCE, external_id)
