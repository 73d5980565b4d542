"""What a conversation remembers between two turns.

Small, and readable for every later version of the house.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Option:
    """One choice as it was offered: what a typed number or title is compared with."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class State:
    """Where the conversation stands.

    A question is open while ``step`` names it; ``asked`` is the number of the newest question, open or not.
    ``item`` is the place in a checklist, ``trouble`` that its help is being shown. ``order_id`` is the order
    that is being talked about, ``rating_asks`` which order each question for a rating was about. ``answered``
    is the last tap that was acted on (``asked:choice``), ``answered_at`` when. ``expecting`` is what
    `understand` is told. ``done`` holds ``<what>:<order>`` marks; ``tips`` counts the care tips told.
    """

    flow: str = ""
    step: str = ""
    asked: int = 0
    asked_at: datetime | None = None
    options: tuple[Option, ...] = ()
    expecting: str = ""
    item: int = 0
    trouble: bool = False
    order_id: str | None = None
    language: str | None = None
    disclosed_at: datetime | None = None
    last_at: datetime | None = None
    last_human_at: datetime | None = None
    answered: str = ""
    answered_at: datetime | None = None
    misses: int = 0
    ratings: dict[str, int] = field(default_factory=dict)
    rating_asks: dict[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    tips: int = 0
    opted_out: bool = False


STATE: Final = TypeAdapter(State)
"""State to JSON and back. Missing keys take their defaults and unknown ones are passed over."""
