"""What is done to one or many rows of the queue at once: claim, assign, label, snooze, solve, hand back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from aiohttp import web

from bot import handoff
from bot.app import App
from bot.handoff import Denied, Done
from bot.web.access import APP, ME, allows
from bot.web.desk import opening_of
from bot.web.pages import back, page, words
from bot.web.snoozes import snoozes

MOST: Final = 250
Act: TypeAlias = Callable[[int], Awaitable[Done | Denied]]


class BadWish(ValueError):
    """A form that asks for something that does not exist: only forged or outdated pages send one."""


def add_bulk_routes(site: web.Application) -> None:
    """Serve the actions on rows."""
    site.router.add_post("/desk/bulk", bulk)


@allows("agent")
async def bulk(request: web.Request) -> web.Response:
    """Do ``act`` to every ``id`` of the form; the answer is a short word about what was done, to how many.

    Each row is done by itself: where somebody was faster, the others are done all the same.
    """
    app, me = request.app[APP], request[ME]
    form = await request.post()
    ids = sorted({int(str(one)) for one in form.getall("id", []) if _is_id(str(one))})[:MOST]
    name, _, what = str(form.get("act", "")).partition(":")
    try:
        done, refused = await _do(app, me.id, ids, name, what, str(form.get("cause", ""))[:100])
    except BadWish:
        raise web.HTTPBadRequest(text="there is no such action; load the page anew") from None
    await app.signals.wake("desk")
    if "HX-Request" not in request.headers:
        return back(request, "/desk")
    names = {one.id: one.name for one in await app.store.accounts.all()} if refused else {}
    t = words(request)
    said = [t(f"desk.done.{name}", n=done)] if done or not refused else []
    for denied, count in refused.items():
        who = names.get(denied.holder or 0) or t("desk.denied.somebody")
        said.append(t(f"desk.denied.{denied.why}", n=count, name=who))
    return await page(
        request,
        "desk/toast.html",
        headers={"HX-Trigger": "desk:done"},
        said=said,
        kind="bad" if refused else "",
    )


async def _do(
    app: App, by: int, ids: list[int], name: str, what: str, cause: str
) -> tuple[int, Counter[Denied]]:
    if name in {"label", "unlabel"}:
        change = app.store.labels.put if name == "label" else app.store.labels.take
        await change(ids, _number(what), f"account:{by}", app.clock())
        return len(ids), Counter()
    act = _act(app, by, name, what, cause)
    refused: Counter[Denied] = Counter()
    for one in ids:
        result = await act(one)
        if isinstance(result, Denied):
            refused[result] += 1
    return len(ids) - refused.total(), refused


def _act(app: App, by: int, name: str, what: str, cause: str) -> Act:
    """Return what is to be done to each row.

    Raises:
        BadWish: there is no such thing to do.

    """
    match name:
        case "claim":
            return lambda one: handoff.claim(app, one, by)
        case "assign":
            to = _number(what) if what else None
            return lambda one: handoff.assign(app, one, by, to=to, team=None)
        case "team":
            team = _number(what)
            return lambda one: handoff.assign(app, one, by, to=None, team=team)
        case "release":
            return lambda one: handoff.release(app, one, by)
        case "snooze":
            moment = dict(snoozes(app.clock(), opening_of(app))).get(what)  # type: ignore[call-overload]  # a form may say anything
            if moment is None:
                raise BadWish
            return lambda one: handoff.snooze(app, one, by, moment)
        case "resolve":
            return lambda one: handoff.resolve(app, one, by, cause=cause)
        case "back":
            return lambda one: handoff.hand_back(app, one, by)
        case _:
            raise BadWish


def _number(text: str) -> int:
    if not _is_id(text):
        raise BadWish
    return int(text)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
