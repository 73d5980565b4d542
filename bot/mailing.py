"""The mail room: where no chat of a buyer may be written to, the shop is asked to mail them an entry link.

A request whose answer was lost, or whose sender died, is asked for again with the same key, the same links
and the same words, so that the shop can tell that it is the same mail.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.app import App
from bot.entry import SHORT, code_for, entry_urls, greeting
from bot.sender import ACCOUNT_PAUSE, backoff
from integrations.base import (
    IntegrationError,
    Mailer,
    MailRequest,
    Malformed,
    Refused,
    Throttled,
    Unauthorized,
)
from persistence.mails import Mail, MailFate

_log = structlog.get_logger(__name__)

CHANNEL: Final = "mail"
"""Under this name the mail hook rests and alarms, like an account of a channel."""

AT_ONCE: Final = 8
TOO_LATE: Final = timedelta(days=3)
"""What could not be asked for by then is no longer worth a mail."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of one try."""

    fate: MailFate
    due_at: datetime | None = None
    detail: str = ""
    code: str = ""


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
    settled = await _try(app, mailer, mail)
    now = app.clock()
    await app.store.mails.settle(mail, settled.fate, now, due_at=settled.due_at, detail=settled.detail)
    app.metrics.mails.labels(settled.fate).inc()
    _log.info("mail_settled", mail=mail.id, conversation=mail.conversation_id, fate=settled.fate)
    if settled.fate == "failed":
        detail = {"order": mail.order_id, "flow": mail.flow, "code": settled.code, "why": settled.detail}
        await app.store.notify("mail_failed", detail, now)
    if settled.due_at is not None:
        app.wake_later("mails", settled.due_at - now)


async def _try(app: App, mailer: Mailer, mail: Mail) -> _Settled:
    if app.clock() - mail.at > TOO_LATE:
        return _Settled("failed", detail=f"it could not be asked for within {TOO_LATE.days} days")
    try:
        request = await _request(app, mail)
        left = (mail.leased_until - app.clock()).total_seconds()
        # No call outlives the lease: after it another process may ask for the same mail.
        async with asyncio.timeout(max(left, 0)):
            await mailer.send(request)
    except IntegrationError as error:
        return _failed(app, mail, error)
    except TimeoutError:
        return _again(app, mail, "no answer within the lease")
    except Exception as error:  # noqa: BLE001 - a mail is never lost to an unexpected error
        app.metrics.errors.labels("mails").inc()
        _log.exception("mailing_broke", mail=mail.id, conversation=mail.conversation_id)
        return _again(app, mail, type(error).__name__)
    app.recovered(CHANNEL, "")
    return _Settled("sent")


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


def _failed(app: App, mail: Mail, error: IntegrationError) -> _Settled:
    """Turn an error into what comes next."""
    now, words, code = app.clock(), str(error), error.code or ""
    match error:
        case Throttled():
            app.rest(CHANNEL, "", now + timedelta(seconds=error.after))
            return _Settled("waiting", now + timedelta(seconds=error.after), words, code)
        case Unauthorized():
            app.alarm(CHANNEL, "", now + ACCOUNT_PAUSE, code or type(error).__name__)
            return _Settled("waiting", now + ACCOUNT_PAUSE, words, code)
        case Refused() | Malformed():
            return _Settled("failed", detail=words, code=code)
        case _:  # also where its answer was lost: the key makes a repetition harmless
            return _again(app, mail, words, code)


def _again(app: App, mail: Mail, why: str, code: str = "") -> _Settled:
    if mail.attempts >= app.config.settings.mail.tries:
        return _Settled("failed", detail=f"given up after {mail.attempts} tries: {why}", code=code)
    return _Settled("waiting", app.clock() + backoff(mail.attempts), why, code)
