"""What all ways of signing in share: how often may be tried, and how a session begins and ends."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from bot.app import App
from bot.passwords import Passwords
from bot.second_factor import SecondFactor
from bot.web.access import (
    APP,
    ME,
    SESSION,
    Account,
    forget_session,
    identify,
    is_https,
    place_of,
    real_time,
    remember_session,
)
from bot.web.pages import back
from persistence.accounts import Credentials
from persistence.sessions import ABSOLUTE, Limit

PASSWORDS: Final[web.AppKey[Passwords]] = web.AppKey("passwords", Passwords)
FACTOR: Final[web.AppKey[SecondFactor]] = web.AppKey("second_factor", SecondFactor)

SESSION_SECONDS: Final = int(ABSOLUTE.total_seconds())
_ACCOUNT: Final = (5, timedelta(minutes=15))
_PLACE: Final = (20, timedelta(hours=1))
_KEYS: Final = b"nachklang: counters of failures, first form"

_SYSTEMS: Final = ("iPhone", "iPad", "Android", "Windows", "Mac OS", "Linux")
_BROWSERS: Final[Mapping[str, str]] = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}


class Blocked(Exception):
    """Too many attempts have failed; ``until`` is when the next may be made."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many attempts have failed")
        self.until = until


class Attempt:
    """One try to prove who one is, counted before it is made: for an account, and for where it is from."""

    def __init__(self, request: web.Request, who: str) -> None:
        """Count for ``who``: an e-mail address, or another name of what is tried."""
        self._app = request.app[APP]
        self._who = _key(self._app, f"who:{who.strip().lower()}")
        place = _key(self._app, f"place:{network_of(place_of(request))}")
        self._limits = (Limit(self._who, *_ACCOUNT), Limit(place, *_PLACE))

    async def begin(self) -> datetime | None:
        """Count it; or return until when nothing may be tried."""
        return await self._app.store.sessions.attempt(self._limits, real_time(self._app))

    async def succeeded(self) -> None:
        """Take it back, and forget the failures before."""
        await self._app.store.sessions.succeeded(self._limits, self._who)


def network_of(place: str) -> str:
    """Return an address, of IPv6 its /64: so much belongs to one house."""
    try:
        address = ipaddress.ip_address(place)
    except ValueError:
        return place
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


async def proves(request: web.Request, who: Credentials | None, password: str) -> bool:
    """Check a password, with the same work whether or not there is such an account."""
    match = await request.app[PASSWORDS].matches(who.password if who is not None else None, password)
    if who is not None and match.right and match.rehashed is not None:
        await request.app[APP].store.accounts.rehash(who.account.id, who.password, match.rehashed)
    return match.right


async def confirmed(request: web.Request, password: str) -> bool:
    """Check the password of who is signed in, before something that a stolen session must not do.

    Raises:
        Blocked: too many attempts have failed.

    """
    me = request[ME]
    attempt = Attempt(request, me.email)
    if until := await attempt.begin():
        raise Blocked(until)
    who = await request.app[APP].store.accounts.credentials_of(me.id)
    right = await proves(request, who, password)
    if right:
        await attempt.succeeded()
    return right


async def start_session(request: web.Request, account: Account, way: str) -> str:
    """Begin a session in this browser, end the one that it had, and return the new token."""
    app = request.app[APP]
    now = real_time(app)
    before = await identify(request)
    if before is not None:
        await app.store.sessions.end(before.account.id, before.session.id, now)
    return await app.store.sessions.open(account.id, way, device_of(request), now)


async def let_in(request: web.Request, account: Account, way: str, to: str) -> web.Response:
    """Begin a session and go on to ``to``."""
    token = await start_session(request, account, way)
    response = back(request, to)
    remember_session(request, response, token, SESSION_SECONDS)
    return response


async def let_out(request: web.Request) -> web.Response:
    """End this browser's session."""
    app, session = request.app[APP], request.get(SESSION)
    if session is not None:
        await app.store.sessions.end(request[ME].id, session.id, real_time(app))
    response = back(request, "/login")
    forget_session(request, response)
    # Nothing of what was on the pages stays in the browser. (Only encrypted pages may ask for it.)
    if is_https(request):
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def device_of(request: web.Request) -> str:
    """Return the browser and the system in words: Firefox · Linux."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in _BROWSERS.items() if sign in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return " · ".join(word for word in (browser, system.replace("Mac OS", "macOS")) if word)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def rp_id_of(request: web.Request) -> str | None:
    """Return the name that passkeys are bound to: the host's. Browsers make none at a bare address."""
    host = request.url.host or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if is_https(request) or is_loopback(host) else None
    return None


def own_address(request: web.Request) -> str:
    """Return under which address the browser sees these pages: https://desk.example."""
    return f"{'https' if is_https(request) else 'http'}://{request.host}"


def _key(app: App, what: str) -> str:
    """Return the name of a counter, which tells nobody whose it is."""
    key = hmac.digest(app.secret, _KEYS, hashlib.sha256)
    return hmac.digest(key, what.encode(), hashlib.sha256).hex()
