"""A book from its files: what it finds by what, what its flows need, and what only the whole of it shows."""

from __future__ import annotations

from typing import Any, Final

import pytest

from dialogs.flow import PHRASES, REQUIRED, Say
from dialogs.script import (
    ScriptError,
    examine,
    flow_texts,
    load_book,
    read_book,
    read_flow,
    texts_of,
    version_of,
)
from dialogs.words import Lines, Words
from tests.dialogs.checking import BOOK

W: Final = '{de: "Gut", en: "Good"}'
STEP: Final = "steps:\n  - {id: a, end: true}\n"


def book_of(**files: str) -> Any:
    """A book of these flows beside one that answers what every book must."""
    return read_book({**BOOK, **{f"{name}.yml": f"id: {name}\n{text}" for name, text in files.items()}})


def test_a_book_finds_flows_by_what_starts_them() -> None:
    book = book_of(
        one=f"starts:\n  - {{link: summer}}\n  - {{keyword: [Pflege, Hilfe!]}}\n  - {{order: paid}}\n{STEP}",
        two=f"starts:\n  - {{order: paid, after: 1 day}}\n  - {{flow: one}}\n{STEP}",
    )
    assert book.on["link:summer"].id == "one"
    assert book.on["menu"].id == book.on["complaint"].id == "frame"
    assert {phrase: flow.id for phrase, flow in book.keywords.items()} == {"pflege": "one", "hilfe": "one"}
    assert [(flow.id, trigger.after.at_once) for flow, trigger in book.proactive["order:paid"]] == [
        ("one", True),
        ("two", False),
    ]
    assert [flow.id for flow, _ in book.proactive["flow:one"]] == ["two"]
    assert book.flows["one"] is book.on["link:summer"] is book.keywords["pflege"]


def test_phrases_and_templates_are_read_beside_the_flows() -> None:
    book = book_of()
    assert book.phrases.keys() == PHRASES
    assert book.phrases["list_label"].texts["de"] == "Auswählen"
    assert book.templates["shop_question", "de_sie"].parameters == ("product",)
    assert {name for name, _ in book.templates} == {"shop_news", "shop_question"}


def test_a_book_without_phrases_still_says_something() -> None:
    files = {name: text for name, text in BOOK.items() if name != "phrases.yml"}
    assert read_book(files).phrases.keys() == PHRASES


def test_a_flow_needs_what_it_names_and_what_a_turn_can_lead_to() -> None:
    rate = f"steps:\n  - id: a\n    ask: {W}\n    titles: [{', '.join([W] * 5)}]\n"
    book = book_of(
        plain=f"steps:\n  - {{id: a, say: {W}}}\n",
        names='steps:\n  - {id: a, say: {de: "{product}"}}\n',
        leads="steps:\n  - {id: a, go: /names}\n",
        calls="steps:\n  - {id: a, call: leads}\n",
        waits="steps:\n  - {id: a, wait: 3 days, go: /names}\n",
        events="steps:\n  - {id: a, wait: delivered, go: /names}\n",
        rates=rate,
        sets='steps:\n  - {id: a, set: {x: "{first_name}"}}\n',
        ifs="steps:\n  - {id: a, if: entry_fresh, then: end, else: end}\n",
        starts=f"starts:\n  - {{order: paid, if: has_setup}}\n{STEP}",
        offers=f"steps:\n  - {{id: a, offer: bundle, text: {W}}}\n",
        to_offers="steps:\n  - {id: a, go: /offers}\n",
        consents=f"steps:\n  - {{id: a, consent: feedback, action: grant, text: {W}}}\n",
        prefers='steps:\n  - {id: a, say: {de: "{notes.usage}"}}\n',
        news=f"steps:\n  - {{id: a, say: {W}, template: shop_question}}\n",
        cards=f"steps:\n  - {{id: a, say: {W}, carousel: complements}}\n",
    )
    needs = {name: set(flow.needs) for name, flow in book.flows.items() if name != "frame"}
    products, everything = {"orders", "products"}, {"orders", "products", "journey"}
    assert needs == {
        "plain": set(), "names": products, "leads": products, "calls": products, "waits": set(),
        "events": products, "rates": {"orders"}, "sets": {"orders"}, "ifs": {"entry"}, "starts": products,
        "offers": everything, "to_offers": everything, "consents": {"journey"}, "prefers": {"journey"},
        "news": products, "cards": everything,
    }  # fmt: skip


def test_another_text_is_another_version() -> None:
    one, two = f"id: x\n{STEP}", f"id: x\n{STEP}# the same\n"
    versions = [
        flow.version for flow, _ in (read_flow("x.yml", text) for text in (one, two)) if flow is not None
    ]
    assert versions == [version_of(one), version_of(two)]
    assert version_of(one) != version_of(two)
    assert version_of("\ud800") != version_of("")


def test_the_text_of_each_flow_is_found_again() -> None:
    files = {**BOOK, "x.yml": f"id: x\n{STEP}"}
    found = flow_texts(files, read_book(files))
    assert found["x"] == (version_of(files["x.yml"]), files["x.yml"])
    assert found.keys() == {"frame", "x"}


def test_the_houses_book_loads_once() -> None:
    book = load_book()
    assert book is load_book()
    assert len(book.flows) >= 12
    assert {word for word in REQUIRED if word not in book.on} == set()
    assert all(flow.version and flow.steps for flow in book.flows.values())
    assert book.templates


def test_a_folder_is_a_book(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("scripts")
    for name, text in BOOK.items():
        (folder / name).write_text(text, "utf-8")
    assert texts_of(folder) == dict(sorted(BOOK.items()))
    assert load_book(folder).flows.keys() == {"frame"}


# -- what is wrong


def kinds(files: dict[str, str]) -> list[tuple[str, str, int]]:
    return sorted((one.file, one.kind, one.line) for one in examine({**BOOK, **files}).problems)


def test_ways_that_lead_nowhere_are_told_where_they_are_written() -> None:
    text = f"""id: x
steps:
  - id: a
    ask: {W}
    choices:
      - {{id: one, title: {W}, go: b}}
      - {{id: two, title: {W}, go: bb}}
    otherwise: /fram
    silence:
      after: 2 days
      go: /frame/humann
  - id: b
    if: has_order
    then: cc
    else: /frame/human
  - id: c
    remind: later
    with: /later
  - id: d
    call: somewhere
  - id: e
    wait: delivered
    else: nowhere
"""
    found = [one for one in examine({**BOOK, "x.yml": text}).problems if one.file == "x.yml"]
    assert sorted((one.line, one.details["word"]) for one in found) == [
        (7, "bb"),
        (8, "/fram"),
        (11, "/frame/humann"),
        (14, "cc"),
        (18, "/later"),
        (20, "/somewhere"),
        (23, "nowhere"),
    ]
    assert {one.kind for one in found} == {"dangling"}
    hints = {one.details["word"]: one.hint() for one in found}
    assert hints["/fram"] == "Perhaps `/frame` is meant."
    assert hints["/frame/humann"] == "Perhaps `/frame/human` is meant."
    assert [one.step for one in found] == ["a", "a", "a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("x.yml", f"id: x\nstarts:\n  - {{occasion: menu}}\n{STEP}", [("x.yml", "trigger_taken", 3)]),
        ("x.yml", f"id: x\nstarts:\n  - {{keyword: Ho}}\n  - {{keyword: [Ha, ho!]}}\n{STEP}", []),
        ("x.yml", f"id: frame\n{STEP}", [("x.yml", "flow_twice", 1)]),
        (
            "x.yml",
            f"id: x\nsteps:\n  - {{id: a, say: {W}, template: shop_new}}\n",
            [("x.yml", "unknown_template", 3)],
        ),
        ("x.yml", f"id: x\nstarts:\n  - {{flow: fram}}\n{STEP}", [("x.yml", "not_possible", 3)]),
        ("x.yml", f"id: x\n{STEP}", []),
        (
            "templates.yml",
            "- name: shop_news\n  boddy: {de: Hallo}\n",
            [("templates.yml", "missing_key", 1), ("templates.yml", "unknown_key", 2)],
        ),
        (
            "phrases.yml",
            "stalle: {de: Gut}\n",
            [("phrases.yml", "phrase_missing", 1)] * len(PHRASES) + [("phrases.yml", "unknown_key", 1)],
        ),
        ("phrases.yml", "- a\n", [("phrases.yml", "wrong_form", 1)]),
    ],
)
def test_what_only_the_book_shows(name: str, text: str, found: list[tuple[str, str, int]]) -> None:
    assert kinds({name: text}) == found


def test_two_flows_may_not_claim_one_phrase_however_it_is_spelt() -> None:
    one = f"id: one\nstarts:\n  - {{keyword: [Größe, Maße]}}\n{STEP}"
    two = f"id: two\nstarts:\n  - keyword:\n      - Pflege\n      - GROESSE!\n{STEP}"
    found = examine({**BOOK, "one.yml": one, "two.yml": two}).problems
    assert [(one.file, one.line, one.kind) for one in found] == [("two.yml", 5, "trigger_taken")]
    assert found[0].details == {"word": "groesse", "other": "one"}


def test_nobody_is_missed_while_something_cannot_be_read() -> None:
    """A broken file may be what answers: it is told alone, and so are templates that cannot be read."""
    assert kinds({"frame.yml": "id: frame\n", "x.yml": "id: x\nsteps:\n  - {id: a, go: /frame/human}\n"}) == [
        ("frame.yml", "missing_key", 1)
    ]
    news = f"id: x\nsteps:\n  - {{id: a, say: {W}, template: shop_news}}\n"
    assert kinds({"templates.yml": "a: b", "x.yml": news}) == [("templates.yml", "wrong_form", 1)]


def test_everything_in_a_file_is_told_at_once() -> None:
    text = f"""id: x
starts:
  - {{intent: setup_help, after: 3 days}}
  - date: 13-45
steps:
  - id: a
    say: {{de: "{{helo}}", en: " ", fr: Bon}}
    ask: {W}
  - id: b
    say: {{de: "{{helo}}"}}
    go: nowhere
  - id: c
    say: {W}
    colour: red
  - id: d
    if: has_order and
    then: b
    else: nowhere
"""
    assert kinds({"x.yml": text}) == [
        ("x.yml", "bad_date", 4),
        ("x.yml", "bad_expression", 16),
        ("x.yml", "dangling", 11),
        ("x.yml", "dangling", 18),
        ("x.yml", "no_effect", 3),
        ("x.yml", "two_kinds", 6),
        ("x.yml", "unknown_key", 14),
        ("x.yml", "unknown_placeholder", 10),
    ]


def test_what_can_be_read_is_examined_although_something_else_is_wrong() -> None:
    files = {**BOOK, "x.yml": f"id: x\n{STEP}", "bad.yml": "id: bad\nsteps:\n  - {id: a, sya: {de: x}}\n"}
    examined = examine(files)
    assert examined.book.flows.keys() == {"frame", "x"}
    assert examined.sources.keys() == {"frame", "x"}
    assert examined.sources["x"].place(("steps", 0, "end")) == (3, 13)
    assert examined.files.keys() == files.keys()
    assert [(one.file, one.kind, one.flow, one.step) for one in examined.problems] == [
        ("bad.yml", "no_kind", "bad", "a")
    ]
    with pytest.raises(ScriptError, match=r"bad\.yml:3:5: This step does not say what it does"):
        read_book(files)


def test_one_flow_alone_is_not_asked_where_it_leads() -> None:
    flow, problems = read_flow("x.yml", "id: x\nsteps:\n  - {id: a, go: /elsewhere}\n")
    assert flow is not None
    assert problems == []
    assert read_flow("x.yml", "id: x\nsteps: []\n")[0] is None
    assert read_flow("x.yml", "[")[0] is None


def test_a_text_that_cannot_be_used_leaves_the_rest_to_play() -> None:
    """So an old version of a flow can still be finished by whoever is in it."""
    flow, problems = read_flow("x.yml", 'id: x\nsteps:\n  - {id: a, say: {de: "{gone_since}"}}\n')
    assert [one.kind for one in problems] == ["unknown_placeholder"]
    assert flow is not None
    assert flow.steps["a"] == Say("a", Lines(Words({"de": "–"})), None)
