"""Listening: what the buyer did in this turn, from an entry code to a word we do not understand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final, get_args

from dialogs.agreement import scope_of
from dialogs.answers import Said, answers, choose, keep_comment, missed, rate, takes_words
from dialogs.asked import asked, settles, told_perhaps, told_surely
from dialogs.bare import only_a_product, only_named, order_number_alone
from dialogs.brakes import lift, pull
from dialogs.cutting import clean
from dialogs.flow import Ask, Asking, Book, Checklist, Consent, Flow, Step, Target
from dialogs.heard import Heard
from dialogs.journeys import resume_parked
from dialogs.payloads import Tapped
from dialogs.planning import enrol_known_orders
from dialogs.records import Bound, Noted
from dialogs.risk import noticed
from dialogs.shop import Entry
from dialogs.state import Felt, changed
from dialogs.steps import enter, keep, start
from dialogs.triage import ALARMS, CALM, Escalation, beyond_help, moment_of, stuck, triage
from dialogs.turn import Turn
from nlu.text import key
from nlu.understanding import Intent, Understanding

_DOUBLE_TAP: Final = timedelta(minutes=1)
_MISSES: Final = 2
_KEPT_MOODS: Final = 5
_TROUBLE: Final = frozenset({"defect", "setup_help", "no"})
"""Intents that, inside the checklist, tell of an item that does not work."""

_VALUES: Final = frozenset({"number", "date", "email", "order_number", "product"})
_SHORT: Final = 3
_CLEARLY: Final = 0.9

_LONGEST_PHRASE: Final = 60
_NO_WISH: Final = frozenset[Intent](
    {"thanks", "greeting", "goodbye", "yes", "no", "opt_out", "opt_in", "out_of_scope"}
)

WISHES: Final = frozenset(get_args(Intent)) - _NO_WISH
"""Intents that a flow of the book may answer at any time. What calls for a human, triage has seen before."""


def listen(turn: Turn, heard: Heard) -> None:
    """Take in everything the buyer did in this burst, what matters most first."""
    meaning = heard.understanding
    moment = moment_of(turn.state, turn.facts, turn.order, turn.now)
    turn.escalation = _called_for(turn, meaning, triage(meaning, moment, turn.facts.triage))
    turn.broken = meaning is not None and beyond_help(meaning)
    turn.named = _product(meaning)
    turn.state = noticed(turn.state, turn.facts, turn.order, meaning, turn.now)
    _feel(turn, meaning)
    if meaning is not None and meaning.intent in {"opt_out", "opt_in"} and not _said_otherwise(turn, meaning):
        turn.evidence = (meaning.text[:200],)
        keep(turn, "scope", scope_of(meaning.text) if meaning.intent == "opt_out" else "all")
        start(turn, meaning.intent)
        if turn.escalation is not None and not turn.facts.human:  # whoever leaves may still be in danger
            escalate(turn, turn.escalation)
        return
    if heard.code:
        _enter_by_code(turn, heard.code)
        if turn.escalation is not None:
            escalate(turn, turn.escalation)
        return
    for tapped in heard.taps:
        _tap(turn, tapped)
    if turn.facts.human:  # words are meant for the human; a tap still counts
        return
    if not heard.taps:
        _untapped(turn, heard)
    elif meaning is not None and not turn.handed_off and _matters(turn, meaning):
        _text(turn, heard, meaning)


def _product(meaning: Understanding | None) -> str:
    """The SKU of the one product that the words name; empty where they name none, or several."""
    entities = meaning.entities if meaning is not None else ()
    named = {entity.value for entity in entities if entity.kind == "product"}
    return named.pop() if len(named) == 1 else ""


def _called_for(
    turn: Turn, meaning: Understanding | None, escalation: Escalation | None
) -> Escalation | None:
    """The call for a human, unless the words only name what was asked for, or the shop has answered them."""
    if meaning is None or escalation is None or escalation.reason in ALARMS:
        return escalation
    if _names(turn, meaning) or settles(meaning, escalation.reason, asked(turn, meaning)):
        return None
    return escalation


def _names(turn: Turn, meaning: Understanding) -> bool:
    """Whether the words only tell an order's number, or what the open question asks for."""
    if order_number_alone(meaning, asked=turn.order is None) is not None:
        return True
    step = turn.open[1] if turn.open is not None else None
    if not isinstance(step, Ask):
        return False
    return only_a_product(meaning) if step.expects == "product" else only_named(meaning)


def _feel(turn: Turn, meaning: Understanding | None) -> None:
    """A bad mood pulls the brake, a good one lets go of it; an open case stays one."""
    if meaning is None:
        return
    felt = Felt(turn.now, meaning.mood.polarity)
    turn.state = changed(turn.state, moods=(*turn.state.moods, felt)[-_KEPT_MOODS:])
    escalation = turn.escalation
    bad = meaning.mood.label == "negative" and not _names(turn, meaning)
    if bad or (escalation is not None and escalation.reason not in CALM):
        pull(turn, "mood")
    elif meaning.mood.label == "positive":
        lift(turn, "mood")


def _untapped(turn: Turn, heard: Heard) -> None:
    """Words, something without words, or the mere coming in."""
    if (
        heard.photos
        and (opened := _opened(turn)) is not None
        and answers(turn, *opened, Said(None, heard.photos))
    ):
        return
    if heard.link and start(turn, f"link:{heard.link}"):
        return
    if heard.understanding is not None:
        _text(turn, heard, heard.understanding)
    elif heard.wordless:
        start(turn, "wordless")
    elif heard.arrived:
        start(turn, "first" if turn.state.disclosed_at is None else "menu")


def _opened(turn: Turn) -> tuple[Flow, Asking] | None:
    """The open question, if there is one."""
    opened = turn.open
    return (opened[0], opened[1]) if opened is not None and isinstance(opened[1], Asking) else None


# -- coming in


def _enter_by_code(turn: Turn, code: str) -> None:
    """An entry code: tie the chat to the order if the code is fresh, and greet."""
    entry = turn.facts.entry or Entry("unknown", code)
    if entry.state in {"fresh", "yours"} and entry.order_id is None:
        entry = Entry("unknown", code)
    if turn.facts.entry != entry:
        turn.facts = replace(turn.facts, entry=entry)
    if entry.order_id is not None and entry.state in {"fresh", "yours"}:
        turn.focus(entry.order_id)
    if entry.order_id is not None and entry.state == "fresh":
        turn.records.append(Bound(entry.code, entry.order_id))
        order = turn.orders.get(entry.order_id)
        if turn.state.language is None and order is not None and order.language:
            spoken = "de" if order.language.lower().startswith("de") else "en"
            turn.state = changed(turn.state, language=spoken)
        enrol_known_orders(turn)
    turn.state = changed(turn.state, misses=0)
    start(turn, "entry")


# -- taps


def _tap(turn: Turn, tapped: Tapped) -> None:
    """A tapped button: of the open question, of an old one, or of none."""
    version = turn.state.version if tapped.flow == turn.state.flow else ""
    flow = turn.book.find(tapped.flow, version)
    step = flow.steps.get(tapped.step) if flow is not None else None
    if flow is None or step is None:
        _old(turn, None, None, tapped)
        return
    this = f"{tapped.asked}:{tapped.choice}"
    at = turn.state.answered_at
    again = this == turn.state.answered and at is not None and turn.now - at < _DOUBLE_TAP
    if tapped.asked and _rated_by_tap(turn, flow, step, tapped, again=again):
        return
    current = tapped.asked == turn.state.asked and (flow.id, step.id) == (turn.state.flow, turn.state.step)
    offered = current or (not tapped.asked and (flow.id, step.id) == (turn.state.flow, turn.state.step))
    if isinstance(step, Asking) and offered and any(one.id == tapped.choice for one in turn.state.options):
        _take(turn, flow, step, tapped.choice)
    elif not again:
        _old(turn, flow, step, tapped)


def _rated_by_tap(turn: Turn, flow: Flow, step: Step, tapped: Tapped, *, again: bool) -> bool:
    """A rating counts whenever it is tapped, once per order; False if the question's order is not known."""
    if not isinstance(step, Ask) or step.expects != "rating":
        return False
    order_id = turn.state.rating_asks.get(str(tapped.asked))
    if order_id is None or tapped.choice not in {"1", "2", "3", "4", "5"}:
        return False
    if order_id in turn.state.ratings:
        if not again:
            turn.phrase("already_rated")
        return True
    _note_answer(turn, tapped.asked, tapped.choice)
    rate(turn, flow, step, order_id, int(tapped.choice))
    return True


def _old(turn: Turn, flow: Flow | None, step: Step | None, tapped: Tapped) -> None:
    """A tap on a question that is no longer open. The way to a human always is."""
    if flow is not None and isinstance(step, Ask | Consent) and str(tapped.asked) in turn.state.unanswered:
        turn.reopen(flow, step, tapped.asked)
        _note_answer(turn, tapped.asked, tapped.choice)
        choose(turn, flow, step, tapped.choice)
        return
    choice = None
    if isinstance(step, Ask):
        choice = next((spec for spec in step.choices if spec.id == tapped.choice), None)
    human = turn.book.on.get("human_request")
    to_human = (
        choice is not None and choice.to is not None and human is not None and choice.to.flow == human.id
    )
    if flow is not None and isinstance(step, Ask) and choice is not None and (to_human or turn.open is None):
        _note_answer(turn, tapped.asked, tapped.choice)
        choose(turn, flow, step, tapped.choice)
        return
    turn.phrase("stale")
    if not turn.repeat():
        start(turn, "menu")


def _take(turn: Turn, flow: Flow, step: Asking, choice: str, words: str = "") -> None:
    """Act on a choice, and remember that it was taken; ``words`` are the buyer's where they wrote it."""
    _note_answer(turn, turn.state.asked, choice)
    choose(turn, flow, step, choice, words)


def _note_answer(turn: Turn, asked: int, choice: str) -> None:
    left = {number: about for number, about in turn.state.unanswered.items() if number != str(asked)}
    turn.state = changed(
        turn.state, answered=f"{asked}:{choice}", answered_at=turn.now, misses=0, unanswered=left
    )


def _matters(turn: Turn, meaning: Understanding) -> bool:
    """Whether words that came along with a tap want an answer of their own."""
    if turn.escalation is not None or meaning.intent in {"order_status", "care_tip"}:
        return True
    if (written := asked(turn, meaning)) is not None and written.sure:
        return True
    return turn.open is not None and takes_words(turn, turn.open[1])


# -- words


def _text(turn: Turn, heard: Heard, meaning: Understanding) -> None:
    """Words: a choice in other words, a question, a wish, small talk, or something we do not understand."""
    opened = _opened(turn)
    if opened is not None and (choice := offered(turn, meaning)) is not None:
        _take(turn, *opened, choice, clean(meaning.text)[:200])
        return
    if turn.escalation is not None:
        _called(turn, heard, turn.escalation, meaning)
        return
    turn.evidence = (meaning.text[:200],)
    written = asked(turn, meaning)
    if _keyword(turn, meaning) or told_surely(turn, meaning, written):
        return
    if (opened is not None and _answered(turn, opened, Said(meaning, heard.photos))) or _wish(turn, meaning):
        turn.state = changed(turn.state, misses=0)
        return
    if told_perhaps(turn, meaning, written):
        return
    if turn.state.disclosed_at is None:
        start(turn, "first")
        return
    if _small_talk(turn, meaning):
        turn.state = changed(turn.state, misses=0)
        return
    if opened is not None and missed(turn, *opened):
        return
    _miss(turn, meaning)


def _said_otherwise(turn: Turn, meaning: Understanding) -> bool:
    """Whether what looks like an opt-out or opt-in is the title of a choice, or a phrase that a flow claims.

    A single word that clearly is one stays one, whoever claims it: "stop" must work everywhere.
    """
    if offered(turn, meaning) is not None:
        return True
    stop = meaning.confidence >= _CLEARLY and len(meaning.text.split()) == 1
    return _claimed(turn, meaning) is not None and not stop


def _claimed(turn: Turn, meaning: Understanding) -> Flow | None:
    """The flow that claims the whole message for itself: then nobody needs to guess what it means."""
    return turn.book.keywords.get(key(meaning.text)) if len(meaning.text) <= _LONGEST_PHRASE else None


def offered(turn: Turn, meaning: Understanding) -> str | None:
    """The choice that somebody typed by its number, its title, or as stars."""
    options = turn.state.options
    if not options or turn.open is None:
        return None
    kinds = {entity.kind: entity.value for entity in meaning.entities}
    if turn.state.expecting == "rating" and kinds.get("rating"):
        return kinds["rating"]
    if (
        turn.state.expecting in {"choice", "rating"}
        and "number" in kinds
        and int(kinds["number"]) <= len(options)
    ):
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


def claiming(book: Book, text: str) -> Flow | None:
    """The flow that claims a phrase for itself which is said alone or inside a short sentence."""
    if not book.keywords:
        return None
    said = key(text[:_LONGEST_PHRASE])
    flow = book.keywords.get(said)
    if flow is None and "?" not in text:  # who asks about offers has not refused them
        padded = f" {said} "
        flow = next(
            (one for phrase, one in book.keywords.items() if " " in phrase and f" {phrase} " in padded),
            None,
        )
    return flow


def _keyword(turn: Turn, meaning: Understanding) -> bool:
    flow = claiming(turn.book, meaning.text)
    if flow is None:
        return False
    enter(turn, Target(flow.id))
    return True


def _answered(turn: Turn, opened: tuple[Flow, Asking], said: Said) -> bool:
    """Whether this answers the open question. Who asks where the parcel is has not given one."""
    flow, step = opened
    meaning = said.meaning
    number = meaning is not None and order_number_alone(meaning, asked=True) is not None
    wish = meaning is not None and meaning.intent == "order_status" and not number
    offered = isinstance(step, Ask) and any("order_status" in choice.intents for choice in step.choices)
    return not (wish and not offered) and answers(turn, flow, step, said)


def _called(turn: Turn, heard: Heard, escalation: Escalation, meaning: Understanding) -> None:
    """Words for which triage calls a human, unless they are plainly something else.

    That is: a phrase that a flow claims, or a bare yes, no, date or number that answers the open question.
    """
    opened = _opened(turn)
    turn.evidence = escalation.evidence
    if escalation.reason not in ALARMS:
        if (flow := _claimed(turn, meaning)) is not None:
            enter(turn, Target(flow.id))
            return
        short = turn.state.expecting in _VALUES and len(meaning.text.split()) <= _SHORT
        bare = short or meaning.intent in {"yes", "no"}
        if bare and opened is not None and _answered(turn, opened, Said(meaning, heard.photos)):
            turn.state = changed(turn.state, misses=0)
            return
    _unhappy(turn, opened, escalation, meaning)


def _unhappy(
    turn: Turn, opened: tuple[Flow, Asking] | None, escalation: Escalation, meaning: Understanding
) -> None:
    """Trouble inside the checklist has help of its own; everything else goes to a human."""
    helped = escalation.reason not in ALARMS and meaning.intent in _TROUBLE and not beyond_help(meaning)
    if opened is not None and isinstance(opened[1], Checklist) and helped:
        stuck = any(option.id == "stuck" for option in turn.state.options)
        _take(turn, *opened, "stuck" if stuck else "human")
        return
    if escalation.reason == "low_rating" and _rated_in_words(turn, meaning):
        return
    step = opened[1] if opened is not None else None
    if isinstance(step, Ask) and step.expects == "comment" and takes_words(turn, step):
        keep_comment(turn, meaning.text)
    escalate(turn, escalation)


def escalate(turn: Turn, escalation: Escalation) -> None:
    """Begin the first flow that the book has for this; it hands over."""
    turn.escalation = escalation
    turn.evidence = escalation.evidence
    any(start(turn, trigger) for trigger in escalation.triggers)


def _wish(turn: Turn, meaning: Understanding) -> bool:
    """A wish that has a flow of its own, said at any time."""
    kinds = {entity.kind: entity.value for entity in meaning.entities}
    order = turn.order
    if _rated_in_words(turn, meaning):
        return True
    alone = order_number_alone(meaning, asked=order is None)
    named = alone or kinds.get("order_number")
    if named is not None:
        turn.records.append(Noted("order_number", clean(named)))
    if named is not None and (order is None or alone is not None or meaning.intent == "out_of_scope"):
        return start(turn, "order_number")
    if _praises(meaning) and turn.open is not None:  # a kind word in passing; the question stays open
        return False
    return meaning.intent in WISHES and start(turn, meaning.intent)


def _praises(meaning: Understanding) -> bool:
    return meaning.intent == "rating" and meaning.mood.label == "positive"


def _rated_in_words(turn: Turn, meaning: Understanding) -> bool:
    """A rating of an order that has none yet, written of one's own accord."""
    order = turn.order
    score = next((one.value for one in meaning.entities if one.kind == "rating"), None)
    if meaning.intent != "rating" or score is None or order is None or order.id in turn.state.ratings:
        return False
    return _rate_unasked(turn, order.id, int(score))


def _rate_unasked(turn: Turn, order_id: str, score: int) -> bool:
    """A rating that nobody had asked for counts like any other."""
    flow = turn.book.on.get("rating")
    asks = flow.steps.values() if flow is not None else ()
    step = next((one for one in asks if isinstance(one, Ask) and one.expects == "rating"), None)
    if flow is None or step is None:
        return False
    rate(turn, flow, step, order_id, score)
    return True


def _small_talk(turn: Turn, meaning: Understanding) -> bool:
    """A greeting, a thank-you, a yes or no to nothing: answered without moving anything."""
    match meaning.intent:
        case "thanks":
            turn.phrase("thanks")
        case "greeting":
            _greet(turn)
        case "goodbye":
            return start(turn, "goodbye")
        case "yes" | "no" if turn.open is None:
            turn.phrase("wait")
        case "out_of_scope" | "rating" if meaning.mood.label == "positive":
            turn.phrase("glad")
        case _:
            return False
    return True


def _greet(turn: Turn) -> None:
    """Somebody looks in: what has waited for them comes first, then where they had been."""
    if resume_parked(turn):
        return
    if turn.open is not None:
        turn.phrase("hello")
        turn.repeat()
    else:
        start(turn, "greeting")


def _miss(turn: Turn, meaning: Understanding) -> None:
    """Not understood: once more, kindly; then the ways on, a human among them; the third time a human."""
    misses = turn.state.misses + 1
    if misses > _MISSES:
        escalate(turn, stuck(meaning, moment_of(turn.state, turn.facts, turn.order, turn.now)))
        return
    if misses < _MISSES and turn.open is not None:
        turn.phrase("miss")
        turn.repeat()
    else:
        start(turn, "miss")
    turn.state = changed(turn.state, misses=min(misses, _MISSES))
