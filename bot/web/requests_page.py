"""``/desk/requests``: what agents have asked the shop for, to be worked off, and as a table for elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web
from babel.numbers import format_currency

from bot import requests
from bot.web.access import APP, ME, allows
from bot.web.desk import CHANNELS, Say, opening_of
from bot.web.happened import number_of
from bot.web.pages import back, language_of, page, page_headers, words
from bot.web.wording import Language
from dialogs.csv_lines import BOM, Cell, Separator, line
from dialogs.harmless import harmless
from dialogs.opening import Opening
from persistence.audit import Entry
from persistence.requests import STATUSES, Request, Status

ROWS: Final = 50
_CSV_ROWS: Final = 500
_COLUMNS: Final = (
    "id", "at", "kind", "status", "buyer", "channel", "order", "about", "note", "by", "done_at", "done_by",
    "chat",
)  # fmt: skip
_LOCALES: Final[Mapping[str, str]] = {"de": "de_DE", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A request in words. ``about`` is what it asks for, ``note`` what the agent added."""

    request: Request
    name: str
    channel: str
    about: str
    note: str
    by: str
    done_by: str


def add_requests_routes(site: web.Application) -> None:
    """Serve the list, what is done to it, and the table."""
    site.router.add_get("/desk/requests", requests_page)
    site.router.add_get("/desk/requests.csv", export)
    site.router.add_post(r"/desk/requests/{id:\d{1,15}}", settle)


@allows("agent")
async def requests_page(request: web.Request) -> web.Response:
    """Requests of one status, the newest first; ``?before=`` an id goes on."""
    app = request.app[APP]
    status = _status(request.query.get("status")) or "open"
    found = await app.store.requests.page(status, number_of(request.query.get("before")), ROWS + 1)
    shown = await _shown(request, found[:ROWS])
    return await page(
        request,
        "buyer/requests.html",
        shown=shown,
        chosen=status,
        statuses=STATUSES,
        counts=await app.store.requests.counts(),
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        hooked=app.connections.requests is not None,
    )


@allows("owner")
async def settle(request: web.Request) -> web.Response:
    """Say that a request is done, called off, or open again."""
    given = await request.post()
    status = _status(given.get("status"))
    if status is None:
        raise web.HTTPBadRequest(text="say open, done or cancelled")
    found = await requests.settle(request.app[APP], int(request.match_info["id"]), request[ME].id, status)
    if found is None:
        raise web.HTTPNotFound(text="there is no such request")
    return back(request, f"/desk/requests?status={_status(given.get('from')) or 'open'}")


@allows("owner")
async def export(request: web.Request) -> web.StreamResponse:
    """All requests as CSV, or those of one status; streamed, however many there are."""
    app, t = request.app[APP], words(request)
    status = _status(request.query.get("status"))
    separator: Separator = "," if request.query.get("separator") == "," else ";"
    entry = Entry(f"account:{request[ME].id}", "requests.exported", "", {"status": status or "all"})
    await app.store.audit.note(entry, app.clock())
    response = web.StreamResponse(
        headers={
            **page_headers(request),
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="requests.csv"',
        }
    )
    await response.prepare(request)
    head = [str(t(f"requests.csv.{column}")) for column in _COLUMNS]
    await response.write((BOM + line(head, separator)).encode())
    before = None
    while found := await app.store.requests.page(status, before, _CSV_ROWS):
        shown = await _shown(request, found)
        lines = [line(_cells(one, t, opening_of(app)), separator) for one in shown]
        await response.write("".join(lines).encode())
        before = found[-1].id
    return response


def _cells(one: Shown, t: Say, opening: Opening) -> list[Cell]:
    asked = one.request
    return [
        asked.id,
        _moment(asked.at, opening),
        str(t(f"requests.kind.{asked.kind}")),
        str(t(f"requests.status.{asked.status}")),
        one.name,
        one.channel,
        harmless(asked.order_number),
        one.about,
        one.note,
        one.by,
        _moment(asked.done_at, opening),
        one.done_by,
        asked.conversation_id,
    ]


async def _shown(request: web.Request, found: list[Request]) -> list[Shown]:
    language = language_of(request)
    names = {f"account:{one.id}": one.name for one in await request.app[APP].store.accounts.all()}
    return [
        Shown(
            one,
            harmless(one.name).strip(),
            CHANNELS.get(one.channel, one.channel),
            about(one.detail, one.currency, language),
            harmless(str(one.detail.get("note", ""))),
            names.get(one.by, ""),
            names.get(one.done_by or "", ""),
        )
        for one in found
    ]


def about(detail: Mapping[str, object], currency: str, language: Language) -> str:
    """Say in one line what a request asks for; empty once its buyer's data was erased. Total."""
    match detail:
        case {"amount": str(amount)}:
            of = str(detail.get("currency") or currency or "EUR")
            return str(format_currency(amount, of, locale=_LOCALES[language]))
        case {"items": list(items)}:
            return ", ".join(_item(one) for one in items)
        case {"address": dict(address)}:
            return harmless(", ".join(str(part) for part in address.values() if part))
        case {"code": str(code), "percent": percent}:
            return f"{harmless(code)} ({percent} %)"
        case {"what": what}:
            return harmless(str(what))
        case _:
            return ""


def _item(one: Any) -> str:
    if not isinstance(one, dict):
        return ""
    quantity = one.get("quantity", 1)
    title = harmless(str(one.get("title", "")))
    return title if quantity == 1 else f"{quantity} × {title}"


def _status(value: object) -> Status | None:
    return next((one for one in STATUSES if one == value), None)


def _moment(when: datetime | None, opening: Opening) -> str:
    return "" if when is None else f"{when.astimezone(opening.zone):%Y-%m-%d %H:%M:%S}"
