"""An open thread to be read: its page, its messages in stretches, and what stands above them.

``/desk/{id}`` is the page; for htmx it is the middle column alone. Stretches of messages, the head, and what
is new come as fragments for thread.js.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from aiohttp import web

from bot.app import App
from bot.courtesies import attend
from bot.handoff import right_of
from bot.media_links import media_id_of
from bot.web.access import APP, ME, allows
from bot.web.buyer import panel_values
from bot.web.causes import cause_names, causes_for
from bot.web.composer import composer_values, window_of
from bot.web.desk import CHANNELS, People, opening_of, people_of, queue_values, viewer_words
from bot.web.happened import Names, number_of, spoken
from bot.web.pages import language_of, page, words
from bot.web.reasons import reason_words
from bot.web.snoozes import snoozes
from bot.web.thread_view import Line, lines_of, span_words
from bot.web.wording import Language
from dialogs.channel import Capabilities
from dialogs.harmless import harmless
from dialogs.words import Tone
from nlu.understanding import Intent, MoodLabel
from persistence.desk_thread import Case, ThreadHead, ThreadPage
from persistence.requests import KINDS

STRETCH: Final = 50
MOST: Final = 200
"""How many of the newest messages are looked at again when something happened."""

_CASE_OPEN: Final = frozenset({"waiting", "agent"})
_ORDER_WORDS: Final = frozenset(
    {"placed", "updated", "paid", "shipped", "delayed", "delivered", "cancelled", "refunded", *KINDS}
)
_NO_LIMITS: Final = Capabilities(text_limit=4096, text_unit="characters")
THREAD: Final = r"/desk/{id:\d{1,15}}"


def add_reading_routes(site: web.Application) -> None:
    """Serve threads to be read."""
    site.router.add_get(THREAD, thread)
    site.router.add_get(f"{THREAD}/items", items)
    site.router.add_get(f"{THREAD}/tail", tail)
    site.router.add_get(f"{THREAD}/head", head)


@allows("viewer")
async def thread(request: web.Request) -> web.Response:
    """A thread; ``?at=i123`` opens it at that message."""
    known, people = await asyncio.gather(_head_of(request), people_of(request.app[APP]))
    attend(request.app[APP], known.id, request[ME].id, typing=False)
    if "HX-Request" in request.headers:
        return await page(request, "thread/column.html", **await column_values(request, known, people))
    frame, panel, column = await asyncio.gather(
        queue_values(request, open_id=known.id, people=people),
        panel_values(request, people),
        column_values(request, known, people),
    )
    return await page(request, "thread/page.html", shows="thread", **{**frame, **panel, **column})


@allows("viewer")
async def items(request: web.Request) -> web.Response:
    """A stretch of messages: ``?before=``, ``?after=`` or ``?around=`` the key of one."""
    keys = {name: request.query[name][:24] for name in ("before", "after", "around") if name in request.query}
    return await _stretch(request, request.app[APP].store.thread.page(id_of(request), **keys, most=STRETCH))


@allows("viewer")
async def tail(request: web.Request) -> web.Response:
    """The newest ``?shown=`` messages as they are now: thread.js puts in what is new or has changed."""
    shown = min(max(number_of(request.query.get("shown", "")) or STRETCH, 1), MOST)
    return await _stretch(request, request.app[APP].store.thread.page(id_of(request), most=shown))


@allows("viewer")
async def head(request: web.Request) -> web.Response:
    """What stands above the messages."""
    return await page(request, "thread/refresh.html", **await head_values(request))


async def _stretch(request: web.Request, reading: Awaitable[ThreadPage]) -> web.Response:
    known, people, found = await asyncio.gather(_head_of(request), people_of(request.app[APP]), reading)
    return await page(request, "thread/items.html", **_line_values(request, found, known, people))


async def column_values(request: web.Request, known: ThreadHead, people: People) -> dict[str, Any]:
    """Return what ``thread/column.html`` needs."""
    app, around = request.app[APP], request.query.get("at", "")[:24]
    at = {"around": around} if around else {}
    above = _above(request, known, people)
    found, causes, composer = await asyncio.gather(
        app.store.thread.page(known.id, **at, most=STRETCH),
        causes_for(app, known.id, language_of(request)),
        composer_values(request, above["capabilities"]),
    )
    return {
        **above,
        **_line_values(request, found, known, people),
        **composer,
        "around": around if any(one.key == around for one in found.items) else "",
        "snoozes": snoozes(app.clock(), opening_of(app)),
        "snooze_min": _local(app, app.clock()),
        "causes": causes,
    }


async def _head_of(request: web.Request) -> ThreadHead:
    app = request.app[APP]
    found = await app.store.thread.head(id_of(request), request[ME].id, app.clock())
    if found is None:
        raise web.HTTPNotFound(text="there is no such conversation")
    return found


async def head_values(request: web.Request) -> dict[str, Any]:
    """Return what ``thread/refresh.html`` needs: see `column_values`."""
    known, people = await asyncio.gather(_head_of(request), people_of(request.app[APP]))
    return _above(request, known, people)


def _above(request: web.Request, known: ThreadHead, people: People) -> dict[str, Any]:
    """What the head speaks with."""
    app, me, t = request.app[APP], request[ME], words(request)
    now = app.clock()
    port = app.channels.get((known.channel, known.account))
    capabilities = port.capabilities if port is not None else _NO_LIMITS
    case, past = _cases(known.cases)
    others = [one for one in known.viewers if one.account != me.id]
    return {
        **_shared(request, known.channel, known.name, people),
        "head": known,
        "capabilities": capabilities,
        "window": window_of(right_of(capabilities, known.heard_at, now, reachable=known.reachable)),
        "people": _agents(people, me.id),
        "watching": viewer_words(others, people.accounts, t),
        "case": case,
        "past_cases": past,
        "case_open": known.status in _CASE_OPEN,
        "case_inbox": case.quotes if case is not None else None,
        "corrected_words": lambda told: _corrected(told, request),
    }


def _shared(request: web.Request, channel: str, name: str | None, people: People) -> dict[str, Any]:
    """What both the head and the messages speak with."""
    app, t = request.app[APP], words(request)
    names = Names(people.accounts, people.teams, cause_names(app, language_of(request)))
    return {
        "names": names,
        "buyer_name": harmless(name or "").strip() or str(t("thread.nobody")),
        "channel_name": CHANNELS.get(channel, channel),
        "account_name": lambda account: people.accounts.get(account or 0) or str(t("thread.somebody")),
        "why_words": lambda why, reason: reason_words(why, reason, t),
        "span_words": lambda span: span_words(span, language_of(request)),
        "flow_name": lambda flow: _flow_name(app, flow, language_of(request)),
        "media_url": _media_url,
        "order_words": _ORDER_WORDS,
    }


def _line_values(
    request: web.Request, found: ThreadPage, known: ThreadHead, people: People
) -> dict[str, Any]:
    app = request.app[APP]
    shared = _shared(request, known.channel, known.name, people)
    shown: tuple[Line, ...] = lines_of(
        found.items,
        channel=known.channel,
        language=language_of(request),
        names=shared["names"],
        timezone=app.config.settings.brand.timezone,
        now=app.clock(),
    )
    return {**shared, "page": found, "shown": shown}


def _cases(all_of_them: Sequence[Case]) -> tuple[Case | None, tuple[Case, ...]]:
    """The case that counts (the newest that is open), and those before it."""
    current = next((one for one in all_of_them if one.resolved_at is None), None)
    return current, tuple(one for one in all_of_them if one is not current)


def _agents(people: People, me: int) -> list[tuple[int, str]]:
    """Who may be given a thread: oneself first."""
    return sorted(people.agents, key=lambda one: one[0] != me)


def _corrected(told: str, request: web.Request) -> str:
    """What somebody said that the message really was: see `persistence.desk_notes`."""
    t = words(request)
    try:
        said = json.loads(told)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return told
    parts = [
        str(t(f"thread.{kind}.{said.get(kind)}"))
        for kind, known in (("intent", get_args(Intent)), ("mood", get_args(MoodLabel)))
        if said.get(kind) in known
    ]
    return ", ".join(parts if said.get("handoff") else [*parts, str(t("thread.case.not_needed"))])


def _flow_name(app: App, flow: str, language: Language) -> str:
    """What a flow is called: its title, else its id as people read it."""
    known = app.book.flows.get(flow)
    title = known.title.source(Tone(language)) if known is not None and known.title is not None else ""
    return title or spoken(flow)


def _media_url(url: str) -> str:
    """Where the desk shows a file of ours; what lies elsewhere is not loaded."""
    media_id = media_id_of(url)
    return "" if media_id is None else f"/desk/media/{media_id}"


def _local(app: App, moment: datetime) -> str:
    return moment.astimezone(app.config.settings.brand.zone).strftime("%Y-%m-%dT%H:%M")


def id_of(request: web.Request) -> int:
    """Return the conversation of an address."""
    return int(request.match_info["id"])
