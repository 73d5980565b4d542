"""What can be wrong with scripts and catalogues while they are read, and how to mend it, in both languages.

German by the rules of the house, without du and Sie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its message and its hint, in both languages, with ``<names>`` to fill in."""

    de: str
    en: str
    mend_de: str = ""
    mend_en: str = ""
    severity: Severity = "error"


LOADING: Final[Mapping[str, Kind]] = {
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
        "Für eine Klammer als Zeichen: {'{'} schreiben.",
        "Write {'{'} for a brace itself.",
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
    "unknown_template": Kind(
        "Die Vorlage `<word>` gibt es nicht.",
        "The template `<word>` is unknown.",
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
        "Einem Ablauf unter `starts` hinzufügen.",
        "Add it to a flow's `starts`.",
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
    "bad_expression": Kind(
        "Diese Bedingung ist nicht zu verstehen: `<word>`.",
        "This condition cannot be understood: `<word>`.",
        "Zum Beispiel: `has_order and not is_rated` oder `order_count >= 3`.",
        "For example: `has_order and not is_rated`, or `order_count >= 3`.",
    ),
    "not_allowed": Kind(
        "So etwas geht in Bedingungen und Platzhaltern nicht (<word>).",
        "This cannot be done in conditions and placeholders (<word>).",
        "Erlaubt sind Namen, Vergleiche, `and`, `or`, `not`, `in`, + und -.",
        "Names, comparisons, `and`, `or`, `not`, `in`, + and - may be used.",
    ),
    "unknown_filter": Kind(
        "Den Filter `<word>` gibt es nicht.",
        "The filter `<word>` is unknown.",
        "Es gibt: `default`, `lower`, `upper`, `capitalize`, `trim`, `round`, `int`.",
        "There are: `default`, `lower`, `upper`, `capitalize`, `trim`, `round`, `int`.",
    ),
    "bad_duration": Kind(
        "`<word>` ist keine Dauer.",
        "`<word>` is no duration.",
        "Zum Beispiel: `3 days`, `48 Stunden`, `2 Wochen`; bei `wait` auch `18:00` oder `delivered`.",
        "For example: `3 days`, `48 hours`, `2 weeks`; for `wait` also `18:00` or `delivered`.",
    ),
    "bad_time": Kind(
        "`<word>` ist keine Uhrzeit.",
        "`<word>` is no time of day.",
        'Zum Beispiel: `"10:00"`.',
        'For example: `"10:00"`.',
    ),
    "bad_date": Kind(
        "`<word>` ist kein Tag im Jahr.",
        "`<word>` is no day of the year.",
        "Monat und Tag wie `12-06` angeben, oder `birthday` oder `anniversary`.",
        "Give month and day such as `12-06`, or `birthday` or `anniversary`.",
    ),
    "no_kind": Kind(
        "Dieser Schritt sagt nicht, was er tut.",
        "This step does not say what it does.",
        "<meant_de>",
        "<meant_en>",
    ),
    "two_kinds": Kind(
        "Dieser Schritt tut mehreres auf einmal: <word>.",
        "This step does several things at once: <word>.",
        "Auf mehrere Schritte verteilen.",
        "Make several steps of it.",
    ),
    "trigger_kind": Kind(
        "Jeder Anlass unter `starts` braucht genau eines (hier: <word>).",
        "Each entry of `starts` needs exactly one kind (here: <word>).",
        "Eines von `order`, `intent`, `keyword`, `link`, `tag`, `date`, `flow`, `occasion`.",
        "One of `order`, `intent`, `keyword`, `link`, `tag`, `date`, `flow`, `occasion`.",
    ),
    "if_without_else": Kind(
        "Hier fehlt, was sonst geschieht.",
        "It is not said what happens otherwise.",
        "`else:` ergänzen, zum Beispiel `else: end`.",
        "Add `else:`, for example `else: end`.",
    ),
    "needs_choices": Kind(
        "Für diese Art von Antwort fehlt `<word>`.",
        "`<word>` is missing for this kind of answer.",
        "`<word>:` ergänzen oder die Art der Antwort ändern.",
        "Add `<word>:`, or change the kind of answer.",
    ),
    "no_choices_here": Kind(
        "`<word>` passt nicht zu dieser Art von Antwort.",
        "`<word>` does not go with this kind of answer.",
        "`<word>` streichen oder `answer` ändern.",
        "Remove `<word>`, or change `answer`.",
    ),
    "no_effect": Kind(
        "`<word>` bewirkt hier nichts.",
        "`<word>` does nothing here.",
        "Streichen; es gilt nur <where_de>.",
        "Remove it; it only counts <where_en>.",
    ),
    "reserved_id": Kind(
        "Ein Schritt kann nicht `end` heißen: `go: end` beendet den Ablauf.",
        "A step cannot be called `end`: `go: end` ends the flow.",
        "Einen anderen Namen geben.",
        "Give it another id.",
    ),
    "with_end": Kind(
        "Am Ende lässt sich nichts mehr spielen.",
        "There is nothing to play at the end.",
        "Unter `with` einen Schritt oder `/ablauf` nennen.",
        "Name a step or a `/flow` under `with`.",
    ),
    "template_twice": Kind(
        "Die Vorlage `<word>` gibt es schon.",
        "The template `<word>` is there twice.",
        "Einer von beiden einen anderen Namen geben.",
        "Give one of them another name.",
    ),
}
"""Every kind of problem by its name."""

CATALOGUE: Final[Mapping[str, Kind]] = {
    "no_catalogue": Kind(
        "Das ist kein Katalog.",
        "This is no catalogue.",
        "Ein Katalog ist eine Liste von Produkten; jedes beginnt mit `- sku:`.",
        "A catalogue is a list of products; each begins with `- sku:`.",
    ),
    "product_key": Kind(
        "Produkt `<sku>`: `<word>` gibt es hier nicht.",
        "Product `<sku>`: `<word>` is not known here.",
        "<meant_de>",
        "<meant_en>",
    ),
    "product_lacks": Kind(
        "Produkt `<sku>`: Hier fehlt `<word>`.",
        "Product `<sku>`: `<word>` is missing here.",
        "`<word>:` ergänzen.",
        "Add `<word>:`.",
    ),
    "product_word": Kind(
        "Produkt `<sku>`: `<word>` ist für `<field>` nicht möglich.",
        "Product `<sku>`: `<word>` is not possible for `<field>`.",
        "<meant_de>",
        "<meant_en>",
    ),
    "product_form": Kind(
        "Produkt `<sku>`: `<field>` hat nicht die richtige Form.",
        "Product `<sku>`: `<field>` does not have the right form.",
        "Erwartet wird: <expected_de>.",
        "Expected is <expected_en>.",
    ),
    "product_language": Kind(
        "Produkt `<sku>`: Die Sprache `<word>` gibt es unter `<field>` nicht.",
        "Product `<sku>`: the language `<word>` is unknown under `<field>`.",
        "<meant_de>",
        "<meant_en>",
    ),
    "product_silent": Kind(
        "Produkt `<sku>`: Unter `<field>` steht ein leerer Text.",
        "Product `<sku>`: there is an empty text under `<field>`.",
        "Etwas hineinschreiben oder `<field>` streichen.",
        "Write something, or remove `<field>`.",
    ),
    "product_twice": Kind(
        "Das Produkt `<sku>` steht schon in Zeile <line>.",
        "The product `<sku>` is already in line <line>.",
        "Eines von beiden streichen oder ihm eine andere Artikelnummer geben.",
        "Remove one of them, or give it another SKU.",
    ),
    "item_twice": Kind(
        "Produkt `<sku>`: Zwei Punkte der Checkliste heißen `<word>`.",
        "Product `<sku>`: two items of the checklist are called `<word>`.",
        "Einem von beiden einen anderen Namen geben.",
        "Give one of them another id.",
    ),
    "cause_twice": Kind(
        "Produkt `<sku>`: Zwei Ursachen heißen `<word>`.",
        "Product `<sku>`: two causes are called `<word>`.",
        "Einer von beiden einen anderen Namen geben.",
        "Give one of them another id.",
    ),
    "complement_unknown": Kind(
        "Zu `<sku>` soll `<word>` passen, und das steht nicht im Katalog.",
        "`<word>` is said to go with `<sku>`, and is not in the catalogue.",
        "<meant_de>",
        "<meant_en>",
    ),
    "complement_itself": Kind(
        "`<sku>` soll zu sich selbst passen.",
        "`<sku>` is said to go with itself.",
        "Aus `complements` streichen.",
        "Remove it from `complements`.",
    ),
}
"""Every kind of problem that a catalogue can have, besides those of its YAML."""
