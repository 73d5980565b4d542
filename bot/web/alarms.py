"""What is told at once on every open page of the desk: alarms, new requests, the owner's notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import orjson
from aiohttp import web
from markupsafe import Markup

from bot.app import App
from bot.web.access import APP, ME, Account, allows
from bot.web.pages import back, page, words
from bot.web.reasons import reason_words
from bot.web.rows import left, until
from dialogs.harmless import harmless
from persistence.desk_news import Alarm, Notice, Waiting
from persistence.desk_rows import QueueRow

MOST: Final = 3
"""How many alarms are shown at once; the others are only counted, and follow as these are put away."""

_COUNTED: Final = 100
"""Up to how many unseen notices are counted."""
_PRINTED: Final = 20
"""How many of them a print tells apart."""

Say = Callable[..., Markup]


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """An alarm in words. ``grave`` ones are red; ``left`` is how far off what was promised (``until``) is."""

    id: int
    kind: str
    conversation: int | None
    title: str
    text: str
    grave: bool
    until: datetime | None = None
    left: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """A thread that began to wait a moment ago, for a desktop notification; ``key``: told once."""

    key: str
    conversation: int
    title: str
    text: str


def add_alarm_routes(site: web.Application) -> None:
    """Serve alarms and notices."""
    site.router.add_get("/desk/alarms", alarms)
    site.router.add_post(r"/desk/alarms/{id:\d{1,15}}/seen", put_away)
    site.router.add_get("/desk/notices", notices)
    site.router.add_post(r"/desk/notices/{id:\d{1,15}}/seen", see_notice)


@allows("viewer")
async def alarms(request: web.Request) -> web.Response:
    """The alarms that hold, as the top of the desk shows them."""
    return await page(request, "desk/alarms.html", **await alarm_values(request))


@allows("agent")
async def put_away(request: web.Request) -> web.Response:
    """Put an alarm away."""
    app = request.app[APP]
    if await app.store.news.put_away(int(request.match_info["id"]), request[ME].id, app.clock()):
        await app.signals.wake("desk")
    if "HX-Request" not in request.headers:
        return back(request, "/desk")
    return await page(request, "desk/alarms.html", **await alarm_values(request))


@allows("owner")
async def notices(request: web.Request) -> web.Response:
    """What the program has to tell the owner."""
    found = await request.app[APP].store.news.notices()
    return await page(request, "desk/notices.html", notices=[_notice(one, words(request)) for one in found])


@allows("owner")
async def see_notice(request: web.Request) -> web.Response:
    """Put a notice away."""
    app = request.app[APP]
    await app.store.news.see_notice(int(request.match_info["id"]), app.clock())
    return back(request, "/desk/notices")


async def alarm_values(request: web.Request) -> dict[str, Any]:
    """Return what ``desk/alarms.html`` needs."""
    app, me, t = request.app[APP], request[ME], words(request)
    now = app.clock()
    owner = me.role == "owner"
    news = await app.store.news.news(me.id, now, _COUNTED if owner else _PRINTED)
    holding, waiting, unseen = news.alarms, news.waiting, news.notices
    ids = {one.conversation_id for one in waiting}
    ids |= {one.conversation_id for one in holding[:MOST] if one.conversation_id is not None}
    rows = {row.id: row for row in await app.store.queue.rows(tuple(ids), now)} if ids else {}
    return {
        "alarms_print": _print(holding, waiting, unseen),
        "alarms": [_shown(one, rows, t, now) for one in holding[:MOST]],
        "more_alarms": max(len(holding) - MOST, 0),
        "waiting_news": [
            News(
                key=f"{one.conversation_id}.{int(one.since.timestamp())}",
                conversation=one.conversation_id,
                title=str(t("desk.alarm.waiting", name=_name(rows[one.conversation_id], t))),
                text=reason_words(rows[one.conversation_id].why, rows[one.conversation_id].reason, t),
            )
            for one in waiting
            if one.conversation_id in rows
        ],
        "unseen_notices": len(unseen) if owner else 0,
    }


async def alarms_print(app: App, account: int) -> str:
    """Return a word that changes when an account has to be told something else."""
    news = await app.store.news.news(account, app.clock(), _PRINTED)
    return _print(news.alarms, news.waiting, news.notices)


def _print(holding: Sequence[Alarm], waiting: Sequence[Waiting], unseen: Sequence[Notice]) -> str:
    told = [
        [one.id for one in holding],
        [[one.conversation_id, one.since] for one in waiting],
        [one.id for one in unseen[:_PRINTED]],
    ]
    return blake2b(orjson.dumps(told), digest_size=8).hexdigest()


async def unseen_notices(app: App, me: Account) -> int:
    """Count the notices that an owner has not seen; there are none for anybody else."""
    return len(await app.store.news.notices(_COUNTED)) if me.role == "owner" else 0


def _shown(alarm: Alarm, rows: Mapping[int, QueueRow], t: Say, now: datetime) -> ShownAlarm:
    row = rows.get(alarm.conversation_id or 0)
    why = "" if row is None else reason_words(row.why, row.reason, t)
    text = " · ".join(one for one in ("" if row is None else _name(row, t), why) if one)
    promise = alarm.answer_by if alarm.kind in {"near", "broken"} else None
    return ShownAlarm(
        id=alarm.id,
        kind=alarm.kind,
        conversation=alarm.conversation_id,
        title=str(t(f"desk.alarm.{alarm.kind if alarm.kind in _TITLED else 'notice'}")),
        text=text,
        grave=alarm.kind == "broken",
        until=promise,
        left="" if promise is None else left(until(promise, now), t),
    )


def _name(row: QueueRow, t: Say) -> str:
    return harmless(row.name or "").strip() or str(t("desk.nameless", n=row.id))


_TITLED: Final = frozenset({"near", "broken", "mention"})
_TOPICS: Final = frozenset({
    "account_may_not_send", "message_failed", "message_set_aside", "receipt_set_aside",
    "shop_event_set_aside", "turn_set_aside", "mail_failed", "erased", "data_request",
    "templates_unfit", "templates_unread",
    "gaps_healed", "gaps_unseen", "token_ends", "token_not_renewed",
})  # fmt: skip


def _notice(notice: Notice, t: Say) -> dict[str, object]:
    topic = notice.topic if notice.topic in _TOPICS else "other"
    facts = [f"{name}: {harmless(str(value))[:200]}" for name, value in notice.detail.items() if value]
    return {
        "id": notice.id,
        "at": notice.at,
        "title": t(f"desk.notices.{topic}", topic=harmless(notice.topic.replace("_", " "))),
        "text": t(f"desk.notices.{topic}_text"),
        "facts": ", ".join(facts),
    }
