"""What owners set up for the desk, teams and labels; and see there: hours, who is here today, the export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from aiohttp import web
from babel.dates import format_date, get_day_names

from bot.app import App
from bot.web.access import APP, Account, Role, allows, real_time
from bot.web.desk import opening_of, people_of
from bot.web.pages import back, language_of, page, words
from bot.web.reasons import REASONS
from bot.web.rows import initials
from dialogs.harmless import harmless
from dialogs.opening import Opening

COLOURS: Final = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
_LOCALES: Final[Mapping[str, str]] = {"de": "de_DE", "en": "en_GB"}
_MONTH: Final = timedelta(days=30)
_RECENT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works at the desk, and whether they are there."""

    id: int
    name: str
    initials: str
    role: Role
    absent_until: datetime | None
    here: bool


def add_desk_settings_routes(site: web.Application) -> None:
    """Serve the settings of the desk."""
    site.router.add_get("/desk/settings", settings)
    site.router.add_post("/desk/settings/teams", save_team)
    site.router.add_post(r"/desk/settings/teams/{id:\d{1,15}}/delete", delete_team)
    site.router.add_post("/desk/settings/labels", save_label)
    site.router.add_post(r"/desk/settings/labels/{id:\d{1,15}}/delete", delete_label)


@allows("owner")
async def settings(request: web.Request) -> web.Response:
    """The whole page."""
    return await _page(request)


@allows("owner")
async def save_team(request: web.Request) -> web.Response:
    """Make a team or change one."""
    form = await request.post()
    name = _name(form.get("name"), 60)
    if not name:
        return await _saved(request, "name_missing")
    members = [int(str(one)) for one in form.getall("member", []) if _is_id(str(one))]
    reasons = [str(one) for one in form.getall("reason", []) if one in REASONS]
    app = request.app[APP]
    known = {one.id for one in await app.store.accounts.all()}
    kept = await app.store.teams.save(
        name, reasons, [one for one in members if one in known], team_id=_id_of(form.get("id"))
    )
    return await _saved(request, "name_taken" if kept is None else "")


@allows("owner")
async def delete_team(request: web.Request) -> web.Response:
    """Delete a team; what it had belongs to everybody again."""
    await request.app[APP].store.teams.delete(int(request.match_info["id"]))
    return await _saved(request, "")


@allows("owner")
async def save_label(request: web.Request) -> web.Response:
    """Make a label or change one."""
    form = await request.post()
    name, colour = _name(form.get("name"), 40), str(form.get("colour", ""))
    if not name:
        return await _saved(request, "name_missing")
    kept = await request.app[APP].store.labels.save(
        name, colour if colour in COLOURS else "grey", label_id=_id_of(form.get("id"))
    )
    return await _saved(request, "name_taken" if kept is None else "")


@allows("owner")
async def delete_label(request: web.Request) -> web.Response:
    """Delete a label, and take it off every thread."""
    await request.app[APP].store.labels.delete(int(request.match_info["id"]))
    return await _saved(request, "")


async def _saved(request: web.Request, problem: str) -> web.Response:
    if problem:
        return await _page(request, problem=problem, status=409)
    await request.app[APP].signals.wake("desk")
    return back(request, "/desk/settings")


async def _page(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    app, t, lang = request.app[APP], words(request), language_of(request)
    now, opening = app.clock(), opening_of(app)
    people = await people_of(app)
    local = now.astimezone(opening.zone).date()
    next_opening = opening.next_opening(now)
    return await page(
        request,
        "desk/settings.html",
        status=status,
        problem=problem,
        staff=await _staff(app, now),
        open_now=opening.is_open(now),
        next_opening=next_opening,
        answer_hours=app.config.settings.human.answer_within_hours,
        week=week_of(opening, lang),
        holidays=_holidays(opening, local, lang),
        all_teams=list(await app.store.teams.all()),
        all_labels=list(await app.store.labels.all()),
        agents=people.agents,
        reasons=[(name, t(f"desk.reason.{name}")) for name in REASONS],
        colours=COLOURS,
        since=(local - _MONTH).isoformat(),
        until_day=local.isoformat(),
        unseen_notices=len(await app.store.news.notices(100)),
    )


async def _staff(app: App, now: datetime) -> list[Colleague]:
    """Everybody who may sign in: those who are here first, then those who are away for a while last."""
    here = {one.account for viewers in (await app.store.news.present(now)).values() for one in viewers}
    accounts, real = await app.store.accounts.all(), real_time(app)
    for account in accounts:
        sessions = await app.store.sessions.of(account.id, real)
        if any(real - one.seen_at < _RECENT for one in sessions):
            here.add(account.id)
    staff = [_colleague(one, real, one.id in here) for one in accounts]
    known = [one for one in staff if one is not None]
    return sorted(known, key=lambda one: (one.absent_until is not None, not one.here, one.name.casefold()))


def _colleague(account: Account, now: datetime, here: bool) -> Colleague | None:  # noqa: FBT001 - one fact of three about one person
    if account.disabled:
        return None
    absent = account.absent_until
    name = harmless(account.name)
    away = absent if absent is not None and absent > now else None
    return Colleague(account.id, name, initials(name), account.role, away, here and away is None)


def week_of(opening: Opening, lang: str) -> list[tuple[str, str]]:
    """Return each day of the week by name, Monday first, and its hours; "" where nobody is there."""
    names = get_day_names("wide", locale=_LOCALES[lang])
    return [
        (names[day], ", ".join(f"{_minute(start)}–{_minute(end)}" for start, end in spans))
        for day, spans in enumerate(opening.week)
    ]


def _holidays(opening: Opening, today: date, lang: str) -> list[str]:
    """Return the days ahead on which nobody is there, the nearest first, as people write them."""
    dated = {day for day in opening.holidays if day >= today}
    for month, day in opening.yearly:
        for year in (today.year, today.year + 1):
            try:
                one = date(year, month, day)
            except ValueError:  # 29 February
                continue
            if today <= one < today + timedelta(days=365):
                dated.add(one)
    form = "d. MMMM" if lang == "de" else "d MMMM"
    return [format_date(one, form, locale=_LOCALES[lang]) for one in sorted(dated)]


def _minute(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def _name(value: Any, longest: int) -> str:
    return " ".join(harmless(str(value or "")).split())[:longest]


def _id_of(value: Any) -> int | None:
    return int(str(value)) if value is not None and _is_id(str(value)) else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
