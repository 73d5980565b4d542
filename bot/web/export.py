"""One row for each conversation as CSV, for those who count elsewhere; streamed, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from aiohttp import web
from markupsafe import Markup

from bot.web.access import APP, ME, allows
from bot.web.causes import cause_names
from bot.web.desk import CHANNELS, opening_of
from bot.web.pages import language_of, page_headers, words
from bot.web.reasons import reason_words
from dialogs.csv_lines import BOM, Cell, Separator, line
from dialogs.opening import Opening
from persistence.audit import Entry
from persistence.reports import ConversationLine

COLUMNS: Final = (
    "id", "started", "channel", "language", "status", "reason", "priority", "called", "promised", "claimed",
    "answered", "minutes", "kept", "resolved", "cause", "by", "cases", "labels", "from_buyer", "from_bot",
    "from_agents", "from_phone", "bot_share", "ratings",
)  # fmt: skip
_AT_ONCE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom the table is written for: words, the shop's hours, the names of causes and of colleagues."""

    t: Callable[..., Markup]
    opening: Opening
    causes: Mapping[str, str]
    names: Mapping[str, str]


def add_export_routes(site: web.Application) -> None:
    """Serve the table."""
    site.router.add_get("/desk/export.csv", export)


@allows("owner")
async def export(request: web.Request) -> web.StreamResponse:
    """All conversations that began from the day ``since`` to the day ``until``, by the shop's clocks."""
    app, t = request.app[APP], words(request)
    opening = opening_of(app)
    since, until = _day(request.query.get("since")), _day(request.query.get("until"))
    if since is None or until is None or until < since:
        raise web.HTTPBadRequest(text="give two days, since=2026-10-01 and until=2026-10-31")
    separator: Separator = "," if request.query.get("separator") == "," else ";"
    reader = Reader(
        t,
        opening,
        cause_names(app, language_of(request)),
        {f"account:{one.id}": one.name for one in await app.store.accounts.all()}
        | {who: str(t(f"desk.csv.who.{who}")) for who in ("bot", "clock", "phone", "console")},
    )
    span = {"since": since.isoformat(), "until": until.isoformat()}
    await app.store.audit.note(Entry(f"account:{request[ME].id}", "report.exported", "", span), app.clock())
    name = f"chats-{since.isoformat()}-{until.isoformat()}.csv"
    response = web.StreamResponse(
        headers={
            **page_headers(request),
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
    )
    await response.prepare(request)
    begin, end = (datetime.combine(day, time(), opening.zone) for day in (since, until + timedelta(days=1)))
    waiting = BOM + line([str(t(f"desk.csv.{column}")) for column in COLUMNS], separator)
    async for one in app.store.reports.conversations(begin, end):
        waiting += line(cells_of(one, reader), separator)
        if len(waiting) >= _AT_ONCE:
            await response.write(waiting.encode())
            waiting = ""
    await response.write(waiting.encode())
    return response


def cells_of(one: ConversationLine, reader: Reader) -> list[Cell]:
    """Return a conversation's row, in the order of `COLUMNS`."""
    answers = one.from_bot + one.from_agents + one.from_phone
    share = (Decimal(100 * one.from_bot) / answers).quantize(Decimal(1)) if answers else None
    called, answered = one.called_at, one.answered_at
    minutes = kept = None
    if called is not None and answered is not None:
        minutes = int(reader.opening.open_time(called, answered).total_seconds() // 60)
        kept = None if one.promised_at is None else answered <= one.promised_at
    priority = None if one.priority is None else str(reader.t(f"desk.priority.{_PRIORITIES[one.priority]}"))
    return [
        one.id,
        _moment(one.started_at, reader),
        CHANNELS.get(one.channel, one.channel),
        one.language,
        str(reader.t(f"desk.csv.is.{one.status}")) if one.status in _STATUSES else one.status,
        reason_words(one.why, one.reason, reader.t),
        priority,
        _moment(called, reader),
        _moment(one.promised_at, reader),
        _moment(one.claimed_at, reader),
        _moment(answered, reader),
        minutes,
        kept,
        _moment(one.resolved_at, reader),
        reader.causes.get(one.cause, one.cause),
        reader.names.get(one.handled_by, one.handled_by),
        one.cases,
        ", ".join(one.labels),
        one.from_buyer,
        one.from_bot,
        one.from_agents,
        one.from_phone,
        share,
        " ".join(map(str, one.ratings)),
    ]


_PRIORITIES: Final[Mapping[int, str]] = {2: "urgent", 1: "high", 0: "normal", -1: "low"}
_STATUSES: Final = frozenset({"bot", "waiting", "agent", "snoozed", "pending", "resolved"})


def _moment(when: datetime | None, reader: Reader) -> str:
    """Write a moment by the shop's clocks, as every spreadsheet reads it."""
    return "" if when is None else f"{when.astimezone(reader.opening.zone):%Y-%m-%d %H:%M:%S}"


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
