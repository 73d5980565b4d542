"""Answers to the open question: a tap, or words that mean the same, checked for what was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from dialogs.agreement import decide
from dialogs.brakes import lift
from dialogs.cutting import clean
from dialogs.flow import Ask, Asking, Checklist, Consent, Flow, Target
from dialogs.records import Noted, Rated
from dialogs.risk import stuck
from dialogs.scene import setup_of
from dialogs.state import changed
from dialogs.steps import enter, keep, prefer
from dialogs.turn import HALT, Turn
from dialogs.ways import NOT_ASKED_AGAIN
from dialogs.ways import choice as way_of
from nlu.text import key
from nlu.understanding import Understanding

_LONGEST_ANSWER: Final = 200
_LONGEST_COMMENT: Final = 2000
_SCORES: Final = frozenset("12345")
SKIP: Final = "skip"
_NUMBER: Final = re.compile(r"(?<![\w.,-])-?\d{1,9}(?![\w])")
_DATE: Final = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})?|\b(\d{4})-(\d{2})-(\d{2})\b")


@dataclass(frozen=True, slots=True)
class Said:
    """What came instead of a tap: words with their meaning, or pictures."""

    meaning: Understanding | None = None
    photos: int = 0


def choose(turn: Turn, flow: Flow, step: Asking, choice: str, words: str = "") -> None:
    """Take a choice of the open question; ``words`` are the buyer's, where they wrote it.

    An id that the question does not have does nothing.
    """
    match step:
        case Ask() if choice == SKIP and step.skip is not None:
            turn.took(flow, step, "skipped")
            _go(turn, flow, step.skipped)
        case Ask(expects="rating"):
            if turn.order is not None and choice in _SCORES:
                rate(turn, flow, step, turn.order.id, int(choice))
        case Ask():
            spec = next((one for one in step.choices if one.id == choice), None)
            if spec is not None:
                turn.took(flow, step, way_of(choice))
                _save(turn, step, spec.id)
                _go(turn, flow, spec.to)
        case Checklist():
            _check(turn, flow, step, choice)
        case Consent():
            if choice in {"yes", "no"}:
                turn.took(flow, step, way_of("confirm" if turn.state.stage and choice == "yes" else choice))
                frames = turn.state.calls
                turn.frames = frames
                to = decide(turn, flow, step, choice, words)
                if to is not HALT:
                    _go(turn, flow, to)


def rate(turn: Turn, flow: Flow, step: Ask, order_id: str, score: int) -> None:
    """Keep a rating and go on as it deserves."""
    frames = turn.state.calls if (turn.state.flow, turn.state.step) == (flow.id, step.id) else ()
    turn.took(flow, step, way_of(str(score)))
    turn.focus(order_id)
    turn.state = changed(turn.state, ratings={**turn.state.ratings, order_id: score})
    turn.records.append(Rated(order_id, None, score))
    for planned in turn.state.planned:
        if planned == f"{flow.id}:{order_id}":
            turn.withdraw(planned)
    turn.evidence = (f"{score}/5",)
    if score >= 4:
        lift(turn, "mood")
    _save(turn, step, str(score))
    turn.close()
    to = step.high if score >= 4 else step.middle if score == 3 else step.low
    enter(turn, to, here=flow, frames=frames)


def keep_comment(turn: Turn, text: str) -> None:
    """Put the words to the rating of the order in focus."""
    order_id = turn.state.order_id
    score = turn.state.ratings.get(order_id) if order_id is not None else None
    if order_id is not None and score is not None:
        turn.records.append(Rated(order_id, None, score, clean(text)[:_LONGEST_COMMENT]))


def takes_words(turn: Turn, step: object) -> bool:
    """Whether the next free words belong to the open question, whatever they say."""
    return isinstance(step, Ask) and step.expects in {"text", "comment"} and turn.waiting


def answers(turn: Turn, flow: Flow, step: Asking, said: Said) -> bool:
    """Whether this answers the open question; if it does, it is taken."""
    meaning = said.meaning
    match step:
        case Checklist() if meaning is not None and meaning.intent in {"yes", "no"}:
            stuck = "human" if turn.state.trouble else "stuck"
            choose(turn, flow, step, "done" if meaning.intent == "yes" else stuck)
            return True
        case Consent() if meaning is not None and meaning.intent in {"yes", "no"}:
            choose(turn, flow, step, meaning.intent, clean(meaning.text)[:_LONGEST_ANSWER])
            return True
        case Ask(expects="choice") if meaning is not None:
            spec = next((one for one in step.choices if meaning.intent in one.intents), None)
            if spec is None:
                return False
            choose(turn, flow, step, spec.id)
            return True
        case Ask(expects="rating" | "choice"):
            return False
        case Ask():
            return _typed(turn, flow, step, said)
        case _:
            return False


def _typed(turn: Turn, flow: Flow, step: Ask, said: Said) -> bool:
    """Words or a picture where those were asked for."""
    meaning = said.meaning
    if meaning is not None and step.skip is not None and _declines(meaning):
        choose(turn, flow, step, SKIP)
        return True
    if takes_words(turn, step):
        if meaning is None:
            return False
        if step.expects == "comment":
            keep_comment(turn, meaning.text)
        turn.took(flow, step, "go")
        _save(turn, step, clean(meaning.text)[:_LONGEST_ANSWER])
        _go(turn, flow, step.to)
        return True
    if step.expects in {"text", "comment"}:
        return False
    value = _value(turn, step, said)
    if value is not None:
        turn.took(flow, step, "go")
        _save(turn, step, value)
        _go(turn, flow, step.to)
        return True
    return False


def missed(turn: Turn, flow: Flow, step: Asking) -> bool:
    """Deal with an answer of another kind than asked for: ask again kindly, then give way.

    False: that is for others to do.
    """
    if not isinstance(step, Ask) or step.again is None or step.expects in NOT_ASKED_AGAIN:
        return False
    tries = turn.state.tries + 1
    if tries > step.tries:
        if step.otherwise is None:
            return False
        turn.took(flow, step, "otherwise")
        _go(turn, flow, step.otherwise)
        return True
    turn.state = changed(turn.state, tries=tries)
    text, drafts = turn.words(step.again), len(turn.drafts)
    turn.repeat()
    turn.drafts[drafts:] = [replace(draft, text=text) for draft in turn.drafts[drafts:]]
    return len(turn.drafts) > drafts


def _declines(meaning: Understanding) -> bool:
    return meaning.intent in {"no", "thanks", "yes"} and len(meaning.text.split()) <= 3


def _value(turn: Turn, step: Ask, said: Said) -> str | None:
    """The answer in one spelling, if it is of the kind that was asked for."""
    if step.expects == "photo":
        return "photo" if said.photos else None
    if said.meaning is None:
        return None
    text = said.meaning.text
    kinds = {entity.kind: entity.value for entity in said.meaning.entities}
    match step.expects:
        case "number":
            return _number(step, kinds.get("number"), text)
        case "email":
            return kinds.get("email")
        case "order_number":
            if (number := kinds.get("order_number")) is not None:
                turn.records.append(Noted("order_number", number))
            return number
        case "date":
            return _date(turn, text)
        case "product":
            return _product(said.meaning)
        case _:
            return None


def _product(meaning: Understanding) -> str | None:
    """The SKU of the product that is named. Who names several has not said which."""
    named = {entity.value for entity in meaning.entities if entity.kind == "product"}
    return named.pop() if len(named) == 1 else None


def _number(step: Ask, named: str | None, text: str) -> str | None:
    found = [named] if named is not None else _NUMBER.findall(text[:_LONGEST_ANSWER])
    if len(set(found)) != 1:
        return None
    value = int(found[0])
    if (step.least is not None and value < step.least) or (step.most is not None and value > step.most):
        return None
    return str(value)


def _date(turn: Turn, text: str) -> str | None:
    """A date as people here write it: 24.12., 24.12.1990, 1990-12-24, heute, morgen, gestern."""
    said = key(text[:_LONGEST_ANSWER])
    for word, days in (
        ("heute", 0),
        ("today", 0),
        ("gestern", -1),
        ("yesterday", -1),
        ("morgen", 1),
        ("tomorrow", 1),
    ):
        if said == word:
            return (turn.today + timedelta(days=days)).isoformat()
    match = _DATE.search(text[:_LONGEST_ANSWER])
    if match is None:
        return None
    try:
        if match[4]:
            return date(int(match[4]), int(match[5]), int(match[6])).isoformat()
        year = int(match[3]) if match[3] else turn.today.year
        return date(year + 2000 if year < 100 else year, int(match[2]), int(match[1])).isoformat()
    except ValueError:
        return None


def _check(turn: Turn, flow: Flow, step: Checklist, choice: str) -> None:
    """One tap in the checklist."""
    items = setup_of(turn.scene)
    item = turn.state.item
    turn.frames = turn.state.calls
    turn.took(flow, step, way_of("solved" if turn.state.trouble and choice == "done" else choice))
    _tell_stuck(turn, choice)
    if choice == "done" and item + 1 < len(items):
        turn.ask(flow, step, item=item + 1)
    elif choice == "done":
        order = turn.order
        if order is not None:
            turn.mark("setup", order.id)
        turn.took(flow, step, "finished")
        _go(turn, flow, step.finished)
    elif choice == "stuck":
        turn.ask(flow, step, item=item, trouble=True)
    elif choice == "human":
        if item < len(items):
            product, entry = items[item]
            turn.evidence = (f"{product.sku}: {entry.id}",)
        _go(turn, flow, step.person)


def _tell_stuck(turn: Turn, choice: str) -> None:
    """Keep that an item does not work, or that it does now."""
    order = turn.order
    if order is not None and (choice != "done" or turn.state.trouble):
        turn.state = stuck(turn.state, order.id, on=choice != "done")


def _save(turn: Turn, step: Ask, value: str) -> None:
    if step.save:
        keep(turn, step.save, value)
    if step.note:
        prefer(turn, step.note, value)


def _go(turn: Turn, flow: Flow, target: Target | None) -> None:
    """Close the question and go on, back into the flow that called this one where it ends."""
    frames = turn.state.calls
    turn.close()
    enter(turn, target, here=flow, frames=frames)
