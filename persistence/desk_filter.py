"""What the queue can be asked for: its tabs, and its filters as conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, or_, select

from dialogs.handoff import RESOLVED, STATUSES
from persistence.database import fixed
from persistence.search import conversations as found_by_words
from persistence.tables import Conversation, HandoffRow, table
from persistence.tables_desk import ConversationLabelRow

_conversations = table(Conversation)
_handoffs = table(HandoffRow)
_labels = table(ConversationLabelRow)

Tab: TypeAlias = Literal["open", "mine", "waiting", "pending", "snoozed", "resolved", "all"]
"""``open`` is what waits and what agents have, ``mine`` all that one has at the desk. ``resolved`` and
``all`` begin with what was heard last, the others with what is most urgent."""

TABS: Final[tuple[Tab, ...]] = get_args(Tab)

BY_TIME: Final = frozenset[Tab]({"resolved", "all"})

MOST_FOUND: Final = 200
"""Finds of a search among which the queue is filtered."""

AT_THE_DESK: Final = ("waiting", "agent", "snoozed", "pending")
"""As in `dialogs.handoff`, in the order of the partial index."""

STATUSES_IN: Final[dict[Tab, tuple[str, ...]]] = {
    "open": ("waiting", "agent"),
    "mine": AT_THE_DESK,
    "waiting": ("waiting",),
    "pending": ("pending",),
    "snoozed": ("snoozed",),
    RESOLVED: (RESOLVED,),
    "all": STATUSES,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the queue shall show. None and "" ask for nothing in particular.

    ``reason`` is the script's reason of a case, or triage's; ``priority`` is -1 to 2. ``text`` goes through
    the search, whose newest finds are shown.
    """

    tab: Tab = "open"
    assignee: int | None = None
    team: int | None = None
    channel: str | None = None
    label: int | None = None
    reason: str | None = None
    priority: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """A filter as the database knows it.

    ``sets`` are conversations found by an index of their own: few enough to be sorted whole. ``plain`` must
    be asked of each conversation.
    """

    plain: tuple[ColumnElement[bool], ...]
    sets: tuple[Select[int], ...]

    @property
    def together(self) -> list[ColumnElement[bool]]:
        """All of it, to be asked of each conversation."""
        return [*self.plain, *(_conversations.c.id.in_(one) for one in self.sets)]


def in_tab(tab: Tab, me: int | BindParameter[int]) -> list[ColumnElement[bool]]:
    """Return what a conversation must be to stand in a tab of account ``me``."""
    inside = [_is_one_of(STATUSES_IN[tab])]
    if tab not in BY_TIME:
        # Worded as in the partial index: SQLite does not see that the one follows from the other.
        inside.append(_is_one_of(AT_THE_DESK))
    if tab == "mine":
        inside.append(_conversations.c.assignee_id == me)
    return inside


def conditions(connection: Connection, wanted: Filter) -> Conditions | None:
    """Return the conditions of a filter; None if nothing can meet them."""
    its = _conversations.c
    plain = [
        column == value
        for column, value in (
            (its.team_id, wanted.team),
            (its.channel, wanted.channel),
            (its.priority, wanted.priority),
        )
        if value is not None
    ]
    sets: list[Select[int]] = []
    if wanted.text.strip():
        ids = found_by_words(connection, wanted.text, MOST_FOUND)
        if not ids:
            return None
        sets.append(select(its.id).where(its.id.in_(ids)))
    if wanted.assignee is not None:
        sets.append(select(its.id).where(its.assignee_id == wanted.assignee))
    if wanted.label is not None:
        sets.append(select(_labels.c.conversation_id).where(_labels.c.label_id == wanted.label))
    if wanted.reason:
        cases = select(_handoffs.c.conversation_id).where(
            or_(_handoffs.c.reason == wanted.reason, _handoffs.c.why == wanted.reason)
        )
        if wanted.tab not in BY_TIME:
            cases = cases.where(_handoffs.c.resolved_at.is_(None))
        sets.append(cases)
    return Conditions(tuple(plain), tuple(sets))


def _is_one_of(statuses: tuple[str, ...]) -> ColumnElement[bool]:
    # The words stand in the statement, so that partial indexes may be used for it.
    return _conversations.c.status.in_([fixed(one) for one in statuses])
