"""Playing a flow: what each kind of step does when it is reached."""

from __future__ import annotations

from typing import Final, assert_never

from dialogs.agreement import ask_consent, grant, withdraw
from dialogs.brakes import pull
from dialogs.flow import (
    RESERVED,
    Ask,
    Call,
    Checklist,
    Consent,
    End,
    Flow,
    Go,
    Handoff,
    If,
    Note,
    Offer,
    Remind,
    Say,
    Set,
    Step,
    Target,
    Wait,
)
from dialogs.offers import make_offer
from dialogs.planning import enrol_flow_end, enrol_tag, pause, promise, put_on
from dialogs.records import HandedOff, Preferred
from dialogs.scene import setup_of
from dialogs.state import Frame, changed
from dialogs.triage import more_urgent
from dialogs.turn import HALT, Turn
from dialogs.ways import case

_LONGEST_PATH: Final = 60
"""Steps in one run. A script that goes round without ever asking ends here."""

_DEEPEST_CALL: Final = 5
_LONGEST_VALUE: Final = 200
_MOST_VALUES: Final = 30


def start(turn: Turn, trigger: str) -> bool:
    """Begin the flow that answers to ``trigger``; False if there is none."""
    flow = turn.book.on.get(trigger)
    if flow is None:
        return False
    enter(turn, Target(flow.id))
    return True


def enter(
    turn: Turn, target: Target | None, *, here: Flow | None = None, frames: tuple[Frame, ...] = ()
) -> None:
    """Play from ``target`` until a question waits, a pause begins or the flow has ended.

    ``here`` is the flow one comes from, in its version: who stays in it stays in that version. ``frames`` are
    the flows to come back to.
    """
    turn.frames = frames
    version = ""
    for _ in range(_LONGEST_PATH):
        if target is None:
            if here is not None:
                enrol_flow_end(turn, here)
            if not turn.frames:
                return
            frame, turn.frames = turn.frames[-1], turn.frames[:-1]
            target, version, here = Target(frame.flow, frame.step), frame.version, None
        flow = here if here is not None and target.flow == here.id else turn.book.find(target.flow, version)
        step = flow.steps.get(target.step or flow.first) if flow is not None else None
        if flow is None or step is None:
            return
        here, version = flow, ""
        turn.took(flow, step)
        target = _play(turn, flow, step)
        if target is HALT:
            return


def _play(  # noqa: C901, PLR0911, PLR0912 - one case for each kind of step
    turn: Turn, flow: Flow, step: Step
) -> Target | None:
    """What happens when ``step`` is reached, and where to go on: a place, None for the end, or `HALT`."""
    match step:
        case Say():
            return _say(turn, flow, step)
        case Ask():
            return _ask(turn, flow, step)
        case Checklist():
            if not setup_of(turn.scene):
                turn.took(flow, step, "finished")
                return step.finished
            turn.ask(flow, step)
            return HALT
        case If():
            return _fork(turn, flow, step)
        case Set():
            _set(turn, step)
            return step.to
        case Note():
            _note(turn, step)
            return step.to
        case Wait():
            if step.event is not None and turn.order is not None and step.event in turn.order.milestones:
                turn.took(flow, step, "go")
                return step.to
            pause(turn, flow, step)
            return HALT
        case Go():
            return step.to
        case Call():
            return _call(turn, flow, step)
        case Offer():
            return make_offer(turn, flow, step)
        case Remind():
            promise(turn, flow, step)
            return step.to
        case Consent():
            return _consent(turn, flow, step)
        case Handoff():
            _hand_off(turn, flow, step)
            return HALT
        case End():
            return None
        case _:  # pragma: no cover - mypy proves that there is nothing else
            assert_never(step)


def _fork(turn: Turn, flow: Flow, step: If) -> Target | None:
    for number, (condition, to) in enumerate(step.cases):
        if condition.holds(turn.fill):
            turn.took(flow, step, case(step, number))
            return to
    turn.took(flow, step, "else")
    return step.otherwise


def _say(turn: Turn, flow: Flow, step: Say) -> Target | None:
    _next_tip(turn, step)
    turn.say(flow, step, step.lines, template=step.template)
    return step.to


def _ask(turn: Turn, flow: Flow, step: Ask) -> Target | None:
    if step.expects == "rating" and turn.order is None:
        return None
    _next_tip(turn, step)
    turn.ask(flow, step)
    return HALT


def _next_tip(turn: Turn, step: Say | Ask) -> None:
    """Go on to the next care tip; a question that is repeated keeps the one it had."""
    if "tip" in step.lines.names:
        turn.state = changed(turn.state, tips=turn.state.tips + 1)


def _set(turn: Turn, step: Set) -> None:
    for name, filling in step.values:
        value = filling.text(turn.fill).strip()[:_LONGEST_VALUE]
        if name in RESERVED:
            _set_reserved(turn, name, value)
        else:
            keep(turn, name, value)


def _set_reserved(turn: Turn, name: str, value: str) -> None:
    match name:
        case "language":
            turn.state = changed(turn.state, language="en" if value.lower().startswith("en") else "de")
        case "voice":
            turn.state = changed(turn.state, voice="sie" if value.lower() == "sie" else "du")
        case "frequency":
            turn.state = changed(turn.state, frequency="less" if value == "less" else "")
        case "tag":
            if value and value not in turn.state.tags:
                put_on(turn, value)
                enrol_tag(turn, value)
        case _:
            turn.state = changed(turn.state, tags=tuple(tag for tag in turn.state.tags if tag != value))


def keep(turn: Turn, name: str, value: str) -> None:
    """Keep a value of this chat as ``my.<name>``."""
    others = {key: text for key, text in turn.state.my.items() if key != name}
    kept = dict([*others.items(), (name, value)][-_MOST_VALUES:])
    turn.state = changed(turn.state, my=kept)


def prefer(turn: Turn, name: str, value: str) -> None:
    """Keep a preference of the buyer as ``notes.<name>``."""
    if value and turn.scene.notes.get(name) != value:
        turn.records.append(Preferred(name, value))
        others = {key: text for key, text in turn.state.notes.items() if key != name}
        turn.state = changed(turn.state, notes=dict([*others.items(), (name, value)][-_MOST_VALUES:]))


def _note(turn: Turn, step: Note) -> None:
    for name, filling in step.values:
        prefer(turn, name, filling.text(turn.fill).strip()[:_LONGEST_VALUE])


def _call(turn: Turn, flow: Flow, step: Call) -> Target | None:
    if step.to is not None and len(turn.frames) < _DEEPEST_CALL:
        version = flow.version if step.to.flow == flow.id else ""
        turn.frames = (*turn.frames, Frame(step.to.flow, step.to.step, version))
    return step.flow


def _consent(turn: Turn, flow: Flow, step: Consent) -> Target | None:
    match step.action:
        case "ask":
            if ask_consent(turn, flow, step):
                return HALT
            given = bool(turn.state.consents.get(step.purpose))
            turn.took(flow, step, "given" if given else "refused")
            return step.given if given else step.refused
        case "grant":
            grant(turn, flow, step)
            return step.given
        case "withdraw":
            withdraw(turn, flow, step)
            return step.refused


def _hand_off(turn: Turn, flow: Flow, step: Handoff) -> None:
    """A human takes over; what the buyer is told is a promise, and so has a time."""
    turn.reason = step.reason
    turn.say(flow, step, step.lines, notice=True)
    promised = turn.facts.opening.promised(turn.now, turn.facts.promise)
    seen = turn.escalation
    priority = step.priority if seen is None else more_urgent(step.priority, seen.priority)
    why = "" if seen is None else seen.reason
    turn.hand_off(HandedOff(step.reason, turn.evidence, priority, promised, why))
    pull(turn, "handoff")
    if step.reason.startswith("return"):
        pull(turn, "return")
