"""Checks that nothing which may be said in a closed window is without a template.

WhatsApp lets a shop write freely for a day after the buyer's last word. What the shop begins by itself, and
what comes after a pause, may be later than that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import product
from typing import Final

from dialogs.check_map import Arrow, Map, Place
from dialogs.check_scope import Scope
from dialogs.expressions import Expression
from dialogs.flow import Ask, Checklist, Consent, Go, Handoff, If, Offer, Say, Step, Trigger, Wait
from dialogs.names import NAMES
from dialogs.problems import Problem

_MOST_TRIED: Final = 6
_PLAIN: Final = re.compile(r"(not +)?([a-z_]+(?:\.[a-z0-9_]+)?)")
"""A name, or its opposite."""
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_OTHERWISE: Final = re.compile(r"\b(?:or|if|else)\b|\(")
"""With one of these not all parts of a condition need to hold."""


def check_windows(scope: Scope) -> Iterator[Problem]:
    """Steps that may speak when the window has closed, and have no template.

    One sentence without a template holds up the whole touchpoint, so every one of them counts.
    """
    window = scope.demands.window
    if window is None:
        return
    quiet = _quiet(scope, window)
    for place, step in scope.map.steps.items():
        if quiet.get(place, timedelta(0)) < window:
            continue
        if isinstance(step, Say | Ask | Offer):
            if not step.template:
                yield scope.places.problem("no_template", *place, ("id",), word=place[1])
        elif isinstance(step, Checklist | Handoff) or (isinstance(step, Consent) and step.action == "ask"):
            yield scope.places.problem("no_template_possible", *place, ("id",), word=place[1])


def _quiet(scope: Scope, window: timedelta) -> Mapping[Place, timedelta]:
    """How long the buyer may have said nothing when a step is reached; ``window`` stands for longer too."""
    map_ = scope.map
    starts = [
        place
        for flow in scope.book.flows.values()
        for trigger in flow.triggers
        if trigger.proactive
        for place in _begun(map_, map_.first(flow), known_at(trigger))
    ]
    quiet = dict.fromkeys(map_.steps, timedelta(0)) | dict.fromkeys(starts, window)
    calls = _Calls(map_)
    waiting = list(quiet)
    while waiting:
        place = waiting.pop()
        for arrow in map_.ways[place]:
            found = map_.find(arrow.to)
            span = _span(scope, map_.steps[place], arrow, quiet[place], window)
            if arrow.way == "back":
                span = calls.after(place, span, window)
            if found is not None and span > quiet[found]:
                quiet[found] = span
                waiting.append(found)
    return quiet


class _Calls:
    """How a called flow ends: at once, after an answer, or after a pause of its own."""

    def __init__(self, map_: Map) -> None:
        self._map = map_
        self._passing = map_.passing()
        self._pausing = {flow for (flow, _), step in map_.steps.items() if isinstance(step, Wait)}

    def after(self, place: Place, before: timedelta, window: timedelta) -> timedelta:
        """How long it has been quiet when the call at ``place`` comes back."""
        called = next(self._map.onward(place, {"called"}), None)
        if called is not None and called[0] in self._pausing:
            return window
        return before if called in self._passing else timedelta(0)


def _span(scope: Scope, step: Step, arrow: Arrow, before: timedelta, window: timedelta) -> timedelta:
    """How long it has been quiet after this way. What comes by itself may have to wait for the morning."""
    match arrow.way:
        case "answer":
            return timedelta(0)
        case "wait" | "silence" | "reminder":
            span = _pause(step, arrow)
            return min(before + span + scope.demands.night, window) if span is not None else window
        case _:
            return before


def _pause(step: Step, arrow: Arrow) -> timedelta | None:
    """How long a pause is; None: nobody knows."""
    if isinstance(step, Wait):
        return step.span if step.event is None or arrow.at == ("else",) else None
    if isinstance(step, Ask) and step.silence is not None:
        return step.silence.after
    return getattr(step, "span", None)


# -- what is known when a touchpoint begins


def known_at(trigger: Trigger) -> Mapping[str, bool]:
    """The conditions that certainly hold, or do not, when a flow begins by this trigger.

    About an order that was called off nothing is begun but the news of it: see `dialogs.journeys`.
    """
    known: dict[str, bool] = {}
    if trigger.kind == "order" and trigger.value != "solved":
        known = {"has_order": True}
        if trigger.value not in {"cancelled", "refunded"}:
            known["called_off"] = False
    source = _QUOTED.sub("''", trigger.when.source) if trigger.when is not None else ""
    if not _OTHERWISE.search(source):
        for part in source.split(" and "):
            plain = _PLAIN.fullmatch(part.strip())
            # Of a text or number that is not empty nobody knows what it is; of an empty one everything.
            if plain is not None and (plain[1] or (plain[2] in NAMES and NAMES[plain[2]].kind == "flag")):
                known[plain[2]] = not plain[1]
    return known


def _begun(map_: Map, place: Place | None, known: Mapping[str, bool]) -> Iterator[Place]:
    """The first steps that do something, past conditions that are decided already."""
    waiting = [place]
    seen: set[Place] = set()
    for here in waiting:  # grows while it is walked
        step = map_.steps[here] if here is not None and here not in seen else None
        if here is None or step is None:
            continue
        seen.add(here)
        if isinstance(step, If):
            for condition, to in step.cases:
                held = decided(condition, known)
                if held is not False:
                    waiting.append(map_.find(to))
                if held:
                    break
            else:
                waiting.append(map_.find(step.otherwise))
        elif isinstance(step, Go):
            waiting.append(map_.find(step.to))
        else:
            yield here


def decided(condition: Expression, known: Mapping[str, bool]) -> bool | None:
    """Whether a condition certainly holds, or certainly does not; None if that is open."""
    free = sorted(condition.names - known.keys())
    if len(free) > _MOST_TRIED or any(name not in NAMES or NAMES[name].kind != "flag" for name in free):
        return None
    found = {
        condition.holds({**known, **dict(zip(free, values, strict=True))}.__getitem__)
        for values in product((True, False), repeat=len(free))
    }
    return found.pop() if len(found) == 1 else None
