"""The desk's first column: the queue with its tabs, filters and search; and the frame of all three columns.

A page that opens a thread renders a template that extends ``desk/desk.html`` with `queue_values`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web
from markupsafe import Markup

from bot.app import App
from bot.web.access import APP, ME, Account, allows
from bot.web.alarms import alarm_values, unseen_notices
from bot.web.pages import back, language_of, page, words
from bot.web.reasons import REASONS, reason_words
from bot.web.rows import (
    Countdown,
    Curve,
    countdown,
    curve,
    filter_query,
    initials,
    left,
    narrowed,
    read_filter,
)
from bot.web.snoozes import snoozes
from bot.web.wording import Language
from dialogs.causes import GENERAL
from dialogs.harmless import harmless
from dialogs.opening import Opening
from dialogs.scene import localized
from persistence.desk_queue import TABS, Counts, Cursor, Filter, QueuePage, Tab
from persistence.desk_rows import QueueRow, Viewer
from persistence.labels import Label
from persistence.search import Hit

ROWS: Final = 50
MOST_ROWS: Final = 250
"""How many rows a page asks for at once at most when it brings itself up to date."""
OWN_TABS: Final[tuple[Tab, ...]] = ("open", "mine", "waiting")
OTHER_TABS: Final = tuple(tab for tab in TABS if tab not in OWN_TABS)
CHANNELS: Final[Mapping[str, str]] = {
    "instagram": "Instagram",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
}
SHORTCUTS: Final[Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]] = {
    "move": (
        (("J",), "next"), (("K",), "previous"), (("↵",), "open"), (("/",), "search"), (("Esc",), "leave"),
    ),
    "act": (
        (("C",), "claim"), (("R",), "reply"), (("N",), "note"), (("A",), "assign"), (("S",), "snooze"),
        (("L",), "label"), (("E",), "resolve"), (("X",), "pick"),
    ),
    "go": (
        (("G", "O"), "go_open"), (("G", "M"), "go_mine"), (("G", "W"), "go_waiting"),
        (("G", "P"), "go_pending"),
        (("G", "S"), "go_snoozed"), (("G", "R"), "go_resolved"), (("G", "A"), "go_all"),
        (("?",), "help"),
    ),
}  # fmt: skip
"""The keys of keys.js, for the sheet that lists them."""

Say = Callable[..., Markup]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row with everything about it that is said in words."""

    row: QueueRow
    name: str
    initials: str
    channel: str
    channel_icon: str
    count: Countdown
    left: str
    why: str
    preview: str
    curve: Curve | None
    tier: str
    labels: tuple[Label, ...]
    holder: str
    holder_initials: str
    team: str
    viewers: str


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that the queue is narrowed to, and the address of the queue without it."""

    words: str
    without: str


@dataclass(frozen=True, slots=True)
class Saved:
    """A filter that was kept; ``mine``: whoever looks may forget it."""

    id: int
    name: str
    query: str
    mine: bool


@dataclass(frozen=True, slots=True)
class People:
    """Names for the numbers in rows."""

    accounts: Mapping[int, str]
    agents: tuple[tuple[int, str], ...]
    teams: Mapping[int, str]
    labels: Mapping[int, Label]


def add_queue_routes(site: web.Application) -> None:
    """Serve the queue."""
    site.router.add_get("/desk", desk)
    site.router.add_get("/desk/queue", queue)
    site.router.add_get("/desk/search", search)
    site.router.add_post("/desk/filters", save_filter)
    site.router.add_post(r"/desk/filters/{id:\d{1,15}}/remove", forget_filter)


@allows("viewer")
async def desk(request: web.Request) -> web.Response:
    """The desk with no thread open."""
    return await page(request, "desk/desk.html", shows="queue", **await queue_values(request))


@allows("viewer")
async def queue(request: web.Request) -> web.Response:
    """The queue alone: for another tab or filter, for the next rows, and to bring an open page up to date."""
    if "after" in request.query:
        return await page(request, "desk/more.html", **await more_values(request))
    if "HX-Request" not in request.headers:
        return back(request, f"/desk{filter_query(read_filter(request.query))}")
    return await page(request, "desk/queue.html", **await queue_values(request, frame=False))


@allows("viewer")
async def search(request: web.Request) -> web.Response:
    """What was found; each find leads to its place in the thread."""
    app, text = request.app[APP], request.query.get("text", "")[:200].strip()
    hits = await app.store.search.find(text) if text else ()
    t = words(request)
    return await page(request, "desk/hits.html", text=text, hits=[_hit(hit, t) for hit in hits])


@allows("viewer")
async def save_filter(request: web.Request) -> web.Response:
    """Keep the filter of the address under a name."""
    form = await request.post()
    name = " ".join(harmless(str(form.get("name", ""))).split())[:60]
    wanted = read_filter(request.query)
    me = request[ME]
    if name and narrowed(wanted):
        shared = me.role == "owner" and bool(form.get("everybody"))
        await request.app[APP].store.filters.save(name, filter_query(wanted), None if shared else me.id)
    return await _queue_again(request)


@allows("viewer")
async def forget_filter(request: web.Request) -> web.Response:
    """Forget a filter: an agent their own, an owner everybody's as well."""
    me = request[ME]
    owner = me.role == "owner"
    await request.app[APP].store.filters.delete(int(request.match_info["id"]), me.id, owner=owner)
    return await _queue_again(request)


async def _queue_again(request: web.Request) -> web.Response:
    if "HX-Request" not in request.headers:
        return back(request, f"/desk{filter_query(read_filter(request.query))}")
    return await page(request, "desk/queue.html", **await queue_values(request, frame=False))


async def queue_values(
    request: web.Request, *, open_id: int | None = None, frame: bool = True, people: People | None = None
) -> dict[str, Any]:
    """Return what the templates of the queue and (``frame``) of the frame need, for the address's filter.

    ``people`` are those of `people_of`, where they have been read already.
    The print and the rows are of one moment: what changes later makes the page ask again, and nothing goes
    unnoticed.
    """
    app, me, t = request.app[APP], request[ME], words(request)
    now = app.clock()
    wanted = read_filter(request.query)
    view, people, saved, told = await asyncio.gather(
        app.store.queue.view(wanted, me.id, now, _most(request)),
        people_of(app) if people is None else _known(people),
        _saved(app, me),
        alarm_values(request) if frame else _unseen(app, me),
    )
    return {
        **_row_values(wanted, view.page, people, t, (now, me.id)),
        "print": f"{view.print}.{counts_print(view.counts)}",
        "counts": view.counts,
        "tab_query": lambda tab: filter_query(wanted, tab=tab),
        "other_tabs": OTHER_TABS,
        "channels": tuple(CHANNELS.items()),
        "priorities": [(value, t(f"desk.priority.{name}")) for value, name in _PRIORITIES.items()],
        "reasons": [(name, t(f"desk.reason.{name}")) for name in REASONS],
        "labels": people.labels,
        "label_options": [(one.id, one.name) for one in people.labels.values()],
        "agents": people.agents,
        "teams": people.teams,
        "saved": saved,
        "chips": _chips(wanted, people, t),
        "snoozes": snoozes(now, opening_of(app)),
        "causes": general_causes(language_of(request)),
        "shortcuts": SHORTCUTS,
        "open_id": open_id,
        **told,
    }


async def more_values(request: web.Request) -> dict[str, Any]:
    """Return what the template of further rows needs."""
    app, me, now = request.app[APP], request[ME], request.app[APP].clock()
    wanted = read_filter(request.query)
    found, people = await asyncio.gather(
        app.store.queue.page(wanted, me.id, now, _after(request), _most(request)), people_of(app)
    )
    return _row_values(wanted, found, people, words(request), (now, me.id)) | {"open_id": None}


def _row_values(
    wanted: Filter, found: QueuePage, people: People, t: Say, seen: tuple[datetime, int]
) -> dict[str, Any]:
    """Return what rows and the end of the list need; ``seen``: when, and by which account."""
    return {
        "query": filter_query(wanted),
        "wanted": wanted,
        "rows": [shown_row(row, people, t, *seen) for row in found.rows],
        "next": found.next,
        "narrowed": narrowed(wanted),
    }


async def _known(people: People) -> People:
    return people


async def _unseen(app: App, me: Account) -> dict[str, Any]:
    return {"unseen_notices": await unseen_notices(app, me)}


def counts_print(counts: Counts) -> str:
    """Return a word that changes when what stands on the tabs does."""
    return "-".join(str(counts[tab]) for tab in sorted(counts))


async def people_of(app: App) -> People:
    """Return the names that rows and menus need."""
    found = await app.store.people()
    return People(
        accounts={one.id: one.name for one in found.accounts},
        agents=tuple(
            (one.id, one.name) for one in found.accounts if one.role != "viewer" and not one.disabled
        ),
        teams={one.id: one.name for one in found.teams},
        labels={one.id: one for one in found.labels},
    )


def shown_row(row: QueueRow, people: People, t: Say, now: datetime, me: int) -> ShownRow:
    """Say a row in words, to account ``me``: that one looks oneself need not be told."""
    name = harmless(row.name or "").strip() or str(t("desk.nameless", n=row.id))
    count = countdown(row, now)
    holder = people.accounts.get(row.assignee or 0, "")
    return ShownRow(
        row=row,
        name=name,
        initials=initials(name),
        channel=CHANNELS.get(row.channel, row.channel),
        channel_icon=row.channel if row.channel in CHANNELS else "chat",
        count=count,
        left=left(count, t),
        why=reason_words(row.why, row.reason, t),
        preview=preview(row, t),
        curve=curve(row.moods),
        tier=str(t(f"desk.tier.{row.tier}")) if row.tier in _TIERS else row.tier,
        labels=tuple(people.labels[one] for one in row.labels if one in people.labels),
        holder=holder,
        holder_initials=initials(holder),
        team=people.teams.get(row.team or 0, ""),
        viewers=viewer_words([one for one in row.viewers if one.account != me], people.accounts, t),
    )


def preview(row: QueueRow, t: Say) -> str:
    """Show what the buyer said last, or what kind of thing it was if it had no words."""
    words = " ".join(harmless(row.preview).split())
    return words or (str(t(f"desk.kind.{row.preview_kind}")) if row.preview_kind in _KINDS else "")


def viewer_words(viewers: Iterable[Viewer], names: Mapping[int, str], t: Say) -> str:
    """Say who is at a thread: whoever types before whoever only looks. desk.js does the same."""
    known = sorted((not one.typing, names[one.account]) for one in viewers if one.account in names)
    return ", ".join(str(t("desk.looks" if only else "desk.types", name=name)) for only, name in known)


def general_causes(lang: Language) -> tuple[tuple[str, str], ...]:
    """Return the house's causes, which hold for every product: id and words."""
    return tuple((one.id, localized(one.title, lang, "du")) for one in GENERAL)


def _chips(wanted: Filter, people: People, t: Say) -> list[Chip]:
    label, asked = people.labels.get(wanted.label or 0), wanted.priority
    said: list[tuple[str, str | None]] = [
        ("channel", CHANNELS.get(wanted.channel or "")),
        ("priority", str(t(f"desk.priority.{_PRIORITIES[asked]}")) if asked is not None else None),
        ("reason", reason_words("", wanted.reason, t) if wanted.reason else None),
        ("label", label.name if label else None),
        ("assignee", people.accounts.get(wanted.assignee or 0)),
        ("team", people.teams.get(wanted.team or 0)),
        ("text", wanted.text or None),
    ]
    return [Chip(words, filter_query(wanted, **{name: None})) for name, words in said if words]


async def _saved(app: App, me: Account) -> list[Saved]:
    kept = await app.store.filters.of(me.id)
    return [Saved(one.id, one.name, one.query, me.role == "owner" or one.account == me.id) for one in kept]


def _hit(hit: Hit, t: Say) -> dict[str, Any]:
    place = f"?at={hit.key}" if hit.key else ""
    return {
        "id": hit.conversation_id,
        "href": f"/desk/{hit.conversation_id}{place}",
        "name": harmless(hit.name or "").strip() or str(t("desk.nameless", n=hit.conversation_id)),
        "channel": CHANNELS.get(hit.channel, hit.channel),
        "at": hit.at,
        "pieces": pieces(hit.snippet, hit.marks),
    }


def pieces(text: str, marks: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Cut a text at its marked stretches: each piece, and whether it is marked."""
    cut, done = [], 0
    for start, end in sorted(marks):
        begin = max(start, done)
        if begin >= end:
            continue
        cut += [(text[done:begin], False), (text[begin:end], True)]
        done = end
    cut.append((text[done:], False))
    shown = [(harmless(words), marked) for words, marked in cut]
    return [(words, marked) for words, marked in shown if words]


def _after(request: web.Request) -> Cursor | None:
    return Cursor.read(request.query.get("after", ""))


def _most(request: web.Request) -> int:
    asked = request.query.get("most", "")
    return min(max(int(asked), 1), MOST_ROWS) if asked.isdecimal() and len(asked) < 6 else ROWS


_PRIORITIES: Final[Mapping[int, str]] = {2: "urgent", 1: "high", 0: "normal", -1: "low"}
_TIERS: Final = frozenset({"bronze", "silver", "gold"})
_KINDS: Final = frozenset({"tap", "media", "shared", "unsupported"})


def opening_of(app: App) -> Opening:
    """Return the shop's opening hours."""
    settings = app.config.settings
    return settings.human.opening.at(settings.brand.zone)
