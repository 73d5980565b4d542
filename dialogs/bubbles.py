"""What is said in one turn, in as few bubbles as hold it."""

from __future__ import annotations

from dataclasses import replace

from dialogs.cutting import clean
from dialogs.messages import Draft


def joined(drafts: list[Draft]) -> list[Draft]:
    """Drafts that can share a bubble put into one: every bubble costs money."""
    found: list[Draft] = []
    for draft in drafts:
        last = found[-1] if found else None
        if last is not None and _fit(last, draft):
            found[-1] = replace(
                draft, text=f"{last.text}\n\n{draft.text}", link=last.link or draft.link,
                picture=last.picture or draft.picture, notice=last.notice or draft.notice,
                proactive=last.proactive or draft.proactive, touchpoint=draft.touchpoint or last.touchpoint,
                expires_at=draft.expires_at or last.expires_at,
            )  # fmt: skip
        else:
            found.append(draft)
    return [replace(draft, text=clean(draft.text)) for draft in found if draft.text or draft.cards]


def _fit(last: Draft, draft: Draft) -> bool:
    """Whether two drafts say the same in one bubble as in two."""
    return (
        not last.choices
        and not last.cards
        and not draft.cards
        and last.template is None
        and draft.template is None
        and (last.link is None or draft.link is None)
        and (last.picture is None or draft.picture is None)
        and last.proactive == draft.proactive
    )
