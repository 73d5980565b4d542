"""What agents do for a buyer beside answering: requests to the shop, codes, flows, and who is who.

Each happens once for its ``key``, is told in the thread, and wakes whoever waits for it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from bot.app import App
from bot.handoff import right
from dialogs.by_hand import may_start
from dialogs.offers import personal_code
from dialogs.requests import CodeKind
from persistence.desk_actions import Denied, Done
from persistence.merges import Merged, NotMerged
from persistence.requests import Asked, Kind, NewOffer, NewRequest, NotAsked, Request, Status

__all__ = [
    "Asked",
    "Code",
    "NotAsked",
    "NotStarted",
    "Wish",
    "ask",
    "code_of",
    "merge",
    "settle",
    "start_flow",
    "undo_merge",
]


@dataclass(frozen=True, slots=True)
class Code:
    """A code for one buyer, as it will be told to them."""

    code: str
    percent: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What an agent asks the shop for. ``detail`` is what is written of it, ``amount`` that of a refund."""

    kind: Kind
    order_id: str | None = None
    detail: Mapping[str, object] | None = None
    amount: Decimal | None = None
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class NotStarted:
    """A flow cannot be started: there is none to start by hand, or nothing may be said now but a template."""

    why: Literal["flow", "window"]


async def ask(
    app: App, conversation_id: int, by: int, wish: Wish, *, key: str, via: str = "page"
) -> Asked | NotAsked:
    """Ask the shop for something; where it has a webhook it is told."""
    new = NewRequest(
        kind=wish.kind,
        by=f"account:{by}",
        key=key,
        order_id=wish.order_id,
        detail=wish.detail or {},
        amount=wish.amount,
        offer=NewOffer(wish.code.code, wish.code.percent, wish.code.until) if wish.code is not None else None,
        via=via,
    )
    done = await app.store.requests.add(conversation_id, new, app.clock(), hand_over=_has_hook(app))
    if isinstance(done, Asked) and done.fresh:
        await app.signals.wake("desk", "requests")
    return done


async def settle(app: App, request_id: int, by: int, status: Status) -> Request | None:
    """Say that a request is done, called off, or open again; None: there is no such request."""
    actor, now = f"account:{by}", app.clock()
    found = await app.store.requests.settle(request_id, status, actor, now, hand_over=_has_hook(app))
    await app.signals.wake("desk", "requests")
    return found


async def code_of(app: App, conversation_id: int, kind: CodeKind, key: str) -> Code | None:
    """Return the code of a kind that this buyer would get; None: there is no such conversation.

    One of their own is drawn from the shop's secret and from ``key``: a form sent twice gives the same.
    """
    moment = await app.store.moments.of(conversation_id)
    if moment is None:
        return None
    whose = moment.buyer_id if moment.buyer_id is not None else f"chat:{conversation_id}"
    seed = hmac.digest(app.secret, f"nachklang: desk codes|{whose}|{key}".encode(), hashlib.sha256).hex()
    until = app.clock() + timedelta(days=kind.days)
    return Code(kind.code or personal_code(kind.prefix, seed), kind.percent, until)


async def start_flow(
    app: App, conversation_id: int, by: int, flow: str, *, key: str, via: str = "page"
) -> Done | Denied | NotStarted:
    """Hand the conversation to the bot at the beginning of a flow, where the bot may write freely now."""
    known = app.book.flows.get(flow)
    if known is None or not may_start(known):
        return NotStarted("flow")
    way = await right(app, conversation_id)
    if way.way != "free" or not way.reachable:
        return NotStarted("window")
    times = app.config.settings.times_at(app.clock())
    done = await app.store.starting.start(conversation_id, flow, f"account:{by}", times, key=key, via=via)
    if isinstance(done, Done) and done.changed:
        await app.signals.wake("desk", "turns", "clock")
    return done


async def merge(app: App, conversation_id: int, by: int, other: int) -> Merged | NotMerged:
    """Make another buyer the same person as the one of this conversation."""
    done = await app.store.merges.merge(conversation_id, other, f"account:{by}", app.clock())
    await app.signals.wake("desk")
    return done


async def undo_merge(app: App, conversation_id: int, by: int, merge_id: int) -> Merged | NotMerged:
    """Take a merge back."""
    done = await app.store.merges.undo(merge_id, conversation_id, f"account:{by}", app.clock())
    await app.signals.wake("desk")
    return done


def _has_hook(app: App) -> bool:
    return app.connections.requests is not None
