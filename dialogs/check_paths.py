"""Checks of the ways through a book: unreached steps, circles, dead ends, steps run into by accident."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

from dialogs.check_map import AT_ONCE, Place, rings
from dialogs.check_scope import Scope
from dialogs.flow import Ask, Checklist, Consent, End, Flow, Handoff, Step, Wait
from dialogs.problems import Problem

_ONWARD: Final = frozenset({"next", "case", "answer", "passed", "wait", "back"})
"""Ways that count as getting on. A silence is none, and what a called flow does is told there."""

_MOST_NAMED: Final = 8


def check_paths(scope: Scope) -> Iterator[Problem]:
    """Everything that is wrong with where steps lead."""
    yield from _unreached(scope)
    yield from _circles(scope)
    yield from _dead_ends(scope)
    for flow in scope.book.flows.values():
        yield from _run_into(scope, flow)


def _unreached(scope: Scope) -> Iterator[Problem]:
    """Steps to which nothing leads, and flows that nothing begins."""
    map_ = scope.map
    entered = {first for flow in scope.book.flows.values() if (first := map_.first(flow)) is not None}
    begun = {flow.id for flow in scope.book.flows.values() if flow.triggers}
    lost: set[str] = set()
    for place, ways in map_.ways.items():
        for arrow in ways:
            if map_.lost(arrow.to):
                lost |= {place[0], arrow.to.flow if arrow.to is not None else ""}
            found = map_.find(arrow.to)
            if found is not None and found[0] != place[0]:
                entered.add(found)
                begun.add(found[0])
    found_all = map_.reached(
        entered, lambda place: (one for arrow in map_.ways[place] if (one := map_.find(arrow.to)) is not None)
    )
    for place in map_.steps:
        # A name that leads nowhere was probably meant for one of these: the loader tells that.
        if place not in found_all and place[0] not in lost:
            yield scope.places.problem("unreachable", *place, ("id",), word=place[1])
    if scope.whole and not lost:
        for flow in scope.book.flows.values():
            if flow.id not in begun:
                yield scope.places.problem("unused_flow", flow.id, "", ("id",), word=flow.id)


def _circles(scope: Scope) -> Iterator[Problem]:
    """Steps that lead to each other in one turn, for ever."""
    map_ = scope.map
    passing = map_.passing()

    def onward(place: Place) -> Iterator[Place]:
        called = next((map_.find(one.to) for one in map_.ways[place] if one.way == "called"), None)
        for arrow in map_.ways[place]:
            found = map_.find(arrow.to)
            waits = arrow.way == "back" and called not in passing
            if found is not None and arrow.way in AT_ONCE and not waits:
                yield found

    order = {place: number for number, place in enumerate(map_.steps)}
    for ring in rings(map_.steps, onward):
        homes: dict[str, Place] = {}
        for place in sorted(ring, key=order.__getitem__):
            homes.setdefault(place[0], place)
        for start in homes.values():  # each flow is told, as each can break the circle
            way = _told(_round_trip(start, set(ring), onward))
            yield scope.places.problem("never_waits", *start, ("id",), way=way)


def _told(way: list[Place]) -> str:
    home = way[0][0]
    names = [f"`{step}`" if flow == home else f"`/{flow}/{step}`" for flow, step in way]
    shown = names if len(names) <= _MOST_NAMED else [*names[: _MOST_NAMED - 1], "…"]
    return " → ".join((*shown, names[0]))


def _round_trip(start: Place, ring: set[Place], onward: Callable[[Place], Iterable[Place]]) -> list[Place]:
    """The shortest way from ``start`` round to itself."""
    before: dict[Place, Place] = {}
    waiting = [start]
    for place in waiting:  # grows while it is walked
        for after in onward(place):
            if after == start:
                way = [place]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if after in ring and after not in before:
                before[after] = place
                waiting.append(after)
    return [start]


def _dead_ends(scope: Scope) -> Iterator[Problem]:
    """Questions and pauses after which neither a human nor an end can ever be reached."""
    map_ = scope.map

    def out(place: Place) -> bool:
        if isinstance(map_.steps[place], Handoff | End):
            return True
        ways = (arrow for arrow in map_.ways[place] if arrow.way in _ONWARD)
        return any(arrow.to is None or map_.lost(arrow.to) for arrow in ways)

    free = map_.leading(out, _ONWARD)
    for place, step in map_.steps.items():
        if place not in free and _pauses(step):
            yield scope.places.problem("no_way_out", *place, ("id",), word=place[1])


def _pauses(step: Step) -> bool:
    return isinstance(step, Ask | Checklist | Wait) or (isinstance(step, Consent) and step.action == "ask")


def _run_into(scope: Scope, flow: Flow) -> Iterator[Problem]:
    """One answer's step that goes on, because nothing else is said, with the step of another answer."""
    told: set[str] = set()
    for name in flow.steps:
        arms = {
            found[1]
            for arrow in scope.map.ways[flow.id, name]
            if arrow.way in {"case", "answer"} and (found := scope.map.find(arrow.to)) is not None
            if found[0] == flow.id
        }
        for first, second in pairwise(flow.steps):
            if (
                first in arms
                and second in arms
                and first not in told
                and _by_default(scope, flow, first, second)
            ):
                told.add(first)
                details = {"word": first, "next": second, "fork": name}
                yield scope.places.problem("falls_through", flow.id, first, ("id",), **details)


def _by_default(scope: Scope, flow: Flow, first: str, second: str) -> bool:
    """Whether a step leads to the one below it without saying so."""
    return any(
        scope.map.find(arrow.to) == (flow.id, second)
        and arrow.way not in {"called", "reminder", "silence", "case"}
        and not scope.places.written(flow.id, first, arrow.at)
        and not scope.places.written(flow.id, first, ("go",))
        for arrow in scope.map.ways[flow.id, first]
    )
