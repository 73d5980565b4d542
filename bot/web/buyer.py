"""The buyer beside a thread: the panel, and what agents do for the buyer there.

``/desk/{id}/buyer`` is the panel, ``/desk/{id}/buyer/{kind}`` a form for its dialog. What was done answers
with the panel as it is then, and the event ``desk:told``; words for the buyer go to the composer by the event
``buyer:compose``. Without its script every form is a page, and words for the buyer become the draft.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from babel.dates import format_skeleton

from bot import handoff, requests
from bot.app import App
from bot.desk_scene import scene_of
from bot.handoff import Denied
from bot.requests import Asked, NotStarted
from bot.web.access import APP, ME, allows
from bot.web.buyer_forms import Asking, form_values, kind_of, read_form, words_of
from bot.web.buyer_view import panel_of
from bot.web.desk import CHANNELS, People
from bot.web.forms import line, text
from bot.web.happened import number_of
from bot.web.pages import back, language_of, page, words
from bot.web.requests_page import about
from dialogs.by_hand import startable
from dialogs.cutting import clean
from dialogs.words import Tone
from persistence.merges import Merged
from persistence.requests import Kind

_BUYER: Final = r"/desk/{id:\d{1,15}}/buyer"
_FORM: Final = f"{_BUYER}/{{kind}}"
_LONGEST_NOTE: Final = 5000
_PURPOSES: Final = frozenset({"service", "feedback", "offers", "all"})
_CONSENTS: Final = frozenset({"asked", "given", "withdrawn"})


def add_buyer_routes(site: web.Application) -> None:
    """Serve the panel and its forms."""
    site.router.add_get(_BUYER, panel)
    site.router.add_get(f"{_BUYER}/flow", flows)
    site.router.add_post(f"{_BUYER}/flow", start_flow)
    site.router.add_get(f"{_BUYER}/merge", candidates)
    site.router.add_post(f"{_BUYER}/merge", merge)
    site.router.add_post(f"{_BUYER}/unmerge", unmerge)
    site.router.add_post(f"{_BUYER}/note", note)
    site.router.add_post(f"{_BUYER}/label", label)
    site.router.add_post(f"{_BUYER}/withdraw", withdraw)
    site.router.add_get(_FORM, form)
    site.router.add_post(_FORM, ask)
    site.router.add_post(f"{_FORM}/told", told)


# -- the panel


async def panel_values(request: web.Request, people: People | None = None) -> dict[str, Any]:
    """Return what ``buyer/panel.html`` needs; with ``panel`` None its buyer's data was erased."""
    app, language = request.app[APP], language_of(request)
    found = await panel_of(app, _id(request), language, people)
    born = found.card.buyer.birthday if found is not None and found.card.buyer is not None else None
    return {
        "id": _id(request),
        "panel": found,
        "channel_names": CHANNELS,
        "purposes": _PURPOSES,
        "consent_actions": _CONSENTS,
        "note_key": secrets.token_urlsafe(16),
        "request_about": lambda one: about(one.detail, "", language),
        "birthday_words": format_skeleton("MMMMd", born, locale=language) if born is not None else "",
    }


@allows("viewer")
async def panel(request: web.Request) -> web.Response:
    """What is known of the buyer; on a page of its own where no script asks."""
    await _check(request)
    part = "HX-Request" in request.headers
    return await page(
        request, "buyer/panel.html" if part else "buyer/page.html", **await panel_values(request)
    )


async def _check(request: web.Request) -> None:
    """Make sure that there is such a conversation.

    Raises:
        HTTPNotFound: there is none.

    """
    app = request.app[APP]
    if await app.store.thread.head(_id(request), request[ME].id, app.clock()) is None:
        raise web.HTTPNotFound(text="there is no such conversation")


# -- requests


@allows("agent")
async def form(request: web.Request) -> web.Response:
    """The form for a kind of request."""
    return await _form(request, await _asking(request), _kind(request), {})


@allows("agent")
async def told(request: web.Request) -> web.Response:
    """What the buyer would be told by the form as it is now."""
    asking, given, kind = await _asking(request), await request.post(), _kind(request)
    read = await read_form(asking, kind, given, language_of(request))
    return await page(request, "buyer/told.html", preview=words_of(asking, kind, read))


@allows("agent")
async def ask(request: web.Request) -> web.Response:
    """Ask for it, or show what is wrong; nothing typed is lost."""
    asking, given, kind = await _asking(request), await request.post(), _kind(request)
    read = await read_form(asking, kind, given, language_of(request))
    if read.wish is None:
        return await _form(request, asking, kind, given, read.problems, read.left)
    key = f"{request[ME].id}:{text(given, 'key', 64)}"
    done = await requests.ask(asking.app, asking.id, request[ME].id, read.wish, key=key)
    if not isinstance(done, Asked):
        where = {"amount": "amount", "order": "order"}.get(done.why, "")
        return await _form(request, asking, kind, given, {where: {"amount": "left"}.get(done.why, done.why)})
    said = words_of(asking, kind, read)
    return await _done(request, str(words(request)(f"buyer.done.{kind}")), given, said, key)


async def _form(
    request: web.Request,
    asking: Asking,
    kind: Kind,
    given: Mapping[str, Any],
    problems: Mapping[str, str] | None = None,
    left: str = "",
) -> web.Response:
    language = language_of(request)
    values = form_values(asking, kind, given, language)
    so_far = given or {"order": values["chosen"], "key": values["key"]}
    read = await read_form(asking, kind, so_far, language)
    return await _dialog(
        request,
        "buyer/form.html",
        status=422 if problems else 200,
        problems=problems or {},
        left=left or read.left,
        preview=words_of(asking, kind, read),
        **values,
        **_shared(asking),
    )


def _shared(asking: Asking) -> dict[str, Any]:
    return {"id": asking.id, "panel": asking.panel, "name": asking.panel.name}


async def _dialog(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Show a form: in the panel's dialog, or where no script asks on a page of its own."""
    if "HX-Request" not in request.headers:
        return await page(request, "buyer/form_page.html", status=status, inner=template, **values)
    headers = {"HX-Retarget": "#buyer-form", "HX-Reswap": "innerHTML"} if status >= 400 else {}
    return await page(request, template, status=status, headers=headers, **values)


async def _done(
    request: web.Request, told_words: str, given: Mapping[str, Any], said: str, key: str
) -> web.Response:
    """Answer that it is done, and do with the words for the buyer what was chosen."""
    app, me, t = request.app[APP], request[ME], words(request)
    how, kind = text(given, "how"), "good"
    if how == "send":
        sent = await handoff.say(app, _id(request), me.id, text=said, key=f"{key}:told")
        if isinstance(sent, Denied):
            how, kind = "compose", "bad"
            told_words = " ".join((told_words, t("buyer.not_sent")))
        else:
            told_words = " ".join((told_words, t(f"composer.sent.{sent.goes}")))
    events: dict[str, Any] = {"desk:told": {"kind": kind, "words": told_words}}
    if how == "compose":
        events["buyer:compose"] = {"text": said}
        if "HX-Request" not in request.headers:
            await app.store.drafts.save(_id(request), me.id, said, app.clock())
    return await _panel_again(request, events)


async def _panel_again(request: web.Request, events: Mapping[str, Any]) -> web.Response:
    if "HX-Request" not in request.headers:
        return back(request, f"/desk/{_id(request)}")
    headers = {"HX-Trigger": json.dumps(events)}
    return await page(request, "buyer/panel.html", headers=headers, **await panel_values(request))


async def _tell(request: web.Request, key: str, *, good: bool = True, **values: object) -> web.Response:
    said = str(words(request)(key, **values))
    return await _panel_again(request, {"desk:told": {"kind": "good" if good else "bad", "words": said}})


@allows("agent")
async def withdraw(request: web.Request) -> web.Response:
    """Call off a request of this thread that nobody has done yet."""
    app, given = request.app[APP], await request.post()
    found = await app.store.requests.find(number_of(given.get("request")) or 0)
    if found is None or found.conversation_id != _id(request) or found.status != "open":
        return await _tell(request, "buyer.not_withdrawn", good=False)
    await requests.settle(app, found.id, request[ME].id, "cancelled")
    return await _tell(request, "buyer.withdrawn")


# -- flows


@allows("agent")
async def flows(request: web.Request) -> web.Response:
    """The flows that may be started now."""
    asking = await _asking(request)
    way = await handoff.right(asking.app, asking.id)
    return await _dialog(
        request,
        "buyer/flow.html",
        flows=startable(asking.app.book, Tone(language_of(request))),
        free=way.way == "free" and way.reachable,
        key=form_values(asking, "gift", {}, "de")["key"],
        **_shared(asking),
    )


@allows("agent")
async def start_flow(request: web.Request) -> web.Response:
    """Let the bot go on with a flow."""
    app, given = request.app[APP], await request.post()
    key = f"{request[ME].id}:{text(given, 'key', 64)}"
    done = await requests.start_flow(app, _id(request), request[ME].id, line(given, "flow"), key=key)
    if isinstance(done, NotStarted):
        return await _tell(request, f"buyer.flow.not.{done.why}", good=False)
    if isinstance(done, Denied):
        return await _tell(request, "thread.refused.unknown", good=False, name="")
    return await _tell(request, "buyer.done.flow")


# -- who is who


@allows("agent")
async def candidates(request: web.Request) -> web.Response:
    """Who may be the same person: by name, e-mail, phone or order; ``?q=`` is what was typed."""
    asking = await _asking(request)
    wanted = line(request.query, "q", 100)
    found = await asking.app.store.merges.candidates(asking.id, wanted)
    listed = "list" in request.query and "HX-Request" in request.headers
    template = "buyer/candidates.html" if listed else "buyer/merge.html"
    values = {"found": found, "wanted": wanted, **_shared(asking)}
    return await (page(request, template, **values) if listed else _dialog(request, template, **values))


@allows("agent")
async def merge(request: web.Request) -> web.Response:
    """Make somebody the same person as this buyer."""
    app, given = request.app[APP], await request.post()
    other = number_of(given.get("other")) or 0
    done = await requests.merge(app, _id(request), request[ME].id, other)
    if isinstance(done, Merged):
        return await _tell(request, "buyer.done.merge")
    return await _tell(request, f"buyer.merge.not.{done.why}", good=False)


@allows("agent")
async def unmerge(request: web.Request) -> web.Response:
    """Take a merge back."""
    app, given = request.app[APP], await request.post()
    merge_id = number_of(given.get("merge")) or 0
    done = await requests.undo_merge(app, _id(request), request[ME].id, merge_id)
    if isinstance(done, Merged):
        return await _tell(request, "buyer.done.unmerge")
    return await _tell(request, f"buyer.merge.not.{done.why}", good=False)


# -- notes and labels


@allows("agent")
async def note(request: web.Request) -> web.Response:
    """Keep a note about the buyer."""
    given = await request.post()
    said = clean(text(given, "text", _LONGEST_NOTE)).strip()
    if not said:
        return await _tell(request, "buyer.note.empty", good=False)
    key = f"{request[ME].id}:{text(given, 'key', 64)}"
    try:
        await handoff.note(request.app[APP], _id(request), request[ME].id, said, key=key)
    except LookupError:
        return await _tell(request, "thread.refused.unknown", good=False, name="")
    return await _tell(request, "buyer.done.note")


@allows("agent")
async def label(request: web.Request) -> web.Response:
    """Put a label on the thread, or take it off."""
    app, given = request.app[APP], await request.post()
    known = {one.id for one in await app.store.labels.all()}
    chosen = number_of(given.get("label")) or 0
    if chosen not in known or await app.store.moments.of(_id(request)) is None:
        return await _tell(request, "thread.refused.unknown", good=False, name="")
    change = app.store.labels.put if given.get("on") == "yes" else app.store.labels.take
    await change([_id(request)], chosen, f"account:{request[ME].id}", app.clock())
    await app.signals.wake("desk")
    return await _panel_again(request, {"desk:changed": {}})


async def _asking(request: web.Request) -> Asking:
    """Return whom a form is about.

    Raises:
        HTTPNotFound: there is no such conversation, or its buyer's data was erased.

    """
    app: App = request.app[APP]
    found = await panel_of(app, _id(request), language_of(request))
    scene = await scene_of(app, _id(request), app.clock())
    if found is None or scene is None:
        raise web.HTTPNotFound(text="there is no such conversation")
    return Asking(app, _id(request), found, scene.scene.tone, scene.scene.facts.timezone)


def _kind(request: web.Request) -> Kind:
    found = kind_of(request.match_info["kind"])
    if found is None:
        raise web.HTTPNotFound(text="there is no such form")
    return found


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])
