"""What every page is made with: templates, words, files, and the headers that let a browser trust it.

A handler returns ``await page(request, "queue.html", rows=rows)``. A fragment for htmx is just another
template, without the layout. What templates may use beside the values they are given: ``me``, ``may(role)``,
``t(key, …)``, ``lang``, ``theme``, ``csrf``, ``asset(name)``, ``now``, ``brand``, ``path`` and the filters of
`bot.web.showing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.web.access import (
    APP,
    ME,
    RANK,
    Account,
    Denied,
    Handler,
    Role,
    csrf_token,
    is_https,
    masked,
    need_of,
    set_cookies,
)
from bot.web.assets import ASSETS, add_asset_routes, read_assets
from bot.web.showing import FILTERS, preferred_language
from bot.web.wording import Language, Wording, read_words

_log = structlog.get_logger(__name__)

Say = Callable[..., Markup]

TEMPLATES: Final = Path(__file__).parent / "templates"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # With "no-referrer" browsers would send forms with the origin "null", and no form could be told from a
    # stranger's.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "HX-Request, Accept-Encoding, Accept-Language, Cookie",
}
"""What every page carries; pages that are streamed set them themselves."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The machinery, read once at the start."""

    templates: Environment
    wording: Wording


PAGES: Final[web.AppKey[Pages]] = web.AppKey("pages", Pages)


def add_pages(site: web.Application) -> None:
    """Give the site what pages are made with, and serve their files.

    Raises:
        ConfigError: the pages' libraries are missing.

    """
    site[ASSETS] = read_assets()
    site[PAGES] = Pages(make_templates(site[APP].config.settings.brand.timezone), read_words())
    add_asset_routes(site)


def make_templates(timezone: str, folder: Path = TEMPLATES) -> Environment:
    """Return the environment of all templates; a value that is missing is an error, not a gap."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(FILTERS)
    made.globals["timezone"] = timezone
    return made


async def page(
    request: web.Request,
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> web.Response:
    """Render a template into a response with all headers that pages carry; ``headers`` come on top.

    It is packed for whoever can unpack it: what a page says is mostly markup that repeats.
    """
    response = web.Response(
        text=render(request, template, **values),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={**page_headers(request), **(headers or {})},
    )
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def render(request: web.Request, template: str, /, **values: Any) -> str:
    """Render a template with everything that templates may use: for events of a stream and the like."""
    app = request.app[APP]
    me = request.get(ME)
    lang = language_of(request)

    def may(role: Role) -> bool:
        return me is not None and RANK[me.role] >= RANK[role]

    context = {
        "me": me,
        "may": may,
        "t": words(request),
        "lang": lang,
        "theme": me.theme if me is not None else "auto",
        # A part is asked for by our own script only; its token stays the same, so that parts can be compared.
        "csrf": csrf_token(request) if "HX-Request" in request.headers else masked(csrf_token(request)),
        "asset": request.app[ASSETS].url,
        "now": app.clock(),
        "brand": app.config.settings.brand.name,
        "path": request.path,
    }
    return request.app[PAGES].templates.get_template(template).render({**context, **values})


def page_headers(request: web.Request) -> dict[str, str]:
    """Return the headers of a page, for responses that are not made by `page`."""
    if is_https(request):
        return {**HEADERS, "Strict-Transport-Security": "max-age=31536000"}
    return dict(HEADERS)


def words(request: web.Request) -> Say:
    """Return ``t(key, **values)`` in the language of whoever looks."""
    wording, lang = request.app[PAGES].wording, language_of(request)

    def t(key: str, /, **values: object) -> Markup:
        return wording.say(lang, key, **values)

    return t


def language_of(request: web.Request) -> Language:
    """Return the language of the account, else what the browser likes best, else the shop's."""
    me: Account | None = request.get(ME)
    if me is not None:
        return me.language
    accepted = request.headers.get("Accept-Language", "")
    return preferred_language(accepted, request.app[APP].config.settings.brand.language)


def back(request: web.Request, to: str) -> web.Response:
    """Answer a form that did its work: the browser goes on to a page of ours; htmx goes there as well."""
    if "HX-Request" in request.headers:
        return web.Response(status=204, headers={"HX-Redirect": to, "Cache-Control": "no-store"})
    return web.Response(status=303, headers={"Location": to, "Cache-Control": "no-store"})


def own_path(path: str, otherwise: str) -> str:
    """Return ``path`` if it leads to a page of this site and nowhere else."""
    plain = path.isascii() and path.isprintable() and len(path) <= 2000
    return path if plain and path.startswith("/") and not path.startswith(("//", "/\\")) else otherwise


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell a person what became of a request that was refused or led nowhere, and what to do now."""
    try:
        return await handler(request)
    except Denied as denied:
        return await refusal(request, 403, f"denied.{denied.reason}")
    except web.HTTPException as error:
        if error.status < 400 or not for_people(request):
            raise
        return await refusal(request, error.status, _KINDS.get(error.status, "other"))


async def refusal(request: web.Request, status: int, kind: str) -> web.Response:
    """Return a page, or a notice for htmx, whose words are ``access.<kind>.…``."""
    if PAGES not in request.app:
        return web.Response(status=status, text="refused")
    headers: dict[str, str] = {}
    template = "error.html"
    if "HX-Request" in request.headers:
        template = "error_part.html"
        headers = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
    response = await page(request, template, status=status, headers=headers, kind=kind)
    set_cookies(request, response)
    return response


def for_people(request: web.Request) -> bool:
    """Tell whether a page answers best: a browser asks, and not at a door for machines."""
    if PAGES not in request.app:
        return False
    wants_html = "text/html" in request.headers.get("Accept", "") or "HX-Request" in request.headers
    at_page = request.match_info.http_exception is not None or need_of(request) != "all"
    return wants_html and at_page and not request.path.startswith(("/webhooks/", "/sandbox/", "/go/"))


_KINDS: Final[Mapping[int, str]] = {
    403: "forbidden",
    404: "missing",
    405: "missing",
    410: "gone",
    413: "large",
}
