"""Who should speak: the bot, or a human at once; why, and by which words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from dialogs.heard import Heard

_LONGEST_QUOTE: Final = 200


@dataclass(frozen=True, slots=True)
class Escalation:
    """A human is needed.

    ``trigger`` starts the flow that says so, ``evidence`` are the person's own words.
    """

    trigger: Literal["human_request", "complaint", "not_working"]
    evidence: tuple[str, ...]


def triage(heard: Heard) -> Escalation | None:
    """Whether a human is called for: somebody asks for one, complains, is stuck, or is plainly unhappy."""
    meaning = heard.understanding
    if meaning is None:
        return None
    quote = meaning.mood.evidence or (meaning.text[:_LONGEST_QUOTE],)
    match meaning.intent:
        case "human_request":
            return Escalation("human_request", (meaning.text[:_LONGEST_QUOTE],))
        case "complaint" | "not_working":
            return Escalation(meaning.intent, quote)
        case "none" | "thanks" | "greeting" if meaning.mood.label == "negative":
            return Escalation("complaint", quote)
        case _:
            return None
