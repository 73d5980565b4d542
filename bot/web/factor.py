"""Turning the second factor on and off, and its recovery codes: on one's own account page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from aiohttp import web
from markupsafe import Markup

from bot.second_factor import qr_code
from bot.web.access import APP, ME, allows, real_time
from bot.web.forms import text
from bot.web.me import ME_PAGE, my_page
from bot.web.pages import back, page
from bot.web.signing import FACTOR, Attempt, Blocked, confirmed
from persistence.sessions import Ticket

_LASTS: Final = timedelta(minutes=30)
_SETTING_UP: Final = "second factor set up"


def add_factor_routes(site: web.Application) -> None:
    """Serve ``/desk/me/factor``."""
    site.router.add_post(f"{ME_PAGE}/factor/start", start)
    site.router.add_post(f"{ME_PAGE}/factor", turn_on)
    site.router.add_post(f"{ME_PAGE}/factor/off", turn_off)
    site.router.add_post(f"{ME_PAGE}/factor/codes", renew_codes)


@allows("viewer")
async def start(request: web.Request) -> web.Response:
    """Show a new secret, once the password has been given again; nothing is on until a code has proved it."""
    if refused := await _refused(request):
        return refused
    app, me = request.app[APP], request[ME]
    secret = request.app[FACTOR].new_secret()
    sealed = request.app[FACTOR].seal(secret, me.id)
    ticket = Ticket(me.id, sealed)
    name = await app.store.sessions.give_ticket(_SETTING_UP, ticket, real_time(app), _LASTS)
    return await _set_up(request, name, secret)


@allows("viewer")
async def turn_on(request: web.Request) -> web.Response:
    """Turn it on with the first code, and show the recovery codes, this once."""
    app, me, form = request.app[APP], request[ME], await request.post()
    now, name = real_time(app), text(form, "ticket")
    ticket = await app.store.sessions.see_ticket(_SETTING_UP, name, now)
    if ticket is None or ticket.account_id != me.id:
        return await my_page(request, error="slow", status=422)
    attempt = Attempt(request, f"first code of {me.id}")
    if until := await attempt.begin():
        return await my_page(request, error="blocked", until=until, status=429)
    factor = request.app[FACTOR]
    secret = factor.unseal(ticket.data, me.id)
    step = factor.step_of(secret, text(form, "code"), now)
    if step is None:
        return await _set_up(request, name, secret, error="code", status=422)
    if await app.store.sessions.take_ticket(_SETTING_UP, name, now) is None:
        return await my_page(request, error="slow", status=422)
    await attempt.succeeded()
    codes = factor.new_codes()
    await app.store.accounts.set_totp(me.id, ticket.data, step, list(map(factor.hash_code, codes)), now)
    return await _codes(request, codes)


@allows("viewer")
async def turn_off(request: web.Request) -> web.Response:
    """Turn it off."""
    if refused := await _refused(request):
        return refused
    app, me = request.app[APP], request[ME]
    await app.store.accounts.drop_totp(me.id, f"account:{me.id}", real_time(app))
    return back(request, f"{ME_PAGE}?done=factor_off#factor")


@allows("viewer")
async def renew_codes(request: web.Request) -> web.Response:
    """Replace the recovery codes, and show the new ones, this once."""
    if refused := await _refused(request):
        return refused
    app, me, factor = request.app[APP], request[ME], request.app[FACTOR]
    if not me.second_factor:
        return back(request, ME_PAGE)
    codes = factor.new_codes()
    await app.store.accounts.renew_codes(me.id, list(map(factor.hash_code, codes)), real_time(app))
    return await _codes(request, codes)


async def _refused(request: web.Request) -> web.Response | None:
    """Return the page that says why not, unless the password was given again and is right."""
    try:
        right = await confirmed(request, text(await request.post(), "password"))
    except Blocked as blocked:
        return await my_page(request, error="blocked", until=blocked.until, status=429)
    return None if right else await my_page(request, error="password", status=422)


async def _set_up(
    request: web.Request, ticket: str, secret: str, *, error: str = "", status: int = 200
) -> web.Response:
    brand = request.app[APP].config.settings.brand.name
    return await page(
        request,
        "people/factor.html",
        status=status,
        ticket=ticket,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        qr=Markup(qr_code(secret, request[ME].email, brand)),  # noqa: S704 - our own drawing, no words in it
        error=error,
    )


async def _codes(request: web.Request, codes: Sequence[str]) -> web.Response:
    return await page(request, "people/codes.html", codes=codes)
