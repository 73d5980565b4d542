"""Why a thread is at the desk, in words for those who work there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from dialogs.harmless import harmless

REASONS: Final = (
    "safety", "threat", "fraud", "minor", "defect", "wrong_item", "complaint", "low_rating", "waiting",
    "mood", "urgent_change", "human_request", "privacy", "language", "stuck", "likely", "own_word", "loop",
)  # fmt: skip
"""Triage's reasons, by which the queue may be filtered; scripts may name others."""

_OF_SCRIPTS: Final = frozenset({
    "parcel_lost", "parcel_late", "refund_waiting", "return_money_waiting", "return_wrong_item",
    "item_missing", "would_not_recommend", "not_solved", "survey", "setup_trouble", "availability",
    "appointment", "cancel_order", "address_change", "invoice", "return_open",
})  # fmt: skip
"""Reasons that the house's scripts give; the words for them are in ``desk.yml``."""


def reason_words(why: str, reason: str, t: Callable[..., Markup]) -> str:
    """Say why a thread is at the desk: triage's reason, else the script's own word for it."""
    for one in (why, reason):
        if one in REASONS or one in _OF_SCRIPTS:
            return str(t(f"desk.reason.{one}"))
    return harmless(reason.replace("_", " "))
