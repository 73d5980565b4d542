"""The business account's templates: what Meta thinks of each, and the list of them with its pages.

Sources: WhatsApp Business Management API, ``GET /<WABA_ID>/message_templates``; webhook reference,
"message_template_status_update"; "Error codes" 132001, 132015, 132016.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from integrations.sandbox.errors import Complaint, GraphError, Json, bad_parameter
from integrations.sandbox.settings import ApprovedTemplate, TemplateButton

TemplateStatus: TypeAlias = Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "DELETED"]

USUAL_PAGE: Final = 25
_LARGEST_PAGE: Final = 1000
_ALWAYS: Final = frozenset({"id"})
_USUAL_FIELDS: Final = "name,parameter_format,components,language,status,category,id"
_REFUSALS: Final[Mapping[str, tuple[int, str]]] = {
    "PAUSED": (132015, "Template is Paused"),
    "DISABLED": (132016, "Template is Disabled"),
}
_REASONS: Final[Mapping[str, str]] = {"REJECTED": "TAG_CONTENT_MISMATCH"}
_PAUSED: Final = {
    "title": "FIRST_PAUSE",
    "description": "Your WhatsApp message template has been paused for 3 hours.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A template, what Meta thinks of it, and why where that is told."""

    id: str
    template: ApprovedTemplate
    status: TemplateStatus = "APPROVED"
    reason: str = "NONE"


class Templates:
    """All templates by name and language; every one begins as approved."""

    def __init__(self, approved: Iterable[ApprovedTemplate]) -> None:
        self._made = {
            (one.name, one.language): Verdict(str(10**15 + number), one)
            for number, one in enumerate(approved, start=1)
        }
        self._known = dict(self._made)

    def reset(self) -> None:
        """Approve everything again, as it was in the beginning."""
        self._known = dict(self._made)

    @property
    def known(self) -> Sequence[ApprovedTemplate]:
        """Every template's content."""
        return [one.template for one in self._known.values()]

    def change(self, name: str, language: str, status: TemplateStatus, *, reason: str, body: str) -> Verdict:
        """Let Meta change its mind about a template; ``body``, if any, is its new text.

        Raises:
            Complaint: there is no such template.

        """
        found = self._known.get((name, language)) or self._made.get((name, language))
        if found is None:
            raise Complaint(f"There is no template {name} in {language}.", status=404)
        template = replace(found.template, body=body or found.template.body)
        told = reason or _REASONS.get(status, "NONE")
        changed = replace(found, template=template, status=status, reason=told)
        if status == "DELETED":
            self._known.pop((name, language), None)
        else:
            self._known[name, language] = changed
        return changed

    def check(self, name: str, language: str) -> None:
        """Refuse what may not be sent at present.

        Raises:
            GraphError: 132015 (paused), 132016 (disabled), 132001 (not approved).

        """
        found = self._known.get((name, language))
        if found is None or found.status == "APPROVED":
            return  # what there is not is refused by whoever reads the message
        code, title = _REFUSALS.get(found.status, (132001, "Template name does not exist in the translation"))
        details = f"template ({name}) in {language} is {found.status.lower()}"
        raise GraphError(code, title, details=details, status=404 if code == 132001 else 400)

    def page(self, query: Mapping[str, str], address: Callable[[str], str]) -> Json:
        """Answer ``GET /{waba}/message_templates``; ``address`` makes that of the page behind a cursor.

        Raises:
            GraphError: a parameter is wrong.

        """
        limit, start = _limit(query.get("limit", "")), _start(query.get("after", ""))
        wanted = [
            one
            for one in self._known.values()
            if query.get("name", one.template.name) in one.template.name
            and query.get("language", one.template.language) == one.template.language
            and query.get("status", one.status) == one.status
        ]
        shown = wanted[start : start + limit]
        if not shown:
            return {"data": []}
        fields = frozenset((query.get("fields") or _USUAL_FIELDS).split(",")) | _ALWAYS
        data = [{key: value for key, value in _told(one).items() if key in fields} for one in shown]
        cursors = {"before": _cursor(start), "after": _cursor(start + len(shown))}
        paging: Json = {"cursors": cursors}
        if start + limit < len(wanted):
            paging["next"] = address(cursors["after"])
        return {"data": data, "paging": paging}


def status_update(verdict: Verdict, at: int) -> Json:
    """Return the change by which a webhook tells of a verdict at ``at`` (seconds since 1970)."""
    template = verdict.template
    value: Json = {
        "event": verdict.status,
        "message_template_id": int(verdict.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category.upper(),
        "reason": verdict.reason,
    }
    if verdict.status == "PAUSED":
        value["other_info"] = _PAUSED
    return {"field": "message_template_status_update", "value": value, "time": at}


def _told(one: Verdict) -> Json:
    template = one.template
    components: list[Json] = [{"type": "BODY", "text": template.body}]
    if template.footer:
        components.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        components.append({"type": "BUTTONS", "buttons": [_button(one) for one in template.buttons]})
    return {
        "name": template.name,
        "parameter_format": "POSITIONAL",
        "components": components,
        "language": template.language,
        "status": one.status,
        "category": template.category.upper(),
        "rejected_reason": one.reason,
        "quality_score": {"score": "RED" if one.status in _REFUSALS else "GREEN", "date": 0},
        "id": one.id,
    }


def _button(button: TemplateButton) -> Json:
    told: Json = {"type": button.type.upper(), "text": button.text}
    return {**told, "url": button.url} if button.url else told


def _limit(given: str) -> int:
    if not given:
        return USUAL_PAGE
    if not (given.isascii() and given.isdigit()) or not 1 <= int(given) <= _LARGEST_PAGE:
        raise bad_parameter(f"Param limit must be a number between 1 and {_LARGEST_PAGE}.")
    return int(given)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def _start(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) or 0)
    except (ValueError, binascii.Error):
        raise bad_parameter("Param after is no cursor of this list.") from None
