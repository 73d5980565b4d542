"""ROOM 4, the clock, and the side lanes: reminders, delivery marks, the shop's events, account news."""

from __future__ import annotations

from bot.app import App


async def wake_due(app: App) -> int:
    """Turn due reminders into events; return how many."""
    fired = await app.store.reminders.fire(app.clock())
    if fired:
        await app.signals.wake("turns")
    return fired


async def look_after_desk(app: App) -> int:
    """Do what is due at the desk: snoozes that end, promises near or broken, threads that fell silent."""
    looked_at = await app.store.desk.look(app.config.settings.times_at(app.clock()))
    if looked_at:
        await app.signals.wake("desk", "turns")
    return looked_at


async def apply_receipts(app: App) -> int:
    """Work off delivery marks; return how many were looked at."""
    looked_at = await app.store.receipts.apply(app.clock())
    if looked_at:
        await app.signals.wake("outbox")  # a delivered mark lets the conversation's next message go
    return looked_at


async def apply_shop_events(app: App) -> int:
    """Work off the shop's events and the account's news; return how many."""
    now = app.clock()
    applied = await app.store.orders.apply(now)
    if applied:
        await app.signals.wake("turns")
    filed = await app.store.file_notices(now)
    if filed:
        await app.signals.wake("templates")  # some news of an account are about its templates
    return applied + filed
