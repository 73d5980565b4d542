"""The team, for owners: who may sign in and do what, and the links by which others join."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from bot.passwords import Passwords
from bot.second_factor import SecondFactor
from bot.web.access import APP, ME, RANK, Role, allows, real_time
from bot.web.audit_page import add_audit_routes
from bot.web.auth import add_auth_routes
from bot.web.factor import add_factor_routes
from bot.web.forms import is_email, line, text
from bot.web.joining import add_joining_routes
from bot.web.me import add_me_routes
from bot.web.pages import PAGES, back, language_of, page
from bot.web.passkeys import add_passkey_routes
from bot.web.signing import FACTOR, PASSWORDS, own_address
from integrations.base import IntegrationError, Letter
from persistence.accounts import LastOwner, UnknownAccount
from persistence.sessions import hash_token

_log = structlog.get_logger(__name__)

PEOPLE: Final = "/desk/people"


def add_people_routes(site: web.Application, passwords: Passwords | None = None) -> None:
    """Serve everything about people: signing in, joining, one's own account, the team, the log."""
    site[PASSWORDS] = passwords or Passwords()
    site[FACTOR] = SecondFactor(site[APP].secret)
    add_auth_routes(site)
    add_joining_routes(site)
    add_passkey_routes(site)
    add_me_routes(site)
    add_factor_routes(site)
    add_audit_routes(site)
    site.router.add_get(PEOPLE, show)
    site.router.add_post(f"{PEOPLE}/invite", invite)
    site.router.add_post(f"{PEOPLE}/links/{{link:\\d+}}/withdraw", withdraw)
    site.router.add_post(f"{PEOPLE}/{{account:\\d+}}/role", set_role)
    site.router.add_post(f"{PEOPLE}/{{account:\\d+}}/disable", disable)
    site.router.add_post(f"{PEOPLE}/{{account:\\d+}}/enable", enable)
    site.router.add_post(f"{PEOPLE}/{{account:\\d+}}/reset", reset)


@allows("owner")
async def show(request: web.Request) -> web.Response:
    """List the team and the links that are open."""
    return await _page(request)


@allows("owner")
async def invite(request: web.Request) -> web.Response:
    """Make a link for somebody new, show it once, and mail it where that is set up."""
    form, app, now = await request.post(), request.app[APP], real_time(request.app[APP])
    role, email = _role(text(form, "role")), line(form, "email", 254)
    if role is None:
        return await _page(request, error="role", status=422)
    if email and not is_email(email):
        return await _page(request, error="email", status=422)
    if email and await app.store.accounts.credentials(email) is not None:
        return await _page(request, error="known", status=422)
    token = await app.store.invitations.invite(role, email or None, f"account:{request[ME].id}", now)
    link = _link(request, token)
    mailed = bool(email) and await _mail(request, "invite", email, link)
    return await _page(request, link=link, link_for=email, mailed=mailed)


@allows("owner")
async def withdraw(request: web.Request) -> web.Response:
    """Make a link worthless."""
    app = request.app[APP]
    link, actor = int(request.match_info["link"]), f"account:{request[ME].id}"
    await app.store.invitations.withdraw(link, actor, real_time(app))
    return back(request, f"{PEOPLE}?done=withdrawn")


@allows("owner")
async def set_role(request: web.Request) -> web.Response:
    """Give an account another role."""
    app, role = request.app[APP], _role(text(await request.post(), "role"))
    if role is None:
        return await _page(request, error="role", status=422)
    account, actor, now = _target(request)
    try:
        await app.store.accounts.set_role(account, role, actor, now)
    except LastOwner:
        return await _page(request, error="last_owner", status=422)
    except UnknownAccount as error:
        raise web.HTTPNotFound from error
    return back(request, f"{PEOPLE}?done=role")


@allows("owner")
async def disable(request: web.Request) -> web.Response:
    """Let an account no longer sign in."""
    account, actor, now = _target(request)
    try:
        await request.app[APP].store.accounts.disable(account, actor, now)
    except LastOwner:
        return await _page(request, error="last_owner", status=422)
    except UnknownAccount as error:
        raise web.HTTPNotFound from error
    return back(request, f"{PEOPLE}?done=disabled")


@allows("owner")
async def enable(request: web.Request) -> web.Response:
    """Let an account sign in again."""
    account, actor, now = _target(request)
    try:
        await request.app[APP].store.accounts.enable(account, actor, now)
    except UnknownAccount as error:
        raise web.HTTPNotFound from error
    return back(request, f"{PEOPLE}?done=enabled")


@allows("owner")
async def reset(request: web.Request) -> web.Response:
    """Make a link by which somebody sets a new password who has lost theirs."""
    account, actor, now = _target(request)
    try:
        token = await request.app[APP].store.invitations.reset(account, actor, now)
    except UnknownAccount as error:
        raise web.HTTPNotFound from error
    found = await request.app[APP].store.accounts.find(account)
    email, link = found.email if found is not None else "", _link(request, token)
    return await _page(request, link=link, link_for=email, mailed=await _mail(request, "reset", email, link))


async def _mail(request: web.Request, what: str, email: str, link: str) -> bool:
    """Send a link to whom it is for, where mails are set up; tell whether it went."""
    app, wording, lang = request.app[APP], request.app[PAGES].wording, language_of(request)
    if app.post is None:
        return False
    told = {"brand": app.config.settings.brand.name, "link": link, "who": request[ME].name}
    letter = Letter(
        id=hash_token(link)[:32],
        to=email,
        subject=wording.plain(lang, f"people.mail.{what}.subject", **told),
        text=wording.plain(lang, f"people.mail.{what}.text", **told),
        at=real_time(app),
        language=lang,
    )
    try:
        await app.post.send(letter)
    except IntegrationError as error:
        _log.warning("link_not_mailed", code=error.code, error=type(error).__name__)
        return False
    return True


async def _page(
    request: web.Request,
    *,
    error: str = "",
    link: str = "",
    link_for: str = "",
    mailed: bool = False,
    status: int = 200,
) -> web.Response:
    store, now = request.app[APP].store, real_time(request.app[APP])
    accounts = await store.accounts.all()
    return await page(
        request,
        "people/people.html",
        status=status,
        accounts=accounts,
        names={f"account:{one.id}": one.name for one in accounts},
        links=await store.invitations.open(now),
        roles=sorted(RANK, key=RANK.__getitem__),
        error=error,
        done=_done(request),
        link=link,
        link_for=link_for,
        mailed=mailed,
        now=now,
    )


_DONE: Final = frozenset({"withdrawn", "role", "disabled", "enabled"})


def _done(request: web.Request) -> str:
    done = request.query.get("done", "")
    return done if done in _DONE else ""


def _link(request: web.Request, token: str) -> str:
    return f"{own_address(request)}/invite/{token}"


def _target(request: web.Request) -> tuple[int, str, datetime]:
    account = int(request.match_info["account"])
    return account, f"account:{request[ME].id}", real_time(request.app[APP])


def _role(word: str) -> Role | None:
    return next((role for role in RANK if role == word), None)
