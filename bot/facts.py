"""What a turn may know: all of it is gathered here, before the answer, so that the answer waits for nothing.

Orders and journeys are read for a whole batch of turns at once; what is known of a buyer over all their chats
only where something may be said unasked, so that a tap is answered without it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.app import App
from bot.effects import floor_after, reachable_after
from bot.entry import judge
from dialogs.channel import Right, right_to_write
from dialogs.facts import Facts, Journey, Reach, Sibling
from dialogs.heard import Heard
from dialogs.shop import Entry, Order
from dialogs.state import State
from dialogs.timing import zone_of
from persistence.journeys import BuyerJourney, SiblingChat
from persistence.turns import Turn

_REACH: Final[Mapping[Right, Reach]] = {"free": "open", "template": "template"}


@dataclass(frozen=True, slots=True)
class Listened:
    """What was heard in a turn, the state in which it was heard, and whether the journey must be known."""

    state: State
    heard: Heard
    journey: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for a turn together with the others of its batch."""

    orders: tuple[Order, ...] = ()
    journey: BuyerJourney | None = None


async def known_of(
    app: App, turns: Sequence[Turn], listened: Sequence[Listened | Exception], now: datetime
) -> dict[int, Known]:
    """Read what the turns of one batch need, by conversation: one look for orders, one for journeys."""
    orders = await app.store.orders.of_conversations([turn.conversation_id for turn in turns])
    wanting = [
        turn.conversation_id
        for turn, one in zip(turns, listened, strict=True)
        if isinstance(one, Listened) and one.journey
    ]
    journeys = await app.store.journeys.of(wanting, now) if wanting else {}
    return {
        turn.conversation_id: Known(orders.get(turn.conversation_id, ()), journeys.get(turn.conversation_id))
        for turn in turns
    }


async def gather(app: App, turn: Turn, heard: Heard, known: Known, now: datetime) -> Facts:
    """Collect what the answer may refer to."""
    settings = app.config.settings
    brand, human = settings.brand, settings.human
    entry, orders = await _entry(app, turn, heard, known.orders, now)
    country = country_of(orders, known.journey) or brand.country
    told = reachable_after(turn)
    reachable = turn.reachable if told is None else told
    return Facts(
        brand=brand.name,
        voice=brand.voice,
        mirror_voice=brand.mirror_voice,
        hours=human.hours.words,
        promise=human.answer_within_hours,
        opening=human.opening.at(brand.zone),
        buyer_name=next((order.buyer_name for order in orders if order.buyer_name), turn.name),
        orders=orders,
        products=app.products,
        answers=app.answers,
        entry=entry,
        human=floor_after(turn) != "bot",
        timezone=zone_of(country, brand.country, brand.timezone),
        language=turn.language or brand.language,
        country=country,
        reach=reach_of(app, turn.channel, turn.account, heard_at=turn.heard_at, reachable=reachable, now=now),
        channel=turn.channel,
        seed=_seed(turn),
        token=_token(app.secret, _seed(turn)),
        journey=Journey() if known.journey is None else journey_of(app, known.journey, now),
        pacing=settings.journeys.pacing,
        notes={} if known.journey is None else known.journey.preferences,
        triage=app.triage,
    )


def reach_of(
    app: App, channel: str, account: str, *, heard_at: datetime | None, reachable: bool, now: datetime
) -> Reach:
    """Say how a chat may be written to unasked at ``now``. Whoever has blocked us cannot be written to."""
    port = app.channels.get((channel, account))
    if port is None or not reachable:
        return "closed"
    right = right_to_write(port.capabilities, now=now, last_heard=heard_at, human=False, has_template=True)
    return _REACH.get(right, "closed")


async def _entry(
    app: App, turn: Turn, heard: Heard, orders: tuple[Order, ...], now: datetime
) -> tuple[Entry | None, tuple[Order, ...]]:
    """Judge an entry code; the order that a fresh one leads to comes first among the orders."""
    if heard.code is None:
        return None, orders
    entry = await judge(app.store, app.secret, heard.code, turn.conversation_id, now)
    if entry.state == "fresh" and entry.order_id is not None:
        order = await app.store.orders.find(entry.order_id)
        if order is not None:
            orders = (order, *(one for one in orders if one.id != order.id))
    return entry, orders


def _seed(turn: Turn) -> str:
    """Name the buyer for everything that is drawn: the same in all their chats."""
    if turn.buyer_id is None:
        return f"conversation:{turn.conversation_id}"
    return f"buyer:{turn.buyer_id}"


def _token(secret: bytes, seed: str) -> str:
    """Make what personal codes are made of: nobody who reads this program can tell another buyer's."""
    return hmac.digest(secret, b"nachklang: offers|" + seed.encode(), hashlib.sha256).hex()


def country_of(orders: Sequence[Order], journey: BuyerJourney | None) -> str | None:
    """Return the buyer's country, as their orders name it."""
    named = next((order.country for order in orders if order.country), None)
    return named or (journey.country if journey is not None else None)


def journey_of(app: App, known: BuyerJourney, now: datetime) -> Journey:
    """Return what is known of a buyer, with how each of their other chats may be written to."""
    return Journey(
        version=known.version,
        touches=known.touches,
        offered_at=known.offered_at,
        decided=known.decided,
        brakes=known.brakes,
        withdrawn=known.withdrawn,
        owned=known.owned,
        siblings=tuple(_sibling(app, chat, now) for chat in known.siblings),
        orders=known.orders,
        spent=known.spent,
        latest=next(iter(known.order_ids), ""),
        birthday=known.birthday,
        mailable=app.mailer is not None and bool(known.order_ids),
    )


def _sibling(app: App, chat: SiblingChat, now: datetime) -> Sibling:
    # Where a human has the floor the bot says nothing, so nothing may be handed there.
    reach = reach_of(
        app, chat.channel, chat.account, heard_at=chat.heard_at, reachable=chat.reachable, now=now
    )
    return Sibling(
        conversation_id=chat.conversation_id,
        channel=chat.channel,
        reach=reach if chat.floor == "bot" else "closed",
        heard_at=chat.heard_at,
        allowed=chat.allowed,
    )
