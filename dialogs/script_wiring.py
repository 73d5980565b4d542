"""What only the whole book shows: where flows lead, what starts which, and what facts each needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from dialogs.check_map import Arrow, arrows
from dialogs.check_pieces import pieces
from dialogs.facts import Need
from dialogs.flow import (
    REQUIRED,
    Ask,
    Checklist,
    Consent,
    Flow,
    If,
    Note,
    Offer,
    Say,
    Set,
    Step,
    Trigger,
    Wait,
)
from dialogs.names import NAMES
from dialogs.problems import Problem, named
from dialogs.source import Path, Source
from dialogs.templates import TemplateText

Proactive: TypeAlias = dict[str, tuple[tuple[Flow, Trigger], ...]]
Templates: TypeAlias = Mapping[tuple[str, str], TemplateText]

_LATER: Final = frozenset({"wait", "silence", "reminder"})
"""Ways that the clock goes, so that no turn goes on by them."""


@dataclass(frozen=True, slots=True)
class Written:
    """A flow as far as it can be read, and where it is written; ``whole`` tells that all of it can.

    ``steps`` are the ids of all its steps, also of those that cannot be read, ``places`` where each of its
    triggers stands.
    """

    flow: Flow
    home: Source
    steps: Collection[str]
    places: tuple[Path, ...]
    whole: bool = True


def index(flows: Mapping[str, Flow]) -> tuple[dict[str, Flow], dict[str, Flow], Proactive]:
    """What finds a flow: intents, occasions and links; keywords; and what starts it unasked."""
    on: dict[str, Flow] = {}
    keywords: dict[str, Flow] = {}
    proactive: Proactive = {}
    for flow in flows.values():
        for trigger in flow.triggers:
            match trigger.kind:
                case "intent" | "occasion":
                    on[trigger.value] = flow
                case "link":
                    on[f"link:{trigger.value}"] = flow
                case "keyword":
                    keywords[trigger.value] = flow
                case _:
                    name = f"{trigger.kind}:{trigger.value}"
                    proactive[name] = (*proactive.get(name, ()), (flow, trigger))
    return on, keywords, proactive


# -- needs


def needs_of(step: Step, templates: Templates) -> frozenset[Need]:
    """The facts that a step itself refers to."""
    names = _names_in(step)
    if template := template_of(step):
        names |= {
            word for (name, _), text in templates.items() if name == template for word in text.parameters
        }
    needs: set[Need] = set(_needs(names))
    match step:
        case Checklist():
            needs |= {"orders", "products"}
        case Ask(expects="rating"):
            needs.add("orders")
        case Offer():
            needs |= {"orders", "products", "journey"}
        case Consent():
            needs.add("journey")
        case Say() if step.carousel is not None:
            needs |= {"orders", "products"}
            needs |= {"journey"} if step.carousel.of == "complements" else set()
        case _:
            pass
    return frozenset(needs)


def with_needs(flows: Mapping[str, Flow], templates: Templates) -> dict[str, Flow]:
    """Flows whose needs include those of every flow that one turn can lead to.

    ``journey`` costs most: it is asked for where the flow itself names it, or leads straight to an offer.
    """
    own: dict[str, set[Need]] = {}
    leads: dict[str, set[str]] = {}
    offering: set[str] = set()
    for flow in flows.values():
        own[flow.id] = {need for one in flow.triggers if one.when for need in _needs(one.when.names)}
        own[flow.id].update(need for step in flow.steps.values() for need in needs_of(step, templates))
        leads[flow.id] = {target for step in flow.steps.values() for target in _leads_at_once(step)}
        if any(isinstance(step, Offer) for step in flow.steps.values()):
            offering.add(flow.id)
    complete: dict[str, Flow] = {}
    for flow in flows.values():
        needs = {need for name in _reached(flow.id, leads) for need in own.get(name, ())}
        if "journey" not in own[flow.id] and not leads[flow.id] & offering:
            needs -= {"journey"}
        complete[flow.id] = replace(flow, needs=frozenset(needs))
    return complete


def _leads_at_once(step: Step) -> Iterator[str]:
    """The flows that a turn may go on to from a step; an event that is over is not waited for."""
    for arrow in arrows(step):
        over = isinstance(step, Wait) and step.event is not None
        if arrow.to is not None and (arrow.way not in _LATER or over):
            yield arrow.to.flow


def _reached(start: str, leads: Mapping[str, set[str]]) -> set[str]:
    reached = {start}
    waiting = [start]
    while waiting:
        fresh = leads.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def template_of(step: Step) -> str:
    """The WhatsApp template that may stand in for a step."""
    return step.template if isinstance(step, Say | Ask | Offer) else ""


def _names_in(step: Step) -> set[str]:
    """Every name that a step refers to, in texts, values and conditions."""
    found = {name for piece in pieces(step) for name in piece.words.names}
    match step:
        case If():
            found.update(name for condition, _ in step.cases for name in condition.names)
        case Set() | Note():
            found.update(name for _, filling in step.values for name in filling.names)
        case _:
            pass
    return found


def _needs(names: Collection[str]) -> Iterator[Need]:
    for name in names:
        if name in NAMES:
            yield from NAMES[name].needs
        elif name.startswith("notes."):  # a preference may have been told in another chat
            yield "journey"


# -- wiring


def wiring(
    written: Mapping[str, Written], unreadable: Collection[str], templates: Collection[str] | None
) -> Iterator[Problem]:
    """Ways that lead nowhere, unknown templates, triggers claimed twice or by nobody.

    What an ``unreadable`` flow would have been or answered is not missed, nor are templates that could not be
    read at all (None).
    """
    for one in written.values():
        for step in one.flow.steps.values():
            yield from _dangling(one, step, written, unreadable)
            template = template_of(step)
            if template and templates is not None and template not in templates:
                yield _problem(one, step, ("template",), "unknown_template", named(template, templates))
    yield from _claims(written, unreadable)


def _dangling(
    one: Written, step: Step, written: Mapping[str, Written], unreadable: Collection[str]
) -> Iterator[Problem]:
    """Every way of a step that leads nowhere, once for each place where it is written."""
    for arrow in {arrow.at: arrow for arrow in arrows(step)}.values():
        details = _lost(one, arrow, written, unreadable)
        if details is not None:
            yield _problem(one, step, arrow.at, "dangling", {"from": step.id} | details)


def _lost(
    one: Written, arrow: Arrow, written: Mapping[str, Written], unreadable: Collection[str]
) -> dict[str, str] | None:
    target = arrow.to
    if target is None or target.flow in unreadable:
        return None
    there = written.get(target.flow)
    if there is None:
        return named(f"/{target.flow}", [f"/{name}" for name in written])
    if not target.step or target.step in there.steps:
        return None
    if there is one:
        return named(target.step, there.steps)
    return named(
        f"/{target.flow}/{target.step}",
        [f"/{target.flow}", *(f"/{target.flow}/{name}" for name in there.steps)],
    )


def _claims(written: Mapping[str, Written], unreadable: Collection[str]) -> Iterator[Problem]:
    """Triggers that two flows claim, that no flow does, and that wait for a flow that is not there."""
    claimed: dict[tuple[str, str], str] = {}
    for one in written.values():
        for at, trigger in zip(one.places, one.flow.triggers, strict=True):
            if trigger.kind == "flow" and trigger.value not in written and trigger.value not in unreadable:
                details = named(trigger.value, written)
                yield one.home.problem("not_possible", at, flow=one.flow.id, details=details)
            if trigger.proactive:
                continue
            other = claimed.setdefault((trigger.kind, trigger.value), one.flow.id)
            if other != one.flow.id:
                details = {"word": trigger.value, "other": other}
                yield one.home.problem("trigger_taken", at, flow=one.flow.id, details=details)
    if not unreadable and all(one.whole for one in written.values()):
        for word in sorted(REQUIRED - {value for kind, value in claimed if kind in {"intent", "occasion"}}):
            yield Problem("(all files)", 1, 1, "trigger_free", {"word": word})


def _problem(one: Written, step: Step, at: Path, kind: str, details: Mapping[str, str]) -> Problem:
    steps = one.home.data.get("steps") if isinstance(one.home.data, dict) else None
    for number, entry in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(entry, dict) and entry.get("id") == step.id:
            alone = at[:1] == ("if",) and not isinstance(entry.get("if"), list)
            place: Path = ("steps", number, *(("then",) if alone else at))
            return one.home.problem(kind, place, flow=one.flow.id, step=step.id, details=details)
    return one.home.problem(kind, (), flow=one.flow.id, step=step.id, details=details)
