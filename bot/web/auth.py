"""Signing in with a password, the second factor after it, and signing out.

Nothing tells whether an account exists: the same words, the same work, the same counters.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from aiohttp import web

from bot.web.access import APP, ME, is_https, open_page, open_to_all, real_time
from bot.web.forms import text
from bot.web.pages import own_path, page
from bot.web.signing import FACTOR, Attempt, is_loopback, let_in, let_out, proves, rp_id_of
from persistence.accounts import Credentials
from persistence.sessions import Ticket

HOME: Final = "/desk"
_CODE_LASTS: Final = timedelta(minutes=10)
_SECOND: Final = "second factor"


def add_auth_routes(site: web.Application) -> None:
    """Serve ``/login``, ``/login/code`` and ``/logout``; the bare address leads to the desk."""
    site.router.add_get("/", home)
    site.router.add_get("/login", show)
    site.router.add_post("/login", sign_in)
    site.router.add_post("/login/code", second_step)
    site.router.add_post("/logout", sign_out)


@open_to_all
async def home(_request: web.Request) -> web.Response:
    """Lead from the bare address to where people work."""
    raise web.HTTPSeeOther(HOME)


@open_page
async def show(request: web.Request) -> web.Response:
    """Show the sign-in; who is signed in already goes on."""
    to = own_path(request.query.get("next", ""), HOME)
    if ME in request:
        raise web.HTTPSeeOther(to)
    return await _form(request, to)


@open_page
async def sign_in(request: web.Request) -> web.Response:
    """Check e-mail address and password."""
    form = await request.post()
    email, password = text(form, "email"), text(form, "password")
    to = own_path(text(form, "next"), HOME)
    attempt = Attempt(request, email)
    if until := await attempt.begin():
        return await _blocked(request, until, "people/login.html", **_around(request, to, email))
    found = await request.app[APP].store.accounts.credentials(email)
    who = None if found is None or found.account.disabled else found
    if not await proves(request, who, password) or who is None:
        return await _form(request, to, email=email, error="wrong", status=422)
    if who.totp is None:
        await attempt.succeeded()
        return await let_in(request, who.account, "password", to)
    ticket = await _hand_over(request, who, to)
    return await _code(request, ticket)


@open_page
async def second_step(request: web.Request) -> web.Response:
    """Check the code of the second factor, for whoever has just proved the password."""
    form = await request.post()
    app = request.app[APP]
    ticket, code = text(form, "ticket"), text(form, "code")
    known = await app.store.sessions.see_ticket(_SECOND, ticket, real_time(app))
    if known is None or known.account_id is None:
        return await _form(request, HOME, error="slow", status=422)
    attempt = Attempt(request, f"code of {known.account_id}")
    if until := await attempt.begin():
        return await _blocked(request, until, "people/code.html", ticket=ticket)
    who = await app.store.accounts.credentials_of(known.account_id)
    told = orjson.loads(known.data)
    if who is None or who.account.disabled or who.password != told["password"]:
        return await _form(request, HOME, error="slow", status=422)
    if not await request.app[FACTOR].passes(app.store.accounts, who, code, real_time(app)):
        return await _code(request, ticket, error="code", status=422)
    if await app.store.sessions.take_ticket(_SECOND, ticket, real_time(app)) is None:
        return await _form(request, HOME, error="slow", status=422)
    await attempt.succeeded()
    await Attempt(request, who.account.email).succeeded()
    return await let_in(request, who.account, "password and code", told["to"])


@open_page
async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    return await let_out(request)


async def _hand_over(request: web.Request, who: Credentials, to: str) -> str:
    """Let the next step know that the password was right, as long as it stays the same."""
    app = request.app[APP]
    data = orjson.dumps({"to": to, "password": who.password}).decode()
    ticket = Ticket(who.account.id, data)
    return await app.store.sessions.give_ticket(_SECOND, ticket, real_time(app), _CODE_LASTS)


async def _code(request: web.Request, ticket: str, *, error: str = "", status: int = 200) -> web.Response:
    return await page(request, "people/code.html", status=status, ticket=ticket, error=error, until=None)


async def _form(
    request: web.Request, to: str, *, email: str = "", error: str = "", status: int = 200
) -> web.Response:
    values = _around(request, to, email)
    return await page(request, "people/login.html", status=status, error=error, until=None, **values)


def _around(request: web.Request, to: str, email: str) -> dict[str, Any]:
    """Return what stands on the sign-in whatever has happened."""
    return {
        "to": to,
        "email": email,
        "readable": not is_https(request) and not is_loopback(request.url.host or ""),
        "passkeys": rp_id_of(request) is not None,
    }


async def _blocked(request: web.Request, until: datetime, template: str, **values: Any) -> web.Response:
    now = real_time(request.app[APP])
    wait = max(1, math.ceil((until - now).total_seconds()))
    told = {"error": "blocked", "until": until, "now": now, "wait": wait}
    headers = {"Retry-After": str(wait)}
    return await page(request, template, status=429, headers=headers, **told, **values)
