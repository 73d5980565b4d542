"""WhatsApp's list of templates, page by page, in our own words.

Source: WhatsApp Business Management API, ``GET /<WABA_ID>/message_templates``; Graph API, "Paginated results"
(``paging.next`` is there as long as there is more, ``paging.cursors.after`` leads to it).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from dialogs.stored_templates import StoredButton, StoredTemplate
from integrations.base import Unavailable
from integrations.meta import JsonObject, branch, branches, text, word
from integrations.meta_graph import Graph

_FIELDS: Final = "name,language,status,category,components,rejected_reason,quality_score"
_PER_PAGE: Final = "100"
_MOST_PAGES: Final = 100
"""A verified business may have 6,000 templates."""
_NO_REASON: Final = frozenset({"", "NONE"})


async def read_templates(graph: Graph, waba_id: str) -> tuple[StoredTemplate, ...]:
    """Return every template of a business account.

    Raises:
        Unavailable: the pages lead in a circle, or have no end.
        IntegrationError: as for `Graph.get`.

    """
    found: list[StoredTemplate] = []
    cursors: set[str] = set()
    params = {"fields": _FIELDS, "limit": _PER_PAGE}
    for _ in range(_MOST_PAGES):
        page = await graph.get(f"{quote(waba_id, safe='')}/message_templates", params)
        found += _templates(page)
        paging = branch(page.get("paging"))
        after = word(branch(paging.get("cursors")).get("after"))
        if not paging.get("next") or not after:
            return tuple(found)
        if after in cursors:
            break
        cursors.add(after)
        params = {**params, "after": after}
    raise Unavailable("WhatsApp: the pages of the list of templates do not come to an end.")


def _templates(page: JsonObject) -> Iterator[StoredTemplate]:
    for one in branches(page.get("data")):
        name, language, status = word(one.get("name")), word(one.get("language")), word(one.get("status"))
        if not name or not language:
            continue
        parts = {word(part.get("type")).upper(): part for part in branches(one.get("components"))}
        header = parts.get("HEADER")
        buttons = branches(parts.get("BUTTONS", {}).get("buttons"))
        reason = word(one.get("rejected_reason"))
        yield StoredTemplate(
            name,
            language,
            status.upper(),
            category=word(one.get("category")).upper(),
            body=text(parts.get("BODY", {}).get("text")),
            buttons=tuple(StoredButton(word(b.get("type")).upper(), text(b.get("text"))) for b in buttons),
            header="" if header is None else _kind(header),
            reason="" if reason in _NO_REASON else reason,
            quality=word(branch(one.get("quality_score")).get("score")).upper(),
        )


def _kind(header: JsonObject) -> str:
    kind = word(header.get("format")).upper() or "TEXT"
    return "PARAMETER" if kind == "TEXT" and "{{" in text(header.get("text")) else kind
