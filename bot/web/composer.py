"""What agents write: replies, notes, templates, canned replies, drafts. Spoken to by composer.js, in JSON.

A message has a ``key`` that the browser makes: sent again under it, it goes out once. What cannot be sent
comes back with ``why`` and words, and the browser keeps the text. Without the script the form works as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from bot import handoff
from bot.handoff import Denied, Right, Said
from bot.web.access import APP, ME, allows
from bot.web.pages import back, words
from bot.web.sendables import Unsendable, pictures_of, template_of
from dialogs.canned import gaps
from dialogs.channel import Capabilities
from dialogs.cutting import clean, measure, split
from dialogs.messages import Picture

LONGEST: Final = 20_000
"""Characters that an agent may send at once: some five messages."""
MOST_FILES: Final = 5
_THREAD: Final = r"/desk/{id:\d{1,15}}"
_SENDABLE: Final = 100_000
_WORDS: Final = (
    "text.reply", "text.note", "placeholder.reply", "placeholder.note", "send.reply", "send.note",
    "send.when_buyer_writes", "sending", "counter.characters", "counter.bytes", "canned.none",
    "canned.missing", "canned.title", "mention", "file.alt", "file.alt_hint", "file.remove", "file.uploading",
    "file.wrong.too_large", "file.wrong.empty", "file.wrong.unreadable", "file.wrong.unknown_type",
    "file.wrong.no_address", "file.wrong.channel", "file.wrong.many", "file.wrong.other", "gaps", "gaps_go",
    "empty", "undone", "too_late", "failed", "offline", "signed_out", "sign_in", "restored",
    "unsay_failed", "fetch_failed",
    "typing_other", "keys.enter", "keys.ctrl",
)  # fmt: skip
_COUNTED: Final = ("counter.parts", "canned.result")


def add_composer_routes(site: web.Application) -> None:
    """Serve what the composer asks for."""
    site.router.add_post(f"{_THREAD}/say", say)
    site.router.add_post(f"{_THREAD}/unsay", unsay)
    site.router.add_post(f"{_THREAD}/retry", retry)
    site.router.add_post(f"{_THREAD}/note", note)
    site.router.add_post(f"{_THREAD}/draft", draft)
    site.router.add_post(f"{_THREAD}/split", parts)
    site.router.add_post("/desk/composer/enter", enter)


async def composer_values(request: web.Request, capabilities: Capabilities) -> dict[str, Any]:
    """Return what ``thread/composer.html`` needs."""
    app, me, t = request.app[APP], request[ME], words(request)
    said = {key: str(t(f"composer.{key}", **_OPEN)) for key in _WORDS}
    for key in _COUNTED:
        said |= {
            f"{key}.one": str(t(f"composer.{key}", n=1)),
            f"{key}.other": str(t(f"composer.{key}", n="{n}")),
        }
    said |= {"undo": str(t("thread.do.undo")), "saved": str(t("thread.done.draft"))}
    return {
        "key": secrets.token_urlsafe(16),
        "limit": capabilities.text_limit,
        "unit": capabilities.text_unit,
        "enter_sends": await app.store.recall(_enter_key(me.id)) == "yes",
        "accept": sorted({mime for file in capabilities.files for mime in file.mimes}),
        "file_kinds": sorted({file.type for file in capabilities.files}),
        "most_files": MOST_FILES,
        "templates_possible": capabilities.templates,
        "composer_words": said,
    }


@dataclass(frozen=True, slots=True)
class Window:
    """How it may be written now, in the words' own names; until when, and what comes then."""

    kind: str
    until: datetime | None
    after: str


def window_of(right: Right) -> Window:
    """Return how it may be written, for ``thread/window.html``."""
    kind = "always" if right.way == "free" and right.until is None else right.way
    return Window(kind, right.until, right.then)


_OPEN: Final = {
    one: f"{{{one}}}" for one in ("name", "n", "limit", "text", "names", "channel", "kinds", "what", "time")
}
"""Values that the script fills in."""


@allows("agent")
async def say(request: web.Request) -> web.Response:
    """Answer the buyer.

    ``{"key", "text", "media": [{"id", "alt"}], "template": {"name", "parameters": [...]}, "over"}``. Answers
    ``{"event", "goes", "seconds", "words"}``; 409 where another has the thread, 422 where it cannot be sent.
    """
    if not request.content_type.startswith("application/json"):
        return await _from_form(request)
    app, me, t = request.app[APP], request[ME], words(request)
    body = await _body(request)
    text = clean(str(body.get("text") or ""))[:_SENDABLE].strip()
    try:
        template = await template_of(app, _id(request), body.get("template"))
        files = await pictures_of(app, _id(request), body.get("media"), MOST_FILES)
    except Unsendable as error:
        return _refused(error.why, str(t(f"composer.{error.words}", **error.values)))
    if template is not None:
        text = template.text
    if wrong := _wrong(text, files, t):
        return wrong
    said = await handoff.say(
        app,
        _id(request),
        me.id,
        text=text,
        media=files,
        template=template.template if template is not None else None,
        over=body.get("over") is True,
        key=_key(me.id, body),
    )
    if isinstance(said, Denied):
        return await _denied(request, said)
    return _said(said, app.clock(), t)


async def _from_form(request: web.Request) -> web.Response:
    """The form without its script: sends text or a note, and shows the thread again."""
    app, me, form = request.app[APP], request[ME], await request.post()
    text = clean(str(form.get("text") or ""))[:LONGEST].strip()
    key = f"{me.id}:{str(form.get('key') or '')[:64]}"
    if text and form.get("mode") == "note":
        await handoff.note(app, _id(request), me.id, text, key=key)
    elif text and not gaps(text):
        await handoff.say(app, _id(request), me.id, text=text, key=key)
    elif text:
        await app.store.drafts.save(_id(request), me.id, text, app.clock())
    return back(request, f"/desk/{_id(request)}")


def _wrong(text: str, files: tuple[Picture, ...], t: Any) -> web.Response | None:
    """Say what keeps words from being sent."""
    if not text and not files:
        return _refused("empty", str(t("composer.empty")))
    if open_places := gaps(text):
        return _refused("gaps", str(t("composer.gaps", names=", ".join(open_places))))
    if len(text) > LONGEST:
        counted = t("composer.counter.characters", n=measure(text, "characters"), limit=LONGEST)
        return _refused("long", str(counted))
    return None


def _said(said: Said, now: datetime, t: Any) -> web.Response:
    left = max((said.undo_until - now).total_seconds(), 0)
    told = {
        "event": said.event_id,
        "goes": said.goes,
        "seconds": left,
        "words": str(t(f"composer.sent.{said.goes}")),
    }
    return web.json_response(told)


async def _denied(request: web.Request, denied: Denied) -> web.Response:
    names = {one.id: one.name for one in await request.app[APP].store.accounts.all()}
    t = words(request)
    name = names.get(denied.holder or 0) or str(t("thread.somebody"))
    said = str(t(f"thread.refused.{denied.why}", name=name))
    return web.json_response({"why": denied.why, "holder": name, "words": said}, status=HTTPStatus.CONFLICT)


@allows("agent")
async def unsay(request: web.Request) -> web.Response:
    """Take back what was just said: ``{"event"}``; answers ``{"text"}``, null where it is too late."""
    body = await _body(request)
    text = await handoff.unsay(request.app[APP], _id(request), request[ME].id, _number(body.get("event")))
    return web.json_response({"text": text})


@allows("agent")
async def retry(request: web.Request) -> web.Response:
    """Send a message again that has failed: ``{"outbox"}``."""
    body = await _body(request)
    done = await handoff.retry(request.app[APP], _id(request), request[ME].id, _number(body.get("outbox")))
    t = words(request)
    said = t("thread.done.retry") if done else t("thread.refused.unknown")
    return web.json_response({"done": done, "words": str(said)})


@allows("agent")
async def note(request: web.Request) -> web.Response:
    """Keep a note for the team: ``{"key", "text"}``."""
    app, me, t, body = request.app[APP], request[ME], words(request), await _body(request)
    text = clean(str(body.get("text") or ""))[:LONGEST].strip()
    if not text:
        return _refused("empty", str(t("composer.empty")))
    try:
        number = await handoff.note(app, _id(request), me.id, text, key=_key(me.id, body))
    except LookupError:
        return _refused("unknown", str(t("thread.refused.unknown")))
    return web.json_response({"note": number, "words": str(t("composer.sent.note"))})


@allows("agent")
async def draft(request: web.Request) -> web.Response:
    """Keep what was typed and not sent: ``{"text"}``."""
    app, body = request.app[APP], await _body(request)
    text = clean(str(body.get("text") or ""))[:LONGEST]
    if await app.store.moments.of(_id(request)) is None:
        return _refused("unknown", str(words(request)("thread.refused.unknown")))
    await app.store.drafts.save(_id(request), request[ME].id, text, app.clock())
    return web.json_response({"kept": True})


@allows("agent")
async def parts(request: web.Request) -> web.Response:
    """Show how a text will be split for the channel: ``{"text"}`` → ``{"parts"}``."""
    app, body = request.app[APP], await _body(request)
    moment = await app.store.moments.of(_id(request))
    port = None if moment is None else app.channels.get((moment.channel, moment.account))
    text = clean(str(body.get("text") or ""))[:LONGEST]
    if port is None:
        return web.json_response({"parts": [text]})
    limits = port.capabilities
    return web.json_response({"parts": split(text, limits.text_limit, limits.text_unit)})


@allows("agent")
async def enter(request: web.Request) -> web.Response:
    """Remember whether the Enter key sends, for this account: ``{"enter": true}``."""
    body = await _body(request)
    chosen = "yes" if body.get("enter") is True else "no"
    await request.app[APP].store.remember(_enter_key(request[ME].id), chosen)
    return web.json_response({"enter": chosen == "yes"})


async def _body(request: web.Request) -> Mapping[str, Any]:
    """Return the JSON object of a request.

    Raises:
        HTTPBadRequest: there is none.

    """
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="expected a JSON object")
    return body


def _refused(why: str, said: str) -> web.Response:
    return web.json_response({"why": why, "words": said}, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _key(account: int, body: Mapping[str, Any]) -> str:
    """The browser's key of a message: nobody can use another's, and one that is missing repeats nothing."""
    return f"{account}:{str(body.get('key') or secrets.token_urlsafe(16))[:64]}"


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else 0


def _enter_key(account: int) -> str:
    return f"composer:enter:{account}"


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])
