"""Checks of consent: who asks how somebody likes it, or offers something, must have been allowed to.

Sources: § 7 UWG and BGH VI ZR 225/17 (questions for a rating are advertising); the double opt-in is how the
courts accept a consent as proven.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from dialogs.check_map import Place
from dialogs.check_scope import Scope
from dialogs.expressions import Expression
from dialogs.flow import Ask, Book, Consent, Flow, If, Offer, Remind, Step
from dialogs.problems import Problem

Granted: TypeAlias = frozenset[str]
_Stand: TypeAlias = tuple[Place, Granted, bool]
"""A step, what is allowed there, and whether a buyer's answer there would be followed."""

_PURPOSES: Final = ("feedback", "offers")
_MOST: Final = 20_000
_ALLOWS: Final = re.compile(r"(?<![\w.])allows_(feedback|offers)\b")


def check_consent(scope: Scope) -> Iterator[Problem]:
    """Everything that is wrong with purposes and consents."""
    for place, step in scope.map.steps.items():
        if (
            isinstance(step, Consent)
            and step.purpose == "offers"
            and step.action == "ask"
            and not step.confirm
        ):
            yield scope.places.problem("no_double_opt_in", *place, ("consent",), word=place[1])
    yield from _undeclared(scope)
    if scope.whole:
        yield from _never_asked(scope)


def _undeclared(scope: Scope) -> Iterator[Problem]:
    """Flows that begin unasked and come to a rating or an offer without its purpose."""
    told: set[tuple[Place, str]] = set()
    for flow, starts in _unasked(scope).items():
        for place, purpose in _demanding(scope, starts):
            here = place[0] == flow
            about = (place if here else (flow, ""), purpose)
            if about in told:
                continue
            told.add(about)
            details = {
                "purpose": purpose,
                "word": place[1] if here else f"/{place[0]}/{place[1]}",
                "home": flow,
            }
            step, at = (place[1], ("id",)) if here else ("", ("purpose",))
            yield scope.places.problem(f"{purpose}_purpose", flow, step, at, **details)


def _unasked(scope: Scope) -> Mapping[str, set[_Stand]]:
    """Where each flow begins or goes on without the buyer, and what is allowed there."""
    map_ = scope.map
    starts: dict[str, set[_Stand]] = {}

    def start(place: Place | None, *more: str) -> None:
        if place is not None:
            granted = frozenset({scope.book.flows[place[0]].purpose, *more})
            starts.setdefault(place[0], set()).add((place, granted, True))

    for flow in scope.book.flows.values():
        for trigger in flow.triggers:
            if trigger.proactive:
                start(map_.first(flow), *(_allowing(trigger.when) if trigger.when is not None else ()))
    for ways in map_.ways.values():
        for arrow in ways:
            if arrow.way in {"wait", "silence", "reminder"}:
                start(map_.find(arrow.to))
    return starts


def _demanding(scope: Scope, starts: Iterable[_Stand]) -> Iterator[tuple[Place, str]]:
    """The steps that need a purpose which is not allowed where they are reached.

    Inside its own flow a buyer's answers are followed too; into another flow only what comes of itself, and
    there as far as the next question: who chooses another flow has asked for it.
    """
    seen = set(starts)
    home = {place[0] for place, _, _ in seen}
    waiting = sorted(seen, key=lambda stand: (stand[0], sorted(stand[1])))
    for place, granted, inside in waiting:  # grows while it is walked
        step = scope.map.steps[place]
        purpose = _needed(step)
        if purpose and purpose not in granted:
            yield place, purpose
        if len(seen) > _MOST:
            return
        for stand in _onward(scope, place, granted, inside=inside, home=home):
            if stand not in seen:
                seen.add(stand)
                waiting.append(stand)


def _needed(step: Step) -> str:
    if isinstance(step, Offer):
        return "offers"
    if isinstance(step, Ask) and (
        step.expects in {"rating", "comment"}
        or (step.expects == "number" and (step.least, step.most) == (0, 10))
    ):
        return "feedback"
    return ""


def _onward(
    scope: Scope, place: Place, granted: Granted, *, inside: bool, home: set[str]
) -> Iterator[_Stand]:
    map_ = scope.map
    step = map_.steps[place]
    refused: set[str] = set()
    for number, arrow in enumerate(map_.ways[place]):
        found = map_.find(arrow.to)
        more: Iterable[str] = ()
        if isinstance(step, If):
            more = refused
            if number < len(step.cases):
                condition = step.cases[number][0]
                more = {*refused, *_allowing(condition)}
                refused |= _forbidding(condition)
        elif isinstance(step, Consent) and arrow.at == ("given",):
            more = {step.purpose}
        if found is None or arrow.way in {"reminder", "silence", "wait"}:
            continue  # a flow that goes on by itself begins anew: see `_unasked`
        answered = arrow.way == "answer"
        if answered and (not inside or found[0] not in home):
            continue
        yield found, granted | frozenset(more), inside and found[0] in home


def _allowing(condition: Expression) -> set[str]:
    """The purposes that are allowed wherever this holds: named, not negated, and no mere alternative."""
    if re.search(r"\b(?:not|or|if)\b", condition.source):
        return set()
    return set(_ALLOWS.findall(condition.source))


def _forbidding(condition: Expression) -> set[str]:
    """The purposes that are allowed wherever this does *not* hold."""
    found = re.fullmatch(r"\s*not\s+allows_(feedback|offers)\s*", condition.source)
    return {found[1]} if found is not None else set()


def _never_asked(scope: Scope) -> Iterator[Problem]:
    """Purposes that flows need and that no step of the book asks for: those flows could never begin."""
    asked = {
        step.purpose
        for step in scope.map.steps.values()
        if isinstance(step, Consent) and step.action in {"ask", "grant"}
    }
    for flow in _begun_by_the_shop(scope.book):
        if flow.purpose in _PURPOSES and flow.purpose not in asked:
            yield scope.places.problem(
                "consent_missing", flow.id, "", ("purpose",), purpose=flow.purpose, word=flow.id
            )


def _begun_by_the_shop(book: Book) -> Iterator[Flow]:
    reminded = {
        step.target.flow
        for flow in book.flows.values()
        for step in flow.steps.values()
        if isinstance(step, Remind)
    }
    for flow in book.flows.values():
        if flow.id in reminded or any(trigger.proactive for trigger in flow.triggers):
            yield flow
