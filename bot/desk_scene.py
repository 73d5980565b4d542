"""The moment in which an agent writes: what placeholders, templates and suggestions are filled from.

It is put together as for a turn (`bot.facts`), but nothing is heard and nothing is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.app import App
from bot.facts import country_of, journey_of
from dialogs.expressions import Fill
from dialogs.facts import Facts, Journey
from dialogs.names import filler
from dialogs.scene import Scene
from dialogs.state import STATE
from dialogs.suggestion import Situation, Suggestion, suggest
from dialogs.timing import zone_of
from dialogs.turn import Turn
from persistence.moments import Moment

_NEWEST: Final = 50
"""Messages in which an agent's answer is looked for: whoever has answered is not introduced again."""


@dataclass(frozen=True, slots=True)
class DeskScene:
    """A conversation between two turns, and the scene that texts are filled for."""

    moment: Moment
    scene: Scene

    @property
    def fill(self) -> Fill:
        """What fills in names."""
        return filler(self.scene)


async def scene_of(app: App, conversation_id: int, now: datetime) -> DeskScene | None:
    """Gather what is known of a buyer now; None: there is no such conversation, or its data was erased."""
    moment = await app.store.moments.of(conversation_id)
    if moment is None:
        return None
    orders = (await app.store.orders.of_conversations([conversation_id])).get(conversation_id, ())
    known = (await app.store.journeys.of([conversation_id], now)).get(conversation_id)
    settings = app.config.settings
    brand, human = settings.brand, settings.human
    country = country_of(orders, known) or brand.country
    facts = Facts(
        brand=brand.name,
        voice=brand.voice,
        mirror_voice=brand.mirror_voice,
        hours=human.hours.words,
        promise=human.answer_within_hours,
        opening=human.opening.at(brand.zone),
        buyer_name=next((order.buyer_name for order in orders if order.buyer_name), moment.name),
        orders=orders,
        products=app.products,
        human=True,
        timezone=zone_of(country, brand.country, brand.timezone),
        language=moment.language or brand.language,
        country=country,
        channel=moment.channel,
        journey=Journey() if known is None else journey_of(app, known, now),
        notes={} if known is None else known.preferences,
    )
    turn = Turn(app.book, STATE.validate_json(moment.state), facts, now, None)
    return DeskScene(moment, turn.scene)


async def suggestions_of(app: App, conversation_id: int, agent: str, now: datetime) -> tuple[Suggestion, ...]:
    """Return drafts of an answer, the likeliest first, by the case that is open; ``agent`` is who answers."""
    scene = await scene_of(app, conversation_id, now)
    head = await app.store.thread.head(conversation_id, 0, now)
    if scene is None or head is None:
        return ()
    case = next((one for one in head.cases if one.resolved_at is None), None)
    newest = await app.store.thread.page(conversation_id, most=_NEWEST)
    facts = scene.scene.facts
    return suggest(
        Situation(
            now=now,
            reason=case.reason if case is not None else "",
            why=case.why if case is not None else "",
            evidence=case.evidence if case is not None else (),
            tone=scene.scene.tone,
            buyer=facts.buyer_name or "",
            agent=agent,
            brand=facts.brand,
            order=scene.scene.order,
            products=facts.products,
            answered=any(item.side == "agent" and not item.unsent for item in newest.items),
            hours=facts.promise,
            opening=facts.opening,
            timezone=facts.timezone,
        )
    )
