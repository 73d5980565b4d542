"""The buyer beside a thread as the panel shows them: orders, risks, names, ready to be written out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bot.app import App
from bot.desk_scene import DeskScene, scene_of
from bot.web.desk import People, people_of
from bot.web.rows import initials
from bot.web.wording import Language
from dialogs.harmless import harmless
from dialogs.requests import care_tips
from dialogs.risk import FACTORS, risk
from dialogs.shop import Parcel
from dialogs.timing import local
from persistence.desk_buyer import BuyerCard, MergeLine, OrderCard
from persistence.labels import Label

HIGH: Final = 50
"""From this score on an order is likely to come back."""
SOME: Final = 25
_OVER: Final = frozenset({"cancelled", "refunded"})
_MARKS: Final = ("placed", "paid", "shipped", "delayed", "delivered", "cancelled", "refunded")


@dataclass(frozen=True, slots=True)
class ShownRisk:
    """How likely an order comes back: ``level`` is ``high``, ``some`` or ``low``; each reason with points."""

    score: int
    level: str
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order as the panel shows it. ``left`` is what could still be refunded."""

    card: OrderCard
    risk: ShownRisk | None
    parcels: tuple[tuple[Parcel, str], ...]
    marks: tuple[str, ...]
    left: Decimal


@dataclass(frozen=True, slots=True)
class ShownContact:
    """How the buyer is called on a channel, and in which conversation."""

    channel: str
    called: str
    conversation_id: int


@dataclass(frozen=True, slots=True)
class ShownMerge:
    """Who was merged, by whom; ``undoable`` while it stands."""

    line: MergeLine
    name: str
    by: str


@dataclass(frozen=True, slots=True)
class Panel:
    """All of the panel. ``name`` is empty where nobody knows one. ``authors`` are names by actor."""

    card: BuyerCard
    name: str
    initials: str
    orders: tuple[ShownOrder, ...]
    contacts: tuple[ShownContact, ...]
    merges: tuple[ShownMerge, ...]
    tips: tuple[tuple[str, str], ...]
    labels: tuple[Label, ...]
    worn: frozenset[int]
    authors: Mapping[str, str]


async def panel_of(
    app: App, conversation_id: int, language: Language, people: People | None = None
) -> Panel | None:
    """Read all of it; None: there is no such conversation, or its buyer's data was erased.

    ``people`` are those of `bot.web.desk.people_of`, where they have been read already.
    """
    now = app.clock()
    scene, card, labelled = await asyncio.gather(
        scene_of(app, conversation_id, now),
        app.store.buyer.card(conversation_id, now),
        app.store.labels.of([conversation_id]),
    )
    if scene is None or card is None:
        return None
    people = people or await people_of(app)
    authors = {f"account:{number}": name for number, name in people.accounts.items()}
    worn = labelled.get(conversation_id, ())
    name = harmless((card.buyer.name if card.buyer else None) or scene.moment.name or "").strip()
    return Panel(
        card=card,
        name=name,
        initials=initials(name) if name else "?",
        orders=orders_of(card, scene, language),
        contacts=contacts_of(card),
        merges=await _merges(app, card, authors),
        tips=care_tips(scene.scene),
        labels=tuple(people.labels.values()),
        worn=frozenset(worn),
        authors=authors,
    )


def contacts_of(card: BuyerCard) -> tuple[ShownContact, ...]:
    """Return the contacts, each name once: a channel may know one person by several ids."""
    shown = (
        ShownContact(
            one.channel,
            f"@{one.username}" if one.username else one.phone or one.external_id,
            one.conversation_id,
        )
        for one in card.contacts
    )
    return tuple(dict.fromkeys(shown))


def orders_of(card: BuyerCard, scene: DeskScene, language: Language) -> tuple[ShownOrder, ...]:
    """Return the orders: those that this thread is tied to first, then the newest."""
    asked = _asked_for(card)
    shown = [
        ShownOrder(
            one,
            _risk(one, card, scene, language),
            tuple((parcel, web_address(parcel.url)) for parcel in one.order.parcels),
            tuple(what for what in _MARKS if what in one.order.milestones),
            max(one.order.total - one.refunded - asked.get(one.order.id, Decimal(0)), Decimal(0)),
        )
        for one in card.orders
    ]
    return tuple(sorted(shown, key=lambda one: not one.card.bound))


def _asked_for(card: BuyerCard) -> dict[str, Decimal]:
    """What of each order is asked to be refunded and not done yet."""
    asked: dict[str, Decimal] = {}
    for one in card.requests:
        if one.kind == "refund" and one.status == "open" and one.order_id:
            so_far = asked.get(one.order_id, Decimal(0))
            asked[one.order_id] = so_far + Decimal(str(one.detail.get("amount", "0")))
    return asked


def _risk(one: OrderCard, card: BuyerCard, scene: DeskScene, language: Language) -> ShownRisk | None:
    facts = scene.scene.facts
    if one.order.status in _OVER:
        return None
    found = risk(one.order, card.state, facts, local(scene.scene.now, facts.timezone).date())
    if not found.reasons:
        return None
    level = "high" if found.score >= HIGH else "some" if found.score >= SOME else "low"
    words = tuple(
        (getattr(FACTORS[reason], language).partition(":")[0], points) for reason, points in found.reasons
    )
    return ShownRisk(found.score, level, words)


def web_address(url: str | None) -> str:
    """Return an address that may be a link: one of the web, and nothing that a page would run."""
    plain = (url or "").strip()
    return plain if plain.startswith(("https://", "http://")) and plain.isprintable() else ""


async def _merges(app: App, card: BuyerCard, authors: Mapping[str, str]) -> tuple[ShownMerge, ...]:
    lines: Sequence[MergeLine] = [one for one in card.merges if one.undone_at is None]
    if not lines:
        return ()
    names = await app.store.merges.names([one.merged_id for one in lines])
    return tuple(
        ShownMerge(one, harmless(names.get(one.merged_id, "")).strip(), authors.get(one.by, ""))
        for one in lines
        if card.buyer is not None and one.kept_id == card.buyer.id
    )
