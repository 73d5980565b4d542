"""Playing a flow: what each kind of step does when it is reached, and when one of its choices is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dialogs.cutting import clean
from dialogs.flow import Ask, Checklist, Consent, Flow, Handoff, Listen, Rate, Say, Step, Target
from dialogs.placeholders import setup_of
from dialogs.records import HandedOff, OptedIn, OptedOut, Rated
from dialogs.timing import later
from dialogs.turn import KINDS, Turn

_LONGEST_PATH: Final = 12
"""Steps in one turn. A script that goes round without ever asking ends here."""

_LONGEST_COMMENT: Final = 2000


def start(turn: Turn, trigger: str) -> None:
    """Begin the flow that answers to ``trigger``."""
    flow = turn.book.on.get(trigger)
    if flow is not None:
        enter(turn, Target(flow.id))


def enter(turn: Turn, target: Target | None) -> None:
    """Play from ``target`` until a question waits or the flow has ended."""
    for _ in range(_LONGEST_PATH):
        if target is None:
            return
        flow = turn.book.flows.get(target.flow)
        step = _step(turn, flow, target.step) if flow is not None else None
        if flow is None or step is None:
            return
        target = _play(turn, flow, step)


def choose(turn: Turn, flow: Flow, step: Step, choice: str) -> None:
    """Take a choice of a question. An id that the question does not have does nothing."""
    match step:
        case Ask():
            spec = next((spec for spec in step.choices if spec.id == choice), None)
            if spec is not None:
                turn.close()
                enter(turn, spec.to)
        case Checklist():
            _check(turn, flow, step, choice)
        case Rate():
            order = turn.order
            if order is not None and choice in {"1", "2", "3", "4", "5"}:
                rate(turn, step, order.id, int(choice))
        case Listen():
            turn.close()
            enter(turn, step.skipped)
        case Say() | Handoff() | Consent():
            pass


def rate(turn: Turn, step: Rate, order_id: str, score: int) -> None:
    """Keep a rating and go on as it deserves."""
    turn.focus(order_id)
    turn.state = replace(turn.state, ratings={**turn.state.ratings, order_id: score})
    turn.records.append(Rated(order_id, None, score))
    turn.withdraw(order_id, "rating")
    turn.evidence = (f"{score}/5",)
    turn.close()
    enter(turn, step.high if score >= 4 else step.middle if score == 3 else step.low)


def comment(turn: Turn, step: Listen, text: str) -> None:
    """Keep what was said about a rating, and say thanks."""
    keep_comment(turn, text)
    turn.close()
    enter(turn, step.thanks)


def keep_comment(turn: Turn, text: str) -> None:
    """Put the words to the rating of the order in focus."""
    order_id = turn.state.order_id
    score = turn.state.ratings.get(order_id) if order_id is not None else None
    if order_id is not None and score is not None:
        turn.records.append(Rated(order_id, None, score, clean(text)[:_LONGEST_COMMENT]))


def _step(turn: Turn, flow: Flow, name: str) -> Step | None:
    if name:
        return flow.steps.get(name)
    scene = turn.scene
    for door in flow.doors:
        if all(condition.holds(scene) for condition in door.when):
            return flow.steps.get(door.step)
    return None


def _play(turn: Turn, flow: Flow, step: Step) -> Target | None:
    """What happens when ``step`` is reached; where to go on at once, if anywhere."""
    match step:
        case Say():
            turn.say(flow, step)
            _remember(turn, step)
            if step.to is None and turn.state.flow == flow.id:
                turn.close()
            return step.to
        case Checklist():
            turn.ask(flow, step)
        case Rate() if turn.order is None:
            turn.close()
        case Ask() | Rate() | Listen():
            turn.ask(flow, step)
            _count_tip(turn, step)
        case Handoff():
            turn.notify(flow, step)
            turn.hand_off(HandedOff(step.reason, turn.evidence, step.priority))
        case Consent():
            _consent(turn, flow, step)
    return None


def _check(turn: Turn, flow: Flow, step: Checklist, choice: str) -> None:
    """One tap in the checklist."""
    items = setup_of(turn.scene)
    item = turn.state.item
    if choice == "done" and item + 1 < len(items):
        turn.ask(flow, step, item=item + 1)
    elif choice == "done":
        order = turn.order
        if order is not None:
            turn.mark("setup", order.id)
            turn.withdraw(order.id, "setup")
        turn.close()
        enter(turn, step.finished)
    elif choice == "stuck":
        turn.ask(flow, step, item=item, trouble=True)
    elif choice == "human":
        if item < len(items):
            product, entry = items[item]
            turn.evidence = (f"{product.sku}: {entry.id}",)
        turn.close()
        enter(turn, step.person)


def _remember(turn: Turn, step: Say) -> None:
    """What saying it promises or uses up."""
    _count_tip(turn, step)
    order = turn.order
    if step.remind and order is not None and not turn.state.opted_out:
        turn.remind(step.remind, order.id, later(turn.now, turn.facts.timezone))


def _count_tip(turn: Turn, step: Step) -> None:
    if "tip" in step.text.names:
        turn.state = replace(turn.state, tips=turn.state.tips + 1)


def _consent(turn: Turn, flow: Flow, step: Consent) -> None:
    wording = turn.evidence[0] if turn.evidence else ""
    if step.action == "opt_out":
        turn.records.append(OptedOut("all", wording))
        for order in turn.facts.orders:
            turn.withdraw(order.id, *KINDS)
        if not turn.state.opted_out:  # confirmed once; whoever says stop twice wants no answer at all
            turn.close()
            turn.say(flow, step)
        turn.state = replace(turn.state, opted_out=True)
        return
    turn.records.append(OptedIn("all", wording))
    turn.state = replace(turn.state, opted_out=False)
    for order in turn.facts.orders:
        if order.status == "delivered":
            turn.schedule(order)
    turn.say(flow, step)
