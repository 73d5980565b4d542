"""What WhatsApp makes of the templates: read every night and after each piece of news, compared, remembered.

Nothing is ever held back on suspicion: a state that is not known, or not fresh, hinders nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final, TypeAlias

import structlog

from bot.app import App
from dialogs.flow import Book
from dialogs.messages import Template
from dialogs.stored_templates import Problem, StoredTemplate, hindrance, missing, problems
from dialogs.templates import TemplateText, approved
from dialogs.timing import next_time
from integrations.base import Channel, IntegrationError, Templating, Throttled, Unavailable, Uncertain
from persistence.template_status import Found

_log = structlog.get_logger(__name__)

NIGHTLY: Final = time(3)
"""When everything is read again, by the shop's clocks."""

LOOK_AGAIN: Final = timedelta(minutes=30)
"""When something is read again that time may mend: pauses last three hours, a check ends at any moment."""

TRY_AGAIN: Final = timedelta(minutes=10)
FRESH: Final = timedelta(days=2)
"""How long a state counts that could not be read again since."""

States: TypeAlias = Mapping[tuple[str, str], StoredTemplate]

_MENDS: Final[frozenset[Problem]] = frozenset({"missing", "pending", "rejected", "paused"})


class TemplateRoom:
    """Reads the templates of every account that has some. One of each process; they share the work."""

    def __init__(self) -> None:
        """Know nothing yet about which templates the scripts use."""
        self._compared: dict[tuple[str, str], Book] = {}

    async def step(self, app: App) -> int:
        """Read what is due; return how many accounts were read."""
        worked = 0
        for channel in app.channels.values():
            if isinstance(channel, Templating) and channel.template_account:
                worked += await self._look(app, channel, channel)
        return worked

    async def _look(self, app: App, channel: Channel, keeper: Templating) -> int:
        now, place = app.clock(), (channel.name, channel.account)
        if self._compared.get(place) is not app.book:  # scripts with other templates are compared at once
            known = await app.store.templates.known(*place)
            if known is not None and set(known.templates) != {
                (one.name, one.language) for one in _meant(app)
            }:
                await app.store.templates.hurry(*place, now)
            self._compared[place] = app.book
        if not await app.store.templates.claim(*place, now):
            return 0
        try:
            stored = {one.key: one for one in await keeper.templates()}
        except IntegrationError as error:
            await _put_off(app, place, error, now)
            return 0
        found = [_compare(stored, one) for one in _meant(app)]
        told = await app.store.templates.keep(*place, found, now, due_at=_due(app, found, now))
        if told:
            _log.warning("templates_unfit", channel=channel.name, templates=told)
            await app.signals.wake("alarms", "desk")
        return 1


def wrong_with(stored: StoredTemplate, meant: TemplateText) -> str:
    """Say in the program's words what an owner should know of a template; empty: all is well."""
    found = problems(stored, meant)
    if found:
        return f"{found[0]} {stored.reason}".strip() if found[0] == "rejected" else found[0]
    if stored.category and stored.category != meant.category:
        return f"now_{stored.category.lower()}"
    return ""


async def states_of(app: App, channel: str, account: str, now: datetime) -> States:
    """Return what is known at ``now`` of an account's templates, by name and language."""
    port = app.channels.get((channel, account))
    if port is None or not _watched(port):
        return {}
    known = await app.store.templates.known(channel, account)
    return known.templates if known is not None and known.read_at >= now - FRESH else {}


async def hindrance_of(app: App, channel: Channel, template: Template, now: datetime) -> Problem | None:
    """Say why the platform would refuse a template; None: nothing is known against it."""
    if not _watched(channel):
        return None
    stored = await app.store.templates.find(
        channel.name, channel.account, template.name, template.language, since=now - FRESH
    )
    return None if stored is None else hindrance(stored, template)


def _watched(channel: Channel) -> bool:
    return isinstance(channel, Templating) and bool(channel.template_account)


def _meant(app: App) -> tuple[TemplateText, ...]:
    return approved(app.book.templates, app.config.settings.brand.voice)


def _compare(stored: States, meant: TemplateText) -> Found:
    one = stored.get((meant.name, meant.language)) or missing(meant)
    return Found(one, wrong_with(one, meant))


def _due(app: App, found: list[Found], now: datetime) -> datetime:
    tonight = next_time(now, NIGHTLY, app.config.settings.brand.timezone)
    mends = any(one.wrong.partition(" ")[0] in _MENDS for one in found)
    return min(tonight, now + LOOK_AGAIN) if mends else tonight


async def _put_off(app: App, place: tuple[str, str], error: IntegrationError, now: datetime) -> None:
    """Try again: soon what passes by itself, at night what somebody has to put right."""
    code = error.code or type(error).__name__
    passing = isinstance(error, Unavailable | Uncertain | Throttled)
    pause = timedelta(seconds=error.after) if isinstance(error, Throttled) else TRY_AGAIN
    due = now + pause if passing else next_time(now, NIGHTLY, app.config.settings.brand.timezone)
    _log.warning("templates_unread", channel=place[0], code=code)
    await app.store.templates.failed(*place, code, now, due_at=due, tell=not passing)
