"""What the loader finds wrong, kind by kind; together with `test_check` every kind of problem has a case."""

from __future__ import annotations

from typing import Final

import pytest

from dialogs.problem_kinds import LOADING
from dialogs.script import SCRIPTS
from tests.dialogs.checking import BOOK, FRAME, marked, wrong

START: Final = "id: x\nstarts:\n  - keyword: probe\nsteps:\n"
WORDS: Final = '{de: "Gut.", en: "Good."}'
SAY: Final = f"{START}  - id: a\n    say: {WORDS}\n"
DEEP: Final = "a: " + "[" * 60 + "]" * 60 + " #! too_deep\n"

CASES: Final = {
    "not_yaml": "id: x\nsteps: ]      #! not_yaml\n",
    "too_deep": DEEP,
    "key_twice": f"id: x\nid: y               #! key_twice\n{SAY.removeprefix('id: x')}",
    "unknown_key": f"{SAY}    colour: red        #! unknown_key\n",
    "missing_key": f"{START}  - id: a\n    handoff: {WORDS}\n  - say: {WORDS}     #! missing_key\n",
    "not_possible": f"id: x\npurpose: fun     #! not_possible\n{SAY.removeprefix('id: x')}",
    "wrong_form": "id: x\nsteps: hello     #! wrong_form\n",
    "unknown_variant": f'{START}  - id: a\n    say: {{de: "Gut.", fr: "Bon."}}     #! unknown_variant\n',
    "empty_text": f'{START}  - id: a\n    say: {{de: " ", en: "Good."}}     #! empty_text\n',
    "unknown_placeholder": f"{START}  - id: a\n"
    f'    say: {{de: "{{helo}}!", en: "Hi!"}}     #! unknown_placeholder\n',
    "open_brace": f'{START}  - id: a\n    say: {{de: "{{hello!", en: "Hi!"}}     #! open_brace\n',
    "step_twice": f"{SAY}    go: end\n  - id: a           #! step_twice\n    say: {WORDS}\n",
    "choice_twice": f"{START}  - id: a\n    ask: {WORDS}\n"
    f"    choices:          #! choice_twice titles_alike\n"
    f"      - {{id: c, title: {WORDS}, go: end}}\n      - {{id: c, title: {WORDS}, go: end}}\n",
    "flow_twice": f"id: frame     #! flow_twice\n{SAY.removeprefix('id: x')}",
    "unknown_template": f"{SAY}    template: shop_new     #! unknown_template\n",
    "trigger_taken": f"id: x\nstarts:\n  - occasion: menu     #! trigger_taken\nsteps:\n  - id: a\n"
    f"    say: {WORDS}\n",
    "dangling": f"{START}  - id: a\n    say: {WORDS}\n    go: b     #! dangling\n",
    "bad_expression": f"{START}  - id: a\n    if: has_order and     #! bad_expression\n"
    f"    then: end\n    else: end\n",
    "not_allowed": f"{START}  - id: a\n    if: brand * 3         #! not_allowed\n    then: end\n"
    f"    else: end\n",
    "unknown_filter": f"{START}  - id: a\n"
    f'    say: {{de: "{{hello|shout}}", en: "Hi!"}}     #! unknown_filter\n',
    "bad_duration": f"{START}  - id: a\n    wait: soon            #! bad_duration\n",
    "bad_time": f'id: x\nstarts:\n  - order: paid\n    at: "25:99"           #! bad_time\nsteps:\n'
    f"  - id: a\n    say: {WORDS}\n",
    "bad_date": f"id: x\nstarts:\n  - date: 13-45     #! bad_date\nsteps:\n  - id: a\n    say: {WORDS}\n",
    "no_effect": f"{START}  - id: a\n    wait: 3 days\n    longest: 5 days     #! no_effect\n",
    "reserved_id": f"{START}  - id: end         #! reserved_id\n    say: {WORDS}\n",
    "with_end": f"{START}  - id: a\n    remind: later\n    with: end     #! with_end\n",
    "no_kind": f"{START}  - id: a              #! no_kind\n",
    "two_kinds": f"{SAY}    ask: {WORDS}\n".replace("- id: a", "- id: a     #! two_kinds"),
    "trigger_kind": f"id: x\nstarts:\n  - {{order: paid, tag: vip}}     #! trigger_kind\nsteps:\n"
    f"  - id: a\n    say: {WORDS}\n",
    "if_without_else": f"{START}  - id: a     #! if_without_else\n    if: has_order\n    then: end\n",
    "needs_choices": f"{START}  - id: a     #! needs_choices\n    ask: {WORDS}\n    answer: choice\n",
    "no_choices_here": f"{START}  - id: a     #! no_choices_here\n    ask: {WORDS}\n    answer: text\n"
    f"    choices:\n      - {{id: c, title: {WORDS}, go: end}}\n",
}


def found_in(text: str, name: str = "x.yml") -> set[tuple[str, int]]:
    return {(one.kind, one.line) for one in wrong({**BOOK, name: text}) if one.file == name}


@pytest.mark.parametrize("kind", CASES)
def test_what_cannot_be_read_is_told_with_its_line(kind: str) -> None:
    assert kind in {found for found, _ in marked(CASES[kind])}
    assert {one for one in marked(CASES[kind]) if one[0] == kind} <= found_in(CASES[kind])


def test_an_empty_file() -> None:
    assert found_in("") == {("empty_file", 1)}


def test_a_required_trigger_that_no_flow_takes() -> None:
    files = {**BOOK, "frame.yml": FRAME.replace("  - occasion: menu\n", "")}
    assert [one.kind for one in wrong(files) if one.kind == "trigger_free"] == ["trigger_free"]


def test_a_phrase_that_is_not_there() -> None:
    phrases = (SCRIPTS / "phrases.yml").read_text("utf-8").replace("glad:", "gladly:", 1)
    assert "phrase_missing" in {kind for kind, _ in found_in(phrases, "phrases.yml")}


def test_a_template_that_is_there_twice() -> None:
    twice = BOOK["templates.yml"].strip() + BOOK["templates.yml"]
    found = [line for kind, line in found_in(twice, "templates.yml") if kind == "template_twice"]
    assert [twice.splitlines()[line - 1] for line in sorted(found)] == [
        "- name: shop_news",
        "- name: shop_question",
    ]


def test_every_kind_of_problem_has_a_case() -> None:
    elsewhere = {"empty_file", "trigger_free", "phrase_missing", "template_twice"}
    # An entry of `starts` without a known kind is told as `unknown_key` and `trigger_kind`.
    assert elsewhere | CASES.keys() >= LOADING.keys() - {"unknown_trigger"}
