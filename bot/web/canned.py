"""Canned replies: the list and its editor on ``/desk/canned``, and what the composer picks from.

The editor shows what a reply says with every placeholder's sample while it is written, and refuses what could
not be filled in later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bot.desk_scene import scene_of, suggestions_of
from bot.web.access import APP, ME, allows
from bot.web.happened import spoken
from bot.web.pages import back, language_of, page, words
from bot.web.sendables import ways_to_reply
from dialogs.canned import (
    CannedText,
    Mistake,
    check_canned,
    fill_canned,
    found_by,
    meaning,
    placeholders,
    sample_canned,
)
from dialogs.cutting import clean
from dialogs.scene import localized
from dialogs.words import Tone
from persistence.canned import CannedReply, Taken

_SHOWN: Final = 12
_FIELDS: Final = ("shortcut", "title", "de", "de_sie", "en")
_EMPTY: Final = CannedText("", "", "")
_WRONG: Final = frozenset({"shortcut", "taken", "empty", "long", "unknown_placeholder", "open_brace"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one field, in words."""

    place: str
    words: str


def add_canned_routes(site: web.Application) -> None:
    """Serve the list, the editor, and the composer's picks."""
    site.router.add_get("/desk/canned", replies)
    site.router.add_get("/desk/canned/new", new)
    site.router.add_post("/desk/canned/new", save)
    site.router.add_post("/desk/canned/preview", preview)
    site.router.add_get(r"/desk/canned/{reply:\d{1,15}}", edit)
    site.router.add_post(r"/desk/canned/{reply:\d{1,15}}", save)
    site.router.add_post(r"/desk/canned/{reply:\d{1,15}}/delete", delete)
    site.router.add_post(r"/desk/canned/{reply:\d{1,15}}/used", used)
    site.router.add_get(r"/desk/{id:\d{1,15}}/picks", picks)
    site.router.add_get(r"/desk/{id:\d{1,15}}/templates", templates)
    site.router.add_get(r"/desk/{id:\d{1,15}}/suggestions", suggestions)


@allows("agent")
async def replies(request: web.Request) -> web.Response:
    """All canned replies; ``?q=`` those that are meant."""
    wanted = request.query.get("q", "")[:100]
    everything = await request.app[APP].store.canned.all()
    found = found_by(everything, wanted) if wanted.strip() else list(everything)
    done = request.query.get("done", "")
    t = words(request)
    return await page(
        request,
        "canned/list.html",
        replies=found,
        wanted=wanted,
        any=bool(everything),
        said=str(t(f"canned.{done}")) if done in {"saved", "deleted", "gone"} else "",
    )


@allows("agent")
async def new(request: web.Request) -> web.Response:
    """An empty editor."""
    return await _editor(request, _EMPTY, None)


@allows("agent")
async def edit(request: web.Request) -> web.Response:
    """The editor with one reply."""
    reply = await request.app[APP].store.canned.find(_reply(request) or 0)
    if reply is None:
        return back(request, "/desk/canned?done=gone")
    return await _editor(request, reply, reply.id)


@allows("agent")
async def save(request: web.Request) -> web.Response:
    """Keep a reply, or show what is wrong with it; nothing typed is lost."""
    app, form = request.app[APP], await request.post()
    text = _written({name: form.get(name) for name in _FIELDS})
    number = _reply(request)
    if mistakes := check_canned(text):
        return await _editor(request, text, number, mistakes)
    try:
        kept = await app.store.canned.save(text, app.clock(), by=request[ME].id, reply_id=number)
    except Taken:
        return await _editor(request, text, number, (Mistake("shortcut", "taken", text.shortcut),))
    return back(request, f"/desk/canned?done={'saved' if kept else 'gone'}")


@allows("agent")
async def delete(request: web.Request) -> web.Response:
    """Delete a reply."""
    gone = await request.app[APP].store.canned.delete(_reply(request) or 0)
    return back(request, f"/desk/canned?done={'deleted' if gone else 'gone'}")


@allows("agent")
async def preview(request: web.Request) -> web.Response:
    """How the texts read, and what is wrong with them: for the editor, while somebody types."""
    form = await request.post()
    text = _written({name: form.get(name) for name in _FIELDS})
    mistakes = [
        one for one in check_canned(text) if one.place in {"de", "de_sie", "en"} and one.kind != "empty"
    ]
    return await page(request, "canned/preview.html", samples=_samples(text), wrong=_told(request, mistakes))


@allows("agent")
async def used(request: web.Request) -> web.Response:
    """Count that a reply was picked."""
    await request.app[APP].store.canned.used(_reply(request) or 0)
    return web.Response(status=204)


@allows("agent")
async def picks(request: web.Request) -> web.Response:
    """Canned replies for a thread, filled in for its buyer: ``?q=`` those that are meant, as JSON."""
    app = request.app[APP]
    scene = await scene_of(app, int(request.match_info["id"]), app.clock())
    if scene is None:
        raise web.HTTPNotFound(text="there is no such conversation")
    found = found_by(await app.store.canned.all(), request.query.get("q", "")[:100])[:_SHOWN]
    tone, language = scene.scene.tone, language_of(request)
    shown = []
    for one in found:
        filled = fill_canned(one.written(tone), tone, scene.fill, _first_name(request), language)
        missing = [meaning(name, language) for name in filled.missing]
        about = {"id": one.id, "shortcut": one.shortcut, "title": one.title}
        shown.append({**about, "text": filled.text, "missing": missing})
    return web.json_response({"replies": shown})


@allows("agent")
async def templates(request: web.Request) -> web.Response:
    """The templates that may be sent in a thread, with their values: a fragment for its dialog."""
    found = await ways_to_reply(request.app[APP], int(request.match_info["id"]), language_of(request))
    return await page(request, "thread/templates.html", templates=found, spoken=spoken)


@allows("agent")
async def suggestions(request: web.Request) -> web.Response:
    """Drafts of an answer by what the case is about: a fragment for its dialog."""
    app, language = request.app[APP], language_of(request)
    found = await suggestions_of(app, int(request.match_info["id"]), _first_name(request), app.clock())
    drafts = [(localized(one.label, language, "du"), one.text) for one in found]
    return await page(request, "thread/drafts.html", drafts=drafts)


def _first_name(request: web.Request) -> str:
    """By which name an agent introduces themselves."""
    return next(iter(request[ME].name.split()), "")


async def _editor(
    request: web.Request, text: CannedText, number: int | None, mistakes: Sequence[Mistake] = ()
) -> web.Response:
    return await page(
        request,
        "canned/edit.html",
        status=422 if mistakes else 200,
        text=text,
        number=number,
        uses=text.uses if isinstance(text, CannedReply) else None,
        wrong=_told(request, mistakes),
        placeholders=placeholders(language_of(request)),
        samples=_samples(text),
    )


def _samples(text: CannedText) -> dict[str, str]:
    return {place: sample_canned(getattr(text, place), tone) for place, tone in _TONES.items()}


_TONES: Final = {"de": Tone("de"), "de_sie": Tone("de", "sie"), "en": Tone("en")}


def _told(request: web.Request, mistakes: Sequence[Mistake]) -> list[Wrong]:
    t = words(request)
    kinds = [(one, one.kind if one.kind in _WRONG else "other") for one in mistakes]
    return [Wrong(one.place, str(t(f"canned.wrong.{kind}", word=one.word))) for one, kind in kinds]


def _written(form: Mapping[str, Any]) -> CannedText:
    texts = {name: clean(str(form.get(name) or "")).replace("\r\n", "\n").strip() for name in _FIELDS}
    texts["shortcut"] = texts["shortcut"].removeprefix("/").casefold()
    texts["title"] = " ".join(texts["title"].split())[:80]
    return CannedText(**texts)


def _reply(request: web.Request) -> int | None:
    number = request.match_info.get("reply")
    return int(number) if number is not None else None
