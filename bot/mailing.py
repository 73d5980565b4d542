"""The mail room: where no chat of a buyer may be written to, the shop is asked to mail them an entry link.

A request whose answer was lost, or whose sender died, is asked for again with the same key, the same links
and the same words, so that the shop can tell that it is the same mail.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from bot.app import App
from bot.entry import SHORT, code_for, entry_urls, greeting
from bot.hooks import Errand, Told, tell_shop
from integrations.base import Mailer, MailRequest, Refused
from persistence.mails import Mail

_log = structlog.get_logger(__name__)

CHANNEL: Final = "mail"
"""Under this name the mail hook rests and alarms, like an account of a channel."""

AT_ONCE: Final = 8
TOO_LATE: Final = timedelta(days=3)
"""What could not be asked for by then is no longer worth a mail."""


async def mail_due(app: App) -> int:
    """Ask for the mails that are due; return how many were asked for."""
    mailer, now = app.mailer, app.clock()
    if mailer is None or app.resting(CHANNEL, "", now) is not None:
        return 0
    mails = await app.store.mails.claim(now, AT_ONCE)
    ended = await asyncio.gather(*(_mail(app, mailer, one) for one in mails), return_exceptions=True)
    for error in ended:
        if error is not None:
            raise error
    return len(mails)


async def _mail(app: App, mailer: Mailer, mail: Mail) -> None:
    """Ask for one mail, and write what became of it."""
    told = await _try(app, mailer, mail)
    now = app.clock()
    await app.store.mails.settle(mail, told.fate, now, due_at=told.due_at, detail=told.why)
    app.metrics.mails.labels(told.fate).inc()
    _log.info("mail_settled", mail=mail.id, conversation=mail.conversation_id, fate=told.fate)
    if told.fate == "failed":
        detail = {"order": mail.order_id, "flow": mail.flow, "code": told.code, "why": told.why}
        await app.store.notify("mail_failed", detail, now)
    if told.due_at is not None:
        app.wake_later("mails", told.due_at - now)


async def _try(app: App, mailer: Mailer, mail: Mail) -> Told:
    if app.clock() - mail.at > TOO_LATE:
        return Told("failed", why=f"it could not be asked for within {TOO_LATE.days} days")

    async def ask() -> None:
        await mailer.send(await _request(app, mail))

    tries = app.config.settings.mail.tries
    return await tell_shop(
        app, Errand(CHANNEL, "mails", mail.id, mail.attempts, tries, mail.leased_until), ask
    )


async def _request(app: App, mail: Mail) -> MailRequest:
    """Put together what the shop is told.

    Raises:
        Refused: there is no order, or nothing, to link to.

    """
    brand = app.config.settings.brand
    orders = await app.store.orders.of_conversations([mail.conversation_id])
    theirs = orders.get(mail.conversation_id, ())
    # What is about no order, such as a birthday, links to the newest.
    order = next((one for one in theirs if mail.order_id in {one.id, ""}), None)
    if order is None:
        raise Refused("The chat is not tied to the order any more.")
    language = (mail.language or order.language or brand.language)[:2].lower()
    language = language if language in {"de", "en"} else brand.language
    key = f"{mail.id}-{int(mail.at.timestamp())}"
    code = await code_for(app.store, app.secret, order.id, key, mail.at, app.config.entry_lifetime)
    urls = entry_urls(
        app.channels.values(),
        app.config.settings.entry.public_url,
        code,
        greeting(code, language, brand.voice),
    )
    if not urls:
        raise Refused("No channel can be linked to.")
    return MailRequest(
        id=key,
        flow=mail.flow,
        purpose=mail.purpose,
        order_id=order.id,
        order_number=order.number or order.id,
        entry_url=urls.get(SHORT) or next(iter(urls.values())),
        entry_urls=urls,
        language=language,
        at=mail.at,
    )
