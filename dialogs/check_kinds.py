"""What can be wrong with scripts that can be read: ways, lengths, languages, consent. In both languages.

German by the rules of the house, without du and Sie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialogs.problem_kinds import Kind

_PATHS: Final[Mapping[str, Kind]] = {
    "unreachable": Kind(
        "Zum Schritt `<word>` führt kein Weg.",
        "Nothing leads to the step `<word>`.",
        "Mit `go: <word>` dorthin führen oder den Schritt streichen.",
        "Lead there with `go: <word>`, or remove the step.",
        "warning",
    ),
    "unused_flow": Kind(
        "Den Ablauf `<word>` beginnt nichts, und kein Schritt führt zu ihm.",
        "Nothing starts the flow `<word>`, and no step leads to it.",
        "Unter `starts` sagen, wodurch er beginnt, oder mit `go: /<word>` zu ihm führen.",
        "Say under `starts` what starts it, or lead to it with `go: /<word>`.",
        "warning",
    ),
    "falls_through": Kind(
        "`<word>` geht von selbst mit `<next>` weiter, und `<next>` ist in `<fork>` ein anderer Weg.",
        "`<word>` runs on into `<next>`, which is another way on in `<fork>`.",
        "Ist das gemeint, `go: <next>` dazuschreiben; sonst `go: end` oder ein anderes Ziel.",
        "If that is meant, write `go: <next>`; if not, `go: end` or another target.",
        "warning",
    ),
    "never_waits": Kind(
        "Diese Schritte führen im Kreis, ohne je auf eine Antwort zu warten: <way>.",
        "These steps go round in a circle without ever waiting for an answer: <way>.",
        "Einen Schritt mit `ask` oder `wait` dazwischensetzen oder den Kreis mit `go: end` verlassen.",
        "Put a step with `ask` or `wait` in between, or leave the circle with `go: end`.",
    ),
    "no_way_out": Kind(
        "Von `<word>` aus führt kein Weg zu einem Ende oder zu einem Menschen.",
        "From `<word>` there is no way to an end or to a human.",
        "Eine Antwort ergänzen, die mit `go: end` endet oder zu einem `handoff` führt.",
        "Add a choice that ends with `go: end` or leads to a `handoff`.",
    ),
}

_TEXTS: Final[Mapping[str, Kind]] = {
    "text_missing": Kind(
        "Der Text fehlt in der Sprache und Anrede des Shops: <word>.",
        "The text is missing in the shop's own language and voice: <word>.",
        "Auf Deutsch genügt `de`, wenn niemand angesprochen wird; sonst `de_du` und `de_sie`.",
        "In German `de` will do where nobody is addressed; otherwise write `de_du` and `de_sie`.",
    ),
    "text_missing_elsewhere": Kind(
        "Der Text fehlt in: <word>. Wer so angesprochen wird, liest eine andere Fassung.",
        "The text is missing in <word>. Buyers who are spoken to like that read another version.",
        "Ergänzen, was fehlt.",
        "Add what is missing.",
        "warning",
    ),
    "mixed_address": Kind(
        "Unter `<key>` passt die Anrede nicht zusammen: <word>.",
        "Under `<key>` the form of address does not match: <word>.",
        "Im selben Text bei einer Anrede bleiben.",
        "Keep to one form of address in one text.",
        "warning",
    ),
    "address_in_plain": Kind(
        "Unter `<key>` wird jemand angesprochen (<word>); so lesen es alle, gleich in welcher Anrede.",
        "Under `<key>` somebody is addressed (<word>); all buyers read it like that.",
        "Statt `<key>` die beiden Fassungen `<key>_du` und `<key>_sie` schreiben.",
        "Write both `<key>_du` and `<key>_sie` instead of `<key>`.",
        "warning",
    ),
    "not_https": Kind(
        "`<word>` ist keine sichere Adresse.",
        "`<word>` is not a safe address.",
        "Eine Adresse angeben, die mit https:// beginnt.",
        "Give an address that begins with https://.",
    ),
}

_LIMITS: Final[Mapping[str, Kind]] = {
    "text_splits": Kind(
        "Der Text hat bis zu <length> <unit_de>, Platz ist für <limit> (<channels>); dort werden es "
        "<messages> Nachrichten.",
        "The text has up to <length> <unit_en> where there is room for <limit> (<channels>); it becomes "
        "<messages> messages there.",
        "Kürzen oder auf zwei Schritte verteilen.",
        "Shorten it, or spread it over two steps.",
        "warning",
    ),
    "text_over_buttons": Kind(
        "Der Text hat bis zu <length> <unit_de>, über Knöpfen ist Platz für <limit> (<channels>); die "
        "Antworten sehen dort anders aus.",
        "The text has up to <length> <unit_en>, and above buttons there is room for <limit> (<channels>); "
        "the choices look different there.",
        "Kürzen oder den Anfang in einem eigenen Schritt mit `say` sagen.",
        "Shorten it, or say its beginning in a `say` step of its own.",
        "warning",
    ),
    "title_cut": Kind(
        "„<word>“ hat <length> <unit_de>, Platz ist für <limit> (<channels>); der Rest wird abgeschnitten.",
        "“<word>” has <length> <unit_en> where there is room for <limit> (<channels>); the rest is cut off.",
        "Kürzen.",
        "Shorten it.",
    ),
    "title_may_be_cut": Kind(
        "„<word>“ kann <length> <unit_de> lang werden, Platz ist für <limit> (<channels>).",
        "“<word>” may become <length> <unit_en> long where there is room for <limit> (<channels>).",
        "Ohne Platzhalter auskommen oder kürzen.",
        "Do without the placeholder, or shorten it.",
        "warning",
    ),
    "description_cut": Kind(
        "Die Beschreibung hat <length> <unit_de>, Platz ist für <limit> (<channels>).",
        "The description has <length> <unit_en> where there is room for <limit> (<channels>).",
        "Kürzen.",
        "Shorten it.",
    ),
    "too_many_choices": Kind(
        "Das sind <length> Antworten, mehr als <limit> passen nicht (<channels>).",
        "There are <length> choices, and no more than <limit> fit (<channels>).",
        "Antworten streichen oder auf zwei Fragen verteilen.",
        "Remove some, or spread them over two questions.",
    ),
    "titles_alike": Kind(
        "Die Antworten `<other>` und `<word>` lesen sich unter `<key>` gleich.",
        "The choices `<other>` and `<word>` read the same under `<key>`.",
        "Eine von beiden anders nennen.",
        "Call one of them something else.",
    ),
    "card_cut": Kind(
        "Der Titel von `<word>` hat <length> Byte, auf einer Karte ist Platz für <limit>.",
        "The title of `<word>` has <length> bytes, and a card has room for <limit>.",
        "Im Katalog einen kürzeren Titel angeben.",
        "Give it a shorter title in the catalogue.",
        "warning",
    ),
    "unknown_product": Kind(
        "Das Produkt `<word>` steht nicht im Katalog.",
        "The product `<word>` is not in the catalogue.",
        "<meant_de>",
        "<meant_en>",
    ),
}

_TEMPLATES: Final[Mapping[str, Kind]] = {
    "no_template": Kind(
        "`<word>` kommt vielleicht, wenn bei WhatsApp das Fenster zu ist, und hat keine Vorlage.",
        "`<word>` is said when WhatsApp's window may have closed, and has no template.",
        "Mit `template:` eine Vorlage aus templates.yml nennen.",
        "Name one of templates.yml with `template:`.",
    ),
    "no_template_possible": Kind(
        "`<word>` kommt vielleicht, wenn bei WhatsApp das Fenster zu ist; ein solcher Schritt kann keine "
        "Vorlage haben.",
        "`<word>` is said when WhatsApp's window may have closed; such a step cannot have a template.",
        "Davor mit einem `ask` beginnen, das eine Vorlage hat, und erst nach der Antwort hierher führen.",
        "Begin with an `ask` that has a template, and lead here only after the answer.",
    ),
    "template_not_said": Kind(
        "Die Vorlage `<template>` fehlt in der Sprache und Anrede des Shops: <word>.",
        "The template `<template>` is missing in the shop's own language and voice: <word>.",
        "Unter `body` ergänzen und bei WhatsApp einreichen.",
        "Add it under `body`, and submit it to WhatsApp.",
    ),
    "template_not_said_elsewhere": Kind(
        "Die Vorlage `<template>` fehlt in: <word>.",
        "The template `<template>` is missing in <word>.",
        "Unter `body` ergänzen und bei WhatsApp einreichen.",
        "Add it under `body`, and submit it to WhatsApp.",
        "warning",
    ),
    "template_edge": Kind(
        "Die Vorlage `<template>` beginnt oder endet mit einem Platzhalter; WhatsApp lehnt das ab.",
        "The template `<template>` begins or ends with a placeholder; WhatsApp refuses that.",
        "Vor den ersten und hinter den letzten Platzhalter Wörter setzen.",
        "Put words before the first and after the last placeholder.",
    ),
    "template_expression": Kind(
        "In der Vorlage `<template>` steht mehr als ein einfacher Platzhalter; das lehnt WhatsApp ab.",
        "The template `<template>` holds more than a plain placeholder; WhatsApp refuses that.",
        "Nur {name} verwenden, ohne Bedingung und ohne Filter.",
        "Use nothing but {name}, without a condition or a filter.",
    ),
    "template_too_long": Kind(
        "Die Vorlage `<template>` hat bis zu <length> Zeichen, erlaubt sind <limit>.",
        "The template `<template>` has up to <length> characters, and <limit> are allowed.",
        "Kürzen.",
        "Shorten it.",
    ),
    "template_title": Kind(
        "Der Knopf „<word>“ hat <length> Zeichen; in Vorlagen sind <limit> erlaubt.",
        "The button “<word>” has <length> characters; templates allow <limit>.",
        "Kürzen.",
        "Shorten it.",
    ),
    "template_emoji": Kind(
        "Der Knopf „<word>“ enthält ein Emoji; in Vorlagen ist das nicht erlaubt.",
        "The button “<word>” has an emoji; templates do not allow that.",
        "Nur Wörter verwenden.",
        "Use words only.",
    ),
    "template_choice": Kind(
        "Die Vorlage `<template>` hat Knöpfe, die hier keine Antworten sind: <word>.",
        "The template `<template>` has buttons that are no choices here: <word>.",
        "Den Knöpfen in templates.yml die Namen der Antworten dieses Schritts geben.",
        "Give the buttons in templates.yml the ids of this step's choices.",
    ),
    "template_choice_missing": Kind(
        "In der Vorlage `<template>` fehlen Knöpfe für: <word>.",
        "The template `<template>` has no buttons for <word>.",
        "In templates.yml unter `buttons` ergänzen.",
        "Add them in templates.yml under `buttons`.",
        "warning",
    ),
}

_CONSENT: Final[Mapping[str, Kind]] = {
    "feedback_purpose": Kind(
        "Der Ablauf `<home>` beginnt von selbst und fragt mit `<word>` nach der Zufriedenheit. Das ist ohne "
        "Einwilligung nicht erlaubt.",
        "The flow `<home>` begins by itself and asks with `<word>` how somebody likes it. Without consent "
        "that is not allowed.",
        "Oben `purpose: feedback` angeben oder den Schritt nur erreichen, wenn `allows_feedback` gilt.",
        "Write `purpose: feedback` at the top, or reach the step only where `allows_feedback` holds.",
    ),
    "offers_purpose": Kind(
        "Der Ablauf `<home>` beginnt von selbst und macht mit `<word>` ein Angebot. Das ist ohne "
        "Einwilligung nicht erlaubt.",
        "The flow `<home>` begins by itself and makes an offer with `<word>`. Without consent that is not "
        "allowed.",
        "Oben `purpose: offers` angeben oder den Schritt nur erreichen, wenn `allows_offers` gilt.",
        "Write `purpose: offers` at the top, or reach the step only where `allows_offers` holds.",
    ),
    "no_double_opt_in": Kind(
        "`<word>` fragt nach der Einwilligung in Angebote, ohne sie bestätigen zu lassen.",
        "`<word>` asks for consent to offers without having it confirmed.",
        "Mit `confirm:` den Text ergänzen, der ein zweites Mal fragt; nur so lässt sie sich beweisen.",
        "Add the text that asks a second time under `confirm:`; only so can it be proven.",
    ),
    "consent_missing": Kind(
        "Der Ablauf `<word>` braucht die Einwilligung `<purpose>`, und kein Schritt fragt danach: Er wird "
        "nie gesendet.",
        "The flow `<word>` needs the consent `<purpose>`, and no step asks for it: it will never be sent.",
        "In einem Ablauf mit `consent: <purpose>` danach fragen.",
        "Ask for it in a flow with `consent: <purpose>`.",
    ),
    "broken_promise": Kind(
        "Hier wird eine Zeit versprochen („<word>“), und nichts hält sie ein.",
        "A time is promised here (“<word>”), and nothing keeps it.",
        "Ein `remind`, ein `wait` oder ein `handoff` folgen lassen, auf jedem Weg; sonst keine Zeit nennen.",
        "Let a `remind`, a `wait` or a `handoff` follow, on every way; or name no time.",
    ),
}

_RULES: Final[Mapping[str, Kind]] = {
    "keyword_shadows": Kind(
        "„<word>“ wird auch ohne Stichwort verstanden, als `<intent>`, und das beginnt den Ablauf `<other>`.",
        "“<word>” is understood without a keyword too, as `<intent>`, which starts the flow `<other>`.",
        "Das Stichwort streichen oder genauer fassen.",
        "Remove the keyword, or make it more specific.",
        "warning",
    ),
    "holdout_service": Kind(
        "`holdout` enthält <word_de> der Leute etwas vor, das zu ihrer Bestellung gehört.",
        "`holdout` keeps something that belongs to their order from <word_en> of the buyers.",
        "Eine Vergleichsgruppe nur bei `purpose: feedback` oder `offers` bilden.",
        "Use a control group only with `purpose: feedback` or `offers`.",
        "warning",
    ),
    "expires_at_night": Kind(
        "Was abends geschieht, wartet bis zu <word> Stunden auf den Morgen und ist dann schon verfallen.",
        "What happens in the evening waits up to <word> hours for the morning, and has expired by then.",
        "Unter `expires` mehr als <word> Stunden angeben.",
        "Give more than <word> hours under `expires`.",
        "warning",
    ),
    "never_set": Kind(
        "`<word>` wird nirgends gesetzt und ist immer leer.",
        "`<word>` is not set anywhere and is always empty.",
        "<meant_de>",
        "<meant_en>",
    ),
    "no_example": Kind(
        "Der Ablauf `<word>` hat kein Beispiel, das ihn prüft.",
        "The flow `<word>` has no example that tests it.",
        "Unter `examples` ein Gespräch aufschreiben, wie es gehen soll.",
        "Write down a conversation as it should go, under `examples`.",
        "warning",
    ),
    "example_fails": Kind(
        "Das Beispiel „<word>“ geht anders aus. Erwartet: <expected_de>. Gesagt wurde: <said>",
        "The example “<word>” goes otherwise. Expected: <expected_en>. What was said: <said>",
        "Das Beispiel oder den Ablauf ändern.",
        "Change the example, or the flow.",
    ),
}

CHECKING: Final[Mapping[str, Kind]] = {**_PATHS, **_TEXTS, **_LIMITS, **_TEMPLATES, **_CONSENT, **_RULES}
"""Every kind of problem that only `dialogs.check` can see, by its name."""
