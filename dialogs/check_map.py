"""The book as a map, for its checks: which step leads where, by what, and where that is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from dialogs.flow import (
    Ask,
    Book,
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
from dialogs.source import Path

Way: TypeAlias = Literal["next", "case", "answer", "passed", "wait", "silence", "called", "back", "reminder"]
"""How one step leads to another: at once (``next``, ``case``; ``passed``: a consent that is decided already;
``called`` and ``back``: into another flow and on after it), by an answer, after a pause, when nobody answers,
or by a reminder that comes later."""

AT_ONCE: Final = frozenset({"next", "case", "passed", "called", "back"})
"""Ways that are gone in one turn, without anybody doing anything."""

Place: TypeAlias = tuple[str, str]
"""A flow and a step of it."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One way on from a step; ``at`` is where in the step it is written, ``to`` None the flow's end."""

    way: Way
    to: Target | None
    at: Path


def arrows(step: Step) -> Iterator[Arrow]:
    """Every way on from a step."""
    match step:
        case Say() | Set() | Note() | Go():
            yield Arrow("next", step.to, ("go",))
        case Ask():
            yield from _from_question(step)
        case Checklist():
            yield Arrow("answer", step.finished, ("finished",))
            yield Arrow("answer", step.person, ("person",))
        case If():
            for number, (_, to) in enumerate(step.cases):
                yield Arrow("case", to, ("if", number, "go"))
            yield Arrow("case", step.otherwise, ("else",))
        case Consent():
            yield from _from_consent(step)
        case Handoff() | End():
            return
        case _:
            yield from _from_errand(step)


def _from_errand(step: Wait | Call | Offer | Remind) -> Iterator[Arrow]:
    match step:
        case Wait():
            yield Arrow("wait", step.to, ("go",))
            if step.event is not None:
                yield Arrow("wait", step.otherwise, ("else",))
        case Call():
            yield Arrow("called", step.flow, ("call",))
            yield Arrow("back", step.to, ("go",))
        case Offer():
            yield Arrow("next", step.to, ("go",))
            yield Arrow("next", step.nothing, ("nothing",))
        case Remind():
            yield Arrow("next", step.to, ("go",))
            yield Arrow("reminder", step.target, ("with",))


def _from_question(step: Ask) -> Iterator[Arrow]:
    if step.expects == "choice":
        for number, choice in enumerate(step.choices):
            yield Arrow("answer", choice.to, ("choices", number, "go"))
    elif step.expects == "rating":
        yield Arrow("answer", step.low, ("low",))
        yield Arrow("answer", step.middle, ("middle",))
        yield Arrow("answer", step.high, ("high",))
    else:
        yield Arrow("answer", step.to, ("go",))
    if step.skip is not None:
        yield Arrow("answer", step.skipped, ("skipped",))
    if step.otherwise is not None:
        yield Arrow("answer", step.otherwise, ("otherwise",))
    if step.silence is not None and step.silence.to is not None:
        yield Arrow("silence", step.silence.to, ("silence", "go"))


def _from_consent(step: Consent) -> Iterator[Arrow]:
    if step.action != "withdraw":
        yield Arrow("answer" if step.action == "ask" else "next", step.given, ("given",))
    if step.action != "grant":
        yield Arrow("answer" if step.action == "ask" else "next", step.refused, ("refused",))
    if step.action == "ask" and not step.again:
        yield Arrow("passed", step.given, ("given",))
        yield Arrow("passed", step.refused, ("refused",))


class Map:
    """All steps of a book and the ways between them. ``ways`` holds those of each step."""

    def __init__(self, book: Book) -> None:
        """Draw the map of ``book``."""
        self.book = book
        self.steps: Mapping[Place, Step] = {
            (flow.id, name): step for flow in book.flows.values() for name, step in flow.steps.items()
        }
        self.ways: Mapping[Place, tuple[Arrow, ...]] = {
            place: tuple(arrows(step)) for place, step in self.steps.items()
        }

    def find(self, target: Target | None) -> Place | None:
        """The step a target stands for; None for the end, and for one that is not there."""
        flow = self.book.flows.get(target.flow) if target is not None else None
        if target is None or flow is None:
            return None
        place = (flow.id, target.step or flow.first)
        return place if place in self.steps else None

    def lost(self, target: Target | None) -> bool:
        """Whether a target is not there: that is told by the loader, and excuses much."""
        return target is not None and self.find(target) is None

    def first(self, flow: Flow) -> Place | None:
        """Where a flow begins."""
        return self.find(Target(flow.id))

    def onward(self, place: Place, ways: Iterable[str]) -> Iterator[Place]:
        """The steps that follow by these ways."""
        for arrow in self.ways[place]:
            if arrow.way in ways and (found := self.find(arrow.to)) is not None:
                yield found

    def reached(self, roots: Iterable[Place], onward: Callable[[Place], Iterable[Place]]) -> set[Place]:
        """Everything that can be reached from ``roots``."""
        found = set(roots)
        waiting = list(found)
        while waiting:
            fresh = [place for place in onward(waiting.pop()) if place not in found]
            found.update(fresh)
            waiting += fresh
        return found

    def leading(self, wanted: Callable[[Place], bool], ways: Iterable[str]) -> set[Place]:
        """Every step from which one that is ``wanted`` can be reached by these ways, those themselves too."""
        ways = frozenset(ways)
        before: dict[Place, list[Place]] = {}
        for place in self.steps:
            for after in self.onward(place, ways):
                before.setdefault(after, []).append(place)
        return self.reached(filter(wanted, self.steps), lambda place: before.get(place, ()))

    def passing(self) -> frozenset[Place]:
        """The steps from which their flow can end at once, without asking, waiting or handing over."""
        found = {
            place
            for place, step in self.steps.items()
            if isinstance(step, End)
            or (
                not isinstance(step, Call)
                and any(arrow.way in AT_ONCE and arrow.to is None for arrow in self.ways[place])
            )
        }
        waiting = [place for place in reversed(list(self.steps)) if place not in found]
        grown = True
        while grown:  # backwards, as most ways lead forwards: a few rounds will do
            left = []
            for place in waiting:
                if self._passes(place, found):
                    found.add(place)
                else:
                    left.append(place)
            grown, waiting = len(left) < len(waiting), left
        return frozenset(found)

    def _passes(self, place: Place, found: set[Place]) -> bool:
        step = self.steps[place]
        if isinstance(step, Call):
            return self.find(step.flow) in found and (step.to is None or self.find(step.to) in found)
        return any(after in found for after in self.onward(place, AT_ONCE))


def rings(places: Iterable[Place], onward: Callable[[Place], Iterable[Place]]) -> Iterator[tuple[Place, ...]]:
    """The groups of steps that lead to each other in a circle, and single ones that lead to themselves.

    Kosaraju's two walks, without recursion: owners may write flows of any length.
    """
    after = {place: list(onward(place)) for place in places}
    before: dict[Place, list[Place]] = {}
    for place, others in after.items():
        for other in others:
            before.setdefault(other, []).append(place)
    taken: set[Place] = set()
    for root in reversed(_by_end(after)):
        if root in taken:
            continue
        ring = [root]
        taken.add(root)
        for place in ring:  # grows while it is walked
            fresh = [one for one in before.get(place, ()) if one not in taken]
            ring += dict.fromkeys(fresh)
            taken.update(fresh)
        if len(ring) > 1 or root in after[root]:
            yield tuple(ring)


def _by_end(after: Mapping[Place, list[Place]]) -> list[Place]:
    """All steps, in the order in which a walk into the depth is done with them."""
    done: list[Place] = []
    seen: set[Place] = set()
    for root in after:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(after[root]))]
        while stack:
            place, others = stack[-1]
            fresh = next((one for one in others if one not in seen and one in after), None)
            if fresh is None:
                done.append(place)
                stack.pop()
            else:
                seen.add(fresh)
                stack.append((fresh, iter(after[fresh])))
    return done
