"""Who may do what: every handler declares it, and a middleware holds all of them to it.

`allows` names the least role, `open_page` opens a page to everybody, `open_to_all` is for doors that know
their visitors by other means (webhooks, health, files). A handler that declares nothing is refused.

Whoever changes something must come from our own pages: the request's origin is checked and a token of the
session is demanded, in the header ``X-CSRF-Token`` or the form field ``csrf``.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from bot.app import App
from persistence.accounts import Account, Role
from persistence.sessions import Session, Signed

__all__ = ["APP", "ME", "SESSION", "Account", "Role", "allows", "open_page", "open_to_all", "unattended"]

_log = structlog.get_logger(__name__)

Need = Literal["all", "page", "viewer", "agent", "owner"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Callable[..., Awaitable[web.StreamResponse]])

APP: Final[web.AppKey[App]] = web.AppKey("nachklang", App)
ME: Final[web.RequestKey[Account]] = web.RequestKey("me", Account)
"""Who is signed in, on every page that demands it; on open pages only if somebody is."""
SESSION: Final[web.RequestKey[Session]] = web.RequestKey("session", Session)
MOUNTED: Final[web.AppKey[str]] = web.AppKey("mounted", str)
"""What a whole sub-application demands: set it on that application where it is mounted."""

RANK: Final[dict[Role, int]] = {"viewer": 1, "agent": 2, "owner": 3}
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DECLARED: Final = "_nachklang_need"
_UNATTENDED: Final = "_nachklang_unattended"
_CSRF: Final = b"nachklang: tokens of forms, first form"
_TOKEN_BYTES: Final = 20
_VISITOR: Final[web.RequestKey[str]] = web.RequestKey("visitor", str)
_NEW_VISITOR: Final[web.RequestKey[bool]] = web.RequestKey("new_visitor", bool)


def allows(role: Role) -> Callable[[H], H]:
    """Declare that a handler is for ``role`` and those above it."""

    def declare(handler: H) -> H:
        return _declare(handler, role)

    return declare


def open_page(handler: H) -> H:
    """Declare a page that everybody may see; what is posted to it needs the token all the same."""
    return _declare(handler, "page")


def open_to_all(handler: H) -> H:
    """Declare a door for machines and files: nobody is signed in there, and no token is asked for."""
    return _declare(handler, "all")


def unattended(handler: H) -> H:
    """Declare that pages ask for this by themselves: a session is not kept alive by it."""
    vars(handler)[_UNATTENDED] = True
    return handler


def need_of(request: web.Request) -> Need | None:
    """Return what the handler that was found for a request declares, None if it declares nothing."""
    match = request.match_info
    if len(match.apps) > 1:
        return _as_need(match.apps[1].get(MOUNTED))
    return declared(match.handler)


def declared(handler: object) -> Need | None:
    """Return what a handler declares."""
    return _as_need(getattr(handler, _DECLARED, None))


def real_time(app: App) -> datetime:
    """Return the true time: signing in must not care how far the sandbox has travelled."""
    return app.clock() - app.clock.travelled


def is_https(request: web.Request) -> bool:
    """Tell whether the browser's side of the connection is encrypted.

    A proxy in front says so by ``X-Forwarded-Proto``, or the shop's own address does.
    """
    if request.secure or request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip() == "https":
        return True
    public = urlsplit(request.app[APP].config.settings.entry.public_url)
    return public.scheme == "https" and public.netloc == request.host


def place_of(request: web.Request) -> str:
    """Return the address that a request comes from.

    Behind a proxy of the same house that is the last address of ``X-Forwarded-For``, which the proxy itself
    has added; from anybody else the header is not believed.
    """
    remote = request.remote or ""
    try:
        inside = ipaddress.ip_address(remote).is_private
    except ValueError:
        inside = False
    told = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    return told[:64] if inside and told else remote


def csrf_token(request: web.Request) -> str:
    """Return the token that forms on this page must send back."""
    session = request.get(SESSION)
    holder = f"session:{session.id}" if session is not None else f"visitor:{visitor(request)}"
    return token_for(request.app[APP].secret, holder)


def token_for(secret: bytes, holder: str) -> str:
    """Return the token of ``session:<id>`` or of ``visitor:<name>``."""
    key = hmac.digest(secret, _CSRF, hashlib.sha256)
    return hmac.digest(key, holder.encode(), hashlib.sha256)[:_TOKEN_BYTES].hex()


def masked(token: str) -> str:
    """Return a token in a guise of its own for one page.

    Pages are packed, and from the lengths of many a listener could guess what is the same in all of them
    (BREACH, https://www.breachattack.com).
    """
    plain = bytes.fromhex(token)
    mask = secrets.token_bytes(len(plain))
    return mask.hex() + bytes(one ^ other for one, other in zip(plain, mask, strict=True)).hex()


def _unmasked(given: str) -> str:
    """Return the token behind a guise; what has none, or is no token at all, as it is."""
    try:
        both = bytes.fromhex(given)
    except ValueError:
        return given
    half = len(both) // 2
    if len(both) != 2 * _TOKEN_BYTES:
        return given
    return bytes(one ^ other for one, other in zip(both[:half], both[half:], strict=True)).hex()


def visitor(request: web.Request) -> str:
    """Return the random name of a browser in which nobody is signed in."""
    known = request.get(_VISITOR) or request.cookies.get(_cookie(request, "visitor"), "")
    if not known or len(known) > 64:
        known = secrets.token_urlsafe(18)
        request[_NEW_VISITOR] = True
    request[_VISITOR] = known
    return known


def set_cookies(request: web.Request, response: web.StreamResponse) -> None:
    """Let a browser keep its random name, if it got one for this page."""
    if request.get(_NEW_VISITOR):
        _set_cookie(request, response, "visitor", request[_VISITOR], None)


def remember_session(request: web.Request, response: web.StreamResponse, token: str, seconds: int) -> None:
    """Let the browser keep a session's token."""
    _set_cookie(request, response, "session", token, seconds)


def forget_session(request: web.Request, response: web.StreamResponse) -> None:
    """Let the browser forget the session."""
    name = _cookie(request, "session")
    response.del_cookie(name, path="/", secure=is_https(request), httponly=True, samesite="Lax")


async def identify(request: web.Request) -> Signed | None:
    """Find out who is signed in; the request carries it from then on."""
    if SESSION in request:
        return Signed(request[ME], request[SESSION])
    token = request.cookies.get(_cookie(request, "session"), "")
    if not 20 <= len(token) <= 128:
        return None
    app = request.app[APP]
    signed = await app.store.sessions.find(token, real_time(app), used=_by_hand(request))
    if signed is not None:
        request[ME], request[SESSION] = signed.account, signed.session
    return signed


class Denied(Exception):
    """A request that is refused; ``reason`` is the key of its words under ``access.denied``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through to its handler if it may, else say what to do."""
    need = need_of(request)
    if request.match_info.http_exception is not None:
        await identify(request)  # whoever is signed in is told so in their language
        return await handler(request)
    if need == "all":
        return await handler(request)
    if need is None:
        _log.error("handler_declares_no_access", handler=_name(request.match_info.handler))
        raise Denied("undeclared")
    signed = await identify(request)
    if need != "page":
        if signed is None:
            return _to_sign_in(request)
        if RANK[signed.account.role] < RANK[need]:
            _log.warning("role_too_low", account=signed.account.id, role=signed.account.role, need=need)
            raise Denied("role")
    if request.method not in SAFE:
        await _demand_own_page(request)
    response = await handler(request)
    if not response.prepared:
        set_cookies(request, response)
    return response


def _by_hand(request: web.Request) -> bool:
    """Tell whether a person did this: a page that is left open brings itself up to date all night."""
    if getattr(request.match_info.handler, _UNATTENDED, False):
        return False
    return request.method not in SAFE or not _by_script(request)


def _by_script(request: web.Request) -> bool:
    return "HX-Request" in request.headers or "text/event-stream" in request.headers.get("Accept", "")


def _to_sign_in(request: web.Request) -> web.Response:
    """Send a person to the sign-in, and back afterwards; a script is told to go there."""
    if _by_script(request):
        headers = {"HX-Redirect": "/login", "Cache-Control": "no-store"}
        return web.Response(status=401, text="sign in first: /login", headers=headers)
    target = f"/login?next={quote(request.path_qs, safe='')}" if request.method in SAFE else "/login"
    return web.Response(status=303, headers={"Location": target, "Cache-Control": "no-store"})


async def _demand_own_page(request: web.Request) -> None:
    """Refuse what another site's page makes a browser send.

    Raises:
        Denied: the origin is not ours, or the token is missing or not this session's.

    """
    fetched = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if fetched is not None and fetched != "same-origin":
        raise Denied("origin")
    if fetched is None and origin is not None and urlsplit(origin).netloc not in _own_hosts(request):
        raise Denied("origin")
    given = request.headers.get("X-CSRF-Token", "")
    if not given and request.content_type in _FORMS:
        field = (await request.post()).get("csrf")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(_unmasked(given).encode(), csrf_token(request).encode()):
        raise Denied("token")


_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


def _own_hosts(request: web.Request) -> set[str]:
    public = urlsplit(request.app[APP].config.settings.entry.public_url).netloc
    return {request.host, public} - {""}


def _cookie(request: web.Request, name: str) -> str:
    """Return a cookie's name: with the prefix that binds it to this host, wherever browsers take it."""
    return f"__Host-nachklang-{name}" if is_https(request) else f"nachklang-{name}"


def _set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, seconds: int | None
) -> None:
    response.set_cookie(
        _cookie(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="Lax",
    )


def _declare(handler: H, need: Need) -> H:
    vars(handler)[_DECLARED] = need
    return handler


def _as_need(word: Any) -> Need | None:
    return word if word in {"all", "page", *RANK} else None


def _name(handler: object) -> str:
    return f"{getattr(handler, '__module__', '?')}.{getattr(handler, '__qualname__', '?')}"
