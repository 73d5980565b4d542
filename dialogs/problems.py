"""What can be wrong with a script, and how to say it to the owner: where, what, and how to mend it.

In German and in English; German by the rules of the house, without du and Sie.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from dialogs.words import Language

Severity: TypeAlias = Literal["error", "warning"]
_MOST_LISTED: Final = 16
_BLANK: Final = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its message and its hint, in both languages, with ``<names>`` to fill in."""

    de: str
    en: str
    mend_de: str = ""
    mend_en: str = ""
    severity: Severity = "error"


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


KINDS: Final[Mapping[str, Kind]] = {
    "not_yaml": Kind(
        "Hier ist der Aufbau der Datei gestört (<detail>).",
        "This is not YAML (<detail>).",
        "Meist stimmt kurz davor etwas nicht: eine Einrückung, ein Anführungszeichen, ein Doppelpunkt.",
        "Look just above for a wrong indentation, a missing quotation mark or a stray colon.",
    ),
    "too_deep": Kind(
        "Die Datei ist zu tief verschachtelt oder verweist zu oft auf sich selbst.",
        "The file is nested too deeply, or refers to itself too often.",
        "Ein Ablauf braucht höchstens eine Handvoll Ebenen.",
        "A flow needs no more than a handful of levels.",
    ),
    "empty_file": Kind(
        "Die Datei ist leer.",
        "The file is empty.",
        "Ein Ablauf beginnt mit `id:`.",
        "A flow begins with `id:`.",
    ),
    "key_twice": Kind(
        "`<word>` steht hier zweimal; nur das letzte würde gelten.",
        "`<word>` is there twice; only the last one would count.",
        "Eines von beiden streichen.",
        "Remove one of them.",
    ),
    "unknown_key": Kind(
        "`<word>` gibt es hier nicht.", "`<word>` is not known here.", "<meant_de>", "<meant_en>"
    ),
    "missing_key": Kind(
        "Hier fehlt `<word>`.",
        "`<word>` is missing here.",
        "`<word>:` ergänzen.",
        "Add `<word>:`.",
    ),
    "not_possible": Kind(
        "`<word>` ist hier nicht möglich.", "`<word>` is not possible here.", "<meant_de>", "<meant_en>"
    ),
    "wrong_form": Kind(
        "`<place>` hat nicht die richtige Form.",
        "`<place>` does not have the right form.",
        "Erwartet wird: <expected_de>.",
        "Expected is <expected_en>.",
    ),
    "unknown_variant": Kind(
        "Die Sprache `<word>` gibt es nicht.",
        "The language `<word>` is unknown.",
        "<meant_de>",
        "<meant_en>",
    ),
    "missing_variant": Kind(
        "Der Text fehlt in: <word>.",
        "The text is missing in <word>.",
        "Auf Deutsch genügt `de`, wenn niemand angesprochen wird; sonst `de_du` und `de_sie`.",
        "In German `de` will do where nobody is addressed; otherwise write `de_du` and `de_sie`.",
    ),
    "empty_text": Kind(
        "Der Text ist leer.", "The text is empty.", "Etwas hineinschreiben.", "Write something."
    ),
    "unknown_placeholder": Kind(
        "Den Platzhalter {<word>} gibt es nicht.",
        "The placeholder {<word>} is unknown.",
        "<meant_de>",
        "<meant_en>",
    ),
    "open_brace": Kind(
        "Eine geschweifte Klammer wird nicht geschlossen.",
        "A brace is not closed.",
        "Für eine Klammer als Zeichen: {{ schreiben.",
        "Write {{ for a brace itself.",
    ),
    "step_twice": Kind(
        "Den Schritt `<word>` gibt es in diesem Ablauf schon.",
        "The step `<word>` is there twice.",
        "Einem von beiden einen anderen Namen geben.",
        "Give one of them another id.",
    ),
    "choice_twice": Kind(
        "Zwei Antworten haben denselben Namen.",
        "Two choices have the same id.",
        "Einer von beiden einen anderen Namen geben.",
        "Give one of them another id.",
    ),
    "flow_twice": Kind(
        "Den Ablauf `<word>` gibt es schon in <home>.",
        "The flow `<word>` is already in <home>.",
        "Einem von beiden einen anderen Namen geben.",
        "Give one of them another id.",
    ),
    "unknown_step": Kind(
        "In diesem Ablauf gibt es keinen Schritt `<word>`.",
        "There is no step `<word>` in this flow.",
        "<meant_de>",
        "<meant_en>",
    ),
    "closed_door": Kind(
        "Die letzte Tür muss für alle offen sein.",
        "The last door must be open to everybody.",
        "Dort `when` weglassen.",
        "Leave out `when` there.",
    ),
    "unknown_condition": Kind(
        "Die Bedingung `<word>` gibt es nicht.",
        "The condition `<word>` is unknown.",
        "<meant_de>",
        "<meant_en>",
    ),
    "unknown_template": Kind(
        "Die Vorlage `<word>` gibt es nicht.",
        "The template `<word>` is unknown.",
        "<meant_de>",
        "<meant_en>",
    ),
    "unknown_trigger": Kind(
        "Durch `<word>` beginnt kein Ablauf.",
        "Nothing starts a flow by `<word>`.",
        "<meant_de>",
        "<meant_en>",
    ),
    "trigger_taken": Kind(
        "Mit `<word>` beginnt schon der Ablauf `<other>`.",
        "`<word>` already starts the flow `<other>`.",
        "Aus einem von beiden streichen.",
        "Remove it from one of them.",
    ),
    "trigger_free": Kind(
        "Auf `<word>` antwortet kein Ablauf.",
        "There is no flow that answers to `<word>`.",
        "Einem Ablauf unter `starts_on` hinzufügen.",
        "Add it to a flow's `starts_on`.",
    ),
    "dangling": Kind(
        "Der Schritt `<from>` führt zu `<word>`, und das gibt es nicht.",
        "The step `<from>` leads to `<word>`, which is not there.",
        "<meant_de>",
        "<meant_en>",
    ),
    "phrase_missing": Kind(
        "Der Satz `<word>` fehlt.",
        "The phrase `<word>` is missing.",
        "In phrases.yml ergänzen.",
        "Add it to phrases.yml.",
    ),
}
"""Every kind of problem by its name."""
