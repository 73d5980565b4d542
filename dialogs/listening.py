"""What the buyer said or tapped, taken in: codes, taps, choices typed, wishes, and what is not understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from dialogs.facts import Facts
from dialogs.flow import Ask, Checklist, Flow, Listen, Rate, Step
from dialogs.heard import Heard
from dialogs.payloads import Tapped
from dialogs.records import Bound, Noted
from dialogs.shop import Entry
from dialogs.steps import choose, comment, keep_comment, rate, start
from dialogs.triage import Escalation, triage
from dialogs.turn import Turn
from nlu.text import key
from nlu.understanding import Understanding

_DOUBLE_TAP: Final = timedelta(minutes=1)
_LISTENS_FOR: Final = timedelta(hours=24)
_SHORT: Final = 3
_MISSES: Final = 2


def listen(turn: Turn, heard: Heard) -> None:
    """Take in everything the buyer did in this burst, what matters most first."""
    meaning = heard.understanding
    if meaning is not None and meaning.intent in {"opt_out", "opt_in"} and _offered(turn, meaning) is None:
        turn.evidence = (meaning.text[:200],)
        start(turn, meaning.intent)
        return
    if heard.code:
        _enter_by_code(turn, heard.code)
        if (escalation := triage(heard)) is not None:
            _escalate(turn, escalation)
        return
    for tapped in heard.taps:
        _tap(turn, tapped)
    if not heard.taps:
        _untapped(turn, heard)
    elif meaning is not None and not turn.handed_off and _matters(turn, heard, meaning):
        _text(turn, heard, meaning)


def _untapped(turn: Turn, heard: Heard) -> None:
    """Words, something without words, or the mere coming in."""
    if heard.understanding is not None:
        _text(turn, heard, heard.understanding)
    elif heard.wordless:
        start(turn, "wordless")
    elif heard.arrived:
        start(turn, "first" if turn.state.disclosed_at is None else "menu")


def _enter_by_code(turn: Turn, code: str) -> None:
    """An entry code: tie the chat to the order if the code is fresh, and greet."""
    entry = turn.facts.entry or Entry("unknown", code)
    if entry.state in {"fresh", "yours"} and entry.order_id is None:
        entry = Entry("unknown", code)
    turn.facts = _with_entry(turn.facts, entry)
    if entry.order_id is not None and entry.state in {"fresh", "yours"}:
        turn.focus(entry.order_id)
    if entry.order_id is not None and entry.state == "fresh":
        turn.records.append(Bound(entry.code, entry.order_id))
        order = turn.orders.get(entry.order_id)
        if order is not None and order.status == "delivered":
            turn.schedule(order)
        if turn.state.language is None and order is not None and order.language:
            turn.language = "de" if order.language.lower().startswith("de") else "en"
    turn.state = replace(turn.state, misses=0)
    start(turn, "entry")


def _with_entry(facts: Facts, entry: Entry) -> Facts:
    return facts if facts.entry == entry else replace(facts, entry=entry)


def _tap(turn: Turn, tapped: Tapped) -> None:
    """A tapped button: of the open question, of an old one, or of none."""
    flow = turn.book.flows.get(tapped.flow)
    step = flow.steps.get(tapped.step) if flow is not None else None
    if flow is None or step is None:
        _old(turn, None, None, tapped)
        return
    this = f"{tapped.asked}:{tapped.choice}"
    at = turn.state.answered_at
    again = this == turn.state.answered and at is not None and turn.now - at < _DOUBLE_TAP
    if isinstance(step, Rate) and tapped.asked and _rated_by_tap(turn, step, tapped, again=again):
        return
    current = tapped.asked == turn.state.asked and (flow.id, step.id) == (turn.state.flow, turn.state.step)
    if current and any(option.id == tapped.choice for option in turn.state.options):
        _take(turn, flow, step, tapped.choice)
    elif not again:
        _old(turn, flow, step, tapped)


def _rated_by_tap(turn: Turn, step: Rate, tapped: Tapped, *, again: bool) -> bool:
    """A rating counts whenever it is tapped, once per order; False if the question's order is not known."""
    order_id = turn.state.rating_asks.get(str(tapped.asked))
    if order_id is None or tapped.choice not in {"1", "2", "3", "4", "5"}:
        return False
    if order_id in turn.state.ratings:
        if not again:
            turn.phrase("already_rated")
        return True
    _note_answer(turn, tapped.asked, tapped.choice)
    rate(turn, step, order_id, int(tapped.choice))
    return True


def _old(turn: Turn, flow: Flow | None, step: Step | None, tapped: Tapped) -> None:
    """A tap on a question that is no longer open. The way to a human always is."""
    choice = None
    if isinstance(step, Ask):
        choice = next((spec for spec in step.choices if spec.id == tapped.choice), None)
    to_human = choice is not None and choice.to is not None and choice.to.flow == "human"
    if flow is not None and step is not None and choice is not None and (to_human or turn.open is None):
        _take(turn, flow, step, tapped.choice, asked=tapped.asked)
        return
    turn.phrase("stale")
    if not turn.repeat():
        start(turn, "menu")


def _take(turn: Turn, flow: Flow, step: Step, choice: str, *, asked: int | None = None) -> None:
    """Act on a choice, and remember that it was taken."""
    _note_answer(turn, turn.state.asked if asked is None else asked, choice)
    choose(turn, flow, step, choice)


def _note_answer(turn: Turn, asked: int, choice: str) -> None:
    turn.state = replace(turn.state, answered=f"{asked}:{choice}", answered_at=turn.now, misses=0)


def _matters(turn: Turn, heard: Heard, meaning: Understanding) -> bool:
    """Whether words that came along with a tap want an answer of their own."""
    if triage(heard) is not None or meaning.intent in {"order_status", "care_tip"}:
        return True
    return turn.open is not None and isinstance(turn.open[1], Listen)


def _text(turn: Turn, heard: Heard, meaning: Understanding) -> None:
    """Words: a choice in other words, a wish, small talk, or something we do not understand."""
    opened = turn.open
    if opened is not None and (choice := _offered(turn, meaning)) is not None:
        _take(turn, *opened, choice)
        return
    if (escalation := triage(heard)) is not None:
        _unhappy(turn, opened, escalation, meaning)
        return
    turn.evidence = (meaning.text[:200],)
    if opened is not None and _answers(turn, opened, meaning):
        return
    if _wish(turn, meaning):
        turn.state = replace(turn.state, misses=0)
        return
    if turn.state.disclosed_at is None:
        start(turn, "first")
        return
    if _small_talk(turn, meaning):
        turn.state = replace(turn.state, misses=0)
        return
    _miss(turn)


def _offered(turn: Turn, meaning: Understanding) -> str | None:
    """The choice that somebody typed by its number, its title, or as stars."""
    options = turn.state.options
    if not options or turn.open is None:
        return None
    kinds = {entity.kind: entity.value for entity in meaning.entities}
    if turn.state.expecting == "rating" and kinds.get("rating"):
        return kinds["rating"]
    if "number" in kinds and int(kinds["number"]) <= len(options):
        return options[int(kinds["number"]) - 1].id
    said = key(meaning.text[:200])
    if not said:
        return None
    titles = [(key(option.title), option.id) for option in options]
    exact = [choice for title, choice in titles if title == said]
    if len(exact) == 1:
        return exact[0]
    begun = [choice for title, choice in titles if len(said) >= 4 and title.startswith(said)]
    return begun[0] if len(begun) == 1 else None


def _unhappy(
    turn: Turn, opened: tuple[Flow, Step] | None, escalation: Escalation, meaning: Understanding
) -> None:
    """Trouble inside the checklist has help of its own; everything else goes to a human."""
    if opened is not None and isinstance(opened[1], Checklist) and escalation.trigger == "not_working":
        if any(option.id == "stuck" for option in turn.state.options):
            _take(turn, *opened, "stuck")
        else:
            _take(turn, *opened, "human")
        return
    if _listening(turn, opened):
        keep_comment(turn, meaning.text)
    _escalate(turn, escalation)


def _escalate(turn: Turn, escalation: Escalation) -> None:
    turn.evidence = escalation.evidence
    start(turn, escalation.trigger)


def _listening(turn: Turn, opened: tuple[Flow, Step] | None) -> bool:
    """Whether the next free words belong to a rating."""
    asked_at = turn.state.asked_at
    return (
        opened is not None
        and isinstance(opened[1], Listen)
        and asked_at is not None
        and turn.now - asked_at < _LISTENS_FOR
    )


def _answers(turn: Turn, opened: tuple[Flow, Step], meaning: Understanding) -> bool:
    """Whether the words answer the open question."""
    flow, step = opened
    match step:
        case Ask():
            spec = next((spec for spec in step.choices if meaning.intent in spec.intents), None)
            if spec is not None:
                _take(turn, flow, step, spec.id)
                return True
        case Checklist() if meaning.intent == "yes":
            _take(turn, flow, step, "done")
            return True
        case Checklist() if meaning.intent == "no":
            _take(turn, flow, step, "human" if turn.state.trouble else "stuck")
            return True
        case Listen() if _listening(turn, opened) and meaning.intent != "order_status":
            if meaning.intent in {"no", "thanks", "yes"} and len(meaning.text.split()) <= _SHORT:
                _take(turn, flow, step, "skip")
            else:
                comment(turn, step, meaning.text)
            return True
        case _:
            pass
    return False


def _wish(turn: Turn, meaning: Understanding) -> bool:
    """A wish that has a flow of its own, said at any time."""
    kinds = {entity.kind: entity.value for entity in meaning.entities}
    order = turn.order
    if (
        "rating" in kinds
        and meaning.intent == "rating"
        and order is not None
        and order.id not in turn.state.ratings
    ):
        flow = turn.book.on.get("rating")
        step = (
            next((s for s in flow.steps.values() if isinstance(s, Rate)), None) if flow is not None else None
        )
        if step is not None:
            rate(turn, step, order.id, int(kinds["rating"]))
            return True
    named = kinds.get("order_number")
    if named is not None:
        turn.records.append(Noted("order_number", named))
    if named is not None and (order is None or meaning.intent == "none"):
        start(turn, "order_number")
    elif meaning.intent in {"setup_help", "care_tip", "order_status", "rating"}:
        start(turn, meaning.intent)
    else:
        return False
    return True


def _small_talk(turn: Turn, meaning: Understanding) -> bool:
    """A greeting, a thank-you, a yes or no to nothing: answered without moving anything."""
    match meaning.intent:
        case "thanks":
            turn.phrase("thanks")
        case "greeting" if turn.open is not None:
            turn.phrase("hello")
            turn.repeat()
        case "greeting":
            start(turn, "greeting")
        case "yes" | "no" if turn.open is None:
            turn.phrase("wait")
        case "none" if meaning.mood.label == "positive":
            turn.phrase("glad")
        case _:
            return False
    return True


def _miss(turn: Turn) -> None:
    """Not understood: once more, kindly; the second time the ways on, a human among them."""
    misses = turn.state.misses + 1
    if misses < _MISSES and turn.open is not None:
        turn.phrase("miss")
        turn.repeat()
    else:
        start(turn, "miss")
    turn.state = replace(turn.state, misses=min(misses, _MISSES))
