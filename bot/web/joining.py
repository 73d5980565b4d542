"""The page behind a link that works once: to join the team, to own the shop, to set a new password."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bot.passwords import Weak, check_strength
from bot.web.access import APP, open_page, real_time
from bot.web.auth import HOME
from bot.web.forms import is_email, line, text
from bot.web.pages import language_of, page, refusal
from bot.web.signing import PASSWORDS, let_in
from persistence.accounts import EmailTaken
from persistence.invitations import Acceptance, Invitation, Spent, WrongEmail


def add_joining_routes(site: web.Application) -> None:
    """Serve ``/invite/{token}``."""
    site.router.add_get("/invite/{token}", show)
    site.router.add_post("/invite/{token}", join)


@open_page
async def show(request: web.Request) -> web.Response:
    """Show what the link is for; looking uses nothing up."""
    invitation = await _invitation(request)
    if invitation is None:
        return await refusal(request, 410, "gone")
    email = await _bound_to(request, invitation)
    return await _form(request, invitation, email=email, name="", error="")


@open_page
async def join(request: web.Request) -> web.Response:
    """Use the link up, and sign in whoever did."""
    invitation = await _invitation(request)
    if invitation is None:
        return await refusal(request, 410, "gone")
    app, form = request.app[APP], await request.post()
    bound = await _bound_to(request, invitation)
    email, name = bound or line(form, "email", 254), line(form, "name", _LONGEST_NAME)
    password = text(form, "password")
    error = _problem(invitation, email, name, password, app.config.settings.brand.name)
    if error:
        return await _form(request, invitation, email=email, name=name, error=error, status=422)
    hashed = await request.app[PASSWORDS].hash(password)
    filled = Acceptance(email, name, hashed, language_of(request))
    try:
        account = await app.store.invitations.accept(_token(request), filled, real_time(app))
    except Spent:
        return await refusal(request, 410, "gone")
    except (EmailTaken, WrongEmail):
        return await _form(request, invitation, email=email, name=name, error="taken", status=422)
    return await let_in(request, account, "link", HOME)


_LONGEST_NAME: Final = 80


def _problem(invitation: Invitation, email: str, name: str, password: str, brand: str) -> str:
    """Return what is wrong with what was filled in, as the key of its words; empty if nothing is."""
    if not is_email(email):
        return "email"
    if invitation.kind != "reset" and not name:
        return "name"
    try:
        check_strength(password, email=email, name=name, brand=brand)
    except Weak as weak:
        return f"weak.{weak.reason}"
    return ""


async def _bound_to(request: web.Request, invitation: Invitation) -> str:
    """Return the address that the link is bound to, if it is."""
    if invitation.account_id is None:
        return invitation.email or ""
    account = await request.app[APP].store.accounts.find(invitation.account_id)
    return account.email if account is not None else ""


async def _form(
    request: web.Request, invitation: Invitation, *, email: str, name: str, error: str, status: int = 200
) -> web.Response:
    return await page(
        request,
        "people/invite.html",
        status=status,
        invitation=invitation,
        bound=await _bound_to(request, invitation),
        email=email,
        name=name,
        error=error,
    )


async def _invitation(request: web.Request) -> Invitation | None:
    app = request.app[APP]
    return await app.store.invitations.find(_token(request), real_time(app))


def _token(request: web.Request) -> str:
    return request.match_info["token"][:100]
