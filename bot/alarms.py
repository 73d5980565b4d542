"""Alarms leave the house: by mail to whom they concern, and into the agents' group; each way by itself.

A mail says where to look and why, never who waits or what they wrote: mailboxes are read by many. What was
answered or put away before its mail went out is not mailed any more.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import structlog
from babel.dates import format_date, format_time

from bot.app import App
from bot.hands import Hands
from bot.sender import ACCOUNT_PAUSE, backoff
from bot.telegram_desk import post_alarm
from bot.web.wording import Language, Wording, read_words
from integrations.base import (
    IntegrationError,
    Letter,
    Refused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from integrations.base import Post as PostPort
from persistence.letters import STALE, AlarmNews, LetterFate, Post

_log = structlog.get_logger(__name__)

CHANNEL: Final = "smtp"
"""Under this name the mail server rests and alarms, like an account of a channel."""

AT_ONCE: Final = 4
CHANNELS: Final = {"whatsapp": "WhatsApp", "instagram": "Instagram", "telegram": "Telegram"}

_KNOWN: Final = frozenset({"near", "broken", "waiting", "mention", "failed"})
_FOR_THE_GROUP: Final = frozenset({"near", "broken", "waiting"})
"""Mentions are for one person, and what failed stands in its own topic there."""

Settled: TypeAlias = tuple[LetterFate, timedelta | None, str]


class AlarmRoom:
    """Tells of alarms. One of each process; they share the work."""

    def __init__(self, wording: Wording | None = None) -> None:
        """Speak with ``wording``; by default with the words of the pages."""
        self._wording = wording or read_words()
        self._hands = Hands(AT_ONCE)

    async def step(self, app: App) -> int:
        """Tell of what has to be told; return how much was tried."""
        told = await asyncio.gather(self._tell_group(app), self._mail(app), return_exceptions=True)
        worked = 0
        for one in told:
            if isinstance(one, BaseException):
                raise one
            worked += one
        return worked

    async def _tell_group(self, app: App) -> int:
        """Hand alarms to the group's own queue, which posts each of them once."""
        if app.groups is None or not app.groups.chats:
            return 0
        now = app.clock()
        alarms = await app.store.letters.unposted(now)
        for alarm in alarms:
            if alarm.holds and alarm.kind in _FOR_THE_GROUP and now - alarm.at < STALE:
                text = self._line(app, alarm, app.config.settings.brand.language)
                await post_alarm(app, key=str(alarm.id), text=text, conversation_id=alarm.conversation_id)
            await app.store.letters.posted([alarm.id], now)
        return len(alarms)

    async def _mail(self, app: App) -> int:
        """Write and send letters, where mail is set up."""
        server, now = app.post, app.clock()
        if server is None:
            return 0
        await app.store.letters.address(now)
        if app.resting(CHANNEL, "", now) is not None:
            return 0
        posts = await app.store.letters.claim(now, self._hands.free) if self._hands.free else []
        for one in posts:
            self._hands.do(app, self._deliver(app, server, one))
        return len(posts)

    async def _deliver(self, app: App, server: PostPort, post: Post) -> None:
        """Send one letter, and write what became of it."""
        fate, pause, code = await self._try(app, server, post)
        now = app.clock()
        due_at = None if pause is None else now + pause
        await app.store.letters.settle(post, fate, due_at=due_at, detail=code)
        app.metrics.letters.labels(fate).inc()
        _log.info("letter_settled", letter=post.id, account=post.account_id, fate=fate, code=code)
        if pause is not None:
            app.wake_later("alarms", pause)

    async def _try(self, app: App, server: PostPort, post: Post) -> Settled:
        if post.alarm is not None and not post.alarm.holds:
            return ("moot", None, "")
        if app.clock() - post.created_at > STALE:
            return ("failed", None, "too late")
        letter = self.letter(app, post)
        try:
            left = (post.leased_until - app.clock()).total_seconds()
            async with asyncio.timeout(max(left, 0)):
                await server.send(letter)
        except (IntegrationError, TimeoutError) as error:
            return await _failed(app, post, error)
        app.recovered(CHANNEL, "")
        return ("sent", None, "")

    # -- words

    def letter(self, app: App, post: Post) -> Letter:
        """Return the mail about an alarm or a notice, in its reader's language."""
        language = post.language
        if post.alarm is None:
            known = self._wording.has(language, f"desk.notices.{post.topic}")
            topic = post.topic if known else "other"
            subject = self._wording.plain(language, f"desk.notices.{topic}", topic=post.topic)
            lines = [self._wording.plain(language, f"desk.notices.{topic}_text"), _link(app, "/desk/notices")]
        else:
            subject = self._line(app, post.alarm, language)
            kind = post.alarm.kind if post.alarm.kind in _KNOWN else "other"
            place = "/desk" if post.alarm.conversation_id is None else f"/desk/{post.alarm.conversation_id}"
            lines = [self._wording.plain(language, f"letters.{kind}.text"), _link(app, place)]
        foot = self._wording.plain(language, "letters.foot", link=_link(app, "/desk/me"))
        return Letter(
            id=post.key,
            to=post.email,
            subject=self._wording.plain(language, "letters.subject", what=subject),
            text="\n\n".join([f"{subject}.", *filter(None, lines), foot]) + "\n",
            at=app.clock(),
            language=language,
        )

    def _line(self, app: App, alarm: AlarmNews, language: Language) -> str:
        """Say an alarm in one line: what, until when, on which channel, why."""
        kind = alarm.kind if alarm.kind in _KNOWN else "other"
        until = "" if alarm.answer_by is None else _moment(app, alarm.answer_by, language)
        parts = [
            self._wording.plain(language, f"letters.{kind}.line", until=until),
            CHANNELS.get(alarm.channel, alarm.channel.capitalize()),
            self._reason(alarm.reason, language),
        ]
        return " · ".join(filter(None, parts))

    def _reason(self, reason: str, language: Language) -> str:
        key = f"desk.reason.{reason}"
        return self._wording.plain(language, key) if reason and self._wording.has(language, key) else ""


async def _failed(app: App, post: Post, error: Exception) -> Settled:
    """Say what comes after an error. A mailbox that is gone is told to the owner: nobody reads its mails."""
    code = (error.code or "") if isinstance(error, IntegrationError) else ""
    match error:
        case Unreachable():
            detail = {"account": str(post.account_id), "code": code}
            await app.store.notify("letter_failed", detail, app.clock())
            return ("failed", None, code)
        case Refused():
            return ("failed", None, code)
        case Unauthorized():
            app.alarm(CHANNEL, "", app.clock() + ACCOUNT_PAUSE, code or type(error).__name__)
            _log.error("mail_server_refuses", error=str(error))
            return ("waiting", ACCOUNT_PAUSE, code)
        case Throttled():
            return ("waiting", timedelta(seconds=error.after), code)
        case _:  # also where the answer was lost: twice is better than never, and it is the same mail
            return ("waiting", backoff(post.attempts), code)


def _moment(app: App, moment: datetime, language: Literal["de", "en"]) -> str:
    """Say when, by the shop's clocks; another day by its name."""
    zone = app.config.settings.brand.zone
    local, today = moment.astimezone(zone), app.clock().astimezone(zone).date()
    locale = "de_DE" if language == "de" else "en_GB"
    clock = format_time(local, "HH:mm", locale=locale)
    return clock if local.date() == today else f"{format_date(local, 'EEEE', locale=locale)} {clock}"


def _link(app: App, path: str) -> str:
    return f"{app.home}{path}" if app.home else ""
