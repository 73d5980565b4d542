"""The audit log, for owners: who changed what and when; whether the chain holds."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from bot.web.access import APP, allows, real_time
from bot.web.pages import PAGES, language_of, page
from persistence.audit import Filter, Verdict

_PAGE: Final = 50
_NUMBER: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


def add_audit_routes(site: web.Application) -> None:
    """Serve ``/desk/audit``."""
    site.router.add_get("/desk/audit", show)
    site.router.add_post("/desk/audit/verify", verify)


@allows("owner")
async def show(request: web.Request) -> web.Response:
    """Show the newest lines, or those before one."""
    return await _page(request)


@allows("owner")
async def verify(request: web.Request) -> web.Response:
    """Read the whole log and say whether every line is as it was written."""
    return await _page(request, verdict=await request.app[APP].store.audit.verify())


async def _page(request: web.Request, *, verdict: Verdict | None = None) -> web.Response:
    store, query = request.app[APP].store, request.query
    before = query.get("before", "")
    wanted = Filter(
        actor=query.get("actor", "")[:100],
        action=query.get("action", "")[:100],
        before=int(before) if _NUMBER.fullmatch(before) else None,
    )
    lines = await store.audit.lines(wanted, _PAGE + 1)
    wording, lang = request.app[PAGES].wording, language_of(request)

    def in_words(prefix: str, word: object) -> str:
        """Say a word of the log; one that has no words yet is shown as it is written."""
        key = f"{prefix}.{word}"
        return wording.say(lang, key) if wording.has(lang, key) else str(word)

    accounts = await store.accounts.all()
    names = {f"account:{one.id}": one.name for one in accounts}
    return await page(
        request,
        "people/audit.html",
        lines=lines[:_PAGE],
        older=lines[_PAGE - 1].id if len(lines) > _PAGE else None,
        wanted=wanted,
        actions=await store.audit.actions(),
        accounts=accounts,
        in_words=in_words,
        names=names,
        now=real_time(request.app[APP]),
        verdict=verdict,
    )
