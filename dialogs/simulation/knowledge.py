"""What the simulated store knows of a buyer over all their chats: see `persistence.journeys`."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dialogs.facts import Journey, Reach, Sibling
from dialogs.records import DECIDED
from dialogs.simulation.chat import Chat

if TYPE_CHECKING:
    from dialogs.simulation.world import World

_REMEMBERED: Final = timedelta(days=8)
_PURPOSES: Final = ("service", "feedback", "offers")
_ALL: Final = "all"
_RETURNED: Final = frozenset({"cancelled", "refunded"})


class Lines:
    """What a chat's lines in the ledger amount to: when each purpose was last given, and last withdrawn."""

    def __init__(self, world: World, chat: Chat) -> None:
        self.given: dict[str, int] = {}
        self.withdrawn: dict[str, int] = {}
        for number, one in enumerate(world.ledger, 1):
            if one.chat == chat.id:
                (self.given if one.allowed else self.withdrawn)[one.purpose] = number

    @property
    def opted_out(self) -> bool:
        """Whether nothing at all may be said unasked."""
        return self.withdrawn.get(_ALL, 0) > self.given.get(_ALL, 0)

    @property
    def allowed(self) -> frozenset[str]:
        """What was agreed to and not withdrawn since, by itself or with everything."""
        gone = self.withdrawn
        return frozenset(
            purpose
            for purpose, when in self.given.items()
            if purpose != _ALL and when > max(gone.get(purpose, 0), gone.get(_ALL, 0))
        )

    def stands_against(self, own: Lines) -> set[str]:
        """The purposes whose withdrawal here holds for another chat too, unless it was given there later."""
        found = {
            purpose
            for purpose, when in self.withdrawn.items()
            if purpose != _ALL and when > max(self.given.get(purpose, 0), own.given.get(purpose, 0))
        }
        everything = self.withdrawn.get(_ALL, 0)
        if everything > max(self.given.get(_ALL, 0), own.given.get(_ALL, 0)):
            found |= {
                purpose
                for purpose in (*_PURPOSES, _ALL)
                if everything > max(self.given.get(purpose, 0), own.given.get(purpose, 0))
            }
        return found


def journey_of(world: World, chat: Chat) -> Journey:
    """The buyer's journey as a turn of this chat sees it. A chat that is tied to no order is nobody's yet."""
    others = [each for each in world.chats if each is not chat and each.orders] if chat.orders else []
    touches = [one for each in (chat, *others) for one in each.touches.values()]
    since = world.now - _REMEMBERED
    standing = [order for order in world.orders.values() if order.status not in _RETURNED]
    if not chat.orders:
        standing = []
    siblings, withdrawn, brakes = _circle(world, chat, others)
    return Journey(
        version=world.version,
        touches=tuple(
            sorted({one.sent_at for one in touches if one.sent_at is not None and one.sent_at >= since})
        ),
        offered_at=max(
            (one.sent_at for one in touches if one.sent_at is not None and one.what.purpose == "offers"),
            default=None,
        ),
        decided=frozenset(one.what.key for one in touches if one.what.fate in DECIDED),
        brakes=brakes,
        withdrawn=withdrawn,
        owned=frozenset(item.sku for order in standing for item in order.items),
        siblings=siblings,
        orders=len(standing),
        spent=sum((order.total for order in standing), Decimal(0)),
        latest=_latest(world) if chat.orders else "",
        birthday=world.buyer.birthday if chat.orders else None,
        mailable=world.buyer.mailable and bool(chat.orders),
    )


def _latest(world: World) -> str:
    newest = max(world.orders.values(), key=lambda order: (order.placed_at, order.id), default=None)
    return newest.id if newest is not None else ""


def _circle(
    world: World, chat: Chat, others: list[Chat]
) -> tuple[tuple[Sibling, ...], frozenset[str], dict[str, datetime]]:
    """The buyer's other chats: where to write instead, what was withdrawn there, what brakes there."""
    if not others:
        return (), frozenset(), {}
    own = Lines(world, chat)
    siblings: list[Sibling] = []
    withdrawn: set[str] = set()
    brakes: list[tuple[datetime, str]] = []
    for each in others:
        lines = Lines(world, each)
        withdrawn |= lines.stands_against(own)
        brakes += [(at, reason) for reason, at in each.brakes.items()]
        brakes += [(at, "handoff") for at, _ in each.handoffs]
        if not lines.opted_out:
            # Where a human has the floor the bot says nothing, so nothing may be handed there.
            reach: Reach = "closed" if each.human else each.reach(world.now)
            siblings.append(Sibling(each.id, each.channel, reach, each.heard_at, lines.allowed))
    return tuple(siblings), frozenset(withdrawn), {reason: at for at, reason in sorted(brakes)}


def owned(world: World) -> frozenset[str]:
    """Every SKU that the buyer has and has not given back."""
    kept = (order for order in world.orders.values() if order.status not in _RETURNED)
    return frozenset(item.sku for order in kept for item in order.items)
