"""Planning: an order, a tag, a date or a flow's end enrols the buyer in the flows that it triggers.

A touchpoint is one flow's own beginning with one buyer. Its key names it over all chats of the buyer:
``<flow>:<order>``, ``<flow>`` (once a buyer), ``<flow>:<year>`` (dates), ``<flow>:<order>:<day>`` (what may
happen again), ``<flow>::<sku>`` (what the buyer was waiting for).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Final

from dialogs.flow import Flow, Remind, Target, Trigger, Wait
from dialogs.messages import Tagged
from dialogs.planned import Planned
from dialogs.records import Touched
from dialogs.scene import is_shipped
from dialogs.shop import Order
from dialogs.state import Frame, Pause, changed
from dialogs.timing import after, due_at, later_day, next_date, next_time, on_day, this_evening
from dialogs.turn import Turn

_GONE: Final = frozenset({"cancelled", "refunded"})
_OVERTAKEN: Final = {"placed", "paid", "shipped", "delayed"}
"""News that nobody needs any more once the parcel is there."""
PARCEL_NEWS: Final = frozenset({"shipped", "delayed"})
"""No news where nothing is shipped, even if the shop's system has no other word for a job that is done."""
_KEPT_PLANS: Final = 60
_KEPT_TAGS: Final = 20
_KEPT_PAUSES: Final = 10
_LONGEST_WAIT: Final = timedelta(days=60)


def enrol_order(turn: Turn, order: Order, what: str, happened: datetime, *, late: bool = False) -> None:
    """Plan all that a milestone of an order triggers; ``late``: it was reached before this chat."""
    if order.status in _GONE and what not in _GONE:
        return
    if what in PARCEL_NEWS and not is_shipped(order, turn.facts.products):
        return
    overtaken = what in _OVERTAKEN and order.status in {"delivered", *_GONE}
    for flow, trigger in turn.book.proactive.get(f"order:{what}", ()):
        if trigger.after.at_once and (late or overtaken):
            continue
        key = flow.id if flow.once == "buyer" else f"{flow.id}:{order.id}"
        at = due_at(
            trigger,
            flow.id,
            happened,
            order,
            dict(turn.facts.products),
            turn.facts.pacing,
            turn.facts.timezone,
        )
        _plan(turn, flow, trigger, key, at, order.id)


def enrol_known_orders(turn: Turn) -> None:
    """Plan what the orders of this chat still trigger, for example after a consent was given."""
    for order in turn.facts.orders:
        for what, happened in sorted(order.milestones.items(), key=lambda one: one[1]):
            enrol_order(turn, order, what, happened, late=True)
    enrol_dates(turn)


def enrol_solved(turn: Turn) -> None:
    """A human has solved the buyer's case."""
    order = turn.order
    about = order.id if order is not None else ""
    for flow, trigger in turn.book.proactive.get("order:solved", ()):
        at = due_at(trigger, flow.id, turn.now, order, {}, turn.facts.pacing, turn.facts.timezone)
        _plan(turn, flow, trigger, f"{flow.id}:{about}:{turn.today.isoformat()}", at, about)


def enrol_dates(turn: Turn) -> None:
    """Plan the next birthday, anniversary and season."""
    first = min((order.placed_at.date() for order in turn.facts.orders), default=None)
    if first is None:
        return
    for name, found in turn.book.proactive.items():
        kind, _, value = name.partition(":")
        if kind == "date":
            for flow, trigger in found:
                _enrol_date(turn, flow, trigger, value, first)


def _enrol_date(turn: Turn, flow: Flow, trigger: Trigger, value: str, first: date) -> None:
    """Plan the next of these days that is still to come, and not yet over."""
    offset = trigger.after.durable
    earliest = after(turn.now, -offset).date()
    for _ in range(2):
        day = next_date(value, earliest, turn.facts.journey.birthday, first)
        if day is None or day.year >= MAXYEAR:
            return
        noon = after(datetime.combine(day, time(12), tzinfo=turn.now.tzinfo), offset)
        at = on_day(noon, trigger.at or turn.facts.pacing.at, turn.facts.timezone)
        key = f"{flow.id}:{day.year}"
        if at > turn.now and key not in turn.facts.journey.decided:
            _plan(turn, flow, trigger, key, at, "")
            return
        earliest = day + timedelta(days=1)


def put_on(turn: Turn, tag: str) -> None:
    """Put a tag on the buyer, in this chat."""
    if tag not in turn.state.tags:
        turn.state = changed(turn.state, tags=(*turn.state.tags, tag)[-_KEPT_TAGS:])


def enrol_tag(turn: Turn, tag: str) -> None:
    """Plan what a tag triggers that a script has put on."""
    _enrol_now(turn, f"tag:{tag}", turn.order)


def tagged(turn: Turn, event: Tagged) -> None:
    """Put on a tag that comes from outside, and plan what it triggers.

    One that is there already starts its flows again, as far as they are not over. Every chat of the buyer
    hears of it, so the touchpoint's key names the order that was given, tied to this chat or not. What
    somebody has waited for is about no order: it is theirs to hear even if the last one was called off.
    """
    put_on(turn, event.tag)
    about = "" if event.wanted else event.order_id
    _enrol_now(turn, f"tag:{event.tag}", turn.orders.get(about), about, event.wanted)


def enrol_flow_end(turn: Turn, ended: Flow) -> None:
    """Plan what the end of a flow triggers."""
    _enrol_now(turn, f"flow:{ended.id}", turn.order)


def _enrol_now(turn: Turn, name: str, order: Order | None, key_order: str = "", wanted: str = "") -> None:
    about = order.id if order is not None else ""
    parts = [key_order or about, *([wanted] if wanted else [])]
    for flow, trigger in turn.book.proactive.get(name, ()):
        key = flow.id if flow.once == "buyer" or not any(parts) else ":".join((flow.id, *parts))
        at = due_at(
            trigger,
            flow.id,
            turn.now,
            order,
            dict(turn.facts.products),
            turn.facts.pacing,
            turn.facts.timezone,
        )
        _plan(turn, flow, trigger, key, at, about, wanted)


def _plan(
    turn: Turn, flow: Flow, trigger: Trigger, key: str, at: datetime | None, order_id: str, wanted: str = ""
) -> None:
    """Plan one touchpoint: now, later, or not at all where it comes too late or is over."""
    if at is None or key in turn.facts.journey.decided or turn.state.opted_out:
        return
    missed = turn.now - at
    if missed > flow.expires:
        return
    # No version: what has not begun yet begins with the text that is published then.
    planned = Planned(
        "touch", key, flow.id, order_id=order_id, on=f"{trigger.kind}:{trigger.value}", wanted=wanted
    )
    if trigger.after.at_once and trigger.at is None and missed >= timedelta(0):
        turn.at_once.append(replace(planned, until=after(turn.now, flow.expires)))
    else:
        if missed >= timedelta(0):
            at = later_day(turn.now, trigger.at or turn.facts.pacing.at, turn.facts.timezone)
        turn.remind(key, at, replace(planned, until=after(at, flow.expires)).data())
    keys = tuple(one for one in turn.state.planned if one != key)
    turn.state = changed(turn.state, planned=(*keys, key)[-_KEPT_PLANS:])
    turn.records.append(Touched(key, flow.id, flow.purpose, "planned", "", order_id, at))


def over(turn: Turn, key: str) -> None:
    """A touchpoint is no longer to come."""
    turn.state = changed(turn.state, planned=tuple(one for one in turn.state.planned if one != key))
    turn.unpark(key)


def unplan(turn: Turn, purposes: Collection[str], reason: str) -> None:
    """Withdraw every touchpoint of these purposes."""
    for key in turn.state.planned:
        flow = turn.book.flows.get(key.partition(":")[0])
        if flow is not None and flow.purpose in purposes:
            _withdraw(turn, key, flow, "", reason)


def withdraw_order(turn: Turn, order_id: str, reason: str) -> None:
    """An order is called off: what it had planned goes, but for the news that it is called off."""
    for key in turn.state.planned:
        name, _, about = key.partition(":")
        flow = turn.book.flows.get(name)
        if flow is None or about.partition(":")[0] != order_id:
            continue
        if not any(one.kind == "order" and one.value in _GONE for one in flow.triggers):
            _withdraw(turn, key, flow, order_id, reason)
    for paused in turn.state.pauses:
        if paused.order_id == order_id:
            turn.withdraw(paused.key)
    left = tuple(one for one in turn.state.pauses if one.order_id != order_id)
    turn.state = changed(turn.state, pauses=left)


def _withdraw(turn: Turn, key: str, flow: Flow, order_id: str, reason: str) -> None:
    turn.withdraw(key)
    over(turn, key)
    turn.at_once = [one for one in turn.at_once if one.key != key]
    turn.records.append(Touched(key, flow.id, flow.purpose, "withdrawn", reason, order_id))


def pause(turn: Turn, flow: Flow, step: Wait) -> None:
    """Let a flow rest: for a while, until a time of day, or until something happens to the order."""
    order = turn.order
    about = order.id if order is not None else ""
    name = f"wait:{flow.id}:{step.id}:{about}"
    target = step.to
    if step.event is not None:
        at = after(turn.now, step.span or _LONGEST_WAIT)
        to = target or Target("", "")
        resting = Pause(name, to.flow, to.step, step.event, about, flow.version)
        others = tuple(one for one in turn.state.pauses if one.key != name)
        turn.state = changed(turn.state, pauses=(*others, resting)[-_KEPT_PAUSES:])
        target = step.otherwise
    elif step.clock is not None:
        at = next_time(turn.now, step.clock, turn.facts.timezone)
    else:
        at = after(turn.now, step.span or timedelta(0))
    if target is None and turn.frames:
        frame, turn.frames = turn.frames[-1], turn.frames[:-1]
        going: tuple[str, str, str] = (frame.flow, frame.step, frame.version)
    elif target is None:
        return
    else:
        going = (target.flow, target.step, flow.version if target.flow == flow.id else "")
    planned = Planned(
        "wait", name, going[0], going[1], about, after(at, flow.expires), going[2], calls=_kept(turn.frames)
    )
    turn.remind(name, at, planned.data())


def promise(turn: Turn, flow: Flow, step: Remind) -> None:
    """Plan to come back to something, as the buyer has been told."""
    order = turn.order
    about = order.id if order is not None else ""
    if turn.state.opted_out:
        return
    name = f"remind:{step.target.flow}:{about}"
    at = (
        this_evening(turn.now, turn.facts.pacing, turn.facts.timezone)
        if step.span is None
        else after(turn.now, step.span)
    )
    version = flow.version if step.target.flow == flow.id else ""
    target = turn.book.find(step.target.flow, version)
    until = after(at, target.expires if target is not None else flow.expires)
    turn.remind(
        name, at, Planned("remind", name, step.target.flow, step.target.step, about, until, version).data()
    )


def _kept(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    return frames[-5:]
