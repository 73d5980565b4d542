"""Bad scripts, each with the line and the kind of what is wrong, and nothing else told of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

import pytest

from dialogs.catalogue import load_catalogue
from dialogs.check import Demands, Miss, check
from dialogs.check_kinds import CHECKING
from dialogs.flow import Book, Example, Flow
from dialogs.problem_kinds import LOADING
from dialogs.script import SCRIPTS, examine, texts_of
from tests.dialogs.checking import ALL, BOOK, CHANNELS, marked, wrong, wrong_with

START: Final = "id: x\nstarts:\n  - keyword: probe\nsteps:\n"
UNASKED: Final = "id: x\nstarts:\n  - order: delivered\n    after: 3 days\nsteps:\n"
WORDS: Final = '{de: "Gut.", en: "Good."}'
QUESTION: Final = (
    "    choices:\n"
    '      - {id: good, title: {de: "Ja", en: "Yes"}, go: end}\n'
    '      - {id: bad, title: {de: "Nein", en: "No"}, go: /frame}\n'
)

PATHS: Final = {
    "unreachable": f"""{START}
  - id: a
    say: {WORDS}
    go: end
  - id: b                 #! unreachable
    say: {WORDS}
""",
    "unused_flow": f"""id: x                  #! unused_flow
steps:
  - id: a
    say: {WORDS}
""",
    "falls_through": f"""{START}
  - id: ask
    ask: {WORDS}
    choices:
      - {{id: one, title: {{de: "Eins", en: "One"}}, go: first}}
      - {{id: two, title: {{de: "Zwei", en: "Two"}}, go: second}}
  - id: first             #! falls_through
    say: {WORDS}
  - id: second
    say: {WORDS}
""",
    "never_waits": f"""{START}
  - id: a                 #! never_waits
    say: {WORDS}
  - id: b
    go: c
  - id: c
    set: {{seen: "ja"}}
    go: a
""",
    "no_way_out": f"""{START}
  - id: a                 #! no_way_out
    ask: {WORDS}
    choices:
      - {{id: one, title: {{de: "Eins", en: "One"}}, go: b}}
  - id: b
    say: {WORDS}
    go: a
""",
}

TEXTS: Final = {
    "text_missing": f"""{START}
  - id: a
    say: {{de_sie: "Mögen Sie es?", en: "Do you like it?"}}     #! text_missing
""",
    "text_missing_elsewhere": f"""{START}
  - id: a
    say: {{de_du: "Magst du es?"}}     #! text_missing_elsewhere
""",
    "mixed_address": f"""{START}
  - id: a
    say:
      de_du: "Hast du schon in Ihr Paket geschaut?"     #! mixed_address
      de_sie: "Haben Sie schon in dein Paket geschaut?" #! mixed_address
      en: "Have you looked into your parcel?"
  - id: b
    say: {{de: "Haben Sie dich gefreut?", en: "Were you glad?"}} #! mixed_address
""",
    "address_in_plain": f"""{START}
  - id: a
    say: {{de: "Magst du es?", en: "Do you like it?"}}     #! address_in_plain
""",
    "not_https": f"""{START}
  - id: a
    say: {WORDS}
    picture:
      url: http://shop.example/a.jpg     #! not_https
    link:
      title: {{de: "Ansehen", en: "Look"}}
      url: "shop.example"                #! not_https
""",
}

LONG: Final = "Das ist ein recht langer Satz, der von sich aus weitergeht. " * 12
LIMITS: Final = {
    "text_splits": f"""{START}
  - id: a
    say: {{de: "{LONG}{LONG}", en: "Good."}}     #! text_splits
""",
    "text_over_buttons": f"""{START}
  - id: a
    ask: {{de: "{LONG[:700]}", en: "Good."}}     #! text_over_buttons
{QUESTION}""",
    "title_cut": f"""{START}
  - id: a
    ask: {WORDS}
    choices:
      - {{id: good, title: {{de: "Das ist für einen Knopf zu viel", en: "Yes"}}, go: end}} #! title_cut
""",
    "title_may_be_cut": f"""{START}
  - id: a
    ask: {WORDS}
    choices:
      - {{id: good, title: {{de: "{{first_name}} mag es", en: "Yes"}}, go: end}} #! title_may_be_cut
""",
    "description_cut": f"""{START}
  - id: a
    ask: {WORDS}
    choices:
      - id: one
        title: {{de: "Eins", en: "One"}}
        description: {{de: "{LONG[:90]}", en: "Good."}}     #! description_cut
        go: end
      - {{id: two, title: {{de: "Zwei", en: "Two"}}, go: end}}
      - {{id: three, title: {{de: "Drei", en: "Three"}}, go: end}}
      - {{id: four, title: {{de: "Vier", en: "Four"}}, go: end}}
""",
    "too_many_choices": f"""{START}
  - id: a
    ask: {WORDS}
    choices:
"""
    + "".join(
        f'      - {{id: c{n}, title: {{de: "Nummer {n}", en: "Number {n}"}}, go: end}}\n'
        for n in range(1, 11)
    )
    + '    skip: {de: "Keine davon", en: "None of them"}     #! too_many_choices\n',
    "titles_alike": f"""{START}
  - id: a
    ask: {WORDS}
    choices:
      - {{id: one, title: {{de: "Ja", en: "Yes"}}, go: end}}
      - {{id: two, title: {{de: "ja", en: "Sure"}}, go: end}}     #! titles_alike
""",
    "unknown_product": f"""{START}
  - id: a
    say: {WORDS}
    carousel: [HM-01, HM-0]     #! unknown_product
""",
    "card_cut": f"""{START}
  - id: a
    say: {WORDS}
    carousel: [LONG-1]          #! card_cut
""",
}

UNTEMPLATED: Final = {
    "no_template": f"""{UNASKED}
  - id: a                 #! no_template
    say: {WORDS}
  - id: b                 #! no_template
    ask: {WORDS}
{QUESTION}""",
    "no_template_possible": f"""{UNASKED}
  - id: a                 #! no_template_possible
    handoff: {WORDS}
    reason: other
""",
    "template_choice": f"""{UNASKED}
  - id: a
    say: {WORDS}
    template: shop_question     #! template_choice
""",
    "template_choice_missing": f"""{UNASKED}
  - id: a
    ask: {WORDS}
    template: shop_news         #! template_choice_missing
{QUESTION}""",
}

CONSENT: Final = {
    "feedback_purpose": f"""{UNASKED}
  - id: a                 #! feedback_purpose
    ask: {WORDS}
    answer: number
    min: 0
    max: 10
    template: shop_news
""",
    "offers_purpose": f"""{UNASKED}
  - id: a                 #! offers_purpose
    offer: bundle
    text: {WORDS}
    template: shop_news
""",
    "no_double_opt_in": f"""{START}
  - id: a
    consent: offers       #! no_double_opt_in
    text: {WORDS}
    yes: {{de: "Ja", en: "Yes"}}
    no: {{de: "Nein", en: "No"}}
""",
    "consent_missing": f"""id: x
purpose: feedback         #! consent_missing
starts:
  - order: delivered
steps:
  - id: a
    ask: {WORDS}
    answer: text
    template: shop_news
""",
    "broken_promise": f"""{START}
  - id: a
    say:
      de: "Eine Antwort kommt innerhalb von 48 Stunden."     #! broken_promise
      en: "An answer comes within 48 hours."
""",
}

RULES: Final = {
    "keyword_shadows": f"""id: x
starts:
  - keyword:
      - etwas anderes
      - Pflegetipp        #! keyword_shadows
steps:
  - id: a
    say: {WORDS}
""",
    "holdout_service": f"""id: x
holdout: 10%              #! holdout_service
starts:
  - order: delivered
steps:
  - id: a
    say: {WORDS}
    template: shop_news
""",
    "expires_at_night": f"""id: x
expires: 6 hours          #! expires_at_night
starts:
  - order: delivered
steps:
  - id: a
    say: {WORDS}
    template: shop_news
""",
    "never_set": f"""{START}
  - id: a
    ask: {WORDS}
    answer: number
    save: cups
  - id: b
    say: {{de: "{{my.cusp}} Tassen", en: "{{my.cups}} cups"}}     #! never_set
  - id: c
    if: notes.cups > 3    #! never_set
    then: end
    else: end
""",
}

CASES: Final = {**PATHS, **TEXTS, **LIMITS, **UNTEMPLATED, **CONSENT, **RULES}

TEMPLATE_CASES: Final = {
    "template_not_said": "  body:     #! template_not_said template_not_said_elsewhere\n"
    '    en: "There is news for you."\n',
    "template_not_said_elsewhere": '  body: {de_du: "Es gibt Neues."}     #! template_not_said_elsewhere\n',
    "template_edge": '  body:\n    de: "{product} ist da."     #! template_edge\n'
    '    en: "Here is {product}"   #! template_edge\n',
    "template_expression": '  body:\n    de: "Neu: {product|upper} ist da."     #! template_expression\n'
    '    en: "It is here."\n',
    "template_too_long": f'  body:\n    de: "{LONG}{LONG}"     #! template_too_long\n    en: "It is here."\n',
    "template_title": "  body: {de: Gut., en: Good.}\n  buttons:\n"
    '    - {choice: a, title: {de: "Das ist für einen Knopf zu viel", en: "Yes"}} #! template_title\n',
    "template_emoji": "  body: {de: Gut., en: Good.}\n  buttons:\n"
    '    - {choice: a, title: {de: "⭐ Top", en: "Top"}} #! template_emoji\n',
    "text_missing_elsewhere": "  body: {de: Gut., en: Good.}\n  buttons:\n"
    '    - {choice: a, title: {de: "Top"}} #! text_missing_elsewhere\n',
    "mixed_address": '  body:\n    de_du: "Danke, dass Sie da sind!"     #! mixed_address\n'
    '    de_sie: "Danke, dass Sie da sind!"\n    en: "Thank you for being here!"\n',
}


def demands_of(kind: str) -> Demands:
    products = load_catalogue()
    long = replace(next(iter(products.values())), sku="LONG-1", title={"de": "Handmühle " * 9})
    return (
        replace(ALL, products={**products, "LONG-1": long})
        if kind in {"unknown_product", "card_cut"}
        else ALL
    )


@pytest.mark.parametrize("kind", CASES)
def test_what_is_wrong_is_told_with_its_line_and_nothing_else(kind: str) -> None:
    text = CASES[kind]
    assert kind in {found for found, _ in marked(text)}
    assert wrong_with(text, demands=demands_of(kind)) == marked(text)


@pytest.mark.parametrize("kind", TEMPLATE_CASES)
def test_what_is_wrong_with_a_template(kind: str) -> None:
    text = "- name: bad\n  category: utility\n" + TEMPLATE_CASES[kind]
    assert kind in {found for found, _ in marked(text)}
    assert wrong_with(text, "templates.yml") == marked(text)


def test_a_flow_without_an_example_is_told() -> None:
    found = [
        one for one in wrong({**BOOK, "x.yml": f"{START}  - id: a\n    say: {WORDS}\n"}) if one.flow == "x"
    ]
    assert [(one.kind, one.line, one.severity) for one in found] == [("no_example", 1, "warning")]


def test_an_example_that_fails_is_told_at_its_line() -> None:
    text = f"""{START}
  - id: a
    say: {WORDS}
examples:
  - about: first
    turns:
      - customer: "probe"
      - bot: "Gut"
  - about: second
    turns:
      - customer: "probe"
      - bot: "Schlecht"
"""

    def play(book: Book, flow: Flow, example: Example) -> list[Miss]:
        assert flow is book.flows["x"]
        return [Miss(2, "„Schlecht“", "“Schlecht”", "Gut.")] if example.about == "second" else []

    [problem] = [one for one in wrong({**BOOK, "x.yml": text}, play=play) if one.flow == "x"]
    assert text.splitlines()[problem.line - 1] == '      - bot: "Schlecht"'
    assert (
        problem.message("de")
        == "Das Beispiel „second“ geht anders aus. Erwartet: „Schlecht“. Gesagt wurde: Gut."
    )


def test_every_kind_of_problem_has_a_case() -> None:
    kinds = {kind for text in (*CASES.values(), *TEMPLATE_CASES.values()) for kind, _ in marked(text)}
    assert kinds | {"no_example", "example_fails"} >= CHECKING.keys()


def test_no_kind_has_two_homes() -> None:
    assert not LOADING.keys() & CHECKING.keys()


@pytest.mark.parametrize("kind", [*CASES, *TEMPLATE_CASES])
def test_every_word_of_a_problem_is_filled_in(kind: str) -> None:
    if kind in CASES:
        found = wrong({**BOOK, "x.yml": CASES[kind]}, demands_of(kind))
    else:
        found = wrong({**BOOK, "templates.yml": "- name: bad\n  category: utility\n" + TEMPLATE_CASES[kind]})
    for one in found:
        for text in (one.message("de"), one.message("en"), one.hint("de"), one.hint("en")):
            assert text
            assert "<" not in text, text


def test_everything_is_told_at_once_in_the_order_of_the_files() -> None:
    files = {
        **BOOK,
        **{f"{name}.yml": text.replace("id: x", f"id: {name}", 1) for name, text in PATHS.items()},
    }
    found = wrong(files)
    assert {one.kind for one in found} >= PATHS.keys() - {"no_way_out"} | {"trigger_taken"}
    told = [one for one in found if one.kind in CHECKING]
    assert told == sorted(told, key=lambda one: (one.file, one.line, one.column, one.kind))


def test_the_houses_own_scripts_are_in_order_and_quickly_checked() -> None:
    examined = examine(texts_of(SCRIPTS))
    assert examined.problems == []
    demands = Demands(channels=CHANNELS, products=load_catalogue())
    start = time.perf_counter()
    found = check(examined.book, examined.files.values(), demands)
    taken = time.perf_counter() - start
    assert [one.told() for one in found] == []
    assert taken < 2


@pytest.mark.parametrize(
    "demands", [replace(ALL, voice="sie"), replace(ALL, languages=("en", "de"))], ids=["sie", "english"]
)
def test_the_houses_own_scripts_suit_every_shop(demands: Demands) -> None:
    examined = examine(texts_of(SCRIPTS))
    assert [one.told() for one in check(examined.book, examined.files.values(), demands)] == []
