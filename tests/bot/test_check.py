"""`python -m bot check`: what an owner is told about scripts, and what a program reads of it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from bot import commands_check
from bot.commands import app
from bot.commands_files import CommandFailed
from bot.config import ConfigError, load
from dialogs.script import SCRIPTS
from tests.dialogs.checking import BOOK

FLOW = """id: neu
starts:
  - keyword: probe
steps:
  - id: a
    ask: {de: "Gut?", en: "Good?"}
    choices:
      - {id: good, title: {de: "Ja", en: "Yes"}, go: end}
      - {id: bad, title: {de: "Nein", en: "No"}, go: /human}
examples:
  - about: Probe
    turns:
      - customer: "probe"
      - bot: "Gut?"
"""


def check(*words: str) -> Result:
    """The command, as somebody types it."""
    return CliRunner().invoke(app, ["check", *words])


def told(file: Path, text: str, *words: str) -> list[dict[str, object]]:
    """What a program reads about a file with this text."""
    file.write_text(text, "utf-8")
    done = check("--json", "--lang", "en", str(file), *words)
    found: list[dict[str, object]] = orjson.loads(done.stdout)
    assert done.exit_code == any(one["severity"] == "error" for one in found)
    return found


def test_the_houses_scripts_are_found_in_order() -> None:
    assert check().stdout == "Alles in Ordnung.\n"
    assert check("--lang", "en").stdout == "Nothing is wrong.\n"
    assert check("--json").stdout == "[]\n"


@pytest.mark.parametrize(
    "brand", ["{voice: sie, mirror_voice: true}", "{language: en, country: AT}", "{name: Anders, voice: sie}"]
)
def test_the_houses_scripts_are_in_order_however_a_shop_speaks(tmp_path: Path, brand: str) -> None:
    """Their examples are played in the shop that they were written for, not in every other one."""
    config = tmp_path / "config.yml"
    config.write_text(f"brand: {brand}\nhuman: {{answer_within_hours: 48}}\n", "utf-8")
    assert check("--lang", "en", "--config", str(config)).stdout == "Nothing is wrong.\n"


def test_the_scripts_are_in_order_in_the_outdoor_shop() -> None:
    config = SCRIPTS.parent / "shops" / "outdoor" / "config.yml"
    assert check("--lang", "en", "--config", str(config)).stdout == "Nothing is wrong.\n"


def test_a_broken_script_is_told_off_with_line_and_remedy(tmp_path: Path) -> None:
    file = tmp_path / "neu.yml"
    file.write_text(FLOW.replace("choices:", "chioces:"), "utf-8")
    done = check(str(file))
    assert done.exit_code == 1
    assert "neu.yml:7:5 `chioces` gibt es hier nicht.\n    Gemeint ist vielleicht `choices`.\n" in done.stdout


def test_what_a_program_reads(tmp_path: Path) -> None:
    text = FLOW.replace("go: /human", "go: a").replace("go: end", "go: a")
    found = told(tmp_path / "neu.yml", text)
    assert found[0] == {
        "file": "neu.yml", "line": 5, "column": 5, "severity": "error", "flow": "neu", "step": "a",
        "message": "From `a` there is no way to an end or to a human.",
        "hint": "Add a choice that ends with `go: end` or leads to a `handoff`.",
    }  # fmt: skip


def test_a_warning_alone_is_no_failure(tmp_path: Path) -> None:
    [found] = told(tmp_path / "neu.yml", FLOW.partition("examples:")[0])
    assert (found["severity"], found["line"]) == ("warning", 1)


def test_an_example_that_fails_is_told_with_what_was_said(tmp_path: Path) -> None:
    [found] = told(tmp_path / "neu.yml", FLOW.replace('- bot: "Gut?"', '- bot: "Schlecht?"'))
    assert (found["line"], found["flow"], found["severity"]) == (14, "neu", "error")
    assert "“Schlecht?”" in str(found["message"])
    assert "Gut?" in str(found["message"])


def test_an_example_that_cannot_be_read_is_told_at_its_place(tmp_path: Path) -> None:
    [found] = told(tmp_path / "neu.yml", FLOW.replace("- customer:", "- custmer:"))
    assert (found["line"], found["column"], found["flow"]) == (13, 9, "neu")
    assert found["hint"] == "Perhaps `customer` is meant."


def test_a_folder_is_a_book_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    done = check("--lang", "en", str(folder))
    assert done.exit_code == 1
    assert "There is no flow that answers to `complaint`." in done.stdout


def test_a_script_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    done = check(str(tmp_path / "none.yml"))
    assert (done.exit_code, "there is no such file" in done.stderr) == (1, True)
    latin = tmp_path / "latin.yml"
    latin.write_bytes("id: menü".encode("latin-1"))
    done = check(str(latin))
    assert (done.exit_code, "not a text in UTF-8 (byte 7)" in done.stderr) == (1, True)


def config_file(tmp_path: Path, text: str) -> Path:
    """A shop's settings."""
    file = tmp_path / "shop.yml"
    file.write_text(text, "utf-8")
    return file


def test_the_shops_own_language_and_voice_must_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "neu.yml"
    text = FLOW.replace('ask: {de: "Gut?", en: "Good?"}', 'ask: {de_du: "Magst du es?", en: "Good?"}')
    file.write_text(text.replace('- bot: "Gut?"', '- bot: "Magst du es?"'), "utf-8")
    du = load(config_file(tmp_path, "brand: {voice: du}"), {})
    assert commands_check.check([file], "de", as_json=True, config=du)
    sie = load(config_file(tmp_path, "brand: {voice: sie}"), {})
    assert not commands_check.check([file], "de", as_json=True, config=sie)
    warned, refused = capsys.readouterr().out.splitlines()
    assert [one["severity"] for one in orjson.loads(warned)] == ["warning"]
    assert "`de_sie`" in orjson.loads(refused)[0]["message"]


def test_only_the_channels_that_are_on_count(tmp_path: Path) -> None:
    names = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET")
    config = load(None, dict.fromkeys(names, "123456:abc"))
    assert list(commands_check.demands_of(config).channels) == ["telegram"]
    assert not commands_check.demands_of(config).templates
    always = load(config_file(tmp_path, "channels: {sandbox: always}"), dict.fromkeys(names, "123456:abc"))
    assert sorted(commands_check.demands_of(always).channels) == ["instagram", "telegram", "whatsapp"]


def test_the_shops_own_folder_is_checked_and_a_file_among_it(tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    for path in SCRIPTS.glob("*.yml"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (folder / "neu.yml").write_text(FLOW, "utf-8")
    config = load(config_file(tmp_path, f"dialogs: {{folder: {folder}}}"), {})
    assert commands_check.check([], "de", as_json=True, config=config)
    twice = tmp_path / "anders.yml"
    twice.write_text(FLOW.replace("id: neu", "id: anders", 1), "utf-8")
    assert not commands_check.check([twice], "de", as_json=True, config=config)


def test_the_written_answers_are_checked_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers.yml"
    answers.write_text(
        '- id: hours\n  title: {de: "Offen", en: "Open"}\n  questions: {de: ["Offen?"], en: ["Open?"]}\n'
        '  answer: {de: "Bis 18 Uhr."}\n- id: lost\n',
        "utf-8",
    )
    config = load(config_file(tmp_path, f"dialogs: {{answers: {answers}}}"), {})
    assert not commands_check.check([], "de", as_json=True, config=config)
    assert not commands_check.check([answers], "en", as_json=True, config=load(None, {}))
    whole, alone = map(orjson.loads, capsys.readouterr().out.splitlines())
    for found in (whole, alone):
        told = [(one["line"], one["severity"]) for one in found if one["file"] == "answers.yml"]
        assert {(4, "warning"), (5, "error")} <= set(told)
    assert {one["file"] for one in alone} == {"answers.yml"}


def test_a_catalogue_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.yml"
    catalogue.write_text("- sku: 5\n", "utf-8")
    config = load(config_file(tmp_path, f"dialogs: {{catalogue: {catalogue}}}"), {})
    with pytest.raises(CommandFailed, match="catalogue"):
        commands_check.check([], "de", as_json=True, config=config)
    with pytest.raises(ConfigError):
        load(config_file(tmp_path, "brand: {voice: ihr}"), {})


@settings(max_examples=40, deadline=None)
@given(
    where=st.floats(0, 1), splinter=st.sampled_from(["- ", ": ", "{", "x", "\n", "customer", "0", "ß", "end"])
)
def test_no_damage_makes_the_whole_check_raise(where: float, splinter: str) -> None:
    """Loading, checking and playing the examples, as the command does it."""
    place = int(where * len(FLOW))
    text = FLOW.replace("/human", "/frame")
    files = {**BOOK, "neu.yml": text[:place] + splinter + text[place + len(splinter) :]}
    for one in commands_check.problems_of(load(None, {}), files, {"neu.yml"}):
        assert one.told("de")
