"""What happens without the buyer: an order moves on, a touchpoint comes due, a case is solved.

Each touchpoint is judged at the moment at which it would be said: is it still wanted, allowed, welcome; is
the buyer awake; has there been enough for now; can this chat be written to. What becomes of it is recorded
with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from dialogs.brakes import BRAKED, brake_on, lift, pull
from dialogs.caps import WEEK, free_at
from dialogs.facts import Reach, Sibling
from dialogs.flow import Ask, Flow, Purpose, Target, Wait
from dialogs.messages import Due, OrderEvent
from dialogs.planned import Planned
from dialogs.planning import PARCEL_NEWS, enrol_dates, enrol_order, over, withdraw_order
from dialogs.records import Fate, HandedOver, Mailed, Reminder, Touched
from dialogs.scene import allowed, is_shipped
from dialogs.state import Parked, changed
from dialogs.steps import enter
from dialogs.timing import after, awake, later_day, not_before
from dialogs.turn import SILENCE, Touch, Turn
from dialogs.words import draw

_GONE: Final = frozenset({"cancelled", "refunded"})
_RANKS: Final[dict[Purpose, int]] = {"service": 1, "feedback": 2, "offers": 3}
_BETTER: Final[dict[Reach, int]] = {"open": 0, "template": 1, "closed": 2}


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is to become of a touchpoint. ``at`` is when it is looked at again."""

    fate: Fate
    reason: str = ""
    at: datetime | None = None


# -- the order, and the case


def order_moved(turn: Turn, event: OrderEvent) -> None:
    """Take note of an order's milestone, and plan what it triggers."""
    order = turn.orders.get(event.order_id)
    if event.what in PARCEL_NEWS and order is not None and not is_shipped(order, turn.facts.products):
        _resume(turn, event)
        return
    match event.what:
        case "cancelled" | "refunded":
            withdraw_order(turn, event.order_id, event.what)
            if turn.state.order_id == event.order_id and turn.touch is None:
                _let_go(turn)
            if event.what == "refunded":
                pull(turn, "refund")
        case "delayed":
            pull(turn, "delay")
        case "delivered":
            lift(turn, "delay")
            turn.withdraw(f"delay:{event.order_id}")
        case "shipped" if order is not None and turn.facts.pacing.late:
            watch = Planned("delay", f"delay:{order.id}", order_id=order.id)
            turn.remind(watch.key, after(turn.now, turn.facts.pacing.late), watch.data())
        case _:
            pass
    _resume(turn, event)
    if order is not None:
        enrol_order(turn, order, event.what, order.milestones.get(event.what, turn.now))


def _let_go(turn: Turn) -> None:
    """An open question about an order that is called off is none any more."""
    opened = turn.open
    if opened is not None and any(one.proactive for one in opened[0].triggers):
        turn.close()


def _resume(turn: Turn, event: OrderEvent) -> None:
    """Let the flows go on that waited for this."""
    for pause in turn.state.pauses:
        if pause.event == event.what and pause.order_id in {event.order_id, ""}:
            turn.withdraw(pause.key)
            left = tuple(one for one in turn.state.pauses if one.key != pause.key)
            turn.state = changed(turn.state, pauses=left)
            _paused(turn, pause.key, pause.version, "go")
            if not pause.flow:  # the flow ends with it
                continue
            flow = turn.book.find(pause.flow, pause.version)
            until = after(turn.now, flow.expires) if flow is not None else None
            turn.at_once.append(
                Planned("wait", pause.key, pause.flow, pause.step, pause.order_id, until, pause.version)
            )


def _paused(turn: Turn, key: str, version: str, way: str) -> None:
    """Note which way a step took that waited for something to happen."""
    if not turn.watched:
        return
    kind, _, place = key.partition(":")
    name, step_id = [*place.split(":"), ""][:2]
    flow = turn.book.find(name, version) if kind == "wait" else None
    step = flow.steps.get(step_id) if flow is not None else None
    if flow is not None and isinstance(step, Wait) and step.event is not None:
        turn.took(flow, step, way)


# -- what comes due


def come_due(turn: Turn, dues: Sequence[Due], *, busy: bool) -> None:
    """Deal with everything that is due. While the buyer is talking (``busy``) it waits until tomorrow."""
    due_now = [Planned.read(due.data) for due in dues]
    for planned in due_now:
        if planned.kind == "wait":
            _paused(turn, planned.key, planned.version, "longest")
    coming = due_now + turn.at_once
    turn.at_once = []
    for planned in sorted(coming, key=lambda one: _rank(turn, one)):
        if planned.kind == "delay":
            _late(turn, planned)
        elif planned.kind == SILENCE:
            _silence(turn, planned, busy=busy)
        else:
            _due(turn, planned, busy=busy)
        if planned.on.startswith("date:"):
            enrol_dates(turn)


def _rank(turn: Turn, planned: Planned) -> tuple[int, timedelta]:
    """Promises first, then news, questions and offers; among equals what can wait least."""
    flow = turn.book.find(planned.flow, planned.version)
    if flow is None:
        return 0, WEEK
    return _RANKS[flow.purpose] if planned.kind == "touch" else 0, flow.expires


def _late(turn: Turn, planned: Planned) -> None:
    order = turn.orders.get(planned.order_id)
    if order is not None and order.status == "shipped":
        pull(turn, "delay")


def _silence(turn: Turn, planned: Planned, *, busy: bool) -> None:
    """The question has not been answered; it may be asked in another way, or rest."""
    if busy or planned.asked != turn.state.asked or turn.state.step != planned.step or turn.facts.human:
        return
    opened = turn.open
    if opened is None or not isinstance(opened[1], Ask) or opened[1].silence is None:
        return
    turn.took(*opened, "silence")
    frames, to = turn.state.calls, opened[1].silence.to
    turn.close()
    if to is not None:
        version = planned.version if to.flow == planned.flow else ""
        key = f"silence:{planned.flow}:{planned.step}:{planned.order_id}"
        going = Planned("wait", key, to.flow, to.step, planned.order_id, None, version, calls=frames)
        flow = turn.book.find(to.flow, version)
        _due(
            turn, replace(going, until=after(turn.now, flow.expires) if flow is not None else None), busy=busy
        )


def _due(turn: Turn, planned: Planned, *, busy: bool) -> None:
    flow = turn.book.find(planned.flow, planned.version)
    if flow is None:
        return
    if planned.kind == "touch" and planned.key in turn.facts.journey.decided:
        over(turn, planned.key)
        return
    verdict = _judge(turn, flow, planned, busy=busy)
    if verdict.fate == "sent":
        verdict = _say(turn, flow, planned)
    _settle(turn, flow, planned, verdict)


def _judge(turn: Turn, flow: Flow, planned: Planned, *, busy: bool) -> _Verdict:
    """Whether a touchpoint may be said now: ``sent`` means yes."""
    refusal = _unwanted(turn, flow, planned)
    if refusal is not None:
        return refusal
    held = brake_on(turn)
    if held and flow.purpose in BRAKED:
        return _put_off(turn, planned, "braked", f"brake:{held}")
    if turn.facts.human or turn.handed_off:
        return _put_off(turn, planned, "moved", "human")
    if planned.kind == "touch" and draw(f"holdout|{flow.id}|{turn.facts.seed}") < flow.holdout:
        return _Verdict("withheld", "control")
    if busy:
        return _put_off(turn, planned, "moved", "busy")
    pacing, timezone = turn.facts.pacing, turn.facts.timezone
    morning = awake(turn.now, pacing, timezone)
    if morning > turn.now:
        return _until(planned, _Verdict("moved", "quiet_hours", morning))
    free = free_at(turn, flow.purpose, begins=planned.kind == "touch")
    if free > turn.now:
        return _until(planned, _Verdict("moved", "cap", not_before(free, pacing, timezone)))
    return _Verdict("sent")


def _unwanted(turn: Turn, flow: Flow, planned: Planned) -> _Verdict | None:
    """Why a touchpoint is over without having been said, if it is."""
    if planned.until is not None and turn.now >= planned.until:
        return _Verdict("expired", "too_late")
    if planned.order_id:
        order = turn.orders.get(planned.order_id)
        about_it = planned.on in {"order:cancelled", "order:refunded"}
        if order is None:
            return _Verdict("withdrawn", "untied")
        if order.status in _GONE and not about_it:
            return _Verdict("withdrawn", order.status)
    if not allowed(turn.facts, turn.state, flow.purpose):
        return _Verdict("refused", "opt_out" if turn.state.opted_out else "consent")
    if planned.wanted and turn.scene.notes.get("wanted", "") != planned.wanted:
        return _Verdict("withdrawn", "condition")
    if not _condition_holds(turn, flow, planned):
        return _Verdict("withdrawn", "condition")
    return None


def _condition_holds(turn: Turn, flow: Flow, planned: Planned) -> bool:
    """Whether what the trigger asks for is so now, for the order it is about."""
    before = turn.state.order_id
    if planned.order_id:
        turn.focus(planned.order_id)
    fill = turn.fill
    held = all(
        one.when is None or one.when.holds(fill)
        for one in flow.triggers
        if planned.on == f"{one.kind}:{one.value}"
    )
    turn.state = changed(turn.state, order_id=before)
    return held


def _put_off(turn: Turn, planned: Planned, fate: Fate, reason: str) -> _Verdict:
    """Look at it again tomorrow."""
    pacing = turn.facts.pacing
    return _until(planned, _Verdict(fate, reason, later_day(turn.now, pacing.at, turn.facts.timezone)))


def _until(planned: Planned, verdict: _Verdict) -> _Verdict:
    """The verdict, or the end where it would come too late."""
    if planned.until is not None and verdict.at is not None and verdict.at >= planned.until:
        return _Verdict("expired", verdict.reason)
    return verdict


# -- saying it


def _say(turn: Turn, flow: Flow, planned: Planned) -> _Verdict:
    """Say it here if this chat can be written to, else let it go where it can."""
    if better := _better_chat(turn, flow):
        return _Verdict("handed", better.channel)
    if turn.facts.reach == "closed":
        return _elsewhere(turn, flow, planned)
    kept = turn.keep()
    joining = turn.touched
    if not _play(turn, flow, planned, unasked=True) and not turn.handed_off:
        return _Verdict("withdrawn", "nothing_to_say")
    said = turn.drafts[len(kept.drafts) :]
    if turn.facts.reach == "template" and any(draft.template is None for draft in said):
        turn.restore(kept)
        return _elsewhere(turn, flow, planned)
    if joining:
        turn.drafts = [replace(draft, template=None) if draft.proactive else draft for draft in turn.drafts]
    turn.note_touch()
    return _Verdict("merged" if joining else "sent", "")


def _play(turn: Turn, flow: Flow, planned: Planned, *, unasked: bool) -> bool:
    """Play the flow as a touchpoint; False if it says nothing.

    After a mere word the talk goes on about its own order.
    """
    before, drafts, asked = turn.state.order_id, len(turn.drafts), turn.state.asked
    if planned.order_id:
        turn.focus(planned.order_id)
    turn.touch = Touch(planned.key, flow, planned.order_id, planned.until, unasked)
    enter(turn, Target(flow.id, planned.step), here=flow, frames=planned.calls)
    turn.touch = None
    if turn.state.asked == asked and before is not None:
        turn.focus(before)
    return len(turn.drafts) > drafts


def _better_chat(turn: Turn, flow: Flow) -> Sibling | None:
    """The chat of the same buyer that is easier to write to than this one, where they agreed to it."""
    here = _BETTER[turn.facts.reach]
    found = [
        one
        for one in turn.facts.journey.siblings
        if _BETTER[one.reach] < here and (flow.purpose == "service" or flow.purpose in one.allowed)
    ]
    return min(found, key=lambda one: (_BETTER[one.reach], one.conversation_id), default=None)


def _elsewhere(turn: Turn, flow: Flow, planned: Planned) -> _Verdict:
    """No chat can be written to: by the shop's mail, when the buyer writes, or not at all."""
    if flow.closed == "mail" and turn.facts.journey.mailable and planned.kind == "touch":
        return _Verdict("mailed", "window")
    if flow.closed == "drop":
        return _Verdict("expired", "window")
    again = planned.until or after(turn.now, flow.expires)
    if turn.facts.journey.siblings:  # one of them may be open tomorrow
        again = min(again, later_day(turn.now, turn.facts.pacing.at, turn.facts.timezone))
    return _Verdict("parked", "window", again)


def _settle(turn: Turn, flow: Flow, planned: Planned, verdict: _Verdict) -> None:
    """Record what became of it, and see to what comes next."""
    again = replace(planned, until=planned.until or after(turn.now, flow.expires))
    match verdict.fate:
        case "moved" | "braked" if verdict.at is not None:
            turn.remind(planned.key, verdict.at, again.data())
        case "parked" if verdict.at is not None:
            turn.park(
                Parked(
                    again.key,
                    flow.id,
                    again.step,
                    again.order_id,
                    again.until,
                    again.version,
                    again.on,
                    again.wanted,
                )
            )
            turn.remind(planned.key, verdict.at, again.data())
        case "handed":
            over(turn, planned.key)
            sibling = _better_chat(turn, flow)
            if sibling is not None:
                reminder = Reminder(planned.key, turn.now, again.data())
                turn.records.append(HandedOver(sibling.conversation_id, reminder))
        case "mailed":
            over(turn, planned.key)
            turn.records.append(Mailed(planned.key, flow.id, flow.purpose, planned.order_id))
        case _:
            over(turn, planned.key)
    # A promise or a pause may come again for the same order; its days are told apart.
    key = planned.key if planned.kind == "touch" else f"{planned.key}@{turn.today.isoformat()}"
    turn.records.append(
        Touched(
            key, flow.id, flow.purpose, verdict.fate, verdict.reason, planned.order_id,
            verdict.at or turn.now, _variant(turn, planned.key) if verdict.fate in {"sent", "merged"} else "",
        )
    )  # fmt: skip


def _variant(turn: Turn, key: str) -> str:
    return next((draft.variant for draft in turn.drafts if draft.touchpoint == key and draft.variant), "")


# -- while the buyer is here


def _of_parked(parked: Parked) -> Planned:
    return Planned(
        "touch",
        parked.key,
        parked.flow,
        parked.step,
        parked.order_id,
        parked.until,
        parked.version,
        parked.on,
        wanted=parked.wanted,
    )


def drop_moot(turn: Turn) -> None:
    """Let go of what waits for the buyer and is not wanted any more, by now."""
    for parked in turn.state.parked:
        flow = turn.book.find(parked.flow, parked.version)
        if flow is None:
            over(turn, parked.key)
        elif (verdict := _unwanted(turn, flow, _of_parked(parked))) is not None:
            turn.withdraw(parked.key)
            _settle(turn, flow, _of_parked(parked), verdict)


def resume_parked(turn: Turn) -> bool:
    """Say the first thing that has waited for the buyer, now that they are here and answered.

    False if there is none, or something else is going on.
    """
    if turn.asked_now or turn.handed_off or turn.waiting or turn.touched:
        return False
    for parked in turn.state.parked:
        flow = turn.book.find(parked.flow, parked.version)
        planned = _of_parked(parked)
        if flow is None:
            over(turn, parked.key)
            continue
        verdict = _unwanted(turn, flow, planned)
        if verdict is None and flow.purpose in BRAKED and brake_on(turn):
            continue
        if verdict is None and free_at(turn, flow.purpose, begins=True) > turn.now:
            continue
        if verdict is None:
            turn.phrase("while_here")
            lead = len(turn.drafts)
            said = _play(turn, flow, planned, unasked=False)
            if not said:
                del turn.drafts[lead - 1]
            else:
                turn.note_touch()
            verdict = _Verdict("sent", "while_here") if said else _Verdict("withdrawn", "nothing_to_say")
        turn.withdraw(parked.key)
        _settle(turn, flow, planned, verdict)
        if verdict.fate == "sent":
            return True
    return False
