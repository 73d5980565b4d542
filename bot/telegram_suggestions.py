"""Known causes and suggested answers for a conversation, as the buttons of its topic offer them."""

from __future__ import annotations

from bot.app import App
from bot.desk_scene import DeskScene, scene_of
from bot.telegram_words import Language
from dialogs import causes
from dialogs.scene import localized
from dialogs.suggestion import Situation, suggest
from persistence.accounts import Account
from persistence.desk_thread import ThreadHead


async def causes_of(app: App, conversation_id: int, language: Language) -> tuple[tuple[str, str], ...]:
    """Return what the case may have come of, id and title: of what was bought first, then what is general."""
    orders = (await app.store.orders.of_conversations([conversation_id])).get(conversation_id, ())
    skus = dict.fromkeys(item.sku for order in orders for item in order.items)
    bought = [app.products[sku] for sku in skus if sku in app.products]
    return tuple((one.id, localized(one.title, language, "du")) for one in causes.causes_of(bought))


async def drafts_of(app: App, conversation_id: int, account: Account) -> tuple[str, ...]:
    """Return suggested answers for an agent, the likeliest first; none where there is nobody to answer."""
    now = app.clock()
    scene = await scene_of(app, conversation_id, now)
    head = await app.store.thread.head(conversation_id, account.id, now)
    if scene is None or head is None:
        return ()
    return tuple(one.text for one in suggest(situation_of(app, scene, head, account)))


def situation_of(app: App, found: DeskScene, head: ThreadHead, account: Account) -> Situation:
    """Put together what a suggestion is made of."""
    case = head.cases[0] if head.cases else None
    human, facts = app.config.settings.human, found.scene.facts
    return Situation(
        now=app.clock(),
        reason=case.reason if case is not None else "",
        why=case.why if case is not None else "",
        evidence=case.evidence if case is not None else (),
        tone=found.scene.tone,
        buyer=facts.buyer_name or "",
        agent=account.name.split(" ")[0],
        brand=app.config.settings.brand.name,
        order=found.scene.order,
        products=app.products,
        answered=case is not None and case.answered_at is not None,
        hours=human.answer_within_hours,
        opening=human.opening.at(app.config.settings.brand.zone),
        timezone=facts.timezone,
    )
