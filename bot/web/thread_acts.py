"""What agents do with an open thread as a whole: take it, give it away, put it away, close it, put it right.

A verb answers with the head as it is then; what was done, or why not, is told by the event ``desk:told`` in
the header ``HX-Trigger``. Without htmx it leads back to the thread.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final, get_args

from aiohttp import web

from bot import handoff
from bot.app import App
from bot.handoff import Denied
from bot.web.access import APP, ME, allows
from bot.web.causes import cause_names
from bot.web.desk import people_of
from bot.web.happened import number_of
from bot.web.pages import back, page, words
from bot.web.thread import THREAD, head_values, id_of
from nlu.understanding import Intent, MoodLabel
from persistence.desk_thread import Item


def add_acting_routes(site: web.Application) -> None:
    """Serve what is done with threads."""
    for name, handler in _VERBS.items():
        site.router.add_post(f"{THREAD}/{name}", handler)
    site.router.add_get(rf"{THREAD}/correct/{{inbox:\d{{1,18}}}}", correction)
    site.router.add_post(rf"{THREAD}/correct/{{inbox:\d{{1,18}}}}", correct)


@allows("agent")
async def claim(request: web.Request) -> web.Response:
    """Take the thread."""
    form = await request.post()
    done = await handoff.claim(request.app[APP], id_of(request), request[ME].id, over=bool(form.get("over")))
    return await _told(request, "claim", done)


@allows("agent")
async def release(request: web.Request) -> web.Response:
    """Put it back into the queue."""
    return await _told(
        request, "release", await handoff.release(request.app[APP], id_of(request), request[ME].id)
    )


@allows("agent")
async def assign(request: web.Request) -> web.Response:
    """Give it to somebody, or to a team."""
    app, form = request.app[APP], await request.post()
    people = await people_of(app)
    to, team = number_of(form.get("to")), number_of(form.get("team"))
    to = to if to in dict(people.agents) else None
    team = team if team in people.teams else None
    if to is None and team is None:
        return await _told(request, "assign", Denied("unknown"))
    return await _told(
        request, "assign", await handoff.assign(app, id_of(request), request[ME].id, to=to, team=team)
    )


@allows("agent")
async def snooze(request: web.Request) -> web.Response:
    """Put it away until ``until``, or else until ``date`` by the shop's clocks."""
    app, form = request.app[APP], await request.post()
    until = _moment(app, str(form.get("until") or form.get("date") or ""))
    if until is None:
        return await _told(request, "snooze", Denied("past"))
    return await _told(request, "snooze", await handoff.snooze(app, id_of(request), request[ME].id, until))


@allows("agent")
async def prioritise(request: web.Request) -> web.Response:
    """Say how urgent it is."""
    priority = min(max(number_of((await request.post()).get("priority")) or 0, -1), 2)
    done = await handoff.prioritise(request.app[APP], id_of(request), request[ME].id, priority)
    return await _told(request, "priority", done)


@allows("agent")
async def resolve(request: web.Request) -> web.Response:
    """Close it as solved, with a cause and a note for the team if there are any."""
    app, form = request.app[APP], await request.post()
    cause = str(form.get("cause") or "")
    cause = cause if cause in cause_names(app, "de") else ""
    reason = str(form.get("reason") or "")[:300].strip()
    done = await handoff.resolve(app, id_of(request), request[ME].id, cause=cause, reason=reason)
    return await _told(request, "resolve", done)


@allows("agent")
async def hand_back(request: web.Request) -> web.Response:
    """Give it back to the bot though nothing is solved."""
    done = await handoff.hand_back(request.app[APP], id_of(request), request[ME].id)
    return await _told(request, "hand_back", done)


_VERBS: Final = {
    "claim": claim,
    "release": release,
    "assign": assign,
    "snooze": snooze,
    "priority": prioritise,
    "resolve": resolve,
    "hand_back": hand_back,
}


async def _told(request: web.Request, verb: str, done: object) -> web.Response:
    """Answer a verb: the head as it is now, and a word about what was done or why not."""
    if "HX-Request" not in request.headers:
        return back(request, f"/desk/{id_of(request)}")
    t = words(request)
    told: dict[str, str] = {"kind": "good", "words": str(t(f"thread.done.{verb}"))}
    if isinstance(done, Denied):
        people = await people_of(request.app[APP])
        name = people.accounts.get(done.holder or 0) or str(t("thread.somebody"))
        told = {"kind": "bad", "words": str(t(f"thread.refused.{done.why}", name=name))}
    headers = {"HX-Trigger": json.dumps({"desk:told": told})}
    return await page(request, "thread/refresh.html", headers=headers, **await head_values(request))


@allows("agent")
async def correction(request: web.Request) -> web.Response:
    """The form for what a message was taken to mean, filled with what the engine makes of it."""
    item = await _message(request)
    understand = await request.app[APP].engine.prepare(item.text)
    meaning = understand(item.text, language=None, expecting=None)
    return await page(
        request,
        "thread/correct.html",
        id=id_of(request),
        inbox=item.inbox_id,
        text=item.text,
        intents=get_args(Intent),
        intent=meaning.intent,
        moods=get_args(MoodLabel),
        mood=meaning.mood.label,
        handoff=bool(item.marks),
    )


@allows("agent")
async def correct(request: web.Request) -> web.Response:
    """Keep what a message really meant: to learn from.

    Without an intent (``quick``) only that no human was needed. Answers as JSON with what undoes it.
    """
    app, form = request.app[APP], await request.post()
    item = await _message(request)
    understand = await app.engine.prepare(item.text)
    meaning = understand(item.text, language=None, expecting=None)
    intent: Intent = next((one for one in get_args(Intent) if one == form.get("intent")), meaning.intent)
    mood: MoodLabel = next(
        (one for one in get_args(MoodLabel) if one == form.get("mood")), meaning.mood.label
    )
    handed = form.get("handoff") == "yes"
    kept = await handoff.correct(
        app, id_of(request), request[ME].id, item.inbox_id or 0, intent=intent, mood=mood, handoff=handed
    )
    before = {"intent": meaning.intent, "mood": meaning.mood.label, "handoff": "yes" if item.marks else ""}
    t = words(request)
    said = t("thread.done.correct") if kept else t("thread.refused.unknown")
    return web.json_response({"kept": kept, "words": str(said), "before": before})


async def _message(request: web.Request) -> Item:
    """Return the buyer's message that is meant.

    Raises:
        HTTPNotFound: it has no words, or is no message of this thread.

    """
    found = await request.app[APP].store.thread.items(id_of(request), (f"i{request.match_info['inbox']}",))
    item = next((one for one in found if one.side == "buyer" and one.text and not one.unsent), None)
    if item is None or item.inbox_id is None:
        raise web.HTTPNotFound(text="there is no such message")
    return item


def _moment(app: App, written: str) -> datetime | None:
    """Read a moment; without a zone it is one of the shop's own clocks."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    zone = app.config.settings.brand.zone
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(app.clock().tzinfo)
