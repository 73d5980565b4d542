"""Checks that promises of a time are kept: a reminder, a pause of the flow itself or a human must follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dialogs.check_map import Map, Place
from dialogs.check_pieces import pieces
from dialogs.check_scope import Scope
from dialogs.flow import Call, Handoff, Remind, Step, Wait
from dialogs.problems import Problem
from dialogs.promises import promise_in

_ONWARD: Final = frozenset({"next", "case", "answer", "wait", "back", "called"})
_BUTTONS: Final = frozenset(
    {"choices", "titles", "skip", "done", "stuck", "solved", "human", "yes", "no", "picture"}
)


def check_promises(scope: Scope) -> Iterator[Problem]:
    """Promises of a time that nobody keeps."""
    kept: frozenset[Place] | None = None
    for place, step in scope.map.steps.items():
        found = [] if isinstance(step, Handoff) else list(_promises(step))
        if not found:
            continue
        if kept is None:  # most books promise little: this is only worked out where it matters
            kept = _kept(scope.map)
        if not _kept_after(scope.map, place, kept) and not _kept_before(scope.map, place):
            for at, words in found:
                yield scope.places.problem("broken_promise", *place, at, word=words)


def _promises(step: Step) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for piece in pieces(step):
        if piece.at[0] in _BUTTONS:
            continue
        for key, text in piece.words.texts.items():
            if words := promise_in(text):
                yield (*piece.at, key), words
                break


def _keeps(step: Step) -> bool:
    return isinstance(step, Remind | Handoff | Wait)


def _kept(map_: Map) -> frozenset[Place]:
    """The steps from which every way leads to one that keeps a promise."""
    found = {place for place, step in map_.steps.items() if _keeps(step)}
    waiting = [place for place in reversed(list(map_.steps)) if place not in found]
    grown = True
    while grown:
        left = []
        for place in waiting:
            if _kept_after(map_, place, found):
                found.add(place)
            else:
                left.append(place)
        grown, waiting = len(left) < len(waiting), left
    return frozenset(found)


def _kept_after(map_: Map, place: Place, kept: frozenset[Place] | set[Place]) -> bool:
    """Whether all that follows a step keeps a promise. What is not there is told elsewhere, and excused."""
    ways = [arrow for arrow in map_.ways[place] if arrow.way in _ONWARD]
    held = [map_.lost(arrow.to) or map_.find(arrow.to) in kept for arrow in ways]
    return any(held) if isinstance(map_.steps[place], Call) else bool(held) and all(held)


def _kept_before(map_: Map, place: Place) -> bool:
    """Whether every way to a step leads over a reminder: first it is set, then it is promised."""
    flow = map_.book.flows[place[0]]
    roots = {found for found in [map_.first(flow)] if found is not None}
    for other, ways in map_.ways.items():
        if other[0] != flow.id:
            roots |= {found for one in ways if (found := map_.find(one.to)) and found[0] == flow.id}
    roots = {root for root in roots if not isinstance(map_.steps[root], Remind)}

    def onward(here: Place) -> Iterator[Place]:
        for arrow in map_.ways[here]:
            found = map_.find(arrow.to)
            if found is not None and found[0] == flow.id and not isinstance(map_.steps[found], Remind):
                yield found

    return place not in map_.reached(roots, onward)
