"""What can be wrong with a script, and how to say it to the owner: where, what, and how to mend it.

In German and in English; German by the rules of the house, without du and Sie.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from dialogs.check_kinds import CHECKING
from dialogs.problem_kinds import CATALOGUE, LOADING, Kind, Severity
from dialogs.words import Language
from dialogs.written_kinds import ANSWERS

__all__ = ["KINDS", "Kind", "Problem", "Severity", "named", "nearest"]

_MOST_LISTED: Final = 16
_BLANK: Final = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a script that must be mended, and where; ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int
    kind: str
    details: Mapping[str, str] = field(default_factory=dict)
    flow: str = ""
    step: str = ""

    @property
    def severity(self) -> Severity:
        """Whether the script can be used in spite of it."""
        return KINDS[self.kind].severity

    def message(self, language: Language = "en") -> str:
        """What is wrong."""
        kind = KINDS[self.kind]
        return _fill(kind.de if language == "de" else kind.en, self.details)

    def hint(self, language: Language = "en") -> str:
        """How to mend it."""
        kind = KINDS[self.kind]
        return _fill(kind.mend_de if language == "de" else kind.mend_en, self.details)

    def told(self, language: Language = "en") -> str:
        """Everything in one line."""
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.message(language)} {self.hint(language)}".rstrip()

    def __str__(self) -> str:
        return self.told()


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def named(word: str, known: Iterable[str]) -> dict[str, str]:
    """Return the details of a word that is not known: itself, what was probably meant, and what there is."""
    possible = sorted(known)
    meant = nearest(word, possible)
    listed = ", ".join(f"`{one}`" for one in possible[:_MOST_LISTED])
    if len(possible) > _MOST_LISTED:
        listed += " …"
    return {
        "word": word,
        "meant_de": f"Gemeint ist vielleicht `{meant}`." if meant else f"Es gibt: {listed}.",
        "meant_en": f"Perhaps `{meant}` is meant." if meant else f"There are: {listed}.",
    }


def _fill(text: str, details: Mapping[str, str]) -> str:
    """Fill in once: a detail comes from the owner and may look like something to fill in itself."""
    return _BLANK.sub(lambda blank: details.get(blank[1], blank[0]), text)


KINDS: Final[Mapping[str, Kind]] = {**LOADING, **CATALOGUE, **ANSWERS, **CHECKING}
"""Every kind of problem by its name."""
