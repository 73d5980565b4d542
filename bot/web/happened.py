"""What happened in a thread, ready to be said: at the desk, at the platform, in the shop.

Pure and total: whatever is not known has words too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dialogs.handoff import RESOLVED
from dialogs.messages import Due, Event, OrderEvent, Preference, Reachability, Tagged, ThreadControl
from persistence.desk_thread import DeskEvent, Item


@dataclass(frozen=True, slots=True)
class Names:
    """What accounts, teams and causes are called."""

    accounts: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    causes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened: ``key`` names its words under ``thread.event``, the rest is filled into them.

    ``who`` is empty where nobody did it, or nobody who is known. ``level`` is a priority, ``what`` an order's
    milestone or a kind of request, ``why`` a script's reason.
    """

    key: str
    who: str = ""
    other: str = ""
    to: str = ""
    name: str = ""
    cause: str = ""
    why: str = ""
    order: str = ""
    what: str = ""
    level: int | None = None
    until: datetime | None = None


def happened_of(item: Item, names: Names) -> Happened:
    """Say what an item of the side ``event`` tells."""
    if item.desk is None:
        return _told(item.event) or Happened(item.kind if item.kind in _TOLD else "other", name=item.kind)
    account = item.who if item.who is not None else _account(item.desk.actor)
    who = names.accounts.get(account, "") if account is not None else ""
    if item.desk.kind in _SIMPLE:
        return Happened(item.desk.kind, who)
    say = _SAYINGS.get(item.desk.kind)
    return (
        say(item.desk, who, names) if say is not None else Happened("other", who, name=spoken(item.desk.kind))
    )


def spoken(name: str) -> str:
    """A name of the scripts as people read it: ``setup_later:1002`` is "setup later"."""
    return name.partition(":")[0].replace("_", " ").strip()


def _told(event: Event | None) -> Happened | None:
    """What the platform, the shop or the clock has told."""
    match event:
        case Due(name=name):
            return Happened("due", name=spoken(name))
        case OrderEvent(order_id=order, what=what):
            return Happened("order", order=order, what=what)
        case Tagged(tag=tag):
            return Happened("tagged", name=tag)
        case Reachability(reachable=reachable):
            return Happened("reachable" if reachable else "unreachable")
        case Preference(allowed=allowed):
            return Happened("preference_on" if allowed else "preference_off")
        case ThreadControl(ours=ours):
            return Happened("control_ours" if ours else "control_theirs")
        case _:
            return None


_TOLD: Final = frozenset({"handed_back", "contact_changed", "promise_broken", "job_done"})
_SIMPLE: Final = frozenset(
    {
        "released", "took_back", "retried", "promise_near", "promise_broken", "corrected", "phone_took",
        "phone_left", "buyer_back", "awoke", "merged", "unmerged",
    }
)  # fmt: skip


def _escalated(desk: DeskEvent, who: str, _names: Names) -> Happened:
    return Happened("escalated", who, why=desk.reason)


def _claimed(desk: DeskEvent, who: str, names: Names) -> Happened:
    over = names.accounts.get(number_of(desk.detail.get("over")) or 0, "")
    return Happened("claimed_over" if over else "claimed", who, over)


def _assigned(desk: DeskEvent, who: str, names: Names) -> Happened:
    to, team = number_of(desk.detail.get("to")), number_of(desk.detail.get("team"))
    if to is not None:
        return Happened("assigned", who, to=names.accounts.get(to, "?"))
    if team is not None:
        return Happened("assigned_team", who, to=names.teams.get(team, "?"))
    return Happened("assigned_nobody", who)


def _until(desk: DeskEvent, who: str, _names: Names) -> Happened:
    until = _moment(desk.detail.get("until"))
    return (
        Happened("other", who, name=spoken(desk.kind))
        if until is None
        else Happened(desk.kind, who, until=until)
    )


def _prioritised(desk: DeskEvent, who: str, _names: Names) -> Happened:
    level = min(max(number_of(desk.detail.get("priority")) or 0, -1), 2)
    return Happened("prioritised", who, level=level)


def _resolved(desk: DeskEvent, who: str, names: Names) -> Happened:
    cause = str(desk.detail.get("cause") or "")
    cause = names.causes.get(cause, spoken(cause))
    return Happened("resolved_cause" if cause else "resolved", who, cause=cause)


def _returned(desk: DeskEvent, who: str, _names: Names) -> Happened:
    return Happened("returned_quiet" if "quiet" in str(desk.detail.get("why")) else "returned", who)


def _labelled(desk: DeskEvent, who: str, _names: Names) -> Happened:
    return Happened(desk.kind, who, name=str(desk.detail.get("name") or "?"))


def _requested(desk: DeskEvent, who: str, _names: Names) -> Happened:
    order = str(desk.detail.get("order") or "")
    what = str(desk.detail.get("what") or "")
    return Happened(desk.kind, who, what=what, order=f" ({order})" if order else "")


def _flow_started(desk: DeskEvent, who: str, _names: Names) -> Happened:
    return Happened("flow_started", who, name=str(desk.detail.get("flow") or ""))


_SAYINGS: Final[Mapping[str, Callable[[DeskEvent, str, Names], Happened]]] = {
    "escalated": _escalated,
    "claimed": _claimed,
    "assigned": _assigned,
    "snoozed": _until,
    "promised": _until,
    "prioritised": _prioritised,
    RESOLVED: _resolved,
    "returned": _returned,
    "labelled": _labelled,
    "unlabelled": _labelled,
    "requested": _requested,
    "request_done": _requested,
    "request_cancelled": _requested,
    "request_reopened": _requested,
    "flow_started": _flow_started,
}


def number_of(value: object) -> int | None:
    """A whole number of a JSON value, if it is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii() and len(value) < 19:
        return int(value)
    return None


def _account(actor: str) -> int | None:
    return number_of(actor.removeprefix("account:")) if actor.startswith("account:") else None


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
