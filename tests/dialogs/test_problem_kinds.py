"""Every kind of problem that the loader can find, with the very place at which it is told."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings

from dialogs.problem_kinds import LOADING
from dialogs.problems import KINDS
from dialogs.script import SCRIPTS, examine, read_flow, texts_of
from tests.dialogs.checking import BOOK, FRAME
from tests.dialogs.damage import damaged

HERE: Final = "«"
"""Stands right before what a problem is about."""

CASES: Final = """
== not_yaml
id: x
steps: «]
== not_yaml
id: «!!binary x
steps: [{id: a, end: true}]
== key_twice
id: x
«id: y
steps: [{id: a, end: true}]
== key_twice
id: x
steps:
  - id: a
    say: {de: Gut, en: Good, «de: Schön}
== unknown_key
id: x
steps:
  - id: a
    say: {de: Gut, en: Good}
    «colour: red
== unknown_key
id: x
steps:
  - id: a
    ask: {de: Gut?, en: Good?}
    choices:
      - {id: b, title: {de: Ja, en: Yes}, «got: end}
== missing_key
id: x
steps:
  - «say: {de: Gut, en: Good}
== missing_key
id: x
steps:
  - «id: a
    handoff: {de: Gut, en: Good}
== missing_key
«steps: [{id: a, end: true}]
== not_possible
id: x
«purpose: fun
steps: [{id: a, end: true}]
== not_possible
id: x
starts:
  - {«order: payed}
steps: [{id: a, end: true}]
== not_possible
id: x
starts:
  - «flow: nowhere
steps: [{id: a, end: true}]
== wrong_form
id: x
«steps: hello
== wrong_form
«id: Größe
steps: [{id: a, end: true}]
== wrong_form
id: x
steps:
  - id: a
    ask: {de: Wie viele?, en: How many?}
    answer: number
    «min: few
== unknown_variant
id: x
steps:
  - id: a
    say: {de: Gut, «fr: Bon}
== empty_text
id: x
steps:
  - id: a
    say: {de: Gut, «en: " "}
== empty_text
id: x
starts:
  - keyword: [ja, «"!?"]
steps: [{id: a, end: true}]
== unknown_placeholder
id: x
steps:
  - id: a
    say:
      de: Gut
      «en: "{helo}"
== unknown_placeholder
id: x
steps:
  - id: a
    say: {de: Gut}
    variants:
      short: {«de: "{helo}"}
== unknown_placeholder
id: x
steps:
  - id: a
    «if: has_oder
    then: end
    else: end
== open_brace
id: x
steps:
  - id: a
    say: {«de: "{hello!"}
== step_twice
id: x
steps:
  - {id: a, end: true}
  - {«id: a, end: true}
== choice_twice
id: x
steps:
  - id: a
    ask: {de: Gut?, en: Good?}
    «choices:
      - {id: b, title: {de: Ja, en: Yes}}
      - {id: b, title: {de: Nein, en: No}}
== flow_twice
«id: frame
steps: [{id: a, end: true}]
== unknown_template
id: x
steps:
  - id: a
    say: {de: Gut, en: Good}
    «template: shop_new
== trigger_taken
id: x
starts:
  - «occasion: menu
steps: [{id: a, end: true}]
== dangling
id: x
steps:
  - id: a
    say: {de: Gut, en: Good}
    «go: b
== dangling
id: x
steps:
  - id: a
    ask: {de: Gut?, en: Good?}
    choices:
      - {id: b, title: {de: Ja, en: Yes}, «go: /frame/humn}
== bad_expression
id: x
steps:
  - id: a
    «if: has_order and
    then: end
    else: end
== bad_expression
id: x
starts:
  - order: paid
    «if: "1 2"
steps: [{id: a, end: true}]
== not_allowed
id: x
steps:
  - id: a
    if:
      - {«when: score * 3, go: end}
    else: end
== unknown_filter
id: x
steps:
  - id: a
    set: {«x: "{hello|shout}"}
== bad_duration
id: x
steps:
  - id: a
    «wait: soon
== bad_duration
id: x
«expires: 0 days
steps: [{id: a, end: true}]
== bad_duration
id: x
starts:
  - order: paid
    after: {fast: 1 day, «durable: bald}
steps: [{id: a, end: true}]
== bad_time
id: x
starts:
  - order: paid
    «at: "25:00"
steps: [{id: a, end: true}]
== bad_date
id: x
starts:
  - «date: 02-30
steps: [{id: a, end: true}]
== no_kind
id: x
steps:
  - «id: a
== two_kinds
id: x
steps:
  - «id: a
    say: {de: Gut, en: Good}
    ask: {de: Gut?, en: Good?}
== trigger_kind
id: x
starts:
  - «{order: paid, tag: vip}
steps: [{id: a, end: true}]
== if_without_else
id: x
steps:
  - «id: a
    if: has_order
    then: end
== needs_choices
id: x
steps:
  - «id: a
    ask: {de: Gut?, en: Good?}
    answer: rating
== no_choices_here
id: x
steps:
  - «id: a
    ask: {de: Gut?, en: Good?}
    answer: text
    choices: [{id: b, title: {de: Ja, en: Yes}}]
== no_effect
id: x
steps:
  - id: a
    ask: {de: Gut?, en: Good?}
    «low: end
== no_effect
id: x
steps:
  - id: a
    ask: {de: Gut?, en: Good?}
    «otherwise: end
== no_effect
id: x
starts:
  - keyword: tee
    «after: 3 days
steps: [{id: a, end: true}]
== reserved_id
id: x
steps:
  - {«id: end, end: true}
== with_end
id: x
steps:
  - id: a
    remind: later
    «with: end
"""

FOUND: Final = [
    (kind, snippet) for kind, _, snippet in (one.partition("\n") for one in CASES.split("\n== ")[1:])
]


def placed(text: str) -> tuple[str, int, int]:
    """A text without its mark, and the line and column of the mark."""
    before = text[: text.index(HERE)]
    return text.replace(HERE, ""), before.count("\n") + 1, len(before) - before.rfind("\n")


def told(name: str, text: str) -> list[tuple[str, int, int]]:
    found = examine({**BOOK, name: text}).problems
    return [(one.kind, one.line, one.column) for one in found if one.file == name]


@pytest.mark.parametrize(("kind", "text"), FOUND, ids=[f"{kind}-{i}" for i, (kind, _) in enumerate(FOUND)])
def test_it_is_told_at_the_very_place_and_nothing_else_is(kind: str, text: str) -> None:
    text, line, column = placed(text)
    assert told("x.yml", text) == [(kind, line, column)]


def test_an_empty_file_and_one_that_is_too_deep() -> None:
    assert told("x.yml", "") == told("x.yml", "# nothing\n") == [("empty_file", 1, 1)]
    assert told("x.yml", f"id: {'[' * 60}{']' * 60}\n") == [("too_deep", 1, 45)]


def test_a_text_has_an_end() -> None:
    text = f'id: x\nsteps:\n  - id: a\n    say: {{de: "{"{brand} " * 2000}"}}\n'
    (one,) = examine({**BOOK, "x.yml": text}).problems
    assert (one.kind, one.line, one.column) == ("wrong_form", 4, 11)
    assert one.hint("de") == "Erwartet wird: höchstens 10000 Zeichen."


def test_a_phrase_that_is_missing_and_one_that_is_not_known() -> None:
    phrases = BOOK["phrases.yml"]
    line = phrases[: phrases.index("glad:\n")].count("\n") + 1
    assert told("phrases.yml", phrases.replace("glad:\n", "glat:\n")) == [
        ("unknown_key", line, 1),
        ("phrase_missing", 1, 1),
    ]


def test_a_template_that_is_there_twice() -> None:
    templates = f"{BOOK['templates.yml'].strip()}\n- «name: shop_news\n  body: {{de: Gut, en: Good}}\n"
    text, line, column = placed(templates)
    assert told("templates.yml", text) == [("template_twice", line, column)]


def test_what_no_file_answers_is_told_of_all_files() -> None:
    (one,) = examine({**BOOK, "frame.yml": FRAME.replace("  - occasion: menu\n", "")}).problems
    assert (one.kind, one.file, one.line, one.details["word"]) == ("trigger_free", "(all files)", 1, "menu")


def test_no_kind_is_without_a_case() -> None:
    elsewhere = {"empty_file", "too_deep", "phrase_missing", "template_twice", "trigger_free"}
    assert {kind for kind, _ in FOUND} | elsewhere == LOADING.keys()


FILES: Final = list(texts_of(SCRIPTS).values())


@settings(max_examples=100, deadline=None)
@given(damaged(FILES))
def test_lost_doubled_and_swapped_lines_are_told_and_raise_nothing(text: str) -> None:
    for name in ("x.yml", "phrases.yml", "templates.yml"):
        for one in examine({name: text}).problems:
            assert one.kind in KINDS
            assert min(one.line, one.column) >= 1
            assert one.line <= text.count("\n") + text.count("\u2028") + text.count("\x85") + 2
            assert one.told("de").startswith(f"{one.file}:{one.line}:{one.column}: ")
    flow, problems = read_flow("x.yml", text)
    assert flow is not None or problems
