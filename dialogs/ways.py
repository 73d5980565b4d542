"""The ways on from a step, by name: what a turn notes where it is watched, and coverage counts."""

from __future__ import annotations

from typing import Final

from dialogs.flow import Ask, Checklist, Consent, If, Offer, Step, Wait

NOT_ASKED_AGAIN: Final = frozenset({"choice", "rating", "comment"})
"""Answers that are never of the wrong kind."""


def choice(id_: str) -> str:
    """The way of a button."""
    return f"choice {id_}"


def ways(step: Step) -> tuple[str, ...]:
    """All ways on from a step that has more than one, or that waits for somebody; none for any other.

    Buttons are told by `choice`, everything else by the word it has in a script.
    """
    match step:
        case Ask():
            return _of_question(step)
        case Checklist():
            return choice("done"), choice("stuck"), choice("solved"), choice("human"), "finished"
        case Consent(action="ask"):
            confirm = (choice("confirm"),) if step.confirm is not None else ()
            return choice("yes"), *confirm, choice("no"), "given", "refused"
        case If():
            return (*cases(step), "else")
        case Offer():
            # A code alone is always there to be given; only the brake may be in its way.
            return ("go", "nothing") if step.what == "bundle" or step.nothing != step.to else ("go",)
        case Wait() if step.event is not None:
            return ("go", "longest") if step.otherwise is not None else ("go",)
        case _:
            return ()


def cases(step: If) -> tuple[str, ...]:
    """The ways of a fork's conditions, in their order; those of one condition in several cases are one."""
    if len(step.cases) == 1:
        return ("then",)
    return tuple(dict.fromkeys(case(step, number) for number in range(len(step.cases))))


def case(step: If, number: int) -> str:
    """The way of a fork's case."""
    return "then" if len(step.cases) == 1 else f"when {step.cases[number][0].source}"


def _of_question(step: Ask) -> tuple[str, ...]:
    found = [choice(one.id) for one in step.choices]
    if step.expects not in {"choice", "rating"}:
        found.append("go")
    if step.skip is not None:
        found.append("skipped")
    if step.again is not None and step.otherwise is not None and step.expects not in NOT_ASKED_AGAIN:
        found.append("otherwise")
    if step.silence is not None:
        found.append("silence")
    return tuple(found)
