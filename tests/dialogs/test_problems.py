"""What an owner is told about a broken script: always something, never an exception, in both languages."""

from __future__ import annotations

import re
from string import printable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dialogs.problems import KINDS, Problem, named, nearest
from dialogs.script import SCRIPTS, ScriptError, read_book
from dialogs.source import Source

FILES = {path.name: path.read_text("utf-8") for path in sorted(SCRIPTS.glob("*.yml"))}
SPLINTERS = st.sampled_from(
    ["{", "}", "[", "]", ":", "- ", "\n", "  ", "\t", '"', "&a ", "*a ", "!!python/name:os.system ", "<<: ",
     "? ", "2026-13-45", "1e999", "0x", "null", "~", "%", "\x00", "\ud800", "🧵", "ß", "id: x\n", "steps:\n"]
)  # fmt: skip


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


@settings(max_examples=150, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    name=st.sampled_from(sorted(FILES)),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 30), SPLINTERS | st.text(printable, max_size=4)),
        min_size=1,
        max_size=4,
    ),
)
def test_no_damage_makes_it_raise(name: str, cuts: list[tuple[float, int, str]]) -> None:
    text = FILES[name]
    for where, length, splinter in cuts:
        place = int(where * len(text))
        text = text[:place] + splinter + text[place + length :]
    for one in problems({name: text}):
        assert one.line >= 1
        assert one.column >= 1
        for language in ("de", "en"):
            assert one.message(language)


@given(st.text())
def test_no_text_at_all_makes_it_raise(text: str) -> None:
    assert problems({"neu.yml": text})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "neu.yml:1:1: The file is empty."),
        ("id: a\nid: b\n", "neu.yml:2:1: `id` is there twice"),
        ("id: Menü\n", "neu.yml:1:1: `id` does not have the right form. Expected is small letters"),
        ("id: a\nstep: []\n", "neu.yml:2:1: `step` is not known here. Perhaps `steps` is meant."),
        ("id: a\ndoors: []\n", "`doors` does not have the right form. Expected is at least 1."),
        ("id: a\n", "neu.yml:1:1: `doors` is missing here. Add `doors:`."),
        ("id: a\nsteps: hello\n", "neu.yml:2:1: `steps` does not have the right form. Expected is a list"),
        ("steps:\n  - text: {de: x, en: y}\n", "neu.yml:2:5: `kind` is missing here."),
        ("steps:\n  - kind: aks\n", "neu.yml:2:5: `aks` is not possible here. Perhaps `ask` is meant."),
        ("steps:\n  - kind: say\n    text: {de: x}\n", "neu.yml:3:5: The text is missing in en."),
        ("steps:\n  - kind: say\n    text: {de: x, en: ' '}\n", "neu.yml:3:5: The text is empty."),
        ("steps:\n  - kind: say\n    text: {dee: x}\n", "neu.yml:3:12: The language `dee` is unknown."),
        ("steps:\n  - kind: handoff\n    priority: hihg\n", "`hihg` is not possible here. Perhaps `high`"),
        ("a: " + "[" * 60 + "]" * 60, "neu.yml:1:44: The file is nested too deeply"),
        ("a: &a [*a]", "nested too deeply"),
        ("a: &a [1,2,3,4,5,6,7,8,9]\n" + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n"
         for p, c in zip("abcdefg", "bcdefgh", strict=True)), "nested too deeply"),
        ("? [a, b]\n: c\n", "This is not YAML"),
        ("a: 2026-13-45\n", "This is not YAML"),
        ("a: !!python/name:os.system\n", "This is not YAML"),
        ("a: \x00\n", "This is not YAML"),
    ],
)  # fmt: skip
def test_where_what_and_how_to_mend_it(text: str, expected: str) -> None:
    told = "\n".join(said(text, "neu.yml"))
    assert expected in told, told


def test_everything_in_a_flow_is_told_at_once_with_its_step() -> None:
    text = FILES["menu.yml"]
    for old, new in (("{hello}", "{helo}"), ("step: main", "step: mian"), ("to: /setup", "to: /setpu")):
        assert old in text
        text = text.replace(old, new, 1)
    found = {one.kind: one for one in problems({**FILES, "menu.yml": text})}
    assert found.keys() == {"unknown_placeholder", "unknown_step", "dangling"}
    assert all(one.flow == "menu" for one in found.values())
    assert found["dangling"].step == found["unknown_placeholder"].step == "main"
    assert found["dangling"].hint("de") == "Gemeint ist vielleicht `/setup`."


def test_a_flow_that_cannot_be_read_is_told_alone() -> None:
    """Not also every flow that leads to it, and what it would have answered."""
    assert [one.kind for one in problems({**FILES, "human.yml": "id: human\n"})] == ["missing_key"] * 2


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
            assert not re.search(r"\b([Dd]u|[Dd]ein\w*|Ihre?\w*|Sie [a-z]+en)\b", german), name


def test_what_the_owner_wrote_is_never_filled_in_again() -> None:
    assert Problem("a", 1, 1, "unknown_key", named("<meant_en>{0}", ["x"])).message() == (
        "`<meant_en>{0}` is not known here."
    )


def test_the_nearest_word_is_found_only_where_one_is_near() -> None:
    assert nearest("chioces", ["choices", "steps"]) == "choices"
    assert nearest("zzz", ["choices", "steps"]) == ""
    assert named("zzz", map(str, range(30)))["meant_de"].endswith("….")
