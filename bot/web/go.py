"""``GET /go/{code}``: the short entry link that a parcel insert or a mail carries.

It leads into the chat and uses nothing up: link previews and curious scanners may open it as often as they
like. Only a message in the chat ties it to the order.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from bot.entry import greeting
from bot.web.access import open_to_all
from bot.web.showing import preferred_language
from dialogs.entry import ENTRY_CODE
from integrations.base import Channel, Refused

Language: TypeAlias = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class Doorway:
    """What the door needs to know. ``check`` says whether a code may still be used."""

    brand_name: str
    language: Language
    channels: Sequence[Channel]
    check: Callable[[str], Awaitable[bool]]
    voice: Literal["du", "sie"]


DOORWAY: Final = web.AppKey("doorway", Doorway)


@dataclass(frozen=True, slots=True)
class _Way:
    """One channel on the page."""

    name: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class _Text:
    title: str
    lead: str
    more: str


_CHOOSE: Final[Mapping[tuple[str, str], _Text]] = {
    ("de", "du"): _Text(
        "Schön, dass du da bist!",
        "Wo magst du mit uns schreiben?",
        "Dein Code reist mit: Schick die erste Nachricht einfach ab, dann wissen wir, um welche Bestellung "
        "es geht.",
    ),
    ("de", "sie"): _Text(
        "Schön, dass Sie da sind!",
        "Wo möchten Sie mit uns schreiben?",
        "Ihr Code reist mit: Schicken Sie die erste Nachricht einfach ab, dann wissen wir, um welche "
        "Bestellung es geht.",
    ),
    ("en", "du"): _Text(
        "Lovely to have you here!",
        "Where would you like to chat with us?",
        "Your code travels along: just send the first message, and we know which order it is about.",
    ),
    ("en", "sie"): _Text(
        "Welcome!",
        "Where would you like to chat with us?",
        "Your code travels along: please just send the first message, and we know which order it is about.",
    ),
}
_CLOSED: Final[Mapping[tuple[str, str], _Text]] = {
    ("de", "du"): _Text(
        "Dieser Code öffnet nichts mehr",
        "Vielleicht hast du ihn schon benutzt, oder er ist abgelaufen.",
        "Warst du schon mit uns im Chat? Dann schreib dort einfach weiter. Sonst scanne die Karte aus deinem "
        "Paket noch einmal – und wenn es nicht klappt, schreib uns: Wir helfen dir auch ohne Code.",
    ),
    ("de", "sie"): _Text(
        "Dieser Code öffnet nichts mehr",
        "Vielleicht haben Sie ihn schon benutzt, oder er ist abgelaufen.",
        "Waren Sie schon mit uns im Chat? Dann schreiben Sie dort einfach weiter. Sonst scannen Sie die "
        "Karte aus Ihrem Paket noch einmal – und wenn es nicht klappt, schreiben Sie uns: Wir helfen Ihnen "
        "auch ohne Code.",
    ),
    ("en", "du"): _Text(
        "This code no longer opens anything",
        "Perhaps you have used it already, or it has expired.",
        "Have you chatted with us before? Then just carry on there. Otherwise scan the card from your parcel "
        "once more – and if that does not work, write to us: we will help you without a code too.",
    ),
    ("en", "sie"): _Text(
        "This code no longer opens anything",
        "Perhaps you have used it already, or it has expired.",
        "Have you chatted with us before? Then please carry on there. Otherwise please scan the card from "
        "your parcel once more – and if that does not work, write to us: we will help you without a code "
        "too.",
    ),
}
_TITLES: Final[Mapping[str, str]] = {"instagram": "Instagram", "whatsapp": "WhatsApp", "telegram": "Telegram"}
_OPEN: Final[Mapping[str, str]] = {"de": "öffnen", "en": "open"}

_FORM: Final = re.compile(ENTRY_CODE, re.IGNORECASE | re.ASCII)

_HERE: Final = Path(__file__).parent
_STYLE: Final = (_HERE / "go.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = Environment(loader=FileSystemLoader(_HERE), autoescape=True).get_template("go.html")

_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    # The code is in the address: no other site shall learn it, and no search engine.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_PAGE_HEADERS: Final[Mapping[str, str]] = {
    **_HEADERS,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
}


def add_go_routes(app: web.Application) -> None:
    """Serve ``/go/{code}``. ``app[DOORWAY]`` must be set before the first request."""
    app.router.add_get("/go/{code}", _go)


@open_to_all
async def _go(request: web.Request) -> web.Response:
    """Lead into the chat: at once where only one is meant, else by a page to choose on.

    Whatever is wrong with a code of the right form, the answer is the same 410; any other form is a 404.
    """
    door = request.app[DOORWAY]
    language = preferred_language(request.headers.get("Accept-Language", ""), door.language)
    code = request.match_info["code"].strip()
    if not _FORM.fullmatch(code):
        return _page(door, language, _CLOSED, 404)
    code = code.upper()
    if not await door.check(code):
        return _page(door, language, _CLOSED, 410)
    ways = _ways(door, code, language)
    asked = request.query.get("c", "").lower()
    chosen = [way for way in ways if way.name == asked] or ways
    if len(chosen) == 1:
        return web.Response(status=302, headers={**_HEADERS, "Location": chosen[0].url})
    return _page(door, language, _CHOOSE, 200 if ways else 503, ways)


def _ways(door: Doorway, code: str, language: Language) -> list[_Way]:
    """Return the ways into the chat; a channel that cannot be linked to (a name is missing) is left out."""
    words = greeting(code, language, door.voice)
    ways = []
    for channel in door.channels:
        try:
            url = channel.entry_url(code, words)
        except Refused:
            continue
        ways.append(_Way(channel.name, _TITLES.get(channel.name, channel.name.title()), url))
    return ways


def _page(
    door: Doorway,
    language: Language,
    texts: Mapping[tuple[str, str], _Text],
    status: int,
    ways: Sequence[_Way] = (),
) -> web.Response:
    html = _PAGE.render(
        brand=door.brand_name,
        language=language,
        text=texts[language, door.voice],
        ways=ways,
        open=_OPEN[language],
        style=_STYLE,
    )
    return web.Response(text=html, status=status, content_type="text/html", headers=_PAGE_HEADERS)
