"""One's own account: name, language, look, absence, password, and where one is signed in."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final

from aiohttp import web

from bot.passwords import Weak, check_strength
from bot.web.access import APP, ME, SESSION, allows, real_time
from bot.web.forms import line, text
from bot.web.pages import back, own_path, page
from bot.web.signing import PASSWORDS, Blocked, confirmed, rp_id_of
from persistence.accounts import Profile
from persistence.audit import Entry

ME_PAGE: Final = "/desk/me"
_LANGUAGES: Final = ("de", "en")
_THEMES: Final = ("auto", "light", "dark")
_DONE: Final = frozenset(
    {"profile", "password", "passkey", "passkey_gone", "factor_off", "session", "sessions", "unlinked"}
)


def add_me_routes(site: web.Application) -> None:
    """Serve ``/desk/me``."""
    site.router.add_get(ME_PAGE, show)
    site.router.add_post(f"{ME_PAGE}/profile", set_profile)
    site.router.add_post(f"{ME_PAGE}/look", set_look)
    site.router.add_post(f"{ME_PAGE}/password", set_password)
    site.router.add_post(f"{ME_PAGE}/sessions/{{session:\\d+}}/end", end_session)
    site.router.add_post(f"{ME_PAGE}/sessions/end", end_other_sessions)
    site.router.add_post(f"{ME_PAGE}/passkeys/{{passkey:\\d+}}/remove", remove_passkey)
    site.router.add_post(f"{ME_PAGE}/telegram/code", make_code)
    site.router.add_post(f"{ME_PAGE}/telegram/unlink", unlink)


@allows("viewer")
async def show(request: web.Request) -> web.Response:
    """Show everything about one's own account."""
    return await my_page(request)


@allows("viewer")
async def set_profile(request: web.Request) -> web.Response:
    """Keep what somebody chose for themselves."""
    app, me, form = request.app[APP], request[ME], await request.post()
    name = line(form, "name", 80)
    if not name:
        return await my_page(request, error="name", status=422)
    try:
        absent_until = _back_on(request, line(form, "back_on", 20))
    except ValueError:
        return await my_page(request, error="date", status=422)
    profile = Profile(
        name=name,
        language=_one_of(text(form, "language"), _LANGUAGES, me.language),
        theme=_one_of(text(form, "theme"), _THEMES, me.theme),
        absent_until=absent_until,
        mail_alarms=bool(text(form, "mail_alarms")),
    )
    await app.store.accounts.set_profile(me.id, profile, real_time(app))
    return back(request, f"{ME_PAGE}?done=profile")


@allows("viewer")
async def set_look(request: web.Request) -> web.Response:
    """Change language or theme from the head of any page, and go back there."""
    form = await request.post()
    language, theme = text(form, "language"), text(form, "theme")
    await request.app[APP].store.accounts.set_look(
        request[ME].id,
        language=language if language in _LANGUAGES else None,
        theme=theme if theme in _THEMES else None,
    )
    return back(request, own_path(text(form, "next"), ME_PAGE))


@allows("viewer")
async def set_password(request: web.Request) -> web.Response:
    """Set a new password, and end all other sessions."""
    app, me, form = request.app[APP], request[ME], await request.post()
    old, new = text(form, "old"), text(form, "new")
    try:
        right = await confirmed(request, old)
    except Blocked as blocked:
        return await my_page(request, error="blocked", until=blocked.until, status=429)
    if not right:
        return await my_page(request, error="password", status=422)
    try:
        check_strength(new, email=me.email, name=me.name, brand=app.config.settings.brand.name)
    except Weak as weak:
        return await my_page(request, error=f"weak.{weak.reason}", status=422)
    hashed = await request.app[PASSWORDS].hash(new)
    actor = f"account:{me.id}"
    keep = request[SESSION].id
    await app.store.accounts.set_password(me.id, hashed, actor, real_time(app), keep=keep)
    return back(request, f"{ME_PAGE}?done=password")


@allows("viewer")
async def end_session(request: web.Request) -> web.Response:
    """Sign out on another device."""
    app, session = request.app[APP], int(request.match_info["session"])
    await app.store.sessions.end(request[ME].id, session, real_time(app))
    return back(request, f"{ME_PAGE}?done=session#sessions")


@allows("viewer")
async def end_other_sessions(request: web.Request) -> web.Response:
    """Sign out on all other devices."""
    app = request.app[APP]
    await app.store.sessions.end_others(request[ME].id, request[SESSION].id, real_time(app))
    return back(request, f"{ME_PAGE}?done=sessions#sessions")


@allows("viewer")
async def remove_passkey(request: web.Request) -> web.Response:
    """Forget a passkey."""
    app, passkey = request.app[APP], int(request.match_info["passkey"])
    await app.store.passkeys.remove(request[ME].id, passkey, real_time(app))
    return back(request, f"{ME_PAGE}?done=passkey_gone#passkeys")


@allows("agent")
async def make_code(request: web.Request) -> web.Response:
    """Show a code by which the support group learns whose words are whose."""
    app, me = request.app[APP], request[ME]
    code = await app.store.telegram.link_code(me.id, app.clock())
    await app.store.audit.note(Entry(f"account:{me.id}", "telegram.code", f"account:{me.id}"), real_time(app))
    return await my_page(request, code=code)


@allows("agent")
async def unlink(request: web.Request) -> web.Response:
    """Forget who on Telegram has this account."""
    app, me = request.app[APP], request[ME]
    if await app.store.telegram.unlink(me.id):
        entry = Entry(f"account:{me.id}", "telegram.unlinked", f"account:{me.id}")
        await app.store.audit.note(entry, real_time(app))
    return back(request, f"{ME_PAGE}?done=unlinked#telegram")


async def my_page(
    request: web.Request,
    *,
    error: str = "",
    until: datetime | None = None,
    code: str = "",
    status: int = 200,
) -> web.Response:
    """Return the page, with what went wrong if something did."""
    app, me, now = request.app[APP], request[ME], real_time(request.app[APP])
    done = request.query.get("done", "")
    values: dict[str, Any] = {
        "sessions": await app.store.sessions.of(me.id, now),
        "here": request[SESSION].id,
        "keys": await app.store.passkeys.of(me.id),
        "codes_left": await app.store.accounts.codes_left(me.id) if me.second_factor else 0,
        "passkeys": rp_id_of(request) is not None,
        "back_on": _as_date(request, me.absent_until),
        "absent": me.absent_until is not None and me.absent_until > app.clock(),
        "telegram": app.groups is not None and me.role != "viewer",
        "linked": await app.store.telegram.linked(me.id),
        "code": code,
        "done": done if done in _DONE else "",
    }
    return await page(request, "people/me.html", status=status, error=error, until=until, now=now, **values)


def _back_on(request: web.Request, word: str) -> datetime | None:
    """Return the beginning of the day on which somebody is back, None if that is past or no day was named."""
    if not word:
        return None
    app = request.app[APP]
    begins = datetime.combine(date.fromisoformat(word), time(), app.config.settings.brand.zone)
    return begins if begins > app.clock() else None


def _as_date(request: web.Request, moment: datetime | None) -> str:
    app = request.app[APP]
    if moment is None or moment <= app.clock():
        return ""
    return moment.astimezone(app.config.settings.brand.zone).date().isoformat()


def _one_of(word: str, allowed: tuple[str, ...], otherwise: str) -> str:
    return word if word in allowed else otherwise
