"""What an owner is told about a broken script: always something, never an exception, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dialogs.problems import KINDS, Problem, named, nearest
from dialogs.script import SCRIPTS, ScriptError, examine, read_book, read_flow, texts_of
from dialogs.source import Source
from dialogs.words import Language
from tests.dialogs.damage import damaged

FILES = texts_of(SCRIPTS)
LANGUAGES: tuple[Language, ...] = ("de", "en")
BLANK = re.compile(r"<[a-z]+(_de|_en)?>")
"""What is still to be filled in."""


def problems(files: dict[str, str]) -> tuple[Problem, ...]:
    """What is wrong with a book."""
    try:
        read_book(files)
    except ScriptError as error:
        return error.problems
    return ()


def said(text: str, name: str) -> list[str]:
    """The problems of one file, as an English owner reads them."""
    return [str(one) for one in problems({name: text}) if one.file == name]


def check_told(found: Iterable[Problem], text: str) -> None:
    """Every problem has a place, and is said in full in both languages."""
    for one in found:
        assert one.line >= 1
        assert one.column >= 1
        for language in LANGUAGES:
            assert one.message(language)
            assert "<" in text or not BLANK.search(one.told(language))


@settings(max_examples=200, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(damaged(list(FILES.values())))
def test_no_damage_makes_it_raise(text: str) -> None:
    for name in ("neu.yml", "phrases.yml", "templates.yml"):
        check_told(problems({name: text}), text)
    check_told(read_flow("neu.yml", text)[1], text)


@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_no_damage_makes_a_whole_book_raise(name: str, data: st.DataObject) -> None:
    text = data.draw(damaged([FILES[name]]))
    check_told(problems({**FILES, name: text}), text)


@pytest.mark.parametrize("text", ["", "null", "~", "# nothing\n"])
def test_a_file_that_says_nothing_is_told(text: str) -> None:
    assert [one.kind for one in examine({"neu.yml": text}).problems] == ["empty_file"]


@given(st.text())
def test_no_text_at_all_makes_it_raise(text: str) -> None:
    for name in ("neu.yml", "phrases.yml", "templates.yml"):
        assert problems({name: text})


STEP = "id: x\nsteps:\n  - id: a\n    "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "neu.yml:1:1: The file is empty."),
        ("id: a\nid: b\n", "neu.yml:2:1: `id` is there twice"),
        ("id: Menü\n", "neu.yml:1:1: `id` does not have the right form. Expected is small letters"),
        ("id: 2024\n", "`id` does not have the right form. Expected is a text (numbers in quotation marks)"),
        ("id: a\nstep: []\n", "neu.yml:2:1: `step` is not known here. Perhaps `steps` is meant."),
        ("id: a\nsteps: []\n", "`steps` does not have the right form. Expected is at least 1."),
        ("id: a\n", "neu.yml:1:1: `steps` is missing here. Add `steps:`."),
        ("id: a\nsteps: hello\n", "neu.yml:2:1: `steps` does not have the right form. Expected is a list"),
        ("id: a\nholdout: 80%\n", "neu.yml:2:1: `holdout` does not have the right form. Expected is a share"),
        ("id: a\nexpires: 3\n", "neu.yml:2:1: `3` is no duration. For example: `3 days`"),
        (
            "id: a\npurpose: service \nonce: always\n",
            "`always` is not possible here. There are: `buyer`, `order`.",
        ),
        ("id: a\nstarts:\n  - {order: paid, at: 10}\n", "neu.yml:3:19: `10` is no time of day."),
        ("id: a\nstarts:\n  - {order: payd}\n", "neu.yml:3:6: `payd` is not possible here. Perhaps `paid`"),
        (
            "id: a\nstarts:\n  - {intent: care}\n",
            "neu.yml:3:6: `care` is not possible here. Perhaps `care_tip`",
        ),
        ("id: a\nstarts:\n  - {on: paid}\n", "neu.yml:3:6: `on` is not known here."),
        ("id: a\nstarts:\n  - {at: 10:00}\n", "Each entry of `starts` needs exactly one kind (here: –)."),
        (
            "id: a\nstarts:\n  - {order: paid, after: {fast: 1 day}}\n",
            "neu.yml:3:19: `durable` is missing here.",
        ),
        ("id: a\nstarts:\n  - {order: paid, after: [1 day]}\n", "`after` does not have the right form."),
        ("steps:\n  - say: {de: x, en: y}\n", "neu.yml:2:5: `id` is missing here."),
        (
            "steps:\n  - hello\n",
            "neu.yml:2:5: This step does not say what it does. There are: `ask`, `call`, `checklist`",
        ),
        (
            "steps:\n  - id: a\n    aks: {de: x}\n",
            "neu.yml:2:5: This step does not say what it does. Perhaps `ask` is meant.",
        ),
        (f"{STEP}say: {{de: x}}\n    ask: {{de: x}}\n", "does several things at once: `say`, `ask`."),
        (
            f"{STEP}say: Hello\n",
            "neu.yml:4:5: `say` does not have the right form. Expected is a text per language",
        ),
        (f"{STEP}say: {{}}\n", "neu.yml:4:5: The text is empty."),
        (f"{STEP}say: {{de: x, en: ' '}}\n", "neu.yml:4:18: The text is empty."),
        (f"{STEP}say: {{de: x, en: }}\n", "neu.yml:4:18: The text is empty."),
        (f"{STEP}say: {{dee: x}}\n", "neu.yml:4:11: The language `dee` is unknown. Perhaps `de` is meant."),
        (f"{STEP}say: {{de: 5}}\n", "neu.yml:4:11: `de` does not have the right form. Expected is a text"),
        (
            f"{STEP}say: {{de: x}}\n    picture: {{urll: x}}\n",
            "`urll` is not known here. Perhaps `url` is meant.",
        ),
        (
            f"{STEP}say: {{de: x}}\n    tracking: maybe\n",
            "neu.yml:5:5: `tracking` does not have the right form.",
        ),
        (f"{STEP}say: {{de: x}}\n    go: a b\n", "neu.yml:5:5: `go` does not have the right form."),
        (
            f"{STEP}say: {{de: x}}\n    carousel: everything\n",
            "`everything` is not possible here. There are:",
        ),
        (
            f"{STEP}say: {{de: x}}\n    variants: {{Short: {{de: x}}}}\n",
            "`Short` does not have the right form.",
        ),
        (
            f"{STEP}ask: {{de: x}}\n    low: a\n",
            "neu.yml:5:5: `low` does nothing here. Remove it; it only counts",
        ),
        (
            f"{STEP}ask: {{de: x}}\n    titles: [{{de: x}}]\n",
            "neu.yml:5:5: `titles` does not have the right form.",
        ),
        (f"{STEP}ask: {{de: x}}\n    choices: [{{id: b, tite: {{de: x}}}}]\n", "Perhaps `title` is meant."),
        (
            f"{STEP}ask: {{de: x}}\n    skip: {{de: x}}\n    choices: [{{id: skip, title: {{de: y}}}}]\n",
            "the same id",
        ),
        (f"{STEP}if: 5\n", "neu.yml:4:5: `if` does not have the right form. Expected is a text"),
        (f"{STEP}if: has_order\n    else: end\n", "neu.yml:3:5: `then` is missing here."),
        (
            f"{STEP}if: [{{when: has_order, goo: end}}]\n",
            "neu.yml:4:28: `goo` is not known here. Perhaps `go`",
        ),
        (
            f"{STEP}if: []\n    else: end\n",
            "neu.yml:4:5: `if` does not have the right form. Expected is at least 1",
        ),
        (
            f"{STEP}if: has_oder\n    then: end\n    else: end\n",
            "{has_oder} is unknown. Perhaps `has_order` is meant.",
        ),
        (
            f"{STEP}if: 3 >\n    then: end\n    else: end\n",
            "neu.yml:4:5: This condition cannot be understood: `3 >`.",
        ),
        (f"{STEP}wait: -2 days\n", "neu.yml:4:5: `-2 days` is no duration."),
        (f"{STEP}wait: 25:00\n", "neu.yml:4:5: `25:00` is no duration. For example: `3 days`"),
        (f"{STEP}set: {{x: [1]}}\n", "neu.yml:4:11: `x` does not have the right form. Expected is a text"),
        (f"{STEP}offer: bundle\n    text: {{de: x}}\n    percent: 100%\n", "Expected is at most 90."),
        (f"{STEP}remind: soon\n    with: a\n", "neu.yml:4:5: `soon` is no duration."),
        (f"{STEP}consent: offers\n    text: {{de: x}}\n", "neu.yml:3:5: `yes` is missing here."),
        (
            f"{STEP}handoff: {{de: x}}\n    reason: a\n    priority: hihg\n",
            "`hihg` is not possible here. Perhaps `high`",
        ),
        ("a: " + "[" * 60 + "]" * 60, "neu.yml:1:44: The file is nested too deeply"),
        ("a: &a [*a]", "nested too deeply"),
        (
            "a: &a [1,2,3,4,5,6,7,8,9]\n"
            + "".join(
                f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefg", "bcdefgh", strict=True)
            ),
            "nested too deeply",
        ),
        ("? [a, b]\n: c\n", "This is not YAML"),
        ("a: !!timestamp 2026-13-45\n", "This is not YAML"),
        ("a: !!python/name:os.system\n", "This is not YAML"),
        ("a: \x00\n", "This is not YAML"),
    ],
)
def test_where_what_and_how_to_mend_it(text: str, expected: str) -> None:
    told = "\n".join(said(text, "neu.yml"))
    assert expected in told, told


def test_everything_in_a_flow_is_told_at_once_with_its_step() -> None:
    text = FILES["menu.yml"]
    for old, new in (("{hello}", "{helo}"), ("go: /care", "go: /caer"), ("go: /setup", "go: /setpu")):
        assert old in text
        text = text.replace(old, new, 1)
    found = problems({**FILES, "menu.yml": text})
    assert sorted(one.kind for one in found) == ["dangling", "dangling", "unknown_placeholder"]
    assert {(one.flow, one.step) for one in found} == {("menu", "main")}
    hints = {one.details["word"]: one.hint("de") for one in found}
    assert hints["/setpu"] == "Gemeint ist vielleicht `/setup`."
    assert hints["helo"] == "Gemeint ist vielleicht `hello`."


def test_a_flow_that_cannot_be_read_is_told_alone() -> None:
    """Not also every flow that leads to it, and what it would have answered."""
    assert [one.kind for one in problems({**FILES, "human.yml": "id: human\n"})] == ["missing_key"]


def test_words_are_read_as_people_mean_them() -> None:
    data = Source("x.yml", "a: yes\nb: off\nc: 18:00\nd: 12-06\ne: true\nf:\ng: 10\nh: 1.5\n").data
    assert data == {
        "a": "yes",
        "b": "off",
        "c": "18:00",
        "d": "12-06",
        "e": True,
        "f": None,
        "g": 10,
        "h": 1.5,
    }


def test_references_and_merged_keys_still_work() -> None:
    source = Source("x.yml", "a: &base {x: 1}\nb: {<<: *base, y: 2}\n")
    assert source.problems == []
    assert source.data == {"a": {"x": 1}, "b": {"x": 1, "y": 2}}


def test_every_kind_speaks_both_languages_and_addresses_nobody() -> None:
    for name, kind in KINDS.items():
        for german, english in ((kind.de, kind.en), (kind.mend_de, kind.mend_en)):
            assert bool(german) == bool(english), name
            assert {one.replace("_de", "") for one in re.findall(r"<\w+>", german)} == {
                one.replace("_en", "") for one in re.findall(r"<\w+>", english)
            }, name
            plain = german.replace("immer du oder immer Sie", "").replace("per Du oder per Sie", "")
            assert not re.search(r"\b([Dd]u|[Dd]ein\w*|Ihre?\w*|Sie [a-z]+en)\b", plain), name


def test_what_the_owner_wrote_is_never_filled_in_again() -> None:
    assert Problem("a", 1, 1, "unknown_key", named("<meant_en>{0}", ["x"])).message() == (
        "`<meant_en>{0}` is not known here."
    )


def test_the_nearest_word_is_found_only_where_one_is_near() -> None:
    assert nearest("chioces", ["choices", "steps"]) == "choices"
    assert nearest("zzz", ["choices", "steps"]) == ""
    assert named("zzz", map(str, range(30)))["meant_de"].endswith("….")
