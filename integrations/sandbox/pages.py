"""The phone page, its files, and where entry links lead in the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from integrations.sandbox.errors import Complaint
from integrations.sandbox.settings import CHANNELS

_HERE: Final = Path(__file__).parent
PAGE: Final = _HERE / "phone.html"
GROUP: Final = _HERE / "group.html"
STATIC: Final = _HERE / "static"
# What buyers and shop write is hostile until proven otherwise: no script but the page's own ever runs.
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: https:; media-src 'self' https:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Told here, because what a machine's own table knows differs from one to the next.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


def add_routes(app: web.Application) -> None:
    """Take over the root, ``/static`` and ``/open``."""
    app.router.add_get("", page)
    app.router.add_get("/", page)
    app.router.add_get("/static/{path:.+}", static)
    app.router.add_get("/open/{channel}", entry)


async def page(_request: web.Request) -> web.StreamResponse:
    """Return the phone page."""
    return file(PAGE)


async def static(request: web.Request) -> web.StreamResponse:
    """Return one of the page's files."""
    path = (STATIC / request.match_info["path"]).resolve()
    if not path.is_relative_to(STATIC.resolve()):
        raise Complaint("There is no such file.", status=404)
    return file(path)


async def entry(request: web.Request) -> web.StreamResponse:
    """Open the phone page on a chat: where an entry link leads instead of ig.me, wa.me or t.me."""
    channel = request.match_info["channel"]
    if channel not in CHANNELS:
        raise Complaint("There is no such channel.", status=404)
    wanted = {"channel": channel, **{k: v for k, v in request.query.items() if k in {"ref", "text"}}}
    home = request.path.partition("/open/")[0] or "/"
    raise web.HTTPFound(f"{home}#{urlencode(wanted)}")


def file(path: Path) -> web.FileResponse:
    """Return one of the sandbox's own files, with the policy under which its pages run."""
    kind = _TYPES.get(path.suffix)
    if kind is None or not path.is_file():
        raise Complaint("There is no such file.", status=404)
    return web.FileResponse(
        path,
        headers={"Content-Type": kind, "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY},
    )
